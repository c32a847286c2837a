/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Response heads: what a client gets must be framed exactly as it was decided. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proto/http_forward.h"

static void check_written(const struct http_response *response, enum http_framing framing,
			  bool was_head, bool close)
{
	struct http_forward_options options = {.via = "egress"};
	struct http_response again;
	char written[16384];
	const char *problem;
	struct text out;

	text_init(&out, written, sizeof(written));
	http_write_response(response, framing, 1, close, &options, &out);
	if (out.truncated || response->head.field_count + 4 > HTTP_FIELDS_MAX)
		return;
	for (size_t i = 0; i < out.len; i++) {
		assert(out.bytes[i] != '\0');
		assert(out.bytes[i] != '\r' || out.bytes[i + 1] == '\n');
		assert(out.bytes[i] != '\n' || out.bytes[i - 1] == '\r');
	}
	assert(http_parse_response(out.bytes, out.len, was_head, &again, &problem));
	assert(again.status == response->status);
	assert(again.head.framing == framing);
	if (framing == HTTP_BODY_LENGTH)
		assert(again.head.content_length == response->head.content_length);
	if (close && response->status >= 200)
		assert(!again.head.keep_alive);
	assert(http_find_field(&again.head, HTTP_NAME_OF_HOP) == NULL);
	assert(http_find_field(&again.head, HTTP_NAME_VIA) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_response response;
	const char *problem = NULL;
	bool was_head, close;
	char *bytes;

	if (size == 0)
		return 0;
	was_head = (data[0] & 1) != 0;
	close = (data[0] & 2) != 0;
	bytes = malloc(size);
	memcpy(bytes, data + 1, size - 1);
	bytes = realloc(bytes, size > 1 ? size - 1 : 1);
	if (!http_parse_response(bytes, size - 1, was_head, &response, &problem)) {
		assert(problem != NULL);
	} else {
		assert(response.status >= 100 && response.status <= 599);
		check_written(&response, response.head.framing, was_head, close);
		if (response.head.framing == HTTP_BODY_CHUNKED)
			check_written(&response, HTTP_BODY_UNTIL_CLOSE, was_head, true);
	}
	free(bytes);
	return 0;
}
