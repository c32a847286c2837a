# SPDX-License-Identifier: GPL-3.0-or-later
"""SOCKS 4, 4a and 5: every reply code is the right one, and no byte is lost."""
import hashlib

import pytest

from lab.origins import pattern


@pytest.mark.parametrize("host", ["one.example.org", "127.0.0.1", "::1", "six.example.org"])
def test_socks5_reaches_names_and_addresses(gateway, host):
    with gateway.connect() as connection:
        assert connection.socks5(host, gateway.origins.port["tcp"]) == 0
        assert connection.send("PEER\n").rest() in (b"127.0.0.1\n", b"::1\n")


@pytest.mark.parametrize("host", ["127.0.0.1", "one.example.org"])
def test_socks4_and_4a_reach_names_and_addresses(gateway, host):
    with gateway.connect() as connection:
        assert connection.socks4(host, gateway.origins.port["tcp"]) == 90
        assert connection.send("PEER\n").rest() == b"127.0.0.1\n"


def test_data_sent_with_a_socks5_request_is_not_lost(gateway):
    with gateway.connect() as connection:
        assert connection.socks5("one.example.org", gateway.origins.port["tcp"], extra=b"ECHO\n" + b"e" * 5000) == 0
        assert connection.finish().rest() == b"e" * 5000


def test_data_sent_with_a_socks4_request_is_not_lost(gateway):
    with gateway.connect() as connection:
        assert connection.socks4("127.0.0.1", gateway.origins.port["tcp"], extra=b"ECHO\nhello") == 90
        assert connection.finish().rest() == b"hello"


def test_everything_in_one_packet_works(gateway):
    port = gateway.origins.port["tcp"].to_bytes(2, "big")
    with gateway.connect() as connection:
        connection.send(b"\5\1\0" + b"\5\1\0\1\x7f\0\0\1" + port + b"ECHO\nall at once").finish()
        assert connection.exactly(2) == b"\5\0"
        assert connection.socks5_reply() == 0
        assert connection.rest() == b"all at once"


def test_byte_by_byte_works(gateway):
    port = gateway.origins.port["tcp"].to_bytes(2, "big")
    with gateway.connect() as connection:
        for byte in b"\5\1\0\5\1\0\3\x0fone.example.org" + port + b"PEER\n":
            connection.send(bytes([byte]))
        assert connection.exactly(2) == b"\5\0"
        assert connection.socks5_reply() == 0
        assert connection.rest() == b"127.0.0.1\n"


def test_half_close_leaves_the_answer_coming(gateway):
    data = pattern.make(200000)
    with gateway.connect() as connection:
        assert connection.socks5("one.example.org", gateway.origins.port["tcp"]) == 0
        connection.send(b"HALF\n" + data).finish()
        assert connection.rest() == b"got 200000 %s\n" % hashlib.sha256(data).hexdigest().encode()


@pytest.mark.parametrize("host, port, code", [
    ("blocked.example.org", 80, 2),
    ("nowhere.example.org", 80, 4),
    ("printer.lan", 80, 4),
    ("127.0.0.1", 1, 5),
    ("one.example.org", 1, 5),
])
def test_refusal_has_the_precise_code(gateway, host, port, code):
    with gateway.connect() as connection:
        assert connection.socks5(host, port) == code
        assert connection.ends()


@pytest.mark.parametrize("host, port", [("blocked.example.org", 80), ("nowhere.example.org", 80), ("127.0.0.1", 1)])
def test_socks4_refusal_is_91(gateway, host, port):
    with gateway.connect() as connection:
        assert connection.socks4(host, port) == 91
        assert connection.ends()


def test_bind_is_refused_as_a_command_not_supported(gateway):
    with gateway.connect() as connection:
        assert connection.socks5("127.0.0.1", 80, command=2) == 7
        assert connection.ends()


def test_an_unknown_kind_of_address_is_refused_as_that(gateway):
    with gateway.connect() as connection:
        connection.send(b"\5\1\0")
        assert connection.exactly(2) == b"\5\0"
        connection.send(b"\5\1\0\x09\1\2\3\4\0\x50")
        assert connection.socks5_reply() == 8


def test_without_an_acceptable_method_the_answer_is_ff(gateway):
    with gateway.connect() as connection:
        connection.send(b"\5\2\1\x80")
        assert connection.exactly(2) == b"\5\xff"
        assert connection.ends()


@pytest.mark.parametrize("name", [b"one.example.org\0.evil.org", b"\0", b"one.example.org\0", b"", b"a" * 255, b"a b.example.org",
                                  b"one.example.org/", b"one.example.org:80", b"127.0.0.1\r\n"])
def test_a_name_is_taken_whole_or_not_at_all(gateway, name):
    mark = gateway.origins.events.mark()
    with gateway.connect() as connection:
        try:
            assert connection.socks5(name, gateway.origins.port["tcp"]) != 0
        except ConnectionError:
            pass
        assert connection.ends()
    assert not gateway.origins.events.since(mark, lambda event: event["kind"] == "tcp")


def test_an_address_as_a_name_is_an_address(gateway):
    """The guard and the rules see 127.0.0.1, not a name that no rule knows."""
    mark = gateway.origins.events.mark()
    with gateway.connect() as connection:
        assert connection.socks5(b"127.0.0.1", gateway.origins.port["tcp"]) == 0
    assert not gateway.origins.events.since(mark, lambda event: event["kind"] == "dns")


def test_port_zero_is_refused(gateway):
    with gateway.connect() as connection:
        try:
            assert connection.socks5("127.0.0.1", 0) != 0
        except ConnectionError:
            pass
