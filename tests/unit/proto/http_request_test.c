/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Request heads: what passes, and the status that the rest gets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/compiler.h"
#include "proto/http_head.h"

#define HOST "Host: a.example\r\n"

struct good_head {
	const char *head;
	const char *host;
	uint16_t port;
	const char *path;
	enum http_framing framing;
	bool keep_alive;
};

static const struct good_head good_heads[] = {
	{"CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n", "a.example", 443, "",
	 HTTP_BODY_NONE, true},
	{"CONNECT A.Example.:443 HTTP/1.1\r\n" HOST "\r\n", "a.example", 443, "", HTTP_BODY_NONE,
	 true},
	{"CONNECT a.example:1 HTTP/1.0\r\n\r\n", "a.example", 1, "", HTTP_BODY_NONE, false},
	{"CONNECT [2001:DB8::1]:65535 HTTP/1.1\r\nHost: [2001:db8:0::1]:65535\r\n\r\n",
	 "2001:db8::1", 65535, "", HTTP_BODY_NONE, true},
	{"CONNECT a.example:443 HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", "a.example", 443,
	 "", HTTP_BODY_NONE, true},
	{"GET http://a.example/ HTTP/1.1\r\n" HOST "\r\n", "a.example", 80, "/", HTTP_BODY_NONE,
	 true},
	{"\r\nGET http://a.example/ HTTP/1.1\r\n" HOST "\r\n", "a.example", 80, "/", HTTP_BODY_NONE,
	 true},
	{"GET HTTP://A.EXAMPLE.:80/x?y=[1] HTTP/1.1\r\nHOST:\ta.example:80 \r\n\r\n", "a.example",
	 80, "/x?y=[1]", HTTP_BODY_NONE, true},
	{"GET http://a.example HTTP/1.1\r\n" HOST "\r\n", "a.example", 80, "", HTTP_BODY_NONE,
	 true},
	{"GET http://a.example?q HTTP/1.1\r\n" HOST "\r\n", "a.example", 80, "?q", HTTP_BODY_NONE,
	 true},
	{"GET http://[::1]:8080/ HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n", "::1", 8080, "/",
	 HTTP_BODY_NONE, true},
	{"GET http://a.example/ HTTP/1.0\r\n\r\n", "a.example", 80, "/", HTTP_BODY_NONE, false},
	{"GET http://a.example/ HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", "a.example", 80, "/",
	 HTTP_BODY_NONE, true},
	{"GET http://a.example/ HTTP/1.0\r\nProxy-Connection: keep-alive\r\n\r\n", "a.example", 80,
	 "/", HTTP_BODY_NONE, true},
	{"GET http://a.example/ HTTP/1.0\r\nConnection: close\r\nProxy-Connection: "
	 "keep-alive\r\n\r\n",
	 "a.example", 80, "/", HTTP_BODY_NONE, false},
	{"GET http://a.example/ HTTP/1.1\r\n" HOST "Connection: x\r\nConnection: ,, CLOSE\r\n\r\n",
	 "a.example", 80, "/", HTTP_BODY_NONE, false},
	{"GET http://a.example/ HTTP/1.1\r\n" HOST "Connection: close, keep-alive\r\n\r\n",
	 "a.example", 80, "/", HTTP_BODY_NONE, false},
	{"POST http://a.example/ HTTP/1.1\r\n" HOST "Content-Length: 12\r\n\r\n", "a.example", 80,
	 "/", HTTP_BODY_LENGTH, true},
	{"POST http://a.example/ HTTP/1.1\r\n" HOST "Transfer-Encoding: Chunked\r\n\r\n",
	 "a.example", 80, "/", HTTP_BODY_CHUNKED, true},
	{"OPTIONS http://a.example HTTP/1.1\r\n" HOST "\r\n", "a.example", 80, "*", HTTP_BODY_NONE,
	 true},
	{"OPTIONS http://a.example/ HTTP/1.1\r\n" HOST "Max-Forwards: 1\r\n\r\n", "a.example", 80,
	 "/", HTTP_BODY_NONE, true},
	{"my-own+METHOD http://a.example/ HTTP/1.1\r\n" HOST "\r\n", "a.example", 80, "/",
	 HTTP_BODY_NONE, true},
	{"get http://a.example/ HTTP/1.1\r\n" HOST "X: caf\xc3\xa9\r\nEmpty:\r\n\r\n", "a.example",
	 80, "/", HTTP_BODY_NONE, true},
	{"GET ws://a.example/ HTTP/1.1\r\n" HOST
	 "Upgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n\r\n",
	 "a.example", 80, "/", HTTP_BODY_NONE, true},
	/* RFC 9112 3.2.2: a Host unlike the target is ignored. */
	{"GET http://a.example/ HTTP/1.1\r\nHost: b.example:8080\r\n\r\n", "a.example", 80, "/",
	 HTTP_BODY_NONE, true},
	{"GET http://b.example?@a.example/ HTTP/1.1\r\n" HOST "\r\n", "b.example", 80,
	 "?@a.example/", HTTP_BODY_NONE, true},
	{"GET http://a.example/ HTTP/1.0\r\nExpect: magic\r\n\r\n", "a.example", 80, "/",
	 HTTP_BODY_NONE, false},
};

static void good_heads_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good_heads); i++) {
		const struct good_head *wanted = &good_heads[i];
		size_t len = strlen(wanted->head), scanned = 0, head_len = 0;
		struct http_request request;
		const char *problem = NULL;
		int status = 0;

		print_message("%s", wanted->head);
		for (size_t cut = 0; cut < len; cut++)
			assert_int_equal(http_head_find_end(wanted->head, cut, &scanned, &head_len),
					 PARSE_MORE);
		assert_int_equal(http_head_find_end(wanted->head, len, &scanned, &head_len),
				 PARSE_DONE);
		assert_int_equal(head_len, len);
		if (!http_parse_request(wanted->head, len, &request, &status, &problem))
			fail_msg("%d %s", status, problem);
		assert_string_equal(request.host.name, wanted->host);
		assert_int_equal(request.port, wanted->port);
		assert_true(span_equals(request.path, wanted->path));
		assert_int_equal(request.head.framing, wanted->framing);
		assert_int_equal(request.head.keep_alive, wanted->keep_alive);
		assert_int_equal(request.is_connect, wanted->head[0] == 'C');
		assert_false(request.is_origin_form);
		assert_int_equal(request.head.len, len);
	}
}

#define CONNECT_TO(target) "CONNECT " target " HTTP/1.1\r\nHost: a.example\r\n\r\n", 400
#define GET_OF(target) "GET " target " HTTP/1.1\r\nHost: a.example\r\n\r\n", 400
#define WITH(fields) "POST http://a.example/ HTTP/1.1\r\n" HOST fields "\r\n\r\n", 400
#define HOSTS(fields) "GET http://a.example/ HTTP/1.1\r\n" fields "\r\n", 400

static const struct {
	const char *head;
	int status;
} bad_heads[] = {
	/* Targets of CONNECT. */
	{CONNECT_TO("a.example")},
	{CONNECT_TO("a.example:")},
	{CONNECT_TO("a.example:0")},
	{CONNECT_TO("a.example:65536")},
	{CONNECT_TO("a.example:65616")},
	{CONNECT_TO("a.example:4294967376")},
	{CONNECT_TO("a.example:+80")},
	{CONNECT_TO("a.example:80abc")},
	{CONNECT_TO("a.example:080")},
	{CONNECT_TO("a.example:80/")},
	{CONNECT_TO("a.example:80/path")},
	{CONNECT_TO("a.example:80?x")},
	{CONNECT_TO("a.example:80:80")},
	{CONNECT_TO("user@a.example:80")},
	{CONNECT_TO("user:password@a.example:80")},
	{CONNECT_TO("http://a.example:80")},
	{CONNECT_TO("/")},
	{CONNECT_TO("*")},
	{CONNECT_TO(":80")},
	{CONNECT_TO("::1:80")},
	{CONNECT_TO("[::1]")},
	{CONNECT_TO("[::1]80")},
	{CONNECT_TO("[::1:80")},
	{CONNECT_TO("[a.example]:80")},
	{CONNECT_TO("127.1:80")},
	{CONNECT_TO("0x7f000001:80")},
	{"CONNECT a.example:443 HTTP/1.1\r\n\r\n", 400},
	{"CONNECT a.example:443 HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\n", 400},
	{"CONNECT a.example:443 HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n", 400},
	/* Absolute targets. */
	{GET_OF("https://a.example/")},
	{GET_OF("wss://a.example/")},
	{GET_OF("ws://a.example/")},
	{GET_OF("ftp://a.example/")},
	{GET_OF("a.example")},
	{GET_OF("a.example:80")},
	{GET_OF("*")},
	{GET_OF("http:/a.example/")},
	{GET_OF("http:///path")},
	{GET_OF("http://")},
	{GET_OF("http://:80/")},
	{GET_OF("http://a.example:/")},
	{GET_OF("http://a.example:0/")},
	{GET_OF("http://a.example:65616/")},
	{GET_OF("http://a.example:+80/")},
	{GET_OF("http://user@a.example/")},
	{GET_OF("http://user:password@a.example/")},
	{GET_OF("http://a.example/#fragment")},
	{GET_OF("http://a.example\\@b.example/")},
	{GET_OF("http://a.example/caf\xc3\xa9")},
	{GET_OF("http://a.example/\x7f")},
	{GET_OF("http://a.example/a\tb")},
	{GET_OF("http://a.example/a b")},
	{GET_OF("http://a..example/")},
	{GET_OF("http://a%2eexample/")},
	{GET_OF("http://2130706433/")},
	{GET_OF("http://::1/")},
	/* Host. */
	{HOSTS("")},
	{HOSTS(HOST HOST)},
	{HOSTS(HOST "host: b.example\r\n")},
	{HOSTS("Host:\r\n")},
	{HOSTS("Host: a.example, b.example\r\n")},
	{HOSTS("Host: user@a.example\r\n")},
	{HOSTS("Host: a.example/\r\n")},
	{HOSTS("Host: a.example:0\r\n")},
	{"GET /path HTTP/1.1\r\n\r\n", 400},
	{"GET /path HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
	/* Framing. */
	{WITH("Content-Length: 5\r\nContent-Length: 5")},
	{WITH("Content-Length: 5\r\nContent-Length: 6")},
	{WITH("Content-Length: 5, 5")},
	{WITH("Content-Length: 5,6")},
	{WITH("Content-Length: +5")},
	{WITH("Content-Length: -5")},
	{WITH("Content-Length: 0x5")},
	{WITH("Content-Length: 05")},
	{WITH("Content-Length: 5 5")},
	{WITH("Content-Length: 5a")},
	{WITH("Content-Length: \"5\"")},
	{WITH("Content-Length:")},
	{WITH("Content-Length: 18446744073709551621")},
	{WITH("Content-Length: 99999999999999999999")},
	{WITH("Content-Length: 5\r\nTransfer-Encoding: chunked")},
	{WITH("Transfer-Encoding: chunked\r\nContent-Length: 5")},
	{WITH("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked")},
	{WITH("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity")},
	{"POST http://a.example/ HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
	/* Field lines. */
	{WITH("Content-Length : 5")},
	{WITH("Content-Length\t: 5")},
	{WITH(" Content-Length: 5")},
	{WITH("X: a\r\n b")},
	{WITH("X: a\r\n\tb")},
	{WITH("X")},
	{WITH(": value")},
	{WITH("X Y: value")},
	{WITH("X\xc3\xa9: value")},
	{WITH("X: a\rb")},
	{WITH("X: a\nY: b")},
	{WITH("X: a\x01")},
	{WITH("X: a\x7f")},
	{WITH("Connection: close Host")},
	{WITH("Connection: Host")},
	{WITH("Connection: close, content-LENGTH")},
	{WITH("Connection: Transfer-Encoding")},
	{WITH("Upgrade: a\r\nUpgrade: b")},
	{WITH("Upgrade: a;b")},
	{WITH("Proxy-Authorization: Basic YTpi\r\nProxy-Authorization: Basic YTpi")},
	/* Request lines. */
	{"\r\n\r\nGET http://a.example/ HTTP/1.1\r\n" HOST "\r\n", 400},
	{"GET http://a.example/\r\n" HOST "\r\n", 400},
	{"GET  http://a.example/ HTTP/1.1\r\n" HOST "\r\n", 400},
	{"GET http://a.example/  HTTP/1.1\r\n" HOST "\r\n", 400},
	{"GET http://a.example/ HTTP/1.1 \r\n" HOST "\r\n", 400},
	{" GET http://a.example/ HTTP/1.1\r\n" HOST "\r\n", 400},
	{"GET\thttp://a.example/\tHTTP/1.1\r\n" HOST "\r\n", 400},
	{"G@T http://a.example/ HTTP/1.1\r\n" HOST "\r\n", 400},
	{"GET http://a.example/ http/1.1\r\n" HOST "\r\n", 400},
	{"GET http://a.example/ HTTP/1.1\n" HOST "\r\n", 400},
	{"GET http://a.example/ HTTP/1.1\r\n" HOST "\n", 400},
	{"GET http://a.example/ HTTP/11\r\n" HOST "\r\n", 400},
	/* Other answers. */
	{"GET http://a.example/ HTTP/2.0\r\n" HOST "\r\n", 505},
	{"GET http://a.example/ HTTP/1.2\r\n" HOST "\r\n", 505},
	{"GET http://a.example/ HTTP/0.9\r\n" HOST "\r\n", 505},
	{"PRI * HTTP/2.0\r\n\r\n", 505},
	{"POST http://a.example/ HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n",
	 501},
	{"POST http://a.example/ HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked, chunked\r\n\r\n",
	 501},
	{"POST http://a.example/ HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n\r\n", 501},
	{"POST http://a.example/ HTTP/1.1\r\n" HOST "Transfer-Encoding: \"chunked\"\r\n\r\n", 501},
	{"POST http://a.example/ HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked;q=1\r\n\r\n", 501},
	{"POST http://a.example/ HTTP/1.1\r\n" HOST "Transfer-Encoding: \vchunked\r\n\r\n", 400},
	{"TRACE http://a.example/ HTTP/1.1\r\n" HOST "\r\n", 501},
	{"OPTIONS http://a.example/ HTTP/1.1\r\n" HOST "Max-Forwards: 0\r\n\r\n", 501},
	{"OPTIONS http://a.example/ HTTP/1.1\r\n" HOST "Max-Forwards: x\r\n\r\n", 400},
	{"PUT http://a.example/ HTTP/1.1\r\n" HOST "Expect: magic\r\n\r\n", 417},
	{"PUT http://a.example/ HTTP/1.1\r\n" HOST "Expect: 100-continue, magic\r\n\r\n", 417},
};

static void bad_heads_get_their_status_and_one_sentence(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad_heads); i++) {
		struct http_request request;
		const char *problem = NULL;
		int status = 0;

		print_message("%s", bad_heads[i].head);
		assert_false(http_parse_request(bad_heads[i].head, strlen(bad_heads[i].head),
						&request, &status, &problem));
		assert_int_equal(status, bad_heads[i].status);
		assert_non_null(problem);
		assert_int_equal(problem[strlen(problem) - 1], '.');
	}
}

static void a_nul_is_refused_wherever_it_stands(void **state)
{
	static const char head[] = "GET http://a.example/ HTTP/1.1\r\n" HOST "X: y\r\n\r\n";

	(void)state;
	for (size_t at = 0; at < sizeof(head) - 1; at++) {
		char copy[sizeof(head)];
		struct http_request request;
		size_t scanned = 0, head_len;
		const char *problem;
		int status;

		memcpy(copy, head, sizeof(head));
		copy[at] = '\0';
		assert_int_equal(http_head_find_end(copy, sizeof(head) - 1, &scanned, &head_len),
				 PARSE_BAD);
		assert_false(
			http_parse_request(copy, sizeof(head) - 1, &request, &status, &problem));
		assert_int_equal(status, 400);
	}
}

static void our_own_paths_are_told_from_a_proxys_targets(void **state)
{
	static const char *const heads[] = {
		"GET /status HTTP/1.1\r\nHost: gateway:8118\r\n\r\n",
		"GET //a.example/ HTTP/1.1\r\nHost:\r\n\r\n",
		"OPTIONS * HTTP/1.1\r\nHost: gateway\r\n\r\n",
		"GET / HTTP/1.0\r\n\r\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
		struct http_request request;
		const char *problem;
		int status;

		assert_true(http_parse_request(heads[i], strlen(heads[i]), &request, &status,
					       &problem));
		assert_true(request.is_origin_form);
		assert_int_equal(request.host.name_len, 0);
	}
}

static void what_only_some_requests_carry_is_found(void **state)
{
	static const char head[] = "HEAD http://a.example/ HTTP/1.1\r\n" HOST
				   "Expect: 100-Continue\r\nProxy-Authorization: Basic YTpi\r\n"
				   "Upgrade: a/1, b\r\nConnection: UPGRADE\r\n\r\n";
	static const char plain[] = "GET http://a.example/ HTTP/1.0\r\nExpect: 100-continue\r\n"
				    "Upgrade: a\r\nConnection: upgrade\r\n\r\n";
	struct http_request request;
	const char *problem;
	int status;

	(void)state;
	assert_true(http_parse_request(head, sizeof(head) - 1, &request, &status, &problem));
	assert_true(request.is_head && request.expects_continue && request.head.upgrade);
	assert_true(span_equals(request.head.upgrade_to, "a/1, b"));
	assert_true(span_equals(request.proxy_authorization, "Basic YTpi"));
	assert_true(http_find_field(&request.head, HTTP_NAME_UPGRADE) == &request.head.fields[3]);
	assert_null(http_find_field(&request.head, HTTP_NAME_TE));
	assert_true(http_parse_request(plain, sizeof(plain) - 1, &request, &status, &problem));
	assert_false(request.is_head || request.expects_continue || request.head.upgrade);
	assert_int_equal(request.proxy_authorization.len, 0);
}

static void only_visible_ascii_stands_in_a_target(void **state)
{
	char head[] = "GET http://a.example/_ HTTP/1.1\r\n" HOST "\r\n";
	char *at = strchr(head, '_');

	(void)state;
	for (int byte = 0; byte < 256; byte++) {
		bool good = byte > ' ' && byte < 0x7f && byte != '#';
		struct http_request request;
		const char *problem;
		int status;

		*at = (char)byte;
		assert_int_equal(
			http_parse_request(head, sizeof(head) - 1, &request, &status, &problem),
			good);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_heads_are_read),
		cmocka_unit_test(bad_heads_get_their_status_and_one_sentence),
		cmocka_unit_test(a_nul_is_refused_wherever_it_stands),
		cmocka_unit_test(our_own_paths_are_told_from_a_proxys_targets),
		cmocka_unit_test(only_visible_ascii_stands_in_a_target),
		cmocka_unit_test(what_only_some_requests_carry_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
