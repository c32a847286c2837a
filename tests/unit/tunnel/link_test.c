/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the kernel's messages make of the table of devices. */
#include "tunnel/link.h"

#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct message {
	uint8_t bytes[512];
	size_t len;
};

static void message_add(struct message *message, const void *bytes, size_t len)
{
	assert_true(message->len + len + 3 < sizeof(message->bytes));
	memcpy(message->bytes + message->len, bytes, len);
	message->len += (len + 3) & ~(size_t)3;
}

static void message_attribute(struct message *message, uint16_t type, const void *value, size_t len)
{
	struct rtattr header = {.rta_len = (uint16_t)(sizeof(header) + len), .rta_type = type};

	message_add(message, &header, sizeof(header));
	message_add(message, value, len);
}

static void message_end(struct message *message)
{
	uint32_t len = (uint32_t)message->len;

	memcpy(message->bytes, &len, sizeof(len));
}

static struct message link_message_of(uint16_t type, uint8_t family, int index, unsigned flags,
				      const char *name)
{
	struct nlmsghdr header = {.nlmsg_type = type};
	struct ifinfomsg info = {.ifi_family = family, .ifi_index = index, .ifi_flags = flags};
	struct message message = {0};

	message_add(&message, &header, sizeof(header));
	message_add(&message, &info, sizeof(info));
	if (name != NULL)
		message_attribute(&message, IFLA_IFNAME, name, strlen(name) + 1);
	message_end(&message);
	return message;
}

struct address_case {
	uint16_t type;
	uint32_t index;
	const char *local, *address;
	uint8_t scope, prefix_len;
	uint32_t flags;
};

static void message_address(struct message *message, uint16_t type, const char *text)
{
	struct address address;

	if (text == NULL)
		return;
	assert_true(address_parse(text, strlen(text), &address));
	message_attribute(message, type, address.bytes, address_len(&address));
}

static struct message address_message_of(const struct address_case *of)
{
	const char *text = of->local != NULL ? of->local : of->address;
	struct nlmsghdr header = {.nlmsg_type = of->type};
	struct ifaddrmsg info = {
		.ifa_family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET,
		.ifa_prefixlen = of->prefix_len,
		.ifa_scope = of->scope,
		.ifa_index = of->index,
	};
	struct message message = {0};

	message_add(&message, &header, sizeof(header));
	message_add(&message, &info, sizeof(info));
	message_address(&message, IFA_ADDRESS, of->address);
	message_address(&message, IFA_LOCAL, of->local);
	message_attribute(&message, IFA_FLAGS, &of->flags, sizeof(of->flags));
	message_end(&message);
	return message;
}

static bool apply(struct link_table *table, const struct message *message)
{
	const uint8_t *bytes = message->bytes;
	size_t len = message->len;
	struct link_message split;

	assert_true(link_message_next(&bytes, &len, &split));
	assert_int_equal(len, 0);
	return link_table_apply(table, &split);
}

static bool apply_link(struct link_table *table, uint16_t type, int index, unsigned flags,
		       const char *name)
{
	struct message message = link_message_of(type, AF_UNSPEC, index, flags, name);

	return apply(table, &message);
}

static bool apply_address(struct link_table *table, struct address_case of)
{
	struct message message = address_message_of(&of);

	return apply(table, &message);
}

static void links_come_go_and_change_their_names(void **state)
{
	struct link_table table = {0};

	(void)state;
	assert_true(apply_link(&table, RTM_NEWLINK, 3, IFF_UP, "tun0"));
	assert_false(apply_link(&table, RTM_NEWLINK, 3, IFF_UP, "tun0"));
	assert_true(apply_link(&table, RTM_NEWLINK, 4, 0, "eth0"));
	assert_int_equal(link_table_find(&table, "tun0")->ifindex, 3);
	assert_true(apply_link(&table, RTM_NEWLINK, 3, 0, "tun0"));
	assert_int_equal(link_table_find(&table, "tun0")->flags, 0);
	assert_true(apply_link(&table, RTM_NEWLINK, 3, 0, "veth1234567"));
	assert_null(link_table_find(&table, "tun0"));
	assert_true(apply_link(&table, RTM_DELLINK, 3, 0, "veth1234567"));
	assert_false(apply_link(&table, RTM_DELLINK, 3, 0, "veth1234567"));
	assert_true(apply_link(&table, RTM_NEWLINK, 9, IFF_UP, "tun0"));
	assert_int_equal(link_table_find(&table, "tun0")->ifindex, 9);
	assert_non_null(link_table_find(&table, "eth0"));
	link_table_clear(&table);
}

static void a_port_leaving_a_bridge_is_no_deleted_device(void **state)
{
	struct link_table table = {0};
	struct message message = link_message_of(RTM_DELLINK, AF_BRIDGE, 3, IFF_UP, "eth0");

	(void)state;
	assert_true(apply_link(&table, RTM_NEWLINK, 3, IFF_UP, "eth0"));
	assert_false(apply(&table, &message));
	assert_non_null(link_table_find(&table, "eth0"));
	link_table_clear(&table);
}

static void a_message_without_a_name_keeps_the_name(void **state)
{
	struct link_table table = {0};

	(void)state;
	assert_false(apply_link(&table, RTM_NEWLINK, 3, IFF_UP, NULL));
	assert_true(apply_link(&table, RTM_NEWLINK, 3, 0, "tun0"));
	assert_true(apply_link(&table, RTM_NEWLINK, 3, IFF_UP, NULL));
	assert_int_equal(link_table_find(&table, "tun0")->flags, IFF_UP);
	assert_false(apply_link(&table, RTM_NEWLINK, 0, IFF_UP, "tun1"));
	assert_false(apply_link(&table, RTM_NEWLINK, -4, IFF_UP, "tun1"));
	assert_false(apply_link(&table, RTM_NEWLINK, 5, IFF_UP, "a-name-that-is-too-long"));
	assert_false(apply_link(&table, RTM_NEWLINK, 5, IFF_UP, ""));
	assert_int_equal(table.count, 1);
	link_table_clear(&table);
}

static void only_global_addresses_count_and_only_usable_ones_are_used(void **state)
{
	static const struct {
		struct address_case of;
		bool changes;
		const char *ipv4, *ipv6;
	} cases[] = {
		{{RTM_NEWADDR, 3, "10.8.0.2", "10.8.0.1", RT_SCOPE_UNIVERSE, 32, 0},
		 true,
		 "10.8.0.2",
		 "-"},
		{{RTM_NEWADDR, 3, "10.8.0.2", "10.8.0.1", RT_SCOPE_UNIVERSE, 32, 0},
		 false,
		 "10.8.0.2",
		 "-"},
		{{RTM_NEWADDR, 3, NULL, "fe80::1", RT_SCOPE_LINK, 64, 0}, false, "10.8.0.2", "-"},
		{{RTM_NEWADDR, 3, "169.254.1.1", "169.254.1.1", RT_SCOPE_LINK, 16, 0},
		 false,
		 "10.8.0.2",
		 "-"},
		{{RTM_NEWADDR, 4, NULL, "2001:db8::9", RT_SCOPE_UNIVERSE, 64, 0},
		 false,
		 "10.8.0.2",
		 "-"},
		{{RTM_NEWADDR, 3, NULL, "2001:db8::2", RT_SCOPE_UNIVERSE, 64, IFA_F_TENTATIVE},
		 true,
		 "10.8.0.2",
		 "-"},
		{{RTM_NEWADDR, 3, NULL, "2001:db8::2", RT_SCOPE_UNIVERSE, 64, IFA_F_PERMANENT},
		 true,
		 "10.8.0.2",
		 "2001:db8::2"},
		{{RTM_NEWADDR, 3, NULL, "2001:db8::3", RT_SCOPE_UNIVERSE, 64, IFA_F_DADFAILED},
		 true,
		 "10.8.0.2",
		 "2001:db8::2"},
		{{RTM_DELADDR, 3, NULL, "2001:db8::2", RT_SCOPE_UNIVERSE, 48, 0},
		 false,
		 "10.8.0.2",
		 "2001:db8::2"},
		{{RTM_DELADDR, 3, NULL, "2001:db8::2", RT_SCOPE_UNIVERSE, 64, 0},
		 true,
		 "10.8.0.2",
		 "-"},
		{{RTM_DELADDR, 3, "10.8.0.2", "10.8.0.1", RT_SCOPE_UNIVERSE, 32, 0},
		 true,
		 "-",
		 "-"},
		{{RTM_DELADDR, 3, "10.8.0.2", "10.8.0.1", RT_SCOPE_UNIVERSE, 32, 0},
		 false,
		 "-",
		 "-"},
	};
	struct link_table table = {0};
	char text[ADDRESS_TEXT_SIZE];

	(void)state;
	assert_true(apply_link(&table, RTM_NEWLINK, 3, IFF_UP, "tun0"));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct address address;

		assert_int_equal(apply_address(&table, cases[i].of), cases[i].changes);
		address = link_usable_address(&table.links[0], AF_INET);
		assert_string_equal(address_format(&address, text), cases[i].ipv4);
		address = link_usable_address(&table.links[0], AF_INET6);
		assert_string_equal(address_format(&address, text), cases[i].ipv6);
	}
	link_table_clear(&table);
}

static void the_same_addresses_in_another_order_are_the_same(void **state)
{
	struct address_case first = {RTM_NEWADDR, 3, "10.8.0.2", NULL, RT_SCOPE_UNIVERSE, 24, 0};
	struct address_case second = {RTM_NEWADDR, 3, "10.8.0.3", NULL, RT_SCOPE_UNIVERSE, 24, 0};
	struct link_table a = {0}, b = {0};

	(void)state;
	assert_true(apply_link(&a, RTM_NEWLINK, 3, IFF_UP, "tun0"));
	assert_true(apply_link(&b, RTM_NEWLINK, 3, IFF_UP, "tun0"));
	assert_true(apply_address(&a, first) && apply_address(&a, second));
	assert_true(apply_address(&b, second));
	assert_false(link_same_addresses(&a.links[0], &b.links[0]));
	assert_true(apply_address(&b, first));
	assert_true(link_same_addresses(&a.links[0], &b.links[0]));
	first.type = RTM_DELADDR;
	assert_true(apply_address(&a, first));
	first.type = RTM_NEWADDR;
	first.prefix_len = 32;
	assert_true(apply_address(&a, first));
	assert_false(link_same_addresses(&a.links[0], &b.links[0]));
	link_table_clear(&a);
	link_table_clear(&b);
}

static void more_addresses_than_there_is_room_for_are_left_out(void **state)
{
	struct link_table table = {0};
	struct address_case of = {RTM_NEWADDR, 3, NULL, NULL, RT_SCOPE_UNIVERSE, 24, 0};
	char text[ADDRESS_TEXT_SIZE];

	(void)state;
	assert_true(apply_link(&table, RTM_NEWLINK, 3, IFF_UP, "tun0"));
	for (int i = 0; i < LINK_ADDRESSES_MAX + 5; i++) {
		snprintf(text, sizeof(text), "10.8.0.%d", i + 1);
		of.local = text;
		assert_int_equal(apply_address(&table, of), i < LINK_ADDRESSES_MAX);
	}
	of.type = RTM_DELADDR;
	assert_false(apply_address(&table, of));
	of.local = "10.8.0.1";
	assert_true(apply_address(&table, of));
	assert_int_equal(table.links[0].address_count, LINK_ADDRESSES_MAX - 1);
	link_table_clear(&table);
}

static void messages_cut_anywhere_are_never_read_past_their_end(void **state)
{
	struct address_case of = {RTM_NEWADDR, 3, "10.8.0.2", "10.8.0.1", RT_SCOPE_UNIVERSE, 32, 0};
	struct message whole[2] = {link_message_of(RTM_NEWLINK, AF_UNSPEC, 3, IFF_UP, "tun0"),
				   address_message_of(&of)};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(whole); i++) {
		for (size_t cut = 0; cut < whole[i].len; cut++) {
			struct link_table table = {0};
			struct link_message split;
			uint8_t *copy = malloc(cut + 1);
			const uint8_t *bytes = copy;
			size_t len = cut;

			memcpy(copy, whole[i].bytes, cut);
			assert_false(link_message_next(&bytes, &len, &split));
			if (cut >= sizeof(struct nlmsghdr)) {
				uint32_t short_len = (uint32_t)cut;

				memcpy(copy, &short_len, sizeof(short_len));
				assert_true(link_message_next(&bytes, &len, &split));
				link_table_apply(&table, &split);
			}
			free(copy);
			link_table_clear(&table);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(links_come_go_and_change_their_names),
		cmocka_unit_test(a_port_leaving_a_bridge_is_no_deleted_device),
		cmocka_unit_test(a_message_without_a_name_keeps_the_name),
		cmocka_unit_test(only_global_addresses_count_and_only_usable_ones_are_used),
		cmocka_unit_test(the_same_addresses_in_another_order_are_the_same),
		cmocka_unit_test(more_addresses_than_there_is_room_for_are_left_out),
		cmocka_unit_test(messages_cut_anywhere_are_never_read_past_their_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
