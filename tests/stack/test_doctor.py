# SPDX-License-Identifier: GPL-3.0-or-later
"""What doctor says of the shipped stack, in egress's container and on its host."""
import json

import pytest

from lab.daemon import program

pytestmark = pytest.mark.every_engine


def checks(text):
    return {check["name"]: check for check in json.loads(text)["checks"]}


def test_the_doctor_finds_nothing_wrong_inside_but_torrents_outside_the_vpn(stack):
    found = checks(stack.ctl("doctor", "--json", check=False).stdout)
    bad = {name: check for name, check in found.items() if check["result"] in ("warn", "fail")}
    assert set(bad) == {"torrents"}, bad
    assert "172.31.0.22" in found["torrents"]["evidence"] and "NOT PROTECTED" in stack.ctl("status")
    for name in ("namespace", "tunnel", "routes", "subnets", "isolation", "listeners", "rules", "gluetun", "large"):
        assert found[name]["result"] == "ok", found[name]
    assert "the engine isolates it" in found["isolation"]["evidence"]


def test_the_doctor_on_the_host_asks_the_engine(stack):
    found = checks(stack.engine.run(program("egressctl"), "doctor", "--host", "--json", check=False).stdout)
    assert [found[name]["result"] for name in ("names", "network", "recreation")] == ["ok", "ok", "ok"], found
