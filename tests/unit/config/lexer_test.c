/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Statements, words, comments, quotes and joined lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/text.h"
#include "config/lexer.h"

/* The whole text as one line: words in <>, commas, ';' at the end of a statement, '!' for bad. */
static void read_all(const char *text, char *out, size_t size)
{
	struct lexer lexer;
	struct text read;

	text_init(&read, out, size);
	lexer_init(&lexer, text, strlen(text));
	while (lexer_statement(&lexer)) {
		struct token token = lexer_next(&lexer);

		for (; token.kind != TOKEN_END; token = lexer_next(&lexer)) {
			if (token.kind == TOKEN_WORD)
				text_add_format(&read, "<%.*s>", (int)token.text.len,
						token.text.bytes);
			else
				text_add_char(&read, token.kind == TOKEN_COMMA ? ',' : '!');
		}
		text_add_char(&read, ';');
	}
}

static void files_fall_into_the_right_words(void **state)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
		{"", ""},
		{"\n\n  \n\t\n", ""},
		{"# only a comment", ""},
		{"block to any", "<block><to><any>;"},
		{"a\nb\n", "<a>;<b>;"},
		{"a # comment\n#b\nc", "<a>;<c>;"},
		{"a b#c", "<a><b#c>;"},
		{"a,b , c", "<a>,<b>,<c>;"},
		{"a,\nb", "<a>,<b>;"},
		{"a, # why\n\n  # and why\n b\nc", "<a>,<b>;<c>;"},
		{"a,", "<a>,;"},
		{"a \"b c\" d", "<a><b c><d>;"},
		{"a \"b # c\"", "<a><b # c>;"},
		{"a \"\"", "<a><>;"},
		{"a \"b", "<a>!;"},
		{"a \"b\nc\"", "<a>!;!;"},
		{"a \"b\"c\nd", "<a>!;<d>;"},
		{"a b\"c\nd", "<a>!;<d>;"},
		{"a\r\nb\r\n", "<a>;<b>;"},
		{"a\rb", "!;"},
		{"\xef\xbb\xbf"
		 "a",
		 "<a>;"},
		{"a\x01", "!;"},
	};
	char words[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		read_all(cases[i].text, words, sizeof(words));
		assert_string_equal(words, cases[i].words);
	}
}

static void places_are_lines_and_columns(void **state)
{
	static const char text[] = "one\n\n  two,\n\tthree\n";
	struct lexer lexer;
	struct token token;

	(void)state;
	lexer_init(&lexer, text, strlen(text));
	assert_true(lexer_statement(&lexer));
	assert_true(lexer_statement(&lexer));
	token = lexer_next(&lexer);
	assert_int_equal(token.place.line, 3);
	assert_int_equal(token.place.column, 3);
	assert_int_equal(token.place.width, 3);
	assert_false(token.continues);
	assert_int_equal(lexer_next(&lexer).kind, TOKEN_COMMA);
	token = lexer_next(&lexer);
	assert_int_equal(token.place.line, 4);
	assert_int_equal(token.place.column, 2);
	assert_memory_equal(token.place.source, "\tthree", token.place.source_len);
	assert_true(token.continues);
	assert_int_equal(lexer_next(&lexer).kind, TOKEN_END);
	assert_int_equal(lexer_next(&lexer).kind, TOKEN_END);
	assert_false(lexer_statement(&lexer));
}

static void a_zero_byte_ends_nothing(void **state)
{
	static const char text[] = "a\0b\nc";
	struct lexer lexer;

	(void)state;
	lexer_init(&lexer, text, sizeof(text) - 1);
	assert_true(lexer_statement(&lexer));
	assert_int_equal(lexer_next(&lexer).kind, TOKEN_BAD);
	assert_true(lexer_statement(&lexer));
	assert_int_equal(lexer_next(&lexer).kind, TOKEN_WORD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_fall_into_the_right_words),
		cmocka_unit_test(places_are_lines_and_columns),
		cmocka_unit_test(a_zero_byte_ends_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
