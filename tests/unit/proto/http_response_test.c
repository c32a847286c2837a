/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Response heads: how their body ends, and which origins cannot be trusted to say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/compiler.h"
#include "proto/http_head.h"

static void framing_follows_the_rfc(void **state)
{
	static const struct {
		const char *head;
		bool was_head;
		uint16_t status;
		const char *reason;
		enum http_framing framing;
		uint64_t length;
		bool keep_alive;
	} cases[] = {
		{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", false, 200, "OK", HTTP_BODY_LENGTH,
		 5, true},
		{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false, 200, "OK", HTTP_BODY_LENGTH,
		 0, true},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: CHUNKED\r\n\r\n", false, 200, "OK",
		 HTTP_BODY_CHUNKED, 0, true},
		{"HTTP/1.1 200 OK\r\n\r\n", false, 200, "OK", HTTP_BODY_UNTIL_CLOSE, 0, false},
		{"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n", false, 200, "OK",
		 HTTP_BODY_UNTIL_CLOSE, 0, false},
		{"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\n", false,
		 200, "OK", HTTP_BODY_LENGTH, 5, true},
		{"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n", false, 200, "OK", HTTP_BODY_LENGTH,
		 5, false},
		{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\n", false, 200,
		 "OK", HTTP_BODY_LENGTH, 5, false},
		{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", true, 200, "OK", HTTP_BODY_NONE, 5,
		 true},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", true, 200, "OK",
		 HTTP_BODY_NONE, 0, true},
		{"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", false, 304,
		 "Not Modified", HTTP_BODY_NONE, 5, true},
		{"HTTP/1.1 204 \r\nContent-Length: 0\r\n\r\n", false, 204, "", HTTP_BODY_NONE, 0,
		 true},
		{"HTTP/1.1 100 Continue\r\n\r\n", false, 100, "Continue", HTTP_BODY_NONE, 0, true},
		{"HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", false, 101,
		 "S", HTTP_BODY_NONE, 0, true},
		{"HTTP/1.1 599\r\n\r\n", false, 599, "", HTTP_BODY_UNTIL_CLOSE, 0, false},
		{"HTTP/1.1 404 Introuvable \xc3\xa9\r\nContent-Length: 1\r\n\r\n", false, 404,
		 "Introuvable \xc3\xa9", HTTP_BODY_LENGTH, 1, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct http_response response;
		const char *problem = NULL;

		print_message("%s", cases[i].head);
		if (!http_parse_response(cases[i].head, strlen(cases[i].head), cases[i].was_head,
					 &response, &problem))
			fail_msg("%s", problem);
		assert_int_equal(response.status, cases[i].status);
		assert_true(span_equals(response.reason, cases[i].reason));
		assert_int_equal(response.head.framing, cases[i].framing);
		assert_int_equal(response.head.content_length, cases[i].length);
		assert_int_equal(response.head.keep_alive, cases[i].keep_alive);
		assert_int_equal(response.head.upgrade, cases[i].status == 101);
	}
}

static void answers_that_smuggle_are_refused(void **state)
{
	static const char *const heads[] = {
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n",
		"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
		"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n",
		"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n",
		"HTTP/1.1 101 S\r\nTransfer-Encoding: chunked\r\n\r\n",
		"HTTP/1.1 200 OK\r\nConnection: Content-Length\r\nContent-Length: 5\r\n\r\n",
		"\r\nHTTP/1.1 200 OK\r\n\r\n",
		"garbage\r\nHTTP/1.1 200 OK\r\n\r\n",
		" HTTP/1.1 200 OK\r\n\r\n",
		"HTTP/1.1  200 OK\r\n\r\n",
		"HTTP/1.1 200OK\r\n\r\n",
		"HTTP/1.1 20 OK\r\n\r\n",
		"HTTP/1.1 2000 OK\r\n\r\n",
		"HTTP/1.1 +20 OK\r\n\r\n",
		"HTTP/1.1 099 OK\r\n\r\n",
		"HTTP/1.1 600 OK\r\n\r\n",
		"HTTP/1.1 2x0 OK\r\n\r\n",
		"HTTP/1.1\r\n\r\n",
		"HTTP/1.1 \r\n\r\n",
		"HTTP/2.0 200 OK\r\n\r\n",
		"HTTP/1.2 200 OK\r\n\r\n",
		"HTTP/0.9 200 OK\r\n\r\n",
		"http/1.1 200 OK\r\n\r\n",
		"ICY 200 OK\r\n\r\n",
		"HTTP/1.1 200 O\x01K\r\n\r\n",
		"HTTP/1.1 200 O\rK\r\n\r\n",
		"HTTP/1.1 200 OK\n\r\n",
		"HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n",
		"HTTP/1.1 200 OK\r\nX : a\r\n\r\n",
		"HTTP/1.1 200 OK\r\nX: a\nY: b\r\n\r\n",
		"HTTP/1.1 200 OK\r\n",
		"HTTP/1.1 200 OK\r\n\r\nmore",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
		struct http_response response;
		const char *problem = NULL;

		print_message("%s", heads[i]);
		assert_false(http_parse_response(heads[i], strlen(heads[i]), false, &response,
						 &problem));
		assert_non_null(problem);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(framing_follows_the_rfc),
		cmocka_unit_test(answers_that_smuggle_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
