/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A batch of probes: sent, watched for, judged. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/special.h"
#include "batch.h"
#include "config/config.h"

enum {
	/* A packet is in the witness's hands when the kernel sends it; this is for a busy kernel.
	 */
	WATCH_MS = 200,
};

bool batch_of_probes_init(struct batch_of_probes *batch, struct leak_run *run,
			  struct leak_test *test, bool from_app)
{
	*batch = (struct batch_of_probes){
		.run = run,
		.test = test,
		.from_app = from_app,
		.identity = {.netns = -1, .uid = run->options->uid},
		.probes = probes_new(RUN_PROBES_MAX),
		.controls = probes_new(RUN_PROBES_MAX),
	};
	if (from_app)
		batch->identity = (struct identity){.netns = run->app->netns,
						    .capabilities = run->app->capabilities};
	if (batch->probes != NULL && batch->controls != NULL)
		return true;
	test_found(test, LEAK_INCONCLUSIVE, "out of memory");
	batch_of_probes_clear(batch);
	return false;
}

void batch_of_probes_clear(struct batch_of_probes *batch)
{
	probes_free(batch->probes, RUN_PROBES_MAX);
	probes_free(batch->controls, RUN_PROBES_MAX);
	batch->probes = batch->controls = NULL;
}

struct leak_probe *batch_of_probes_add(struct batch_of_probes *batch, enum probe_kind kind,
				       const struct address *to, uint16_t port, const char *name)
{
	struct address target = *to;
	char text[ADDRESS_TEXT_SIZE], full[160];
	struct leak_probe *probe;

	if (to->family == AF_UNSPEC)
		return NULL;
	if (batch->count == RUN_PROBES_MAX) {
		test_found(batch->test, LEAK_INCONCLUSIVE, "more ways out than can be tried");
		return NULL;
	}
	target.port = port;
	snprintf(full, sizeof(full), "%s to %s", name,
		 port != 0 ? address_format_endpoint(&target, text)
			   : address_format(&target, text));
	probe = &batch->probes[batch->count++];
	leak_probe_init(probe, kind, &target, full);
	return probe;
}

/* --- judging what is seen --- */

/* An app's packet to the gateway itself is judged where it would leave the gateway. */
static bool sighting_is_at_the_gateway(const struct batch_of_probes *batch,
				       const struct sighting *sighting)
{
	const struct leak_run *run = batch->run;

	return sighting->place == PLACE_APP && sighting->frame->target_mac != NULL &&
	       run->app->gateway_mac_known &&
	       memcmp(sighting->frame->target_mac, run->app->gateway_mac, MAC_LEN) == 0;
}

/* Where an app's neighbours are, and only an answer counts, and where nothing can leave. */
static bool place_counts(const struct batch_of_probes *batch, enum witness_place place,
			 const struct leak_probe *probe)
{
	switch (place) {
	case PLACE_UPLINK:
	case PLACE_HOST:
		return true;
	case PLACE_TUNNEL:
		return false;
	case PLACE_LOOPBACK:
		return !batch->from_app && address_class(&probe->to) == ADDRESS_LOOPBACK;
	case PLACE_APP:
		return batch->from_app;
	default:
		return false;
	}
}

/* With a direct egress the rules let the proxy's user out to the world, by TCP and UDP, and names
 * to that egress's resolvers: which requests go there is the policy's to say. */
static bool direct_lets_out(const struct leak_probe *probe, const struct egress_config *egress)
{
	bool is_dns = probe->to.port == 53 || probe->to.port == 853;

	if (egress->kind != EGRESS_DIRECT)
		return false;
	for (size_t i = 0; i < egress->resolver_count; i++) {
		if (address_equals_endpoint(&egress->resolvers[i], &probe->to))
			return true;
	}
	return !is_dns && (egress->allow_private || !address_is_special(&probe->to));
}

static bool probe_may_leave(const struct batch_of_probes *batch, const struct leak_probe *probe)
{
	static const enum probe_kind kinds[] = {PROBE_TCP, PROBE_UDP, PROBE_DNS, PROBE_QUIC,
						PROBE_STUN};
	const struct config *config = batch->run->options->config;
	bool of_the_kind = false;

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		of_the_kind |= probe->kind == kinds[i];
	/* Rules that are not the policy's let nobody out for its sake. */
	if (batch->from_app || batch->run->rules != RULES_SAME || !of_the_kind)
		return false;
	for (size_t i = 0; i < config->egress_count; i++) {
		if (direct_lets_out(probe, &config->egresses[i]))
			return true;
	}
	return false;
}

static bool probe_leaked(struct batch_of_probes *batch, size_t i, const struct sighting *sighting)
{
	const struct leak_probe *probe = &batch->probes[i];

	if ((sighting->place == PLACE_HOST || sighting->place == PLACE_UPLINK) &&
	    leak_probe_is_in(probe, sighting->frame) && probe_may_leave(batch, probe)) {
		batch->let_out++;
		return false;
	}
	/* Whoever answered, or did not: somebody asked the world for it. */
	if (sighting->place == PLACE_HOST)
		return leak_probe_is_in(probe, sighting->frame);
	if (probe->if_answered)
		return sighting->place != PLACE_TUNNEL &&
		       leak_probe_is_answered_by(probe, sighting->frame);
	if (!place_counts(batch, sighting->place, probe) ||
	    !leak_probe_is_in(probe, sighting->frame))
		return false;
	if (probe->kind != PROBE_FRAME && sighting_is_at_the_gateway(batch, sighting)) {
		batch->to_gateway[i] = true;
		return false;
	}
	return true;
}

/* An ICMP error, the kernel's own too when it found no neighbour, or a resolver's word. */
static bool probe_is_refused(const struct leak_probe *probe, const struct frame *frame)
{
	return probe->if_answered && frame_has_tag(frame, probe->tag) &&
	       (frame->quotes || address_equals_endpoint(&frame->source, &probe->to));
}

bool batch_of_probes_see(void *arg, const struct sighting *sighting)
{
	struct batch_of_probes *batch = arg;

	for (size_t i = 0; i < batch->count; i++) {
		if (probe_leaked(batch, i, sighting)) {
			if (batch->leaked[i]++ == 0)
				batch->leaked_at[i] = sighting->place;
			test_evidence(batch->test, sighting, &batch->probes[i]);
			return true;
		}
		if (probe_is_refused(&batch->probes[i], sighting->frame)) {
			batch->refused[i] = true;
			return true;
		}
		if (leak_probe_is_in(&batch->probes[i], sighting->frame))
			return true;
	}
	run_count(batch->run, sighting);
	return true;
}

bool batch_of_probes_look(struct batch_of_probes *batch, int64_t for_ms)
{
	if (witness_look(batch->run->witness, for_ms, batch_of_probes_see, batch) == 0)
		return true;
	test_found(batch->test, LEAK_INCONCLUSIVE, "the witness was interrupted: %s",
		   strerror(errno));
	return false;
}

static void batch_judge(struct batch_of_probes *batch)
{
	struct leak_test *test = batch->test;
	size_t leaked = 0, first = 0;

	for (size_t i = batch->count; i-- > 0;) {
		if (batch->leaked[i] > 0) {
			leaked++;
			first = i;
		}
	}
	if (batch->let_out > 0)
		test_found(test, LEAK_SKIP,
			   "the rules let the proxy's user out for a direct egress of the policy "
			   "(%zu packets); of what they let nobody out for, nothing left",
			   batch->let_out);
	if (leaked == 0) {
		test_found(test, LEAK_PASS, "%u probes as %s: none left but by a tunnel",
			   test->probes,
			   batch->from_app ? batch->run->app->who : "the proxy's user");
		return;
	}
	test_found(test, LEAK_FOUND, "%zu of %zu probes got out as %s: %u packets", leaked,
		   batch->count, batch->from_app ? batch->run->app->who : "the proxy's user",
		   test->leaked);
	cause_tell(batch, first);
}

/* So the kernel says that something is forbidden or leads nowhere. */
static bool error_is_refusal(int error)
{
	static const int refusals[] = {
		0,        EPERM,        EACCES,        ENETUNREACH,  EHOSTUNREACH,
		ENETDOWN, ECONNREFUSED, EADDRNOTAVAIL, EAFNOSUPPORT, EPROTONOSUPPORT};

	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		if (error == refusals[i])
			return true;
	}
	return false;
}

/* What was not sent for want of a descriptor or of memory did not stay in. */
static void batch_check_sent(struct batch_of_probes *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		if (!error_is_refusal(batch->probes[i].error))
			test_found(batch->test, LEAK_INCONCLUSIVE, "%s could not be sent: %s",
				   batch->probes[i].name, strerror(batch->probes[i].error));
	}
}

static void batch_check_witness(struct batch_of_probes *batch)
{
	size_t unseen = controls_run(batch);
	uint64_t lost = witness_lost(batch->run->witness);

	batch->run->report->lost_packets = lost;
	if (lost > 0)
		test_found(batch->test, LEAK_INCONCLUSIVE,
			   "the witness missed %llu packets: too much traffic to be sure",
			   (unsigned long long)lost);
	for (size_t i = 0; i < batch->control_count && unseen > 0; i++) {
		if (batch->seen[i])
			continue;
		test_found(batch->test, LEAK_INCONCLUSIVE,
			   "the witness did not see a permitted %s packet on %.15s: that it saw "
			   "none of the probes proves nothing",
			   batch->controls[i].name, batch->controls[i].device);
		test_cause(batch->test,
			   "egressctl leak-test without --device, where the way out is",
			   "nothing is captured where the controls leave (%.15s)",
			   batch->controls[i].device);
	}
}

void batch_of_probes_run(struct batch_of_probes *batch)
{
	struct sender sender;

	if (batch->count == 0)
		return;
	if (sender_start(&sender, &batch->identity, batch->probes, batch->count) < 0) {
		test_found(batch->test, LEAK_INCONCLUSIVE, "no probe could be sent as %s: %s",
			   batch->from_app ? batch->run->app->who : "the proxy's user",
			   strerror(errno));
		return;
	}
	batch_check_sent(batch);
	batch->began_ms = clock_monotonic_ms();
	batch->test->probes += (unsigned)batch->count;
	(void)!batch_of_probes_look(batch, WATCH_MS);
	/* Before the controls, which may wait for the same neighbours. */
	wait_for_neighbours(batch);
	batch_check_witness(batch);
	wait_for_answers(batch);
	sender_end(&sender);
	batch_judge(batch);
}
