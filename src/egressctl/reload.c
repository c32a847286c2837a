/* SPDX-License-Identifier: GPL-3.0-or-later */
/* egressctl reload: the daemon reads its policy file again. */
#include <stdio.h>

#include "control/client.h"
#include "egressctl/command.h"
#include "egressctl/print.h"

static int reload_print(const json_t *answer, int status)
{
	fputs(json_text(answer, "report", ""), stdout);
	if (status == 200) {
		puts("the policy file was read again and is in force");
		return EXIT_YES;
	}
	print_styled(STYLE_BAD, json_text(answer, "error", "egressd did not reload"));
	putchar('\n');
	return status == 422 ? EXIT_NO : EXIT_UNKNOWN;
}

int command_reload(struct invocation *invocation)
{
	struct control_answer answer;
	int code;

	if (!command_options(invocation, NULL) || invocation->argc != 0)
		return EXIT_USAGE;
	code = command_ask(invocation, "POST", "/v1/reload", NULL, &answer);
	if (code != 0)
		return code;
	if (invocation->json) {
		code = answer.status == 200   ? EXIT_YES
		       : answer.status == 422 ? EXIT_NO
					      : EXIT_UNKNOWN;
		command_print_json(json_incref(answer.body));
	} else {
		code = reload_print(answer.body, answer.status);
	}
	control_answer_clear(&answer);
	return code;
}
