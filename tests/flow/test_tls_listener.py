# SPDX-License-Identifier: GPL-3.0-or-later
"""The TLS listener: a proxy that is spoken to in secret."""
import ssl

import pytest

from lab.origins import pattern

from .client import Connection, request
from .harness import free_port


@pytest.fixture
def secret(start, authority):
    certificate, key = authority.issue("proxy", "serverAuth", ["DNS:proxy.example.org"])
    port = free_port()
    gateway = start(listen=f"listen mixed 127.0.0.1:{port} tls {certificate} {key}")
    gateway.address = ("127.0.0.1", port)
    gateway.context = ssl.create_default_context(cafile=authority.certificate)
    yield gateway
    gateway.check()


def dial(gateway):
    return Connection(gateway.address, tls=gateway.context, server_name="proxy.example.org")


def test_connect_http_and_socks_work_inside_tls(secret):
    with dial(secret) as connection:
        assert connection.connect("one.example.org", secret.origins.port["tcp"]).status == 200
        assert connection.send("PEER\n").rest() == b"127.0.0.1\n"
    with dial(secret) as connection:
        assert connection.ask(secret.url("/whoami")).status == 200
        assert connection.ask(secret.url("/whoami", "two.example.org")).status == 200
    with dial(secret) as connection:
        assert connection.socks5("one.example.org", secret.origins.port["tcp"]) == 0
        assert connection.send("PEER\n").rest() == b"127.0.0.1\n"


def test_bulk_arrives_whole_both_ways(secret):
    with dial(secret) as connection:
        connection.send(request(secret.url("/bytes/20000000?seed=4")))
        assert connection.answer().body == pattern.make(20000000, 4)
        connection.send(request(secret.url("/upload"), "POST", "Content-Length: 20000000"))
        connection.send(pattern.make(20000000))
        assert connection.answer().json()["sha256"] == pattern.checksum(20000000)


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_current_versions_are_spoken(secret, version):
    secret.context.maximum_version = secret.context.minimum_version = getattr(ssl.TLSVersion, version)
    with dial(secret) as connection:
        assert connection.ask(secret.url("/whoami")).status == 200


def test_plain_text_on_the_tls_port_is_ended(secret):
    with Connection(secret.address) as connection:
        connection.send(request(secret.url("/whoami")))
        try:
            assert b"127.0.0.1" not in connection.rest()
        except ConnectionResetError:
            pass


def test_a_handshake_that_stalls_is_dropped_in_time(secret):
    with Connection(secret.address) as connection:
        connection.send(b"\x16\x03\x01")
        assert connection.ends()
