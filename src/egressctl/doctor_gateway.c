/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks of the gateway as it stands: its namespace, tunnel devices, the daemon, the rules. */
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "base/address.h"
#include "base/text.h"
#include "config/config.h"
#include "config/rules.h"
#include "doctor.h"
#include "egressctl/print.h"
#include "firewall/kernel.h"
#include "firewall/ruleset_text.h"

enum {
	GATEWAY_UID = 1900,
};

static void check_namespace(const struct doctor *doctor, unsigned number,
			    struct doctor_finding *finding)
{
	struct if_nameindex *devices = if_nameindex();
	char names[256];
	struct text text;

	(void)doctor, (void)number;
	if (devices == NULL) {
		doctor_find(finding, DOCTOR_UNKNOWN, "the devices cannot be listed");
		return;
	}
	text_init(&text, names, sizeof(names));
	for (size_t i = 0; devices[i].if_index != 0; i++) {
		if (strcmp(devices[i].if_name, "lo") != 0)
			text_add_format(&text, " %s", devices[i].if_name);
	}
	if_freenameindex(devices);
	if (text.len > 0) {
		doctor_find(finding, DOCTOR_OK, "devices here:%s", names);
		return;
	}
	doctor_find(finding, DOCTOR_FAIL,
		    "orphaned: there is no device but lo in this network namespace");
	doctor_cure(finding, "the container whose namespace this was has been restarted: restart "
			     "this one too (depends_on: restart: true)");
}

static void check_policy(const struct doctor *doctor, unsigned number,
			 struct doctor_finding *finding)
{
	(void)number;
	if (doctor->config != NULL) {
		doctor_find(finding, DOCTOR_OK, "%s can be loaded", doctor->config->path);
		return;
	}
	doctor_find(finding, DOCTOR_FAIL, "there is no policy file that can be loaded");
	doctor_cure(finding, "egressctl check says where it is wrong; --config names another");
}

static bool device_has_ipv6(const struct ifaddrs *list, const char *device)
{
	for (; list != NULL; list = list->ifa_next) {
		struct address address;

		if (list->ifa_addr == NULL || list->ifa_addr->sa_family != AF_INET6 ||
		    (device != NULL && strcmp(list->ifa_name, device) != 0))
			continue;
		address = address_from_sockaddr(list->ifa_addr, sizeof(struct sockaddr_in6));
		if (!IN6_IS_ADDR_LINKLOCAL(&address.v6) && !IN6_IS_ADDR_LOOPBACK(&address.v6))
			return true;
	}
	return false;
}

static const char *device_first(const struct config *config, bool (*holds)(const char *device))
{
	for (size_t i = 0; config != NULL && i < config->egress_count; i++) {
		const struct egress_config *egress = &config->egresses[i];

		if (egress->kind == EGRESS_DEVICE && holds(egress->device))
			return egress->device;
	}
	return NULL;
}

static bool device_is_there(const char *device)
{
	return if_nametoindex(device) != 0;
}

static bool device_is_missing(const char *device)
{
	return if_nametoindex(device) == 0;
}

static void check_tunnel(const struct doctor *doctor, unsigned number,
			 struct doctor_finding *finding)
{
	const char *missing = device_first(doctor->config, device_is_missing);
	const char *present = device_first(doctor->config, device_is_there);

	(void)number;
	if (missing != NULL) {
		doctor_find(finding, DOCTOR_FAIL, "there is no device %s: nothing leaves by it",
			    missing);
		doctor_cure(finding, "see whether the VPN client runs, and names its device so");
	} else if (present != NULL) {
		doctor_find(finding, DOCTOR_OK, "%s is there", present);
	} else {
		doctor_find(finding, DOCTOR_UNKNOWN, "no policy names a tunnel's device");
	}
}

static void check_ipv6(const struct doctor *doctor, unsigned number, struct doctor_finding *finding)
{
	const char *device = device_first(doctor->config, device_is_there);
	struct ifaddrs *list;
	bool here, tunnel;

	(void)number;
	if (getifaddrs(&list) < 0) {
		doctor_find(finding, DOCTOR_UNKNOWN, "the addresses cannot be listed");
		return;
	}
	here = device_has_ipv6(list, NULL);
	tunnel = device != NULL && device_has_ipv6(list, device);
	freeifaddrs(list);
	doctor_find(finding, DOCTOR_OK, "%s",
		    tunnel ? "the tunnel carries it"
		    : here ? "it is on here, and the tunnel has none: such requests fail"
			   : "there is no address of it but link-local ones");
}

static void check_daemon(const struct doctor *doctor, unsigned number,
			 struct doctor_finding *finding)
{
	(void)number;
	if (doctor->status != NULL) {
		doctor_find(finding, DOCTOR_OK, "egressd %.40s answers",
			    json_text(doctor->status, "version", "?"));
		return;
	}
	doctor_find(finding, DOCTOR_WARN, "no egressd answers");
	doctor_cure(finding, "start it; --socket names the socket of one that runs");
}

static void difference_keep(void *arg, const char *words)
{
	struct doctor_finding *finding = arg;

	if (finding->evidence[0] == '\0')
		doctor_find(finding, DOCTOR_FAIL, "not as the policy has them: %.300s", words);
}

/* Without a daemon to ask: what the kernel has, against what the policy asks for. */
static void rules_compare(const struct config_rules *needs, struct doctor_finding *finding)
{
	char problem[FIREWALL_PROBLEM_SIZE];
	struct firewall *firewall = firewall_open(problem);
	struct ruleset wanted = {0}, found;
	const char *words;

	if (firewall == NULL) {
		doctor_find(finding, DOCTOR_UNKNOWN, "%s", problem);
		return;
	}
	if (firewall_derive_gateway(config_rules_policy(needs), FIREWALL_TABLE, &wanted, &words) <
	    0) {
		doctor_find(finding, DOCTOR_FAIL, "%s", words);
		goto end;
	}
	switch (firewall_read(firewall, FIREWALL_TABLE, &found)) {
	case FIREWALL_OK:
		if (ruleset_diff(&wanted, &found, difference_keep, finding) == 0)
			doctor_find(finding, DOCTOR_OK, "the kernel has the policy's rules");
		ruleset_clear(&found);
		break;
	case FIREWALL_ABSENT:
		doctor_find(finding, DOCTOR_FAIL, "table inet " FIREWALL_TABLE " is not there");
		break;
	default:
		doctor_find(finding, DOCTOR_UNKNOWN, "%s", firewall_problem(firewall));
		break;
	}
end:
	if (finding->result == DOCTOR_FAIL)
		doctor_cure(finding,
			    "start egressd, which keeps them; or: egressctl rules apply gateway");
	ruleset_clear(&wanted);
	firewall_close(firewall);
}

static void rules_read_back(const struct config *config, struct doctor_finding *finding)
{
	struct config_rules_options options = {.uid = GATEWAY_UID, .bridge = ""};
	const char *problem;
	struct config_rules *needs = config_rules_new(config, &options, &problem);

	if (needs == NULL)
		doctor_find(finding, DOCTOR_FAIL, "%s", problem);
	else
		rules_compare(needs, finding);
	config_rules_free(needs);
}

static void check_rules(const struct doctor *doctor, unsigned number,
			struct doctor_finding *finding)
{
	const json_t *firewall = json_object_get(doctor->status, "firewall");
	const char *state = json_text(firewall, "state", "unverified");

	(void)number;
	if (doctor->status == NULL && doctor->config == NULL) {
		doctor_find(finding, DOCTOR_UNKNOWN, "neither a daemon nor a policy says which");
	} else if (doctor->status == NULL) {
		rules_read_back(doctor->config, finding);
	} else if (strcmp(state, "in force") == 0 && json_number(firewall, "repairs") == 0) {
		doctor_find(finding, DOCTOR_OK, "%s", json_text(firewall, "text", state));
	} else if (strcmp(state, "in force") == 0) {
		doctor_find(finding, DOCTOR_WARN, "%s; the last time, by %s: %.200s",
			    json_text(firewall, "text", state), json_text(firewall, "by", "?"),
			    json_text(firewall, "reason", "?"));
		doctor_cure(finding, "find out what changes the rules of others here, and why");
	} else {
		doctor_find(finding, strcmp(state, "off") == 0 ? DOCTOR_WARN : DOCTOR_FAIL, "%s",
			    json_text(firewall, "text", state));
		doctor_cure(finding, "egressd's log says why; without them only bound sockets and "
				     "Gluetun's firewall hold");
	}
}

const struct doctor_check doctor_gateway_checks[] = {
	{"namespace", check_namespace, 0},
	{"policy", check_policy, 0},
	{"tunnel", check_tunnel, 0},
	{"ipv6", check_ipv6, 0},
	{"egressd", check_daemon, 0},
	{"rules", check_rules, 0},
	{0},
};
