# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers of an origin that lie about their framing are not passed on as if they were sound."""
import pytest

from .client import request

BEFORE_THE_HEAD = ["two-lengths", "list-of-lengths", "length-plus", "length-huge", "unsolicited-101", "garbage-first",
                   "garbage-only", "no-colon", "space-before-colon", "nul", "bare-cr", "chunked-twice", "status-word",
                   "status-1000", "version-3", "head-early-end", "endless-head", "nothing", "length-and-chunked"]
SANITISED = {"space-before-colon", "obs-fold", "length-and-chunked", "bare-cr", "no-colon", "nul"}
IN_THE_BODY = ["chunk-plus", "chunk-0x", "chunk-huge", "chunk-short", "early-end", "chunk-early-end"]


@pytest.mark.parametrize("name", BEFORE_THE_HEAD)
def test_unsound_head_becomes_a_502(gateway, name):
    with gateway.connect() as connection:
        connection.send(request(gateway.url(f"/bad/{name}")))
        answer = connection.answer()
        if name in SANITISED and answer.status == 200:
            assert answer.body == b"hello"
        else:
            assert answer.status == 502, answer
            assert answer.field("proxy-status")


@pytest.mark.parametrize("name", IN_THE_BODY)
def test_unsound_body_does_not_look_complete(gateway, name):
    with gateway.connect() as connection:
        connection.send(request(gateway.url(f"/bad/{name}")))
        try:
            answer = connection.answer()
        except (ConnectionError, ValueError):
            return
        assert answer.status == 502, answer


def test_a_folded_field_is_unfolded_or_refused(gateway):
    answer = gateway.get("/bad/obs-fold")
    assert answer.status == 502 or (answer.field("x-a").split() == ["b", "c"] and answer.body == b"hello")


def test_bytes_after_an_answer_do_not_become_the_next_one(gateway):
    """An origin connection with something left over is not used again, and the client never sees it."""
    with gateway.connect() as connection:
        for _ in range(5):
            assert connection.ask(gateway.url("/bad/extra-bytes?keep=1")).body == b"hello"
            assert connection.ask(gateway.url("/whoami")).body == b"127.0.0.1\n"


def test_after_a_502_the_client_connection_goes_on(gateway):
    with gateway.connect() as connection:
        assert connection.ask(gateway.url("/bad/garbage-only")).status == 502
        assert connection.ask(gateway.url("/whoami")).status == 200
