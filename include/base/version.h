/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which build this is. */
#ifndef BASE_VERSION_H
#define BASE_VERSION_H

/* What git called the sources when they were built; "unknown" outside a repository. */
const char *version_text(void);

#endif
