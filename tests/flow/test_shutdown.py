# SPDX-License-Identifier: GPL-3.0-or-later
"""SIGTERM drains, a second one ends at once; a start that cannot be right is refused."""
import os
import signal
import subprocess

import pytest

from lab.daemon import program

from .client import Connection, request


def test_sigterm_lets_running_transfers_finish_and_takes_no_new_ones(start):
    gateway = start()
    with gateway.connect() as connection:
        connection.send(request(gateway.url("/slow?pieces=20&ms=50")))
        connection.until(b"0000000\n")
        gateway.daemon.process.send_signal(signal.SIGTERM)
        connection.until(b"0000010\n")
        with pytest.raises(ConnectionRefusedError):
            Connection(gateway.address)
        connection.until(b"0000019\n")
    assert gateway.daemon.process.wait(10) == 0


def test_sigterm_with_nothing_running_ends_at_once(start):
    gateway = start()
    gateway.daemon.process.send_signal(signal.SIGTERM)
    assert gateway.daemon.process.wait(2) == 0


def test_a_second_sigterm_ends_at_once(start):
    gateway = start()
    with gateway.tunnel("ECHO") as tunnel:
        mark = gateway.daemon.mark()
        gateway.daemon.process.send_signal(signal.SIGTERM)
        gateway.daemon.log.wait(lambda entry: "session" not in entry["event"], mark)
        assert tunnel.send(b"x").exactly(1) == b"x"
        gateway.daemon.process.send_signal(signal.SIGTERM)
        assert gateway.daemon.process.wait(3) == 0
        assert tunnel.ends()


def egressd(*words, **options):
    return subprocess.run([program("egressd"), *words], text=True, capture_output=True, timeout=20, **options)


def test_a_policy_without_rules_is_not_served_unless_asked_so(tmp_path):
    """An ordinary user gets none at all. (Root would: rules for the namespace that the other tests are in.)"""
    done = egressd("--config", "/dev/stdin", **({"user": 65534, "group": 65534} if os.geteuid() == 0 else {}),
                   input="listen mixed 127.0.0.1:1\negress out direct\nout to any\ncontrol none.sock\n")
    assert done.returncode == 4 and "packet rules" in done.stderr


def test_a_broken_file_is_refused_with_file_line_and_caret(tmp_path):
    config = tmp_path / "egress.conf"
    config.write_text("listen mixed 127.0.0.1:1\negres vpn device tun0\ndefault block\n")
    done = egressd("--config", str(config), "--no-firewall")
    assert done.returncode == 3
    assert f"{config}:2:1" in done.stderr and "egres vpn device tun0" in done.stderr and "^" in done.stderr
    assert "egress" in done.stderr


@pytest.mark.parametrize("words, status", [(["--help"], 0), (["--version"], 0), (["--nonsense"], 3), (["--config"], 3),
                                           (["--config", "/nonexistent/egress.conf", "--no-firewall"], 3)])
def test_the_command_line_says_what_it_wants(words, status):
    done = egressd(*words)
    assert done.returncode == status
    assert done.stdout or done.stderr


def test_a_port_in_use_is_said_so(gateway, tmp_path):
    config = tmp_path / "egress.conf"
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        config.write_text(f"listen mixed 127.0.0.1:{taken.getsockname()[1]}\nclient a address 127.0.0.1\n"
                          f"egress out direct private\nout from a\ncontrol {tmp_path}/control.sock\n")
        done = egressd("--config", str(config), "--no-firewall")
    assert done.returncode == 1 and "in use" in done.stderr.lower()


def test_a_stale_control_socket_is_replaced(start):
    gateway = start()
    gateway.daemon.process.kill()
    gateway.daemon.process.wait()
    assert os.path.exists(gateway.daemon.control)
    gateway.daemon.log.close()
    gateway.daemon.start()
    assert gateway.get("/whoami").status == 200
