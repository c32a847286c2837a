# SPDX-License-Identifier: GPL-3.0-or-later
"""The shipped compose files on a real Docker Engine, with stand-ins for what cannot be had without an Internet."""
