/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A name server for tests: UDP and TCP on one port of 127.0.0.1, on the event base of the test. */
#ifndef TESTS_FAKE_DNS_H
#define TESTS_FAKE_DNS_H

#include <arpa/inet.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/address.h"

enum {
	FAKE_A = 1,
	FAKE_CNAME = 5,
	FAKE_SOA = 6,
	FAKE_AAAA = 28,
	FAKE_NXDOMAIN = 3,
	FAKE_SERVFAIL = 2,
	FAKE_REFUSED = 5,
};

struct fake_message {
	size_t len; /* 0: no answer at all */
	uint8_t bytes[65536];
};

struct fake_question {
	char name[256];
	uint16_t type;
	bool is_tcp;
};

/* Fills message, which holds the header and the question already. */
typedef void fake_answer_fn(void *arg, const struct fake_question *question,
			    struct fake_message *message);

struct fake_dns {
	struct event_base *base;
	struct address address;
	int udp, listener, connection;
	struct event *udp_event, *accept_event, *tcp_event;
	fake_answer_fn *answer;
	void *arg;
	unsigned udp_count, tcp_count;
	struct fake_message message;
};

static inline void fake_put16(struct fake_message *message, unsigned value)
{
	message->bytes[message->len++] = (uint8_t)(value >> 8);
	message->bytes[message->len++] = (uint8_t)value;
}

static inline void fake_put_name(struct fake_message *message, const char *name)
{
	while (*name != '\0') {
		size_t len = strcspn(name, ".");

		message->bytes[message->len++] = (uint8_t)len;
		memcpy(message->bytes + message->len, name, len);
		message->len += len;
		name += len + (name[len] == '.');
	}
	message->bytes[message->len++] = 0;
}

static inline void fake_count(struct fake_message *message, size_t field)
{
	if (++message->bytes[field + 1] == 0)
		message->bytes[field]++;
}

static inline void fake_put_record(struct fake_message *message, const char *name, unsigned type,
				   unsigned ttl, const void *bytes, size_t len)
{
	fake_put_name(message, name);
	fake_put16(message, type);
	fake_put16(message, 1);
	fake_put16(message, ttl >> 16);
	fake_put16(message, ttl & 0xffff);
	fake_put16(message, (unsigned)len);
	memcpy(message->bytes + message->len, bytes, len);
	message->len += len;
	fake_count(message, type == FAKE_SOA ? 8 : 6);
}

static inline void fake_put_address(struct fake_message *message, const char *name, unsigned ttl,
				    const char *text)
{
	uint8_t bytes[16];

	if (inet_pton(AF_INET, text, bytes) == 1)
		fake_put_record(message, name, FAKE_A, ttl, bytes, 4);
	else if (inet_pton(AF_INET6, text, bytes) == 1)
		fake_put_record(message, name, FAKE_AAAA, ttl, bytes, 16);
	else
		abort();
}

static inline void fake_put_cname(struct fake_message *message, const char *name, const char *to)
{
	static struct fake_message target;

	target.len = 0;
	fake_put_name(&target, to);
	fake_put_record(message, name, FAKE_CNAME, 60, target.bytes, target.len);
}

static inline void fake_put_soa(struct fake_message *message, unsigned ttl, unsigned minimum)
{
	uint8_t soa[2 + 20] = {0};

	soa[18] = (uint8_t)(minimum >> 24);
	soa[19] = (uint8_t)(minimum >> 16);
	soa[20] = (uint8_t)(minimum >> 8);
	soa[21] = (uint8_t)minimum;
	fake_put_record(message, "example", FAKE_SOA, ttl, soa, sizeof(soa));
}

static inline void fake_set_code(struct fake_message *message, unsigned code)
{
	message->bytes[3] = (uint8_t)((message->bytes[3] & 0xf0) | code);
}

static inline void fake_set_truncated(struct fake_message *message)
{
	message->bytes[2] |= 2;
}

/* Reads the question and answers into dns->message. */
static inline void fake_answer(struct fake_dns *dns, const uint8_t *query, size_t len, bool is_tcp)
{
	struct fake_question question = {.is_tcp = is_tcp};
	struct fake_message *message = &dns->message;
	size_t at = 12, out = 0;

	while (at < len && query[at] != 0) {
		if (out > 0)
			question.name[out++] = '.';
		memcpy(question.name + out, query + at + 1, query[at]);
		out += query[at];
		at += 1U + query[at];
	}
	question.type = (uint16_t)(query[at + 1] << 8 | query[at + 2]);
	memcpy(message->bytes, query, at + 5);
	message->len = at + 5;
	memset(message->bytes + 2, 0, 10);
	message->bytes[2] = 0x81;
	message->bytes[3] = 0x80;
	message->bytes[5] = 1;
	dns->answer(dns->arg, &question, message);
}

static inline void fake_on_udp(evutil_socket_t fd, short what, void *arg)
{
	struct fake_dns *dns = arg;
	uint8_t query[4096];
	struct sockaddr_storage from;
	socklen_t from_len = sizeof(from);
	ssize_t len = recvfrom(fd, query, sizeof(query), 0, (struct sockaddr *)&from, &from_len);

	(void)what;
	if (len < 17)
		return;
	dns->udp_count++;
	fake_answer(dns, query, (size_t)len, false);
	if (dns->message.len > 0)
		(void)!sendto(fd, dns->message.bytes, dns->message.len, 0, (struct sockaddr *)&from,
			      from_len);
}

static inline void fake_on_tcp(evutil_socket_t fd, short what, void *arg)
{
	struct fake_dns *dns = arg;
	uint8_t query[4096];
	uint8_t prefix[2];
	ssize_t len = recv(fd, query, sizeof(query), 0);

	(void)what;
	if (len < 19) {
		event_free(dns->tcp_event);
		dns->tcp_event = NULL;
		close(fd);
		return;
	}
	dns->tcp_count++;
	fake_answer(dns, query + 2, (size_t)len - 2, true);
	prefix[0] = (uint8_t)(dns->message.len >> 8);
	prefix[1] = (uint8_t)dns->message.len;
	(void)!send(fd, prefix, 2, MSG_NOSIGNAL | MSG_MORE);
	(void)!send(fd, dns->message.bytes, dns->message.len, MSG_NOSIGNAL);
}

static inline void fake_on_accept(evutil_socket_t fd, short what, void *arg)
{
	struct fake_dns *dns = arg;

	(void)what;
	if (dns->tcp_event != NULL) {
		event_free(dns->tcp_event);
		close(dns->connection);
	}
	dns->connection = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	dns->tcp_event =
		event_new(dns->base, dns->connection, EV_READ | EV_PERSIST, fake_on_tcp, dns);
	event_add(dns->tcp_event, NULL);
}

/* One port for both: another one is tried when somebody has it for TCP. */
static inline bool fake_dns_bind(struct fake_dns *dns)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(in);

	dns->udp = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	dns->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (bind(dns->udp, (struct sockaddr *)&in, len) == 0 &&
	    getsockname(dns->udp, (struct sockaddr *)&in, &len) == 0 &&
	    bind(dns->listener, (struct sockaddr *)&in, len) == 0 &&
	    listen(dns->listener, 8) == 0) {
		dns->address = address_from_sockaddr((struct sockaddr *)&in, len);
		return true;
	}
	close(dns->udp);
	close(dns->listener);
	return false;
}

static inline void fake_dns_start(struct fake_dns *dns, struct event_base *base,
				  fake_answer_fn *answer, void *arg)
{
	int tries = 0;

	memset(dns, 0, sizeof(*dns));
	dns->base = base;
	dns->answer = answer;
	dns->arg = arg;
	while (!fake_dns_bind(dns)) {
		if (++tries == 100)
			abort();
	}
	dns->udp_event = event_new(base, dns->udp, EV_READ | EV_PERSIST, fake_on_udp, dns);
	dns->accept_event =
		event_new(base, dns->listener, EV_READ | EV_PERSIST, fake_on_accept, dns);
	event_add(dns->udp_event, NULL);
	event_add(dns->accept_event, NULL);
}

static inline void fake_dns_stop(struct fake_dns *dns)
{
	if (dns->tcp_event != NULL) {
		event_free(dns->tcp_event);
		close(dns->connection);
	}
	event_free(dns->udp_event);
	event_free(dns->accept_event);
	close(dns->udp);
	close(dns->listener);
}

#endif
