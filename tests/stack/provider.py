# SPDX-License-Identifier: GPL-3.0-or-later
"""A VPN provider: a server on the Internet for OpenVPN and WireGuard, whose clients origins see under its own address."""
import base64
import os

from lab import vpn, wireguard
from lab.lab import MASQUERADE
from lab.netns import Namespace
from lab.wireguard import WireGuard

OPENVPN_SERVER = "\n".join(line for line in vpn.SERVER.replace(" ipv6", "").split("\n")
                           if not line.startswith(("server-ipv6", "client-config-dir")))
WIREGUARD_CLIENT = """[Interface]
Address = {network}.2/32

[Peer]
PublicKey = {public_key}
Endpoint = {public}:{port}
"""
PORTS = (vpn.Vpn.port, WireGuard.port)


class Provider:
    def __init__(self, folder, name, public, router, networks):
        """networks: the first three numbers of the addresses that clients of either kind get."""
        self.folder, self.name, self.public, self.router = folder, name, public, router
        self.openvpn_network, self.wireguard_network = networks
        self.space = Namespace(name)
        self.client_key, self.client_public = wireguard.make_key()
        self.openvpn = self.wireguard = None

    def start(self, authority):
        """In its namespace, where "wan" leads to the Internet."""
        self.space.batch(f"addr add {self.public}/30 dev wan\nlink set wan up\nroute add default via {self.router}")
        self.space.run("sysctl", "-q", "-w", "net.ipv4.ip_forward=1")
        self.space.run("nft", "-f", "-", input=MASQUERADE.format(device="wan"))
        paths = authority.issue(self.name, "serverAuth")
        self.openvpn = vpn.Peer(self.space, self.folder, self.name, OPENVPN_SERVER.format(
            ca=authority.certificate, certificate=paths[0], key=paths[1], **self._facts()), False)
        self.openvpn.start()
        self.wireguard = wireguard.Peer(self.space, self.folder, f"wg-{self.name}", False)
        self.wireguard.start()
        self.wireguard.configure(f"listen_port={WireGuard.port}", f"public_key={self.client_public}",
                                 f"allowed_ip={self.wireguard_network}.0/24")
        self.space.batch(f"addr add {self.wireguard_network}.1/24 dev wg-{self.name}\nlink set wg-{self.name} up")

    def _facts(self):
        return {"public": self.public, "port": vpn.Vpn.port, "network": f"{self.openvpn_network}.0"}

    def give(self, folder, authority):
        """What a client needs, into the folder that is Gluetun's; the key for WireGuard is in wireguard_key."""
        os.makedirs(os.path.join(folder, "wireguard"), exist_ok=True)
        with open(os.path.join(folder, "client.conf"), "w", encoding="ascii") as file:
            file.write(self._openvpn_client(authority))
        with open(os.path.join(folder, "wireguard", "wg0.conf"), "w", encoding="ascii") as file:
            file.write(WIREGUARD_CLIENT.format(network=self.wireguard_network, public=self.public, port=WireGuard.port,
                                               public_key=base64.b64encode(bytes.fromhex(self.wireguard.public)).decode()))

    @property
    def wireguard_key(self):
        return base64.b64encode(bytes.fromhex(self.client_key)).decode()

    def _openvpn_client(self, authority):
        """One file that OpenVPN can take along into a container."""
        paths = dict(zip(("cert", "key"), authority.issue(f"client-{self.name}", "clientAuth")), ca=authority.certificate)
        lines = [line for line in vpn.CLIENT.format(ca="", certificate="", key="", **self._facts()).split("\n")
                 if line.split(" ")[0] not in ("ca", "cert", "key")]
        for name, path in paths.items():
            with open(path, encoding="ascii") as file:
                lines.append(f"<{name}>\n{file.read()}</{name}>")
        return "\n".join(lines) + "\n"

    def close(self):
        for part in (self.openvpn, self.wireguard):
            if part:
                part.close()
