/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names through the proxy: whoever looks them up for it must do so in the tunnel. */
#include "names.h"

#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "config/rules.h"

struct name {
	struct leak_run *run;
	struct leak_test *test;
	struct leak_probe probe; /* never sent: its label is what is looked for */
	bool asked;              /* seen where it may be: somebody does look it up */
};

/* Names are the upstream proxy's to look up. */
static bool frame_is_to_upstream(const struct leak_run *run, const struct frame *frame)
{
	const struct config *config = run->options->config;

	for (size_t i = 0; i < config->egress_count; i++) {
		struct address upstream;

		if (config->egresses[i].kind != EGRESS_PROXY)
			continue;
		upstream = config_upstream_endpoint(config->egresses[i].upstream_url);
		if (frame->protocol == IPPROTO_TCP && frame->destination.port == upstream.port &&
		    (upstream.family == AF_UNSPEC ||
		     address_equals(&upstream, &frame->destination)))
			return true;
	}
	return false;
}

bool proxy_denied(const struct proxy_answer *answer)
{
	return strstr(answer->proxy_status, "http_request_denied") != NULL ||
	       strstr(answer->proxy_status, "destination_ip_prohibited") != NULL;
}

bool proxy_is_out_of_reach(struct leak_run *run, struct leak_test *test)
{
	if (run->proxy_url[0] != '\0')
		return false;
	test_found(test, LEAK_SKIP,
		   "the policy has no listener that speaks HTTP without a login or TLS: name one "
		   "with --proxy http://USER:PASSWORD@ADDRESS:PORT");
	return true;
}

static bool name_on_sighting(void *arg, const struct sighting *sighting)
{
	struct name *name = arg;
	bool to_proxy = sighting->frame->destination.port == name->run->proxy.port ||
			sighting->frame->source.port == name->run->proxy.port;

	if (!leak_probe_is_in(&name->probe, sighting->frame)) {
		run_count(name->run, sighting);
		return true;
	}
	if (to_proxy)
		return true;
	/* A resolver of Gluetun's own on the loopback device goes on into the tunnel, or is seen
	 * on the uplink. */
	if (sighting->place == PLACE_TUNNEL ||
	    (sighting->place == PLACE_LOOPBACK &&
	     memcmp(sighting->frame->destination.bytes, "\177\0\0\13", 4) != 0) ||
	    frame_is_to_upstream(name->run, sighting->frame)) {
		name->asked = true;
		return true;
	}
	test_evidence(name->test, sighting, &name->probe);
	return true;
}

/* Returns whether it was seen to be looked up where it may be. */
static bool name_ask(struct leak_run *run, struct leak_test *test, const char *ending,
		     struct proxy_answer *answer)
{
	static const struct address nobody = {.family = AF_INET};
	struct name name = {.run = run, .test = test};
	char url[200], label[TAG_LABEL_SIZE];
	unsigned before = test->leaked;

	leak_probe_init(&name.probe, PROBE_DNS, &nobody, "a name asked for through the proxy");
	snprintf(url, sizeof(url), "http://%s%s/", tag_label(name.probe.tag, label), ending);
	proxy_ask(run, &(struct asking){.url = url, .seen = name_on_sighting, .arg = &name},
		  answer);
	test->probes++;
	if (test->leaked > before) {
		test_found(test, LEAK_FOUND,
			   "a name asked for through the proxy was seen outside "
			   "the tunnel");
		test_cause(test,
			   "resolver 9.9.9.9 (asked through the tunnel) in the policy's egress",
			   "whoever looks up names for the proxy (TAG%s) asks outside the tunnel",
			   ending);
	}
	return name.asked;
}

/* Why nothing is proved by the names that follow. False: this one was looked up, or that cannot be
 * seen from here. */
static bool name_proves_nothing(struct leak_run *run, struct leak_test *test,
				const struct proxy_answer *answer, bool asked)
{
	if (answer->error != 0)
		test_found(test, LEAK_INCONCLUSIVE, "the proxy at %.80s gives no answer: %s",
			   run->proxy_url, answer->problem);
	else if (proxy_denied(answer))
		test_found(test, LEAK_SKIP,
			   "nothing left, but no name was looked up: the policy lets nobody "
			   "from here ask (--netns APP, or --proxy with a login)");
	else if (!asked && run->is_gateway)
		test_found(test, LEAK_INCONCLUSIVE,
			   "a public name asked for through the proxy was seen nowhere, in the "
			   "tunnel neither: nobody looked it up (status %ld %.100s)",
			   answer->status, answer->proxy_status);
	else
		return false;
	return true;
}

void names_ask(struct leak_run *run, struct leak_test *test)
{
	/* A public name, a single label, and the endings that resolvers take for local. */
	static const char *const endings[] = {".example.org", "", ".lan", ".home.arpa", ".local"};
	struct proxy_answer answer;

	if (proxy_is_out_of_reach(run, test))
		return;
	for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
		bool asked = name_ask(run, test, endings[i], &answer);

		if (i == 0 && name_proves_nothing(run, test, &answer, asked))
			return;
	}
	test_found(test, LEAK_PASS,
		   "%zu probes as the proxy's user and %zu names through the proxy: none left but "
		   "by a "
		   "tunnel",
		   test->probes - ARRAY_LEN(endings), ARRAY_LEN(endings));
}
