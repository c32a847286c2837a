/* SPDX-License-Identifier: GPL-3.0-or-later */
/* egressctl status: one screen that says whether traffic is safe. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "control/client.h"
#include "egressctl/command.h"
#include "egressctl/print.h"
#include "egressctl/screen.h"
#include "egressctl/status_firewall.h"
#include "egressctl/status_witness.h"
#include "egressctl/torrents.h"

enum {
	LABEL_MIN = 8,
	CLIENT_MAX = 12,
	REASON_MAX = 18,
	RULE_MAX = 15,
};

static void firewall_print(struct screen *screen)
{
	const json_t *firewall = json_object_get(screen->status, "firewall");
	const char *state = json_text(firewall, "state", "unverified");
	const char *text = json_text(firewall, "text", state);
	const bool off = strcmp(state, "off") == 0;
	const char *word = off                                    ? "OFF "
			   : strcmp(state, "namespace gone") == 0 ? "NAMESPACE GONE "
								  : "UNVERIFIED ";
	char line[PRINT_SIZE];

	screen_label(screen, "firewall");
	if (strcmp(state, "in force") == 0) {
		firewall_text(firewall, screen->now_ms, line);
		screen_text(screen, STYLE_GOOD, line, screen->room);
	} else {
		if (off && strncmp(text, "off ", 4) == 0)
			text += 4;
		print_styled(STYLE_BAD, word);
		screen_text(screen, STYLE_WARN, text, screen->room - strlen(word));
	}
	if (json_number(firewall, "repairs") == 0)
		return;
	repairs_text(firewall, screen->now_ms, line);
	screen_label(screen, "");
	screen_text(screen, STYLE_WARN, line, screen->room);
}

static void witness_print(struct screen *screen)
{
	const json_t *witness =
		json_object_get(json_object_get(screen->status, "firewall"), "witness");
	char text[PRINT_SIZE];
	enum style style;

	if (!json_is_object(witness))
		return;
	style = witness_text(witness, screen->now_ms, text);
	screen_label(screen, "witness");
	screen_text(screen, style, text, screen->room);
}

/* Only what is not as it should be. */
static void proxy_print(struct screen *screen)
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

/* The first error of a report, without the path that the line above has: "line 17: ...". */
static void policy_print_error(struct screen *screen, const char *path, const char *report)
{
	const char *mark = strstr(report, ": error: ");
	const char *line = mark ? mark : report;
	char text[PRINT_SIZE];

	while (line > report && line[-1] != '\n')
		line--;
	if (mark && strncmp(line, path, strlen(path)) == 0 && line[strlen(path)] == ':') {
		line += strlen(path) + 1;
		mark += strlen(": error: ");
		snprintf(text, sizeof(text), "line %.*s: %.*s", (int)strcspn(line, ":"), line,
			 (int)strcspn(mark, "\n"), mark);
	} else {
		snprintf(text, sizeof(text), "%.*s", (int)strcspn(line, "\n"), line);
	}
	screen_label(screen, "");
	screen_text(screen, STYLE_BAD, text, screen->room);
}

static void policy_print(struct screen *screen)
{
	const json_t *policy = json_object_get(screen->status, "policy");
	const char *error = json_text(policy, "last_reload_error", NULL);
	const char *path = json_text(policy, "path", "-");
	int64_t loaded_at_ms = json_number(policy, "loaded_at_ms");
	char at[32], age[32], cut[PRINT_SIZE];
	size_t used;

	screen_label(screen, "policy");
	used = (size_t)printf("in force since %s (%s)",
			      format_time(loaded_at_ms, screen->now_ms, at),
			      format_duration(screen->now_ms - loaded_at_ms, age));
	if (used + 2 + strlen(path) <= screen->room) {
		fputs(", ", stdout);
	} else {
		screen_end_line(screen);
		screen_label(screen, "");
	}
	screen_text(screen, STYLE_PLAIN, text_cut_head(path, screen->room, cut, sizeof(cut)),
		    screen->room);
	if (!error)
		return;
	screen_label(screen, "");
	printf("%sa reload was refused at %s; this one stays:%s", style_on(STYLE_BAD),
	       format_time(json_number(policy, "last_reload_error_at_ms"), screen->now_ms, at),
	       style_off());
	screen_end_line(screen);
	policy_print_error(screen, path, error);
}

static void traffic_print(struct screen *screen)
{
	const json_t *sessions = json_object_get(screen->status, "sessions");
	const json_t *requests = json_object_get(screen->status, "requests");
	const json_t *bytes = json_object_get(screen->status, "bytes");
	int64_t held = json_number(sessions, "held");
	char received[32], sent[32];

	screen_label(screen, "sessions");
	printf("%" PRId64 " open, %" PRId64 " since the start", json_number(sessions, "active"),
	       json_number(sessions, "total"));
	if (held > 0)
		printf(", %s%" PRId64 " waiting for the tunnel%s", style_on(STYLE_WARN), held,
		       style_off());
	screen_end_line(screen);
	screen_label(screen, "requests");
	printf("%" PRId64 " ok, %" PRId64 " refused, %" PRId64 " failed",
	       json_number(requests, "ok"), json_number(requests, "refused"),
	       json_number(requests, "failed"));
	screen_end_line(screen);
	screen_label(screen, "traffic");
	printf("%s in, %s out", format_bytes((uint64_t)json_number(bytes, "received"), received),
	       format_bytes((uint64_t)json_number(bytes, "sent"), sent));
	screen_end_line(screen);
}

/* What is outside the VPN is none of egressd's traffic, and none that it protects. */
static void torrents_print(struct screen *screen)
{
	char name[ADDRESS_TEXT_SIZE], text[PRINT_SIZE];
	struct address address;

	if (torrents_find(&address) != TORRENTS_OUTSIDE)
		return;
	snprintf(text, sizeof(text), "NOT PROTECTED: qBittorrent, at %s, is outside the VPN",
		 address_format(&address, name));
	screen_label(screen, "torrents");
	screen_text(screen, STYLE_BAD, text, screen->room);
}

/* "line 17" of the policy in force; of one that a reload has replaced, "old line 17". */
static void refusal_add_rule(struct table *table, const struct screen *screen,
			     const json_t *refusal)
{
	const json_t *policy = json_object_get(screen->status, "policy");
	const char *path = json_text(policy, "path", "");
	const char *rule = json_text(refusal, "rule", "");
	bool old = json_number(refusal, "at_ms") < json_number(policy, "loaded_at_ms");
	const char *colon = strrchr(rule, ':');
	char text[CELL_SIZE], cut[RULE_MAX + 1];

	if (colon && (size_t)(colon - rule) == strlen(path) &&
	    strncmp(rule, path, strlen(path)) == 0)
		snprintf(text, sizeof(text), "%sline %.10s", old ? "old " : "", colon + 1);
	else
		snprintf(text, sizeof(text), "%.270s",
			 strrchr(rule, '/') ? strrchr(rule, '/') + 1 : rule);
	table_add(table, text_cut_head(text, RULE_MAX, cut, sizeof(cut)));
}

static void refusal_add(struct table *table, const struct screen *screen, const json_t *refusal)
{
	char reason[REASON_MAX + 1], client[CLIENT_MAX + 1];
	char endpoint[CELL_SIZE];
	char at[32];

	table_add(table, format_time(json_number(refusal, "at_ms"), screen->now_ms, at));
	table_add(table, text_cut_tail(json_text(refusal, "client", "-"), CLIENT_MAX, client,
				       sizeof(client)));
	table_add(table, json_endpoint(refusal, endpoint));
	text_cut_tail(json_text(refusal, "reason", ""), REASON_MAX, reason, sizeof(reason));
	for (char *mark = reason; (mark = strchr(mark, '_')) != NULL;)
		*mark = ' ';
	table_add(table, reason);
	refusal_add_rule(table, screen, refusal);
}

static void refusals_print(struct screen *screen)
{
	const json_t *list = json_object_get(screen->status, "last_refusals");
	struct table table = {.column_count = 5,
			      .elastic = 2,
			      .indent = 2,
			      .width = SCREEN_COLUMNS,
			      .without_titles = true};
	int room;

	screen_end_line(screen);
	if (json_array_size(list) == 0) {
		screen_text(screen, STYLE_DIM, "  nothing was refused yet", SCREEN_COLUMNS);
		return;
	}
	screen_text(screen, STYLE_BOLD, "  last refusals", SCREEN_COLUMNS);
	room = SCREEN_LINES - screen->lines;
	for (int i = 0; i < (int)json_array_size(list) && i < room; i++)
		refusal_add(&table, screen, json_array_get(list, (size_t)i));
	table_print(&table);
	table_clear(&table);
}

static struct screen screen_of(const json_t *status)
{
	const json_t *egress;
	size_t label = LABEL_MIN;
	size_t i;

	json_array_foreach(json_object_get(status, "egresses"), i, egress)
	{
		size_t len = strlen(json_text(egress, "name", "-"));

		if (i < SCREEN_EGRESSES_MAX && len > label)
			label = len < SCREEN_LABEL_MAX ? len : SCREEN_LABEL_MAX;
	}
	return (struct screen){.status = status,
			       .now_ms = json_number(status, "now_ms"),
			       .label = label,
			       .room = SCREEN_COLUMNS - label - 4};
}

static void status_print(const json_t *status)
{
	struct screen screen = screen_of(status);
	int64_t workers = json_number(status, "workers");
	char line[PRINT_SIZE];
	char age[32];

	snprintf(line, sizeof(line), "egressd %.40s, running for %s, %" PRId64 " worker%s",
		 json_text(status, "version", "?"),
		 format_duration(screen.now_ms - json_number(status, "started_at_ms"), age),
		 workers, workers == 1 ? "" : "s");
	screen_text(&screen, STYLE_BOLD, line, SCREEN_COLUMNS);
	screen_end_line(&screen);
	screen_egresses(&screen);
	screen_end_line(&screen);
	firewall_print(&screen);
	witness_print(&screen);
	proxy_print(&screen);
	policy_print(&screen);
	traffic_print(&screen);
	torrents_print(&screen);
	refusals_print(&screen);
}

static int status_exit_code(const json_t *status)
{
	const json_t *egress;
	size_t i;

	json_array_foreach(json_object_get(status, "egresses"), i, egress)
	{
		const json_t *tunnel = json_object_get(egress, "tunnel");

		if (json_is_object(tunnel) && strcmp(json_text(tunnel, "state", ""), "up") != 0)
			return EXIT_NO;
	}
	return EXIT_YES;
}

int command_status(struct invocation *invocation)
{
	struct control_answer answer;
	int code;

	if (!command_options(invocation, NULL) || invocation->argc != 0)
		return EXIT_USAGE;
	code = command_read(invocation, "/v1/status", &answer);
	if (code != 0)
		return code;
	code = status_exit_code(answer.body);
	if (invocation->json)
		command_print_json(json_incref(answer.body));
	else
		status_print(answer.body);
	control_answer_clear(&answer);
	return code;
}
