# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is compared: egressd, the reference relay and every peer that is installed, each started and stopped by pid."""
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lab"))
from pki import Authority  # noqa: E402

ORIGIN_PORT = 5900
USER, PASSWORD = "bench", "a long enough password"
CORES = os.cpu_count()


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
    return path


def million_rules(count=1000000, sets=4):
    """Names in a few sets, since a line has a limit."""
    names = [f"n{i}.example-{i % 9973}.{('com', 'org', 'net', 'info')[i % 4]}" for i in range(count)]
    part = count // sets
    return "".join(f"set noise{i}  {', '.join(names[i * part:(i + 1) * part])}\n" for i in range(sets)) + \
        "".join(f"block to set noise{i}\n" for i in range(sets))


class Proxy:
    """One program. ways: how the load generator reaches the origin through it, {name: (via, port, extra arguments)}."""
    binary = ""
    variant = ""  # of egressd: what is special about this one
    forward = True  # a forward proxy; False for a relay or reverse proxy, which serves one target
    enter, load_arguments = (), ()  # what a network namespace of its own needs

    def __init__(self, name, build, folder):
        self.name, self.build = name, build
        self.folder = os.path.join(folder, name.replace(" ", "-"))
        os.makedirs(self.folder)
        os.chmod(self.folder, 0o777)
        self.process = None

    @classmethod
    def installed(cls):
        return bool(shutil.which(cls.binary, path=os.environ.get("PATH", "") + ":/usr/sbin"))

    def start(self):
        with open(os.path.join(self.folder, "output"), "wb") as output:
            self.process = subprocess.Popen([*self.enter, *self.command()], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=output,
                                            stderr=output, start_new_session=True)
        deadline = time.monotonic() + 20
        for port in {way[1] for way in self.ways.values()}:
            while not self.listens(port):
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise RuntimeError(f"{self.name} did not start: {self.output()}")
                time.sleep(0.02)  # another program's listening socket is no event for us
        return self

    def listens(self, port):
        """Looked up and not connected to: a connection would be the proxy's first session."""
        wanted = f":{port:04X}"
        for table in ("tcp", "tcp6"):
            try:
                with open(f"/proc/{self.process.pid}/net/{table}", encoding="ascii") as file:
                    if any(words[1].endswith(wanted) and words[3] == "0A" for words in map(str.split, file)):
                        return True
            except OSError:  # it has ended
                return False
        return False

    def pid(self):
        """Who does the work, children included."""
        return self.process.pid

    def output(self):
        with open(os.path.join(self.folder, "output"), encoding="utf-8", errors="replace") as file:
            return file.read()[-2000:].strip()

    def stop(self):
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(3)
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)  # the session that start made: its children
        except ProcessLookupError:
            pass
        self.process.wait()


class Egressd(Proxy):
    """As it is run: the proxy is the warden's child and, where there are other users, one without any privilege."""
    ways = {"": ("connect", 5000, ()), "socks5": ("socks5", 5000, ()), "http": ("http", 5000, ()),
            "login": ("connect", 5001, ("--user", USER, "--password", PASSWORD)),
            "socks5 login": ("socks5", 5001, ("--user", USER, "--password", PASSWORD))}
    ports = (5000, 5001)
    options = ""
    arguments = ("--no-firewall",)
    egress, destination = "direct private", "127.0.0.0/8"

    @classmethod
    def installed(cls):
        return True

    def rules(self):
        return ""

    def write_config(self):
        path = os.path.join(self.folder, "users")
        if not os.path.exists(path):
            subprocess.run([os.path.join(self.build, "egressctl"), "passwd", path, USER], check=True,
                           input=PASSWORD + "\n", stdout=subprocess.DEVNULL, text=True)
        return write(self.folder, "egress.conf", f"listen mixed 127.0.0.1:{self.ports[0]}\n"
                     f"listen mixed 127.0.0.1:{self.ports[1]} auth {path}\n"
                     f"client bench user {USER}\negress here {self.egress}\n{self.rules()}"
                     f"here to {self.destination} port {ORIGIN_PORT}\ndefault block\n"
                     f"control {self.folder}/control.sock\n{self.options}")

    def command(self):
        return [os.path.join(self.build, "egressd"), "--config", self.write_config(), *self.arguments]

    def pid(self):
        """The proxy's: it does the work, and its warden waits."""
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="ascii") as file:
            return int(file.read())

    def reload(self):
        """By the control socket itself: to start egressctl is work of its own."""
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(60)
            control.connect(f"{self.folder}/control.sock")
            control.sendall(b"POST /v1/reload HTTP/1.1\r\nHost: egressd\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            answer = b""
            while piece := control.recv(65536):
                answer += piece
        if not answer.startswith(b"HTTP/1.1 200 "):
            raise RuntimeError(f"{self.name} did not reload: {answer.decode(errors='replace')}")


class EgressdMillion(Egressd):
    """With a policy that blocks a million names."""
    variant = "million names"
    ways = {"": ("connect", 5002, ()), "http": ("http", 5002, ())}
    ports = (5002, 5003)

    def rules(self):
        return million_rules()


class EgressdOpen(Egressd):
    """Without the filter of system calls: what that costs."""
    variant = "no seccomp"
    ways = {"": ("connect", 5004, ())}
    ports = (5004, 5005)
    arguments = ("--no-firewall", "--no-seccomp")


class EgressdDevice(Egressd):
    """Its egress is a device, in a namespace of its own: the far end of a veth pair has the origin, and answers probes."""
    variant = "tunnel device"
    ways = {"": ("connect", 5000, ())}
    near, far = "10.99.0.1", "10.99.0.2"
    egress = f"device tun0 private probe {far}:5899"
    destination = f"{far}/32"

    def __init__(self, name, build, folder):
        super().__init__(name, build, folder)
        self.holders = []

    def hold(self, *command):
        """Something that lives in a namespace until stop, and has said that it is there."""
        holder = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, start_new_session=True)
        self.holders.append(holder)
        holder.stdout.readline()
        return holder.pid

    @staticmethod
    def join(here, far, device, near, there):
        """A veth pair between two namespaces."""
        for pid, command in ((here, f"ip link add {device} type veth peer name far netns {far}"),
                             (here, f"ip address add {near}/30 dev {device}"), (here, f"ip link set {device} up"),
                             (far, f"ip address add {there}/30 dev far"), (far, "ip link set far up")):
            subprocess.run(["nsenter", "-t", str(pid), "-n", *command.split()], check=True)

    def make_tunnel(self, here, far):
        self.join(here, far, "tun0", self.near, self.far)

    def start(self):
        there = ("sh", "-c", "ip link set lo up && echo && exec sleep infinity")
        here, far = (self.hold("unshare", "--net", *there) for _ in range(2))
        self.enter = ("nsenter", "-t", str(here), "-n")
        self.make_tunnel(here, far)
        self.hold("nsenter", "-t", str(far), "-n", "sh", "-c", "echo; exec \"$@\"", "sh",
                  os.path.join(self.build, "tests/bench/load"), "--target", self.far, "--origin", "5899", "origin")
        self.load_arguments = ("--target", self.far, "--origin-in", f"/proc/{far}/ns/net")
        return super().start()

    def stop(self):
        super().stop()
        for holder in self.holders:
            holder.kill()
            holder.wait()
            holder.stdout.close()


class EgressdRules(EgressdDevice):
    """The same with its packet rules in force."""
    variant = "packet rules"
    arguments = ()


class EgressdOpenvpn(EgressdDevice):
    """Its tunnel is a real OpenVPN, over a veth pair. What OpenVPN itself needs is not counted."""
    variant = "real OpenVPN"

    @classmethod
    def installed(cls):
        return bool(shutil.which("openvpn") and shutil.which("openssl"))

    def make_tunnel(self, here, far):
        self.join(here, far, "uplink", "10.98.0.1", "10.98.0.2")
        authority = Authority(os.path.join(self.folder, "pki"))
        ends = [self.run_end(authority, far, "serverAuth", "--tls-server", "--dh", "none", "--ecdh-curve", "prime256v1",
                             "--ifconfig", self.far, self.near),
                self.run_end(authority, here, "clientAuth", "--tls-client", "--remote", "10.98.0.2", "--ifconfig",
                             self.near, self.far)]
        for end in ends:
            if not any(b"Initialization Sequence Completed" in line for line in end.stdout):
                raise RuntimeError(f"{self.name} did not start: its OpenVPN has ended")

    def run_end(self, authority, namespace, usage, *options):
        certificate, key = authority.issue(usage, usage)
        end = subprocess.Popen(["nsenter", "-t", str(namespace), "-n", "openvpn", "--dev", "tun0", "--dev-type", "tun",
                                "--proto", "udp4", "--data-ciphers", "AES-256-GCM", "--verb", "1", "--ca", authority.certificate,
                                "--cert", certificate, "--key", key, *options],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               start_new_session=True)
        self.holders.append(end)
        return end


class Reference(Proxy):
    forward = False
    ways = {"": ("socks5", 5010, ())}
    mode = ("socks", "5010")

    @classmethod
    def installed(cls):
        return True

    def command(self):
        return [os.path.join(self.build, "tests/bench/reference"), *self.mode]


class ReferenceHttp(Reference):
    ways = {"http": ("http", 5011, ())}
    mode = ("http", "5011", str(ORIGIN_PORT))


class Danted(Proxy):
    binary = "danted"
    ways = {"": ("socks5", 5020, ())}

    def command(self):
        rule = "pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }\n"
        return ["danted", "-f", write(self.folder, "conf", "logoutput: stderr\ninternal: 127.0.0.1 port = 5020\n"
                                      "external: 127.0.0.1\nclientmethod: none\nsocksmethod: none\n"
                                      f"client {rule}socks {rule}"), "-p", f"{self.folder}/pid"]


class Microsocks(Proxy):
    binary = "microsocks"
    ways = {"": ("socks5", 5021, ())}

    def command(self):
        return ["microsocks", "-i", "127.0.0.1", "-p", "5021"]


class MicrosocksLogin(Microsocks):
    ways = {"login": ("socks5", 5022, ("--user", USER, "--password", PASSWORD))}

    def command(self):
        return ["microsocks", "-i", "127.0.0.1", "-p", "5022", "-u", USER, "-P", PASSWORD]


class Tinyproxy(Proxy):
    binary = "tinyproxy"
    ways = {"": ("connect", 5023, ()), "http": ("http", 5023, ())}

    def command(self):
        return ["tinyproxy", "-d", "-c", write(self.folder, "conf", "Port 5023\nListen 127.0.0.1\nMaxClients 15000\n"
                                               f"Allow 127.0.0.1\nLogLevel Error\nLogFile \"{self.folder}/log\"\n")]


class Squid(Proxy):
    binary = "squid"
    ways = {"": ("connect", 5024, ()), "http": ("http", 5024, ())}

    def command(self):
        return ["squid", "-N", "-f", write(self.folder, "conf", "http_port 127.0.0.1:5024\nhttp_access allow all\n"
                                           "cache deny all\naccess_log none\nvia off\nforwarded_for delete\n"
                                           "max_filedescriptors 19000\npinger_enable off\nshutdown_lifetime 0 seconds\n"
                                           f"cache_log {self.folder}/log\npid_filename {self.folder}/pid\n"
                                           f"coredump_dir {self.folder}\n")]


class Privoxy(Proxy):
    binary = "privoxy"
    ways = {"": ("connect", 5025, ()), "http": ("http", 5025, ())}

    def command(self):
        return ["privoxy", "--no-daemon", write(self.folder, "conf", "listen-address 127.0.0.1:5025\n"
                                                "max-client-connections 15000\nkeep-alive-timeout 60\n"
                                                "connection-sharing 1\ndebug 4096\n"
                                                f"confdir /etc/privoxy\nlogdir {self.folder}\n")]


class Nginx(Proxy):
    binary = "nginx"
    forward = False
    ways = {"http": ("direct", 5031, ())}
    stream = "/usr/lib/nginx/modules/ngx_stream_module.so"

    def command(self):
        relay, load = "", ""
        if os.path.exists(self.stream):
            self.ways = {**self.ways, "": ("direct", 5030, ())}
            load = f"load_module {self.stream};\n"
            relay = f"stream {{ server {{ listen 127.0.0.1:5030 reuseport; proxy_pass 127.0.0.1:{ORIGIN_PORT}; }} }}\n"
        text = (f"{load}daemon off; worker_processes {CORES}; pid {self.folder}/pid; error_log stderr crit;\n"
                f"worker_rlimit_nofile 19000; events {{ worker_connections 19000; }}\n{relay}"
                f"http {{ access_log off; keepalive_requests 1000000000; upstream origin {{\n"
                f"server 127.0.0.1:{ORIGIN_PORT}; keepalive 128; keepalive_requests 1000000000; }}\n"
                "server { listen 127.0.0.1:5031 reuseport; location / { proxy_pass http://origin; "
                "proxy_http_version 1.1; proxy_set_header Connection \"\"; } } }\n")
        return ["nginx", "-p", self.folder, "-c", write(self.folder, "conf", text), "-e", "stderr"]


class Haproxy(Proxy):
    binary = "haproxy"
    forward = False
    ways = {"": ("direct", 5032, ()), "http": ("direct", 5033, ())}

    def command(self):
        text = ("global\n maxconn 9500\ndefaults\n timeout connect 5s\n timeout client 10m\n timeout server 10m\n"
                f"listen relay\n mode tcp\n bind 127.0.0.1:5032\n server origin 127.0.0.1:{ORIGIN_PORT}\n"
                "listen reverse\n mode http\n http-reuse always\n bind 127.0.0.1:5033\n"
                f" server origin 127.0.0.1:{ORIGIN_PORT}\n")
        return ["haproxy", "-db", "-f", write(self.folder, "conf", text)]


class Direct:
    """No proxy at all."""
    name, forward, process, variant = "direct", False, None, ""
    enter, load_arguments = (), ()
    ways = {"": ("direct", 0, ()), "http": ("direct", 0, ())}

    def start(self):
        return self

    def pid(self):
        return 0

    def stop(self):
        pass


KINDS = {"egressd": Egressd, "egressd million names": EgressdMillion, "egressd no seccomp": EgressdOpen,
         "egressd tunnel device": EgressdDevice, "egressd packet rules": EgressdRules,
         "egressd real OpenVPN": EgressdOpenvpn, "reference": Reference,
         "reference http": ReferenceHttp, "danted": Danted, "microsocks": Microsocks,
         "microsocks login": MicrosocksLogin, "tinyproxy": Tinyproxy, "squid": Squid, "privoxy": Privoxy,
         "nginx": Nginx, "haproxy": Haproxy}
VARIANTS = {kind.variant for kind in KINDS.values()} - {""}


def private_world(inside):
    """Runs this script again in namespaces of its own: nobody else's ports, and every process ends with it."""
    if os.environ.get(inside):
        with open("/proc/sys/net/ipv4/tcp_max_tw_buckets", "w", encoding="ascii") as file:
            file.write("256")
        with open("/proc/sys/net/ipv4/ip_local_port_range", "w", encoding="ascii") as file:
            file.write("10000 65535")
        return
    os.environ[inside] = "1"
    user = [] if os.getuid() == 0 else ["--map-root-user"]
    os.execvp("unshare", ["unshare", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", *user, "sh", "-c",
                          'ip link set lo up && exec "$@"', "sh", sys.executable, *sys.argv])
