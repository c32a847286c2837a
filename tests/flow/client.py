# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients that know every byte they send: plain connections, HTTP through a proxy, SOCKS."""
import ipaddress
import json
import socket
import struct

TIMEOUT = 20


class Answer:
    """An HTTP answer as it came."""

    def __init__(self, head):
        self.raw = head
        lines = head.decode("latin-1").split("\r\n")
        self.version, _, rest = lines[0].partition(" ")
        self.status, self.reason = int(rest[:3]), rest[4:]
        self.fields = [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:] if line]
        self.body, self.trailers = b"", []

    def all(self, name):
        return [value for key, value in self.fields if key.lower() == name]

    def field(self, name, default=None):
        return (self.all(name) or [default])[0]

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.reason} {self.fields} {self.body[:200]!r}>"


class Connection:
    """A TCP connection with a buffer; every wait is bounded."""

    def __init__(self, address, source=None, tls=None, server_name=None, timeout=TIMEOUT, unconnected=None):
        if unconnected is None:
            self.socket = socket.create_connection(address, timeout, source_address=source and (source, 0))
        else:  # one of another network namespace
            self.socket = unconnected
            self.socket.settimeout(timeout)
            self.socket.connect(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname=server_name)
        self.buffer = b""

    def send(self, data):
        self.socket.sendall(data.encode("latin-1") if isinstance(data, str) else data)
        return self

    def _more(self):
        data = self.socket.recv(262144)
        self.buffer += data
        return bool(data)

    def until(self, mark):
        """Up to and including mark; ConnectionError when the other side ends first."""
        while mark not in self.buffer:
            if not self._more():
                raise ConnectionError(f"ended with {self.buffer[:200]!r}")
        data, _, self.buffer = self.buffer.partition(mark)
        return data + mark

    def exactly(self, count):
        while len(self.buffer) < count:
            if not self._more():
                raise ConnectionError(f"ended {count - len(self.buffer)} bytes early")
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def rest(self):
        """Everything to the end."""
        while self._more():
            pass
        data, self.buffer = self.buffer, b""
        return data

    def ends(self):
        """True when nothing more comes than the end, as FIN or RST."""
        try:
            return self.rest() == b""
        except ConnectionResetError:
            return True

    def is_reset(self):
        """Reads to the end: was it RST?"""
        try:
            self.rest()
            return False
        except ConnectionResetError:
            return True

    def finish(self):
        self.socket.shutdown(socket.SHUT_WR)
        return self

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # HTTP

    def head(self):
        return Answer(self.until(b"\r\n\r\n")[:-4])

    def answer(self, method="GET"):
        """A whole final answer; the 1xx before it are kept in .early."""
        early = []
        while (answer := self.head()).status < 200 and answer.status != 101:
            early.append(answer)
        answer.early = early
        if method == "HEAD" or answer.status in (101, 204, 304):
            return answer
        if "chunked" in (answer.field("transfer-encoding") or "").lower():
            self._chunks(answer)
        elif (length := answer.field("content-length")) is not None:
            answer.body = self.exactly(int(length))
        else:
            answer.body = self.rest()
        return answer

    def _chunks(self, answer):
        parts = []
        while size := int(self.until(b"\r\n").split(b";")[0], 16):
            parts.append(self.exactly(size))
            assert self.exactly(2) == b"\r\n"
        while (line := self.until(b"\r\n")) != b"\r\n":
            answer.trailers.append(line.decode("latin-1").strip())
        answer.body = b"".join(parts)

    def ask(self, url, method="GET", *fields, body=b""):
        """One request in absolute-form, and its answer."""
        self.send(request(url, method, *fields, body=body))
        return self.answer(method)

    def connect(self, host, port, *fields):
        """CONNECT; the answer's head, after which the connection is the tunnel if it is 200."""
        where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self.send("\r\n".join([f"CONNECT {where} HTTP/1.1", f"Host: {where}", *fields, "", ""]))
        answer = self.head()
        if answer.status != 200:
            answer.body = self.exactly(int(answer.field("content-length") or 0))
        return answer

    # SOCKS

    def socks5(self, host, port, user=None, password=b"", command=1, extra=b""):
        """Greeting, login if asked, and request; returns the reply code. extra travels with the request."""
        self.send(b"\5\1\0" if user is None else b"\5\1\2")
        version, method = self.exactly(2)
        assert version == 5
        if method == 0xFF:
            return 0xFF
        if method == 2:
            self.send(b"\1" + bytes([len(user)]) + user + bytes([len(password)]) + password)
            if self.exactly(2)[1] != 0:
                return 0xFE
        self.send(bytes([5, command, 0]) + socks5_address(host, port) + extra)
        return self.socks5_reply()

    def socks5_reply(self):
        version, code, _, kind = self.exactly(4)
        assert version == 5
        size = {1: 4, 4: 16}.get(kind) or self.exactly(1)[0]
        self.bound = (self.exactly(size), int.from_bytes(self.exactly(2), "big"))
        return code

    def socks4(self, host, port, user=b"", extra=b""):
        """4 for an address, 4a for a name; returns the reply code (90 is yes)."""
        try:
            where, name = ipaddress.IPv4Address(host).packed, b""
        except ValueError:
            where, name = b"\0\0\0\1", host.encode() + b"\0"
        self.send(struct.pack(">BBH", 4, 1, port) + where + user + b"\0" + name + extra)
        zero, code = self.exactly(8)[:2]
        assert zero == 0
        return code


def socks5_address(host, port):
    tail = struct.pack(">H", port)
    if isinstance(host, bytes):
        return b"\3" + bytes([len(host)]) + host + tail
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return b"\3" + bytes([len(host)]) + host.encode() + tail
    return (b"\1" if address.version == 4 else b"\4") + address.packed + tail


def request(url, method="GET", *fields, body=b""):
    host = url.split("/")[2]
    lines = [f"{method} {url} HTTP/1.1", f"Host: {host}", *fields]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def chunked(pieces, trailers=()):
    out = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    return out + b"0\r\n" + b"".join(line.encode() + b"\r\n" for line in trailers) + b"\r\n"
