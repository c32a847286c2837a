/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of system calls that the proxy may make. Private to confine*.c. */
#ifndef EGRESSD_CONFINE_LIST_H
#define EGRESSD_CONFINE_LIST_H

#include <seccomp.h>
#include <stddef.h>

/* Allowed with these arguments; several of one name are alternatives. */
struct confine_condition {
	const char *name;
	unsigned count;
	struct scmp_arg_cmp conditions[2];
};

extern const char *const confine_plain[];
extern const size_t confine_plain_count;
extern const struct confine_condition confine_conditional[];
extern const size_t confine_conditional_count;

#endif
