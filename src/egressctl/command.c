/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What all commands share: asking the daemon, reading the file, saying what went wrong. */
#include "egressctl/command.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/config.h"
#include "config/environment.h"
#include "config/report.h"
#include "control/client.h"
#include "egressctl/print.h"

int command_fail(const struct invocation *invocation, int code, const char *format, ...)
{
	char sentence[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	fprintf(stderr, "egressctl: %s\n", sentence);
	if (invocation->json)
		command_print_json(json_pack("{s:o}", "error", json_words(sentence)));
	return code;
}

void command_print_json(json_t *json)
{
	/* In ASCII, so that no text in it can steer a terminal. */
	json_dumpf(json, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	putchar('\n');
	json_decref(json);
}

int command_ask(const struct invocation *invocation, const char *method, const char *path,
		const json_t *body, struct control_answer *answer)
{
	if (control_call(invocation->socket_path, method, path, body, answer) < 0)
		return command_fail(invocation, EXIT_UNKNOWN, "%s", answer->problem);
	if (answer->body)
		return 0;
	return command_fail(invocation, EXIT_UNKNOWN,
			    "what listens at %s is no egressd of this kind (HTTP status %d)",
			    invocation->socket_path, answer->status);
}

int command_read(const struct invocation *invocation, const char *path,
		 struct control_answer *answer)
{
	int code = command_ask(invocation, "GET", path, NULL, answer);

	if (code != 0 || answer->status == 200)
		return code;
	code = command_fail(invocation, EXIT_UNKNOWN, "%s",
			    json_text(answer->body, "error", "egressd cannot tell"));
	control_answer_clear(answer);
	return code;
}

struct config *command_load(const struct invocation *invocation)
{
	const char *source = environment_or_file(invocation->config_path);
	struct config_report *report = config_report_new();
	struct config *config = NULL;
	char *text;

	if (report)
		config = config_load(invocation->config_path, report);
	text = report ? config_report_text(report, source) : NULL;
	if (text)
		fputs(text, stderr);
	if (!config)
		(void)command_fail(invocation, EXIT_UNKNOWN,
				   "%s could not be used; 'egressctl check' says the same", source);
	free(text);
	config_report_free(report);
	return config;
}
