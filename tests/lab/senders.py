# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that know nothing of tunnels: each sends one kind of packet, as root or as a user with the means of one."""
import json
import subprocess
import sys
import time

from . import world
from .netns import run
from .vpn import Vpn

VPN_PORT = Vpn.port

# Run inside a namespace. Prints its kinds; reads one a line and prints what became of it: "sent", or the error.
PROGRAM = r"""
import errno, ipaddress, json, os, socket, struct, sys

facts = json.loads(sys.argv[1])
ORIGIN, ORIGIN6, DEVICE = facts["origin"], facts["origin6"], facts["device"].encode()
INET, INET6 = socket.AF_INET, socket.AF_INET6
CLOSED = 7009  # where nobody answers, so that no answer makes more packets


def ports(address, port):
    return (address, port) if ":" not in address else (address, port, 0, 0)


def family(address):
    return INET6 if ":" in address else INET


def datagram(address, port, prepare=lambda s: None, size=10):
    with socket.socket(family(address), socket.SOCK_DGRAM) as s:
        prepare(s)
        s.sendto(b"x" * size, ports(address, port))


def stream(address, port, prepare=lambda s: None):
    with socket.socket(family(address), socket.SOCK_STREAM) as s:
        s.settimeout(facts["timeout"])
        prepare(s)
        try:
            s.connect(ports(address, port))
            s.send(b"in clear")
        except TimeoutError:
            pass


def raw(address, protocol, payload, prepare=lambda s: None):
    with socket.socket(family(address), socket.SOCK_RAW, protocol) as s:
        prepare(s)
        s.sendto(payload, ports(address, 0))


def bound(s):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, DEVICE)


def source(s):
    s.bind((facts["source"] if s.family == INET else facts["source6"], 0))


def marked(mark):
    return lambda s: s.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, struct.pack("I", mark))


def broadcast(s):
    bound(s)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)


def multicast(s):
    bound(s)
    if s.family == INET:
        s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 8)
    else:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 8)


def checksum(data):
    total = sum(struct.unpack(">%dH" % (len(data) // 2), data))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


def packet(address, port):
    # IPv4 and UDP by hand, without a checksum of UDP's.
    udp = struct.pack(">HHHH", 4444, port, 8 + 8, 0) + b"in clear"
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0, socket.inet_aton(facts["source"]),
                       socket.inet_aton(address))
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + udp


def frame(kind=0x0800, prepare=lambda s: None, protocol=0x0800):
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as s:
        prepare(s)
        head = bytes.fromhex(facts["router"]) + bytes.fromhex(facts["mac"]) + struct.pack(">H", kind)
        s.sendto(head + packet(ORIGIN, CLOSED), (facts["device"], protocol))


def bypass(s):
    s.setsockopt(263, 20, 1)  # PACKET_QDISC_BYPASS


ECHO = struct.pack(">BBHHH", 8, 0, 0xF7FE, 1, 0)
ECHO6 = struct.pack(">BBHHH", 128, 0, 0, 1, 0)
KINDS = {
    "udp": lambda: datagram(ORIGIN, CLOSED),
    "udp 53": lambda: datagram(ORIGIN, 53),
    "udp 443": lambda: datagram(ORIGIN, 443),
    "udp 3478": lambda: datagram(ORIGIN, 3478),
    "udp 5349": lambda: datagram(ORIGIN, 5349),
    "udp 19302": lambda: datagram(ORIGIN, 19302),
    "tcp": lambda: stream(ORIGIN, CLOSED),
    "tcp 80": lambda: stream(ORIGIN, 80),
    "tcp 443": lambda: stream(ORIGIN, 443),
    "tcp 853": lambda: stream(ORIGIN, 853),
    "udp6": lambda: datagram(ORIGIN6, CLOSED),
    "udp6 53": lambda: datagram(ORIGIN6, 53),
    "tcp6": lambda: stream(ORIGIN6, 80),
    "udp bound to a device": lambda: datagram(ORIGIN, CLOSED, bound),
    "tcp bound to a device": lambda: stream(ORIGIN, 80, bound),
    "udp6 bound to a device": lambda: datagram(ORIGIN6, CLOSED, bound),
    "udp from an address": lambda: datagram(ORIGIN, CLOSED, source),
    "tcp from an address": lambda: stream(ORIGIN, 80, source),
    "udp6 from an address": lambda: datagram(ORIGIN6, CLOSED, source),
    "udp marked": lambda: datagram(ORIGIN, CLOSED, marked(51820)),
    "udp with our mark": lambda: datagram(ORIGIN, CLOSED, marked(0xE6000000)),
    "tcp marked": lambda: stream(ORIGIN, 80, marked(51820)),
    "fragments": lambda: datagram(ORIGIN, CLOSED, size=4000),
    "fragments6": lambda: datagram(ORIGIN6, CLOSED, size=4000),
    "echo": lambda: raw(ORIGIN, socket.IPPROTO_ICMP, ECHO),
    "echo6": lambda: raw(ORIGIN6, socket.IPPROTO_ICMPV6, ECHO6),
    "gre": lambda: raw(ORIGIN, 47, bytes(8)),
    "sctp": lambda: raw(ORIGIN, 132, bytes(16)),
    "ip in ip": lambda: raw(ORIGIN, 4, packet(ORIGIN, CLOSED)),
    "gre6": lambda: raw(ORIGIN6, 47, bytes(8)),
    "multicast": lambda: datagram("239.1.2.3", CLOSED, multicast),
    "multicast6": lambda: datagram("ff0e::1:2:3", CLOSED, multicast),
    "broadcast": lambda: datagram("255.255.255.255", CLOSED, broadcast),
    "to the VPN's endpoint": lambda: datagram(facts["endpoint"], facts["endpoint_port"]),
    "to the resolver next door": lambda: datagram(facts["neighbour"], 53),
    "to a neighbour": lambda: datagram(facts["neighbour"], CLOSED, bound),
    "to the VPN's other port": lambda: datagram(facts["endpoint"], CLOSED),
    "frame": lambda: frame(),
    "frame past the queue": lambda: frame(prepare=bypass),
    "frame with a mark": lambda: frame(prepare=marked(51820)),
    "frame with our mark": lambda: frame(prepare=marked(0xE7000000)),
    "frame that says it is ARP": lambda: frame(protocol=0x0806),
}
print(json.dumps(sorted(KINDS)), flush=True)
for line in sys.stdin:
    words = line.rstrip("\n")
    try:
        if words in KINDS:
            KINDS[words]()
        else:
            # "stream ADDRESS PORT", "datagram ADDRESS PORT": told more slowly, and only of what was answered.
            how, address, port = words.split()
            {"stream": stream, "datagram": datagram}[how](address, int(port))
        print("sent", flush=True)
    except OSError as error:
        print(errno.errorcode.get(error.errno, str(error)), flush=True)
"""
MEANS = "+net_raw,+net_admin"  # for raw sockets, frames and marks


def facts_of(space, device, source, router, **more):
    """What the program has to know of where it runs."""
    link = space.link(device)
    return {"origin": "198.51.100.10", "origin6": "2001:db8:100::10", "device": device, "source": source,
            "mac": link["address"].replace(":", ""), "router": router.replace(":", ""), "source6": world.GATEWAY_HOME6,
            "endpoint": world.VPN_PUBLIC, "endpoint_port": VPN_PORT, "timeout": 0.1, "neighbour": world.HOME, **more}


class Sender:
    """
    The program, running as root, or as a user with the means that a container gives: only its number tells it apart
    then. without: it has none.
    """

    def __init__(self, space, facts, user=0, without=False):
        words = [sys.executable, "-c", PROGRAM, json.dumps(facts)]
        if user:
            means = [] if without else [f"--inh-caps={MEANS}", f"--ambient-caps={MEANS}"]
            words = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", *means, *words]
        self.process = subprocess.Popen(space.command(*words), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        cwd="/")
        self.kinds = json.loads(self.process.stdout.readline())

    def send(self, kind):
        """One packet or a few; what the program was told."""
        self.process.stdin.write(kind + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()


def send(gateway, kind, user):
    """One kind from the gateway's uplink."""
    with Sender(gateway, gateway_facts(gateway), user) as sender:
        return sender.send(kind)


def gateway_facts(gateway, **more):
    """The router's hardware address as the gateway knows it, or learns it now."""
    words = ("ip", "-n", gateway.name, "-j", "neigh", "show", "to", world.HOME, "dev", "eth0")
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        known = [entry["lladdr"] for entry in json.loads(run(*words) or "[]") if "lladdr" in entry]
        if known:
            return facts_of(gateway, "eth0", world.GATEWAY_HOME, known[0], **more)
        with Sender(gateway, facts_of(gateway, "eth0", world.GATEWAY_HOME, "0" * 12)) as sender:
            sender.send("to a neighbour")
    raise TimeoutError("the gateway does not know its router")
