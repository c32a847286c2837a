# SPDX-License-Identifier: GPL-3.0-or-later
"""The laboratory: a home, a VPN, an Internet, and the gateway between them, in private network namespaces."""
