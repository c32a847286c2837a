# SPDX-License-Identifier: GPL-3.0-or-later
"""
A stand-in for Overseerr and Seerr: a request for a movie goes to Radarr.

PORT (5055), LISTEN, CONFIG_DIR (/app/config), API_KEY (a new one, in settings.json), and to begin with a Radarr:
RADARR_URL (http://radarr:7878), RADARR_API_KEY. POST /api/v1/request {"mediaType": "movie", "mediaId": 603, "title": "..."}:
the real one looks the title up at TMDB, this one takes it from the request.
"""
import http.client
import json
import os
import secrets
import sys
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from web import App, Refused, fetch, route, state_load, state_save  # noqa: E402

REQUIRED = ("name", "hostname", "port", "apiKey", "useSsl", "activeProfileId", "activeProfileName", "activeDirectory",
            "is4k", "minimumAvailability", "isDefault")


class Overseerr(App):
    name, port_default = "Overseerr", 5055

    def __init__(self, environment=os.environ):
        super().__init__({"CONFIG_DIR": "/app/config", **environment})
        state = state_load(self.config_dir, "settings.json", {})
        self.key = environment.get("API_KEY") or (state.get("main") or {}).get("apiKey") or secrets.token_hex(16)
        self.network = state.get("network") or {"proxy": {"enabled": False, "hostname": "", "port": 8080, "useSsl": False,
                                                          "bypassFilter": "", "bypassLocalAddresses": True}}
        self.radarrs, self.requests = state.get("radarr", []), []
        if not self.radarrs and environment.get("RADARR_API_KEY"):
            url = urllib.parse.urlsplit(environment.get("RADARR_URL", "http://radarr:7878"))
            self.radarrs.append({"id": 0, "name": "Radarr", "hostname": url.hostname, "port": url.port or 7878,
                                 "apiKey": environment["RADARR_API_KEY"], "useSsl": url.scheme == "https", "baseUrl": "",
                                 "activeProfileId": 1, "activeProfileName": "Any", "activeDirectory": "/data/media/movies",
                                 "is4k": False, "minimumAvailability": "released", "isDefault": True})
        self.save()

    def save(self):
        state_save(self.config_dir, "settings.json", {"main": {"apiKey": self.key}, "radarr": self.radarrs,
                                                      "network": self.network})

    def key_is_right(self, request):
        if request.headers.get("X-Api-Key") != self.key:
            raise Refused(403, {"status": 403, "error": "You do not have permission to access this endpoint"})
        return True

    @route("GET", "/api/v1/status", anonymous=True)
    def status(self, _request):
        return {"version": "3.1.0", "commitTag": "stand-in", "updateAvailable": False, "commitsBehind": 0}

    @route("GET", "/api/v1/settings/public", anonymous=True)
    def settings_public(self, _request):
        return {"initialized": True, "applicationTitle": "Overseerr"}

    @route("GET", "/api/v1/settings/network")
    def network_get(self, _request):
        return self.network

    @route("POST", "/api/v1/settings/network")
    def network_set(self, request):
        self.network.update(request.json or {})
        self.save()
        return self.network

    @route("GET", "/api/v1/settings/radarr")
    def radarr_list(self, _request):
        return self.radarrs

    @route("POST", "/api/v1/settings/radarr")
    def radarr_add(self, request):
        radarr = request.json or {}
        missing = [name for name in REQUIRED if name not in radarr]
        if missing:
            raise Refused(400, {"message": f"request body must have required property '{missing[0]}'", "errors": missing})
        radarr["id"] = max((other["id"] for other in self.radarrs), default=-1) + 1
        self.radarrs.append(radarr)
        self.save()
        return 201, radarr

    @route("PUT", r"/api/v1/settings/radarr/(\d+)")
    def radarr_change(self, request, number):
        for place, radarr in enumerate(self.radarrs):
            if radarr["id"] == int(number):
                self.radarrs[place] = {**request.json, "id": radarr["id"]}
                self.save()
                return self.radarrs[place]
        raise Refused(404, {"status": 404, "message": "Settings instance not found"})

    def radarr(self, radarr, path, body=None):
        scheme = "https" if radarr.get("useSsl") else "http"
        base = f"{scheme}://{radarr['hostname']}:{radarr['port']}{radarr.get('baseUrl') or ''}"
        status, _, answer = fetch(f"{base}/api/v3/{path}", method="GET" if body is None else "POST",
                                  headers={"X-Api-Key": radarr["apiKey"], "Content-Type": "application/json"},
                                  body=None if body is None else json.dumps(body))
        return status, json.loads(answer or b"null")

    @route("POST", "/api/v1/settings/radarr/test")
    def radarr_test(self, request):
        try:
            status, profiles = self.radarr(request.json, "qualityProfile".lower())
            folders = self.radarr(request.json, "rootfolder")[1]
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Refused(500, {"status": 500, "message": "Failed to connect to Radarr"}) from error
        if status != 200:
            raise Refused(500, {"status": 500, "message": "Failed to connect to Radarr"})
        return {"profiles": profiles, "rootFolders": folders, "tags": [], "urlBase": ""}

    @route("POST", "/api/v1/request")
    def request_add(self, request):
        asked = request.json or {}
        radarr = next((radarr for radarr in self.radarrs if radarr.get("isDefault")), None)
        if asked.get("mediaType") != "movie" or not asked.get("mediaId"):
            raise Refused(400, {"message": "mediaType and mediaId are needed"})
        entry = {"id": len(self.requests) + 1, "status": 2, "media": {"tmdbId": asked["mediaId"], "status": 3}}
        self.requests.append(entry)
        movie = {"title": asked.get("title", f"Movie {asked['mediaId']}"), "tmdbId": asked["mediaId"],
                 "qualityProfileId": radarr["activeProfileId"] if radarr else 1,
                 "rootFolderPath": radarr["activeDirectory"] if radarr else "", "addOptions": {"searchForMovie": True}}
        if radarr is None or self.radarr(radarr, "movie", movie)[0] != 201:
            entry["status"] = 4  # FAILED
        return 201, entry

    @route("GET", "/api/v1/request")
    def request_list(self, _request):
        return {"pageInfo": {"results": len(self.requests)}, "results": self.requests}


if __name__ == "__main__":
    Overseerr.main()
