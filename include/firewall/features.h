/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What of packet filtering this kernel, and this container, has: found by trying, never by version
 * numbers. Nothing that is tried comes into force.
 */
#ifndef FIREWALL_FEATURES_H
#define FIREWALL_FEATURES_H

#include <stdbool.h>

enum firewall_feature {
	/* Without one of these the promise cannot be kept. */
	FEATURE_TABLES,
	FEATURE_NET_ADMIN,
	FEATURE_COUNTERS,
	FEATURE_SETS,
	FEATURE_UID,
	FEATURE_CONNTRACK,
	FEATURE_MARK,
	FEATURE_REJECT,
	FEATURE_BIND,
	/* Without these it is kept, and less is left to catch a mistake. */
	FEATURE_OWNER,
	FEATURE_PERSIST,
	FEATURE_EGRESS,
	FEATURE_COUNT,
};

enum feature_state {
	FEATURE_UNKNOWN, /* could not be tried */
	FEATURE_MISSING,
	FEATURE_PRESENT,
};

enum firewall_tier {
	TIER_UNKNOWN,
	TIER_FULL,
	TIER_REDUCED,
	TIER_REFUSED,
};

struct firewall_features {
	enum feature_state states[FEATURE_COUNT];
	int errors[FEATURE_COUNT]; /* what the kernel answered where it is not present */
};

/* Static words. */
struct feature_words {
	const char *name;    /* for machines: "owner" */
	const char *what;    /* "tables with an owner" */
	const char *needs;   /* of the kernel or the container, for those who lack it */
	const char *without; /* what follows when it is missing */
	bool required;
};

/* Tries everything in this network namespace; forks once, for a moment. */
void firewall_features_try(struct firewall_features *features);

/* REFUSED: something required is missing. UNKNOWN: nothing is, as far as it could be tried. */
enum firewall_tier firewall_features_tier(const struct firewall_features *features);

/* The first required one that is missing; FEATURE_COUNT: none. */
enum firewall_feature firewall_features_lack(const struct firewall_features *features);

const struct feature_words *firewall_feature_words(enum firewall_feature feature);

/* "full", "reduced", "refused", "unknown". */
const char *firewall_tier_name(enum firewall_tier tier);

#endif
