/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The state of one tunnel: what links, probes and time make of it. */
#include "state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"

enum {
	PROBE_EVERY_DEFAULT_MS = 3000,
	/* Two rounds must fit into SILENCE_MS, or a dead far side is found too late. */
	PROBE_EVERY_MAX_MS = 4000,
	PROBE_RETRY_MS = 500,
	SILENCE_MS = 8000,
	ROUNDS_BEFORE_DEAD = 2,
	/* Traffic is noted this coarsely: workers share the cache line. */
	NOTE_EVERY_MS = 50,
};

const char *tunnel_state_name(enum tunnel_state state)
{
	static const char *const names[] = {"unknown", "up", "down"};

	return (size_t)state < ARRAY_LEN(names) ? names[state] : "unknown";
}

void tunnel_want(struct tunnel *tunnel, const struct tunnel_settings *settings)
{
	int64_t every_ms = settings->probe_every_ms;

	if (every_ms <= 0)
		every_ms = PROBE_EVERY_DEFAULT_MS;
	pthread_mutex_lock(&tunnel->lock);
	tunnel->wanted_count = settings->target_count < PROBE_TARGETS_MAX ? settings->target_count
									  : PROBE_TARGETS_MAX;
	memcpy(tunnel->wanted, settings->targets, sizeof(tunnel->wanted));
	tunnel->wanted_every_ms = every_ms < PROBE_EVERY_MAX_MS ? every_ms : PROBE_EVERY_MAX_MS;
	pthread_mutex_unlock(&tunnel->lock);
}

/* reason NULL: it stays. The lock is held. */
static void tunnel_describe(struct tunnel *tunnel, const char *reason)
{
	struct tunnel_status *status = &tunnel->status;
	struct text text;

	status->ifindex = tunnel->link.ifindex;
	status->ipv4 = link_usable_address(&tunnel->link, AF_INET);
	status->ipv6 = link_usable_address(&tunnel->link, AF_INET6);
	if (reason == NULL)
		return;
	text_init(&text, status->reason, sizeof(status->reason));
	text_add(&text, reason);
}

/* Every new state is a new epoch too: a session begun before must not outlive it. The status is
 * told first, then the word the data path reads, then who listens. */
static void tunnel_enter(struct tunnel *tunnel, enum tunnel_state state, const char *reason)
{
	struct tunnel_status copy;

	tunnel->announced = true;
	pthread_mutex_lock(&tunnel->lock);
	tunnel->status.state = state;
	tunnel->status.epoch++;
	tunnel->status.epochs_seen++;
	tunnel->status.since_ms = clock_wall_ms();
	tunnel_describe(tunnel, reason);
	copy = tunnel->status;
	pthread_mutex_unlock(&tunnel->lock);
	atomic_store_explicit(&tunnel->packed, (uint64_t)state << 32 | copy.epoch,
			      memory_order_release);
	if (tunnel->on_change != NULL)
		tunnel->on_change(tunnel->arg, tunnel, &copy);
}

/* Down stays down, only the words change: no need to wake anybody. */
static void tunnel_correct_reason(struct tunnel *tunnel, const char *reason)
{
	pthread_mutex_lock(&tunnel->lock);
	tunnel_describe(tunnel, reason);
	pthread_mutex_unlock(&tunnel->lock);
}

/* The same epoch, but an address (IPv6, its duplicate check over) can be used now. */
static void tunnel_tell_addresses(struct tunnel *tunnel)
{
	struct tunnel_status copy;

	pthread_mutex_lock(&tunnel->lock);
	tunnel_describe(tunnel, NULL);
	copy = tunnel->status;
	pthread_mutex_unlock(&tunnel->lock);
	if (tunnel->on_change != NULL)
		tunnel->on_change(tunnel->arg, tunnel, &copy);
}

/* The words to status and log; NULL: the link is ready. IFF_RUNNING goes when nobody serves a
 * persistent tun device any more. */
static const char *tunnel_link_problem(const struct link *link)
{
	if (link->ifindex == 0)
		return "device %s does not exist";
	if ((link->flags & IFF_UP) == 0)
		return "%s is down";
	if ((link->flags & IFF_RUNNING) == 0)
		return "%s has no carrier";
	if (link_usable_address(link, AF_INET).family == AF_UNSPEC &&
	    link_usable_address(link, AF_INET6).family == AF_UNSPEC)
		return "%s has no address";
	return NULL;
}

static void tunnel_begin_epoch(struct tunnel *tunnel, int64_t now_ms)
{
	probe_stop(&tunnel->probe);
	tunnel->alive_at_ms = now_ms;
	tunnel->retry_at_ms = now_ms;
	tunnel->failed_rounds = 0;
	if (tunnel->probe.target_count > 0)
		tunnel_enter(tunnel, TUNNEL_UNKNOWN, "waiting for the first probe answer");
	else
		tunnel_enter(tunnel, TUNNEL_UP, "up");
}

static void tunnel_link_lost(struct tunnel *tunnel, const char *problem)
{
	char reason[sizeof(tunnel->status.reason)];
	struct text text;

	text_init(&text, reason, sizeof(reason));
	text_add_format(&text, problem, tunnel->probe.device);
	probe_stop(&tunnel->probe);
	if (tunnel->status.state == TUNNEL_DOWN && tunnel->announced)
		tunnel_correct_reason(tunnel, reason);
	else
		tunnel_enter(tunnel, TUNNEL_DOWN, reason);
}

static bool link_same_usable(const struct link *a, const struct link *b)
{
	struct address a4 = link_usable_address(a, AF_INET), b4 = link_usable_address(b, AF_INET);
	struct address a6 = link_usable_address(a, AF_INET6), b6 = link_usable_address(b, AF_INET6);

	return address_equals(&a4, &b4) && address_equals(&a6, &b6);
}

void tunnel_observe(struct tunnel *tunnel, const struct link *link, int64_t now_ms)
{
	static const struct link none = {0};
	struct link before = tunnel->link;
	bool was_ready = tunnel->ready && tunnel->announced;
	const char *problem;

	tunnel->link = link == NULL ? none : *link;
	problem = tunnel_link_problem(&tunnel->link);
	tunnel->ready = problem == NULL;
	if (problem != NULL)
		tunnel_link_lost(tunnel, problem);
	else if (!was_ready || before.ifindex != tunnel->link.ifindex ||
		 !link_same_addresses(&before, &tunnel->link))
		tunnel_begin_epoch(tunnel, now_ms);
	else if (!link_same_usable(&before, &tunnel->link))
		tunnel_tell_addresses(tunnel);
}

void tunnel_lose_sight(struct tunnel *tunnel, const char *why)
{
	char reason[sizeof(tunnel->status.reason)];
	struct text text;

	text_init(&text, reason, sizeof(reason));
	text_add_format(&text, "cannot ask the kernel about devices: %s", why);
	probe_stop(&tunnel->probe);
	tunnel->ready = false;
	if (tunnel->status.state != TUNNEL_UNKNOWN || !tunnel->announced)
		tunnel_enter(tunnel, TUNNEL_UNKNOWN, reason);
	else
		tunnel_correct_reason(tunnel, reason);
}

/* A reload with the same targets must not give a silent far side more time. */
static bool tunnel_asks_already(const struct tunnel *tunnel, const struct address *targets,
				size_t count)
{
	if (tunnel->probe.target_count != count)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!address_equals_endpoint(&tunnel->probe.targets[i], &targets[i]))
			return false;
	}
	return true;
}

void tunnel_take_settings(struct tunnel *tunnel, int64_t now_ms)
{
	struct address targets[PROBE_TARGETS_MAX];
	size_t count;

	pthread_mutex_lock(&tunnel->lock);
	count = tunnel->wanted_count;
	memcpy(targets, tunnel->wanted, sizeof(targets));
	tunnel->probe_every_ms = tunnel->wanted_every_ms;
	pthread_mutex_unlock(&tunnel->lock);
	if (tunnel_asks_already(tunnel, targets, count))
		return;
	probe_set_targets(&tunnel->probe, targets, count);
	tunnel->alive_at_ms = now_ms;
	tunnel->retry_at_ms = now_ms;
	tunnel->failed_rounds = 0;
	/* Nobody left to ask: the link alone decides again. */
	if (count == 0 && tunnel->ready && tunnel->status.state != TUNNEL_UP)
		tunnel_begin_epoch(tunnel, now_ms);
}

struct tunnel *tunnel_new(const struct tunnel_settings *settings, int epoll_fd,
			  tunnel_change_fn *on_change, void *arg)
{
	struct tunnel *tunnel = calloc(1, sizeof(*tunnel));

	if (tunnel == NULL)
		return NULL;
	tunnel->on_change = on_change;
	tunnel->arg = arg;
	pthread_mutex_init(&tunnel->lock, NULL);
	probe_init(&tunnel->probe, epoll_fd, settings->device);
	memcpy(tunnel->status.device, tunnel->probe.device, IF_NAMESIZE);
	tunnel->status.since_ms = clock_wall_ms();
	strcpy(tunnel->status.reason, "not looked at yet");
	tunnel_want(tunnel, settings);
	/* Before the monitor can see it: without its targets it would come up unasked. */
	tunnel_take_settings(tunnel, clock_monotonic_ms());
	return tunnel;
}

void tunnel_free(struct tunnel *tunnel)
{
	probe_stop(&tunnel->probe);
	pthread_mutex_destroy(&tunnel->lock);
	free(tunnel);
}

static void tunnel_found_dead(struct tunnel *tunnel, int64_t now_ms)
{
	const struct probe *probe = &tunnel->probe;
	char reason[sizeof(tunnel->status.reason)];
	char endpoint[ADDRESS_TEXT_SIZE];
	struct text text;

	text_init(&text, reason, sizeof(reason));
	text_add_format(&text, "no answer through %s for %d s (asked ", probe->device,
			(int)((now_ms - tunnel->alive_at_ms) / 1000));
	for (size_t i = 0; i < probe->target_count; i++) {
		address_format_endpoint(&probe->targets[i], endpoint);
		if (text.len + strlen(endpoint) + sizeof(", ...)") > sizeof(reason)) {
			text_add(&text, ", ...");
			break;
		}
		text_add_format(&text, "%s%s", i == 0 ? "" : ", ", endpoint);
	}
	text_add_char(&text, ')');
	tunnel_enter(tunnel, TUNNEL_DOWN, reason);
}

static void tunnel_round_failed(struct tunnel *tunnel, int64_t now_ms)
{
	tunnel->failed_rounds++;
	tunnel->retry_at_ms = tunnel->probe.started_at_ms + PROBE_RETRY_MS;
	if (tunnel->retry_at_ms < now_ms)
		tunnel->retry_at_ms = now_ms;
}

static void tunnel_count_probes(struct tunnel *tunnel, bool answered)
{
	pthread_mutex_lock(&tunnel->lock);
	tunnel->status.probes_sent = tunnel->probe.sent;
	tunnel->status.probes_failed = tunnel->probe.failed;
	if (answered) {
		tunnel->status.probed_at_ms = clock_wall_ms();
		tunnel->status.probe_rtt_us = tunnel->probe.rtt_us;
	}
	pthread_mutex_unlock(&tunnel->lock);
}

static void tunnel_on_round(struct tunnel *tunnel, enum probe_result result, int64_t now_ms)
{
	if (result == PROBE_ANSWERED) {
		tunnel->alive_at_ms = now_ms;
		tunnel->failed_rounds = 0;
	} else if (result == PROBE_FAILED) {
		tunnel_round_failed(tunnel, now_ms);
	}
	tunnel_count_probes(tunnel, result == PROBE_ANSWERED);
	if (result == PROBE_ANSWERED && tunnel->status.state != TUNNEL_UP)
		tunnel_enter(tunnel, TUNNEL_UP, "up");
}

void tunnel_on_probe_event(struct probe_socket *socket, int64_t now_ms)
{
	struct tunnel *tunnel = CONTAINER_OF(socket->probe, struct tunnel, probe);

	tunnel_on_round(tunnel, probe_on_event(socket), now_ms);
}

/* Only while up: what workers note of sockets of a past epoch must not bring a new one up. */
static void tunnel_heed_traffic(struct tunnel *tunnel)
{
	int64_t noted_at_ms = atomic_load_explicit(&tunnel->noted_at_ms, memory_order_relaxed);

	if (tunnel->status.state != TUNNEL_UP || noted_at_ms <= tunnel->alive_at_ms)
		return;
	tunnel->alive_at_ms = noted_at_ms;
	tunnel->failed_rounds = 0;
	if (tunnel->probe.running && tunnel->probe.started_at_ms < noted_at_ms)
		probe_stop(&tunnel->probe);
}

static int64_t tunnel_next_round_at(const struct tunnel *tunnel)
{
	if (tunnel->status.state != TUNNEL_UP || tunnel->failed_rounds > 0)
		return tunnel->retry_at_ms;
	return tunnel->alive_at_ms + tunnel->probe_every_ms;
}

static bool tunnel_may_die(const struct tunnel *tunnel)
{
	return tunnel->status.state != TUNNEL_DOWN && tunnel->failed_rounds >= ROUNDS_BEFORE_DEAD;
}

int64_t tunnel_tick(struct tunnel *tunnel, int64_t now_ms)
{
	struct probe *probe = &tunnel->probe;
	int64_t next_ms;

	if (!tunnel->ready || probe->target_count == 0)
		return INT64_MAX;
	tunnel_heed_traffic(tunnel);
	if (probe->running && now_ms >= probe->started_at_ms + PROBE_TIMEOUT_MS) {
		probe_expire(probe);
		tunnel_on_round(tunnel, PROBE_FAILED, now_ms);
	}
	if (tunnel_may_die(tunnel) && now_ms >= tunnel->alive_at_ms + SILENCE_MS)
		tunnel_found_dead(tunnel, now_ms);
	if (!probe->running && now_ms >= tunnel_next_round_at(tunnel)) {
		bool all = tunnel->status.state != TUNNEL_UP || tunnel->failed_rounds > 0;

		tunnel_on_round(tunnel, probe_start(probe, now_ms, all), now_ms);
	}
	next_ms = probe->running ? probe->started_at_ms + PROBE_TIMEOUT_MS
				 : tunnel_next_round_at(tunnel);
	if (tunnel_may_die(tunnel) && next_ms > tunnel->alive_at_ms + SILENCE_MS)
		next_ms = tunnel->alive_at_ms + SILENCE_MS;
	return next_ms;
}

enum tunnel_state tunnel_state(const struct tunnel *tunnel, uint32_t *epoch)
{
	uint64_t packed = atomic_load_explicit(&tunnel->packed, memory_order_acquire);

	if (epoch != NULL)
		*epoch = (uint32_t)packed;
	return (enum tunnel_state)(packed >> 32);
}

void tunnel_status(struct tunnel *tunnel, struct tunnel_status *status)
{
	pthread_mutex_lock(&tunnel->lock);
	*status = tunnel->status;
	pthread_mutex_unlock(&tunnel->lock);
}

void tunnel_note_alive(struct tunnel *tunnel, int64_t now_ms)
{
	int64_t noted_at_ms = atomic_load_explicit(&tunnel->noted_at_ms, memory_order_relaxed);

	if (now_ms - noted_at_ms >= NOTE_EVERY_MS)
		atomic_store_explicit(&tunnel->noted_at_ms, now_ms, memory_order_relaxed);
}
