/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Users and capabilities. */
#include "privileges.h"

#include <cap-ng.h>
#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "firewall/policy.h"

#define PRIVILEGES_USER "egressd"

static const struct {
	unsigned capability;
	const char *name;
	bool needed; /* at once; rules that miss theirs say so themselves */
} kept[] = {
	{CAP_NET_ADMIN, "NET_ADMIN", false},
	{CAP_SETUID, "SETUID", true},
	{CAP_SETGID, "SETGID", true},
	{CAP_SETPCAP, "SETPCAP", true},
	{CAP_KILL, "KILL", true},
};

/* In a user namespace only some users are there; setting such a one says which. */
static bool user_is_here(uid_t uid)
{
	uid_t was = geteuid();

	if (seteuid(uid) < 0)
		return errno != EINVAL;
	if (seteuid(was) < 0)
		abort();
	return true;
}

/* A number needs no entry anywhere, and a name does, but for our own. */
static int user_find(const char *name, struct warden_user *user)
{
	const struct passwd *entry;
	unsigned long number = FIREWALL_PROXY_UID;
	char *end;

	if (name != NULL && name[0] >= '0' && name[0] <= '9') {
		errno = 0;
		number = strtoul(name, &end, 10);
		*user = (struct warden_user){.uid = (uid_t)number, .gid = (gid_t)number};
		return errno != 0 || *end != '\0' || number >= UINT32_MAX ? -1 : 0;
	}
	entry = getpwnam(name == NULL ? PRIVILEGES_USER : name);
	*user = (struct warden_user){.uid = FIREWALL_PROXY_UID, .gid = FIREWALL_PROXY_UID};
	if (entry != NULL)
		*user = (struct warden_user){.uid = entry->pw_uid, .gid = entry->pw_gid};
	return entry == NULL && name != NULL ? -1 : 0;
}

int privileges_find_user(const char *name, struct warden_user *user,
			 char problem[FIREWALL_PROBLEM_SIZE])
{
	if (user_find(name, user) < 0) {
		snprintf(problem, FIREWALL_PROBLEM_SIZE, "--user: there is no user '%s' here",
			 name);
		return -1;
	}
	if (user->uid == 0) {
		snprintf(problem, FIREWALL_PROBLEM_SIZE,
			 "--user: the proxy must not be root; make a user of its own, or leave the "
			 "option out for %d",
			 FIREWALL_PROXY_UID);
		return -1;
	}
	if (geteuid() != 0 || !user_is_here(user->uid))
		*user = (struct warden_user){.uid = geteuid(), .gid = getegid(), .same = true};
	return 0;
}

static bool is_kept(unsigned capability)
{
	for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
		if (kept[i].capability == capability)
			return true;
	}
	return false;
}

static int others_make_effective(bool effective)
{
	const capng_act_t action = effective ? CAPNG_ADD : CAPNG_DROP;

	if (geteuid() != 0)
		return 0;
	if (capng_get_caps_process() < 0)
		return -1;
	for (unsigned i = 0; i <= CAP_LAST_CAP; i++) {
		if (!is_kept(i) && capng_have_capability(CAPNG_PERMITTED, i) &&
		    capng_update(action, CAPNG_EFFECTIVE, i) < 0)
			return -1;
	}
	return capng_apply(CAPNG_SELECT_CAPS) == 0 ? 0 : -1;
}

int privileges_set_aside(void)
{
	return others_make_effective(false);
}

int privileges_take_up(void)
{
	return others_make_effective(true);
}

int privileges_reduce(char problem[FIREWALL_PROBLEM_SIZE])
{
	bool has[ARRAY_LEN(kept)];
	const size_t count = ARRAY_LEN(kept);
	const unsigned sets = CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_BOUNDING_SET;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		goto fail;
	if (geteuid() != 0)
		return 0;
	if (capng_get_caps_process() < 0)
		goto fail;
	for (size_t i = 0; i < count; i++) {
		has[i] = capng_have_capability(CAPNG_PERMITTED, kept[i].capability) != 0;
		if (has[i] || !kept[i].needed)
			continue;
		snprintf(problem, FIREWALL_PROBLEM_SIZE,
			 "the capability %s is missing (cap_add: NET_ADMIN, SETUID, SETGID, "
			 "SETPCAP, KILL)",
			 kept[i].name);
		return -1;
	}
	capng_clear(CAPNG_SELECT_BOTH);
	for (size_t i = 0; i < count; i++) {
		if (has[i] && capng_update(CAPNG_ADD, (capng_type_t)sets, kept[i].capability) < 0)
			goto fail;
	}
	if (capng_apply(CAPNG_SELECT_BOTH) == 0)
		return 0;
fail:
	snprintf(problem, FIREWALL_PROBLEM_SIZE, "capabilities cannot be given up: %s",
		 strerror(errno));
	return -1;
}

int privileges_drop(const struct warden_user *user, pid_t parent)
{
	capng_clear(CAPNG_SELECT_BOTH);
	if (!user->same && capng_change_id((int)user->uid, (int)user->gid,
					   CAPNG_DROP_SUPP_GRP | CAPNG_CLEAR_BOUNDING) < 0)
		return -1;
	/* Root of a user namespace stays that, and has many. None comes back with the new program:
	 * no_new_privs lets it have no more than this process. */
	if (user->same && capng_apply(CAPNG_SELECT_CAPS) < 0)
		return -1;
	/* The kernel forgets it when the user changes, so it comes after that. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	/* A parent that died before the line above sends nothing any more. */
	errno = ESRCH;
	return getppid() == parent ? 0 : -1;
}
