/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages between warden and proxy. */
#include "warden/channel.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"

enum {
	/* A thousand files may be on their way before the proxy has read the first. */
	CHANNEL_BUFFER_SIZE = 4 << 20,
};

union descriptor_space {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int))];
};

int channel_open(int ends[2])
{
	int size = CHANNEL_BUFFER_SIZE;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0)
		return -1;
	/* Past net.core.wmem_max where we may. */
	if (setsockopt(ends[0], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0)
		(void)setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	return 0;
}

bool channel_is_one(int fd)
{
	int domain = 0, type = 0;
	socklen_t len = sizeof(int);

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) < 0)
		return false;
	return domain == AF_UNIX && type == SOCK_SEQPACKET;
}

static size_t message_len(const struct warden_message *message)
{
	const size_t head = offsetof(struct warden_message, path);

	if (message->word == WARDEN_REPORT)
		return head + sizeof(message->report);
	return message->word == WARDEN_FILE ? head + strlen(message->path) + 1 : head;
}

int channel_tell(int channel, const struct warden_message *message, int fd)
{
	struct iovec vector = {.iov_base = (void *)(uintptr_t)message,
			       .iov_len = message_len(message)};
	union descriptor_space space = {.bytes = {0}};
	struct msghdr header = {.msg_iov = &vector, .msg_iovlen = 1};

	if (fd >= 0) {
		struct cmsghdr *rights = &space.align;

		header.msg_control = space.bytes;
		header.msg_controllen = sizeof(space.bytes);
		rights->cmsg_level = SOL_SOCKET;
		rights->cmsg_type = SCM_RIGHTS;
		rights->cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(rights), &fd, sizeof(fd));
	}
	return sendmsg(channel, &header, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

enum channel_result channel_hear(int channel, struct proxy_message *message)
{
	/* One byte more than we want shows one that is too long. No room for descriptors: the
	 * kernel closes what is sent along. */
	char bytes[sizeof(*message) + 1];
	ssize_t len = recv(channel, bytes, sizeof(bytes), 0);

	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return CHANNEL_NOTHING;
	if (len != sizeof(*message))
		return CHANNEL_OVER;
	memcpy(message, bytes, sizeof(*message));
	return message->word <= PROXY_REFUSED ? CHANNEL_GOT : CHANNEL_OVER;
}

static bool message_is_whole(const struct warden_message *message, size_t len)
{
	const size_t head = offsetof(struct warden_message, path);

	if (len < head)
		return false;
	if (message->word == WARDEN_FILE)
		return len > head && len <= sizeof(*message) &&
		       message->path[len - head - 1] == '\0';
	return len == message_len(message);
}

enum channel_result channel_receive(int channel, bool wait, struct warden_message *message, int *fd)
{
	struct iovec vector = {.iov_base = message, .iov_len = sizeof(*message)};
	union descriptor_space space = {.bytes = {0}};
	struct msghdr header = {.msg_iov = &vector,
				.msg_iovlen = 1,
				.msg_control = space.bytes,
				.msg_controllen = sizeof(space.bytes)};
	const struct cmsghdr *rights;
	ssize_t len;

	*fd = -1;
	do {
		struct pollfd ready = {.fd = channel, .events = POLLIN};

		if (wait)
			(void)poll(&ready, 1, -1);
		len = recvmsg(channel, &header, MSG_CMSG_CLOEXEC);
	} while (len < 0 && (errno == EINTR || (wait && errno == EAGAIN)));
	if (len < 0 && errno == EAGAIN)
		return CHANNEL_NOTHING;
	if (len <= 0)
		return CHANNEL_OVER;
	rights = CMSG_FIRSTHDR(&header);
	if (rights != NULL && rights->cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(rights), sizeof(*fd));
	if (message_is_whole(message, (size_t)len))
		return CHANNEL_GOT;
	fd_clear(fd);
	return CHANNEL_OVER;
}

int channel_answer(int channel, enum proxy_word word, uint32_t asked)
{
	const struct proxy_message message = {.word = word, .asked = asked};

	return send(channel, &message, sizeof(message), MSG_NOSIGNAL) < 0 ? -1 : 0;
}
