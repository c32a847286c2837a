/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * "Ignored addresses" of Prowlarr and Radarr: what goes past their proxy. Every entry is a regular
 * expression, without case, that may match anywhere in "scheme://host[:port]", and besides a
 * network when it is one. Judged by its form alone, so that what cannot be judged counts as too
 * wide. Pure.
 */
#ifndef APPS_BYPASS_H
#define APPS_BYPASS_H

#include "base/span.h"

enum bypass_verdict {
	BYPASS_EXACT, /* matches one host, as far as can be seen; or a network that is not public */
	BYPASS_LOOSE, /* matches anywhere in the address: other hosts that contain it, too */
	BYPASS_WIDE,  /* a dot, a star or a bar makes it match more than it seems to say */
	BYPASS_PUBLIC, /* a network of public addresses */
	BYPASS_BROKEN, /* no regular expression: every request of the app fails */
};

/* One entry, without blanks around it. */
enum bypass_verdict bypass_judge(struct span entry);

/* The next entry of the comma-separated list, blanks taken off; list moves on. False: that was all.
 */
bool bypass_next(struct span *list, struct span *entry);

/* What is wrong with such an entry, in a few words. */
const char *bypass_reason(enum bypass_verdict verdict);

#endif
