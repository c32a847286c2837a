# SPDX-License-Identifier: GPL-3.0-or-later
"""
The traffic of a chaos run: flows that go on until they end, and knocks. By the gateway as the app, or, for the
control, unbound from within the tunnel's own namespace.
"""
import select
import socket
import time

from . import traffic, world
from .chaos_knocks import BY_GATEWAY, ORIGIN, PLAIN

ORIGIN6 = "2001:db8:100::11"


def paced(kind, pause_s=0.002):
    """Busy, and not so busy that it measures the machine."""
    def one_round(self):
        time.sleep(pause_s)
        return kind.round(self)

    return type(f"Paced{kind.__name__}", (kind,), {"round": one_round})


class Datagrams(traffic.Datagrams):
    """Notices at once that its association has ended, and remembers when the last answer came."""

    answered_at = 0

    def round(self):
        self.datagrams.sendto(b"\0\0\0" + self.sent + b"u" * 512, self.relay)
        readable = select.select([self.datagrams, self.connection.socket], [], [], 0.05)[0]
        if self.connection.socket in readable:
            return self.connection.socket.recv(1) != b""
        if readable:
            self.datagrams.recv(2048)
            self.answered_at = time.monotonic()
            time.sleep(0.02)
        return True


class SocksToSix(traffic.Socks):
    """Over IPv6."""

    def open(self, _):
        assert self.connection.socks5(ORIGIN6, world.TCP_PORT) == 0
        self.connection.send("ECHO\n")


class PlainTunnel(traffic.Tunnel):
    peer = (ORIGIN, world.TCP_PORT)

    def open(self, _):
        self.connection.send("ECHO\n")


class PlainTunnelToSix(PlainTunnel):
    peer = (ORIGIN6, world.TCP_PORT)
    family = socket.AF_INET6


class PlainDownload(traffic.Download):
    peer = (ORIGIN, 80)


class PlainUpload(traffic.Upload):
    peer = (ORIGIN, 80)


class PlainDatagrams(traffic.Flow):
    """Its connection is idle, and there to be the same as the others."""

    peer = (ORIGIN, world.TCP_PORT)

    def open(self, space):
        self.connection.send("ECHO\n")
        self.datagrams = space.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.datagrams.settimeout(0.05)

    def round(self):
        try:
            self.datagrams.sendto(b"u" * 512, (ORIGIN, world.UDP_PORT))
            self.datagrams.recv(2048)
        except TimeoutError:
            pass
        return True

    def close(self):
        self.datagrams.close()
        super().close()


FLOWS = (traffic.Tunnel, traffic.Socks, SocksToSix, traffic.Download, traffic.Upload)
PLAIN_FLOWS = (PlainTunnel, PlainTunnelToSix, PlainDownload, PlainUpload)
THROUGH_GATEWAY = [paced(kind) for kind in FLOWS] + [Datagrams], BY_GATEWAY
UNBOUND = [paced(kind) for kind in PLAIN_FLOWS] + [paced(PlainDatagrams, 0.02)], PLAIN


class Traffic:
    """Several flows of each kind, opened anew when they have ended, and one knock of each kind."""

    def __init__(self, space, kinds, each):
        self.space, self.each = space, each
        self.kinds, knocks = kinds
        self.flows = []
        self.knocks = [knock(space) for knock in knocks]

    def run(self, timeout):
        """Every flow runs. False when that takes too long."""
        deadline = time.monotonic() + timeout
        running = [flow for flow in self.flows if flow.ended_at is None]
        for flow in self.flows:
            if flow not in running:
                flow.close()
        self.flows = running
        wanted = self.kinds * self.each
        for flow in running:
            wanted.remove(type(flow))
        while wanted and time.monotonic() < deadline:
            flow = self._open(wanted[-1], deadline - time.monotonic())
            if flow:
                self.flows.append(flow)
                wanted.pop()
        return not wanted

    def _open(self, kind, timeout):
        try:
            flow = kind(self.space)
        except (OSError, AssertionError):
            time.sleep(0.01)
            return None
        flow.start()
        if flow.running.wait(timeout) and flow.ended_at is None:
            return flow
        flow.close()
        return None

    def wait_ended(self, timeout, associations=True):
        """When the last flow ended, and those that have not. associations=False: those may stay, without answers."""
        deadline = time.monotonic() + timeout
        ending = [flow for flow in self.flows if associations or not isinstance(flow, Datagrams)]
        for flow in ending:
            flow.join(max(0, deadline - time.monotonic()))
        ends = [flow.ended_at for flow in ending if flow.ended_at is not None]
        return max(ends, default=None), [type(flow).__name__ for flow in ending if flow.ended_at is None]

    def last_answer(self):
        """To a datagram."""
        return max((flow.answered_at for flow in self.flows if isinstance(flow, Datagrams)), default=0)

    def hang_up(self):
        for flow in self.flows:
            flow.hang_up()
        for knock in self.knocks:
            knock.hang_up()

    def last_passed_before(self, moment):
        return max(knock.last_passed_before(moment) for knock in self.knocks)

    def passed_after(self, moment, timeout):
        """When the first request passed, and the kinds of which none has."""
        deadline = time.monotonic() + timeout
        times = {type(knock).__name__: knock.passed_after(moment, max(0, deadline - time.monotonic()))
                 for knock in self.knocks if knock.counts}
        passed = [at for at in times.values() if at is not None]
        return min(passed, default=None), [name for name, at in times.items() if at is None]

    def close(self):
        for each in self.knocks:
            each.stop()
        for flow in self.flows:
            flow.hang_up()
        for flow in self.flows:
            flow.close()
