# SPDX-License-Identifier: GPL-3.0-or-later
"""egressctl on the command line: with no daemon, and with one that this file plays."""
import http.server
import json
import os
import pty
import re
import signal
import socketserver
import subprocess
import threading
import time

import pytest

BUILD = os.environ.get("EGRESSD_BUILD", "build")
EGRESSCTL = os.path.join(BUILD, "egressctl")
YES, NO, UNKNOWN, USAGE = 0, 1, 2, 3
NOW = int(time.time() * 1000)

POLICY = """
listen mixed 127.0.0.1:8118
client prowlarr address 172.30.0.10
egress vpn device tun0
egress far proxy socks5://me:secret@192.0.2.5:1080
block to private
vpn from prowlarr to any port 80,443
default block
"""


def tunnel(state="up", **more):
    return {"device": "tun0", "state": state, "reason": "the device tun0 is gone", "since_ms": NOW - 3_725_000,
            "epoch": 3, "ifindex": 14, "ipv4": "10.8.0.2", "ipv6": None,
            "probe": {"answered_at_ms": NOW - 1000, "rtt_us": 23400, "sent": 9, "failed": 0}, **more}


def status(**more):
    return {"version": "1.2", "now_ms": NOW, "started_at_ms": NOW - 200_000_000, "workers": 4,
            "firewall": {"state": "off", "text": "off (--no-firewall)"},
            "policy": {"path": "/etc/egressd/egress.conf", "loaded_at_ms": NOW - 60000,
                       "last_reload_error": None, "last_reload_error_at_ms": None},
            "egresses": [{"name": "vpn", "kind": "device", "tunnel": tunnel()}],
            "sessions": {"active": 12, "total": 2301, "held": 0},
            "requests": {"ok": 2201, "refused": 17, "failed": 2},
            "bytes": {"sent": 31457280, "received": 1288490188},
            "last_refusals": [], **more}


def refusal(**more):
    return {"at_ms": NOW - 90000, "client": "flaresolverr", "host": "update.googleapis.com", "port": 443,
            "reason": "policy", "rule": "/etc/egressd/egress.conf:17", **more}


def connection(number, **more):
    return {"id": number, "client": "prowlarr", "user": None, "source": "172.30.0.10:40000", "method": "CONNECT",
            "host": "1337x.to", "port": 443, "address": "192.0.2.1", "egress": "vpn", "epoch": 3,
            "rule": "egress.conf:8", "state": "relaying", "started_at_ms": NOW - 5000, "bytes_sent": 100,
            "bytes_received": 1536, **more}


class Daemon(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """Answers what .answers says, and remembers what it was asked."""
    daemon_threads = True

    def __init__(self, path):
        super().__init__(path, Handler)
        self.answers, self.asked = {}, []
        self.seen = threading.Event()
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()


class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        question = f"{self.command} {self.path}"
        self.server.asked.append((question, json.loads(body) if body else None))
        code, answer = self.server.answers.get(question, (404, {"error": "there is nothing at this path"}))
        text = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
        self.server.seen.set()

    do_GET = do_POST = do_DELETE = answer

    def log_message(self, *_):
        pass


@pytest.fixture
def daemon(tmp_path):
    server = Daemon(str(tmp_path / "socket"))
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def policy(tmp_path):
    path = tmp_path / "egress.conf"
    path.write_text(POLICY)
    return str(path)


def run(*arguments, stdin="", daemon=None, environment=None):
    socket = daemon.server_address if daemon else "/nonexistent/socket"
    return subprocess.run([EGRESSCTL, "--socket", socket, *arguments], input=stdin, capture_output=True, text=True,
                          errors="replace", timeout=20, env={**os.environ, **(environment or {})})


def run_on_terminal(*arguments, daemon, environment=None, columns=80):
    """What a terminal of that width is shown."""
    master, slave = pty.openpty()
    subprocess.run(["stty", "cols", str(columns), "rows", "24"], stdin=slave, check=True)
    process = subprocess.Popen([EGRESSCTL, "--socket", daemon.server_address, *arguments], stdout=slave, stderr=slave,
                               stdin=slave, env={**os.environ, "TERM": "xterm", **(environment or {})})
    os.close(slave)
    shown = b""
    while True:
        try:
            part = os.read(master, 65536)
        except OSError:
            break
        if not part:
            break
        shown += part
    os.close(master)
    return process.wait(timeout=20), shown.decode()


@pytest.mark.parametrize("arguments", [
    [], ["nope"], ["status", "x"], ["status", "--watch"], ["explain"], ["explain", "a"], ["explain", "a", "b", "c"],
    ["check", "a", "b"], ["config"], ["config", "shoe"], ["connections", "kill"], ["connections", "kill", "x"],
    ["connections", "kill", "-1"], ["connections", "list"], ["reload", "now"], ["passwd"], ["passwd", "f"],
    ["passwd", "f", "u", "password"], ["passwd", "f", "a:b"], ["passwd", "f", ""], ["version", "x"], ["--nope"], ["leak-test", "--only", "T99"], ["leak-test", "x"],
    ["leak-test", "--nope"], ["leak-test", "--endpoint", "1.2.3.4"], ["leak-test", "--real-address", "x"],
    ["--file", "status"], ["help", "nope"]])
def test_wrong_usage_is_said_and_exits_3(arguments):
    result = run(*arguments)
    assert result.returncode == USAGE
    assert result.stderr and not result.stdout


@pytest.mark.parametrize("command", ["check", "passwd"])
def test_a_name_that_is_no_text_still_makes_a_document(tmp_path, command):
    words = {"check": [b"/nonexistent/\xff"], "passwd": [b"/nonexistent/\xff", "user"]}[command]
    result = run("--json", command, *words, stdin="password\n")
    assert result.returncode == UNKNOWN and "/nonexistent/?: " in json.loads(result.stdout)["error"]
    (tmp_path / os.fsdecode(b"\xff")).write_text(POLICY)
    result = run("--json", "check", os.fsencode(tmp_path) + b"/\xff")
    assert result.returncode == YES and json.loads(result.stdout)["file"] == f"{tmp_path}/?"


def test_whatever_bytes_a_file_has_every_problem_is_in_the_document(tmp_path):
    """And of a file that may be loaded the document is there."""
    (tmp_path / "wrong.conf").write_bytes(b"listen mixed 127.0.0.1:8118 auth /tmp/\xe4\nvpn from b\xff\ncolour red # caf\xe9\n")
    result = run("--json", "check", str(tmp_path / "wrong.conf"))
    problems = json.loads(result.stdout)["problems"]
    assert result.returncode == NO and [problem["line"] for problem in problems] == [1, 2, 3]
    assert all(problem["source"] for problem in problems) and "UTF-8" in problems[0]["message"]
    (tmp_path / "right.conf").write_bytes(POLICY.encode() + b"# caf\xe9\n")
    shown = run("--json", "--config", str(tmp_path / "right.conf"), "config", "show", "--file")
    assert shown.returncode == YES and json.loads(shown.stdout)["listeners"]


@pytest.mark.parametrize("option, value", [("only", "T99"), ("endpoint", "1.2.3.4"), ("target", "example.org"),
                                           ("real-address", "x"), ("real-address", "192.0.2.1,192.0.2.2")])
def test_what_the_leak_test_would_not_look_for_is_refused(option, value):
    result = run("leak-test", f"--{option}", value)
    assert result.returncode == USAGE and result.stderr.startswith(f"egressctl: --{option}: '{value}' is no "), result.stderr


def test_a_wrong_policy_is_the_last_that_a_leak_test_tells_of(tmp_path):
    """Not how it is used, which would push it off the screen."""
    (tmp_path / "egress.conf").write_text("nonsense\n")
    result = run("--config", str(tmp_path / "egress.conf"), "leak-test")
    assert result.returncode == USAGE and "nonsense" in result.stderr and "usage:" not in result.stderr


@pytest.mark.parametrize("arguments", [["status"], ["connections"], ["connections", "kill", "7"], ["reload"]])
def test_without_a_daemon_the_sentence_says_what_to_do(arguments):
    result = run(*arguments)
    assert result.returncode == UNKNOWN
    assert result.stderr == ("egressctl: no egressd answers at /nonexistent/socket: is it running? "
                             "(start it, or name its socket with --socket or its policy file with --config)\n")
    result = run(*arguments, "--json")
    assert result.returncode == UNKNOWN
    assert json.loads(result.stdout)["error"].startswith("no egressd answers")


@pytest.mark.skipif(os.path.exists("/run/egressd/control.sock"), reason="an egressd of this machine would answer")
def test_the_policy_file_tells_where_the_daemon_answers(daemon, tmp_path):
    daemon.answers["GET /v1/status"] = (200, status())
    path = tmp_path / "egress.conf"
    path.write_text(f"{POLICY}control {daemon.server_address}\n")
    found = subprocess.run([EGRESSCTL, "--config", str(path), "status"], capture_output=True, text=True)
    assert found.returncode == YES and "epoch 3" in found.stdout
    path.write_text("nonsense\n")
    lost = subprocess.run([EGRESSCTL, "--config", str(path), "status"], capture_output=True, text=True)
    assert lost.returncode == UNKNOWN
    assert "it tells no socket" in lost.stderr and "no egressd answers at /run/egressd/control.sock" in lost.stderr


def test_an_answer_of_something_else_is_not_taken(daemon):
    daemon.answers["GET /v1/status"] = (200, b"<html>")
    result = run("status", daemon=daemon)
    assert result.returncode == UNKNOWN
    assert "is no egressd of this kind" in result.stderr


def test_status_says_that_the_tunnel_is_up_and_the_firewall_off(daemon):
    daemon.answers["GET /v1/status"] = (200, status(last_refusals=[refusal()]))
    result = run("status", daemon=daemon)
    assert result.returncode == YES
    assert re.search(r"vpn +UP +tun0, epoch 3, since .* \(1 h 2 min\)", result.stdout)
    assert "10.8.0.2; probe answered 1 s ago in 23 ms" in result.stdout
    assert re.search(r"firewall +OFF \(--no-firewall\)", result.stdout)
    assert "12 open, 2301 since the start" in result.stdout
    assert "1.2 GiB in, 30 MiB out" in result.stdout
    assert re.search(r"flaresolverr +update.googleapis.com:443 +policy +old line 17\n", result.stdout)


def test_status_says_which_rule_refused_and_why_in_words(daemon):
    path = "/var/lib/" + "long/" * 8 + "egress.conf"
    daemon.answers["GET /v1/status"] = (200, status(
        policy={"path": path, "loaded_at_ms": NOW - 60000, "last_reload_error_at_ms": NOW,
                "last_reload_error": f"{path}:5:1: warning: hm\n 5 | x\n{path}:51:10: error: there is no client 'x'\n 51 | y\n"},
        last_refusals=[refusal(rule=f"{path}:35", at_ms=NOW - 1000, reason="forbidden_address", host="a." * 40 + "example"),
                       refusal(rule=f"{path}:36"), refusal(rule=None)]))
    shown = run("status", daemon=daemon).stdout
    assert re.search(r"in force since [^ ]+ \(1 min\)\n +" + path + "\n", shown)
    assert "  line 51: there is no client 'x'\n" in shown
    assert re.search(r"~[a.]+\.example:443 +forbidden address  line 35\n", shown)
    assert "old line 36\n" in shown


@pytest.mark.parametrize("state", ["down", "unknown"])
def test_status_fails_while_a_tunnel_is_not_up(daemon, state):
    daemon.answers["GET /v1/status"] = (200, status(egresses=[
        {"name": "home", "kind": "direct", "tunnel": None},
        {"name": "vpn", "kind": "device", "tunnel": tunnel(state)}]))
    result = run("status", daemon=daemon)
    assert result.returncode == NO
    assert "UP" not in result.stdout
    assert "the device tun0 is gone" in result.stdout
    assert "in no tunnel\n" in result.stdout


def test_status_is_one_screen_whatever_comes(daemon):
    long = "a" * 200
    daemon.answers["GET /v1/status"] = (200, status(
        version=long,
        policy={"path": "/" + long, "loaded_at_ms": 1000, "last_reload_error": long, "last_reload_error_at_ms": 1000},
        firewall={"state": "unverified", "text": long},
        egresses=[{"name": long, "kind": "device", "tunnel": tunnel("down", reason=long, device=long)}] * 9,
        last_refusals=[refusal(client=long, host=long, reason=long, rule=long, at_ms=1000)] * 16))
    result = run("status", daemon=daemon)
    lines = result.stdout.splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80


def test_no_text_of_a_stranger_steers_the_terminal(daemon):
    evil = "\x1b[2J\u009b31m\r\nx"
    daemon.answers["GET /v1/status"] = (200, status(last_refusals=[refusal(client=evil, host=evil, reason=evil)]))
    daemon.answers["GET /v1/connections"] = (200, {"now_ms": NOW, "connections": [connection(1, user=evil, host=evil)]})
    for command in (["status"], ["connections"], ["status", "--json"], ["connections", "--json"]):
        shown = run(*command, daemon=daemon).stdout
        assert "\x1b" not in shown and "\u009b" not in shown and "\r" not in shown


def test_colour_is_for_terminals_and_for_who_wants_it(daemon):
    daemon.answers["GET /v1/status"] = (200, status())
    assert "\x1b" not in run("status", daemon=daemon).stdout
    assert "\x1b[" in run_on_terminal("status", daemon=daemon)[1]
    assert "\x1b" not in run_on_terminal("status", daemon=daemon, environment={"NO_COLOR": "1"})[1]
    assert "\x1b" not in run_on_terminal("status", daemon=daemon, environment={"TERM": "dumb"})[1]


def test_connections_are_a_table(daemon):
    daemon.answers["GET /v1/connections"] = (200, {"now_ms": NOW, "connections": [
        connection(7), connection(12345, user="tv", host="2001:db8::1", state="held", bytes_sent=10**12)]})
    result = run("connections", daemon=daemon)
    assert result.returncode == YES
    head, first, second = result.stdout.splitlines()
    assert head.split() == "ID CLIENT USER METHOD HOST EGRESS EPOCH STATE AGE IN OUT".split()
    assert first.split()[:8] == ["7", "prowlarr", "-", "CONNECT", "1337x.to:443", "vpn", "3", "relaying"]
    assert "1.5 KiB" in first and "5 s" in first
    assert "[2001:db8::1]:443" in second and "931 GiB" in second


def test_connections_fit_the_terminal(daemon):
    daemon.answers["GET /v1/connections"] = (200, {"now_ms": NOW, "connections": [connection(1, host="a" * 240)]})
    shown = run_on_terminal("connections", daemon=daemon, environment={"NO_COLOR": "1"}, columns=110)[1]
    assert max(map(len, shown.splitlines())) <= 110
    assert "~" in shown
    assert "a" * 240 in run("connections", daemon=daemon).stdout


def test_connections_of_a_narrow_terminal_leave_out_what_matters_less(daemon):
    daemon.answers["GET /v1/connections"] = (200, {"now_ms": NOW, "connections": [connection(1, host="b" * 40 + ".example")]})
    shown = run_on_terminal("connections", daemon=daemon, environment={"NO_COLOR": "1"}, columns=80)[1]
    head, line = shown.splitlines()
    assert head.split() == "ID CLIENT HOST EGRESS STATE AGE IN OUT".split()
    assert len(line) <= 80 and "b.example:443" in line


def test_connections_watch_ends_well_at_interrupt(daemon):
    daemon.answers["GET /v1/connections"] = (200, {"now_ms": NOW, "connections": []})
    process = subprocess.Popen([EGRESSCTL, "--socket", daemon.server_address, "connections", "--watch"],
                               stdout=subprocess.PIPE, text=True)
    assert daemon.seen.wait(10)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=10) == YES
    assert "no connections are open\n" in process.stdout.read()


def test_kill_tells_whether_there_was_one(daemon):
    daemon.answers["DELETE /v1/connections/7"] = (200, {"killed": True})
    assert run("connections", "kill", "7", daemon=daemon).returncode == YES
    assert run("connections", "kill", "8", daemon=daemon).returncode == NO


def test_reload_tells_what_became_of_it(daemon):
    daemon.answers["POST /v1/reload"] = (200, {"reloaded": True, "report": None})
    assert run("reload", daemon=daemon).returncode == YES
    daemon.answers["POST /v1/reload"] = (422, {"reloaded": False, "report": "egress.conf:3:1: error: no\n",
                                               "error": "the policy file was refused"})
    result = run("reload", daemon=daemon)
    assert result.returncode == NO
    assert result.stdout == "egress.conf:3:1: error: no\nthe policy file was refused\n"
    assert json.loads(run("reload", "--json", daemon=daemon).stdout)["reloaded"] is False


def test_version_names_both(daemon):
    daemon.answers["GET /v1/version"] = (200, {"version": "9.9"})
    answer = json.loads(run("version", "--json", daemon=daemon).stdout)
    assert answer["egressd"] == "9.9" and answer["egressctl"]
    assert json.loads(run("version", "--json").stdout)["egressd"] is None


def test_check_says_yes_or_no_or_cannot(policy, tmp_path):
    assert run("check", policy).returncode == YES
    assert run("--config", policy, "check").returncode == YES
    broken = tmp_path / "broken.conf"
    broken.write_text(POLICY + "hone from prowlarr to any\n")
    result = run("check", str(broken))
    assert result.returncode == NO
    assert "broken.conf:9:1: error:" in result.stdout and "would be refused" in result.stdout
    answer = json.loads(run("check", "--json", str(broken)).stdout)
    assert answer["ok"] is False
    assert {"level": "error", "line": 9, "column": 1}.items() <= answer["problems"][0].items()
    assert run("check", str(tmp_path / "missing")).returncode == UNKNOWN


def test_explain_reads_the_file_when_no_daemon_runs(policy):
    result = run("--config", policy, "explain", "prowlarr", "https://1337x.to/")
    assert result.returncode == YES
    assert f"(answered by the file {policy})" in result.stdout
    result = run("--config", policy, "explain", "prowlarr", "192.168.1.1:443")
    assert result.returncode == NO
    assert "block to private" in result.stdout
    answer = json.loads(run("--config", policy, "explain", "--json", "172.30.0.10", "1337x.to:443").stdout)
    assert answer["allowed"] is True
    assert run("--config", policy, "explain", "prowlarr", "1337x.to:x").returncode == UNKNOWN


def test_explain_asks_the_daemon_first(daemon, policy):
    daemon.answers["POST /v1/explain"] = (422, {"error": "there is no such client"})
    result = run("explain", "--udp", "tv", "a.example:53", daemon=daemon)
    assert result.returncode == UNKNOWN and "there is no such client" in result.stderr
    assert daemon.asked == [("POST /v1/explain", {"client": "tv", "target": "a.example:53", "transport": "udp"})]
    assert run("--config", policy, "explain", "prowlarr", "1337x.to:443", daemon=daemon).returncode == YES
    assert len(daemon.asked) == 1


def test_config_show_hides_logins(policy, daemon):
    shown = run("--config", policy, "config", "show")
    assert shown.returncode == YES
    assert shown.stdout == POLICY.replace("me:secret", "***")
    shown = run("--config", policy, "config", "show", "--json")
    assert "secret" not in shown.stdout
    answer = json.loads(shown.stdout)
    assert [egress["name"] for egress in answer["egresses"]] == ["vpn", "far"]
    assert answer["clients"] == [{"name": "prowlarr", "session_limit": None}]
    running = {"path": policy, "loaded_at_ms": 1000, "last_reload_error": None, "last_reload_error_at_ms": None}
    daemon.answers["GET /v1/status"] = (200, status(policy=running))
    shown = run("config", "show", daemon=daemon)
    assert shown.stdout.startswith(f"# {policy}, in force since ")
    assert "not in force as it stands" in shown.stderr


def test_passwd_takes_one_line_and_no_argument(tmp_path):
    path = tmp_path / "users"
    assert run("passwd", str(path), "tv", stdin="hunter2\nmore\n").returncode == YES
    assert run("passwd", str(path), "radarr", stdin="x").returncode == YES
    lines = path.read_text().splitlines()
    assert [line.split(":")[0] for line in lines] == ["tv", "radarr"]
    assert all(":$scrypt$ln=15,r=8,p=1$" in line for line in lines)
    assert path.stat().st_mode & 0o777 == 0o600
    for bad in ("", "\n", "x" * 256 + "\n", "a\0b\n"):
        assert run("passwd", str(path), "tv", stdin=bad).returncode == NO
    assert path.read_text().splitlines() == lines
    path.write_text("nonsense\n")
    assert run("passwd", str(path), "tv", stdin="x\n").returncode == UNKNOWN
    assert path.read_text() == "nonsense\n"


def terminal_passwd(path, answers):
    """Types each answer after its question; gives the exit code and all that was shown."""
    pid, master = pty.fork()
    if pid == 0:
        os.execv(EGRESSCTL, [EGRESSCTL, "passwd", path, "tv"])
    shown = b""
    for question, answer in answers:
        while question not in shown:
            shown += os.read(master, 1024)
        os.write(master, answer)
    while True:
        try:
            part = os.read(master, 1024)
        except OSError:
            break
        if not part:
            break
        shown += part
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.close(master)
    return code, shown


def test_passwd_asks_twice_and_echoes_nothing(tmp_path):
    path = str(tmp_path / "users")
    code, shown = terminal_passwd(path, [(b"New password: ", b"hunter2\n"), (b"Once more: ", b"hunter2\n")])
    assert code == YES and b"hunter2" not in shown
    code, shown = terminal_passwd(path, [(b"New password: ", b"one\n"), (b"Once more: ", b"two\n")])
    assert code == NO and b"two different passwords" in shown
    code, shown = terminal_passwd(path, [(b"New password: ", b"\x03")])
    assert code == NO and b"nothing was changed" in shown
