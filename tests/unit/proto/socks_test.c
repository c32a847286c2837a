/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SOCKS: what clients may say, byte by byte, and what we say back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/compiler.h"
#include "proto/socks.h"

#define BYTES(literal) literal, sizeof(literal) - 1

typedef enum parse_result (*socks_parser)(const uint8_t *bytes, size_t len,
					  struct socks_request *request, size_t *used);

struct good_request {
	const char *bytes;
	size_t len;
	enum socks_command command;
	const char *host;
	bool is_literal;
	uint16_t port;
	const char *user;
};

struct bad_request {
	const char *bytes;
	size_t len;
	uint8_t refusal;
};

static void check_good(socks_parser parse, const struct good_request *wanted)
{
	uint8_t bytes[700];
	struct socks_request request;
	size_t used = 99;

	memcpy(bytes, wanted->bytes, wanted->len);
	for (size_t len = 0; len < wanted->len; len++) {
		assert_int_equal(parse(bytes, len, &request, &used), PARSE_MORE);
		assert_int_equal(used, 0);
	}
	/* What the client sent early stays where it is. */
	memcpy(bytes + wanted->len, "early", 5);
	assert_int_equal(parse(bytes, wanted->len + 5, &request, &used), PARSE_DONE);
	assert_int_equal(used, wanted->len);
	assert_int_equal(request.command, wanted->command);
	assert_string_equal(request.host.name, wanted->host);
	assert_int_equal(request.host.is_literal, wanted->is_literal);
	assert_int_equal(request.port, wanted->port);
	assert_true(span_equals(request.user, wanted->user));
}

static void check_bad(socks_parser parse, const struct bad_request *wanted)
{
	struct socks_request request;
	size_t used = 99;

	assert_int_equal(parse((const uint8_t *)wanted->bytes, wanted->len, &request, &used),
			 PARSE_BAD);
	assert_int_equal(used, 0);
	assert_int_equal(request.refusal, wanted->refusal);
}

static void good_socks5_requests_are_read_at_every_cut(void **state)
{
	static const struct good_request cases[] = {
		{BYTES("\5\1\0\1\x0a\0\0\1\0\x50"), SOCKS_CONNECT, "10.0.0.1", true, 80, ""},
		{BYTES("\5\1\0\3\7"
		       "A.b.c.d\1\xbb"),
		 SOCKS_CONNECT, "a.b.c.d", false, 443, ""},
		{BYTES("\5\1\0\3\x08"
		       "10.0.0.1\0\x50"),
		 SOCKS_CONNECT, "10.0.0.1", true, 80, ""},
		{BYTES("\5\1\0\3\3::1\0\x50"), SOCKS_CONNECT, "::1", true, 80, ""},
		{BYTES("\5\1\0\4\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1\xff\xff"), SOCKS_CONNECT,
		 "2001:db8::1", true, 65535, ""},
		{BYTES("\5\1\0\4\0\0\0\0\0\0\0\0\0\0\xff\xff\x7f\0\0\1\0\x50"), SOCKS_CONNECT,
		 "127.0.0.1", true, 80, ""},
		{BYTES("\5\2\0\1\x0a\0\0\1\0\x50"), SOCKS_BIND, "10.0.0.1", true, 80, ""},
		{BYTES("\5\3\0\1\0\0\0\0\0\0"), SOCKS_UDP_ASSOCIATE, "0.0.0.0", true, 0, ""},
		{BYTES("\5\3\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), SOCKS_UDP_ASSOCIATE,
		 "::", true, 0, ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check_good(socks5_parse_request, &cases[i]);
}

static void bad_socks5_requests_get_the_precise_code(void **state)
{
	static const struct bad_request cases[] = {
		{BYTES("\4"), SOCKS5_GENERAL_FAILURE},
		{BYTES("\5\1\0\2"), SOCKS5_ADDRESS_TYPE_NOT_SUPPORTED},
		{BYTES("\5\1\0\0"), SOCKS5_ADDRESS_TYPE_NOT_SUPPORTED},
		{BYTES("\5\0\0\1\1\1\1\1\0\x50"), SOCKS5_COMMAND_NOT_SUPPORTED},
		{BYTES("\5\4\0\1\1\1\1\1\0\x50"), SOCKS5_COMMAND_NOT_SUPPORTED},
		{BYTES("\5\xff\0\1\1\1\1\1\0\x50"), SOCKS5_COMMAND_NOT_SUPPORTED},
		{BYTES("\5\1\1\1\1\1\1\1\0\x50"), SOCKS5_GENERAL_FAILURE},
		{BYTES("\5\1\0\1\1\1\1\1\0\0"), SOCKS5_GENERAL_FAILURE},
		{BYTES("\5\1\0\3\1a\0\0"), SOCKS5_GENERAL_FAILURE},
		{BYTES("\5\1\0\3\0\0\x50"), SOCKS5_HOST_UNREACHABLE},
		{BYTES("\5\1\0\3\5ab\0cd\0\x50"), SOCKS5_HOST_UNREACHABLE},
		{BYTES("\5\1\0\3\3ab\0\0\x50"), SOCKS5_HOST_UNREACHABLE},
		{BYTES("\5\1\0\3\5"
		       "127.1\0\x50"),
		 SOCKS5_HOST_UNREACHABLE},
		{BYTES("\5\1\0\3\3a b\0\x50"), SOCKS5_HOST_UNREACHABLE},
		{BYTES("\5\1\0\3\4a:80\0\x50"), SOCKS5_HOST_UNREACHABLE},
		{BYTES("\5\1\0\3\4u@hh\0\x50"), SOCKS5_HOST_UNREACHABLE},
		{BYTES("\5\1\0\3\2\xc3\xb6\0\x50"), SOCKS5_HOST_UNREACHABLE},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check_bad(socks5_parse_request, &cases[i]);
}

static void good_socks4_requests_are_read_at_every_cut(void **state)
{
	static const struct good_request cases[] = {
		{BYTES("\4\1\0\x50\x0a\0\0\1\0"), SOCKS_CONNECT, "10.0.0.1", true, 80, ""},
		{BYTES("\4\1\0\x50\x0a\0\0\1me\0"), SOCKS_CONNECT, "10.0.0.1", true, 80, "me"},
		{BYTES("\4\1\0\x50\0\0\0\1\0Host.\0"), SOCKS_CONNECT, "host", false, 80, ""},
		{BYTES("\4\1\0\x50\0\0\0\xffme\0host\0"), SOCKS_CONNECT, "host", false, 80, "me"},
		{BYTES("\4\1\0\x50\0\0\1\0\0"), SOCKS_CONNECT, "0.0.1.0", true, 80, ""},
		{BYTES("\4\2\0\x50\x0a\0\0\1\0"), SOCKS_BIND, "10.0.0.1", true, 80, ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check_good(socks4_parse_request, &cases[i]);
}

static void bad_socks4_requests_are_rejected(void **state)
{
	static const struct bad_request cases[] = {
		{BYTES("\5"), SOCKS4_REJECTED},
		{BYTES("\4\0\0\x50\1\1\1\1\0"), SOCKS4_REJECTED},
		{BYTES("\4\3\0\x50\1\1\1\1\0"), SOCKS4_REJECTED},
		{BYTES("\4\1\0\0\1\1\1\1\0"), SOCKS4_REJECTED},
		{BYTES("\4\1\0\x50\0\0\0\0\0"), SOCKS4_REJECTED},
		{BYTES("\4\1\0\x50\0\0\0\1\0\0"), SOCKS4_REJECTED},
		{BYTES("\4\1\0\x50\0\0\0\1\0a b\0"), SOCKS4_REJECTED},
		{BYTES("\4\1\0\x50\0\0\0\1\0"
		       "127.1\0"),
		 SOCKS4_REJECTED},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check_bad(socks4_parse_request, &cases[i]);
}

static void endless_socks4_strings_are_refused_not_buffered(void **state)
{
	uint8_t bytes[8 + 256 + 1] = "\4\1\0\x50\1\1\1\1";
	struct socks_request request;
	size_t used;

	(void)state;
	memset(bytes + 8, 'u', 256);
	assert_int_equal(socks4_parse_request(bytes, 8 + 255, &request, &used), PARSE_MORE);
	assert_int_equal(socks4_parse_request(bytes, 8 + 256, &request, &used), PARSE_BAD);
	bytes[8 + 255] = '\0';
	assert_int_equal(socks4_parse_request(bytes, 8 + 256, &request, &used), PARSE_DONE);
	assert_int_equal(request.user.len, 255);
}

static void greetings_are_read_at_every_cut(void **state)
{
	static const uint8_t both[] = {5, 3, 1, 0, 2, 'x'};
	struct socks5_greeting greeting;
	size_t used;

	(void)state;
	for (size_t len = 0; len < 5; len++)
		assert_int_equal(socks5_parse_greeting(both, len, &greeting, &used), PARSE_MORE);
	assert_int_equal(socks5_parse_greeting(both, 6, &greeting, &used), PARSE_DONE);
	assert_int_equal(used, 5);
	assert_true(greeting.offers_none && greeting.offers_password);
	assert_int_equal(socks5_parse_greeting((const uint8_t *)"\5\1\x80", 3, &greeting, &used),
			 PARSE_DONE);
	assert_false(greeting.offers_none || greeting.offers_password);
	assert_int_equal(socks5_parse_greeting((const uint8_t *)"\5\0", 2, &greeting, &used),
			 PARSE_BAD);
	assert_int_equal(socks5_parse_greeting((const uint8_t *)"\4", 1, &greeting, &used),
			 PARSE_BAD);
}

static void logins_keep_every_byte_nul_included(void **state)
{
	static const char login[] = "\1\3a\0b\4p\0\xffq!";
	struct span user, password;
	size_t used;

	(void)state;
	for (size_t len = 0; len < 10; len++)
		assert_int_equal(
			socks5_parse_login((const uint8_t *)login, len, &user, &password, &used),
			PARSE_MORE);
	assert_int_equal(socks5_parse_login((const uint8_t *)login, 11, &user, &password, &used),
			 PARSE_DONE);
	assert_int_equal(used, 10);
	assert_int_equal(user.len, 3);
	assert_memory_equal(user.bytes, "a\0b", 3);
	assert_int_equal(password.len, 4);
	assert_memory_equal(password.bytes, "p\0\xffq", 4);
	assert_int_equal(socks5_parse_login((const uint8_t *)"\1\1a\0", 4, &user, &password, &used),
			 PARSE_DONE);
	assert_int_equal(password.len, 0);
	assert_int_equal(socks5_parse_login((const uint8_t *)"\1\0", 2, &user, &password, &used),
			 PARSE_BAD);
	assert_int_equal(socks5_parse_login((const uint8_t *)"\5", 1, &user, &password, &used),
			 PARSE_BAD);
}

static void fragments_and_odd_datagrams_are_dropped(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		enum parse_result result;
		const char *host;
		uint16_t port;
		size_t used;
	} cases[] = {
		{BYTES("\0\0\0\1\1\2\3\4\0\x35payload"), PARSE_DONE, "1.2.3.4", 53, 10},
		{BYTES("\0\0\0\1\1\2\3\4\0\x35"), PARSE_DONE, "1.2.3.4", 53, 10},
		{BYTES("\0\0\0\3\1a\0\x35payload"), PARSE_DONE, "a", 53, 8},
		{BYTES("\0\0\1\1\1\2\3\4\0\x35payload"), PARSE_BAD, NULL, 0, 0},
		{BYTES("\0\0\x80\1\1\2\3\4\0\x35payload"), PARSE_BAD, NULL, 0, 0},
		{BYTES("\0\1\0\1\1\2\3\4\0\x35payload"), PARSE_BAD, NULL, 0, 0},
		{BYTES("\0\0\0\2\1\2\3\4\0\x35payload"), PARSE_BAD, NULL, 0, 0},
		{BYTES("\0\0\0\1\1\2\3\4\0\0payload"), PARSE_BAD, NULL, 0, 0},
		{BYTES("\0\0\0\3\2a\0\0\x35payload"), PARSE_BAD, NULL, 0, 0},
		{BYTES("\0\0\0\1\1\2\3\4\0"), PARSE_MORE, NULL, 0, 0},
		{BYTES(""), PARSE_MORE, NULL, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct host host;
		uint16_t port;
		size_t used;

		assert_int_equal(socks5_parse_datagram((const uint8_t *)cases[i].bytes,
						       cases[i].len, &host, &port, &used),
				 cases[i].result);
		assert_int_equal(used, cases[i].used);
		if (cases[i].result != PARSE_DONE)
			continue;
		assert_string_equal(host.name, cases[i].host);
		assert_int_equal(port, cases[i].port);
	}
}

static struct address endpoint(const char *text)
{
	struct address address;

	assert_true(address_parse_endpoint(text, strlen(text), &address));
	return address;
}

static void replies_are_written_as_the_rfcs_say(void **state)
{
	struct address v4 = endpoint("1.2.3.4:258"), v6 = endpoint("[2001:db8::1]:80");
	uint8_t out[SOCKS_REPLY_MAX], header[SOCKS_DATAGRAM_HEADER_MAX];

	(void)state;
	assert_int_equal(socks5_write_reply(out, SOCKS5_SUCCEEDED, &v4), 10);
	assert_memory_equal(out, "\5\0\0\1\1\2\3\4\1\2", 10);
	assert_int_equal(socks5_write_reply(out, SOCKS5_NOT_ALLOWED, NULL), 10);
	assert_memory_equal(out, "\5\2\0\1\0\0\0\0\0\0", 10);
	assert_int_equal(socks5_write_reply(out, SOCKS5_SUCCEEDED, &v6), 22);
	assert_memory_equal(out, "\5\0\0\4\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1\0\x50", 22);
	assert_int_equal(socks4_write_reply(out, SOCKS4_GRANTED, &v4), 8);
	assert_memory_equal(out, "\0\x5a\1\2\1\2\3\4", 8);
	assert_int_equal(socks4_write_reply(out, SOCKS4_REJECTED, &v6), 8);
	assert_memory_equal(out, "\0\x5b\0\0\0\0\0\0", 8);
	assert_int_equal(socks5_write_datagram_header(header, &v4), 10);
	assert_memory_equal(header, "\0\0\0\1\1\2\3\4\1\2", 10);
}

static void the_clients_side_says_what_the_servers_side_reads(void **state)
{
	static const char *const hosts[] = {"example.org", "1.2.3.4", "2001:db8::1"};
	uint8_t out[SOCKS_DATAGRAM_HEADER_MAX], login[513];
	struct socks5_greeting greeting;
	struct span user, password;
	char longest[255];
	size_t used;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
		struct socks_request request;
		struct host host;
		size_t len;

		assert_true(host_parse(hosts[i], strlen(hosts[i]), &host));
		len = socks5_write_connect(out, &host, 443);
		assert_int_equal(socks5_parse_request(out, len, &request, &used), PARSE_DONE);
		assert_int_equal(used, len);
		assert_string_equal(request.host.name, hosts[i]);
		assert_int_equal(request.port, 443);
	}
	assert_int_equal(socks5_write_greeting(out, false), 3);
	assert_int_equal(socks5_parse_greeting(out, 3, &greeting, &used), PARSE_DONE);
	assert_true(greeting.offers_none && !greeting.offers_password);
	assert_int_equal(socks5_write_greeting(out, true), 4);
	assert_int_equal(socks5_parse_greeting(out, 4, &greeting, &used), PARSE_DONE);
	assert_true(greeting.offers_none && greeting.offers_password);
	memset(longest, 'x', sizeof(longest));
	assert_int_equal(
		socks5_write_login(login, (struct span){longest, 255}, (struct span){longest, 255}),
		513);
	assert_int_equal(socks5_parse_login(login, 513, &user, &password, &used), PARSE_DONE);
	assert_int_equal(user.len + password.len, 510);
}

static void replies_of_upstreams_are_read_at_every_cut(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		enum parse_result result;
		uint8_t reply;
		size_t used;
		const char *bound;
	} cases[] = {
		{BYTES("\5\0\0\1\1\2\3\4\0\x50"), PARSE_DONE, 0, 10, "1.2.3.4:80"},
		{BYTES("\5\0\0\3\2ab\0\x50"), PARSE_DONE, 0, 9, "-"},
		{BYTES("\5\0\0\3\0\0\x50"), PARSE_DONE, 0, 7, "-"},
		{BYTES("\5\5\0\1\0\0\0\0\0\0"), PARSE_DONE, 5, 10, "0.0.0.0:0"},
		{BYTES("\5\4\0\0"), PARSE_DONE, 4, 4, "-"},
		{BYTES("\5\0\0\0"), PARSE_BAD, 0, 0, NULL},
		{BYTES("\4"), PARSE_BAD, 0, 0, NULL},
		{BYTES("H"), PARSE_BAD, 0, 0, NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const uint8_t *bytes = (const uint8_t *)cases[i].bytes;
		char text[ADDRESS_TEXT_SIZE];
		struct address bound;
		uint8_t reply = 0;
		size_t used;

		assert_int_equal(socks5_parse_reply(bytes, cases[i].len, &reply, &bound, &used),
				 cases[i].result);
		assert_int_equal(used, cases[i].used);
		assert_int_equal(reply, cases[i].reply);
		if (cases[i].result != PARSE_DONE)
			continue;
		assert_string_equal(address_format_endpoint(&bound, text), cases[i].bound);
		for (size_t len = 0; len < cases[i].len; len++)
			assert_int_equal(socks5_parse_reply(bytes, len, &reply, &bound, &used),
					 PARSE_MORE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_socks5_requests_are_read_at_every_cut),
		cmocka_unit_test(bad_socks5_requests_get_the_precise_code),
		cmocka_unit_test(good_socks4_requests_are_read_at_every_cut),
		cmocka_unit_test(bad_socks4_requests_are_rejected),
		cmocka_unit_test(endless_socks4_strings_are_refused_not_buffered),
		cmocka_unit_test(greetings_are_read_at_every_cut),
		cmocka_unit_test(logins_keep_every_byte_nul_included),
		cmocka_unit_test(fragments_and_odd_datagrams_are_dropped),
		cmocka_unit_test(replies_are_written_as_the_rfcs_say),
		cmocka_unit_test(the_clients_side_says_what_the_servers_side_reads),
		cmocka_unit_test(replies_of_upstreams_are_read_at_every_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
