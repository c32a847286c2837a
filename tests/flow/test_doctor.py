# SPDX-License-Identifier: GPL-3.0-or-later
"""doctor: what it says of Gluetun's control server, of the apps' settings and of the Docker host, good and bad."""
import json
import os
import subprocess

import pytest

from lab.daemon import ROOT, program

from .test_apps import SECRETS, stack  # noqa: F401 (a fixture)
from .test_gluetun import control  # noqa: F401 (a fixture)


def doctor(*words, before=(), **environment):
    """Its checks by name."""
    done = subprocess.run([*before, program("egressctl"), "doctor", "--json", *words], text=True, capture_output=True,
                          timeout=60, env={**os.environ, **environment})
    assert done.stderr == "" and not any(secret in done.stdout for secret in SECRETS), done
    answer = json.loads(done.stdout)
    codes = {"ok": 0, "warn": 1, "unknown": 2, "fail": 4}
    assert done.returncode == codes[answer["result"]]
    for check in answer["checks"]:
        assert check["evidence"] and (check["cure"] or check["result"] not in ("warn", "fail")), check
    return {check["name"]: check for check in answer["checks"]}


@pytest.fixture
def policy(tmp_path):
    """policy(lines): the path of a small policy with them; port 1 has nobody."""
    def write(*lines, listen="127.0.0.1:1", device="egress vpn direct"):
        path = tmp_path / "egress.conf"
        path.write_text("\n".join((f"listen mixed {listen}", "client app address 127.0.0.9", device, "vpn from app", *lines,
                                   f"control {tmp_path}/none.sock", "")))
        return str(path)

    return write


# Gluetun

def gluetun(policy, tmp_path, url, key=None):
    option = ""
    if key is not None:
        (tmp_path / "key").write_text(key + "\n")
        (tmp_path / "key").chmod(0o600)
        option = f" key-file {tmp_path}/key"
    return doctor("--config", policy(device=f"egress vpn device lo resolver 127.0.0.1 gluetun {url}{option}"))["gluetun"]


@pytest.mark.parametrize("key, result, words", [
    ("looks", "ok", "takes the policy's key"),
    ("strangers", "warn", "does not take the policy's key"),
    (None, "warn", "the policy has none"),
])
def test_a_key_that_gluetun_does_not_take_comes_with_the_roles_to_paste(policy, tmp_path, control, key, result, words):
    found = gluetun(policy, tmp_path, control.url, key)
    assert found["result"] == result and words in found["evidence"]
    roles = '[[roles]]\nname = "status"\nroutes = ["GET /v1/vpn/status", '
    assert (roles in found["cure"]) == ("configure the key" in found["cure"]) == (result == "warn")


def test_a_control_server_that_asks_nobody_for_a_key_is_told(policy, tmp_path, control, monkeypatch):
    monkeypatch.setitem(control.keys, None, {"GET /v1/vpn/status"})
    found = gluetun(policy, tmp_path, control.url, "looks")
    assert found["result"] == "warn" and "asks nobody" in found["evidence"] and "[[roles]]" in found["cure"]


def test_a_control_server_that_is_not_there_is_told(policy, tmp_path):
    assert "no control server answers" in gluetun(policy, tmp_path, "http://127.0.0.1:1", "looks")["evidence"]


def test_a_key_file_that_cannot_be_read_is_unknown_and_never_ok(policy, tmp_path, control):
    path = policy(device=f"egress vpn device lo resolver 127.0.0.1 gluetun {control.url} key-file {tmp_path}/gone")
    found = doctor("--config", path)["gluetun"]
    assert found["result"] == "unknown" and "gone" in found["evidence"]
    assert doctor("--config", policy())["gluetun"]["result"] == "skip"


# What the policy asks for

def test_a_policy_that_asks_dockers_resolver_is_told(policy):
    found = doctor("--config", policy(device="egress vpn device lo resolver 127.0.0.11"))["resolver"]
    assert found["result"] == "fail" and "outside the tunnel" in found["evidence"]
    assert doctor("--config", policy())["resolver"]["result"] == "ok"


@pytest.mark.parametrize("files, result", [(2300, "ok"), (2000, "warn")])
def test_sessions_that_the_limit_of_open_files_cannot_hold_are_told(policy, files, result):
    found = doctor("--config", policy("limit client app sessions 600"), before=["prlimit", f"--nofile={files}:{files}"])["descriptors"]
    assert found["result"] == result and "600" in found["evidence"]


def test_without_a_policy_nothing_that_depends_on_it_is_ok(tmp_path):
    found = doctor("--config", str(tmp_path / "none.conf"), "--socket", str(tmp_path / "none.sock"))
    assert found["policy"]["result"] == "fail"
    for name in ("rules", "tunnel", "routes", "isolation", "large", "gluetun"):
        assert found[name]["result"] in ("skip", "unknown"), found[name]


def test_a_hub_has_no_tunnel_to_look_at(policy):
    found = doctor("--config", policy())
    assert all(found[name]["result"] == "skip" for name in ("tunnel", "routes", "large", "gluetun"))


# The apps

def test_an_app_that_goes_past_egressd_is_told(stack, policy):
    """Radarr with an indexer of its own: it asks the tracker itself, past Prowlarr and the VPN."""
    stack.run("setup")
    stack.prowlarr.sync()
    path = policy()
    known = {name: text for name, text in stack.environment.items() if name not in ("PROWLARR_API_KEY", "OVERSEERR_API_KEY")}
    assert doctor("--config", path)["apps"]["result"] == "skip"
    assert doctor("--config", path, **known)["apps"]["result"] == "ok"
    own = {**stack.radarr.lists["indexer"][0], "id": 9, "name": "mine",
           "fields": [{"name": "baseUrl", "value": "https://tracker.example.org/"}]}
    stack.radarr.lists["indexer"].append(own)
    found = doctor("--config", path, **known)["apps"]
    assert found["result"] == "warn" and "radarr: the indexer mine does not go through Prowlarr" in found["evidence"]
    assert "let Prowlarr sync it" in found["cure"]


def test_an_app_that_does_not_answer_is_unknown_and_never_ok(policy):
    found = doctor("--config", policy(), PROWLARR_URL="http://127.0.0.1:1", PROWLARR_API_KEY="0123456789abcdef")["apps"]
    assert found["result"] == "unknown"


def test_torrents_of_nobody_are_not_called_protected(policy):
    found = doctor("--config", policy(), QBITTORRENT_URL="http://nobody.invalid:8080")["torrents"]
    assert found["result"] == "skip" and "not protected" in found["evidence"]


# The Docker host

RULES = os.path.join(ROOT, "rules")
ENGINE = """#!/bin/sh
case "$1 $2 $*" in
"version "*) echo "${ENGINE:?}" ;;
"network "*) echo "$NETWORK" ;;
*"NetworkMode"*) echo "container:0123" ;;
*"Dns"*) echo "$DNS" ;;
*"State.Status"*) [ -n "$OWNER" ] && echo "$OWNER" ;;
esac
"""


@pytest.fixture
def host(tmp_path):
    """host(...): the checks of --host, with a docker command that tells these things."""
    command = tmp_path / "docker"
    command.write_text(ENGINE)
    command.chmod(0o755)

    def ask(engine="28.5.2", network="true egress-apps", owner="running", dns="[]", there=""):
        there = f"ip link add egress-apps type bridge; {there} exec \"$@\""
        return doctor("--host", before=("unshare", "--net", "sh", "-ec", there, "sh"), ENGINE=engine, NETWORK=network,
                      OWNER=owner, DNS=dns, PATH=f"{tmp_path}:{os.environ['PATH']}")

    return ask


@pytest.mark.parametrize("engine, result", [("28.5.2", "ok"), ("26.0.0", "ok"), ("25.0.5", "ok"), ("23.0.11", "ok"),
                                            ("25.0.4", "fail"), ("24.0.9", "fail"), ("20.10.24+dfsg1", "fail")])
def test_an_engine_that_leaks_names_of_internal_networks_is_told(host, engine, result):
    found = host(engine=engine)["names"]
    assert found["result"] == result and engine in found["evidence"]
    assert ("198.51.100.1" in found["cure"]) == (result == "fail")


def test_apps_whose_names_an_old_engine_sends_to_nobody_are_told_from_others(host):
    found = host(engine="20.10.24+dfsg1", dns="[198.51.100.1]")["names"]
    assert found["result"] == "ok" and "198.51.100.1" in found["evidence"]
    for dns in ("[]", "[9.9.9.9]", "[198.51.100.1 9.9.9.9]"):
        assert host(engine="20.10.24+dfsg1", dns=dns)["names"]["result"] == "fail"


ADDRESS = "ip addr add 172.30.0.1/24 dev egress-apps;"


@pytest.mark.parametrize("network, there, result, words", [
    ("true egress-apps", "", "ok", "engine 28.5.2 isolates it"),
    ("true egress-apps", ADDRESS, "warn", "nobody keeps the apps"),
    ("true egress-apps", ADDRESS + f"nft -f {RULES}/host.nft;", "ok", "the host rules refuse"),
    ("true egress-apps", ADDRESS + f"sed s/egress-apps/br-0/ {RULES}/host.nft | nft -f -;", "warn", "nobody keeps the apps"),
    ("true egress-apps", ADDRESS + f"nft -f {RULES}/host.nft; nft flush chain inet egressd_host input;", "warn", "nobody"),
    ("true br-elsewhere", "", "unknown", "br-elsewhere"),
    ("false egress-apps", "", "fail", "not internal"),
], ids=["the engine", "nobody", "the host rules", "rules of another bridge", "half of the rules", "not here", "not internal"])
def test_who_keeps_the_apps_from_the_host_is_told(host, network, there, result, words):
    """By the bridge and the rules that are there, whatever the engine's version and the network's options promise."""
    found = host(network=network, there=there)["network"]
    assert found["result"] == result and words in found["evidence"], found
    if result == "warn":
        assert "rules apply host --bridge egress-apps" in found["cure"]


def test_a_container_whose_namespace_was_made_anew_is_told_with_the_command_that_cures_it(host):
    assert host()["recreation"]["result"] == "ok"
    found = host(owner="")["recreation"]
    assert found["result"] == "fail" and "orphaned" in found["evidence"]
    assert found["cure"] == "docker compose up -d --force-recreate egress"


def test_an_engine_that_talks_nonsense_is_never_ok(host):
    found = host(engine="nonsense")
    assert found["names"]["result"] == found["network"]["result"] == "unknown"


HANGS, LEAVES_A_CHILD = "exec sleep 1000", "sleep 12 & exit 0"


@pytest.mark.parametrize("asked, does, silent", [
    ("*", HANGS, {"names", "network", "recreation"}),
    ("*Dns*", HANGS, {"names", "network", "recreation"}),
    ("network*", LEAVES_A_CHILD, {"network", "recreation"}),
    ("*NetworkMode*", HANGS, {"recreation"}),
    ("*State*", HANGS, {"recreation"}),
])
def test_a_docker_command_that_hangs_is_waited_for_once_and_told(host, tmp_path, asked, does, silent):
    """From the first thing that it is asked, or from a later one: no answer is never taken for one."""
    (tmp_path / "docker").write_text(f'#!/bin/sh\ncase "$*" in {asked}) {does} ;; esac\n{ENGINE}')
    found = host(engine="20.10.24", dns="[198.51.100.1]")
    unanswered = {name for name, check in found.items() if "does not answer within 10 s" in check["evidence"]}
    assert unanswered == silent and all(found[name]["result"] == "unknown" for name in silent)
