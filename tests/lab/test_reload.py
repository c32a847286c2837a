# SPDX-License-Identifier: GPL-3.0-or-later
"""Reloads that the proxy does not answer, or that find no proxy: the rules never wait for it, and a bad policy never stays."""
import os
import signal

from . import policy, world
from .test_firewall import wait_until
from .test_warden import GATE, ended, make, table, warden  # noqa: F401 (fixtures)

STRICT = policy.open_policy(extra=f"vpn-endpoint {world.VPN_PUBLIC}:1194\nfirewall strict")
WITNESS = "egressd_witness"
DIRECT = "egress home direct resolver 9.9.9.9\n"
BAD_CERTIFICATE = f"listen http {GATE}:8443 tls {{0}} {{0}}"


def knows(lab, device, name="egressd"):
    """Do the rules for frames name this device?"""
    return device in lab.gateway.run("nft", "list", "table", "netdev", name, check=False)


def expects_direct(lab):
    """Does the witness expect what a direct egress lets out? Else it has no such chain."""
    return "chain leaked" in lab.gateway.run("nft", "list", "table", "inet", WITNESS, check=False)


def refused(warden, mark):
    return warden.log.wait(lambda entry: entry.get("event", "").startswith("reload refused"), mark, 10, "a refused reload")


def test_a_proxy_that_does_not_answer_keeps_no_device_out_of_the_rules(make, lab):
    warden = make(STRICT).start()
    os.kill(warden.pid, signal.SIGSTOP)
    try:
        mark = warden.mark()
        warden.write(STRICT.replace("firewall strict", f"firewall strict\nforward 0.0.0.0:9696 to {world.APP}:9696"))
        warden.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "9696" in table(lab), "the rules are those of the new policy")
        assert warden.log.since(mark, lambda entry: "reloaded" in entry.get("event", "")) == []
        lab.gateway.batch("link add late0 type veth peer name late1")
        wait_until(lambda: knows(lab, "late0") and knows(lab, "late0", WITNESS), "the new rules know the new device")
    finally:
        os.kill(warden.pid, signal.SIGCONT)
    warden.event("policy reloaded", mark)
    lab.gateway.batch("link del late0")
    wait_until(lambda: not knows(lab, "late0") and warden.verify()[0] == 0, "the rules follow")
    assert warden.serves()


def test_a_policy_that_takes_long_to_read_keeps_no_rules_from_being_repaired(make, lab):
    """A file that does not end: it stands for one with very many names."""
    warden = make(extra=("--no-owner",)).start()
    text, mark = open(warden.config, encoding="utf-8").read(), warden.mark()
    os.remove(warden.config)
    os.mkfifo(warden.config)
    warden.process.send_signal(signal.SIGHUP)
    with open(warden.config, "w", encoding="utf-8") as pipe:  # as soon as it is opened there to be read
        lab.gateway.run("nft", "flush chain inet egressd own")
        warden.event("rules repaired", mark)
        pipe.write(text)
    warden.event("policy reloaded", mark)
    assert warden.serves()


def test_a_proxy_that_never_answers_is_ended_and_the_old_policy_comes_back(make, lab):
    """One that an attacker has got can ask for a reload and then be silent."""
    warden = make(STRICT, extra=("--reload-limit", "1")).start()
    proxy, mark = warden.pid, warden.mark()
    os.kill(proxy, signal.SIGSTOP)
    warden.write(STRICT.replace("firewall strict", f"firewall strict\nforward 0.0.0.0:9696 to {world.APP}:9696"))
    warden.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "9696" in table(lab), "the rules are those of the new policy")
    lab.gateway.batch("link add late0 type veth peer name late1")
    assert "not answered" in warden.event("is killed", mark)["event"]
    refused(warden, mark)
    warden.event("ready", mark)
    assert warden.pid != proxy and ended(proxy)
    warden.write(STRICT)
    wait_until(lambda: knows(lab, "late0") and warden.verify()[0] == 0, "the old rules know the new device")
    assert "9696" not in table(lab) and warden.serves()
    lab.gateway.batch("link del late0")


def test_the_witness_goes_with_the_rules_and_comes_back_with_them(make, lab):
    """What a new policy allows leaves as soon as one worker goes by it: that is no leak."""
    warden = make().start()
    assert not expects_direct(lab)
    proxy, mark = warden.pid, warden.mark()
    os.kill(proxy, signal.SIGSTOP)
    warden.write(policy.open_policy(extra=DIRECT))
    warden.process.send_signal(signal.SIGHUP)
    wait_until(lambda: expects_direct(lab), "the witness goes by the new policy")
    os.kill(proxy, signal.SIGKILL)
    refused(warden, mark)
    warden.event("ready", mark)
    wait_until(lambda: not expects_direct(lab), "it goes by the old one")
    warden.write(policy.open_policy())
    assert warden.verify()[0] == 0 and warden.serves()


def dead_proxy(warden):
    """Kills the proxy so often that the next one takes a while to come; where the log was then."""
    for kill in range(3):
        mark = warden.mark()
        os.kill(warden.pid, signal.SIGKILL)
        warden.event("proxy died", mark)
        if kill < 2:
            warden.event("ready", mark)
    return mark


def test_what_only_the_proxy_can_refuse_is_refused_without_one_too(warden, lab):
    """A certificate that is none: it would end every proxy that starts with it, and the good policy would be gone."""
    no_certificate = os.path.join(lab.folder, "none.pem")
    with open(no_certificate, "w", encoding="ascii") as file:
        file.write("not a certificate\n")
    mark = dead_proxy(warden)
    warden.write(policy.open_policy(extra=BAD_CERTIFICATE.format(no_certificate)))
    warden.process.send_signal(signal.SIGHUP)
    refused(warden, mark)
    warden.event("ready", mark)
    warden.write(policy.open_policy())
    assert warden.serves() and warden.verify()[0] == 0 and "8443" not in table(lab)


def test_a_good_policy_is_taken_without_a_proxy_and_the_next_one_starts_with_it(warden, lab):
    mark = dead_proxy(warden)
    warden.write(policy.open_policy(extra=f"forward 0.0.0.0:9696 to {world.APP}:9696"))
    warden.process.send_signal(signal.SIGHUP)
    warden.event("policy reloaded", mark)
    assert "9696" in table(lab) and warden.verify()[0] == 0 and warden.serves()
