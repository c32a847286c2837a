/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside egressctl only: what doctor's checks are given and what they find. */
#ifndef EGRESSCTL_DOCTOR_H
#define EGRESSCTL_DOCTOR_H

#include <jansson.h>

#include "base/compiler.h"
#include "firewall/features.h"
#include "leak/network.h"

struct config;
struct egress_config;

enum {
	DOCTOR_TEXT_SIZE = 1024,
};

enum doctor_result {
	DOCTOR_SKIP, /* there is nothing here to look at; evidence says why */
	DOCTOR_OK,
	DOCTOR_WARN,
	DOCTOR_UNKNOWN, /* could not tell */
	DOCTOR_FAIL,
};

struct doctor_finding {
	enum doctor_result result;
	char evidence[DOCTOR_TEXT_SIZE]; /* what was seen */
	char cure[DOCTOR_TEXT_SIZE];     /* what to do, in lines; "": nothing */
};

/* Gathered once, for all checks. */
struct doctor {
	struct firewall_features features;
	const struct config *config; /* NULL: there is none that can be used */
	const json_t *status;        /* of the running egressd; NULL: none answers */
	struct network network;
	int network_error; /* of reading it; 0: it is filled */
};

/* Fills the finding, which is zeroed: skipped, and no words. number: the table's, for checks that
 * differ in one thing only. */
typedef void doctor_check_fn(const struct doctor *doctor, unsigned number,
			     struct doctor_finding *finding);

struct doctor_check {
	const char *name;
	doctor_check_fn *look;
	unsigned number;
};

/* Ends with an entry without a name; doctor runs them in this order. */
extern const struct doctor_check doctor_kernel_checks[];
extern const struct doctor_check doctor_system_checks[];
extern const struct doctor_check doctor_gateway_checks[];
extern const struct doctor_check doctor_network_checks[];
extern const struct doctor_check doctor_listener_checks[];
extern const struct doctor_check doctor_tunnel_checks[];
extern const struct doctor_check doctor_app_checks[];
extern const struct doctor_check doctor_host_checks[];

void doctor_find(struct doctor_finding *finding, enum doctor_result result, const char *format, ...)
	PRINTF_LIKE(3, 4);
void doctor_cure(struct doctor_finding *finding, const char *format, ...) PRINTF_LIKE(2, 3);

/* The first egress of the policy with a device that is there, and with one that is not. NULL: none.
 */
const struct egress_config *doctor_find_tunnel(const struct doctor *doctor, bool present);

/* Is that the device of one of the policy's egresses? */
bool doctor_is_tunnel(const struct doctor *doctor, const char *device);

/* Does the link lead to the apps' network: clients of the policy are there, and no way out? */
bool doctor_leads_to_apps(const struct doctor *doctor, const struct network_link *link);

/* Does the running egressd hold its packet rules? */
bool doctor_has_rules(const struct doctor *doctor);

#endif
