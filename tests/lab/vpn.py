# SPDX-License-Identifier: GPL-3.0-or-later
"""A real OpenVPN, both ends, and the ways in which a tunnel comes to grief."""
import os
import signal
import subprocess

from . import world
from .process import LogFile, stop

UP = "Initialization Sequence Completed"
COMMON = """dev tun0
dev-type tun
data-ciphers AES-256-GCM
auth SHA256
verb 3
ca {ca}
cert {certificate}
key {key}
"""
SERVER = COMMON + """proto udp4
local {public}
port {port}
topology subnet
server {network} 255.255.255.0
server-ipv6 {network6}
dh none
ecdh-curve prime256v1
keepalive 10 180
client-config-dir {clients}
push "redirect-gateway def1 ipv6"
"""
CLIENT = COMMON + """client
proto udp4
remote {public} {port}
nobind
persist-key
remote-cert-tls server
connect-retry 1 1
connect-timeout 5
server-poll-timeout 5
"""


class Peer:
    """One openvpn process."""

    def __init__(self, namespace, folder, name, text, keep):
        self.namespace, self.name, self.keep = namespace, name, keep
        self.config = os.path.join(folder, f"{name}.conf")
        self.log_path = os.path.join(folder, f"{name}.log")
        self.process = None
        with open(self.config, "w", encoding="ascii") as file:
            file.write(text)
        open(self.log_path, "w", encoding="ascii").close()
        self.log = LogFile(self.log_path)

    def start(self, *options):
        mark = self.log.mark()
        with open(self.log_path, "a", encoding="ascii") as file:
            self.process = self.namespace.start("openvpn", "--config", self.config, *options, stdout=file,
                                                stderr=subprocess.STDOUT, die_with_parent=not self.keep)
        return mark

    def wait_up(self, mark, timeout=15):
        try:
            self.log.wait(lambda line: UP in line, mark, timeout, f"OpenVPN {self.name}: {UP!r}")
        except TimeoutError as error:
            raise TimeoutError(f"{error}\n" + "\n".join(self.log.since(mark)[-15:])) from None

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
        stop(self.process)

    def close(self):
        self.stop()
        self.log.close()


class Vpn:
    """Server, client, and the events of the tunnel between them. tun0 is in the gateway."""

    name, port = "openvpn", 1194

    def __init__(self, folder, authority, vpnserver, gateway, keep=False):
        self.gateway = gateway
        self.clients = os.path.join(folder, "clients")
        os.makedirs(self.clients)
        facts = {"public": world.VPN_PUBLIC, "port": self.port, "network": world.TUNNEL,
                 "network6": world.TUNNEL6, "clients": self.clients, "ca": authority.certificate}
        paths = authority.issue("vpn-server", "serverAuth")
        self.server = Peer(vpnserver, folder, "vpnserver",
                           SERVER.format(certificate=paths[0], key=paths[1], **facts), keep)
        paths = authority.issue("gateway", "clientAuth")
        self.client = Peer(gateway, folder, "gateway", CLIENT.format(certificate=paths[0], key=paths[1], **facts), keep)
        self.give_address(10)

    def give_address(self, last):
        """The address the client gets from now on."""
        with open(os.path.join(self.clients, "gateway"), "w", encoding="ascii") as file:
            file.write(f"ifconfig-push 10.8.0.{last} 255.255.255.0\nifconfig-ipv6-push fd08:8::{last}/64 fd08:8::1\n")

    def start(self):
        self.server.start()
        self.server.wait_up(0)
        self.up()

    # Events. Each returns when it has happened.

    def up(self, persist=True):
        """The client connects; tun0 appears with a new ifindex and its routes."""
        self.client.wait_up(self.client.start(*(["--persist-tun"] if persist else [])))
        return self.gateway.wait_link("tun0", lambda link: link and link["addr_info"])["ifindex"]

    def down(self):
        """The client ends in order: routes go, then tun0."""
        self.client.stop()
        self.gateway.wait_link("tun0", lambda link: link is None)

    def killed(self):
        self.client.signal(signal.SIGKILL)
        self.client.process.wait()
        self.gateway.wait_link("tun0", lambda link: link is None)

    def deleted(self):
        """Somebody deletes the device under the running client."""
        self.gateway.batch("link del tun0")
        self.gateway.wait_link("tun0", lambda link: link is None)
        self.client.stop()

    def recreated(self):
        """A restart as Gluetun makes it: away, then back with a new ifindex."""
        self.down()
        return self.up()

    restart = recreated  # whatever state it is in

    def half_recreated(self):
        """A restart whose routes are not there yet."""
        self.recreated()
        self.routes_removed()

    def reconnected(self):
        """A soft restart with persist-tun: the same device, the same address, no netlink event."""
        mark = self.client.log.mark()
        self.client.signal(signal.SIGUSR1)
        self.client.wait_up(mark)

    def readdressed(self, last=77):
        """A soft restart after which the server gives another address."""
        self.give_address(last)
        self.reconnected()
        self.gateway.wait_link("tun0", lambda link: link and any(
            info["local"] == f"10.8.0.{last}" for info in link["addr_info"]))

    def silent(self):
        """The server stops answering; nothing else changes for minutes."""
        self.server.signal(signal.SIGSTOP)

    def speaks(self):
        self.server.signal(signal.SIGCONT)

    def routes_removed(self):
        """The first step of a teardown: the routes are gone, the device and its address are still there."""
        self.gateway.batch("route del 0.0.0.0/1 dev tun0\nroute del 128.0.0.0/1 dev tun0\n"
                           "route del ::/3 dev tun0\nroute del 2000::/4 dev tun0\nroute del 3000::/4 dev tun0")

    def link_down(self):
        """The second step."""
        self.gateway.batch("link set tun0 down")
        self.gateway.wait_link("tun0", lambda link: link and "UP" not in link["flags"])

    def close(self):
        self.client.close()
        self.server.close()
