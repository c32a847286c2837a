# SPDX-License-Identifier: GPL-3.0-or-later
"""The variants of the README: what each adds works, and nothing goes past the VPN."""
import os
import shutil
from functools import partial

import pytest

from lab.vpn import Vpn as OpenVpn

from .engine import OLD, Failed
from .outside import ADDRESSES, DIRECT, HOME_PUBLIC, HOST, PEER, VPN, VPN_2
from .stack import COMPOSE, PLAIN, Variant
from .test_leak import leak_test, on_a_second_network, seen_on_the_bridge

pytestmark = pytest.mark.every_engine
FIRST, SECOND, PAST = ("http://example.org/whoami", VPN), ("http://www.nyaa.example/whoami", VPN_2), (
    "http://archive.example.org/whoami", HOME_PUBLIC)


@pytest.fixture(scope="module")
def hub(built):
    """Under a stack that runs; its "direct" lines are in force."""
    folder = os.path.join(built.engine.folder, "hub")
    os.makedirs(folder)
    with open(os.path.join(COMPOSE, "hub", "egress.conf"), encoding="utf-8") as file:
        policy = file.read()
    for shipped, wanted in (("# egress home", "egress home"), ("# home ", "home "), ("prowlarr.servarr.com port 443",
                                                                                    "archive.example.org port 80")):
        assert shipped in policy
        policy = policy.replace(shipped, wanted)
    with open(os.path.join(folder, "egress.conf"), "w", encoding="utf-8") as file:
        file.write(policy)
    stack = built.up()
    # One that compose.yaml alone would go by: nothing here may.
    of_the_plain_stack = os.path.join(built.config, "egressd", "egress.conf")
    shutil.copy(os.path.join(COMPOSE, "egress.conf"), of_the_plain_stack)
    stack.change(Variant("hub.yaml", ("compose.yaml", "hub.yaml"), (), {"HUB": folder, "RESOLVERS": "9.9.9.9"},
                         frozenset({DIRECT, "1.1.1.1"})))
    os.remove(of_the_plain_stack)
    stack.busy()
    stack.busy("www.nyaa.example")
    return stack


@pytest.fixture
def at_rest(hub):
    """The hub as shipped, nobody busy: what may be lost of much traffic proves nothing."""
    hub.engine.docker("restart", "-t", "1", "prowlarr")
    hub_policy(hub, lambda policy: policy)
    hub.wait("a request", hub.request_works)
    return hub


def hub_policy(hub, change):
    """In force from now on: what is shipped, changed."""
    with open(os.path.join(COMPOSE, "hub", "egress.conf"), encoding="utf-8") as file:
        policy = file.read()
    with open(os.path.join(hub.variant.environment["HUB"], "egress.conf"), "w", encoding="utf-8") as file:
        file.write(change(policy))
    hub.inside("hub", "egressctl", "reload")


def with_first(way):
    return lambda policy: policy.replace("proxy socks5://172.29.0.2:1080", way)


def others_work(stack, *ways):
    return all(stack.request_works(*way) for way in ways)


class TestHub:
    def test_each_site_is_asked_by_its_own_way_out(self, hub):
        mark = hub.outside.events.mark()
        assert others_work(hub, FIRST, SECOND, PAST)
        seen = hub.outside.events.since(mark, lambda event: event["kind"] == "http" and "/whoami" in event["target"])
        assert {VPN, VPN_2, HOME_PUBLIC} == {event["peer"] for event in seen}
        hub.nothing_leaked()

    def test_one_vpn_away_takes_its_own_sites_along_and_no_others(self, hub):
        hub.vpn("stopped", "gluetun-2")
        assert not hub.request_works(*SECOND) and others_work(hub, FIRST, PAST)
        hub.recovers("hub: the second VPN stopped, started", lambda: hub.vpn("running", "gluetun-2"),
                     lambda: hub.request_works(*SECOND))

    @pytest.mark.parametrize("gluetun, way, other", [("gluetun", FIRST, SECOND), ("gluetun-2", SECOND, FIRST)])
    def test_one_gluetun_killed_comes_back_by_itself(self, hub, gluetun, way, other):
        def kill():
            hub.kill(gluetun)
            assert not hub.request_works(*way) and others_work(hub, other, PAST)

        hub.recovers(f"hub: {gluetun} killed (-9)", kill, lambda: hub.request_works(*way))

    def test_one_gluetun_restarted_comes_back_by_itself(self, hub):
        hub.recovers("hub: gluetun restarted", lambda: hub.engine.docker("restart", "-t", "3", "gluetun"))

    def test_the_hub_killed_leaks_nothing(self, hub):
        hub.recovers("hub killed (-9)", lambda: hub.kill("hub"), lambda: others_work(hub, FIRST, SECOND, PAST))

    def test_a_policy_made_anew_by_an_editor_is_read_on_reload(self, hub):
        path = os.path.join(hub.variant.environment["HUB"], "egress.conf")
        with open(path, encoding="utf-8") as file, open(f"{path}.new", "w", encoding="utf-8") as new:
            new.writelines(line for line in file if not line.startswith("home "))
        os.replace(f"{path}.new", path)
        hub.inside("hub", "egressctl", "reload")
        assert others_work(hub, (PAST[0], VPN))
        hub.nothing_leaked()

    def test_leak_test_calls_the_hub_as_shipped_safe(self, at_rest):
        code, tests, report = leak_test(at_rest)
        results = {name: test["result"] for name, test in tests.items()}
        assert results.pop("T9") == "skip" and "other proxies" in tests["T9"]["summary"]
        # The old engine gives apps a way to a next hop that is nobody.
        assert results.pop("T8") == ("inconclusive" if OLD else "pass") and code == (2 if OLD else 0), tests
        assert set(results.values()) == {"pass"} and len(results) == 11, tests
        assert f"by first origins see {VPN}, not" in tests["T2"]["summary"]
        assert f"by second origins see {VPN_2}, not" in tests["T2"]["summary"]
        assert "host wan" in tests["T1"]["summary"] and "host egress-lan" in tests["T1"]["summary"]
        for app in () if OLD else ("prowlarr", "flaresolverr"):
            assert f"{app} (" in tests["T8"]["summary"] and "without NET_RAW" in tests["T8"]["summary"]
        assert tests["T8"]["probes"] >= 90 and tests["T8"]["controls"] >= 20
        assert all(tests[name]["controls"] > 0 for name in ("T3", "T4", "T5", "T6", "T7", "T10", "T11")), tests
        assert report["ruleset"]["owned"]
        at_rest.nothing_leaked()

    @pytest.mark.parametrize("service, vpn", [("leak-test-egress", VPN), ("leak-test-egress-2", VPN_2)])
    def test_leak_test_calls_each_vpn_of_the_hub_safe(self, at_rest, service, vpn):
        code, tests, _ = leak_test(at_rest, "--endpoint", f"{vpn}:1194", service=service)
        results = {name: test["result"] for name, test in tests.items()}
        assert results.pop("T9") == "skip" and tests["T9"]["mode"] == "simulated"
        assert set(results.values()) == {"pass"} and len(results) == 11 and code == 0, tests
        assert f"origins see {vpn}, not the real address" in tests["T2"]["summary"]
        at_rest.nothing_leaked()

    def test_leak_test_tells_of_an_app_of_the_hub_on_a_second_network(self, at_rest):
        with on_a_second_network(at_rest, "flaresolverr"):
            code, tests, _ = leak_test(at_rest, "--only", "T1,T8")
            seen_on_the_bridge(at_rest)
        assert code == 1 and tests["T8"]["result"] == "leak" and "as flaresolverr" in tests["T8"]["summary"], tests
        assert "an IPv4 default route by eth1 through 172.31.0.1" in tests["T8"]["cause"]
        assert tests["T8"]["controls"] >= 20

    def test_leak_test_tells_of_a_hub_that_sends_all_past_the_vpn(self, at_rest):
        hub_policy(at_rest, with_first("direct resolver 1.1.1.1"))
        try:
            code, tests, _ = leak_test(at_rest, "--only", "T2,T5,T6")
        finally:
            hub_policy(at_rest, lambda policy: policy)
            at_rest.engine.docker("restart", "-t", "1", "hub")  # what it keeps open to origins ends in clear
            seen_on_the_bridge(at_rest)
        assert code == 1 and f"origins see {HOME_PUBLIC}, the real address" in tests["T2"]["summary"], tests
        assert tests["T5"]["result"] == "skip" and "for a direct egress of the policy" in tests["T5"]["summary"]
        assert tests["T6"]["result"] == "pass", tests  # what no policy lets out

    def test_from_the_hub_back_again(self, hub):
        hub.change(PLAIN, "--remove-orphans")
        assert others_work(hub, FIRST, (SECOND[0], VPN), (PAST[0], VPN))
        hub.nothing_leaked()


def by_wireguard(built):
    return {"VPN_TYPE": "wireguard", "WIREGUARD_PRIVATE_KEY": built.outside.providers[0].wireguard_key}


@pytest.fixture(scope="module")
def wireguard(built):
    stack = built.up(Variant("WireGuard", services=("prowlarr",), environment=by_wireguard(built)))
    stack.busy()
    return stack


class TestWireGuard:
    def test_a_request_comes_from_the_vpn(self, wireguard):
        assert wireguard.request("http://example.org/whoami") == VPN
        assert "lookup 51820" in wireguard.inside("gluetun", "ip", "rule")
        wireguard.nothing_leaked()

    def test_stopped_and_started_by_the_api_leaks_nothing(self, wireguard):
        assert '"stopped"' in wireguard.vpn("stopped")
        assert not wireguard.request_works()
        wireguard.recovers("WireGuard stopped, started by API", lambda: wireguard.vpn("running"))

    def test_gluetun_killed_leaks_nothing(self, wireguard):
        wireguard.recovers("gluetun killed (-9), WireGuard", lambda: wireguard.kill("gluetun"))


@pytest.fixture(scope="module")
def strict(built):
    return built.up(Variant("strict rules", services=("prowlarr",), environment={
        "FIREWALL": "strict", "VPN_ENDPOINT": f"{VPN}:{OpenVpn.port} proto udp"}))


class TestStrict:
    """By two lines of .env."""

    def test_nobody_in_gluetuns_network_gets_past_the_tunnel(self, strict):
        """What the control of all other tests is: a packet that Gluetun's rules let out. Here it is refused."""
        assert strict.request_works()
        strict.ctl("rules", "verify", "gateway", "--strict")
        with pytest.raises(Failed, match="Operation not permitted"):
            strict.send_control()

    def test_gluetun_restarted_comes_back(self, strict):
        strict.engine.docker("restart", "-t", "3", "gluetun")
        strict.wait("a request", strict.request_works)


@pytest.fixture(scope="module")
def torrents(built):
    """By WireGuard, for its reconnects are those that let the most go past; and its network interface was not chosen."""
    stack = built.up(Variant("qBittorrent in the VPN", ("compose.yaml", "with-qbittorrent-in-vpn.yaml"),
                             ("qbittorrent", "radarr"), by_wireguard(built)))
    stack.engine.docker("exec", "-d", "qbittorrent", "python3", "/stand-ins/swarm.py", PEER)
    stack.wait("something in the swarm", lambda: in_the_swarm(stack))
    return stack


def in_the_swarm(stack, mark=0):
    """Who wrote to it since then."""
    return {event["peer"] for event in stack.outside.events.since(mark, lambda event: event["kind"] == "udp")}


class TestQbittorrentInVpn:
    def test_the_swarm_sees_the_vpn_alone(self, torrents):
        assert in_the_swarm(torrents) == {VPN}
        torrents.nothing_leaked()

    def test_its_page_opens_at_home_and_for_radarr_under_its_usual_name(self, torrents):
        page = ["curl", "-sS", "-m", "10", "-o", "/dev/null", "-w", "%{http_code}"]
        for ask, host in ((torrents.outside.laptop.run, HOST), (partial(torrents.inside, "radarr"), "qbittorrent")):
            assert ask(*page, f"http://{host}:8080/api/v2/app/version") == "403"  # asks for a login

    def test_without_a_vpn_nothing_of_it_gets_out(self, torrents):
        for _ in range(3):
            torrents.vpn("stopped")
            mark = torrents.outside.events.mark()
            torrents.nothing_leaked()
            torrents.vpn("running")
            torrents.wait("the swarm again", lambda: in_the_swarm(torrents, mark))
        assert in_the_swarm(torrents) == {VPN}
        torrents.nothing_leaked()

    def test_gluetun_restarted_takes_it_along(self, torrents):
        def reaches_the_world():
            seen = torrents.inside("qbittorrent", "curl", "-sS", "-m", "2", f"http://{PEER}/whoami", check=False).stdout.strip()
            assert seen not in {*ADDRESSES} - {VPN}
            return seen == VPN

        torrents.recovers("qBittorrent in the VPN: gluetun restarted", lambda: torrents.engine.docker("restart", "gluetun"),
                          reaches_the_world)
