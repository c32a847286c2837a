/* SPDX-License-Identifier: GPL-3.0-or-later */
/* T2 and T11: what origins see of us, and where the proxy does not lead. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/special.h"
#include "base/text.h"
#include "batch.h"
#include "config/config.h"
#include "names.h"
#include "proxy.h"
#include "tunnel/gluetun.h"

/* The address that an answer is, with blanks around it. */
static bool answer_address(const struct proxy_answer *answer, struct address *address)
{
	const char *from = answer->body;
	size_t len = strlen(from);

	while (len > 0 && isspace((unsigned char)from[len - 1]))
		len--;
	while (len > 0 && isspace((unsigned char)*from)) {
		from++;
		len--;
	}
	return address_parse(from, len, address);
}

/* The address we have without the tunnel: what was told, or with consent what a page says. */
static struct address real_address(struct leak_run *run, sa_family_t family, const char *url)
{
	const struct leak_options *options = run->options;
	struct address real = family == AF_INET ? options->real4 : options->real6;
	struct proxy_answer answer;

	if (real.family != AF_UNSPEC || !options->direct_query || run->uplink == NULL)
		return real;
	proxy_ask(run, &(struct asking){.url = url, .way = ASK_DIRECTLY}, &answer);
	if (answer.error == 0 && answer.status == 200 && answer_address(&answer, &real))
		return real;
	return (struct address){0};
}

/* What Gluetun says that the VPN's address is; AF_UNSPEC: it does not. */
static struct address vpn_address(const struct config *config)
{
	struct gluetun_answer answer;
	char country[GLUETUN_PLACE_SIZE], key[GLUETUN_KEY_SIZE];
	struct address address = {0};
	bool has_key;

	for (size_t i = 0; i < config->egress_count; i++) {
		const struct egress_config *egress = &config->egresses[i];

		if (egress->gluetun_url == NULL)
			continue;
		has_key = egress->key_file != NULL && gluetun_read_key(egress->key_file, key) == 0;
		gluetun_ask(egress->gluetun_url, has_key ? key : NULL, "GET", "/v1/publicip/ip",
			    NULL, &answer);
		if (answer.outcome == GLUETUN_ANSWERED &&
		    gluetun_read_exit(answer.body, answer.len, &address, country))
			return address;
	}
	return (struct address){0};
}

/* Against the address that must not be seen, or the one that Gluetun says must be. by: "", or
 * which of the egresses was asked. */
static void exit_judge(struct leak_run *run, struct leak_test *test, const char *by,
		       const struct address *seen, const struct address *real, struct text *words)
{
	char text[ADDRESS_TEXT_SIZE], other[ADDRESS_TEXT_SIZE];
	struct address vpn;

	text_add_format(words, "%s%sorigins see %s", words->len > 0 ? "; " : "", by,
			address_format(seen, text));
	if (real->family != AF_UNSPEC) {
		if (!address_equals(seen, real)) {
			text_add(words, ", not the real address");
			return;
		}
		test_found(test, LEAK_FOUND, "%sorigins see %s, the real address", by, text);
		test_cause(test, "egressctl status, and the egress of the policy",
			   "the proxy's requests do not leave by the VPN");
		return;
	}
	vpn = vpn_address(run->options->config);
	if (address_equals(seen, &vpn)) {
		text_add(words, ", which Gluetun says is the VPN's");
	} else if (vpn.family == seen->family) {
		test_found(test, LEAK_INCONCLUSIVE,
			   "%sorigins see %s, and Gluetun says that the VPN's address is %s", by,
			   text, address_format(&vpn, other));
	} else {
		test_found(test, LEAK_SKIP,
			   "%sorigins see %s; whether that is the VPN's cannot be told without "
			   "--real-address (or --direct-query, which asks beside the tunnel)",
			   by, text);
	}
}

static void exit_ask(struct leak_run *run, struct leak_test *test, const char *url,
		     sa_family_t family, struct text *words)
{
	struct proxy_answer answer;
	struct address seen, real;

	proxy_ask(run, &(struct asking){.url = url}, &answer);
	test->probes++;
	if (answer.error != 0) {
		test_found(test, LEAK_INCONCLUSIVE, "the proxy at %.80s gives no answer: %s",
			   run->proxy_url, answer.problem);
	} else if (proxy_denied(&answer)) {
		test_found(test, LEAK_SKIP,
			   "the policy does not let us ask %.80s: --netns APP, --proxy with a "
			   "login, or another --exit-url",
			   url);
	} else if (answer.status != 200 || !answer_address(&answer, &seen)) {
		/* Over IPv6 an exit without it is no leak. */
		test_found(test, family == AF_INET ? LEAK_INCONCLUSIVE : LEAK_SKIP,
			   "%.80s did not answer with an address (status %ld)", url, answer.status);
	} else {
		real = real_address(run, seen.family, url);
		exit_judge(run, test, "", &seen, &real, words);
	}
}

/* The policy leads a page by one of its egresses: every other proxy that it has is asked itself. */
static void exit_ask_upstream(struct leak_run *run, struct leak_test *test,
			      const struct egress_config *egress, struct text *words)
{
	const struct asking asking = {.url = run->options->exit_url,
				      .way = ASK_UPSTREAM,
				      .upstream_url = egress->upstream_url};
	struct proxy_answer answer;
	struct address seen, real;
	char by[80];

	snprintf(by, sizeof(by), "by %.60s ", egress->name);
	proxy_ask(run, &asking, &answer);
	test->probes++;
	if (answer.error != 0 || answer.status != 200 || !answer_address(&answer, &seen)) {
		test_found(test, LEAK_INCONCLUSIVE,
			   "%s%.80s did not answer with an address: %s (status %ld)", by,
			   asking.url, answer.problem, answer.status);
		return;
	}
	real = real_address(run, seen.family, asking.url);
	exit_judge(run, test, by, &seen, &real, words);
}

void test_exit(struct leak_run *run, struct leak_test *test)
{
	const struct config *config = run->options->config;
	char words[LEAK_WORDS];
	struct text text;

	text_init(&text, words, sizeof(words));
	if (proxy_is_out_of_reach(run, test))
		return;
	exit_ask(run, test, run->options->exit_url, AF_INET, &text);
	exit_ask(run, test, run->options->exit_url6, AF_INET6, &text);
	for (size_t i = 0; i < config->egress_count && run->is_gateway; i++) {
		if (config->egresses[i].kind == EGRESS_PROXY)
			exit_ask_upstream(run, test, &config->egresses[i], &text);
	}
	test_found(test, LEAK_PASS, "%s", words);
}

/* --- T11 --- */

struct watched_target {
	struct leak_run *run;
	struct address address;
	unsigned packets;
	const char *device;
};

static bool target_on_sighting(void *arg, const struct sighting *sighting)
{
	struct watched_target *target = arg;
	const struct frame *frame = sighting->frame;

	/* What others on this machine ask for is none of ours. */
	if (sighting->place != PLACE_HOST && frame->protocol == IPPROTO_TCP &&
	    frame->tcp_flags == 2 && !frame->quotes &&
	    address_equals_endpoint(&frame->destination, &target->address)) {
		target->packets++;
		target->device = sighting->device;
		return false;
	}
	run_count(target->run, sighting);
	return true;
}

struct place {
	const char *url, *says;
	struct address address;
};

static void place_judge(struct leak_test *test, const struct place *place,
			const struct proxy_answer *answer, const struct watched_target *target)
{
	if (answer->error == 0 && proxy_denied(answer)) {
		if (target->packets == 0)
			return;
	} else if (answer->error == 0 && answer->proxy_status[0] != '\0' && target->packets == 0 &&
		   strstr(answer->proxy_status, "destination_not_found") != NULL) {
		test_found(test, LEAK_SKIP, "%s has no address: it was not tried", place->says);
		return;
	} else if (target->packets == 0 && answer->status != 200) {
		test_found(test, LEAK_INCONCLUSIVE, "%s was neither refused nor dialled: %s",
			   place->says,
			   answer->error != 0 ? answer->problem : answer->proxy_status);
		return;
	}
	test->leaked += target->packets;
	test_found(test, LEAK_FOUND, "the proxy leads to %s: status %ld, %u packets%s%s",
		   place->says, answer->status, target->packets, target->packets > 0 ? " by " : "",
		   target->packets > 0 ? target->device : "");
	test_cause(test,
		   "\"block to private\" before the rule that lets it, and no \"private\" in "
		   "the egress",
		   "the policy lets a client reach %s through the proxy", place->says);
}

static void place_try(struct leak_run *run, struct leak_test *test, const struct place *place)
{
	struct watched_target target = {.run = run, .address = place->address};
	struct proxy_answer answer;

	proxy_ask(run,
		  &(struct asking){.url = place->url, .seen = target_on_sighting, .arg = &target},
		  &answer);
	test->probes++;
	place_judge(test, place, &answer, &target);
}

/* An origin's echo of our request: it names neither the app nor the way. */
static void echo_try(struct leak_run *run, struct leak_test *test)
{
	static const char *const fields[] = {
		"x-forwarded", "forwarded:",          "via:",
		"x-real-ip",   "proxy-authorization", "proxy-connection"};
	struct proxy_answer answer;
	char own[ADDRESS_TEXT_SIZE] = "\n";

	proxy_ask(run, &(struct asking){.url = run->options->echo_url}, &answer);
	test->probes++;
	if (answer.error != 0 || answer.status != 200 || answer.body_len == 0) {
		test_found(test, LEAK_SKIP, "%.80s gave no echo (status %ld)",
			   run->options->echo_url, answer.status);
		return;
	}
	if (run->app->link != NULL)
		address_format(&run->app->link->ipv4, own);
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		if (strcasestr(answer.body, fields[i]) == NULL && strstr(answer.body, own) == NULL)
			continue;
		test_found(test, LEAK_FOUND, "origins are told of the app: %s",
			   strstr(answer.body, own) != NULL ? own : fields[i]);
		test_cause(test, "via no", "the proxy passes on who asked");
		return;
	}
}

static const struct place places[] = {
	{"http://169.254.169.254/latest/meta-data/",
	 "the cloud's metadata (169.254.169.254)",
	 {.family = AF_INET, .port = 80, .bytes = {169, 254, 169, 254}}},
	{"http://127.0.0.1:80/",
	 "the gateway's loopback",
	 {.family = AF_INET, .port = 80, .bytes = {127, 0, 0, 1}}},
	{"http://[::1]:80/",
	 "the gateway's loopback (IPv6)",
	 {.family = AF_INET6, .port = 80, .bytes = {[15] = 1}}},
	{"http://[::ffff:169.254.169.254]/",
	 "the cloud's metadata, dressed as IPv6",
	 {.family = AF_INET, .port = 80, .bytes = {169, 254, 169, 254}}},
	{"http://192.168.0.1/",
	 "a home network (192.168.0.1)",
	 {.family = AF_INET, .port = 80, .bytes = {192, 168, 0, 1}}},
	{"http://10.0.0.1/",
	 "a private network (10.0.0.1)",
	 {.family = AF_INET, .port = 80, .bytes = {10, 0, 0, 1}}},
};

/* The home's router, by its address, and a name that says it is somewhere private. */
static void places_try_ours(struct leak_run *run, struct leak_test *test)
{
	char url[300], text[ADDRESS_TEXT_SIZE];
	struct place place = {.url = url, .says = "the home's router"};

	if (run->uplink != NULL && run->uplink->hop4.family == AF_INET) {
		place.address = run->uplink->hop4;
		place.address.port = 80;
		snprintf(url, sizeof(url), "http://%s/", address_format(&place.address, text));
		place_try(run, test, &place);
	}
	if (run->options->rebinding_name == NULL)
		return;
	place = (struct place){.url = url, .says = "a private place, by a name that leads there"};
	snprintf(url, sizeof(url), "http://%.250s/", run->options->rebinding_name);
	place_try(run, test, &place);
}

void test_proxy(struct leak_run *run, struct leak_test *test)
{
	struct proxy_answer answer;

	if (proxy_is_out_of_reach(run, test) || !control_uplink(run, test))
		return;
	/* The control: who may ask for nothing is refused everything, and that proves nothing. */
	proxy_ask(run, &(struct asking){.url = run->options->exit_url}, &answer);
	if (answer.error != 0 || answer.proxy_status[0] != '\0') {
		test_found(
			test,
			answer.error == 0 && proxy_denied(&answer) ? LEAK_SKIP : LEAK_INCONCLUSIVE,
			"the proxy does not let us ask even %.80s, so its refusals prove nothing "
			"(--netns APP, --proxy, --exit-url): %.100s",
			run->options->exit_url,
			answer.error != 0 ? answer.problem : answer.proxy_status);
		return;
	}
	test->controls++;
	/* One that it leads to says it all; each costs seconds. */
	for (size_t i = 0; i < ARRAY_LEN(places) && test->result != LEAK_FOUND; i++)
		place_try(run, test, &places[i]);
	if (test->result != LEAK_FOUND)
		places_try_ours(run, test);
	if (run->options->echo_url != NULL)
		echo_try(run, test);
	if (!run->is_gateway)
		test_found(test, LEAK_SKIP,
			   "%u private places, each refused; whether anything left for them is "
			   "seen in "
			   "the gateway only",
			   test->probes);
	test_found(test, LEAK_PASS, "%u private places, each refused, and nothing left for them",
		   test->probes - (run->options->echo_url != NULL));
}
