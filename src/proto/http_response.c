/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Response heads, and how they frame their body (RFC 9112 6.3). */
#include <string.h>

#include "http_bytes.h"
#include "http_fields.h"
#include "proto/http_head.h"

enum {
	HTTP_STATUS_AT = 9, /* behind "HTTP/1.1 " */
};

static bool http_parse_status_line(struct span line, struct http_response *response,
				   struct http_problem *problem)
{
	unsigned status = 0;

	if (line.len < HTTP_STATUS_AT + 3 || line.bytes[HTTP_STATUS_AT - 1] != ' ')
		return http_refuse(problem, 502, "The origin's answer has no status line.");
	if (!http_parse_version((struct span){line.bytes, HTTP_STATUS_AT - 1},
				&response->head.minor_version, problem))
		return http_refuse(problem, 502, "The origin's answer is not HTTP/1.");
	for (size_t i = HTTP_STATUS_AT; i < HTTP_STATUS_AT + 3; i++) {
		if (line.bytes[i] < '0' || line.bytes[i] > '9')
			return http_refuse(problem, 502, "The origin's status is no number.");
		status = status * 10 + (unsigned)(line.bytes[i] - '0');
	}
	if (status < 100 || status > 599)
		return http_refuse(problem, 502, "The origin's status is out of range.");
	response->status = (uint16_t)status;
	line.bytes += HTTP_STATUS_AT + 3;
	line.len -= HTTP_STATUS_AT + 3;
	/* The blank belongs there even without a reason, but many servers leave it out. */
	if (line.len > 0 && line.bytes[0] != ' ')
		return http_refuse(problem, 502, "The origin's status is longer than 3 digits.");
	response->reason = http_trim(line);
	if (!http_is_text(response->reason))
		return http_refuse(problem, 502, "The origin's reason has control characters.");
	return true;
}

static bool http_judge_response_framing(struct http_response *response, bool was_head,
					struct http_problem *problem)
{
	struct http_head *head = &response->head;
	bool never_has_body = response->status < 200 || response->status == 204;

	/* Who frames a body that cannot be there may send one: its bytes would be read as the next
	 * answer. */
	if (never_has_body && (head->framing == HTTP_BODY_CHUNKED || head->content_length > 0))
		return http_refuse(problem, 502, "The origin frames a body where none can be.");
	if (never_has_body || was_head || response->status == 304) {
		head->framing = HTTP_BODY_NONE;
		return true;
	}
	if (head->framing == HTTP_BODY_NONE) {
		head->framing = HTTP_BODY_UNTIL_CLOSE;
		head->keep_alive = false;
	}
	return true;
}

static bool http_parse_response_head(struct span rest, bool was_head,
				     struct http_response *response, struct http_problem *problem)
{
	struct span line;

	if (!http_take_line(&rest, &line))
		return http_refuse(problem, 502, "The origin's answer has no status line.");
	return http_parse_status_line(line, response, problem) &&
	       http_parse_fields(rest, &response->head, problem) &&
	       http_judge_fields(&response->head, problem) &&
	       http_judge_response_framing(response, was_head, problem);
}

bool http_parse_response(const char *bytes, size_t head_len, bool was_head,
			 struct http_response *response, const char **problem)
{
	struct http_problem why = {0};

	memset(response, 0, offsetof(struct http_response, head.fields));
	response->head.len = head_len;
	if (http_parse_response_head((struct span){bytes, head_len}, was_head, response, &why))
		return true;
	*problem = why.text;
	return false;
}
