# SPDX-License-Identifier: GPL-3.0-or-later
"""What Gluetun keeps running: OpenVPN, or WireGuard in user space, set up and taken down in its order."""
import base64
import configparser
import os
import socket
import subprocess
import time

DEVICE = "tun0"
MARK = TABLE = 51820  # WireGuard's own packets have the mark; all others are looked up in the table, by rule 101
SOCKET = f"/var/run/wireguard/{DEVICE}.sock"
START_MAX = 10


class OpenVpn:
    """As /gluetun/client.conf says."""

    config, up_line = "/gluetun/client.conf", "Initialization Sequence Completed"

    def __init__(self):
        with open(self.config, encoding="ascii") as file:
            words = next(line.split() for line in file if line.startswith("remote "))
        self.endpoint = words[1], int(words[2])
        self.process = None

    def start(self):
        self.process = subprocess.Popen(["openvpn", "--config", self.config], stdout=subprocess.PIPE, text=True,
                                        stderr=subprocess.STDOUT)

    def follow(self, on_up):
        """Until it has ended; on_up whenever the tunnel stands."""
        for line in self.process.stdout:
            print(line, end="", flush=True)
            if self.up_line in line:
                on_up()
        self.process.wait()

    def stop(self):
        self.process.terminate()
        self.process.wait()


class WireGuard:
    """The server as /gluetun/wireguard/wg0.conf says, the key as WIREGUARD_PRIVATE_KEY says."""

    config = "/gluetun/wireguard/wg0.conf"

    def __init__(self):
        parser = configparser.ConfigParser()
        parser.read(self.config)
        self.address, self.public_key = parser["Interface"]["Address"], parser["Peer"]["PublicKey"]
        host, _, port = parser["Peer"]["Endpoint"].rpartition(":")
        self.endpoint = host, int(port)
        self.private_key = os.environ["WIREGUARD_PRIVATE_KEY"]
        self.process = None

    @staticmethod
    def _ip(*words, check=True):
        subprocess.run(["ip", *words], check=check)

    def _configure(self):
        def plain(key):
            return base64.b64decode(key, validate=True).hex()

        lines = ["set=1", f"private_key={plain(self.private_key)}", f"fwmark={MARK}", f"public_key={plain(self.public_key)}",
                 f"endpoint={self.endpoint[0]}:{self.endpoint[1]}", "persistent_keepalive_interval=25", "allowed_ip=0.0.0.0/0"]
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(5)
            control.connect(SOCKET)
            control.sendall("\n".join([*lines, "", ""]).encode("ascii"))
            answer = control.recv(4096)
        if b"errno=0" not in answer:
            raise RuntimeError(f"wireguard-go: {answer!r}")

    def start(self):
        """Link, address, peer, link up, the table's route, the rule."""
        if os.path.exists(SOCKET):  # of the last time, when the container was killed
            os.unlink(SOCKET)
        self.process = subprocess.Popen(["wireguard-go", "-f", DEVICE], env={
            **os.environ, "LOG_LEVEL": "error", "WG_I_PREFER_BUGGY_USERSPACE_TO_POLISHED_KMOD": "1"})
        deadline = time.monotonic() + START_MAX
        while not os.path.exists(SOCKET) and time.monotonic() < deadline:
            time.sleep(0.01)
        self._ip("addr", "add", self.address, "dev", DEVICE)
        self._configure()
        self._ip("link", "set", DEVICE, "up")
        self._ip("route", "add", "default", "dev", DEVICE, "table", str(TABLE))
        self._ip("rule", "add", "pref", "101", "not", "fwmark", str(MARK), "lookup", str(TABLE))

    def follow(self, on_up):
        """It says nothing of the far end; what is set up counts as up."""
        on_up()
        self.process.wait()

    def stop(self):
        """The rule, link down, link away: in this order, and so what has no device of its own goes out in clear for a moment."""
        self._ip("rule", "del", "pref", "101", check=False)
        self._ip("link", "set", DEVICE, "down", check=False)
        self._ip("link", "del", DEVICE, check=False)
        self.process.wait()


def chosen():
    return {"openvpn": OpenVpn, "wireguard": WireGuard}[os.environ.get("VPN_TYPE", "openvpn")]()
