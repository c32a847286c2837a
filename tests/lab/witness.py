# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands at home, on the wire from the gateway, and notes every packet that is not the VPN's own carrier."""
import errno
import ipaddress
import socket
import struct

from . import world
from .netns import run

SOL_PACKET, PACKET_STATISTICS, SO_ATTACH_FILTER, SO_RCVBUFFORCE = 263, 6, 26, 33
ETH_P_ALL, PACKET_OUTGOING = 3, 4
CONTROL_ADDRESSES = ("198.51.100.99", "2001:db8:100::99")
CONTROL_PORT = 4444
CARRIER = f"udp and dst host {world.VPN_PUBLIC} and dst port {{port}}"
# Both directions of the carrier, and complaints about it when its client is gone. Of a packet in parts only the first has
# ports: whose the others are is judged by that one.
OF_THE_VPN = f"host {world.VPN_PUBLIC} and ((udp and (port {{port}} or ip[6:2] & 0x1fff != 0)) or icmp)"
# Neighbour discovery, multicast listener reports and ARP are the wire's own.
NOISE = "arp or (icmp6 and (ip6[40] >= 130 and ip6[40] <= 137 or ip6[40] == 143)) or (ip6 and ip6[6] == 0)"


def kernel_filter(expression):
    """A tcpdump expression as the kernel's own filter program."""
    lines = run("tcpdump", "-y", "EN10MB", "-ddd", *expression.split()).split("\n")
    steps = [struct.pack("HBBI", *(int(word) for word in line.split())) for line in lines[1:] if line]
    return b"".join(steps), len(steps)


class Packet:
    """What is worth telling of a frame."""

    def __init__(self, frame):
        kind = int.from_bytes(frame[12:14], "big")
        self.source = self.destination = self.protocol = None
        self.source_port = self.port = 0
        self.size = len(frame)
        if kind == 0x0800:
            head = (frame[14] & 15) * 4
            self._addresses(frame[26:30], frame[30:34], frame[23], frame[14 + head:])
        elif kind == 0x86DD:
            self._addresses(frame[22:38], frame[38:54], frame[20], frame[54:])
        else:
            self.protocol = f"ethertype {kind:#06x}"

    def _addresses(self, source, destination, protocol, rest):
        self.source, self.destination = str(ipaddress.ip_address(source)), str(ipaddress.ip_address(destination))
        self.protocol = {6: "tcp", 17: "udp", 1: "icmp", 58: "icmp6"}.get(protocol, str(protocol))
        if protocol in (6, 17) and len(rest) >= 4:
            self.source_port, self.port = struct.unpack(">HH", rest[:4])
        if protocol == 6 and len(rest) >= 14:
            self.protocol += " " + "".join(letter for bit, letter in enumerate("FSRPA") if rest[13] >> bit & 1)

    def is_control(self):
        return self.destination in CONTROL_ADDRESSES

    def is_local(self):
        """To a neighbour at home, and not a question to a resolver there."""
        if self.destination is None:
            return False
        address = ipaddress.ip_address(self.destination)
        lan = ipaddress.ip_network(world.HOME_LAN if address.version == 4 else world.HOME_LAN6)
        return self.port not in (53, 853) and (address in lan or address.is_link_local)

    def __repr__(self):
        return f"{self.protocol} {self.source}:{self.source_port} > {self.destination}:{self.port}, {self.size} bytes"


class Report:
    def __init__(self):
        self.leaks, self.control, self.local = [], 0, 0
        self.carrier = self.lost = 0

    def __repr__(self):
        return (f"<witness: {len(self.leaks)} leaked {self.leaks[:5]}, {self.control} control, "
                f"{self.carrier} carrier, {self.local} local, {self.lost} missed>")


class Witness:
    def __init__(self, home, device, carrier_port):
        self.home, self.device, self.carrier_port = home, device, carrier_port
        self._stand()
        self.total = Report()

    def _stand(self):
        of_the_vpn = OF_THE_VPN.format(port=self.carrier_port)
        self.everything = self._tap(self.home, self.device, f"not ({of_the_vpn}) and not ({NOISE})")
        self.carrier = self._tap(self.home, self.device, CARRIER.format(port=self.carrier_port))

    def stand_again(self):
        """The device has been made anew: before anything is sent on it."""
        self.look()
        self.close()
        self._stand()

    @staticmethod
    def _tap(home, device, expression):
        tap = home.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        program, count = kernel_filter(expression)
        keep = bytearray(program)
        address = (struct.unpack("P", struct.pack("P", _address_of(keep)))[0])
        tap.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HP", count, address))
        tap.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
        tap.bind((device, ETH_P_ALL))
        tap.setblocking(False)
        return tap

    @staticmethod
    def _counts(tap):
        """Packets the filter let through since the last question, and those there was no room for."""
        return struct.unpack("II", tap.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))

    def look(self):
        """What passed since the last look. A packet is in our hands the moment the gateway has sent it."""
        report = Report()
        while True:
            try:
                frame, address = self.everything.recvfrom(65535)
            except BlockingIOError:
                break
            except OSError as error:
                if error.errno != errno.ENETDOWN:  # told once, before what is still there
                    raise
                continue
            if address[2] != PACKET_OUTGOING:
                self._judge(report, Packet(frame))
        report.lost = self._counts(self.everything)[1]
        report.carrier = self._counts(self.carrier)[0]
        self._add(report)
        return report

    @staticmethod
    def _judge(report, packet):
        if packet.is_control():
            report.control += 1
        elif packet.is_local():
            report.local += 1
        else:
            report.leaks.append(packet)

    def _add(self, report):
        self.total.leaks += report.leaks
        for name in ("control", "local", "carrier", "lost"):
            setattr(self.total, name, getattr(self.total, name) + getattr(report, name))

    def close(self):
        self.everything.close()
        self.carrier.close()


def _address_of(buffer):
    import ctypes

    return ctypes.addressof((ctypes.c_char * len(buffer)).from_buffer(buffer))
