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


def leave_behind(stack):
    """Docker tries once to start egress again while there is no network to join, and no more."""
    stack.engine.docker("stop", "-t", "3", "gluetun")
    stack.wait("egress has given up", lambda: stack.engine.inspect("egress")["State"]["Status"] == "exited")
    assert "non running container" in stack.engine.inspect("egress")["State"]["Error"]
    assert not stack.request_works()


@pytest.mark.every_engine
@pytest.mark.parametrize("time", TIMES)
def test_gluetun_stopped_for_long(busy, time):
    leave_behind(busy)
    busy.recovers("gluetun stopped for long, and started", lambda: busy.engine.docker("start", "gluetun"))
    assert "started container=egress joins=gluetun" in busy.logs("keeper")


@pytest.mark.parametrize("time", TIMES)
def test_gluetun_stopped_for_long_without_a_keeper(busy, time):
    """Then "docker compose up -d" starts both, and a start of Gluetun alone does not."""
    busy.engine.docker("stop", "keeper")
    leave_behind(busy)
    busy.engine.docker("start", "gluetun")
    busy.wait("Gluetun is healthy", lambda: busy.health("gluetun") == "healthy")
    assert busy.engine.inspect("egress")["State"]["Status"] == "exited"
    busy.recovers("the same without a keeper, then up -d", lambda: busy.compose("up", "-d", timeout=180))


@pytest.mark.every_engine
@pytest.mark.parametrize("time", TIMES)
def test_what_a_person_stopped_stays_stopped(busy, time):
    """Whatever Gluetun, the engine and the keeper do; until that person starts it."""
    def is_left_alone():
        busy.wait("Gluetun is healthy", lambda: busy.health("gluetun") == "healthy")
        assert "nothing to do" in busy.inside("keeper", "egressctl", "rejoin")
        state = busy.engine.inspect("egress")["State"]
        assert (state["Status"], state["Error"]) == ("exited", "")

    busy.engine.docker("stop", "egress")
    busy.engine.docker("restart", "-t", "3", "gluetun")
    is_left_alone()
    busy.reboot()
    is_left_alone()
    busy.recovers("egress stopped by hand, and started", lambda: busy.engine.docker("start", "egress"))
    busy.busy()


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
    """No bridge, no rule, no container is left. The engine starts them in whatever order."""
    busy.recovers("the machine started anew", busy.reboot)
    busy.busy()


@pytest.mark.every_engine
@pytest.mark.parametrize("time", TIMES)
def test_the_machine_started_anew_and_egress_before_gluetun(busy, time):
    """The order in which egress cannot be started, made sure of: Gluetun comes when the engine is done with all others."""
    def boot():
        busy.engine.docker("update", "--restart=no", "gluetun")
        busy.reboot()
        assert "non running container" in busy.engine.inspect("egress")["State"]["Error"]
        busy.engine.docker("update", "--restart=unless-stopped", "gluetun")
        busy.engine.docker("start", "gluetun")

    busy.recovers("the machine started anew, egress before Gluetun", boot)
    busy.busy()
