# SPDX-License-Identifier: GPL-3.0-or-later
"""
A stand-in for qBittorrent's Web API: logins, the ban after too many, and a list of what was given to it.

PORT or WEBUI_PORT (8080), LISTEN, QBITTORRENT_USER (admin), QBITTORRENT_PASSWORD (a new one, printed at the start),
NEW_ANSWERS=1: logins answer as 5.2 does (204 and 401 in place of "Ok." and "Fails.").
There is no health endpoint in the real one: /api/v2/app/version answers 403 without a login, and that means it is there.
"""
import os
import re
import secrets
import sys
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from web import App, Raw, Refused, route  # noqa: E402

FAILURES_MAX = 5


class Qbittorrent(App):
    name, port_default = "qBittorrent", 8080

    def __init__(self, environment=os.environ):
        if "PORT" not in environment and "WEBUI_PORT" in environment:
            environment = {**environment, "PORT": environment["WEBUI_PORT"]}
        super().__init__(environment)
        self.user = environment.get("QBITTORRENT_USER", "admin")
        self.password = environment.get("QBITTORRENT_PASSWORD") or secrets.token_urlsafe(6)
        if "QBITTORRENT_PASSWORD" not in environment:
            print(f"A temporary password is provided for this session: {self.password}", flush=True)
        self.new_answers = environment.get("NEW_ANSWERS", "") not in ("", "0")
        self.sessions, self.failures = set(), {}
        self.torrents, self.categories = [], {}

    def key_is_right(self, request):
        origin = request.headers.get("Origin") or request.headers.get("Referer")
        if origin and urllib.parse.urlsplit(origin).netloc != request.headers.get("Host"):
            raise Refused(401)  # a page of another site
        found = re.search(r"\bSID=([\w-]+)", request.headers.get("Cookie") or "")
        if not found or found[1] not in self.sessions:
            raise Refused(403)
        return True

    @route("POST", "/api/v2/auth/login", anonymous=True)
    def login(self, request):
        if self.failures.get(request.source, 0) >= FAILURES_MAX:
            return Raw("Your IP address has been banned after too many failed authentication attempts.", status=403)
        form = request.form
        if (form.get("username"), form.get("password")) != (self.user, self.password):
            self.failures[request.source] = self.failures.get(request.source, 0) + 1
            return Raw("", status=401) if self.new_answers else Raw("Fails.")
        self.failures.pop(request.source, None)
        session = secrets.token_urlsafe(16)
        self.sessions.add(session)
        cookie = {"Set-Cookie": f"SID={session}; HttpOnly; path=/"}
        return Raw("", status=204, headers=cookie) if self.new_answers else Raw("Ok.", headers=cookie)

    @route("POST", "/api/v2/auth/logout")
    def logout(self, request):
        self.sessions.discard(re.search(r"SID=([\w-]+)", request.headers["Cookie"])[1])
        return Raw("")

    @route("GET", "/api/v2/app/version")
    def version(self, _request):
        return Raw("v5.2.3" if self.new_answers else "v4.6.7")

    @route("GET", "/api/v2/app/webapiVersion")
    def webapi_version(self, _request):
        return Raw("2.14.0" if self.new_answers else "2.9.3")

    @route("GET", "/api/v2/app/preferences")
    def preferences(self, _request):
        return {"proxy_type": "None", "proxy_ip": "", "proxy_port": 8080, "dht": True, "web_ui_port": self.port,
                "bypass_local_auth": False, "bypass_auth_subnet_whitelist_enabled": False, "save_path": "/data/torrents"}

    @route("POST", "/api/v2/torrents/add")
    def torrent_add(self, request):
        kind = request.headers.get("Content-Type") or ""
        if kind.startswith("multipart/form-data"):
            category = re.search(rb'name="category"\r\n\r\n([^\r]*)', request.body)
            torrent = re.search(rb'name="torrents".*?\r\n\r\n(.*)\r\n--', request.body, re.DOTALL)
            if torrent is None:
                raise Refused(415)
            entry = {"name": f"torrent of {len(torrent[1])} bytes", "bytes": len(torrent[1]),
                     "category": category[1].decode() if category else ""}
        else:
            form = request.form
            if not form.get("urls"):
                return Raw("Fails.")
            entry = {"name": form["urls"], "magnet_uri": form["urls"], "category": form.get("category", "")}
        self.torrents.append({"hash": secrets.token_hex(20), "state": "downloading", "progress": 0, **entry})
        return Raw("Ok.")

    @route("GET", "/api/v2/torrents/info")
    def torrent_list(self, _request):
        return self.torrents

    @route("GET", "/api/v2/torrents/categories")
    def category_list(self, _request):
        return self.categories

    @route("POST", "/api/v2/torrents/createCategory")
    def category_add(self, request):
        name = request.form["category"]
        self.categories[name] = {"name": name, "savePath": request.form.get("savePath", "")}
        return Raw("")


if __name__ == "__main__":
    Qbittorrent.main()
