/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What helps against a leak: the command that is named is the one for the gateway at hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "../../../src/leak/batch.h"

struct leak {
	const char *says;
	enum rules_state rules;
	bool from_app; /* a resolver beside the proxy has answered it */
	bool is_hub;
	const char *fix;
};

static const struct leak leaks[] = {
	{"a gateway without rules", RULES_MISSING, false, false, "rules apply gateway"},
	{"a hub without rules", RULES_MISSING, false, true, "rules apply hub"},
	{"a gateway with others", RULES_DIFFERENT, false, false, "rules apply gateway"},
	{"a hub with others", RULES_DIFFERENT, false, true, "rules apply hub"},
	{"a resolver on a gateway", RULES_SAME, true, false, "rules apply gateway"},
	{"a resolver on a hub", RULES_SAME, true, true, "rules apply hub"},
	{"a gateway nobody may look at", RULES_UNKNOWN, false, false, "NET_ADMIN"},
};

static void the_fix_is_the_rules_of_the_kind_at_hand(void **state)
{
	const struct address target = {.family = AF_INET, .port = 53, .bytes = {172, 30, 0, 2}};
	struct leak_run *run = calloc(1, sizeof(*run));

	(void)state;
	assert_non_null(run);
	for (size_t i = 0; i < ARRAY_LEN(leaks); i++) {
		struct leak_options options = {.is_hub = leaks[i].is_hub};
		struct leak_report report = {.table = "egressd"};
		struct leak_test test = {0};
		struct leak_probe probe;
		struct batch_of_probes batch = {.run = run,
						.test = &test,
						.from_app = leaks[i].from_app,
						.probes = &probe,
						.count = 1};

		leak_probe_init(&probe, PROBE_DNS, &target, "DNS");
		probe.if_answered = leaks[i].from_app;
		*run = (struct leak_run){.options = &options,
					 .report = &report,
					 .rules = leaks[i].rules,
					 .app = &run->apps[0]};
		cause_tell(&batch, 0);
		if (strstr(test.fix, leaks[i].fix) == NULL || test.cause[0] == '\0')
			fail_msg("%s: %s (%s)", leaks[i].says, test.fix, test.cause);
		if (leaks[i].is_hub && strstr(test.fix, "gateway") != NULL)
			fail_msg("%s: %s", leaks[i].says, test.fix);
	}
	free(run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_fix_is_the_rules_of_the_kind_at_hand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
