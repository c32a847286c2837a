/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What upstream proxies may say, and what a dial makes of it. */
#ifndef TESTS_DIAL_UPSTREAM_CASES_H
#define TESTS_DIAL_UPSTREAM_CASES_H

#include "fake_proxy.h"
#include "net/dial.h"

struct proxy_case {
	const char *scheme;
	const char *login; /* "user:pass@" or "" */
	struct fake_exchange script[FAKE_EXCHANGES_MAX + 1];
	enum dial_result result;
	const char *detail;
};

#define NO_MORE                                                                                    \
	{                                                                                          \
		NULL, 0, NULL, 0                                                                   \
	}
#define HELLO BYTES("\5\1\0")
#define HELLO_LOGIN BYTES("\5\2\0\2")
#define LOGIN BYTES("\1\4user\4pass")
#define ASK BYTES("\5\1\0\3\16origin.example\1\273")
#define CONNECT "CONNECT origin.example:443 HTTP/1.1\r\nHost: origin.example:443\r\n"
#define BASIC "Proxy-Authorization: Basic dXNlcjpwYXNz\r\n"
#define REFUSED(reply)                                                                             \
	{                                                                                          \
		{HELLO, BYTES("\5\0")}, {ASK, BYTES(reply)}, NO_MORE                               \
	}
#define ANSWER(reply)                                                                              \
	{                                                                                          \
		{BYTES(CONNECT "\r\n"), BYTES(reply)}, NO_MORE                                     \
	}

/* Wherever a tunnel comes about, EARLY follows the reply in the same segment. */
static const struct proxy_case cases[] = {
	{"socks5", "", REFUSED("\5\0\0\1\1\2\3\4\0\1EARLY"), DIAL_OK, ""},
	{"socks5", "", REFUSED("\5\0\0\3\4host\0\1EARLY"), DIAL_OK, ""},
	{"socks5", "", REFUSED("\5\0\0\3\0\0\1EARLY"), DIAL_OK, ""},
	{"socks5", "",
	 REFUSED("\5\0\0\4"
		 "0123456789abcdef"
		 "\0\1EARLY"),
	 DIAL_OK, ""},
	{"socks5",
	 "user:pass@",
	 {{HELLO_LOGIN, BYTES("\5\2")},
	  {LOGIN, BYTES("\1\0")},
	  {ASK, BYTES("\5\0\0\1\0\0\0\0\0\0EARLY")},
	  NO_MORE},
	 DIAL_OK,
	 ""},
	{"socks5",
	 "user:pass@",
	 {{HELLO_LOGIN, BYTES("\5\0")}, {ASK, BYTES("\5\0\0\1\0\0\0\0\0\0EARLY")}, NO_MORE},
	 DIAL_OK,
	 ""},
	{"socks5",
	 "user:pass@",
	 {{HELLO_LOGIN, BYTES("\5\2")}, {LOGIN, BYTES("\1\1")}, NO_MORE},
	 DIAL_UPSTREAM_LOGIN,
	 "the upstream proxy refused the login"},
	{"socks5",
	 "",
	 {{HELLO, BYTES("\5\377")}, NO_MORE},
	 DIAL_UPSTREAM_LOGIN,
	 "the upstream proxy wants a login"},
	{"socks5",
	 "",
	 {{HELLO, BYTES("\5\2")}, NO_MORE},
	 DIAL_UPSTREAM_FAILED,
	 "the upstream proxy does not speak SOCKS5"},
	{"socks5",
	 "",
	 {{HELLO, BYTES("HTTP/1.1 400 Bad\r\n\r\n")}, NO_MORE},
	 DIAL_UPSTREAM_FAILED,
	 "the upstream proxy does not speak SOCKS5"},
	{"socks5",
	 "",
	 {{HELLO, BYTES("")}, NO_MORE},
	 DIAL_UPSTREAM_FAILED,
	 "the upstream proxy closed the connection"},
	{"socks5", "", REFUSED("\5\1"), DIAL_UPSTREAM_FAILED,
	 "the upstream proxy answered: general failure"},
	{"socks5", "", REFUSED("\5\2\0\1\0\0\0\0\0\0"), DIAL_UPSTREAM_DENIED,
	 "the upstream proxy answered: not allowed by its rules"},
	{"socks5", "", REFUSED("\5\4\0\1\0\0\0\0\0\0"), DIAL_UNREACHABLE,
	 "the upstream proxy answered: host unreachable"},
	{"socks5", "", REFUSED("\5\5\0\1\0\0\0\0\0\0"), DIAL_REFUSED,
	 "the upstream proxy answered: connection refused"},
	{"socks5", "", REFUSED("\5\6\0\1\0\0\0\0\0\0"), DIAL_TIMEOUT,
	 "the upstream proxy answered: timed out"},
	{"socks5", "", REFUSED("\5\125\0\1\0\0\0\0\0\0"), DIAL_UPSTREAM_FAILED,
	 "the upstream proxy answered with code 85"},
	{"socks5", "", REFUSED("\5\0\0\7\0\0\0\0\0\0"), DIAL_UPSTREAM_FAILED,
	 "the upstream proxy does not speak SOCKS5"},
	{"socks5", "", REFUSED("\5\0\0\1\0\0"), DIAL_UPSTREAM_FAILED,
	 "the upstream proxy closed the connection"},
	{"http", "", ANSWER("HTTP/1.1 200 OK\r\n\r\nEARLY"), DIAL_OK, ""},
	{"http", "", ANSWER("HTTP/1.0 200 Connection established\r\nVia: x\r\n\r\nEARLY"), DIAL_OK,
	 ""},
	{"http", "", ANSWER("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nEARLY"), DIAL_OK, ""},
	{"http", "", ANSWER("HTTP/1.1 102 Wait\r\n\r\nHTTP/1.1 200 OK\r\n\r\nEARLY"), DIAL_OK, ""},
	{"http",
	 "user:pass@",
	 {{BYTES(CONNECT BASIC "\r\n"), BYTES("HTTP/1.1 200 OK\r\n\r\nEARLY")}, NO_MORE},
	 DIAL_OK,
	 ""},
	{"http", "", ANSWER("HTTP/1.1 407 Login\r\nContent-Length: 0\r\n\r\n"), DIAL_UPSTREAM_LOGIN,
	 "the upstream proxy answered 407"},
	{"http", "", ANSWER("HTTP/1.1 403 No\r\n\r\n"), DIAL_UPSTREAM_DENIED,
	 "the upstream proxy answered 403"},
	{"http", "", ANSWER("HTTP/1.1 502 Bad\r\n\r\n"), DIAL_UNREACHABLE,
	 "the upstream proxy answered 502"},
	{"http", "", ANSWER("HTTP/1.1 504 Late\r\n\r\n"), DIAL_TIMEOUT,
	 "the upstream proxy answered 504"},
	{"http", "", ANSWER("HTTP/1.1 503 Away\r\n\r\n"), DIAL_UPSTREAM_FAILED,
	 "the upstream proxy answered 503"},
	{"http", "",
	 ANSWER("HTTP/1.1 502 Bad\r\nProxy-Status: egressd; error=connection_refused\r\n\r\n"),
	 DIAL_REFUSED, "the upstream proxy answered 502: connection_refused"},
	{"http", "", ANSWER("HTTP/1.1 101 Switching\r\n\r\n"), DIAL_UPSTREAM_FAILED,
	 "the upstream proxy answered 101"},
	{"http", "", ANSWER("SSH-2.0-OpenSSH_9.2\r\n\r\n"), DIAL_UPSTREAM_FAILED,
	 "the upstream proxy's answer is no proper HTTP"},
	{"http", "", ANSWER("HTTP/1.1 200"), DIAL_UPSTREAM_FAILED,
	 "the upstream proxy closed the connection"},
	{"https", "", ANSWER("HTTP/1.1 200 OK\r\n\r\nEARLY"), DIAL_OK, ""},
	{"https", "", ANSWER("HTTP/1.1 403 No\r\n\r\n"), DIAL_UPSTREAM_DENIED,
	 "the upstream proxy answered 403"},
};

#endif
