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


def rows(ours, control):
    """One a kind of event: ours and the control's steps under that title."""
    for title in (*EVENTS, TWO_AT_ONCE):
        mine, theirs = ([step for step in run["steps"] if step["title"] == title] for run in (ours, control))
        if mine or theirs:
            yield title, mine, [step for step in theirs if step["events"]]


def leaked(steps):
    return sum(step["leaked"] for step in steps)


def leaks_of_control(steps):
    if not steps:
        return "–"
    times = sum(1 for step in steps if step["leaked"])
    return f"{leaked(steps)} in {times} of {len(steps)}" if times else "0"


def table(ours, control):
    heads = ("event", "times", "leaked", "time to refuse", "time to recover", "without egressd: leaked")
    lines = [(title, str(len(mine)), str(leaked(mine)), *(spread([step[key] for step in mine]) for _, key in TIMES),
              leaks_of_control(theirs)) for title, mine, theirs in rows(ours, control)]
    lines.append(("all", str(len(ours["steps"])), str(ours["leaked"]), *(spread([step[key] for step in ours["steps"]])
                                                                        for _, key in TIMES),
                  leaks_of_control([step for step in control["steps"] if step["events"]])))
    widths = [max(len(line[i]) for line in (heads, *lines)) for i in range(len(heads))]
    rule = "|".join("-" * (width + 2) for width in widths)
    shown = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |" for line in (heads, *lines)]
    return "\n".join([shown[0], f"|{rule}|", *shown[1:]])


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
        where = f"step {step['step']} ({' + '.join(step['events'])})"
        if step["leaked"]:
            found.append(f"{where}: {step['leaked']} packets leaked: {'; '.join(step['packets'])}")
        if step["in_clear"]:
            found.append(f"{where}: an origin was asked from {', '.join(step['in_clear'])}")
        found += [f"{where}: {problem}" for problem in step["problems"]]
    if ours["leaked"] > leaked(ours["steps"]):
        found.append(f"{ours['leaked'] - leaked(ours['steps'])} packets leaked between the steps")
    if not control["leaked"]:
        found.append("the control without egressd leaked nothing: the events prove nothing")
    return found


def verdict(pairs):
    if any(failures(*pair) for pair in pairs):
        return LEAKED
    return INCONCLUSIVE if any(blindness(run) for pair in pairs for run in pair) else HELD
