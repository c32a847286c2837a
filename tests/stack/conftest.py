# SPDX-License-Identifier: GPL-3.0-or-later
"""One engine and one stack for all tests: they are about what it lives through."""
import os

import pytest

from .engine import Engine
from .outside import Outside
from .stack import Stack


@pytest.fixture(scope="session")
def engine():
    if "EGRESSD_STACK_FOLDER" not in os.environ:
        pytest.exit("run this by make stack-check: it must not touch this machine's own Docker and network", returncode=1)
    engine = Engine(os.environ["EGRESSD_STACK_FOLDER"])
    try:
        yield engine.start()
    finally:
        engine.close()


@pytest.fixture(scope="session")
def outside(engine):
    outside = Outside(engine.folder)
    try:
        yield outside.start()
    finally:
        outside.close()


@pytest.fixture(scope="session")
def built(engine, outside):
    return Stack(engine, outside).build()


@pytest.fixture(scope="session")
def stack(built):
    try:
        yield built.up()
    finally:
        built.close()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Puts the last words of the two that matter beside a failure."""
    report = (yield).get_result()
    stack = item.funcargs.get("stack") or item.funcargs.get("built")
    if report.failed and stack:
        report.sections.append(("docker ps", stack.engine.docker("ps", "-a", check=False).stdout))
        for name in ("egress", "gluetun"):
            report.sections.append((name, stack.logs(name)))
