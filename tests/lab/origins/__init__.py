# SPDX-License-Identifier: GPL-3.0-or-later
"""The laboratory's Internet: web sites, a name server and plain TCP and UDP services that record who came."""
