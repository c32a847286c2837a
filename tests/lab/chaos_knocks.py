# SPDX-License-Identifier: GPL-3.0-or-later
"""Knocks ask again and again whether a request passes: by the gateway, or unbound for the control."""
import collections
import secrets
import socket
import struct
import threading
import time

from flow.client import Connection, request, socks5_address

from . import traffic, world

ORIGIN = world.NAMES[traffic.ORIGIN]["A"][0]
PATIENCE = 40
THROUGH_THE_TUNNEL = (world.VPN_PUBLIC, world.VPN_PUBLIC6)


class Knock(threading.Thread):
    """One request after another, each on a new connection; remembers when requests passed."""

    kind = (socket.AF_INET, socket.SOCK_STREAM)
    counts = True  # its passing proves that requests pass

    def __init__(self, space):
        super().__init__(daemon=True)
        self.space, self.passed, self.stopped = space, collections.deque(maxlen=1000), False
        self.socket, self.changed = None, threading.Condition()
        self.start()

    def run(self):
        while not self.stopped:
            try:
                self.socket = self.space.socket(*self.kind)
                passes = self.ask()
            except (OSError, AssertionError, ValueError):
                passes = False
            finally:
                if self.socket:
                    self.socket.close()
            if passes:
                with self.changed:
                    self.passed.append(time.monotonic())
                    self.changed.notify_all()
            time.sleep(0.02)

    def connect(self, peer=traffic.PROXY):
        return Connection(peer, unconnected=self.socket, timeout=PATIENCE)

    def passed_after(self, moment, timeout):
        """When the first request passed after that moment; None when none did in time."""
        with self.changed:
            self.changed.wait_for(lambda: self.passed and self.passed[-1] > moment, timeout)
            return next((at for at in self.passed if at > moment), None)

    def last_passed_before(self, moment):
        with self.changed:
            return max((at for at in self.passed if at <= moment), default=0)

    def hang_up(self):
        """As a client does that has lost its network."""
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except (OSError, AttributeError):
            pass

    def stop(self):
        """It may still wait for a network that is gone: it ends with the program."""
        self.stopped = True
        self.hang_up()


def whoami(connection):
    connection.send(request(f"http://{ORIGIN}/whoami", "GET", "Connection: close"))
    return connection.answer().body.decode().strip() in THROUGH_THE_TUNNEL


class KnockByName(Knock):
    def ask(self):
        answer = self.connect().ask("http://example.org/whoami", "GET", "Connection: close")
        return answer.body.decode().strip() in THROUGH_THE_TUNNEL


class KnockByConnect(Knock):
    def ask(self):
        connection = self.connect()
        return connection.connect("tracker.example.net", 80).status == 200 and whoami(connection)


class KnockBySocks(Knock):
    def ask(self):
        connection = self.connect()
        return connection.socks5(ORIGIN, 80) == 0 and whoami(connection)


class KnockUnknownName(Knock):
    """A name nobody has asked before: it makes the resolvers work, and is an error in any case."""

    counts = False

    def ask(self):
        self.connect().ask(f"http://{secrets.token_hex(6)}.example.org/", "GET", "Connection: close")


class KnockDatagram(Knock):
    """An association of its own for one question."""

    def ask(self):
        connection = self.connect()
        assert connection.socks5("0.0.0.0", 0, command=3) == 0
        address, port = connection.bound
        with self.space.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(0.3)
            client.sendto(b"\0\0\0" + socks5_address(ORIGIN, world.UDP_PORT) + b"knock",
                          (socket.inet_ntop(socket.AF_INET, address), port))
            return client.recv(2048).endswith(b"knock")


class PlainKnock(Knock):
    def ask(self):
        return whoami(Connection((ORIGIN, 80), unconnected=self.socket, timeout=0.2))


class PlainKnockName(Knock):
    kind = (socket.AF_INET, socket.SOCK_DGRAM)

    def ask(self):
        question = struct.pack(">HHHHHH", 1, 0x100, 1, 0, 0, 0) + b"\7example\3org\0" + struct.pack(">HH", 1, 1)
        self.socket.settimeout(0.2)
        self.socket.sendto(question, (world.RESOLVERS[0], 53))
        return bool(self.socket.recv(1000))


BY_GATEWAY = (KnockByName, KnockByConnect, KnockBySocks, KnockUnknownName, KnockDatagram)
PLAIN = (PlainKnock, PlainKnockName)
