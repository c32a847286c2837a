/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A mixed port: the first byte tells how the client speaks. */
#include "egressd/protocol.h"
#include "egressd/snapshot.h"
#include "egressd/worker.h"

enum {
	SNIFF_SOCKS4 = 4,
	SNIFF_SOCKS5 = 5,
	SNIFF_TLS_HANDSHAKE = 22,
};

static const struct protocol *sniff_first_byte(const struct session *session, uint8_t byte)
{
	if (byte == SNIFF_SOCKS5)
		return &protocol_socks5;
	if (byte == SNIFF_SOCKS4)
		return &protocol_socks4;
	if (session->endpoint->listen->kind == LISTEN_SOCKS || byte == SNIFF_TLS_HANDSHAKE)
		return NULL;
	/* Anything else is HTTP's to refuse in words that people understand. */
	return &protocol_http;
}

static void sniff_on_input(struct session *session)
{
	uint8_t byte = *buffer_start(&session->input);
	const struct protocol *protocol = sniff_first_byte(session, byte);

	if (protocol == NULL) {
		session->record.protocol = COUNTED_SOCKS5;
		session_refuse(session, REFUSAL_BAD_REQUEST,
			       byte == SNIFF_TLS_HANDSHAKE
				       ? "TLS on a port without tls: use http:// as the proxy's URL"
				       : "not SOCKS, on a port for SOCKS only");
		return;
	}
	session->protocol = protocol;
	protocol->on_input(session);
}

static void sniff_on_refused(struct session *session, enum refusal refusal, const char *detail)
{
	record_end(session, &session->record, refusal_words(refusal)->name, detail);
	session_linger(session);
}

const struct protocol protocol_sniff = {
	.on_input = sniff_on_input,
	.on_refused = sniff_on_refused,
};
