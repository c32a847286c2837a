# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests that could be read in two ways are refused, and never reach an origin."""
import pytest

GOOD = "GET http://one.example.org:PORT/whoami HTTP/1.1\r\nHost: one.example.org:PORT\r\n"
POST = "POST http://one.example.org:PORT/upload HTTP/1.1\r\nHost: one.example.org:PORT\r\n"

REFUSED = {
    "no Host": "GET http://one.example.org:PORT/whoami HTTP/1.1\r\n\r\n",
    "two Hosts": GOOD + "Host: two.example.org\r\n\r\n",
    "two equal Hosts": GOOD + "Host: one.example.org:PORT\r\n\r\n",
    "Host with a path": "GET http://one.example.org:PORT/ HTTP/1.1\r\nHost: one.example.org/x\r\n\r\n",
    "user in CONNECT": "CONNECT user@one.example.org:PORT HTTP/1.1\r\nHost: one.example.org\r\n\r\n",
    "user and password in CONNECT": "CONNECT user:word@one.example.org:PORT HTTP/1.1\r\nHost: one.example.org\r\n\r\n",
    "path after the port": "CONNECT one.example.org:PORT/path HTTP/1.1\r\nHost: one.example.org\r\n\r\n",
    "CONNECT without a port": "CONNECT one.example.org HTTP/1.1\r\nHost: one.example.org\r\n\r\n",
    "CONNECT with an empty port": "CONNECT one.example.org: HTTP/1.1\r\nHost: one.example.org\r\n\r\n",
    "CONNECT without a host": "CONNECT :PORT HTTP/1.1\r\nHost: one.example.org\r\n\r\n",
    "CONNECT with a URL": "CONNECT http://one.example.org:PORT/ HTTP/1.1\r\nHost: one.example.org\r\n\r\n",
    "length and chunked": POST + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": POST + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
    "list of lengths": POST + "Content-Length: 5, 6\r\n\r\nhello!",
    "length with a sign": POST + "Content-Length: +5\r\n\r\nhello",
    "negative length": POST + "Content-Length: -5\r\n\r\nhello",
    "length in hex": POST + "Content-Length: 0x5\r\n\r\nhello",
    "empty length": POST + "Content-Length:\r\n\r\nhello",
    "length with a space": POST + "Content-Length: 5 5\r\n\r\nhello",
    "length beyond 64 bits": POST + "Content-Length: 18446744073709551621\r\n\r\nhello",
    "unknown coding": POST + "Transfer-Encoding: gzip\r\n\r\nhello",
    "chunked is not last": POST + "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
    "chunked twice": POST + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "chunked in two fields": POST + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "coding with a control byte": POST + "Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "chunked in HTTP/1.0": POST.replace("1.1", "1.0") + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "space before the colon": GOOD + "X-A : b\r\n\r\n",
    "space before the length's colon": POST + "Content-Length : 5\r\n\r\nhello",
    "obs-fold": GOOD + "X-A: b\r\n c: d\r\n\r\n",
    "a first line that is folded": "GET http://one.example.org:PORT/whoami HTTP/1.1\r\n Host: one.example.org\r\nHost: y\r\n\r\n",
    "a bare CR": GOOD + "X-A: b\rX-C: d\r\n\r\n",
    "a NUL": GOOD + "X-A: b\0c\r\n\r\n",
    "no colon": GOOD + "X-A b\r\n\r\n",
    "empty name": GOOD + ": b\r\n\r\n",
    "name with a parenthesis": GOOD + "X(A): b\r\n\r\n",
    "high byte in a name": GOOD + "X\xe4: b\r\n\r\n",
    "HTTP/2.0": GOOD.replace("1.1", "2.0") + "\r\n",
    "HTTP/1.10": GOOD.replace("1.1", "1.10") + "\r\n",
    "lower-case version": GOOD.replace("HTTP/", "http/") + "\r\n",
    "two spaces": GOOD.replace("GET ", "GET  ") + "\r\n",
    "tab for a space": GOOD.replace("GET ", "GET\t") + "\r\n",
    "space in the URL": GOOD.replace("/whoami", "/who ami") + "\r\n",
    "another scheme": "GET ftp://one.example.org/ HTTP/1.1\r\nHost: one.example.org\r\n\r\n",
    "user in the URL": "GET http://u:p@one.example.org:PORT/ HTTP/1.1\r\nHost: one.example.org\r\n\r\n",
    "a site's form": "GET /whoami HTTP/1.1\r\nHost: one.example.org:PORT\r\n\r\n",
    "asterisk": "OPTIONS * HTTP/1.1\r\nHost: one.example.org:PORT\r\n\r\n",
    "empty host": "GET http://:PORT/ HTTP/1.1\r\nHost: one.example.org\r\n\r\n",
    "NUL in the host": "GET http://one.example.org\0.evil/ HTTP/1.1\r\nHost: one.example.org\r\n\r\n",
    "open bracket": "GET http://[::1/ HTTP/1.1\r\nHost: [::1]\r\n\r\n",
    "scope in an address": "GET http://[::1%25lo]:PORT/ HTTP/1.1\r\nHost: [::1]\r\n\r\n",
}
UNDERSTOOD = {"a site's form", "asterisk"}  # refused, but nothing about them is in doubt
PORTS = ["+PORT", "PORTabc", " PORT", "PORT ", "0xPORT", "PORT+65536", "PORT+4294967296", "99999999999999999999", "-1",
         "0", "65536", "000000000000000000000000PORTx", "PORT.", "PORT\0", "PORT,1"]


def fill(text, port):
    for add in (65536, 4294967296):
        text = text.replace(f"PORT+{add}", str(port + add))
    return text.replace("PORT", str(port))


def touched(gateway, mark):
    return gateway.origins.events.since(mark, lambda event: event["kind"] in ("http", "tcp", "banner"))


@pytest.mark.parametrize("name", REFUSED)
def test_ambiguous_request_is_refused(gateway, name):
    mark = gateway.origins.events.mark()
    with gateway.connect() as connection:
        connection.send(fill(REFUSED[name], gateway.origins.port["http"]))
        answer = connection.answer()
        assert answer.status in (400, 501, 505), answer
        assert answer.field("proxy-status")
        assert name in UNDERSTOOD or connection.ends(), "what follows a request that was not understood is not understood either"
    assert not touched(gateway, mark)


@pytest.mark.parametrize("port", PORTS)
def test_odd_port_is_refused_in_connect(gateway, port):
    mark = gateway.origins.events.mark()
    with gateway.connect() as connection:
        head = f"CONNECT one.example.org:{port} HTTP/1.1\r\nHost: one.example.org\r\n\r\n"
        connection.send(fill(head, gateway.origins.port["http"]))
        assert connection.answer().status == 400
    assert not touched(gateway, mark)


@pytest.mark.parametrize("port", PORTS)
def test_odd_port_is_refused_in_a_url(gateway, port):
    mark = gateway.origins.events.mark()
    with gateway.connect() as connection:
        head = f"GET http://one.example.org:{port}/ HTTP/1.1\r\nHost: one.example.org\r\n\r\n"
        connection.send(fill(head, gateway.origins.port["http"]))
        assert connection.answer().status == 400
    assert not touched(gateway, mark)


@pytest.mark.parametrize("size", ["+5", "0x5", "-1", "", " 5", "5 5", "fffffffffffffffff", "g", "5\0"])
def test_odd_chunk_size_ends_the_upload(gateway, size):
    """The head may be with the origin already: what matters is that the origin gets no whole request."""
    with gateway.connect() as connection:
        connection.send(fill(POST + "Transfer-Encoding: chunked\r\n\r\n", gateway.origins.port["http"]))
        connection.send(f"{size}\r\nhello\r\n0\r\n\r\n")
        try:
            assert connection.answer().status in (400, 502)
        except ConnectionError:
            pass


@pytest.mark.parametrize("body", ["5\r\nhelloXX0\r\n\r\n", "5\nhello\n0\n\n", "5;a=\0\r\nhello\r\n0\r\n\r\n",
                                  "0\r\nX : y\r\n\r\n", "0\r\nX\r\n\r\n", "5\rhello\r\n0\r\n\r\n"])
def test_odd_chunk_end_ends_the_upload(gateway, body):
    with gateway.connect() as connection:
        connection.send(fill(POST + "Transfer-Encoding: chunked\r\n\r\n", gateway.origins.port["http"]) + body)
        try:
            assert connection.answer().status in (400, 502)
        except ConnectionError:
            pass


def test_trailers_cannot_smuggle_framing(gateway):
    with gateway.connect() as connection:
        connection.send(fill(POST + "Transfer-Encoding: chunked\r\n\r\n", gateway.origins.port["http"]))
        connection.send("1\r\nx\r\n0\r\nContent-Length: 50\r\nTransfer-Encoding: chunked\r\nHost: evil\r\nX-Fine: 1\r\n\r\n")
        try:
            answer = connection.answer()
            assert answer.status == 400 or not any(
                line.lower().startswith(("content-length", "transfer-encoding", "host"))
                for line in answer.json()["trailers"])
        except ConnectionError:
            pass


def test_a_head_without_end_is_refused(gateway):
    with gateway.connect() as connection:
        try:
            connection.send(fill(GOOD, gateway.origins.port["http"]))
            for _ in range(64):
                connection.send("X-Long: " + "a" * 16000 + "\r\n")
        except (BrokenPipeError, ConnectionResetError):
            return
        assert connection.answer().status in (400, 431)


@pytest.mark.parametrize("ending", ["\r\n", "\r\n\r\n"])
def test_empty_lines_before_a_request_are_forgiven(gateway, ending):
    with gateway.connect() as connection:
        connection.send(ending + fill(GOOD, gateway.origins.port["http"]) + "\r\n")
        assert connection.answer().status in (200, 400)
