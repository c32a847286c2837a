# SPDX-License-Identifier: GPL-3.0-or-later
"""`forward`: a plain TCP relay from a published port to an app inside."""
import hashlib
import time

from lab.origins import pattern

from .client import Connection
from .harness import free_port


def forwarding(start, origins, sources=""):
    port = free_port()
    gateway = start(listen=f"forward 127.0.0.1:{port} to 127.0.0.1:{origins.port['tcp']} {sources}")
    return gateway, ("127.0.0.1", port)


def is_turned_away(address, **options):
    """Closed or reset, as early as the connect."""
    try:
        with Connection(address, **options) as connection:
            return connection.ends()
    except ConnectionResetError:
        return True


def test_bytes_go_through_with_half_close(start, origins):
    gateway, address = forwarding(start, origins)
    data = pattern.make(1_000_000)
    with Connection(address) as connection:
        connection.send(b"HALF\n" + data).finish()
        assert connection.rest() == b"got 1000000 %s\n" % hashlib.sha256(data).hexdigest().encode()
    entry = gateway.daemon.session(0, method="FORWARD")
    assert entry["sent"] == 1000005
    gateway.check()


def test_only_those_named_may_use_it(start, origins):
    gateway, address = forwarding(start, origins, "from 127.0.0.4/31")
    with Connection(address, source="127.0.0.5") as connection:
        assert connection.send("PEER\n").rest() == b"127.0.0.1\n"
    assert is_turned_away(address, source="127.0.0.6")
    gateway.check()


def greeting_comes_at_once(address):
    """Soon at least once in a few times, that is: the machine may be busy. Who waits for the client takes a second each time."""
    for _ in range(5):
        began = time.monotonic()
        with Connection(address) as connection:
            assert connection.until(b"\n").startswith(b"220 ")
        if time.monotonic() - began < .8:
            return True
    return False


def test_a_server_that_speaks_first_is_heard_at_once(start, origins):
    ports = free_port(), free_port()
    forwards = [f"forward 127.0.0.1:{port} to 127.0.0.1:{origins.port['banner']}\n" for port in ports]
    # The socket of the second one is there already, for clients that speak first.
    gateway = start(listen=f"{forwards[0]}listen mixed 127.0.0.1:{ports[1]}")
    assert gateway.daemon.reload(gateway.policy(listen="".join(forwards)))["event"] == "policy reloaded"
    for port in ports:
        assert greeting_comes_at_once(("127.0.0.1", port))
    gateway.check()


def test_a_target_that_is_away_ends_the_connection(start):
    port = free_port()
    gateway = start(listen=f"forward 127.0.0.1:{port} to 127.0.0.1:1")
    assert is_turned_away(("127.0.0.1", port))
    gateway.check()
