/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads the JSON of Gluetun's control server. */
#include <jansson.h>
#include <string.h>

#include "tunnel/gluetun.h"

const char *gluetun_outcome_name(enum gluetun_outcome outcome)
{
	static const char *const names[] = {[GLUETUN_UNASKED] = "unasked",
					    [GLUETUN_ANSWERED] = "answered",
					    [GLUETUN_NEEDS_KEY] = "needs key",
					    [GLUETUN_SILENT] = "silent",
					    [GLUETUN_ODD] = "odd"};

	return (size_t)outcome < ARRAY_LEN(names) ? names[outcome] : "odd";
}

const char *gluetun_health_name(enum gluetun_health health)
{
	static const char *const names[] = {[GLUETUN_HEALTH_UNKNOWN] = "unknown",
					    [GLUETUN_HEALTHY] = "healthy",
					    [GLUETUN_UNHEALTHY] = "unhealthy"};

	return (size_t)health < ARRAY_LEN(names) ? names[health] : "unknown";
}

static json_t *answer_parse(const char *bytes, size_t len)
{
	json_t *answer = len > GLUETUN_BODY_MAX
				 ? NULL
				 : json_loadb(bytes, len, JSON_REJECT_DUPLICATES, NULL);

	if (json_is_object(answer))
		return answer;
	json_decref(answer);
	return NULL;
}

/* It goes to a terminal, and a stranger chose it. */
static bool text_take(const json_t *value, char *out, size_t size)
{
	const char *text = json_string_value(value);
	size_t len = json_string_length(value);

	if (text == NULL || len >= size)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < ' ' || text[i] > '~')
			return false;
	}
	memcpy(out, text, len);
	out[len] = '\0';
	return true;
}

bool gluetun_read_word(const char *bytes, size_t len, const char *member,
		       char word[GLUETUN_WORD_SIZE])
{
	json_t *answer = answer_parse(bytes, len);
	bool read = text_take(json_object_get(answer, member), word, GLUETUN_WORD_SIZE);

	json_decref(answer);
	return read && word[0] != '\0';
}

bool gluetun_read_exit(const char *bytes, size_t len, struct address *address,
		       char country[GLUETUN_PLACE_SIZE])
{
	json_t *answer = answer_parse(bytes, len);
	const json_t *ip = json_object_get(answer, "public_ip");
	const char *text = json_string_value(ip);
	bool read = false;

	*address = (struct address){0};
	if (text != NULL)
		read = json_string_length(ip) == 0 ||
		       address_parse(text, json_string_length(ip), address);
	/* A place that cannot be shown is none; the address is what counts. */
	if (!read || !text_take(json_object_get(answer, "country"), country, GLUETUN_PLACE_SIZE))
		country[0] = '\0';
	json_decref(answer);
	return read;
}

bool gluetun_read_port(const char *bytes, size_t len, uint16_t *port)
{
	json_t *answer = answer_parse(bytes, len);
	const json_t *number = json_object_get(answer, "port");
	json_int_t value = json_integer_value(number);
	bool read = json_is_integer(number) && value >= 0 && value <= UINT16_MAX;

	*port = read ? (uint16_t)value : 0;
	json_decref(answer);
	return read;
}
