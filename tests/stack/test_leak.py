# SPDX-License-Identifier: GPL-3.0-or-later
"""leak-test as the compose file ships it: a good stack passes, a sabotaged one is told, with the cause."""
import contextlib
import json

from lab import world

PAGES = ("--exit-url", "http://example.org/whoami", "--exit-url6", "http://example.org/whoami",
         "--echo-url", "http://example.org/echo", "--endpoint", f"{world.VPN_PUBLIC}:1194",
         "--real-address", world.HOME_PUBLIC)


def leak_test(stack, *options, service="leak-test"):
    done = stack.compose("run", "--rm", service, "--json", *PAGES, *options, check=False)
    report = json.loads(done.stdout)
    assert report["exit_code"] == done.returncode, done
    return done.returncode, {test["id"]: test for test in report["tests"]}, report


@contextlib.contextmanager
def on_a_second_network(stack, name):
    """As somebody does it who wants Radarr to reach it."""
    stack.engine.docker("network", "connect", "egress_lan", name)
    try:
        yield
    finally:
        stack.engine.docker("network", "disconnect", "egress_lan", name)


def seen_on_the_bridge(stack):
    """Taken away from what must stay empty."""
    stack.bridge.look()
    seen = list(stack.bridge.total.leaks)
    for wire in (stack.bridge, stack.outside.uplink):
        wire.look()
        wire.total.leaks.clear()
    return seen


def test_a_good_stack_is_safe(stack):
    code, tests, report = leak_test(stack)
    results = {name: test["result"] for name, test in tests.items()}
    assert results.pop("T9") == "skip" and tests["T9"]["mode"] == "simulated" and "nothing got out" in tests["T9"]["summary"]
    assert set(results.values()) == {"pass"} and len(results) == 12 and code == 0, tests
    for app in ("prowlarr", "flaresolverr"):
        assert f"{app} (" in tests["T8"]["summary"] and "without NET_RAW" in tests["T8"]["summary"]
    assert "host wan" in tests["T1"]["summary"] and "host egress-lan" in tests["T1"]["summary"]
    assert tests["T8"]["probes"] >= 90 and tests["T8"]["controls"] >= 20
    assert report["witness"]["carrier"] == f"udp {world.VPN_PUBLIC}:1194"
    stack.nothing_leaked()


def test_an_app_on_a_second_network_is_a_leak(stack):
    with on_a_second_network(stack, "flaresolverr"):
        code, tests, _ = leak_test(stack, "--only", "T1,T8")
        seen = seen_on_the_bridge(stack)
    assert code == 1 and tests["T8"]["result"] == "leak", tests
    assert "as flaresolverr" in tests["T8"]["summary"]
    assert "an IPv4 default route by eth1 through 172.31.0.1" in tests["T8"]["cause"]
    assert {entry["place"] for entry in tests["T8"]["evidence"]} <= {"app", "host"}
    assert any(packet.destination == "9.9.9.9" and packet.port == 53 for packet in seen), seen
    assert leak_test(stack, "--only", "T1,T8")[0] == 0
    stack.nothing_leaked()


def test_dockers_resolver_asks_nobody_for_an_app_and_is_seen_where_it_does(stack):
    """It runs in no container: only on this machine's own wires can be seen that it asks."""
    def look_up():
        return stack.inside("prowlarr", "getent", "ahostsv4", "docker-asks.example.org", check=False).returncode

    assert look_up() != 0
    stack.nothing_leaked()
    with on_a_second_network(stack, "prowlarr"):
        look_up()
        seen = seen_on_the_bridge(stack)
    assert any(packet.destination == "198.51.100.1" and packet.port == 53 for packet in seen), seen


def test_a_vpn_that_is_away_is_not_called_safe(stack):
    stack.vpn("stopped")
    try:
        code, tests, _ = leak_test(stack, "--only", "T0,T8")
    finally:
        stack.vpn("running")
    assert code == 2 and tests["T0"]["result"] == "inconclusive" and tests["T8"]["result"] == "pass", tests
    stack.wait("a request", stack.request_works)
    stack.nothing_leaked()
