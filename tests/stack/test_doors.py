# SPDX-License-Identifier: GPL-3.0-or-later
"""Every published port answers, and nothing else does: from home, from neighbours, from the tunnel's far side."""
import contextlib
import json
import subprocess
import sys

import pytest

from lab.process import TESTS

from .datagrams import EVERY_PORT, Doors
from .outside import HOST

PAGES = {9696: "/ping", 7878: "/ping", 5055: "/api/v1/settings/public", 8080: "/api/v2/app/version", 8081: "/health"}
GLUETUN_DNS = 53  # on every address of its namespace, as the real one


def scan(command, *addresses):
    done = subprocess.run([*command, sys.executable, f"{TESTS}/stack/standins/scan.py", *addresses], capture_output=True,
                          text=True, timeout=400, check=True)
    return {address: set(ports) for address, ports in json.loads(done.stdout).items()}


def inside(stack, name):
    """Into a container's network, whatever it may do itself."""
    return ["nsenter", "-t", str(stack.engine.inspect(name)["State"]["Pid"]), "-n", "--"]


def scan_in(stack, name, *addresses):
    return scan(inside(stack, name), *addresses)


@pytest.mark.parametrize("port", sorted(PAGES))
def test_a_page_opens_at_home(stack, port):
    seen = stack.outside.laptop.run("curl", "-sS", "-m", "10", "-o", "/dev/null", "-w", "%{http_code}",
                                    f"http://{HOST}:{port}{PAGES[port]}")
    assert seen in ("200", "403")  # qBittorrent asks for a login first


def test_flaresolverrs_page_opens_here_only(stack):
    assert stack.fetch("http://127.0.0.1:8191/health") == (200, {"status": "ok"})


def test_home_finds_the_published_ports_alone(stack):
    assert scan(stack.outside.laptop.command(), HOST) == {HOST: set(PAGES)}


def test_home_cannot_go_past_the_published_ports(stack):
    addresses = ["172.31.0.2", "172.30.0.10"]
    assert scan(stack.outside.laptop.command(), *addresses) == {address: set() for address in addresses}


def test_radarr_finds_prowlarr_alone(stack):
    assert scan_in(stack, "radarr", "172.31.0.2") == {"172.31.0.2": {9696, GLUETUN_DNS}}


def test_another_neighbour_finds_no_app(stack):
    assert scan_in(stack, "filebrowser", "172.31.0.2") == {"172.31.0.2": {GLUETUN_DNS}}


@pytest.mark.every_engine
def test_an_app_finds_its_proxy_alone(stack):
    assert scan_in(stack, "prowlarr", "172.30.0.2", "172.30.0.1") == {"172.30.0.2": {8118, 7878}, "172.30.0.1": set()}
    assert scan_in(stack, "flaresolverr", "172.30.0.2") == {"172.30.0.2": {8118, 8119}}


def test_the_far_side_of_the_tunnel_finds_nothing(stack):
    address = json.loads(stack.ctl("status", "--json"))["egresses"][0]["tunnel"]["ipv4"]
    assert scan(stack.outside.server.command(), address) == {address: set()}


# --- the same for UDP ---

UDP_RELAYS = set(range(8200, 8264))  # of SOCKS5, while an app has one
PLANTED = 45678


@contextlib.contextmanager
def listener(stack, name=None):
    """A datagram socket in the namespace of a container, or here: the scan has to find it."""
    before = inside(stack, name) if name else []
    code = f"import socket\ns = socket.socket(type=socket.SOCK_DGRAM)\ns.bind(('0.0.0.0', {PLANTED}))\nprint(1, flush=True)\nimport sys; sys.stdin.read()"
    with subprocess.Popen([*before, sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline()
        try:
            yield
        finally:
            process.stdin.close()


def doors(stack, name):
    return Doors(stack.engine.inspect(name)["State"]["Pid"])


def test_home_finds_no_datagram_port_but_a_planted_one(stack):
    with listener(stack):
        open_, passed = Doors().knocked(stack.outside.laptop.command(), HOST)
    assert (open_, passed) == ({PLANTED: "python3"}, set(EVERY_PORT))


def test_home_sends_no_datagram_past_the_published_ports(stack):
    for address in ("172.31.0.2", "172.30.0.10"):
        assert Doors().knocked(stack.outside.laptop.command(), address)[1] == set()


def test_a_neighbour_finds_gluetuns_dns_and_no_other_datagram_port(stack):
    """But for OpenVPN's own socket, which answers those who have the VPN's keys."""
    with listener(stack, "gluetun"):
        found = doors(stack, "gluetun").knocked(inside(stack, "radarr"), "172.31.0.2")[0]
    assert sorted(found.values()) == ["openvpn", "python3", "python3"] and {GLUETUN_DNS, PLANTED} < set(found), found


def test_an_app_finds_no_datagram_port(stack):
    with listener(stack, "gluetun"):
        assert doors(stack, "gluetun").knocked(inside(stack, "prowlarr"), "172.30.0.2") == ({}, UDP_RELAYS)


def test_the_far_side_of_the_tunnel_finds_no_datagram_port_but_one_let_in(stack):
    address = json.loads(stack.ctl("status", "--json"))["egresses"][0]["tunnel"]["ipv4"]
    rule = ["INPUT", "-i", "tun0", "-p", "udp", "--dport", str(PLANTED), "-j", "ACCEPT"]
    with listener(stack, "gluetun"):
        assert doors(stack, "gluetun").knocked(stack.outside.server.command(), address) == ({}, set())
        stack.inside("gluetun", "iptables", "-I", *rule)
        try:
            found = doors(stack, "gluetun").knocked(stack.outside.server.command(), address)
        finally:
            stack.inside("gluetun", "iptables", "-D", *rule)
        assert found == ({PLANTED: "python3"}, {PLANTED})
