# SPDX-License-Identifier: GPL-3.0-or-later
"""swarm.py ADDRESS: what a torrent client never stops doing, bound to nothing: datagrams, and streams that take a minute."""
import http.client
import os
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from web import fetch  # noqa: E402

UDP_PORT = 7002


def again_and_again(action):
    while True:
        try:
            action()
        except (OSError, http.client.HTTPException):
            pass
        time.sleep(0.01)


def streams(peer):
    fetch(f"http://{peer}/slow?pieces=6000&ms=10", timeout=5)


def one_socket(peer):
    """Keeps its address, as long as it lives."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stream:
        stream.connect((peer, UDP_PORT))
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                stream.send(b"a datagram of the swarm")
            except OSError:
                pass
            time.sleep(0.002)


def many_sockets(peer):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stream:
        stream.sendto(b"a datagram of the swarm", (peer, UDP_PORT))


for action in (streams, streams, one_socket, many_sockets):
    threading.Thread(target=again_and_again, args=(lambda action=action: action(sys.argv[1]),)).start()
