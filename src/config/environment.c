/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Environment variables to the text of a policy. */
#include "config/environment.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/compiler.h"

const char environment_name[] = "environment";

static const char usual_path[] = "/etc/egressd/egress.conf";
static const char ours[] = "EGRESSD_";

struct variable {
	const char *name;  /* behind EGRESSD_ */
	const char *verb;  /* begins each of its lines */
	const char *usual; /* when it is not given; NULL: then there is no line */
};

/* In the order of the policy: first match wins. */
static const struct variable known[] = {
	{"LISTEN", "listen mixed", NULL},
	{"FORWARD", "forward", NULL},
	{"CLIENT", "client", NULL},
	{"EGRESS", "egress vpn", "device tun0"},
	{"SET", "set", NULL},
	{"BLOCK", "block", "to private"},
	{"ALLOW", "vpn", NULL},
	{"LIMIT", "limit client", NULL},
	{"HOLD", "hold", NULL},
	{"LOG", "log", NULL},
	{"UDP_PORTS", "udp-ports", NULL},
	{"FIREWALL", "firewall", NULL},
	{"VPN_ENDPOINT", "vpn-endpoint", NULL},
	{"EXPECT", "expect", NULL},
};

static bool variable_is_ours(const char *variable)
{
	return strncmp(variable, ours, sizeof(ours) - 1) == 0;
}

/* Its value, when this is the variable; NULL: it is another. */
static const char *variable_value(const char *variable, const char *name)
{
	size_t len = strlen(name);

	if (!variable_is_ours(variable))
		return NULL;
	variable += sizeof(ours) - 1;
	return strncmp(variable, name, len) == 0 && variable[len] == '=' ? variable + len + 1
									 : NULL;
}

static const char *variables_find(char *const *variables, const char *name)
{
	const char *value = NULL;

	for (; value == NULL && *variables != NULL; variables++)
		value = variable_value(*variables, name);
	return value;
}

/* One line for each item of a value; lines and semicolons part them, and comments are left out, for
 * a semicolon in one would begin a statement. */
static void write_items(FILE *out, const char *verb, const char *value)
{
	while (*value != '\0') {
		size_t len;

		value += strspn(value, " \t\r\n;");
		len = strcspn(value, *value == '#' ? "\n" : "\n;");
		if (len > 0 && *value != '#')
			fprintf(out, "%s %.*s\n", verb, (int)len, value);
		value += len;
	}
}

/* Something that its writer took for a variable of ours: the parser is to refuse it by its name. */
static void write_unknown(FILE *out, const char *variable)
{
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (variable_value(variable, known[i].name) != NULL)
			return;
	}
	fprintf(out, "%.*s\n", (int)strcspn(variable, "=\n"), variable);
}

static void write_policy(FILE *out, char *const *variables)
{
	fprintf(out, "# There is no %s: this is what the environment stands for.\n", usual_path);
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		const char *value = variables_find(variables, known[i].name);

		if (value == NULL)
			value = known[i].usual;
		if (value != NULL)
			write_items(out, known[i].verb, value);
	}
	fputs("default block\n", out);
	for (; *variables != NULL; variables++) {
		if (variable_is_ours(*variables))
			write_unknown(out, *variables);
	}
}

/* Names like ours alone are none: other programs of this project have theirs. */
static bool variables_have_policy(char *const *variables)
{
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (variables_find(variables, known[i].name) != NULL)
			return true;
	}
	return false;
}

char *environment_policy(char *const *variables)
{
	char *text = NULL;
	size_t size;
	FILE *out;
	bool whole;

	if (!variables_have_policy(variables)) {
		errno = ENOENT;
		return NULL;
	}
	out = open_memstream(&text, &size);
	if (out == NULL)
		return NULL;
	write_policy(out, variables);
	whole = !ferror(out);
	if (fclose(out) == 0 && whole)
		return text;
	free(text);
	errno = ENOMEM;
	return NULL;
}

const char *environment_or_file(const char *path)
{
	if (strcmp(path, usual_path) != 0 || access(path, F_OK) == 0 || errno != ENOENT ||
	    !variables_have_policy(environ))
		return path;
	return environment_name;
}
