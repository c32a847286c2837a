# SPDX-License-Identifier: GPL-3.0-or-later
"""The shipped compose files, brought up; the images are all that is not what a user has."""
import json
import os
import re
import signal
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field

from lab.netns import run
from lab.process import TESTS
from lab.witness import CONTROL_ADDRESSES, CONTROL_PORT

from .outside import ADDRESSES, BRIDGE, VPN, Wire

ROOT = os.path.dirname(TESTS)
COMPOSE = os.path.join(ROOT, "compose")
APPS = ("gluetun", "prowlarr", "flaresolverr", "radarr", "overseerr", "qbittorrent", "filebrowser")
CONTAINERS = ("egress", "keeper", *APPS)
VARIABLES = {"GLUETUN_API_KEY": "looks-only", "GLUETUN_CONTROL_KEY": "may-restart", "VPN_TYPE": "openvpn",
             "EGRESSD_IMAGE": "egressd", "TORRENT_BIND": "127.0.0.1", "COMPOSE_PROFILES": "keeper"}
CONTROL = """import socket
stream = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
stream.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"{device}")
stream.sendto(b"a control packet: the witness must see this", ("{address}", {port}))
"""
KEYS = {"prowlarr": "1" * 32, "radarr": "2" * 32}


@dataclass(frozen=True)
class Variant:
    """Which of the files, which of the services with all they depend on (none named: all), what .env says otherwise."""

    name: str
    files: tuple = ("compose.yaml",)
    services: tuple = ()
    environment: dict = field(default_factory=dict, compare=False)
    direct: frozenset = frozenset()  # what the policy in force lets go past the VPNs


PLAIN = Variant("compose.yaml")


class Host:
    """Where we are: opens sockets as a Namespace does."""

    @staticmethod
    def socket(*args):
        import socket
        return socket.socket(*args)


class Stack:
    def __init__(self, engine, outside):
        self.engine, self.outside = engine, outside
        self.config = os.path.join(engine.folder, "config")
        self.bridge = self.variant = None
        self.containers = []
        self.times = []  # (what happened, seconds to a request, seconds to all healthy)
        self.environment = {**VARIABLES, "DOCKER_SOCKET": engine.socket, "CONFIG": self.config, "DATA": os.path.join(engine.folder, "data"),
                            **{f"{app.upper()}_IMAGE": f"stand-in/{app}" for app in APPS}}

    def build(self):
        mirror = subprocess.Popen(["socat", "TCP-LISTEN:80,bind=127.0.0.1,fork,reuseaddr",
                                   f"UNIX-CONNECT:{self.engine.folder}/mirror"])
        options = ["--network", "host", "--add-host", "deb.debian.org:127.0.0.1", "--quiet"]
        try:
            self._build_egressd(*options)
            for app in APPS:
                self.engine.docker("build", *options, "-f", f"{TESTS}/stack/standins/Dockerfile", "--build-arg", f"APP={app}",
                                   "-t", f"stand-in/{app}", TESTS, timeout=900)
        finally:
            mirror.terminate()
            mirror.wait()
        # To build an image the engine asks for names of its registry: that was before there was a stack.
        self.outside.uplink.look()
        self.outside.uplink.total.leaks.clear()
        return self

    def _build_egressd(self, *options):
        """As a user builds it; or, when programs of this machine are to be tried, its last stage around them."""
        programs = os.environ.get("EGRESSD_STACK_PROGRAMS")
        if not programs:
            self.engine.docker("build", *options, "-f", f"{COMPOSE}/Dockerfile", "-t", "egressd", ROOT, timeout=900)
            return
        context = os.path.join(self.engine.folder, "image")
        run(f"{COMPOSE}/image.sh", programs, os.path.join(context, "image"))
        with open(f"{COMPOSE}/Dockerfile", encoding="ascii") as file:
            last = file.read().partition("FROM scratch")[2].replace("--from=build /image ", "image ")
        with open(os.path.join(context, "Dockerfile"), "w", encoding="ascii") as file:
            file.write("FROM scratch" + last)
        self.engine.docker("build", "--quiet", "-t", "egressd", context)

    def prepare(self):
        """What a user has after the first days: settings with keys."""
        for app in (*APPS, "egressd", "filebrowser/database", "filebrowser/config"):
            os.makedirs(os.path.join(self.config, app), exist_ok=True)
            os.chmod(os.path.join(self.config, app), 0o777)
        for folder, provider in zip(("gluetun", "gluetun-2"), self.outside.providers):
            provider.give(os.path.join(self.config, folder), self.outside.authority)
        for app, key in KEYS.items():
            with open(os.path.join(self.config, app, "config.xml"), "w", encoding="ascii") as file:
                file.write(f"<Config>\n  <ApiKey>{key}</ApiKey>\n</Config>\n")

    def compose(self, *words, variant=None, program=("docker", "compose"), **options):
        variant = variant or self.variant
        files = ":".join(os.path.join(COMPOSE, file) for file in variant.files)
        return self.engine.run(*program, *words, environment={**self.environment, "COMPOSE_FILE": files, **variant.environment},
                               **options)

    def up(self, variant=PLAIN):
        """The variant, from nothing; there is one at a time."""
        if variant == self.variant and self.bridge:
            return self
        self.down()
        self.prepare()
        self.variant = variant
        started = time.monotonic()
        self.compose("up", "-d", "--wait", "--wait-timeout", "120", *variant.services, timeout=180)
        self.times.append((f"{variant.name}: up -d, from nothing", time.monotonic() - started, time.monotonic() - started))
        self.bridge = Wire(Host, BRIDGE)
        self._settle()
        return self

    def change(self, variant, *words):
        """From what is up to the variant, as a person does it: another .env, and "up -d"."""
        self.bridge.allowed = self.outside.uplink.allowed = self.variant.direct | variant.direct
        started, before, self.variant = time.monotonic(), self.variant, variant
        self.compose("up", "-d", "--wait", "--wait-timeout", "120", *words, timeout=180)
        self.times.append((f"{before.name} to {variant.name}: up -d", time.monotonic() - started, time.monotonic() - started))
        for wire in (self.bridge, self.outside.uplink):
            wire.look()
        self._settle()
        return self

    def _settle(self):
        self.containers = self.compose("ps", "--format", "{{.Name}}").split()
        self.bridge.allowed = self.outside.uplink.allowed = self.variant.direct

    def down(self):
        if self.bridge:
            self.bridge.close()
        if self.variant:
            self.compose("down", "-v", "--remove-orphans", "-t", "1", check=False)
            self.outside.uplink.look()  # what was let go directly was allowed until now
        self.bridge = self.variant = None

    # What tests ask of it

    def ctl(self, *words, **options):
        return self.engine.docker("exec", "egress", "egressctl", *words, **options)

    def health(self, name):
        state = self.engine.inspect(name)["State"]
        return state.get("Health", {}).get("Status", state["Status"])

    def inside(self, name, *words, **options):
        return self.engine.docker("exec", name, *words, **options)

    def fetch(self, url, key=None, body=None, method=None, timeout=30):
        """As somebody on this host: (status, answer), JSON where it is."""
        headers = {"Content-Type": "application/json", **({"X-Api-Key": key} if key else {})}
        request = urllib.request.Request(url, None if body is None else json.dumps(body).encode(), headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                status, text = answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            status, text = error.code, error.read().decode()
        try:
            return status, json.loads(text)
        except ValueError:
            return status, text

    def wait(self, what, condition, timeout=60):
        """Until the condition holds; the engine has no event for what a network does."""
        started = time.monotonic()
        while not (found := condition()):
            if time.monotonic() - started > timeout:
                raise TimeoutError(f"{what}: not within {timeout} s\n{self.logs('egress')}")
            time.sleep(0.1)
        return found, time.monotonic() - started

    def logs(self, name, lines=40):
        done = self.engine.docker("logs", "--tail", str(lines), name, check=False)
        return done.stdout + done.stderr

    def password(self):
        found = re.search(r"session: (\S+)", self.logs("qbittorrent", 1000))
        return found[1]

    def overseerr_key(self):
        with open(os.path.join(self.config, "overseerr", "settings.json"), encoding="utf-8") as file:
            return json.load(file)["main"]["apiKey"]

    def nothing_leaked(self):
        """Neither wire saw a packet that is not the VPN's carrier, and both can see one."""
        wires = (self.bridge, self.outside.uplink)
        for wire in wires:
            wire.look()
            assert wire.total.leaks == [] and wire.total.lost == 0, wire.total
        before = [wire.total.control for wire in wires]
        self.wait("the wires see a packet in clear", lambda: self.send_control() and all(
            wire.look() and wire.total.control > seen for wire, seen in zip(wires, before)), timeout=5)

    def send_control(self):
        """A datagram from Gluetun's namespace, past its rules, to an address of the Internet."""
        device = json.loads(self.inside("gluetun", "ip", "-j", "route", "show", "default"))[0]["dev"]
        rule = ["OUTPUT", "-o", device, "-d", CONTROL_ADDRESSES[0], "-p", "udp", "-j", "ACCEPT"]
        self.inside("gluetun", "iptables", "-I", *rule)
        try:
            self.inside("gluetun", "python3", "-c", CONTROL.format(device=device, address=CONTROL_ADDRESSES[0], port=CONTROL_PORT))
        finally:
            self.inside("gluetun", "iptables", "-D", *rule)
        return True

    def request(self, url, proxy="http://egress:8118", app="prowlarr"):
        """An app's request, now; what the site says."""
        return self.inside(app, "curl", "-sS", "-m", "2", "-x", proxy, url, check=False).stdout.strip()

    def request_works(self, url="http://example.org/whoami", sees=VPN):
        """Answered, and from the address that the site is to see; never from another."""
        seen = self.request(url)
        assert seen not in {*ADDRESSES} - {sees}, seen
        return seen == sees

    def busy(self, site="example.org", app="prowlarr"):
        """From now on the app never rests, so that there is always something that could leak."""
        self.engine.docker("exec", "-d", app, "python3", "/stand-ins/traffic.py", "egress:8118", site)

    def recovers(self, what, action, works=None, timeout=90):
        """How long after the action an app's request works again, and everything is healthy."""
        started, mark = time.monotonic(), self.outside.events.mark()
        action()
        self.wait(f"a request after {what}", works or self.request_works, timeout)
        taken = time.monotonic() - started
        self.wait(f"all healthy after {what}", lambda: all(self.health(name) == "healthy" for name in self.containers), timeout)
        self.times.append((what, taken, time.monotonic() - started))
        self.nothing_leaked()
        asked = self.outside.events.since(mark, lambda event: event["kind"] in ("http", "dns"))
        assert asked and (self.variant != PLAIN or {event["peer"] for event in asked} == {VPN})

    def reboot(self, before_docker=lambda: None):
        """The machine's end and its start: what the kernel forgets is forgotten, what Docker keeps on disk is kept."""
        self.engine.stop()
        self.bridge.look()
        self.bridge.close()
        for device in (BRIDGE, "egress-apps"):
            run("ip", "link", "del", device)
        run("nft", "flush", "ruleset")
        before_docker()
        self.engine.start_again()
        bridge, self.bridge = self.bridge, Wire(Host, BRIDGE)
        self.bridge.total = bridge.total

    def kill(self, name):
        """kill -9, as the kernel does it when memory runs out; docker kill would count as a wish that it stay away."""
        os.kill(self.engine.inspect(name)["State"]["Pid"], signal.SIGKILL)

    def vpn(self, wanted, gluetun="gluetun"):
        """Its VPN started or stopped by its API."""
        return self.inside(gluetun, "curl", "-sS", "-X", "PUT", "-H", f"X-API-Key: {VARIABLES['GLUETUN_CONTROL_KEY']}",
                           "-d", json.dumps({"status": wanted}), "http://127.0.0.1:8000/v1/vpn/status")
