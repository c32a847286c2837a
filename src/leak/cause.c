/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Why a probe got out, and what helps. */
#include <stdio.h>

#include "base/special.h"
#include "batch.h"

/* What kind of traffic it stands for. */
static const char *probe_stands_for(const struct leak_probe *probe)
{
	enum probe_kind kind = probe->kind;

	if (probe->to.family == AF_INET6)
		return "IPv6";
	if (probe->to.port == 53 || probe->to.port == 853)
		return "DNS";
	if (kind == PROBE_QUIC || kind == PROBE_STUN || kind == PROBE_UDP)
		return "UDP";
	if (probe->way == WAY_DEVICE)
		return "what is bound to another device";
	if (probe->way == WAY_SOURCE)
		return "what is sent from another address";
	return leak_probe_kind_name(kind);
}

static void cause_here(struct batch_of_probes *batch, const struct leak_probe *probe)
{
	struct leak_run *run = batch->run;
	const char *what = probe_stands_for(probe);

	switch (run->rules) {
	case RULES_MISSING:
		test_cause(batch->test, run_rules_cure(run),
			   "%s is let out: table inet %s is not there, and nothing keeps the "
			   "proxy's user in the tunnel",
			   what, run->report->table);
		return;
	case RULES_DIFFERENT:
		test_cause(batch->test, run_rules_cure(run),
			   "%s is let out: the rules are not the policy's: %.250s", what,
			   run->difference);
		return;
	case RULES_SAME:
		test_cause(batch->test, "ip route and ip rule show how; please report it",
			   "%s is let out although the rules are the policy's", what);
		return;
	case RULES_UNKNOWN:
		break;
	}
	test_cause(batch->test, "give NET_ADMIN, so that the rules can be compared",
		   "%s is let out; the rules could not be read: %.200s", what,
		   run->firewall_problem);
}

static void cause_route(struct batch_of_probes *batch, const struct network_link *link, int version)
{
	const struct address *hop = version == 4 ? &link->hop4 : &link->hop6;
	char text[ADDRESS_TEXT_SIZE];

	test_cause(batch->test,
		   "attach the app to an internal network only (internal: true, "
		   "gateway_mode_ipv4: isolated), or egressctl rules apply app there",
		   "the app has a way out of its own: an IPv%d default route by %s%s%s", version,
		   link->name, hop->family != AF_UNSPEC ? " through " : "",
		   hop->family != AF_UNSPEC ? address_format(hop, text) : "");
}

static void cause_of_app(struct batch_of_probes *batch, size_t i)
{
	const struct leak_probe *probe = &batch->probes[i];
	const struct network *app = &batch->run->app->network;
	bool four = probe->to.family == AF_INET;
	char fix[LEAK_WORDS];

	if (probe->if_answered && address_class(&probe->to) == ADDRESS_LOOPBACK) {
		test_cause(batch->test, "egressctl rules apply app, in the app's namespace",
			   "Docker's resolver (127.0.0.11) answers the app, and asks for names "
			   "outside the tunnel");
		return;
	}
	if (probe->if_answered) {
		snprintf(fix, sizeof(fix), "%s; on the Docker host egressctl rules apply host",
			 run_rules_cure(batch->run));
		test_cause(batch->test, fix, "a resolver beside the proxy answers the app");
		return;
	}
	for (size_t j = 0; j < app->count && probe->kind != PROBE_FRAME; j++) {
		if (four ? app->links[j].default4 : app->links[j].default6) {
			cause_route(batch, &app->links[j], four ? 4 : 6);
			return;
		}
	}
	if (probe->kind == PROBE_FRAME)
		test_cause(
			batch->test, "cap_drop: [NET_RAW] for the app",
			"the app may send raw frames (NET_RAW), and those pass beside every rule "
			"of its namespace");
	else
		test_cause(batch->test, "egressctl rules apply app, in the app's namespace",
			   "the app's network takes %s to %s", leak_probe_kind_name(probe->kind),
			   batch->leaked_at[i] == PLACE_UPLINK ? "the uplink" : "strangers");
}

void cause_tell(struct batch_of_probes *batch, size_t probe)
{
	if (batch->from_app)
		cause_of_app(batch, probe);
	else
		cause_here(batch, &batch->probes[probe]);
}
