/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Heads on their way out: to the byte, and without anything that was not meant to travel. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "proto/http_forward.h"

static void check_request(const char *in, const char *via, const char *wanted)
{
	struct http_forward_options options = {.via = via};
	struct http_request request;
	const char *problem = NULL;
	char bytes[2048];
	struct text out;
	int status;

	if (!http_parse_request(in, strlen(in), &request, &status, &problem))
		fail_msg("%s", problem);
	text_init(&out, bytes, sizeof(bytes));
	http_write_request(&request, &options, &out);
	assert_string_equal(out.bytes, wanted);
	assert_false(out.truncated);
}

static void requests_are_written_to_the_byte(void **state)
{
	(void)state;
	check_request("GET http://A.example HTTP/1.0\r\n\r\n", NULL,
		      "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
	check_request("GET http://a.example:8080?q HTTP/1.1\r\nhost: A.EXAMPLE:8080\r\n\r\n", NULL,
		      "GET /?q HTTP/1.1\r\nHost: a.example:8080\r\n\r\n");
	check_request("GET http://[::1]:80/ HTTP/1.1\r\nHost: [::1]\r\nX:  y \r\n\r\n", NULL,
		      "GET / HTTP/1.1\r\nHost: [::1]\r\nX: y\r\n\r\n");
	check_request("OPTIONS http://a.example:81 HTTP/1.1\r\nHost: a.example:81\r\n"
		      "Max-Forwards: 10\r\n\r\n",
		      NULL, "OPTIONS * HTTP/1.1\r\nHost: a.example:81\r\nMax-Forwards: 9\r\n\r\n");
	check_request("POST http://a.example/ HTTP/1.1\r\nCONTENT-length: 5\r\nHost: a.example\r\n"
		      "Expect: 100-continue\r\n\r\n",
		      NULL,
		      "POST / HTTP/1.1\r\nHost: a.example\r\nExpect: 100-continue\r\n"
		      "Content-Length: 5\r\n\r\n");
	check_request("POST http://a.example/ HTTP/1.0\r\nContent-Length: 0\r\n"
		      "Expect: 100-continue\r\n\r\n",
		      NULL, "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 0\r\n\r\n");
	check_request("POST http://a.example/ HTTP/1.1\r\nHost: a.example\r\n"
		      "Transfer-Encoding: CHUNKED\r\nTrailer: X\r\n\r\n",
		      NULL,
		      "POST / HTTP/1.1\r\nHost: a.example\r\nTrailer: X\r\n"
		      "Transfer-Encoding: chunked\r\n\r\n");
	check_request("GET ws://a.example/chat HTTP/1.1\r\nHost: a.example\r\n"
		      "Upgrade: websocket\r\nSec-WebSocket-Key: k\r\n"
		      "Connection: keep-alive, Upgrade\r\n\r\n",
		      NULL,
		      "GET /chat HTTP/1.1\r\nHost: a.example\r\nSec-WebSocket-Key: k\r\n"
		      "Connection: upgrade\r\nUpgrade: websocket\r\n\r\n");
	check_request("GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\n"
		      "TE: deflate, Trailers\r\nConnection: TE\r\n\r\n",
		      NULL,
		      "GET / HTTP/1.1\r\nHost: a.example\r\nConnection: TE\r\n"
		      "TE: trailers\r\n\r\n");
}

static void what_is_not_meant_to_travel_does_not(void **state)
{
	static const char *const fields[] = {
		"Connection: close",
		("Connection: X-Own\r\nX-Own: 1\r\nconnection: Y-own,\tz\r\n"
		 "x-own: 2\r\nY-OWN: 3\r\nZ: 4"),
		"Keep-Alive: timeout=5",
		"Proxy-Connection: keep-alive",
		"Proxy-Authorization: Basic YTpi",
		"Proxy-Anything: x",
		"TE: gzip",
		"Upgrade: websocket",
		"Upgrade: h2c\r\nConnection: HTTP2-Settings\r\nHTTP2-Settings: x",
		"HTTP2-Settings: x",
		"X-Forwarded-For: 10.0.0.1",
		"x-forwarded-host: app",
		"X-Forwarded-Proto: http",
		"Forwarded: for=10.0.0.1",
		"X-Real-IP: 10.0.0.1",
		"Client-IP: 10.0.0.1",
		"Via: 1.1 inner",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		char in[512];

		print_message("%s\n", fields[i]);
		snprintf(in, sizeof(in),
			 "GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\n%s\r\nLast: "
			 "1\r\n\r\n",
			 fields[i]);
		check_request(in, NULL, "GET / HTTP/1.1\r\nHost: a.example\r\nLast: 1\r\n\r\n");
	}
}

static void via_is_kept_and_added_only_when_asked_for(void **state)
{
	(void)state;
	check_request("GET http://a.example/ HTTP/1.0\r\nVia: 1.1 inner\r\n\r\n", "egress",
		      "GET / HTTP/1.1\r\nHost: a.example\r\nVia: 1.1 inner\r\n"
		      "Via: 1.0 egress\r\n\r\n");
}

static void circles_are_seen(void **state)
{
	static const struct {
		const char *via;
		bool found;
	} cases[] = {
		{"1.1 egress", true},
		{"1.1 EGRESS", true},
		{"1.0 a, HTTP/1.1  egress (one, two)", true},
		{"1.1 egress(comment)", true},
		{"1.1 a (1.1 b, 1.1 egress)", false},
		{"1.1 egress2", false},
		{"1.1 a", false},
		{"egress", false},
		{"", false},
		{",,", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct http_request request;
		const char *problem;
		char in[256];
		int status;

		snprintf(in, sizeof(in), "GET http://a.example/ HTTP/1.0\r\nVia: %s\r\n\r\n",
			 cases[i].via);
		assert_true(http_parse_request(in, strlen(in), &request, &status, &problem));
		assert_int_equal(http_via_contains(&request, "egress"), cases[i].found);
	}
}

struct response_case {
	const char *in;
	bool was_head;
	enum http_framing framing;
	int client_minor_version;
	bool close;
	const char *wanted;
};

static const struct response_case response_cases[] = {
	{"HTTP/1.1 200 OK\r\nContent-length: 5\r\nKeep-Alive: x\r\nX:  y\r\n\r\n", false,
	 HTTP_BODY_LENGTH, 1, false, "HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: 5\r\n\r\n"},
	{"HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: X, close\r\nX: y\r\n\r\n", false,
	 HTTP_BODY_LENGTH, 0, false,
	 "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\n"},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n", false,
	 HTTP_BODY_CHUNKED, 1, false,
	 "HTTP/1.1 200 OK\r\nTrailer: X\r\nTransfer-Encoding: chunked\r\n\r\n"},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n", false,
	 HTTP_BODY_UNTIL_CLOSE, 0, true, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"},
	{"HTTP/1.1 200\r\n\r\n", false, HTTP_BODY_UNTIL_CLOSE, 1, true,
	 "HTTP/1.1 200 \r\nConnection: close\r\n\r\n"},
	{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", true, HTTP_BODY_NONE, 1, false,
	 "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", true, HTTP_BODY_NONE, 1, false,
	 "HTTP/1.1 200 OK\r\n\r\n"},
	{"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", false, HTTP_BODY_NONE, 1, false,
	 "HTTP/1.1 204 No Content\r\n\r\n"},
	{"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", false, HTTP_BODY_NONE, 1, false,
	 "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"},
	{"HTTP/1.1 100 Continue\r\nConnection: close\r\n\r\n", false, HTTP_BODY_NONE, 1, true,
	 "HTTP/1.1 100 Continue\r\n\r\n"},
	{"HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", false,
	 HTTP_BODY_NONE, 1, false,
	 "HTTP/1.1 101 S\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"},
	{"HTTP/1.1 200 OK\r\nUpgrade: h2\r\nConnection: Upgrade\r\nContent-Length: 0\r\n\r\n",
	 false, HTTP_BODY_LENGTH, 1, false, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
	{"HTTP/1.1 426 U\r\nUpgrade: a\r\nConnection: Upgrade\r\nContent-Length: 0\r\n\r\n", false,
	 HTTP_BODY_LENGTH, 1, true,
	 "HTTP/1.1 426 U\r\nContent-Length: 0\r\nConnection: close, upgrade\r\n"
	 "Upgrade: a\r\n\r\n"},
	{"HTTP/1.1 407 P\r\nProxy-Authenticate: Basic\r\nProxy-Status: x\r\nSet-Cookie: a\r\n"
	 "Set-Cookie: b\r\nContent-Length: 0\r\n\r\n",
	 false, HTTP_BODY_LENGTH, 1, false,
	 "HTTP/1.1 407 P\r\nProxy-Status: x\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n"
	 "Content-Length: 0\r\n\r\n"},
};

static void responses_are_written_to_the_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(response_cases); i++) {
		const struct response_case *this = &response_cases[i];
		struct http_forward_options options = {0};
		struct http_response response;
		const char *problem = NULL;
		char bytes[1024];
		struct text out;

		if (!http_parse_response(this->in, strlen(this->in), this->was_head, &response,
					 &problem))
			fail_msg("%s", problem);
		text_init(&out, bytes, sizeof(bytes));
		http_write_response(&response, this->framing, this->client_minor_version,
				    this->close, &options, &out);
		assert_string_equal(out.bytes, this->wanted);
	}
}

static void what_does_not_fit_is_told(void **state)
{
	static const char in[] = "GET http://a.example/ HTTP/1.0\r\n\r\n";
	struct http_forward_options options = {0};
	struct http_request request;
	const char *problem;
	char bytes[20];
	struct text out;
	int status;

	(void)state;
	assert_true(http_parse_request(in, sizeof(in) - 1, &request, &status, &problem));
	text_init(&out, bytes, sizeof(bytes));
	http_write_request(&request, &options, &out);
	assert_true(out.truncated);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_written_to_the_byte),
		cmocka_unit_test(what_is_not_meant_to_travel_does_not),
		cmocka_unit_test(via_is_kept_and_added_only_when_asked_for),
		cmocka_unit_test(circles_are_seen),
		cmocka_unit_test(responses_are_written_to_the_byte),
		cmocka_unit_test(what_does_not_fit_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
