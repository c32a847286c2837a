/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Time as the rest of the program wants it: milliseconds, 64 bits. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/* Monotonic, never goes back; resolution of the kernel tick (1-4 ms), costs no system call. */
int64_t clock_monotonic_ms(void);

/* Monotonic with microseconds, for measured durations. */
int64_t clock_monotonic_us(void);

/* Since the Unix epoch, for people and logs only; to the kernel's tick, too. */
int64_t clock_wall_ms(void);

#endif
