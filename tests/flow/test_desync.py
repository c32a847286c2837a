# SPDX-License-Identifier: GPL-3.0-or-later
"""Where one message ends and the next begins, when a request is refused, answered early or cut off half-way."""
import select
import socket
import ssl
import struct
import threading

import pytest

from .client import Connection, request
from .harness import free_port


class Origin:
    """An origin whose every byte the test decides: serve(connection, number) runs for each connection."""

    def __init__(self, serve):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.serve = serve
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        number = 0
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            connection.settimeout(20)
            number += 1
            threading.Thread(target=self.converse, args=(connection, number), daemon=True).start()

    def converse(self, connection, number):
        with connection:
            try:
                self.serve(connection, number)
            except (ConnectionError, TimeoutError):
                pass  # the gateway may break it off, or say nothing more, at any time

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()


def read_head(connection):
    head = b""
    while b"\r\n\r\n" not in head:
        more = connection.recv(1)
        if not more:
            return b""
        head += more
    return head


@pytest.mark.parametrize("name, status", [("blocked.example.org", 403), ("nowhere.example.org", 502)])
@pytest.mark.parametrize("pieces", [1, 2])
def test_the_body_of_a_refused_request_is_never_read_as_a_request(gateway, name, status, pieces):
    body = request(gateway.url("/bytes/5"))
    whole = request(gateway.url("/upload", name), "POST", body=body)
    with gateway.connect() as connection:
        connection.send(whole[:-len(body)] if pieces == 2 else whole)
        if pieces == 1:
            connection.send(request(gateway.url("/whoami")))
        assert connection.answer().status == status
        if pieces == 2:
            connection.send(body + request(gateway.url("/whoami")))
        assert connection.answer().body == b"127.0.0.1\n"


def test_an_empty_body_with_a_length_keeps_both_connections(gateway):
    with gateway.connect() as connection:
        for _ in range(3):
            connection.send(request(gateway.url("/upload"), "POST", "Content-Length: 0"))
            assert connection.answer().status == 200


def test_a_client_may_end_its_direction_after_an_empty_body(gateway):
    with gateway.connect() as connection:
        connection.send(request(gateway.url("/upload"), "POST", "Content-Length: 0")).finish()
        assert connection.answer().status == 200


def test_an_origin_connection_with_half_a_request_on_it_is_not_kept(gateway):
    """It answers before it has read the body: what comes next on that connection is body to it."""
    answered = threading.Event()
    seen = []

    def serve(connection, number):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        head = read_head(connection)
        seen.append((number, head.split()[0]))
        if head.startswith(b"POST"):
            answered.wait(20)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        if head.startswith(b"POST"):
            more = b"x"
            while more:
                more = connection.recv(65536)
                seen.append((number, b"GET") if b"GET " in more else None)

    with Origin(serve) as origin, gateway.connect() as connection:
        size = 0
        url = f"http://one.example.org:{origin.port}/"
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
        connection.send(f"POST {url} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        connection.socket.setblocking(False)
        chunk = b"1000\r\n" + b"x" * 4096 + b"\r\n"
        left = b""
        # Fill every buffer on the way, so that the last bytes stay with the gateway.
        while select.select([], [connection.socket], [], 0.7)[1]:
            left = left or chunk
            sent = connection.socket.send(left)
            left = left[sent:]
            size += sent
        connection.socket.settimeout(20)
        answered.set()
        answer = connection.answer()
        assert answer.status == 200 and answer.field("connection") == "close"
    assert size > 65536
    assert gateway.get("/whoami").status == 200
    assert (1, b"GET") not in seen


def test_an_early_answer_reaches_a_client_that_is_still_sending(gateway):
    def serve(connection, _):
        read_head(connection)
        connection.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno")
        connection.recv(1000)

    with Origin(serve) as origin, gateway.connect() as connection:
        total = 30_000_000
        connection.send(f"POST http://one.example.org:{origin.port}/ HTTP/1.1\r\nHost: x\r\nContent-Length: {total}\r\n\r\n")
        try:
            for _ in range(total // 100000):
                connection.send(b"x" * 100000)
        except (BrokenPipeError, ConnectionResetError):
            pass
        answer = connection.answer()
        assert (answer.status, answer.body) == (413, b"no")


def test_a_slow_client_gets_all_of_an_answer_that_ends_with_the_connection(gateway):
    """It is all in the kernel soon; how long the client takes to fetch it is its own affair."""
    size = 3_000_000
    with gateway.connect() as connection:
        connection.send(request(gateway.url(f"/bytes/{size}?close=1")))
        gateway.daemon.session(gateway.mark, status=200)
        select.select([], [], [], 3.5)
        assert len(connection.answer().body) == size


def test_bytes_that_wait_in_an_idle_origin_connection_answer_nobody(gateway):
    waiting = threading.Semaphore(0)

    def serve(connection, number):
        while read_head(connection):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n%d" % (number % 10))
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
            waiting.release()

    with Origin(serve) as origin, gateway.connect() as connection:
        for _ in range(50):
            assert connection.ask(f"http://one.example.org:{origin.port}/").body != b"evil"
            assert waiting.acquire(timeout=10)


@pytest.mark.parametrize("fields, reset, wait", [("Content-Length: 9000000", False, True), ("Connection: close", True, True),
                                                 ("Content-Length: 9000000", True, False), ("Connection: close", True, False)])
def test_a_long_answer_that_is_cut_off_does_not_look_complete(gateway, fields, reset, wait):
    """Long content passes through the kernel only: its end must be understood all the same."""
    def serve(connection, _):
        read_head(connection)
        connection.sendall(f"HTTP/1.1 200 OK\r\n{fields}\r\n\r\n".encode() + b"x" * 3000000)
        if wait:
            arrived.wait(10)
        if reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    arrived = threading.Event()
    with Origin(serve) as origin, gateway.connect() as connection:
        connection.send(request(f"http://one.example.org:{origin.port}/"))
        with pytest.raises(ConnectionError):
            connection.head()
            if wait:
                connection.exactly(2000000)
            arrived.set()
            connection.exactly(9000000) if "Length" in fields else connection.rest()


def test_a_reset_after_fin_passes_as_a_reset(gateway):
    ended = []
    done = threading.Event()

    def serve(connection, _):
        while connection.recv(1000):
            pass
        poll = select.poll()
        poll.register(connection, select.POLLERR)
        ended.extend(poll.poll(5000))
        done.set()

    with Origin(serve) as origin:
        connection = gateway.connect()
        assert connection.connect("one.example.org", origin.port).status == 200
        connection.send(b"x").finish()
        select.select([], [], [], 0.3)
        connection.reset()
        assert done.wait(10)
        assert ended


def test_a_reset_during_an_upload_that_is_stuck_ends_it(gateway):
    ended = threading.Event()

    def serve(connection, _):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        read_head(connection)
        poll = select.poll()
        poll.register(connection, select.POLLERR)
        if poll.poll(8000):
            ended.set()

    with Origin(serve) as origin:
        connection = gateway.connect()
        connection.send(f"POST http://one.example.org:{origin.port}/ HTTP/1.1\r\nHost: x\r\nContent-Length: 900000000\r\n\r\n")
        connection.socket.setblocking(False)
        while select.select([], [connection.socket], [], 0.5)[1]:
            connection.socket.send(b"x" * 65536)
        connection.reset()
        assert ended.wait(10)


def test_a_burst_larger_than_a_tls_record_arrives_without_another_push(start, authority):
    certificate, key = authority.issue("proxy", "serverAuth", ["DNS:proxy.example.org"])
    port = free_port()
    gateway = start(listen=f"listen mixed 127.0.0.1:{port} tls {certificate} {key}")
    context = ssl.create_default_context(cafile=authority.certificate)

    def serve(connection, _):
        connection.recv(1)
        connection.sendall(b"x" * 60000)
        connection.recv(1)

    with Origin(serve) as origin:
        for _ in range(5):
            with Connection(("127.0.0.1", port), tls=context, server_name="proxy.example.org", timeout=5) as connection:
                assert connection.connect("one.example.org", origin.port).status == 200
                assert len(connection.send(b"g").exactly(60000)) == 60000
    gateway.check()


def test_refused_connections_that_stay_open_do_not_use_up_the_limit(start):
    gateway = start(options="limit client local sessions 3")
    tunnels = [gateway.tunnel() for _ in range(3)]
    refused = []
    for _ in range(6):
        refused.append(gateway.connect())
        assert refused[-1].connect("one.example.org", gateway.origins.port["tcp"]).status == 503
    for tunnel in tunnels:
        tunnel.close()
    gateway.settled(lambda: gateway.busy() <= 6, gateway.busy)
    assert gateway.get("/whoami").status == 200
    for connection in refused:
        connection.close()
    gateway.check()


def test_a_held_request_follows_the_policy_to_an_egress_that_is_up(start):
    egress = "egress vpn device nosuch0 private resolver 127.0.0.1:{dns}"
    gateway = start(egress=egress, rules="vpn from local to two.example.org\nout from local", options="hold 20s")
    with gateway.connect() as connection:
        connection.send(request(gateway.url("/whoami", "two.example.org")))
        assert not select.select([connection.socket], [], [], 0.5)[0]
        gateway.daemon.reload(gateway.policy(rules="out from local"))
        assert connection.answer().status == 200
    gateway.check()


def test_what_follows_a_connect_that_fails_later_is_never_a_request(gateway):
    """A client that does not wait passes on what somebody else says: that must not be asked in its name."""
    with gateway.connect() as connection:
        connection.send("CONNECT never.one.example.org:80 HTTP/1.1\r\nHost: never.one.example.org:80\r\n\r\n")
        assert not select.select([connection.socket], [], [], 0.3)[0], "the name is still being asked for"
        connection.send(request(gateway.url("/whoami")))
        assert connection.head().status == 504
        connection.until(b")\n")
        assert connection.ends()
