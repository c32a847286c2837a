/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Near words are guessed, far ones are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "config/suggest.h"
#include "config/symbols.h"

static void the_nearest_word_is_offered(void **state)
{
	static const struct {
		const char *meant, *best;
	} cases[] = {
		{"hone", "home"},
		{"listne", "listen"},
		{"lsten", "listen"},
		{"home", "home"},
		{"prowlar", "prowlarr"},
		{"vnp", "vpn"},
		{"xyzzy", NULL},
		{"", NULL},
		{"a", NULL},
	};
	static const char *const words[] = {"home", "listen", "prowlarr", "vpn"};
	char hint[96];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct suggestion suggestion;

		suggestion_init(&suggestion, span_of(cases[i].meant));
		for (size_t j = 0; j < ARRAY_LEN(words); j++)
			suggestion_offer(&suggestion, words[j]);
		if (cases[i].best == NULL) {
			assert_null(suggestion_hint(&suggestion, hint));
		} else {
			assert_string_equal(suggestion.best, cases[i].best);
			assert_non_null(suggestion_hint(&suggestion, hint));
		}
	}
}

static void keywords_and_odd_spellings_are_no_names(void **state)
{
	static const char *const good[] = {"vpn", "a", "my-vpn_2", "Z9"};
	static const char *const bad[] = {"",     "block", "any",
					  "2vpn", "-a",    "a.b",
					  "a b",  "a:b",   "abcdefghijklmnopqrstuvwxyzabcdefg"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_null(symbol_problem(span_of(good[i])));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_non_null(symbol_problem(span_of(bad[i])));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_nearest_word_is_offered),
		cmocka_unit_test(keywords_and_odd_spellings_are_no_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
