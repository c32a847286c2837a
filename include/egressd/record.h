/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One exchange, from its decision to its end: what the log line, the list of connections and
 * re-decision need. */
#ifndef EGRESSD_RECORD_H
#define EGRESSD_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "base/host.h"
#include "egressd/counters.h"
#include "egressd/refusal.h"
#include "policy/policy.h"

struct lane;

struct record {
	bool open; /* begun and not yet logged */
	enum counted_protocol protocol;
	char method[16]; /* "CONNECT", "GET", "SOCKS5", "UDP", "FORWARD" */
	struct host host;
	uint16_t port;
	enum transport transport;
	struct address address;  /* really dialled; AF_UNSPEC: none yet */
	struct verdict verdict;  /* rule borrowed from the session's snapshot */
	struct lane *lane;       /* NULL: none */
	uint32_t epoch;          /* of the lane, when it was dialled; 0: not dialled */
	int64_t started_us;      /* clock_monotonic_us() */
	uint64_t sent, received; /* bytes from the client, bytes from the origin */
	uint16_t status;         /* HTTP status that the client got; 0: none */
	enum refusal refusal;
};

struct session;

/* As much of it as there is room for. */
void record_set_method(struct record *record, const char *method, size_t len);

/* Begins: everything as it stands in record but the time. */
void record_begin(struct record *record);

/* When that was, by the wall clock of now; 0: it has not begun. */
int64_t record_started_at_ms(const struct record *record);

/* Logs it, counts it, and remembers a refusal; once. end: how it ended, a word or two. */
void record_end(struct session *session, struct record *record, const char *end,
		const char *detail);

#endif
