# SPDX-License-Identifier: GPL-3.0-or-later
"""
A stand-in for FlareSolverr: POST /v1 request.get, with Chromium where it is installed, else with a plain fetch.

PORT (8191), LISTEN, PROXY_URL (used only when a request names no proxy, as in the real one), CHROMIUM (its path; empty:
none is used; default: whatever is in PATH), CHROMIUM_FLAGS (more of them), CA_FILE (for the plain fetch), TIMEOUT.
"""
import http.client
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from web import App, Proxy, Refused, fetch, route  # noqa: E402

VERSION = "3.5.0"
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
# Chromium as root in a container; and no STUN beside the proxy.
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
         "--webrtc-ip-handling-policy=disable_non_proxied_udp")


class Flaresolverr(App):
    name, port_default = "FlareSolverr", 8191

    def __init__(self, environment=os.environ):
        super().__init__(environment)
        self.chromium = environment.get("CHROMIUM", shutil.which("chromium") or "")
        self.flags = environment.get("CHROMIUM_FLAGS", "").split()
        self.asked = []  # what requests said of a proxy

    @route("GET", "/", anonymous=True)
    def ready(self, _request):
        return {"msg": "FlareSolverr is ready!", "version": VERSION, "userAgent": AGENT}

    @route("GET", "/health", anonymous=True)
    def health(self, _request):
        return {"status": "ok"}

    def browse(self, url, proxy, timeout):
        with tempfile.TemporaryDirectory() as profile:
            words = [self.chromium, *FLAGS, *self.flags, f"--user-data-dir={profile}", f"--user-agent={AGENT}",
                     f"--timeout={int(timeout * 1000)}"]
            if proxy:
                words.append(f"--proxy-server={proxy}")
            done = subprocess.run([*words, "--dump-dom", url], capture_output=True, timeout=timeout + 10, check=False)
        page = done.stdout.decode("utf-8", "replace")
        if done.returncode != 0 or not page.strip() or 'id="main-frame-error"' in page:
            error = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["Chromium showed no page"]
            raise OSError(f"Error solving the challenge. {error[-1][:200]}")
        return page

    def fetch_plain(self, url, proxy, timeout):
        parts = urllib.parse.urlsplit(proxy or "")
        through = Proxy(parts.scheme, parts.hostname, parts.port or 80) if proxy else None
        return fetch(url, through, headers={"User-Agent": AGENT}, timeout=timeout,
                     ca_file=self.environment.get("CA_FILE"))[2].decode("utf-8", "replace")

    @route("POST", "/v1", anonymous=True)
    def v1(self, request):
        asked, started = request.json or {}, int(time.time() * 1000)
        answer = {"status": "error", "message": "", "startTimestamp": started, "version": VERSION}
        if asked.get("cmd") != "request.get" or not asked.get("url"):
            answer["message"] = "Error: Request parameter 'cmd' is mandatory." if "cmd" not in asked else \
                "Error: Request parameter 'url' is mandatory in 'request.get' command."
            raise Refused(500, answer)
        proxy = (asked.get("proxy") or {}).get("url")
        self.asked.append(proxy)
        proxy = proxy or self.environment.get("PROXY_URL")  # {} counts as none
        timeout = min(int(asked.get("maxTimeout", 60000)) / 1000, float(self.environment.get("TIMEOUT", 60)))
        try:
            page = (self.browse if self.chromium else self.fetch_plain)(asked["url"], proxy, timeout)
        except (OSError, http.client.HTTPException, subprocess.TimeoutExpired, ValueError) as error:
            answer["message"] = f"Error: {error}"
            raise Refused(500, {**answer, "endTimestamp": int(time.time() * 1000)}) from error
        solution = {"url": asked["url"], "status": 200, "headers": {}, "userAgent": AGENT, "response": page,
                    "cookies": [{"name": "cf_clearance", "value": "solved", "path": "/"}]}
        return {**answer, "status": "ok", "message": "Challenge not detected!", "solution": solution,
                "endTimestamp": int(time.time() * 1000)}


if __name__ == "__main__":
    Flaresolverr.main()
