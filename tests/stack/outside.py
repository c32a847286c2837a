# SPDX-License-Identifier: GPL-3.0-or-later
"""What is around the Docker host: a home network with somebody in it, the Internet with origins, the VPN's server.

    laptop ──192.168.44.0/24── (we: the Docker host) ── internet (origins, name servers) ── vpnserver
"""
import ipaddress
import os

from lab import vpn, world
from lab.lab import MASQUERADE
from lab.netns import Namespace, run
from lab.pki import Authority
from lab.process import Origins
from lab.witness import Witness

LAPTOP, HOST = "192.168.44.7", "192.168.44.1"
BRIDGE = "egress-lan"  # the ordinary network's, as the compose file names it
# The last: no router passes it on; leak-test's controls go there.
HOME_NETWORKS = [ipaddress.ip_network(text) for text in ("172.30.0.0/24", "172.31.0.0/24", "192.168.44.0/24", "224.0.0.0/24",
                                                       "ff02::/16")]
SERVER = "\n".join(line for line in vpn.SERVER.replace(" ipv6", "").split("\n")
                   if not line.startswith(("server-ipv6", "client-config-dir")))



class Wire(Witness):
    """On one wire: everything but the VPN's carrier that goes to neither a neighbour nor the home network."""

    @staticmethod
    def _judge(report, packet):
        if packet.is_control():
            report.control += 1
        elif packet.destination and any(ipaddress.ip_address(packet.destination) in network for network in HOME_NETWORKS):
            report.local += 1
        else:
            report.leaks.append(packet)


class Outside:
    def __init__(self, folder):
        self.folder = folder
        self.laptop, self.internet, self.server = (Namespace(name) for name in ("laptop", "internet", "vpnserver"))
        self.vpn = self.origins = None
        self.uplink = None

    def start(self):
        for space in (self.laptop, self.internet, self.server):
            space.create()
        self._wire()
        self.server.run("nft", "-f", "-", input=MASQUERADE.format(device="wan"))
        authority = Authority(os.path.join(self.folder, "pki"))
        self._start_origins()
        facts = {"public": world.VPN_PUBLIC, "port": vpn.Vpn.port, "network": world.TUNNEL}
        paths = authority.issue("vpn-server", "serverAuth")
        self.vpn = vpn.Peer(self.server, self.folder, "vpnserver", SERVER.format(
            ca=authority.certificate, certificate=paths[0], key=paths[1], **facts), False)
        self.vpn.start()
        self.vpn.wait_up(0)
        self.client_config = self._client(authority, facts)
        self.uplink = Wire(self.internet, "home", vpn.Vpn.port)
        self.origins.wait_ready()
        return self

    def _client(self, authority, facts):
        """One file that OpenVPN can take along into a container."""
        paths = dict(zip(("cert", "key"), authority.issue("gateway", "clientAuth")), ca=authority.certificate)
        lines = [line for line in vpn.CLIENT.format(ca="", certificate="", key="", **facts).split("\n")
                 if line.split(" ")[0] not in ("ca", "cert", "key")]
        for name, path in paths.items():
            with open(path, encoding="ascii") as file:
                lines.append(f"<{name}>\n{file.read()}</{name}>")
        return "\n".join(lines) + "\n"

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
""")
        self.laptop.batch(f"addr add {LAPTOP}/24 dev eth0\nlink set eth0 up\nroute add default via {HOST}")
        here = "\n".join(f"addr add {address} dev lo" for address in (*world.RESOLVERS, *world.ORIGINS) if "." in address)
        self.internet.batch(f"""
addr add 45.80.1.1/30 dev home
link set home up
addr add 45.80.2.1/30 dev vpn
link set vpn up
{here}""")
        self.server.batch(f"addr add {world.VPN_PUBLIC}/30 dev wan\nlink set wan up\nroute add default via 45.80.2.1")
        for space in (self.internet, self.server):
            space.run("sysctl", "-q", "-w", "net.ipv4.ip_forward=1")

    def _start_origins(self):
        addresses = [address for address in world.ORIGINS if "." in address]
        self.origins = Origins(self.folder, {
            "http": [[address, 80] for address in addresses], "names": world.NAMES,
            "dns": [[address, 53] for address in world.RESOLVERS]}, self.internet)

    @property
    def events(self):
        return self.origins.events

    def close(self):
        for part in (self.uplink, self.vpn):
            if part:
                part.close()
        if self.origins:
            self.origins.stop()
