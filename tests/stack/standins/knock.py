# SPDX-License-Identifier: GPL-3.0-or-later
"""knock.py ADDRESS: a datagram to each of the UDP ports that stdin has as JSON, no quicker than a queue can take them."""
import json
import socket
import sys
import time

AT_ONCE, PAUSE = 100, 0.002

stream = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for count, port in enumerate(json.load(sys.stdin)):
    try:
        stream.sendto(b"knock", (sys.argv[1], port))
    except OSError:  # what a router or the target said of an earlier one
        pass
    if count % AT_ONCE == 0:
        time.sleep(PAUSE)
