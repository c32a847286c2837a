# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is compared: egressd, the reference relay and every peer that is installed, each started and stopped by pid."""
import os
import shutil
import signal
import subprocess
import sys
import time

ORIGIN_PORT = 5900
USER, PASSWORD = "bench", "a long enough password"
CORES = os.cpu_count()


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
    return path


class Proxy:
    """One program. ways: how the load generator reaches the origin through it, {name: (via, port, extra arguments)}."""
    binary = ""
    forward = True  # a forward proxy; False for a relay or reverse proxy, which serves one target

    def __init__(self, name, build, folder):
        self.name, self.build = name, build
        self.folder = os.path.join(folder, name)
        os.makedirs(self.folder)
        os.chmod(self.folder, 0o777)
        self.process = None

    @classmethod
    def installed(cls):
        return bool(shutil.which(cls.binary, path=os.environ.get("PATH", "") + ":/usr/sbin"))

    def start(self):
        with open(os.path.join(self.folder, "output"), "wb") as output:
            self.process = subprocess.Popen(self.command(), cwd=self.folder, stdin=subprocess.DEVNULL, stdout=output,
                                            stderr=output, start_new_session=True)
        deadline = time.monotonic() + 20
        for port in {way[1] for way in self.ways.values()}:
            while not self.listens(port):
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"{self.name} did not start: {self.output()}")
                time.sleep(0.02)  # another program's listening socket is no event for us
        return self

    @staticmethod
    def listens(port):
        """Looked up and not connected to: a connection would be the proxy's first session."""
        wanted = f":{port:04X}"
        for table in ("tcp", "tcp6"):
            with open(f"/proc/net/{table}", encoding="ascii") as file:
                for words in map(str.split, file):
                    if words[1].endswith(wanted) and words[3] == "0A":
                        return True
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
    ways = {"": ("connect", 5000, ()), "socks5": ("socks5", 5000, ()), "http": ("http", 5000, ()),
            "login": ("connect", 5001, ("--user", USER, "--password", PASSWORD)),
            "socks5 login": ("socks5", 5001, ("--user", USER, "--password", PASSWORD))}
    options = ""

    @classmethod
    def installed(cls):
        return True

    def command(self):
        binary = os.path.join(self.build, "egressd")
        path = os.path.join(self.folder, "users")
        subprocess.run([os.path.join(self.build, "egressctl"), "passwd", path, USER], check=True,
                       input=PASSWORD + "\n", stdout=subprocess.DEVNULL, text=True)
        config = write(self.folder, "egress.conf", f"listen mixed 127.0.0.1:5000\n"
                       f"listen mixed 127.0.0.1:5001 auth {path}\n"
                       f"client bench user {USER}\n"
                       f"egress here direct private\n"
                       f"here to 127.0.0.0/8 port {ORIGIN_PORT}\ndefault block\n"
                       f"control {self.folder}/control.sock\n{self.options}")
        return [binary, "--config", config, "--no-firewall"]

    def pid(self):
        """The proxy's: it does the work, and its warden waits."""
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="ascii") as file:
            return int(file.read())


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
    name, forward = "direct", False
    ways = {"": ("direct", 0, ()), "http": ("direct", 0, ())}

    def start(self):
        return self

    def pid(self):
        return 0

    def stop(self):
        pass


KINDS = {"egressd": Egressd, "reference": Reference, "reference http": ReferenceHttp, "danted": Danted,
         "microsocks": Microsocks, "microsocks login": MicrosocksLogin, "tinyproxy": Tinyproxy, "squid": Squid,
         "privoxy": Privoxy, "nginx": Nginx, "haproxy": Haproxy}


def private_world(inside, one_user=False):
    """
    Runs this script again in namespaces of its own: nobody else's ports, and every process ends with it. one_user: there is
    no other user than root in it.
    """
    if os.environ.get(inside):
        with open("/proc/sys/net/ipv4/tcp_max_tw_buckets", "w", encoding="ascii") as file:
            file.write("256")
        with open("/proc/sys/net/ipv4/ip_local_port_range", "w", encoding="ascii") as file:
            file.write("10000 65535")
        return
    os.environ[inside] = "1"
    user = ["--map-root-user"] if one_user or os.getuid() else []
    os.execvp("unshare", ["unshare", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", *user, "sh", "-c",
                          'ip link set lo up && exec "$@"', "sh", sys.executable, *sys.argv])
