# SPDX-License-Identifier: GPL-3.0-or-later
"""A log that goes through a pipe, whose reader can stop reading."""
import fcntl
import os
import signal
import struct
import subprocess
import termios


class Reader:
    """Copies the pipe to the file of a Daemon that was made with our `before`. A process, to be stopped at any moment."""

    def __init__(self, folder, log_path):
        self.pipe = os.path.join(folder, "log.pipe")
        os.mkfifo(self.pipe)
        # The file comes just before the daemon, which opens the pipe.
        self.process = subprocess.Popen(["setpriv", "--pdeathsig=KILL", "sh", "-c", 'exec <"$0"; exec cat >>"$1"', self.pipe,
                                         log_path])
        self.before = ("sh", "-c", 'exec "$@" 2>"$0"', self.pipe)

    def stall(self):
        self.process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.process.pid, os.WSTOPPED)

    def fill(self):
        """Nobody else can write anything then, until it is read again."""
        fd = os.open(self.pipe, os.O_WRONLY | os.O_NONBLOCK)
        try:
            while True:
                os.write(fd, b"filled\n")
        except BlockingIOError:
            pass
        finally:
            os.close(fd)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def is_done(self):
        """Has it read all there is?"""
        fd = os.open(self.pipe, os.O_WRONLY | os.O_NONBLOCK)
        try:
            return struct.unpack("i", fcntl.ioctl(fd, termios.FIONREAD, b"\0" * 4))[0] == 0
        finally:
            os.close(fd)

    def stop(self):
        self.process.kill()
        self.process.wait()
