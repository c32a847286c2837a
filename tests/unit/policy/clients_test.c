/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whoever asks is found among many clients as if each were looked at in the file's order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "base/prefix.h"
#include "policy/builder.h"
#include "policy/policy.h"

enum {
	CLIENTS = 40,
	ATTRIBUTES = 3,
	POLICIES = 200,
	QUESTIONS = 400,
};

/* A client as the file would have it. */
struct model {
	struct prefix prefixes[ATTRIBUTES];
	char users[ATTRIBUTES][8];
	int prefix_count, user_count;
};

/* The same numbers in every run: 0 .. sides - 1. */
static int roll(int sides)
{
	static unsigned short state[3] = {7};

	return (int)(nrand48(state) % sides);
}

/* Few addresses and few users, so that clients overlap. */
static struct address any_address(void)
{
	struct address address = {.family = roll(3) == 0 ? AF_INET6 : AF_INET};
	size_t len = address_len(&address);

	address.bytes[0] = 10;
	address.bytes[len - 2] = (uint8_t)(roll(2));
	address.bytes[len - 1] = (uint8_t)(roll(256));
	return address;
}

static struct prefix any_prefix(void)
{
	static const uint8_t free_bits[] = {0, 0, 0, 1, 4, 8, 9, 32};
	struct prefix prefix = {.address = any_address()};
	size_t len = address_len(&prefix.address);
	struct address mask;

	prefix.bits = (uint8_t)(len * 8 - free_bits[roll(8)]);
	mask = prefix_mask(&prefix);
	for (size_t i = 0; i < len; i++)
		prefix.address.bytes[i] &= mask.bytes[i];
	return prefix;
}

static void any_user(char user[8])
{
	snprintf(user, 8, "u%d", roll(12));
}

static void model_fill(struct model *model, struct policy_builder *builder)
{
	char name[16];
	int client;

	snprintf(name, sizeof(name), "c%d", roll(INT_MAX));
	client = policy_builder_client(builder, name, strlen(name));
	assert_true(client >= 0);
	*model = (struct model){.prefix_count = roll(ATTRIBUTES + 1),
				.user_count = roll(3) == 0 ? roll(ATTRIBUTES + 1) : 0};
	for (int i = 0; i < model->prefix_count; i++) {
		model->prefixes[i] = any_prefix();
		assert_return_code(
			policy_builder_client_address(builder, client, &model->prefixes[i]), 0);
	}
	for (int i = 0; i < model->user_count; i++) {
		any_user(model->users[i]);
		assert_return_code(policy_builder_client_user(builder, client, model->users[i],
							      strlen(model->users[i])),
				   0);
	}
}

static bool model_holds(const struct model *model, const struct address *source, const char *user)
{
	bool address = model->prefix_count == 0, name = model->user_count == 0;

	for (int i = 0; i < model->prefix_count; i++)
		address = address || prefix_contains(&model->prefixes[i], source);
	for (int i = 0; i < model->user_count; i++)
		name = name || strcmp(model->users[i], user) == 0;
	return model->prefix_count + model->user_count > 0 && address && name;
}

static int model_identify(const struct model *models, int count, const struct address *source,
			  const char *user)
{
	for (int i = 0; i < count; i++) {
		if (model_holds(&models[i], source, user))
			return i;
	}
	return POLICY_CLIENT_UNKNOWN;
}

static void the_index_finds_whom_a_look_at_each_would_find(void **state)
{
	struct model models[CLIENTS];
	int known = 0;

	(void)state;
	for (int round = 0; round < POLICIES; round++) {
		struct policy_builder *builder = policy_builder_new("test.conf");
		int count = roll(CLIENTS + 1);
		struct policy *policy;

		assert_non_null(builder);
		for (int i = 0; i < count; i++)
			model_fill(&models[i], builder);
		policy = policy_builder_finish(builder);
		assert_non_null(policy);
		for (int i = 0; i < QUESTIONS; i++) {
			struct address source = any_address();
			char user[8] = "";
			int found;

			if (roll(2) == 0)
				any_user(user);
			found = policy_identify(policy, POLICY_CLIENT_UNKNOWN, &source, user,
						strlen(user));
			assert_int_equal(found, model_identify(models, count, &source, user));
			known += found >= 0;
		}
		policy_free(policy);
	}
	/* Neither everybody nor nobody was known. */
	assert_in_range(known, POLICIES * QUESTIONS / 10, POLICIES * QUESTIONS * 9 / 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_index_finds_whom_a_look_at_each_would_find),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
