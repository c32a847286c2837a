# SPDX-License-Identifier: GPL-3.0-or-later
"""What doctor says of this machine, of older kernels, of containers that lack something, and of a gateway."""
import json
import subprocess

import pytest

from . import old_kernel
from .daemon import program

FULL, REDUCED, REFUSED = ("full", 0), ("reduced", 1), ("refused", 4)
NOTHING_BUT = ["setpriv", "--inh-caps=-all", "--bounding-set"]


def doctor(*options, before=(), env=None):
    """Exit code and what it says, in a network namespace with nothing in it."""
    done = subprocess.run(["unshare", "--net", *before, program("egressctl"), "doctor", *options, "--json"],
                          text=True, capture_output=True, timeout=20, env=env)
    assert done.stderr == "", done.stderr
    answer = json.loads(done.stdout)
    answer["checks"] = {check["name"]: check for check in answer["checks"]}
    return done.returncode, answer


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    code, answer = doctor("--preflight")
    if answer["tier"] != "full":
        pytest.skip("an old kernel in truth")
    return old_kernel.make(str(tmp_path_factory.mktemp("old_kernel")))


@pytest.mark.parametrize("lacks, check, outcome", [
    ("", None, FULL),
    ("owner", "owner", REDUCED),
    ("persist", "persist", REDUCED),
    ("egress", "egress", REDUCED),
    ("owner,egress", "owner", REDUCED),
    ("reject", "reject", REFUSED),
    ("ct_mark", "ct_mark", REFUSED),
    ("conntrack", "conntrack", REFUSED),
    ("nf_tables", "nf_tables", REFUSED),
    ("bind", "bind", REFUSED),
])
def test_preflight_names_what_a_kernel_lacks_and_what_follows(library, lacks, check, outcome):
    code, answer = doctor("--preflight", env=old_kernel.environment(library, lacks))
    assert (answer["tier"], code) == outcome
    if check:
        found = answer["checks"][check]
        assert found["result"] == ("warn" if outcome == REDUCED else "fail")
        assert "missing" in found["evidence"] and "it takes" in found["cure"]


def test_preflight_takes_net_admin_and_nothing_else(library):
    code, answer = doctor("--preflight", before=[*NOTHING_BUT, "-all,+net_admin"])
    assert (answer["tier"], code) == FULL, answer


def test_preflight_without_net_admin_names_the_capability(library):
    code, answer = doctor("--preflight", before=[*NOTHING_BUT, "-net_admin"])
    assert (answer["tier"], code) == REFUSED
    assert answer["checks"]["net_admin"]["result"] == "fail"
    assert "cap_add: NET_ADMIN" in answer["checks"]["net_admin"]["cure"]
    # What could not be tried is not called missing, and not called present.
    assert answer["checks"]["owner"]["result"] == "unknown"


def test_an_orphaned_namespace_is_told():
    code, answer = doctor()
    assert code == 4 and answer["result"] == "fail"
    assert "orphaned" in answer["checks"]["namespace"]["evidence"]
    assert "capabilities" in answer["checks"]


def test_a_gateway_is_told_check_by_check(lab, play):
    scene = play(lab)

    def look():
        done = subprocess.run(lab.gateway.command(program("egressctl"), "doctor", "--json", "--config",
                                                  scene.daemon.config, "--socket", scene.daemon.control),
                              text=True, capture_output=True, timeout=20)
        return done.returncode, {check["name"]: check["result"] for check in json.loads(done.stdout)["checks"]}

    _, results = look()
    assert {name for name in results if results[name] == "fail"} == set()
    assert all(results[name] == "ok" for name in ("namespace", "policy", "tunnel", "egressd", "flows", "routes", "subnets"))
    assert results["rules"] == "warn"  # it runs without
    lab.vpn.deleted()
    code, results = look()
    assert code == 4 and results["tunnel"] == "fail"
