# SPDX-License-Identifier: GPL-3.0-or-later
"""A WebSocket echo (RFC 6455), small: text and binary frames come back, close is answered."""
import base64
import hashlib

MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
CLOSE, PING, PONG = 8, 9, 10


async def handle(exchange, parts, query):
    if exchange.field("upgrade").lower() != "websocket":
        await exchange.answer("426 Upgrade Required", "websocket only\n", "text/plain", "Upgrade: websocket")
        return
    accept = base64.b64encode(hashlib.sha1(exchange.field("sec-websocket-key").encode() + MAGIC).digest()).decode()
    await exchange.write((f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                          f"Sec-WebSocket-Accept: {accept}\r\n\r\n").encode())
    exchange.close = True
    while True:
        kind, payload = await read_frame(exchange.reader)
        if kind == PING:
            kind = PONG
        await exchange.write(frame(kind, payload))
        if kind == CLOSE:
            return


async def read_frame(reader):
    first, second = await reader.readexactly(2)
    size = second & 0x7F
    if size == 126:
        size = int.from_bytes(await reader.readexactly(2), "big")
    elif size == 127:
        size = int.from_bytes(await reader.readexactly(8), "big")
    mask = await reader.readexactly(4) if second & 0x80 else None
    payload = await reader.readexactly(size)
    return first & 15, masked(payload, mask) if mask else payload


def masked(payload, mask):
    key = int.from_bytes((mask * (len(payload) // 4 + 1))[:len(payload)], "big")
    return (int.from_bytes(payload, "big") ^ key).to_bytes(len(payload), "big")


def frame(kind, payload, mask=None):
    """A whole frame; clients must give a mask of four bytes."""
    size, flag = len(payload), 0x80 if mask else 0
    if size < 126:
        head = bytes([0x80 | kind, flag | size])
    elif size < 65536:
        head = bytes([0x80 | kind, flag | 126]) + size.to_bytes(2, "big")
    else:
        head = bytes([0x80 | kind, flag | 127]) + size.to_bytes(8, "big")
    return head + (mask + masked(payload, mask) if mask else payload)
