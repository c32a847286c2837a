/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The guard: every special class, every disguise, and our own listeners. */
#include "net/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct address endpoint(const char *text)
{
	struct address address;

	assert_true(address_parse_endpoint(text, strlen(text), &address));
	return address;
}

struct guard_case {
	const char *endpoint;
	bool allowed, allowed_private;
	const char *reason; /* of the refusal without "private" */
};

static void check(const struct guard *guard, const struct guard_case *c)
{
	struct address address = endpoint(c->endpoint);
	const char *reason = "untouched";

	if (guard_allows(guard, &address, false, &reason) != c->allowed)
		fail_msg("%s without private", c->endpoint);
	assert_string_equal(reason, c->allowed ? "untouched" : c->reason);
	if (guard_allows(guard, &address, true, &reason) != c->allowed_private)
		fail_msg("%s with private", c->endpoint);
}

static void special_addresses_are_refused_in_every_disguise(void **state)
{
	static const struct guard_case cases[] = {
		{"1.1.1.1:443", true, true, NULL},
		{"[2606:4700::1111]:443", true, true, NULL},
		{"127.0.0.1:80", false, true, "address is loopback"},
		{"127.255.255.254:80", false, true, "address is loopback"},
		{"[::1]:80", false, true, "address is loopback"},
		{"[::ffff:127.0.0.1]:80", false, true, "address is loopback"},
		{"10.0.0.1:80", false, true, "address is private"},
		{"172.31.255.255:80", false, true, "address is private"},
		{"172.32.0.1:80", true, true, NULL},
		{"192.168.1.1:80", false, true, "address is private"},
		{"[fd00::1]:80", false, true, "address is private"},
		{"169.254.1.1:80", false, true, "address is link-local"},
		{"[fe80::1]:80", false, true, "address is link-local"},
		{"169.254.169.254:80", false, true, "address is cloud metadata"},
		{"[::ffff:169.254.169.254]:80", false, true, "address is cloud metadata"},
		{"[64:ff9b::a9fe:a9fe]:80", false, true, "address is cloud metadata"},
		{"100.64.0.1:80", false, true, "address is carrier NAT"},
		{"240.0.0.1:80", false, true, "address is reserved"},
		{"[64:ff9b::a00:1]:80", false, true, "address is private"},
		{"[64:ff9b::101:101]:80", true, true, NULL},
		{"[2002:a00:1::1]:80", false, true, "address is private"},
		{"[2001:0:1:2:3:4:f5ff:fffe]:80", false, true, "address is private"},
		{"0.0.0.0:80", false, false, "address is unspecified"},
		{"0.1.2.3:80", false, false, "address is unspecified"},
		{"[::]:80", false, false, "address is unspecified"},
		{"224.0.0.1:80", false, false, "address is multicast"},
		{"[ff02::1]:80", false, false, "address is multicast"},
		{"[64:ff9b::e000:1]:80", false, false, "address is multicast"},
		{"255.255.255.255:80", false, false, "address is broadcast"},
	};
	struct guard *guard = guard_new(NULL, 0);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check(guard, &cases[i]);
	guard_free(guard);
}

static void our_own_listeners_are_never_dialled(void **state)
{
	static const struct guard_case cases[] = {
		{"127.0.0.5:8118", false, false, "address is loopback"},
		{"127.0.0.5:8119", false, true, "address is loopback"},
		{"127.0.0.6:8118", false, true, "address is loopback"},
		{"127.0.0.1:1080", false, false, "address is loopback"},
		{"127.9.9.9:1080", false, false, "address is loopback"},
		{"[::ffff:127.0.0.1]:1080", false, false, "address is loopback"},
		{"127.0.0.1:1081", false, false, "address is loopback"},
		{"203.0.113.7:9696", false, false, "address is our own listener"},
		{"203.0.113.8:9696", true, true, NULL},
		{"203.0.113.8:1080", true, true, NULL},
		{"[2001:db8::1]:1081", true, true, NULL},
	};
	const struct address listeners[] = {
		endpoint("127.0.0.5:8118"),
		endpoint("0.0.0.0:1080"),
		endpoint("[::]:1081"),
		endpoint("203.0.113.7:9696"),
	};
	struct guard *guard = guard_new(listeners, ARRAY_LEN(listeners));

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check(guard, &cases[i]);
	guard_free(guard);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(special_addresses_are_refused_in_every_disguise),
		cmocka_unit_test(our_own_listeners_are_never_dialled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
