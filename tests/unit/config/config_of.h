/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For tests: a configuration from text that must parse. Include it after cmocka. */
#ifndef TESTS_UNIT_CONFIG_CONFIG_OF_H
#define TESTS_UNIT_CONFIG_CONFIG_OF_H

#include <string.h>

#include "config/config.h"
#include "config/report.h"

/* The caller owns it. What is wrong with the text fails the test, with its message. */
static struct config *config_of(const char *text)
{
	struct config_report *report = config_report_new();
	struct config *config = config_parse("test.conf", text, strlen(text), report);

	if (config == NULL)
		fail_msg("%s", config_report_text(report, "test.conf"));
	config_report_free(report);
	return config;
}

#endif
