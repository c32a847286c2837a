/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Special addresses, plain and wrapped: the guard is only as good as this table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/special.h"

static void every_address_has_its_class(void **state)
{
	static const struct {
		const char *text;
		enum address_class class;
	} cases[] = {
		{"8.8.8.8", ADDRESS_PUBLIC},
		{"1.0.0.0", ADDRESS_PUBLIC},
		{"223.255.255.255", ADDRESS_PUBLIC},
		{"0.0.0.0", ADDRESS_UNSPECIFIED},
		{"0.255.255.255", ADDRESS_UNSPECIFIED},
		{"127.0.0.1", ADDRESS_LOOPBACK},
		{"127.255.255.255", ADDRESS_LOOPBACK},
		{"126.255.255.255", ADDRESS_PUBLIC},
		{"128.0.0.0", ADDRESS_PUBLIC},
		{"10.0.0.0", ADDRESS_PRIVATE},
		{"9.255.255.255", ADDRESS_PUBLIC},
		{"11.0.0.0", ADDRESS_PUBLIC},
		{"172.16.0.0", ADDRESS_PRIVATE},
		{"172.31.255.255", ADDRESS_PRIVATE},
		{"172.15.255.255", ADDRESS_PUBLIC},
		{"172.32.0.0", ADDRESS_PUBLIC},
		{"192.168.0.1", ADDRESS_PRIVATE},
		{"192.167.255.255", ADDRESS_PUBLIC},
		{"192.169.0.0", ADDRESS_PUBLIC},
		{"198.18.0.0", ADDRESS_PRIVATE},
		{"198.19.255.255", ADDRESS_PRIVATE},
		{"198.17.255.255", ADDRESS_PUBLIC},
		{"198.20.0.0", ADDRESS_PUBLIC},
		{"100.64.0.0", ADDRESS_CGNAT},
		{"100.127.255.255", ADDRESS_CGNAT},
		{"100.63.255.255", ADDRESS_PUBLIC},
		{"100.128.0.0", ADDRESS_PUBLIC},
		{"100.100.100.200", ADDRESS_METADATA},
		{"169.254.169.254", ADDRESS_METADATA},
		{"169.254.170.2", ADDRESS_METADATA},
		{"168.63.129.16", ADDRESS_METADATA},
		{"169.254.0.1", ADDRESS_LINK_LOCAL},
		{"169.255.0.0", ADDRESS_PUBLIC},
		{"192.0.0.1", ADDRESS_RESERVED},
		{"192.0.1.0", ADDRESS_PUBLIC},
		{"192.88.99.1", ADDRESS_RESERVED},
		{"192.0.2.1", ADDRESS_PUBLIC},
		{"224.0.0.1", ADDRESS_MULTICAST},
		{"239.255.255.255", ADDRESS_MULTICAST},
		{"240.0.0.0", ADDRESS_RESERVED},
		{"255.255.255.254", ADDRESS_RESERVED},
		{"255.255.255.255", ADDRESS_BROADCAST},
		{"::", ADDRESS_UNSPECIFIED},
		{"::1", ADDRESS_LOOPBACK},
		{"2606:4700::1111", ADDRESS_PUBLIC},
		{"2001:4860::8888", ADDRESS_PUBLIC},
		{"2001:200::1", ADDRESS_PUBLIC},
		{"2001:db8::1", ADDRESS_PUBLIC},
		{"2001:1::1", ADDRESS_RESERVED},
		{"2001:20::1", ADDRESS_RESERVED},
		{"3fff:ffff::", ADDRESS_PUBLIC},
		{"4000::", ADDRESS_RESERVED},
		{"1fff::", ADDRESS_RESERVED},
		{"100::1", ADDRESS_RESERVED},
		{"fc00::1", ADDRESS_PRIVATE},
		{"fdff::1", ADDRESS_PRIVATE},
		{"fec0::1", ADDRESS_PRIVATE},
		{"fd00:ec2::254", ADDRESS_METADATA},
		{"fe80::1", ADDRESS_LINK_LOCAL},
		{"febf::1", ADDRESS_LINK_LOCAL},
		{"ff02::1", ADDRESS_MULTICAST},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct address address;

		print_message("%s\n", cases[i].text);
		assert_true(address_parse(cases[i].text, strlen(cases[i].text), &address));
		assert_int_equal(address_class(&address), cases[i].class);
		assert_int_equal(address_is_special(&address), cases[i].class != ADDRESS_PUBLIC);
	}
	assert_true(address_is_special(&(struct address){.family = AF_UNSPEC}));
}

static void wrapped_addresses_are_unwrapped(void **state)
{
	static const struct {
		const char *text;
		enum address_class class;
	} cases[] = {
		{"::ffff:127.0.0.1", ADDRESS_LOOPBACK},
		{"::127.0.0.1", ADDRESS_LOOPBACK},
		{"::8.8.8.8", ADDRESS_PUBLIC},
		{"::ffff:0:10.0.0.1", ADDRESS_PRIVATE},
		{"64:ff9b::10.0.0.1", ADDRESS_PRIVATE},
		{"64:ff9b::169.254.169.254", ADDRESS_METADATA},
		{"64:ff9b::8.8.8.8", ADDRESS_PUBLIC},
		{"64:ff9b:1::8.8.8.8", ADDRESS_RESERVED},
		{"2002:7f00:1::1", ADDRESS_LOOPBACK},
		{"2002:0a00:0001::1", ADDRESS_PRIVATE},
		{"2002:808:808::1", ADDRESS_PUBLIC},
		{"2001:0:808:808:0:0:f5ff:fffe", ADDRESS_PRIVATE}, /* Teredo: ~10.0.0.1 */
		{"2001:0:808:808:0:0:f7f7:f7f7", ADDRESS_PUBLIC},
		{"2001:db8::5efe:10.0.0.1", ADDRESS_PRIVATE},
		{"2001:db8::200:5efe:127.0.0.1", ADDRESS_LOOPBACK},
		{"2001:db8::5efe:8.8.8.8", ADDRESS_PUBLIC},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct address address;

		print_message("%s\n", cases[i].text);
		assert_true(address_parse(cases[i].text, strlen(cases[i].text), &address));
		assert_int_equal(address_class(&address), cases[i].class);
	}
}

/* An interface part that looks like ISATAP, with a public address, must not vouch for the prefix.
 */
static void a_wrapper_never_hides_another(void **state)
{
	static const struct {
		const char *text;
		enum address_class class;
	} cases[] = {
		{"2002:a00:1::5efe:8.8.8.8", ADDRESS_PRIVATE},
		{"2002:808:808::5efe:10.0.0.1", ADDRESS_PRIVATE},
		{"64:ff9b:1::5efe:8.8.8.8", ADDRESS_RESERVED},
		{"4000::5efe:8.8.8.8", ADDRESS_RESERVED},
		{"fd00::5efe:8.8.8.8", ADDRESS_PRIVATE},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct address address;

		print_message("%s\n", cases[i].text);
		assert_true(address_parse(cases[i].text, strlen(cases[i].text), &address));
		assert_int_equal(address_class(&address), cases[i].class);
	}
}

static void every_class_has_a_name(void **state)
{
	(void)state;
	for (int i = ADDRESS_PUBLIC; i <= ADDRESS_RESERVED; i++)
		assert_true(strlen(address_class_name((enum address_class)i)) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_address_has_its_class),
		cmocka_unit_test(wrapped_addresses_are_unwrapped),
		cmocka_unit_test(a_wrapper_never_hides_another),
		cmocka_unit_test(every_class_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
