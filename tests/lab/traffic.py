# SPDX-License-Identifier: GPL-3.0-or-later
"""Live traffic from the app, of every kind at once, that notes when it ended."""
import socket
import threading
import time

from flow.client import Connection, request, socks5_address

from . import world

PROXY = (world.GATEWAY_APPS, 8118)
ORIGIN = "tracker.example.net"


class Flow(threading.Thread):
    """One client that goes on until its connection ends."""

    peer, family = PROXY, socket.AF_INET

    def __init__(self, app):
        super().__init__(daemon=True)
        self.connection = Connection(self.peer, unconnected=app.socket(self.family, socket.SOCK_STREAM))
        self.connection.socket.settimeout(60)
        self.rounds, self.ended_at, self.running = 0, None, threading.Event()
        self.open(app)

    def run(self):
        try:
            while self.round():
                self.rounds += 1
                if self.rounds == 3:
                    self.running.set()
        except OSError:
            pass
        self.ended_at = time.monotonic()
        self.running.set()

    def hang_up(self):
        try:
            self.connection.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def close(self):
        self.hang_up()
        self.join(5)
        self.connection.close()


class Tunnel(Flow):
    """CONNECT, and data both ways without a pause."""

    def open(self, app):
        assert self.connection.connect(ORIGIN, world.TCP_PORT).status == 200
        self.connection.send("ECHO\n")

    def round(self):
        self.connection.send(b"t" * 4096)
        return self.connection.exactly(4096)


class Socks(Tunnel):
    def open(self, app):
        assert self.connection.socks5(ORIGIN, world.TCP_PORT) == 0
        self.connection.send("ECHO\n")


class Download(Flow):
    """An absolute-form answer that comes in pieces."""

    def open(self, app):
        self.connection.send(request(f"http://{ORIGIN}/slow?pieces=100000&ms=5"))
        assert self.connection.head().status == 200

    def round(self):
        return self.connection.until(b"\n")


class Upload(Flow):
    """An absolute-form request whose body does not end."""

    def open(self, app):
        self.connection.send(request(f"http://{ORIGIN}/upload", "POST", "Content-Length: 100000000000"))

    def round(self):
        self.connection.send(b"u" * 4096)
        time.sleep(0.005)
        return True


class Datagrams(Flow):
    """A UDP association; it has ended when its control connection has."""

    def open(self, app):
        assert self.connection.socks5("0.0.0.0", 0, command=3) == 0
        address, port = self.connection.bound
        self.relay = (socket.inet_ntop(socket.AF_INET, address), port)
        self.datagrams = app.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.datagrams.settimeout(0.05)
        self.sent = socks5_address("198.51.100.12", world.UDP_PORT)
        self.connection.socket.setblocking(False)

    def round(self):
        try:
            self.datagrams.sendto(b"\0\0\0" + self.sent + b"u" * 512, self.relay)
            self.datagrams.recv(2048)
        except (TimeoutError, ConnectionRefusedError):
            pass
        try:
            return self.connection.socket.recv(1) != b""
        except BlockingIOError:
            return True

    def close(self):
        super().close()
        self.datagrams.close()


class Traffic:
    """Several flows of each kind."""

    def __init__(self, app, each=3):
        self.flows = [kind(app) for kind in (Tunnel, Socks, Download, Upload, Datagrams) for _ in range(each)]
        for flow in self.flows:
            flow.start()
        for flow in self.flows:
            assert flow.running.wait(10) and flow.ended_at is None, f"{flow} did not run"

    def late(self, since, limit):
        """What had not ended so many seconds after a moment; waits until then at most."""
        deadline = since + limit
        for flow in self.flows:
            flow.join(max(0, deadline - time.monotonic()))
        return [f"{type(flow).__name__} {'runs on' if flow.ended_at is None else f'ended after {flow.ended_at - since:.2f} s'}"
                for flow in self.flows if flow.ended_at is None or flow.ended_at > deadline]

    def close(self):
        for flow in self.flows:
            flow.close()
