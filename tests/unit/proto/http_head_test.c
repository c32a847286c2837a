/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finding the end of a head, and giving up on what has none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "proto/http_head.h"

#define HOST "Host: a.example\r\n"
#define BYTES(literal) literal, sizeof(literal) - 1

static void heads_are_bounded(void **state)
{
	static char head[HTTP_HEAD_MAX + 1];
	size_t len = (size_t)sprintf(head, "GET http://a.example/ HTTP/1.1\r\n" HOST);
	size_t scanned = 0, head_len, fields_at = len;
	struct http_request request;
	const char *problem;
	int status;

	(void)state;
	for (size_t i = 1; i < HTTP_FIELDS_MAX; i++)
		len += (size_t)sprintf(head + len, "X: y\r\n");
	memcpy(head + len, "\r\n", 3);
	assert_true(http_parse_request(head, len + 2, &request, &status, &problem));
	memcpy(head + len, "X: y\r\n\r\n", 9);
	assert_false(http_parse_request(head, len + 8, &request, &status, &problem));
	assert_int_equal(status, 431);

	memset(head + fields_at, 'x', sizeof(head) - fields_at);
	assert_int_equal(http_head_find_end(head, HTTP_HEAD_MAX - 1, &scanned, &head_len),
			 PARSE_MORE);
	assert_int_equal(http_head_find_end(head, HTTP_HEAD_MAX, &scanned, &head_len), PARSE_BAD);
	assert_int_equal(scanned, HTTP_HEAD_MAX);

	memset(head, 'x', sizeof(head));
	memcpy(head, "GET http://a.example/", 21);
	memcpy(head + 20000, BYTES(" HTTP/1.1\r\n" HOST "\r\n"));
	assert_false(http_parse_request(head, 20000 + sizeof(" HTTP/1.1\r\n" HOST "\r\n") - 1,
					&request, &status, &problem));
	assert_int_equal(status, 414);
}

static void what_is_no_http_is_found_out_at_once(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		size_t bad_at;
	} cases[] = {
		{BYTES("\x16\x03\x01"), 0}, {BYTES("\r\n\r\n"), 2}, {BYTES("\n"), 0},
		{BYTES("\r\r"), 1},         {BYTES(" GET"), 0},     {BYTES("GET /\n"), 5},
		{BYTES("GET /\rX"), 6},     {BYTES("GET \x01"), 4}, {BYTES("\xff\xff"), 0},
		{BYTES("(x"), 0},           {BYTES("G\r\n\n"), 3},  {BYTES("G\r\nX: y\n"), 7},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t scanned = 0, head_len;

		for (size_t len = 0; len <= cases[i].bad_at; len++)
			assert_int_equal(
				http_head_find_end(cases[i].bytes, len, &scanned, &head_len),
				PARSE_MORE);
		assert_int_equal(http_head_find_end(cases[i].bytes, cases[i].bad_at + 1, &scanned,
						    &head_len),
				 PARSE_BAD);
		assert_true(scanned < HTTP_HEAD_MAX);
	}
}

/* Many bytes are looked at at once. */
static void no_control_byte_hides_among_text(void **state)
{
	static const char start[] = "GET / HTTP/1.1\r\nX: ", end[] = "\r\n\r\n";
	const size_t head_size = sizeof(start) - 1, value_size = 24;

	(void)state;
	for (size_t at = 0; at < value_size; at++) {
		for (unsigned byte = 0; byte < 256; byte++) {
			bool is_text = byte == '\t' || (byte >= ' ' && byte != 0x7f);
			size_t scanned = 0, head_len;
			char head[64];

			memcpy(head, start, head_size);
			memset(head + head_size, 'a', value_size);
			head[head_size + at] = (char)byte;
			memcpy(head + head_size + value_size, end, sizeof(end));
			/* CR and LF are good together only. */
			assert_int_equal(http_head_find_end(head,
							    strlen(end) + head_size + value_size,
							    &scanned, &head_len),
					 is_text ? PARSE_DONE : PARSE_BAD);
		}
	}
}

static void pipelined_requests_are_told_apart(void **state)
{
	static const char two[] = "GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n";
	size_t scanned = 0, head_len = 0;

	(void)state;
	assert_int_equal(http_head_find_end(two, sizeof(two) - 1, &scanned, &head_len), PARSE_DONE);
	assert_int_equal(head_len, (sizeof(two) - 1) / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heads_are_bounded),
		cmocka_unit_test(what_is_no_http_is_found_out_at_once),
		cmocka_unit_test(no_control_byte_hides_among_text),
		cmocka_unit_test(pipelined_requests_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
