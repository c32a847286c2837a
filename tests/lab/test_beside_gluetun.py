# SPDX-License-Identifier: GPL-3.0-or-later
"""
Gluetun's iptables rules and egressd's table in one namespace, in both forms that iptables has, with egressd started
as in a container: neither disturbs the other, whatever is saved, restored, flushed, reloaded or repaired.
"""
import json
import sys
import time

import pytest

from . import policy, world
from .curl import Curl
from .daemon import USER, Daemon
from .firewall import FORMS

PROXY = f"http://{world.GATEWAY_APPS}:8118"
CAPABILITIES = ["setpriv", "--inh-caps=-all", "--bounding-set", "-all,+net_admin,+setuid,+setgid,+setpcap,+kill"]


class Both:
    def __init__(self, lab, form, *extra):
        self.lab, self.gluetun = lab, lab.firewall
        self.gluetun.use(form)
        self.before = self.gluetun.saved()
        assert len(self.before) > 20
        self.daemon = Daemon(policy.open_policy(), lab.folder, lab.gateway, extra=extra, before=CAPABILITIES).start()
        self.curl = Curl(lab.app, lab.authority.certificate)

    def rules(self):
        return self.lab.gateway.run("nft", "-s", "list", "table", "inet", "egressd")

    def status(self):
        return json.loads(self.daemon.ctl("status", "--json").stdout)["firewall"]

    def works(self):
        answer = self.curl("http://example.org/whoami", "-x", PROXY)
        return answer.body.strip() == world.VPN_PUBLIC


@pytest.fixture
def both(lab):
    made = []

    def begin(form, *extra):
        made.append(Both(lab, form, *extra))
        return made[0]

    yield begin
    for scene in made:
        assert scene.daemon.stop() == 0, scene.daemon.text()[-3000:]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("extra", [(), ("--no-owner",)], ids=["owner", "no owner"])
def test_neither_disturbs_the_other(both, form, extra):
    scene = both(form, *extra)
    ours = scene.rules()
    assert scene.works() and scene.gluetun.saved() == scene.before

    # Theirs: save and restore, all flushed, the policies, all of it again.
    scene.gluetun.save_and_restore()
    assert scene.rules() == ours
    for version in (4, 6):
        for words in (["-F"], ["-X"], ["-P", "OUTPUT", "ACCEPT"], ["-A", "OUTPUT", "-j", "ACCEPT"]):
            scene.lab.gateway.run(scene.gluetun.program(version), *words)
    assert scene.rules() == ours
    scene.gluetun.on()
    assert scene.rules() == ours and scene.gluetun.saved() == scene.before
    assert scene.status()["repairs"] == 0 and scene.works()

    # Ours: another policy, a repair, and the end.
    assert "reloaded" in scene.daemon.reload(policy.open_policy(extra=f"forward 0.0.0.0:9696 to {world.APP}:9696"))["event"]
    assert scene.rules() != ours and scene.gluetun.saved() == scene.before
    if extra:
        mark = scene.daemon.mark()
        scene.lab.gateway.run("nft", "delete", "table", "inet", "egressd")
        scene.daemon.event("rules repaired", mark)
        assert scene.gluetun.saved() == scene.before
    assert scene.works()
    assert scene.daemon.stop() == 0
    assert scene.gluetun.saved() == scene.before
    scene.lab.gateway.run("nft", "delete", "table", "inet", "egressd")
    assert scene.gluetun.saved() == scene.before


@pytest.mark.parametrize("form", FORMS)
def test_what_gluetun_accepts_our_rules_still_stop(both, form):
    """Its rules flushed and open, in either form: an accept there overrides nothing here."""
    scene = both(form)
    scene.gluetun.off()
    lab = scene.lab
    for words in (["-I", "OUTPUT", "-j", "ACCEPT"], ["-I", "INPUT", "-j", "ACCEPT"]):
        lab.gateway.run(scene.gluetun.program(4), *words)
    lab.witness.look()
    send_in_clear(lab)
    assert lab.witness.look().leaks == []
    assert scene.daemon.stop() == 0
    lab.gateway.run("nft", "delete", "table", "inet", "egressd")
    deadline = time.monotonic() + 10
    while not lab.witness.look().leaks:
        assert time.monotonic() < deadline, "the control"
        send_in_clear(lab)
    lab.witness.total.leaks.clear()


def send_in_clear(lab):
    """Three packets of the proxy's user by the wrong device."""
    lab.gateway.run(sys.executable, "-c", """
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0")
s.connect(("198.51.100.10", 9999))
for _ in range(3):
    try:
        s.send(b"in clear")
    except OSError:
        pass
""", user=USER, cwd="/")
