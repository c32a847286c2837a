# SPDX-License-Identifier: GPL-3.0-or-later
"""Each layer by itself, with all the others away: what one alone holds back, and the control without it."""
import os
import signal
import time

import pytest

from . import policy, world
from .conftest import Scene
from .senders import Sender, facts_of
from .test_firewall import counter, wait_until
from .test_probes import rules
from .traffic import Traffic

PROXY = f"http://{world.GATEWAY_APPS}:8118"
DEVICE = policy.open_policy()
# The same, but by the namespace's own routing: no socket is bound to anything.
UNBOUND = DEVICE.replace("egress vpn device tun0", "egress vpn direct")
BARE_RESET = 54  # a frame's head, IPv4's, TCP's, and nothing else
EVENTS = ["down", "deleted", "link_down", "routes_removed"]


def bring(lab, event):
    if event == "link_down":
        lab.vpn.routes_removed()
    getattr(lab.vpn, event)()


def ask(scene):
    for _ in range(2):
        scene.curl("http://198.51.100.10/whoami", "-x", PROXY, timeout=1)


def forget(lab):
    lab.witness.look()
    lab.witness.total.leaks.clear()


def kill_all(daemon):
    """The warden first: it would start the proxy again."""
    proxy = os.pidfd_open(daemon.pid)
    daemon.process.kill()
    daemon.process.wait()
    try:
        signal.pidfd_send_signal(proxy, signal.SIGKILL)
    except ProcessLookupError:
        pass
    os.close(proxy)


@pytest.mark.parametrize("event", EVENTS)
def test_the_rules_alone_hold_a_proxy_that_is_bound_to_nothing(lab, tmp_path, event):
    """A proxy by direct under the rules of the policy with the device: what leaves is up to the rules."""
    lab.firewall.off()
    config = tmp_path / "device.conf"
    config.write_text(DEVICE, encoding="utf-8")
    scene = Scene(lab, UNBOUND)
    rules(lab.gateway, "apply", "gateway", str(config))
    traffic = Traffic(lab.app, each=1)
    try:
        lab.witness.look()
        bring(lab, event)
        ask(scene)
        wait_until(lambda: counter(lab, "blk_own") > 0, "the rules had something to stop")
        report = lab.witness.look()
        assert report.leaks == [] and report.lost == 0, report
        rules(lab.gateway, "remove", "gateway", str(config))
        ask(scene)
        wait_until(lambda: lab.witness.look().leaks, "the control leaks")
    finally:
        # Not in order: it would wait for flows that lead nowhere now.
        kill_all(scene.daemon)
        scene.daemon.log.close()
        traffic.close()
    forget(lab)


@pytest.mark.parametrize("layer", ["rules", "binding", "none"])
def test_what_a_killed_proxy_leaves_behind_goes_nowhere(lab, tmp_path, layer):
    """Its sockets have no owner any more, and the kernel goes on sending what they hold."""
    lab.firewall.off()
    config = tmp_path / "device.conf"
    config.write_text(DEVICE, encoding="utf-8")
    scene = Scene(lab, DEVICE if layer == "binding" else UNBOUND)
    if layer == "rules":
        rules(lab.gateway, "apply", "gateway", str(config))
    traffic = Traffic(lab.app, each=1)
    # It cannot end its flows in order, and the far end cannot hear that they end.
    os.kill(scene.daemon.pid, signal.SIGSTOP)
    lab.witness.look()
    lab.vpn.routes_removed()
    kill_all(scene.daemon)
    if layer == "none":
        wait_until(lambda: lab.witness.look().leaks, "the control leaks")
    else:
        if layer == "rules":
            wait_until(lambda: counter(lab, "blk_own") > 0, "the rules had something to stop")
        assert traffic.late(time.monotonic(), 3) == []
        report = lab.witness.look()
        if layer == "binding":
            # The kernel answers for a socket that is gone with a bare reset, which is bound to nothing. No byte of
            # anybody's is in it; only the rules, by the flow's mark, keep it in.
            report.leaks = [packet for packet in report.leaks if not packet.protocol.startswith("tcp") or packet.size > BARE_RESET]
        assert report.leaks == [] and report.lost == 0, report
    traffic.close()
    scene.daemon.log.close()
    forget(lab)


@pytest.mark.parametrize("event", ["link_down", "routes_removed"])
def test_binding_alone_holds_what_the_routes_would_let_out(lab, play, event):
    lab.firewall.off()
    scene = play(lab, policy.open_policy(hold="1s"))
    traffic = Traffic(lab.app, each=1)
    try:
        lab.witness.look()
        bring(lab, event)
        ask(scene)
        report = lab.witness.look()
        assert report.leaks == [] and report.lost == 0, report
    finally:
        traffic.close()
    forget(lab)


def test_the_missing_route_alone_keeps_an_app_in(lab):
    """No rules anywhere, no proxy: the apps' network leads to a machine that is no router."""
    lab.firewall.off()
    lab.vpn.deleted()
    facts = facts_of(lab.app, "eth0", world.APP, lab.gateway.link("eth1")["address"], neighbour=world.GATEWAY_APPS)
    with Sender(lab.app, facts) as sender:
        lab.witness.look()
        told = {kind: sender.send(kind) for kind in sender.kinds}
        assert lab.witness.look().leaks == [], told
        assert told["tcp"] == told["udp"] == told["udp6"] == "ENETUNREACH", told
        # The control: a router, and somebody who told the app of it.
        lab.gateway.run("sysctl", "-q", "-w", "net.ipv4.ip_forward=1")
        lab.app.batch(f"route add default via {world.GATEWAY_APPS}")
        for kind in ("frame", "tcp", "udp", "echo", "gre"):
            lab.witness.look()
            sender.send(kind)
            wait_until(lambda: lab.witness.look().leaks, f"the control leaks: {kind}", 3)
    forget(lab)
