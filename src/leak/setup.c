/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finding out where we are: the tunnels, the way out beside them, the rules; and opening the
 * witness. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app.h"
#include "base/fd.h"
#include "base/hash.h"
#include "base/special.h"
#include "base/text.h"
#include "config/config.h"
#include "firewall/derive.h"
#include "firewall/ruleset_text.h"
#include "namespaces.h"
#include "process.h"
#include "run.h"

static bool setup_fail(struct leak_run *run, enum leak_exit code, const char *words,
		       const char *detail)
{
	run->report->problem_exit = code;
	snprintf(run->report->problem, sizeof(run->report->problem), "%s%s", words, detail);
	return false;
}

bool run_device_is_tunnel(const struct leak_run *run, const char *device)
{
	for (size_t i = 0; i < run->tunnel_count; i++) {
		if (strcmp(run->tunnels[i], device) == 0)
			return true;
	}
	return false;
}

bool run_link_leads_out(const struct leak_run *run, const struct network_link *link)
{
	if (link->loopback || !link->up || run_device_is_tunnel(run, link->name))
		return false;
	/* The way out has to be seen, whatever one was told to watch. */
	return link == run->uplink || run->options->device == NULL ||
	       strcmp(run->options->device, link->name) == 0;
}

static void tunnels_find(struct leak_run *run)
{
	const struct config *config = run->options->config;
	struct text text;

	text_init(&text, run->report->devices, sizeof(run->report->devices));
	for (size_t i = 0; i < config->egress_count; i++) {
		const struct egress_config *egress = &config->egresses[i];

		if (egress->kind != EGRESS_DEVICE || run->tunnel_count == RUN_DEVICES_MAX ||
		    run_device_is_tunnel(run, egress->device))
			continue;
		text_add_format(&text, "%s%s", run->tunnel_count > 0 ? ", " : "", egress->device);
		run->tunnels[run->tunnel_count++] = egress->device;
	}
}

/* The device of the default route that is no tunnel, whatever is watched. */
static void uplink_find(struct leak_run *run)
{
	for (size_t i = 0; i < run->here.count; i++) {
		const struct network_link *link = &run->here.links[i];

		if (link->loopback || !link->up || run_device_is_tunnel(run, link->name))
			continue;
		if (run->uplink == NULL || (link->default4 && !run->uplink->default4) ||
		    (link->default6 && !run->uplink->default4 && !run->uplink->default6))
			run->uplink = link;
	}
	if (run->uplink != NULL)
		snprintf(run->report->uplink, sizeof(run->report->uplink), "%s", run->uplink->name);
}

static bool watch(struct leak_run *run, enum witness_place place, int netns, const char *device,
		  struct text *watched)
{
	char problem[WITNESS_PROBLEM_SIZE];

	if (!witness_watch(run->witness, place, netns, device, problem))
		return setup_fail(
			run, LEAK_EXIT_PRIVILEGE,
			"not all can be watched (it takes NET_RAW, which \"docker compose "
			"run --rm leak-test\" has): ",
			problem);
	text_add_format(watched, "%s%s %s", watched->len > 0 ? ", " : "", witness_place_name(place),
			device);
	return true;
}

static bool watch_here(struct leak_run *run, struct text *watched)
{
	const char *only = run->options->device;

	for (size_t i = 0; i < run->here.count; i++) {
		const struct network_link *link = &run->here.links[i];
		enum witness_place place = PLACE_UPLINK;

		if (link->loopback)
			place = PLACE_LOOPBACK;
		else if (run_device_is_tunnel(run, link->name))
			place = PLACE_TUNNEL;
		/* What is down cannot be captured. */
		if (!link->up && !link->loopback)
			continue;
		if (place == PLACE_UPLINK && only != NULL && strcmp(only, link->name) != 0)
			continue;
		if (!watch(run, place, -1, link->name, watched))
			return false;
	}
	if (only != NULL && network_find(&run->here, only) == NULL)
		return setup_fail(run, LEAK_EXIT_USAGE, "there is no device called ", only);
	return true;
}

static bool watch_apps(struct leak_run *run, struct text *watched)
{
	for (size_t i = 0; i < run->app_count; i++) {
		const struct leak_app *app = &run->apps[i];

		for (size_t j = 0; j < app->network.count; j++) {
			const struct network_link *link = &app->network.links[j];

			if ((link->up || link->loopback) &&
			    !watch(run, link->loopback ? PLACE_APP_LOOPBACK : PLACE_APP, app->netns,
				   link->name, watched))
				return false;
		}
	}
	return true;
}

bool run_watches_of_host(const struct leak_run *run, const struct network_link *link)
{
	if (link->loopback || !link->up || !link->ethernet)
		return false;
	return link->default4 || link->default6 ||
	       (run->uplink != NULL && address_equals(&link->ipv4, &run->uplink->hop4));
}

/* What gets past the containers: by the bridge that is our next hop, and by the machine's own way
 * out, where Docker's resolver asks too. */
static bool watch_host(struct leak_run *run, struct text *watched)
{
	struct stat status, here;
	size_t count = 0;

	if (run->options->host == NULL)
		return true;
	run->host_netns = namespace_open(run->options->host);
	if (run->host_netns < 0 || fstat(run->host_netns, &status) < 0 ||
	    network_read(run->host_netns, &run->host) < 0)
		return setup_fail(run, LEAK_EXIT_PRIVILEGE,
				  "the host's namespace cannot be entered (it takes SYS_ADMIN and "
				  "SYS_PTRACE, and AppArmor unconfined): ",
				  strerror(errno));
	if (stat("/proc/self/ns/net", &here) == 0 && here.st_ino == status.st_ino) {
		fd_clear(&run->host_netns);
		return true;
	}
	for (size_t i = 0; i < run->host.count; i++) {
		if (!run_watches_of_host(run, &run->host.links[i]))
			continue;
		if (!watch(run, PLACE_HOST, run->host_netns, run->host.links[i].name, watched))
			return false;
		count++;
	}
	return count > 0 ||
	       setup_fail(run, LEAK_EXIT_USAGE, "no way out is in the host's namespace ",
			  run->options->host);
}

static void difference_keep_first(void *arg, const char *words)
{
	struct leak_run *run = arg;

	if (run->difference[0] == '\0')
		snprintf(run->difference, sizeof(run->difference), "%s", words);
}

/* One of the tables that the policy asks for. */
static enum rules_state check_table(struct leak_run *run, const struct ruleset *wanted)
{
	struct ruleset found;
	bool same;

	switch (firewall_read(run->firewall, wanted->family, wanted->table, &found)) {
	case FIREWALL_OK:
		break;
	case FIREWALL_ABSENT:
		return RULES_MISSING;
	default:
		return RULES_UNKNOWN;
	}
	if ((found.flags & FIREWALL_TABLE_OWNER) == 0)
		run->report->owned = false;
	same = ruleset_diff(wanted, &found, difference_keep_first, run) == 0;
	ruleset_clear(&found);
	return same ? RULES_SAME : RULES_DIFFERENT;
}

void run_check_rules(struct leak_run *run)
{
	static const char *const names[] = {
		[RULES_UNKNOWN] = "unknown",
		[RULES_MISSING] = "missing",
		[RULES_DIFFERENT] = "different",
		[RULES_SAME] = "same",
	};
	const struct firewall_rules *wanted = run->options->wanted;

	run->rules = RULES_UNKNOWN;
	run->difference[0] = '\0';
	run->report->owned = run->firewall != NULL && wanted != NULL;
	for (size_t i = 0; run->firewall != NULL && wanted != NULL && i < wanted->count; i++) {
		run->rules = check_table(run, &wanted->tables[i]);
		if (run->rules != RULES_SAME)
			break;
	}
	if (run->rules == RULES_UNKNOWN || run->rules == RULES_MISSING)
		run->report->owned = false;
	snprintf(run->report->rules, sizeof(run->report->rules), "%s", names[run->rules]);
}

uint64_t run_fingerprint(struct leak_run *run)
{
	static const struct hash_key key = {0};
	struct {
		uint32_t generation;
		unsigned index[RUN_DEVICES_MAX];
		struct address ipv4[RUN_DEVICES_MAX];
	} what;
	struct network network;

	memset(&what, 0, sizeof(what));
	if (run->firewall != NULL && firewall_generation(run->firewall, &what.generation) < 0)
		what.generation = 0;
	run->report->generation_after = what.generation;
	if (network_read(-1, &network) < 0)
		return 0;
	for (size_t i = 0; i < run->tunnel_count; i++) {
		const struct network_link *link = network_find(&network, run->tunnels[i]);

		if (link == NULL)
			continue;
		what.index[i] = link->index;
		what.ipv4[i] = link->ipv4;
	}
	return hash_bytes(&key, &what, sizeof(what));
}

struct links_key {
	uint64_t before;
	unsigned index;
	bool up;
};

static uint64_t links_hash(const struct leak_run *run, const struct network *network, uint64_t hash)
{
	static const struct hash_key key = {0};

	for (size_t i = 0; i < network->count; i++) {
		const struct network_link *link = &network->links[i];
		struct links_key what;

		if (run_device_is_tunnel(run, link->name))
			continue;
		memset(&what, 0, sizeof(what)); /* what is between the members too */
		what.before = hash;
		what.index = link->index;
		what.up = link->up;
		hash = hash_bytes(&key, &what, sizeof(what));
	}
	return hash;
}

uint64_t run_links(const struct leak_run *run)
{
	struct network network;
	uint64_t hash;

	if (network_read(-1, &network) < 0)
		return 0;
	hash = links_hash(run, &network, 1);
	for (size_t i = 0; i < run->app_count && hash != 0; i++)
		hash = network_read(run->apps[i].netns, &network) < 0
			       ? 0
			       : links_hash(run, &network, hash);
	return hash;
}

static bool listener_is_here(const struct leak_run *run)
{
	const struct config *config = run->options->config;

	for (size_t i = 0; i < config->listener_count * run->here.count; i++) {
		const struct network_link *link = &run->here.links[i % run->here.count];
		const struct address *address = &config->listeners[i / run->here.count].address;

		if (!link->loopback &&
		    (address_equals(address, &link->ipv4) || address_equals(address, &link->ipv6)))
			return true;
	}
	return false;
}

static bool setup_firewall(struct leak_run *run)
{
	run->firewall = firewall_open(run->firewall_problem);
	if (run->options->wanted != NULL)
		snprintf(run->report->table, sizeof(run->report->table), "%s",
			 run->options->wanted->tables[0].table);
	run_check_rules(run);
	run->is_gateway = run->rules == RULES_SAME || run->rules == RULES_DIFFERENT;
	for (size_t i = 0; i < run->tunnel_count; i++)
		run->is_gateway |= network_find(&run->here, run->tunnels[i]) != NULL;
	/* Without a tunnel there are other signs. */
	if (run->tunnel_count == 0)
		run->is_gateway |=
			listener_is_here(run) || process_find_proxy(run->options->uid) != 0;
	(void)run_fingerprint(run);
	run->report->generation_before = run->report->generation_after;
	return true;
}

bool run_open(struct leak_run *run)
{
	char problem[WITNESS_PROBLEM_SIZE];
	struct text watched;

	run->host_netns = -1;
	for (size_t i = 0; i < LEAK_APPS_MAX; i++)
		run->apps[i].netns = -1;
	run->app = &run->apps[0];
	text_init(&watched, run->report->watched, sizeof(run->report->watched));
	tunnels_find(run);
	if (geteuid() != 0)
		return setup_fail(run, LEAK_EXIT_PRIVILEGE,
				  "a leak test takes root: sudo, or docker "
				  "compose run --rm leak-test",
				  "");
	if (network_read(-1, &run->here) < 0)
		return setup_fail(run, LEAK_EXIT_PRIVILEGE,
				  "the devices cannot be listed: ", strerror(errno));
	uplink_find(run);
	if (!setup_firewall(run) || !leak_apps_open(run))
		return false;
	run->witness = witness_new(run->options->pcap_path, problem);
	if (run->witness == NULL)
		return setup_fail(run, LEAK_EXIT_USAGE, "the file for the capture: ", problem);
	run->links = run_links(run);
	return (run->app->is_here || watch_here(run, &watched)) && watch_host(run, &watched) &&
	       watch_apps(run, &watched);
}

void run_close(struct leak_run *run)
{
	witness_free(run->witness);
	firewall_close(run->firewall);
	fd_clear(&run->host_netns);
	for (size_t i = 0; i < LEAK_APPS_MAX; i++)
		fd_clear(&run->apps[i].netns);
}
