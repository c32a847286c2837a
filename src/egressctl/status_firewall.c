/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The packet rules: since when they are in force, whose they are, who changed them. */
#include "egressctl/status_firewall.h"

#include <inttypes.h>
#include <stdio.h>

static const char *firewall_owner(const json_t *firewall)
{
	if (json_is_true(json_object_get(firewall, "owned")))
		return "owned by egressd";
	if (json_is_true(json_object_get(firewall, "held")))
		return "a held copy behind them";
	return "without an owner";
}

void firewall_text(const json_t *firewall, int64_t now_ms, char out[PRINT_SIZE])
{
	char at[32];

	snprintf(out, PRINT_SIZE, "verified since %s, %" PRId64 " rules, %s",
		 format_time(json_number(firewall, "changed_at_ms"), now_ms, at),
		 json_number(firewall, "rules"), firewall_owner(firewall));
}

void repairs_text(const json_t *firewall, int64_t now_ms, char out[PRINT_SIZE])
{
	const char *by = json_text(firewall, "by", NULL);
	int64_t repairs = json_number(firewall, "repairs");
	char at[32];

	snprintf(out, PRINT_SIZE, "%" PRId64 " repair%s, last at %s%s%.64s: %.300s", repairs,
		 repairs == 1 ? "" : "s",
		 format_time(json_number(firewall, "repaired_at_ms"), now_ms, at),
		 by != NULL ? ", of " : "", by != NULL ? by : "",
		 json_text(firewall, "reason", "?"));
}
