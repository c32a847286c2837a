/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Makes a policy out of what the policy file says, piece by piece. Indexes are given in the order
 * of the calls. Every function that returns int gives -1 + errno when there is no memory; the
 * builder may then only be freed. What does not make sense is the caller's to refuse.
 */
#ifndef POLICY_BUILDER_H
#define POLICY_BUILDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/prefix.h"
#include "policy/policy.h"

struct policy_builder;

/* One item of a rule's "to", or of a set. */
struct destination {
	enum destination_kind {
		DESTINATION_ANY, /* of a rule only, as are the literals and the sets */
		DESTINATION_LITERAL,
		DESTINATION_SET,
		DESTINATION_PRIVATE,
		DESTINATION_PREFIX,
		DESTINATION_NAME,
	} kind;
	bool except;          /* "not" */
	int set;              /* DESTINATION_SET */
	struct prefix prefix; /* DESTINATION_PREFIX */
	const char *name;     /* DESTINATION_NAME: canonical, without "*."; borrowed */
	size_t name_len;
	bool below; /* "*." stood before the name */
};

MUST_CHECK struct policy_builder *policy_builder_new(const char *file);
void policy_builder_free(struct policy_builder *builder);

MUST_CHECK int policy_builder_egress(struct policy_builder *builder, const char *name, size_t len);

/* The egress resolves names itself and its guard refuses special addresses. */
void policy_builder_egress_guarded(struct policy_builder *builder, int egress);

MUST_CHECK int policy_builder_client(struct policy_builder *builder, const char *name, size_t len);

/* One of several addresses or users: any of them holds; with both kinds, one of each must. */
MUST_CHECK int policy_builder_client_address(struct policy_builder *builder, int client,
					     const struct prefix *prefix);
MUST_CHECK int policy_builder_client_user(struct policy_builder *builder, int client,
					  const char *user, size_t len);

MUST_CHECK int policy_builder_set(struct policy_builder *builder);
MUST_CHECK int policy_builder_set_add(struct policy_builder *builder, int set,
				      const struct destination *destination);

/*
 * Begins a rule that matches everything; egress POLICY_EGRESS_NONE blocks. The calls below narrow
 * the rule that was begun last. text is the line as written.
 */
MUST_CHECK int policy_builder_rule(struct policy_builder *builder, int egress, unsigned line,
				   const char *text, size_t len);
MUST_CHECK int policy_builder_from(struct policy_builder *builder, int client, bool except);
MUST_CHECK int policy_builder_to(struct policy_builder *builder,
				 const struct destination *destination);
MUST_CHECK int policy_builder_ports(struct policy_builder *builder, uint16_t low, uint16_t high);
void policy_builder_transports(struct policy_builder *builder, unsigned transports);

/* The verdict when no rule matches. */
MUST_CHECK int policy_builder_default(struct policy_builder *builder, int egress, unsigned line,
				      const char *text, size_t len);

/* Frees the builder, whatever comes back. NULL + errno. */
MUST_CHECK struct policy *policy_builder_finish(struct policy_builder *builder);

/* Of a rule, by its place in the file among the rules. */
const struct rule_source *policy_rule_source(const struct policy *policy, size_t rule);

/*
 * The first earlier rule that matches whatever this one does, so that this one never has a turn; -1
 * when none can be proved to. Never wrong, but does not see what only several rules cover together.
 */
int policy_rule_shadow(const struct policy *policy, size_t rule);

/* No request by name ever matches: "not" stands before addresses in a rule that allows. */
bool policy_rule_skips_names(const struct policy *policy, size_t rule);

#endif
