# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo keeps every promise, in time, and leaves nothing behind."""
import os
import subprocess
import time

import pytest

from .lab import STATE
from .netns import run


@pytest.mark.slow
def test_the_demo_keeps_its_promises():
    before = run("ip", "netns", "list")
    began = time.monotonic()
    done = subprocess.run([os.path.join(os.path.dirname(__file__), "demo")], text=True, capture_output=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert time.monotonic() - began < 60
    assert "promises kept" in done.stdout
    assert run("ip", "netns", "list") == before
    assert not os.path.isdir(STATE) or not os.listdir(STATE)
