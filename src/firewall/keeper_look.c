/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Looking at what the kernel has, and putting it back. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "firewall/ruleset_text.h"
#include "keeper_parts.h"
#include "socket.h"

static void keeper_tell(const struct keeper *keeper, enum keeper_event event, const char *table,
			const char *words)
{
	if (keeper->options.on_event != NULL)
		keeper->options.on_event(keeper->options.arg, event, table, words,
					 event == KEEPER_REPAIRED ? keeper->by : "");
}

static void keeper_set_verified(struct keeper *keeper, bool verified)
{
	if (keeper->status.since_ms == 0 || keeper->status.verified != verified)
		keeper->status.since_ms = clock_wall_ms();
	keeper->status.verified = verified;
	if (verified)
		keeper->status.problem[0] = '\0';
}

static void keeper_fail(struct keeper *keeper, const char *table, const char *words)
{
	bool is_news = keeper->status.verified || keeper->status.since_ms == 0;

	keeper_set_verified(keeper, false);
	keeper->status.owned = false;
	snprintf(keeper->status.problem, sizeof(keeper->status.problem), "%s", words);
	if (is_news)
		keeper_tell(keeper, KEEPER_FAILED, table, words);
}

/* The first difference, and how many more there are. */
struct differences {
	char first[KEEPER_WORDS_SIZE - 32];
	char words[KEEPER_WORDS_SIZE];
};

static void differences_take(void *arg, const char *words)
{
	struct differences *differences = arg;

	if (differences->first[0] == '\0')
		snprintf(differences->first, sizeof(differences->first), "%s", words);
}

/* FIREWALL_OK: it is as wanted; FIREWALL_ABSENT: it is not, and differences has the words. */
static enum firewall_result keeper_compare(struct keeper *keeper, const struct ruleset *wanted,
					   struct differences *differences)
{
	struct ruleset found;
	enum firewall_result result = firewall_read(keeper->firewall, wanted->table, &found);
	size_t count;
	bool owned;

	differences->first[0] = '\0';
	if (result == FIREWALL_ABSENT)
		snprintf(differences->words, sizeof(differences->words), "the table was gone");
	if (result != FIREWALL_OK)
		return result;
	owned = (found.flags & FIREWALL_TABLE_OWNER) != 0;
	count = ruleset_diff(wanted, &found, differences_take, differences);
	ruleset_clear(&found);
	if (count == 0) {
		keeper->status.owned &= owned;
		return FIREWALL_OK;
	}
	snprintf(differences->words, sizeof(differences->words), "%s", differences->first);
	if (count > 1)
		snprintf(differences->words, sizeof(differences->words), "%s (and %zu more)",
			 differences->first, count - 1);
	return FIREWALL_ABSENT;
}

static bool keeper_repair(struct keeper *keeper, const struct ruleset *wanted, bool held,
			  const char *words)
{
	struct keeper_status *status = &keeper->status;
	bool owned = true;

	if ((held ? firewall_apply_held(keeper->firewall, wanted)
		  : firewall_apply(keeper->firewall, wanted, keeper->options.own, &owned)) !=
	    FIREWALL_OK) {
		keeper_fail(keeper, wanted->table, firewall_problem(keeper->firewall));
		return false;
	}
	status->owned &= owned;
	status->repairs++;
	status->repaired_ms = clock_wall_ms();
	snprintf(status->reason, sizeof(status->reason), "%s", words);
	keeper_tell(keeper, KEEPER_REPAIRED, wanted->table, words);
	return true;
}

/* False: it is not in force, or that cannot be told. */
static bool keeper_look_at(struct keeper *keeper, const struct ruleset *wanted, bool held)
{
	struct differences differences;

	switch (keeper_compare(keeper, wanted, &differences)) {
	case FIREWALL_OK:
		return true;
	case FIREWALL_ABSENT:
		return keeper_repair(keeper, wanted, held, differences.words);
	default:
		keeper_fail(keeper, wanted->table, firewall_problem(keeper->firewall));
		return false;
	}
}

void keeper_look(struct keeper *keeper)
{
	bool was_failed = !keeper->status.verified && keeper->status.since_ms != 0, good = true;
	uint32_t generation = keeper->generation;

	/* From before the first look: what comes later is heard of, or found at the next tick. */
	if (firewall_generation(keeper->firewall, &generation) < 0)
		generation = keeper->generation;
	keeper->status.looks++;
	keeper->doubt = DOUBT_NONE;
	keeper->touched = false;
	keeper->status.owned = keeper->options.own && keeper->kept_count > 0;
	keeper->status.held = false;
	for (size_t i = 0; i < keeper->kept_count; i++) {
		const struct kept *kept = &keeper->kept[i];

		good &= keeper_look_at(keeper, kept->ruleset, false);
		if (kept->held.table[0] == '\0')
			continue;
		good &= keeper_look_at(keeper, &kept->held, true);
		keeper->status.held = true;
	}
	keeper->by[0] = '\0';
	keeper->generation = generation;
	keeper->read_ms = keeper->ticked_ms = clock_monotonic_ms();
	keeper->status.checked_ms = clock_wall_ms();
	if (!good) {
		/* At the next tick, whether anything changes or not. */
		keeper->doubt = DOUBT_UNSURE;
		return;
	}
	keeper_set_verified(keeper, keeper->kept_count > 0);
	if (was_failed && keeper->kept_count > 0)
		keeper_tell(keeper, KEEPER_VERIFIED, keeper->kept[0].ruleset->table, "");
}
