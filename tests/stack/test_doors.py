# SPDX-License-Identifier: GPL-3.0-or-later
"""Every published port answers, and nothing else does: from home, from neighbours, from the tunnel's far side."""
import json
import subprocess
import sys

import pytest

from lab.process import TESTS

from .outside import HOST

PAGES = {9696: "/ping", 7878: "/ping", 5055: "/api/v1/settings/public", 8080: "/api/v2/app/version", 8081: "/health"}
GLUETUN_DNS = 53  # on every address of its namespace, as the real one


def scan(command, *addresses):
    done = subprocess.run([*command, sys.executable, f"{TESTS}/stack/standins/scan.py", *addresses], capture_output=True,
                          text=True, timeout=200, check=True)
    return {address: set(ports) for address, ports in json.loads(done.stdout).items()}


def scan_in(stack, name, *addresses):
    """From a container's network, whatever it may do itself."""
    pid = str(stack.engine.inspect(name)["State"]["Pid"])
    return scan(["nsenter", "-t", pid, "-n", "--"], *addresses)


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
    addresses = ["172.31.0.2", "172.31.0.20", "172.30.0.2", "172.30.0.10"]
    assert scan(stack.outside.laptop.command(), *addresses) == {address: set() for address in addresses}


def test_radarr_finds_prowlarr_alone(stack):
    assert scan_in(stack, "radarr", "172.31.0.2") == {"172.31.0.2": {9696, GLUETUN_DNS}}


def test_another_neighbour_finds_no_app(stack):
    assert scan_in(stack, "filebrowser", "172.31.0.2") == {"172.31.0.2": {GLUETUN_DNS}}


def test_an_app_finds_its_proxy_alone(stack):
    assert scan_in(stack, "prowlarr", "172.30.0.2", "172.30.0.1") == {"172.30.0.2": {8118, 7878}, "172.30.0.1": set()}
    assert scan_in(stack, "flaresolverr", "172.30.0.2") == {"172.30.0.2": {8118, 8119}}


def test_the_far_side_of_the_tunnel_finds_nothing(stack):
    address = json.loads(stack.ctl("status", "--json"))["egresses"][0]["tunnel"]["ipv4"]
    assert scan(stack.outside.server.command(), address) == {address: set()}
