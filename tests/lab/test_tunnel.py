# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever happens to the tunnel, under live traffic of every kind: nothing goes around it."""
import signal
import socket
import time

import pytest

from flow.client import Connection, socks5_address

from . import policy, world
from .traffic import Traffic

PROXY = f"http://{world.GATEWAY_APPS}:8118"
HTTP = "http://example.org/whoami"
GONE = ("down", "killed", "deleted")


@pytest.fixture
def busy(guarded, play):
    """A scene with traffic in it, and the promises every test here ends with."""
    scene = play(guarded, policy.open_policy(hold="10s"))
    scene.traffic = Traffic(guarded.app)
    yield scene
    scene.traffic.close()
    peers = {event["peer"] for event in guarded.events.since() if event["kind"] in ("http", "tcp", "udp", "dns")}
    assert peers <= {world.VPN_PUBLIC, world.VPN_PUBLIC6}, f"origins saw {peers}"
    scene.nothing_leaked()


def works(scene):
    answer = scene.curl(HTTP, "-x", PROXY)
    assert answer.body.strip() == world.VPN_PUBLIC, answer


@pytest.mark.parametrize("event", GONE)
def test_tunnel_that_goes_ends_its_sessions_within_a_second_and_held_requests_go_out_at_its_return(busy, event):
    getattr(busy.lab.vpn, event)()
    assert busy.traffic.late(time.monotonic(), 1.0) == []
    waiting = [busy.curl.start_verbose(url, "-x", proxy).wait_sent() for url, proxy in (
        (HTTP, PROXY), ("https://1337x.to/whoami", PROXY))]
    waiting.append(busy.curl.start("http://198.51.100.12/whoami", "-x", PROXY.replace("http", "socks5h")))
    assert busy.lab.witness.look().leaks == []
    busy.lab.vpn.up()
    for running in waiting:
        answer = running.result()
        assert answer.body.strip() in (world.VPN_PUBLIC, world.VPN_PUBLIC6), answer
    works(busy)


@pytest.mark.parametrize("event", ["recreated", "readdressed"])
def test_tunnel_that_is_replaced_ends_the_sessions_of_the_old_one_within_a_second(busy, event):
    getattr(busy.lab.vpn, event)()
    assert busy.traffic.late(time.monotonic(), 1.0) == []
    works(busy)


def test_tunnel_that_reconnects_and_keeps_its_address_goes_on_working(busy):
    busy.lab.vpn.reconnected()
    works(busy)


def test_link_down_ends_its_sessions_within_a_second(busy):
    busy.lab.vpn.routes_removed()
    busy.lab.vpn.link_down()
    assert busy.traffic.late(time.monotonic(), 1.0) == []
    busy.lab.vpn.recreated()
    works(busy)


def test_routes_removed_under_it_open_no_way_around(busy):
    """Gluetun's teardown, stopped after its first step: main's default route leads home, and nothing takes it."""
    busy.lab.vpn.routes_removed()
    for _ in range(5):
        busy.curl(HTTP, "-x", PROXY, timeout=2)
    assert busy.lab.witness.look().leaks == []
    busy.lab.vpn.recreated()
    works(busy)


@pytest.mark.slow
def test_a_server_that_falls_silent_ends_its_sessions_within_ten_seconds(busy):
    began = time.monotonic()
    busy.lab.vpn.silent()
    assert busy.traffic.late(began, 10.5) == []
    waiting = busy.curl.start_verbose(HTTP, "-x", PROXY).wait_sent()
    busy.lab.vpn.speaks()
    assert waiting.result().body.strip() == world.VPN_PUBLIC
    works(busy)


def test_egressd_killed_with_open_flows_and_no_tunnel_leaves_nothing_behind_on_the_wire(guarded):
    """Orphaned sockets still retransmit and end: they stay bound."""
    from .conftest import Scene

    scene = Scene(guarded, policy.open_policy())
    traffic = Traffic(guarded.app)
    guarded.vpn.killed()
    scene.daemon.process.send_signal(signal.SIGKILL)
    scene.daemon.process.wait()
    assert traffic.late(time.monotonic(), 2.0) == []
    traffic.close()
    guarded.vpn.up()
    scene.daemon.log.close()
    scene.nothing_leaked()


def test_egressd_started_before_the_tunnel_holds_and_then_serves(guarded, play):
    guarded.vpn.down()
    scene = play(guarded, policy.open_policy(hold="10s"))
    waiting = scene.curl.start_verbose(HTTP, "-x", PROXY).wait_sent()
    guarded.vpn.up()
    assert waiting.result().body.strip() == world.VPN_PUBLIC
    scene.nothing_leaked()


def test_a_tunnel_that_stays_away_is_a_503_that_says_so(guarded, play):
    guarded.vpn.down()
    scene = play(guarded, policy.open_policy(hold="1s"))
    answer = scene.curl(HTTP, "-i", "-x", PROXY)
    assert answer.status == 503 and "retry-after:" in answer.body.lower() and "proxy-status:" in answer.body.lower()
    assert 0.9 < answer.seconds < 2.5
    assert scene.curl("https://1337x.to/", "-x", PROXY).connect == 503
    scene.nothing_leaked()


def test_many_held_requests_all_go_out_at_the_return(guarded, play):
    guarded.vpn.down()
    scene = play(guarded, policy.open_policy(hold="20s"))
    waiting = [scene.curl.start_verbose(HTTP, "-x", PROXY).wait_sent() for _ in range(40)]
    guarded.vpn.up()
    assert [w.result().body.strip() for w in waiting] == [world.VPN_PUBLIC] * 40
    scene.nothing_leaked()


def test_ten_reconnects_in_a_row_leave_it_working(busy):
    for _ in range(10):
        busy.lab.vpn.recreated()
    assert busy.traffic.late(time.monotonic(), 1.0) == []
    works(busy)


def test_over_wireguard_it_works_and_gluetuns_teardown_ends_its_sessions(wired, play):
    scene = play(wired, policy.open_policy(hold="10s"))
    works(scene)
    traffic = Traffic(wired.app, each=1)
    wired.vpn.down()
    assert traffic.late(time.monotonic(), 1.0) == []
    wired.vpn.up()
    works(scene)
    traffic.close()
    scene.nothing_leaked()


def test_an_association_that_was_used_while_the_tunnel_was_away_carries_datagrams_at_its_return(wired, play):
    scene = play(wired)
    wired.vpn.down()
    with Connection((world.GATEWAY_APPS, 8118), unconnected=wired.app.socket(socket.AF_INET, socket.SOCK_STREAM)) as control, \
            wired.app.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        assert control.socks5("0.0.0.0", 0, command=3) == 0
        relay = (socket.inet_ntop(socket.AF_INET, control.bound[0]), control.bound[1])
        client.settimeout(0.2)
        datagram = b"\0\0\0" + socks5_address("198.51.100.12", world.UDP_PORT) + b"hello"

        def answered():
            client.sendto(datagram, relay)
            try:
                return client.recv(2048).endswith(b"hello")
            except TimeoutError:
                return False

        assert not answered()
        wired.vpn.up()
        assert any(answered() for _ in range(50))
    scene.nothing_leaked()
