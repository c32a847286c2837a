/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The one object that knows the version, so that a new commit compiles nothing else anew. */
#include "base/version.h"

#ifndef EGRESSD_VERSION
#define EGRESSD_VERSION "unknown"
#endif

const char *version_text(void)
{
	return EGRESSD_VERSION;
}
