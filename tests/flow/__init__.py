# SPDX-License-Identifier: GPL-3.0-or-later
"""egressd's traffic on loopback, byte by byte: what it accepts, passes on, refuses, and survives."""
