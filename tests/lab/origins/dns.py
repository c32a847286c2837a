# SPDX-License-Identifier: GPL-3.0-or-later
"""The name server: a small table, and names whose first label makes it behave badly."""
import asyncio
import ipaddress
import struct

A, CNAME, AAAA = 1, 5, 28
NOERROR, SERVFAIL, NXDOMAIN, REFUSED = 0, 2, 3, 5
TTL = 30
BEHAVIOURS = ("servfail", "refused", "never", "tc", "garbage", "wrongid", "slow", "short")


class Query:
    def __init__(self, message):
        self.id, self.flags = struct.unpack_from(">HH", message)
        labels, at = [], 12
        while message[at]:
            labels.append(message[at + 1:at + 1 + message[at]].decode("latin-1").lower())
            at += 1 + message[at]
        self.name = ".".join(labels)
        self.type, self.klass = struct.unpack_from(">HH", message, at + 1)
        self.question = message[12:at + 5]
        first, _, rest = self.name.partition(".")
        self.behaviour, self.lookup = (first, rest) if first in BEHAVIOURS else ("", self.name)


def encode_name(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def record(owner, kind, ttl, value):
    return encode_name(owner) + struct.pack(">HHIH", kind, 1, ttl, len(value)) + value


def answers(names, query):
    """The records for a query, aliases followed; None when there is no such name."""
    name, records = query.lookup, []
    owner = query.name
    ttl = 1 if query.behaviour == "short" else TTL
    while name in names and "CNAME" in names[name]:
        alias = names[name]["CNAME"]
        records.append(record(owner, CNAME, ttl, encode_name(alias)))
        name = owner = alias
    if name not in names:
        return None
    kind = {A: "A", AAAA: "AAAA"}.get(query.type)
    for address in names[name].get(kind, []):
        records.append(record(owner, query.type, ttl, ipaddress.ip_address(address).packed))
    return records


def reply(query, names, tcp):
    """The whole answer as bytes, or None for silence."""
    if query.behaviour == "never":
        return None
    if query.behaviour == "garbage":
        return struct.pack(">HH", query.id, 0x8180) + b"\xff" * 40
    records, code, truncated = answers(names, query), NOERROR, 0
    if query.behaviour == "servfail":
        records, code = [], SERVFAIL
    elif query.behaviour == "refused":
        records, code = [], REFUSED
    elif records is None:
        records, code = [], NXDOMAIN
    elif query.behaviour == "tc" and not tcp:
        records, truncated = [], 0x0200
    number = query.id ^ 0x5555 if query.behaviour == "wrongid" else query.id
    head = struct.pack(">HHHHHH", number, 0x8180 | truncated | code, 1, len(records), 0, 0)
    return head + query.question + b"".join(records)


class Server(asyncio.DatagramProtocol):
    def __init__(self, log, names):
        self.log, self.names = log, names
        self.transport = None

    def connection_made(self, transport):
        self.transport = transport

    def note(self, query, peer, protocol):
        self.log.add("dns", peer=peer[0].removeprefix("::ffff:"), name=query.name, type=query.type, over=protocol)

    def datagram_received(self, data, peer):
        try:
            query = Query(data)
        except (IndexError, struct.error):
            return
        self.note(query, peer, "udp")
        answer = reply(query, self.names, False)
        if answer is not None and query.behaviour == "slow":
            asyncio.get_running_loop().call_later(1.0, self.transport.sendto, answer, peer)
        elif answer is not None:
            self.transport.sendto(answer, peer)

    async def on_stream(self, reader, writer):
        try:
            while True:
                size = int.from_bytes(await reader.readexactly(2), "big")
                query = Query(await reader.readexactly(size))
                self.note(query, writer.get_extra_info("peername"), "tcp")
                answer = reply(query, self.names, True)
                if answer is not None:
                    writer.write(len(answer).to_bytes(2, "big") + answer)
        except (ConnectionError, asyncio.IncompleteReadError, IndexError, struct.error):
            pass
        writer.close()


async def serve(log, names, address, port):
    """UDP and TCP on the same port."""
    server = Server(log, names)
    listener = await asyncio.start_server(server.on_stream, address, port)
    port = listener.sockets[0].getsockname()[1]
    await asyncio.get_running_loop().create_datagram_endpoint(lambda: server, local_addr=(address, port))
    return port
