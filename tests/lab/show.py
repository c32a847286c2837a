# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo's scenes: each row is a promise, and how it was kept."""
import subprocess
import time

from . import world
from .curl import Curl
from .daemon import program
from .process import stop

PROXY = f"http://{world.GATEWAY_APPS}:8118"
SOCKS = f"socks5h://{world.GATEWAY_APPS}:8118"
AS_FLARESOLVERR = ("--interface", world.APP_FLARESOLVERR, "-x", f"http://{world.GATEWAY_APPS}:8119")
COLUMNS = (("asked", 45), ("answered", 24), ("decided by", 22), ("origin saw", 15), ("outside / in tunnel", 19))
VPN = {world.VPN_PUBLIC, world.VPN_PUBLIC6}

PHRASES = {403: "forbidden", 407: "login needed", 400: "bad request", 502: "bad gateway", 503: "tunnel is down", 504: "timeout"}
OUTCOMES = {"policy": " block", "forbidden_address": ", address guard", "tunnel_down": ", tunnel down",
            "tunnel changed": ", tunnel gone"}


class Show:
    def __init__(self, lab, daemon, table):
        self.lab, self.daemon, self.table = lab, daemon, table
        self.app = Curl(lab.app, lab.authority.certificate)
        self.kept = self.broken = self.leaked = self.control = self.carrier = 0

    def row(self, asked, answered, decided, saw, promises, control=False):
        """One line; promises are the conditions that must all hold. control: the witness must see something."""
        report = self.lab.witness.look()
        outside = len(report.leaks) + report.control
        if control:
            self.control += outside
        else:
            self.leaked += outside
        self.carrier += report.carrier
        kept = all(promises) and report.lost == 0 and (outside > 0 if control else outside == 0)
        self.kept, self.broken = self.kept + kept, self.broken + (not kept)
        self.table.row(kept, (asked, answered, decided, saw, f"{outside} / {report.carrier}"))
        return kept

    def ask(self, asked, url, *options, status=200, saw=VPN):
        """A request through the gateway, told with its line of the log and what the origin noted."""
        log, events = self.daemon.mark(), self.lab.events.mark()
        answer = self.app(url, *options)
        self.told(asked, answer, log, events, status, saw)

    def entry(self, log, **wanted):
        """egressd's own line about it."""
        try:
            return self.daemon.session(log, 5, **wanted)
        except TimeoutError:
            return {}

    def told(self, asked, answer, log, events, status, saw):
        entry = self.entry(log)
        peers = {event["peer"] for event in self.lab.events.since(events, lambda event: event["kind"] in ("http", "tcp"))}
        got = answer.refusal if status != 200 else answer.status
        promises = [got == status, peers <= saw, bool(peers) == bool(saw), status != 200 or entry.get("egress") == "vpn"]
        self.row(asked, describe(answer), decision(entry), "/".join(sorted(peers)) or "–", promises)
        if status == 403:
            self.reason(answer)

    def reason(self, answer):
        """What the client was told."""
        told = " ".join(answer.body.split()).replace(self.daemon.folder + "/", "")
        self.table.line(f"     told: {told[:118]}", "dim")

    # The tunnel is up

    def allowed(self):
        self.ask("http://example.org/", "http://example.org/whoami", "-x", PROXY)
        self.ask("https://1337x.to/             CONNECT", "https://1337x.to/whoami", "-x", PROXY)
        self.ask("https://1337x.to/             SOCKS5", "https://1337x.to/whoami", "-x", SOCKS)
        self.ask("http://example.org/           SOCKS4a", "http://example.org/whoami", "-x",
                 SOCKS.replace("socks5h", "socks4a"))
        self.ask("https://six.example.org/      IPv6 only", "https://six.example.org/whoami", "-x", PROXY,
                 saw={world.VPN_PUBLIC6})
        self.ask("http://tracker.example.net/   FlareSolverr", "http://tracker.example.net/whoami", *AS_FLARESOLVERR)
        self.published_port()

    def published_port(self):
        """A browser at home opens the app's page through the forward."""
        log = self.daemon.mark()
        answer = Curl(self.lab.home, self.lab.authority.certificate)(f"http://{world.GATEWAY_HOME}:9696/")
        entry = self.entry(log)
        self.row("home's browser → :9696 → the app's page", describe(answer), decision(entry), "(the app)",
                 [answer.status == 200, "Prowlarr" in answer.body])

    def forbidden(self):
        self.ask("http://accounts.google.com/   FlareSolverr", "http://accounts.google.com/whoami", *AS_FLARESOLVERR,
                 status=403, saw=set())
        self.ask("http://example.org:8080/      another port", "http://example.org:8080/whoami", "-x", PROXY,
                 status=403, saw=set())
        self.ask("http://192.168.44.1/          home's router", "http://192.168.44.1/", "-x", PROXY, status=403, saw=set())
        self.ask("http://inside.example.org/ is 192.168.44.1", "http://inside.example.org/", "-x", PROXY, status=403,
                 saw=set())
        self.around("198.51.100.10 with no proxy", ())
        self.lab.app.batch(f"route add default via {world.GATEWAY_APPS}")
        self.around("… with a default route of its own making", ())
        self.lab.app.batch("route del default")

    def around(self, asked, options):
        events = self.lab.events.mark()
        answer = self.app("http://198.51.100.10/whoami", *options, timeout=1)
        self.row(asked, "no way out" if answer.status == 0 else describe(answer), "–", "–",
                 [answer.status == 0, not self.lab.events.since(events)])

    # The tunnel dies

    def dies(self):
        download = self.app.start_verbose("http://example.org/slow?pieces=10000&ms=20", "-N", "-x", PROXY).wait_data()
        log = self.daemon.mark()
        began = time.monotonic()
        self.lab.vpn.killed()
        answer = download.result()
        took = time.monotonic() - began
        entry = self.entry(log)
        self.row("a download that was running", f"ended after {took * 1000:.0f} ms", decision(entry), "–",
                 [took < 1.5, answer.exit != 0])
        self.held_then_refused()
        self.around("198.51.100.10 with no proxy", ())

    def held_then_refused(self):
        log, events = self.daemon.mark(), self.lab.events.mark()
        plain = self.app.start("http://example.org/whoami", "-x", PROXY)
        connect = self.app.start("https://1337x.to/whoami", "-x", PROXY)
        socks = self.app.start("https://1337x.to/whoami", "-x", SOCKS)
        for asked, running, method in (("http://example.org/", plain, "GET"),
                                       ("https://1337x.to/             CONNECT", connect, "CONNECT"),
                                       ("https://1337x.to/             SOCKS5", socks, "SOCKS5")):
            answer = running.result()
            refused = answer.refusal == 503 if method != "SOCKS5" else answer.exit == 97
            entry = self.entry(log, method=method)
            words = f"held {answer.seconds:.1f} s, then {'refused' if method == 'SOCKS5' else answer.refusal}"
            self.row(asked, words, decision(entry), "–", [refused, answer.seconds > 2.5,
                                                          not self.lab.events.since(events)])

    def without_gluetuns_rules(self):
        """Only egressd's own binding is left, and every origin is reachable through home."""
        self.lab.firewall.off()
        log, events = self.daemon.mark(), self.lab.events.mark()
        answer = self.app("http://example.org/whoami", "-x", PROXY)
        self.row("http://example.org/", f"held {answer.seconds:.1f} s, then {answer.refusal}", decision(self.entry(log)), "–",
                 [answer.refusal == 503, not self.lab.events.since(events)])
        free = Curl(self.lab.gateway, self.lab.authority.certificate)("http://198.51.100.10/whoami", timeout=5)
        self.row("control: a program in the gateway, not bound", describe(free), "nobody", free.body.strip() or "–",
                 [free.status == 200, free.body.strip() == world.HOME_PUBLIC], control=True)
        self.lab.firewall.on()
        seen = self.lab.control_packet()
        self.control += seen
        self.row("control: one packet past the rules again", f"witness saw {seen}", "nobody", "–", [seen == 1])

    # The tunnel comes back

    def returns(self):
        log, events = self.daemon.mark(), self.lab.events.mark()
        waiting = self.app.start_verbose("https://1337x.to/whoami", "-x", PROXY).wait_sent()
        ifindex = self.lab.vpn.up()
        answer = waiting.result()
        self.told("https://1337x.to/             asked before", answer, log, events, 200, VPN)
        self.ask(f"http://example.org/           tun0 is now {ifindex}", "http://example.org/whoami", "-x", PROXY)

    def proves_it(self):
        """egressctl leak-test in the gateway, which tries as the proxy's user and as the app."""
        app = self.lab.app.start("setpriv", "--bounding-set=-all", "sleep", "60")
        command = [program("egressctl"), "leak-test", "--config", self.daemon.config, "--netns", str(app.pid),
                   "--exit-url", "http://example.org/whoami", "--exit-url6", "http://six.example.org/whoami",
                   "--echo-url", "http://example.org/echo", "--rebinding-name", "inside.example.org",
                   "--real-address", f"{world.HOME_PUBLIC},{world.HOME_PUBLIC6}",
                   "--endpoint", f"{world.VPN_PUBLIC}:1194"]
        self.table.line(f"   egressctl leak-test --netns {app.pid} --real-address {world.HOME_PUBLIC},… …", "dim")
        done = subprocess.run(self.lab.gateway.command(*command), text=True, stdout=subprocess.PIPE, timeout=60)
        stop(app)
        for line in done.stdout.splitlines():
            self.table.line(line)
        self.lab.witness.look()  # its controls left on purpose
        self.kept, self.broken = self.kept + (done.returncode == 0), self.broken + (done.returncode != 0)

    def verdict(self, seconds):
        total = self.kept + self.broken
        numbers = (f"outside the tunnel: {self.leaked} packets; inside: {self.carrier}; "
                   f"control packets seen: {self.control}; {seconds:.0f} s")
        self.table.line()
        if self.broken == 0 and self.leaked == 0 and self.control > 0 and self.carrier > 0:
            self.table.line(f" All {total} promises kept.  {numbers}", "green")
            return True
        self.table.line(f" {self.broken} of {total} promises BROKEN.  {numbers}", "red")
        return False


def describe(answer):
    if answer.status == 0 and answer.connect < 300:
        return answer.error.removeprefix("curl: ") or "nothing"
    if answer.refusal >= 300:
        return f"{answer.refusal} {PHRASES.get(answer.refusal, '')}"
    return f"{answer.status} in {answer.seconds * 1000:.0f} ms"


def decision(entry):
    """By which line of the policy, and what became of it."""
    if not entry:
        return "no log line"
    line = entry.get("rule", "").rpartition(":")[2]
    outcome = OUTCOMES.get(entry.get("end"), " → " + entry.get("egress", "block"))
    if entry.get("method") == "FORWARD":
        outcome = " forward"
    return f"line {line}{outcome}" if line else outcome.strip(" ,")
