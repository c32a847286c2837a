/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A ring of bytes with one writer and one reader. */
#include "log_ring.h"

#include <string.h>

#include "base/counter.h"

static size_t ring_least(size_t one, size_t other)
{
	return one < other ? one : other;
}

bool log_ring_put(struct log_ring *ring, const char *line, size_t len)
{
	size_t put = atomic_load_explicit(&ring->put, memory_order_relaxed);
	size_t taken = atomic_load_explicit(&ring->taken, memory_order_acquire);
	size_t at = put % LOG_RING_SIZE, first = ring_least(len, LOG_RING_SIZE - at);

	if (len > LOG_RING_SIZE - (put - taken)) {
		counter_add(&ring->lost, 1);
		return false;
	}
	memcpy(ring->bytes + at, line, first);
	memcpy(ring->bytes, line + first, len - first);
	/* Sequentially consistent: the next look is at whether the writer sleeps, and it looks
	 * here after it said so. */
	atomic_store(&ring->put, put + len);
	return true;
}

size_t log_ring_take(struct log_ring *ring, char *bytes, size_t size)
{
	size_t taken = atomic_load_explicit(&ring->taken, memory_order_relaxed);
	size_t waiting = atomic_load_explicit(&ring->put, memory_order_acquire) - taken;
	size_t len = ring_least(waiting, size), at = taken % LOG_RING_SIZE;
	size_t first = ring_least(len, LOG_RING_SIZE - at);

	memcpy(bytes, ring->bytes + at, first);
	memcpy(bytes + first, ring->bytes, len - first);
	if (len < waiting) {
		const char *end = memrchr(bytes, '\n', len);

		len = end == NULL ? 0 : (size_t)(end - bytes) + 1;
	}
	atomic_store_explicit(&ring->taken, taken + len, memory_order_release);
	return len;
}

bool log_ring_is_half_full(const struct log_ring *ring)
{
	return atomic_load_explicit(&ring->put, memory_order_relaxed) -
		       atomic_load_explicit(&ring->taken, memory_order_relaxed) >
	       LOG_RING_SIZE / 2;
}

bool log_ring_is_empty(const struct log_ring *ring)
{
	return atomic_load(&ring->put) == atomic_load_explicit(&ring->taken, memory_order_relaxed);
}
