# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP/1.1 as a server that hides nothing: raw heads are kept, every byte of an answer is the route's choice."""
import asyncio
import itertools
import socket
import struct

from . import routes
from .events import peer_of

LIMIT = 1 << 20
CONNECTION_ERRORS = (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError, OSError)


class Exchange:
    """One request and the means to answer it."""

    def __init__(self, connection, head):
        self.connection = connection
        self.reader = connection.reader
        self.writer = connection.writer
        self.peer, self.port = connection.peer
        self.raw = head
        lines = head.decode("latin-1").split("\r\n")
        self.method, self.target, self.version = lines[0].split(" ", 2)
        self.fields = [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:] if ":" in line]
        self.trailers = []
        self.close = self.version == "HTTP/1.0" or "close" in self.field("connection").lower()

    def field(self, name, default=""):
        for key, value in self.fields:
            if key.lower() == name:
                return value
        return default

    async def body(self):
        """The request's body, piece by piece; trailers are kept."""
        if "chunked" in self.field("transfer-encoding").lower():
            async for piece in self._chunks():
                yield piece
            return
        left = int(self.field("content-length", "0"))
        while left > 0:
            piece = await self.reader.read(min(left, 262144))
            if not piece:
                raise ConnectionError("the body ended early")
            left -= len(piece)
            yield piece

    async def _chunks(self):
        while True:
            size = int((await self.reader.readuntil(b"\r\n")).split(b";")[0], 16)
            if size == 0:
                break
            yield await self.reader.readexactly(size)
            await self.reader.readexactly(2)
        while (line := await self.reader.readuntil(b"\r\n")) != b"\r\n":
            self.trailers.append(line.decode("latin-1").strip())

    async def drain_body(self):
        async for _ in self.body():
            pass

    async def write(self, data):
        self.writer.write(data)
        await self.writer.drain()

    async def head(self, status, *fields):
        lines = [f"HTTP/1.1 {status}", f"X-Connection: {self.connection.number}", *fields]
        if self.close:
            lines.append("Connection: close")
        await self.write("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n")

    async def answer(self, status, content, kind="text/plain", *fields):
        if isinstance(content, str):
            content = content.encode()
        await self.head(status, f"Content-Type: {kind}", f"Content-Length: {len(content)}", *fields)
        if self.method != "HEAD":
            await self.write(content)

    def reset(self):
        """Ends the connection with RST instead of FIN."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()
        self.close = True


class Connection:
    numbers = itertools.count(1)

    def __init__(self, log, settings, reader, writer):
        self.log, self.settings = log, settings
        self.reader, self.writer = reader, writer
        self.number = next(self.numbers)
        self.peer = peer_of(writer)
        self.tls = writer.get_extra_info("ssl_object") is not None

    async def run(self):
        how = "closed"
        try:
            while await self._one():
                pass
        except CONNECTION_ERRORS as error:
            how = type(error).__name__
        except ValueError:
            how = "bad request"
        self.log.add("http-end", connection=self.number, peer=self.peer[0], how=how)
        self.writer.close()

    async def _one(self):
        try:
            head = await self.reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as error:
            if error.partial:
                raise
            return False
        exchange = Exchange(self, head[:-4])
        self.log.add("http", peer=self.peer[0], port=self.peer[1], name=exchange.field("host"),
                     method=exchange.method, target=exchange.target, tls=self.tls, connection=self.number,
                     agent=exchange.field("user-agent"))
        await routes.handle(exchange)
        return not exchange.close


def set_nodelay(writer):
    sock = writer.get_extra_info("socket")
    if sock is not None and sock.family != socket.AF_UNIX:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


async def serve(log, settings, address, port, context=None):
    async def on_connection(reader, writer):
        set_nodelay(writer)
        await Connection(log, settings, reader, writer).run()

    server = await asyncio.start_server(on_connection, address, port, limit=LIMIT, backlog=2048, ssl=context)
    return server.sockets[0].getsockname()[1]
