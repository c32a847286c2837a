/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The filter of system calls, and who is told of what it refuses. */
#include "egressd/confine.h"

#include <errno.h>
#include <seccomp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <ucontext.h>
#include <unistd.h>

#include "confine_list.h"

/* A signal handler has nothing but globals to reach. */
static struct {
	_Atomic uint64_t count;
	_Atomic int last; /* number of the call */
	int fd;
} confine_refused = {.fd = -1};

static bool confine_is_supported(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	return false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
	return false;
#endif
#endif
	return true;
}

/* What the call is to have returned; the kernel has put everything else back. */
static void context_set_result(ucontext_t *context, int result)
{
#if defined(__x86_64__)
	context->uc_mcontext.gregs[REG_RAX] = result;
#elif defined(__aarch64__)
	context->uc_mcontext.regs[0] = (unsigned long long)(long long)result;
#else
#error "where does this machine return what a system call gives?"
#endif
}

static void confine_on_refused(int number, siginfo_t *info, void *context)
{
	const uint64_t one = 1;
	int saved = errno;

	(void)number;
	atomic_store(&confine_refused.last, info->si_syscall);
	atomic_fetch_add(&confine_refused.count, 1);
	if (write(confine_refused.fd, &one, sizeof(one)) < 0)
		errno = saved; /* full: it is readable already */
	context_set_result(context, -EPERM);
	errno = saved;
}

static int confine_listen(void)
{
	struct sigaction action = {.sa_sigaction = confine_on_refused, .sa_flags = SA_SIGINFO};

	confine_refused.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (confine_refused.fd < 0)
		return -1;
	return sigaction(SIGSYS, &action, NULL);
}

/* One whose numbers libseccomp does not know on this machine is no way in either. */
static int confine_allow(scmp_filter_ctx filter, const char *name, unsigned count,
			 const struct scmp_arg_cmp *conditions)
{
	int number = seccomp_syscall_resolve_name(name);

	if (number == __NR_SCMP_ERROR)
		return 0;
	return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, number, count, conditions);
}

static int confine_fill(scmp_filter_ctx filter)
{
	/* abort(3) and the like; the kernel looks at the lower half only. */
	const struct scmp_arg_cmp ourselves =
		SCMP_A0(SCMP_CMP_MASKED_EQ, UINT32_MAX, (scmp_datum_t)getpid());
	int error;

	for (size_t i = 0; i < confine_plain_count; i++) {
		error = confine_allow(filter, confine_plain[i], 0, NULL);
		if (error < 0)
			return error;
	}
	for (size_t i = 0; i < confine_conditional_count; i++) {
		const struct confine_condition *condition = &confine_conditional[i];

		error = confine_allow(filter, condition->name, condition->count,
				      condition->conditions);
		if (error < 0)
			return error;
	}
	error = confine_allow(filter, "tgkill", 1, &ourselves);
	if (error < 0)
		return error;
	/* Its arguments are in memory, where no filter looks; the C library then uses clone. */
	return seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
}

int confine_start(enum confinement *confinement)
{
	scmp_filter_ctx filter;
	int error;

	if (!confine_is_supported())
		*confinement = CONFINEMENT_UNSUPPORTED;
	if (*confinement != CONFINEMENT_ON)
		return 0;
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || confine_listen() < 0)
		return -1;
	filter = seccomp_init(SCMP_ACT_TRAP);
	if (filter == NULL) {
		errno = ENOMEM;
		return -1;
	}
	error = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (error == 0)
		error = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	/* A binary tree: the list is long, and relaying a message is a few calls. */
	if (error == 0)
		error = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (error == 0)
		error = confine_fill(filter);
	if (error == 0)
		error = seccomp_load(filter);
	seccomp_release(filter);
	errno = -error;
	return error == 0 ? 0 : -1;
}

int confine_descriptor(void)
{
	return confine_refused.fd;
}

uint64_t confine_read_refused(char name[64])
{
	uint64_t count;
	int number;
	char *known;

	if (read(confine_refused.fd, &count, sizeof(count)) < 0)
		return 0;
	number = atomic_load(&confine_refused.last);
	known = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number);
	if (known != NULL)
		snprintf(name, 64, "%s", known);
	else
		snprintf(name, 64, "%d", number);
	free(known);
	return count;
}
