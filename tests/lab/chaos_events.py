# SPDX-License-Identifier: GPL-3.0-or-later
"""What can happen, as a table; and a sequence of it from a seed."""
import hashlib
import random
from dataclasses import dataclass

TAMPERING = {
    "accept put first": "insert rule inet egressd own accept",
    "table made dormant": "add table inet egressd { flags dormant; }",
    "table deleted": "delete table inet egressd",
}


@dataclass(frozen=True)
class Event:
    """
    deed(run, number) does it. mends: what has to be put right afterwards, of MENDING. ends: flows of the tunnel end by
    it. stays: no request passes until it is mended. control: it can also happen to a program without egressd.
    weight: how often, beside the others. group: two at once are of two groups.
    """

    name: str
    deed: object
    mends: tuple = ()
    ends: bool = False
    stays: bool = False
    control: bool = True
    weight: int = 2
    group: str = "tunnel"


def tunnel(name, verb, ends=True, mends=("tunnel",), stays=True):
    return Event(name, lambda run, _: getattr(run.lab.vpn, verb)(), mends, ends, stays)


def flush(run, _):
    run.lab.gateway.run("nft", "flush", "ruleset")
    run.lab.firewall.enabled = False


def tamper(command):
    """The kernel may forbid it; then there is nothing to put right."""
    return lambda run, _: run.lab.gateway.run("nft", command, check=False)


def silence(run, _):
    run.lab.vpnserver.run("nft", "-f", "-", input=f"""table inet silence {{ chain input {{
type filter hook input priority -300; udp dport {run.lab.vpn.port} drop; }}; }}""")


EVENTS = {event.name: event for event in (
    tunnel("link set down", "link_down"),
    tunnel("device deleted", "deleted"),
    tunnel("client killed (-9)", "killed"),
    tunnel("torn down, in Gluetun's order", "down"),
    tunnel("restarted, new ifindex", "recreated", mends=(), stays=False),
    tunnel("restarted, routes still to come", "half_recreated", stays=False),
    tunnel("routes and rules removed", "routes_removed", ends=False, stays=False),
    Event("address changed", lambda run, number: run.lab.vpn.readdressed(20 + number % 200), ends=True),
    Event("server silent", silence, ("server",), ends=True, stays=True, weight=1),
    Event("proxy killed (-9)", lambda run, _: run.side.kill_proxy(), ends=True, control=False, group="gateway"),
    Event("warden killed (-9)", lambda run, _: run.side.kill_warden(), ends=True, control=False, group="gateway"),
    Event("policy changed and back", lambda run, _: run.side.deny(), ("policy",), ends=True, stays=True,
          control=False, group="gateway"),
    Event("every ruleset flushed", flush, ("firewall", "rules"), group="gateway"),
    *(Event(name, tamper(command), ("rules",), control=False, weight=1, group="gateway")
      for name, command in TAMPERING.items()),
    Event("namespace replaced", lambda run, number: run.replace(number), ("rules",), ends=True, group="gateway"),
)}
TWO_AT_ONCE = "two of them at once"


@dataclass(frozen=True)
class Step:
    number: int
    names: tuple
    before_s: float  # traffic runs before the first
    between_s: float  # and between the two, if there are two
    after_s: float  # how long things stay as they are

    def title(self):
        return self.names[0] if len(self.names) == 1 else TWO_AT_ONCE

    def __str__(self):
        return " + ".join(self.names)


def plan(seed, count, without=()):
    """The same seed gives the same sequence. Dealt like cards, so that a short one has every event."""
    chance = random.Random(str(seed))
    steps, deck = [], []
    for number in range(1, count + 1):
        if not deck:
            deck = [event for event in EVENTS.values() for _ in range(event.weight) if event.name not in without]
            chance.shuffle(deck)
        first = deck.pop()
        names = (first.name,)
        others = [event.name for event in EVENTS.values() if event.group != first.group and event.name not in without]
        other, together = chance.choice(others), chance.random() < 0.25
        pauses = [chance.uniform(0.02, 0.15), chance.uniform(0, 0.06), chance.uniform(0.05, 0.25)]
        steps.append(Step(number, names + (other,) if together else names, *(round(pause, 4) for pause in pauses)))
    return steps


def fingerprint(steps):
    return hashlib.sha256("\n".join(repr(step) for step in steps).encode()).hexdigest()[:12]
