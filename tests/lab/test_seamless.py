# SPDX-License-Identifier: GPL-3.0-or-later
"""The packet rules are replaced again and again under traffic: there is no moment in which a set of theirs is empty."""
import json
import subprocess
import sys

import pytest

from . import policy, world
from .daemon import USER, Daemon
from .test_hub import DIRECT
from .traffic import Traffic

FORWARD = f"forward 0.0.0.0:9696 to {world.APP}:9696\n"
SPECIAL = "10.1.2.3"
# Prints a line once it runs, and how many were refused it when its input ends.
FLOOD = f"""
import itertools, select, socket, sys
refused, sender = 0, socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for number in itertools.count():
    try:
        sender.sendto(b"x", ("{SPECIAL}", 9))
    except OSError:
        refused += 1
    if number == 0:
        print("runs", flush=True)
    if number % 50 == 0 and select.select([sys.stdin], [], [], 0)[0]:
        break
print(refused)
"""


@pytest.fixture
def replace(lab):
    """replace(text) starts egressd with its own rules; replace(times=...) replaces them so often."""
    running = []

    def do(text=None, times=0):
        if text:
            running.append((Daemon(text, lab.folder, lab.gateway, extra=()).start(), text))
        daemon, text = running[0]
        for number in range(times):
            assert daemon.reload((FORWARD if number % 2 == 0 else "") + text)["event"] == "policy reloaded"
            if number < 2:
                rules = lab.gateway.run("nft", "list", "table", "inet", "egressd")
                assert ("9696" in rules) == (number == 0), "the rules did not change"

    yield do
    for daemon, _ in running:
        daemon.process.terminate()  # twice: at once
        assert daemon.stop() == 0


def test_no_flow_ends_when_the_rules_are_replaced(lab, replace):
    """Of thirty flows three to eight died, with sets of ranges."""
    lab.firewall.off()
    replace(policy.open_policy())
    traffic = Traffic(lab.app, each=6)
    try:
        replace(times=400)
        assert [type(flow).__name__ for flow in traffic.flows if flow.ended_at is not None] == []
    finally:
        traffic.close()


def test_nothing_that_a_set_forbids_passes_when_the_rules_are_replaced(lab, replace):
    """With sets of ranges, 1548 packets passed over 400 times."""
    lab.firewall.off()
    lab.vpn.deleted()
    lab.home.run("nft", "-f", "-", input="table inet seen { counter seen { }; chain seen { "
                 f"type filter hook prerouting priority -400; ip daddr {SPECIAL} counter name seen; }}; }}")

    def seen():
        """How many came by since this was asked last."""
        told = json.loads(lab.home.run("nft", "-j", "reset", "counters", "table", "inet", "seen"))["nftables"]
        return next(entry["counter"]["packets"] for entry in told if "counter" in entry)

    def flood(meanwhile):
        command = lab.gateway.command("setpriv", f"--reuid={USER}", "--clear-groups", sys.executable, "-c", FLOOD)
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as sender:
            assert sender.stdout.readline() == "runs\n"
            meanwhile()
            return int(sender.communicate()[0])

    flood(lambda: None)
    assert seen() > 0, "the control"
    replace(DIRECT)
    assert flood(lambda: replace(times=100)) > 100, "it stood still"
    assert seen() == 0
