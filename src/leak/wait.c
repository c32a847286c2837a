/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What comes late: a packet that waits in the kernel until its neighbour is found, and the answer
 * of a resolver, which has to ask for a name that nobody knows yet. */
#include "base/clock.h"
#include "batch.h"

enum {
	/* The kernel asks three times, a second apart, and gives up. */
	NEIGHBOURS_MS = 4000,
	/* Whoever asks a resolver waits as long, and then asks another. */
	ANSWERS_MS = 5000,
	STEP_MS = 20,
};

struct neighbours {
	const struct batch_of_probes *batch;
	struct address hop; /* the last one that was waited for; AF_UNSPEC: none */
};

static bool network_has_hop(const struct network *network, const struct address *address)
{
	for (size_t i = 0; i < network->count; i++) {
		if (address_equals(&network->links[i].hop4, address) ||
		    address_equals(&network->links[i].hop6, address))
			return true;
	}
	return false;
}

/* A probe's own target is asked for where a route, or none at all, says that it is on the link. */
static bool neighbours_matter(void *arg, const struct address *address)
{
	struct neighbours *neighbours = arg;
	const struct batch_of_probes *batch = neighbours->batch;

	if (network_has_hop(&batch->run->here, address) ||
	    network_has_hop(&batch->run->app->network, address)) {
		neighbours->hop = *address;
		return true;
	}
	for (size_t i = 0; i < batch->count; i++) {
		if (address_equals(&batch->probes[i].to, address))
			return true;
	}
	return false;
}

/* Here too for an app, whose packets the gateway may pass on. */
static bool neighbours_are_awaited(struct neighbours *neighbours)
{
	const struct batch_of_probes *batch = neighbours->batch;

	return network_awaits(-1, neighbours_matter, neighbours) ||
	       (batch->from_app &&
		network_awaits(batch->run->app->netns, neighbours_matter, neighbours));
}

static bool neighbour_is_known(const struct batch_of_probes *batch, const struct address *address)
{
	uint8_t mac[MAC_LEN];

	return network_neighbour(-1, address, mac) ||
	       (batch->from_app && network_neighbour(batch->run->app->netns, address, mac));
}

void wait_for_neighbours(struct batch_of_probes *batch)
{
	struct neighbours neighbours = {.batch = batch};
	int64_t until = batch->began_ms + NEIGHBOURS_MS;
	char text[ADDRESS_TEXT_SIZE];

	while (neighbours_are_awaited(&neighbours) && clock_monotonic_ms() < until) {
		if (!batch_of_probes_look(batch, STEP_MS))
			return;
	}
	/* What waited for it has left now. */
	(void)!batch_of_probes_look(batch, STEP_MS);
	if (neighbours.hop.family != AF_UNSPEC && !neighbour_is_known(batch, &neighbours.hop))
		test_found(batch->test, LEAK_INCONCLUSIVE,
			   "something waits to be sent by the next hop %s, which nobody answers "
			   "for: that nothing left proves nothing",
			   address_format(&neighbours.hop, text));
}

static bool answers_are_known(const struct batch_of_probes *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		if (batch->probes[i].if_answered && batch->leaked[i] == 0 && !batch->refused[i] &&
		    batch->probes[i].error == 0)
			return false;
	}
	return true;
}

static bool wait_on_sighting(void *arg, const struct sighting *sighting)
{
	(void)batch_of_probes_see(arg, sighting);
	return !answers_are_known(arg);
}

void wait_for_answers(struct batch_of_probes *batch)
{
	int64_t left = batch->began_ms + ANSWERS_MS - clock_monotonic_ms();

	if (left > 0 && !answers_are_known(batch) &&
	    witness_look(batch->run->witness, left, wait_on_sighting, batch) < 0)
		test_found(batch->test, LEAK_INCONCLUSIVE, "the witness was interrupted");
}
