# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages of the origins: each is there for one thing that a proxy can get wrong."""
import asyncio
import hashlib
import json
import urllib.parse

from . import git, misbehave, pattern, websocket


async def handle(exchange):
    url = urllib.parse.urlsplit(exchange.target)
    query = dict(urllib.parse.parse_qsl(url.query))
    parts = url.path.strip("/").split("/")
    route = ROUTES.get(parts[0])
    if route is None:
        await exchange.drain_body()
        await exchange.answer("404 Not Found", f"no such page: {url.path}\n")
        return
    await route(exchange, parts[1:], query)


async def front(exchange, parts, query):
    await exchange.drain_body()
    page = f"<!doctype html><title>origin</title><p id=peer>{exchange.peer}</p><p>{exchange.field('host')}</p>\n"
    await exchange.answer("200 OK", page, "text/html")


async def whoami(exchange, parts, query):
    await exchange.drain_body()
    await exchange.answer("200 OK", exchange.peer + "\n")


async def echo(exchange, parts, query):
    """What the origin got, word for word."""
    body = b"".join([piece async for piece in exchange.body()])
    got = {"peer": exchange.peer, "head": exchange.raw.decode("latin-1"), "body": body.decode("latin-1"),
           "trailers": exchange.trailers}
    await exchange.answer("200 OK", json.dumps(got), "application/json")


async def sized(exchange, parts, query):
    """bytes/N[?seed=S&chunked=1|close=1]: a body of N known bytes, framed as asked."""
    size, seed = int(parts[0]), int(query.get("seed", 0))
    await exchange.drain_body()
    chunked, close = "chunked" in query, "close" in query
    exchange.close = exchange.close or close
    framing = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {size}"
    await exchange.head("200 OK", "Content-Type: application/octet-stream",
                        f"X-Sha256: {pattern.checksum(size, seed)}", *([] if close else [framing]))
    if exchange.method == "HEAD":
        return
    for piece in pattern.pieces(size, seed):
        await exchange.write(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
    if chunked:
        await exchange.write(b"0\r\n\r\n")


async def trailers(exchange, parts, query):
    await exchange.drain_body()
    await exchange.head("200 OK", "Transfer-Encoding: chunked", "Trailer: X-Sum")
    await exchange.write(b"5;kind=x\r\nhello\r\n6\r\n world\r\n0\r\nX-Sum: right\r\n\r\n")


async def upload(exchange, parts, query):
    digest, size = hashlib.sha256(), 0
    async for piece in exchange.body():
        digest.update(piece)
        size += len(piece)
    got = {"bytes": size, "sha256": digest.hexdigest(), "trailers": exchange.trailers, "peer": exchange.peer}
    await exchange.answer("200 OK", json.dumps(got), "application/json")


async def sink(exchange, parts, query):
    """sink?every=BYTES&stall_ms=T: reads a body, stopping for T after every so many bytes."""
    every, stall = int(query.get("every", 1 << 26)), int(query.get("stall_ms", 200)) / 1000
    size, mark = 0, every
    async for piece in exchange.body():
        size += len(piece)
        if size >= mark:
            mark += every
            exchange.connection.log.add("sink", bytes=size, connection=exchange.connection.number)
            await asyncio.sleep(stall)
    await exchange.answer("200 OK", json.dumps({"bytes": size}), "application/json")


async def slow(exchange, parts, query):
    """slow?pieces=N&ms=T: N pieces with T between them."""
    pieces, pause = int(query.get("pieces", 10)), int(query.get("ms", 100)) / 1000
    await exchange.drain_body()
    await exchange.head("200 OK", "Transfer-Encoding: chunked")
    for i in range(pieces):
        await exchange.write(b"8\r\n%07d\n\r\n" % i)
        await asyncio.sleep(pause)
    await exchange.write(b"0\r\n\r\n")


async def stall(exchange, parts, query):
    """The head and half of the body, then nothing until the other side gives up."""
    await exchange.head("200 OK", "Content-Length: 100")
    await exchange.write(b"x" * 50)
    exchange.connection.log.add("stalled", connection=exchange.connection.number)
    await exchange.reader.read()
    exchange.close = True


async def silent(exchange, parts, query):
    exchange.connection.log.add("stalled", connection=exchange.connection.number)
    await exchange.reader.read()
    exchange.close = True


async def reset(exchange, parts, query):
    await exchange.head("200 OK", "Content-Length: 100")
    await exchange.write(b"x" * 50)
    exchange.reset()


async def status(exchange, parts, query):
    await exchange.drain_body()
    code = int(parts[0])
    if code in (204, 304):
        await exchange.head(f"{code} Nothing", 'ETag: "a"', *(["Content-Length: 5"] if code == 304 else []))
    else:
        await exchange.answer(f"{code} As asked", f"{code}\n")


async def early(exchange, parts, query):
    """Two 1xx answers before the real one."""
    await exchange.drain_body()
    await exchange.write(b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n")
    await exchange.answer("200 OK", "after the hints\n")


async def pieces(exchange, parts, query):
    """pieces/SIZE/LONG: an interim answer, a head with a field of LONG bytes and 3000 bytes of body, SIZE bytes at a time."""
    await exchange.drain_body()
    size, long = (int(part) for part in parts)
    answer = b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3000\r\nX-Long: " + b"l" * long + b"\r\n\r\n"
    answer += pattern.make(3000)
    for at in range(0, len(answer), size):
        await exchange.write(answer[at:at + size])


async def expect(exchange, parts, query):
    """100-continue: expect/yes lets the body come, expect/no answers at once and never reads it."""
    if parts[:1] == ["no"]:
        exchange.close = True
        await exchange.answer("417 Expectation Failed", "no\n")
        return
    await exchange.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    await upload(exchange, parts, query)


async def old(exchange, parts, query):
    """An HTTP/1.0 answer, ended by closing."""
    await exchange.drain_body()
    exchange.close = True
    await exchange.write(b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nold but honest\n")


async def hops(exchange, parts, query):
    """An answer full of fields that are between the origin and the proxy only."""
    await exchange.drain_body()
    await exchange.answer("200 OK", "hops\n", "text/plain", "Connection: X-Secret, keep-alive", "X-Secret: 1",
                          "Connection: X-Other", "X-Other: 2", "Keep-Alive: timeout=5", "Proxy-Connection: keep-alive",
                          "Proxy-Authenticate: Basic realm=origin", "X-Kept: yes")


async def indexer(exchange, parts, query):
    """indexer?q=WORDS: a page that links to a torrent of that name; indexer/NAME.torrent: the torrent."""
    await exchange.drain_body()
    if parts:
        await exchange.answer("200 OK", f"d4:name{len(parts[0])}:{parts[0]}e", "application/x-bittorrent")
        return
    name = urllib.parse.quote(query.get("q", "Anything").replace(" ", ".") + ".torrent")
    await exchange.answer("200 OK", f'<!doctype html><a href="/indexer/{name}">{name}</a>', "text/html")


ROUTES = {
    "": front, "whoami": whoami, "echo": echo, "bytes": sized, "trailers": trailers, "upload": upload,
    "sink": sink, "slow": slow, "stall": stall, "silent": silent, "reset": reset, "status": status,
    "early": early, "pieces": pieces, "expect": expect, "old": old, "hops": hops,
    "indexer": indexer, "ws": websocket.handle, "bad": misbehave.handle, "git": git.handle,
}
