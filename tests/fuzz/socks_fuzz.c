/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every SOCKS parser: no byte too far, MORE at every cut of what is valid, and names that hold. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proto/socks.h"

static enum parse_result parse(unsigned which, const uint8_t *bytes, size_t len, size_t *used)
{
	struct socks5_greeting greeting;
	struct socks_request request;
	struct span user, password;
	struct address bound;
	enum parse_result result;
	struct host host;
	uint16_t port;
	uint8_t reply;

	switch (which) {
	case 0:
		return socks5_parse_greeting(bytes, len, &greeting, used);
	case 1:
		return socks5_parse_login(bytes, len, &user, &password, used);
	case 2:
	case 3:
		result = which == 2 ? socks5_parse_request(bytes, len, &request, used)
				    : socks4_parse_request(bytes, len, &request, used);
		if (result == PARSE_BAD)
			assert(request.refusal != 0);
		if (result != PARSE_DONE)
			return result;
		assert(request.host.name_len > 0 &&
		       strlen(request.host.name) == request.host.name_len);
		assert(request.port != 0 || request.command == SOCKS_UDP_ASSOCIATE);
		return result;
	case 4:
		return socks5_parse_datagram(bytes, len, &host, &port, used);
	default:
		return socks5_parse_reply(bytes, len, &reply, &bound, used);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (unsigned which = 0; which < 6; which++) {
		enum parse_result result;
		size_t used = SIZE_MAX, ignored;

		result = parse(which, data, size, &used);
		if (result != PARSE_DONE) {
			assert(used == 0);
			continue;
		}
		assert(used > 0 && used <= size);
		for (size_t cut = 0; cut < used; cut++) {
			uint8_t *copy = malloc(cut == 0 ? 1 : cut);

			memcpy(copy, data, cut);
			assert(parse(which, copy, cut, &ignored) == PARSE_MORE);
			free(copy);
		}
		assert(parse(which, data, used, &ignored) == PARSE_DONE && ignored == used);
	}
	return 0;
}
