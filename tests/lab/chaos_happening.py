# SPDX-License-Identifier: GPL-3.0-or-later
"""When a deed took effect."""
import os
import select
import socket
import threading
import time

from .netns import RTMGRP_LINK_AND_ADDRESSES


class Happening:
    """at(): the kernel's first word of a link or an address since the deed was begun; else that beginning."""

    def __init__(self, space):
        self.monitor = space.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
        self.monitor.bind((0, RTMGRP_LINK_AND_ADDRESSES))
        self.ending, self.end = os.pipe()
        self.began, self.told = time.monotonic(), None
        self.thread = threading.Thread(target=self._listen, daemon=True)

    def _listen(self):
        if self.monitor in select.select([self.monitor, self.ending], [], [])[0]:
            self.told = time.monotonic()

    def at(self):
        return self.told or self.began

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        os.close(self.end)
        self.thread.join()
        os.close(self.ending)
        self.monitor.close()
