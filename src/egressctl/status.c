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
	EGRESSES_MAX = 4,
};

static void print_label(const char *label)
{
	printf("  %s%-10s%s ", style_on(STYLE_DIM), label, style_off());
}

/* Cuts at the edge of the screen. */
static void print_cut(enum style style, const char *text, size_t room)
{
	char cut[PRINT_SIZE];

	snprintf(cut, sizeof(cut), "%.*s", (int)room, text);
	print_styled(style, cut);
	putchar('\n');
}

static void print_tunnel_addresses(const json_t *tunnel, int64_t now_ms)
{
	const json_t *probe = json_object_get(tunnel, "probe");
	const char *ipv4 = json_text(tunnel, "ipv4", NULL);
	const char *ipv6 = json_text(tunnel, "ipv6", NULL);
	int64_t answered_at_ms = json_number(probe, "answered_at_ms");
	char line[PRINT_SIZE];
	char age[32];
	int len = snprintf(line, sizeof(line), "%s%s%s", ipv4 ? ipv4 : "", ipv4 && ipv6 ? ", " : "",
			   ipv6 ? ipv6 : "");

	if (len == 0)
		len = snprintf(line, sizeof(line), "no address");
	if (answered_at_ms > 0)
		snprintf(line + len, sizeof(line) - (size_t)len,
			 "; probe answered %s ago in %.0f ms",
			 format_duration(now_ms - answered_at_ms, age),
			 (double)json_number(probe, "rtt_us") / 1000);
	printf("%19s", "");
	print_cut(STYLE_PLAIN, line, SCREEN_COLUMNS - 19);
}

static int print_tunnel(const json_t *tunnel, int64_t now_ms)
{
	const char *state = json_text(tunnel, "state", "unknown");
	const bool up = strcmp(state, "up") == 0;
	int64_t since_ms = json_number(tunnel, "since_ms");
	char line[PRINT_SIZE];
	char at[32], age[32];

	printf("%s%-5.5s%s ", style_on(up ? STYLE_GOOD : STYLE_BAD),
	       up                           ? "UP"
	       : strcmp(state, "down") == 0 ? "DOWN"
					    : "?",
	       style_off());
	snprintf(line, sizeof(line), "%s, epoch %" PRId64 ", since %s (%s)",
		 json_text(tunnel, "device", "-"), json_number(tunnel, "epoch"),
		 format_time(since_ms, now_ms, at), format_duration(now_ms - since_ms, age));
	print_cut(STYLE_PLAIN, line, SCREEN_COLUMNS - 19);
	if (up) {
		print_tunnel_addresses(tunnel, now_ms);
		return 2;
	}
	printf("%19s", "");
	print_cut(STYLE_WARN, json_text(tunnel, "reason", "nothing leaves"), SCREEN_COLUMNS - 19);
	return 2;
}

/* Returns the number of lines. */
static int print_egress(const json_t *egress, int64_t now_ms)
{
	const json_t *tunnel = json_object_get(egress, "tunnel");
	const char *kind = json_text(egress, "kind", "-");
	char name[16];

	snprintf(name, sizeof(name), "%.10s", json_text(egress, "name", "-"));
	print_label(name);
	if (json_is_object(tunnel))
		return print_tunnel(tunnel, now_ms);
	if (strcmp(kind, "direct") == 0)
		print_cut(STYLE_WARN, "direct: what the policy sends here is in no tunnel", 66);
	else
		print_cut(STYLE_PLAIN, strcmp(kind, "proxy") == 0 ? "another proxy" : kind, 66);
	return 1;
}

static int print_egresses(const json_t *status, int64_t now_ms)
{
	const json_t *list = json_object_get(status, "egresses");
	size_t count = json_array_size(list);
	int lines = 0;

	for (size_t i = 0; i < count && i < EGRESSES_MAX; i++)
		lines += print_egress(json_array_get(list, i), now_ms);
	if (count > EGRESSES_MAX) {
		printf("  and %zu more (--json shows them all)\n", count - EGRESSES_MAX);
		lines++;
	}
	return lines;
}

static void print_firewall(const json_t *status)
{
	const json_t *firewall = json_object_get(status, "firewall");
	const char *state = json_text(firewall, "state", "unverified");
	const char *text = json_text(firewall, "text", state);
	const bool off = strcmp(state, "off") == 0;
	const bool in_force = strcmp(state, "in force") == 0;

	print_label("firewall");
	if (!in_force)
		print_styled(STYLE_BAD, off ? "OFF " : "UNVERIFIED ");
	if (off && strncmp(text, "off ", 4) == 0)
		text += 4;
	print_cut(in_force ? STYLE_GOOD : STYLE_WARN, text, SCREEN_COLUMNS - 26);
}

static int print_policy(const json_t *status, int64_t now_ms)
{
	const json_t *policy = json_object_get(status, "policy");
	const char *error = json_text(policy, "last_reload_error", NULL);
	char line[PRINT_SIZE];
	char at[32];

	print_label("policy");
	snprintf(line, sizeof(line), "%.200s, in force since %s", json_text(policy, "path", "-"),
		 format_time(json_number(policy, "loaded_at_ms"), now_ms, at));
	print_cut(STYLE_PLAIN, line, SCREEN_COLUMNS - 13);
	if (!error)
		return 1;
	snprintf(line, sizeof(line), "a reload was refused at %s: %.*s",
		 format_time(json_number(policy, "last_reload_error_at_ms"), now_ms, at),
		 (int)strcspn(error, "\n"), error);
	print_label("");
	print_cut(STYLE_BAD, line, SCREEN_COLUMNS - 13);
	return 2;
}

static void print_traffic(const json_t *status)
{
	const json_t *sessions = json_object_get(status, "sessions");
	const json_t *requests = json_object_get(status, "requests");
	const json_t *bytes = json_object_get(status, "bytes");
	int64_t held = json_number(sessions, "held");
	char received[32], sent[32];

	print_label("sessions");
	printf("%" PRId64 " open, %" PRId64 " since the start", json_number(sessions, "active"),
	       json_number(sessions, "total"));
	if (held > 0)
		printf(", %s%" PRId64 " waiting for the tunnel%s", style_on(STYLE_WARN), held,
		       style_off());
	putchar('\n');
	print_label("requests");
	printf("%" PRId64 " ok, %" PRId64 " refused, %" PRId64 " failed\n",
	       json_number(requests, "ok"), json_number(requests, "refused"),
	       json_number(requests, "failed"));
	print_label("traffic");
	printf("%s in, %s out\n", format_bytes((uint64_t)json_number(bytes, "received"), received),
	       format_bytes((uint64_t)json_number(bytes, "sent"), sent));
}

static void print_refusal(const json_t *refusal, int64_t now_ms)
{
	const char *rule = json_text(refusal, "rule", "");
	const char *slash = strrchr(rule, '/');
	char endpoint[CELL_SIZE];
	char line[PRINT_SIZE];
	char at[32];

	json_endpoint(refusal, endpoint);
	snprintf(line, sizeof(line), "  %-11s %-12.12s %-27.*s%s %.60s %.60s",
		 format_time(json_number(refusal, "at_ms"), now_ms, at),
		 json_text(refusal, "client", "-"), strlen(endpoint) > 27 ? 26 : 27, endpoint,
		 strlen(endpoint) > 27 ? "~" : "", json_text(refusal, "reason", ""),
		 slash ? slash + 1 : rule);
	print_cut(STYLE_PLAIN, line, SCREEN_COLUMNS);
}

static void print_refusals(const json_t *status, int64_t now_ms, int room)
{
	const json_t *list = json_object_get(status, "last_refusals");
	int count = (int)json_array_size(list);

	putchar('\n');
	if (count == 0) {
		print_styled(STYLE_DIM, "  nothing was refused yet");
		putchar('\n');
		return;
	}
	printf("  %slast refusals%s\n", style_on(STYLE_BOLD), style_off());
	for (int i = 0; i < count && i < room; i++)
		print_refusal(json_array_get(list, (size_t)i), now_ms);
}

static void status_print(const json_t *status)
{
	int64_t now_ms = json_number(status, "now_ms");
	int lines = 8; /* what is always there */
	char line[PRINT_SIZE];
	char age[32];

	snprintf(line, sizeof(line), "egressd %.40s, running for %s, workers: %" PRId64,
		 json_text(status, "version", "?"),
		 format_duration(now_ms - json_number(status, "started_at_ms"), age),
		 json_number(status, "workers"));
	print_cut(STYLE_BOLD, line, SCREEN_COLUMNS);
	putchar('\n');
	lines += print_egresses(status, now_ms);
	putchar('\n');
	print_firewall(status);
	lines += print_policy(status, now_ms);
	print_traffic(status);
	print_refusals(status, now_ms, SCREEN_LINES - lines - 1);
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
