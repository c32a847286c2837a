# SPDX-License-Identifier: GPL-3.0-or-later
"""Through another proxy: names pass unresolved, its refusals are told, its login is given."""
import subprocess

import pytest

from lab.daemon import program

from .harness import free_port


@pytest.fixture(scope="module")
def users(tmp_path_factory):
    path = str(tmp_path_factory.mktemp("users") / "users")
    subprocess.run([program("egressctl"), "passwd", path, "hub"], input="p@ss:word\n", text=True, check=True, timeout=20)
    return path


def chain(start, url, port=None, **parts):
    """far: the upstream, on its usual port or another; near: the one under test, whose only egress is far."""
    far = start(**parts)
    near = start(egress=f"egress up proxy {url}:{port or far.port}", rules="up from local")
    near.pool_ports.add(port or far.port)
    return near, far


@pytest.mark.parametrize("scheme", ["http", "socks5"])
def test_tunnels_and_requests_go_through(start, scheme):
    near, far = chain(start, scheme + "://127.0.0.1")
    with near.tunnel("PEER") as tunnel:
        assert tunnel.rest() == b"127.0.0.1\n"
    with near.connect() as connection:
        assert connection.ask(near.url("/whoami")).body == b"127.0.0.1\n"
    with near.connect() as connection:
        assert connection.socks5("one.example.org", near.origins.port["tcp"], extra=b"ECHO\nearly") == 0
        assert connection.finish().rest() == b"early"
    entry = far.daemon.session(0, port=near.origins.port["tcp"])
    assert entry["host"] == "one.example.org", "the name reaches the far end, not an address"
    near.check()


@pytest.mark.parametrize("scheme", ["http", "socks5"])
def test_refusals_of_the_far_end_are_told(start, scheme):
    near, _ = chain(start, scheme + "://127.0.0.1", rules="block to two.example.org\nout from local")
    with near.connect() as connection:
        answer = connection.connect("two.example.org", near.origins.port["tcp"])
        assert answer.status in (403, 502) and answer.field("proxy-status")
        assert connection.connect("one.example.org", 1).status == 502
        assert connection.connect("one.example.org", near.origins.port["tcp"]).status == 200
    near.check()


@pytest.mark.parametrize("scheme", ["http", "socks5"])
def test_the_login_is_given(start, users, scheme):
    port = free_port()
    near, far = chain(start, scheme + "://hub:p%40ss%3Aword@127.0.0.1", port,
                      listen=f"listen mixed 127.0.0.1:{port} auth {users}")
    mark = near.daemon.mark()
    with near.tunnel("PEER") as tunnel:
        assert tunnel.rest() == b"127.0.0.1\n"
    assert far.daemon.session(0, user="hub") and near.daemon.session(mark, sent=5)
    assert "p@ss" not in near.daemon.text() and "p%40ss" not in near.daemon.text()
    near.check()


def test_an_upstream_that_is_away_is_a_502(start):
    gateway = start(egress="egress up proxy http://127.0.0.1:1", rules="up from local to two.example.org\nout from local")
    with gateway.connect() as connection:
        assert connection.connect("two.example.org", 80).status == 502
    gateway.check()
