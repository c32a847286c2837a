/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rulesets that stay in force: put into the kernel, watched, read back, and put back whenever they
 * are not exactly what was given. Of one thread, which calls keeper_run when the descriptor is
 * readable or the time has come.
 */
#ifndef FIREWALL_KEEPER_H
#define FIREWALL_KEEPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "firewall/kernel.h"

struct keeper;

enum {
	KEEPER_WORDS_SIZE = FIREWALL_PROBLEM_SIZE,
	KEEPER_TICK_MS = 1000,  /* has anything changed? */
	KEEPER_READ_MS = 10000, /* everything is read, changed or not */
};

enum keeper_event {
	KEEPER_VERIFIED, /* after a failure: all is as it should be again */
	KEEPER_REPAIRED, /* it was not, and is again */
	KEEPER_FAILED,   /* it is not, or cannot be told, and was until now */
};

/* words: what was different, or what is wrong. by: the program that did it, "" when nobody told. */
typedef void keeper_event_fn(void *arg, enum keeper_event event, const char *table,
			     const char *words, const char *by);

struct keeper_options {
	bool own; /* nobody else may change the tables, where the kernel knows that */
	keeper_event_fn *on_event;
	void *arg;
};

struct keeper_status {
	bool verified; /* there are rulesets, and at the last look the kernel had exactly these */
	bool owned;    /* nobody else may change the tables, and they stay when this ends */
	bool held;     /* not that, but a second copy of each is owned as long as this lives */
	int64_t since_ms;   /* wall time: verified, or not, since then; 0: no ruleset yet */
	int64_t checked_ms; /* wall time of the last look */
	uint64_t looks;     /* how often everything was read */
	uint64_t repairs;
	int64_t repaired_ms;             /* wall time of the last one; 0: none */
	char reason[KEEPER_WORDS_SIZE];  /* of the last one */
	char problem[KEEPER_WORDS_SIZE]; /* "" when verified */
};

/* NULL: problem is filled. */
MUST_CHECK struct keeper *keeper_new(const struct keeper_options *options,
				     char problem[FIREWALL_PROBLEM_SIZE]);
/* The tables stay in the kernel. */
void keeper_free(struct keeper *keeper);

/*
 * Puts the ruleset in force, instead of what was kept for its table, and keeps it from now on; only
 * that when it is the same. It is borrowed for as long. FIREWALL_FAILED: keeper_problem says why,
 * and what was kept before still is.
 */
MUST_CHECK enum firewall_result keeper_put(struct keeper *keeper, const struct ruleset *ruleset);
const char *keeper_problem(const struct keeper *keeper);

/* Keeps this one instead of what is kept for its table, whether it can be put in force or not. */
void keeper_want(struct keeper *keeper, const struct ruleset *ruleset);

/* Takes the table out of the kernel and forgets it. FIREWALL_ABSENT: it was not kept. */
MUST_CHECK enum firewall_result keeper_remove(struct keeper *keeper, const char *table);

/* To be polled for reading. */
int keeper_descriptor(const struct keeper *keeper);
/* How long at most until keeper_run is to be called. */
int keeper_wait_ms(const struct keeper *keeper);
/* Returns within a bounded time, however much others change. Calls on_event from inside. */
void keeper_run(struct keeper *keeper);

const struct keeper_status *keeper_status(const struct keeper *keeper);

/* For reading, of other tables too; the keeper's still. */
struct firewall *keeper_firewall(const struct keeper *keeper);

/* The name of the second copy of a table. */
void keeper_held_table(const char *table, char held[RULESET_NAME_SIZE]);

#endif
