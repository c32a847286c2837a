# SPDX-License-Identifier: GPL-3.0-or-later
"""Every test gets a laboratory of its own: one is up in half a second."""
import os
import subprocess

import pytest

from . import policy as policies
from .curl import Curl
from .daemon import USER, Daemon, program
from .lab import Lab
from .wireguard import WireGuard


def pytest_sessionstart(session):
    """Nothing to test is a failure: skipped tests would look like a pass."""
    if os.geteuid() != 0:
        pytest.exit("the laboratory makes network namespaces and needs root", returncode=1)
    if not os.access(program("egressd"), os.X_OK):
        pytest.exit(f"{program('egressd')} is not built; run make first", returncode=1)


@pytest.fixture
def lab():
    with Lab() as made:
        yield made


@pytest.fixture(params=["gluetuns rules on", "gluetuns rules off", "both rules on"])
def guarded(request, lab):
    """
    The laboratory with Gluetun's firewall, without it (then only egressd's own binding keeps traffic in), and with
    both its and egressd's: nothing that works without rules may stop working.
    """
    if request.param.endswith("off"):
        lab.firewall.off()
    lab.own_rules = request.param.startswith("both")
    return lab


@pytest.fixture
def wired():
    """The laboratory over WireGuard, with both rules."""
    with Lab(vpn=WireGuard) as lab:
        lab.with_rules = True
        yield lab


class Scene:
    """egressd in the laboratory's gateway, and the app's curl."""

    def __init__(self, lab, text):
        self.lab = lab
        own = {"extra": ()} if getattr(lab, "own_rules", False) else {}
        self.daemon = Daemon(text, lab.folder, lab.gateway, **own)
        if getattr(lab, "with_rules", False):
            self.rules("apply")
        self.daemon.start()
        self.curl = Curl(lab.app, lab.authority.certificate)

    def rules(self, action, *options, check=True):
        """egressctl rules in the gateway, as root, for the policy that egressd runs."""
        done = subprocess.run(self.lab.gateway.command(program("egressctl"), "rules", action, "--config",
                                                       self.daemon.config, "--uid", str(USER), *options),
                              text=True, capture_output=True, timeout=20)
        assert not check or done.returncode == 0, done
        return done

    def nothing_leaked(self):
        """The witness saw nothing for any origin or resolver, and can see: UDP and TCP, IPv4 and IPv6."""
        report = self.lab.witness.look()
        assert self.lab.witness.total.leaks == [], report
        assert self.lab.witness.total.lost == 0
        for protocol in ("udp", "tcp"):
            for version in (4, 6):
                assert self.lab.control_packet(protocol, version) >= 1, f"the witness is blind to {protocol} over IPv{version}"

    def finish(self):
        assert self.daemon.is_alive(), "egressd ended: " + self.daemon.text()[-3000:]
        status = self.daemon.stop()
        assert status == 0, f"egressd ended with {status}: " + self.daemon.text()[-3000:]


@pytest.fixture
def play():
    """play(lab, policy text): the scene, ended and checked at the end of the test."""
    scenes = []

    def begin(lab, text=None):
        scenes.append(Scene(lab, text or policies.open_policy()))
        return scenes[-1]

    yield begin
    for scene in scenes:
        scene.finish()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Puts egressd's last words beside a failure."""
    report = (yield).get_result()
    lab = item.funcargs.get("lab")
    if report.failed and lab and os.path.exists(os.path.join(lab.folder, "egressd", "log")):
        with open(os.path.join(lab.folder, "egressd", "log"), encoding="utf-8", errors="replace") as file:
            report.sections.append(("egressd", file.read()[-4000:]))
