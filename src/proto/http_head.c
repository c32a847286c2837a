/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finds where a head ends, and fields in it. */
#include "proto/http_head.h"

#include "http_bytes.h"

/* Only a whole CR LF may end a line (RFC 9112 2.2), and no other control byte stands in a head. */
static bool http_byte_may_follow(char previous, char byte)
{
	if (previous == '\r' || byte == '\n')
		return previous == '\r' && byte == '\n';
	return byte == '\r' || http_is_text_byte(byte);
}

enum parse_result http_head_find_end(const char *bytes, size_t len, size_t *scanned,
				     size_t *head_len)
{
	size_t limit = len < HTTP_HEAD_MAX ? len : HTTP_HEAD_MAX;
	/* RFC 9112 2.2: one empty line before a request line is forgiven. */
	size_t start = len > 0 && bytes[0] == '\r' ? 2 : 0;

	for (size_t i = *scanned; i < limit; i++) {
		/* Most of a head: text behind text needs no closer look, and a line ends there. */
		if (i > start && bytes[i - 1] != '\r') {
			i = http_skip_text(bytes, i, limit);
			if (i + 1 < limit && bytes[i] == '\r' && bytes[i + 1] == '\n')
				i++;
		}
		*scanned = i;
		if (i == limit)
			break;
		if (!http_byte_may_follow(i == 0 ? ' ' : bytes[i - 1], bytes[i]))
			return PARSE_BAD;
		if (i == start && !http_is_token_byte(bytes[i]))
			return PARSE_BAD;
		if (bytes[i] == '\n' && i >= start + 3 && bytes[i - 2] == '\n') {
			*scanned = i + 1;
			*head_len = i + 1;
			return PARSE_DONE;
		}
	}
	*scanned = limit;
	return len < HTTP_HEAD_MAX ? PARSE_MORE : PARSE_BAD;
}

const struct http_field *http_find_field(const struct http_head *head, enum http_name name)
{
	const struct http_field *field = head->fields;

	if (!http_head_has(head, name))
		return NULL;
	while (field->is != name)
		field++;
	return field;
}
