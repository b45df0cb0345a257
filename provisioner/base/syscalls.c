#include "provisioner/base/syscalls.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "provisioner/base/log.h"
#include "provisioner/base/mem.h"

#define CALL(name) SCMP_SYS(name)

/* clang-format off */
/* Allowed whatever their arguments. A name that the architecture does not have adds nothing. */
static const int always[] = {
	/* memory; mmap and mprotect are looked at more closely below */
	CALL(brk), CALL(madvise), CALL(mremap), CALL(munmap), CALL(membarrier),
	/* time */
	CALL(clock_getres), CALL(clock_gettime), CALL(clock_nanosleep), CALL(gettimeofday),
	CALL(nanosleep), CALL(time), CALL(timerfd_create), CALL(timerfd_gettime),
	CALL(timerfd_settime),
	/* the loop */
	CALL(epoll_create), CALL(epoll_create1), CALL(epoll_ctl), CALL(epoll_pwait),
	CALL(epoll_pwait2), CALL(epoll_wait), CALL(eventfd), CALL(eventfd2), CALL(pipe),
	CALL(pipe2), CALL(poll), CALL(ppoll), CALL(pselect6), CALL(select), CALL(signalfd),
	CALL(signalfd4),
	/* descriptors */
	CALL(close), CALL(close_range), CALL(dup), CALL(dup2), CALL(dup3), CALL(fcntl),
	CALL(lseek), CALL(pread64), CALL(preadv), CALL(preadv2), CALL(pwrite64), CALL(pwritev), CALL(read),
	CALL(readv), CALL(sendfile), CALL(splice), CALL(write), CALL(writev),
	/* sockets that others have opened; sending is looked at more closely below */
	CALL(accept), CALL(accept4), CALL(bind), CALL(getpeername), CALL(getsockname),
	CALL(getsockopt), CALL(listen), CALL(recvfrom), CALL(recvmmsg), CALL(recvmsg),
	CALL(setsockopt), CALL(shutdown), CALL(socketpair),
	/* files: which ones is Landlock's affair */
	CALL(access), CALL(faccessat), CALL(faccessat2), CALL(fadvise64), CALL(flock),
	CALL(fstat), CALL(fstatfs), CALL(getcwd), CALL(getdents64), CALL(lstat),
	CALL(memfd_create), CALL(newfstatat), CALL(open), CALL(openat), CALL(openat2),
	CALL(readlink), CALL(readlinkat), CALL(stat), CALL(statfs), CALL(statx),
	/* who and where am I */
	CALL(getcpu), CALL(getegid), CALL(geteuid), CALL(getgid), CALL(getgroups), CALL(getpgrp),
	CALL(getpid), CALL(getppid), CALL(getrandom), CALL(getresgid), CALL(getresuid),
	CALL(getrlimit), CALL(getrusage), CALL(gettid), CALL(getuid), CALL(sched_getaffinity),
	CALL(sched_yield), CALL(sysinfo), CALL(times), CALL(uname),
	/* signals to itself, ends, libc's own housekeeping */
	CALL(exit), CALL(exit_group), CALL(futex), CALL(restart_syscall), CALL(rseq),
	CALL(rt_sigaction), CALL(rt_sigpending), CALL(rt_sigprocmask), CALL(rt_sigreturn),
	CALL(rt_sigtimedwait), CALL(set_robust_list), CALL(sigaltstack),
};

static const int writes[] = {
	CALL(chmod), CALL(copy_file_range), CALL(fallocate), CALL(fchmod), CALL(fchmodat),
	CALL(fchown), CALL(fdatasync), CALL(fsync), CALL(ftruncate), CALL(link), CALL(linkat),
	CALL(mkdir), CALL(mkdirat), CALL(rename), CALL(renameat), CALL(renameat2), CALL(rmdir),
	CALL(symlink), CALL(symlinkat), CALL(sync_file_range), CALL(truncate), CALL(umask),
	CALL(unlink), CALL(unlinkat), CALL(utimensat),
};

static const int connects[] = {
	CALL(connect), CALL(sendto), CALL(sendmsg), CALL(sendmmsg),
};
/* clang-format on */

/* libc has an older call for each of these, and takes it only after ENOSYS. */
static const int unheard_of[] = {CALL(clone3)};

/* One condition on one argument: (argument & mask) == value. */
struct rule {
	int call;
	unsigned arg;
	scmp_datum_t mask, value;
};

#define ANY_BIT (~(scmp_datum_t)0)
#define INT_BITS ((scmp_datum_t)UINT32_MAX) /* the kernel ignores the upper half of an int */
#define NEW_NAMESPACES                                                                \
	(CLONE_NEWCGROUP | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID | \
		CLONE_NEWUSER | CLONE_NEWUTS)

static const struct rule always_if[] = {
	{CALL(mmap), 2, PROT_EXEC, 0},
	{CALL(mprotect), 2, PROT_EXEC, 0},
	{CALL(prlimit64), 0, INT_BITS, 0}, /* itself */
	{CALL(prctl), 0, INT_BITS, PR_SET_NAME},
	{CALL(prctl), 0, INT_BITS, PR_GET_NAME},
	{CALL(prctl), 0, INT_BITS, PR_SET_PDEATHSIG},
	{CALL(socket), 0, INT_BITS, AF_UNIX},
	/* isatty(), bytes waiting, and what libpcap asks about the interface it has open */
	{CALL(ioctl), 1, INT_BITS, TCGETS},
	{CALL(ioctl), 1, INT_BITS, FIONBIO},
	{CALL(ioctl), 1, INT_BITS, FIONREAD},
	{CALL(ioctl), 1, INT_BITS, SIOCGIFFLAGS},
	{CALL(ioctl), 1, INT_BITS, SIOCGIFINDEX},
	{CALL(ioctl), 1, INT_BITS, SIOCGIFNAME},
	{CALL(ioctl), 1, INT_BITS, SIOCGIFHWADDR},
	{CALL(ioctl), 1, INT_BITS, SIOCGIFMTU},
};

/* MSG_FASTOPEN would be a connect() under another name. */
static const struct rule unconnected_if[] = {
	{CALL(sendto), 3, MSG_FASTOPEN, 0},
	{CALL(sendmsg), 2, MSG_FASTOPEN, 0},
	{CALL(sendmmsg), 3, MSG_FASTOPEN, 0},
};

static const struct rule connects_if[] = {
	{CALL(socket), 0, INT_BITS, AF_INET}, {CALL(socket), 0, INT_BITS, AF_INET6},
	{CALL(socket), 0, INT_BITS, AF_NETLINK}, /* getaddrinfo() asks for the addresses we have */
	{CALL(mmap), 2, PROT_WRITE, 0}, /* getaddrinfo() loads its plug-ins: code, not writable */
	{CALL(clone), 0, CLONE_THREAD | NEW_NAMESPACES,
		CLONE_THREAD}, /* and libcurl runs it in a thread */
};

static int add(scmp_filter_ctx ctx, uint32_t action, const int *calls, size_t n)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = seccomp_rule_add(ctx, action, calls[i], 0);
	return rc;
}

static int add_if(scmp_filter_ctx ctx, const struct rule *rules, size_t n)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < n; i++) {
		const struct rule *r = &rules[i];

		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, r->call, 1,
			SCMP_CMP(r->arg, SCMP_CMP_MASKED_EQ, r->mask, r->value));
	}
	return rc;
}

/* UDP: one socket per TFTP transfer. */
static int add_datagram_sockets(scmp_filter_ctx ctx)
{
	static const int families[] = {AF_INET, AF_INET6};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(families); i++)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, CALL(socket), 2,
			SCMP_A0(SCMP_CMP_MASKED_EQ, INT_BITS, (scmp_datum_t)families[i]),
			SCMP_A1(SCMP_CMP_MASKED_EQ, 0xf, SOCK_DGRAM));
	return rc;
}

/* A process as fork() makes it: no thread, no memory shared, no namespace of its own. */
static int add_fork(scmp_filter_ctx ctx)
{
	const struct rule fork_only = {CALL(clone), 0, CLONE_THREAD | CLONE_VM | NEW_NAMESPACES, 0};
	int rc = add_if(ctx, &fork_only, 1);

	return rc < 0 ? rc : seccomp_rule_add(ctx, SCMP_ACT_ALLOW, CALL(wait4), 0);
}

static int add_with_connect(scmp_filter_ctx ctx)
{
	int rc = add(ctx, SCMP_ACT_ALLOW, connects, ARRAY_LEN(connects));

	return rc < 0 ? rc : add_if(ctx, connects_if, ARRAY_LEN(connects_if));
}

static int add_without_connect(scmp_filter_ctx ctx)
{
	int rc = add_if(ctx, unconnected_if, ARRAY_LEN(unconnected_if));

	return rc < 0 ? rc : add_datagram_sockets(ctx);
}

static int fill(scmp_filter_ctx ctx, const struct syscalls *s)
{
	const struct rule itself = {CALL(tgkill), 0, INT_BITS, (scmp_datum_t)getpid()};
	int rc = add(ctx, SCMP_ACT_ALLOW, always, ARRAY_LEN(always));

	if (rc == 0)
		rc = add_if(ctx, always_if, ARRAY_LEN(always_if));
	if (rc == 0)
		rc = add_if(ctx, &itself, 1); /* abort() */
	if (rc == 0)
		rc = add(ctx, SCMP_ACT_ERRNO(ENOSYS), unheard_of, ARRAY_LEN(unheard_of));
	if (rc == 0 && s->may_write)
		rc = add(ctx, SCMP_ACT_ALLOW, writes, ARRAY_LEN(writes));
	if (rc == 0 && s->may_fork)
		rc = add_fork(ctx);
	if (rc < 0)
		return rc;
	return s->may_connect ? add_with_connect(ctx) : add_without_connect(ctx);
}

int syscalls_restrict(const struct syscalls *s, struct err *e)
{
	if (UNDER_SANITIZER) {
		log_warn("seccomp: a build with sanitizers runs without the filter");
		return 0;
	}
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	if (!ctx)
		return err_msg(e, -ENOMEM, "seccomp: no memory for the filter");
	/* A call by another architecture's numbers is an attack; order the rest as a binary tree. */
	int rc = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (rc == 0)
		rc = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (rc == 0)
		rc = fill(ctx, s);
	if (rc == 0)
		rc = seccomp_load(ctx);
	seccomp_release(ctx);
	return rc < 0 ? err_msg(e, rc, "seccomp: %s", strerror(-rc)) : 0;
}
