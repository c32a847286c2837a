# SPDX-License-Identifier: GPL-3.0-or-later
"""What is around the Docker host: a home network with somebody in it, the Internet with origins, two VPN providers.

    laptop ──192.168.44.0/24── (we: the Docker host) ── internet (origins, name servers) ─┬─ vpnserver
                                                                                          └─ vpnserver2
"""
import ipaddress
import os

from lab import world
from lab.netns import Namespace, run
from lab.pki import Authority
from lab.process import Origins
from lab.witness import NOISE, Witness

from .provider import PORTS, Provider

LAPTOP, HOST = "192.168.44.7", "192.168.44.1"
BRIDGE = "egress-lan"  # the ordinary network's, as the compose file names it
# The last: no router passes it on; leak-test's controls go there.
HOME_NETWORKS = [ipaddress.ip_network(text) for text in ("172.30.0.0/24", "172.31.0.0/24", "192.168.44.0/24", "224.0.0.0/24",
                                                       "ff02::/16")]
ADDRESSES = HOME_PUBLIC, VPN, VPN_2 = world.HOME_PUBLIC, world.VPN_PUBLIC, "45.80.3.2"  # what origins see
DIRECT = "198.51.100.11"  # archive.example.org
PEER = "198.51.100.13"  # another of a torrent's swarm
NAMES = {**world.NAMES, "www.nyaa.example": {"A": ["198.51.100.12"]}, "archive.example.org": {"A": [DIRECT]}}
SERVERS = " or ".join(f"host {address}" for address in (VPN, VPN_2))
CARRIER_PORTS = " or ".join(f"port {port}" for port in PORTS)


class Wire(Witness):
    """On one wire: everything but the VPNs' carriers that goes to neither a neighbour nor the home network."""

    def __init__(self, home, device):
        super().__init__(home, device, PORTS[0])
        self.allowed = set()  # where the policy in force lets go directly

    def _stand(self):
        # Of a packet in parts only the first has ports: whose the others are is judged by that one.
        self.everything = self._tap(self.home, self.device, f"not (({SERVERS}) and ((udp and ({CARRIER_PORTS} or "
                                    f"ip[6:2] & 0x1fff != 0)) or icmp)) and not ({NOISE})")
        self.carrier = self._tap(self.home, self.device, f"udp and ({SERVERS}) and ({CARRIER_PORTS})")

    def _judge(self, report, packet):
        if packet.is_control():
            report.control += 1
        elif packet.destination in self.allowed or packet.destination and any(
                ipaddress.ip_address(packet.destination) in network for network in HOME_NETWORKS):
            report.local += 1
        else:
            report.leaks.append(packet)


class Outside:
    def __init__(self, folder):
        self.folder = folder
        self.laptop, self.internet = Namespace("laptop"), Namespace("internet")
        self.providers = [Provider(folder, "vpnserver", VPN, "45.80.2.1", ("10.8.0", "10.5.0")),
                          Provider(folder, "vpnserver2", VPN_2, "45.80.3.1", ("10.9.0", "10.6.0"))]
        self.server = self.providers[0].space
        self.authority = self.origins = self.uplink = None

    def start(self):
        for space in (self.laptop, self.internet, *(provider.space for provider in self.providers)):
            space.create()
        self._wire()
        self.authority = Authority(os.path.join(self.folder, "pki"))
        self._start_origins()
        for provider in self.providers:
            provider.start(self.authority)
        for provider in self.providers:
            provider.openvpn.wait_up(0)
        self.uplink = Wire(self.internet, "home")
        self.origins.wait_ready()
        return self

    def _wire(self):
        run("ip", "-batch", "-", input=f"""
link add lan0 type veth peer name eth0 netns laptop
addr add {HOST}/24 dev lan0
link set lan0 up
link add wan type veth peer name home netns internet
addr add {world.HOME_PUBLIC}/30 dev wan
link set wan up
route add default via 45.80.1.1
link add wan netns vpnserver type veth peer name vpn netns internet
link add wan netns vpnserver2 type veth peer name vpn2 netns internet
""")
        self.laptop.batch(f"addr add {LAPTOP}/24 dev eth0\nlink set eth0 up\nroute add default via {HOST}")
        here = "\n".join(f"addr add {address} dev lo" for address in (*world.RESOLVERS, *world.ORIGINS, PEER) if "." in address)
        self.internet.batch(f"""
addr add 45.80.1.1/30 dev home
link set home up
addr add 45.80.2.1/30 dev vpn
link set vpn up
addr add 45.80.3.1/30 dev vpn2
link set vpn2 up
{here}""")
        self.internet.run("sysctl", "-q", "-w", "net.ipv4.ip_forward=1")

    def _start_origins(self):
        addresses = [address for address in (*world.ORIGINS, PEER) if "." in address]
        self.origins = Origins(self.folder, {
            "http": [[address, 80] for address in addresses], "names": NAMES,
            "dns": [[address, 53] for address in world.RESOLVERS], "udp": [[PEER, world.UDP_PORT]]}, self.internet)

    @property
    def events(self):
        return self.origins.events

    def close(self):
        if self.uplink:
            self.uplink.close()
        for provider in self.providers:
            provider.close()
        if self.origins:
            self.origins.stop()
