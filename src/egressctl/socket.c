/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the daemon answers when nobody says: at the usual place, or where its policy file says. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "config/report.h"
#include "egressctl/command.h"

void command_find_socket(struct invocation *invocation)
{
	struct config_report *report;
	struct config *config = NULL;

	if (invocation->socket_named || access(DEFAULT_SOCKET, F_OK) == 0)
		return;
	/* What is wrong with the file is for 'egressctl check' to say; here it just names nothing.
	 */
	report = config_report_new();
	if (report)
		config = config_load(invocation->config_path, report);
	config_report_free(report);
	if (config)
		invocation->socket_found = strdup(config->control_path);
	else if (invocation->config_named)
		fprintf(stderr,
			"egressctl: %s could not be used, so it tells no socket ('egressctl check' "
			"says why)\n",
			invocation->config_path);
	config_unref(config);
	if (invocation->socket_found)
		invocation->socket_path = invocation->socket_found;
}
