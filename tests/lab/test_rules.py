# SPDX-License-Identifier: GPL-3.0-or-later
"""The packet rules as text and as the kernel has them: what is shipped, what is applied, and what was tampered with."""
import json
import os
import secrets
import subprocess

import pytest

from .daemon import ROOT, program
from .netns import Namespace, run
from .policy import SHIPPED

HUB = os.path.join(ROOT, "rules", "hub.conf")
ENDPOINT = "vpn-endpoint 45.80.2.2:51820 mark 51820\n"  # of the shipped text of the strict rules
# The kind, as the command line has it, and its tables.
KINDS = {
    "gateway": (["gateway"], ["inet egressd"]),
    "gateway-strict": (["gateway", "--strict"], ["inet egressd", "netdev egressd"]),
    "hub": (["hub", "--config", HUB], ["inet egressd"]),
    "app": (["app"], ["inet egressd_app", "netdev egressd_app"]),
    "host": (["host"], ["inet egressd_host"]),
    "witness": (["witness"], ["inet egressd_witness", "netdev egressd_witness"]),
}


@pytest.fixture
def spaces():
    """Two namespaces with two links each and nothing behind them."""
    made = [Namespace(f"egrules-{secrets.token_hex(3)}") for _ in range(3)]
    try:
        for space in made:
            space.create()
        for number, space in enumerate(made[:2]):
            for link in ("eth0", "eth1"):
                run("ip", "link", "add", link, "netns", space.name, "type", "veth", "peer", "name", f"{link}-{number}",
                    "netns", made[2].name)
        yield made[:2]
    finally:
        for space in made:
            space.destroy()


@pytest.fixture
def strict_policy(tmp_path):
    """The shipped policy, and where its VPN connects to."""
    path = tmp_path / "strict.conf"
    with open(SHIPPED, encoding="utf-8") as file:
        path.write_text(file.read() + ENDPOINT, encoding="utf-8")
    return str(path)


def rules(space, action, kind, config=SHIPPED):
    words = KINDS[kind][0] + ([] if "--config" in KINDS[kind][0] else ["--config", config])
    return subprocess.run(space.command(program("egressctl"), "rules", action, *words), text=True, capture_output=True,
                          timeout=20)


def dump(space, kind):
    """What the kernel has, as nft tells it, without what differs from one load to the next."""
    kept = []
    for table in KINDS[kind][1]:
        for entry in json.loads(space.run("nft", "-j", "list", "table", *table.split()))["nftables"]:
            for sort, what in entry.items():
                if sort == "metainfo":
                    continue
                for name in ("handle", "packets", "bytes", "flags" if sort == "table" else ""):
                    what.pop(name, None)
                kept.append((sort, what))
    return kept


@pytest.mark.parametrize("kind", KINDS)
def test_the_shipped_text_is_what_is_applied(spaces, kind, strict_policy):
    by_hand, by_us = spaces
    config = strict_policy if kind == "gateway-strict" else SHIPPED
    for space in spaces if kind == "app" else ():  # it has one link
        space.run("ip", "link", "del", "eth1")
    for name in ("app", "app-frames") if kind == "app" else (kind,):
        by_hand.run("nft", "-f", os.path.join(ROOT, "rules", f"{name}.nft"))
    assert rules(by_us, "apply", kind, config).returncode == 0
    assert dump(by_hand, kind) == dump(by_us, kind)
    diff = rules(by_hand, "diff", kind, config)
    assert diff.returncode == 0 and diff.stdout == rules(by_us, "verify", kind, config).stdout, diff


@pytest.mark.parametrize("kind", KINDS)
def test_the_text_loads_twice_and_what_is_shown_is_what_is_applied(spaces, kind, strict_policy):
    by_hand, by_us = spaces
    text = rules(by_us, "show", kind, strict_policy).stdout
    for _ in range(2):
        by_hand.run("nft", "-f", "-", input=text)
    assert rules(by_us, "apply", kind, strict_policy).returncode == 0
    assert dump(by_hand, kind) == dump(by_us, kind)
    assert rules(by_hand, "verify", kind, strict_policy).returncode == 0
    assert rules(by_us, "remove", kind).returncode == 0
    assert by_us.run("nft", "list", "tables") == ""


FRAME_TAMPERING = {
    "a frame let out first": ("insert rule netdev egressd frames accept", "chain frames: rule 1 does not belong there"),
    "the policy of frames": ("add chain netdev egressd frames { policy accept; }", "chain frames has policy accept"),
    "by what the sender says": ("insert rule netdev egressd frames meta protocol arp accept", "not a rule of egressd"),
    "a type that is not ARP's": ("insert rule netdev egressd frames ether type ip accept", "not a rule of egressd"),
    "by a mark alone": ("insert rule netdev egressd frames meta mark 51820 accept", "meta mark 0x0000ca6c accept"),
    "another chain": ("add chain netdev egressd more { type filter hook egress device eth0 priority -5; }",
                      "chain more does not belong there"),
    "the frames' table gone": ("delete table netdev egressd", "the table of family netdev is missing"),
    "a route that matters less": ("insert rule inet egressd output fib saddr type local accept", "not a rule of egressd"),
}


@pytest.mark.parametrize("what", FRAME_TAMPERING)
def test_tampering_with_the_strict_rules_is_found(spaces, what, strict_policy):
    space = spaces[0]
    command, words = FRAME_TAMPERING[what]
    assert rules(space, "apply", "gateway-strict", strict_policy).returncode == 0
    space.run("nft", command)
    diff = rules(space, "diff", "gateway-strict", strict_policy)
    assert diff.returncode == 1 and words in diff.stdout, diff
    assert rules(space, "apply", "gateway-strict", strict_policy).returncode == 0
    assert rules(space, "verify", "gateway-strict", strict_policy).returncode == 0


def test_a_link_that_came_later_is_a_difference_until_the_rules_know_it(spaces):
    space, other = spaces
    assert rules(space, "apply", "witness").returncode == 0
    run("ip", "link", "add", "eth7", "netns", space.name, "type", "veth", "peer", "name", "far", "netns", other.name)
    assert "chain count stands at other devices" in rules(space, "diff", "witness").stdout
    assert rules(space, "apply", "witness").returncode == 0
    assert rules(space, "verify", "witness").returncode == 0
    space.run("ip", "link", "del", "eth7")
    assert rules(space, "apply", "witness").returncode == 0
    assert rules(space, "verify", "witness").returncode == 0


def test_strict_asks_where_the_vpn_connects_to_and_leaves_nothing_behind(spaces, strict_policy):
    space = spaces[0]
    refused = rules(space, "apply", "gateway-strict")
    assert refused.returncode == 2 and "vpn-endpoint" in refused.stderr, refused
    assert rules(space, "apply", "gateway-strict", strict_policy).returncode == 0
    assert space.run("nft", "list", "tables").split() == ["table", "inet", "egressd", "table", "netdev", "egressd"]
    # Back to what only holds our own: the frames' table goes with it.
    assert rules(space, "apply", "gateway", strict_policy).returncode == 0
    assert space.run("nft", "list", "tables").split() == ["table", "inet", "egressd"]


TAMPERING = {
    "an accept put first": ("insert rule inet egressd own accept", "chain own: rule 1 does not belong there: accept"),
    "an accept of its own counter": ("insert rule inet egressd input counter accept", "not a rule of egressd"),
    "a policy": ("add chain inet egressd output { policy drop; }", "chain output has policy drop and not accept"),
    "a dormant table": ("add table inet egressd { flags dormant; }", "the table is dormant"),
    "a client less": ("delete element inet egressd apps { 172.30.0.11 }", "set apps has other addresses"),
    "a chain emptied": ("flush chain inet egressd own", "chain own: rule 1 is missing"),
    "another hook": ("add chain inet egressd more { type filter hook output priority -200; }",
                     "chain more does not belong there"),
    "everything flushed": ("flush ruleset", "the table is missing"),
    "a device by a part of its name": ("insert rule inet egressd own oifname \"eth*\" accept", "not a rule of egressd"),
}


def difference(space):
    return json.loads(space.run(program("egressctl"), "rules", "diff", "gateway", "--json", "--config", SHIPPED, check=False))


@pytest.mark.parametrize("what", TAMPERING)
def test_tampering_is_found(spaces, what):
    space = spaces[0]
    command, words = TAMPERING[what]
    assert rules(space, "apply", "gateway").returncode == 0
    space.run("nft", command)
    assert rules(space, "verify", "gateway").returncode == 1
    told = difference(space)
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
        told = difference(space)
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
