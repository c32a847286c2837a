# SPDX-License-Identifier: GPL-3.0-or-later
"""The permanent witness: what leaves in clear is counted, whoever let it out, and what may leave is no alarm."""
import json
import re
import socket
import subprocess

import pytest

from . import policy, world
from .daemon import USER, program
from .senders import VPN_PORT, send
from .test_firewall import serve, wait_until

PROXY = f"http://{world.GATEWAY_APPS}:8118"
SERVED = 9696
TEXT = policy.open_policy(extra=f"forward 0.0.0.0:{SERVED} to {world.APP}:{SERVED} from {world.HOME_LAN}\n"
                                f"vpn-endpoint {world.VPN_PUBLIC}:{VPN_PORT}\nudp-ports 40000-40099")


def counts(lab):
    listing = json.loads(lab.gateway.run("nft", "-j", "list", "counters", "table", "netdev", "egressd_witness"))
    return {entry["counter"]["name"]: entry["counter"]["packets"] for entry in listing["nftables"] if "counter" in entry}


class Change:
    """What the counters say since the last question."""

    def __init__(self, lab):
        self.lab, self.last = lab, counts(lab)

    def __call__(self):
        now = counts(self.lab)
        change = {name: now[name] - self.last[name] for name in now}
        self.last = now
        return change


@pytest.fixture
def scene(lab, play):
    """Only the witness: nothing forbids anything but the proxy's own binding."""
    lab.firewall.off()
    made = play(lab, TEXT)
    subprocess.run(lab.gateway.command(program("egressctl"), "rules", "apply", "witness", "--config", made.daemon.config),
                   check=True, capture_output=True, timeout=20)
    return made


# What is sent, by whom, and what the witness calls it. Everything here leaves by eth0.
SEEN = {
    "a datagram of the proxy's user": ("udp", USER, "leaked"),
    "a connection of the proxy's user": ("tcp", USER, "leaked"),
    "IPv6 of the proxy's user": ("udp6", USER, "leaked"),
    "a fragmented datagram of the proxy's user": ("fragments", USER, "leaked"),
    "a raw frame of the proxy's user": ("frame", USER, "leaked"),
    "root's datagram": ("udp", 0, "others"),
    "root's raw frame": ("frame", 0, "others"),
    "root's datagram with WireGuard's mark": ("udp marked", 0, "carrier"),
}


def test_each_kind_of_packet_that_leaves_is_counted_as_what_it_is(scene):
    lab = scene.lab
    lab.vpn.routes_removed()
    change = Change(lab)
    for what, (kind, user, counter) in SEEN.items():
        lab.witness.look()
        change()
        send(lab.gateway, kind, user)
        seen, counted = lab.witness.look().leaks, change()
        assert counted[counter] >= 1 and seen, (what, counted, seen)
        assert counter == "leaked" or counted["leaked"] == 0, (what, counted)
        if counter != "carrier":
            # The outer witness, on the wire at home, and the inner one agree.
            assert counted[counter] == len(seen), (what, counted, seen)
    lab.witness.total.leaks.clear()


def test_what_may_leave_is_no_alarm(scene):
    lab = scene.lab
    change = Change(lab)
    assert scene.curl("https://example.org/whoami", "-x", PROXY).body.strip() == world.VPN_PUBLIC
    counted = change()
    assert counted["leaked"] == 0 and counted["expected"] >= 4 and counted["carrier"] >= 4, counted
    with serve(lab.app, SERVED) as page, lab.home.socket(socket.AF_INET, socket.SOCK_STREAM) as browser:
        browser.settimeout(3)
        browser.connect((world.GATEWAY_HOME, SERVED))
        served, _ = page.accept()
        with served:
            served.settimeout(3)
            browser.send(b"a question")
            assert served.recv(100) == b"a question"
    counted = change()
    assert counted["leaked"] == 0 and counted["expected"] >= 3, counted
    # A tunnel that comes and goes under it is the VPN's business.
    lab.vpn.recreated()
    counted = change()
    assert counted["leaked"] == 0 and counted["carrier"] >= 4, counted


def status(scene):
    return json.loads(scene.daemon.ctl("status", "--json").stdout)["firewall"]["witness"]


def test_a_leak_past_the_rules_is_told_at_once_and_never_forgotten(lab, play):
    """The rules are in force; only a raw frame gets past them. Afterwards everything begins anew but the totals."""
    lab.firewall.off()
    scene = play(lab, TEXT, extra=())
    daemon = scene.daemon
    assert scene.curl("http://example.org/whoami", "-x", PROXY).body.strip() == world.VPN_PUBLIC
    wait_until(lambda: status(scene)["carrier_packets"] >= 4, "the carrier is counted")
    quiet = status(scene)
    assert quiet["on"] and quiet["counts"] == "frames" and quiet["leaked_packets"] == 0, quiet
    assert re.search(r"witness +0 packets outside since [0-9:]+; [0-9,]+ carrier", daemon.ctl("status").stdout)
    # What the rules stop does not leave, and is no leak.
    send(lab.gateway, "udp", USER)
    mark = daemon.mark()
    send(lab.gateway, "frame", USER)
    assert "LEAK: 1 packets" in daemon.event("LEAK", mark)["event"]
    assert len(lab.witness.look().leaks) == 1
    wait_until(lambda: status(scene)["leaked_packets"] == 1, "the status tells it")
    assert "LEAK: 1 packet outside since" in daemon.ctl("status").stdout
    # Other rules, and another link: the tables are made anew.
    daemon.reload(TEXT.replace("hold 3s", "hold 4s").replace(str(SERVED), str(SERVED + 1)))
    lab.gateway.batch("link add later0 type veth peer name later1")
    wait_until(lambda: "later0" in lab.gateway.run("nft", "list", "table", "netdev", "egressd_witness"), "it knows the link")
    send(lab.gateway, "frame", USER)
    wait_until(lambda: status(scene)["leaked_packets"] == 2, "the second is counted beside the first")
    metrics = daemon.ctl("status", "--json") and metrics_of(daemon)
    assert metrics["egressd_leaked_packets_total"] == 2 and metrics["egressd_leaked_bytes_total"] > 0
    assert metrics["egressd_witness_on"] == 1 and metrics["egressd_witness_carrier_packets_total"] >= 4
    lab.witness.look()
    lab.witness.total.leaks.clear()


def test_counters_that_somebody_resets_lose_nothing(lab, play):
    lab.firewall.off()
    scene = play(lab, TEXT, extra=())
    send(lab.gateway, "frame", USER)
    wait_until(lambda: status(scene)["leaked_packets"] == 1, "the first is counted")
    lab.gateway.run("nft", "reset", "counters", "table", "netdev", "egressd_witness")
    send(lab.gateway, "frame", USER)
    wait_until(lambda: status(scene)["leaked_packets"] == 2, "the second is counted beside the first")
    lab.witness.look()
    lab.witness.total.leaks.clear()


@pytest.mark.parametrize("how", ["flush chain netdev egressd_witness count", "delete table netdev egressd_witness",
                                 "insert rule inet egressd_witness ours accept"])
def test_a_witness_that_was_blinded_sees_again_and_has_not_forgotten(lab, play, how):
    lab.firewall.off()
    scene = play(lab, TEXT, extra=("--no-owner",))
    send(lab.gateway, "frame", USER)
    wait_until(lambda: status(scene)["leaked_packets"] == 1, "the first is counted")
    mark = scene.daemon.mark()
    lab.gateway.run("nft", how)
    scene.daemon.event("somebody changed the witness's table egressd_witness", mark)
    send(lab.gateway, "frame", USER)
    wait_until(lambda: status(scene)["leaked_packets"] == 2, "the second is counted beside the first")
    lab.witness.look()
    lab.witness.total.leaks.clear()


def metrics_of(daemon):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(5)
        client.connect(daemon.control)
        client.sendall(b"GET /metrics HTTP/1.1\r\nHost: egressd\r\nConnection: close\r\n\r\n")
        text = b"".join(iter(lambda: client.recv(65536), b"")).decode()
    return {line.split()[0]: float(line.split()[1]) for line in text.splitlines()
            if line.startswith("egressd_") and "{" not in line}


def test_nothing_is_counted_and_nothing_claimed_with_the_rules_off(lab, play):
    scene = play(lab, TEXT)
    assert status(scene) is None and "witness" not in scene.daemon.ctl("status").stdout
    assert "egressd_leaked_packets_total" not in metrics_of(scene.daemon)
