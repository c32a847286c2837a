# SPDX-License-Identifier: GPL-3.0-or-later
"""Every kind of packet that leaks elsewhere, from every place, in every state of the tunnel: none of it on the wire."""
import signal
import subprocess
import time

import pytest

from . import policy, world
from .daemon import USER, program
from .senders import VPN_PORT, Sender, facts_of, gateway_facts
from .test_firewall import link_local, wait_until
from .witness import Witness

PROXY = f"http://{world.GATEWAY_APPS}:8118"
STATES = ["up", "down", "deleted", "routes_removed"]
ENDPOINT = f"vpn-endpoint {world.VPN_PUBLIC}:{VPN_PORT}"
# To a neighbour's closed port: only there to learn who the router is.
UNTOLD = {"to a neighbour"}
# Past every rule of family inet. The proxy cannot send them; under the strict rules root cannot either.
FRAMES = {"frame", "frame past the queue", "frame with a mark", "frame with our mark", "frame that says it is ARP"}


def seen(witness):
    """Everything that is not the wire's own; the VPN's endpoint is asked for by one of the kinds."""
    report = witness.look()
    assert report.lost == 0
    return report.leaks + ["carrier"] * report.carrier


def each_is_seen(sender, kinds, witness):
    """The control: without rules each kind by itself is on the wire, or its silence proves nothing."""
    for kind in kinds:
        seen(witness)
        told, deadline = sender.send(kind), time.monotonic() + 3
        while not seen(witness):
            assert time.monotonic() < deadline, f"the control saw nothing of {kind}: {told}"
            if told != "sent":
                told = sender.send(kind)


def none_is_seen(sender, kinds, witness):
    seen(witness)
    told = {kind: sender.send(kind) for kind in kinds}
    leaked = seen(witness)
    assert leaked == [], (leaked, told)
    return told


def rules(space, action, kind, config, *options):
    subprocess.run(space.command(program("egressctl"), "rules", action, kind, "--config", config, *options), check=True,
                   capture_output=True, timeout=20)


def bring(lab, state):
    if state != "up":
        getattr(lab.vpn, state)()


@pytest.fixture
def scene(lab, play):
    lab.firewall.off()
    return play(lab, policy.open_policy(extra=ENDPOINT))


@pytest.mark.parametrize("state", STATES)
def test_nothing_of_the_proxys_user_leaves(scene, state):
    """Not even with every means that root has but raw frames, which it could not open a socket for."""
    lab = scene.lab
    facts = gateway_facts(lab.gateway)
    scene.rules("apply")
    bring(lab, state)
    with Sender(lab.gateway, facts, USER) as sender:
        kinds = [kind for kind in sender.kinds if kind not in FRAMES | UNTOLD]
        assert len(kinds) >= 34
        if state in ("up", "routes_removed"):
            # The tunnel's client goes on talking to its server, which is not what is asked here.
            kinds.remove("to the VPN's endpoint")
            lab.vpn.client.signal(signal.SIGSTOP)
        told = none_is_seen(sender, kinds, lab.witness)
        if state == "deleted":
            assert "sent" not in told.values(), told
        if state == "routes_removed":
            scene.rules("remove")
            each_is_seen(sender, kinds, lab.witness)
    lab.witness.total.leaks.clear()


def test_the_control_without_rules_sees_each_kind(scene):
    lab = scene.lab
    facts = gateway_facts(lab.gateway)
    lab.vpn.deleted()
    for user in (USER, 0):
        with Sender(lab.gateway, facts, user) as sender:
            each_is_seen(sender, [kind for kind in sender.kinds if kind not in UNTOLD], lab.witness)
    lab.witness.total.leaks.clear()


def test_the_proxy_itself_has_no_means_for_raw_packets(scene):
    with Sender(scene.lab.gateway, gateway_facts(scene.lab.gateway), USER, without=True) as sender:
        for kind in FRAMES | {"echo", "echo6", "gre", "gre6", "sctp", "ip in ip", "udp marked"}:
            assert sender.send(kind) == "EPERM", kind


@pytest.mark.parametrize("state", STATES)
def test_nothing_of_anybodys_leaves_under_the_strict_rules(scene, state):
    """Root in the gateway with raw frames: only the VPN itself comes through, which is then up again."""
    lab = scene.lab
    facts = gateway_facts(lab.gateway)
    scene.rules("apply", "gateway", "--strict")
    bring(lab, state)
    with Sender(lab.gateway, facts) as sender:
        # OpenVPN's packets bear no mark: root may send to its server, and to nothing else there.
        kinds = [kind for kind in sender.kinds if kind not in UNTOLD | {"to the VPN's endpoint"}]
        if state in ("up", "routes_removed"):
            lab.vpn.client.signal(signal.SIGSTOP)
        none_is_seen(sender, kinds, lab.witness)
        if state in ("up", "routes_removed"):
            lab.vpn.client.signal(signal.SIGCONT)
    if state != "up":
        getattr(lab.vpn, "recreated" if state == "routes_removed" else "up")()
    assert scene.curl("https://example.org/whoami", "-x", PROXY, "--retry", "3").body.strip() == world.VPN_PUBLIC
    scene.rules("verify", "gateway", "--strict")
    scene.rules("remove")


@pytest.fixture
def app(lab):
    """An app that somebody gave a way out, and who stands on the wire behind it."""
    lab.firewall.off()
    lab.app.run("sysctl", "-q", "-w", "net.ipv6.conf.all.disable_ipv6=0")
    router, _ = link_local(lab.gateway, "eth1")
    lab.app.batch(f"addr add fd30::10/64 dev eth0 nodad\nroute add default via {world.GATEWAY_APPS}\n"
                  f"route add default via {router} dev eth0")
    witness = Witness(lab.gateway, "eth1", VPN_PORT)
    yield lab.app, witness, facts_of(lab.app, "eth0", world.APP, lab.gateway.link("eth1")["address"],
                                     source6="fd30::10", neighbour=world.GATEWAY_APPS)
    witness.close()


def test_nothing_leaves_an_apps_namespace(lab, app, tmp_path):
    space, witness, facts = app
    config = tmp_path / "egress.conf"
    config.write_text(policy.open_policy(), encoding="utf-8")
    with Sender(space, facts) as sender:
        kinds = [kind for kind in sender.kinds if kind not in UNTOLD]
        each_is_seen(sender, kinds, witness)
        rules(space, "apply", "app", str(config))
        told = none_is_seen(sender, kinds, witness)
        # At once, and said.
        assert {told[kind] for kind in ("tcp", "tcp 443", "tcp6", "tcp bound to a device")} == {"ECONNREFUSED"}, told
        assert {told[kind] for kind in ("udp", "udp 53", "echo", "gre", "broadcast", "multicast")} == {"EPERM"}, told
    lab.witness.look()
    lab.witness.total.leaks.clear()


def test_the_warden_holds_the_strict_rules_as_long_as_the_policy_says_so(lab, play):
    lab.firewall.off()
    text = policy.open_policy(extra=f"{ENDPOINT}\nfirewall strict")
    scene = play(lab, text, ())
    facts = gateway_facts(lab.gateway)

    def table():
        return lab.gateway.run("nft", "list", "table", "netdev", "egressd", check=False)

    with Sender(lab.gateway, facts) as sender:
        kinds = ["frame", "frame with our mark", "udp bound to a device", "udp6 bound to a device"]
        none_is_seen(sender, kinds, OnlyLeaks(lab.witness))
        assert scene.curl("https://example.org/whoami", "-x", PROXY).body.strip() == world.VPN_PUBLIC
        # A link that came later is held as the others are.
        lab.gateway.batch("link add later0 type veth peer name later1")
        wait_until(lambda: "later0" in table() and "later1" in table(), "the rules know the new links")
        none_is_seen(sender, kinds, OnlyLeaks(lab.witness))
        assert "reloaded" in scene.daemon.reload(text.replace("firewall strict", "firewall own"))["event"]
        assert table() == ""
        each_is_seen(sender, kinds, OnlyLeaks(lab.witness))
        assert "reloaded" in scene.daemon.reload(text)["event"]
        none_is_seen(sender, kinds, OnlyLeaks(lab.witness))
        # Without an endpoint the VPN could not come up again: refused, and what was in force stays.
        refused = scene.daemon.reload(text.replace(ENDPOINT, ""))["event"]
        assert "refused" in refused and "later0" in table()
    lab.witness.total.leaks.clear()


class OnlyLeaks:
    """A witness beside a running VPN, whose carrier is no answer to anything here."""

    def __init__(self, witness):
        self.witness = witness

    def look(self):
        report = self.witness.look()
        report.carrier = 0
        return report
