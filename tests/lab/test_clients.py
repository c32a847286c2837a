# SPDX-License-Identifier: GPL-3.0-or-later
"""Real clients in the app's place: every answer came from the VPN server's address, and nothing went around."""
import os
import shutil
import subprocess

import pytest

from . import policy, world
from .daemon import program

GATE = world.GATEWAY_APPS
WAYS = {
    "-x http": ["-x", f"http://{GATE}:8118"],
    "-p -x http": ["-p", "-x", f"http://{GATE}:8118"],
    "-x https": ["-x", f"https://{GATE}:8443"],
    "--socks5": ["--socks5", f"{GATE}:8118"],
    "--socks5-hostname": ["--socks5-hostname", f"{GATE}:8118"],
    "--socks4": ["--socks4", f"{GATE}:8118"],
    "--socks4a": ["--socks4a", f"{GATE}:8118"],
    "--proxy-user": ["-x", f"http://{GATE}:8120", "--proxy-user", "anna:pass word"],
    "--socks5 with a user": ["-x", f"socks5h://anna:pass%20word@{GATE}:8120"],
}
LOCAL_NAMES = ("--socks5", "--socks4")  # these resolve by themselves, and the app has no resolver
V4_ONLY = ("--socks4", "--socks4a")


def places(way):
    """The URLs a way can be asked for, and who the origin must see."""
    names = [] if way in LOCAL_NAMES else [("example.org", 4), ("1337x.to", 4), ("six.example.org", 6)]
    for host, version in [*names, ("198.51.100.10", 4), ("[2001:db8:100::10]", 6)]:
        if version == 4 or way not in V4_ONLY:
            for scheme in ("http", "https"):
                yield f"{scheme}://{host}/whoami", world.VPN_PUBLIC if version == 4 else world.VPN_PUBLIC6


def full_policy(lab):
    """All kinds of listeners."""
    certificate, key = lab.authority.issue("proxy", "serverAuth", [f"IP:{GATE}"])
    os.chmod(key, 0o644)
    users = os.path.join(lab.folder, "users")
    subprocess.run([program("egressctl"), "passwd", users, "anna"], input="pass word\n", text=True, check=True,
                   capture_output=True, timeout=20)
    os.chmod(users, 0o644)
    return policy.open_policy(extra=f"listen mixed {GATE}:8443 tls {certificate} {key}\n"
                                    f"listen mixed {GATE}:8120 auth {users}")


def test_curl_by_every_way_comes_from_the_vpns_address(guarded, play):
    scene = play(guarded, full_policy(guarded))
    wrong = []
    for way, options in WAYS.items():
        for url, seen in places(way):
            answer = scene.curl(url, *options, "--proxy-cacert", guarded.authority.certificate)
            if answer.body.strip() not in (seen, world.VPN_PUBLIC6 if "1337x" in url else seen):
                wrong.append((way, url, answer))
    assert wrong == []
    peers = {event["peer"] for event in guarded.events.since() if event["kind"] in ("http", "dns", "tcp")}
    assert peers <= {world.VPN_PUBLIC, world.VPN_PUBLIC6}, peers
    scene.nothing_leaked()


def test_wget_comes_from_the_vpns_address(guarded, play):
    scene = play(guarded)
    proxy = f"http://{GATE}:8118"
    for url in ("http://example.org/whoami", "https://example.org/whoami"):
        out = guarded.app.run("wget", "-q", "-O", "-", "-T", "10", "-t", "1", f"--ca-certificate={guarded.authority.certificate}",
                              url, env={"PATH": "/usr/bin:/bin", "http_proxy": proxy, "https_proxy": proxy})
        assert out.strip() == world.VPN_PUBLIC
    scene.nothing_leaked()


@pytest.mark.parametrize("proxy", [f"http://{GATE}:8118", f"socks5h://{GATE}:8118"])
def test_git_clones_over_https(guarded, play, proxy, tmp_path):
    scene = play(guarded)
    guarded.app.run("git", "-c", f"http.proxy={proxy}", "-c", f"http.sslCAInfo={guarded.authority.certificate}", "clone", "-q",
                    "https://example.org/git/site.git", str(tmp_path / "site"),
                    env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)})
    assert (tmp_path / "site" / "README").read_text() == "from the lab.\n"
    scene.nothing_leaked()


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not installed")
@pytest.mark.parametrize("proxy", [f"http://{GATE}:8118", f"socks5://{GATE}:8118"])
def test_chromium_comes_from_the_vpns_address(guarded, play, proxy, tmp_path):
    scene = play(guarded)
    for url in ("http://example.org/", "https://1337x.to/"):
        page = guarded.app.run(
            "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--ignore-certificate-errors",
            "--webrtc-ip-handling-policy=disable_non_proxied_udp", f"--user-data-dir={tmp_path}", f"--proxy-server={proxy}",
            "--dump-dom", "--timeout=15000", url, env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}, timeout=60)
        assert f"<p id=\"peer\">{world.VPN_PUBLIC}" in page or world.VPN_PUBLIC6 in page, page
    scene.nothing_leaked()


def test_the_app_has_no_way_of_its_own(guarded, play):
    """Not by address, not by name, not with a route it makes itself, not through the gateway's other addresses."""
    scene = play(guarded)
    tries = [("http://198.51.100.10/whoami",), ("http://[2001:db8:100::10]/whoami",), ("http://example.org/whoami",),
             (f"http://{world.HOME}/",)]
    assert all(scene.curl(*words, timeout=2).status == 0 for words in tries)
    guarded.app.batch(f"route add default via {GATE}")
    assert all(scene.curl(*words, timeout=1).status == 0 for words in tries)
    assert not guarded.events.since(0, lambda event: event["kind"] == "http")
    scene.nothing_leaked()


def test_names_are_asked_through_the_tunnel_only(guarded, play):
    scene = play(guarded)
    for name in ("example.org", "www.example.org", "tracker.example.net", "nowhere.example.org", "servfail.example.org",
                 "tc.example.org", "half-dead.example.org", "both.example.org"):
        scene.curl(f"http://{name}/whoami", "-x", f"http://{GATE}:8118")
    asked = guarded.events.since(0, lambda event: event["kind"] == "dns")
    assert {event["peer"] for event in asked} == {world.VPN_PUBLIC}
    assert {"example.org", "tc.example.org"} <= {event["name"] for event in asked}
    scene.nothing_leaked()


@pytest.mark.parametrize("name", ["prowlarr", "router.lan", "nas.local", "x.internal", "service.onion", "a.home.arpa", "b.test",
                                  "c.invalid", "d.localhost"])
def test_local_names_reach_no_resolver(guarded, play, name):
    scene = play(guarded)
    assert scene.curl(f"http://{name}/", "-x", f"http://{GATE}:8118").status in (403, 502)
    assert not [event for event in guarded.events.since(0) if event["kind"] == "dns" and name.split(".")[0] in event["name"]]
    scene.nothing_leaked()


def test_private_addresses_are_refused_whatever_name_leads_there(guarded, play):
    scene = play(guarded)
    for host in ("192.168.44.1", "inside.example.org", "mapped.example.org", "127.0.0.1", "172.30.0.10", "169.254.169.254",
                 "10.8.0.1", "[::1]", "[fd44::1]", "[::ffff:192.168.44.1]", "[64:ff9b::c0a8:2c01]", "[2002:c0a8:2c01::1]"):
        answer = scene.curl(f"http://{host}/", "-x", f"http://{GATE}:8118")
        assert answer.status in (403, 502), (host, answer)
    scene.nothing_leaked()


def test_an_unbound_program_in_the_gateway_is_seen(lab, play):
    """The control of all these tests: what egressd does not do, done, is seen at home and by the origin."""
    scene = play(lab)
    scene.nothing_leaked()
    lab.firewall.off()
    lab.vpn.down()
    assert scene.curl("http://198.51.100.10/whoami", timeout=1).status == 0
    seen = lab.gateway.run("curl", "-s", "http://198.51.100.10/whoami")
    assert seen.strip() == world.HOME_PUBLIC
    assert len(lab.witness.look().leaks) > 0


def test_the_policy_as_shipped_loads_and_holds_its_promises(lab, play):
    scene = play(lab, policy.shipped(lab.folder, "2s"))
    through = ["-x", f"http://{GATE}:8118"]
    assert scene.curl("https://1337x.to/whoami", *through).body.strip() in (world.VPN_PUBLIC, world.VPN_PUBLIC6)
    assert scene.curl("http://example.org:8080/whoami", *through).status == 403
    answer = scene.curl("http://accounts.google.com/", "-x", f"http://{GATE}:8119", "--interface", world.APP_FLARESOLVERR)
    assert answer.status == 403 and answer.body.strip()
    assert scene.daemon.session(0, status=403)["rule"]
    scene.nothing_leaked()
