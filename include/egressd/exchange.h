/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One forwarded HTTP exchange: a request from the session's client to an origin, the answer back.
 * Both directions stream with bounded memory: nothing more is read from one side while the other
 * has not taken what was read.
 */
#ifndef EGRESSD_EXCHANGE_H
#define EGRESSD_EXCHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "net/stream.h"

struct exchange;
struct http_request;
struct session;

/*
 * Makes session->exchange out of a parsed request; its head is rewritten and kept, its bytes may
 * go. False: the head is too long once rewritten, or there is no memory.
 */
MUST_CHECK bool exchange_new(struct session *session, const struct http_request *request);
void exchange_free(struct exchange *exchange);

/* Starts on a kept origin connection, if there is one and the request may be repeated should it
 * prove dead. */
bool exchange_take_pooled(struct session *session);

/* Starts on a fresh origin connection; takes stream. The exchange ends the session or hands it back
 * to asking. */
void exchange_start(struct session *session, struct stream stream);

void exchange_on_client_ready(struct exchange *exchange);

/* Nothing moved for the idle timeout. */
void exchange_on_timeout(struct exchange *exchange);

int64_t exchange_active_at_ms(const struct exchange *exchange);

#endif
