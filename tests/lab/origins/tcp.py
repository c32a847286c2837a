# SPDX-License-Identifier: GPL-3.0-or-later
"""Plain TCP origins: the first line says what to do with the rest."""
import asyncio
import hashlib
import socket
import struct

from . import pattern
from .events import peer_of
from .http import CONNECTION_ERRORS, set_nodelay


async def echo(log, reader, writer, words):
    """ECHO: sends back everything, ends when the other side has ended."""
    while data := await reader.read(262144):
        writer.write(data)
        await writer.drain()


async def peer(log, reader, writer, words):
    writer.write(peer_of(writer)[0].encode() + b"\n")


async def half(log, reader, writer, words):
    """HALF: reads to the end of the other side's data and only then answers what it got."""
    data = await reader.read(-1)
    writer.write(b"got %d %s\n" % (len(data), hashlib.sha256(data).hexdigest().encode()))


async def finish(log, reader, writer, words):
    """FIN: ends its own direction at once and keeps reading the other."""
    writer.write(b"bye\n")
    writer.write_eof()
    data = await reader.read(-1)
    log.add("after-fin", bytes=len(data), sha256=hashlib.sha256(data).hexdigest())


async def reset(log, reader, writer, words):
    """RST: some data, then a reset; with a number, after having read that many bytes."""
    if len(words) > 1:
        await reader.readexactly(int(words[1]))
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def watch(log, reader, writer, words):
    """WATCH tag: tells how the other side ended."""
    writer.write(b"watching\n")
    try:
        while await reader.read(65536):
            pass
        log.add("ended", tag=words[1], how="fin")
    except ConnectionResetError:
        log.add("ended", tag=words[1], how="rst")


async def duplex(log, reader, writer, words):
    """DUPLEX in out seed: takes and gives known bytes at the same time, then tells the checksum of what it took."""
    take, give, seed = (int(word) for word in words[1:4])

    async def send():
        for piece in pattern.pieces(give, seed):
            writer.write(piece)
            await writer.drain()

    sending = asyncio.ensure_future(send())
    digest = hashlib.sha256()
    while take > 0 and (data := await reader.read(min(take, 262144))):
        take -= len(data)
        digest.update(data)
    await sending
    writer.write(digest.hexdigest().encode())


COMMANDS = {"ECHO": echo, "PEER": peer, "HALF": half, "FIN": finish, "RST": reset, "WATCH": watch, "DUPLEX": duplex}


async def converse(log, reader, writer):
    set_nodelay(writer)
    try:
        words = (await reader.readuntil(b"\n")).decode("latin-1").split()
        log.add("tcp", peer=peer_of(writer)[0], words=words)
        await COMMANDS[words[0]](log, reader, writer, words)
    except CONNECTION_ERRORS + (KeyError, IndexError, ValueError):
        pass
    writer.close()


async def serve(log, address, port):
    server = await asyncio.start_server(lambda reader, writer: converse(log, reader, writer), address, port,
                                        limit=1 << 20, backlog=2048)
    return server.sockets[0].getsockname()[1]


async def serve_banner(log, address, port):
    """Speaks first, as FTP and SMTP do."""
    async def greet(reader, writer):
        log.add("banner", peer=peer_of(writer)[0])
        writer.write(b"220 ready\r\n")
        await echo(log, reader, writer, [])
        writer.close()

    server = await asyncio.start_server(greet, address, port)
    return server.sockets[0].getsockname()[1]
