# SPDX-License-Identifier: GPL-3.0-or-later
"""What the runs saw, as one table, and what it amounts to."""
import statistics

from .chaos_events import EVENTS, TWO_AT_ONCE

HELD, LEAKED, INCONCLUSIVE = 0, 1, 2
TIMES = (("refuse", "refused_ms"), ("recover", "recovered_ms"))


def spread(values):
    """Median and worst, for people."""
    values = [value for value in values if value is not None]
    return f"{milliseconds(statistics.median(values))} / {milliseconds(max(values))}" if values else "–"


def milliseconds(value):
    return f"{value / 1000:.1f} s" if value >= 10000 else f"{value:.0f} ms"


def titled(runs, title):
    """The steps of these runs under that title; all of them without one."""
    return [step for run in runs for step in run["steps"] if title in (None, step["title"])]


def leaks_of_control(steps):
    steps = [step for step in steps if step["events"]]  # some happen to egressd only
    if not steps:
        return "–"
    times = sum(1 for step in steps if step["leaked"])
    return f"{sum(step['leaked'] for step in steps)} in {times} of {len(steps)}" if times else f"0 of {len(steps)}"


def line(title, steps, pairs, kind):
    return (title, str(len(steps)), str(sum(step["leaked"] for step in steps)),
            *(spread([step[key] for step in steps]) for _, key in TIMES),
            *(leaks_of_control(titled([control], kind)) for _, control in pairs))


def table(pairs):
    """Ours over all VPNs, the control for each of them."""
    ours = [mine for mine, _ in pairs]
    heads = ("event", "times", "leaked", *(f"time to {name}" for name, _ in TIMES),
             *(f"control, {control['vpn']}: leaked" for _, control in pairs))
    lines = [line(title, steps, pairs, title) for title in (*EVENTS, TWO_AT_ONCE) if (steps := titled(ours, title))]
    lines.append(line("all", titled(ours, None), pairs, None))
    widths = [max(len(line[i]) for line in (heads, *lines)) for i in range(len(heads))]
    shown = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |" for line in (heads, *lines)]
    return "\n".join([shown[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *shown[1:]])


def blindness(run):
    """Why the witness's silence would prove nothing."""
    reasons = [f"no control packet was seen ({kind}, {when})" for when, seen in run["controls"].items()
               for kind, count in seen.items() if not count]
    if not run["controls"] or not run["complete"]:
        reasons.append("the run did not come to its end")
    for step in run["steps"]:
        if step["events"] and not step["carrier"]:
            reasons.append(f"step {step['step']}: no packet of the VPN was seen")
        if step["lost"]:
            reasons.append(f"step {step['step']}: {step['lost']} packets were missed")
    return reasons


def failures(ours, control):
    """What is not as it must be, in words."""
    found = []
    for step in ours["steps"]:
        where = f"{ours['vpn']}, step {step['step']} ({' + '.join(step['events'])})"
        if step["leaked"]:
            found.append(f"{where}: {step['leaked']} packets leaked: {'; '.join(step['packets'])}")
        if step["in_clear"]:
            found.append(f"{where}: an origin was asked from {', '.join(step['in_clear'])}")
        found += [f"{where}: {problem}" for problem in step["problems"]]
    between = ours["leaked"] - sum(step["leaked"] for step in ours["steps"])
    if between:
        found.append(f"{ours['vpn']}: {between} packets leaked outside the steps")
    if not control["leaked"]:
        found.append(f"{ours['vpn']}: the control without egressd leaked nothing: the events prove nothing")
    return found


def verdict(pairs):
    if any(failures(*pair) for pair in pairs):
        return LEAKED
    return INCONCLUSIVE if any(blindness(run) for pair in pairs for run in pair) else HELD
