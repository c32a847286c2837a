# SPDX-License-Identifier: GPL-3.0-or-later
"""The results of a run as a table for people, and two runs side by side."""
import json
import statistics

TIE = 1.10  # what differs less is the machine's noise

# workload: what is compared, its unit, and how many of the result's units it has
COST = {"bulk-down": ("cpu_ns_per_unit", "s/GB", 1), "bulk-up": ("cpu_ns_per_unit", "s/GB", 1),
        "connect": ("cpu_ns_per_unit", "CPU µs", 1e-3), "pingpong": ("cpu_ns_per_unit", "CPU µs", 1e-3),
        "http": ("cpu_ns_per_unit", "CPU µs", 1e-3), "open": ("p99_us", "p99 ms", 1e-3),
        "idle": ("kib_per_tunnel", "KiB each", 1), "policy": ("ns_per_decision", "ns", 1), "soak": ("kib_after", "KiB", 1)}
BULK = ("bulk-down", "bulk-up")


class Figures:
    """Medians of everything measured, by row (the work), proxy and way in."""

    def __init__(self, lines):
        self.groups = {}
        for line in lines:
            self.groups.setdefault((line["row"], line["proxy"], line["way"]), []).append(line)
        self.rows = list(dict.fromkeys(row for row, _, _ in self.groups))

    def workload(self, row):
        return next(group[0]["workload"] for key, group in self.groups.items() if key[0] == row)

    def median(self, row, proxy, way, field):
        values = [line[field] for line in self.groups.get((row, proxy, way), []) if line.get(field) is not None]
        return statistics.median(values) if values else None

    def cost(self, row, proxy, way):
        field, _, factor = COST[self.workload(row)]
        if proxy == "direct" and field == "cpu_ns_per_unit":
            return None
        value = self.median(row, proxy, way, field)
        return None if value is None else value * factor

    def rate(self, row, proxy, way):
        value = self.median(row, proxy, way, "per_second")
        if value is None or self.workload(row) in ("open", "idle", "policy", "soak"):
            return None
        return value / 1e9 if self.workload(row) in BULK else value

    def failed(self, row, proxy, way):
        group = self.groups.get((row, proxy, way), [])
        return sum(line.get(field, 0) for line in group for field in ("failures", "corrupted", "lost"))

    def best(self, row, base, forward):
        """The cheapest of the others that failed at nothing: (name, way)."""
        found = []
        for (of, proxy, way), group in self.groups.items():
            if of == row and group[0]["forward"] == forward and group[0]["peer"] and way == base and \
                    not self.failed(row, proxy, way):
                found.append((self.cost(row, proxy, way), proxy, way))
        return min(found)[1:] if found else None


def base_way(way):
    """What others offer for the same: they have one way in where egressd has several."""
    return "login" if way.endswith("login") else "http" if way == "http" else ""


def number(value):
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def ratio(value, other):
    return f"{value / other:.2f}" if value is not None and other and other > 0 else "–"


def show(figures, out):
    head = ("work", "way in", "unit", "egressd", "limit", "best peer", "", "relay", "", "× limit", "× peer", "/s", "limit",
            "peer", "direct", "failed")
    lines = [head]
    for row in figures.rows:
        for way in [way for of, proxy, way in figures.groups if of == row and proxy == "egressd"]:
            base = base_way(way)
            limit = ("reference http", "http") if base == "http" else ("reference", "")
            peer, relay = figures.best(row, base, True), figures.best(row, "" if base == "login" else base, False)
            mine = figures.cost(row, "egressd", way)
            costs = [figures.cost(row, *who) if who else None for who in (limit, peer, relay)]
            rates = [figures.rate(row, *who) if who else None for who in
                     (("egressd", way), limit, peer, ("direct", "http" if base == "http" else ""))]
            lines.append((row, way or "connect", COST[figures.workload(row)][1], number(mine), number(costs[0]),
                          number(costs[1]), peer[0] if peer else "", number(costs[2]), relay[0] if relay else "",
                          ratio(mine, costs[0]), ratio(mine, costs[1]), *map(number, rates),
                          number(figures.failed(row, "egressd", way))))
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    text = (0, 1, 2, 6, 8)
    for line in lines:
        print("  ".join(cell.ljust(width) if column in text else cell.rjust(width)
                        for column, (cell, width) in enumerate(zip(line, widths))).rstrip(), file=out)
    show_others(figures, out)


def per_proxy(figures, row, words):
    return ", ".join(f"{proxy} {way}".strip() + " " + words(proxy, way) for of, proxy, way in figures.groups if of == row)


def show_others(figures, out):
    for row in figures.rows:
        workload = figures.workload(row)

        def value(field, factor=1):
            return lambda proxy, way: number(None if (found := figures.median(row, proxy, way, field)) is None
                                             else found * factor)

        def several(fields, factor=1):
            return lambda proxy, way: "/".join(value(field, factor)(proxy, way) for field in fields)

        if workload == "idle":
            print(f"{row}: descriptors a tunnel", per_proxy(figures, row, value("descriptors_per_tunnel")), file=out)
            print(f"{row}: KiB of the fresh process", per_proxy(figures, row, value("kib_before")), file=out)
        if workload in BULK:
            print(f"{row}: user id", per_proxy(figures, row, value("user")), file=out)
            print(f"{row}: KiB a tunnel at work", per_proxy(figures, row, value("kib_per_tunnel")), file=out)
        if workload in ("open", "connect", "pingpong", "http"):
            print(f"{row}: p50/p99/p99.9 ms", per_proxy(figures, row, several(("p50_us", "p99_us", "p999_us"), 1e-3)), file=out)
        if row.endswith("reloading"):
            print(f"{row}: reloads and the longest, s", per_proxy(figures, row, several(("reloads", "reload_seconds"))),
                  file=out)
            print(f"{row}: p99 × the one with no reload", per_proxy(figures, row, lambda proxy, way: ratio(
                figures.cost(row, proxy, way), figures.cost(row.replace("reloading", "no reload"), proxy, way))), file=out)
        if workload == "policy":
            print(f"{row}: bytes a name, seconds to load and to free", per_proxy(
                figures, row, several(("bytes_per_name", "load_seconds", "free_seconds"))), file=out)
        if workload == "soak":
            print(f"{row}: KiB before and after", per_proxy(figures, row, several(("kib_before", "kib_after"))), file=out)
    bad = [f"{proxy} {way}".strip() + f": {row}, {figures.failed(row, proxy, way)}"
           for row, proxy, way in figures.groups if figures.failed(row, proxy, way)]
    if bad:
        print("failures, lost or corrupted bytes:", "; ".join(bad), file=out)


def read(path):
    with open(path, encoding="utf-8") as file:
        return Figures([line for line in map(json.loads, file) if "row" in line])


def compare(old, new, out):
    """How many costs of egressd are more than a tie worse than they were; CPU time is compared, not speed."""
    worse = 0
    for row, proxy, way in new.groups:
        if proxy != "egressd" or (row, proxy, way) not in old.groups:
            continue
        before, after = old.cost(row, proxy, way), new.cost(row, proxy, way)
        if not before or before < 0 or after is None:
            continue
        mark = "WORSE" if after > before * TIE else "better" if after * TIE < before else ""
        worse += mark == "WORSE"
        print(f"{row:<28} {way or 'connect':<14} {number(before):>8} {number(after):>8} {COST[new.workload(row)][1]:<9}"
              f" {ratio(after, before):>5} {mark}".rstrip(), file=out)
    return worse
