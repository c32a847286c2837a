# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits: descriptors, sessions of a client, the table of who may ask."""
import select

import pytest

from .client import Connection
from .harness import free_port


def status_of(connection):
    """Who is refused may be reset before the answer is read: what it asked had not been read by then."""
    try:
        return connection.head().status
    except ConnectionResetError:
        return 503


def test_at_the_descriptor_limit_it_waits_without_spinning_and_goes_on(start):
    gateway = start(before=("prlimit", "--nofile=128:128"))
    where = f"one.example.org:{gateway.origins.port['tcp']}"
    tunnels = {}
    for _ in range(150):
        connection = gateway.connect()
        connection.send(f"CONNECT {where} HTTP/1.1\r\nHost: {where}\r\n\r\n")
        tunnels[connection.socket] = connection
    waiting, statuses = dict(tunnels), set()
    while 200 not in statuses:  # the others wait in the queue: that is the point
        answered = select.select(list(waiting), [], [], 5)[0]
        assert answered, statuses
        statuses |= {status_of(waiting.pop(sock)) for sock in answered}
    assert statuses <= {200, 503}
    before = gateway.daemon.processor_seconds()
    select.select([], [], [], 1.0)  # hardly anybody is served now, and nobody's time is burnt
    assert gateway.daemon.processor_seconds() - before < 0.3
    for connection in tunnels.values():
        connection.close()
    gateway.settled(lambda: gateway.busy() == 0, lambda: None)
    assert gateway.get("/whoami").status == 200
    gateway.check()


def test_the_table_of_descriptors_is_large_before_anybody_comes(start):
    """To grow it later is a wait for every worker at once."""
    gateway = start(before=("prlimit", "--nofile=20000:20000"))
    with open(f"/proc/{gateway.daemon.pid}/status", encoding="ascii") as file:
        size = next(int(line.split()[1]) for line in file if line.startswith("FDSize:"))
    assert size == 16384
    gateway.check()


def test_a_client_has_as_many_sessions_as_the_policy_gives_it(start):
    gateway = start(options="limit client local sessions 4")
    held = [gateway.connect() for _ in range(4)]
    for connection in held:
        assert connection.connect("one.example.org", gateway.origins.port["tcp"]).status == 200
    with gateway.connect() as fifth:
        try:
            assert fifth.connect("one.example.org", gateway.origins.port["tcp"]).status == 503
        except ConnectionError:
            pass
    held.pop().close()
    gateway.settled(lambda: len([s for s in gateway.sockets() if s[0] == gateway.port and s[1]]) < 4, lambda: None)
    with gateway.connect() as again:
        assert again.connect("one.example.org", gateway.origins.port["tcp"]).status == 200
    for connection in held:
        connection.close()
    gateway.check()


def test_who_no_client_line_describes_is_denied(start):
    gateway = start(client="client local address 127.0.0.1")
    with gateway.connect(source="127.0.0.7") as stranger:
        answer = stranger.connect("one.example.org", gateway.origins.port["tcp"])
        assert answer.status == 403
    assert gateway.daemon.session(0, status=403)["client"] in ("-", "unknown")
    gateway.check()


def test_a_port_can_be_an_identity(start):
    port = free_port()
    gateway = start(listen=f"listen mixed 127.0.0.1:{port} as other", client="client local address 127.0.0.1\nclient other",
                    rules="block from other to two.example.org\nout from other,local")
    with Connection(("127.0.0.1", port)) as connection:
        assert connection.ask(gateway.url(name="two.example.org")).status == 403
        assert connection.ask(gateway.url()).status == 200
    assert gateway.get(name="two.example.org").status == 200
    gateway.check()


@pytest.mark.parametrize("kind, http, socks", [("http", True, False), ("socks", False, True)])
def test_a_port_of_one_kind_speaks_only_that(start, kind, http, socks):
    port = free_port()
    gateway = start(listen=f"listen {kind} 127.0.0.1:{port}")
    with Connection(("127.0.0.1", port)) as connection:
        try:
            assert (connection.ask(gateway.url()).status == 200) == http
        except ConnectionError:
            assert not http
    with Connection(("127.0.0.1", port)) as connection:
        try:
            assert (connection.socks5("one.example.org", gateway.origins.port["tcp"]) == 0) == socks
        except (ConnectionError, AssertionError, TimeoutError):
            assert not socks
    gateway.check()


def test_ports_and_protocols_of_a_rule_are_kept_to(start):
    gateway = start(rules="out from local port 1-1000\nblock from local")
    with gateway.connect() as connection:
        assert connection.connect("one.example.org", gateway.origins.port["tcp"]).status == 403
        assert connection.connect("one.example.org", 999).status == 502
    gateway.check()


def test_a_rule_for_an_address_holds_for_an_address(start):
    gateway = start(rules="block to 127.0.0.2\nblock to ::1\nout from local")
    with gateway.connect() as connection:
        assert connection.connect("127.0.0.2", gateway.origins.port["tcp"]).status == 403
        assert connection.connect("::1", gateway.origins.port["tcp"]).status == 403
        assert connection.connect("::ffff:127.0.0.2", gateway.origins.port["tcp"]).status == 403
        assert connection.connect("127.0.0.1", gateway.origins.port["tcp"]).status == 200
    gateway.check()


def hold(gateway, source):
    connection = gateway.connect(source=source)
    return connection.send("CONNECT two.example.org:80 HTTP/1.1\r\nHost: two.example.org:80\r\n\r\n")


def test_one_source_cannot_take_all_the_places_to_wait_for_a_tunnel(start):
    gateway = start(egress="egress away device egress-none0 resolver 127.0.0.1", options="hold 20s\nworkers 1",
                    rules="away from local to two.example.org\nout from local", before=("prlimit", "--nofile=4096:4096"))
    waiting = [hold(gateway, "127.0.0.9") for _ in range(513)]
    by_descriptor = {connection.socket.fileno(): connection for connection in waiting}
    poller = select.poll()
    for descriptor in by_descriptor:
        poller.register(descriptor, select.POLLIN)
    refused = poller.poll(10000)
    assert len(refused) == 1, "one too many, whichever came last"
    assert by_descriptor[refused[0][0]].answer().status == 503
    with hold(gateway, "127.0.0.8") as modest:
        assert not select.select([modest.socket], [], [], 0.5)[0], "another source still waits as it should"
        modest.reset()
    for connection in waiting:
        connection.reset()
    gateway.check()


def test_a_source_that_only_connects_does_not_keep_others_out(start):
    """No limit of the policy holds before a client has asked, and a descriptor is taken before that."""
    gateway = start(before=("prlimit", "--nofile=128:128"), options="timeout handshake 60s\nworkers 1")
    # Who has sent a byte is accepted at once, and has asked for nothing yet.
    idle = [gateway.connect(source="127.0.0.9").send("C") for _ in range(200)]
    assert idle[0].ends(), "descriptors are few, and the first comes first"
    for _ in range(20):
        with gateway.connect(source="127.0.0.8", timeout=5) as modest:
            assert modest.connect("one.example.org", gateway.origins.port["tcp"]).status == 200
    for connection in idle:
        connection.close()
    gateway.check()


def test_idle_connections_stay_while_descriptors_are_many(start):
    gateway = start(before=("prlimit", "--nofile=256:256"), options="workers 1")
    idle = [gateway.connect() for _ in range(100)]
    for connection in idle:
        assert connection.ask(gateway.url()).status == 200
    for connection in idle:
        assert connection.ask(gateway.url()).status == 200
        connection.close()
    gateway.check()
