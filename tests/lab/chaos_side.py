# SPDX-License-Identifier: GPL-3.0-or-later
"""The two sides of a chaos run: egressd with a restart policy, and the control, which has nothing."""
import os
import signal
import subprocess
import threading
import time

from . import policy
from .chaos_traffic import THROUGH_GATEWAY, UNBOUND
from .daemon import Daemon, program
from .netns import end_process

NAMESPACE_GONE = 75
NOT_DENIED = policy.open_policy(hold="25s")
DENIED = NOT_DENIED.replace("vpn from prowlarr,flaresolverr\n", "")


class Gateway:
    """egressd where Gluetun is, restarted whenever it ends, as a container with a restart policy is."""

    name, kinds, is_control = "egressd", THROUGH_GATEWAY, False

    def __init__(self, lab):
        self.lab, self.space = lab, lab.app
        self.daemon = Daemon(NOT_DENIED, lab.folder, lab.gateway, extra=("--namespace-grace", "1"))
        self.stopping = threading.Event()
        self.exits = []
        self.thread = threading.Thread(target=self._keep, daemon=True)
        self.paused = threading.Lock()
        self.daemon.start()
        self.thread.start()

    def _keep(self):
        while not self.stopping.is_set():
            status = self.daemon.process.wait()
            if self.stopping.is_set():
                return
            self.exits.append((time.monotonic(), status))
            self.daemon.log.close()
            with self.paused:  # a container does not start before its namespace is there
                self._start_again()

    def _start_again(self):
        while not self.stopping.wait(0.1):
            try:
                self.daemon.start()
                return
            except (TimeoutError, RuntimeError):
                continue

    def rules_hold(self):
        """The kernel has exactly the policy's rules."""
        return subprocess.run(self.lab.gateway.command(program("egressctl"), "rules", "verify", "--config",
                                                       self.daemon.config), capture_output=True, timeout=20).returncode == 0

    # What happens to it

    def kill_proxy(self):
        os.kill(self.daemon.pid, signal.SIGKILL)

    def kill_warden(self):
        self.daemon.process.kill()

    def deny(self):
        self.daemon.reload(DENIED)

    def allow(self):
        self.daemon.reload(NOT_DENIED)

    def mend_rules(self, timeout=5):
        """Nobody mends them but egressd itself. When they are in force, or None."""
        deadline = time.monotonic() + timeout
        while not self.rules_hold():
            if time.monotonic() > deadline:
                return None
        return time.monotonic()

    def lose_namespace(self, timeout=15):
        """Its links have gone: it must notice, and end by itself saying why. When it noticed, or None."""
        process, before = self.daemon.process, len(self.exits)
        try:
            self.daemon.event("lost its uplink", 0, timeout)
            noticed = time.monotonic()
        except TimeoutError:
            noticed = None
        deadline = time.monotonic() + timeout
        while len(self.exits) == before and time.monotonic() < deadline:
            time.sleep(0.002)
        if len(self.exits) == before:
            end_process(process.pid)
            return None
        return noticed if self.exits[-1][1] == NAMESPACE_GONE else None

    def stop(self):
        """Without its patience for what still runs: that is not what is looked at here."""
        self.stopping.set()
        self.daemon.process.kill()
        self.thread.join(10)
        self.daemon.stop()


class Control:
    """A plain program beside Gluetun, in its namespace: what network_mode: service:gluetun makes of an app."""

    name, kinds, is_control = "control", UNBOUND, True

    def __init__(self, lab):
        self.lab, self.space = lab, lab.gateway
        self.paused = threading.Lock()

    def mend_rules(self):
        return time.monotonic()

    def lose_namespace(self):
        return None

    def stop(self):
        pass


SIDES = {side.name: side for side in (Gateway, Control)}
