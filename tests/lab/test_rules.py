# SPDX-License-Identifier: GPL-3.0-or-later
"""The packet rules as text and as the kernel has them: what is shipped, what is applied, and what was tampered with."""
import json
import os
import secrets
import subprocess

import pytest

from .daemon import ROOT, program
from .netns import Namespace
from .policy import SHIPPED

KINDS = {"gateway": "egressd", "app": "egressd_app", "host": "egressd_host"}


@pytest.fixture
def spaces():
    """Two empty namespaces."""
    made = [Namespace(f"egrules-{secrets.token_hex(3)}") for _ in range(2)]
    try:
        for space in made:
            space.create()
        yield made
    finally:
        for space in made:
            space.destroy()


def rules(space, action, kind, *options):
    done = subprocess.run(space.command(program("egressctl"), "rules", action, kind, "--config", SHIPPED, *options),
                          text=True, capture_output=True, timeout=20)
    return done


def dump(space, table):
    """What the kernel has, as nft tells it, without what differs from one load to the next."""
    entries = json.loads(space.run("nft", "-j", "list", "table", "inet", table))["nftables"]
    kept = []
    for entry in entries:
        for kind, what in entry.items():
            if kind == "metainfo":
                continue
            for name in ("handle", "packets", "bytes", "flags" if kind == "table" else ""):
                what.pop(name, None)
            kept.append((kind, what))
    return kept


@pytest.mark.parametrize("kind", KINDS)
def test_the_shipped_text_is_what_is_applied(spaces, kind):
    by_hand, by_us = spaces
    by_hand.run("nft", "-f", os.path.join(ROOT, "rules", f"{kind}.nft"))
    assert rules(by_us, "apply", kind).returncode == 0
    assert dump(by_hand, KINDS[kind]) == dump(by_us, KINDS[kind])
    assert rules(by_hand, "diff", kind).stdout == f"table inet {KINDS[kind]} has the " + rules(
        by_us, "verify", kind).stdout.split(" has the ")[1]


@pytest.mark.parametrize("kind", KINDS)
def test_the_text_loads_twice_and_what_is_shown_is_what_is_applied(spaces, kind):
    by_hand, by_us = spaces
    text = rules(by_us, "show", kind).stdout
    for _ in range(2):
        by_hand.run("nft", "-f", "-", input=text)
    assert rules(by_us, "apply", kind).returncode == 0
    assert dump(by_hand, KINDS[kind]) == dump(by_us, KINDS[kind])
    assert rules(by_hand, "verify", kind).returncode == 0


TAMPERING = {
    "an accept put first": ("insert rule inet egressd own accept", "chain own: rule 1 does not belong there: accept"),
    "an accept of its own counter": ("insert rule inet egressd input counter accept", "not a rule of egressd"),
    "a policy": ("add chain inet egressd output { policy drop; }", "chain output has policy drop and not accept"),
    "a dormant table": ("add table inet egressd { flags dormant; }", "the table is dormant"),
    "a client more": ("add element inet egressd apps { 10.0.0.0/8 }", "set apps has other addresses"),
    "a chain emptied": ("flush chain inet egressd own", "chain own: rule 1 is missing"),
    "another hook": ("add chain inet egressd more { type filter hook output priority -200; }",
                     "chain more does not belong there"),
    "everything flushed": ("flush ruleset", "the table is missing"),
    "a device by a part of its name": ("insert rule inet egressd own oifname \"eth*\" accept", "not a rule of egressd"),
}


@pytest.mark.parametrize("what", TAMPERING)
def test_tampering_is_found(spaces, what):
    space = spaces[0]
    command, words = TAMPERING[what]
    assert rules(space, "apply", "gateway").returncode == 0
    space.run("nft", command)
    assert rules(space, "verify", "gateway").returncode == 1
    told = json.loads(rules(space, "diff", "gateway", "--json").stdout)
    assert not told["same"] and any(words in line for line in told["differences"]), told
    assert rules(space, "apply", "gateway").returncode == 0
    assert rules(space, "verify", "gateway").returncode == 0


def test_a_rule_deleted_is_found_whichever_it_is(spaces):
    space = spaces[0]
    assert rules(space, "apply", "gateway").returncode == 0
    for kind, what in json.loads(json.dumps(entries(space))):
        if kind != "rule":
            continue
        space.run("nft", "delete", "rule", "inet", "egressd", what["chain"], "handle", str(what["handle"]))
        told = json.loads(rules(space, "diff", "gateway", "--json").stdout)
        assert told["differences"], what
    assert rules(space, "apply", "gateway").returncode == 0


def entries(space):
    listing = json.loads(space.run("nft", "-j", "list", "table", "inet", "egressd"))["nftables"]
    return [(kind, what) for entry in listing for kind, what in entry.items()]


def test_other_tables_stay_as_they_are(spaces):
    space = spaces[0]
    space.run("nft", "add table inet others { chain out { type filter hook output priority 0; tcp dport 25 drop; }; }")
    space.run("iptables", "-A", "OUTPUT", "-p", "tcp", "--dport", "26", "-j", "DROP")
    before = space.run("nft", "list", "ruleset")
    assert rules(space, "apply", "gateway").returncode == 0
    assert rules(space, "remove", "gateway").returncode == 0
    assert space.run("nft", "list", "ruleset") == before


def test_without_the_capability_it_says_which_one_is_missing(spaces):
    done = subprocess.run(["nsenter", f"--net={spaces[0].path}", "--", "setpriv", "--bounding-set=-net_admin",
                           "--inh-caps=-net_admin", program("egressctl"), "rules", "apply", "--config", SHIPPED],
                          text=True, capture_output=True, timeout=20)
    assert done.returncode != 0 and "NET_ADMIN" in done.stderr, done


def test_net_admin_is_all_it_takes(spaces):
    done = subprocess.run(["nsenter", f"--net={spaces[0].path}", "--", "setpriv", "--bounding-set=-all,+net_admin",
                           "--inh-caps=-all", program("egressctl"), "rules", "apply", "--config", SHIPPED],
                          text=True, capture_output=True, timeout=20)
    assert done.returncode == 0, done
