/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The packet rules, as the warden says they stand, for people and for programs. */
#include <string.h>

#include "base/text.h"
#include "egressd/api_encode.h"
#include "warden/report.h"

static void rules_describe(const struct warden_report *report, struct text *text)
{
	if (report->namespace_gone) {
		text_add(text, "this network namespace has no uplink any more");
		return;
	}
	switch (report->rules) {
	case WARDEN_RULES_OFF:
		text_add(text, "off (--no-firewall)");
		break;
	case WARDEN_RULES_VERIFIED:
		text_add_format(text, "in force, %u rules, %s", report->rule_count,
				report->owned  ? "nobody else can change them"
				: report->held ? "owner: of a copy behind them"
					       : "no owner");
		if (report->repairs > 0)
			text_add_format(text, ", %u repair%s", report->repairs,
					report->repairs == 1 ? "" : "s");
		break;
	case WARDEN_RULES_UNVERIFIED:
		text_add(text, report->reason[0] != '\0' ? report->reason : "not read back yet");
		break;
	}
}

static const char *rules_state(const struct warden_report *report)
{
	static const char *const names[] = {[WARDEN_RULES_UNVERIFIED] = "unverified",
					    [WARDEN_RULES_VERIFIED] = "in force",
					    [WARDEN_RULES_OFF] = "off"};

	return report->namespace_gone ? "namespace gone" : names[report->rules];
}

static json_t *rules_time(int64_t at_ms)
{
	return at_ms > 0 ? json_integer(at_ms) : json_null();
}

static json_t *rules_words(const char *words)
{
	return api_encode_text(words[0] != '\0' ? words : NULL);
}

json_t *api_encode_rules(const struct warden_report *report)
{
	char bytes[512];
	struct text text;

	text_init(&text, bytes, sizeof(bytes));
	rules_describe(report, &text);
	return json_pack("{s:s, s:o, s:b, s:b, s:i, s:i, s:i, s:o, s:o, s:o, s:o, s:o}", "state",
			 rules_state(report), "text", api_encode_text(bytes), "owned",
			 report->owned, "held", report->held, "rules", (int)report->rule_count,
			 "repairs", (int)report->repairs, "proxy_restarts", (int)report->restarts,
			 "verified_at_ms", rules_time(report->verified_at_ms), "changed_at_ms",
			 rules_time(report->changed_at_ms), "repaired_at_ms",
			 rules_time(report->repaired_at_ms), "reason", rules_words(report->reason),
			 "by", rules_words(report->by));
}
