# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients that stop in the middle, at every point of every handshake, harm themselves only."""
import select
import time

import pytest

from lab.daemon import is_sanitized

from .client import request, socks5_address

STALLED = 1000
PROBES = 300


def handshakes(port):
    """What a client says until it is served, of every kind."""
    where = socks5_address("one.example.org", port)
    return [
        f"CONNECT one.example.org:{port} HTTP/1.1\r\nHost: one.example.org:{port}\r\nX-A: b\r\n\r\n".encode(),
        f"GET http://one.example.org:{port}/ HTTP/1.1\r\nHost: one.example.org:{port}\r\n\r\n".encode(),
        b"\5\1\0" + b"\5\1\0" + where,
        b"\5\2\0\2" + b"\5\1\0" + where,
        b"\4\1" + port.to_bytes(2, "big") + b"\0\0\0\1user\0one.example.org\0",
        b"\4\1" + port.to_bytes(2, "big") + b"\x7f\0\0\1\0",
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"",
    ]


def prefixes(port):
    """Every handshake, cut at every byte, over and over."""
    cut = [text[:end] for text in handshakes(port) for end in range(max(1, len(text)))]
    while True:
        yield from cut


def p99(gateway, count=PROBES):
    took = []
    for _ in range(count):
        began = time.monotonic()
        with gateway.connect() as connection:
            assert connection.connect("one.example.org", gateway.origins.port["tcp"]).status == 200
        took.append(time.monotonic() - began)
    return sorted(took)[int(count * 0.99)]


@pytest.mark.slow
def test_a_thousand_stalled_clients_are_dropped_in_time_and_delay_nobody(start):
    gateway = start(options="timeout handshake 3s", before=("prlimit", "--nofile=8192:8192"))
    stalled = []
    for text in prefixes(gateway.origins.port["tcp"]):
        connection = gateway.connect()
        connection.send(text) if text else None
        stalled.append(connection)
        if len(stalled) == STALLED:
            break
    during = p99(gateway)
    assert all_end(stalled, time.monotonic() + 3 + (10 if is_sanitized() else 3)), "stalled clients are still connected"
    # Whoever waited behind one of them would wait until it is dropped. How fast exactly: make bench.
    assert during < 1.5, f"p99 {during * 1000:.1f} ms"
    for connection in stalled:
        connection.close()
    gateway.check()


def all_end(connections, deadline):
    """Each gets its end, FIN or RST, before the deadline; what is said before that does not matter."""
    poll = select.poll()
    open_ones = {connection.socket.fileno(): connection for connection in connections}
    for number, connection in open_ones.items():
        connection.socket.setblocking(False)
        poll.register(number, select.POLLIN)
    while open_ones and (left := deadline - time.monotonic()) > 0:
        for number, _ in poll.poll(left * 1000):
            try:
                ended = open_ones[number].socket.recv(65536) == b""
            except ConnectionResetError:
                ended = True
            if ended:
                poll.unregister(number)
                del open_ones[number]
    return not open_ones


@pytest.mark.slow
@pytest.mark.parametrize("kept", [False, True])
def test_bytes_that_drip_do_not_buy_time(start, kept):
    """One byte at a time, each within any idle limit: the handshake's limit counts from its beginning."""
    gateway = start(options="timeout handshake 2s")
    gateway.warm_up()
    with gateway.connect() as connection:
        if kept:
            assert connection.ask(gateway.url()).status == 200
        began = time.monotonic()
        connection.send("GET http://one.example.org/ HTTP/1.1\r\nX-Drip: ")
        with pytest.raises((BrokenPipeError, ConnectionResetError, TimeoutError)):
            while time.monotonic() - began < 8:
                if select.select([connection.socket], [], [], 0.2)[0]:
                    connection.socket.recv(4096) or connection.reset()
                    raise ConnectionResetError
                connection.send("x")
            raise AssertionError("a dripping client was never dropped")
    assert time.monotonic() - began < 6
    gateway.check()


@pytest.mark.slow
def test_half_a_request_behind_another_does_not_stay_for_ever(start):
    """It came with the one before, and nothing comes any more: no event would tell."""
    gateway = start(options="timeout handshake 1s")
    with gateway.connect() as connection:
        connection.send(request(gateway.url()) + b"GET http://one.exam")
        assert connection.answer().status == 200
        assert connection.ends()
    gateway.check()


def test_an_origin_that_stalls_harms_only_who_asked(gateway):
    stalled = [gateway.connect() for _ in range(50)]
    for connection in stalled:
        connection.send(request(gateway.url('/stall')))
    assert gateway.get("/whoami").status == 200
    for connection in stalled:
        connection.until(b"x" * 50)
        connection.reset()
