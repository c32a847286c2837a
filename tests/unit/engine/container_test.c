/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The engine's answers are read strictly, and nobody is started who was not left behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "engine/rejoin.h"

#define ID "06a5e1b2b22383021e62b6bca24a4464d1c540aa1ede935e9be19e3f8664c023"
#define OTHER "61c948136cb241161a4b82208bd5ad910e754dd9ba5e96074dad5317fb4adcf0"
#define REASON "cannot join network of a non running container: " OTHER

static const char left_behind[] =
	"{\"Id\":\"" ID "\",\"Name\":\"/egress\",\"State\":{\"Status\":\"exited\",\"ExitCode\":75,"
	"\"Error\":\"" REASON "\"},\"HostConfig\":{\"NetworkMode\":\"container:" OTHER "\","
	"\"RestartPolicy\":{\"Name\":\"unless-stopped\",\"MaximumRetryCount\":0}},\"Config\":"
	"{\"Labels\":{\"com.docker.compose.project\":\"stack\",\"com.docker.compose.service\":"
	"\"egress\"}}}";

/* What is read when a part of left_behind is another. */
static bool read_with(const char *part, const char *other, struct engine_container *container)
{
	const char *at = strstr(left_behind, part);
	char text[4096];

	assert_non_null(at);
	assert_in_range(snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - left_behind),
				 left_behind, other, at + strlen(part)),
			1, sizeof(text) - 1);
	return engine_read_container(text, strlen(text), container);
}

static void what_matters_of_a_container_is_read(void **state)
{
	struct engine_container container;

	(void)state;
	assert_true(engine_read_container(left_behind, strlen(left_behind), &container));
	assert_string_equal(container.id, ID);
	assert_string_equal(container.name, "egress");
	assert_string_equal(container.owner, OTHER);
	assert_string_equal(container.project, "stack");
	assert_string_equal(container.service, "egress");
	assert_string_equal(container.error, REASON);
	assert_true(container.ended && container.restarts && !container.running);
}

static void half_an_answer_is_none(void **state)
{
	struct engine_container container;

	(void)state;
	for (size_t len = 0; len < strlen(left_behind); len++) {
		assert_false(engine_read_container(left_behind, len, &container));
		assert_string_equal(container.id, "");
	}
}

static void an_odd_container_is_none(void **state)
{
	static const struct {
		const char *part, *other;
	} cases[] = {
		{"\"Id\":\"06a5", "\"Id\":\"06A5"},
		{"\"Id\":\"06a5", "\"Id\":\"../../06"},
		{"\"Id\":\"06a5", "\"Id\":\"6a5"},
		{"\"Id\":\"" ID "\"", "\"Id\":7"},
		{"\"Status\":\"exited\"", "\"Status\":1"},
		{"\"State\":{", "\"Stat\":{"},
		{"\"HostConfig\"", "\"Host\""},
		{"\"Name\":\"/egress\"", "\"Id\":\"" ID "\""},
		{"{\"Id\"", "[{\"Id\""},
		{"}}}", "}}}}"},
	};
	struct engine_container container;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_false(read_with(cases[i].part, cases[i].other, &container));
}

static void a_name_cannot_lead_to_another_path_or_steer_a_terminal(void **state)
{
	static const char *const names[] = {"..",  "a/b", "a%2fb",      "a?b",
					    "a b", "",    "\\u001b[2J", "-a"};
	struct engine_container container;
	char other[128];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(other, sizeof(other), "container:%s\"", names[i]);
		assert_true(read_with("container:" OTHER "\"", other, &container));
		assert_string_equal(container.owner, "");
		snprintf(other, sizeof(other), "/%s\"", names[i]);
		assert_true(read_with("/egress\"", other, &container));
		assert_string_equal(container.name, "");
	}
	assert_true(read_with("cannot join", "\\u001b[2J\\ncan\\u00fcnot", &container));
	assert_memory_equal(container.error, "?[2J?can??not", 13);
}

/* One word of what the engine says decides. */
static void only_who_was_left_behind_is_started(void **state)
{
	static const struct {
		const char *part, *other;
		enum rejoin_verdict verdict;
	} cases[] = {
		{"exited", "exited", REJOIN_LEFT},
		{"exited", "created", REJOIN_LEFT},
		{"unless-stopped", "always", REJOIN_LEFT},
		{"unless-stopped", "on-failure", REJOIN_LEFT},
		{REASON, "lstat /proc/1234/ns/net: no such file", REJOIN_LEFT},
		/* stopped by a person, or ended by itself: the engine did not fail */
		{REASON, "", REJOIN_NOTHING},
		{"\"Error\":\"" REASON "\"", "\"Error\":null", REJOIN_NOTHING},
		/* the engine is at it */
		{"exited", "restarting", REJOIN_NOTHING},
		{"exited", "running", REJOIN_NOTHING},
		{"exited", "paused", REJOIN_NOTHING},
		{"exited", "removing", REJOIN_NOTHING},
		{"exited", "dead", REJOIN_NOTHING},
		{"exited", "Exited", REJOIN_NOTHING},
		/* nobody wants it to be started again and again */
		{"unless-stopped", "no", REJOIN_NOTHING},
		{"unless-stopped", "", REJOIN_NOTHING},
		/* it joins nobody */
		{"container:" OTHER, "bridge", REJOIN_NOTHING},
		{"container:" OTHER, "container:", REJOIN_NOTHING},
		/* somebody else's */
		{"\"stack\"", "\"stack2\"", REJOIN_NOTHING},
		{"\"stack\"", "\"\"", REJOIN_NOTHING},
		{"compose.project", "compose.other", REJOIN_NOTHING},
	};
	const struct engine_container up = {.running = true}, down = {.ended = true};
	struct engine_container container;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		bool left = cases[i].verdict == REJOIN_LEFT;

		assert_true(read_with(cases[i].part, cases[i].other, &container));
		assert_int_equal(rejoin_judge(&container, "stack", &up), cases[i].verdict);
		assert_int_equal(rejoin_judge(&container, "stack", &down),
				 left ? REJOIN_WAITS : REJOIN_NOTHING);
		assert_int_equal(rejoin_judge(&container, "stack", NULL),
				 left ? REJOIN_ORPHANED : REJOIN_NOTHING);
	}
}

static void a_list_names_those_that_ended_and_join_somebody(void **state)
{
	static const struct {
		const char *text;
		bool read;
		size_t count;
	} cases[] = {
		{"[]", true, 0},
		{"[{\"Id\":\"" ID "\",\"State\":\"exited\",\"HostConfig\":{\"NetworkMode\":"
		 "\"container:" OTHER "\"}}]",
		 true, 1},
		{"[{\"Id\":\"" ID "\",\"State\":\"running\",\"HostConfig\":{\"NetworkMode\":"
		 "\"container:" OTHER "\"}}]",
		 true, 0},
		{"[{\"Id\":\"" ID "\",\"State\":\"exited\",\"HostConfig\":{\"NetworkMode\":"
		 "\"bridge\"}}]",
		 true, 0},
		{"[{\"Id\":\"" ID "\",\"State\":\"exited\"}]", true, 0},
		{"[{\"Id\":\"../x\"}]", false, 0},
		{"[{}]", false, 0},
		{"[7]", false, 0},
		{"{}", false, 0},
		{"", false, 0},
		{"null", false, 0},
	};
	struct engine_list list;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(engine_read_list(cases[i].text, strlen(cases[i].text), &list),
				 cases[i].read);
		assert_int_equal(list.count, cases[i].count);
	}
}

static void a_list_of_more_than_there_is_room_for_is_cut(void **state)
{
	static const char one[] = "{\"Id\":\"" ID "\",\"State\":\"exited\",\"HostConfig\":"
				  "{\"NetworkMode\":\"container:" OTHER "\"}}";
	static char text[2 + (ENGINE_LIST_MAX + 9) * sizeof(one)];
	struct engine_list list;
	size_t len = 0;

	(void)state;
	for (size_t i = 0; i < ENGINE_LIST_MAX + 9; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%c%s", i ? ',' : '[', one);
	text[len++] = ']';
	assert_true(engine_read_list(text, len, &list));
	assert_int_equal(list.count, ENGINE_LIST_MAX);
}

static void the_engines_words_are_shown_clean(void **state)
{
	static const char text[] = "{\"message\":\"no\\nsuch \\u001b[1mthing\"}";
	char message[ENGINE_ERROR_SIZE];

	(void)state;
	engine_read_message(text, strlen(text), message);
	assert_string_equal(message, "no?such ?[1mthing");
	engine_read_message("<html>", 6, message);
	assert_string_equal(message, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_matters_of_a_container_is_read),
		cmocka_unit_test(half_an_answer_is_none),
		cmocka_unit_test(an_odd_container_is_none),
		cmocka_unit_test(a_name_cannot_lead_to_another_path_or_steer_a_terminal),
		cmocka_unit_test(only_who_was_left_behind_is_started),
		cmocka_unit_test(a_list_names_those_that_ended_and_join_somebody),
		cmocka_unit_test(a_list_of_more_than_there_is_room_for_is_cut),
		cmocka_unit_test(the_engines_words_are_shown_clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
