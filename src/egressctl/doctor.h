/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside egressctl only: what doctor's checks are given and what they find. */
#ifndef EGRESSCTL_DOCTOR_H
#define EGRESSCTL_DOCTOR_H

#include <jansson.h>

#include "base/compiler.h"
#include "firewall/features.h"

struct config;

enum {
	DOCTOR_TEXT_SIZE = 400,
};

enum doctor_result {
	DOCTOR_OK,
	DOCTOR_WARN,
	DOCTOR_UNKNOWN, /* could not tell */
	DOCTOR_FAIL,
};

struct doctor_finding {
	enum doctor_result result;
	char evidence[DOCTOR_TEXT_SIZE]; /* what was seen */
	char cure[DOCTOR_TEXT_SIZE];     /* what to do; "": nothing */
};

/* Gathered once, for all checks. */
struct doctor {
	struct firewall_features features;
	const struct config *config; /* NULL: there is none that can be used */
	const json_t *status;        /* of the running egressd; NULL: none answers */
};

/* Fills the finding, which is zeroed: ok, and no words. number: the table's, for checks that differ
 * in one thing only. */
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

void doctor_find(struct doctor_finding *finding, enum doctor_result result, const char *format, ...)
	PRINTF_LIKE(3, 4);
void doctor_cure(struct doctor_finding *finding, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
