# SPDX-License-Identifier: GPL-3.0-or-later
"""What every stand-in is made of: a small JSON server with a key, and fetching through a proxy as these apps do."""
import http.client
import ipaddress
import json
import os
import re
import secrets
import signal
import socket
import ssl
import struct
import sys
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BODY_MAX = 4 << 20


class Refused(Exception):
    """Ends a request with this status and JSON."""

    def __init__(self, status, answer=None, headers=()):
        super().__init__(status)
        self.status, self.answer, self.headers = status, answer, dict(headers)


class Raw:
    """An answer that is no JSON."""

    def __init__(self, body, kind="text/plain", status=200, headers=()):
        self.body = body if isinstance(body, bytes) else body.encode()
        self.kind, self.status, self.headers = kind, status, dict(headers)


def route(method, pattern, anonymous=False):
    def mark(function):
        function.routes = getattr(function, "routes", []) + [(method, re.compile(pattern + r"/?\Z"), anonymous)]
        return function
    return mark


class Request:
    def __init__(self, handler):
        self.method, self.headers = handler.command, handler.headers
        self.source = handler.client_address[0]
        url = urllib.parse.urlsplit(handler.path)
        self.path = urllib.parse.unquote(url.path)
        self.query = {key.lower(): value for key, value in urllib.parse.parse_qsl(url.query, keep_blank_values=True)}
        length = int(self.headers.get("Content-Length") or 0)
        if length > BODY_MAX:
            raise Refused(413)
        self.body = handler.rfile.read(length)

    @property
    def json(self):
        try:
            return json.loads(self.body or b"null")
        except ValueError as error:
            raise Refused(400, {"message": "that is no JSON"}) from error

    @property
    def form(self):
        return dict(urllib.parse.parse_qsl(self.body.decode(), keep_blank_values=True))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 65536  # head and body in one packet: nobody waits for an acknowledgement in between

    def log_message(self, *_):
        pass

    def handle_any(self):
        app = self.server.app
        try:
            request = Request(self)
            app.seen.append((request.method, self.path))
            if app.fault and app.fault(self, request):
                return
            answer = app.answer(request)
        except Refused as refused:
            answer = Raw("" if refused.answer is None else json.dumps(refused.answer), "application/json",
                         refused.status, refused.headers)
        except Exception as error:  # the real ones answer 500 with a message, and go on
            answer = Raw(json.dumps({"message": f"{type(error).__name__}: {error}"}), "application/json", 500)
        if not isinstance(answer, Raw):
            status, answer = answer if isinstance(answer, tuple) else (200, answer)
            answer = Raw(json.dumps(answer), "application/json", status)
        self.send_response_only(answer.status)
        for key, value in {"Content-Type": answer.kind, **answer.headers}.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = handle_any


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_):
        pass  # a client that went away


class App:
    """One app: subclasses have methods marked with @route. fault(handler, request) may answer in its place."""
    name, port_default = "app", 0

    def __init__(self, environment=os.environ):
        self.environment = environment
        self.fault, self.seen = None, []
        self.config_dir = environment.get("CONFIG_DIR", "/config")
        address = environment.get("LISTEN", "0.0.0.0")
        self.server = Server((address, int(environment.get("PORT", self.port_default))), Handler)
        self.server.app = self
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def key_is_right(self, _request):
        return True

    def answer(self, request):
        allowed = False
        for name in dir(type(self)):
            method = getattr(type(self), name)
            for verb, pattern, anonymous in getattr(method, "routes", ()):
                match = pattern.match(request.path)
                if match is None or verb != ("GET" if request.method == "HEAD" else request.method):
                    allowed = allowed or match is not None
                    continue
                if not anonymous and not self.key_is_right(request):
                    raise Refused(401, {"error": "Unauthorized"})
                return method(self, request, *match.groups())
        raise Refused(405 if allowed else 404, {"message": "NotFound"})

    def start(self):
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    @classmethod
    def main(cls):
        app = cls()
        # The first process of a container is not ended by a signal it does not ask for.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        print(f"{cls.name} (a stand-in) listens on port {app.port}", flush=True)
        try:
            app.server.serve_forever()
        except KeyboardInterrupt:
            pass


def state_load(folder, name, fallback):
    try:
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return fallback


def state_save(folder, name, state):
    """Where the folder cannot be written to the state is in memory alone."""
    path = os.path.join(folder, name)
    try:
        with open(path + ".new", "w", encoding="utf-8") as file:
            json.dump(state, file, indent=1)
        os.replace(path + ".new", path)
    except OSError:
        pass


def key_of(environment, variable, folder):
    """The key of the environment, else of config.xml, else a new one, written there."""
    path = os.path.join(folder, "config.xml")
    try:
        with open(path, encoding="utf-8") as file:
            found = re.search(r"<ApiKey>(\w+)</ApiKey>", file.read())
    except OSError:
        found = None
    key = environment.get(variable) or (found and found[1]) or secrets.token_hex(16)
    if found is None:
        try:
            with open(path, "w", encoding="utf-8") as file:
                file.write(f"<Config>\n  <BindAddress>*</BindAddress>\n  <ApiKey>{key}</ApiKey>\n  <UrlBase></UrlBase>\n"
                           "</Config>")
        except OSError:
            pass
    return key


# --- fetching, as .NET does it ---

class Proxy:
    def __init__(self, kind, host, port, username="", password=""):
        self.kind, self.host, self.port = kind, host, int(port)
        # .NET's way: half a login is none.
        self.login = (username, password) if username and password else None

    @property
    def url(self):
        return f"{self.kind}://{self.host}:{self.port}"


def read_exactly(stream, count):
    data = stream.recv(count)
    while len(data) < count:
        more = stream.recv(count - len(data))
        if not more:
            raise OSError("the proxy ended the connection")
        data += more
    return data


def socks_connect(proxy, host, port, timeout):
    stream = socket.create_connection((proxy.host, proxy.port), timeout)
    if proxy.kind == "socks4":  # asks the name of its own resolver: the leak that comes with SOCKS4
        address = socket.inet_aton(socket.gethostbyname(host))
        stream.sendall(struct.pack("!BBH", 4, 1, port) + address + b"\0")
        if read_exactly(stream, 8)[1] != 90:
            raise OSError("SOCKS server failed to connect to the destination")
        return stream
    stream.sendall(b"\5\1\0")
    if read_exactly(stream, 2) != b"\5\0":
        raise OSError("the SOCKS server asks for a login")
    name = host.encode("idna")
    stream.sendall(b"\5\1\0\3" + bytes([len(name)]) + name + struct.pack("!H", port))
    head = read_exactly(stream, 4)
    if head[1] != 0:
        raise OSError("SOCKS server failed to connect to the destination")
    read_exactly(stream, {1: 4, 4: 16}.get(head[3]) or read_exactly(stream, 1)[0])
    read_exactly(stream, 2)
    return stream


def fetch(url, proxy=None, method="GET", headers=None, body=None, timeout=20, ca_file=None):
    """(status, headers, body) of one request; redirects are not followed. OSError or HTTPException when it failed."""
    parts = urllib.parse.urlsplit(url)
    secure = parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    context = ssl.create_default_context(cafile=ca_file) if secure else None
    if proxy is None or proxy.kind.startswith("socks"):
        connection = http.client.HTTPConnection(parts.hostname, port, timeout=timeout)
        connection.sock = (socks_connect(proxy, parts.hostname, port, timeout) if proxy
                           else socket.create_connection((parts.hostname, port), timeout))
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if secure:
            connection.sock = context.wrap_socket(connection.sock, server_hostname=parts.hostname)
            connection.default_port = 443
    elif secure:
        connection = http.client.HTTPSConnection(proxy.host, proxy.port, timeout=timeout, context=context)
        connection.set_tunnel(parts.hostname, port)
    else:
        connection = http.client.HTTPConnection(proxy.host, proxy.port, timeout=timeout)
        target = urllib.parse.urlunsplit(parts._replace(fragment=""))
    try:
        connection.request(method, target, body, {"Host": parts.netloc, **(headers or {})})
        response = connection.getresponse()
        return response.status, response.headers, response.read(BODY_MAX)
    finally:
        connection.close()


def bypasses(url, bypass_filter, bypass_local):
    """Does a request go past the proxy? re.error for a broken filter, as .NET throws."""
    parts = urllib.parse.urlsplit(url)
    host = parts.hostname or ""
    try:
        literal = ipaddress.ip_address(host)
    except ValueError:
        literal = None
    if bypass_local and (host == "localhost" or (literal and literal.is_loopback) or (not literal and "." not in host)):
        return True
    tested = f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port not in (None, 80, 443) else "")
    for entry in filter(None, (entry.strip() for entry in bypass_filter.split(","))):
        if re.search(";" + entry if entry.startswith("*") else entry, tested, re.IGNORECASE):
            return True
        try:
            if literal and literal in ipaddress.ip_network(entry, strict=False):
                return True
        except ValueError:
            pass
    return False
