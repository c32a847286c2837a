# SPDX-License-Identifier: GPL-3.0-or-later
"""traffic.py PROXY HOST: an app that never rests: short requests one after another, and long answers that take a minute."""
import http.client
import os
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from web import Proxy, fetch  # noqa: E402


def forever(proxy, url):
    while True:
        try:
            fetch(url, proxy, timeout=5)
        except (OSError, http.client.HTTPException):
            time.sleep(0.2)


host, _, port = sys.argv[1].partition(":")
for kind, path in (("http", "whoami"), ("socks5", "whoami"), ("http", "slow?pieces=6000&ms=10"), ("socks5", "slow?pieces=6000&ms=10")):
    threading.Thread(target=forever, args=(Proxy(kind, host, port), f"http://{sys.argv[2]}/{path}")).start()
