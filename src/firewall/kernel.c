/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Putting rulesets into the kernel, and taking them out. What holds is what is read back. */
#include "firewall/kernel.h"

#include <errno.h>
#include <stdio.h>

#include "firewall/ruleset_text.h"
#include "socket.h"
#include "write.h"

static enum firewall_result firewall_fail(struct firewall *firewall, const char *what, int error,
					  const char *needs)
{
	socket_explain(firewall->problem, what, error, needs);
	firewall->error = error;
	return FIREWALL_FAILED;
}

int firewall_error(const struct firewall *firewall)
{
	return firewall->error;
}

static void difference_keep_first(void *arg, const char *words)
{
	char *first = arg;

	if (first[0] == '\0')
		snprintf(first, FIREWALL_PROBLEM_SIZE, "%s", words);
}

/* FIREWALL_OK: the kernel has exactly these rules. */
static enum firewall_result firewall_check(struct firewall *firewall, const struct ruleset *wanted,
					   uint32_t *flags)
{
	char first[FIREWALL_PROBLEM_SIZE] = "";
	struct ruleset found;
	enum firewall_result result =
		firewall_read(firewall, wanted->family, wanted->table, &found);
	size_t differences;

	if (result == FIREWALL_ABSENT)
		snprintf(firewall->problem, sizeof(firewall->problem),
			 "the kernel took the rules and has none of them");
	if (result != FIREWALL_OK)
		return FIREWALL_FAILED;
	*flags = found.flags;
	differences = ruleset_diff(wanted, &found, difference_keep_first, first);
	ruleset_clear(&found);
	if (differences == 0)
		return FIREWALL_OK;
	snprintf(firewall->problem, sizeof(firewall->problem),
		 "the kernel has other rules than it was given: %.320s", first);
	return FIREWALL_FAILED;
}

/* The first error of one attempt; 0: none was heard of. */
static int firewall_try(struct firewall *firewall, const struct ruleset *ruleset,
			uint32_t table_flags, const char **needs)
{
	struct batch batch;
	int error = 0;

	batch_init(&batch, ruleset->family);
	*needs = "memory";
	if (ruleset_write(ruleset, table_flags, &batch) < 0 || batch_finish(&batch) < 0)
		error = errno;
	else
		error = socket_send_batch(firewall, &batch, needs);
	batch_clear(&batch);
	return error;
}

/* What the kernel has now decides; an error is one all the same if it means that the table is not
 * ours: rules that were there before may be the same. */
static enum firewall_result firewall_judge(struct firewall *firewall, const struct ruleset *ruleset,
					   int error, const char *needs, uint32_t *found)
{
	enum firewall_result result = firewall_check(firewall, ruleset, found);

	firewall->error = 0;
	if (error != 0 && (result != FIREWALL_OK || error == EPERM))
		return firewall_fail(firewall, "the rules were refused", error, needs);
	return result;
}

enum firewall_result firewall_apply(struct firewall *firewall, const struct ruleset *ruleset,
				    bool own, bool *owned)
{
	/* Never owner alone: such a table goes when its owner does, and lets everything out. */
	uint32_t flags = own ? FIREWALL_TABLE_OWNER | FIREWALL_TABLE_PERSIST : 0, found = 0;
	enum firewall_result result;
	const char *needs;
	int error = firewall_try(firewall, ruleset, flags, &needs);

	if (error == EOPNOTSUPP && own)
		error = firewall_try(firewall, ruleset, 0, &needs);
	result = firewall_judge(firewall, ruleset, error, needs, &found);
	if (owned != NULL && result == FIREWALL_OK)
		*owned = (found & FIREWALL_TABLE_OWNER) != 0;
	return result;
}

enum firewall_result firewall_apply_held(struct firewall *firewall, const struct ruleset *ruleset)
{
	uint32_t found = 0;
	const char *needs;
	int error = firewall_try(firewall, ruleset, FIREWALL_TABLE_OWNER, &needs);

	if (error == EOPNOTSUPP)
		return FIREWALL_ABSENT;
	return firewall_judge(firewall, ruleset, error, needs, &found);
}

enum firewall_result firewall_remove(struct firewall *firewall, enum ruleset_family family,
				     const char *table)
{
	struct ruleset found;
	enum firewall_result result = firewall_read(firewall, family, table, &found);
	struct batch batch;
	const char *needs = "memory";
	int error;

	if (result != FIREWALL_OK)
		return result;
	ruleset_clear(&found);
	batch_init(&batch, family);
	if (table_write_removal(table, &batch) < 0 || batch_finish(&batch) < 0)
		error = errno;
	else
		error = socket_send_batch(firewall, &batch, &needs);
	batch_clear(&batch);
	result = firewall_read(firewall, family, table, &found);
	if (result == FIREWALL_ABSENT)
		return FIREWALL_OK;
	if (result == FIREWALL_OK)
		ruleset_clear(&found);
	return firewall_fail(firewall, "the table was not removed", error, needs);
}
