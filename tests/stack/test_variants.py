# SPDX-License-Identifier: GPL-3.0-or-later
"""The variants of the README, each brought up from nothing: what they add works, and nothing goes past the VPN."""
import pytest

from .outside import VPN
from .stack import Variant


@pytest.fixture(scope="module")
def wireguard(built):
    key = built.outside.providers[0].wireguard_key
    stack = built.up(Variant("WireGuard", services=("prowlarr",),
                             environment={"VPN_TYPE": "wireguard", "WIREGUARD_PRIVATE_KEY": key}))
    stack.busy()
    return stack


class TestWireGuard:
    def test_a_request_comes_from_the_vpn(self, wireguard):
        assert wireguard.request("http://example.org/whoami") == VPN
        assert "lookup 51820" in wireguard.inside("gluetun", "ip", "rule")
        wireguard.nothing_leaked()

    def test_stopped_and_started_by_the_api_leaks_nothing(self, wireguard):
        assert '"stopped"' in wireguard.vpn("stopped")
        assert not wireguard.request_works()
        wireguard.recovers("WireGuard stopped, started by API", lambda: wireguard.vpn("running"))

    def test_gluetun_killed_leaks_nothing(self, wireguard):
        wireguard.recovers("gluetun killed (-9), WireGuard", lambda: wireguard.kill("gluetun"))
