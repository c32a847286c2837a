/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SOCKS 4, 4a and 5 (RFC 1928, RFC 1929). Pure: each parser says how many bytes it used.
 * Length-exact: NUL is bad. */
#ifndef PROTO_SOCKS_H
#define PROTO_SOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/host.h"
#include "base/span.h"
#include "proto/parse.h"

enum socks_command {
	SOCKS_CONNECT = 1,
	SOCKS_BIND = 2,
	SOCKS_UDP_ASSOCIATE = 3,
};

/* SOCKS5 reply codes (RFC 1928 6). */
enum socks5_reply {
	SOCKS5_SUCCEEDED = 0,
	SOCKS5_GENERAL_FAILURE = 1,
	SOCKS5_NOT_ALLOWED = 2,
	SOCKS5_NETWORK_UNREACHABLE = 3,
	SOCKS5_HOST_UNREACHABLE = 4,
	SOCKS5_CONNECTION_REFUSED = 5,
	SOCKS5_TTL_EXPIRED = 6, /* used for time-outs */
	SOCKS5_COMMAND_NOT_SUPPORTED = 7,
	SOCKS5_ADDRESS_TYPE_NOT_SUPPORTED = 8,
};

enum socks4_reply {
	SOCKS4_GRANTED = 90,
	SOCKS4_REJECTED = 91,
};

enum {
	SOCKS_REPLY_MAX = 22,
	SOCKS_DATAGRAM_HEADER_MAX = 4 + 1 + 255 + 2,
};

struct socks5_greeting {
	bool offers_none, offers_password; /* methods 0 and 2 */
};

struct socks_request {
	enum socks_command command;
	struct host host;
	uint16_t port;    /* 0 only with UDP ASSOCIATE */
	struct span user; /* SOCKS4's USERID; len 0 in SOCKS5 */
	uint8_t refusal;  /* with PARSE_BAD: the reply code of its version to send */
};

enum parse_result socks5_parse_greeting(const uint8_t *bytes, size_t len,
					struct socks5_greeting *greeting, size_t *used);
/* RFC 1929; user and password are 1-255 and 0-255 bytes, any bytes. */
enum parse_result socks5_parse_login(const uint8_t *bytes, size_t len, struct span *user,
				     struct span *password, size_t *used);
/*
 * BIND is read like the others; the caller refuses it. A request is judged when all of it is here,
 * save an unknown version or address type. BAD: 7 unknown command, 8 unknown address type, 4 a name
 * that can be no host, 1 otherwise (port 0, RSV not 0).
 */
enum parse_result socks5_parse_request(const uint8_t *bytes, size_t len,
				       struct socks_request *request, size_t *used);
/* USERID and 4a's name are at most 255 bytes; 0.0.0.0 and port 0 are bad. */
enum parse_result socks4_parse_request(const uint8_t *bytes, size_t len,
				       struct socks_request *request, size_t *used);

/* Each returns the length written to out. bound may be NULL: zeros of IPv4. */
size_t socks5_write_reply(uint8_t out[SOCKS_REPLY_MAX], enum socks5_reply reply,
			  const struct address *bound);
size_t socks4_write_reply(uint8_t out[SOCKS_REPLY_MAX], enum socks4_reply reply,
			  const struct address *bound);

/* A UDP request header (RFC 1928 7); FRAG other than 0 and port 0 are bad, and so is MORE, since a
 * datagram never grows. *used is where the payload starts. */
enum parse_result socks5_parse_datagram(const uint8_t *bytes, size_t len, struct host *host,
					uint16_t *port, size_t *used);
size_t socks5_write_datagram_header(uint8_t out[SOCKS_DATAGRAM_HEADER_MAX],
				    const struct address *from);

/* The client's side, for upstream proxies. host goes by name unless it is a literal. Lengths
 * written to out. */
size_t socks5_write_greeting(uint8_t out[4], bool with_password);
/* user is 1-255 bytes, password 0-255. */
size_t socks5_write_login(uint8_t out[513], struct span user, struct span password);
size_t socks5_write_connect(uint8_t out[SOCKS_DATAGRAM_HEADER_MAX], const struct host *host,
			    uint16_t port);
/* *bound is AF_UNSPEC when the server named its side by name. */
enum parse_result socks5_parse_reply(const uint8_t *bytes, size_t len, uint8_t *reply,
				     struct address *bound, size_t *used);

#endif
