/* SPDX-License-Identifier: GPL-3.0-or-later */
/* egressctl version: this program's, and the running daemon's. */
#include <stdio.h>

#include "base/version.h"
#include "control/client.h"
#include "egressctl/command.h"
#include "egressctl/print.h"

int command_version(struct invocation *invocation)
{
	struct control_answer answer;
	const char *daemon = NULL;

	if (!command_options(invocation, NULL) || invocation->argc != 0)
		return EXIT_USAGE;
	if (control_call(invocation->socket_path, "GET", "/v1/version", NULL, &answer) == 0)
		daemon = json_text(answer.body, "version", NULL);
	if (invocation->json) {
		command_print_json(
			json_pack("{s:s, s:s?}", "egressctl", version_text(), "egressd", daemon));
	} else {
		printf("egressctl %s\n", version_text());
		printf("egressd   ");
		print_clean(daemon ? daemon : "none answers");
		printf(" (%s)\n", invocation->socket_path);
	}
	control_answer_clear(&answer);
	return EXIT_YES;
}
