/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Behind the filter: what serving takes works, and what an intruder wants does not. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../../src/egressd/confine.c"
#include "../../../src/egressd/confine_list.c"

static long try_execve(void)
{
	char *const nothing[] = {NULL};

	return execve("/bin/true", nothing, nothing);
}

static long try_fork(void)
{
	return syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

static long try_vfork(void)
{
	return syscall(SYS_clone, CLONE_VM | CLONE_VFORK | SIGCHLD, 0, 0, 0, 0);
}

static long try_ptrace(void)
{
	return ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

static long try_packet_socket(void)
{
	return socket(AF_PACKET, SOCK_RAW, 0);
}

static long try_raw_socket(void)
{
	return socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
}

static long try_unix_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0);
}

static long try_packet_rules(void)
{
	return socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER);
}

static long try_write_file(void)
{
	return open("/tmp/egressd-confine-test", O_WRONLY | O_CREAT, 0600);
}

static long try_append_file(void)
{
	return open("/dev/null", O_RDWR | O_APPEND);
}

static long try_code(void)
{
	return (long)mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static long try_kill(void)
{
	return kill(getppid(), 0);
}

static long try_namespace(void)
{
	return unshare(CLONE_NEWUSER);
}

static long try_uring(void)
{
	return syscall(SYS_io_uring_setup, 1, NULL);
}

static long try_limits_of_others(void)
{
	struct rlimit limit;

	return prlimit(getppid(), RLIMIT_NOFILE, NULL, &limit);
}

/* One end of such a pair could be connected to, or send to, any socket of that kind. */
static long try_pair_of_datagrams(void)
{
	int pair[2];

	return socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair);
}

static long try_pair_of_packets(void)
{
	int pair[2];

	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair);
}

static long try_signal_to_another(void)
{
	return syscall(SYS_tgkill, getppid(), getppid(), 0);
}

static const struct {
	const char *name; /* as the log has it */
	long (*attempt)(void);
} refused[] = {
	{"execve", try_execve},
	{"clone", try_fork},
	{"clone", try_vfork},
	{"ptrace", try_ptrace},
	{"socket", try_packet_socket},
	{"socket", try_raw_socket},
	{"socket", try_unix_socket},
	{"socket", try_packet_rules},
	{"openat", try_write_file},
	{"openat", try_append_file},
	{"mmap", try_code},
	{"kill", try_kill},
	{"socketpair", try_pair_of_datagrams},
	{"socketpair", try_pair_of_packets},
	{"tgkill", try_signal_to_another},
	{"unshare", try_namespace},
	{"io_uring_setup", try_uring},
	{"prlimit64", try_limits_of_others},
};

static void *thread_run(void *arg)
{
	/* Of a thread that came later: it is behind the filter too. */
	*(long *)arg = try_execve() == -1 && errno == EPERM ? 0 : -1;
	return NULL;
}

static bool serving_works(void)
{
	long result = -1;
	pthread_t thread;
	uint8_t byte;
	int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
	int pair[2];

	return fd >= 0 && read(fd, &byte, 1) == 1 &&
	       socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) == 0 &&
	       syscall(SYS_tgkill, getpid(), gettid(), 0) == 0 &&
	       socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0) >= 0 &&
	       socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE) >= 0 && pipe2(pair, O_CLOEXEC) == 0 &&
	       pthread_create(&thread, NULL, thread_run, &result) == 0 &&
	       pthread_join(thread, NULL) == 0 && result == 0;
}

/* 0: as it should be; else which attempt was not, from 1. */
static int confined_child(void)
{
	enum confinement confinement = CONFINEMENT_ON;
	char name[64];

	if (confine_start(&confinement) < 0 || confinement != CONFINEMENT_ON)
		return 100;
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		errno = 0;
		if (refused[i].attempt() != -1 || errno != EPERM)
			return (int)i + 1;
		if (confine_read_refused(name) != 1 || strcmp(name, refused[i].name) != 0)
			return (int)i + 1;
	}
	return serving_works() ? 0 : 101;
}

static void what_an_intruder_wants_is_refused_and_told(void **state)
{
	int status;
	pid_t child;

	(void)state;
	if (!confine_is_supported())
		skip();
	child = fork();
	if (child == 0)
		_exit(confined_child());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void off_is_off(void **state)
{
	enum confinement confinement = CONFINEMENT_OFF;

	(void)state;
	assert_int_equal(confine_start(&confinement), 0);
	assert_int_equal(try_kill(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_an_intruder_wants_is_refused_and_told),
		cmocka_unit_test(off_is_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
