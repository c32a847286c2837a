/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A policy without a file: in a container the usual sidecar is told by environment variables
 * (egressd(8), ENVIRONMENT). Each stands for statements of the policy file without their verb.
 */
#ifndef CONFIG_ENVIRONMENT_H
#define CONFIG_ENVIRONMENT_H

#include <stddef.h>

#include "base/compiler.h"

/* What such a policy is called where a file would have its path: "environment". */
extern const char environment_name[];

/*
 * The policy that the variables (as environ has them) stand for, malloc()ed. One of ours that is
 * not known becomes a line that no parser takes. NULL + errno; ENOENT: none of them is ours.
 */
MUST_CHECK char *environment_policy(char *const *variables);

/* Where the policy comes from: path, or environment_name when it is the usual path, no file is
 * there, and this process's environment has a policy. */
const char *environment_or_file(const char *path);

#endif
