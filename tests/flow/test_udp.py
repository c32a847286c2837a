# SPDX-License-Identifier: GPL-3.0-or-later
"""UDP ASSOCIATE: policy for every datagram, answers only from those who were asked."""
import socket

import pytest

from .client import socks5_address


class Association:
    """The two sockets of a UDP association."""

    def __init__(self, gateway, declared=("0.0.0.0", 0)):
        self.control = gateway.connect()
        self.code = self.control.socks5(*declared, command=3)
        if self.code != 0:
            return
        address, port = self.control.bound
        self.relay = (socket.inet_ntop(socket.AF_INET if len(address) == 4 else socket.AF_INET6, address), port)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.settimeout(5)
        self.socket.bind(("127.0.0.1", 0))

    def send(self, host, port, data, fragment=0):
        self.socket.sendto(b"\0\0" + bytes([fragment]) + socks5_address(host, port) + data, self.relay)

    def receive(self):
        """Who it is from and what it says."""
        data, _ = self.socket.recvfrom(65535)
        assert data[:3] == b"\0\0\0"
        size = {1: 4, 4: 16}[data[3]]
        address = socket.inet_ntop(socket.AF_INET if size == 4 else socket.AF_INET6, data[4:4 + size])
        return address, int.from_bytes(data[4 + size:6 + size], "big"), data[6 + size:]

    def is_silent_for(self, host, port, data, *rest):
        """Nothing comes for this datagram: one that is known to be answered is answered first."""
        self.send(host, port, data, *rest)
        self.send("127.0.0.1", self.known, b"are you there?")
        return self.receive()[2] == b"are you there?"

    def close(self):
        self.control.close()
        if self.code == 0:
            self.socket.close()


@pytest.fixture
def association(gateway):
    made = Association(gateway)
    assert made.code == 0
    made.known = gateway.origins.port["udp"]
    yield made
    made.close()


@pytest.mark.parametrize("host, seen", [("127.0.0.1", "127.0.0.1"), ("one.example.org", "127.0.0.1"), ("::1", "::1"),
                                        ("six.example.org", "::1"), ("two.example.org", "127.0.0.2")])
def test_datagrams_go_and_come_back_named(gateway, association, host, seen):
    port = gateway.origins.port["udp"]
    association.send(host, port, b"hello")
    assert association.receive() == (seen, port, b"hello")


def test_several_destinations_share_an_association(gateway, association):
    port = gateway.origins.port["udp"]
    for address in ("127.0.0.1", "127.0.0.2"):
        association.send(address, port, address.encode())
        assert association.receive() == (address, port, address.encode())


@pytest.mark.parametrize("size", [1, 1400, 9000, 60000])
def test_datagrams_of_any_size_stay_whole(gateway, association, size):
    association.send("127.0.0.1", gateway.origins.port["udp"], b"x" * size)
    assert association.receive()[2] == b"x" * size


def test_a_forbidden_destination_gets_nothing(gateway, association):
    mark = gateway.origins.events.mark()
    assert association.is_silent_for("blocked.example.org", gateway.origins.port["udp"], b"blocked")
    assert not gateway.origins.events.since(mark, lambda event: event.get("text") == "blocked")


def test_a_fragment_is_dropped_not_relayed(gateway, association):
    mark = gateway.origins.events.mark()
    assert association.is_silent_for("127.0.0.1", gateway.origins.port["udp"], b"fragment", 1)
    assert not gateway.origins.events.since(mark, lambda event: event.get("text") == "fragment")


def test_an_unknown_name_does_not_end_the_association(gateway, association):
    assert association.is_silent_for("nowhere.example.org", gateway.origins.port["udp"], b"lost")


@pytest.mark.parametrize("datagram", [b"", b"\0", b"\0\0\0", b"\0\0\0\1\x7f", b"\0\0\0\3\xffabc", b"\1\1\0\1\x7f\0\0\1\0\1x",
                                      b"\0\0\0\x09\x7f\0\0\1\0\1x", b"\0\0\0\3\0\0\x50x"])
def test_a_malformed_datagram_is_dropped(gateway, association, datagram):
    association.socket.sendto(datagram, association.relay)
    assert association.is_silent_for("127.0.0.1", 9, b"nobody")


def test_a_stranger_gets_no_word_in(gateway, association):
    """Only a peer that was written to is heard."""
    port = gateway.origins.port["udp"]
    association.send("127.0.0.1", port, b"STRANGER")
    assert association.receive() == ("127.0.0.1", port, b"from the right one")


def test_another_client_cannot_use_the_relay_port(gateway, association):
    mark = gateway.origins.events.mark()
    association.send("127.0.0.1", gateway.origins.port["udp"], b"mine")
    association.receive()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as thief:
        thief.bind(("127.0.0.3", 0))
        thief.sendto(b"\0\0\0" + socks5_address("127.0.0.1", gateway.origins.port["udp"]) + b"stolen", association.relay)
        assert association.is_silent_for("127.0.0.1", 9, b"nobody")
    assert not gateway.origins.events.since(mark, lambda event: event.get("text") == "stolen")


def test_the_end_of_the_control_connection_ends_the_association(gateway, association):
    association.send("127.0.0.1", gateway.origins.port["udp"], b"before")
    association.receive()
    mark = gateway.daemon.mark()
    association.control.close()
    gateway.daemon.session(mark, timeout=5)
    seen = gateway.origins.events.mark()
    association.send("127.0.0.1", gateway.origins.port["udp"], b"after")
    association.socket.settimeout(0.3)
    with pytest.raises((TimeoutError, ConnectionRefusedError)):
        association.socket.recv(10)
    assert not gateway.origins.events.since(seen, lambda event: event.get("text") == "after")


def test_a_policy_of_tcp_only_refuses_each_datagram(start):
    gateway = start(rules="out from local proto tcp")
    association = Association(gateway)
    if association.code == 0:
        mark = gateway.origins.events.mark()
        association.send("127.0.0.1", gateway.origins.port["udp"], b"tcp only")
        association.socket.settimeout(0.3)
        with pytest.raises(TimeoutError):
            association.socket.recv(10)
        assert not gateway.origins.events.since(mark, lambda event: event.get("text") == "tcp only")
    association.close()
    gateway.check()
