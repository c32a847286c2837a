# SPDX-License-Identifier: GPL-3.0-or-later
"""Restarts, kills and updates under a busy app: it comes back without a hand, and nothing goes past the VPN meanwhile."""
import pytest


@pytest.fixture(scope="module")
def busy(stack):
    stack.busy()
    return stack


def test_the_vpn_stopped_and_started_by_its_api(busy):
    assert '"stopped"' in busy.vpn("stopped")
    assert not busy.request_works()
    busy.recovers("VPN stopped, started by API", lambda: busy.vpn("running"))


@pytest.mark.parametrize("time", range(3))
def test_gluetun_restarted(busy, time):
    busy.recovers("gluetun restarted", lambda: busy.engine.docker("restart", "-t", "3", "gluetun"))


def test_gluetun_killed(busy):
    busy.recovers("gluetun killed (-9)", lambda: busy.kill("gluetun"))


def test_egress_restarted(busy):
    busy.recovers("egress restarted", lambda: busy.engine.docker("restart", "egress"))


def test_egress_killed(busy):
    busy.recovers("egress killed (-9)", lambda: busy.kill("egress"))


def test_egress_made_anew(busy):
    busy.recovers("egress made anew", lambda: busy.compose("up", "-d", "--force-recreate", "--no-deps", "egress"))


def test_gluetun_made_anew_by_an_update(busy):
    """Another image, another setting: one "docker compose up -d" makes anew what must be."""
    busy.environment["SERVER_COUNTRIES"] = "Canada"
    busy.recovers("gluetun made anew by up -d", lambda: busy.compose("up", "-d", timeout=180))


def test_gluetun_made_anew_by_force(busy):
    busy.recovers("gluetun and egress by --force-recreate",
                  lambda: busy.compose("up", "-d", "--force-recreate", "gluetun", "egress", timeout=180))
