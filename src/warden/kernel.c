/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the kernel lacks is said before anything else is tried, by name. */
#include "kernel.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "firewall/features.h"

static void kernel_log_missing(const struct firewall_features *features)
{
	for (enum firewall_feature feature = 0; feature < FEATURE_COUNT; feature++) {
		const struct feature_words *words = firewall_feature_words(feature);
		struct log_line line;

		if (features->states[feature] == FEATURE_PRESENT)
			continue;
		log_begin(&line, LOG_WARN, "kernel tier reduced");
		log_field(&line, "missing", words->name);
		log_field(&line, "so", words->without);
		log_field(&line, "takes", words->needs);
		log_end(&line);
	}
}

bool kernel_will_do(char problem[FIREWALL_PROBLEM_SIZE])
{
	struct firewall_features features;
	enum firewall_feature lack;

	firewall_features_try(&features);
	lack = firewall_features_lack(&features);
	if (lack == FEATURE_COUNT) {
		/* What could not be told, the rules themselves will tell. */
		kernel_log_missing(&features);
		return true;
	}
	snprintf(problem, FIREWALL_PROBLEM_SIZE,
		 "%s: missing here: %s; it takes %s (%s). egressctl doctor --preflight says more",
		 firewall_feature_words(lack)->name, firewall_feature_words(lack)->what,
		 firewall_feature_words(lack)->needs, strerror(features.errors[lack]));
	return false;
}
