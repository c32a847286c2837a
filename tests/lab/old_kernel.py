# SPDX-License-Identifier: GPL-3.0-or-later
"""A kernel that lacks something: old_kernel.c, made here, between a program and the real kernel."""
import json
import os
import subprocess

from .daemon import program
from .process import TESTS

SOURCE = os.path.join(TESTS, "lab", "old_kernel.c")


def make(folder):
    """The library; environment() says how a program gets to see it."""
    library = os.path.join(folder, "old_kernel.so")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-D_GNU_SOURCE", SOURCE, "-o", library], check=True)
    return library


def environment(library, lacks):
    return {**os.environ, "LD_PRELOAD": library, "OLD_KERNEL": lacks}


def really_has(feature):
    """Does this kernel have it in truth, as doctor says?"""
    answer = subprocess.run(["unshare", "--net", program("egressctl"), "doctor", "--preflight", "--json"],
                            capture_output=True, text=True, timeout=20).stdout
    return any(check["name"] == feature and check["result"] == "ok" for check in json.loads(answer)["checks"])
