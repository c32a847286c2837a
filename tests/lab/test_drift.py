# SPDX-License-Identifier: GPL-3.0-or-later
"""
Somebody with root beside egressd changes its packet rules, while apps are busy and a program of the proxy's user
sends past the tunnel without a pause: only the rules stop that one. The change is refused, or it is put back.
"""
import json
import subprocess
import sys
import time

import pytest

from . import old_kernel, policy, world
from .curl import Curl
from .daemon import USER, Daemon, program
from .traffic import Traffic

PROXY = f"http://{world.GATEWAY_APPS}:8118"
PORT = 9999
# What nothing but the packet rules stops: bound to the wrong device, by the proxy's user.
SENDER = f"""
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0")
s.connect(("198.51.100.10", {PORT}))
print("running", flush=True)
while True:
    try:
        s.send(b"in clear")
    except OSError:
        pass
    time.sleep(0.0003)
"""
# What is done, and the words that egressd has for it. Counters and chains in use cannot be deleted: no words.
TAMPERINGS = [
    ("flush ruleset", "the table was gone"),
    ("delete table inet egressd", "the table was gone"),
    ("insert rule inet egressd own accept", "accept"),
    ("delete rule inet egressd own handle {handle}", "own"),
    ("flush chain inet egressd own", "own"),
    ("flush chain inet egressd docker; delete chain inet egressd docker", "docker"),
    ("add table inet egressd {{ flags dormant; }}", "dormant"),
    ("add chain inet egressd output {{ policy drop; }}", "output"),
    ("delete element inet egressd apps {{ 172.30.0.11 }}", "apps"),
    ("add counter inet egressd more", "more"),
    ("delete counter inet egressd blk_own", None),
    ("delete chain inet egressd own", None),
]


class Tampered:
    """A gateway with its rules in force, busy, and watched."""

    def __init__(self, lab, *extra, before=()):
        self.lab = lab
        lab.firewall.off()
        self.daemon = Daemon(policy.open_policy(), lab.folder, lab.gateway, extra=extra, before=before)
        self.sender = lab.gateway.start(sys.executable, "-c", SENDER, user=USER, stdout=subprocess.PIPE, text=True,
                                        cwd="/")
        self.curl = Curl(lab.app, lab.authority.certificate)
        self.traffic = None

    def start(self):
        assert self.sender.stdout.readline() == "running\n"
        # The control: without the rules the very same sender is seen.
        deadline = time.monotonic() + 10
        while not self.lab.witness.look().leaks:
            assert time.monotonic() < deadline, "the witness does not see the sender"
            time.sleep(0.01)
        self.daemon.start()
        self.traffic = Traffic(self.lab.app, each=1)
        self.lab.witness.look()
        self.lab.witness.total.leaks.clear()

    def leaked(self):
        """How many packets of the sender got out since the last look. Of the gateway's own: none, ever."""
        report = self.lab.witness.look()
        assert report.lost == 0
        assert [packet for packet in report.leaks if packet.port != PORT] == []
        return len(report.leaks)

    def nft(self, words, check=False):
        handle = ""
        if "{handle}" in words:
            listing = json.loads(self.lab.gateway.run("nft", "-j", "list", "chain", "inet", "egressd", "own"))["nftables"]
            handle = [entry["rule"]["handle"] for entry in listing if "rule" in entry][-1]
        command = self.lab.gateway.command("nft", words.format(handle=handle))
        return subprocess.run(command, capture_output=True, text=True, timeout=20, check=check)

    def status(self):
        return json.loads(self.daemon.ctl("status", "--json").stdout)["firewall"]

    def runs(self):
        return all(flow.ended_at is None for flow in self.traffic.flows)

    def metrics(self):
        text = subprocess.run(["curl", "-s", "--unix-socket", self.daemon.control, "http://egressd/metrics"],
                              check=True, capture_output=True, text=True, timeout=10).stdout
        return dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))

    def close(self):
        self.sender.kill()
        self.sender.wait()
        if self.traffic:
            self.traffic.close()
        assert self.daemon.process is None or self.daemon.stop() == 0, self.daemon.text()[-3000:]


@pytest.fixture
def tampered(lab):
    made = []

    def begin(*extra, before=()):
        made.append(Tampered(lab, *extra, before=before))
        made[0].start()
        return made[0]

    yield begin
    for scene in made:
        scene.close()


def lacking(tmp_path, what):
    return ("env", f"LD_PRELOAD={old_kernel.make(str(tmp_path))}", f"OLD_KERNEL={what}")


def test_with_an_owner_every_change_is_refused(tampered):
    if not old_kernel.really_has("persist"):
        pytest.skip("this kernel knows no persistent owners")
    scene = tampered()
    before = scene.lab.gateway.run("nft", "-s", "list", "table", "inet", "egressd")
    for words, _ in TAMPERINGS:
        done = scene.nft(words)
        # A flush of everything succeeds, and leaves out what is owned.
        assert done.returncode != 0 or words == "flush ruleset"
        assert scene.leaked() == 0, words
    assert scene.lab.gateway.run("nft", "-s", "list", "table", "inet", "egressd") == before
    status = scene.status()
    assert (status["state"], status["owned"], status["repairs"]) == ("in force", True, 0)
    assert scene.runs() and scene.metrics()["egressd_firewall_repairs_total"] == "0"


@pytest.mark.parametrize("mode", ["held copy", "no owner"])
def test_without_an_owner_every_change_is_put_back_and_told(tampered, tmp_path, mode):
    """The gateway's own sockets, bound to the tunnel, leak nothing meanwhile; with a held copy, nobody's do."""
    held = mode == "held copy"
    if held and not old_kernel.really_has("owner"):
        pytest.skip("this kernel knows no owners")
    scene = tampered(before=lacking(tmp_path, "persist")) if held else tampered("--no-owner")
    repairs, slipped = 0, {}
    for words, reason in TAMPERINGS:
        mark = scene.daemon.mark()
        done = scene.nft(words)
        if reason is None:
            assert done.returncode != 0, words
        else:
            assert done.returncode == 0, done.stderr
            entry = scene.daemon.event("rules repaired", mark)
            assert entry["level"] == "warn" and reason in entry["reason"] and "nft" in entry["by"], entry
            repairs += 1
        slipped[words] = scene.leaked()
        assert not held or slipped[words] == 0, slipped
        assert scene.nft("list chain inet egressd own").returncode == 0
        assert scene.leaked() == 0, words
    print(f"{mode}: sessions that ended: {scene.daemon.sessions()}")
    print(f"{mode}: packets of an unbound sender between change and repair: {slipped}")
    deadline = time.monotonic() + 10
    while scene.status()["repairs"] < repairs:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    status = scene.status()
    assert (status["state"], status["owned"], status["held"], status["repairs"]) == ("in force", False, held, repairs)
    assert "more" in status["reason"] and status["by"].startswith("nft ") and status["repaired_at_ms"] > 0
    assert f"{repairs} repairs, last at" in scene.daemon.ctl("status").stdout
    doctor = subprocess.run(scene.lab.gateway.command(program("egressctl"), "doctor", "--config", scene.daemon.config,
                                                      "--socket", scene.daemon.control),
                            capture_output=True, text=True, timeout=20).stdout
    assert f"{repairs} repairs; the last time, by nft" in doctor
    metrics = scene.metrics()
    assert metrics["egressd_firewall_repairs_total"] == str(repairs) and metrics["egressd_firewall_verified"] == "1"
    assert scene.curl("http://example.org/whoami", "-x", PROXY).body.strip() == world.VPN_PUBLIC


def test_rules_that_cannot_be_put_back_stop_everything_until_they_can(tampered, lab):
    """Somebody puts a table of that name there and owns it: what is not verified lets nothing out."""
    scene = tampered("--no-owner")
    mark = scene.daemon.mark()
    with subprocess.Popen(lab.gateway.command("nft", "-i"), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                          text=True) as thief:
        thief.stdin.write("delete table inet egressd; add table inet egressd { flags owner; }\n")
        thief.stdin.flush()
        scene.daemon.event("nothing is let out", mark)
        assert scene.status()["state"] == "unverified"
        assert scene.metrics()["egressd_firewall_verified"] == "0"
        mark = scene.daemon.mark()
        thief.stdin.close()
    scene.daemon.event("may be let out again", mark)
    assert scene.status()["state"] == "in force"
    assert [packet for packet in lab.witness.total.leaks if packet.port != PORT] == []


def test_a_link_that_comes_and_goes_is_no_tampering(lab):
    """Strict rules name every link, and the kernel takes one that has gone out of them by itself."""
    text = policy.open_policy(extra=f"vpn-endpoint {world.VPN_PUBLIC}:1194\nfirewall strict")
    daemon = Daemon(text, lab.folder, lab.gateway, extra=("--no-owner",)).start()
    try:
        def listed():
            return "later0" in lab.gateway.run("nft", "list", "table", "netdev", "egressd")

        for words, expected in (("link add later0 type veth peer name later1", True), ("link del later0", False)) * 2:
            lab.gateway.batch(words)
            deadline = time.monotonic() + 10
            while listed() != expected:
                assert time.monotonic() < deadline, words
                time.sleep(0.02)
        status = json.loads(daemon.ctl("status", "--json").stdout)["firewall"]
        assert (status["state"], status["repairs"]) == ("in force", 0), status
        assert daemon.log.since(0, lambda entry: entry.get("state") == "unverified" and entry["event"] == "rules") == []
    finally:
        assert daemon.stop() == 0
