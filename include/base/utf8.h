/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading UTF-8 (RFC 3629) one character at a time. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stddef.h>

/* How many bytes the first character takes, 1-4; 0 when the bytes are not well-formed UTF-8. */
size_t utf8_len(const char *bytes, size_t len);

#endif
