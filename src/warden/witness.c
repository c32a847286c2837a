/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Totals out of counters that begin anew with every change of the rules. */
#include "witness.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "firewall/ruleset_text.h"

enum {
	COUNTERS_MAX = 8,
	LOOKS_FOR_READING = 5, /* a chain that was emptied counts nothing, and looks well */
};

struct witness {
	struct firewall *firewall;
	char table[RULESET_NAME_SIZE];
	bool own;
	unsigned looks;
	const struct firewall_policy *policy;
	struct firewall_rules rules;   /* in force; empty: none */
	struct warden_witness earlier; /* counted by the tables that were replaced */
	struct warden_witness *report;
	char problem[FIREWALL_PROBLEM_SIZE]; /* that was logged */
};

struct witness *witness_new(const char *gateway, bool own, struct warden_witness *report,
			    char problem[FIREWALL_PROBLEM_SIZE])
{
	struct witness *witness = calloc(1, sizeof(*witness));

	if (witness == NULL) {
		snprintf(problem, FIREWALL_PROBLEM_SIZE, "out of memory");
		return NULL;
	}
	witness->report = report;
	witness->own = own;
	/* Shorter than any name may be, so that two do not become one. */
	snprintf(witness->table, sizeof(witness->table), "%.22s_witness", gateway);
	witness->firewall = firewall_open(problem);
	if (witness->firewall != NULL)
		return witness;
	free(witness);
	return NULL;
}

void witness_free(struct witness *witness)
{
	if (witness == NULL)
		return;
	firewall_rules_clear(&witness->rules);
	firewall_close(witness->firewall);
	free(witness);
}

static void witness_fail(struct witness *witness, const char *problem)
{
	witness->report->on = false;
	if (strcmp(witness->problem, problem) == 0)
		return;
	snprintf(witness->problem, sizeof(witness->problem), "%s", problem);
	log_error("the witness cannot count what leaves: %s", problem);
}

static void counts_add(struct warden_witness *sum, const struct firewall_count *count)
{
	if (strcmp(count->name, FIREWALL_LEAKED) == 0) {
		sum->packets += count->packets;
		sum->bytes += count->bytes;
	} else if (strcmp(count->name, FIREWALL_EXPECTED) == 0) {
		sum->expected += count->packets;
	} else if (strcmp(count->name, FIREWALL_CARRIER) == 0) {
		sum->carrier += count->packets;
	} else if (strcmp(count->name, FIREWALL_OTHERS) == 0) {
		sum->others += count->packets;
	}
}

/* Adds what the tables in force have counted. The table of frames counts where there is one. */
static enum firewall_result witness_read(struct witness *witness, struct warden_witness *sum)
{
	struct firewall_count counts[COUNTERS_MAX];
	enum firewall_result result;
	size_t count = 0;

	if (witness->rules.count == 0)
		return FIREWALL_ABSENT;
	result = firewall_read_counters(witness->firewall,
					witness->rules.tables[witness->rules.count - 1].family,
					witness->table, counts, COUNTERS_MAX, &count);
	for (size_t i = 0; i < count; i++)
		counts_add(sum, &counts[i]);
	return result;
}

static void witness_raise(struct warden_witness *report, const struct warden_witness *seen)
{
	report->seen_at_ms = clock_wall_ms();
	log_error("LEAK: %" PRIu64 " packets of the proxy's (%" PRIu64
		  " bytes) left outside the tunnel, %" PRIu64 " since the start",
		  seen->packets - report->packets, seen->bytes - report->bytes, seen->packets);
}

static void witness_tell(struct warden_witness *report, const struct warden_witness *seen)
{
	if (seen->packets > report->packets)
		witness_raise(report, seen);
	report->packets = seen->packets;
	report->bytes = seen->bytes;
	report->expected = seen->expected;
	report->carrier = seen->carrier;
	report->others = seen->others;
}

/* One that leaks while rules are replaced is counted a moment later, by the new ones. */
static void witness_install(struct witness *witness)
{
	struct warden_witness seen = witness->earlier;
	struct firewall_rules rules;

	/* What a table had counted that is gone was told at the last look. */
	if (witness_read(witness, &seen) == FIREWALL_OK)
		witness_tell(witness->report, &seen);
	witness->earlier = *witness->report;
	firewall_rules_clear(&witness->rules);
	if (firewall_install(witness->firewall, FIREWALL_WITNESS, witness->policy, witness->table,
			     witness->own, &rules, NULL) != FIREWALL_OK) {
		firewall_rules_clear(&rules);
		witness_fail(witness, firewall_problem(witness->firewall));
		return;
	}
	witness->rules = rules;
	witness->problem[0] = '\0';
	witness->report->on = true;
	witness->report->frames = rules.count > 1;
	if (witness->report->since_ms == 0)
		witness->report->since_ms = clock_wall_ms();
}

void witness_put(struct witness *witness, const struct firewall_policy *policy)
{
	witness->policy = policy;
	witness_install(witness);
}

/* Somebody set the counters to 0: what was told stays told. */
static bool witness_was_reset(const struct warden_witness *report,
			      const struct warden_witness *seen)
{
	return seen->packets < report->packets || seen->expected < report->expected ||
	       seen->carrier < report->carrier || seen->others < report->others;
}

/* Are its rules still what they were? */
static bool witness_holds(struct witness *witness)
{
	size_t differences = 0;

	for (size_t i = 0; i < witness->rules.count && differences == 0; i++) {
		const struct ruleset *wanted = &witness->rules.tables[i];
		struct ruleset found;

		if (firewall_read(witness->firewall, wanted->family, wanted->table, &found) !=
		    FIREWALL_OK)
			return false;
		differences = ruleset_diff(wanted, &found, NULL, NULL);
		ruleset_clear(&found);
	}
	return differences == 0;
}

bool witness_look(struct witness *witness)
{
	struct warden_witness *report = witness->report, before = *report, seen = witness->earlier;
	enum firewall_result result = witness_read(witness, &seen);

	if (result == FIREWALL_OK && witness_was_reset(report, &seen)) {
		seen = witness->earlier = *report;
		result = witness_read(witness, &seen);
	}
	if (result == FIREWALL_FAILED) {
		witness_fail(witness, firewall_problem(witness->firewall));
	} else if (result == FIREWALL_ABSENT ||
		   (++witness->looks % LOOKS_FOR_READING == 0 && !witness_holds(witness))) {
		bool changed = witness->rules.count > 0;

		witness_install(witness);
		if (changed && report->on)
			log_error("somebody changed the witness's table %s; it was put back",
				  witness->table);
	} else {
		witness_tell(report, &seen);
		report->on = true;
		witness->problem[0] = '\0';
	}
	return before.on != report->on || before.frames != report->frames ||
	       before.packets != report->packets || before.expected != report->expected ||
	       before.carrier != report->carrier || before.others != report->others;
}
