/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Field lines, and the few fields that rule the connection and the framing. */
#include "http_fields.h"

#include "base/compiler.h"
#include "http_bytes.h"

bool http_refuse(struct http_problem *problem, int status, const char *text)
{
	problem->status = status;
	problem->text = text;
	return false;
}

bool http_parse_version(struct span text, uint8_t *minor_version, struct http_problem *problem)
{
	if (span_equals(text, "HTTP/1.1")) {
		*minor_version = 1;
		return true;
	}
	if (span_equals(text, "HTTP/1.0")) {
		*minor_version = 0;
		return true;
	}
	if (text.len == 8 && span_equals((struct span){text.bytes, 5}, "HTTP/") &&
	    text.bytes[5] >= '0' && text.bytes[5] <= '9' && text.bytes[6] == '.' &&
	    text.bytes[7] >= '0' && text.bytes[7] <= '9')
		return http_refuse(problem, 505, "Only HTTP/1.0 and HTTP/1.1 are spoken here.");
	return http_refuse(problem, 400, "The first line does not name an HTTP version.");
}

/* A field line with its CR LF. */
static bool http_take_field(struct span *rest, struct http_field *field,
			    struct http_problem *problem)
{
	const char *bytes = rest->bytes;
	size_t colon = 0, end;

	if (rest->len > 0 && (bytes[0] == ' ' || bytes[0] == '\t'))
		return http_refuse(problem, 400, "A header field is folded over several lines.");
	while (colon < rest->len && http_is_token_byte(bytes[colon]))
		colon++;
	/* A blank before the colon makes two servers see two different names (RFC 9112 5.1). */
	if (colon == 0 || colon == rest->len || bytes[colon] != ':')
		return http_refuse(problem, 400, "A header line is not \"Name: value\".");
	end = http_skip_text(bytes, colon + 1, rest->len);
	if (rest->len - end < 2 || bytes[end] != '\r' || bytes[end + 1] != '\n')
		return http_refuse(problem, 400,
				   "A header value contains a control character, or its line does "
				   "not end in CR LF.");
	field->name = (struct span){bytes, colon};
	field->is = http_name_of(field->name);
	field->value = http_trim((struct span){bytes + colon + 1, end - colon - 1});
	rest->bytes += end + 2;
	rest->len -= end + 2;
	return true;
}

bool http_parse_fields(struct span rest, struct http_head *head, struct http_problem *problem)
{
	head->field_count = 0;
	head->names = 0;
	while (rest.len < 2 || rest.bytes[0] != '\r' || rest.bytes[1] != '\n') {
		if (head->field_count == HTTP_FIELDS_MAX)
			return http_refuse(problem, 431, "There are more than 128 header fields.");
		if (!http_take_field(&rest, &head->fields[head->field_count], problem))
			return false;
		head->names |= 1U << head->fields[head->field_count++].is;
	}
	if (rest.len > 2)
		return http_refuse(problem, 400, "The head goes on after its empty line.");
	return true;
}

bool http_find_only(const struct http_head *head, enum http_name name,
		    const struct http_field **field)
{
	*field = http_find_field(head, name);
	if (*field == NULL)
		return true;
	for (const struct http_field *other = *field + 1; other < head->fields + head->field_count;
	     other++) {
		if (other->is == name)
			return false;
	}
	return true;
}

/* Digits only, without the leading zeros that some read as octal; a list "5, 5" is odd too. */
static bool http_parse_length(struct span text, uint64_t *length)
{
	uint64_t value = 0;

	if (text.len == 0 || text.len > 18 || (text.len > 1 && text.bytes[0] == '0'))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.bytes[i] < '0' || text.bytes[i] > '9')
			return false;
		value = value * 10 + (uint64_t)(text.bytes[i] - '0');
	}
	*length = value;
	return true;
}

static bool http_judge_framing(struct http_head *head, struct http_problem *problem)
{
	const struct http_field *length, *coding;

	head->framing = HTTP_BODY_NONE;
	head->content_length = 0;
	if (!http_find_only(head, HTTP_NAME_CONTENT_LENGTH, &length))
		return http_refuse(problem, 400, "There are several Content-Length fields.");
	if (!http_find_only(head, HTTP_NAME_TRANSFER_ENCODING, &coding))
		return http_refuse(problem, 400, "There are several Transfer-Encoding fields.");
	if (length != NULL && coding != NULL)
		return http_refuse(problem, 400,
				   "Content-Length and Transfer-Encoding contradict each other.");
	if (length != NULL) {
		if (!http_parse_length(length->value, &head->content_length))
			return http_refuse(problem, 400, "Content-Length is not a plain number.");
		head->framing = HTTP_BODY_LENGTH;
	}
	if (coding != NULL) {
		if (head->minor_version == 0)
			return http_refuse(problem, 400, "HTTP/1.0 has no Transfer-Encoding.");
		if (!span_equals_nocase(coding->value, "chunked"))
			return http_refuse(problem, 501,
					   "The only transfer coding known here is chunked.");
		head->framing = HTTP_BODY_CHUNKED;
	}
	return true;
}

/* Naming one of these in Connection asks for a head without the field that frames or routes it. */
static bool http_option_is_forbidden(struct span option)
{
	static const char *const names[] = {
		"Host", "Content-Length", "Transfer-Encoding", "Content-Encoding", "Content-Type",
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (span_equals_nocase(option, names[i]))
			return true;
	}
	return false;
}

struct http_connection_options {
	bool close, keep_alive, upgrade;
};

static bool http_judge_connection(const struct http_head *head,
				  struct http_connection_options *options,
				  struct http_problem *problem)
{
	for (size_t i = 0; i < head->field_count; i++) {
		struct span rest = head->fields[i].value, option;

		if (head->fields[i].is != HTTP_NAME_CONNECTION)
			continue;
		while (http_list_next(&rest, &option)) {
			if (!http_is_token(option))
				return http_refuse(problem, 400,
						   "Connection is not a list of names.");
			if (http_option_is_forbidden(option))
				return http_refuse(problem, 400,
						   "Connection names a field that must stay.");
			options->close |= span_equals_nocase(option, "close");
			options->keep_alive |= span_equals_nocase(option, "keep-alive");
			options->upgrade |= span_equals_nocase(option, "upgrade");
		}
	}
	return true;
}

/* protocol-name ["/" protocol-version], several of them with commas (RFC 9110 7.8). */
static bool http_is_upgrade_list(struct span list)
{
	for (size_t i = 0; i < list.len; i++) {
		char byte = list.bytes[i];

		if (!http_is_token_byte(byte) && byte != '/' && byte != ',' && byte != ' ' &&
		    byte != '\t')
			return false;
	}
	return true;
}

bool http_judge_fields(struct http_head *head, struct http_problem *problem)
{
	struct http_connection_options options = {0};
	const struct http_field *upgrade;

	if (!http_judge_framing(head, problem) || !http_judge_connection(head, &options, problem))
		return false;
	head->keep_alive = !options.close && (head->minor_version >= 1 || options.keep_alive);
	if (!http_find_only(head, HTTP_NAME_UPGRADE, &upgrade))
		return http_refuse(problem, 400, "There are several Upgrade fields.");
	if (upgrade != NULL && !http_is_upgrade_list(upgrade->value))
		return http_refuse(problem, 400, "Upgrade is not a list of protocols.");
	/* RFC 9110 7.8: an Upgrade in HTTP/1.0, or without its connection option, is not one. */
	head->upgrade = options.upgrade && head->minor_version >= 1 && upgrade != NULL &&
			upgrade->value.len > 0;
	head->upgrade_to = head->upgrade ? upgrade->value : (struct span){"", 0};
	return true;
}
