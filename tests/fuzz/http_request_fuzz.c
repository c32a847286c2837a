/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Request heads: what is accepted and written anew must be one plain request to everybody. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/compiler.h"
#include "proto/http_forward.h"

static bool is_gone(struct span name)
{
	static const char *const names[] = {
		"Keep-Alive",
		"Proxy-Connection",
		"Proxy-Authorization",
		"X-Forwarded-For",
		"Forwarded",
		"X-Real-IP",
		"Via",
		"HTTP2-Settings",
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (span_equals_nocase(name, names[i]))
			return true;
	}
	return false;
}

static size_t count_fields(const struct http_head *head, const char *name)
{
	size_t count = 0;

	for (size_t i = 0; i < head->field_count; i++)
		count += span_equals_nocase(head->fields[i].name, name);
	return count;
}

/* Written without the parser's help: CR LF and nothing else ends lines, one empty line ends all. */
static void check_lines(const char *bytes, size_t len)
{
	assert(len >= 4 && memcmp(bytes + len - 4, "\r\n\r\n", 4) == 0);
	assert(memmem(bytes, len - 1, "\r\n\r\n", 4) == NULL);
	for (size_t i = 0; i < len; i++) {
		assert(bytes[i] != '\0');
		assert(bytes[i] != '\r' || bytes[i + 1] == '\n');
		assert(bytes[i] != '\n' || (i > 0 && bytes[i - 1] == '\r'));
		assert(bytes[i] != '\n' || i + 1 == len ||
		       (bytes[i + 1] != ' ' && bytes[i + 1] != '\t'));
	}
}

/* What an origin reads is what was decided upon, framed the same way. */
static void check_written(const struct http_request *request, const struct text *out)
{
	struct http_request again;
	size_t scanned = 0, head_len = 0;
	const char *problem;
	int status;

	check_lines(out->bytes, out->len);
	/* One more could be a field too many, and Max-Forwards: 0 is ours to refuse, not to write.
	 */
	if (request->head.field_count + 4 > HTTP_FIELDS_MAX ||
	    memmem(out->bytes, out->len, "Max-Forwards: 0\r\n", 17) != NULL)
		return;
	assert(http_head_find_end(out->bytes, out->len, &scanned, &head_len) == PARSE_DONE);
	assert(head_len == out->len);
	assert(http_parse_request(out->bytes, out->len, &again, &status, &problem));
	assert(again.is_origin_form && again.head.minor_version == 1);
	assert(again.method.len == request->method.len &&
	       memcmp(again.method.bytes, request->method.bytes, again.method.len) == 0);
	assert(again.head.framing == request->head.framing);
	assert(again.head.content_length == request->head.content_length);
	assert(again.head.upgrade == request->head.upgrade);
	assert(again.expects_continue == request->expects_continue);
	assert(count_fields(&again.head, "Host") == 1);
	assert(count_fields(&again.head, "Content-Length") +
		       count_fields(&again.head, "Transfer-Encoding") <=
	       1);
	assert(count_fields(&again.head, "Connection") <= 1);
	for (size_t i = 0; i < again.head.field_count; i++)
		assert(!is_gone(again.head.fields[i].name));
}

static void check_found(const char *bytes, size_t len)
{
	size_t scanned = 0, head_len = 0, at_once = 0, head_len_at_once = 0;
	enum parse_result result = PARSE_MORE,
			  wanted = http_head_find_end(bytes, len, &at_once, &head_len_at_once);

	for (size_t cut = 0; cut <= len && result == PARSE_MORE; cut++)
		result = http_head_find_end(bytes, cut, &scanned, &head_len);
	assert(result == wanted && head_len == head_len_at_once && scanned == at_once);
	/* Whatever the scanner calls bad, the parser must not call good. */
	if (wanted == PARSE_BAD && len < HTTP_HEAD_MAX) {
		struct http_request request;
		const char *problem;
		int status;

		assert(!http_parse_request(bytes, len, &request, &status, &problem));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_forward_options options = {0};
	struct http_request request;
	const char *problem = NULL;
	char *bytes = malloc(size + 1);
	char written[16384];
	struct text out;
	int status = 0;

	memcpy(bytes, data, size);
	bytes[size] = 'x';
	bytes = realloc(bytes, size == 0 ? 1 : size);
	check_found(bytes, size);
	if (!http_parse_request(bytes, size, &request, &status, &problem)) {
		assert(status >= 400 && status < 600 && problem != NULL);
	} else if (request.is_connect) {
		assert(request.host.name_len > 0 && request.port > 0);
		assert(request.head.framing == HTTP_BODY_NONE);
	} else if (!request.is_origin_form) {
		assert(request.host.name_len > 0 && request.port > 0);
		text_init(&out, written, sizeof(written));
		http_via_contains(&request, "egress");
		http_write_request(&request, &options, &out);
		if (!out.truncated)
			check_written(&request, &out);
	}
	free(bytes);
	return 0;
}
