# SPDX-License-Identifier: GPL-3.0-or-later
"""
Which UDP ports of a network namespace can be reached: whoever listens on one need not answer, so that silence proves
nothing. The kernel is asked instead: what came in, what of that got through every rule of the namespace, and who has a
socket for it. Every single port is knocked at until the knock has come in.
"""
import json
import subprocess
import sys

from lab.netns import run
from lab.process import TESTS

EVERY_PORT = range(1, 65536)
ROUNDS = 20
# Before and behind every rule of others. A published port is seen as what it was called before it was translated.
TABLE = """table inet knocks {
  set arrived { type inet_service; size 65535; flags dynamic; }
  set delivered { type inet_service; size 65535; flags dynamic; }
  set forwarded { type inet_service; size 65535; flags dynamic; }
  chain arrival { type filter hook prerouting priority -450; ip daddr %s udp length 13 add @arrived { udp dport }; }
  chain input { type filter hook input priority 2147483647; udp length 13 add @delivered { udp dport }; }
  chain forward { type filter hook forward priority 2147483647; udp length 13 add @forwarded { ct original proto-dst }; }
}
"""


class Doors:
    """Of a process's network namespace; None: of the one we are in."""

    def __init__(self, pid=None):
        self.before = ["nsenter", "-t", str(pid), "-n", "--"] if pid else []

    def nft(self, *words, **options):
        return run(*self.before, "nft", *words, **options)

    def passed(self, name):
        found = json.loads(self.nft("-j", "list", "set", "inet", "knocks", name))["nftables"]
        return {port for entry in found for port in entry.get("set", {}).get("elem", ())}

    def listeners(self, address):
        """Who takes datagrams of anybody for this address: {port: program}."""
        found = {}
        for line in run(*self.before, "ss", "-Hulnp").splitlines():
            _, _, _, local, remote, *who = line.split()
            host, _, port = local.rpartition(":")
            if host in (address, "0.0.0.0", "*") and remote.startswith(("0.0.0.0:*", "*:*")):
                found[int(port)] = who[0].split('"')[1] if who else "the kernel"
        return found

    def knocked(self, command, address):
        """({port: who listens there}, ports that let anything in), as seen by this command's namespace."""
        self.nft("-f", "-", input=TABLE % address)
        try:
            self.knock(command, address)
            delivered, forwarded = self.passed("delivered"), self.passed("forwarded")
            behind = {port: who for port, who in self.listeners(address).items() if port in delivered}
            return {**behind, **dict.fromkeys(forwarded, "another host")}, delivered | forwarded
        finally:
            self.nft("delete", "table", "inet", "knocks")

    def knock(self, command, address):
        for _ in range(ROUNDS):
            missing = sorted(set(EVERY_PORT) - self.passed("arrived"))
            if not missing:
                return
            subprocess.run([*command, sys.executable, f"{TESTS}/stack/standins/knock.py", address], check=True, timeout=120,
                           input=json.dumps(missing), text=True)
        raise AssertionError(f"{len(missing)} knocks never came in")
