# SPDX-License-Identifier: GPL-3.0-or-later
"""From nothing to a request that travels through all of it and back."""
import json
import os

import pytest

from .engine import COMPOSES, OLD
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


@pytest.mark.parametrize("program", COMPOSES)
def test_the_keeper_is_a_choice(built, program):
    for profile in ("keeper", ""):
        chosen = built.compose("config", "--services", program=(COMPOSES[program],),
                               variant=Variant("", environment={"COMPOSE_PROFILES": profile})).split()
        assert ("keeper" in chosen) == (profile == "keeper") and "egress" in chosen


@pytest.mark.every_engine
def test_a_keeper_without_an_engine_says_so_once_and_harms_nobody(stack):
    """As of a rootless engine, when DOCKER_SOCKET is not set."""
    nowhere = Variant("", environment={"DOCKER_SOCKET": os.path.join(stack.engine.folder, "nowhere.sock")})
    stack.compose("up", "-d", "--no-deps", "keeper", variant=nowhere)
    try:
        stack.wait("the keeper's word", lambda: "there is no socket of a Docker engine" in stack.logs("keeper"))
        stack.wait("it is unhealthy", lambda: "no socket" in str(stack.engine.docker(
            "exec", "keeper", "egressctl", "rejoin", "--dry-run", check=False)))
        assert stack.logs("keeper").count("\n") == 1 and stack.engine.inspect("keeper")["RestartCount"] == 0
        assert stack.request_works()
    finally:
        stack.compose("up", "-d", "--wait", "--no-deps", "keeper")
    assert "watching project=egress" in stack.logs("keeper")


def test_the_hubs_policy_may_be_loaded(built):
    built.engine.docker("run", "--rm", "-v", f"{COMPOSE}/hub:/etc/egressd:ro", "--entrypoint",
                        "/usr/bin/egressctl", "egressd", "check")


def test_the_image_is_small(built):
    assert built.engine.inspect("egressd")["Size"] <= 25_000_000


@pytest.mark.every_engine
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


@pytest.mark.every_engine
def test_an_app_has_no_way_out_of_its_own(stack):
    for name in ("prowlarr", "flaresolverr"):
        # Engines before 25 give every container a default route. There it leads to an address that is nobody's.
        assert OLD or "default" not in stack.inside(name, "ip", "route")
        for address in ("198.51.100.10", "172.31.0.20", "192.168.44.7", "172.31.0.1"):
            assert stack.inside(name, "curl", "-sS", "-m", "3", f"http://{address}/", check=False).returncode != 0
        # Nor a name that anybody outside would have to be asked for.
        assert stack.inside(name, "getent", "hosts", "example.org", check=False).returncode != 0
        assert stack.inside(name, "getent", "hosts", "egress").startswith("172.30.0.2")
    stack.nothing_leaked()


@pytest.mark.every_engine
def test_the_same_request_through_egress_comes_from_the_vpn(stack):
    for name, port in (("prowlarr", 8118), ("flaresolverr", 8118), ("flaresolverr", 8119)):
        seen = stack.inside(name, "curl", "-sS", "-m", "10", "-x", f"http://egress:{port}", "http://example.org/whoami")
        assert seen.strip() == VPN
    stack.nothing_leaked()


# --- the apps, linked by egressctl ---

PROWLARR, RADARR, OVERSEERR = "http://127.0.0.1:9696", "http://127.0.0.1:7878", "http://127.0.0.1:5055"
STATE = [("prowlarr", f"{PROWLARR}/api/v1/{what}") for what in ("config/host", "applications", "indexerproxy", "tag")] + \
        [("radarr", f"{RADARR}/api/v3/downloadclient")]


def ask(stack, app, url, body=None, method=None):
    status, answer = stack.fetch(url, KEYS[app], body, method)
    assert status in (200, 201, 202), (url, status, answer)
    return answer


def apps_setup(stack, **changed):
    known = {"PROWLARR_API_KEY": KEYS["prowlarr"], "RADARR_API_KEY": KEYS["radarr"], "RADARR_URL": "http://172.31.0.20:7878",
             "QBITTORRENT_URL": "http://172.31.0.22:8080", "QBITTORRENT_PASSWORD": stack.password(), **changed}
    words = [word for name, value in known.items() for word in ("-e", f"{name}={value}")]
    return stack.engine.docker("exec", *words, "egress", "egressctl", "apps", "setup", check=False)


def state(stack):
    return [ask(stack, app, url) for app, url in STATE]


@pytest.fixture(scope="module")
def set_up(stack):
    """Everything that egressctl links; the rest as a person does it in the pages of the apps, once."""
    done = apps_setup(stack)
    assert done.returncode == 0 and "nothing was changed" not in done.stdout, done
    fields = [{"name": "baseUrl", "value": INDEXER}]
    ask(stack, "prowlarr", f"{PROWLARR}/api/v1/indexer",
        {"name": "Tracker", "enable": True, "protocol": "torrent", "fields": fields, "tags": [], "implementation": "Cardigann"})
    ask(stack, "prowlarr", f"{PROWLARR}/api/v1/command", {"name": "ApplicationIndexerSync"})
    radarr = {"name": "Radarr", "hostname": "radarr", "port": 7878, "apiKey": KEYS["radarr"], "useSsl": False,
              "activeProfileId": 1, "activeProfileName": "Any", "activeDirectory": "/data/media/movies", "is4k": False,
              "minimumAvailability": "released", "isDefault": True}
    status, answer = stack.fetch(f"{OVERSEERR}/api/v1/settings/radarr", stack.overseerr_key(), radarr)
    assert status == 201, answer
    return stack


def test_linking_the_apps_twice_is_linking_them_once(set_up):
    before = state(set_up)
    assert before[0]["proxyHostname"] == "egress" and [len(found) for found in before[1:]] == [1, 1, 1, 1], before
    done = apps_setup(set_up)
    assert done.returncode == 0 and state(set_up) == before, done


@pytest.mark.parametrize("changed, words", [
    ({"PROWLARR_API_KEY": "0" * 32}, "key"),
    ({"PROWLARR_URL": "http://172.30.0.10:9"}, "172.30.0.10:9"),
    ({"RADARR_API_KEY": "0" * 32}, "key"),
    ({"PROWLARR_URL": "http://172.30.0.11:8191"}, "prowlarr"),  # FlareSolverr: JSON, but no answer of Prowlarr's
], ids=["a wrong key", "an app that is down", "a wrong key of the other app", "another app"])
def test_linking_what_does_not_answer_says_so_and_changes_nothing(set_up, changed, words):
    before = state(set_up)
    done = apps_setup(set_up, **changed)
    assert done.returncode == 2 and words in done.stdout + done.stderr and state(set_up) == before, done
    assert not any(key in done.stdout + done.stderr for key in KEYS.values())


@pytest.mark.every_engine
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
