# SPDX-License-Identifier: GPL-3.0-or-later
"""egressctl apps, against stand-ins that keep the real ones' traps."""
import copy
import datetime
import json
import os
import subprocess
import sys

import pytest

from lab.daemon import program
from lab.process import TESTS

sys.path.insert(0, os.path.join(TESTS, "stack"))
from standins.flaresolverr import Flaresolverr  # noqa: E402
from standins.overseerr import Overseerr  # noqa: E402
from standins.prowlarr import Prowlarr  # noqa: E402
from standins.qbittorrent import Qbittorrent  # noqa: E402
from standins.radarr import Radarr  # noqa: E402
from standins.web import App, Raw, route  # noqa: E402

PROWLARR_KEY, RADARR_KEY, OVERSEERR_KEY = "0123456789abcdef0123456789abcdef", "fedcba98" * 4, "c2VlcnItc2VlcnItc2VlcnI="
PASSWORD = "correct-horse&battery"
SECRETS = (PROWLARR_KEY, RADARR_KEY, OVERSEERR_KEY, PASSWORD)


class Indexer(App):
    """A tracker: up, or gone."""
    gone = False

    @route("GET", "/", anonymous=True)
    def page(self, _request):
        if self.gone:
            return Raw("away", status=502)
        return Raw('<a href="/one.torrent">A Film</a>', "text/html")


class Stack:
    def __init__(self, folder):
        self.apps = []
        self.folder = folder
        self.indexer = self.add(Indexer)
        self.prowlarr = self.add(Prowlarr, PROWLARR__AUTH__APIKEY=PROWLARR_KEY, PROWLARR__LOG__ANALYTICSENABLED="False",
                                 INDEXERS=f"one={self.indexer.url}/ two={self.indexer.url}/")
        self.flaresolverr = self.add(Flaresolverr, CHROMIUM="")
        self.radarr = self.add(Radarr, RADARR__AUTH__APIKEY=RADARR_KEY)
        self.qbittorrent = self.add(Qbittorrent, QBITTORRENT_PASSWORD=PASSWORD)
        self.overseerr = self.add(Overseerr, API_KEY=OVERSEERR_KEY, RADARR_URL=self.radarr.url, RADARR_API_KEY=RADARR_KEY)
        self.environment = {
            "PROWLARR_API_KEY": PROWLARR_KEY, "RADARR_API_KEY": RADARR_KEY, "QBITTORRENT_PASSWORD": PASSWORD,
            "OVERSEERR_API_KEY": OVERSEERR_KEY,
            **{f"{app.name.upper()}_{suffix}": app.url for app in self.apps[1:] for suffix in ("URL", "PEER_URL")}}

    def add(self, kind, **environment):
        folder = self.folder / f"{kind.__name__}{len(self.apps)}"
        folder.mkdir()
        app = kind({"PORT": "0", "LISTEN": "127.0.0.1", "CONFIG_DIR": str(folder), **environment}).start()
        self.apps.append(app)
        return app

    def run(self, *words, secrets=SECRETS, **environment):
        """Nothing it ever says holds a key."""
        settings = {**self.environment, **environment}
        done = subprocess.run([program("egressctl"), "apps", *words], text=True, capture_output=True, timeout=60,
                              env={**os.environ, **{key: value for key, value in settings.items() if value is not None}})
        assert done.returncode in (0, 1, 2, 3), done.stderr
        for secret in secrets:
            assert secret not in done.stdout + done.stderr
        return done

    def ask(self, *words, **environment):
        done = self.run(*words, "--json", **environment)
        return done.returncode, json.loads(done.stdout)

    def found(self, *words, **environment):
        """The ids of what check finds."""
        _, answer = self.ask("check", *words, **environment)
        for item in answer["items"]:
            assert item["kind"] != "finding" or (item["what"] and item["why"] and item["cure"])
        return {item["id"] for item in answer["items"] if item["kind"] == "finding"}

    def state(self):
        return copy.deepcopy((self.prowlarr.host, self.prowlarr.tags, self.prowlarr.lists, self.radarr.lists))


@pytest.fixture
def stack(tmp_path):
    made = Stack(tmp_path)
    yield made
    for app in made.apps:
        app.stop()


# --- setup ---

def test_setup_links_the_apps_and_a_second_one_changes_nothing(stack):
    first = stack.run("setup")
    assert first.returncode == 0, first.stdout
    host = stack.prowlarr.host
    assert (host["proxyEnabled"], host["proxyType"], host["proxyHostname"], host["proxyPort"]) == (True, "http", "egress", 8118)
    assert host["proxyBypassLocalAddresses"] and host["proxyBypassFilter"] == ""
    assert [proxy["implementation"] for proxy in stack.prowlarr.lists["indexerproxy"] if proxy["tags"]] == ["FlareSolverr"]
    assert [app["syncLevel"] for app in stack.prowlarr.lists["applications"]] == ["fullSync"]
    assert [client["enable"] for client in stack.radarr.lists["downloadclient"]] == [True]
    before = stack.state()
    second = stack.run("setup")
    assert second.returncode == 0 and "nothing to change" in second.stdout
    assert stack.state() == before
    assert not any(method in ("PUT", "POST") for method, _ in stack.prowlarr.seen[-6:])


def test_what_was_set_up_works(stack):
    """The links are those that the real ones test when they are saved by hand."""
    stack.run("setup")
    stack.prowlarr.host["proxyEnabled"] = False  # no egressd stands here
    assert stack.prowlarr.test("applications", stack.prowlarr.lists["applications"][0]) == []
    assert stack.radarr.test("downloadclient", stack.radarr.lists["downloadclient"][0]) == []
    stack.prowlarr.sync()
    assert {indexer["name"] for indexer in stack.radarr.lists["indexer"]} == {"one (Prowlarr)", "two (Prowlarr)"}


def test_setup_loses_no_other_setting(stack):
    stack.prowlarr.host.update(instanceName="Prowlarr at home", backupRetention=14, logLevel="debug", historyCleanupDays=3)
    other = stack.prowlarr.flaresolverr_template()
    other.update(id=7, name="by hand", tags=[3], fields=[{"name": "host", "value": "http://elsewhere:8191/"},
                                                         {"name": "requestTimeout", "value": 120}])
    stack.prowlarr.lists["indexerproxy"].append(other)
    far = {**stack.prowlarr.radarr_template(), "id": 5, "name": "Radarr 4K"}
    stack.prowlarr.lists["applications"].append(copy.deepcopy(far))
    before = copy.deepcopy(stack.prowlarr.host)
    assert stack.run("setup").returncode == 0
    changed = {key for key in before if before[key] != stack.prowlarr.host[key]}
    assert changed == {"proxyEnabled", "proxyHostname", "proxyPort"}
    kept = stack.prowlarr.find("indexerproxy", 7)
    assert kept["name"] == "by hand" and kept["tags"] == [3] and kept["fields"][1]["value"] == 120
    assert stack.prowlarr.find("applications", 5) == far
    assert len(stack.prowlarr.lists["applications"]) == 2


def test_dry_run_shows_the_difference_and_changes_nothing(stack):
    before = stack.state()
    done = stack.run("setup", "--dry-run")
    assert done.returncode == 1 and stack.state() == before
    assert 'proxyHostname: "" -> "egress"' in done.stdout and "nothing was changed" in done.stdout
    assert not any(method in ("PUT", "POST") for app in stack.apps for method, _ in app.seen)
    stack.run("setup")
    assert stack.run("setup", "--dry-run").returncode == 0


def test_setup_works_before_the_others_can_be_reached(stack):
    for app in (stack.radarr, stack.flaresolverr, stack.indexer):
        app.stop()
        stack.apps.remove(app)
    done = stack.run("setup", "prowlarr", "flaresolverr", "radarr")
    assert done.returncode == 0, done.stdout
    assert len(stack.prowlarr.lists["applications"]) == len(stack.prowlarr.lists["indexerproxy"]) == 1


def test_setup_mends_what_was_changed_by_hand(stack):
    stack.run("setup")
    stack.prowlarr.host.update(proxyType="socks4", proxyBypassFilter="radarr")
    stack.prowlarr.lists["applications"][0]["fields"][0]["value"] = "http://127.0.0.1:1"
    stack.radarr.lists["downloadclient"][0]["enable"] = False
    _, answer = stack.ask("setup")
    assert answer["changes"] == 4, answer
    assert stack.prowlarr.host["proxyType"] == "http"
    assert stack.radarr.lists["downloadclient"][0]["enable"] is True


@pytest.mark.parametrize("masks", [False, True])
def test_a_key_that_changed_is_noticed_even_when_it_is_shown_as_stars(stack, masks):
    stack.run("setup")
    stack.prowlarr.masks = stack.radarr.masks = masks
    stack.prowlarr.host["proxyEnabled"] = False  # so that Prowlarr's own test reaches Radarr
    assert stack.run("setup", "radarr", "qbittorrent", "--dry-run").returncode == 0
    for fields in (stack.prowlarr.lists["applications"][0]["fields"], stack.radarr.lists["downloadclient"][0]["fields"]):
        for item in fields:
            if item["name"] in ("apiKey", "password"):
                item["value"] = "stale-and-wrong"
    _, answer = stack.ask("setup", "radarr", "qbittorrent")
    assert answer["changes"] == 2 and "stale-and-wrong" not in json.dumps(answer)
    assert stack.prowlarr.test("applications", stack.prowlarr.lists["applications"][0]) == []
    assert stack.radarr.test("downloadclient", stack.radarr.lists["downloadclient"][0]) == []


def test_a_put_that_is_refused_is_not_told_as_done(stack):
    stack.prowlarr.host["backupInterval"] = 99  # what the app itself would not take any more
    code, answer = stack.ask("setup", "prowlarr")
    assert code == 2 and answer["changes"] == 0
    assert "backupInterval" in answer["items"][0]["what"]
    assert stack.prowlarr.host["proxyEnabled"] is False
    stack.run("setup", "qbittorrent")
    stack.radarr.lists["downloadclient"][0]["enable"] = False
    stack.radarr.fault = lambda handler, request: request.method == "PUT" and body_of(b'{"message":"no"}', 500)(handler, request)
    code, answer = stack.ask("setup", "qbittorrent")
    assert code == 2 and answer["changes"] == 0 and "no" in answer["items"][0]["what"]


# --- check ---

def test_what_setup_left_has_nothing_for_check(stack):
    stack.run("setup")
    stack.prowlarr.host.update(proxyHostname="127.0.0.2", proxyPort=stack.indexer.port)
    stack.prowlarr.fetch = lambda *_, **__: (200, {}, b"")  # an egressd that lets everything through
    done = stack.run("check", "--proxy", f"127.0.0.2:{stack.indexer.port}")
    # 127.0.0.2 is what no container may use: the only finding there may be.
    assert done.stdout.count("finding") == 1 and "own container" in done.stdout, done.stdout


TRAPS = [
    ({"proxyEnabled": False}, "no-proxy"),
    ({"proxyType": "socks4"}, "socks4"),
    ({"proxyHostname": "localhost"}, "proxy-loopback"),
    ({"proxyHostname": "elsewhere"}, "proxy-elsewhere"),
    ({"proxyPort": 8888}, "proxy-elsewhere"),
    ({"proxyUsername": "a", "proxyPassword": "b"}, "proxy-login"),
    ({"proxyBypassFilter": "radarr"}, "bypass"),
    ({"proxyBypassFilter": "*.internal"}, "bypass"),
    ({"proxyBypassFilter": "10.0.0.0/8, ["}, "bypass"),
    ({"proxyBypassLocalAddresses": False}, "bypass-local-off"),
    ({"authenticationMethod": "forms", "authenticationRequired": "disabledForLocalAddresses"}, "login-local"),
    ({"analyticsEnabled": True}, "analytics"),
]


def test_check_finds_each_trap_in_prowlarr(stack):
    stack.run("setup")
    clean, settings = stack.found("prowlarr"), stack.prowlarr.host
    assert clean <= {"proxy-check"}  # egress does not resolve here
    for change, finding in TRAPS:
        stack.prowlarr.host = {**settings, **change}
        assert stack.found("prowlarr") - clean == {finding}, change


def test_check_finds_indexers_that_send_radarr_past_the_vpn(stack):
    stack.run("setup")
    clean = stack.found("prowlarr")
    stack.prowlarr.lists["indexer"][0]["redirect"] = True
    stack.prowlarr.lists["indexer"][1]["protocol"] = "usenet"
    assert stack.found("prowlarr") - clean == {"redirect", "usenet"}
    for indexer in stack.prowlarr.lists["indexer"]:
        indexer["enable"] = False
    assert stack.found("prowlarr") == clean


def test_check_finds_proxies_of_single_indexers(stack):
    stack.run("setup")
    clean = stack.found("prowlarr")
    stack.prowlarr.lists["indexerproxy"].append(
        {"id": 9, "name": "old", "implementation": "Socks4", "tags": [1],
         "fields": [{"name": "host", "value": "egress"}, {"name": "port", "value": 1080}]})
    assert stack.found("prowlarr") - clean == {"socks4", "proxy-elsewhere"}


def test_check_finds_what_is_missing_between_the_apps(stack):
    assert stack.found("prowlarr", "flaresolverr", "radarr", "qbittorrent") == {"no-proxy", "not-linked"}
    assert not any(method != "GET" for method, path in stack.prowlarr.seen + stack.radarr.seen)


def test_check_finds_radarrs_own_indexers(stack):
    stack.run("setup")
    stack.prowlarr.sync()
    assert stack.found("radarr") == set()
    own = {**stack.radarr.lists["indexer"][0], "id": 9, "name": "own", "fields": [{"name": "baseUrl", "value": "https://t.example/"}]}
    stack.radarr.lists["indexer"].append(own)
    assert stack.found("radarr") == {"past-prowlarr"}
    own.update(enableRss=False, enableAutomaticSearch=False, enableInteractiveSearch=False)
    assert stack.found("radarr") == set()


def test_check_finds_that_overseerr_would_fail_open(stack):
    assert stack.found("overseerr") == set()
    stack.overseerr.network["proxy"]["enabled"] = True
    assert stack.found("overseerr") == {"fails-open"}
    stack.overseerr.radarrs.clear()
    assert stack.found("overseerr") == {"fails-open", "not-linked"}


def test_check_compares_the_exits_of_flaresolverr_and_others(stack):
    """A proxy that is an echo of its own: it answers whatever is asked of it with one address."""
    class Exit(App):
        @route("GET", ".*", anonymous=True)
        def page(self, request):
            agent = request.headers.get("User-Agent", "")
            return Raw(f"<pre>your address: {'192.0.2.7' if 'Chrome' in agent else self.other}</pre>", "text/html")

    way = stack.add(Exit)
    way.other = "192.0.2.7"
    proxy = ("--proxy", f"127.0.0.1:{way.port}", "--echo", "http://echo.example/")
    done = stack.run("check", "flaresolverr", *proxy)
    assert done.returncode == 0 and "192.0.2.7" in done.stdout, done.stdout
    way.other = "192.0.2.99"
    assert stack.found("flaresolverr", *proxy) == {"exits-differ"}
    way.other = "192.0.2.7"
    own = stack.add(Indexer)
    own.page = None
    stack.flaresolverr.fetch_plain = lambda url, proxy, timeout: "192.0.2.7" if proxy else "198.51.100.1"
    assert stack.found("flaresolverr", *proxy) == {"own-way-out"}


# --- heal ---

def test_heal_brings_back_what_an_outage_switched_off(stack):
    stack.indexer.gone = True
    for _ in range(3):
        stack.prowlarr.test_recorded("indexer", stack.prowlarr.lists["indexer"][0])
    assert stack.found("prowlarr") >= {"backed-off"}
    code, answer = stack.ask("heal", "prowlarr")
    assert code == 1 and answer["findings"] == 1
    stack.indexer.gone = False
    code, answer = stack.ask("heal", "prowlarr")
    assert code == 0 and [(item["what"], item["to"]) for item in answer["items"]] == [("one", "works")]
    assert "backed-off" not in stack.found("prowlarr")


def test_an_indexer_that_works_and_finds_nothing_is_healed(stack):
    """Prowlarr answers its test with 400 and a warning, and has taken it back all the same."""
    now = datetime.datetime.now(datetime.timezone.utc)
    stack.prowlarr.blocked[1] = [3, now + datetime.timedelta(hours=1), now, now]
    stack.prowlarr.links = lambda *_: []
    assert stack.run("heal", "prowlarr").returncode == 0


def test_heal_leaves_healthy_indexers_alone(stack):
    stack.indexer.seen.clear()
    done = stack.run("heal", "prowlarr")
    assert done.returncode == 0 and "leaves no indexer out" in done.stdout
    assert stack.indexer.seen == []


def test_heal_makes_radarr_ask_again(stack):
    stack.run("setup")
    stack.prowlarr.host["proxyEnabled"] = False
    stack.prowlarr.sync()
    assert stack.run("heal", "radarr").returncode == 0
    stack.prowlarr.key = "another"
    assert stack.run("heal", "radarr").returncode == 1


# --- what goes wrong ---

def test_a_wrong_key_is_said_and_changes_nothing(stack):
    before = stack.state()
    wrong = "wrong-key-wrong-key"
    done = stack.run("setup", PROWLARR_API_KEY=wrong, secrets=(*SECRETS, wrong))
    assert done.returncode == 2 and "refuses the key" in done.stdout
    assert stack.state()[:3] == before[:3]


def test_a_key_that_radarr_refuses_is_given_to_nobody(stack):
    before, wrong = stack.state(), "wrong-key-wrong-key"
    done = stack.run("setup", "radarr", RADARR_API_KEY=wrong, secrets=(*SECRETS, wrong))
    assert done.returncode == 2 and "refuses the key" in done.stdout and "nothing was changed" in done.stdout
    assert stack.state() == before


@pytest.mark.parametrize("new", [False, True])
def test_a_wrong_password_is_tried_once_since_qbittorrent_bans(stack, new):
    stack.qbittorrent.new_answers = new
    assert stack.run("check", "qbittorrent").returncode == 0
    wrong = "wrong-key-wrong-key"
    done = stack.run("check", "qbittorrent", QBITTORRENT_PASSWORD=wrong, secrets=(*SECRETS, wrong))
    assert done.returncode == 2 and "refuses the login" in done.stdout
    assert stack.qbittorrent.failures == {"127.0.0.1": 1}


def test_an_app_that_is_down_could_not_be_asked(stack):
    stack.prowlarr.stop()
    stack.apps.remove(stack.prowlarr)
    for action in ("check", "setup", "heal"):
        done = stack.run(action, "prowlarr")
        assert done.returncode == 2 and "is it running?" in done.stdout


def test_a_redirect_takes_the_key_nowhere(stack):
    stolen = []

    def redirect(handler, _request):
        handler.send_response_only(302)
        handler.send_header("Location", f"{stack.radarr.url}/api/v1/config/host")
        handler.send_header("Content-Length", "0")
        handler.end_headers()
        return True

    stack.radarr.fault = lambda handler, request: stolen.append(dict(request.headers))
    stack.prowlarr.fault = redirect
    for action in ("check", "setup", "heal"):
        done = stack.run(action, "prowlarr")
        assert done.returncode == 2 and "redirects to another address" in done.stdout
    assert stolen == []


def body_of(body, status=200):
    def answer(handler, _request):
        handler.send_response_only(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)
        return True
    return answer


HALF = b'{"proxyEnabled":1,"proxyHostname":[],"proxyPort":"x","proxyBypassFilter":{}}'
GARBAGE = (b"", b"<html>", b"[]", b"null", b'{"a":', b"\xff\xfe\x00", b"[" * 100000, b'"text"', b"7", HALF)


def test_garbage_never_becomes_a_setting(stack):
    before, written = stack.state(), []
    for body in GARBAGE:
        def answer(handler, request, body=body):
            if request.method != "GET":
                written.append(request.body)
            return body_of(body)(handler, request)

        stack.prowlarr.fault = answer
        assert stack.run("check", "prowlarr").returncode in (1, 2), body[:20]
        assert body == HALF or stack.run("setup", "prowlarr").returncode == 2, body[:20]
        assert stack.run("heal", "prowlarr").returncode in (0, 2), body[:20]
        assert (written, stack.state()) == ([], before), body[:20]


def test_an_answer_without_end_is_cut_off(stack):
    def endless(handler, _request):
        handler.send_response_only(200)
        handler.send_header("Connection", "close")
        handler.end_headers()
        try:
            while True:
                handler.wfile.write(b" " * 65536)
        except OSError:
            return True

    stack.prowlarr.fault = endless
    done = stack.run("setup", "prowlarr")
    assert done.returncode == 2 and "more than can be taken" in done.stdout


def test_an_error_that_quotes_a_key_is_shown_without_it(stack):
    said = f"cannot reach http://x/?apikey={PROWLARR_KEY} with {RADARR_KEY}"
    stack.prowlarr.fault = body_of(json.dumps([{"errorMessage": said}]).encode(), 400)
    done = stack.run("setup", "prowlarr")
    assert done.returncode == 2 and "cannot reach" in done.stdout


# --- where settings come from ---

def test_keys_come_from_files_and_from_config_xml(stack, tmp_path):
    key = tmp_path / "key"
    key.write_text(PROWLARR_KEY + "\n")
    assert stack.run("heal", "prowlarr", PROWLARR_API_KEY=None, PROWLARR_API_KEY_FILE=str(key)).returncode == 0
    assert stack.run("heal", "prowlarr", "--prowlarr-key-file", str(key), PROWLARR_API_KEY="wrong").returncode == 0
    (tmp_path / "all" / "prowlarr").mkdir(parents=True)
    (tmp_path / "all" / "prowlarr" / "config.xml").write_text(f"<Config>\n  <ApiKey>{PROWLARR_KEY}</ApiKey>\n</Config>")
    assert stack.run("heal", "prowlarr", "--config-dir", str(tmp_path / "all"), PROWLARR_API_KEY=None).returncode == 0
    # What Prowlarr itself (here its stand-in) writes:
    own = os.path.join(stack.prowlarr.config_dir, "config.xml")
    assert stack.run("heal", "prowlarr", PROWLARR_API_KEY=None, PROWLARR_CONFIG=own).returncode == 0


@pytest.mark.parametrize("environment, said", [
    ({"PROWLARR_URL": "http://user:secret-in-url@prowlarr:9696"}, "no login"),
    ({"PROWLARR_URL": "ftp://prowlarr"}, "http://"),
    ({"PROWLARR_API_KEY": "two words"}, "no blanks"),
    ({"PROWLARR_API_KEY": None, "PROWLARR_API_KEY_FILE": "/nonexistent"}, "/nonexistent"),
    ({"PROWLARR_API_KEY": None, "PROWLARR_CONFIG": "/etc/passwd"}, "config.xml"),
    ({"EGRESS_PROXY": "egress"}, "HOST:PORT"),
])
def test_a_setting_that_is_wrong_is_named(stack, environment, said):
    done = stack.run("check", secrets=(*SECRETS, "secret-in-url"), **environment)
    assert done.returncode == 2 and said in done.stderr


@pytest.mark.parametrize("words", [[], ["nonsense"], ["check", "sonarr"], ["check", "--nonsense"], ["check", "--dry-run"]])
def test_wrong_usage_of_apps_is_status_3(stack, words):
    assert stack.run(*words).returncode == 3


def test_a_key_typed_where_its_file_belongs_is_not_repeated(stack):
    assert stack.run("check", "--prowlarr-key", PROWLARR_KEY).returncode == 2


def test_the_proxy_of_whoever_calls_has_no_say(stack):
    assert stack.run("heal", "prowlarr", http_proxy="http://127.0.0.1:1", ALL_PROXY="http://127.0.0.1:1").returncode == 0
