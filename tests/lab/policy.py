# SPDX-License-Identifier: GPL-3.0-or-later
"""The shipped policy as the laboratory runs it, and an open one for tests that are not about the policy."""
import os
import re

from . import world
from .daemon import ROOT

SHIPPED = os.path.join(ROOT, "compose", "egress.conf")


def shipped(folder, hold=None):
    """
    The file as it is shipped, line for line; only the wait for a lost tunnel can be made shorter, and the key of
    Gluetun's API, a secret file in a real installation, is one of ours.
    """
    with open(SHIPPED, encoding="utf-8") as file:
        text = file.read()
    if hold is not None:
        text, changed = re.subn(r"(?m)^hold\s+\S+", f"hold {hold}", text)
        if not changed:
            text += f"\nhold {hold}\n"
    key = os.path.join(folder, "gluetun-api-key")
    with open(key, "w", encoding="ascii") as file:
        file.write("no-gluetun-here\n")
    return re.sub(r"key-file\s+\S+", f"key-file {key}", text)


def open_policy(hold="3s", extra=""):
    """Everything from the app may go anywhere public, through the tunnel only."""
    return f"""listen mixed {world.GATEWAY_APPS}:8118
client prowlarr address {world.APP}
client flaresolverr address {world.APP_FLARESOLVERR}
egress vpn device tun0 resolver {",".join(world.RESOLVERS)}
{extra}
block to private
vpn from prowlarr,flaresolverr
default block
hold {hold}
"""
