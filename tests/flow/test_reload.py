# SPDX-License-Identifier: GPL-3.0-or-later
"""Reload is all or nothing, and live sessions are decided again."""
import glob
import os
import shutil

import pytest

from lab.daemon import ROOT, is_sanitized, is_session

from .client import Connection, request
from .harness import free_port

BROKEN = {
    "unknown verb": "allow from local",
    "unknown egress": "home from local",
    "failing expect": "expect local blocked.example.org:443 out",
    "unknown client": "out from stranger",
    "bad port": "out from local port 99999",
    "not text": "\x00\x01\x02",
}


def reload_with(gateway, **changes):
    return gateway.daemon.reload(gateway.policy(**changes))


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_keeps_the_running_policy(start, name):
    gateway = start()
    with gateway.tunnel("ECHO") as tunnel:
        mark = gateway.daemon.mark()
        reload_with(gateway, rules=f"out from local\n{BROKEN[name]}")
        gateway.daemon.log.wait(lambda entry: entry.get("level") == "error" or "refused" in entry.get("event", ""), mark)
        tunnel.send(b"still here").finish()
        assert tunnel.rest() == b"still here"
    assert gateway.get("/whoami").status == 200
    gateway.check()


def test_a_missing_file_keeps_the_running_policy(start):
    gateway = start()
    os.rename(gateway.daemon.config, gateway.daemon.config + ".away")
    gateway.daemon.reload()
    assert gateway.get("/whoami").status == 200
    gateway.check()


def test_another_control_socket_takes_a_new_start(start, tmp_path):
    """It would stay where it is, and whoever asks at the new place would hear of no egressd."""
    gateway = start()
    answer = reload_with(gateway, options=f"control {tmp_path}/elsewhere.sock")["event"]
    assert "refused" in answer and f"{tmp_path}/elsewhere.sock" in answer and gateway.daemon.control in answer
    assert "reloaded" in reload_with(gateway)["event"]
    gateway.check()


def test_a_new_policy_takes_effect_for_the_next_request_of_the_same_connection(start):
    gateway = start()
    with gateway.connect() as connection:
        assert connection.ask(gateway.url("/whoami")).status == 200
        reload_with(gateway, rules="block to one.example.org\nout from local")
        try:
            assert connection.ask(gateway.url("/whoami")).status == 403
            assert connection.ask(gateway.url("/whoami", "two.example.org")).status == 200
        except ConnectionError:
            pass  # it was decided in the very moment of the change, and ended
    assert gateway.get("/whoami").status == 403
    assert gateway.get("/whoami", name="two.example.org").status == 200
    gateway.check()


def test_only_sessions_that_are_now_denied_end(start):
    gateway = start()
    with gateway.tunnel("ECHO") as denied, gateway.tunnel("ECHO", "two.example.org") as allowed:
        denied.send(b"1"), allowed.send(b"1")
        assert denied.exactly(1) == allowed.exactly(1) == b"1"
        mark = gateway.daemon.mark()
        reload_with(gateway, rules="block to one.example.org\nout from local")
        assert denied.ends()
        entry = gateway.daemon.log.wait(lambda entry: is_session(entry, {"host": "one.example.org"}), mark)
        assert "policy" in entry["end"] or "reload" in entry["end"]
        allowed.send(b"2")
        assert allowed.exactly(1) == b"2"
    gateway.check()


def test_a_transfer_in_flight_survives_a_reload_that_still_allows_it(start):
    gateway = start()
    with gateway.connect() as connection:
        connection.send(request(gateway.url("/slow?pieces=40&ms=20")))
        connection.until(b"0000000\n")
        for _ in range(5):
            reload_with(gateway)
        connection.until(b"0000039\n")
    gateway.check()


def test_an_unchanged_listener_loses_no_connection(start):
    gateway = start()
    for _ in range(10):
        # Who has sent nothing may still be in the kernel, who has begun is a session.
        waiting = [(gateway.connect(), begun) for begun in (0, 1, 9) for _ in range(8)]
        asked = request(gateway.url("/whoami"))
        for connection, begun in waiting:
            connection.send(asked[:begun])
        reload_with(gateway)
        for connection, begun in waiting:
            assert connection.send(asked[begun:]).answer().status == 200
            connection.close()
    gateway.check()


def test_reloads_of_many_names_leave_no_memory_behind(start):
    gateway = start()
    many = "block to " + ", ".join(f"n{number}.example.net" for number in range(100000)) + "\nout from local"

    def memory():
        reload_with(gateway, rules=many)
        return [int(line.split()[1]) for pid in (gateway.daemon.pid, gateway.daemon.process.pid)
                for line in open(f"/proc/{pid}/status", encoding="ascii") if line.startswith("VmRSS")]

    before = memory()
    after = [memory() for _ in range(10)][-1]
    # The names are 4 MiB, and those of the reload before may not be freed yet.
    assert is_sanitized() or all(now - then < 6144 for now, then in zip(after, before)), (before, after)
    gateway.check()


def is_closed(port):
    try:
        Connection(("127.0.0.1", port)).close()
    except ConnectionError:
        return True
    return False


def test_listeners_come_and_go_with_the_file(start):
    gateway, port = start(), free_port()
    reload_with(gateway, listen=f"listen http 127.0.0.1:{port}")
    with Connection(("127.0.0.1", port)) as connection:
        assert connection.ask(gateway.url("/whoami")).status == 200
    reload_with(gateway)
    assert gateway.settled(lambda: is_closed(port), lambda: is_closed(port))
    assert gateway.get("/whoami").status == 200


def test_none_of_the_broken_files_changes_the_running_policy(start):
    """Every file with a golden message, one after the other."""
    files = sorted(glob.glob(os.path.join(ROOT, "tests/unit/config/broken/*.conf")))
    assert len(files) >= 30
    gateway = start()
    for path in files:
        shutil.copy(path, gateway.daemon.config)
        assert gateway.daemon.ctl("reload").returncode == 1, path
        with gateway.connect() as connection:
            assert connection.connect("blocked.example.org", 443).status == 403, path
            assert connection.connect("one.example.org", gateway.origins.port["tcp"]).status == 200, path
    gateway.check()
