# SPDX-License-Identifier: GPL-3.0-or-later
"""Nobody reads the log any more: a container engine that hangs, a pager. The gateway serves on, and says what it lost."""
import json
import re
import signal
import subprocess

import pytest

from lab.unread import Reader

NAME = ".".join(["x" * 60] * 3 + ["org"])  # it stands in the line: fewer requests fill what can wait


class Unread:
    """A gateway whose log goes through a pipe, and who reads that."""

    def __init__(self, start, folder):
        self.reader = Reader(folder, str(folder / "gateway0" / "egressd" / "log"))
        self.gateway = start(options="workers 1", rules=f"block to {NAME}\nout from local", before=self.reader.before)

    def lost(self):
        text = subprocess.run(["curl", "-sS", "--unix-socket", self.gateway.daemon.control, "http://egressd/metrics"],
                              check=True, text=True, capture_output=True, timeout=10).stdout
        return int(re.search(r"(?m)^egressd_log_lines_dropped_total (\d+)$", text)[1])

    def refuse(self, count):
        """So many requests that are answered at once, each with a long line."""
        with self.gateway.connect() as connection:
            for _ in range(count):
                answer = connection.send(f"GET http://{NAME}/ HTTP/1.1\r\nHost: {NAME}\r\n\r\n").answer()
                assert answer.status == 403, answer

    def fill(self):
        """Until nothing more can wait."""
        self.reader.stall()
        while self.lost() == 0:
            self.refuse(100)


@pytest.fixture
def unread(tmp_path, start):
    scene = Unread(start, tmp_path)
    yield scene
    scene.reader.stop()


def test_requests_and_reloads_are_answered_and_it_ends_in_time(unread):
    unread.fill()
    unread.refuse(50)
    assert unread.lost() >= 50
    assert unread.gateway.get().status == 200
    assert unread.gateway.daemon.ctl("reload").returncode == 0
    assert unread.gateway.get().status == 200
    unread.gateway.daemon.process.send_signal(signal.SIGTERM)
    assert unread.gateway.daemon.process.wait(10) == 0


def test_when_it_is_read_again_the_loss_is_told_and_every_line_is_whole(unread):
    unread.fill()
    daemon, lost = unread.gateway.daemon, unread.lost()
    unread.reader.go_on()

    def told():
        return sum(entry["count"] for entry in daemon.log.since(0, lambda entry: entry["event"] == "log lines lost"))

    assert unread.gateway.settled(lambda: told() >= lost, told) == lost
    mark = daemon.mark()
    assert unread.gateway.get().status == 200
    daemon.session(mark, host="one.example.org")
    unread.gateway.stop()
    for line in daemon.text().splitlines():
        assert "event" in json.loads(line)
