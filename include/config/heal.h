/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a policy says of healing: see egress.conf(5). */
#ifndef CONFIG_HEAL_H
#define CONFIG_HEAL_H

#include <stdint.h>

#include "base/address.h"

/* "heal prowlarr URL key-file FILE [after TIME]" */
struct heal_config {
	const char *url;       /* of Prowlarr; NULL: there is no such statement */
	struct address target; /* where that is */
	const char *key_file;
	int64_t after_ms; /* how long the tunnel must have been away */
	unsigned line;
};

#endif
