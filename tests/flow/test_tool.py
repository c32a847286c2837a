# SPDX-License-Identifier: GPL-3.0-or-later
"""egressctl: what a person asks of a running gateway, and of a file alone."""
import json
import pathlib
import re
import subprocess

import pytest

from lab.daemon import program


def tool(*words, **options):
    return subprocess.run([program("egressctl"), *words], text=True, capture_output=True, timeout=20, **options)


def asked(gateway, *words):
    done = gateway.daemon.ctl(*words, "--json")
    return done.returncode, json.loads(done.stdout)


COMMANDS = ["status", "explain", "check", "config", "connections", "health", "reload", "apps", "passwd", "rules", "tunnel",
            "doctor", "leak-test", "rejoin", "version"]
SOURCE = pathlib.Path(__file__).parents[2] / "src" / "egressctl"
COMPLETE = """. "$0"; COMP_WORDS=(egressctl "$@"); COMP_CWORD=$#; _egressctl; printf '%s\\n' "${COMPREPLY[@]}" """


def offered(*words):
    """What bash would offer for the last word."""
    return set(subprocess.run(["bash", "-c", COMPLETE, str(SOURCE / "egressctl.bash"), *words], text=True, check=True,
                              capture_output=True).stdout.split())


def options(text):
    return set(re.findall(r"(?<![\w-])--[a-z][a-z0-9-]*", text))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command):
    done = tool(command, "--help")
    assert done.returncode == 0 and done.stdout.startswith(f"usage: egressctl {command}")
    assert tool("help", command).stdout == tool(command, "--json", "--help", "nonsense").stdout == done.stdout


def test_every_command_is_told_of_everywhere():
    assert set(COMMANDS) | {"help"} == offered("") == set(re.findall(r"^  ([a-z][a-z-]*) ", tool("help").stdout, re.M))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_taken_and_told_of_everywhere(command):
    """In the help, in the man page and by the completion; the help writes --APP-url for one of each app."""
    helped = options(tool("help", command).stdout)
    told = offered(command, "--") - {"--help"}
    each = {option for option in told if re.search(r"^--(prowlarr|flaresolverr|radarr|qbittorrent|overseerr)-", option)}
    assert told - each == helped and bool(each) == (command == "apps")
    assert helped <= options((SOURCE / "egressctl.8").read_text().replace("\\-", "-").replace("\\fB", ""))
    for option in told:
        done = tool(command, option, "x", "--help")
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("words", [["status", "--udp"], ["rules", "show", "--watch"], ["--udp", "explain", "a", "b:1"],
                                   ["apps", "check", "--key-file", "/none"], ["doctor", "--preflight", "--host"]])
def test_an_option_of_another_command_is_refused(words):
    done = tool(*words)
    assert done.returncode == 3 and done.stdout == "" and done.stderr


@pytest.mark.parametrize("words", [[], ["nonsense"], ["explain"], ["status", "--nonsense"], ["connections", "kill"]])
def test_wrong_usage_is_status_3(words):
    assert tool(*words).returncode == 3


def test_status_fits_a_screen_and_has_a_machine_form(gateway):
    done = gateway.daemon.ctl("status")
    assert done.returncode == 0 and 3 < len(done.stdout.splitlines()) <= 40
    status, answer = asked(gateway, "status")
    assert status == 0 and isinstance(answer, dict)


def test_without_a_daemon_it_could_not_tell(tmp_path):
    done = tool("status", "--socket", str(tmp_path / "none.sock"))
    assert done.returncode == 2 and done.stderr


@pytest.mark.parametrize("where, allowed", [("http://one.example.org/", True), ("two.example.org:443", True),
                                            ("https://blocked.example.org/x", False)])
def test_explain_says_what_the_daemon_does(gateway, where, allowed):
    done = gateway.daemon.ctl("explain", "local", where)
    assert done.returncode == (0 if allowed else 1)
    assert re.search(r"egress\.conf:\d+", done.stdout), done.stdout
    assert asked(gateway, "explain", "local", where)[0] == done.returncode


def test_explain_works_from_a_file_alone(gateway):
    done = tool("explain", "--config", gateway.daemon.config, "local", "http://blocked.example.org/")
    assert done.returncode == 1 and "block to blocked.example.org" in done.stdout


def test_check_tells_a_good_file_from_a_bad_one(gateway, tmp_path):
    assert tool("check", gateway.daemon.config).returncode == 0
    bad = tmp_path / "bad.conf"
    bad.write_text("listen mixed 127.0.0.1:1\nblok to all\n")
    done = tool("check", str(bad))
    assert done.returncode == 1 and "bad.conf:2:1" in done.stdout + done.stderr


def test_connections_are_listed_and_killed(gateway):
    with gateway.tunnel("ECHO") as tunnel:
        tunnel.send(b"x")
        assert tunnel.exactly(1) == b"x"
        _, answer = asked(gateway, "connections")
        listed = answer if isinstance(answer, list) else answer["connections"]
        mine = [entry for entry in listed if entry["host"] == "one.example.org"]
        assert len(mine) == 1
        assert gateway.daemon.ctl("connections", "kill", str(mine[0]["id"])).returncode == 0
        assert tunnel.ends()


def test_killing_what_is_not_there_says_no(gateway):
    assert gateway.daemon.ctl("connections", "kill", "999999").returncode == 1


def test_reload_reports_a_broken_file_to_who_asked(start):
    gateway = start()
    assert gateway.daemon.ctl("reload").returncode == 0
    gateway.daemon.write(gateway.policy(rules="nonsense here"))
    done = gateway.daemon.ctl("reload")
    assert done.returncode == 1 and re.search(r"egress\.conf:\d+:\d+", done.stdout + done.stderr)
    assert gateway.get("/whoami").status == 200


def test_config_show_prints_a_file_that_is_accepted(gateway, tmp_path):
    done = gateway.daemon.ctl("config", "show")
    assert done.returncode == 0
    again = tmp_path / "again.conf"
    again.write_text(done.stdout)
    assert tool("check", str(again)).returncode == 0


def test_metrics_are_prometheus_text(gateway):
    done = subprocess.run(["curl", "-sS", "--unix-socket", gateway.daemon.control, "http://egressd/metrics"], text=True,
                          capture_output=True, timeout=10)
    assert re.search(r"(?m)^# TYPE egressd_\w+ (counter|gauge)$", done.stdout)
    assert all(re.match(r"(#.*|\w+(\{[^}]*\})? [-+\d.eE]+)$", line) for line in done.stdout.splitlines())


@pytest.mark.parametrize("file", ["api_metrics.c", "api_status.c", "api_rules.c"])
def test_whatever_egressd_tells_is_in_the_man_page(file):
    manual = (SOURCE / "egressctl.8").read_text()
    told = set(re.findall(r'"([a-z]+(?:_[a-z]+)*)"', (SOURCE.parent / "egressd" / file).read_text()))
    assert len(told) > 10 and [word for word in sorted(told) if not re.search(rf"\b{word}\b", manual)] == []


def test_a_stranger_may_not_speak_to_the_control_socket(gateway):
    done = subprocess.run(["setpriv", "--reuid=65534", "--clear-groups", program("egressctl"), "status", "--socket",
                           gateway.daemon.control], text=True, capture_output=True, timeout=10)
    assert done.returncode != 0


def test_passwd_keeps_salted_hashes_and_changes_them(tmp_path):
    users = tmp_path / "users"
    for password in ("one", "two"):
        assert tool("passwd", str(users), "anna", input=password + "\n").returncode == 0
    text = users.read_text()
    assert text.count("anna") == 1 and "one" not in text and "two" not in text
    assert users.stat().st_mode & 0o007 == 0
