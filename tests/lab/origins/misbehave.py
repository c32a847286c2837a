# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers that could be read in two ways, or in none: a proxy must not pass them on as they are."""

OK = b"HTTP/1.1 200 OK\r\n"
ANSWERS = {
    "two-lengths": OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
    "list-of-lengths": OK + b"Content-Length: 5, 6\r\n\r\nhello!",
    "length-and-chunked": OK + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "length-plus": OK + b"Content-Length: +5\r\n\r\nhello",
    "length-huge": OK + b"Content-Length: 99999999999999999999999\r\n\r\nhello",
    "unsolicited-101": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nraw",
    "garbage-first": b"garbage\r\n" + OK + b"Content-Length: 5\r\n\r\nhello",
    "garbage-only": b"\x00\x01\x02 not http at all\r\n\r\n",
    "no-colon": OK + b"Content-Length 5\r\nContent-Length: 5\r\n\r\nhello",
    "space-before-colon": OK + b"Content-Length : 5\r\n\r\nhello",
    "obs-fold": OK + b"X-A: b\r\n c\r\nContent-Length: 5\r\n\r\nhello",
    "bare-cr": OK + b"X-A: b\rX-C: d\r\nContent-Length: 5\r\n\r\nhello",
    "nul": OK + b"X-A: b\x00c\r\nContent-Length: 5\r\n\r\nhello",
    "chunk-plus": OK + b"Transfer-Encoding: chunked\r\n\r\n+5\r\nhello\r\n0\r\n\r\n",
    "chunk-0x": OK + b"Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n",
    "chunk-huge": OK + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nhello\r\n0\r\n\r\n",
    "chunk-short": OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhelloXX0\r\n\r\n",
    "chunked-twice": OK + b"Transfer-Encoding: chunked, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "status-word": b"HTTP/1.1 OK\r\nContent-Length: 5\r\n\r\nhello",
    "status-1000": b"HTTP/1.1 1000 OK\r\nContent-Length: 5\r\n\r\nhello",
    "version-3": b"HTTP/3.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    "extra-bytes": OK + b"Content-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison",
    "early-end": OK + b"Content-Length: 50\r\n\r\nhello",
    "chunk-early-end": OK + b"Transfer-Encoding: chunked\r\n\r\n32\r\nhello",
    "head-early-end": OK + b"Content-Len",
    "endless-head": OK + b"X-A: " + b"a" * 400000 + b"\r\n\r\n",
    "nothing": b"",
}


async def handle(exchange, parts, query):
    await exchange.drain_body()
    exchange.close = True
    if "keep" in query:
        exchange.close = False
    await exchange.write(ANSWERS[parts[0]])
