# SPDX-License-Identifier: GPL-3.0-or-later
"""WebSocket through absolute-form Upgrade, and through CONNECT and SOCKS."""
import asyncio

import pytest

from lab.origins import websocket

from .client import request

UPGRADE = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")


def read_frame(connection):
    class Reader:
        async def readexactly(self, count):
            return connection.exactly(count)

    return asyncio.run(websocket.read_frame(Reader()))


def check_echo(connection):
    for size in (0, 5, 125, 126, 65535, 65536, 1000000):
        connection.send(websocket.frame(2, b"x" * size, b"mask"))
        assert read_frame(connection) == (2, b"x" * size)
    connection.send(websocket.frame(websocket.CLOSE, b"\x03\xe8", b"mask"))
    assert read_frame(connection) == (websocket.CLOSE, b"\x03\xe8")
    assert connection.ends()


def test_websocket_through_absolute_form(gateway):
    with gateway.connect() as connection:
        answer = connection.ask(gateway.url("/ws"), "GET", *UPGRADE)
        assert answer.status == 101
        assert answer.field("sec-websocket-accept") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        assert answer.field("upgrade").lower() == "websocket" and "upgrade" in answer.field("connection").lower()
        check_echo(connection)


@pytest.mark.parametrize("way", ["connect", "socks5", "socks4"])
def test_websocket_through_a_tunnel(gateway, way):
    with gateway.connect() as connection:
        getattr(connection, way)("one.example.org", gateway.origins.port["http"])
        connection.send("\r\n".join(["GET /ws HTTP/1.1", "Host: one.example.org", *UPGRADE, "", ""]))
        assert connection.answer().status == 101
        check_echo(connection)


def test_first_frame_may_follow_the_request_at_once(gateway):
    with gateway.connect() as connection:
        connection.send(request(gateway.url("/ws"), "GET", *UPGRADE) + websocket.frame(1, b"early", b"mask"))
        assert connection.answer().status == 101
        assert read_frame(connection) == (1, b"early")


def test_a_refused_upgrade_is_an_ordinary_answer(gateway):
    with gateway.connect() as connection:
        assert connection.ask(gateway.url("/whoami"), "GET", *UPGRADE).body == b"127.0.0.1\n"
        assert connection.ask(gateway.url("/whoami")).status == 200
