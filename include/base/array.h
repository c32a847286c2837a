/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Arrays that grow by one, for what is built once and read often. */
#ifndef BASE_ARRAY_H
#define BASE_ARRAY_H

#include <stddef.h>

#include "base/compiler.h"

/*
 * The array with room for one more element, zeroed, behind the count it has. Starts from NULL and
 * 0; the room follows from the count, so the count may only go up by one between calls. NULL +
 * errno: the array is as it was. free() frees it.
 */
MUST_CHECK void *array_more(void *items, size_t count, size_t size);

#endif
