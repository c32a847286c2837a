# SPDX-License-Identifier: GPL-3.0-or-later
"""
What is left of flows that have ended. Their far end goes on sending, and the kernel answers what no socket takes
by itself: no user, no device that it is bound to, and main's routes lead home while the tunnel is being set up.
"""
import socket
import struct
import time

import pytest

from . import policy
from .traffic import Download

NETLINK_NETFILTER = 12
DELETE_ALL_FLOWS = struct.pack("IHHIIBBH", 20, 1 << 8 | 2, 1 | 4, 1, 0, 0, 0, 0)  # ctnetlink: delete, with an ack


def forget_flows(space):
    """What Gluetun does as it starts: conntrack forgets everything."""
    with space.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER) as conntrack:
        conntrack.send(DELETE_ALL_FLOWS)
        assert struct.unpack_from("i", conntrack.recv(100), 16)[0] == 0


@pytest.fixture(params=["conntrack remembers", "conntrack has forgotten"])
def leftovers(request, wired, play):
    """A download whose tunnel went under it; its origin sends its last pieces again and again."""
    scene = play(wired, policy.open_policy(hold="10s"))
    flow = Download(wired.app)
    flow.start()
    assert flow.running.wait(10)
    wired.vpn.link_down()
    wired.vpn.deleted()
    flow.join(5)
    flow.close()
    wired.firewall.off()
    if request.param.endswith("forgotten"):
        forget_flows(wired.gateway)
    scene.lab.witness.look()
    return scene


def seen(lab):
    lab.witness.look()
    return lab.witness.total.leaks


def wait_until(holds, timeout=8):
    deadline = time.monotonic() + timeout
    while not (found := holds()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return found


def blocked(scene):
    text = scene.lab.gateway.run("nft", "list", "counter", "inet", "egressd", "blk_own")
    return int(text.split("packets ")[1].split()[0])


def test_what_comes_for_a_flow_that_has_ended_is_not_answered_in_clear(leftovers):
    lab, before = leftovers.lab, blocked(leftovers)
    lab.vpn.half_up()
    wait_until(lambda: blocked(leftovers) >= before + 4 or seen(lab))
    assert seen(lab) == []
    assert blocked(leftovers) >= before + 4, "there was nothing to answer"


def test_without_rules_the_answers_are_seen(leftovers):
    """The control."""
    leftovers.rules("remove")
    leftovers.lab.vpn.half_up()
    assert wait_until(lambda: seen(leftovers.lab)), "nothing was answered"


def last_packet(source, destination):
    """A FIN of a flow that nobody knows, as the far end sends it: the IPv4 packet without what the kernel fills in."""
    ends = socket.inet_aton(source) + socket.inet_aton(destination)
    segment = struct.pack(">HHIIBBHHH", 80, 40000, 1, 1, 5 << 4, 0x11, 1000, 0, 0)
    total = sum(struct.unpack(">16H", ends + struct.pack(">BBH", 0, 6, len(segment)) + segment))
    total = (total & 0xFFFF) + (total >> 16)
    segment = segment[:16] + struct.pack(">H", ~(total + (total >> 16)) & 0xFFFF) + segment[18:]
    return struct.pack(">BBHHHBBH", 0x45, 0, 40, 0, 0, 64, 6, 0) + ends + segment


@pytest.mark.parametrize("with_rules", [True, False])
def test_the_last_packet_of_an_unknown_flow_is_not_answered_in_clear(wired, play, with_rules):
    scene = play(wired)
    wired.firewall.off()
    if not with_rules:
        scene.rules("remove")
    wired.vpn.routes_removed()
    with wired.vpnserver.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as far_end:
        far_end.sendto(last_packet("198.51.100.10", "10.8.0.10"), ("10.8.0.10", 0))
    if with_rules:
        assert wait_until(lambda: blocked(scene) or seen(wired)), "there was nothing to answer"
        assert seen(wired) == []
    else:
        assert wait_until(lambda: seen(wired)), "the control"
