# SPDX-License-Identifier: GPL-3.0-or-later
"""
A stand-in for Gluetun: its firewall and routing, in its order, around a real OpenVPN or WireGuard; its control, health and
DNS servers.

tunnels.py says what the VPN is to do, /gluetun/auth/config.toml who may ask the control server what. The variables VPN_TYPE,
HTTP_CONTROL_SERVER_ADDRESS and HEALTH_SERVER_ADDRESS are Gluetun's. "healthcheck" as the argument asks the health server.
"""
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import tomllib
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import tunnels
from lab.firewall import rules, table

ROLES = "/gluetun/auth/config.toml"
TARGET = ("198.51.100.10", 80)  # for the health check and the public address, through the tunnel
RESOLVER = ("9.9.9.9", 53)
ROUTES = ("/v1/vpn/status", "/v1/publicip/ip", "/v1/portforward", "/v1/dns/status", "/v1/vpn/settings", "/v1/version")
BACK_OFF, CHECK_EVERY = 5, 60


def ip(*words, check=True):
    done = subprocess.run(["ip", "-j", *words], check=check, capture_output=True, text=True)
    return [entry for entry in json.loads(done.stdout or "[]") if entry]


def endpoint(name, fallback):
    host, _, port = os.environ.get(name, fallback).rpartition(":")
    return host or "0.0.0.0", int(port)


class Network:
    """What Gluetun does to its namespace once, at its start."""

    def __init__(self):
        default = ip("route", "show", "default")[0]
        self.device, self.router = default["dev"], default["gateway"]
        self.links = []
        for link in ip("-4", "addr"):
            for info in link["addr_info"]:
                if link["ifname"] != "lo":
                    subnet = next(route["dst"] for route in ip("-4", "route", "show", "dev", link["ifname"], "proto", "kernel")
                                  if route.get("prefsrc") == info["local"])
                    self.links.append((link["ifname"], info["local"], subnet))
        self.links.sort(key=lambda link: link[0] != self.device)

    def close(self):
        """Everything is forbidden first; what may pass comes after that."""
        self.load([])
        self.load(rules(self.links, False))
        own = self.links[0][1]
        lines = [f"rule add pref 98 to {subnet} lookup main" for _, _, subnet in self.links]
        lines += [f"rule add pref 100 from {own} lookup 200", f"route replace default via {self.router} dev {self.device} table 200"]
        subprocess.run(["ip", "-batch", "-"], input="\n".join(lines), text=True, check=True, stdout=subprocess.DEVNULL)

    @staticmethod
    def load(lines):
        for program, wanted in (("iptables-restore", lines), ("ip6tables-restore", [])):
            subprocess.run([program], input=table("DROP", wanted), text=True, check=True)

    def allow_server(self, endpoint):
        self.load(rules(self.links, False, (self.device, *endpoint)))


class Vpn:
    """The loop that keeps the tunnel running while it is wanted."""

    def __init__(self, gluetun):
        self.gluetun, self.status = gluetun, "stopped"
        self.wanted, self.changed = False, threading.Condition()
        self.tunnel = tunnels.chosen()
        self.started = False

    def set(self, wanted):
        """Gluetun's outcomes."""
        with self.changed:
            if wanted == self.wanted:
                return "already running" if wanted else "already stopped"
            self.wanted = wanted
            stopping = self.started and not wanted
            self.changed.notify_all()
        if stopping:
            self.tunnel.stop()
        self.wait_status(wanted)
        return "running" if wanted else "stopped"

    def wait_status(self, wanted):
        with self.changed:
            self.changed.wait_for(lambda: (self.status == "running") == wanted, 10)

    def run(self):
        while True:
            with self.changed:
                self.status = "stopped" if not self.wanted else "crashed"
                self.changed.notify_all()
                self.changed.wait_for(lambda: self.wanted)
                self.tunnel.start()
                self.started = True
                self.status = "running"  # says nothing of the tunnel yet, as with the real one
                self.changed.notify_all()
            self.tunnel.follow(lambda: threading.Thread(target=self.gluetun.on_up, daemon=True).start())
            self.started, self.gluetun.public_ip = False, ""
            if self.wanted:
                time.sleep(BACK_OFF)


class Gluetun:
    def __init__(self):
        self.public_ip, self.health = "", "healthcheck did not run yet"
        with open(ROLES, "rb") as file:
            self.roles = tomllib.load(file)["roles"]
        self.network, self.vpn = Network(), Vpn(self)

    def check(self):
        try:
            with socket.create_connection(TARGET, 5):
                self.health = ""
        except OSError as error:
            self.health = f"dialing: {error}"

    def on_up(self):
        with open("/etc/resolv.conf", "r+", encoding="ascii") as file:
            kept = [line for line in file if not line.startswith("nameserver")]
            file.seek(0)
            file.write("nameserver 127.0.0.1\n" + "".join(kept))
            file.truncate()
        self.check()
        try:
            with urllib.request.urlopen(f"http://{TARGET[0]}/whoami", timeout=5) as answer:
                self.public_ip = answer.read().decode().strip()
        except OSError:
            self.public_ip = ""

    def watch(self):
        while True:
            time.sleep(CHECK_EVERY)
            self.check()

    def may(self, route, key):
        return any(route in role["routes"] and (role["auth"] == "none" or (role["auth"] == "apikey" and key == role["apikey"]))
                   for role in self.roles)

    def answer(self, method, path, body):
        if (method, path) == ("PUT", "/v1/vpn/status"):
            asked = json.loads(body).get("status")
            if asked not in ("running", "stopped"):
                return 400, f"invalid status: {asked}: possible values are: stopped, running\n"
            return 200, {"outcome": self.vpn.set(asked == "running")}
        if method != "GET":
            return 405, "Method Not Allowed\n"
        return 200, {"/v1/vpn/status": {"status": self.vpn.status}, "/v1/portforward": {"port": 0, "ports": None},
                     "/v1/publicip/ip": {"public_ip": self.public_ip, **({"country": "United States"} if self.public_ip else {})},
                     "/v1/dns/status": {"status": "running"}}.get(path, {})

    def serve_control(self):
        gluetun = self

        class Control(BaseHTTPRequestHandler):
            def handle_any(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                path = self.path.partition("?")[0]
                if path not in ROUTES:
                    status, answer = 404, "Not Found\n"
                elif not gluetun.may(f"{self.command} {path}", self.headers.get("X-API-Key")):
                    status, answer = 401, "Unauthorized\n"
                else:
                    status, answer = gluetun.answer(self.command, path, body)
                text = (answer if isinstance(answer, str) else json.dumps(answer) + "\n").encode()
                self.send_response(status)
                self.send_header("Content-Type", "text/plain; charset=utf-8")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_PUT = do_POST = handle_any

        ThreadingHTTPServer(endpoint("HTTP_CONTROL_SERVER_ADDRESS", ":8000"), Control).serve_forever()

    def serve_health(self):
        gluetun = self

        class Health(BaseHTTPRequestHandler):
            def do_GET(self):
                text = gluetun.health.encode()
                self.send_response(500 if text else 200)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        ThreadingHTTPServer(endpoint("HEALTH_SERVER_ADDRESS", "127.0.0.1:9999"), Health).serve_forever()

    @staticmethod
    def serve_dns():
        """On all addresses, for every neighbour, as the real one."""
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.bind(("0.0.0.0", 53))

        def forward(question, client):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as upstream:
                upstream.settimeout(5)
                try:
                    upstream.sendto(question, RESOLVER)
                    server.sendto(upstream.recv(4096), client)
                except OSError:
                    pass

        listener = socket.create_server(("0.0.0.0", 53))
        threading.Thread(target=lambda: [listener.accept()[0].close() for _ in iter(int, 1)], daemon=True).start()
        while True:
            threading.Thread(target=forward, args=server.recvfrom(4096), daemon=True).start()

    def main(self):
        ending = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: ending.set())
        self.network.close()
        for task in (self.serve_control, self.serve_health, self.serve_dns, self.vpn.run, self.watch):
            threading.Thread(target=task, daemon=True).start()
        self.network.allow_server(self.vpn.tunnel.endpoint)
        self.vpn.set(True)
        ending.wait()
        self.vpn.set(False)


def healthcheck():
    connection = http.client.HTTPConnection(*endpoint("HEALTH_SERVER_ADDRESS", "127.0.0.1:9999"), timeout=1)
    connection.request("GET", "/")
    sys.exit(0 if connection.getresponse().status == 200 else 1)


if __name__ == "__main__":
    if sys.argv[1:] == ["healthcheck"]:
        healthcheck()
    Gluetun().main()
