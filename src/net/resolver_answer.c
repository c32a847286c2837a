/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads DNS messages through c-ares, and decides how long to believe them. */
#include "resolver_answer.h"

#include <ares.h>
#include <stdlib.h>
#include <string.h>

enum {
	TTL_MIN_S = 5, /* a TTL of 0 must not make a page of 50 connections 50 questions */
	TTL_MAX_S = 3600,
	TTL_NEGATIVE_MAX_S = 30,
	TTL_FAILURE_S = 1, /* long enough to stop a storm, short enough to notice the cure */
	DNS_HEADER_LEN = 12,
	DNS_QUESTION_TAIL_LEN = 4,
	DNS_RECORD_TAIL_LEN = 10,
	DNS_TYPE_SOA = 6,
};

static size_t answer_size(size_t count)
{
	return sizeof(struct answer) + count * sizeof(struct address);
}

struct answer *answer_new(void)
{
	struct answer *answer = calloc(1, answer_size(LOOKUP_ADDRESSES_MAX));

	if (answer == NULL)
		return NULL;
	answer->refs = 1;
	answer->result = LOOKUP_FAILED;
	answer->ttl_s = TTL_FAILURE_S;
	return answer;
}

struct answer *answer_ref(struct answer *answer)
{
	answer->refs++;
	return answer;
}

void answer_unref(struct answer *answer)
{
	if (answer != NULL && --answer->refs == 0)
		free(answer);
}

static uint32_t ttl_within(uint32_t ttl, uint32_t low, uint32_t high)
{
	if (ttl < low)
		return low;
	return ttl > high ? high : ttl;
}

static uint32_t read_u16(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 8 | bytes[1];
}

static uint32_t read_u32(const uint8_t *bytes)
{
	return read_u16(bytes) << 16 | read_u16(bytes + 2);
}

/* Where a name that starts at offset ends in the message; 0 when it does not. */
static size_t dns_skip_name(const uint8_t *message, size_t len, size_t offset)
{
	while (offset < len) {
		uint8_t label = message[offset];

		if (label == 0)
			return offset + 1;
		if ((label & 0xc0) == 0xc0)
			return offset + 2 <= len ? offset + 2 : 0;
		if ((label & 0xc0) != 0)
			return 0;
		offset += 1U + label;
	}
	return 0;
}

/* The end of a record; *fixed is where its type stands. 0 when it is cut. */
static size_t dns_skip_record(const uint8_t *message, size_t len, size_t offset, size_t *fixed)
{
	offset = dns_skip_name(message, len, offset);
	if (offset == 0 || len - offset < DNS_RECORD_TAIL_LEN)
		return 0;
	*fixed = offset;
	offset += DNS_RECORD_TAIL_LEN;
	if (len - offset < read_u16(message + *fixed + 8))
		return 0;
	return offset + read_u16(message + *fixed + 8);
}

uint32_t answer_negative_ttl(const uint8_t *message, size_t len)
{
	size_t offset = DNS_HEADER_LEN;
	size_t records;

	if (message == NULL || len < DNS_HEADER_LEN)
		return 0;
	for (uint32_t i = read_u16(message + 4); i > 0; i--) {
		offset = dns_skip_name(message, len, offset);
		if (offset == 0 || len - offset < DNS_QUESTION_TAIL_LEN)
			return 0;
		offset += DNS_QUESTION_TAIL_LEN;
	}
	records = read_u16(message + 6) + read_u16(message + 8);
	for (; records > 0; records--) {
		size_t fixed;
		uint32_t ttl, minimum;

		offset = dns_skip_record(message, len, offset, &fixed);
		if (offset == 0)
			return 0;
		/* Two names of a byte each and five numbers are the least that a SOA can be. */
		if (read_u16(message + fixed) != DNS_TYPE_SOA ||
		    read_u16(message + fixed + 8) < 2 + 5 * 4)
			continue;
		ttl = read_u32(message + fixed + 4);
		minimum = read_u32(message + offset - 4);
		return ttl < minimum ? ttl : minimum;
	}
	return 0;
}

static void answer_add(struct answer *answer, const struct address *address, int ttl)
{
	uint32_t within = ttl_within(ttl < 0 ? 0 : (uint32_t)ttl, TTL_MIN_S, TTL_MAX_S);

	if (answer->count == 0 || within < answer->ttl_s)
		answer->ttl_s = within;
	answer->addresses[answer->count++] = *address;
}

static int answer_read_v4(struct answer *answer, const uint8_t *message, int len)
{
	struct ares_addrttl found[LOOKUP_ADDRESSES_MAX];
	int count = LOOKUP_ADDRESSES_MAX;
	int status = ares_parse_a_reply(message, len, NULL, found, &count);

	for (int i = 0; status == ARES_SUCCESS && i < count; i++) {
		struct address address = {.family = AF_INET, .v4 = found[i].ipaddr};

		answer_add(answer, &address, found[i].ttl);
	}
	return status;
}

static int answer_read_v6(struct answer *answer, const uint8_t *message, int len)
{
	struct ares_addr6ttl found[LOOKUP_ADDRESSES_MAX];
	int count = LOOKUP_ADDRESSES_MAX;
	int status = ares_parse_aaaa_reply(message, len, NULL, found, &count);

	for (int i = 0; status == ARES_SUCCESS && i < count; i++) {
		struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
		struct address address;

		/* Through the kernel's form, so that a mapped address is seen as the IPv4 it is. */
		memcpy(&in6.sin6_addr, &found[i].ip6addr, sizeof(in6.sin6_addr));
		address = address_from_sockaddr((struct sockaddr *)&in6, sizeof(in6));
		answer_add(answer, &address, found[i].ttl);
	}
	return status;
}

static void answer_negate(struct answer *answer, const uint8_t *message, size_t len)
{
	uint32_t ttl = answer_negative_ttl(message, len);

	answer->result = LOOKUP_NOT_FOUND;
	answer->count = 0;
	answer->ttl_s = ttl_within(ttl, TTL_FAILURE_S, TTL_NEGATIVE_MAX_S);
}

struct answer *answer_fill(struct answer *answer, int family, int status, const uint8_t *message,
			   size_t len)
{
	struct answer *trimmed;

	if (status == ARES_SUCCESS)
		status = family == AF_INET6 ? answer_read_v6(answer, message, (int)len)
					    : answer_read_v4(answer, message, (int)len);
	if (status == ARES_SUCCESS && answer->count > 0)
		answer->result = LOOKUP_OK;
	else if (status == ARES_SUCCESS || status == ARES_ENODATA || status == ARES_ENOTFOUND)
		answer_negate(answer, message, len);
	else if (status == ARES_ETIMEOUT)
		answer->result = LOOKUP_TIMEOUT;
	trimmed = realloc(answer, answer_size(answer->count));
	return trimmed == NULL ? answer : trimmed;
}
