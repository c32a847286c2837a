/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the command line says of packet rules, for the policy does not say it. */
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/prefix.h"
#include "config/rules.h"
#include "egressctl/command.h"
#include "egressctl/rules.h"

/* "172.30.0.0/24,fd30::/64". */
static int parse_apps(const struct invocation *invocation, const char *text, struct prefix **apps,
		      size_t *count)
{
	while (text != NULL && *text != '\0') {
		size_t len = strcspn(text, ",");
		struct prefix *more = array_more(*apps, *count, sizeof(*more));

		if (more == NULL)
			return command_fail(invocation, EXIT_UNKNOWN, "out of memory");
		*apps = more;
		if (!prefix_parse(text, len, &more[(*count)++]))
			return command_fail(invocation, EXIT_USAGE,
					    "--apps: '%.*s' is no network (10.0.0.0/24)", (int)len,
					    text);
		text += len + (text[len] == ',');
	}
	return EXIT_YES;
}

int rules_options_parse(const struct invocation *invocation, const struct rules_options *given,
			struct config_rules_options *options, struct prefix **apps)
{
	size_t count = 0;
	int code = parse_apps(invocation, given->apps, apps, &count);
	char *end;

	if (code != EXIT_YES)
		return code;
	*options = (struct config_rules_options){.uid = FIREWALL_PROXY_UID,
						 .bridge = RULES_BRIDGE,
						 .apps = *apps,
						 .app_count = count};
	if (given->uid != NULL) {
		unsigned long uid;

		errno = 0;
		uid = strtoul(given->uid, &end, 10);
		if (errno != 0 || *end != '\0' || end == given->uid || uid == 0 ||
		    uid >= UINT32_MAX)
			return command_fail(invocation, EXIT_USAGE,
					    "--uid: '%s' is no number of a user but root",
					    given->uid);
		options->uid = (uint32_t)uid;
	}
	if (given->bridge != NULL)
		options->bridge = given->bridge;
	if (options->bridge[0] == '\0' || strlen(options->bridge) >= IFNAMSIZ ||
	    strpbrk(options->bridge, " \"/*\n") != NULL)
		return command_fail(invocation, EXIT_USAGE, "--bridge: '%s' is no name of a device",
				    options->bridge);
	return EXIT_YES;
}
