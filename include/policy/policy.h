/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The rules, and what they say of a request. Pure: no sockets, no clock, no log; only in the
 * background, to build and to free a long list of names takes rests (base/background.h). Built
 * once, then immutable and shared by every thread.
 */
#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/compiler.h"
#include "base/host.h"

struct policy;

enum {
	POLICY_CLIENT_UNKNOWN = -1, /* no client line describes who asks */
	POLICY_EGRESS_NONE = -1,
};

enum transport {
	TRANSPORT_TCP = 1,
	TRANSPORT_UDP = 2,
};

/* What is asked, the same whether HTTP or SOCKS asked. host is borrowed. */
struct request {
	int client; /* from policy_identify, or POLICY_CLIENT_UNKNOWN */
	const struct host *host;
	uint16_t port;
	enum transport transport;
};

/* Where a rule stands and how it reads; borrowed from the policy. */
struct rule_source {
	const char *file;
	unsigned line;    /* from 1; 0 for the built-in "no rule matched" */
	const char *text; /* the line as written, blanks and comment trimmed */
};

enum verdict_reason {
	VERDICT_RULE,     /* a rule matched */
	VERDICT_DEFAULT,  /* the default line */
	VERDICT_NO_MATCH, /* no rule matched and there is no default line: denied */
};

struct verdict {
	bool allowed;
	int egress; /* index of the egress, in the order of the file; POLICY_EGRESS_NONE when denied
		     */
	enum verdict_reason reason;
	const struct rule_source *rule; /* never NULL */
};

/*
 * Who is asking: a client that the listener stands for (named by "as", else POLICY_CLIENT_UNKNOWN),
 * the source address and the user that logged in (user_len 0: none; not NUL-terminated). The first
 * client line all of whose attributes hold; POLICY_CLIENT_UNKNOWN when none does. A listener that
 * stands for a client admits that one alone, and only when its other attributes hold too; a client
 * without attributes is known by its listener and by nothing else.
 */
int policy_identify(const struct policy *policy, int listener_client, const struct address *source,
		    const char *user, size_t user_len);

/*
 * Decides. First match wins, no match denies. Fills *verdict always. No allocation; time does not
 * grow with the sets.
 *
 * What cannot be compared is unknown: a name against addresses, an address against names, a client
 * that nobody knows against clients. "x" never matches the unknown. "not x" does not match it in a
 * rule that allows, and does in a rule that blocks: unknown means deny. One exception, because the
 * address guard makes it certain: "not private" holds for a name on an egress that resolves names
 * itself and is not "private".
 */
void policy_decide(const struct policy *policy, const struct request *request,
		   struct verdict *verdict);

/* Why a rule did not match, in the order they are looked at. */
enum rule_miss {
	RULE_MATCHES,
	RULE_OTHER_CLIENT,
	RULE_OTHER_PROTOCOL,
	RULE_OTHER_PORT,
	RULE_OTHER_DESTINATION,
	RULE_EXCEPTED,    /* a "not" took it away */
	RULE_CANNOT_TELL, /* it asks for an address and the client gave a name, or the other way */
};

/* "another client", "another port", ...: a few words for people. */
const char *rule_miss_name(enum rule_miss miss);

typedef void policy_considered_fn(void *arg, const struct rule_source *rule, enum rule_miss miss);

/* Decides, and tells of each rule that was considered, the matching one last. */
void policy_explain(const struct policy *policy, const struct request *request,
		    struct verdict *verdict, policy_considered_fn *considered, void *arg);

/* Names, for logs and status; "-" for an index that is none. */
const char *policy_client_name(const struct policy *policy, int client);
const char *policy_egress_name(const struct policy *policy, int egress);
size_t policy_client_count(const struct policy *policy);

/* Does any rule, or the default, let somebody pass whom no client line describes? */
bool policy_admits_unknown(const struct policy *policy);

/* By name; -1 when there is none. */
int policy_find_client(const struct policy *policy, const char *name);

void policy_free(struct policy *policy);

#endif
