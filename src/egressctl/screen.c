/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The egresses on the screen of egressctl status, and what writes every line of it. */
#include "egressctl/screen.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
	STATE_COLUMNS = 6,
};

void screen_end_line(struct screen *screen)
{
	putchar('\n');
	screen->lines++;
}

void screen_label(const struct screen *screen, const char *label)
{
	char cut[SCREEN_LABEL_MAX + 1];

	printf("  %s%-*s%s  ", style_on(STYLE_DIM), (int)screen->label,
	       text_cut_tail(label, screen->label, cut, sizeof(cut)), style_off());
}

void screen_text(struct screen *screen, enum style style, const char *text, size_t room)
{
	char cut[PRINT_SIZE];

	print_styled(style, text_cut_tail(text, room, cut, sizeof(cut)));
	screen_end_line(screen);
}

static void tunnel_print_addresses(struct screen *screen, const json_t *tunnel)
{
	const json_t *probe = json_object_get(tunnel, "probe");
	const char *ipv4 = json_text(tunnel, "ipv4", "");
	const char *ipv6 = json_text(tunnel, "ipv6", "");
	int64_t answered_at_ms = json_number(probe, "answered_at_ms");
	size_t room = screen->room - STATE_COLUMNS;
	char line[PRINT_SIZE];
	char answer[80] = "";
	char age[32];

	if (answered_at_ms > 0)
		snprintf(answer, sizeof(answer), "; probe answered %s ago in %.0f ms",
			 format_duration(screen->now_ms - answered_at_ms, age),
			 (double)json_number(probe, "rtt_us") / 1000);
	/* Where not everything fits, that there is an IPv6 address says more than the address. */
	if (ipv4[0] && ipv6[0] && strlen(ipv4) + 2 + strlen(ipv6) + strlen(answer) > room)
		ipv6 = "IPv6";
	snprintf(line, sizeof(line), "%s%s%s%s", ipv4, ipv4[0] && ipv6[0] ? ", " : "",
		 ipv4[0] || ipv6[0] ? ipv6 : "no address", answer);
	screen_text(screen, STYLE_PLAIN, line, room);
}

static void tunnel_print(struct screen *screen, const json_t *tunnel)
{
	const char *state = json_text(tunnel, "state", "unknown");
	const bool up = strcmp(state, "up") == 0;
	int64_t since_ms = json_number(tunnel, "since_ms");
	const char *word = strcmp(state, "down") == 0 ? "DOWN" : "?";
	char line[PRINT_SIZE];
	char at[32], age[32];

	printf("%s%-*s%s", style_on(up ? STYLE_GOOD : STYLE_BAD), STATE_COLUMNS, up ? "UP" : word,
	       style_off());
	snprintf(line, sizeof(line), "%s, epoch %" PRId64 ", since %s (%s)",
		 json_text(tunnel, "device", "-"), json_number(tunnel, "epoch"),
		 format_time(since_ms, screen->now_ms, at),
		 format_duration(screen->now_ms - since_ms, age));
	screen_text(screen, STYLE_PLAIN, line, screen->room - STATE_COLUMNS);
	screen_label(screen, "");
	printf("%*s", STATE_COLUMNS, "");
	if (up)
		tunnel_print_addresses(screen, tunnel);
	else
		screen_text(screen, STYLE_WARN, json_text(tunnel, "reason", "nothing leaves"),
			    screen->room - STATE_COLUMNS);
}

/* One signal of three, and the only one that knows the address which the Internet sees. */
static void gluetun_print(struct screen *screen, const json_t *gluetun)
{
	const char *problem = json_text(gluetun, "problem", NULL);
	const char *vpn = json_text(gluetun, "vpn", NULL);
	const char *exit = json_text(gluetun, "exit", NULL);
	const char *country = json_text(gluetun, "country", NULL);
	char line[PRINT_SIZE];

	if (json_number(gluetun, "asked_at_ms") == 0)
		return;
	if (problem)
		snprintf(line, sizeof(line), "Gluetun: %s", problem);
	else
		snprintf(line, sizeof(line), "Gluetun says %s, %s; exit %s%s%s",
			 vpn ? vpn : "nothing", json_text(gluetun, "health", "unknown"),
			 exit ? exit : "not known", country ? ", " : "", country ? country : "");
	screen_label(screen, "");
	printf("%*s", STATE_COLUMNS, "");
	screen_text(screen, problem ? STYLE_WARN : STYLE_PLAIN, line, screen->room - STATE_COLUMNS);
}

static void egress_print(struct screen *screen, const json_t *egress)
{
	const json_t *tunnel = json_object_get(egress, "tunnel");
	const char *kind = json_text(egress, "kind", "-");

	screen_label(screen, json_text(egress, "name", "-"));
	if (json_is_object(tunnel)) {
		tunnel_print(screen, tunnel);
		gluetun_print(screen, json_object_get(egress, "gluetun"));
	} else if (strcmp(kind, "direct") == 0) {
		screen_text(screen, STYLE_WARN,
			    "direct: what the policy sends here is in no tunnel", screen->room);
	} else {
		screen_text(screen, STYLE_PLAIN,
			    strcmp(kind, "proxy") == 0 ? "another proxy" : kind, screen->room);
	}
}

void screen_egresses(struct screen *screen)
{
	const json_t *list = json_object_get(screen->status, "egresses");
	size_t count = json_array_size(list);

	for (size_t i = 0; i < count && i < SCREEN_EGRESSES_MAX; i++)
		egress_print(screen, json_array_get(list, i));
	if (count > SCREEN_EGRESSES_MAX) {
		printf("  and %zu more (--json shows them all)", count - SCREEN_EGRESSES_MAX);
		screen_end_line(screen);
	}
}
