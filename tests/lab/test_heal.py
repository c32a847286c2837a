# SPDX-License-Identifier: GPL-3.0-or-later
"""After an outage Prowlarr has its indexers back, without anybody's doing."""
import json
import os
import subprocess
import sys

import pytest

from . import policy, world
from .daemon import program
from .process import TESTS, stop

KEY = "0123456789abcdef0123456789abcdef"
URL = f"http://{world.APP}:9696"


class Prowlarr:
    """The stand-in, in the app's namespace, with one indexer out in the Internet."""

    def __init__(self, lab):
        self.lab = lab
        environment = {**os.environ, "PROWLARR__AUTH__APIKEY": KEY, "CONFIG_DIR": lab.folder, "LISTEN": world.APP,
                       "INDEXERS": "one=http://example.org/"}
        self.process = lab.app.start(sys.executable, os.path.join(TESTS, "stack", "standins", "prowlarr.py"),
                                     env=environment, stdout=subprocess.PIPE, text=True)
        assert "listens" in self.process.stdout.readline()

    def ask(self, path):
        return json.loads(self.lab.app.run("curl", "-sS", "-H", f"X-Api-Key: {KEY}", f"{URL}/api/v1/{path}"))

    def left_out(self):
        return [status["indexerId"] for status in self.ask("indexerstatus")]

    def apps(self, *words):
        """egressctl apps, where egressd stands."""
        return subprocess.run(self.lab.gateway.command(program("egressctl"), "apps", *words, "--prowlarr-url", URL,
                                                       "--proxy", f"{world.GATEWAY_APPS}:8118"),
                              env={**os.environ, "PROWLARR_API_KEY": KEY}, text=True, capture_output=True, timeout=30)

    def stop(self):
        stop(self.process)
        self.process.stdout.close()


@pytest.fixture
def prowlarr(lab):
    made = Prowlarr(lab)
    yield made
    made.stop()


def heal_policy(lab, after, hold):
    key = os.path.join(lab.folder, "prowlarr-key")
    with open(key, "w", encoding="ascii") as file:
        file.write(KEY + "\n")
    os.chmod(key, 0o600)
    return policy.open_policy(hold=hold, extra=f"heal prowlarr {URL} key-file {key} after {after}")


def test_indexers_that_an_outage_switched_off_are_back_with_the_tunnel(lab, prowlarr, play):
    lab.own_rules = True  # egressd's own rules must let it reach Prowlarr
    scene = play(lab, heal_policy(lab, "0s", hold="0s"))
    assert prowlarr.apps("setup", "prowlarr").returncode == 0
    prowlarr.ask("search?query=x")
    assert prowlarr.left_out() == []
    lab.vpn.down()
    prowlarr.ask("search?query=x")
    assert prowlarr.left_out() == [1]
    mark = scene.daemon.mark()
    lab.vpn.up()
    healed = scene.daemon.event("heal", mark, timeout=30)
    assert (healed["tested"], healed["healed"]) == (1, 1), healed
    assert prowlarr.left_out() == []
    assert KEY not in scene.daemon.text()
    scene.nothing_leaked()


def test_a_short_outage_asks_nobody_and_a_wrong_key_is_refused_at_load(lab, prowlarr, play):
    scene = play(lab, heal_policy(lab, "1h", hold="20s"))
    lab.vpn.down()
    waiting = scene.curl.start("http://example.org/whoami", "-x", f"http://{world.GATEWAY_APPS}:8118")
    lab.vpn.up()
    assert waiting.result().body.strip() == world.VPN_PUBLIC
    with open(os.path.join(lab.folder, "prowlarr-key"), "w", encoding="ascii") as file:
        file.write("two words\n")
    done = scene.daemon.ctl("reload", check=False)
    assert done.returncode == 1 and "key-file holds no key" in done.stdout + done.stderr
    assert '"heal"' not in scene.daemon.text()
