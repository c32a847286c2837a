/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Request heads. */
#include <string.h>

#include "http_bytes.h"
#include "http_fields.h"
#include "http_target.h"
#include "proto/http_head.h"

static bool http_take_word(struct span *rest, struct span *word)
{
	const char *space = rest->len == 0 ? NULL : memchr(rest->bytes, ' ', rest->len);

	if (space == NULL)
		return false;
	*word = (struct span){rest->bytes, (size_t)(space - rest->bytes)};
	rest->bytes = space + 1;
	rest->len -= word->len + 1;
	return true;
}

/* The method is filled; target is left for when the fields are known. */
static bool http_parse_request_line(struct span line, struct http_request *request,
				    struct span *target, struct http_problem *problem)
{
	if (!http_take_word(&line, &request->method) || !http_is_token(request->method))
		return http_refuse(problem, 400, "The first line does not begin with a method.");
	if (!http_take_word(&line, target) || target->len == 0)
		return http_refuse(problem, 400,
				   "The first line is not \"METHOD target HTTP/1.1\".");
	return http_parse_version(line, &request->head.minor_version, problem);
}

/*
 * It must be well-formed, and then it is ignored: RFC 9112 3.2.2 has a proxy replace a Host unlike
 * the target. Nobody behind us can take the one for the other, because only the target is passed
 * on.
 */
static bool http_judge_host(const struct http_request *request, struct http_problem *problem)
{
	const struct http_field *field;
	struct host host;
	uint16_t port = request->is_connect ? request->port : 80;
	bool has_port;

	if (!http_find_only(&request->head, HTTP_NAME_HOST, &field))
		return http_refuse(problem, 400, "There are several Host fields.");
	if (field == NULL) {
		if (request->head.minor_version == 0)
			return true;
		return http_refuse(problem, 400, "The Host field is missing.");
	}
	/* RFC 9112 3.2: empty when the target has no authority. */
	if (request->is_origin_form && field->value.len == 0)
		return true;
	/* As nearly always: found to be well-formed already. */
	if (span_same(field->value, request->authority))
		return true;
	if (!http_parse_authority(field->value, &host, &port, &has_port))
		return http_refuse(problem, 400, "Host is not a valid host and port.");
	return true;
}

static bool http_judge_expect(struct http_request *request, struct http_problem *problem)
{
	const struct http_field *expect;

	if (!http_find_only(&request->head, HTTP_NAME_EXPECT, &expect))
		return http_refuse(problem, 417, "There are several Expect fields.");
	/* RFC 9110 10.1.1: HTTP/1.0 knows no 100, so nobody waits for one. */
	if (expect == NULL || request->head.minor_version == 0)
		return true;
	if (!span_equals_nocase(expect->value, "100-continue"))
		return http_refuse(problem, 417, "The only expectation known is 100-continue.");
	request->expects_continue = true;
	return true;
}

/* RFC 9110 7.6.2: it counts for TRACE and OPTIONS only; 0 makes us the one to answer. */
static bool http_judge_max_forwards(const struct http_request *request,
				    struct http_problem *problem)
{
	const struct http_field *field;

	if (!span_equals(request->method, "OPTIONS"))
		return true;
	if (!http_find_only(&request->head, HTTP_NAME_MAX_FORWARDS, &field))
		return http_refuse(problem, 400, "There are several Max-Forwards fields.");
	if (field == NULL)
		return true;
	if (field->value.len == 0 || field->value.len > 9)
		return http_refuse(problem, 400, "Max-Forwards is not a small number.");
	for (size_t i = 0; i < field->value.len; i++) {
		if (field->value.bytes[i] < '0' || field->value.bytes[i] > '9')
			return http_refuse(problem, 400, "Max-Forwards is not a small number.");
	}
	if (field->value.bytes[0] == '0')
		return http_refuse(problem, 501, "This proxy has no options of its own to tell.");
	return true;
}

static bool http_judge_method(struct http_request *request, struct http_problem *problem)
{
	/* TRACE would show a script what the client's proxy adds, and nobody needs it. */
	if (span_equals(request->method, "TRACE"))
		return http_refuse(problem, 501, "TRACE is not served here.");
	if (!request->is_connect)
		return true;
	/* RFC 9110 9.3.6: what follows a CONNECT is the tunnel's, so it has no body. */
	if (request->head.framing == HTTP_BODY_CHUNKED || request->head.content_length > 0)
		return http_refuse(problem, 400, "CONNECT has no body.");
	request->head.framing = HTTP_BODY_NONE;
	return true;
}

/* HTTP/1.0 clients of proxies ask to stay with a field of their own (RFC 9112 C.2.2). */
static void http_judge_proxy_connection(struct http_request *request)
{
	const struct http_field *field =
		http_find_field(&request->head, HTTP_NAME_PROXY_CONNECTION);

	if (request->head.minor_version == 0 && field != NULL &&
	    !http_head_has(&request->head, HTTP_NAME_CONNECTION))
		request->head.keep_alive = http_list_contains(field->value, "keep-alive");
}

static bool http_parse_request_head(struct span rest, struct http_request *request,
				    struct http_problem *problem)
{
	const struct http_field *login;
	struct span line, target = {0};

	if (!http_take_line(&rest, &line))
		return http_refuse(problem, 400, "A line does not end in CR LF.");
	if (line.len == 0 && !http_take_line(&rest, &line))
		return http_refuse(problem, 400, "A line does not end in CR LF.");
	if (!http_parse_request_line(line, request, &target, problem) ||
	    !http_parse_fields(rest, &request->head, problem) ||
	    !http_judge_fields(&request->head, problem))
		return false;
	request->is_connect = span_equals(request->method, "CONNECT");
	request->is_head = span_equals(request->method, "HEAD");
	if (!http_parse_target(target,
			       request->head.upgrade &&
				       span_equals_nocase(request->head.upgrade_to, "websocket"),
			       request, problem) ||
	    !http_judge_host(request, problem) || !http_judge_method(request, problem) ||
	    !http_judge_max_forwards(request, problem) || !http_judge_expect(request, problem))
		return false;
	http_judge_proxy_connection(request);
	if (!http_find_only(&request->head, HTTP_NAME_PROXY_AUTHORIZATION, &login))
		return http_refuse(problem, 400, "There are several Proxy-Authorization fields.");
	if (login != NULL)
		request->proxy_authorization = login->value;
	return true;
}

bool http_parse_request(const char *bytes, size_t head_len, struct http_request *request,
			int *status, const char **problem)
{
	struct http_problem why = {0};

	memset(request, 0, offsetof(struct http_request, head.fields));
	request->head.len = head_len;
	if (http_parse_request_head((struct span){bytes, head_len}, request, &why))
		return true;
	*status = why.status;
	*problem = why.text;
	return false;
}
