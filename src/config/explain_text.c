/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An explanation as people read it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/explain.h"

static const char *text_of(const json_t *object, const char *key, const char *otherwise)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text == NULL ? otherwise : text;
}

static int number_of(const json_t *object, const char *key)
{
	return (int)json_integer_value(json_object_get(object, key));
}

static void explain_print_rule(FILE *out, const json_t *explained)
{
	const json_t *rule = json_object_get(explained, "rule");

	if (number_of(rule, "line") == 0)
		fprintf(out, "  rule      none matched, and there is no default\n");
	else
		fprintf(out, "  rule      %s:%d  %s\n", text_of(rule, "file", "-"),
			number_of(rule, "line"), text_of(rule, "text", ""));
}

static void explain_print_name(FILE *out, const json_t *name)
{
	const char *by = text_of(name, "resolved_by", "");
	const json_t *server;
	size_t i;

	if (strcmp(by, "upstream") == 0) {
		fprintf(out, "  name      passed on unresolved to %s\n",
			text_of(name, "upstream", "-"));
		return;
	}
	if (strcmp(by, "servers") != 0) {
		fprintf(out, "  name      refused: %s\n", text_of(name, "why", "-"));
		return;
	}
	fprintf(out, "  name      asked of");
	json_array_foreach(json_object_get(name, "servers"), i, server)
		fprintf(out, "%s %s", i == 0 ? "" : ",", json_string_value(server));
	if (json_object_get(name, "device") != NULL)
		fprintf(out, " through %s", text_of(name, "device", "the namespace's own routing"));
	fprintf(out, "\n");
}

static void explain_print(FILE *out, const json_t *explained)
{
	const json_t *guard = json_object_get(explained, "guard");
	const json_t *name = json_object_get(explained, "name"), *rule;
	bool allowed = json_is_true(json_object_get(explained, "dialled"));
	const char *client = text_of(explained, "client", "-"),
		   *host = text_of(explained, "host", "");
	bool brackets = strchr(host, ':') != NULL;
	size_t i;

	fprintf(out, "%s %s %s%s%s:%d%s%s\n",
		strcmp(client, "-") == 0 ? "an unknown client" : client,
		allowed ? "may reach" : "may not reach", brackets ? "[" : "", host,
		brackets ? "]" : "", number_of(explained, "port"), allowed ? " by " : "",
		allowed ? text_of(explained, "egress", "-") : "");
	explain_print_rule(out, explained);
	if (name != NULL)
		explain_print_name(out, name);
	if (guard != NULL)
		fprintf(out, "  guard     %s: %s, %s\n",
			json_is_true(json_object_get(guard, "allowed")) ? "lets it pass"
									: "refuses",
			text_of(guard, "class", "-"), text_of(guard, "why", "-"));
	json_array_foreach(json_object_get(explained, "considered"), i, rule) fprintf(
		out, "  %-9s line %d  %s (%s)\n", i == 0 ? "passed" : "", number_of(rule, "line"),
		text_of(rule, "text", ""), text_of(rule, "why", ""));
}

char *config_explain_text(const json_t *explained)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL)
		return NULL;
	explain_print(out, explained);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}
