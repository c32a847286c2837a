/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Trying what a kernel has: batches that would make a table and are spoiled at their end. */
#include "firewall/features.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "firewall/ruleset_build.h"
#include "nf_tables.h"
#include "socket.h"
#include "write.h"

static const char table_name[] = "egressd_try";
/* What the message is about that spoils every batch: known by its place. */
static const char spoiler[] = "a chain that is not there";

static const struct feature_words words[FEATURE_COUNT] = {
	[FEATURE_TABLES] = {"nf_tables", "packet rules of family inet",
			    "nf_tables in the kernel (CONFIG_NF_TABLES, CONFIG_NF_TABLES_INET)",
			    "there are no rules at all", true},
	[FEATURE_NET_ADMIN] = {"net_admin", "the right to change the rules here",
			       "the capability NET_ADMIN over this network namespace (cap_add: "
			       "NET_ADMIN; as root: a user that is not has it only by a file "
			       "capability)",
			       "no rule can be set", true},
	[FEATURE_COUNTERS] = {"counters", "named counters", "nft_objref, nft_counter (Linux 4.10)",
			      "nobody could tell what was stopped", true},
	[FEATURE_SETS] = {"sets", "sets of addresses", "nft_set_hash (CONFIG_NF_TABLES)",
			  "rules cannot say who the clients are", true},
	[FEATURE_UID] = {"uid", "matching by user", "nft_meta (CONFIG_NF_TABLES)",
			 "the proxy's packets cannot be told from others", true},
	[FEATURE_CONNTRACK] = {"conntrack", "connection tracking in rules",
			       "nft_ct, nf_conntrack (CONFIG_NFT_CT)",
			       "answers cannot be told from new connections", true},
	[FEATURE_MARK] = {"ct_mark", "marks of connections", "CONFIG_NF_CONNTRACK_MARK",
			  "what a killed proxy left behind cannot be told from others", true},
	[FEATURE_REJECT] = {"reject", "refusing aloud", "nft_reject_inet (CONFIG_NFT_REJECT_INET)",
			    "what is stopped would hang instead of failing", true},
	[FEATURE_BIND] = {"bind", "sockets bound to a device without privilege", "Linux 5.7",
			  "the proxy, which has no capability, cannot bind to the tunnel", true},
	[FEATURE_OWNER] = {"owner", "tables that only their owner may change", "Linux 5.12",
			   "a change by somebody else is not refused, but repaired after it",
			   false},
	[FEATURE_PERSIST] = {"persist", "tables with an owner that outlive it", "Linux 6.9",
			     "the table itself can be changed by others; while egressd runs, a "
			     "second copy that only it may change stands behind it",
			     false},
	[FEATURE_EGRESS] = {"egress", "a hook at the device itself",
			    "Linux 5.16 (CONFIG_NETFILTER_EGRESS)",
			    "the witness sees no raw frames, and strict rules are refused", false},
};

const struct feature_words *firewall_feature_words(enum firewall_feature feature)
{
	return &words[feature];
}

const char *firewall_tier_name(enum firewall_tier tier)
{
	static const char *const names[] = {[TIER_UNKNOWN] = "unknown",
					    [TIER_FULL] = "full",
					    [TIER_REDUCED] = "reduced",
					    [TIER_REFUSED] = "refused"};

	return names[tier];
}

enum firewall_feature firewall_features_lack(const struct firewall_features *features)
{
	enum firewall_feature feature = 0;

	while (feature < FEATURE_COUNT &&
	       !(words[feature].required && features->states[feature] == FEATURE_MISSING))
		feature++;
	return feature;
}

enum firewall_tier firewall_features_tier(const struct firewall_features *features)
{
	enum firewall_tier tier = TIER_FULL;

	if (firewall_features_lack(features) < FEATURE_COUNT)
		return TIER_REFUSED;
	for (enum firewall_feature feature = 0; feature < FEATURE_COUNT; feature++) {
		if (words[feature].required && features->states[feature] == FEATURE_UNKNOWN)
			return TIER_UNKNOWN;
		if (features->states[feature] != FEATURE_PRESENT)
			tier = TIER_REDUCED;
	}
	return tier;
}

/* --- what is tried --- */

static void rule_add(struct ruleset *ruleset, enum match_kind kind, const char *set)
{
	struct ruleset_rule *rule = ruleset_add_rule(ruleset);
	struct rule_match *match;

	if (rule == NULL)
		return;
	match = &rule->matches[rule->match_count++];
	match->kind = kind;
	snprintf(match->set, sizeof(match->set), "%s", set);
	match->prefix = (struct prefix){.address.family = AF_INET, .bits = 8};
}

static void rule_add_verdict(struct ruleset *ruleset, enum rule_verdict verdict)
{
	struct ruleset_rule *rule = ruleset_add_rule(ruleset);

	if (rule != NULL)
		rule->verdict = verdict;
}

/* A ruleset that takes this feature, and nothing that is tried later. */
static void ruleset_make(struct ruleset *ruleset, enum firewall_feature feature)
{
	static const uint8_t ten[] = {10, 0, 0, 0};
	struct ruleset_rule *rule;

	ruleset_init(ruleset, feature == FEATURE_EGRESS ? RULESET_NETDEV : RULESET_INET,
		     table_name);
	if (feature == FEATURE_SETS)
		ruleset_set_add(ruleset, ruleset_add_set(ruleset, "ten", AF_INET), ten);
	ruleset_add_chain(ruleset, "c",
			  feature == FEATURE_TABLES   ? HOOK_OUTPUT
			  : feature == FEATURE_EGRESS ? HOOK_EGRESS
						      : HOOK_NONE,
			  0, false);
	switch (feature) {
	case FEATURE_EGRESS:
		ruleset_add_device(ruleset, "lo");
		break;
	case FEATURE_COUNTERS:
		ruleset_add_counter(ruleset, "one");
		rule = ruleset_add_rule(ruleset);
		if (rule != NULL)
			snprintf(rule->counter, sizeof(rule->counter), "one");
		break;
	case FEATURE_SETS:
		rule_add(ruleset, MATCH_SOURCE, "ten");
		break;
	case FEATURE_UID:
		rule_add(ruleset, MATCH_UID, "");
		break;
	case FEATURE_CONNTRACK:
		rule_add(ruleset, MATCH_REPLY, "");
		rule_add(ruleset, MATCH_INVALID, "");
		break;
	case FEATURE_MARK:
		rule_add(ruleset, MATCH_MARKED, "");
		rule = ruleset_add_rule(ruleset);
		if (rule != NULL)
			rule->marks = true;
		break;
	case FEATURE_REJECT:
		rule_add_verdict(ruleset, VERDICT_RESET);
		rule_add_verdict(ruleset, VERDICT_REJECT);
		break;
	default:
		break;
	}
}

static int feature_write(enum firewall_feature feature, struct batch *batch)
{
	uint32_t flags = feature == FEATURE_OWNER ? FIREWALL_TABLE_OWNER
			 : feature == FEATURE_PERSIST
				 ? FIREWALL_TABLE_OWNER | FIREWALL_TABLE_PERSIST
				 : 0;
	struct ruleset ruleset;
	int result;

	ruleset_make(&ruleset, feature);
	result = ruleset_finish(&ruleset);
	if (result == 0)
		result = ruleset_write(&ruleset, flags, batch);
	ruleset_clear(&ruleset);
	return result;
}

/* Asks for the rules of a chain that is not there: that refuses the batch as a whole. */
static int spoiler_write(struct batch *batch)
{
	struct nftnl_rule *rule = nftnl_rule_alloc();
	struct nlmsghdr *message = NULL;

	if (rule != NULL)
		message = batch_begin(batch, NFT_MSG_NEWRULE, NLM_F_CREATE, spoiler);
	if (message != NULL) {
		nftnl_rule_set_str(rule, NFTNL_RULE_TABLE, table_name);
		nftnl_rule_set_str(rule, NFTNL_RULE_CHAIN, "nowhere");
		nftnl_rule_nlmsg_build_payload(message, rule);
		batch_end(batch, message);
	}
	if (rule != NULL)
		nftnl_rule_free(rule);
	return message != NULL ? 0 : -1;
}

/* --- trying it --- */

static void feature_note(struct firewall_features *features, enum firewall_feature feature,
			 int error)
{
	bool absent = error == EOPNOTSUPP || error == ENOENT || error == EINVAL ||
		      error == ENOSYS || error == EPROTONOSUPPORT || error == EAFNOSUPPORT;

	features->errors[feature] = error;
	features->states[feature] = error == 0 ? FEATURE_PRESENT
				    : absent   ? FEATURE_MISSING
					       : FEATURE_UNKNOWN;
}

static int feature_try(struct firewall *firewall, enum firewall_feature feature)
{
	struct batch batch;
	const char *needs = NULL;
	int error = ENOMEM;

	batch_init(&batch, feature == FEATURE_EGRESS ? RULESET_NETDEV : RULESET_INET);
	if (feature_write(feature, &batch) == 0 && spoiler_write(&batch) == 0 &&
	    batch_finish(&batch) == 0)
		error = socket_send_batch(firewall, &batch, &needs);
	batch_clear(&batch);
	/* The first thing that was refused is the spoiler: all before it was taken. */
	if (error != 0 && needs == spoiler)
		return 0;
	/* No error is no answer: the spoiler must be refused. */
	return error != 0 ? error : EPROTO;
}

/* As the proxy will: without a capability. */
static int bind_try(void)
{
	int status;
	pid_t child = fork();

	if (child < 0)
		return errno;
	if (child == 0) {
		struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
		struct __user_cap_data_struct none[2] = {{0}};
		int fd;

		if (syscall(SYS_capset, &head, none) < 0)
			_exit(EAGAIN);
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		_exit(fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3) == 0 ? 0
											   : errno);
	}
	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR)
			return errno;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
}

void firewall_features_try(struct firewall_features *features)
{
	char problem[FIREWALL_PROBLEM_SIZE];
	struct firewall *firewall;
	int error;

	*features = (struct firewall_features){0};
	error = bind_try();
	feature_note(features, FEATURE_BIND, error);
	if (error == EPERM)
		features->states[FEATURE_BIND] = FEATURE_MISSING;
	errno = 0;
	firewall = firewall_open(problem);
	if (firewall == NULL) {
		feature_note(features, FEATURE_TABLES, errno);
		return;
	}
	error = feature_try(firewall, FEATURE_TABLES);
	feature_note(features, FEATURE_TABLES, error);
	feature_note(features, FEATURE_NET_ADMIN, error);
	if (error == EPERM || error == EACCES)
		features->states[FEATURE_NET_ADMIN] = FEATURE_MISSING;
	else if (error != 0)
		features->states[FEATURE_NET_ADMIN] = FEATURE_UNKNOWN;
	for (enum firewall_feature feature = 0; error == 0 && feature < FEATURE_COUNT; feature++) {
		if (feature != FEATURE_TABLES && feature != FEATURE_NET_ADMIN &&
		    feature != FEATURE_BIND)
			feature_note(features, feature, feature_try(firewall, feature));
	}
	firewall_close(firewall);
}
