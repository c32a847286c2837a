# SPDX-License-Identifier: GPL-3.0-or-later
"""egressctl health, and a policy from the environment: what a container is given to be restarted and set up by."""
import json
import os
import pathlib
import re
import socket

import pytest

from .client import Connection
from .harness import free_port
from .test_egressctl import NO, YES, Daemon, daemon, run, status, tunnel  # noqa: F401 (a fixture)


@pytest.fixture
def door():
    """A listener on loopback: its endpoint."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield "127.0.0.1:%d" % server.getsockname()[1]


def health(daemon, doors, **changes):
    daemon.answers = {"GET /v1/status": (200, status(**changes)), "GET /v1/config": (200, {
        "listeners": [{"address": door} for door in doors[:1]], "forwards": [{"listen": door} for door in doors[1:]]})}
    done = run("health", "--json", daemon=daemon)
    return done.returncode, json.loads(done.stdout)["problems"]


def test_all_well_is_healthy(daemon, door):
    assert health(daemon, [door, door]) == (YES, [])


@pytest.mark.parametrize("changes, word", [
    ({"egresses": [{"name": "vpn", "kind": "device", "tunnel": tunnel("down")}]}, "tunnel"),
    ({"egresses": [{"name": "vpn", "kind": "device", "tunnel": tunnel("unknown")}]}, "tunnel"),
    ({"firewall": {"state": "unverified", "text": "a rule is missing"}}, "a rule is missing")])
def test_a_tunnel_or_rules_not_in_force_are_not_healthy(daemon, door, changes, word):
    code, problems = health(daemon, [door], **changes)
    assert code == NO and len(problems) == 1 and word in problems[0]


@pytest.mark.parametrize("doors, word", [
    (["127.0.0.1:1"], "Connection refused"), (["172.30.0.2:8118"], "namespace"), (["{door}", "172.30.0.2:9696"], "namespace"),
    (["0.0.0.0:8118"], "namespace")])
def test_a_namespace_with_nothing_but_loopback_is_not_healthy(daemon, door, doors, word):
    code, problems = health(daemon, [text.format(door=door) for text in doors])
    assert code == NO and len(problems) == 1 and word in problems[0]


@pytest.mark.parametrize("path", ["/v1/status", "/v1/config"])
def test_a_daemon_that_cannot_tell_is_not_healthy(daemon, door, path):
    assert health(daemon, [door]) == (YES, [])
    daemon.answers[f"GET {path}"] = (500, {"error": "out of memory"})
    done = run("health", daemon=daemon)
    assert done.returncode == NO and "out of memory" in done.stderr and done.stdout == ""


def test_no_daemon_is_not_healthy_and_never_the_reserved_exit_code():
    assert run("health").returncode == NO


def test_a_running_gateway_is_healthy(gateway):
    done = gateway.daemon.ctl("health")
    assert done.returncode == YES and done.stdout.startswith("healthy: ")


def test_a_look_at_a_forward_opens_nothing_behind_it(start, origins):
    port = free_port()
    gateway = start(listen=f"forward 127.0.0.1:{port} to 127.0.0.1:{origins.port['tcp']}")
    done = gateway.daemon.ctl("health")
    assert done.returncode == YES and ", 1 listener answers, " in done.stdout, "nobody knocks at a forward"
    with Connection(("127.0.0.1", port)) as connection:
        connection.send("PEER\n").rest()
    assert gateway.daemon.session(0, method="FORWARD")["sent"] == len("PEER\n")  # the first there was
    gateway.check()


def test_every_variable_of_the_stack_is_told_of_where_it_is_set():
    compose = pathlib.Path(__file__).parents[2] / "compose"
    used = {name for file in compose.glob("*.yaml") for name in re.findall(r"(?<!\$)\$\{([A-Z0-9_]+)", file.read_text())}
    told = set(re.findall(r"\b[A-Z0-9_]+\b", (compose / ".env.example").read_text()))
    assert len(used) > 20 and used <= told, used - told


@pytest.mark.skipif(os.path.exists("/etc/egressd/egress.conf"), reason="this machine has a policy file")
def test_the_environment_stands_for_the_file_that_is_not_there():
    shown = run("config", "show", environment={"EGRESSD_LISTEN": "127.0.0.1:8118", "EGRESSD_CLIENT": "a address 10.0.0.1"})
    assert shown.returncode == YES and "listen mixed 127.0.0.1:8118\n" in shown.stdout
    assert "client a address 10.0.0.1\n" in shown.stdout
    refused = run("check", environment={"EGRESSD_LISTEN": "127.0.0.1:8118", "EGRESSD_CLIENTS": "x"})
    assert refused.returncode == NO and "environment:" in refused.stdout + refused.stderr
    assert "EGRESSD_CLIENTS" in refused.stdout + refused.stderr
