# SPDX-License-Identifier: GPL-3.0-or-later
"""A short run of tests/lab/chaos for each VPN, and what it would say if it saw a leak or nothing at all."""
import copy
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


@pytest.fixture(scope="module", params=list(VPNS))
def pair(request):
    done = subprocess.run([sys.executable, CHAOS, "--json", "--events", "16", "--seed", "check", "--vpn", request.param,
                           "--without", SLOW], capture_output=True, text=True, timeout=170)
    assert done.returncode == 0, done.stderr[-3000:] + done.stdout[-3000:]
    return json.loads(done.stdout)["runs"]


def test_chaos_leaks_nothing_and_the_control_does(pair):
    ours, control = pair
    assert report.verdict([pair]) == report.HELD
    assert ours["leaked"] == 0 < control["leaked"]
    assert report.failures(*pair) == [] and [report.blindness(run) for run in pair] == [[], []]
    assert len(report.table([pair]).splitlines()) > 10


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(word) for word in file.read().split()]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_chaos_interrupted_leaves_nothing_behind(number):
    process = subprocess.Popen([sys.executable, CHAOS, "--events", "10", "--seed", "check", "--vpn", "wireguard"], stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, text=True)
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


@pytest.mark.parametrize("what", ["a leak", "an origin asked in clear", "no recovery", "a control that leaks nothing"])
def test_chaos_fails_for(pair, what):
    ours, control = copy.deepcopy(pair)
    if what == "a leak":
        ours["steps"][3]["leaked"], ours["steps"][3]["packets"] = 1, ["tcp R 10.8.0.10:1 > 198.51.100.12:80, 54 bytes"]
    elif what == "an origin asked in clear":
        ours["steps"][3]["in_clear"] = ["45.80.1.2"]
    elif what == "no recovery":
        ours["steps"][3]["problems"] = ["requests do not pass again"]
    else:
        control["leaked"] = 0
    assert report.verdict([(ours, control)]) == report.LEAKED


@pytest.mark.parametrize("what", ["no control packet", "no carrier", "missed packets", "an early end"])
@pytest.mark.parametrize("side", [0, 1])
def test_chaos_is_inconclusive_with(pair, what, side):
    runs = copy.deepcopy(pair)
    run = runs[side]
    step = next(step for step in run["steps"] if step["events"])
    if what == "no control packet":
        run["controls"]["after"]["udp IPv6"] = 0
    elif what == "no carrier":
        step["carrier"] = 0
    elif what == "missed packets":
        step["lost"] = 1
    else:
        run["complete"] = False
    assert report.verdict([runs]) == report.INCONCLUSIVE
