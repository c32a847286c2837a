/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The log: one event is one line, whatever is in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

struct capture {
	int saved, ends[2];
};

static void capture_start(struct capture *capture)
{
	assert_int_equal(pipe(capture->ends), 0);
	capture->saved = dup(STDERR_FILENO);
	assert_int_equal(dup2(capture->ends[1], STDERR_FILENO), STDERR_FILENO);
}

/* A line is far smaller than the pipe, so nothing blocks. */
static void capture_stop(struct capture *capture, char out[4096])
{
	ssize_t len;

	assert_int_equal(dup2(capture->saved, STDERR_FILENO), STDERR_FILENO);
	close(capture->saved);
	close(capture->ends[1]);
	len = read(capture->ends[0], out, 4095);
	close(capture->ends[0]);
	assert_true(len >= 0);
	out[len] = '\0';
}

static void a_value_never_forges_a_line(void **state)
{
	struct capture capture;
	struct log_line line;
	char out[4096];

	(void)state;
	log_configure(LOG_INFO, LOG_TEXT);
	capture_start(&capture);
	log_begin(&line, LOG_INFO, "session end");
	log_field(&line, "host", "a.example");
	log_field(&line, "user", "x\n2026 error forged y=\"z\"");
	log_field(&line, "empty", "");
	log_field_number(&line, "bytes", -5);
	log_end(&line);
	capture_stop(&capture, out);
	assert_non_null(strstr(out,
			       "Z info  session end host=a.example "
			       "user=\"x\\n2026 error forged y=\\\"z\\\"\" empty=\"\" bytes=-5\n"));
	assert_ptr_equal(strchr(out, '\n'), out + strlen(out) - 1);
}

/* Everything else of one byte would end the value, or look like another key. */
static void only_a_plain_byte_stands_without_quotes(void **state)
{
	(void)state;
	log_configure(LOG_INFO, LOG_TEXT);
	for (int byte = 0; byte < 256; byte++) {
		char value = (char)byte, out[4096];
		bool plain = byte > ' ' && byte < 0x7f && strchr("\"\\=", byte) == NULL;
		struct capture capture;
		struct log_line line;

		capture_start(&capture);
		log_begin(&line, LOG_INFO, "event");
		log_field_bytes(&line, "value", &value, 1);
		log_end(&line);
		capture_stop(&capture, out);
		assert_int_equal(strstr(out, "value=\"") == NULL, plain);
		assert_int_equal(strlen(strchr(out, '=')) == strlen("=x\n"), plain);
	}
}

static void a_json_line_is_json_however_long(void **state)
{
	static const size_t lengths[] = {0,    10,   300,  1900, 1960, 1980,
					 1990, 2000, 2010, 2020, 3000};
	static char value[3001];
	struct address address;

	(void)state;
	assert_true(address_parse("2001:db8::1", 11, &address));
	log_configure(LOG_INFO, LOG_JSON);
	for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
		struct capture capture;
		struct log_line line;
		json_error_t error;
		char out[4096];
		json_t *json;

		memset(value, '\0', sizeof(value));
		memset(value, i % 2 == 0 ? '"' : 'v', lengths[i]);
		capture_start(&capture);
		log_begin(&line, LOG_WARN, i % 3 == 0 ? value : "event");
		log_field(&line, "value", value);
		log_field_number(&line, "number", 7);
		log_field_address(&line, "address", &address);
		log_field(&line, "last", "x");
		log_end(&line);
		capture_stop(&capture, out);
		assert_true(strlen(out) < sizeof(line.bytes));
		json = json_loads(out, 0, &error);
		assert_non_null(json);
		assert_string_equal(json_string_value(json_object_get(json, "level")), "warn");
		if (json_object_get(json, "address") != NULL)
			assert_string_equal(json_string_value(json_object_get(json, "address")),
					    "2001:db8::1");
		assert_int_equal(json_object_get(json, "truncated") != NULL,
				 json_object_get(json, "last") == NULL);
		json_decref(json);
	}
}

static void quiet_levels_write_nothing(void **state)
{
	struct capture capture;
	char out[4096];

	(void)state;
	log_configure(LOG_WARN, LOG_TEXT);
	assert_false(log_enabled(LOG_INFO));
	capture_start(&capture);
	log_info("not %s", "this");
	log_debug("nor this");
	log_warn("but %s", "this");
	capture_stop(&capture, out);
	assert_null(strstr(out, "not"));
	assert_non_null(strstr(out, " warn  but this\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_value_never_forges_a_line),
		cmocka_unit_test(only_a_plain_byte_stands_without_quotes),
		cmocka_unit_test(a_json_line_is_json_however_long),
		cmocka_unit_test(quiet_levels_write_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
