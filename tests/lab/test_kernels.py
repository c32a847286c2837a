# SPDX-License-Identifier: GPL-3.0-or-later
"""egressd on kernels and in containers that lack something: it says what, and serves only when its promise holds."""
import subprocess

import pytest

from . import old_kernel, policy
from .daemon import Daemon, parse, program

WITHOUT_NET_ADMIN = ["setpriv", "--inh-caps=-all", "--bounding-set", "-net_admin"]


def refused(lab, *before):
    """Starts egressd where it must not serve; returns its last words."""
    daemon = Daemon(policy.open_policy(), lab.folder, lab.gateway, extra=())
    done = subprocess.run(lab.gateway.command(*before, program("egressd"), "--config", daemon.config),
                          text=True, capture_output=True, timeout=20)
    assert done.returncode == 4, done
    lines = [parse(line) for line in done.stderr.splitlines()]
    assert not any("ready" in line["event"] or "proxy started" in line["event"] for line in lines)
    return lines[-1]


@pytest.mark.parametrize("lacks, words", [
    ("nf_tables", "CONFIG_NF_TABLES"),
    ("conntrack", "nf_conntrack"),
    ("ct_mark", "CONFIG_NF_CONNTRACK_MARK"),
    ("reject", "nft_reject_inet"),
    ("bind", "Linux 5.7"),
])
def test_a_kernel_that_lacks_what_is_needed_is_refused_by_name(lab, tmp_path, lacks, words):
    library = old_kernel.make(str(tmp_path))
    last = refused(lab, "env", f"LD_PRELOAD={library}", f"OLD_KERNEL={lacks}")
    assert last["level"] == "error" and words in last["event"] and "nothing is served" in last["event"]


def test_without_net_admin_it_is_refused_by_name(lab):
    last = refused(lab, *WITHOUT_NET_ADMIN)
    assert "NET_ADMIN" in last["event"] and "nothing is served" in last["event"]


def test_in_a_user_namespace_without_another_user_it_is_refused(lab):
    last = refused(lab, "unshare", "--map-root-user")
    assert "--no-firewall" in last["event"]


@pytest.mark.parametrize("lacks, owner", [("owner", "without an owner"), ("persist", "a held copy"),
                                          ("egress", "owned by egressd")])
def test_a_kernel_that_lacks_something_else_serves_and_says_so(lab, tmp_path, lacks, owner):
    library = old_kernel.make(str(tmp_path))
    daemon = Daemon(policy.open_policy(), lab.folder, lab.gateway, extra=(),
                    before=("env", f"LD_PRELOAD={library}", f"OLD_KERNEL={lacks}"))
    daemon.start()
    try:
        missing = [entry["missing"] for entry in daemon.log.since(0, lambda line: line["event"] == "kernel tier reduced")]
        assert lacks in missing
        status = daemon.ctl("status").stdout
        assert "verified since" in status and owner in status
    finally:
        assert daemon.stop() == 0
