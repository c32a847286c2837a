# SPDX-License-Identifier: GPL-3.0-or-later
"""scan.py ADDRESS...: the TCP ports of each address that take a connection, as JSON; all 65535, many at a time."""
import errno
import json
import resource
import select
import socket
import sys
import time

AT_ONCE, SILENCE = 16000, 1.5


def begin(address, port):
    stream = socket.socket()
    stream.setblocking(False)
    return stream, stream.connect_ex((address, port))


def scan(address):
    found, ports = [], iter(range(1, 65536))
    poll, waiting = select.epoll(), {}
    more = True
    while more or waiting:
        while more and len(waiting) < AT_ONCE:
            port = next(ports, None)
            if port is None:
                more = False
                break
            stream, error = begin(address, port)
            if error == errno.EINPROGRESS:
                waiting[stream.fileno()] = (stream, port, time.monotonic())
                poll.register(stream, select.EPOLLOUT)
            else:
                stream.close()
                found += [port] if error == 0 else []
        ready = {fd for fd, _ in poll.poll(0.05)}
        overdue = {fd for fd, (_, _, since) in waiting.items() if time.monotonic() - since > SILENCE}
        for fd in ready | overdue:
            stream, port, _ = waiting.pop(fd)
            # Whoever is late may have been connected all the same, on a machine with too much to do.
            try:
                stream.getpeername()
                found.append(port)
            except OSError:
                pass
            poll.unregister(fd)
            stream.close()
    return sorted(found)


resource.setrlimit(resource.RLIMIT_NOFILE, (AT_ONCE + 64, AT_ONCE + 64))
print(json.dumps({address: scan(address) for address in sys.argv[1:]}))
