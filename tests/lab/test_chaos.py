# SPDX-License-Identifier: GPL-3.0-or-later
"""A short run of tests/lab/chaos for each VPN, and what it would say if it saw a leak or nothing at all."""
import json
import os
import signal
import subprocess
import sys

import pytest

from . import chaos_report as report
from .chaos_events import EVENTS, plan
from .chaos_run import VPNS
from .lab import owners

CHAOS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "chaos")
SLOW = "server silent"  # ten seconds each; it has a test of its own


def test_chaos_of_one_seed_is_one_sequence_and_a_short_one_has_every_event():
    assert plan("a", 200) == plan("a", 200) != plan("b", 200)
    assert plan("a", 50) == plan("a", 200)[:50]
    dealt = sum(event.weight for event in EVENTS.values())
    assert {step.names[0] for step in plan("a", dealt)} == set(EVENTS)


@pytest.mark.parametrize("vpn", VPNS)
def test_chaos_leaks_nothing_and_the_control_does(vpn):
    done = subprocess.run([sys.executable, CHAOS, "--json", "--events", "16", "--seed", "check", "--vpn", vpn,
                           "--without", SLOW], capture_output=True, text=True, timeout=170)
    assert done.returncode == 0, done.stderr[-3000:] + done.stdout[-3000:]
    pair = json.loads(done.stdout)["runs"]
    ours, control = pair
    assert ours["leaked"] == 0 < control["leaked"]
    assert len(ours["steps"]) == len(control["steps"]) == 16
    assert [report.blindness(run) for run in pair] == [[], []]


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(word) for word in file.read().split()]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_chaos_interrupted_leaves_nothing_behind(number):
    process = subprocess.Popen([sys.executable, CHAOS, "--events", "10", "--seed", "check", "--vpn", "wireguard"],
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr.readline(), "a step is told"
        runs = children(process.pid)
        assert len(runs) == 2
        assert {owner["pid"] for _, owner in owners()} >= set(runs)
    finally:
        process.send_signal(number)
        process.communicate(timeout=30)
    assert process.returncode == 128 + number
    assert not [name for name, owner in owners() if owner["pid"] in runs]


def run_of(side, leaked):
    """What a run of two steps tells."""
    seen = {"udp IPv4": 1, "udp IPv6": 1}
    steps = [{"step": number, "title": "link set down", "events": ["link set down"], "refused_ms": 20.0, "recovered_ms": 7.0,
              "problems": [], "leaked": leaked, "packets": [], "carrier": 100, "lost": 0, "in_clear": []} for number in (1, 2)]
    return {"vpn": "openvpn", "side": side, "steps": steps, "controls": {"before": dict(seen), "after": dict(seen)},
            "leaked": 2 * leaked, "complete": True}


@pytest.fixture
def pair():
    made = run_of("egressd", 0), run_of("control", 5)
    assert report.verdict([made]) == report.HELD
    return made


def test_chaos_has_a_line_for_each_event_with_the_control_beside_it(pair):
    assert [cell.strip() for cell in report.table([pair, pair]).splitlines()[2].split("|")[1:-1]] == [
        "link set down", "4", "0", "20 ms / 20 ms", "7 ms / 7 ms", "10 in 2 of 2", "10 in 2 of 2"]


@pytest.mark.parametrize("what", ["a leak", "a leak between steps", "an origin asked in clear", "no recovery",
                                  "a control that leaks nothing"])
def test_chaos_fails_for(pair, what):
    ours, control = pair
    if what == "a leak":
        ours["steps"][1]["leaked"] = ours["leaked"] = 1
    elif what == "a leak between steps":
        ours["leaked"] = 1
    elif what == "an origin asked in clear":
        ours["steps"][1]["in_clear"] = ["45.80.1.2"]
    elif what == "no recovery":
        ours["steps"][1]["problems"] = ["requests do not pass again"]
    else:
        control["leaked"] = 0
    assert report.verdict([pair]) == report.LEAKED


@pytest.mark.parametrize("what", ["no control packet", "no carrier", "missed packets", "an early end"])
@pytest.mark.parametrize("side", [0, 1])
def test_chaos_is_inconclusive_with(pair, what, side):
    run = pair[side]
    if what == "no control packet":
        run["controls"]["after"]["udp IPv6"] = 0
    elif what == "no carrier":
        run["steps"][0]["carrier"] = 0
    elif what == "missed packets":
        run["steps"][0]["lost"] = 1
    else:
        run["complete"] = False
    assert report.verdict([pair]) == report.INCONCLUSIVE
