/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes heads anew for the next hop: only what is meant for it, framed in one way. */
#include "proto/http_forward.h"

#include <string.h>
#include <strings.h>

#include "http_bytes.h"

/* RFC 9110 7.6.1: whatever any Connection field names was meant for us only. */
static bool http_connection_names(const struct http_head *head, struct span name)
{
	if (!http_head_has(head, HTTP_NAME_CONNECTION))
		return false;
	for (size_t i = 0; i < head->field_count; i++) {
		struct span rest = head->fields[i].value, option;

		if (head->fields[i].is != HTTP_NAME_CONNECTION)
			continue;
		while (http_list_next(&rest, &option)) {
			if (option.len == name.len &&
			    strncasecmp(option.bytes, name.bytes, name.len) == 0)
				return true;
		}
	}
	return false;
}

/* Gone in both directions: the fields of one hop, and those written anew here. */
static bool http_field_ends_here(const struct http_head *head, const struct http_field *field)
{
	switch (field->is) {
	case HTTP_NAME_CONNECTION:
	case HTTP_NAME_CONTENT_LENGTH:
	case HTTP_NAME_OF_HOP:
	case HTTP_NAME_PROXY_AUTHORIZATION:
	case HTTP_NAME_PROXY_CONNECTION:
	case HTTP_NAME_TE:
	case HTTP_NAME_TRANSFER_ENCODING:
	case HTTP_NAME_UPGRADE:
		return true;
	default:
		return http_connection_names(head, field->name);
	}
}

static void http_add_span(struct text *out, struct span span)
{
	text_add_bytes(out, span.bytes, span.len);
}

static void http_add_field(struct text *out, const struct http_field *field)
{
	http_add_span(out, field->name);
	text_add(out, ": ");
	http_add_span(out, field->value);
	text_add(out, "\r\n");
}

static void http_add_number_field(struct text *out, const char *name, int64_t number)
{
	text_add(out, name);
	text_add_number(out, number);
	text_add(out, "\r\n");
}

static void http_add_framing(struct text *out, enum http_framing framing, uint64_t content_length)
{
	if (framing == HTTP_BODY_LENGTH)
		http_add_number_field(out, "Content-Length: ", (int64_t)content_length);
	else if (framing == HTTP_BODY_CHUNKED)
		text_add(out, "Transfer-Encoding: chunked\r\n");
}

static void http_add_via(struct text *out, const struct http_head *head,
			 const struct http_forward_options *options)
{
	if (options->via == NULL)
		return;
	text_add(out, "Via: 1.");
	text_add_number(out, head->minor_version);
	text_add_char(out, ' ');
	text_add(out, options->via);
	text_add(out, "\r\n");
}

/* "Connection: upgrade, TE" or less of it, with the fields it names. */
static void http_add_connection(struct text *out, const struct http_head *head,
				const char *separated_option, bool upgrade, bool trailers)
{
	const char *separator = "";

	if (separated_option[0] == '\0' && !upgrade && !trailers)
		return;
	text_add(out, "Connection: ");
	text_add(out, separated_option);
	if (separated_option[0] != '\0')
		separator = ", ";
	if (upgrade) {
		text_add(out, separator);
		text_add(out, "upgrade");
		separator = ", ";
	}
	if (trailers) {
		text_add(out, separator);
		text_add(out, "TE");
	}
	text_add(out, "\r\n");
	if (trailers)
		text_add(out, "TE: trailers\r\n");
	if (upgrade) {
		text_add(out, "Upgrade: ");
		http_add_span(out, head->upgrade_to);
		text_add(out, "\r\n");
	}
}

static bool http_accepts_trailers(const struct http_head *head)
{
	if (!http_head_has(head, HTTP_NAME_TE))
		return false;
	for (size_t i = 0; i < head->field_count; i++) {
		if (head->fields[i].is == HTTP_NAME_TE &&
		    http_list_contains(head->fields[i].value, "trailers"))
			return head->minor_version >= 1;
	}
	return false;
}

static void http_add_host(struct text *out, const struct http_request *request)
{
	bool brackets = request->host.is_literal && request->host.address.family == AF_INET6;

	text_add(out, brackets ? "Host: [" : "Host: ");
	text_add_bytes(out, request->host.name, request->host.name_len);
	text_add(out, brackets ? "]" : "");
	if (request->port != 80) {
		text_add_char(out, ':');
		text_add_number(out, request->port);
	}
	text_add(out, "\r\n");
}

static void http_add_request_line(struct text *out, const struct http_request *request)
{
	http_add_span(out, request->method);
	text_add_char(out, ' ');
	if (request->path.len == 0 || request->path.bytes[0] == '?')
		text_add_char(out, '/');
	http_add_span(out, request->path);
	text_add(out, " HTTP/1.1\r\n");
	http_add_host(out, request);
}

static bool http_request_field_passes(const struct http_request *request,
				      const struct http_field *field,
				      const struct http_forward_options *options)
{
	switch (field->is) {
	case HTTP_NAME_HOST:
	case HTTP_NAME_OF_CLIENT:
		return false;
	case HTTP_NAME_VIA:
		if (options->via == NULL)
			return false;
		break;
	case HTTP_NAME_EXPECT:
		/* An HTTP/1.0 client could make nothing of the 100 that this asks for. */
		if (!request->expects_continue)
			return false;
		break;
	default:
		break;
	}
	return !http_field_ends_here(&request->head, field);
}

/* RFC 9110 7.6.2: one less for OPTIONS; the parser let only 1 to 999999999 through. */
static bool http_add_max_forwards(struct text *out, const struct http_request *request,
				  const struct http_field *field)
{
	unsigned value = 0;

	if (field->is != HTTP_NAME_MAX_FORWARDS || !span_equals(request->method, "OPTIONS"))
		return false;
	for (size_t i = 0; i < field->value.len; i++)
		value = value * 10 + (unsigned)(field->value.bytes[i] - '0');
	http_add_number_field(out, "Max-Forwards: ", (int64_t)value - 1);
	return true;
}

void http_write_request(const struct http_request *request,
			const struct http_forward_options *options, struct text *out)
{
	const struct http_head *head = &request->head;

	http_add_request_line(out, request);
	for (size_t i = 0; i < head->field_count; i++) {
		const struct http_field *field = &head->fields[i];

		if (!http_request_field_passes(request, field, options))
			continue;
		if (!http_add_max_forwards(out, request, field))
			http_add_field(out, field);
	}
	http_add_framing(out, head->framing, head->content_length);
	http_add_via(out, head, options);
	http_add_connection(out, head, "", head->upgrade, http_accepts_trailers(head));
	text_add(out, "\r\n");
}

/* The length of what HEAD or 304 leaves out is information; 1xx and 204 must not have one. */
static bool http_keeps_length(const struct http_response *response, enum http_framing framing)
{
	return framing == HTTP_BODY_NONE && response->status >= 200 && response->status != 204;
}

static bool http_response_field_passes(const struct http_response *response,
				       const struct http_field *field, enum http_framing framing)
{
	if (field->is == HTTP_NAME_CONTENT_LENGTH)
		return http_keeps_length(response, framing);
	/* Promises trailers that only chunks can carry. */
	if (field->is == HTTP_NAME_TRAILER && framing != HTTP_BODY_CHUNKED)
		return false;
	return !http_field_ends_here(&response->head, field);
}

static const char *http_response_option(const struct http_response *response,
					int client_minor_version, bool close)
{
	if (response->status < 200)
		return "";
	if (close)
		return "close";
	return client_minor_version == 0 ? "keep-alive" : "";
}

void http_write_response(const struct http_response *response, enum http_framing framing,
			 int client_minor_version, bool close,
			 const struct http_forward_options *options, struct text *out)
{
	const struct http_head *head = &response->head;
	/* RFC 9110 15.5.22: a 426 has to say what to upgrade to. */
	bool upgrade = head->upgrade && (response->status == 101 || response->status == 426);

	text_add(out, "HTTP/1.1 ");
	text_add_number(out, response->status);
	text_add_char(out, ' ');
	http_add_span(out, response->reason);
	text_add(out, "\r\n");
	for (size_t i = 0; i < head->field_count; i++) {
		if (http_response_field_passes(response, &head->fields[i], framing))
			http_add_field(out, &head->fields[i]);
	}
	http_add_framing(out, framing, head->content_length);
	http_add_via(out, head, options);
	http_add_connection(out, head, http_response_option(response, client_minor_version, close),
			    upgrade, false);
	text_add(out, "\r\n");
}

/* One hop: "1.1 name (comment)". A comma within the comment starts no new one. */
static struct span http_via_take_hop(struct span *rest)
{
	struct span hop = {rest->bytes, 0};
	size_t depth = 0, taken;

	for (; hop.len < rest->len; hop.len++) {
		char byte = rest->bytes[hop.len];

		if (byte == ',' && depth == 0)
			break;
		if (byte == '(')
			depth++;
		else if (byte == ')' && depth > 0)
			depth--;
	}
	taken = hop.len < rest->len ? hop.len + 1 : hop.len;
	rest->bytes += taken;
	rest->len -= taken;
	return http_trim(hop);
}

static bool http_via_hop_is(struct span hop, const char *pseudonym)
{
	size_t len = 0;

	while (hop.len > 0 && hop.bytes[0] != ' ' && hop.bytes[0] != '\t') {
		hop.bytes++;
		hop.len--;
	}
	hop = http_trim(hop);
	while (len < hop.len && strchr(" \t(", hop.bytes[len]) == NULL)
		len++;
	return span_equals_nocase((struct span){hop.bytes, len}, pseudonym);
}

bool http_via_contains(const struct http_request *request, const char *pseudonym)
{
	if (!http_head_has(&request->head, HTTP_NAME_VIA))
		return false;
	for (size_t i = 0; i < request->head.field_count; i++) {
		struct span rest = request->head.fields[i].value;

		if (request->head.fields[i].is != HTTP_NAME_VIA)
			continue;
		while (rest.len > 0) {
			if (http_via_hop_is(http_via_take_hop(&rest), pseudonym))
				return true;
		}
	}
	return false;
}
