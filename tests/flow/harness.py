# SPDX-License-Identifier: GPL-3.0-or-later
"""A gateway on loopback, its origins, and the checks that every test ends with."""
import itertools
import os
import socket
import time

from lab.daemon import Daemon
from lab.process import Origins

from .client import Connection

NAMES = {
    "one.example.org": {"A": ["127.0.0.1"]},
    "two.example.org": {"A": ["127.0.0.2"]},
    "six.example.org": {"AAAA": ["::1"]},
    "both.example.org": {"A": ["127.0.0.1"], "AAAA": ["::1"]},
    "alias.example.org": {"CNAME": "one.example.org"},
    "blocked.example.org": {"A": ["127.0.0.1"]},
    "meta.example.org": {"A": ["169.254.169.254"]},
    "empty.example.org": {},
    "example.org": {"A": ["127.0.0.1"]},
}
DEFAULTS = (("hold", "2s"), ("timeout handshake", "3s"), ("timeout connect", "3s"))
ADDRESSES = ("127.0.0.1", "127.0.0.2", "::1")


GIVEN = set()


def free_port(kind=socket.SOCK_STREAM, address="127.0.0.1"):
    """Never the same twice: two services of one test are not to be given one."""
    while True:
        with socket.socket(socket.AF_INET, kind) as probe:
            probe.bind((address, 0))
            port = probe.getsockname()[1]
        if port not in GIVEN:
            GIVEN.add(port)
            return port


def start_origins(folder, authority):
    """The same ports on 127.0.0.1, 127.0.0.2 and ::1, so that a name alone tells the origins apart."""
    names = [f"DNS:{name}" for name in NAMES] + [f"IP:{address}" for address in ADDRESSES]
    certificate, key = authority.issue("origins", "serverAuth", names)
    kinds = {kind: free_port() for kind in ("http", "https", "tcp", "banner")}
    kinds["udp"] = free_port(socket.SOCK_DGRAM)
    spec = {kind: [[address, port] for address in ADDRESSES] for kind, port in kinds.items()}
    origins = Origins(folder, {**spec, "dns": [["127.0.0.1", free_port()]], "names": NAMES, "certificate": certificate,
                               "key": key, "git": folder})
    origins.wait_ready(60)
    origins.port = {kind: ports[0] for kind, ports in origins.ports.items() if ports}
    return origins


CLIENT = "client local address 127.0.0.0/8"


def policy(origins, port, *, listen="", rules="out from local", options="", egress="", client=CLIENT):
    """The test policy: everything on loopback may be reached, by name or address."""
    return f"""listen mixed 127.0.0.1:{port}
{listen}
{client}
egress out direct private resolver 127.0.0.1:{origins.port['dns']}
{egress.format(dns=origins.port['dns'])}
block to blocked.example.org
{rules}
default block
{options}
""" + "".join(f"{words} {value}\n" for words, value in DEFAULTS if words not in options)


def options_of_rules():
    """
    With RULES=1 each gateway keeps packet rules of its own. They are told apart by the proxy's user: several gateways
    are in one namespace here.
    """
    if os.environ.get("RULES") != "1":
        yield from itertools.repeat(("--no-firewall",))
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
    for number in itertools.count(20000 + 1000 * worker):
        yield "--table", f"flow{number}", "--user", str(number)


RULES = options_of_rules()


class Gateway:
    """egressd running with a policy; the origins it reaches; ways in."""

    def __init__(self, folder, origins, authority=None, before=(), **parts):
        self.origins, self.authority = origins, authority
        self.port = free_port()
        self.address = ("127.0.0.1", self.port)
        self.parts = parts
        self.pool_ports = {origins.port["http"]}  # where idle connections may stay
        self.daemon = Daemon(self.policy(), str(folder), before=before, extra=next(RULES)).start(60)
        self.warm_up()

    def policy(self, **changes):
        return policy(self.origins, self.port, **{**self.parts, **changes})

    def warm_up(self, name="one.example.org"):
        """What is made when first needed is made now, so that descriptors can be counted."""
        for _ in range(8):
            with self.connect() as connection:
                connection.connect("one.example.org", self.origins.port["tcp"])
        self.daemon.baseline = self.settled(lambda: self.busy() == 0, self.descriptors)

    def connect(self, address=None, **options):
        return Connection(address or self.address, **options)

    def url(self, path="/whoami", name="one.example.org", kind="http"):
        return f"{kind}://{name}:{self.origins.port[kind]}{path}"

    def get(self, path="/whoami", *fields, name="one.example.org", method="GET", body=b""):
        with self.connect() as connection:
            return connection.ask(self.url(path, name), method, *fields, body=body)

    def tunnel(self, command=None, name="one.example.org", kind="tcp"):
        """A connection that is a CONNECT tunnel to an origin."""
        connection = self.connect()
        answer = connection.connect(name, self.origins.port[kind])
        assert answer.status == 200, answer
        return connection if command is None else connection.send(command + "\n")

    # Looking inside

    def sockets(self):
        """(local port, remote port) of every TCP socket of the daemon; (0, 0) for one of another kind."""
        pid = self.daemon.pid
        inodes = {}
        for table in ("tcp", "tcp6"):
            with open(f"/proc/{pid}/net/{table}", encoding="ascii") as file:
                for line in list(file)[1:]:
                    words = line.split()
                    inodes[words[9]] = tuple(int(words[i].rpartition(":")[2], 16) for i in (1, 2))
        found = []
        for fd in os.listdir(f"/proc/{pid}/fd"):
            try:
                target = os.readlink(f"/proc/{pid}/fd/{fd}")
            except FileNotFoundError:
                continue
            if target.startswith("socket:["):
                found.append(inodes.get(target[8:-1], (0, 0)))
        return found

    def busy(self):
        """Connections of clients, and of origins other than idle ones of the HTTP pool."""
        return sum(1 for local, remote in self.sockets() if remote and remote not in self.pool_ports)

    def descriptors(self):
        """Descriptors but for pooled pipes and pooled origin connections, which may stay."""
        pid = self.daemon.pid
        pipes = 0
        for fd in os.listdir(f"/proc/{pid}/fd"):
            try:
                pipes += os.readlink(f"/proc/{pid}/fd/{fd}").startswith("pipe:")
            except FileNotFoundError:
                continue
        pooled = sum(1 for _, remote in self.sockets() if remote in self.pool_ports)
        return self.daemon.descriptors() - pipes - pooled

    @staticmethod
    def settled(condition, value, timeout=10):
        """value(), as soon as condition() holds: the kernel tells nobody when another process closes."""
        deadline = time.monotonic() + timeout
        while not condition() and time.monotonic() < deadline:
            time.sleep(0.02)
        return value()

    def check(self):
        """What must hold after every test: the same process, and nothing left open."""
        assert self.daemon.is_alive(), f"egressd ended with {self.daemon.process.poll()}"
        busy = self.settled(lambda: self.busy() == 0, self.busy)
        assert busy == 0, f"{busy} connections are still open: {self.sockets()}"
        count = self.settled(lambda: self.descriptors() <= self.daemon.baseline, self.descriptors)
        assert count <= self.daemon.baseline, f"{count} descriptors, {self.daemon.baseline} before"

    def stop(self):
        status = self.daemon.stop()
        assert status == 0, f"egressd ended with {status}:\n{self.daemon.text()[-4000:]}"
