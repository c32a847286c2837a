# SPDX-License-Identifier: GPL-3.0-or-later
"""
Debian 12's own engine, 20.10: the same files keep the apps from the host and from its resolvers there; and where the host is
on the apps' network all the same, the host rules do that.
"""
import contextlib
import os
import socket
import subprocess
import threading

import pytest

from lab import world
from lab.daemon import program
from lab.process import TESTS

from .engine import BASE
from .outside import HOST
from .stack import Variant
from .test_doctor import checks

pytestmark = pytest.mark.old_engine
RULES = os.path.join(os.path.dirname(TESTS), "rules", "host.nft")
ON_THE_BRIDGE, ELSEWHERE, PORT = "172.30.0.1", ("172.31.0.1", HOST, world.HOME_PUBLIC), 4567
KNOCK = """import socket, sys
for address in sys.argv[1:]:
    try:
        socket.socket(type=socket.SOCK_DGRAM).sendto(b"knock", (address, %d))
        socket.create_connection((address, %d), 2).close()
        print(address)
    except OSError:
        pass
""" % (PORT, PORT)


@contextlib.contextmanager
def served(kind, address="0.0.0.0", port=PORT):
    with socket.socket(type=kind) as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind((address, port))
        if kind == socket.SOCK_STREAM:
            door.listen()
        door.setblocking(False)
        yield door


def answers(stack, app="prowlarr", addresses=(ON_THE_BRIDGE, *ELSEWHERE)):
    """Those of the host at which it takes a connection of the app, and whether a datagram of it arrived."""
    with served(socket.SOCK_STREAM), served(socket.SOCK_DGRAM) as datagrams:
        found = stack.inside(app, "python3", "-c", KNOCK, *addresses).split()
        try:
            return set(found), datagrams.recv(10) == b"knock"
        except BlockingIOError:
            return set(found), False


def isolation(stack):
    """What doctor says of it, in egress's container and on the host."""
    inside, host = stack.ctl("doctor", "--json", check=False), stack.engine.run(
        program("egressctl"), "doctor", "--host", "--json", check=False)
    found = checks(inside.stdout if hasattr(inside, "stdout") else inside)["isolation"], checks(host.stdout)["network"]
    return [(check["result"], check["evidence"]) for check in found]


def test_this_is_the_old_engine(stack):
    assert stack.engine.docker("version", "--format", "{{.Server.Version}}").startswith("20.10.")


def test_an_app_reaches_no_address_of_the_host(stack):
    assert answers(stack, "radarr", ["172.31.0.1", HOST]) == ({"172.31.0.1", HOST}, True), "the control"
    assert answers(stack) == (set(), False)
    assert [result for result, _ in isolation(stack)] == ["ok", "ok"]
    assert all("isolates it" in words for _, words in isolation(stack))


@contextlib.contextmanager
def resolver_of_the_host(folder):
    """One on its loopback, as systemd-resolved is; the names it is asked for."""
    asked = []

    def answer(door):
        while query := (received := door.recvfrom(512))[0]:
            asked.append(query)
            door.sendto(query[:2] + b"\x81\x83" + query[4:], received[1])  # no such name

    path = os.path.join(folder, "resolv.conf")
    with open(path, "w", encoding="ascii") as file:
        file.write("nameserver 127.0.0.1\n")
    with served(socket.SOCK_DGRAM, "127.0.0.1", 53) as door:
        door.setblocking(True)
        thread = threading.Thread(target=answer, args=(door,))
        thread.start()
        subprocess.run(["mount", "--bind", path, "/etc/resolv.conf"], check=True)
        try:
            yield asked
        finally:
            subprocess.run(["umount", "/etc/resolv.conf"], check=True)
            with socket.socket(type=socket.SOCK_DGRAM) as last:
                last.sendto(b"", ("127.0.0.1", 53))
            thread.join()


def test_dockers_resolver_asks_the_host_for_others_and_not_for_the_apps(stack):
    """CVE-2024-29018; the first is the control."""
    with resolver_of_the_host(stack.engine.folder) as asked:
        stack.engine.docker("run", "--rm", "--network", "egress_apps", BASE, "getent", "hosts", "others.example.org", check=False)
        assert any(b"others" in query for query in asked)
        del asked[:]
        stack.engine.docker("restart", "-t", "1", "prowlarr")
        for name in ("prowlarr", "flaresolverr"):
            assert stack.inside(name, "getent", "hosts", "apps.example.org", check=False).returncode != 0
        assert not any(b"apps" in query for query in asked), asked
    stack.nothing_leaked()


@pytest.fixture(scope="module")
def with_the_host(built):
    """The same stack on a network that has the host on it, as of a compose file without our option."""
    path = os.path.join(built.engine.folder, "with-the-host.yaml")
    with open(path, "w", encoding="ascii") as file:
        file.write('networks: {apps: {driver_opts: {com.docker.network.bridge.inhibit_ipv4: "false"}}}\n')
    return built.up(Variant("the host on the network", ("compose.yaml", path)))


def test_the_host_answers_the_apps_until_the_host_rules_are_there_before_docker(with_the_host):
    """The machine is started anew with them, as the README has it."""
    stack = with_the_host
    assert answers(stack) == ({ON_THE_BRIDGE, *ELSEWHERE}, True), "the control"
    assert [result for result, _ in isolation(stack)] == ["warn", "warn"]
    stack.reboot(before_docker=lambda: stack.engine.run("nft", "-f", RULES))
    stack.compose("up", "-d", "--wait", "--wait-timeout", "120", timeout=180)
    assert answers(stack) == (set(), False)
    (inside, seen), (host, known) = isolation(stack)
    assert (inside, host) == ("ok", "ok") and "its rules refuse" in seen and "the host rules refuse" in known
    assert stack.engine.run(program("egressctl"), "rules", "verify", "host")
    stack.wait("a request", stack.request_works)
    stack.nothing_leaked()
