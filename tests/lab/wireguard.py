# SPDX-License-Identifier: GPL-3.0-or-later
"""A real WireGuard (wireguard-go, both ends), set up and taken down step by step in Gluetun's order."""
import os
import signal
import socket
import subprocess

from . import world
from .netns import run
from .process import LogFile, stop

MARK = TABLE = 51820  # its own packets have the mark; all others are looked up in the table, by rule 101
FAMILIES = ("-6", "-4")
READY = "UAPI listener started"


def make_key():
    """A private key and its public one, in hexadecimal."""
    options = {"capture_output": True, "check": True}
    private = subprocess.run(["openssl", "genpkey", "-algorithm", "X25519", "-outform", "DER"], **options).stdout
    public = subprocess.run(["openssl", "pkey", "-inform", "DER", "-pubout", "-outform", "DER"], input=private,
                            **options).stdout
    return private[-32:].hex(), public[-32:].hex()


class Peer:
    """One wireguard-go process and the device it makes."""

    def __init__(self, namespace, folder, device, keep):
        self.namespace, self.device, self.keep = namespace, device, keep
        self.private, self.public = make_key()
        self.log_path = os.path.join(folder, f"wireguard-{device}.log")
        self.process = self.log = None

    def start(self):
        """The device exists and can be configured; its control socket is seen by nobody else."""
        with open(self.log_path, "w", encoding="ascii") as file:
            self.process = self.namespace.start(
                "unshare", "--mount", "sh", "-c", 'mount -t tmpfs tmpfs /run && exec wireguard-go -f "$1"', "sh", self.device,
                stdout=file, stderr=subprocess.STDOUT, die_with_parent=not self.keep,
                env={**os.environ, "LOG_LEVEL": "verbose", "WG_I_PREFER_BUGGY_USERSPACE_TO_POLISHED_KMOD": "1"})
        if self.log:
            self.log.close()
        self.log = LogFile(self.log_path, writer=self.process.pid)
        self.log.wait(lambda line: READY in line, 0, 10, f"wireguard-go {self.device}: {READY!r}")

    def configure(self, *lines):
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(5)
            control.connect(f"/proc/{self.process.pid}/root/run/wireguard/{self.device}.sock")
            control.sendall("\n".join(["set=1", f"private_key={self.private}", *lines, "", ""]).encode("ascii"))
            answer = control.recv(4096)
        if b"errno=0" not in answer:
            raise RuntimeError(f"wireguard-go {self.device}: {answer!r}")

    def killed(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        stop(self.process)

    def close(self):
        self.stop()
        if self.log:
            self.log.close()


class WireGuard:
    """Server, client, and the events of the tunnel between them. tun0 is in the gateway."""

    name, port = "wireguard", 51820

    def __init__(self, folder, _, vpnserver, gateway, keep=False):
        self.gateway = gateway
        self.server = Peer(vpnserver, folder, "wg0", keep)
        self.client = Peer(gateway, folder, "tun0", keep)
        self.address = 10

    def give_address(self, last):
        """The address the client gets from now on."""
        self.address = last

    def start(self):
        self.server.start()
        self.server.configure(f"listen_port={self.port}", f"public_key={self.client.public}",
                              "allowed_ip=10.8.0.0/24", f"allowed_ip={world.TUNNEL6}")
        self.server.namespace.batch("addr add 10.8.0.1/24 dev wg0\naddr add fd08:8::1/64 dev wg0 nodad\nlink set wg0 up")
        self.up()

    def _addresses(self, verb):
        return f"addr {verb} 10.8.0.{self.address}/32 dev tun0\naddr {verb} fd08:8::{self.address}/128 dev tun0"

    # Events. Each returns when it has happened.

    def up(self, **_):
        """Gluetun's order: link, addresses, peer, link up, the table's routes, the rules."""
        self.half_up()
        for family in FAMILIES:
            run("ip", "-n", self.gateway.name, family, "rule", "add", "pref", "101", "not", "fwmark", str(MARK), "lookup",
                str(TABLE))
        return self.gateway.wait_link("tun0", lambda link: link and "UP" in link["flags"])["ifindex"]

    def half_up(self):
        """All but the last step: packets come in through the tunnel, and main's default still leads home."""
        self._remove_rules()
        self.client.start()
        self.gateway.batch(self._addresses("add"))
        self.client.configure(f"fwmark={MARK}", f"public_key={self.server.public}",
                              f"endpoint={world.VPN_PUBLIC}:{self.port}", "persistent_keepalive_interval=25",
                              "allowed_ip=0.0.0.0/0", "allowed_ip=::/0")
        self.gateway.batch(f"link set tun0 up\nroute add default dev tun0 table {TABLE}\n"
                           f"route add ::/0 dev tun0 table {TABLE}")

    def _remove_rules(self):
        for family in FAMILIES:
            run("ip", "-n", self.gateway.name, family, "rule", "del", "pref", "101", check=False)

    def down(self):
        """In Gluetun's order, without a pause: rules, link down, link away."""
        self.routes_removed()
        self.link_down()
        self.deleted()

    def killed(self):
        self.client.killed()
        self.gateway.wait_link("tun0", lambda link: link is None)

    def deleted(self):
        """Somebody deletes the device; wireguard-go ends with it."""
        self.gateway.batch("link del tun0")
        self.gateway.wait_link("tun0", lambda link: link is None)
        self.client.stop()

    def restart(self):
        """Whatever state it is in: it is up afterwards."""
        self.client.stop()
        self.gateway.wait_link("tun0", lambda link: link is None)
        return self.up()

    def recreated(self):
        """A restart as Gluetun makes it: away, then back with a new ifindex."""
        self.down()
        return self.up()

    def half_recreated(self):
        """A restart that has not come to its last step."""
        self.down()
        self.half_up()

    def readdressed(self, last=77):
        """Another address on the same device: the new one first, or the routes go with the old one."""
        gone = self._addresses("del")
        self.give_address(last)
        self.gateway.batch(f"{self._addresses('add')}\n{gone}")

    def routes_removed(self):
        """The first step of a teardown: all is looked up in main again, whose default leads home."""
        self._remove_rules()

    def link_down(self):
        """The second step."""
        self.gateway.batch("link set tun0 down")
        self.gateway.wait_link("tun0", lambda link: link and "UP" not in link["flags"])

    def close(self):
        self.client.close()
        self.server.close()
