# SPDX-License-Identifier: GPL-3.0-or-later
"""What the origins saw, in order: kept in memory and streamed over a Unix socket to whoever asks.
A line sent there comes back as an event, so that a reader knows it has seen everything before it."""
import asyncio
import json
import time


class EventLog:
    def __init__(self):
        self.lines = []
        self.readers = set()

    def add(self, kind, **fields):
        line = json.dumps({"kind": kind, "at": time.monotonic(), **fields}).encode() + b"\n"
        self.lines.append(line)
        for writer in self.readers:
            writer.write(line)

    async def serve(self, path):
        await asyncio.start_unix_server(self._on_reader, path)

    async def _on_reader(self, reader, writer):
        writer.write(b"".join(self.lines))
        self.readers.add(writer)
        try:
            while token := await reader.readline():
                self.add("sync", token=token.decode().strip())
        except ConnectionError:
            pass
        self.readers.discard(writer)
        writer.close()


def peer_of(transport):
    """The other end's address and port, as text and number; an IPv4 one in IPv6 dress is undressed."""
    name = transport.get_extra_info("peername") or ("", 0)
    address = name[0].removeprefix("::ffff:")
    return address, name[1]
