# SPDX-License-Identifier: GPL-3.0-or-later
"""egressctl leak-test: a good gateway passes, each way of breaking it is found, and a blind witness proves nothing."""
import http.server
import ipaddress
import json
import os
import select
import signal
import socket
import socketserver
import subprocess
import sys
import threading
import time

import pytest

from . import policy, world
from .daemon import USER, Daemon, program
from .lab import Lab
from .netns import run

PRIVATE = f"""listen mixed {world.GATEWAY_APPS}:8118
client prowlarr address {world.APP}
egress vpn device tun0 resolver {",".join(world.RESOLVERS)} private
vpn from prowlarr
default block
"""
PAGES = ("--exit-url", "http://example.org/whoami", "--exit-url6", "http://six.example.org/whoami",
         "--echo-url", "http://example.org/echo", "--rebinding-name", "inside.example.org",
         "--real-address", f"{world.HOME_PUBLIC},{world.HOME_PUBLIC6}",
         "--endpoint", f"{world.VPN_PUBLIC}:1194")


class Site:
    """A gateway whose only rules are egressd's, and an app without capabilities."""

    def __init__(self, lab, extra=("--no-firewall",), text=None):
        self.lab = lab
        lab.firewall.off()
        # The kernel gives up sooner on who is not there.
        lab.app.run("sysctl", "-q", "-w", "net.ipv4.neigh.eth0.retrans_time_ms=200")
        self.daemon = Daemon(text or policy.open_policy(), lab.folder, lab.gateway, extra=extra).start()
        self.app = self.app_start()
        if extra:
            self.rules("apply")

    def app_start(self, capabilities="-all"):
        return self.lab.app.start("setpriv", f"--bounding-set={capabilities}", "sleep", "1000")

    def end(self):
        self.daemon.stop()
        self.app.kill()
        self.app.wait()

    def rules(self, action):
        self.lab.gateway.run(program("egressctl"), "rules", action, "gateway", "--config", self.daemon.config)

    def nft(self, command):
        self.lab.gateway.run("nft", command)

    def command(self, *options, before=(), pages=PAGES):
        return self.lab.gateway.command(*before, program("egressctl"), "leak-test", "--config", self.daemon.config,
                                        "--netns", str(self.app.pid), *pages, *options)

    def leak_test(self, only, *options, before=(), pages=PAGES):
        command = self.command("--json", "--only", only, *options, before=before, pages=pages)
        done = subprocess.run(command, text=True, capture_output=True, timeout=60)
        report = json.loads(done.stdout)
        assert report.get("exit_code", done.returncode) == done.returncode, done
        report["by_id"] = {test["id"]: test for test in report.get("tests", ())}
        report["code"] = done.returncode
        return report

    def leaks_elsewhere(self):
        """What the laboratory's own witness saw, but for controls, which go to everybody on the wire."""
        seen = self.lab.witness.look()
        assert seen.lost == 0
        self.lab.witness.total.leaks.clear()
        return [packet for packet in seen.leaks if not ipaddress.ip_address(packet.destination).is_multicast]


@pytest.fixture(scope="module")
def module_lab():
    with Lab() as made:
        yield made


@pytest.fixture(scope="module")
def site(module_lab):
    made = Site(module_lab)
    yield made
    made.end()


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return [int(word) for word in file.read().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def results(report):
    return {name: test["result"] for name, test in report["by_id"].items()}


def test_a_good_gateway_passes_every_test(site):
    site.leaks_elsewhere()
    kept = os.path.join(site.lab.folder, "kept.pcap")
    report = site.leak_test("T0,T1,T2,T3,T4,T5,T6,T7,T8,T9,T11,T12", "--pcap", kept)
    assert "224.0.0.1" in run("tcpdump", "-nr", kept), "the controls are in the file"
    assert results(report).pop("T9") == "skip" and report["by_id"]["T9"]["mode"] == "simulated"
    assert set(results(report).values()) == {"pass", "skip"} and report["code"] == 0, report
    assert site.leaks_elsewhere() == []
    for test in ("T3", "T4", "T5", "T6", "T7", "T8", "T9"):
        assert report["by_id"][test]["controls"] >= 2 and report["by_id"][test]["probes"] >= 7, test
    assert report["witness"]["carrier"] == f"udp {world.VPN_PUBLIC}:1194"


# --- breaking it ---

def insert(rule):
    def begin(site):
        site.nft(f"insert rule inet egressd own {rule}")
        return lambda: site.rules("apply")
    return begin


def rules_removed(site):
    site.rules("remove")
    return lambda: site.rules("apply")


def app_with_raw_frames(site):
    safe, site.app = site.app, site.app_start("-all,+net_raw")

    def end():
        site.app.kill()
        site.app.wait()
        site.app = safe
    return end


def app_with_a_way_out(site):
    lab = site.lab
    run("ip", "link", "add", "eth9", "netns", lab.app.name, "type", "veth", "peer", "name", "app", "netns",
        lab.home.name)
    lab.home.batch("addr add 10.9.9.1/24 dev app\nlink set app up")
    lab.app.batch("addr add 10.9.9.2/24 dev eth9\nlink set eth9 up\nroute add default via 10.9.9.1")
    return lambda: lab.app.batch("link del eth9")


def gateway_that_routes(site):
    lab = site.lab
    site.nft("flush chain inet egressd forward")
    lab.gateway.run("sysctl", "-q", "-w", "net.ipv4.ip_forward=1")
    # Around the tunnel; and with the TTL of a probe plus one, since a router counts down.
    lab.gateway.batch("rule add pref 10 from 172.30.0.0/24 lookup 200")
    site.nft("add table ip sabotage")
    site.nft("add chain ip sabotage in { type filter hook prerouting priority -300; }")
    site.nft("add rule ip sabotage in iifname eth1 ip ttl set 5")
    lab.app.batch(f"route add default via {world.GATEWAY_APPS}")

    def end():
        lab.app.batch("route del default")
        site.nft("delete table ip sabotage")
        lab.gateway.batch("rule del pref 10")
        lab.gateway.run("sysctl", "-q", "-w", "net.ipv4.ip_forward=0")
        site.rules("apply")
    return end


def dockers_resolver_answers(site):
    """As Docker's does for a name that is not there, when it has asked."""
    listener = site.lab.app.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.bind(("127.0.0.11", 53))

    def serve():
        while (question := listener.recvfrom(2048))[0] != b"end":
            time.sleep(1)
            listener.sendto(question[0][:2] + b"\x81\x83" + question[0][4:], question[1])

    thread = threading.Thread(target=serve)
    thread.start()

    def end():
        with site.lab.app.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"end", ("127.0.0.11", 53))
        thread.join()
        listener.close()
    return end


def reloaded(text):
    def begin(site):
        site.daemon.reload(text)
        site.rules("apply")

        def end():
            site.daemon.reload(policy.open_policy())
            site.rules("apply")
        return end
    return begin


def egress_at_the_uplink(site):
    """What came by the uplink was then taken for the tunnel's, the VPN's own flow too, and stays so: it needs a new one."""
    end = reloaded(policy.open_policy().replace("tun0", "eth0"))(site)

    def end_all():
        end()
        site.lab.vpn.reconnected()
    return end_all


def second_way_out(site):
    """The rules forget it; no route leads there but for who binds to it."""
    lab = site.lab
    run("ip", "link", "add", "eth8", "netns", lab.gateway.name, "type", "veth", "peer", "name", "gateway8", "netns",
        lab.home.name)
    lab.home.batch("addr add 10.8.8.1/24 dev gateway8\nlink set gateway8 up")
    lab.gateway.batch("addr add 10.8.8.2/24 dev eth8\nlink set eth8 up\nroute add default via 10.8.8.1 metric 200")
    site.rules("apply")
    end = insert('oifname "eth8" meta nfproto ipv4 meta l4proto tcp accept')(site)

    def end_all():
        lab.gateway.batch("link del eth8")
        end()
    return end_all


def dns_by_tcp_is_turned_aside(site):
    """As a router's rules do to hold everybody to its own resolver."""
    end = insert(f"ip daddr {world.HOME} tcp dport 5300 accept")(site)
    site.nft("add table ip sabotage")
    site.nft("add chain ip sabotage out { type nat hook output priority -100; }")
    site.nft(f"add rule ip sabotage out tcp dport 53 dnat to {world.HOME}:5300")

    def end_all():
        site.nft("delete table ip sabotage")
        end()
    return end_all


SABOTAGES = {
    "the rules are removed": (rules_removed, "T7", "T0,T7", "table inet egressd is not there"),
    "a rule lets DNS out": (insert("ip daddr 9.9.9.9 udp dport 53 accept"), "T3", "T3,T4,T7", "DNS is let out"),
    "IPv6 is forgotten": (insert("meta nfproto ipv6 accept"), "T4", "T3,T4,T5,T7", "IPv6 is let out"),
    "DNS by TCP is turned aside": (dns_by_tcp_is_turned_aside, "T3", "T3,T7", "DNS is let out: the rules are not the policy's"),
    "a second way out is forgotten": (second_way_out, "T7", "T5,T7", "what is bound to another device"),
    "a rule lets UDP out": (insert("ip daddr 9.9.9.9 udp dport != 53 accept"), "T5", "T4,T5", "UDP is let out"),
    "an app may send raw frames": (app_with_raw_frames, "T8", "T7,T8", "raw frames (NET_RAW)"),
    "an app has another network": (app_with_a_way_out, "T8", "T8", "IPv4 default route by eth9 through 10.9.9.1"),
    "the gateway is an app's router": (gateway_that_routes, "T8", "T8", f"by eth0 through {world.GATEWAY_APPS}"),
    "Docker's resolver answers an app": (dockers_resolver_answers, "T8", "T8", "Docker's resolver"),
    "the policy leads home": (reloaded(PRIVATE), "T11", "T2,T11", "the policy lets a client reach"),
    "the egress is the wrong device": (egress_at_the_uplink, "T2", "T2", "do not leave by the VPN"),
}


@pytest.mark.parametrize("what", SABOTAGES)
def test_it_is_found_and_named(site, what):
    sabotage, test, tests, words = SABOTAGES[what]
    site.leaks_elsewhere()
    end = sabotage(site)
    try:
        report = site.leak_test(tests)
    finally:
        end()
    assert report["code"] == 1 and report["result"] == "leak", report
    found = report["by_id"][test]
    assert found["result"] == "leak" and words in found["cause"] and found["fix"], found
    # And nothing else is blamed.
    assert [name for name, result in results(report).items() if result == "leak"] == [test], report
    assert test == "T2" or found["evidence"] or test == "T11", found
    if test in ("T3", "T4", "T5", "T7") and sabotage not in (second_way_out, dns_by_tcp_is_turned_aside):
        assert site.leaks_elsewhere(), "the laboratory's witness saw it too"
    assert site.leak_test(test)["code"] == 0, "it is whole again"


@pytest.mark.parametrize("sabotage", [rules_removed, second_way_out])
def test_the_real_tunnel_taken_down_without_rules_is_a_leak(site, sabotage):
    end = sabotage(site)
    try:
        report = site.leak_test("T9", "--disruptive")
    finally:
        end()
    test = report["by_id"]["T9"]
    assert (test["result"], test["mode"], report["restored"]) == ("leak", "disruptive", True), report
    assert site.leak_test("T0,T2")["code"] == 0


def test_a_flow_whose_data_nobody_sees_proves_nothing(site):
    """It is opened, and then nothing that it sends gets as far as the tunnel's device: no way to tell what a cut does to it."""
    site.nft("add table netdev sabotage")
    site.nft('add chain netdev sabotage out { type filter hook egress device "tun0" priority 0; }')
    site.nft("add rule netdev sabotage out tcp flags & (syn | fin | rst) == 0 meta length > 60 drop")
    try:
        report = site.leak_test("T9", "--disruptive")
    finally:
        site.nft("delete table netdev sabotage")
    assert report["by_id"]["T9"]["result"] == "inconclusive" and report["code"] == 2, report
    assert "neither in the tunnel nor beside it" in report["by_id"]["T9"]["summary"], report


def test_causes_differ():
    assert len({words for _, _, _, words in SABOTAGES.values()}) == len(SABOTAGES)


# --- proving nothing ---

def test_a_witness_at_the_wrong_device_proves_nothing(site):
    report = site.leak_test("T1,T5,T11", "--device", "eth1")
    assert results(report) == dict.fromkeys(("T1", "T5", "T11"), "inconclusive") and report["code"] == 2, report
    assert not report["witness"]["control_seen"]


def test_what_leaves_unseen_proves_nothing(site):
    """Something between the rules and the wire takes all packets, the controls among them."""
    site.nft("add table netdev sabotage")
    site.nft('add chain netdev sabotage out { type filter hook egress device "eth0" priority 0; policy drop; }')
    try:
        report = site.leak_test("T1,T5,T7")
    finally:
        site.nft("delete table netdev sabotage")
    assert set(results(report).values()) == {"inconclusive"} and report["code"] == 2, report


def neighbour_lost(site, solicitations):
    """The router does not hear who asks for it: the first time only, or always."""
    site.lab.home.run("nft", "-f", "-", input=f"""table ip6 sabotage {{
        chain in {{ type filter hook prerouting priority 0
            iifname "gateway" icmpv6 type nd-neighbor-solicit {solicitations} drop
        }}
    }}""")
    site.lab.gateway.run("ip", "-6", "neigh", "flush", "dev", "eth0")
    end = rules_removed(site)

    def end_all():
        site.lab.home.run("nft", "delete table ip6 sabotage")
        end()
    return end_all


@pytest.mark.parametrize("solicitations, result", [("limit rate 1/day burst 1 packets", "leak"), ("", "inconclusive")])
def test_what_waits_for_a_neighbour_is_waited_for(site, solicitations, result):
    site.leaks_elsewhere()
    end = neighbour_lost(site, solicitations)
    try:
        report = site.leak_test("T4")
    finally:
        end()
    assert results(report)["T4"] == result, report
    assert result != "leak" or site.leaks_elsewhere()


class Told(http.server.BaseHTTPRequestHandler):
    """An egressd that says .told of its state."""
    def do_GET(self):
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(json.dumps(self.server.told).encode())

    def log_message(self, *_):
        pass


@pytest.mark.parametrize("status, told, words", [
    (500, {"error": "out of memory"}, "HTTP status 500"),
    (200, {"egresses": [{"name": "other", "tunnel": {"device": "tun7", "state": "up", "epoch": 1}}]},
     "nothing of the policy's tunnel tun0"),
    (200, {"egresses": [{"name": "vpn", "tunnel": {"device": "tun0", "state": "down", "epoch": 1}}]}, "tun0 is down")])
def test_an_egressd_that_does_not_vouch_for_the_tunnel_proves_nothing(site, tmp_path, status, told, words):
    path = str(tmp_path / "told.sock")
    with socketserver.UnixStreamServer(path, Told) as server:
        server.status, server.told = status, told
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        report = site.leak_test("T0", "--socket", path)
        server.shutdown()
    test = report["by_id"]["T0"]
    assert test["result"] == "inconclusive" and words in test["summary"], test


@pytest.mark.parametrize("event", ["down", "link_down"])
def test_names_that_nobody_looks_up_prove_nothing(site, event):
    """egressd refuses for want of a tunnel, and asks no resolver."""
    site.daemon.reload(policy.open_policy(hold="100ms"))
    getattr(site.lab.vpn, event)()
    try:
        report = site.leak_test("T3")
    finally:
        site.daemon.reload(policy.open_policy())
        site.lab.vpn.recreated()
    test = report["by_id"]["T3"]
    assert test["result"] == "inconclusive" and "nobody looked it up (status 503" in test["summary"], test
    assert site.leak_test("T3")["code"] == 0, "it is whole again"


def test_an_app_whose_device_is_down_proves_nothing(site):
    site.lab.app.batch("link set eth0 down")
    try:
        report = site.leak_test("T8")
    finally:
        site.lab.app.batch("link set eth0 up")
    test = report["by_id"]["T8"]
    assert test["result"] == "inconclusive" and "has the device eth0, which is down" in test["summary"], test


def test_without_the_capability_it_says_which(site):
    report = site.leak_test("T5", before=("setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw"))
    assert report["code"] == 4 and "NET_RAW" in report["error"], report


def test_rules_that_nobody_could_try_to_replace_prove_nothing(site):
    report = site.leak_test("T10", before=("setpriv", "--bounding-set=-setuid", "--inh-caps=-setuid"))
    test = report["by_id"]["T10"]
    assert test["result"] == "inconclusive" and "could not be tried as the proxy's user" in test["summary"], test


def test_probes_for_which_there_is_no_room_prove_nothing(site):
    """Descriptors for the taps and the controls, and for seven probes of twelve."""
    report = site.leak_test("T7", before=("prlimit", "--nofile=18"))
    test = report["by_id"]["T7"]
    assert test["result"] == "inconclusive" and "could not be sent: Too many open files" in test["summary"], test


@pytest.mark.parametrize("before, during, words", [
    ("link add eth7 type veth peer name eth6", "link set eth7 up\nlink set eth6 up", "a device came"),
    ("link add eth7 type veth peer name eth6\nlink set eth7 up\nlink set eth6 up", "link del eth7",
     "nothing is captured on")])
def test_a_device_that_comes_or_goes_meanwhile_proves_nothing(site, before, during, words):
    site.lab.gateway.batch(before)
    try:
        tester = subprocess.Popen(site.command("--json", "--only", "T3,T12"), text=True, stdout=subprocess.PIPE)
        while not children(tester.pid):  # it sends
            assert tester.poll() is None
        site.lab.gateway.batch(during)
        tests = json.loads(tester.communicate(timeout=60)[0])["tests"]
    finally:
        run("ip", "-n", site.lab.gateway.name, "link", "del", "eth7", check=False)
    # T12 too: it goes on for the rest of the run.
    assert [test["result"] for test in tests] == ["inconclusive"] * 2 and tester.returncode == 2, tests
    assert words in tests[1]["summary"], tests


@pytest.mark.parametrize("devices, code", [(40, 0), (300, 4)])
def test_no_device_of_a_big_machine_is_left_out(site, devices, code):
    """A Docker host has a device for every container, and the way out may come behind them all."""
    words = ["link set lo up", *(f"link add b{i} type bridge" for i in range(devices)),
             "link add out0 type veth peer name out1", "link set out1 up", "link set out0 up",
             "addr add 198.51.100.2/24 dev out0", "route add default via 198.51.100.1"]
    host = subprocess.Popen(["unshare", "--net", "--kill-child", "sh", "-c", "ip -batch - && echo made && exec sleep 1000"],
                            text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        host.stdin.write("\n".join(words))
        host.stdin.close()
        assert host.stdout.readline() == "made\n"
        report = site.leak_test("T1", "--host", str(host.pid))
    finally:
        host.kill()
        host.wait()
    assert report["code"] == code, report
    assert code or "host out0" in report["witness"]["watched"], report


def test_an_app_too_many_is_not_left_out(site):
    report = site.leak_test("T8", "--netns", ",".join([str(site.app.pid)] * 17))
    assert report["code"] == 3 and "more than 16 apps" in report["error"], report


def test_rules_that_change_all_the_time_prove_nothing(site):
    stop = threading.Event()

    def stir():
        while not stop.is_set():
            site.nft("add table inet stirred; delete table inet stirred")

    thread = threading.Thread(target=stir)
    thread.start()
    try:
        report = site.leak_test("T5")
    finally:
        stop.set()
        thread.join()
    test = report["by_id"]["T5"]
    assert (test["result"], test["repeats"]) == ("inconclusive", 2) and "changed" in test["summary"], test


def test_nobody_is_asked_without_an_app_and_that_is_said(site):
    command = site.lab.gateway.command(program("egressctl"), "leak-test", "--config", site.daemon.config, "--json",
                                       "--only", "T2,T8,T11")
    done = subprocess.run(command, text=True, capture_output=True, timeout=60)
    report = json.loads(done.stdout)
    assert [test["result"] for test in report["tests"]] == ["skip"] * 3, report
    # Nothing tried proves nothing; and what was skipped is not proved.
    assert done.returncode == 2
    assert site.leak_test("T0,T10")["code"] == 0 and site.leak_test("T0,T10", "--strict")["code"] == 2


def test_beside_the_app_its_part_is_tried_and_the_rest_is_not_claimed(site):
    command = site.lab.app.command(program("egressctl"), "leak-test", "--config", site.daemon.config, "--json",
                                   "--netns", str(site.app.pid), "--only", "T4,T8,T11", *PAGES)
    done = subprocess.run(command, text=True, capture_output=True, timeout=60)
    report = json.loads(done.stdout)
    assert [test["result"] for test in report["tests"]] == ["skip", "pass", "skip"] and done.returncode == 0, report
    end = app_with_raw_frames(site)
    try:
        command[command.index("--netns") + 1] = str(site.app.pid)
        assert subprocess.run(command, capture_output=True, timeout=60).returncode == 1
    finally:
        end()


# Gluetun's control server, which wants its key.
GLUETUN = '''
import http.server, json
class Control(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        known = self.path == "/v1/publicip/ip" and self.headers["X-API-Key"] == "no-gluetun-here"
        body = json.dumps({"public_ip": "%s"}).encode() if known else b"Unauthorized"
        self.send_response(200 if known else 401)
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *words):
        pass
server = http.server.HTTPServer(("127.0.0.1", 8000), Control)
print("ready", flush=True)
server.serve_forever()
'''


@pytest.mark.parametrize("says, result, words", [
    (world.VPN_PUBLIC, "pass", "which Gluetun says is the VPN's"),
    ("45.80.9.9", "inconclusive", "Gluetun says that the VPN's address is 45.80.9.9")])
def test_gluetuns_word_is_compared_with_what_origins_see(site, says, result, words):
    server = site.lab.gateway.start(sys.executable, "-c", GLUETUN % says, stdout=subprocess.PIPE, text=True)
    server.stdout.readline()
    end = reloaded(policy.shipped(site.lab.folder))(site)
    try:
        report = site.leak_test("T2", pages=(*PAGES[:2], "--exit-url6", "http://example.org/whoami"))
    finally:
        end()
        server.kill()
        server.wait()
        server.stdout.close()
    assert report["by_id"]["T2"]["result"] == result and words in report["by_id"]["T2"]["summary"], report


# --- the private gateway ---

def test_without_the_capability_to_kill_it_ends_all_the_same(site):
    report = site.leak_test("T9", before=("setpriv", "--bounding-set=-kill", "--inh-caps=-kill"))
    assert results(report) == {"T9": "skip"} and report["by_id"]["T9"]["mode"] == "simulated", report


def open_flow(tester):
    """The private gateway's process, stopped, and its open flow; nothing when that was over too soon."""
    while tester.poll() is None:
        for simulating in children(tester.pid):
            if flows := children(simulating):
                os.kill(simulating, signal.SIGSTOP)
                while children(simulating) == flows:
                    with open(f"/proc/{flows[0]}/status", encoding="ascii") as file:
                        status = file.read()
                    if "State:\tZ" in status:
                        break
                    if f"Uid:\t{USER}" in status and "State:\tS" in status:
                        return os.pidfd_open(flows[0])
                os.kill(simulating, signal.SIGCONT)
    return None


def test_a_flow_of_the_private_gateway_dies_with_who_opened_it(site):
    flow = None
    while flow is None:
        tester = subprocess.Popen(site.command("--only", "T9"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        flow = open_flow(tester)
        tester.kill()
        tester.wait()
    try:
        assert select.select([flow], [], [], 5)[0], "the flow is still there, and its network namespace with it"
    finally:
        try:
            signal.pidfd_send_signal(flow, signal.SIGKILL)
        except ProcessLookupError:
            pass
        os.close(flow)


def test_a_private_gateway_that_is_killed_proves_nothing(site):
    """The second one, with the rules; the first, without them, is the control."""
    tester = subprocess.Popen(site.command("--json", "--only", "T9"), text=True, stdout=subprocess.PIPE)
    gateways = []
    while tester.poll() is None and len(gateways) < 2:
        gateways += [pid for pid in children(tester.pid) if pid not in gateways]
    os.kill(gateways[1], signal.SIGKILL)
    test = json.loads(tester.communicate(timeout=60)[0])["tests"][0]
    assert test["result"] == "inconclusive" and "ended before its time" in test["summary"], test


# --- the real tunnel ---

@pytest.fixture
def owned():
    """The gateway as it is shipped: egressd keeps its rules."""
    with Lab() as lab:
        made = Site(lab, extra=())
        yield made
        made.end()


def test_a_strict_gateway_is_proved_safe_too():
    with Lab() as lab:
        made = Site(lab, extra=(), text=policy.open_policy(extra=f"vpn-endpoint {world.VPN_PUBLIC}:1194\nfirewall strict"))
        try:
            made.leaks_elsewhere()
            report = made.leak_test("T0,T1,T3,T4,T5,T6,T7,T8,T11")
            assert set(results(report).values()) == {"pass"} and report["code"] == 0, report
            assert made.leaks_elsewhere() == []
            assert "LEAK" not in made.daemon.ctl("status").stdout
        finally:
            made.end()


def routes(gateway):
    return sorted((gateway.run("ip", "route") + gateway.run("ip", "-6", "route")).split())


def test_the_tunnel_taken_down_leaks_nothing_and_comes_back(owned):
    owned.leaks_elsewhere()
    report = owned.leak_test("T0,T9,T10", "--disruptive", "--strict")
    assert [test["summary"] for test in report["tests"] if test["result"] != "pass"] == []
    assert report["code"] == 0 and report["restored"], report
    assert report["ruleset"]["owned"] and "the proxy killed" in report["by_id"]["T9"]["summary"], report
    assert owned.leaks_elsewhere() == []
    assert owned.leak_test("T0,T2")["code"] == 0
    # Killed while it is down: it comes back all the same.
    for number in (signal.SIGKILL, signal.SIGTERM):
        before = routes(owned.lab.gateway)
        tester = subprocess.Popen(owned.command("--disruptive", "--only", "T9"), stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
        owned.lab.gateway.wait_link("tun0", lambda link: link and "UP" not in link["flags"])
        tester.send_signal(number)
        tester.wait()
        owned.lab.gateway.wait_link("tun0", lambda link: link and "UP" in link["flags"])
        deadline = time.monotonic() + 5
        while routes(owned.lab.gateway) != before:
            assert time.monotonic() < deadline, "the routes are back"
            time.sleep(0.02)
