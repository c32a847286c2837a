# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes of the laboratory: the origins, and anything whose log file is to be followed."""
import json
import os
import select
import subprocess
import sys

from .stream import EventStream, LineStream

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class Here:
    """Stands for "no namespace of its own": starts things where we are."""

    @staticmethod
    def start(*words, user=None, die_with_parent=True, **options):
        drop = ["setpriv", "--pdeathsig=KILL"] if die_with_parent else []
        return subprocess.Popen([*drop, *words], start_new_session=True, stdin=subprocess.DEVNULL, **options)


def stop(process, grace=5):
    """SIGTERM, and SIGKILL when that is not heeded."""
    if process is None or process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(grace)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class LogFile(LineStream):
    """Follows a file that a process writes; the process may outlive us."""

    def __init__(self, path, parse=str.rstrip, writer=None):
        until = [] if writer is None else [f"--pid={writer}", "-s", "0.1"]
        self.tail = Here.start("tail", *until, "-n", "+1", "-F", path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                               text=True, errors="replace")
        super().__init__(self.tail.stdout, parse)

    def close(self):
        stop(self.tail)


class Origins:
    """The web sites and services of the world, or of a flow test on loopback."""

    def __init__(self, folder, spec, where=Here, die_with_parent=True):
        spec = {"events": os.path.join(folder, "events.sock"), "names": {}, **spec}
        path = os.path.join(folder, "origins.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(spec, file)
        with open(os.path.join(folder, "origins.log"), "w", encoding="utf-8") as errors:
            self.process = where.start(sys.executable, "-m", "lab.origins", path, stdout=subprocess.PIPE, stderr=errors,
                                       text=True, cwd=TESTS, die_with_parent=die_with_parent)
        self.spec = spec
        self.ports, self.events = None, None

    def wait_ready(self, timeout=15):
        if not select.select([self.process.stdout], [], [], timeout)[0]:
            raise TimeoutError("the origins did not start")
        line = self.process.stdout.readline()
        if not line:
            with open(os.path.join(os.path.dirname(self.spec["events"]), "origins.log"), encoding="utf-8") as file:
                raise RuntimeError("the origins ended: " + file.read())
        self.ports = json.loads(line)
        self.events = EventStream(self.spec["events"])
        return self

    def stop(self):
        if self.events:
            self.events.close()
        stop(self.process)
        self.process.stdout.close()
