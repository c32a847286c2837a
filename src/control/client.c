/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asking the daemon: one request over the Unix socket. */
#include "control/client.h"

#include <stdio.h>
#include <stdlib.h>

#include "control/unix_http.h"

enum {
	ANSWER_MAX = 32 << 20, /* a list of some 60,000 connections */
	TIMEOUT_MS = 15000,
};

static void client_explain(struct control_answer *answer, const char *path,
			   enum unix_http_outcome outcome)
{
	static const char *const formats[] = {
		[UNIX_HTTP_FORBIDDEN] =
			"%s may not be opened: only root and egressd's own user may ask it",
		[UNIX_HTTP_NOBODY] = ("no egressd answers at %s: is it running? (start it, or name "
				      "its socket with --socket or its policy file with --config)"),
		[UNIX_HTTP_LATE] = "egressd at %s does not answer in time",
		[UNIX_HTTP_TOO_MUCH] = "egressd at %s answers with more than can be taken",
		[UNIX_HTTP_ODD] = "egressd at %s gave no answer that can be read",
		[UNIX_HTTP_NO_MEMORY] = "out of memory, asking egressd at %s",
	};

	snprintf(answer->problem, sizeof(answer->problem), formats[outcome], path);
}

int control_call(const char *socket_path, const char *method, const char *path, const json_t *body,
		 struct control_answer *answer)
{
	char *body_text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	const struct unix_http_request request = {.socket_path = socket_path,
						  .method = method,
						  .path = path,
						  .body = body_text,
						  .answer_max = ANSWER_MAX,
						  .timeout_ms = TIMEOUT_MS};
	enum unix_http_outcome outcome = UNIX_HTTP_NO_MEMORY;
	struct unix_http_answer bytes = {0};

	*answer = (struct control_answer){0};
	if (!body || body_text)
		outcome = unix_http_ask(&request, &bytes);
	if (outcome == UNIX_HTTP_ANSWERED) {
		answer->status = bytes.status;
		if (buffer_len(&bytes.body) > 0)
			answer->body = json_loadb(unix_http_text(&bytes), buffer_len(&bytes.body),
						  0, NULL);
	} else {
		client_explain(answer, socket_path, outcome);
	}
	unix_http_answer_clear(&bytes);
	free(body_text);
	return answer->status > 0 ? 0 : -1;
}

void control_answer_clear(struct control_answer *answer)
{
	json_decref(answer->body);
	answer->body = NULL;
}
