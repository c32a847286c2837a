/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who listens in this network namespace, and for whom: one on every address is open to every
 * neighbour that Gluetun's firewall lets in, on every network it stands on. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/special.h"
#include "base/text.h"
#include "config/config.h"
#include "doctor.h"

enum {
	STATE_LISTENING = 0x0a,   /* of TCP, as /proc/net has it */
	STATE_UNCONNECTED = 0x07, /* of UDP */
	PORT_DNS = 53,
	HEX_WORD = 8,
	LINE_SIZE = 512,
	NAME_SIZE = 64,
};

struct service {
	uint16_t port;
	const char *name;
	const char *setting; /* closes it */
};

/* Gluetun's own, at their usual ports. */
static const struct service services[] = {
	{PORT_DNS, "DNS server", "'firewall strict' in the policy, or DNS_SERVER=off"},
	{8000, "control server", "HTTP_CONTROL_SERVER_ADDRESS=127.0.0.1:8000"},
	{8888, "HTTP proxy", "HTTPPROXY=off"},
	{1080, "SOCKS5 proxy", "SOCKS5_ENABLED=off"},
	{8388, "Shadowsocks server", "SHADOWSOCKS=off"},
};

struct listeners {
	const struct doctor *doctor;
	bool held; /* packet rules keep apps away from all but the policy's doors */
	struct doctor_finding *finding;
	struct text found, cures;
};

static void listeners_note(struct listeners *listeners, enum doctor_result result, const char *what,
			   const struct address *address, const char *cure)
{
	char where[ADDRESS_TEXT_SIZE], name[NAME_SIZE];

	/* IPv4 and IPv6, UDP and TCP of one server; but port 80 is not in port 8080. */
	snprintf(name, sizeof(name), "%s at ", what);
	if (strstr(listeners->found.bytes, name) != NULL)
		return;
	text_add_format(&listeners->found, "%s%s%s", listeners->found.len > 0 ? ", " : "", name,
			address_format_endpoint(address, where));
	if (result != DOCTOR_OK && strstr(listeners->cures.bytes, cure) == NULL)
		text_add_format(&listeners->cures, "%s%s", listeners->cures.len > 0 ? "\n" : "",
				cure);
	if (result > listeners->finding->result)
		listeners->finding->result = result;
}

static bool doors_meet(const struct address *a, const struct address *b)
{
	return a->port == b->port &&
	       (address_class(a) == ADDRESS_UNSPECIFIED ||
		address_class(b) == ADDRESS_UNSPECIFIED || address_equals(a, b));
}

/* One of the policy's own; judged by how the policy opens it. */
static bool listeners_take_own(struct listeners *listeners, const struct address *address)
{
	const struct config *config = listeners->doctor->config;

	for (size_t i = 0; config != NULL && i < config->listener_count; i++) {
		if (!doors_meet(&config->listeners[i].address, address))
			continue;
		if (address_class(address) == ADDRESS_UNSPECIFIED)
			listeners_note(listeners, DOCTOR_WARN, "a proxy of the policy", address,
				       "let the policy listen on its address in the apps' network "
				       "only");
		return true;
	}
	for (size_t i = 0; config != NULL && i < config->forward_count; i++) {
		if (!doors_meet(&config->forwards[i].listen, address))
			continue;
		if (address_class(address) == ADDRESS_UNSPECIFIED &&
		    config->forwards[i].from_count == 0)
			listeners_note(listeners, DOCTOR_WARN, "a forward for anybody", address,
				       "say who may use the forward: from NETWORK");
		return true;
	}
	return false;
}

static const struct service *service_find(uint16_t port)
{
	for (size_t i = 0; i < ARRAY_LEN(services); i++) {
		if (services[i].port == port)
			return &services[i];
	}
	return NULL;
}

static void listeners_take_other(struct listeners *listeners, const struct address *address,
				 bool is_udp)
{
	const struct service *service = service_find(address->port);
	enum doctor_result result = listeners->held ? DOCTOR_WARN : DOCTOR_FAIL;
	char name[NAME_SIZE - 4];

	if (service != NULL) {
		/* Its answers come through the tunnel: neighbours may have them. */
		if (service->port == PORT_DNS)
			result = listeners->held ? DOCTOR_OK : DOCTOR_WARN;
		snprintf(name, sizeof(name), "Gluetun's %s", service->name);
		listeners_note(listeners, result, name, address, service->setting);
	} else if (!is_udp) {
		/* Of UDP, a VPN's own socket looks like any other. */
		snprintf(name, sizeof(name), "port %u", address->port);
		listeners_note(listeners, DOCTOR_WARN, name, address,
			       "whatever listens there: let it listen on 127.0.0.1, when nobody "
			       "outside is meant");
	}
}

static bool is_local(const struct listeners *listeners, const struct address *address)
{
	const struct network *network = &listeners->doctor->network;

	if (address_class(address) == ADDRESS_LOOPBACK)
		return true;
	/* What listens on the tunnel's address is reached through the tunnel alone. */
	for (size_t i = 0; i < network->count; i++) {
		const struct network_link *link = &network->links[i];

		if (doctor_is_tunnel(listeners->doctor, link->name) &&
		    (address_equals(&link->ipv4, address) || address_equals(&link->ipv6, address)))
			return true;
	}
	return false;
}

/* A line of /proc/net/tcp and its like, "0: ADDRESS:PORT ADDRESS:PORT STATE ...": of an address the
 * words as the processor has them. */
static bool line_read(const char *line, unsigned long wanted, struct address *address)
{
	const char *at = strstr(line, ": ");
	size_t len = at == NULL ? 0 : strspn(at + 2, "0123456789ABCDEF");
	char *end, text[HEX_WORD + 1] = "";

	if ((len != HEX_WORD && len != 4UL * HEX_WORD) || at[2 + len] != ':')
		return false;
	at += 2;
	*address = (struct address){.family = len == HEX_WORD ? AF_INET : AF_INET6};
	for (size_t i = 0; i < len / HEX_WORD; i++) {
		uint32_t word;

		memcpy(text, at + HEX_WORD * i, HEX_WORD);
		word = (uint32_t)strtoul(text, NULL, 16);
		memcpy(address->bytes + sizeof(word) * i, &word, sizeof(word));
	}
	address->port = (uint16_t)strtoul(at + len + 1, &end, 16);
	if (*end++ != ' ')
		return false;
	end += strcspn(end, " ");
	return strtoul(end, NULL, 16) == wanted;
}

/* False: it cannot be read. */
static bool listeners_read(struct listeners *listeners, const char *path, bool is_udp)
{
	FILE *file = fopen(path, "re");
	char line[LINE_SIZE];
	struct address address;

	if (file == NULL)
		return false;
	while (fgets(line, sizeof(line), file) != NULL) {
		if (line_read(line, is_udp ? STATE_UNCONNECTED : STATE_LISTENING, &address) &&
		    !is_local(listeners, &address) && !listeners_take_own(listeners, &address))
			listeners_take_other(listeners, &address, is_udp);
	}
	fclose(file);
	return true;
}

static void check_listeners(const struct doctor *doctor, unsigned number,
			    struct doctor_finding *finding)
{
	struct listeners listeners = {
		.doctor = doctor, .held = doctor_has_rules(doctor), .finding = finding};
	char found[DOCTOR_TEXT_SIZE / 2];

	(void)number;
	text_init(&listeners.found, found, sizeof(found));
	text_init(&listeners.cures, finding->cure, sizeof(finding->cure));
	finding->result = DOCTOR_OK;
	if (doctor->network_error != 0 || !listeners_read(&listeners, "/proc/net/tcp", false) ||
	    !listeners_read(&listeners, "/proc/net/udp", true)) {
		doctor_find(finding, DOCTOR_UNKNOWN, "the kernel does not tell who listens here");
		return;
	}
	/* There are none where IPv6 is not there. */
	(void)listeners_read(&listeners, "/proc/net/tcp6", false);
	(void)listeners_read(&listeners, "/proc/net/udp6", true);
	doctor_find(finding, finding->result, "%s%s", found,
		    listeners.found.len == 0 ? "nobody but the policy's doors is open to others"
		    : listeners.held         ? "; the packet rules keep the apps away from it, "
					       "not others"
					     : "; no packet rules keep the apps away from it");
}

const struct doctor_check doctor_listener_checks[] = {
	{"listeners", check_listeners, 0},
	{0},
};
