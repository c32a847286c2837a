/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines of the screen, and those about rules and proxy. */
#include "screen.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "control/client.h"
#include "egressctl/command.h"

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

/* To the end of the line, cut where room ends. */
void screen_text(struct screen *screen, enum style style, const char *text, size_t room)
{
	char cut[PRINT_SIZE];

	print_styled(style, text_cut_tail(text, room, cut, sizeof(cut)));
	screen_end_line(screen);
}

/* "3 repairs, the last at 15:30:02: the table was gone; by nft (pid 12 of the host)". */
static void repairs_print(struct screen *screen, const json_t *firewall)
{
	const char *by = json_text(firewall, "by", NULL);
	int64_t repairs = json_number(firewall, "repairs");
	char line[PRINT_SIZE], at[32];

	if (repairs == 0)
		return;
	screen_label(screen, "");
	snprintf(line, sizeof(line), "%" PRId64 " repair%s, last at %s%s%s: %s", repairs,
		 repairs == 1 ? "" : "s",
		 format_time(json_number(firewall, "repaired_at_ms"), screen->now_ms, at),
		 by != NULL ? ", of " : "", by != NULL ? by : "",
		 json_text(firewall, "reason", "?"));
	screen_text(screen, STYLE_WARN, line, screen->room);
}

static const char *firewall_owner(const json_t *firewall)
{
	if (json_is_true(json_object_get(firewall, "owned")))
		return "owned by egressd";
	if (json_is_true(json_object_get(firewall, "held")))
		return "a held copy behind them";
	return "without an owner";
}

void screen_firewall(struct screen *screen)
{
	const json_t *firewall = json_object_get(screen->status, "firewall");
	const char *state = json_text(firewall, "state", "unverified");
	const char *text = json_text(firewall, "text", state);
	const bool off = strcmp(state, "off") == 0;
	const char *word = off                                    ? "OFF "
			   : strcmp(state, "namespace gone") == 0 ? "NAMESPACE GONE "
								  : "UNVERIFIED ";
	char line[PRINT_SIZE], at[32];

	screen_label(screen, "firewall");
	if (strcmp(state, "in force") == 0) {
		snprintf(line, sizeof(line), "verified since %s, %" PRId64 " rules, %s",
			 format_time(json_number(firewall, "changed_at_ms"), screen->now_ms, at),
			 json_number(firewall, "rules"), firewall_owner(firewall));
		screen_text(screen, STYLE_GOOD, line, screen->room);
	} else {
		if (off && strncmp(text, "off ", 4) == 0)
			text += 4;
		print_styled(STYLE_BAD, word);
		screen_text(screen, STYLE_WARN, text, screen->room - strlen(word));
	}
	repairs_print(screen, firewall);
}

/* Only what is not as it should be. */
void screen_proxy(struct screen *screen)
{
	const json_t *proxy = json_object_get(screen->status, "proxy");
	const char *seccomp = json_text(proxy, "seccomp", "on");
	const bool is_root = proxy != NULL && json_number(proxy, "uid") == 0;

	if (strcmp(seccomp, "on") == 0 && !is_root)
		return;
	screen_label(screen, "proxy");
	if (is_root)
		print_styled(STYLE_BAD, "ROOT, ");
	printf("seccomp ");
	screen_text(screen, STYLE_WARN, seccomp, screen->room - strlen("ROOT, seccomp "));
}
