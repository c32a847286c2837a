/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Makes this kernel answer as one that lacks something: what asks for it is bent on its way into
 * something that no kernel knows, and the real kernel refuses that. Loaded before the C library;
 * OLD_KERNEL in the environment names what is lacking, separated by commas.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool lacks(const char *what)
{
	const char *list = getenv("OLD_KERNEL");
	const char *at = list != NULL ? strstr(list, what) : NULL;
	size_t len = strlen(what);

	return at != NULL && (at == list || at[-1] == ',') && (at[len] == '\0' || at[len] == ',');
}

/* What follows begins at a multiple of four. */
static size_t aligned(size_t len)
{
	return (len + 3) & ~(size_t)3;
}

/* The attribute of this type, in so many bytes; NULL: none. */
static struct nlattr *attribute_find(void *bytes, size_t len, unsigned type)
{
	char *at = bytes;

	while (len >= sizeof(struct nlattr)) {
		struct nlattr *attribute = (struct nlattr *)(void *)at;
		size_t used = aligned(attribute->nla_len);

		if (attribute->nla_len < sizeof(*attribute) || used > len)
			return NULL;
		if ((attribute->nla_type & NLA_TYPE_MASK) == type)
			return attribute;
		at += used;
		len -= used;
	}
	return NULL;
}

static struct nlattr *attribute_inside(struct nlattr *attribute, unsigned type)
{
	return attribute == NULL ? NULL
				 : attribute_find(attribute + 1,
						  attribute->nla_len - sizeof(*attribute), type);
}

static void number_bend(struct nlattr *attribute, uint32_t is, uint32_t becomes)
{
	uint32_t number;

	if (attribute == NULL || attribute->nla_len < sizeof(*attribute) + sizeof(number))
		return;
	memcpy(&number, attribute + 1, sizeof(number));
	if ((ntohl(number) & is) == is) {
		number = htonl(becomes);
		memcpy(attribute + 1, &number, sizeof(number));
	}
}

static void expression_bend(struct nlattr *expression)
{
	struct nlattr *name = attribute_inside(expression, NFTA_EXPR_NAME);
	char *word = name != NULL ? (char *)(name + 1) : NULL;

	if (word == NULL)
		return;
	if ((lacks("reject") && strcmp(word, "reject") == 0) ||
	    (lacks("conntrack") && strcmp(word, "ct") == 0))
		word[0] = 'X';
	if (lacks("ct_mark") && strcmp(word, "ct") == 0)
		number_bend(
			attribute_inside(attribute_inside(expression, NFTA_EXPR_DATA), NFTA_CT_KEY),
			NFT_CT_MARK, 99);
}

static void expressions_bend(struct nlattr *list)
{
	char *at = list != NULL ? (char *)(list + 1) : NULL;
	size_t left = list != NULL ? list->nla_len - sizeof(*list) : 0;

	while (left >= sizeof(struct nlattr)) {
		struct nlattr *expression = (struct nlattr *)(void *)at;
		size_t used = aligned(expression->nla_len);

		if (used < sizeof(*expression) || used > left)
			return;
		expression_bend(expression);
		at += used;
		left -= used;
	}
}

static void message_bend(struct nlmsghdr *message)
{
	struct nfgenmsg *head = NLMSG_DATA(message);
	void *attributes = head + 1;
	size_t len = message->nlmsg_len - NLMSG_LENGTH(sizeof(*head));

	if (NFNL_SUBSYS_ID(message->nlmsg_type) != NFNL_SUBSYS_NFTABLES)
		return;
	switch (NFNL_MSG_TYPE(message->nlmsg_type)) {
	case NFT_MSG_NEWTABLE:
		if (lacks("owner") || lacks("persist"))
			number_bend(attribute_find(attributes, len, NFTA_TABLE_FLAGS),
				    lacks("owner") ? 0x2 : 0x4, 0x40000000);
		break;
	case NFT_MSG_NEWCHAIN:
		if (lacks("egress") && head->nfgen_family == NFPROTO_NETDEV)
			number_bend(
				attribute_inside(attribute_find(attributes, len, NFTA_CHAIN_HOOK),
						 NFTA_HOOK_HOOKNUM),
				1, 9);
		break;
	case NFT_MSG_NEWRULE:
		expressions_bend(attribute_find(attributes, len, NFTA_RULE_EXPRESSIONS));
		break;
	default:
		break;
	}
}

static void messages_bend(char *at, size_t left)
{
	while (left >= sizeof(struct nlmsghdr)) {
		struct nlmsghdr *message = (struct nlmsghdr *)(void *)at;
		size_t used = aligned(message->nlmsg_len);

		if (message->nlmsg_len < NLMSG_LENGTH(sizeof(struct nfgenmsg)) || used > left)
			return;
		message_bend(message);
		at += used;
		left -= used;
	}
}

/* The names of the parameters are the C library's. */
ssize_t sendto(int fd, const void *buf, size_t n, int flags, const struct sockaddr *addr,
	       socklen_t addr_len)
{
	ssize_t result;
	char *copy = NULL;

	if (addr != NULL && addr->sa_family == AF_NETLINK && (copy = malloc(n)) != NULL) {
		memcpy(copy, buf, n);
		messages_bend(copy, n);
		buf = copy;
	}
	result = syscall(SYS_sendto, fd, buf, n, flags, addr, addr_len);
	free(copy);
	return result;
}

int socket(int domain, int type, int protocol)
{
	if (domain == AF_NETLINK && protocol == NETLINK_NETFILTER && lacks("nf_tables")) {
		errno = EPROTONOSUPPORT;
		return -1;
	}
	return (int)syscall(SYS_socket, domain, type, protocol);
}

int setsockopt(int fd, int level, int optname, const void *optval, socklen_t optlen)
{
	if (level == SOL_SOCKET && optname == SO_BINDTODEVICE && lacks("bind")) {
		errno = EPERM;
		return -1;
	}
	return (int)syscall(SYS_setsockopt, fd, level, optname, optval, optlen);
}
