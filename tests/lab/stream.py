# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines that arrive by themselves (events of the origins, a daemon's log), kept, and waited for without sleeping."""
import itertools
import json
import socket
import threading
import time


class LineStream:
    """Collects what a reader gives, one entry a line, in a thread of its own."""

    def __init__(self, file, parse=str.rstrip, copy_to=None):
        self.entries = []
        self.ended = False
        self.changed = threading.Condition()
        self._file, self._parse, self._copy_to = file, parse, copy_to
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        try:
            for line in self._file:
                if self._copy_to:
                    self._copy_to.write(line)
                    self._copy_to.flush()
                with self.changed:
                    self.entries.append(self._parse(line))
                    self.changed.notify_all()
        except (OSError, ValueError):
            pass
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def mark(self):
        """Where the stream is now: give it to wait() and since() to look only at what came later."""
        with self.changed:
            return len(self.entries)

    def since(self, mark=0, matches=lambda entry: True):
        with self.changed:
            return [entry for entry in self.entries[mark:] if matches(entry)]

    def wait(self, matches, mark=0, timeout=10, what="a line"):
        """The first entry after mark that matches; TimeoutError when none comes in time."""
        deadline = time.monotonic() + timeout
        with self.changed:
            while True:
                for entry in self.entries[mark:]:
                    if matches(entry):
                        return entry
                mark = len(self.entries)
                left = deadline - time.monotonic()
                if left <= 0 or self.ended:
                    raise TimeoutError(f"{what} did not come ({'stream ended' if self.ended else 'time is up'})")
                self.changed.wait(left)


class EventStream(LineStream):
    """The origins' events, as dictionaries."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.tokens = itertools.count()
        super().__init__(self.socket.makefile("r", encoding="utf-8"), json.loads)

    def sync(self):
        """After this, everything that the origins have seen up to now is here."""
        token = f"{id(self)}-{next(self.tokens)}"
        self.socket.sendall(token.encode() + b"\n")
        super().wait(matching(kind="sync", token=token))

    def mark(self):
        self.sync()
        return super().mark()

    def since(self, mark=0, matches=lambda entry: True):
        self.sync()
        return super().since(mark, lambda entry: entry["kind"] != "sync" and matches(entry))

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


def matching(**wanted):
    """A predicate: these fields have these values."""
    return lambda entry: all(entry.get(key) == value for key, value in wanted.items())
