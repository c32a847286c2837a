/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A ring of the last refusals. */
#include "egressd/refusals.h"

#include <pthread.h>
#include <stdlib.h>

struct refusals {
	pthread_mutex_t lock;
	size_t total;
	struct refusal_note notes[REFUSALS_KEPT];
};

struct refusals *refusals_new(void)
{
	struct refusals *refusals = calloc(1, sizeof(*refusals));

	if (refusals != NULL)
		pthread_mutex_init(&refusals->lock, NULL);
	return refusals;
}

void refusals_free(struct refusals *refusals)
{
	if (refusals == NULL)
		return;
	pthread_mutex_destroy(&refusals->lock);
	free(refusals);
}

void refusals_add(struct refusals *refusals, const struct refusal_note *note)
{
	if (pthread_mutex_trylock(&refusals->lock) != 0)
		return;
	refusals->notes[refusals->total++ % REFUSALS_KEPT] = *note;
	pthread_mutex_unlock(&refusals->lock);
}

size_t refusals_read(struct refusals *refusals, struct refusal_note notes[REFUSALS_KEPT])
{
	size_t count;

	pthread_mutex_lock(&refusals->lock);
	count = refusals->total < REFUSALS_KEPT ? refusals->total : REFUSALS_KEPT;
	for (size_t i = 0; i < count; i++)
		notes[i] = refusals->notes[(refusals->total - 1 - i) % REFUSALS_KEPT];
	pthread_mutex_unlock(&refusals->lock);
	return count;
}
