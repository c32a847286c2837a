# SPDX-License-Identifier: GPL-3.0-or-later
"""egressd as it is meant to run: rules before anybody listens, two processes, and what becomes of each without the other."""
import ctypes
import json
import os
import select
import signal
import socket
import struct
import subprocess

import pytest

from . import policy, world
from .curl import Curl
from .daemon import USER, Daemon, program
from .test_firewall import associate, serve, wait_until
from .unread import Reader

GATE = world.GATEWAY_APPS
PROXY = f"http://{GATE}:8118"
URL = "http://example.org/whoami"
PIDFD_GETFD, WARDEN_STOP = 438, 5
KEPT = ("net_admin", "setuid", "setgid", "setpcap", "kill")


def container(*capabilities):
    """What a container with cap_drop: ALL and these has."""
    return ("setpriv", "--no-new-privs", "--bounding-set=-all" + "".join(f",+{name}" for name in capabilities))


class Warden(Daemon):
    """egressd with rules of its own, as root in the gateway's namespace."""

    def __init__(self, lab, text=None, before=container(*KEPT), extra=()):
        super().__init__(text or policy.open_policy(), lab.folder, lab.gateway, before=before, extra=extra)
        self.lab = lab
        self.curl = Curl(lab.app, lab.authority.certificate)

    def serves(self):
        return self.curl(URL, "-x", PROXY).body.strip() == world.VPN_PUBLIC

    def verify(self):
        """egressctl rules verify, by itself: the exit status, and what it knows of the table."""
        done = subprocess.run(self.lab.gateway.command(program("egressctl"), "rules", "verify", "--json", "--config",
                                                       self.config), text=True, capture_output=True, timeout=20)
        return done.returncode, json.loads(done.stdout)

    def firewall(self):
        return json.loads(self.ctl("status", "--json").stdout)["firewall"]

    def start_refused(self):
        """Runs it where it must not come up; the exit status and all it said."""
        done = subprocess.run(self.lab.gateway.command(*self.before, self.binary, "--config", self.config, *self.extra),
                              text=True, capture_output=True, timeout=20)
        return done.returncode, done.stderr


@pytest.fixture
def make(lab):
    made = []

    def begin(*words, **options):
        made.append(Warden(lab, *words, **options))
        return made[-1]

    lab.firewall.off()
    yield begin
    for warden in made:
        if warden.process is not None:
            assert warden.process.poll() is not None or warden.stop() == 0
            warden.log.close()


@pytest.fixture
def warden(make):
    return make().start()


def listeners(lab):
    return lab.gateway.run("ss", "-Hltn").split()


def table(lab):
    return lab.gateway.run("nft", "list", "table", "inet", "egressd", check=False)


def ended(pid):
    """Waits until that process is gone."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], 10)[0])
    finally:
        os.close(handle)


def state(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


def test_with_five_capabilities_it_serves_behind_its_own_rules(warden):
    assert warden.serves()
    code, told = warden.verify()
    assert code == 0 and told["same"] and told["owned"], told
    assert warden.firewall()["state"] == "in force"
    assert warden.lab.gateway.run("nft", "flush", "ruleset", check=False) == "" and warden.verify()[0] == 0


def test_neither_process_may_do_more_than_it_must(warden):
    kept = f"{1 << 12 | 1 << 7 | 1 << 6 | 1 << 8 | 1 << 5:016x}"  # of capabilities(7), in the order of KEPT
    watched, proxy = state(warden.process.pid), state(warden.pid)
    assert [watched[name] for name in ("CapPrm", "CapEff", "CapBnd")] == [kept] * 3
    assert [proxy[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")] == ["0" * 16] * 5
    assert proxy["Uid"].split() == proxy["Gid"].split() == [str(USER)] * 4 and proxy["Groups"].strip() == ""
    assert proxy["NoNewPrivs"] == watched["NoNewPrivs"] == "1"
    threads = os.listdir(f"/proc/{warden.pid}/task")
    assert len(threads) > 3 and all(state(f"{warden.pid}/task/{thread}")["Seccomp"] == "2" for thread in threads)


def test_root_of_a_user_namespace_without_the_proxys_user_gives_up_all_the_same(make):
    """The proxy has to stay that root there, with whatever root may do."""
    warden = make(before=("unshare", "--user", "--map-root-user"), extra=("--no-firewall",)).start()
    proxy = state(warden.pid)
    assert [proxy[name] for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")] == ["0" * 16] * 4
    assert proxy["NoNewPrivs"] == "1" and warden.serves()


def test_the_proxy_gets_nothing_of_the_warden_but_the_channel(warden):
    """The socket that owns the rules above all: whoever has it keeps every later warden out of the table."""
    def link(pid, fd):
        try:
            return os.readlink(f"/proc/{pid}/fd/{fd}")
        except FileNotFoundError:  # closed meanwhile: a probe's
            return "anon_inode:"

    def descriptors(pid):
        links = (link(pid, fd) for fd in os.listdir(f"/proc/{pid}/fd") if int(fd) > 2)
        return {name for name in links if not name.startswith("anon_inode:")}  # which have no number

    shared = descriptors(warden.process.pid) & descriptors(warden.pid)
    control = {f"socket:[{line.split()[6]}]" for line in open(f"/proc/{warden.pid}/net/unix", encoding="ascii")
               if line.rstrip().endswith(warden.control)}
    assert shared <= control, shared


def test_a_missing_capability_is_named_and_nothing_listens(make, lab):
    before = listeners(lab)
    for missing in KEPT:
        warden = make(before=container(*(name for name in KEPT if name != missing)))
        status, said = warden.start_refused()
        assert status == (4 if missing == "net_admin" else 1), (missing, said)
        assert missing.upper() in said and "cap_add" in said, said
    assert listeners(lab) == before
    assert table(lab) == ""


def test_rules_that_another_process_owns_are_no_rules_of_ours(warden, make, lab):
    """A second egressd in the namespace: it waits a little, then ends, and harms nobody."""
    second = make(policy.open_policy(extra=f"control {lab.folder}/second.sock"))
    status, said = second.start_refused()
    assert status == 4 and "another process" in said, said
    assert warden.serves() and warden.verify()[0] == 0


def test_a_policy_with_an_error_changes_nothing(make, lab):
    status, said = make(policy.open_policy() + "vpnn from prowlarr\n").start_refused()
    assert status == 3 and "vpnn" in said
    assert table(lab) == ""


def test_the_warden_killed_takes_the_proxy_with_it_and_leaves_the_rules(warden, make):
    proxy = warden.pid
    warden.process.kill()
    warden.process.wait()
    assert ended(proxy)
    code, told = warden.verify()
    assert code == 0 and not told["owned"], told
    # Another one takes over what is there.
    again = make().start()
    assert again.serves() and again.verify()[1]["owned"]


def test_a_proxy_that_dies_is_started_again_behind_the_same_rules(warden):
    for count in (1, 2):
        proxy, mark = warden.pid, warden.mark()
        os.kill(proxy, signal.SIGKILL)
        warden.event("proxy died", mark)
        assert warden.verify()[0] == 0
        warden.event("ready", mark)
        assert warden.pid != proxy and warden.serves()
        assert warden.firewall()["proxy_restarts"] == count
    assert warden.lab.witness.look().leaks == []


def tell_to_stop(warden):
    """The warden's word for it (channel.h), said by somebody else."""
    handle = os.pidfd_open(warden.process.pid)
    try:
        for fd in map(int, os.listdir(f"/proc/{warden.process.pid}/fd")):
            if not os.readlink(f"/proc/{warden.process.pid}/fd/{fd}").startswith("socket:"):
                continue
            with socket.socket(fileno=ctypes.CDLL(None, use_errno=True).syscall(PIDFD_GETFD, handle, fd, 0)) as copy:
                if copy.family == socket.AF_UNIX and copy.type == socket.SOCK_SEQPACKET:
                    copy.send(struct.pack("=II", WARDEN_STOP, 0))
    finally:
        os.close(handle)


def test_a_proxy_that_ends_well_without_being_asked_is_started_again(warden):
    """As one that died: the warden's own status 0 would keep any restart policy from starting it again."""
    proxy, mark = warden.pid, warden.mark()
    tell_to_stop(warden)
    assert warden.event("proxy died", mark)["end"] == "ended with status 0"
    warden.event("ready", mark)
    assert ended(proxy) and warden.serves() and warden.firewall()["proxy_restarts"] == 1


def test_the_rules_stay_when_it_ends_in_order_and_can_be_removed_then(warden, lab):
    assert warden.stop() == 0
    assert warden.verify()[0] == 0 and "stay" in warden.text()
    lab.gateway.run(program("egressctl"), "rules", "remove", "gateway")
    assert table(lab) == ""


def test_an_unread_log_keeps_no_rules_from_being_repaired(make, lab, tmp_path):
    """The warden is one thread: it must not wait for who reads what it says about the repair."""
    reader = Reader(str(tmp_path), os.path.join(lab.folder, "egressd", "log"))
    try:
        warden = make(before=(*reader.before, *container(*KEPT)), extra=("--no-owner",)).start()
        reader.stall()
        reader.fill()
        for words in ("flush ruleset", "delete table inet egressd", "flush chain inet egressd own"):
            lab.gateway.run("nft", words)
            wait_until(lambda: warden.verify()[0] == 0, words)
        wait_until(lambda: warden.firewall()["repairs"] == 3, "the repairs are not counted")
        assert warden.serves()
        mark = warden.mark()
        reader.go_on()
        wait_until(reader.is_done, "the log is read again")
        warden.reload()
        assert warden.event("log lines lost", mark)["count"] >= 3
        assert warden.stop() == 0
    finally:
        reader.stop()


def test_a_reload_changes_rules_and_policy_together(warden, lab):
    before = table(lab)
    assert warden.reload(policy.open_policy(extra=f"forward 0.0.0.0:9696 to {world.APP}:9696"))["event"] == "policy reloaded"
    assert "9696" in table(lab) and "9696" not in before
    assert warden.verify()[0] == 0 and warden.serves()
    assert any(":9696" in word for word in listeners(lab))


@pytest.mark.parametrize("ask", ["signal", "egressctl"])
def test_a_reload_that_the_proxy_refuses_brings_the_old_rules_back(warden, lab, ask):
    with lab.gateway.socket(socket.AF_INET, socket.SOCK_STREAM) as taken:
        taken.bind((GATE, 9999))
        taken.listen()
        text = policy.open_policy(extra=f"listen http {GATE}:9999")
        if ask == "signal":
            assert "refused" in warden.reload(text)["event"]
        else:
            warden.write(text)
            done = warden.ctl("reload")
            assert done.returncode == 1 and "in use" in (done.stdout + done.stderr).lower()
        warden.write(policy.open_policy())
        wait_until(lambda: warden.verify()[0] == 0, "the rules are those of the old policy")
    assert warden.serves() and warden.firewall()["state"] == "in force"


def test_secrets_that_only_root_may_read_are_enough(make, lab):
    certificate, key = lab.authority.issue("gate", "serverAuth", [f"IP:{GATE}"])
    os.chmod(key, 0o600)
    warden = make(policy.open_policy(extra=f"listen http {GATE}:8443 tls {certificate} {key}"))
    os.chmod(warden.config, 0o600)
    warden.start()
    answer = warden.curl(URL, "-x", f"https://{GATE}:8443", "--proxy-cacert", lab.authority.certificate)
    assert answer.body.strip() == world.VPN_PUBLIC, answer


def test_a_secret_that_a_reload_could_not_read_is_refused_at_the_start(make, lab):
    """Root without a container may read everything at first, and gives that up before it serves."""
    certificate, key = lab.authority.issue("gate", "serverAuth", [f"IP:{GATE}"])
    os.chmod(key, 0o600)
    os.chown(key, USER + 1, USER + 1)
    warden = make(policy.open_policy(extra=f"listen http {GATE}:8443 tls {certificate} {key}"), before=())
    status, said = warden.start_refused()
    assert status == 3 and key in said and "ermission" in said, said
    os.chown(key, 0, 0)
    warden.start()
    assert warden.reload()["event"] == "policy reloaded"


def test_all_that_clients_may_do_works_behind_the_rules_and_the_filter(make, lab):
    """Logins, TLS, every protocol, both families, datagrams and forwards."""
    users = os.path.join(lab.folder, "users")
    subprocess.run([program("egressctl"), "passwd", users, "bert"], input="a long enough password\n", text=True, check=True,
                   stdout=subprocess.DEVNULL, timeout=20)
    certificate, key = lab.authority.issue("gate", "serverAuth", [f"IP:{GATE}"])
    warden = make(policy.open_policy(extra=f"""
listen mixed {GATE}:8119 auth {users}
listen mixed {GATE}:8443 tls {certificate} {key} auth {users}
client guest user bert
forward 0.0.0.0:9696 to {world.APP}:9696 from {world.HOME_LAN}
forward [::]:9697 to {world.APP}:9696 from {world.HOME_LAN6}
udp-ports 40000-40099
""").replace("vpn from prowlarr", "vpn from guest,prowlarr")).start()
    login = f"bert:a long enough password@{GATE}".replace(" ", "%20")
    for way in (PROXY, f"socks5h://{GATE}:8118", f"socks4a://{GATE}:8118", f"http://{login}:8119",
                f"socks5h://{login}:8119", f"https://{login}:8443"):
        for url, seen in (("http://example.org/whoami", world.VPN_PUBLIC), ("https://example.org/whoami", world.VPN_PUBLIC),
                          ("http://six.example.org/whoami", world.VPN_PUBLIC6)):
            answer = warden.curl(url, "-x", way, "--proxy-cacert", lab.authority.certificate)
            assert answer.body.strip() == seen, (way, url, answer)
    assert warden.curl(URL, "-x", f"http://bert:wrong@{GATE}:8119").status == 407
    associate(lab.app)
    for family, address in ((socket.AF_INET, (world.GATEWAY_HOME, 9696)), (socket.AF_INET6, (world.GATEWAY_HOME6, 9697))):
        with serve(lab.app, 9696) as page, lab.home.socket(family, socket.SOCK_STREAM) as browser:
            browser.settimeout(5)
            browser.connect(address)
            served, _ = page.accept()
            with served:
                browser.send(b"a question")
                assert served.recv(100) == b"a question"
                served.send(b"an answer")
                assert browser.recv(100) == b"an answer"
    assert warden.verify()[0] == 0
    assert lab.witness.look().leaks == []


def test_the_control_socket_is_the_proxys_where_the_folder_lets_it(make, lab):
    folder = os.path.join(lab.folder, "run")
    os.mkdir(folder)
    os.chown(folder, USER, 0)
    os.chmod(folder, 0o770)
    warden = make(policy.open_policy(extra=f"control {folder}/control.sock"))
    warden.control = f"{folder}/control.sock"
    warden.start()
    made = os.stat(warden.control)
    assert (made.st_uid, made.st_gid, made.st_mode & 0o777) == (USER, 0, 0o660)
    assert warden.firewall()["state"] == "in force"


@pytest.mark.parametrize("returns", [False, True])
def test_a_namespace_that_loses_its_uplinks_is_left_unless_one_comes_back(make, lab, returns):
    warden = make(extra=("--namespace-grace", "1")).start()
    with lab.app.socket(socket.AF_INET, socket.SOCK_STREAM) as client, \
            lab.app.socket(socket.AF_INET, socket.SOCK_STREAM) as undecided:
        if not returns:
            # It has no session to end, and would be waited for.
            undecided.connect((GATE, 8118))
            undecided.sendall(b"GET http://")
        client.connect((GATE, 8118))
        client.sendall(f"CONNECT {world.ORIGINS[0]}:{world.TCP_PORT} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert b" 200 " in client.recv(4096)
        lab.gateway.batch("link set eth1 down\nlink set eth1 name veth99\nlink del veth99")
        assert warden.firewall()["state"] == "in force"  # eth0 is still there
        mark = warden.mark()
        lab.gateway.batch("link set eth0 down\nlink set eth0 name veth98\nlink del veth98")
        warden.event("lost its uplink", mark)
        entry = warden.session(mark)
        assert entry["end"] == "halted", entry
    if returns:
        lab.gateway.batch("link add eth0 type veth peer name other\nlink set eth0 up")
        warden.event("has an uplink again", mark)
        assert warden.firewall()["state"] == "in force"
    else:
        assert warden.process.wait(10) == 75
