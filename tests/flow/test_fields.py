# SPDX-License-Identifier: GPL-3.0-or-later
"""Header fields: those between two neighbours stay there, and nothing tells an origin who asked."""
import pytest


def seen_by_origin(gateway, *fields):
    head = gateway.get("/echo", *fields).json()["head"]
    return {line.partition(":")[0].lower(): line.partition(":")[2].strip() for line in head.split("\r\n")[1:]}


def test_nothing_reveals_the_client(gateway):
    seen = seen_by_origin(gateway, "User-Agent: test", "Accept: */*")
    assert set(seen) <= {"host", "user-agent", "accept", "connection"}


@pytest.mark.parametrize("field", ["Proxy-Authorization: Basic YTpi", "Proxy-Connection: keep-alive", "Keep-Alive: timeout=5",
                                   "TE: trailers, deflate", "Upgrade: h2c", "Proxy-Authenticate: x"])
def test_fields_for_the_proxy_stay_with_the_proxy(gateway, field):
    seen = seen_by_origin(gateway, field, "Connection: keep-alive")
    name = field.partition(":")[0].lower()
    assert name not in seen or (name, seen[name]) == ("te", "trailers")  # the proxy itself may know trailers


def test_every_field_named_in_any_connection_field_stays(gateway):
    seen = seen_by_origin(gateway, "Connection: X-One, keep-alive", "X-One: 1", "Connection: x-two ,, X-Three", "X-Two: 2",
                          "X-Three: 3", "X-Four: 4")
    assert not {"x-one", "x-two", "x-three"} & set(seen)
    assert seen["x-four"] == "4"


@pytest.mark.parametrize("name", ["Host", "Content-Length", "Transfer-Encoding"])
def test_connection_cannot_take_framing_away(gateway, name):
    answer = gateway.get("/upload", f"Connection: {name}", method="POST", body=b"12345")
    assert answer.status == 400 or answer.json()["bytes"] == 5


def test_fields_of_the_origin_for_the_proxy_stay_with_the_proxy(gateway):
    answer = gateway.get("/hops")
    names = {key.lower() for key, _ in answer.fields}
    assert not names & {"x-secret", "x-other", "proxy-connection", "proxy-authenticate", "keep-alive"}
    assert answer.field("x-kept") == "yes"


def test_via_is_added_only_when_asked_for(start):
    gateway = start(options="via yes")
    assert "via" in seen_by_origin(gateway)
    gateway.check()


@pytest.mark.parametrize("field", ["X-Forwarded-For: 10.0.0.1", "Forwarded: for=10.0.0.1", "X-Real-IP: 10.0.0.1"])
def test_what_the_client_says_of_itself_is_its_own_affair_or_removed(gateway, field):
    """Never changed into something of ours."""
    name, _, value = field.partition(": ")
    assert seen_by_origin(gateway, field).get(name.lower(), value) == value


def test_cookies_and_long_fields_pass_untouched(gateway):
    cookie = "a=" + "x" * 6000 + '; b="quoted, with comma"'
    seen = seen_by_origin(gateway, f"Cookie: {cookie}", "X-Empty:", "x-CaSe: Kept")
    assert seen["cookie"] == cookie and seen["x-empty"] == "" and seen["x-case"] == "Kept"


def test_host_is_the_one_of_the_url(gateway):
    assert seen_by_origin(gateway)["host"] == f"one.example.org:{gateway.origins.port['http']}"
