# SPDX-License-Identifier: GPL-3.0-or-later
"""What doctor says of a gateway that something is wrong with, each beside one that nothing is wrong with."""
import contextlib
import email.utils
import json
import os
import secrets
import subprocess
import sys
import time

import pytest

from . import policy as policies
from . import world
from .daemon import program
from .netns import Namespace, run
from .test_firewall import serve

RULES_ON = ()
SERVE = """
import http.server, sys
address, port, date = sys.argv[1], int(sys.argv[2]), sys.argv[3]
class Page(http.server.BaseHTTPRequestHandler):
    date_time_string = lambda self, timestamp=None: date
    def do_HEAD(self):
        self.send_response(200)
        self.end_headers()
    log_message = lambda *_: None
server = http.server.HTTPServer((address, port), Page)
print("ready", flush=True)
server.serve_forever()
"""


@contextlib.contextmanager
def serving(space, address, port, date="now"):
    """A web server there, as long as this lasts."""
    process = space.start(sys.executable, "-c", SERVE, address, str(port), date, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "ready\n"
        yield
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.fixture
def ask(lab, play):
    """ask(): every check of doctor beside a running egressd. ask.play(...) starts that with options of one's own."""
    class Ask:
        scene = None

        def play(self, text=None, extra=("--no-firewall",)):
            self.scene = play(lab, text, extra)
            return self

        def __call__(self, **environment):
            if self.scene is None:
                self.play()
            done = subprocess.run(
                lab.gateway.command(program("egressctl"), "doctor", "--json", "--config", self.scene.daemon.config,
                                    "--socket", self.scene.daemon.control),
                text=True, capture_output=True, timeout=30, env={**os.environ, **environment})
            assert done.stderr == "", done.stderr
            return {check["name"]: check for check in json.loads(done.stdout)["checks"]}

    return Ask()


def test_a_route_beside_the_tunnel_is_told(lab, ask):
    assert ask()["routes"]["result"] == "ok"
    lab.gateway.batch("route del 0.0.0.0/1\nroute del 128.0.0.0/1")
    found = ask()["routes"]
    assert found["result"] == "warn" and "IPv4 leaves by eth0" in found["evidence"] and found["cure"]
    lab.gateway.batch(f"addr add 192.168.44.77/24 dev eth0\nroute replace default via {world.HOME} src 192.168.44.77")
    found = ask()["routes"]
    assert found["result"] == "warn" and "IPv4 leaves by eth0" in found["evidence"], "by whichever of its addresses"


@pytest.mark.parametrize("subnet, result, words", [
    ("192.168.1.0/24", "ok", "192.168.1.0/24"),
    ("45.80.0.0/16", "fail", "addresses of the Internet"),
    ("0.0.0.0/0", "fail", "addresses of the Internet"),
    ("172.16.0.0/12", "fail", "overlaps the apps' network"),
    ("172.30.0.128/25", "fail", "overlaps the apps' network"),
    ("10.0.0.0/8", "fail", "overlaps the tunnel's network"),
])
def test_a_subnet_that_gluetun_opens_too_wide_is_a_hole(lab, ask, subnet, result, words):
    assert "opened no subnet" in ask()["subnets"]["evidence"]
    lab.gateway.batch(f"rule add pref 99 to {subnet} lookup 199")
    found = ask()["subnets"]
    assert found["result"] == result and words in found["evidence"]
    assert ("FIREWALL_OUTBOUND_SUBNETS" in found["cure"]) == (result == "fail")


def test_large_packets_that_vanish_are_told(lab, ask):
    """Those of full size the VPN sends on in two parts: neither part is taken for a leak."""
    ask.play(extra=RULES_ON)
    found = ask()["large"]
    assert found["result"] == "ok" and "and back" in found["evidence"], found
    ask.scene.nothing_leaked()
    witness = json.loads(ask.scene.daemon.ctl("status", "--json").stdout)["firewall"]["witness"]
    assert witness["on"] and witness["leaked_packets"] == 0, witness
    lab.vpnserver.run("nft", "add table inet narrow; add chain inet narrow f { type filter hook forward priority 0; }; "
                      "add rule inet narrow f meta length > 1300 drop")
    found = ask()["large"]
    assert found["result"] == "warn" and "are lost" in found["evidence"] and "MTU" in found["cure"]
    lab.vpn.deleted()
    assert ask()["large"]["result"] == "skip"


@pytest.mark.parametrize("off, result", [(0, "ok"), (-3600, "fail"), (86400, "fail")])
def test_a_clock_that_is_off_is_told_by_a_page_through_the_tunnel(lab, ask, off, result):
    with serving(lab.internet, world.RESOLVERS[0], 80, email.utils.formatdate(time.time() + off, usegmt=True)):
        found = ask()["clock"]
    assert found["result"] == result and world.RESOLVERS[0] in found["evidence"]
    if off:
        assert ("ahead" if off < 0 else "behind") in found["evidence"] and "time server" in found["cure"]


def test_an_unknown_time_is_never_ok(lab, ask):
    """Nobody there tells the time: then it is the kernel's word, or none."""
    found = ask()["clock"]
    assert found["result"] == ("ok" if "time server keeps it" in found["evidence"] else "unknown")


@pytest.mark.parametrize("extra, result", [(("--no-firewall",), "fail"), (RULES_ON, "warn")])
def test_gluetuns_control_server_open_to_the_apps_is_told(lab, ask, extra, result):
    ask.play(extra=extra)
    with serving(lab.gateway, "127.0.0.1", 8000):
        assert ask()["listeners"]["result"] == "ok"
    with serving(lab.gateway, "0.0.0.0", 8000):
        found = ask()["listeners"]
    assert found["result"] == result and "Gluetun's control server at 0.0.0.0:8000" in found["evidence"]
    assert "HTTP_CONTROL_SERVER_ADDRESS=127.0.0.1:8000" in found["cure"]


def test_a_port_whose_number_begins_another_is_told_too(lab, ask):
    """In whatever order the kernel lists them: by a hash of its own in each namespace."""
    ports = [port for short in (41, 81, 110, 220, 450, 900, 1700, 3400) for port in (short, 10 * short)]
    with contextlib.ExitStack() as stack:
        for port in ports:
            stack.enter_context(serve(lab.gateway, port))
        found = ask()["listeners"]
    assert all(f"port {port} at 0.0.0.0:{port}" in found["evidence"] for port in ports), found


def test_a_proxy_of_the_policy_on_every_address_is_told(ask):
    text = policies.open_policy().replace(f"listen mixed {world.GATEWAY_APPS}", "listen mixed 0.0.0.0")
    found = ask.play(text)()["listeners"]
    assert found["result"] == "warn" and "a proxy of the policy at 0.0.0.0:8118" in found["evidence"]


def test_a_host_that_answers_on_the_apps_network_is_told(lab, ask):
    """The app's namespace plays the host: with no address there, with one, and with host rules before it."""
    found = ask()["isolation"]
    assert found["result"] == "ok" and "the engine isolates it" in found["evidence"]
    lab.app.batch("addr add 172.30.0.1/24 dev eth0")
    found = ask()["isolation"]
    assert found["result"] == "warn" and "isolated" in found["cure"] and "rules apply host" in found["cure"]
    lab.app.run(program("egressctl"), "rules", "apply", "host", "--bridge", "eth0", "--config", ask.scene.daemon.config)
    found = ask()["isolation"]
    assert found["result"] == "ok" and "its rules refuse" in found["evidence"]


def test_torrents_outside_the_vpn_are_told_plainly(lab, ask):
    def status(url):
        return subprocess.run(lab.gateway.command(program("egressctl"), "status", "--socket", ask.scene.daemon.control),
                              text=True, capture_output=True, timeout=20,
                              env={**os.environ, "QBITTORRENT_URL": url}).stdout

    inside, outside = f"http://{world.GATEWAY_HOME}:8080", "http://172.31.0.22:8080"
    assert ask(QBITTORRENT_URL=inside)["torrents"]["result"] == "ok"
    found = ask(QBITTORRENT_URL=outside)["torrents"]
    assert found["result"] == "warn" and "not protected" in found["evidence"]
    assert "with-qbittorrent-in-vpn.yaml" in found["cure"]
    assert "NOT PROTECTED" in status(outside) and "NOT PROTECTED" not in status(inside)


def test_a_tunnel_that_outlives_its_container_does_not_hide_an_orphaned_namespace(tmp_path):
    """A device of WireGuard stays in the namespace that its container has left."""
    config = tmp_path / "egress.conf"
    config.write_text(policies.open_policy())
    space = Namespace(f"egdoctor-{secrets.token_hex(3)}")
    try:
        space.create()
        space.batch("link add tun0 type veth peer name eth0\naddr add 10.5.0.2/32 dev tun0\nlink set tun0 up")
        found = namespace_of(space, config)
        assert found["result"] == "fail" and "orphaned" in found["evidence"]
        assert found["cure"] == "docker compose up -d --force-recreate egress"
    finally:
        space.destroy()


def namespace_of(space, config):
    answer = json.loads(run(*space.command(program("egressctl"), "doctor", "--json", "--config", str(config)), check=False))
    return next(check for check in answer["checks"] if check["name"] == "namespace")
