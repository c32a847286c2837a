# SPDX-License-Identifier: GPL-3.0-or-later
"""A Docker Engine of our own. We are in private network, mount and process namespaces: its bridges, rules and routes
exist here only, and everything it started dies with the first process here."""
import json
import os
import shutil
import subprocess
import time

from lab.process import LogFile, stop

CACHE = os.environ.get("EGRESSD_STACK_CACHE", os.path.expanduser("~/.cache/egressd-stack"))
OLD = os.environ.get("ENGINE") == "20.10"  # Debian 12's own; Compose is the current one all the same
UNPACKED = os.path.join(CACHE, "engine")
PROGRAMS = os.path.join(CACHE, "engine-20.10") if OLD else UNPACKED
COMPOSE_PLUGIN = "usr/libexec/docker/cli-plugins/docker-compose"
COMPOSES = {"current": os.path.join(UNPACKED, COMPOSE_PLUGIN), "oldest": os.path.join(CACHE, "oldest", COMPOSE_PLUGIN)}
BASE = "debian:bookworm-slim"


class Failed(RuntimeError):
    """A command that should have worked; with all that it said."""


class Engine:
    def __init__(self, folder):
        self.folder = folder
        self.socket = os.path.join(folder, "docker.sock")
        self.cgroup = f"egressd-stack-{os.getpid()}-{int(time.time())}"
        self.process = self.log = None
        self.environment = {
            "PATH": f"{PROGRAMS}/usr/bin:{PROGRAMS}/usr/sbin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": folder,
            "DOCKER_HOST": f"unix://{self.socket}", "DOCKER_CONFIG": os.path.join(folder, "cli"),
        }

    def start(self):
        self._configure()
        self.start_again()
        self._forget_containers()
        self._import_base()
        self.docker("run", "--rm", BASE, "true")
        return self

    def start_again(self):
        log_path = os.path.join(self.folder, "dockerd.log")
        with open(log_path, "w", encoding="utf-8") as file:
            self.process = subprocess.Popen(
                ["dockerd", "--config-file", os.path.join(self.folder, "daemon.json")], env=self.environment,
                stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT)
        self.log = LogFile(log_path)
        try:
            self.log.wait(lambda line: "API listen on" in line, timeout=60, what="the engine")
        except TimeoutError as error:
            raise Failed("\n".join([str(error), *self.log.since(0)[-20:]])) from None

    def _configure(self):
        """The images stay from run to run, in the cache; everything else is of this run."""
        os.makedirs(self.environment["DOCKER_CONFIG"])
        with open(os.path.join(self.environment["DOCKER_CONFIG"], "config.json"), "w", encoding="utf-8") as file:
            json.dump({"cliPluginsExtraDirs": [f"{UNPACKED}/usr/libexec/docker/cli-plugins"]}, file)
        settings = {
            "data-root": os.path.join(CACHE, "images-20.10" if OLD else "images"), "exec-root": os.path.join(self.folder, "exec"),
            "pidfile": os.path.join(self.folder, "pid"), "hosts": [f"unix://{self.socket}"],
            "userland-proxy-path": f"{PROGRAMS}/usr/sbin/docker-proxy", "cgroup-parent": "/" + self.cgroup,
            "init-path": shutil.which("docker-init", path=f"{PROGRAMS}/usr/bin") or "docker-init",
            "storage-driver": "overlay2", "live-restore": False, "shutdown-timeout": 1,
        }
        with open(os.path.join(self.folder, "daemon.json"), "w", encoding="utf-8") as file:
            json.dump(settings, file)

    def _forget_containers(self):
        """Those of a run that was killed."""
        if left := self.docker("ps", "-aq").split():
            self.docker("rm", "-f", *left)
        self.docker("network", "prune", "-f")
        if left := self.docker("volume", "ls", "-q").split():
            self.docker("volume", "rm", "-f", *left)

    def _import_base(self):
        if not self.docker("images", "-q", BASE).strip():
            self.docker("import", os.path.join(CACHE, "base.tar"), BASE)

    def run(self, *words, check=True, timeout=120, **options):
        """A command that finds this engine; its output."""
        done = subprocess.run(words, env={**self.environment, **options.pop("environment", {})}, text=True,
                              capture_output=True, timeout=timeout, **options)
        if check and done.returncode != 0:
            raise Failed(f"{' '.join(words)}: exit code {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-6000:]}")
        return done.stdout if check else done

    def docker(self, *words, **options):
        return self.run("docker", *words, **options)

    def inspect(self, name):
        return json.loads(self.docker("inspect", name))[0]

    def stop(self):
        stop(self.process, grace=20)
        if self.log:
            self.log.close()
        self.process = self.log = None

    def close(self):
        self.stop()
        for hierarchy in os.listdir("/sys/fs/cgroup"):
            for path, _, _ in os.walk(os.path.join("/sys/fs/cgroup", hierarchy, self.cgroup), topdown=False):
                try:
                    os.rmdir(path)
                except OSError:
                    pass
