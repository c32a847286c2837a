/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads the kernel's clocks. */
#include "base/clock.h"

#include <time.h>

static int64_t clock_read_us(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_monotonic_ms(void)
{
	return clock_read_us(CLOCK_MONOTONIC_COARSE) / 1000;
}

int64_t clock_monotonic_us(void)
{
	return clock_read_us(CLOCK_MONOTONIC);
}

int64_t clock_wall_ms(void)
{
	return clock_read_us(CLOCK_REALTIME_COARSE) / 1000;
}
