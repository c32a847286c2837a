# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything at once: epochs end, policies change, origins break off and clients leave, and nothing is left behind."""
import random
import subprocess
import threading
import time

import pytest

from .client import request
from .test_desync import Origin

SECONDS = 8


def address(verb):
    """lo is the tunnel here; an address of it makes it up, another epoch each time."""
    subprocess.run(["ip", "address", verb, "198.18.7.7/32", "dev", "lo"], check=False, capture_output=True)


def heads(connection):
    """
    Comes back once for each request. A body is taken for the first line of the next one, and read in large pieces: byte
    by byte, sixty thousand of them keep Python from answering for a minute.
    """
    with connection.makefile("rb") as stream:
        for line in stream:
            if line == b"\r\n":
                yield


def moody(connection, number):
    """Answers, and ends or breaks off its connections in between as often as not."""
    for _ in heads(connection):
        if random.random() < 0.2:
            return
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        if random.random() < 0.3:
            return


def visit(gateway, port):
    """One client's short life."""
    url = f"http://one.example.org:{port}/"
    with gateway.connect(timeout=5) as connection:
        what = random.randrange(6)
        if what == 0:
            connection.connect("one.example.org", gateway.origins.port["tcp"])
            connection.send("ECHO\nx").exactly(1)
        elif what == 1:
            connection.send(request(url, "POST", body=b"x" * 60000)).answer()
        elif what == 2:
            connection.send(request(url) * 5)
            connection.reset()
        elif what == 3:
            connection.socks5("one.example.org", 0 or gateway.origins.port["tcp"], command=random.choice((1, 3)))
        elif what == 4:
            connection.connect("two.example.org", gateway.origins.port["tcp"])
        else:
            for _ in range(10):
                connection.ask(url)


@pytest.mark.slow
def test_a_storm_of_epochs_reloads_and_failures_leaves_nothing_behind(start):
    egress = "egress vpn device lo private resolver 127.0.0.1:{dns}\negress gone device nosuch0 resolver 127.0.0.1:{dns}"
    rules = ["gone from local to two.example.org\nvpn from local", "vpn from local",
             "block to two.example.org\nvpn from local", "out from local"]
    address("add")
    gateway = start(egress=egress, rules=rules[1], options="hold 1s")
    end = time.monotonic() + SECONDS

    def until_the_end(step, pause):
        while time.monotonic() < end:
            try:
                step()
            except (OSError, ValueError):
                pass  # what becomes of one client is not the question here
            time.sleep(pause)

    def epoch():
        address("del"), address("add")

    with Origin(moody) as origin:
        steps = [(lambda: visit(gateway, origin.port), 0)] * 6 + [
            (epoch, 0.2), (lambda: gateway.daemon.reload(gateway.policy(rules=random.choice(rules)), 2), 0.1)]
        threads = [threading.Thread(target=until_the_end, args=step) for step in steps]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    gateway.daemon.reload(gateway.policy(rules="out from local"))
    assert gateway.get("/whoami").status == 200
    gateway.settled(lambda: not any(remote == origin.port for _, remote in gateway.sockets()), lambda: None, 40)
    gateway.check()
    address("del")
