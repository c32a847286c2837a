# SPDX-License-Identifier: GPL-3.0-or-later
"""The laboratory as a whole: up in a few seconds, and gone without a trace whatever happens."""
import atexit
import json
import os
import secrets
import shutil
import signal
import socket
import time

from . import world
from .firewall import Firewall
from .netns import Namespace, run
from .pki import Authority
from .process import Origins
from .stream import EventStream
from .vpn import Vpn
from .witness import CONTROL_ADDRESSES, CONTROL_PORT, Witness

STATE = "/var/lib/egressd-lab"  # not /run: programs are started from here
NAMES = ("app", "gateway", "home", "vpnserver", "internet")
SYSCTLS = ("net.ipv4.ip_forward={forward}", "net.ipv6.conf.all.forwarding={forward}",
           "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.default.rp_filter=0",
           "net.ipv6.conf.all.disable_ipv6=0", "net.ipv6.conf.default.disable_ipv6=0",
           "net.ipv6.conf.default.accept_dad=0", "net.ipv6.conf.default.accept_ra=0",
           "net.ipv6.conf.all.accept_dad=0", "net.ipv4.ping_group_range=0 65535")
GATEWAY_LINKS = """
link add eth0 netns {app} type veth peer name eth1 netns {gateway}
link add eth0 netns {gateway} type veth peer name gateway netns {home}
"""
HOME_LINK = f"""
addr add {world.HOME}/24 dev gateway
addr add {world.HOME6}/64 dev gateway nodad
link set gateway up
"""
MASQUERADE = """table inet laboratory {{
	chain out {{
		type nat hook postrouting priority 100
		oifname "{device}" masquerade
	}}
}}
"""


def process_started(pid):
    """When a process began, in clock ticks: with the pid, its identity. None when it is gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            fields = file.read().rsplit(")", 1)[1].split()
            return None if fields[0] in "ZX" else fields[19]
    except (FileNotFoundError, ProcessLookupError):
        return None


class Lab:
    def __init__(self, keep=False, folder_root=STATE, vpn=Vpn):
        if os.geteuid() != 0:
            raise PermissionError("the laboratory makes network namespaces and needs root")
        sweep()
        self.name = f"eg{secrets.token_hex(3)}"
        self.folder = os.path.join(folder_root, self.name)
        self.keep = keep
        self.spaces = {name: Namespace(f"{self.name}-{name}") for name in NAMES}
        self.app, self.gateway, self.home, self.vpnserver, self.internet = self.spaces.values()
        self.vpn_type = vpn
        self.firewall = Firewall(self.gateway, vpn.port)
        self.witness = self.vpn = self.origins = self.authority = None
        self.is_up = False

    # Building

    def up(self):
        os.makedirs(self.folder, mode=0o755)
        self._note_owner()
        self.is_up = True
        atexit.register(self.down)
        try:
            self._build()
        except BaseException:
            self.down()
            raise
        return self

    def _build(self):
        for name in NAMES:
            self._make_space(name)
        self._wire()
        for space in (self.home, self.vpnserver):
            space.run("nft", "-f", "-", input=MASQUERADE.format(device="wan"))
        self.authority = Authority(os.path.join(self.folder, "pki"))
        self._start_origins()
        self.firewall.routing()
        self.firewall.on()
        self.witness = Witness(self.home, "gateway", self.vpn_type.port)
        self.vpn = self.vpn_type(self.folder, self.authority, self.vpnserver, self.gateway, self.keep)
        self.vpn.start()
        self.origins.wait_ready()

    def _make_space(self, name):
        self.spaces[name].create()
        self.spaces[name].run("sysctl", "-q", "-w", *(line.format(forward=int(name in ("home", "vpnserver", "internet")))
                                                      for line in SYSCTLS))

    def _wire(self):
        app, gateway, home, vpnserver, internet = (self.spaces[name].name for name in NAMES)
        run("ip", "-batch", "-", input=GATEWAY_LINKS.format(app=app, gateway=gateway, home=home))
        run("ip", "-batch", "-", input=f"""
link add wan netns {home} type veth peer name home netns {internet}
link add wan netns {vpnserver} type veth peer name vpn netns {internet}
""")
        self._address_gateway()
        self._address_home()
        self._address_internet()

    def _address_gateway(self):
        self.app.batch(f"""
addr add {world.APP}/24 dev eth0
addr add {world.APP_FLARESOLVERR}/24 dev eth0
link set eth0 up""")
        self.gateway.batch(f"""
addr add {world.GATEWAY_APPS}/24 dev eth1
link set eth1 up
addr add {world.GATEWAY_HOME}/24 dev eth0
addr add {world.GATEWAY_HOME6}/64 dev eth0 nodad
link set eth0 up
route add default via {world.HOME}
route add default via {world.HOME6}""")

    def _address_home(self):
        self.home.batch(HOME_LINK)
        self.home.batch(f"""
addr add {world.HOME_PUBLIC}/30 dev wan
addr add {world.HOME_PUBLIC6}/64 dev wan nodad
link set wan up
route add default via 45.80.1.1
route add default via 2a0e:b107:1::1""")

    def _address_internet(self):
        self.vpnserver.batch(f"""
addr add {world.VPN_PUBLIC}/30 dev wan
addr add {world.VPN_PUBLIC6}/64 dev wan nodad
link set wan up
route add default via 45.80.2.1
route add default via 2a0e:b107:2::1""")
        here = "\n".join(f"addr add {address} dev lo" for address in (*world.RESOLVERS, *world.ORIGINS))
        self.internet.batch(f"""
addr add 45.80.1.1/30 dev home
addr add 2a0e:b107:1::1/64 dev home nodad
link set home up
addr add 45.80.2.1/30 dev vpn
addr add 2a0e:b107:2::1/64 dev vpn nodad
link set vpn up
{here}""")

    def _start_origins(self):
        certificate, key = self.authority.issue("origins", "serverAuth", world.certificate_names())
        repository = self._make_repository()
        everywhere = world.ORIGINS
        self.origins = Origins(self.folder, {
            "http": [[address, port] for address in everywhere for port in (80, 8080)],
            "https": [[address, 443] for address in everywhere],
            "tcp": [[address, world.TCP_PORT] for address in everywhere],
            "banner": [[world.ORIGINS[0], world.BANNER_PORT]],
            "udp": [[address, world.UDP_PORT] for address in everywhere],
            "dns": [[address, 53] for address in world.RESOLVERS],
            "names": world.NAMES, "certificate": certificate, "key": key, "git": repository,
        }, self.internet, die_with_parent=not self.keep)

    def _make_repository(self):
        """A small repository to clone, at /git/site.git of every origin."""
        root = os.path.join(self.folder, "git")
        path = os.path.join(root, "site.git")
        run("git", "init", "-q", "--bare", path)
        stream = ("commit refs/heads/master\ncommitter Lab <lab@example.org> 1700000000 +0000\ndata 6\nfirst\n"
                  "M 644 inline README\ndata 14\nfrom the lab.\n\n")
        run("git", f"--git-dir={path}", "fast-import", "--quiet", input=stream)
        return root

    def _note_owner(self):
        owner = {"pid": os.getpid(), "started": process_started(os.getpid()), "keep": self.keep}
        with open(os.path.join(self.folder, "owner.json"), "w", encoding="ascii") as file:
            json.dump(owner, file)

    # What tests ask of it

    @property
    def events(self) -> EventStream:
        return self.origins.events

    def control_packet(self, protocol="udp", version=4):
        """
        Sends one packet in clear from the gateway, past Gluetun's rules, to an address of the Internet: the
        witness must see it, or it proves nothing. Returns how many control packets the witness saw.
        """
        address = CONTROL_ADDRESSES[0 if version == 4 else 1]
        close = self.firewall.open_for(address, protocol, CONTROL_PORT) if self.firewall.enabled else None
        family = socket.AF_INET if version == 4 else socket.AF_INET6
        kind = socket.SOCK_DGRAM if protocol == "udp" else socket.SOCK_STREAM
        with self.gateway.socket(family, kind | socket.SOCK_NONBLOCK) as sender:
            sender.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0")
            sender.connect_ex((address, CONTROL_PORT))
            if protocol == "udp":
                sender.send(b"a control packet: the witness must see this")
            self._wait_control_sent(address)
        if close:
            close()
        return self.witness.look().control

    def _wait_control_sent(self, address):
        """The first packet to a neighbour waits for ARP: until the router has answered, nothing has left."""
        router = world.HOME if "." in address else world.HOME6
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline:
            neighbours = run("ip", "-n", self.gateway.name, "neigh", "show", "to", router, "dev", "eth0")
            if any(state in neighbours for state in ("REACHABLE", "STALE", "DELAY", "PROBE", "PERMANENT")):
                return
            time.sleep(0.01)

    # The VPN's container is stopped, and started: another network namespace takes the place of its own.

    def unplug_gateway(self):
        """The VPN's client ends and the links go; whoever else is inside is left with nothing."""
        self.vpn.client.stop()
        self.gateway.batch("link del eth0\nlink del eth1")

    def renew_gateway(self):
        """A namespace whose eth0 is up, with no rules yet: Gluetun takes 50 to 160 ms to come so far."""
        run("ip", "netns", "del", self.gateway.name)
        self._make_space("gateway")
        run("ip", "-batch", "-", input=GATEWAY_LINKS.format(app=self.app.name, gateway=self.gateway.name,
                                                            home=self.home.name))
        self.witness.stand_again()
        self.home.batch(HOME_LINK)
        self._address_gateway()

    def start_gateway(self):
        """Gluetun's rules, then its tunnel."""
        self.firewall.routing()
        self.firewall.on()
        self.vpn.up()

    # Taking down

    def down(self):
        if not self.is_up:
            return
        self.is_up = False
        atexit.unregister(self.down)
        try:
            if self.witness:
                self.witness.close()
            if self.vpn:
                self.vpn.close()
            if self.origins:
                self.origins.stop()
        finally:
            remove(self.name)

    def __enter__(self):
        return self.up()

    def __exit__(self, *_):
        if not self.keep:
            self.down()


def remove(name):
    """A laboratory by its name, whoever built it."""
    for space in NAMES:
        if os.path.exists(f"/run/netns/{name}-{space}"):
            Namespace(f"{name}-{space}").destroy()
    shutil.rmtree(os.path.join(STATE, name), ignore_errors=True)


def owners():
    """Every laboratory there is, with what its builder noted."""
    for name in sorted(os.listdir(STATE)) if os.path.isdir(STATE) else []:
        try:
            with open(os.path.join(STATE, name, "owner.json"), encoding="ascii") as file:
                yield name, json.load(file)
        except (FileNotFoundError, json.JSONDecodeError):
            continue


def sweep(kept_too=False):
    """Takes down laboratories whose builder died before it could, and kept ones when asked."""
    removed = []
    for name, owner in owners():
        alive = process_started(owner["pid"]) == owner["started"]
        if (owner["keep"] and kept_too) or (not owner["keep"] and not alive):
            remove(name)
            removed.append(name)
    return removed


def die_tidily():
    """SIGTERM and SIGHUP end the program as an error does, so that everything is taken down."""
    def on_signal(number, _):
        raise SystemExit(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, on_signal)
