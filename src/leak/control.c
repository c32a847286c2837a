/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Positive controls: for every kind of probe a permitted packet of that kind, by the very device
 * that a leak would leave by, which the witness must see. First as any program would send it, to
 * the next hop on the link; where other people's rules forbid even that, as a frame with the same
 * packet in it, which passes beside the rules and before the witness.
 */
#include <stdio.h>
#include <string.h>

#include "base/special.h"
#include "batch.h"

enum {
	CONTROL_WAIT_MS = 800, /* at most; the first packet to a neighbour waits for ARP */
	CONTROL_PORT = 40009,
};

static bool controls_are_seen(const struct batch_of_probes *batch)
{
	for (size_t i = 0; i < batch->control_count; i++) {
		if (!batch->seen[i])
			return false;
	}
	return true;
}

static bool place_is_controlled(const struct batch_of_probes *batch, enum witness_place place)
{
	if (batch->on_host)
		return place == PLACE_HOST;
	return batch->from_app ? place == PLACE_APP || place == PLACE_APP_LOOPBACK
			       : place == PLACE_UPLINK || place == PLACE_LOOPBACK;
}

static bool control_on_sighting(void *arg, const struct sighting *sighting)
{
	struct batch_of_probes *batch = arg;

	for (size_t i = 0; i < batch->control_count; i++) {
		if (!leak_probe_is_in(&batch->controls[i], sighting->frame))
			continue;
		if (place_is_controlled(batch, sighting->place) &&
		    strcmp(sighting->device, batch->controls[i].device) == 0)
			batch->seen[i] = true;
		if (sighting->place == PLACE_UPLINK && batch->run->uplink != NULL &&
		    strcmp(sighting->device, batch->run->uplink->name) == 0)
			batch->run->uplink_seen = true;
		return !controls_are_seen(batch);
	}
	/* A probe may come as late as this. */
	return batch_of_probes_see(batch, sighting);
}

/* As who we are. */
static void controls_send(struct batch_of_probes *batch, struct leak_probe *controls, size_t count)
{
	struct identity identity = {.netns = -1, .capabilities = (uint64_t)ALL_CAPABILITIES};
	struct sender sender;

	if (batch->on_host)
		identity.netns = batch->run->host_netns;
	else if (batch->from_app)
		identity.netns = batch->run->app->netns;
	if (count == 0 || sender_start(&sender, &identity, controls, count) < 0)
		return;
	(void)!witness_look(batch->run->witness, CONTROL_WAIT_MS, control_on_sighting, batch);
	sender_end(&sender);
}

/* A frame to everybody on the link, who hear it and do nothing with it. */
static void control_make_frame(struct leak_probe *control, const struct network_link *link,
			       enum probe_kind kind, sa_family_t family)
{
	static const struct address all4 = {
		.family = AF_INET, .port = CONTROL_PORT, .bytes = {224, 0, 0, 1}};
	static const struct address all6 = {
		.family = AF_INET6, .port = CONTROL_PORT, .bytes = {0xff, 2, [15] = 1}};
	static const uint8_t mac4[MAC_LEN] = {1, 0, 0x5e, 0, 0, 1};
	static const uint8_t mac6[MAC_LEN] = {0x33, 0x33, 0, 0, 0, 1};
	char name[PROBE_NAME_SIZE];

	snprintf(name, sizeof(name), "%s over IPv%d", leak_probe_kind_name(kind),
		 family == AF_INET ? 4 : 6);
	leak_probe_init(control, PROBE_FRAME, family == AF_INET ? &all4 : &all6, name);
	control->carries = kind == PROBE_FRAME ? PROBE_UDP : kind;
	control->source = family == AF_INET ? link->ipv4 : link->ipv6;
	control->source.family = family;
	memcpy(control->target, family == AF_INET ? mac4 : mac6, MAC_LEN);
	snprintf(control->device, sizeof(control->device), "%s", link->name);
}

/* To the next hop, or from an app to its gateway. False: there is none. */
static bool control_make(struct leak_probe *control, const struct network_link *link,
			 struct address hop, enum probe_kind kind, sa_family_t family)
{
	char name[PROBE_NAME_SIZE];

	if (kind == PROBE_FRAME || kind == PROBE_FRAGMENT || hop.family != family)
		return false;
	if (address_class(&hop) == ADDRESS_LINK_LOCAL)
		hop.scope_id = link->index;
	hop.port = CONTROL_PORT;
	snprintf(name, sizeof(name), "%s over IPv%d", leak_probe_kind_name(kind),
		 family == AF_INET ? 4 : 6);
	leak_probe_init(control, kind, &hop, name);
	control->protocol = 253;
	control->way = WAY_DEVICE;
	snprintf(control->device, sizeof(control->device), "%s", link->name);
	return true;
}

static struct address control_hop(const struct batch_of_probes *batch,
				  const struct network_link *link, sa_family_t family)
{
	static const struct address here4 = {.family = AF_INET, .bytes = {127, 0, 0, 1}};
	static const struct address here6 = {.family = AF_INET6, .bytes = {[15] = 1}};
	struct address hop = family == AF_INET ? link->hop4 : link->hop6;

	if (link->loopback)
		return family == AF_INET ? here4 : here6;
	if (batch->from_app && link == batch->run->app->link)
		return batch->run->proxy;
	/* Whatever is sent by a device without link addresses leaves by it. */
	if (!link->ethernet && hop.family == AF_UNSPEC)
		hop = family == AF_INET ? batch->run->options->target4
					: batch->run->options->target6;
	return hop;
}

/* Where a probe would leave: where it is bound to, or the way out. */
static const struct network_link *control_link(const struct batch_of_probes *batch,
					       const struct leak_probe *probe)
{
	const struct leak_run *run = batch->run;
	const struct network *network = batch->from_app ? &run->app->network : &run->here;

	if (address_class(&probe->to) == ADDRESS_LOOPBACK)
		return network_find(network, "lo");
	if (probe->way != WAY_ROUTED)
		return network_find(network, probe->device);
	return batch->from_app ? run->app->link : run->uplink;
}

static bool controls_have(const struct batch_of_probes *batch, enum probe_kind kind,
			  sa_family_t family, const struct network_link *link)
{
	for (size_t i = 0; i < batch->control_count; i++) {
		const struct leak_probe *control = &batch->controls[i];

		if (control->to.family == family && strcmp(control->device, link->name) == 0 &&
		    (control->kind == kind ||
		     (control->kind == PROBE_FRAME && control->carries == kind)))
			return true;
	}
	return false;
}

/* What the first round did not show, as frames, in a second. */
static void controls_retry(struct batch_of_probes *batch)
{
	const struct network *network =
		batch->from_app ? &batch->run->app->network : &batch->run->here;
	struct leak_probe *frames = probes_new(RUN_PROBES_MAX);
	size_t back[RUN_PROBES_MAX], count = 0;

	if (frames == NULL)
		return;
	for (size_t i = 0; i < batch->control_count; i++) {
		struct leak_probe *control = &batch->controls[i];
		const struct network_link *link = network_find(network, control->device);

		if (batch->seen[i] || control->kind == PROBE_FRAME ||
		    !(link->ethernet || link->loopback))
			continue;
		back[count] = i;
		control_make_frame(&frames[count++], link, control->kind, control->to.family);
	}
	for (size_t i = 0; i < count; i++)
		batch->controls[back[i]] = frames[i];
	controls_send(batch, frames, count);
	probes_free(frames, RUN_PROBES_MAX);
}

/* The control of a probe, unless there is one already. */
static void controls_add(struct batch_of_probes *batch, const struct leak_probe *probe)
{
	enum probe_kind kind = probe->kind == PROBE_FRAME ? probe->carries : probe->kind;
	struct leak_probe *control = &batch->controls[batch->control_count];
	const struct network_link *link = control_link(batch, probe);
	sa_family_t family = probe->to.family;

	if (link == NULL)
		test_found(batch->test, LEAK_INCONCLUSIVE,
			   "there is no device that %s could leave by: no control was possible",
			   probe->name);
	if (link == NULL || controls_have(batch, kind, family, link))
		return;
	if (probe->kind == PROBE_FRAME ||
	    !control_make(control, link, control_hop(batch, link, family), kind, family))
		control_make_frame(control, link, kind, family);
	batch->control_count++;
}

size_t controls_run(struct batch_of_probes *batch)
{
	size_t unseen = 0;

	batch->control_count = 0;
	memset(batch->seen, 0, sizeof(batch->seen));
	for (size_t i = 0; i < batch->count; i++)
		controls_add(batch, &batch->probes[i]);
	controls_send(batch, batch->controls, batch->control_count);
	if (!controls_are_seen(batch))
		controls_retry(batch);
	for (size_t i = 0; i < batch->control_count; i++)
		unseen += !batch->seen[i];
	batch->test->controls += (unsigned)(batch->control_count - unseen);
	return unseen;
}

bool control_on(struct leak_run *run, enum witness_place place, const struct network_link *link,
		enum probe_kind kind)
{
	struct leak_test nobody = {0};
	struct batch_of_probes batch;
	bool seen;

	if (!batch_of_probes_init(&batch, run, &nobody, false))
		return false;
	batch.on_host = place == PLACE_HOST;
	control_make_frame(&batch.controls[0], link, kind, AF_INET);
	batch.control_count = 1;
	controls_send(&batch, batch.controls, 1);
	seen = batch.seen[0];
	batch_of_probes_clear(&batch);
	return seen;
}

bool control_uplink(struct leak_run *run, struct leak_test *test)
{
	if (!run->is_gateway || run->uplink_seen)
		return true;
	if (run->uplink != NULL && control_on(run, PLACE_UPLINK, run->uplink, PROBE_UDP))
		return true;
	test_found(test, LEAK_INCONCLUSIVE,
		   "the witness is blind at the way out (%s): that it saw nothing proves nothing",
		   run->report->uplink);
	return false;
}
