/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names as people write them, letters of any script included, turned into struct host. */
#ifndef CONFIG_NAME_H
#define CONFIG_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/host.h"

/* U-labels become A-labels (IDNA 2008, with the mappings of UTS 46). False: *problem says why
 * (static). */
MUST_CHECK bool name_to_host(const char *text, size_t len, struct host *host, const char **problem);

#endif
