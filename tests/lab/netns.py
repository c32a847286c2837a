# SPDX-License-Identifier: GPL-3.0-or-later
"""Network namespaces: make, enter, run in, wait for links in, and take down with everything that runs inside."""
import ctypes
import json
import os
import select
import signal
import socket
import subprocess
import threading
import time

CLONE_NEWNET = 0x40000000
RTMGRP_LINK_AND_ADDRESSES = 0x1 | 0x10 | 0x100
LIBC = ctypes.CDLL(None, use_errno=True)


def run(*words, check=True, **options):
    """A command on the machine itself; its output as text."""
    done = subprocess.run(words, text=True, capture_output=True, **options)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(words)}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def enter_own():
    """This thread, and what it starts from now on, moves to a new network namespace that holds a loopback alone."""
    if LIBC.unshare(CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "a network namespace for the tests")
    run("ip", "link", "set", "lo", "up")


class Namespace:
    def __init__(self, name):
        self.name = name
        self.path = f"/run/netns/{name}"

    def create(self):
        run("ip", "netns", "add", self.name)
        self.batch("link set lo up")

    def command(self, *words, user=None, die_with_parent=True):
        """The words that run a command inside, as a user without any privilege if asked."""
        prefix = ["nsenter", f"--net={self.path}", "--"]
        drop = ["setpriv"]
        if user is not None:
            drop += [f"--reuid={user}", f"--regid={user}", "--clear-groups", "--inh-caps=-all", "--no-new-privs"]
        if die_with_parent:
            drop.append("--pdeathsig=KILL")
        return prefix + (drop if len(drop) > 1 else []) + list(words)

    def run(self, *words, check=True, user=None, **options):
        return run(*self.command(*words, user=user), check=check, **options)

    def start(self, *words, user=None, die_with_parent=True, **options):
        command = self.command(*words, user=user, die_with_parent=die_with_parent)
        return subprocess.Popen(command, start_new_session=True, stdin=subprocess.DEVNULL, **options)

    def batch(self, lines):
        """Several ip commands in one process, all or error."""
        run("ip", "-n", self.name, "-batch", "-", input=lines)

    def link(self, device):
        """The link as ip tells it, or None when there is no such link."""
        text = run("ip", "-n", self.name, "-j", "addr", "show", "dev", device, check=False)
        found = [entry for entry in json.loads(text or "[]") if entry]
        return found[0] if found else None

    def socket(self, *args):
        """A socket that belongs to this namespace; usable from any thread."""
        result = []

        def open_inside():
            try:
                with open(self.path, "rb") as file:
                    if LIBC.setns(file.fileno(), CLONE_NEWNET) != 0:
                        raise OSError(ctypes.get_errno(), "setns")
                result.append(socket.socket(*args))
            except OSError as error:
                result.append(error)

        thread = threading.Thread(target=open_inside)
        thread.start()
        thread.join()
        if isinstance(result[0], OSError):
            raise result[0]
        return result[0]

    def wait_link(self, device, wanted, timeout=10):
        """Waits for netlink's word until wanted(link or None) holds; returns the link."""
        with self.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as monitor:
            monitor.bind((0, RTMGRP_LINK_AND_ADDRESSES))
            deadline = time.monotonic() + timeout
            while not wanted(link := self.link(device)):
                if not select.select([monitor], [], [], max(0, deadline - time.monotonic()))[0]:
                    raise TimeoutError(f"{device} in {self.name} is not as awaited: {link}")
                monitor.recv(65536)
            return link

    def processes(self):
        """Who runs inside."""
        return [int(pid) for pid in run("ip", "netns", "pids", self.name, check=False).split()]

    def destroy(self):
        """Ends everything inside, then the namespace itself."""
        while pids := self.processes():
            for pid in pids:
                end_process(pid)
        run("ip", "netns", "del", self.name, check=False)


def end_process(pid):
    """SIGKILL, and waits until it is gone."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        signal.pidfd_send_signal(handle, signal.SIGKILL)
        select.select([handle], [], [], 5)
    except ProcessLookupError:
        pass
    finally:
        os.close(handle)
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        pass
