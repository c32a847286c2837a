/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Colour, numbers and times for people. */
#include "egressctl/print.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/host.h"
#include "base/utf8.h"

static int colour_is_wanted(void)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no_color && no_color[0]) && term &&
	       strcmp(term, "dumb") != 0;
}

const char *style_on(enum style style)
{
	static const char *const codes[] = {
		[STYLE_PLAIN] = "",          [STYLE_BOLD] = "\033[1m",  [STYLE_DIM] = "\033[2m",
		[STYLE_GOOD] = "\033[1;32m", [STYLE_WARN] = "\033[33m", [STYLE_BAD] = "\033[1;31m",
	};

	return colour_is_wanted() ? codes[style] : "";
}

const char *style_off(void)
{
	return colour_is_wanted() ? "\033[0m" : "";
}

/* C0, DEL, and C1 as UTF-8 writes it (C2 80 - C2 9F). */
static int character_is_control(const char *bytes, size_t len)
{
	unsigned char first = (unsigned char)bytes[0];

	return first < 0x20 || first == 0x7f ||
	       (len == 2 && first == 0xc2 && (unsigned char)bytes[1] < 0xa0);
}

void print_clean(const char *text)
{
	for (size_t len; *text; text += len) {
		len = utf8_len(text, strlen(text));
		if (len == 0 || character_is_control(text, len)) {
			putchar('?');
			len = len ? len : 1;
		} else {
			fwrite(text, 1, len, stdout);
		}
	}
}

void print_styled(enum style style, const char *text)
{
	fputs(style_on(style), stdout);
	print_clean(text);
	fputs(style_off(), stdout);
}

const char *format_duration(int64_t ms, char out[32])
{
	int64_t s = ms > 0 ? ms / 1000 : 0;

	if (s < 60)
		snprintf(out, 32, "%" PRId64 " s", s);
	else if (s < 3600)
		snprintf(out, 32, "%" PRId64 " min", s / 60);
	else if (s < 86400)
		snprintf(out, 32, "%" PRId64 " h %" PRId64 " min", s / 3600, s / 60 % 60);
	else
		snprintf(out, 32, "%" PRId64 " d %" PRId64 " h", s / 86400, s / 3600 % 24);
	return out;
}

const char *format_bytes(uint64_t bytes, char out[32])
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	double value = (double)bytes;
	size_t unit = 0;

	while (value >= 1023.5) {
		value /= 1024;
		unit++;
	}
	snprintf(out, 32, unit == 0 || value >= 9.95 ? "%.0f %s" : "%.1f %s", value, units[unit]);
	return out;
}

const char *format_count(int64_t count, char out[32])
{
	char digits[32];
	size_t len = (size_t)snprintf(digits, sizeof(digits), "%" PRId64, count), used = 0;

	for (size_t i = 0; i < len && used < 30; i++) {
		if (i > 0 && (len - i) % 3 == 0 && digits[i - 1] != '-')
			out[used++] = ',';
		out[used++] = digits[i];
	}
	out[used] = '\0';
	return out;
}

const char *format_time(int64_t wall_ms, int64_t now_ms, char out[32])
{
	time_t then_s = (time_t)(wall_ms / 1000);
	time_t now_s = (time_t)(now_ms / 1000);
	struct tm then, now;

	snprintf(out, 32, "-");
	if (wall_ms <= 0 || !localtime_r(&then_s, &then) || !localtime_r(&now_s, &now))
		return out;
	if (then.tm_yday == now.tm_yday && then.tm_year == now.tm_year)
		strftime(out, 32, "%H:%M:%S", &then);
	else
		strftime(out, 32, "%m-%d %H:%M", &then);
	return out;
}

const char *text_cut_tail(const char *text, size_t room, char *out, size_t size)
{
	size_t len = strlen(text);

	if (room >= size)
		room = size - 1;
	snprintf(out, size, len > room ? "%.*s~" : "%.*s", (int)(len > room ? room - 1 : room),
		 text);
	return out;
}

const char *text_cut_head(const char *text, size_t room, char *out, size_t size)
{
	size_t len = strlen(text);

	if (room >= size)
		room = size - 1;
	snprintf(out, size, "%s%s", len > room ? "~" : "",
		 len > room ? text + len - room + 1 : text);
	return out;
}

const char *json_text(const json_t *object, const char *key, const char *fallback)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : fallback;
}

int64_t json_number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

json_t *json_words(const char *text)
{
	json_t *json = json_string(text);
	char *clean = json == NULL ? strdup(text) : NULL;

	if (clean == NULL)
		return json;
	for (size_t i = 0, len; clean[i] != '\0'; i += len) {
		len = utf8_len(clean + i, strlen(clean + i));
		if (len > 0)
			continue;
		clean[i] = '?';
		len = 1;
	}
	json = json_string(clean);
	free(clean);
	return json;
}

const char *json_endpoint(const json_t *object, char out[CELL_SIZE])
{
	const char *host = json_text(object, "host", NULL);
	int64_t port = json_number(object, "port");

	if (!host)
		snprintf(out, CELL_SIZE, "-");
	else if (strchr(host, ':'))
		snprintf(out, CELL_SIZE, "[%.45s]:%" PRId64, host, port);
	else
		snprintf(out, CELL_SIZE, "%.253s:%" PRId64, host, port);
	return out;
}

size_t terminal_width(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0)
		return 0;
	return size.ws_col;
}
