# SPDX-License-Identifier: GPL-3.0-or-later
"""A UDP origin: echoes, except for the few datagrams that ask for something else."""
import asyncio


class Echo(asyncio.DatagramProtocol):
    def __init__(self, log, loop):
        self.log, self.loop = log, loop
        self.transport = None

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, peer):
        address = peer[0].removeprefix("::ffff:")
        self.log.add("udp", peer=address, port=peer[1], text=data[:64].decode("latin-1"), bytes=len(data))
        if data == b"PEER":
            self.transport.sendto(address.encode(), peer)
        elif data == b"TWICE":
            self.transport.sendto(b"one", peer)
            self.transport.sendto(b"two", peer)
        elif data == b"STRANGER":
            self.loop.create_task(self._from_another_port(peer))
        else:
            self.transport.sendto(data, peer)

    async def _from_another_port(self, peer):
        """An answer from a port that was never written to, then one from the right port."""
        address = self.transport.get_extra_info("sockname")[0]
        other, _ = await self.loop.create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=(address, 0))
        other.sendto(b"from a stranger", peer)
        other.close()
        self.transport.sendto(b"from the right one", peer)


async def serve(log, address, port):
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: Echo(log, loop), local_addr=(address, port))
    return transport.get_extra_info("sockname")[1]
