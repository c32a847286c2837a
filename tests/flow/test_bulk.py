# SPDX-License-Identifier: GPL-3.0-or-later
"""Many tunnels and large bodies: every byte arrives, and memory does not grow with them."""
import asyncio
import hashlib
import time

import pytest

from lab.daemon import is_sanitized
from lab.origins import pattern

from .client import request

TUNNELS = 500
LARGE = 64 << 20


async def one_tunnel(gateway, number):
    """Known bytes both ways at once; returns None or what went wrong."""
    size = LARGE if number == 0 else 20000 + number * 137
    port = gateway.origins.port["tcp"]
    reader, writer = await asyncio.open_connection(*gateway.address, limit=1 << 20)
    writer.write(f"CONNECT one.example.org:{port} HTTP/1.1\r\nHost: one.example.org\r\n\r\n".encode())
    writer.write(f"DUPLEX {size} {size} {number % 16}\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    if b" 200 " not in head:
        return f"{number}: {head}"

    async def send():
        for piece in pattern.pieces(size, (number + 1) % 16):
            writer.write(piece)
            await writer.drain()
        writer.write_eof()

    sending = asyncio.ensure_future(send())
    digest, left = hashlib.sha256(), size
    while left and (data := await reader.read(min(left, 262144))):
        digest.update(data)
        left -= len(data)
    await sending
    theirs = await reader.read(-1)
    writer.close()
    if digest.hexdigest() != pattern.checksum(size, number % 16):
        return f"{number}: {left} bytes missing or wrong on the way down"
    if theirs.decode() != pattern.checksum(size, (number + 1) % 16):
        return f"{number}: wrong on the way up: {theirs}"
    return None


@pytest.mark.slow
def test_five_hundred_tunnels_at_once_lose_no_byte(start):
    gateway = start(before=("prlimit", "--nofile=8192:8192"))

    async def all_of_them():
        return await asyncio.wait_for(asyncio.gather(*(one_tunnel(gateway, i) for i in range(TUNNELS))), 120)

    assert [wrong for wrong in asyncio.run(all_of_them()) if wrong] == []
    gateway.check()


def upload(gateway, path, size):
    """A POST of so many bytes; yields now and then so that memory can be looked at."""
    piece = pattern.block(1) * 4
    with gateway.connect(timeout=60) as connection:
        connection.send(request(gateway.url(path), "POST", f"Content-Length: {size}"))
        left = size
        while left:
            data = piece[:min(left, len(piece))]
            connection.send(data)
            left -= len(data)
            yield
        assert connection.answer().json()["bytes"] == size


@pytest.mark.slow
def test_a_gigabyte_to_an_origin_that_reads_slowly_and_stalls_stays_out_of_memory(start):
    gateway = start()
    for _ in upload(gateway, "/upload", 32 << 20):  # whatever is allocated once is allocated now
        pass
    size = (64 << 20) if is_sanitized() else (1 << 30)
    before = peak = gateway.daemon.memory_kib()
    looked = 0.0
    for _ in upload(gateway, f"/sink?every={size // 16}&stall_ms=250", size):
        if time.monotonic() - looked > 0.1:
            looked = time.monotonic()
            peak = max(peak, gateway.daemon.memory_kib())
    if not is_sanitized():
        assert peak - before <= 8192, f"{peak - before} KiB more"
    gateway.check()


def test_a_client_that_does_not_read_stops_the_origin_not_the_memory(gateway):
    before = gateway.daemon.memory_kib()
    slow = []
    for _ in range(20):
        connection = gateway.connect()
        connection.send(request(gateway.url("/bytes/50000000")))
        connection.until(b"\r\n\r\n")
        slow.append(connection)
    assert gateway.get("/whoami").status == 200
    if not is_sanitized():
        assert gateway.daemon.memory_kib() - before < 8192
    for connection in slow:
        connection.close()
