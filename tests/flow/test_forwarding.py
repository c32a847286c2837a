# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP forwarding: what comes out is what went in, whatever the framing."""
import hashlib
import json

import pytest

from lab.origins import pattern

from .client import chunked, request


def test_one_connection_reaches_several_origins(gateway):
    with gateway.connect() as connection:
        for name, peer in (("one", "127.0.0.1"), ("two", "127.0.0.1"), ("one", "127.0.0.1"), ("six", "::1")) * 3:
            answer = connection.ask(gateway.url("/whoami", f"{name}.example.org"))
            assert (answer.status, answer.body) == (200, f"{peer}\n".encode())


def test_a_refusal_in_between_keeps_the_connection(gateway):
    with gateway.connect() as connection:
        assert connection.ask(gateway.url()).status == 200
        assert connection.ask(gateway.url(name="blocked.example.org")).status == 403
        assert connection.ask(gateway.url(name="nowhere.example.org")).status == 502
        assert connection.ask(gateway.url()).status == 200


def test_origin_connections_are_kept_and_used_again(gateway):
    with gateway.connect() as connection:
        numbers = {connection.ask(gateway.url("/whoami")).field("x-connection") for _ in range(20)}
    assert len(numbers) <= 2


def test_pipelined_requests_are_answered_in_order(gateway):
    paths = [f"/bytes/{size}?seed={size}" for size in (10, 100000, 1, 0, 70000)] * 4
    with gateway.connect() as connection:
        connection.send(b"".join(request(gateway.url(path, f"{name}.example.org"))
                                 for path, name in zip(paths, ["one", "two"] * 10)))
        for path in paths:
            size = int(path.split("/")[2].split("?")[0])
            assert connection.answer().body == pattern.make(size, size)


@pytest.mark.parametrize("framing", ["", "?chunked=1", "?close=1"])
@pytest.mark.parametrize("size", [0, 1, 65536, 5_000_000])
def test_an_answer_arrives_whole_in_every_framing(gateway, framing, size):
    answer = gateway.get(f"/bytes/{size}{framing}")
    assert answer.status == 200 and len(answer.body) == size
    assert hashlib.sha256(answer.body).hexdigest() == answer.field("x-sha256")


def test_trailers_of_the_answer_arrive(gateway):
    answer = gateway.get("/trailers")
    assert (answer.body, answer.trailers) == (b"hello world", ["X-Sum: right"])


@pytest.mark.parametrize("size", [0, 1, 65536, 5_000_000])
def test_an_upload_with_a_length_arrives_whole(gateway, size):
    with gateway.connect() as connection:
        connection.send(request(gateway.url("/upload"), "POST", f"Content-Length: {size}"))
        connection.send(pattern.make(size))
        assert connection.answer().json()["sha256"] == pattern.checksum(size)


def test_a_chunked_upload_arrives_whole_with_its_trailers(gateway):
    pieces = [pattern.make(size, 3) for size in (1, 17, 100000, 65521)]
    with gateway.connect() as connection:
        connection.send(request(gateway.url("/upload"), "POST", "Transfer-Encoding: chunked", "Trailer: X-End"))
        connection.send(chunked(pieces, ["X-End: yes"]))
        got = connection.answer().json()
        assert got["sha256"] == hashlib.sha256(b"".join(pieces)).hexdigest()
        assert got["trailers"] == ["X-End: yes"]
        assert connection.ask(gateway.url()).status == 200


@pytest.mark.parametrize("method, path, status", [("HEAD", "/bytes/1000", 200), ("GET", "/status/204", 204),
                                                  ("GET", "/status/304", 304)])
def test_an_answer_without_a_body_has_none(gateway, method, path, status):
    with gateway.connect() as connection:
        for _ in range(3):
            answer = connection.ask(gateway.url(path), method)
            assert answer.status == status
        if method == "HEAD":
            assert answer.field("content-length") == "1000"
        assert connection.ask(gateway.url("/whoami")).body == b"127.0.0.1\n"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND", "M-SEARCH"])
def test_every_method_is_passed_on(gateway, method):
    answer = gateway.get("/echo", method=method, body=b"x")
    assert answer.json()["head"].startswith(f"{method} /echo HTTP/1.1\r\n")


def test_interim_answers_come_first_and_in_order(gateway):
    answer = gateway.get("/early")
    assert [early.status for early in answer.early] == [103, 102]
    assert (answer.status, answer.body) == (200, b"after the hints\n")


@pytest.mark.parametrize("size", [1, 977, 100000])
@pytest.mark.parametrize("long", [1, 20000])
def test_an_answer_arrives_whole_however_it_is_cut(gateway, size, long):
    """A head of 20,000 bytes never comes in one read; interim answer, head and body come in one, or in many."""
    with gateway.connect() as connection:
        for _ in range(2):
            answer = connection.ask(gateway.url(f"/pieces/{size}/{long}"))
            assert [early.status for early in answer.early] == [103]
            assert (answer.status, answer.field("x-long"), answer.body) == (200, "l" * long, pattern.make(3000))


def test_expect_100_lets_the_body_come(gateway):
    with gateway.connect() as connection:
        connection.send(request(gateway.url("/expect/yes"), "POST", "Expect: 100-continue", "Content-Length: 5"))
        assert connection.head().status == 100
        answer = connection.send(b"hello").answer()
        assert answer.json()["bytes"] == 5


def test_expect_100_refused_ends_without_the_body(gateway):
    with gateway.connect() as connection:
        connection.send(request(gateway.url("/expect/no"), "POST", "Expect: 100-continue", "Content-Length: 5"))
        assert connection.answer().status == 417


def test_an_early_answer_to_a_large_upload_arrives(gateway):
    """The origin refuses before it has read; the client still sees why."""
    with gateway.connect() as connection:
        connection.send(request(gateway.url("/expect/no"), "POST", "Content-Length: 100000000"))
        assert connection.answer().status == 417


def test_an_old_origin_is_understood(gateway):
    answer = gateway.get("/old")
    assert (answer.status, answer.body) == (200, b"old but honest\n")


def test_an_old_client_is_served_and_closed(gateway):
    with gateway.connect() as connection:
        connection.send(f"GET {gateway.url()} HTTP/1.0\r\n\r\n")
        answer = connection.head()
        assert answer.status == 200
        assert connection.rest() == b"127.0.0.1\n"


def test_an_old_client_gets_no_chunks(gateway):
    with gateway.connect() as connection:
        connection.send(f"GET {gateway.url('/bytes/1000?chunked=1')} HTTP/1.0\r\n\r\n")
        answer = connection.head()
        assert answer.all("transfer-encoding") == []
        assert connection.rest() == pattern.make(1000)


def test_an_old_client_may_ask_to_keep_alive(gateway):
    with gateway.connect() as connection:
        for _ in range(2):
            connection.send(f"GET {gateway.url()} HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            answer = connection.answer()
            assert answer.body == b"127.0.0.1\n"
            if "keep-alive" not in (answer.field("connection") or "").lower():
                break


def test_connection_close_is_honoured(gateway):
    with gateway.connect() as connection:
        answer = connection.ask(gateway.url(), "GET", "Connection: close")
        assert answer.status == 200
        assert connection.ends()


def test_pieces_pass_as_they_come(gateway):
    """Streaming: the first piece is there long before the last."""
    with gateway.connect() as connection:
        connection.send(request(gateway.url("/slow?pieces=20&ms=50")))
        connection.head()
        assert connection.until(b"0000000\n")
        assert b"0000019" not in connection.buffer
        connection.until(b"0\r\n\r\n")


def test_a_reset_in_the_middle_is_not_taken_for_the_end(gateway):
    with gateway.connect() as connection:
        connection.send(request(gateway.url("/reset")))
        with pytest.raises(ConnectionError):
            connection.answer()


def test_an_origin_that_closed_an_idle_connection_is_asked_again(gateway):
    for _ in range(5):
        for path in ("/bytes/10?close=1", "/old", "/whoami"):
            assert gateway.get(path).status == 200


def test_absolute_form_wins_over_the_host_field(gateway):
    with gateway.connect() as connection:
        connection.send(f"GET {gateway.url('/echo')} HTTP/1.1\r\nHost: other.example.org\r\n\r\n")
        answer = connection.answer()
        if answer.status == 200:
            head = json.loads(answer.body)["head"].lower()
            assert "host: one.example.org" in head and "other.example.org" not in head
        else:
            assert answer.status == 400


def test_what_the_url_says_is_passed_on_as_it_was_written(gateway):
    path = "/echo?q=%2F%00%7e&a=b;c&x=//y?z#"
    head = gateway.get(path[:-1]).json()["head"]
    assert head.startswith(f"GET {path[:-1]} HTTP/1.1\r\n")


def test_a_url_without_a_path_asks_for_the_root(gateway):
    with gateway.connect() as connection:
        assert connection.ask(gateway.url("")).status == 200


def test_https_urls_are_refused_or_fetched_with_tls_never_in_clear(gateway):
    with gateway.connect() as connection:
        answer = connection.ask(gateway.url(kind="https"))
        assert answer.status in (400, 501, 502) or answer.body == b"127.0.0.1\n"
