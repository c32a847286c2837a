# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures: `gateway` is shared and checked after every test; `start` makes one with a policy of its own."""
import os

import pytest

from lab.daemon import program
from lab.netns import enter_own
from lab.pki import Authority

from .harness import Gateway, start_origins


def pytest_configure(config):
    """
    Each worker has a network namespace of its own: a port that nobody listens on, or one a garbled request happens to
    name, is not another worker's.
    """
    enter_own()
    with open("/proc/sys/net/ipv4/tcp_max_tw_buckets", "w", encoding="ascii") as file:
        file.write("256")  # looking at the daemon's sockets reads through all that linger


def pytest_sessionstart(session):
    """Nothing to test is a failure: skipped tests would look like a pass."""
    if not os.access(program("egressd"), os.X_OK):
        pytest.exit(f"{program('egressd')} is not built; run make first", returncode=1)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Puts egressd's last words beside a failure."""
    report = (yield).get_result()
    if not report.failed:
        return
    gateways = set()
    for value in item.funcargs.values():
        gateways.update([value] if isinstance(value, Gateway) else getattr(value, "gateways", []))
    for gateway in gateways:
        report.sections.append(("egressd", gateway.daemon.text()[-1500:]))


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(str(tmp_path_factory.mktemp("pki")))


@pytest.fixture(scope="session")
def origins(tmp_path_factory, authority):
    started = start_origins(str(tmp_path_factory.mktemp("origins")), authority)
    yield started
    started.stop()


class Shared:
    """One gateway for most tests; a new one after a test that harmed it, so that the others can still tell."""

    def __init__(self, make):
        self.make, self.count, self.now = make, 0, None

    def get(self):
        if self.now is None or not self.now.daemon.is_alive():
            self.count += 1
            self.now = self.make(self.count)
        return self.now

    def check(self):
        try:
            self.now.check()
        except AssertionError:
            self.now.daemon.process.kill()
            self.now.daemon.process.wait()
            raise


@pytest.fixture(scope="session")
def shared_gateway(tmp_path_factory, origins, authority):
    shared = Shared(lambda number: Gateway(tmp_path_factory.mktemp(f"gateway{number}-"), origins, authority))
    yield shared
    if shared.now and shared.now.daemon.is_alive():
        shared.now.stop()


@pytest.fixture
def gateway(shared_gateway):
    gateway = shared_gateway.get()
    gateway.mark = gateway.daemon.mark()
    yield gateway
    shared_gateway.check()


@pytest.fixture
def start(tmp_path, origins, authority):
    """start(listen=…, rules=…, options=…, before=…): a gateway with this policy, stopped at the end."""
    class Starter:
        gateways = []

        def __call__(self, **parts):
            folder = tmp_path / f"gateway{len(self.gateways)}"
            folder.mkdir()
            gateway = Gateway(folder, origins, authority, **parts)
            gateway.mark = 0
            self.gateways.append(gateway)
            return gateway

    starter = Starter()
    starter.gateways = []
    yield starter
    for gateway in reversed(starter.gateways):
        gateway.stop()
