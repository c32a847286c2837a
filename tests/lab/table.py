# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the demo's table: aligned, coloured only where a person is looking."""
import os
import sys

COLOURS = {"green": "32", "red": "31;1", "yellow": "33", "dim": "2", "bold": "1", "cyan": "36"}


class Table:
    def __init__(self, columns, out=sys.stdout):
        self.columns, self.out = columns, out
        self.coloured = out.isatty() and not os.environ.get("NO_COLOR")

    def paint(self, text, colour):
        return f"\033[{COLOURS[colour]}m{text}\033[0m" if self.coloured and colour else text

    def line(self, text="", colour=None):
        print(self.paint(text, colour), file=self.out, flush=True)

    def title(self, text):
        self.line()
        self.line(f" {text}", "bold")

    def heads(self):
        self.line("   " + "  ".join(name.ljust(width) for name, width in self.columns), "dim")
        self.line("   " + "  ".join("─" * width for _, width in self.columns), "dim")

    def row(self, kept, cells):
        mark = self.paint("✓", "green") if kept else self.paint("✗", "red")
        fitted = [fit(cell, width) for cell, (_, width) in zip(cells, self.columns)]
        self.line(f" {mark} " + "  ".join(fitted).rstrip())


def fit(text, width):
    return text.ljust(width) if len(text) <= width else text[:width - 1] + "…"
