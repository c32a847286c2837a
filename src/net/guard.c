/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Judges addresses by their class and by the list of our own listeners. */
#include "net/guard.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/special.h"

struct guard {
	size_t count;
	struct address listeners[];
};

struct guard *guard_new(const struct address *listeners, size_t count)
{
	struct guard *guard = calloc(1, sizeof(*guard) + count * sizeof(guard->listeners[0]));

	if (guard == NULL)
		return NULL;
	guard->count = count;
	if (count > 0)
		memcpy(guard->listeners, listeners, count * sizeof(guard->listeners[0]));
	return guard;
}

void guard_free(struct guard *guard)
{
	free(guard);
}

/*
 * The addresses of a machine come and go with its tunnels, so the kernel is asked: it lets a socket
 * be bound to nothing but an address of its own. Whatever else goes wrong counts as ours.
 */
static bool guard_is_local(const struct address *address)
{
	struct address any_port = *address;
	struct sockaddr_storage sockaddr;
	socklen_t len;
	bool local;
	int fd;

	any_port.port = 0;
	len = address_to_sockaddr(&any_port, &sockaddr);
	fd = socket(address->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return errno != EAFNOSUPPORT;
	local = bind(fd, (struct sockaddr *)&sockaddr, len) == 0 || errno != EADDRNOTAVAIL;
	fd_close(fd);
	return local;
}

static bool guard_is_wildcard(const struct address *listener)
{
	return address_class(listener) == ADDRESS_UNSPECIFIED;
}

/* The port is compared first: nearly no dial gets as far as asking the kernel. */
static bool guard_is_own_listener(const struct guard *guard, const struct address *address)
{
	for (size_t i = 0; i < guard->count; i++) {
		const struct address *listener = &guard->listeners[i];

		if (listener->port != address->port)
			continue;
		if (address_equals(listener, address))
			return true;
		if (guard_is_wildcard(listener) && guard_is_local(address))
			return true;
	}
	return false;
}

/* "address is private" and its like, as static text. */
static const char *guard_reason(enum address_class class)
{
	static const char *const reasons[] = {
		[ADDRESS_PUBLIC] = "address is public",
		[ADDRESS_UNSPECIFIED] = "address is unspecified",
		[ADDRESS_LOOPBACK] = "address is loopback",
		[ADDRESS_PRIVATE] = "address is private",
		[ADDRESS_LINK_LOCAL] = "address is link-local",
		[ADDRESS_METADATA] = "address is cloud metadata",
		[ADDRESS_CGNAT] = "address is carrier NAT",
		[ADDRESS_MULTICAST] = "address is multicast",
		[ADDRESS_BROADCAST] = "address is broadcast",
		[ADDRESS_RESERVED] = "address is reserved",
	};

	return reasons[class];
}

static const char *guard_refusal(const struct guard *guard, const struct address *address,
				 bool allow_private)
{
	enum address_class class = address_class(address);

	if (class == ADDRESS_MULTICAST || class == ADDRESS_BROADCAST ||
	    class == ADDRESS_UNSPECIFIED)
		return guard_reason(class);
	if (class != ADDRESS_PUBLIC && !allow_private)
		return guard_reason(class);
	if (guard != NULL && guard_is_own_listener(guard, address))
		return "address is our own listener";
	return NULL;
}

bool guard_allows(const struct guard *guard, const struct address *address, bool allow_private,
		  const char **reason)
{
	const char *refusal = guard_refusal(guard, address, allow_private);

	if (refusal == NULL)
		return true;
	*reason = refusal;
	return false;
}
