/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bodies: the same however they are cut, and chunks read as a slow and simple reader reads them. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "proto/http_body.h"

struct outcome {
	enum http_body_event last;
	size_t used, content_len;
	char content[8192];
};

static void feed(const struct http_head *head, const char *bytes, size_t len, size_t cut,
		 size_t piece, struct outcome *outcome)
{
	struct http_body body;
	size_t end = cut;

	memset(outcome, 0, sizeof(*outcome));
	http_body_init(&body, head);
	for (;;) {
		const char *next = bytes + outcome->used;
		size_t used;

		outcome->last = http_body_next(&body, next, end - outcome->used, &used);
		assert(used <= end - outcome->used);
		assert((used > 0) ==
		       (outcome->last == HTTP_BODY_CONTENT || outcome->last == HTTP_BODY_SYNTAX));
		if (outcome->last == HTTP_BODY_CONTENT) {
			memcpy(outcome->content + outcome->content_len, next, used);
			outcome->content_len += used;
		}
		outcome->used += used;
		if (outcome->last == HTTP_BODY_DONE || outcome->last == HTTP_BODY_BAD)
			break;
		if (outcome->last != HTTP_BODY_MORE)
			continue;
		assert(outcome->used == end);
		if (end == len)
			break;
		end = end + piece < len ? end + piece : len;
	}
	if (outcome->last == HTTP_BODY_BAD)
		assert(!http_body_end(&body));
	if (outcome->last == HTTP_BODY_DONE)
		assert(http_body_end(&body));
}

/*
 * A reader of chunks that knows nothing of extensions and trailers but where their lines end. When
 * the real one says DONE, this one must have come to the same end with the same content.
 */
static void check_against_simple_reader(const char *bytes, const struct outcome *outcome)
{
	size_t at = 0, content_len = 0;

	for (;;) {
		char *end;
		unsigned long long size = strtoull(bytes + at, &end, 16);
		const char *line_end = strstr(bytes + at, "\r\n");

		assert(line_end != NULL && end <= line_end && end > bytes + at);
		at = (size_t)(line_end - bytes) + 2;
		if (size == 0)
			break;
		assert(content_len + size <= outcome->content_len);
		assert(memcmp(outcome->content + content_len, bytes + at, size) == 0);
		content_len += size;
		at += size;
		assert(memcmp(bytes + at, "\r\n", 2) == 0);
		at += 2;
	}
	while (memcmp(bytes + at, "\r\n", 2) != 0) {
		const char *line_end = strstr(bytes + at, "\r\n");

		assert(line_end != NULL);
		assert(strncasecmp(bytes + at, "content-length:", 15) != 0);
		assert(strncasecmp(bytes + at, "transfer-encoding:", 18) != 0);
		at = (size_t)(line_end - bytes) + 2;
	}
	assert(at + 2 == outcome->used && content_len == outcome->content_len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct outcome whole, pieces;
	struct http_head head = {0};
	char *bytes;

	if (size < 2 || size > sizeof(whole.content))
		return 0;
	head.framing = (enum http_framing)(data[0] % 4);
	head.content_length = data[1];
	data += 2;
	size -= 2;
	bytes = calloc(1, size + 1);
	memcpy(bytes, data, size);
	feed(&head, bytes, size, size, 1, &whole);
	if (head.framing == HTTP_BODY_CHUNKED && whole.last == HTTP_BODY_DONE)
		check_against_simple_reader(bytes, &whole);
	for (size_t cut = 0; cut <= size; cut = cut < 64 ? cut + 1 : cut * 2) {
		feed(&head, bytes, size, cut, cut % 3 == 0 ? 1 : size, &pieces);
		assert(pieces.last == whole.last);
		assert(pieces.content_len == whole.content_len);
		assert(memcmp(pieces.content, whole.content, whole.content_len) == 0);
		if (whole.last != HTTP_BODY_BAD)
			assert(pieces.used == whole.used);
	}
	free(bytes);
	return 0;
}
