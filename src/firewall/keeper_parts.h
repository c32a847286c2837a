/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the layer only: the keeper from inside. */
#ifndef FIREWALL_KEEPER_PARTS_H
#define FIREWALL_KEEPER_PARTS_H

#include "firewall/keeper.h"
#include "firewall/ruleset.h"

enum {
	BY_SIZE = 64,
};

/* Why everything is to be read anew. */
enum doubt {
	DOUBT_NONE,
	DOUBT_UNSURE,  /* something changed, or may have, and nobody said what */
	DOUBT_CHANGED, /* a table of ours, as the kernel says */
};

/*
 * Where a table cannot be both owned and there to stay (before Linux 6.9), a second one with the
 * same rules is owned and not there to stay: a flush of everything leaves it out, so that nothing
 * passes until the first one is put back; and when its owner ends, the first one is still there.
 */
struct kept {
	const struct ruleset *ruleset;
	struct ruleset held; /* shares what is in it; its table is "" when there is none */
};

struct keeper {
	struct keeper_options options;
	struct firewall *firewall; /* owns the tables */
	int events;
	struct kept *kept;
	size_t kept_count;
	enum doubt doubt;
	uint32_t generation; /* up to this one nothing has happened to our tables */
	bool touched;        /* by what the next commit will put in force */
	int64_t ticked_ms, read_ms;
	char by[BY_SIZE]; /* who changed a table of ours last */
	char problem[FIREWALL_PROBLEM_SIZE]; /* of the last keeper_put */
	struct keeper_status status;
};

/* Reads every table that is kept, and puts back what is not as it should be. */
void keeper_look(struct keeper *keeper);

#endif
