# SPDX-License-Identifier: GPL-3.0-or-later
"""A hub: egressd in a namespace without a tunnel, over other proxies and, where the policy names it, direct."""
import json
import socket
import subprocess

import pytest

from . import policy, world
from .daemon import USER, program
from .senders import Sender, gateway_facts
from .test_firewall import reach, serve
from .test_witness import status

UPSTREAM = 1080
BASE = f"""listen mixed {world.GATEWAY_APPS}:8118
client prowlarr address {world.APP}
egress us proxy socks5://{world.HOME}:{UPSTREAM}
"""
ONLY_PROXIES = BASE + "us from prowlarr\n"
DIRECT = BASE + "egress home direct resolver 9.9.9.9\nblock to private\nhome from prowlarr to *.example.org\nus from prowlarr\n"
PROXY = f"http://{world.GATEWAY_APPS}:8118"
# What the proxy's user may send, by either policy: to the upstream; with direct to the world, names only to its resolver.
WAYS = {
    f"stream {world.HOME} {UPSTREAM}": (True, True),
    f"stream {world.HOME} {UPSTREAM + 1}": (False, False),
    f"datagram {world.HOME} {UPSTREAM}": (False, False),
    "stream 198.51.100.10 80": (False, True),
    "stream 2001:db8:100::10 80": (False, True),
    "datagram 198.51.100.10 7009": (False, True),
    "datagram 9.9.9.9 53": (False, True),
    "stream 9.9.9.9 53": (False, True),
    "datagram 1.1.1.1 53": (False, False),
    "stream 1.1.1.1 53": (False, False),
    "stream 1.1.1.1 853": (False, False),
    "stream 192.168.44.1 80": (False, False),
    "datagram 169.254.169.254 80": (False, False),
    "datagram 10.1.2.3 80": (False, False),
    "datagram 64:ff9b::c0a8:2c01 80": (False, False),
    "datagram fd44::1 80": (False, False),
    "echo": (False, False),
    "gre": (False, False),
    "multicast": (False, False),
}


@pytest.fixture
def hub(lab, play):
    """play, in the gateway's namespace without its tunnel."""
    lab.firewall.off()
    lab.vpn.deleted()
    return lambda text, extra=(): play(lab, text, extra)


@pytest.mark.parametrize("direct", [False, True])
def test_the_proxys_user_reaches_what_the_policy_names_and_nothing_else(hub, lab, direct):
    hub(DIRECT if direct else ONLY_PROXIES)
    with serve(lab.home, UPSTREAM), serve(lab.home, UPSTREAM + 1), Sender(lab.gateway, gateway_facts(lab.gateway),
                                                                          USER) as sender:
        for way, allowed in WAYS.items():
            lab.witness.look()
            told = sender.send(way)
            assert (told == "sent") == allowed[direct], (way, told)
            if not allowed[direct]:
                # The end of a connection that was allowed may still come by.
                leaks = [packet for packet in lab.witness.look().leaks
                         if not (direct and packet.protocol.startswith("tcp") and packet.destination != way.split()[-2:][0])]
                assert leaks == [], way
    lab.witness.look()
    lab.witness.total.leaks.clear()


def test_the_control_without_rules_sends_it_all(hub, lab):
    hub(ONLY_PROXIES, ("--no-firewall",))
    with serve(lab.home, UPSTREAM), serve(lab.home, UPSTREAM + 1), Sender(lab.gateway, gateway_facts(lab.gateway),
                                                                          USER) as sender:
        for way in WAYS:
            # Whoever refuses does it out there.
            assert sender.send(way) in ("sent", "ECONNREFUSED"), way
    lab.witness.look()
    lab.witness.total.leaks.clear()


def test_direct_works_and_is_no_leak(hub, lab):
    scene = hub(DIRECT)
    answer = scene.curl("http://www.example.org/whoami", "-x", PROXY)
    assert answer.body.strip() == world.HOME_PUBLIC, answer
    report = json.loads(scene.daemon.ctl("status", "--json").stdout)["firewall"]
    assert report["state"] == "in force" and report["witness"]["on"] and report["witness"]["leaked_packets"] == 0
    lab.witness.look()
    lab.witness.total.leaks.clear()


def test_a_hub_is_no_router_and_an_app_reaches_the_listener_alone(hub, lab):
    lab.gateway.run("sysctl", "-q", "-w", "net.ipv4.ip_forward=1")
    lab.app.batch(f"route add default via {world.GATEWAY_APPS}")
    lab.home.batch(f"route add 172.30.0.0/24 via {world.GATEWAY_HOME}")
    with serve(lab.app, 22), serve(lab.gateway, 8000), serve(lab.home, 8001):
        ways = ((lab.home, world.APP, 22), (lab.app, world.GATEWAY_APPS, 8000), (lab.app, world.HOME, 8001))
        assert [reach(*way) for way in ways] == [None] * 3, "the control"
        hub(ONLY_PROXIES)
        assert [reach(*way) for way in ways] == ["timeout", "ECONNREFUSED", "ECONNREFUSED"]
        assert reach(lab.app, world.GATEWAY_APPS, 8118) is None


def test_what_a_hub_may_not_send_is_a_leak_when_it_leaves(hub, lab):
    """Only the witness is left: to the upstream is expected, and past it is not."""
    from .test_probes import rules
    from .test_witness import Change

    scene = hub(ONLY_PROXIES, ("--no-firewall",))
    rules(lab.gateway, "apply", "witness", scene.daemon.config)
    change = Change(lab)
    with serve(lab.home, UPSTREAM), Sender(lab.gateway, gateway_facts(lab.gateway), USER) as sender:
        sender.send(f"stream {world.HOME} {UPSTREAM}")
        counted = change()
        assert counted["leaked"] == 0 and counted["expected"] >= 2, counted
        sender.send("datagram 198.51.100.10 7009")
        assert change()["leaked"] == 1
    lab.witness.look()
    lab.witness.total.leaks.clear()


def test_the_doctors_cure_is_the_rules_of_a_hub(hub, lab):
    scene = hub(ONLY_PROXIES, ("--no-firewall",))
    done = subprocess.run(lab.gateway.command(program("egressctl"), "doctor", "--json", "--config", scene.daemon.config,
                                              "--socket", "/nonexistent/socket"), text=True, capture_output=True, timeout=30)
    found = {check["name"]: check for check in json.loads(done.stdout)["checks"]}["rules"]
    assert found["result"] == "fail" and found["cure"].endswith("egressctl rules apply hub"), found


def leak_test(lab, scene, only):
    done = subprocess.run(lab.gateway.command(program("egressctl"), "leak-test", "--config", scene.daemon.config, "--json",
                                              "--only", only, "--endpoint", f"{world.VPN_PUBLIC}:1194"),
                          text=True, capture_output=True, timeout=60)
    lab.witness.look()
    lab.witness.total.leaks.clear()  # what it has seen itself, and its controls
    return done.returncode, {test["id"]: test for test in json.loads(done.stdout)["tests"]}


@pytest.mark.parametrize("direct", [False, True])
def test_leak_test_tells_whether_a_hub_has_its_rules(hub, lab, direct):
    from .test_probes import rules

    scene = hub(DIRECT if direct else ONLY_PROXIES, ("--no-firewall",))
    for device in ("eth0", "eth1"):  # the kernel gives up sooner on who is not there
        lab.gateway.run("sysctl", "-q", "-w", f"net.ipv4.neigh.{device}.retrans_time_ms=200")
    code, tests = leak_test(lab, scene, "T0,T5,T7")
    assert code == 1 and tests["T0"]["result"] == "inconclusive", tests
    assert all(tests[name]["result"] == "leak" and "table inet egressd is not there" in tests[name]["cause"]
               and tests[name]["fix"].startswith("egressctl rules apply hub") for name in ("T5", "T7")), tests
    rules(lab.gateway, "apply", "hub", scene.daemon.config)
    code, tests = leak_test(lab, scene, "T0,T5,T6,T7")
    expected = "skip" if direct else "pass"
    assert {name: test["result"] for name, test in tests.items()} == {"T0": "pass", "T5": expected, "T6": "pass", "T7": expected}
    assert code == 0 and all(tests[name]["controls"] > 0 for name in ("T5", "T6", "T7")), tests
    assert not direct or "for a direct egress of the policy" in tests["T5"]["summary"]
