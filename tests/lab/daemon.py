# SPDX-License-Identifier: GPL-3.0-or-later
"""egressd under test: started, waited for, watched, reloaded and always stopped."""
import json
import os
import re
import signal
import subprocess
import time

from .process import TESTS, Here, LogFile, stop

ROOT = os.path.dirname(TESTS)
BUILD = os.environ.get("EGRESSD_BUILD", os.path.join(ROOT, "build"))
COARSE = 5  # CLOCK_REALTIME_COARSE, time.h
USER = 1900  # who the proxy is when root starts egressd
SANITIZER_OPTIONS = {"ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0", "UBSAN_OPTIONS": "print_stacktrace=1",
                     "TSAN_OPTIONS": "halt_on_error=0:exitcode=66"}


def program(name):
    return os.path.join(BUILD, name)


def is_sanitized():
    """A build that is several times slower and larger, and knows it."""
    with open(program("egressd"), "rb") as file:
        text = file.read()
    return b"__asan_init" in text or b"__tsan_init" in text


def parse(line):
    """A line of the log as a dictionary; {"event": the line} when it is not JSON."""
    line = line.rstrip("\n")
    try:
        entry = json.loads(line)
        return entry if isinstance(entry, dict) else {"event": line}
    except ValueError:
        return {"event": line}


def coarse_ms():
    """The clock of the log's lines; it goes by the kernel's tick."""
    return time.clock_gettime_ns(COARSE) // 1000000


class DaemonLog(LogFile):
    """Lines are gathered, and come a little after what they tell of: which ones are after a mark, their own time says."""

    def mark(self):
        index, before = super().mark(), coarse_ms()
        while (now := coarse_ms()) == before:
            time.sleep(0.001)  # until no line of before can have the same time
        return index, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now // 1000)) + f".{now % 1000:03}Z"

    def since(self, mark=0, matches=lambda entry: True):
        index, stamp = mark or (0, "")
        return super().since(index, lambda entry: entry.get("time", "~") >= stamp and matches(entry))

    def wait(self, matches, mark=0, timeout=10, what="a line"):
        index, stamp = mark or (0, "")
        return super().wait(lambda entry: entry.get("time", "~") >= stamp and matches(entry), index, timeout, what)


class Daemon:
    """
    policy: the text of the file, without control and log lines, which are added at its end so that line
    numbers stay what they were. where: a namespace, or nothing for here.
    """

    def __init__(self, policy, folder, where=Here, keep=False, extra=("--no-firewall",), before=()):
        self.folder = os.path.join(folder, "egressd")
        os.makedirs(self.folder, exist_ok=True)
        self.where, self.keep, self.extra, self.before = where, keep, extra, before
        self.config = os.path.join(self.folder, "egress.conf")
        self.control = os.path.join(self.folder, "control.sock")
        self.log_path = os.path.join(self.folder, "log")
        self.binary = program("egressd")
        self.process = self.log = self.baseline = None
        self.write(policy)

    def write(self, policy):
        tail = "" if "\ncontrol " in policy else f"\ncontrol {self.control}\n"
        tail += "" if "\nlog format " in policy else "\nlog format json\n"
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(policy + tail)

    def start(self, timeout=15):
        open(self.log_path, "w", encoding="utf-8").close()
        with open(self.log_path, "a", encoding="utf-8") as file:
            self.process = self.where.start(
                *self.before, self.binary, "--config", self.config, *self.extra, stdout=file,
                stderr=subprocess.STDOUT, die_with_parent=not self.keep, env={**os.environ, **SANITIZER_OPTIONS})
        self.log = DaemonLog(self.log_path, parse, self.process.pid)
        try:
            self.log.wait(is_ready, 0, timeout, "ready")
        except TimeoutError:
            self.stop()
            raise TimeoutError("egressd did not become ready:\n" + self.text()) from None
        self.baseline = self.descriptors()
        return self

    def text(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    # What it did

    def mark(self):
        return self.log.mark()

    def sessions(self, mark=0, **wanted):
        """Session lines since mark with these values."""
        return self.log.since(mark, lambda entry: is_session(entry, wanted))

    def session(self, mark=0, timeout=10, **wanted):
        """The first such line, waited for."""
        return self.log.wait(lambda entry: is_session(entry, wanted), mark, timeout, f"a session line with {wanted}")

    def event(self, words, mark=0, timeout=10):
        """The first line whose event contains these words."""
        return self.log.wait(lambda entry: words in entry.get("event", ""), mark, timeout, f"a log line with {words!r}")

    # How it is: process is the warden, pid its only child, the proxy

    @property
    def pid(self):
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="ascii") as file:
            return int(file.read())

    def is_alive(self):
        return self.process.poll() is None

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def memory_kib(self, what="VmRSS"):
        with open(f"/proc/{self.pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith(what))

    def processor_seconds(self):
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    # What is done to it

    def reload(self, policy=None, timeout=10):
        """SIGHUP; returns the log's answer: reloaded, or refused."""
        if policy is not None:
            self.write(policy)
        mark = self.mark()
        self.process.send_signal(signal.SIGHUP)
        return self.log.wait(lambda entry: entry.get("event", "").startswith(("policy reloaded", "reload refused")), mark,
                             timeout, "an answer to SIGHUP")

    def ctl(self, *words, check=True):
        """egressctl against this daemon."""
        command = [program("egressctl"), *words, "--socket", self.control]
        done = subprocess.run(command, text=True, capture_output=True, timeout=20)
        if check and done.returncode not in (0, 1):
            raise RuntimeError(f"{' '.join(command)}: {done.returncode} {done.stderr}")
        return done

    def stop(self):
        """SIGTERM; returns the exit status."""
        stop(self.process, grace=20)
        if self.log:
            self.log.close()
        assert "system call refused" not in self.text(), "the proxy needs a system call that is not on its list"
        return self.process.returncode


def is_ready(entry):
    return re.search(r"\bready\b", entry.get("event", "")) is not None


def is_session(entry, wanted):
    return "session end" in entry.get("event", "") and all(entry.get(key) == value for key, value in wanted.items())
