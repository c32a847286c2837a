# SPDX-License-Identifier: GPL-3.0-or-later
"""The gateway's rules with real packets: what must work does, and what must not leave does not."""
import errno
import json
import signal
import socket
import subprocess
import sys
import time

import pytest

from flow.client import Connection, socks5_address

from . import policy, world
from .daemon import USER, program

GATE = world.GATEWAY_APPS
PROXY = f"http://{GATE}:8118"
SERVED = 9696
POLICY_EXTRA = (f"forward 0.0.0.0:{SERVED} to {world.APP}:{SERVED} from {world.HOME_LAN}\n"
                f"forward {GATE}:7878 to {world.HOME}:7878 from {world.APP}\n"
                f"forward [::]:9697 to {world.APP}:{SERVED} from {world.HOME_LAN6}")
# What a program that knows nothing of tunnels does: each kind unbound, bound to eth0, and from eth0's address.
PROBES = """
import errno, json, socket, sys
results = {}
here = {4: "192.168.44.2", 6: "fd44::2"}
for version, family, address in ((4, socket.AF_INET, "198.51.100.10"), (6, socket.AF_INET6, "2001:db8:100::10")):
    for kind, number in (("tcp", socket.SOCK_STREAM), ("udp", socket.SOCK_DGRAM)):
        for port in (80, 443, 53, 7002):
            for how in ("unbound", "device", "source"):
                with socket.socket(family, number) as s:
                    s.settimeout(0.15)
                    try:
                        if how == "device":
                            s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0")
                        elif how == "source":
                            s.bind((here[version], 0))
                        s.connect((address, port))
                        s.send(b"in clear")
                        answer = "sent"
                    except TimeoutError:
                        answer = "timeout"
                    except OSError as error:
                        answer = errno.errorcode.get(error.errno, str(error))
                    results[f"{kind}{version} {port} {how}"] = answer
print(json.dumps(results))
"""


def probe(lab, user=USER):
    return json.loads(lab.gateway.run(sys.executable, "-c", PROBES, user=user, cwd="/"))


@pytest.fixture
def scene(lab, play):
    """Only egressd's own rules: Gluetun's are off."""
    lab.firewall.off()
    lab.with_rules = True
    return play(lab, policy.open_policy(extra=POLICY_EXTRA + "\nudp-ports 40000-40099"))


def serve(space, port, family=socket.AF_INET, address="", kind=socket.SOCK_STREAM):
    listener = space.socket(family, kind)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, port))
    if kind == socket.SOCK_STREAM:
        listener.listen()
    listener.settimeout(3)
    return listener


def reach(space, address, port, family=socket.AF_INET, scope=0):
    """None when connected, else the error."""
    with space.socket(family, socket.SOCK_STREAM) as client:
        client.settimeout(2)
        try:
            client.connect((address, port, 0, scope) if family == socket.AF_INET6 else (address, port))
            return None
        except TimeoutError:
            return "timeout"
        except OSError as error:
            return errno.errorcode[error.errno]


def test_ordinary_traffic_works(scene):
    for url, seen in (("http://example.org/whoami", world.VPN_PUBLIC), ("https://example.org/whoami", world.VPN_PUBLIC),
                      ("http://[2001:db8:100::10]/whoami", world.VPN_PUBLIC6)):
        for way in (PROXY, PROXY.replace("http", "socks5h"), PROXY.replace("http", "socks4a")):
            if "2001" in url and "socks4a" in way:
                continue
            answer = scene.curl(url, "-x", way)
            assert answer.body.strip() == seen, (url, way, answer)
    scene.nothing_leaked()


def test_datagrams_come_back(scene):
    associate(scene.lab.app)
    scene.nothing_leaked()


def associate(app):
    """A UDP association that carries a question and an answer, twice."""
    control = Connection((GATE, 8118), unconnected=app.socket(socket.AF_INET, socket.SOCK_STREAM))
    assert control.socks5("0.0.0.0", 0, command=3) == 0
    address, port = control.bound
    relay = (socket.inet_ntop(socket.AF_INET, address), port)
    with control, app.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(3)
        for _ in range(2):
            client.sendto(b"\0\0\0" + socks5_address("198.51.100.12", world.UDP_PORT) + b"hello", relay)
            assert client.recv(2048).endswith(b"hello")


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_forwards_work_both_ways_and_only_for_those_they_are_for(scene, family):
    lab = scene.lab
    with serve(lab.app, SERVED) as page, lab.home.socket(family, socket.SOCK_STREAM) as browser:
        browser.settimeout(3)
        browser.connect((world.GATEWAY_HOME, SERVED) if family == socket.AF_INET else (world.GATEWAY_HOME6, 9697))
        served, _ = page.accept()
        with served:
            served.settimeout(3)
            browser.send(b"a question")
            assert served.recv(100) == b"a question"
            served.send(b"an answer")
            assert browser.recv(100) == b"an answer"
    # A forward for the home network is not the app's, and the other way round.
    assert reach(lab.app, GATE, SERVED) == "ECONNREFUSED"
    with serve(lab.home, 7878):
        assert reach(lab.app, GATE, 7878) is None
    assert reach(lab.home, world.GATEWAY_HOME, 7878) == "ECONNREFUSED"


@pytest.mark.parametrize("event", ["up", "down", "deleted", "routes_removed"])
def test_what_the_proxys_user_sends_by_itself_never_leaves_in_clear(scene, event):
    lab = scene.lab
    if event != "up":
        getattr(lab.vpn, event)()
    lab.witness.look()
    results = probe(lab)
    report = lab.witness.look()
    assert report.leaks == [] and report.lost == 0, (report, results)
    refused = {name: answer for name, answer in results.items() if "device" in name}
    # Refused at once, and not left waiting.
    assert all(answer in ("ECONNREFUSED", "EPERM", "EACCES", "ENETUNREACH", "EHOSTUNREACH")
               for answer in refused.values()), refused
    # The control: the very same probes without the rules are seen.
    scene.rules("remove")
    probe(lab)
    assert len(lab.witness.look().leaks) >= 12
    lab.witness.total.leaks.clear()


# Echoes without a pause on several connections; says "open" when all run and how each ended.
FLOWS = """
import os, socket, threading
def flow(s):
    try:
        while s.send(b"x" * 1000) and s.recv(65536):
            pass
        os.write(1, b"closed\\n")
    except OSError as error:
        os.write(1, type(error).__name__.encode() + b"\\n")
flows = [socket.create_connection(("198.51.100.10", 7000)) for _ in range(10)]
for s in flows:
    s.sendall(b"ECHO\\n")
    s.settimeout(3)
os.write(1, b"open\\n")
for s in flows:
    threading.Thread(target=flow, args=[s]).start()
"""


def flows_start(lab):
    process = lab.gateway.start(sys.executable, "-u", "-c", FLOWS, user=USER, stdout=subprocess.PIPE, text=True, cwd="/")
    assert process.stdout.readline() == "open\n"
    return process


def counter(lab, name):
    listing = json.loads(lab.gateway.run("nft", "-j", "list", "counter", "inet", "egressd", name))["nftables"]
    return next(entry["counter"]["packets"] for entry in listing if "counter" in entry)


def wait_until(holds, what, timeout=10):
    deadline = time.monotonic() + timeout
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def test_flows_that_run_in_clear_as_the_rules_come_end_there(lab, play):
    """Some of them conntrack takes for opened by the origin, whose packet it sees first. What it can make nothing of is
    dropped, and hears nothing until it gives up."""
    lab.firewall.off()
    lab.vpn.deleted()
    scene = play(lab, policy.open_policy(extra=POLICY_EXTRA))
    process = flows_start(lab)
    try:
        wait_until(lambda: len(lab.witness.look().leaks) > 100, "the flows run in clear")
        scene.rules("apply")
        lab.witness.look()
        ends = [process.stdout.readline() for _ in range(10)]
        assert set(ends) <= {"ConnectionResetError\n", "BrokenPipeError\n", "ConnectionRefusedError\n",
                             "TimeoutError\n"}, ends
        assert lab.witness.look().leaks == []
    finally:
        process.kill()
        process.wait()
    lab.witness.total.leaks.clear()


@pytest.mark.parametrize("killed", [False, True])
def test_flows_of_the_tunnel_do_not_go_on_in_clear_when_its_routes_go(scene, killed):
    """Gluetun's teardown: the address is still there, and main leads home. Nothing here is bound to a device."""
    lab = scene.lab
    for with_rules in (True, False):
        if not with_rules:
            scene.rules("remove")
        process = flows_start(lab)
        try:
            if killed:
                # What a killed process leaves has no user any more, and goes on sending.
                process.send_signal(signal.SIGSTOP)
            lab.vpn.routes_removed()
            if killed:
                process.kill()
                process.wait()
            if with_rules:
                wait_until(lambda: counter(lab, "blk_own") > 0, "the rules had something to stop")
                report = lab.witness.look()
                assert report.leaks == [], report
            else:
                wait_until(lambda: lab.witness.look().leaks, "the control leaks")
        finally:
            process.kill()
            process.wait()
        lab.vpn.recreated()
    lab.witness.look()
    lab.witness.total.leaks.clear()


def test_inside_an_apps_namespace_only_the_gateway_is_left(scene):
    lab = scene.lab
    lab.app.batch(f"route add default via {GATE}")
    with serve(lab.gateway, 8000), serve(lab.app, SERVED) as page, serve(lab.app, 53, address="127.0.0.11"):
        scene.rules("remove")
        assert reach(lab.app, GATE, 8000) is None and reach(lab.app, "127.0.0.11", 53) is None, "the control"
        subprocess.run(lab.app.command(program("egressctl"), "rules", "apply", "app", "--config", scene.daemon.config),
                       check=True, capture_output=True, timeout=20)
        for place, port in ((GATE, 8000), ("127.0.0.11", 53), (world.GATEWAY_HOME, 22), ("198.51.100.10", 80)):
            began = time.monotonic()
            assert reach(lab.app, place, port) == "ECONNREFUSED", place
            assert time.monotonic() - began < 0.5
        with lab.app.socket(socket.AF_INET, socket.SOCK_DGRAM) as client, pytest.raises(PermissionError):
            client.sendto(b"a name", (GATE, 53))
        assert scene.curl("https://example.org/whoami", "-x", PROXY).body.strip() == world.VPN_PUBLIC
        associate(lab.app)
        with lab.home.socket(socket.AF_INET, socket.SOCK_STREAM) as browser:
            browser.settimeout(3)
            browser.connect((world.GATEWAY_HOME, SERVED))
            page.accept()[0].close()
            assert browser.recv(1) == b""
        # Nobody but the gateway, and that only at what is forwarded.
        assert reach(lab.gateway, world.APP, 22) == "timeout"


def test_what_comes_from_the_bridge_goes_nowhere_else(lab):
    """The gateway's namespace in the host's place: eth1 is the bridge, eth0 the way out."""
    lab.firewall.off()
    host = lab.gateway
    host.run("sysctl", "-q", "-w", "net.ipv4.ip_forward=1")
    lab.app.batch(f"route add default via {GATE}")
    lab.home.batch(f"route add 172.30.0.0/24 via {world.GATEWAY_HOME}")
    with serve(host, 8000), serve(lab.home, 8001), serve(lab.app, SERVED):
        ways = ((lab.app, GATE, 8000), (lab.app, world.HOME, 8001), (lab.home, world.APP, SERVED))
        assert [reach(*way) for way in ways] == [None] * 3, "the control"
        subprocess.run(host.command(program("egressctl"), "rules", "apply", "host", "--bridge", "eth1", "--config",
                                    "/there/is/none"), check=True, capture_output=True, timeout=20)
        assert [reach(*way) for way in ways] == ["ECONNREFUSED"] * 3
        assert reach(lab.home, world.GATEWAY_HOME, 8000) is None


def test_dockers_resolver_is_refused_to_the_proxy_and_to_nobody_else(scene):
    ask = """
import errno, socket, sys
for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as s:
        s.settimeout(2)
        try:
            s.connect(("127.0.0.11", 53))
            s.send(b"a name")
            print("sent")
        except OSError as error:
            print(errno.errorcode[error.errno])
"""
    gateway = scene.lab.gateway
    with serve(gateway, 53, address="127.0.0.11", kind=socket.SOCK_DGRAM) as datagrams, \
            serve(gateway, 53, address="127.0.0.11"):
        asked = gateway.run(sys.executable, "-c", ask, user=USER, cwd="/").split()
        assert asked == ["EPERM", "ECONNREFUSED"]
        datagrams.setblocking(False)
        with pytest.raises(BlockingIOError):
            datagrams.recv(100)
        assert gateway.run(sys.executable, "-c", ask).split() == ["sent", "sent"]


def link_local(space, device):
    link = space.link(device)
    return next(a["local"] for a in link["addr_info"] if a["family"] == "inet6" and a["scope"] == "link"), link["ifindex"]


def test_apps_reach_nothing_else_in_the_namespace(scene):
    """Gluetun's control server and its resolver, on every address that the app can name."""
    lab = scene.lab
    lab.app.batch(f"route add {world.HOME_LAN} via {GATE}")
    address, _ = link_local(lab.gateway, "eth1")
    _, scope = link_local(lab.app, "eth0")
    places = [(GATE, socket.AF_INET, 0), (world.GATEWAY_HOME, socket.AF_INET, 0), (address, socket.AF_INET6, scope)]
    with serve(lab.gateway, 8000, socket.AF_INET6, "::"), serve(lab.gateway, 53, socket.AF_INET6, "::"), \
            serve(lab.gateway, 53, address=GATE, kind=socket.SOCK_DGRAM) as resolver:
        for place, family, scope in places:
            for port in (8000, 53):
                # The kernel does not send a refusal to a link-local address: there it is silent.
                wanted = ("ECONNREFUSED",) if scope == 0 else ("ECONNREFUSED", "timeout")
                assert reach(lab.app, place, port, family, scope) in wanted, (place, port)
        resolver.setblocking(False)
        with lab.app.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(2)
            client.connect((GATE, 53))
            client.send(b"a name")
            with pytest.raises(OSError):
                client.recv(100)
        with pytest.raises(BlockingIOError):
            resolver.recv(100)
        # The gateway itself reaches its own control server, and without rules so does the app.
        assert reach(lab.gateway, "127.0.0.1", 8000) is None
        scene.rules("remove")
        for place, family, scope in places:
            assert reach(lab.app, place, 8000, family, scope) is None


def test_a_control_server_that_was_open_to_an_app_before_the_rules_is_closed_to_it(lab, play):
    lab.firewall.off()
    scene = play(lab, policy.open_policy())
    with serve(lab.gateway, 8000) as server, lab.app.socket(socket.AF_INET, socket.SOCK_STREAM) as client:
        client.settimeout(3)
        client.connect((GATE, 8000))
        session, _ = server.accept()
        with session:
            scene.rules("apply")
            client.send(b"PUT /v1/vpn/status")
            with pytest.raises(OSError):
                assert client.recv(100) == b"never"
            session.setblocking(False)
            with pytest.raises(BlockingIOError):
                session.recv(100)


def test_nothing_that_comes_through_the_tunnel_reaches_a_listener(lab, play):
    lab.firewall.off()
    scene = play(lab, policy.open_policy(extra=f"listen mixed 0.0.0.0:8121\n{POLICY_EXTRA}"))
    inside = next(a["local"] for a in lab.gateway.link("tun0")["addr_info"] if a["family"] == "inet")
    for port in (8121, SERVED):
        assert reach(lab.vpnserver, inside, port) is None, "the control"
    scene.rules("apply")
    for port in (8121, SERVED):
        assert reach(lab.vpnserver, inside, port) == "timeout"
    assert scene.curl("http://example.org/whoami", "-x", PROXY).body.strip() == world.VPN_PUBLIC


def test_an_app_cannot_use_the_gateway_as_a_router(scene):
    lab = scene.lab
    lab.gateway.run("sysctl", "-q", "-w", "net.ipv4.ip_forward=1")
    lab.app.batch(f"route add default via {GATE}")
    assert reach(lab.app, "198.51.100.10", 80) == "ECONNREFUSED"
    with lab.app.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.sendto(b"around", ("198.51.100.10", world.UDP_PORT))
    assert lab.witness.look().leaks == []
