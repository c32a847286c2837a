# SPDX-License-Identifier: GPL-3.0-or-later
"""Twenty thousand inputs that no client would send: the same process, no descriptor and no memory more."""
import contextlib
import random
import selectors
import socket

import pytest

from lab.daemon import is_sanitized

from .client import socks5_address
from .test_udp import Association

INPUTS = 20000
AT_ONCE = 64


def valid(port):
    host = f"one.example.org:{port}"
    where = socks5_address("one.example.org", port)
    return [
        f"CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n\r\nPEER\n".encode(),
        f"GET http://{host}/whoami HTTP/1.1\r\nHost: {host}\r\nAccept: */*\r\nConnection: keep-alive, x-a\r\n\r\n".encode(),
        f"POST http://{host}/upload HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\n\r\n".encode(),
        f"POST http://{host}/upload HTTP/1.1\r\nHost: {host}\r\nContent-Length: 5\r\n\r\nhello".encode() * 2,
        b"\5\1\0\5\1\0" + where + b"PEER\n",
        b"\5\2\0\2\5\1\0\1\x7f\0\0\1" + port.to_bytes(2, "big"),
        b"\5\1\0\5\3\0\1\0\0\0\0\0\0",
        b"\4\1" + port.to_bytes(2, "big") + b"\0\0\0\1user\0one.example.org\0PEER\n",
        b"\4\1" + port.to_bytes(2, "big") + b"\x7f\0\0\1\0",
    ]


def mutate(dice, text):
    text = bytearray(text)
    for _ in range(dice.choice((1, 1, 2, 5, 20))):
        at = dice.randrange(len(text) + 1)
        what = dice.randrange(5)
        if what == 0 and at < len(text):
            text[at] = dice.randrange(256)
        elif what == 1:
            text[at:at] = dice.randbytes(dice.choice((1, 3, 300)))
        elif what == 2:
            del text[at:at + dice.choice((1, 2, 30))]
        elif what == 3:
            text[at:at] = dice.choice((b"\0", b"\r", b"\n", b"\r\n\r\n", b":", b" ", b"\xff", b"@", b"Content-Length: 7\r\n"))
        elif at < len(text):
            text[at:at] = text[at:at + dice.choice((4, 100))]
    return bytes(text)


def inputs(dice, port):
    """First every valid prefix cut at every byte, then random bytes and mutations."""
    seeds = valid(port)
    made = [text[:end] for text in seeds for end in range(len(text) + 1)]
    while len(made) < INPUTS:
        made.append(dice.randbytes(dice.choice((1, 8, 64, 600))) if dice.random() < 0.25 else mutate(dice, dice.choice(seeds)))
    return made


def throw(address, texts):
    """Each on a connection of its own, ended after it; as many at once as AT_ONCE, each read to its end."""
    selector, waiting, open_count = selectors.DefaultSelector(), iter(texts), 0

    def begin():
        nonlocal open_count
        text = next(waiting, None)
        if text is None:
            return
        sock = socket.create_connection(address, 10)
        try:
            sock.sendall(text)
            sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        sock.setblocking(False)
        selector.register(sock, selectors.EVENT_READ, text)
        open_count += 1

    for _ in range(AT_ONCE):
        begin()
    while open_count:
        ready = selector.select(20)
        assert ready, f"neither answered nor ended: {[key.data for key in selector.get_map().values()]}"
        for key, _ in ready:
            try:
                ended = key.fileobj.recv(65536) == b""
            except OSError:
                ended = True
            if ended:
                selector.unregister(key.fileobj)
                key.fileobj.close()
                open_count -= 1
                begin()


@pytest.mark.slow
def test_twenty_thousand_inputs_leave_no_trace(start):
    gateway = start(options="timeout handshake 2s")
    dice = random.Random(20000)
    texts = inputs(dice, gateway.origins.port["http"])
    throw(gateway.address, texts[:4000])
    gateway.settled(lambda: gateway.busy() == 0, lambda: None)
    descriptors, memory, pid = gateway.descriptors(), gateway.daemon.memory_kib(), gateway.daemon.pid
    throw(gateway.address, texts[4000:])
    gateway.check()
    assert gateway.daemon.pid == pid
    assert gateway.descriptors() <= descriptors
    if not is_sanitized():
        assert gateway.daemon.memory_kib() - memory < 2048
    assert gateway.get("/whoami").status == 200


def test_random_datagrams_leave_no_trace(gateway):
    dice = random.Random(7)
    with contextlib.closing(Association(gateway)) as association:
        for _ in range(3000):
            head = b"\0\0\0" if dice.random() < 0.7 else dice.randbytes(3)
            association.socket.sendto(head + dice.randbytes(dice.randrange(30)), association.relay)
        association.socket.settimeout(0.5)
        for _ in range(40):  # a queue that is full drops datagrams; asking again is UDP's way
            association.send("127.0.0.1", gateway.origins.port["udp"], b"still there")
            with contextlib.suppress(TimeoutError):
                if association.receive()[2] == b"still there":
                    return
    raise AssertionError("the association does not answer any more")
