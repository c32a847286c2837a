# SPDX-License-Identifier: GPL-3.0-or-later
"""The log: one line a session, with everything an operator needs and nothing that is nobody's business."""
import re

from .client import request

KEYS = {"client", "method", "host", "port", "address", "rule", "egress", "epoch", "sent", "received", "ms", "end"}


def test_a_session_line_tells_everything(gateway):
    mark = gateway.daemon.mark()
    with gateway.tunnel("ECHO") as tunnel:
        tunnel.send(b"x" * 1000).finish()
        tunnel.rest()
    entry = gateway.daemon.session(mark)
    assert KEYS <= set(entry)
    assert (entry["client"], entry["method"], entry["host"], entry["port"]) == (
        "local", "CONNECT", "one.example.org", gateway.origins.port["tcp"])
    assert entry["address"].startswith("127.0.0.1") and entry["egress"] == "out"
    assert (entry["sent"], entry["received"]) == (1005, 1000)
    path, _, line = entry["rule"].rpartition(":")
    assert path == gateway.daemon.config
    with open(path, encoding="utf-8") as file:
        assert file.read().splitlines()[int(line) - 1] == "out from local"


def test_a_refusal_names_the_rule(gateway):
    mark = gateway.daemon.mark()
    gateway.get(name="blocked.example.org")
    entry = gateway.daemon.session(mark)
    with open(gateway.daemon.config, encoding="utf-8") as file:
        assert file.read().splitlines()[int(entry["rule"].rpartition(":")[2]) - 1] == "block to blocked.example.org"
    assert "egress" not in entry or entry["egress"] in ("-", "")


def test_each_exchange_of_a_connection_has_its_line(gateway):
    mark = gateway.daemon.mark()
    with gateway.connect() as connection:
        for name in ("one", "two", "one"):
            connection.ask(gateway.url("/bytes/100", f"{name}.example.org"))
    gateway.settled(lambda: len(gateway.daemon.sessions(mark)) == 3, lambda: None)
    lines = gateway.daemon.sessions(mark)
    assert [line["host"] for line in lines] == ["one.example.org", "two.example.org", "one.example.org"]
    assert all(line["method"] == "GET" and line["status"] == 200 for line in lines)


def test_no_path_query_or_credential_is_written(gateway):
    mark = gateway.daemon.mark()
    with gateway.connect() as connection:
        connection.ask(gateway.url("/whoami?apikey=sesame1"), "GET", "Cookie: sesame2", "Authorization: Bearer sesame3",
                       "Proxy-Authorization: Basic c2VzYW1lNDpz")
        connection.ask(gateway.url("/sesame5"))
        connection.send("GET /sesame6 HTTP/1.1\r\nBad : sesame7\r\n\r\n").rest()
    gateway.daemon.session(mark, status=400)
    assert "sesame" not in gateway.daemon.text() and "c2VzYW1l" not in gateway.daemon.text()


def test_a_name_cannot_forge_a_line(gateway):
    mark = gateway.daemon.mark()
    with gateway.connect() as connection:
        try:
            connection.socks5(b'a"\n{"event":"session end","forged":1}', 80)
        except ConnectionError:
            pass
    with gateway.connect() as connection:
        connection.connect("one.example.org", gateway.origins.port["tcp"])
    gateway.daemon.session(mark, end="bad_request")
    gateway.daemon.session(mark, host="one.example.org")
    assert not [entry for entry in gateway.daemon.log.since(mark) if "forged" in entry]


def test_log_hosts_no_writes_no_browsing_history(start):
    gateway = start(options="log hosts no")
    assert gateway.get("/whoami").status == 200
    gateway.get(name="blocked.example.org")
    gateway.get(name="nowhere.example.org")
    with gateway.connect() as connection:
        connection.socks5("two.example.org", gateway.origins.port["tcp"])
    gateway.check()
    gateway.stop()  # then everything is written
    text = gateway.daemon.text()
    assert '"method":"SOCKS5"' in text
    assert "example.org" not in text and not re.search(rf'"port":{gateway.origins.port["http"]}\b', text)


def test_text_lines_carry_the_same_keys(start):
    gateway = start(options="log format text")
    gateway.get("/whoami")
    entry = gateway.daemon.log.wait(lambda entry: "session end" in entry["event"] and "GET" in entry["event"])
    for key in ("client=local", "method=GET", "host=one.example.org", "egress=out", "end="):
        assert key in entry["event"]
    gateway.check()


def test_bytes_are_counted_both_ways(gateway):
    mark = gateway.daemon.mark()
    with gateway.connect() as connection:
        connection.send(request(gateway.url("/bytes/500000"))).answer()
    entry = gateway.daemon.session(mark)
    assert 500000 <= entry["received"] < 501000
