/* SPDX-License-Identifier: GPL-3.0-or-later */
/* egressctl status: one screen that says whether traffic is safe. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "control/client.h"
#include "egressctl/command.h"
#include "egressctl/print.h"

enum {
	SCREEN_LINES = 23, /* of 24: the last one is the prompt's */
	SCREEN_COLUMNS = 80,
	LABEL_MIN = 8,
	LABEL_MAX = 20,
	STATE_COLUMNS = 6,
	EGRESSES_MAX = 4,
	CLIENT_MAX = 12,
	REASON_MAX = 18,
	RULE_MAX = 15,
};

struct screen {
	const json_t *status;
	int64_t now_ms;
	int lines;    /* so far */
	size_t label; /* how wide the words on the left are */
	size_t room;  /* how wide what stands beside them may be */
};

static void screen_end_line(struct screen *screen)
{
	putchar('\n');
	screen->lines++;
}

static void screen_label(const struct screen *screen, const char *label)
{
	char cut[LABEL_MAX + 1];

	printf("  %s%-*s%s  ", style_on(STYLE_DIM), (int)screen->label,
	       text_cut_tail(label, screen->label, cut, sizeof(cut)), style_off());
}

/* To the end of the line, cut where room ends. */
static void screen_text(struct screen *screen, enum style style, const char *text, size_t room)
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

static void egresses_print(struct screen *screen)
{
	const json_t *list = json_object_get(screen->status, "egresses");
	size_t count = json_array_size(list);

	for (size_t i = 0; i < count && i < EGRESSES_MAX; i++)
		egress_print(screen, json_array_get(list, i));
	if (count > EGRESSES_MAX) {
		printf("  and %zu more (--json shows them all)", count - EGRESSES_MAX);
		screen_end_line(screen);
	}
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

static void firewall_print(struct screen *screen)
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

		if (i < EGRESSES_MAX && len > label)
			label = len < LABEL_MAX ? len : LABEL_MAX;
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
	egresses_print(&screen);
	screen_end_line(&screen);
	firewall_print(&screen);
	proxy_print(&screen);
	policy_print(&screen);
	traffic_print(&screen);
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

int command_status(const struct invocation *invocation)
{
	struct control_answer answer;
	int code;

	if (invocation->argc != 0)
		return EXIT_USAGE;
	code = command_ask(invocation, "GET", "/v1/status", NULL, &answer);
	if (code != 0)
		return code;
	code = answer.status == 200 ? status_exit_code(answer.body) : EXIT_UNKNOWN;
	if (answer.status != 200)
		code = command_fail(invocation, code, "%s", json_text(answer.body, "error", "?"));
	else if (invocation->json)
		command_print_json(json_incref(answer.body));
	else
		status_print(answer.body);
	control_answer_clear(&answer);
	return code;
}
