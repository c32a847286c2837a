# SPDX-License-Identifier: GPL-3.0-or-later
"""curl as the apps would use it, and what it says of an answer."""
import subprocess

from .stream import LineStream

NOTE = "\n\x1e%{http_code} %{http_connect} %{time_total} %{size_download} %{exitcode}"


class Answer:
    def __init__(self, output, error):
        body, _, note = output.rpartition("\n\x1e")
        words = note.split() or ["0", "0", "0", "0", "2"]
        self.body, self.error = body, error.strip()
        self.status, self.connect = int(words[0]), int(words[1])
        self.seconds, self.size, self.exit = float(words[2]), int(words[3]), int(words[4])

    @property
    def refusal(self):
        """The status with which the proxy refused, if it did."""
        return self.connect if self.connect >= 300 else self.status

    def __repr__(self):
        return (f"<status {self.status}, connect {self.connect}, exit {self.exit}, {self.seconds:.2f} s, "
                f"{self.body[:200]!r} {self.error}>")


class Curl:
    """Runs in a namespace, trusting the laboratory's authority; plain=True: with no proxy from the environment."""

    def __init__(self, space, authority, user=None):
        self.space, self.user = space, user
        self.fixed = ["curl", "-q", "-sS", "-g", "--cacert", authority, "-w", NOTE]

    def __call__(self, url, *options, timeout=20):
        return self.start(url, *options, timeout=timeout).result()

    def start(self, url, *options, timeout=20):
        return Running(self.space.start(*self.fixed, "-m", str(timeout), *options, url, user=self.user,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace",
                                        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"}))

    def start_verbose(self, url, *options, timeout=40):
        """Tells on its stream when the request has been sent: wait_sent()."""
        return Verbose(self.space.start(*self.fixed, "-v", "-m", str(timeout), *options, url, user=self.user,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace",
                                        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"}))


class Running:
    def __init__(self, process):
        self.process = process

    def result(self, timeout=60):
        output, error = self.process.communicate(timeout=timeout)
        return Answer(output, error)


class Verbose:
    def __init__(self, process):
        self.process = process
        self.output = LineStream(process.stdout, str)
        self.error = LineStream(process.stderr)

    def wait_sent(self, timeout=10):
        """The whole request has left curl."""
        self.error.wait(lambda line: line == ">", 0, timeout, "curl's request")
        return self

    def wait_data(self, timeout=10):
        self.output.wait(lambda line: True, 0, timeout, "the first line of the answer")
        return self

    def result(self, timeout=60):
        self.process.wait(timeout)
        for stream in (self.output, self.error):
            with stream.changed:
                stream.changed.wait_for(lambda stream=stream: stream.ended, 5)
        return Answer("".join(self.output.entries), "\n".join(
            line for line in self.error.entries if line.startswith("curl:")))
