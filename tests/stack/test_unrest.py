# SPDX-License-Identifier: GPL-3.0-or-later
"""
Restarts, kills and updates under a busy app: it comes back without a hand, nothing goes past the VPN meanwhile, and no
origin is asked by anybody but the VPN. UNREST=10 lets everything happen ten times.
"""
import os

import pytest

TIMES = range(int(os.environ.get("UNREST") or 1))


@pytest.fixture(scope="module")
def busy(stack):
    stack.busy()
    return stack


@pytest.mark.parametrize("time", TIMES)
def test_the_vpn_stopped_and_started_by_its_api(busy, time):
    assert '"stopped"' in busy.vpn("stopped")
    assert not busy.request_works()
    busy.recovers("VPN stopped and started by its API", lambda: busy.vpn("running"))


@pytest.mark.parametrize("time", TIMES)
def test_gluetun_restarted(busy, time):
    busy.recovers("gluetun restarted", lambda: busy.engine.docker("restart", "-t", "3", "gluetun"))


@pytest.mark.parametrize("time", TIMES)
def test_gluetun_killed(busy, time):
    busy.recovers("gluetun killed (-9)", lambda: busy.kill("gluetun"))


@pytest.mark.parametrize("time", TIMES)
def test_gluetun_stopped_and_started(busy, time):
    busy.engine.docker("stop", "-t", "3", "gluetun")
    assert not busy.request_works()
    busy.recovers("gluetun stopped, and started at once", lambda: busy.engine.docker("start", "gluetun"))


@pytest.mark.parametrize("time", TIMES)
def test_gluetun_stopped_for_long(busy, time):
    """Docker tries only once to start egress while there is no network to join: "docker compose up -d" starts both."""
    busy.engine.docker("stop", "-t", "3", "gluetun")
    busy.wait("egress has given up", lambda: busy.engine.inspect("egress")["State"]["Status"] == "exited")
    assert not busy.request_works()
    busy.recovers("gluetun stopped for long, then up -d", lambda: busy.compose("up", "-d", timeout=180))


@pytest.mark.parametrize("time", TIMES)
def test_egress_restarted(busy, time):
    busy.recovers("egress restarted", lambda: busy.engine.docker("restart", "egress"))


@pytest.mark.parametrize("time", TIMES)
def test_egress_killed(busy, time):
    busy.recovers("egress killed (-9)", lambda: busy.kill("egress"))


@pytest.mark.parametrize("time", TIMES)
def test_egress_made_anew(busy, time):
    busy.recovers("egress made anew", lambda: busy.compose("up", "-d", "--force-recreate", "--no-deps", "egress"))


@pytest.mark.parametrize("time", TIMES)
def test_gluetun_made_anew_by_an_update(busy, time):
    """Another image, another setting: one "docker compose up -d" makes anew what must be."""
    busy.environment["SERVER_COUNTRIES"] = f"Country {time}"
    busy.recovers("gluetun made anew by up -d", lambda: busy.compose("up", "-d", timeout=180))


@pytest.mark.parametrize("time", TIMES)
def test_gluetun_made_anew_by_another_tool(busy, time):
    """Compose alone can tell egress of a new container: by the one command that the README names."""
    busy.compose("up", "-d", "--force-recreate", "--no-deps", "gluetun")
    assert not busy.request_works()
    busy.recovers("egress, after gluetun was made anew",
                  lambda: busy.compose("up", "-d", "--force-recreate", "egress", timeout=180))


@pytest.mark.parametrize("time", TIMES)
def test_the_machine_started_anew(busy, time):
    """No bridge, no rule, no container is left. The engine starts them in whatever order, and egress, when Gluetun is not
    there yet, not again: hence the one command that the README has run at boot."""
    def boot():
        busy.reboot()
        busy.compose("up", "-d", timeout=180)

    busy.recovers("the machine started anew, and up -d", boot)
    busy.busy()
