# SPDX-License-Identifier: GPL-3.0-or-later
"""One engine and one stack for all tests: they are about what it lives through."""
import os
import statistics
import subprocess

import pytest

from .engine import OLD, Engine, Failed
from .outside import Outside
from .stack import Stack


TIMES = pytest.StashKey()
SKIPPED = 77  # the exit code for that
TELLING = {"egress", "gluetun", "egress-2", "gluetun-2", "hub"}


def pytest_collection_modifyitems(config, items):
    """Those that the engine of this run is for."""
    wanted = [item for item in items if (any(item.iter_markers("every_engine")) or any(item.iter_markers("old_engine"))
                                         if OLD else not any(item.iter_markers("old_engine")))]
    config.hook.pytest_deselected(items=[item for item in items if item not in wanted])
    items[:] = wanted


def pytest_terminal_summary(terminalreporter, config):
    """The figures of the run, whether it passed or not."""
    stack = config.stash.get(TIMES, None)
    if not stack or not stack.times:
        return
    terminalreporter.section("how long after it an app's request works again, and all is healthy: median / worst")
    for what in dict.fromkeys(what for what, _, _ in stack.times):
        columns = zip(*[times for name, *times in stack.times if name == what])
        times = [f"{statistics.median(column):.0f} / {max(column):.0f} s" for column in columns]
        count = sum(name == what for name, _, _ in stack.times)
        terminalreporter.write_line(f"| {what:37} | {count:5} | {times[0]:11} | {times[1]:11} |")


@pytest.fixture(scope="session")
def engine():
    if "EGRESSD_STACK_FOLDER" not in os.environ:
        pytest.exit("run this by make stack-check: it must not touch this machine's own Docker and network", returncode=1)
    engine = Engine(os.environ["EGRESSD_STACK_FOLDER"])
    try:
        try:
            engine.start()
        except (Failed, OSError, subprocess.TimeoutExpired) as error:
            if "EGRESSD_STACK_MAY_SKIP" not in os.environ:
                raise
            pytest.exit(f"a Docker Engine cannot run here: {error}", returncode=SKIPPED)
        yield engine
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
