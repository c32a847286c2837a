# SPDX-License-Identifier: GPL-3.0-or-later
"""From nothing to a request that travels through all of it and back."""
import json
import os

import pytest

from .engine import COMPOSES
from .outside import VPN
from .stack import COMPOSE, CONTAINERS, KEYS, Variant

FILES = [("compose.yaml",), ("compose.yaml", "hub.yaml"), ("compose.yaml", "with-qbittorrent-in-vpn.yaml"),
         ("compose.yaml", "hub.yaml", "with-qbittorrent-in-vpn.yaml")]
INDEXER = "http://tracker.example.net/indexer"


@pytest.mark.parametrize("program", COMPOSES)
@pytest.mark.parametrize("files", FILES, ids="+".join)
def test_every_compose_reads_the_files_alike(built, files, program):
    """What each makes of the modes of secret files, and of the names that are added up."""
    services = json.loads(built.compose("config", "--format", "json", variant=Variant("", files),
                                        program=(COMPOSES[program],)))["services"]
    keys = services["gluetun"]["configs"] + services["gluetun"]["secrets"]
    assert {int(key["mode"], 8) if isinstance(key["mode"], str) else key["mode"] for key in keys} == {0o400}
    named = {(alias, name) for name, service in services.items() for network in (service.get("networks") or {}).values()
             for alias in (network or {}).get("aliases", [])}
    proxy = "hub" if "hub.yaml" in files else "gluetun"
    inside = {("qbittorrent", "gluetun")} if "with-qbittorrent-in-vpn.yaml" in files else set()
    assert named == {(alias, proxy) for alias in ("egress", "prowlarr", "radarr")} | inside


def test_the_hubs_policy_may_be_loaded(built):
    built.engine.docker("run", "--rm", "-v", f"{COMPOSE}/hub:/etc/egressd:ro", "--entrypoint",
                        "/usr/bin/egressctl", "egressd", "check")


def test_the_image_is_small(built):
    assert built.engine.inspect("egressd")["Size"] <= 25_000_000


def test_one_up_and_everything_is_healthy(stack):
    assert {name: stack.health(name) for name in CONTAINERS} == {name: "healthy" for name in CONTAINERS}


def test_status_shows_what_gluetun_says(stack):
    stack.wait("Gluetun's word", lambda: f"Gluetun says running, healthy; exit {VPN}, United States" in
               stack.ctl("status", check=False).stdout, 20)
    assert VPN in stack.ctl("tunnel", "status")


def test_keys_are_for_root_alone(stack):
    for name in ("config.toml", "gluetun_api_key", "gluetun_control_key"):
        assert os.stat(os.path.join(stack.config, "gluetun", "auth", name)).st_mode & 0o077 == 0
    assert "everybody may read" not in stack.logs("egress", 10000)


def test_the_policy_is_the_environments(stack):
    shown = stack.ctl("config", "show")
    assert "listen mixed 172.30.0.2:8118\n" in shown and shown.startswith("# environment, in force since")


def test_a_file_takes_the_environments_place_and_gives_it_back(stack):
    def source():
        return json.loads(stack.ctl("status", "--json"))["policy"]["path"]

    path = os.path.join(stack.config, "egressd", "egress.conf")
    with open(path, "w", encoding="utf-8") as file:
        file.write(stack.ctl("config", "show"))
    try:
        stack.ctl("reload")
        assert source() == "/etc/egressd/egress.conf"
    finally:
        os.remove(path)
    stack.ctl("reload")
    assert source() == "environment" and stack.request_works()


def test_an_app_has_no_way_out_of_its_own(stack):
    for name in ("prowlarr", "flaresolverr"):
        assert "default" not in stack.inside(name, "ip", "route")
        for address in ("198.51.100.10", "172.31.0.20", "192.168.44.7", "172.31.0.1"):
            assert stack.inside(name, "curl", "-sS", "-m", "3", f"http://{address}/", check=False).returncode != 0
        # Nor a name that anybody outside would have to be asked for.
        assert stack.inside(name, "getent", "hosts", "example.org", check=False).returncode != 0
        assert stack.inside(name, "getent", "hosts", "egress").startswith("172.30.0.2")
    stack.nothing_leaked()


def test_the_same_request_through_egress_comes_from_the_vpn(stack):
    for name, port in (("prowlarr", 8118), ("flaresolverr", 8118), ("flaresolverr", 8119)):
        seen = stack.inside(name, "curl", "-sS", "-m", "10", "-x", f"http://egress:{port}", "http://example.org/whoami")
        assert seen.strip() == VPN
    stack.nothing_leaked()


@pytest.fixture(scope="module")
def set_up(stack):
    """What a person sets up in the pages of the apps, once."""
    prowlarr, radarr = "http://127.0.0.1:9696", "http://127.0.0.1:7878"

    def ask(url, app, body=None, method=None):
        status, answer = stack.fetch(url, KEYS[app], body, method)
        assert status in (200, 201, 202), (url, status, answer)
        return answer

    host = ask(f"{prowlarr}/api/v1/config/host", "prowlarr")
    ask(f"{prowlarr}/api/v1/config/host/1", "prowlarr",
        {**host, "proxyEnabled": True, "proxyType": "http", "proxyHostname": "egress", "proxyPort": 8118}, "PUT")
    fields = [{"name": "baseUrl", "value": INDEXER}]
    ask(f"{prowlarr}/api/v1/indexer", "prowlarr", {"name": "Tracker", "enable": True, "protocol": "torrent", "fields": fields,
                                                   "tags": [], "implementation": "Cardigann"})
    fields = [{"name": "host", "value": "qbittorrent"}, {"name": "port", "value": 8080}, {"name": "username", "value": "admin"},
              {"name": "password", "value": stack.password()}, {"name": "movieCategory", "value": "radarr"}]
    ask(f"{radarr}/api/v3/downloadclient", "radarr", {"name": "qBittorrent", "enable": True, "protocol": "torrent", "tags": [],
                                                      "implementation": "QBittorrent", "fields": fields})
    fields = [{"name": "prowlarrUrl", "value": "http://prowlarr:9696"}, {"name": "baseUrl", "value": "http://radarr:7878"},
              {"name": "apiKey", "value": KEYS["radarr"]}, {"name": "syncCategories", "value": [2000]}]
    ask(f"{prowlarr}/api/v1/applications", "prowlarr", {"name": "Radarr", "syncLevel": "fullSync", "tags": [],
                                                        "implementation": "Radarr", "fields": fields})
    ask(f"{prowlarr}/api/v1/command", "prowlarr", {"name": "ApplicationIndexerSync"})
    key = stack.overseerr_key()
    radarr_settings = {"name": "Radarr", "hostname": "radarr", "port": 7878, "apiKey": KEYS["radarr"], "useSsl": False,
                       "activeProfileId": 1, "activeProfileName": "Any", "activeDirectory": "/data/media/movies", "is4k": False,
                       "minimumAvailability": "released", "isDefault": True}
    status, answer = stack.fetch("http://127.0.0.1:5055/api/v1/settings/radarr", key, radarr_settings)
    assert status == 201, answer
    return stack


def test_a_wish_travels_to_the_indexer_and_back_as_the_vpn(set_up):
    """Overseerr, Radarr, Prowlarr, egress, the tunnel, the indexer; and back to qBittorrent."""
    mark = set_up.outside.events.mark()
    status, wish = set_up.fetch("http://127.0.0.1:5055/api/v1/request", set_up.overseerr_key(),
                                {"mediaType": "movie", "mediaId": 603, "title": "The Matrix"})
    assert status == 201 and wish["status"] == 2, wish
    history = set_up.fetch("http://127.0.0.1:7878/api/v3/history", KEYS["radarr"])[1]["records"]
    assert [(entry["eventType"], entry["pastProwlarr"]) for entry in history] == [("grabbed", False)], history
    seen = set_up.outside.events.since(mark, lambda event: event["kind"] == "http" and "/indexer" in event["target"])
    assert {event["peer"] for event in seen} == {VPN} and len(seen) >= 2, seen
    assert any("Matrix" in event["target"] for event in seen)
    set_up.nothing_leaked()
