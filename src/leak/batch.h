/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the layer only: many probes at once, and their controls. */
#ifndef LEAK_BATCH_H
#define LEAK_BATCH_H

#include "run.h"

struct batch_of_probes {
	struct leak_run *run;
	struct leak_test *test;
	struct identity identity;
	bool from_app;
	struct leak_probe *probes; /* of probes_new(RUN_PROBES_MAX) */
	size_t count;
	unsigned leaked[RUN_PROBES_MAX];
	enum witness_place leaked_at[RUN_PROBES_MAX];
	size_t let_out; /* packets of ours that a direct egress of the policy lets out */
	bool to_gateway[RUN_PROBES_MAX]; /* an app's packet that went to the gateway's MAC */
	bool refused[RUN_PROBES_MAX];    /* of those that an answer makes a leak: it was a no */
	int64_t began_ms;
	bool on_host; /* controls are sent and seen in the machine's namespace */
	struct leak_probe *controls;
	size_t control_count;
	bool seen[RUN_PROBES_MAX]; /* of the controls */
};

/* As the proxy's user here, or as an app. False: out of memory. */
MUST_CHECK bool batch_of_probes_init(struct batch_of_probes *batch, struct leak_run *run,
				     struct leak_test *test, bool from_app);
void batch_of_probes_clear(struct batch_of_probes *batch);
/* NULL when there is no such address, or, which is told, there are too many. */
struct leak_probe *batch_of_probes_add(struct batch_of_probes *batch, enum probe_kind kind,
				       const struct address *to, uint16_t port, const char *name);
/* Sends, watches, sends the controls, and judges into the test. */
void batch_of_probes_run(struct batch_of_probes *batch);
/* Notes what a sighting says of the probes. Always true: a witness_fn. */
bool batch_of_probes_see(void *batch, const struct sighting *sighting);
/* The same for whatever passes for so long. False: it was interrupted, which has been told. */
MUST_CHECK bool batch_of_probes_look(struct batch_of_probes *batch, int64_t for_ms);
/* Goes on looking while what was sent waits for a neighbour to be found. */
void wait_for_neighbours(struct batch_of_probes *batch);
/* Goes on looking until whoever is not to answer has answered, refused, or been silent for long. */
void wait_for_answers(struct batch_of_probes *batch);

/* Fills batch->controls with a permitted packet of every kind and family among the probes, on every
 * device that they would leave by, sends them, and waits until the witness has seen them there.
 * Returns how many it did not see. */
size_t controls_run(struct batch_of_probes *batch);
/* One control of a kind on a device of here, or of the host; true: the witness saw it. */
MUST_CHECK bool control_on(struct leak_run *run, enum witness_place place,
			   const struct network_link *link, enum probe_kind kind);

/* False: at the way out nothing is seen, which has been told. */
MUST_CHECK bool control_uplink(struct leak_run *run, struct leak_test *test);

/* What is wrong when this probe was seen, and what helps. */
void cause_tell(struct batch_of_probes *batch, size_t probe);

#endif
