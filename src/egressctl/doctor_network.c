/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks of the network namespace: its devices, the way out of it, and what opens it beside the
 * tunnel. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/special.h"
#include "base/text.h"
#include "config/config.h"
#include "doctor.h"
#include "doctor_ping.h"
#include "egressctl/interfaces.h"
#include "egressctl/print.h"

enum {
	GLUETUN_SUBNETS_TABLE = 199, /* where Gluetun's rules for FIREWALL_OUTBOUND_SUBNETS lead */
	HOST_ANSWERS_MS = 1000,
};

const struct egress_config *doctor_find_tunnel(const struct doctor *doctor, bool present)
{
	const struct config *config = doctor->config;

	for (size_t i = 0; config != NULL && i < config->egress_count; i++) {
		const struct egress_config *egress = &config->egresses[i];

		if (egress->kind == EGRESS_DEVICE &&
		    (network_find(&doctor->network, egress->device) != NULL) == present)
			return egress;
	}
	return NULL;
}

bool doctor_is_tunnel(const struct doctor *doctor, const char *device)
{
	const struct config *config = doctor->config;

	for (size_t i = 0; config != NULL && i < config->egress_count; i++) {
		if (config->egresses[i].kind == EGRESS_DEVICE &&
		    strcmp(config->egresses[i].device, device) == 0)
			return true;
	}
	return false;
}

bool doctor_has_rules(const struct doctor *doctor)
{
	const json_t *firewall = json_object_get(doctor->status, "firewall");

	return strcmp(json_text(firewall, "state", ""), "in force") == 0;
}

static bool prefixes_overlap(const struct prefix *a, const struct prefix *b)
{
	return prefix_contains(a, &b->address) || prefix_contains(b, &a->address);
}

/* The network that the link's IPv4 address is in. */
static struct prefix link_network(const struct network_link *link)
{
	struct prefix prefix = {.address = link->ipv4, .bits = link->bits4};
	uint32_t mask = link->bits4 == 0 ? 0 : htonl(UINT32_MAX << (32 - link->bits4));

	prefix.address.v4.s_addr &= mask;
	return prefix;
}

bool doctor_leads_to_apps(const struct doctor *doctor, const struct network_link *link)
{
	const struct config *config = doctor->config;
	struct prefix network = link_network(link);

	if (link->ipv4.family != AF_INET || link->loopback || link->default4 ||
	    doctor_is_tunnel(doctor, link->name))
		return false;
	for (size_t i = 0; config != NULL && i < config->client_count; i++) {
		const struct client_config *client = &config->clients[i];

		for (size_t j = 0; j < client->address_count; j++) {
			if (prefix_contains(&network, &client->addresses[j].address))
				return true;
		}
	}
	return false;
}

static bool network_is_known(const struct doctor *doctor, struct doctor_finding *finding)
{
	if (doctor->network_error == 0)
		return true;
	doctor_find(finding, DOCTOR_UNKNOWN, "the devices cannot be listed: %s",
		    strerror(doctor->network_error));
	return false;
}

static void check_namespace(const struct doctor *doctor, unsigned number,
			    struct doctor_finding *finding)
{
	char names[256];
	struct text text;
	size_t ways = 0;

	(void)number;
	if (!network_is_known(doctor, finding))
		return;
	text_init(&text, names, sizeof(names));
	for (size_t i = 0; i < doctor->network.count; i++) {
		const struct network_link *link = &doctor->network.links[i];

		if (link->loopback || !link->up)
			continue;
		text_add_format(&text, " %s", link->name);
		ways += !doctor_is_tunnel(doctor, link->name);
	}
	/* A tunnel of WireGuard outlives the container that made it. */
	if (ways > 0) {
		doctor_find(finding, DOCTOR_OK, "devices here:%s", names);
		return;
	}
	doctor_find(finding, DOCTOR_FAIL,
		    "orphaned: nothing but lo%s is left in this network namespace; the container "
		    "that owned it (Gluetun) was made anew or restarted",
		    names);
	doctor_cure(finding, "docker compose up -d --force-recreate egress");
}

static void check_tunnel(const struct doctor *doctor, unsigned number,
			 struct doctor_finding *finding)
{
	const struct egress_config *missing = doctor_find_tunnel(doctor, false);
	const struct egress_config *present = doctor_find_tunnel(doctor, true);

	(void)number;
	if (!network_is_known(doctor, finding))
		return;
	if (missing != NULL) {
		doctor_find(finding, DOCTOR_FAIL, "there is no device %s: nothing leaves by it",
			    missing->device);
		doctor_cure(finding, "see whether the VPN client runs, and names its device so "
				     "(egressctl tunnel status)");
	} else if (present != NULL) {
		doctor_find(finding, DOCTOR_OK, "%s is there", present->device);
	} else if (doctor->config != NULL) {
		doctor_find(finding, DOCTOR_SKIP, "no egress of the policy is a device");
	} else {
		doctor_find(finding, DOCTOR_UNKNOWN, "no policy names a tunnel's device");
	}
}

static bool link_has_ipv6(const struct network_link *link)
{
	return link->ipv6.family == AF_INET6 && !IN6_IS_ADDR_LINKLOCAL(&link->ipv6.v6) &&
	       !link->loopback;
}

static void check_ipv6(const struct doctor *doctor, unsigned number, struct doctor_finding *finding)
{
	bool here = false, tunnel = false;

	(void)number;
	if (!network_is_known(doctor, finding))
		return;
	for (size_t i = 0; i < doctor->network.count; i++) {
		const struct network_link *link = &doctor->network.links[i];

		here = here || link_has_ipv6(link);
		tunnel = tunnel || (link_has_ipv6(link) && doctor_is_tunnel(doctor, link->name));
	}
	doctor_find(finding, DOCTOR_OK, "%s",
		    tunnel ? "the tunnel carries it"
		    : here ? "it is on here, and the tunnel has none: such requests fail"
			   : "there is no address of it but link-local ones");
}

/* By which device would a socket that is bound to nothing leave? Connecting one of UDP sends
 * nothing. False: by none. */
static bool way_to(struct address to, char device[IFNAMSIZ])
{
	struct sockaddr_storage name;
	socklen_t len = address_to_sockaddr(&to, &name);
	int fd = socket(to.family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct address from = {0};

	if (fd < 0)
		return false;
	if (connect(fd, (struct sockaddr *)&name, len) == 0) {
		len = sizeof(name);
		if (getsockname(fd, (struct sockaddr *)&name, &len) == 0)
			from = address_from_sockaddr((struct sockaddr *)&name, len);
	}
	fd_close(fd);
	return from.family != AF_UNSPEC && interface_with(&from, device);
}

static void check_routes(const struct doctor *doctor, unsigned number,
			 struct doctor_finding *finding)
{
	/* Anywhere in the Internet; nothing is sent there. */
	static const struct address everywhere[] = {
		{.family = AF_INET, .port = 53, .bytes = {9, 9, 9, 9}},
		{.family = AF_INET6, .port = 53, .bytes = {0x26, 0x20, 0, 0xfe, [15] = 0xfe}},
	};
	const struct egress_config *egress = doctor_find_tunnel(doctor, true);

	(void)number;
	if (!network_is_known(doctor, finding))
		return;
	if (egress == NULL) {
		doctor_find(finding, DOCTOR_SKIP, "there is no tunnel to lead to");
		return;
	}
	doctor_find(finding, DOCTOR_OK,
		    "programs here that are bound to nothing go by the tunnel "
		    "or nowhere");
	for (size_t i = 0; i < ARRAY_LEN(everywhere); i++) {
		char device[IFNAMSIZ];

		if (!way_to(everywhere[i], device) || doctor_is_tunnel(doctor, device))
			continue;
		doctor_find(finding, DOCTOR_WARN,
			    "what others here send to the Internet by IPv%d leaves by %s, beside "
			    "the tunnel; egressd's sockets are bound to theirs",
			    everywhere[i].family == AF_INET ? 4 : 6, device);
		doctor_cure(finding, "see whether the VPN is up and has set its routes; 'firewall "
				     "strict' in the policy lets nobody here leave beside it");
	}
}

struct subnets {
	const struct doctor *doctor;
	struct doctor_finding *finding;
	struct text text;
};

/* Nothing but networks that are not of the Internet? */
static bool prefix_is_private(const struct prefix *prefix)
{
	struct prefix special[SPECIAL_PREFIXES_MAX];
	size_t count = special_prefixes(prefix->address.family, special);

	for (size_t i = 0; i < count; i++) {
		if (prefix->bits >= special[i].bits &&
		    prefix_contains(&special[i], &prefix->address))
			return true;
	}
	return false;
}

static void subnet_judge(const struct subnets *subnets, const struct prefix *subnet)
{
	const struct doctor *doctor = subnets->doctor;
	char name[PREFIX_TEXT_SIZE];

	prefix_format(subnet, name);
	if (!prefix_is_private(subnet)) {
		doctor_find(subnets->finding, DOCTOR_FAIL,
			    "FIREWALL_OUTBOUND_SUBNETS has %s: addresses of the Internet are "
			    "reached beside the tunnel",
			    name);
		return;
	}
	for (size_t i = 0; i < doctor->network.count; i++) {
		const struct network_link *link = &doctor->network.links[i];
		struct prefix network = link_network(link);
		bool apps = doctor_leads_to_apps(doctor, link);

		if (link->ipv4.family != AF_INET || !prefixes_overlap(subnet, &network) ||
		    (!apps && !doctor_is_tunnel(doctor, link->name)))
			continue;
		doctor_find(subnets->finding, DOCTOR_FAIL,
			    "FIREWALL_OUTBOUND_SUBNETS has %s, which overlaps the %s at %s: what "
			    "is meant for it is sent to the uplink",
			    name, apps ? "apps' network" : "tunnel's network", link->name);
	}
}

static void subnets_take(void *arg, const struct network_rule *rule)
{
	struct subnets *subnets = arg;
	char name[PREFIX_TEXT_SIZE];

	if (rule->table != GLUETUN_SUBNETS_TABLE)
		return;
	text_add_format(&subnets->text, " %s", prefix_format(&rule->to, name));
	if (subnets->finding->evidence[0] == '\0')
		subnet_judge(subnets, &rule->to);
}

/* Gluetun's settings cannot be read from its neighbour; its routing rules can. */
static void check_subnets(const struct doctor *doctor, unsigned number,
			  struct doctor_finding *finding)
{
	struct subnets subnets = {.doctor = doctor, .finding = finding};
	char names[256];

	(void)number;
	text_init(&subnets.text, names, sizeof(names));
	if (!network_is_known(doctor, finding))
		return;
	if (network_rules(subnets_take, &subnets) < 0)
		doctor_find(finding, DOCTOR_UNKNOWN, "the routing rules cannot be listed: %s",
			    strerror(errno));
	else if (finding->result == DOCTOR_FAIL)
		doctor_cure(finding, "take it out of FIREWALL_OUTBOUND_SUBNETS of Gluetun; egressd "
				     "needs none there");
	else if (subnets.text.len == 0)
		doctor_find(finding, DOCTOR_OK, "Gluetun has opened no subnet beside the tunnel");
	else
		doctor_find(finding, DOCTOR_OK, "opened beside the tunnel, and private:%s", names);
}

/* The first address of the network, which Docker gives to the host. */
static struct address network_host(const struct network_link *link)
{
	struct address host = link_network(link).address;

	host.v4.s_addr = htonl(ntohl(host.v4.s_addr) + 1);
	return host;
}

static void isolation_judge(const struct network_link *link, struct doctor_finding *finding)
{
	struct address host = network_host(link);
	struct ping ping = {.device = link->name, .to = host, .wait_ms = HOST_ANSWERS_MS};
	char name[ADDRESS_TEXT_SIZE];
	uint8_t mac[MAC_LEN];

	address_format(&host, name);
	ping_run(&ping);
	if (ping.outcome == PING_ANSWERED) {
		doctor_find(finding, DOCTOR_WARN,
			    "the host answers at %s on the apps' network (%s): its services are "
			    "open to the apps, and it may forward for them",
			    name, link->name);
		doctor_cure(
			finding,
			"on that network com.docker.network.bridge.gateway_mode_ipv4: isolated, "
			"and for Docker Engine before 28 inhibit_ipv4: \"true\"\n"
			"or, on the host: egressctl rules apply host --bridge BRIDGE");
	} else if (ping.outcome == PING_IMPOSSIBLE) {
		doctor_find(finding, DOCTOR_UNKNOWN, "%s cannot be asked for from here: %s", name,
			    strerror(ping.error));
		doctor_cure(finding, "see on the host: egressctl doctor --host");
	} else if (network_neighbour(-1, &host, mac)) {
		doctor_find(finding, DOCTOR_OK,
			    "the host has %s on the apps' network (%s), and its rules refuse what "
			    "comes from there; on the host, egressctl rules verify host",
			    name, link->name);
	} else {
		doctor_find(finding, DOCTOR_OK,
			    "nobody is at %s on the apps' network (%s): the engine isolates it",
			    name, link->name);
	}
}

static void check_isolation(const struct doctor *doctor, unsigned number,
			    struct doctor_finding *finding)
{
	(void)number;
	if (!network_is_known(doctor, finding))
		return;
	doctor_find(finding, DOCTOR_SKIP, "no device leads to a network of the policy's clients");
	for (size_t i = 0; i < doctor->network.count; i++) {
		const struct network_link *link = &doctor->network.links[i];
		struct address host = network_host(link);

		if (doctor_leads_to_apps(doctor, link) && !address_equals(&host, &link->ipv4) &&
		    finding->result <= DOCTOR_OK)
			isolation_judge(link, finding);
	}
}

const struct doctor_check doctor_network_checks[] = {
	{"namespace", check_namespace, 0},
	{"tunnel", check_tunnel, 0},
	{"ipv6", check_ipv6, 0},
	{"routes", check_routes, 0},
	{"subnets", check_subnets, 0},
	{"isolation", check_isolation, 0},
	{0},
};
