# SPDX-License-Identifier: GPL-3.0-or-later
"""rejoin, asking an engine that this file plays: it starts who was left behind, and nobody else."""
import http.server
import json
import os
import re
import signal
import socket
import socketserver
import subprocess
import threading
import time
import urllib.parse

import pytest

from lab.daemon import program

pytestmark = pytest.mark.skipif(os.environ.get("RULES") == "1", reason="no gateway takes part, nor its rules")
YES, NO, UNKNOWN, USAGE = 0, 1, 2, 3
LEFT = "cannot join network namespace of a non running container: container /gluetun is exited"


def container(name, state="running", joins=None, error="", restart="unless-stopped", project="stack"):
    number = "".join(f"{byte:02x}" for byte in name.encode()).ljust(64, "0")[:64]
    return {"Id": number, "Name": f"/{name}", "State": {"Status": state, "Error": error},
            "HostConfig": {"NetworkMode": f"container:{joins}" if joins else "bridge", "RestartPolicy": {"Name": restart}},
            "Config": {"Labels": {"com.docker.compose.project": project, "com.docker.compose.service": name}}}


class Engine(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """What a Docker Engine says and does; .answers says otherwise for a path, as bytes of an HTTP answer."""
    daemon_threads = True

    def __init__(self, path):
        self.containers, self.answers, self.started, self.watched, self.failure = {}, {}, [], [], None
        self.event, self.over = threading.Condition(), threading.Event()
        super().__init__(path, Question)
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def have(self, *words, **options):
        made = container(*words, **options)
        self.containers[made["Id"]] = made
        return made["Id"]

    def left(self, name="egress", owner_state="running", **options):
        """Somebody left behind by somebody in that state."""
        owner = self.have(f"{name}-owner", owner_state)
        return self.have(name, "exited", joins=owner, **{"error": LEFT, **options})

    def change(self, number, state, event=True):
        with self.event:
            self.containers[number]["State"]["Status"] = state
            if event:
                self.event.notify_all()

    def find(self, name):
        found = [number for number, one in self.containers.items() if name in (number[:len(name)], one["Name"][1:])]
        return found[0] if found else None

    def close(self):
        self.over.set()
        with self.event:
            self.event.notify_all()
        self.shutdown()
        self.server_close()


class Question(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def say(self, status, answer=None):
        text = b"" if answer is None else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if text:
            self.wfile.write(text)

    def do_GET(self):
        engine, url = self.server, urllib.parse.urlsplit(self.path)
        filters = json.loads(urllib.parse.parse_qs(url.query).get("filters", ["{}"])[0])
        odd = next((answer for path, answer in engine.answers.items() if path in self.path), None)
        if odd is not None:
            self.close_connection = True
            return odd(self) if callable(odd) else self.wfile.write(odd)
        if url.path == "/events":
            return self.stream(filters)
        if url.path == "/containers/json":
            return self.say(200, self.listed(filters))
        return self.tell(re.fullmatch("/containers/([^/]+)/json", url.path))

    def tell(self, asked):
        found = asked and self.server.find(asked[1])
        return self.say(200, self.server.containers[found]) if found else self.say(404, {"message": "No such container"})

    def listed(self, filters):
        (label,) = filters["label"]
        name, _, value = label.partition("=")
        return [{"Id": number, "State": one["State"]["Status"], "HostConfig": {"NetworkMode": one["HostConfig"]["NetworkMode"]}}
                for number, one in self.server.containers.items() if one["Config"]["Labels"][name] == value]

    def stream(self, filters):
        """Says nothing until something is started, and has no end."""
        assert filters == {"type": ["container"], "event": ["start"]}, filters
        self.close_connection = True
        with self.server.event:
            self.send_response(200)
            self.end_headers()
            self.server.watched.append(self.path)
            self.server.event.wait(20)
        try:
            self.wfile.write(b'{"status":"start"}\n')
            self.rfile.read(1)  # until it is left
        except OSError:
            pass

    def do_POST(self):
        number = re.fullmatch("/containers/([0-9a-f]{64})/start", self.path)[1]
        self.server.started.append(self.server.containers[number]["Name"][1:])
        if self.server.failure:
            return self.say(500, {"message": self.server.failure})
        self.server.containers[number]["State"] = {"Status": "running", "Error": ""}
        return self.say(204)

    def log_message(self, *_):
        pass


@pytest.fixture
def engine(tmp_path):
    engine = Engine(str(tmp_path / "docker.sock"))
    yield engine
    engine.close()


def words(engine, *more, project="stack"):
    return [program("egressctl"), "rejoin", "--docker-socket", engine.server_address, *(["--project", project] if project else []),
            *more]


def run(engine, *more, code=YES, **options):
    done = subprocess.run(words(engine, *more, **options), text=True, capture_output=True, timeout=30)
    assert done.returncode == code, done
    return done


def told(engine, *more, code=YES):
    answer = json.loads(run(engine, "--json", *more, code=code).stdout)
    return {one["container"]: one for one in answer["containers"]}


def test_who_was_left_behind_is_started(engine):
    engine.left()
    done = run(engine)
    assert engine.started == ["egress"] and "egress" in done.stdout and "started" in done.stdout and LEFT in done.stdout
    assert "nothing to do" in run(engine).stdout and engine.started == ["egress"]


@pytest.mark.parametrize("options", [
    {"error": ""},  # what a person has stopped
    {"restart": "no"}, {"restart": ""},
    {"project": "other"},
], ids=str)
def test_nobody_else_is_started(engine, options):
    engine.left(**options)
    engine.have("alone", "exited", error="no such image")
    assert told(engine) == {} and engine.started == []


def test_a_list_that_names_strangers_starts_none_of_them(engine):
    """The engine is asked for one project; what it says of each is looked at all the same."""
    number = engine.left(project="other")
    mode = engine.containers[number]["HostConfig"]["NetworkMode"]
    listed = json.dumps([{"Id": number, "State": "exited", "HostConfig": {"NetworkMode": mode}}]).encode()
    engine.answers["/containers/json"] = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(listed) + listed
    assert told(engine) == {} and engine.started == []


@pytest.mark.parametrize("state", ["exited", "created", "restarting", "paused", "dead"])
def test_while_the_other_does_not_run_it_waits(engine, state):
    engine.left(owner_state=state)
    assert told(engine)["egress"]["result"] == "waits" and engine.started == []
    assert "egress-owner, whose network it joins, does not run" in run(engine).stdout


def test_an_orphan_comes_with_the_command_that_cures_it(engine):
    engine.have("egress", "exited", joins="f" * 64, error="No such container: " + "f" * 64)
    found = told(engine, code=NO)["egress"]
    assert found["result"] == "orphaned" and found["cure"] == "docker compose up -d --force-recreate egress"
    assert found["cure"] in run(engine, code=NO).stdout and engine.started == []


def test_a_start_that_fails_is_told_in_the_engines_words(engine):
    engine.left()
    engine.failure = "no space left on device\n\x1b[2J"
    found = told(engine, code=NO)["egress"]
    assert found["result"] == "failed" and found["problem"] == "no space left on device??[2J"


def test_a_dry_run_starts_nothing(engine):
    engine.left()
    assert told(engine, "--dry-run", code=NO)["egress"]["result"] == "to start" and engine.started == []
    engine.containers.clear()
    run(engine, "--dry-run")


def test_one_that_cannot_be_started_keeps_no_other_from_it(engine):
    engine.have("orphan", "exited", joins="f" * 64, error="No such container")
    engine.left()
    assert {name: one["result"] for name, one in told(engine, code=NO).items()} == {"orphan": "orphaned", "egress": "started"}


# An engine that is none

def hang(question):
    question.server.over.wait(20)


def endless(question):
    try:
        question.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n[")
        while not question.server.over.is_set():
            question.wfile.write(b" " * 65536)
    except OSError:
        pass


def http_answer(body, status=b"200 OK"):
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body)


@pytest.mark.parametrize("path", ["/containers/json", "/6567726573730", "/6567726573732d6f"], ids=["list", "container", "owner"])
@pytest.mark.parametrize("answer, words", [
    (b"SSH-2.0-OpenSSH_9.2\r\n", "no Docker engine"),
    (b"", "no Docker engine"),
    (http_answer(b"<html>"), "no Docker engine"),
    (http_answer(b""), "no Docker engine"),
    (http_answer(b'{"Id": "x"'), "no Docker engine"),
    (http_answer(b'[{"Id": "../../x"}]'), "no Docker engine"),
    (http_answer(b'[{"Id": 7}]'), "no Docker engine"),
    (http_answer(b"[" * 100000), "no Docker engine"),
    (http_answer(b'{"message":"go away"}', b"403 Forbidden"), "go away"),
    (http_answer(b"", b"500 Oh"), "does not say why"),
    (endless, "more than can be taken"),
])
def test_garbage_starts_nothing_and_is_told(engine, path, answer, words):
    engine.left()
    engine.answers[path] = answer
    assert words in run(engine, code=UNKNOWN).stderr and engine.started == []


def test_an_engine_that_never_answers_is_not_waited_for(engine):
    engine.answers["/containers/json"] = hang
    assert "does not answer in time" in run(engine, code=UNKNOWN).stderr


@pytest.mark.parametrize("make, words", [
    (lambda path: None, "there is no socket of a Docker engine"),
    (os.mkdir, "there is no socket of a Docker engine"),  # what a bind mount makes of a path that is not there
    (lambda path: open(path, "wb").close(), "there is no socket of a Docker engine"),
    (lambda path: socket.socket(socket.AF_UNIX).bind(path), "is it running?"),
], ids=["nothing", "folder", "file", "dead"])
def test_a_socket_that_is_none_is_told(tmp_path, make, words):
    path = str(tmp_path / "s")
    make(path)
    done = subprocess.run([program("egressctl"), "rejoin", "--project", "stack"], text=True, capture_output=True, timeout=20,
                          env={**os.environ, "DOCKER_HOST": f"unix://{path}"})
    assert done.returncode == UNKNOWN and words in done.stderr and path in done.stderr, done


@pytest.mark.parametrize("host, options", [("tcp://127.0.0.1:2375", ()), ("ssh://host", ()),
                                           ("", ("--project", "../x")), ("", ("--project", "")), ("", ("more",)),
                                           ("", ("--watch", "--dry-run"))])
def test_what_cannot_be_asked_is_a_usage_error(host, options):
    done = subprocess.run([program("egressctl"), "rejoin", *options], text=True, capture_output=True, timeout=20,
                          env={**os.environ, "DOCKER_HOST": host})
    assert done.returncode == USAGE and done.stderr, done


# Whose project

def inside(host_name, *command, **options):
    """As in a container of that host name."""
    return subprocess.Popen(["unshare", "--uts", "sh", "-c", f'hostname "{host_name}"; exec "$@"', "-", *command], text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)


@pytest.mark.skipif(os.geteuid() != 0, reason="another host name takes root")
@pytest.mark.parametrize("host_name, code", [("6b6565706572", YES), ("keeper", UNKNOWN), ("6b65", UNKNOWN),
                                             ("aaaaaaaaaaaa", UNKNOWN)])
def test_the_project_is_that_of_the_own_container(engine, host_name, code):
    """"keeper" in hexadecimal digits; a name, or too little of it, may be somebody else's."""
    engine.have("keeper")
    engine.have("aaaaaaaaaaaa", project="other")
    engine.left("stranger", project="other")
    engine.left()
    process = inside(host_name, *words(engine, project=None))
    said, problem = process.communicate(timeout=20)
    assert process.returncode == code and engine.started == (["egress"] if code == YES else []), (said, problem)
    assert code == YES or "--project" in problem


# For ever

class Watch:
    def __init__(self, engine, *more):
        self.process = subprocess.Popen(words(engine, "--watch", *more), text=True, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE)
        self.lines = []

    def line(self, word):
        """The next line, which has that word in it."""
        self.lines.append(self.process.stderr.readline())
        assert word in self.lines[-1], self.lines
        return self.lines[-1]

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        self.process.wait(10)
        return self.process.stderr.read()


@pytest.fixture
def watch(engine):
    started = []

    def start(*more):
        started.append(Watch(engine, *more))
        return started[-1]
    yield start
    for one in started:
        one.process.kill()
        one.process.wait()
        one.process.stderr.close()


def until(condition):
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_who_waits_is_started_when_the_other_runs(engine, watch):
    number = engine.left(owner_state="exited")
    watching = watch()
    watching.line("watching project=stack")
    assert "container=egress joins=egress-owner" in watching.line(" waits ")
    until(lambda: engine.watched)
    assert engine.started == [] and watching.process.poll() is None
    engine.change(engine.find("egress-owner"), "running")
    watching.line(" started container=egress joins=egress-owner left=\"cannot join network")
    assert engine.started == ["egress"] and engine.containers[number]["State"]["Status"] == "running"
    assert watching.end() == "" and watching.process.returncode == 0


@pytest.mark.parametrize("events", [None, http_answer(b"", b"501 No")], ids=["silent", "refused"])
def test_without_an_event_it_looks_all_the_same(engine, watch, events):
    engine.left(owner_state="exited")
    engine.answers["/events"] = events
    watching = watch("--json")
    assert json.loads(watching.line("watching"))["project"] == "stack"
    watching.line("waits")
    engine.change(engine.find("egress-owner"), "running", event=False)
    assert json.loads(watching.line("started"))["container"] == "egress"


def test_what_a_person_stops_stays_stopped_whatever_happens(engine, watch):
    number = engine.left(error="")
    watching = watch()
    watching.line("watching")
    for count in range(1, 4):
        until(lambda: len(engine.watched) >= count)
        engine.change(engine.find("egress-owner"), "running")
    assert engine.started == [] and engine.containers[number]["State"]["Status"] == "exited" and watching.end() == ""


def test_what_cannot_be_cured_is_told_once_and_not_tried_again_at_once(engine, watch):
    engine.left()
    engine.have("orphan", "exited", joins="f" * 64, error="No such container")
    engine.failure = "no space left"
    watching = watch()
    watching.line("watching")
    assert "problem=\"no space left\"" in watching.line("not started container=egress")
    assert "--force-recreate orphan" in watching.line("orphaned container=orphan")
    for count in range(1, 4):
        until(lambda: len(engine.watched) >= count)
        engine.change(engine.find("egress-owner"), "running")
    until(lambda: len(engine.watched) >= 4)
    assert engine.started == ["egress"] and watching.end(signal.SIGINT) == ""


def test_an_engine_that_goes_and_comes_is_told_once(engine, watch):
    engine.left()
    asked = []
    engine.answers["/containers/json"] = asked.append  # and nothing is said
    watching = watch()
    watching.line("is no Docker engine")
    until(lambda: len(asked) >= 2)
    del engine.answers["/containers/json"]
    watching.line("watching")
    watching.line("started container=egress")
