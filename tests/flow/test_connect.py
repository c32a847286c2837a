# SPDX-License-Identifier: GPL-3.0-or-later
"""CONNECT: the tunnel is exactly a tunnel."""
import hashlib
import json
import ssl

import pytest

from lab.origins import pattern
from lab.stream import matching


def connect_head(port, name="one.example.org"):
    return f"CONNECT {name}:{port} HTTP/1.1\r\nHost: {name}:{port}\r\n\r\n"


def test_reply_is_a_bare_200_that_net_clients_accept(gateway):
    with gateway.connect() as connection:
        answer = connection.connect("one.example.org", gateway.origins.port["tcp"])
        assert answer.status == 200
        assert answer.all("content-length") == [] and answer.all("transfer-encoding") == []


def test_an_open_tunnel_is_listed_with_the_time_it_began(gateway):
    """By the daemon's own clock, reckoned back from now: to a tick of the kernel's, and not from the beginning of time."""
    def listed():
        return json.loads(gateway.daemon.ctl("connections", "--json").stdout)

    with gateway.connect() as connection:
        before = listed()["now_ms"]
        connection.connect("one.example.org", gateway.origins.port["tcp"])
        after = listed()
        [tunnel] = [each for each in after["connections"] if each["port"] == gateway.origins.port["tcp"]]
        assert before - 1000 < tunnel["started_at_ms"] <= after["now_ms"]


@pytest.mark.parametrize("host", [
    "one.example.org", "ONE.Example.ORG", "one.example.org.", "alias.example.org", "127.0.0.1", "::1", "six.example.org",
    "both.example.org",
])
def test_host_may_be_written_in_any_way(gateway, host):
    with gateway.tunnel("PEER", host) as tunnel:
        assert tunnel.rest() in (b"127.0.0.1\n", b"::1\n")


def test_data_sent_with_the_request_is_not_lost(gateway):
    with gateway.connect() as connection:
        port = gateway.origins.port["tcp"]
        connection.send(connect_head(port) + "ECHO\n" + "early" * 1000)
        assert connection.head().status == 200
        connection.finish()
        assert connection.rest() == b"early" * 1000


def test_request_may_come_byte_by_byte(gateway):
    with gateway.connect() as connection:
        for byte in (connect_head(gateway.origins.port["tcp"]) + "PEER\n").encode():
            connection.send(bytes([byte]))
        assert connection.head().status == 200
        assert connection.rest() == b"127.0.0.1\n"


def test_server_may_speak_first(gateway):
    with gateway.tunnel(kind="banner") as tunnel:
        assert tunnel.until(b"\r\n") == b"220 ready\r\n"


def test_client_half_close_leaves_the_answer_coming(gateway):
    data = pattern.make(300000)
    with gateway.tunnel("HALF") as tunnel:
        tunnel.send(data).finish()
        assert tunnel.rest() == b"got 300000 %s\n" % hashlib.sha256(data).hexdigest().encode()


def test_server_half_close_leaves_the_upload_going(gateway):
    mark = gateway.origins.events.mark()
    data = pattern.make(300000)
    with gateway.tunnel("FIN") as tunnel:
        assert tunnel.rest() == b"bye\n"
        tunnel.send(data).finish()
        event = gateway.origins.events.wait(matching(kind="after-fin"), mark)
    assert event["bytes"] == 300000 and event["sha256"] == hashlib.sha256(data).hexdigest()


def test_reset_by_the_server_arrives_as_reset(gateway):
    with gateway.tunnel("RST 5") as tunnel:
        tunnel.send(b"12345")
        assert tunnel.is_reset()


def test_reset_by_the_client_arrives_as_reset(gateway):
    mark = gateway.origins.events.mark()
    tunnel = gateway.tunnel("WATCH reset-me")
    assert tunnel.until(b"\n") == b"watching\n"
    tunnel.reset()
    assert gateway.origins.events.wait(matching(kind="ended", tag="reset-me"), mark)["how"] == "rst"


def test_end_by_the_client_arrives_as_end(gateway):
    mark = gateway.origins.events.mark()
    with gateway.tunnel("WATCH end-me") as tunnel:
        assert tunnel.until(b"\n") == b"watching\n"
        tunnel.finish()
        assert gateway.origins.events.wait(matching(kind="ended", tag="end-me"), mark)["how"] == "fin"


def test_tls_goes_through_untouched(gateway, authority):
    context = ssl.create_default_context(cafile=authority.certificate)
    tunnel = gateway.tunnel(kind="https")
    tunnel.socket = context.wrap_socket(tunnel.socket, server_hostname="one.example.org")
    tunnel.send("GET /whoami HTTP/1.1\r\nHost: one.example.org\r\n\r\n")
    assert tunnel.answer().body == b"127.0.0.1\n"
    tunnel.close()


@pytest.mark.parametrize("host, port, status, error", [
    ("blocked.example.org", 443, 403, "http_request_denied"),
    ("nowhere.example.org", 443, 502, "destination_not_found"),
    ("empty.example.org", 443, 502, "destination_not_found"),
    ("servfail.one.example.org", 443, 502, "dns_error"),
    ("refused.one.example.org", 443, 502, "dns_error"),
    ("prowlarr", 443, 502, "destination_not_found"),
    ("printer.lan", 443, 502, "destination_not_found"),
    ("x.onion", 443, 502, "destination_not_found"),
    ("127.0.0.1", 1, 502, "connection_refused"),
    ("one.example.org", 1, 502, "connection_refused"),
])
def test_failure_says_why_and_keeps_the_connection(gateway, host, port, status, error):
    with gateway.connect() as connection:
        answer = connection.connect(host, port)
        assert (answer.status, error in (answer.field("proxy-status") or "")) == (status, True), answer
        assert b". " in answer.body.replace(b"\n", b" "), "one plain sentence"
        assert connection.connect("one.example.org", gateway.origins.port["tcp"]).status == 200


@pytest.mark.parametrize("name, status", [("never.one.example.org", 504), ("garbage.one.example.org", 502)])
def test_a_stuck_lookup_does_not_delay_another_client(gateway, name, status):
    with gateway.connect() as stuck:
        stuck.send(connect_head(80, name))
        with gateway.tunnel("PEER") as tunnel:
            assert tunnel.rest() == b"127.0.0.1\n"
        stuck.socket.settimeout(40)
        assert stuck.head().status in (status, 504)


def test_long_answers_come_over_tcp(gateway):
    mark = gateway.origins.events.mark()
    with gateway.tunnel("PEER", "tc.one.example.org") as tunnel:
        assert tunnel.rest() == b"127.0.0.1\n"
    over = [event["over"] for event in gateway.origins.events.since(mark, matching(kind="dns", name="tc.one.example.org"))]
    assert "udp" in over and "tcp" in over


def test_names_are_asked_once_while_they_are_fresh(gateway):
    mark = gateway.origins.events.mark()
    for _ in range(20):
        with gateway.tunnel("PEER", "alias.example.org") as tunnel:
            tunnel.rest()
    asked = gateway.origins.events.since(mark, lambda event: event["kind"] == "dns" and event["type"] == 1)
    assert len(asked) <= 4, "one cache a worker at most"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "::ffff:127.0.0.1", "0.0.0.0"])
def test_the_proxy_does_not_dial_itself(gateway, host):
    with gateway.connect() as connection:
        assert connection.connect(host, gateway.port).status in (400, 403, 502)


@pytest.mark.parametrize("host", [
    "169.254.169.254", "meta.example.org", "224.0.0.1", "255.255.255.255", "::ffff:169.254.169.254", "64:ff9b::7f00:1",
    "2002:7f00:1::", "fe80::1", "ff02::1", "192.168.1.1", "100.64.0.1",
])
def test_without_private_no_special_address_is_dialled(start, host):
    gateway = start(egress="egress net direct resolver 127.0.0.1:{dns}", rules="net from local")
    with gateway.connect() as connection:
        answer = connection.connect(host, 80)
        assert answer.status in (403, 502) and "prohibited" in answer.field("proxy-status", "")
