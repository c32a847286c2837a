/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks of the kernel and of what the container may do with it; they ask for NET_ADMIN only. */
#include <string.h>

#include "doctor.h"

static void check_feature(const struct doctor *doctor, unsigned number,
			  struct doctor_finding *finding)
{
	const struct feature_words *words = firewall_feature_words(number);

	switch (doctor->features.states[number]) {
	case FEATURE_PRESENT:
		doctor_find(finding, DOCTOR_OK, "%s", words->what);
		break;
	case FEATURE_MISSING:
		doctor_find(finding, words->required ? DOCTOR_FAIL : DOCTOR_WARN,
			    "missing: %s; %s (%s)", words->what, words->without,
			    strerror(doctor->features.errors[number]));
		doctor_cure(finding, "it takes %s", words->needs);
		break;
	default:
		doctor_find(finding, DOCTOR_UNKNOWN, "%s: could not be tried%s%s", words->what,
			    doctor->features.errors[number] == 0 ? "" : ": ",
			    doctor->features.errors[number] == 0
				    ? ""
				    : strerror(doctor->features.errors[number]));
		break;
	}
}

const struct doctor_check doctor_kernel_checks[] = {
	{"nf_tables", check_feature, FEATURE_TABLES},
	{"net_admin", check_feature, FEATURE_NET_ADMIN},
	{"counters", check_feature, FEATURE_COUNTERS},
	{"sets", check_feature, FEATURE_SETS},
	{"uid", check_feature, FEATURE_UID},
	{"conntrack", check_feature, FEATURE_CONNTRACK},
	{"ct_mark", check_feature, FEATURE_MARK},
	{"reject", check_feature, FEATURE_REJECT},
	{"bind", check_feature, FEATURE_BIND},
	{"owner", check_feature, FEATURE_OWNER},
	{"persist", check_feature, FEATURE_PERSIST},
	{"egress", check_feature, FEATURE_EGRESS},
	{0},
};
