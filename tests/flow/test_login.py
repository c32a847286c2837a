# SPDX-License-Identifier: GPL-3.0-or-later
"""Logins: .NET's way of asking twice, exact comparison, and wrong passwords kept slow."""
import base64
import subprocess
import threading
import time

import pytest

from lab.daemon import is_sanitized, program

from .harness import free_port

PASSWORD = "p:ss w\xf6rd"


@pytest.fixture(scope="module")
def users(tmp_path_factory):
    path = str(tmp_path_factory.mktemp("users") / "users")
    for user, password in (("anna", PASSWORD), ("bert", "two")):
        done = subprocess.run([program("egressctl"), "passwd", path, user], input=password + "\n", text=True,
                              capture_output=True, timeout=20)
        assert done.returncode == 0, done.stderr
    return path


@pytest.fixture
def locked(start, users):
    port = free_port()
    gateway = start(listen=f"listen mixed 127.0.0.1:{port} auth {users}",
                    client="client local address 127.0.0.0/8")
    gateway.open_address, gateway.address = gateway.address, ("127.0.0.1", port)
    yield gateway
    gateway.check()


def basic(user, password):
    return "Proxy-Authorization: Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def test_without_a_login_407_keeps_the_connection_and_the_second_try_works(locked):
    with locked.connect() as connection:
        answer = connection.connect("one.example.org", locked.origins.port["tcp"])
        assert answer.status == 407
        assert answer.field("proxy-authenticate").lower().startswith("basic realm=")
        assert answer.field("content-length") == "0"
        assert connection.connect("one.example.org", locked.origins.port["tcp"], basic("anna", PASSWORD)).status == 200
        connection.send("PEER\n")
        assert connection.rest() == b"127.0.0.1\n"


def test_407_for_a_request_with_a_body_is_followed_by_the_second_try(locked):
    with locked.connect() as connection:
        answer = connection.ask(locked.url("/upload"), "POST", body=b"x" * 1000)
        assert answer.status == 407
        answer = connection.ask(locked.url("/upload"), "POST", basic("bert", "two"), body=b"x" * 1000)
        assert answer.json()["bytes"] == 1000


@pytest.mark.parametrize("user, password", [
    ("anna", "wrong"), ("anna", ""), ("", PASSWORD), ("anna", PASSWORD + "\0"), ("anna\0", PASSWORD), ("anna\0x", PASSWORD),
    ("anna", PASSWORD + "\0x"), ("Anna", PASSWORD), ("bert", "two "), ("nobody", "two"), ("bert:two", ""),
])
def test_a_login_is_right_to_the_last_byte(locked, user, password):
    with locked.connect() as connection:
        answer = connection.connect("one.example.org", locked.origins.port["tcp"], basic(user, password))
        assert answer.status in (400, 407, 429)


@pytest.mark.parametrize("value", ["Basic !!!", "Basic", "Bearer x", "Basic YW5uYQ==", "Negotiate x"])
def test_a_malformed_login_is_no_login(locked, value):
    with locked.connect() as connection:
        answer = connection.connect("one.example.org", locked.origins.port["tcp"], f"Proxy-Authorization: {value}")
        assert answer.status in (400, 407)


def test_two_logins_in_one_request_are_refused(locked):
    with locked.connect() as connection:
        answer = connection.connect("one.example.org", locked.origins.port["tcp"], basic("anna", "no"), basic("bert", "two"))
        assert answer.status in (400, 407)


def test_socks5_login_works_and_socks4_has_none(locked):
    port = locked.origins.port["tcp"]
    with locked.connect() as connection:
        assert connection.socks5("one.example.org", port, b"anna", PASSWORD.encode()) == 0
        connection.send("PEER\n")
        assert connection.rest() == b"127.0.0.1\n"
    with locked.connect() as connection:
        assert connection.socks5("one.example.org", port) == 0xFF
    with locked.connect() as connection:
        assert connection.socks4("one.example.org", port) in (91, 92, 93)


@pytest.mark.parametrize("user, password", [
    (b"anna", b"wrong"), (b"anna\0", PASSWORD.encode()), (b"anna", PASSWORD.encode() + b"\0"), (b"", b""),
    (b"x" * 255, b"y" * 255),
])
def test_a_wrong_socks5_login_fails_at_the_login(locked, user, password):
    """Not: the login 'succeeds' and then the request fails."""
    with locked.connect() as connection:
        try:
            assert connection.socks5("one.example.org", locked.origins.port["tcp"], user, password) == 0xFE
        except ConnectionError:
            assert user == b"", "only a login that RFC 1929 does not know may go unanswered"


def test_the_login_and_the_password_never_reach_log_or_origin(locked):
    with locked.connect() as connection:
        answer = connection.ask(locked.url("/echo"), "GET", basic("anna", PASSWORD))
        assert "authorization" not in answer.json()["head"].lower()
    entry = locked.daemon.session(0, user="anna")
    assert entry["user"] == "anna"
    text = locked.daemon.text()
    assert PASSWORD not in text and base64.b64encode(f"anna:{PASSWORD}".encode()).decode() not in text


def test_wrong_passwords_are_limited(locked):
    statuses = []
    with locked.connect(source="127.0.0.9") as connection:
        for i in range(40):
            answer = connection.connect("one.example.org", locked.origins.port["tcp"], basic("anna", f"guess{i}"))
            statuses.append(answer.status)
            if statuses[-1] == 429:
                break
    assert 429 in statuses
    with locked.connect(source="127.0.0.8") as connection:
        assert connection.connect("one.example.org", locked.origins.port["tcp"], basic("bert", "two")).status == 200


def test_who_may_not_guess_any_more_learns_nothing_from_what_others_were_granted(start, users):
    """A remembered login is told at once: past the limit that would be guessing without one."""
    port = free_port()
    gateway = start(listen=f"listen mixed 127.0.0.1:{port} auth {users}", client="client local address 127.0.0.0/8",
                    options="workers 1")
    gateway.address = ("127.0.0.1", port)
    target = ("one.example.org", gateway.origins.port["tcp"])
    with gateway.connect(source="127.0.0.8") as bert:
        assert bert.connect(*target, basic("bert", "two")).status == 200
    with gateway.connect(source="127.0.0.9") as thief:
        while thief.connect(*target, basic("bert", "guess")).status != 429:
            pass
        assert thief.connect(*target, basic("bert", "two")).status == 429
    with gateway.connect(source="127.0.0.8") as bert:
        assert bert.connect(*target, basic("bert", "two")).status == 200
    gateway.check()


def ask_repeatedly(locked, until, took):
    """A well-behaved client on the port without logins."""
    while not until.is_set():
        began = time.monotonic()
        with locked.connect(locked.open_address) as connection:
            connection.connect("one.example.org", locked.origins.port["tcp"])
        took.append(time.monotonic() - began)


@pytest.mark.slow
def test_two_hundred_logins_a_second_do_not_delay_another_client(locked):
    """.NET's pattern: 407 first, every time. Three seconds of it."""
    stop, took = threading.Event(), []
    other = threading.Thread(target=ask_repeatedly, args=(locked, stop, took))
    other.start()
    began = time.monotonic()
    for i in range(600):
        due = began + i / 200
        if (left := due - time.monotonic()) > 0:
            stop.wait(left)
        with locked.connect() as connection:
            assert connection.connect("one.example.org", locked.origins.port["tcp"]).status == 407
            assert connection.connect("one.example.org", locked.origins.port["tcp"], basic("bert", "two")).status == 200
    rate = 600 / (time.monotonic() - began)
    stop.set()
    other.join()
    worst = sorted(took)[int(len(took) * 0.99)]
    if not is_sanitized():
        # Checking a password anew takes 55 ms of a processor: then it would be 20 to 40 a second, and the loop stands.
        assert rate > 50 and worst < 1.0, (rate, worst)


def test_a_reload_ends_the_sessions_of_a_user_who_is_gone(start, users, tmp_path):
    mine = tmp_path / "users"
    with open(users, encoding="utf-8") as file:
        mine.write_text(file.read())
    port = free_port()
    gateway = start(listen=f"listen mixed 127.0.0.1:{port} auth {mine}", client="client local address 127.0.0.0/8")
    gateway.address = ("127.0.0.1", port)
    target = ("one.example.org", gateway.origins.port["tcp"])
    with gateway.connect() as anna, gateway.connect() as bert:
        assert anna.connect(*target, basic("anna", PASSWORD)).status == 200
        assert bert.connect(*target, basic("bert", "two")).status == 200
        anna.send("ECHO\n"), bert.send("ECHO\n")
        mine.write_text("".join(line + "\n" for line in mine.read_text().splitlines() if not line.startswith("anna")))
        gateway.daemon.reload()
        assert anna.ends()
        assert bert.send(b"x").exactly(1) == b"x"
    gateway.check()


def test_a_login_that_a_reload_brings_holds_for_a_socks_handshake_that_has_begun(start, users):
    gateway = start()
    with gateway.connect() as connection:
        assert connection.send(b"\5\1\0").exactly(2) == b"\5\0"
        gateway.daemon.reload(gateway.policy().replace(f":{gateway.port}\n", f":{gateway.port} auth {users}\n", 1))
        assert connection.send(b"\5\1\0\1\x7f\0\0\1\0\x50").socks5_reply() == 2
    gateway.check()
