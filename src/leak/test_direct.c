/* SPDX-License-Identifier: GPL-3.0-or-later */
/* T3 to T8: what a program does that does not ask the proxy, one line a probe. */
#include <stdio.h>
#include <string.h>

#include "base/special.h"
#include "base/text.h"
#include "batch.h"
#include "names.h"

enum {
	IN_DNS = 1 << 0,
	IN_UDP = 1 << 1,
	IN_RAW = 1 << 2,
	IN_AROUND = 1 << 3,
	IN_ALL = IN_DNS | IN_UDP | IN_RAW | IN_AROUND,
	ONLY_IPV4 = 1 << 4,
	PORT_DNS = 53,
};

struct row {
	unsigned tests;
	enum probe_kind kind;
	enum probe_way way;
	uint16_t port;
	uint8_t protocol;
	const char *name;
};

static const struct row rows[] = {
	{IN_DNS, PROBE_DNS, WAY_ROUTED, PORT_DNS, 0, "DNS"},
	{IN_DNS, PROBE_DNS, WAY_DEVICE, PORT_DNS, 0, "DNS, bound to the device,"},
	{IN_DNS, PROBE_TCP, WAY_ROUTED, PORT_DNS, 0, "DNS over TCP"},
	{IN_DNS, PROBE_TCP, WAY_ROUTED, 853, 0, "DNS over TLS"},
	{IN_DNS, PROBE_UDP, WAY_ROUTED, 853, 0, "DNS over QUIC"},
	{IN_DNS, PROBE_TCP, WAY_DEVICE, 853, 0, "DNS over TLS, bound to the device,"},
	{IN_UDP, PROBE_QUIC, WAY_ROUTED, 443, 0, "QUIC"},
	{IN_UDP, PROBE_QUIC, WAY_DEVICE, 443, 0, "QUIC, bound to the device,"},
	{IN_UDP, PROBE_STUN, WAY_ROUTED, 3478, 0, "STUN"},
	{IN_UDP, PROBE_STUN, WAY_DEVICE, 19302, 0, "STUN, bound to the device,"},
	{IN_UDP, PROBE_STUN, WAY_SOURCE, 5349, 0, "STUN, from the device's address,"},
	{IN_UDP, PROBE_UDP, WAY_ROUTED, 123, 0, "UDP"},
	{IN_UDP, PROBE_UDP, WAY_DEVICE, 40123, 0, "UDP, bound to the device,"},
	{IN_RAW, PROBE_ICMP, WAY_ROUTED, 0, 0, "an echo request"},
	{IN_RAW, PROBE_ICMP, WAY_DEVICE, 0, 0, "an echo request, bound to the device,"},
	{IN_RAW, PROBE_RAW, WAY_DEVICE, 0, 47, "GRE"},
	{IN_RAW, PROBE_RAW, WAY_DEVICE, 0, 132, "SCTP"},
	{IN_RAW, PROBE_RAW, WAY_DEVICE, 0, 253, "IP protocol 253"},
	{IN_RAW | ONLY_IPV4, PROBE_FRAGMENT, WAY_DEVICE, 0, 0, "a fragment"},
	{IN_RAW, PROBE_FRAME, WAY_DEVICE, 443, 0, "a raw frame"},
	{IN_AROUND, PROBE_TCP, WAY_ROUTED, 80, 0, "HTTP"},
	{IN_AROUND, PROBE_TCP, WAY_ROUTED, 443, 0, "HTTPS"},
	{IN_AROUND, PROBE_TCP, WAY_DEVICE, 443, 0, "HTTPS, bound to the device,"},
	{IN_AROUND, PROBE_TCP, WAY_SOURCE, 443, 0, "HTTPS, from the device's address,"},
	{IN_AROUND, PROBE_TCP, WAY_DEVICE, 6881, 0, "TCP, bound to the device,"},
	{IN_AROUND, PROBE_UDP, WAY_SOURCE, 6881, 0, "UDP, from the device's address,"},
};

/* Where the frame goes: the next hop, the gateway, or everybody. */
static void frame_aim(struct batch_of_probes *batch, struct leak_probe *probe,
		      const struct network_link *link)
{
	const struct leak_run *run = batch->run;
	const struct address *hop = probe->to.family == AF_INET ? &link->hop4 : &link->hop6;

	memset(probe->target, 0xff, MAC_LEN);
	if (hop->family != AF_UNSPEC &&
	    network_neighbour(batch->identity.netns, hop, probe->target))
		return;
	if (batch->from_app && run->app->gateway_mac_known)
		memcpy(probe->target, run->app->gateway_mac, MAC_LEN);
}

/* The one that leads to the world, or from an app to its gateway. */
static const struct network_link *batch_link(const struct batch_of_probes *batch)
{
	return batch->from_app ? batch->run->app->link : batch->run->uplink;
}

static void row_add(struct batch_of_probes *batch, const struct row *row, const struct address *to,
		    const struct network_link *link)
{
	const struct address *source = to->family == AF_INET ? &link->ipv4 : &link->ipv6;
	struct leak_probe *probe;

	if (to->family == AF_INET6 && (row->tests & ONLY_IPV4) != 0)
		return;
	if (row->way == WAY_SOURCE && source->family == AF_UNSPEC)
		return;
	/* Every program takes the same routes; which device it binds to is its own choice. */
	if (row->way == WAY_ROUTED && link != batch_link(batch))
		return;
	probe = batch_of_probes_add(batch, row->kind, to, row->port, row->name);
	if (probe == NULL)
		return;
	probe->way = row->way;
	probe->protocol = row->protocol;
	probe->source = *source;
	probe->source.family = to->family;
	if (address_class(&probe->source) == ADDRESS_LINK_LOCAL)
		probe->source.scope_id = link->index;
	snprintf(probe->device, sizeof(probe->device), "%s", link->name);
	if (row->kind == PROBE_FRAME)
		frame_aim(batch, probe, link);
}

static bool link_is_tried(const struct batch_of_probes *batch, const struct network_link *link,
			  const struct address *to)
{
	if (link == batch_link(batch))
		return true;
	/* Where there are no frames either, IPv6 takes an address. */
	if (to->family == AF_INET6 && link->ipv6.family == AF_UNSPEC && !link->ethernet)
		return false;
	return batch->from_app ? link->up && !link->loopback : run_link_leads_out(batch->run, link);
}

static void rows_add(struct batch_of_probes *batch, unsigned tests, const struct address *to)
{
	const struct network *network =
		batch->from_app ? &batch->run->app->network : &batch->run->here;

	for (size_t i = 0; i < network->count; i++) {
		const struct network_link *link = &network->links[i];

		for (size_t j = 0; j < ARRAY_LEN(rows) && link_is_tried(batch, link, to); j++) {
			if ((rows[j].tests & tests) != 0)
				row_add(batch, &rows[j], to, link);
		}
	}
}

static struct address address_here(uint8_t last)
{
	return (struct address){.family = AF_INET, .bytes = {127, 0, 0, last}};
}

/* Docker's resolver, and one that the home's router may have. */
static void resolvers_add(struct batch_of_probes *batch)
{
	const struct address docker = address_here(11);

	batch_of_probes_add(batch, PROBE_DNS, &docker, PORT_DNS, "DNS");
	batch_of_probes_add(batch, PROBE_TCP, &docker, PORT_DNS, "DNS over TCP");
	batch_of_probes_add(batch, PROBE_DNS, &batch->run->uplink->hop4, PORT_DNS, "DNS");
}

static bool direct_is_possible(struct leak_run *run, struct leak_test *test)
{
	if (!run->is_gateway) {
		test_found(test, LEAK_SKIP,
			   "this is not the gateway's network namespace: no tunnel of the policy "
			   "and no rules are here");
		return false;
	}
	if (run->uplink == NULL) {
		test_found(test, LEAK_INCONCLUSIVE,
			   "no device besides the tunnel: there is nothing to watch");
		return false;
	}
	return true;
}

static void direct_run(struct leak_run *run, struct leak_test *test, unsigned tests,
		       const struct address *to)
{
	struct batch_of_probes batch;

	if (!direct_is_possible(run, test) || !batch_of_probes_init(&batch, run, test, false))
		return;
	rows_add(&batch, tests, to);
	if (tests == IN_DNS)
		resolvers_add(&batch);
	if (to->family == AF_INET6)
		batch_of_probes_add(&batch, PROBE_DNS, &run->uplink->hop6, PORT_DNS, "DNS");
	if (tests == IN_AROUND && run->options->endpoint.family != AF_UNSPEC) {
		batch_of_probes_add(&batch, PROBE_UDP, &run->options->endpoint,
				    run->options->endpoint.port, "UDP to the VPN's endpoint,");
		batch_of_probes_add(&batch, PROBE_TCP, &run->options->endpoint,
				    run->options->endpoint.port, "TCP to the VPN's endpoint,");
	}
	batch_of_probes_run(&batch);
	batch_of_probes_clear(&batch);
}

void test_dns(struct leak_run *run, struct leak_test *test)
{
	direct_run(run, test, IN_DNS, &run->options->target4);
	names_ask(run, test);
}

void test_ipv6(struct leak_run *run, struct leak_test *test)
{
	direct_run(run, test, IN_ALL, &run->options->target6);
}

void test_udp(struct leak_run *run, struct leak_test *test)
{
	direct_run(run, test, IN_UDP, &run->options->target4);
}

void test_raw(struct leak_run *run, struct leak_test *test)
{
	direct_run(run, test, IN_RAW, &run->options->target4);
}

void test_around(struct leak_run *run, struct leak_test *test)
{
	direct_run(run, test, IN_AROUND, &run->options->target4);
	if (run->options->endpoint.family == AF_UNSPEC && run->is_gateway)
		test_found(test, LEAK_SKIP,
			   "nothing left, but the VPN's endpoint was not tried: name it with "
			   "--endpoint");
}

/* --- T8 --- */

/* What is on the app's own network and is not to answer. */
static void neighbours_add(struct batch_of_probes *batch)
{
	struct leak_run *run = batch->run;
	struct address bridge = run->app->link->ipv4;
	const struct address places[] = {address_here(11), run->proxy, bridge};
	struct leak_probe *probe;

	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		struct address place = places[i];

		if (i == 2) { /* Docker's bridge has the first address of its network */
			place.v4.s_addr &= htonl(~(run->app->link->bits4 == 0
							   ? 0
							   : UINT32_MAX >> run->app->link->bits4));
			place.v4.s_addr |= htonl(1);
			if (address_equals(&place, &run->proxy) || address_equals(&place, &bridge))
				continue;
		}
		probe = batch_of_probes_add(batch, PROBE_DNS, &place, PORT_DNS, "DNS");
		if (probe != NULL)
			probe->if_answered = true;
	}
}

/* What the proxy's address is called on the wire; asking for it makes the kernel find out. */
static void gateway_mac_find(struct leak_run *run)
{
	struct identity identity = {.netns = run->app->netns,
				    .capabilities = (uint64_t)ALL_CAPABILITIES};
	struct leak_probe *probe = probes_new(1);
	struct sender sender;

	if (probe == NULL)
		return;
	leak_probe_init(probe, PROBE_TCP, &run->proxy, "the proxy");
	if (sender_start(&sender, &identity, probe, 1) == 0)
		sender_end(&sender);
	run->app->gateway_mac_known =
		network_neighbour(run->app->netns, &run->proxy, run->app->gateway_mac);
	probes_free(probe, 1);
}

static void app_batch(struct leak_run *run, struct leak_test *test, const struct address *to,
		      bool neighbours)
{
	struct batch_of_probes batch;

	if (!batch_of_probes_init(&batch, run, test, true))
		return;
	rows_add(&batch, IN_ALL, to);
	if (neighbours)
		neighbours_add(&batch);
	batch_of_probes_run(&batch);
	for (size_t i = 0; i < batch.count; i++) {
		if (batch.to_gateway[i] && (!run->is_gateway || !control_uplink(run, test)))
			test_found(test, LEAK_INCONCLUSIVE,
				   "%s went to the gateway, whose way out cannot be seen from here",
				   batch.probes[i].name);
	}
	batch_of_probes_clear(&batch);
}

/* What is down now can be up later, and takes its routes along. */
static void app_without_link(struct leak_run *run, struct leak_test *test)
{
	for (size_t i = 0; i < run->app->network.count; i++) {
		if (!run->app->network.links[i].loopback)
			test_found(
				test, LEAK_INCONCLUSIVE,
				"%s has the device %s, which is down: what it lets out cannot be "
				"tried",
				run->app->who, run->app->network.links[i].name);
	}
	test_found(test, LEAK_PASS, "%s has no network device at all", run->app->who);
}

static void app_try(struct leak_run *run, struct leak_test *test)
{
	if (run->app->link == NULL) {
		app_without_link(run, test);
		return;
	}
	if (run->proxy.family != AF_UNSPEC)
		gateway_mac_find(run);
	app_batch(run, test, &run->options->target4, true);
	app_batch(run, test, &run->options->target6, false);
}

void test_app(struct leak_run *run, struct leak_test *test)
{
	char words[LEAK_WORDS];
	struct text text;

	if (run->app_count == 0) {
		test_found(
			test, LEAK_SKIP,
			"no app was named: --netns PID; or beside the app: docker run --rm "
			"--network container:APP --pid container:APP --cap-add NET_RAW --cap-add "
			"SYS_ADMIN ... egressctl leak-test --netns 1");
		return;
	}
	text_init(&text, words, sizeof(words));
	for (size_t i = 0; i < run->app_count; i++) {
		run->app = &run->apps[i];
		app_try(run, test);
		text_add_format(&text, "%s%s", i > 0 ? ", " : "", run->app->who);
	}
	run->app = &run->apps[0];
	if (run->app_count > 1)
		test_found(test, LEAK_PASS, "%u probes as %s: none left but by a tunnel",
			   test->probes, words);
}
