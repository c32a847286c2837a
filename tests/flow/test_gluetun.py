# SPDX-License-Identifier: GPL-3.0-or-later
"""Gluetun's word: shown, never decided by; a server that wants a key is no VPN that is down."""
import http.server
import json
import threading

import pytest

from .test_egressctl import NO, UNKNOWN, USAGE, YES, Daemon, daemon, run, status, tunnel  # noqa: F401 (a fixture)

KEYS = {"looks": {"GET /v1/vpn/status", "GET /v1/publicip/ip", "GET /v1/portforward"},
        "steers": {"GET /v1/vpn/status", "PUT /v1/vpn/status"}}


class Control(http.server.BaseHTTPRequestHandler):
    """Gluetun's control server, as of master: nothing without a key."""

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        route = f"{self.command} {self.path}"
        self.server.asked.append((route, body.decode()))
        code, answer = 401, "Unauthorized\n"
        if json.loads(body or "{}").get("status") in self.server.refused:
            code, answer = 500, "no\n"
        elif route in self.server.keys.get(self.headers.get("X-API-Key"), ()):
            code, answer = 200, json.dumps(
                {"outcome": json.loads(body)["status"]} if self.command == "PUT" else
                {"/v1/vpn/status": {"status": "running"}, "/v1/portforward": {"port": 0, "ports": None},
                 "/v1/publicip/ip": {"public_ip": "45.80.2.2", "country": "United States"}}[self.path])
        self.send_response(code)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer.encode())

    do_GET = do_PUT = answer

    def log_message(self, *_):
        pass


@pytest.fixture
def control():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Control)
    server.refused = ()
    server.asked, server.keys, server.url = [], dict(KEYS), f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def gateway_with(start, tmp_path, control, key):
    (tmp_path / "key").write_text(key + "\n")
    (tmp_path / "key").chmod(0o600)
    return start(options=f"egress vpn device lo gluetun {control.url} key-file {tmp_path}/key\n")


def told(gateway):
    """What status tells of Gluetun, once it was asked."""
    def ask():
        egresses = json.loads(gateway.daemon.ctl("status", "--json").stdout)["egresses"]
        return next(egress["gluetun"] for egress in egresses if egress["name"] == "vpn")
    return gateway.settled(lambda: ask()["asked_at_ms"], ask)


def test_what_gluetun_says_is_shown(start, tmp_path, control):
    gateway = gateway_with(start, tmp_path, control, "looks")
    word = told(gateway)
    assert (word["control"], word["vpn"], word["exit"], word["country"]) == ("answered", "running", "45.80.2.2", "United States")
    assert "exit 45.80.2.2, United States" in gateway.daemon.ctl("status").stdout
    assert "45.80.2.2" in gateway.daemon.ctl("tunnel", "status").stdout


def test_a_wrong_key_is_said_and_is_no_vpn_that_is_down(start, tmp_path, control):
    gateway = gateway_with(start, tmp_path, control, "old")
    word = told(gateway)
    assert word["control"] == "needs key" and word["vpn"] is None
    shown = gateway.daemon.ctl("tunnel", "status").stdout
    assert "does not know our key" in shown and "[[roles]]" in shown and "GET /v1/publicip/ip" in shown


def restart(tmp_path, control, key, *words):
    (tmp_path / "egress.conf").write_text(f"egress vpn device tun0 gluetun {control.url} key-file {tmp_path}/key\n")
    (tmp_path / "key").write_text(key + "\n")
    return run("--config", str(tmp_path / "egress.conf"), "tunnel", "restart", *words)


def test_restart_stops_and_starts(tmp_path, control):
    done = restart(tmp_path, control, "steers")
    assert done.returncode == YES, done.stderr
    assert control.asked == [("PUT /v1/vpn/status", '{"status":"stopped"}'), ("PUT /v1/vpn/status", '{"status":"running"}')]


def test_restart_by_a_key_that_may_only_look_says_what_is_missing(tmp_path, control):
    done = restart(tmp_path, control, "looks")
    assert done.returncode == NO and "PUT /v1/vpn/status" in done.stderr
    (tmp_path / "other").write_text("steers\n")
    assert restart(tmp_path, control, "looks", "--key-file", str(tmp_path / "other")).returncode == YES


def test_a_vpn_that_stays_stopped_is_told(tmp_path, control):
    control.refused = ("running",)
    done = restart(tmp_path, control, "steers")
    assert done.returncode == UNKNOWN and "HTTP status 500" in done.stderr and "stopped and not started" in done.stderr
    control.refused = ("stopped",)
    assert "not started" not in restart(tmp_path, control, "steers").stderr


@pytest.mark.parametrize("key", ["", "\n"])
def test_a_key_file_without_a_key_is_said_and_nobody_asked(tmp_path, control, key):
    (tmp_path / "empty").write_text(key)
    done = restart(tmp_path, control, "steers", "--key-file", str(tmp_path / "empty"))
    assert done.returncode == UNKNOWN and "there is no key in it" in done.stderr and control.asked == []


def test_restart_without_a_gluetun_could_not_tell(tmp_path):
    (tmp_path / "egress.conf").write_text("egress vpn device tun0\n")
    assert run("--config", str(tmp_path / "egress.conf"), "tunnel", "restart").returncode == UNKNOWN
    assert run("tunnel").returncode == run("tunnel", "stop").returncode == USAGE


def test_a_daemon_that_cannot_tell_is_no_tunnel_that_is_up(daemon):
    daemon.answers["GET /v1/status"] = (500, {"error": "out of memory"})
    done = run("tunnel", "status", daemon=daemon)
    assert done.returncode == UNKNOWN and "out of memory" in done.stderr


def test_a_policy_without_a_tunnel_is_not_answered_with_silence(daemon):
    daemon.answers["GET /v1/status"] = (200, status(egresses=[{"name": "us", "kind": "proxy", "tunnel": None}]))
    done = run("tunnel", "status", daemon=daemon)
    assert done.returncode == YES and "no egress of the policy is a tunnel" in done.stdout


def test_status_of_a_tunnel_is_the_links_word_and_not_gluetuns(daemon):
    gluetun = {"server": "127.0.0.1:8000", "asked_at_ms": 1, "control": "answered", "health": "healthy", "vpn": "running",
               "exit": None, "country": None, "port": 0, "problem": None}
    daemon.answers["GET /v1/status"] = (200, status(egresses=[
        {"name": "vpn", "kind": "device", "tunnel": tunnel("down"), "gluetun": gluetun}]))
    done = run("tunnel", "status", daemon=daemon)
    assert done.returncode == NO and "vpn: down" in done.stdout and "VPN      running" in done.stdout
