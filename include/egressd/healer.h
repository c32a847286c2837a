/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * After an outage of the tunnel Prowlarr is asked to test again what it left out. A thread of its
 * own does it: nothing of the data path waits for it, and a tunnel that goes again ends it.
 */
#ifndef EGRESSD_HEALER_H
#define EGRESSD_HEALER_H

#include <stdint.h>

#include "base/compiler.h"

struct config;
struct config_files;
struct healer;
struct tunnel_status;

/* NULL + errno. */
MUST_CHECK struct healer *healer_new(void);

/* Ends what is under way, and the thread. */
void healer_free(struct healer *healer);

/*
 * What the policy says from now on; its key comes out of files and is copied. Without a healer it
 * is only looked at. -1: problem is a sentence with the line, and nothing was changed.
 */
MUST_CHECK int healer_set(struct healer *healer, const struct config *config,
			  const struct config_files *files, char problem[512]);

/* A tunnel's state changed. Quick; any thread. */
void healer_on_tunnel(struct healer *healer, const struct tunnel_status *status, int64_t now_ms);

#endif
