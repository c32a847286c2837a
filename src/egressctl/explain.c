/* SPDX-License-Identifier: GPL-3.0-or-later */
/* egressctl explain: what the policy says of a request, by the daemon or from the file. */
#include <stdio.h>
#include <stdlib.h>

#include "config/config.h"
#include "config/explain.h"
#include "control/client.h"
#include "egressctl/command.h"
#include "egressctl/print.h"
#include "policy/policy.h"

/* Takes answer, an answer of config_explain wherever it ran. */
static int explain_print(const struct invocation *invocation, json_t *answer, const char *source)
{
	/* What the guard or the resolver would refuse is no more let through than what a rule does.
	 */
	int code = json_is_true(json_object_get(answer, "dialled")) ? EXIT_YES : EXIT_NO;
	char *text;

	json_object_set_new(answer, "answered_by", json_string(source));
	if (invocation->json) {
		command_print_json(answer);
		return code;
	}
	text = config_explain_text(answer);
	if (text)
		fputs(text, stdout);
	printf("%s(answered by %s)%s\n", style_on(STYLE_DIM), source, style_off());
	free(text);
	json_decref(answer);
	return code;
}

static int explain_from_file(const struct invocation *invocation, enum transport transport,
			     const char *why)
{
	struct config *config = command_load(invocation);
	const char *problem = "out of memory";
	char source[PRINT_SIZE];
	json_t *answer;
	int code;

	if (!config)
		return EXIT_UNKNOWN;
	snprintf(source, sizeof(source), "the file %.200s%s%s", invocation->config_path,
		 why ? "; " : "", why ? why : "");
	answer = config_explain(config, invocation->argv[0], invocation->argv[1], transport,
				&problem);
	if (answer)
		code = explain_print(invocation, answer, source);
	else
		code = command_fail(invocation, EXIT_UNKNOWN, "%s", problem);
	config_unref(config);
	return code;
}

static int explain_from_daemon(const struct invocation *invocation,
			       const struct control_answer *answer)
{
	char source[PRINT_SIZE];

	if (answer->status != 200)
		return command_fail(invocation, EXIT_UNKNOWN, "%s",
				    json_text(answer->body, "error", "egressd cannot tell"));
	snprintf(source, sizeof(source), "the policy in force, of the egressd at %.200s",
		 invocation->socket_path);
	return explain_print(invocation, json_incref(answer->body), source);
}

int command_explain(struct invocation *invocation)
{
	bool file = false, udp = false;
	const struct command_option own[] = {{"file", .flag = &file}, {"udp", .flag = &udp}, {0}};
	enum transport transport;
	struct control_answer answer;
	json_t *body;
	int code;

	if (!command_options(invocation, own) || invocation->argc != 2)
		return EXIT_USAGE;
	transport = udp ? TRANSPORT_UDP : TRANSPORT_TCP;
	/* Who names a file asks about that file, whatever runs. */
	if (file || invocation->config_named)
		return explain_from_file(invocation, transport, NULL);
	command_find_socket(invocation);
	body = json_pack("{s:s, s:s, s:s}", "client", invocation->argv[0], "target",
			 invocation->argv[1], "transport", udp ? "udp" : "tcp");
	if (!body)
		return command_fail(invocation, EXIT_UNKNOWN, "that is no text in UTF-8");
	if (control_call(invocation->socket_path, "POST", "/v1/explain", body, &answer) < 0)
		code = explain_from_file(invocation, transport, answer.problem);
	else
		code = explain_from_daemon(invocation, &answer);
	control_answer_clear(&answer);
	json_decref(body);
	return code;
}
