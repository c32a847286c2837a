/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bodies: the content, the end and the first byte that is wrong, however the bytes are cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "base/text.h"
#include "proto/http_body.h"

struct outcome {
	enum http_body_event last;
	size_t used;
	char bytes[4096];
	struct text content;
};

static void feed(enum http_framing framing, uint64_t length, const char *bytes, size_t len,
		 size_t piece, struct outcome *outcome)
{
	struct http_head head = {.framing = framing, .content_length = length};
	struct http_body body;

	http_body_init(&body, &head);
	text_init(&outcome->content, outcome->bytes, sizeof(outcome->bytes));
	outcome->used = 0;
	for (size_t end = piece < len ? piece : len;;) {
		size_t used;

		outcome->last =
			http_body_next(&body, bytes + outcome->used, end - outcome->used, &used);
		if (outcome->last == HTTP_BODY_CONTENT)
			text_add_bytes(&outcome->content, bytes + outcome->used, used);
		outcome->used += used;
		if (outcome->last == HTTP_BODY_DONE || outcome->last == HTTP_BODY_BAD)
			break;
		if (outcome->last != HTTP_BODY_MORE)
			continue;
		assert_int_equal(outcome->used, end);
		if (end == len)
			break;
		end = end + piece < len ? end + piece : len;
	}
	if (outcome->last == HTTP_BODY_MORE)
		assert_false(framing != HTTP_BODY_UNTIL_CLOSE && http_body_end(&body));
	if (outcome->last == HTTP_BODY_DONE)
		assert_true(http_body_end(&body));
}

static void good_chunks_end_where_they_should_at_every_cut(void **state)
{
	static const struct {
		const char *bytes;
		const char *content;
	} cases[] = {
		{"0\r\n\r\n", ""},
		{"000\r\n\r\n", ""},
		{"5\r\nhello\r\n0\r\n\r\n", "hello"},
		{"00005\r\nhello\r\n0\r\n\r\n", "hello"},
		{"a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n", "01234567890123456789"},
		{"2\r\n\r\n\r\n0\r\n\r\n", "\r\n"},
		{"1;a\r\nx\r\n0;b\r\n\r\n", "x"},
		{"1;a=b;c;d=\"e;\\\"\r,\"\r\nx\r\n0\r\n\r\n", NULL},
		{"1;a=b;c;d=\"e; \\\"=\\\\,\t\"\r\nx\r\n0\r\n\r\n", "x"},
		{"0\r\nX-Sum: 1\r\nEmpty:\r\nX-Forwarded-Forever: \xc3\xa9\r\n\r\n", ""},
		{"0\r\nContent-Length-Of-Something-Else: 1\r\n\r\n", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char bytes[256];
		int len = snprintf(bytes, sizeof(bytes), "%sGET", cases[i].bytes);

		for (size_t piece = 1; piece <= (size_t)len; piece++) {
			struct outcome outcome;

			feed(HTTP_BODY_CHUNKED, 0, bytes, (size_t)len, piece, &outcome);
			if (cases[i].content == NULL) {
				assert_int_equal(outcome.last, HTTP_BODY_BAD);
				continue;
			}
			assert_int_equal(outcome.last, HTTP_BODY_DONE);
			assert_int_equal(outcome.used, len - 3);
			assert_string_equal(outcome.content.bytes, cases[i].content);
		}
	}
}

static void a_body_cut_short_is_never_complete(void **state)
{
	static const char bytes[] = "3;a=\"b\"\r\nabc\r\n0\r\nX: y\r\n\r\n";
	struct outcome outcome;

	(void)state;
	for (size_t len = 0; len < sizeof(bytes) - 1; len++) {
		feed(HTTP_BODY_CHUNKED, 0, bytes, len, 4096, &outcome);
		assert_int_equal(outcome.last, HTTP_BODY_MORE);
	}
}

static void odd_chunks_are_bad_at_every_cut(void **state)
{
	static const char *const cases[] = {
		"\r\n",
		"\n",
		"g\r\n",
		"-1\r\n",
		"+5\r\nhello\r\n",
		"0x5\r\nhello\r\n",
		" 5\r\nhello\r\n",
		"5 \r\nhello\r\n",
		"5\t\r\nhello\r\n",
		"5\nhello\r\n",
		"5\r\r\nhello\r\n",
		"5,5\r\nhello\r\n",
		"5\r\nhello\n0\r\n\r\n",
		"5\r\nhelloX\r\n",
		"5\r\nhello0\r\n\r\n",
		"5\r\nhello\r\r\n",
		"0000000000000005\r\nhello\r\n",
		"fffffffffffffffff\r\n",
		"10000000000000000\r\n",
		"5;\r\nhello\r\n",
		"5; a\r\nhello\r\n",
		"5 ;a\r\nhello\r\n",
		"5;a b\r\nhello\r\n",
		"5;a=\r\nhello\r\n",
		"5;a==b\r\nhello\r\n",
		"5;=b\r\nhello\r\n",
		"5;a\nhello\r\n",
		"5;a=\"b\r\nhello\r\n",
		"5;a=\"b\"c\r\nhello\r\n",
		"5;a=\"\x01\"\r\nhello\r\n",
		"5;a=\"\\\n\"\r\nhello\r\n",
		"5;a;;b\r\nhello\r\n",
		"0\r\n\n",
		"0\r\n\rX",
		"0\r\nX\r\n\r\n",
		"0\r\nX : y\r\n\r\n",
		"0\r\n X: y\r\n\r\n",
		"0\r\nX: y\r\n z\r\n\r\n",
		"0\r\nX: y\n\r\n",
		"0\r\nX: y\rz\r\n\r\n",
		"0\r\nX: \x01\r\n\r\n",
		"0\r\n: y\r\n\r\n",
		"0\r\nContent-Length: 5\r\n\r\n",
		"0\r\nTRANSFER-encoding: chunked\r\n\r\n",
		"0\r\nX: y\r\nhost: a\r\n\r\n",
		"0\r\nProxy-Authorization: Basic YTpi\r\n\r\n",
		"0\r\nX-Forwarded-For: 10.0.0.1\r\n\r\n",
		"0\r\nX-Forwarded-Server: 172.30.0.10\r\n\r\n",
		"0\r\nX-Client-IP: 10.0.0.1\r\n\r\n",
		"0\r\nX-Cluster-Client-IP: 10.0.0.1\r\n\r\n",
		"0\r\nForwarded: for=10.0.0.1\r\n\r\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t len = strlen(cases[i]);

		print_message("%s", cases[i]);
		for (size_t piece = 1; piece <= len; piece++) {
			struct outcome outcome;

			feed(HTTP_BODY_CHUNKED, 0, cases[i], len, piece, &outcome);
			assert_int_equal(outcome.last, HTTP_BODY_BAD);
		}
	}
}

static void endless_extensions_and_trailers_are_bad(void **state)
{
	static char bytes[10000];
	struct outcome outcome;

	(void)state;
	memset(bytes, 'x', sizeof(bytes));
	memcpy(bytes, "5;", 2);
	feed(HTTP_BODY_CHUNKED, 0, bytes, 1026, 4096, &outcome);
	assert_int_equal(outcome.last, HTTP_BODY_MORE);
	feed(HTTP_BODY_CHUNKED, 0, bytes, 1027, 4096, &outcome);
	assert_int_equal(outcome.last, HTTP_BODY_BAD);
	memcpy(bytes, "0\r\nX:", 5);
	feed(HTTP_BODY_CHUNKED, 0, bytes, 3 + 8192, 4096, &outcome);
	assert_int_equal(outcome.last, HTTP_BODY_MORE);
	feed(HTTP_BODY_CHUNKED, 0, bytes, 3 + 8193, 4096, &outcome);
	assert_int_equal(outcome.last, HTTP_BODY_BAD);
}

static void lengths_are_exact(void **state)
{
	struct outcome outcome;

	(void)state;
	feed(HTTP_BODY_LENGTH, 5, "helloGET", 8, 3, &outcome);
	assert_int_equal(outcome.last, HTTP_BODY_DONE);
	assert_int_equal(outcome.used, 5);
	feed(HTTP_BODY_LENGTH, 5, "hell", 4, 3, &outcome);
	assert_int_equal(outcome.last, HTTP_BODY_MORE);
	feed(HTTP_BODY_LENGTH, 0, "GET", 3, 3, &outcome);
	assert_int_equal(outcome.last, HTTP_BODY_DONE);
	assert_int_equal(outcome.used, 0);
	feed(HTTP_BODY_NONE, 7, "GET", 3, 3, &outcome);
	assert_int_equal(outcome.last, HTTP_BODY_DONE);
	feed(HTTP_BODY_UNTIL_CLOSE, 0, "all of it", 9, 2, &outcome);
	assert_int_equal(outcome.last, HTTP_BODY_MORE);
	assert_string_equal(outcome.content.bytes, "all of it");
}

static void a_bad_body_stays_bad(void **state)
{
	struct http_head head = {.framing = HTTP_BODY_CHUNKED};
	struct http_body body;
	size_t used;

	(void)state;
	http_body_init(&body, &head);
	assert_int_equal(http_body_next(&body, "x", 1, &used), HTTP_BODY_BAD);
	assert_int_equal(http_body_next(&body, "0\r\n\r\n", 5, &used), HTTP_BODY_BAD);
	assert_int_equal(used, 0);
	assert_false(http_body_end(&body));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_chunks_end_where_they_should_at_every_cut),
		cmocka_unit_test(a_body_cut_short_is_never_complete),
		cmocka_unit_test(odd_chunks_are_bad_at_every_cut),
		cmocka_unit_test(endless_extensions_and_trailers_are_bad),
		cmocka_unit_test(lengths_are_exact),
		cmocka_unit_test(a_bad_body_stays_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
