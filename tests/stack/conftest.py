# SPDX-License-Identifier: GPL-3.0-or-later
"""One engine and one stack for all tests: they are about what it lives through."""
import os

import pytest

from .engine import Engine
from .outside import Outside
from .stack import Stack


TIMES = pytest.StashKey()
TELLING = {"egress", "gluetun", "egress-2", "gluetun-2", "hub"}


def pytest_terminal_summary(terminalreporter, config):
    """The figures of the run, whether it passed or not."""
    stack = config.stash.get(TIMES, None)
    if not stack or not stack.times:
        return
    terminalreporter.section("how long after it an app's request works again, and all is healthy")
    for what, works, healthy in stack.times:
        terminalreporter.write_line(f"  {what:42} {works:6.1f} s {healthy:6.1f} s")


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
def built(engine, outside, request):
    """The images are there; nothing runs."""
    stack = request.config.stash[TIMES] = Stack(engine, outside)
    try:
        yield stack.build()
    finally:
        stack.down()


@pytest.fixture(scope="module")
def stack(built):
    """compose.yaml, up; what a module before this one has left up stays."""
    return built.up()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Puts the last words of those that matter beside a failure."""
    report = (yield).get_result()
    stack = item.funcargs.get("stack") or item.funcargs.get("built")
    if report.failed and stack:
        report.sections.append(("docker ps", stack.engine.docker("ps", "-a", check=False).stdout))
        for name in set(stack.engine.docker("ps", "-a", "--format", "{{.Names}}", check=False).stdout.split()) & TELLING:
            report.sections.append((name, stack.logs(name)))
