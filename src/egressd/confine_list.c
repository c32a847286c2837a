/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What serving takes, measured under the system tests; everything else is refused. */
#include "confine_list.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "base/compiler.h"

const char *const confine_plain[] = {
	/* bytes */
	"read",
	"readv",
	"pread64",
	"write",
	"writev",
	"splice",
	"lseek",
	"close",
	"close_range",
	/* sockets */
	"accept",
	"accept4",
	"bind",
	"connect",
	"listen",
	"shutdown",
	"getsockname",
	"getpeername",
	"getsockopt",
	"setsockopt",
	"recvfrom",
	"recvmsg",
	"recvmmsg",
	"sendto",
	"sendmsg",
	"sendmmsg",
	/* waiting */
	"epoll_create1",
	"epoll_ctl",
	"epoll_wait",
	"epoll_pwait",
	"epoll_pwait2",
	"poll",
	"ppoll",
	"select",
	"pselect6",
	"eventfd2",
	"pipe2",
	"timerfd_create",
	"timerfd_settime",
	"nanosleep",
	"clock_nanosleep",
	"clock_gettime",
	"clock_getres",
	"gettimeofday",
	"time",
	"restart_syscall",
	/* memory; what may be run is a condition */
	"brk",
	"munmap",
	"mremap",
	"madvise",
	/* threads */
	"futex",
	"set_robust_list",
	"rseq",
	"gettid",
	"sched_yield",
	"sched_getaffinity",
	"exit",
	"exit_group",
	"membarrier",
	"rt_sigaction",
	"rt_sigprocmask",
	"rt_sigreturn",
	"rt_sigtimedwait",
	"sigaltstack",
	/* who and where we are */
	"getpid",
	"getppid",
	"getuid",
	"geteuid",
	"getgid",
	"getegid",
	"uname",
	"sysinfo",
	"getrandom",
	"getrusage",
	"getrlimit",
	/* files and descriptors */
	"fstat",
	"newfstatat",
	"statx",
	"fcntl",
	"dup",
	"dup3",
};
const size_t confine_plain_count = ARRAY_LEN(confine_plain);

enum {
	CONFINE_WRITES = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND | __O_TMPFILE,
	CONFINE_SOCKET_KIND = 0xf, /* without SOCK_CLOEXEC and SOCK_NONBLOCK */
	CONFINE_THREAD = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD,
};

#define CONFINE_IS(argument, value) SCMP_CMP(argument, SCMP_CMP_EQ, (scmp_datum_t)(value), 0)
#define CONFINE_MASKED(argument, mask, value)                                                      \
	SCMP_CMP(argument, SCMP_CMP_MASKED_EQ, (scmp_datum_t)(mask), (scmp_datum_t)(value))
#define CONFINE_INET(family, kind)                                                                 \
	{                                                                                          \
		"socket", 2,                                                                       \
		{                                                                                  \
			CONFINE_IS(0, family), CONFINE_MASKED(1, CONFINE_SOCKET_KIND, kind)        \
		}                                                                                  \
	}

const struct confine_condition confine_conditional[] = {
	CONFINE_INET(AF_INET, SOCK_STREAM),
	CONFINE_INET(AF_INET, SOCK_DGRAM),
	CONFINE_INET(AF_INET6, SOCK_STREAM),
	CONFINE_INET(AF_INET6, SOCK_DGRAM),
	/* Links and addresses, and nothing that holds packet rules. */
	{"socket", 2, {CONFINE_IS(0, AF_NETLINK), CONFINE_IS(2, NETLINK_ROUTE)}},
	/* Between our own threads. Datagrams could be sent from there to anybody's socket. */
	{"socketpair",
	 2,
	 {CONFINE_IS(0, AF_UNIX), CONFINE_MASKED(1, CONFINE_SOCKET_KIND, SOCK_STREAM)}},
	/* Random bytes, certificates, the time zone. */
	{"openat", 1, {CONFINE_MASKED(2, CONFINE_WRITES, 0)}},
	{"open", 1, {CONFINE_MASKED(1, CONFINE_WRITES, 0)}},
	/* Nothing that is run is ever mapped or made. */
	{"mmap", 1, {CONFINE_MASKED(2, PROT_EXEC, 0)}},
	{"mprotect", 1, {CONFINE_MASKED(2, PROT_EXEC, 0)}},
	/* A thread, and never a process. */
	{"clone", 1, {CONFINE_MASKED(0, CONFINE_THREAD, CONFINE_THREAD)}},
	/* Less of the processor than others, and never more. */
	{"sched_setscheduler", 2, {CONFINE_IS(0, 0), CONFINE_IS(1, SCHED_IDLE)}},
	{"prctl", 1, {CONFINE_IS(0, PR_SET_NAME)}},
	/* How much can be read; libevent asks. */
	{"ioctl", 1, {CONFINE_IS(1, FIONREAD)}},
	/* Limits are read, and only ours. */
	{"prlimit64", 2, {CONFINE_IS(0, 0), CONFINE_IS(2, 0)}},
};
const size_t confine_conditional_count = ARRAY_LEN(confine_conditional);
