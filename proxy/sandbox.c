/* SPDX-License-Identifier: BSD-2-Clause
 * The table, measured by tools/syscalls; rows beyond the measurement are for another C library, another kernel, a
 * name service, or the rare path of a library. A call that is none of these does not belong here. */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "log.h"

#define W SANDBOX_WORKER
#define A SANDBOX_ADMIN
#define S SANDBOX_SUPERVISOR

#define CALL(call, of, who)                                                                        \
	{                                                                                          \
		.name = call, .group = of, .roles = (who) | S                                      \
	}
/* number: of the argument */
#define CALL_IF(call, of, who, number, bits, want)                                                 \
	{                                                                                          \
		.name = call, .group = of, .roles = (who) | S, .argument = number, .mask = bits,   \
		.value = want                                                                      \
	}

const struct sl_call sandbox_calls[] = {
        CALL("brk", "memory", W | A),
        CALL("madvise", "memory", W | A),
        CALL("mremap", "memory", W | A),
        CALL("munmap", "memory", W | A),
        CALL_IF("mmap", "memory", W | A, 2, PROT_WRITE | PROT_EXEC, 0),
        CALL_IF("mmap", "memory", W | A, 2, PROT_WRITE | PROT_EXEC, PROT_WRITE),
        CALL_IF("mmap", "memory", W | A, 2, PROT_WRITE | PROT_EXEC, PROT_EXEC), /* libraries */
        CALL_IF("mprotect", "memory", W | A, 2, PROT_EXEC, 0),

        /* A process asks for its resident bytes; libcurl and the C library read anchors, names and
         * the time zone when they need them. Nothing is ever written but lines of the log. */
        CALL_IF("openat", "files", W | A, 2, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY),
        CALL("close", "files", W | A),
        CALL("dup", "files", A),
        CALL("fcntl", "files", W | A),
        CALL("fstat", "files", W | A),
        CALL("lseek", "files", W | A),
        CALL("newfstatat", "files", W | A),
        CALL("pread64", "files", W),
        CALL("read", "files", W | A),
        CALL("readv", "files", A),
        CALL("statx", "files", W | A),
        CALL("write", "files", W | A),
        CALL("writev", "files", W | A),
        CALL_IF("ioctl", "files", W | A, 1, UINT32_MAX, FIONREAD),
        CALL_IF("ioctl", "files", W | A, 1, UINT32_MAX, FIONBIO),

        CALL("epoll_create1", "loop", W | A),
        CALL("epoll_ctl", "loop", W | A),
        CALL("epoll_pwait", "loop", W | A),
        CALL("epoll_wait", "loop", W | A),
        CALL("eventfd2", "loop", W | A),
        CALL("pipe2", "loop", W | A),
        CALL("poll", "loop", W),
        CALL("ppoll", "loop", W),
        CALL("socketpair", "loop", W | A),
        CALL("timerfd_create", "loop", W | A),
        CALL("timerfd_settime", "loop", W | A),

        CALL("connect", "network", W),
        CALL("getpeername", "network", W | A),
        CALL("getsockname", "network", W | A),
        CALL("getsockopt", "network", W | A),
        CALL("recvfrom", "network", W | A),
        CALL("recvmmsg", "network", W),
        CALL("recvmsg", "network", W),
        CALL("sendmmsg", "network", W),
        CALL("sendmsg", "network", W),
        CALL("sendto", "network", W | A),
        CALL("setsockopt", "network", W | A),
        CALL("shutdown", "network", W | A),
        CALL("accept4", "network", A),
        CALL_IF("socket", "network", W, 0, UINT32_MAX, AF_INET),
        CALL_IF("socket", "network", W, 0, UINT32_MAX, AF_INET6),
        CALL_IF("socket", "network", W, 0, UINT32_MAX, AF_UNIX), /* name services */
        {.name = "socket", /* the C library asks which families there are, and can do without */
                .group = "network",
                .roles = W | S,
                .rule = SL_CALL_FAIL,
                .mask = UINT32_MAX,
                .value = AF_NETLINK,
                .error = EAFNOSUPPORT},

        /* Names are looked up in threads. clone3 hides its flags in memory, so that clone is used. */
        {.name = "clone3",
                .group = "threads",
                .roles = W | S,
                .rule = SL_CALL_FAIL,
                .error = ENOSYS},
        CALL_IF("clone", "threads", W, 0, CLONE_THREAD, CLONE_THREAD),
        CALL("exit", "threads", W),
        CALL("futex", "threads", W | A),
        CALL("gettid", "threads", W | A),
        CALL("rseq", "threads", W),
        CALL("sched_getaffinity", "threads", W),
        CALL("sched_yield", "threads", W),
        CALL("set_robust_list", "threads", W),

        /* Where the kernel's page of clocks cannot tell, these are calls. */
        CALL("clock_gettime", "time", W | A),
        CALL("clock_nanosleep", "time", W),
        CALL("gettimeofday", "time", W | A),
        CALL("restart_syscall", "time", W | A),

        CALL("getegid", "process", W | A),
        CALL("geteuid", "process", W | A),
        CALL("getgid", "process", W | A),
        CALL("getpid", "process", W | A),
        CALL("getrandom", "process", W | A),
        CALL("getrusage", "process", W),
        CALL("getuid", "process", W | A),
        CALL("sysinfo", "process", W | A),
        CALL("uname", "process", W | A),
        CALL("exit_group", "process", W | A),
        CALL("rt_sigaction", "process", W | A),
        CALL("rt_sigprocmask", "process", W | A),
        CALL("rt_sigreturn", "process", W | A),
        {.name = "tgkill", /* abort() */
                .group = "process",
                .roles = W | A,
                .rule = SL_CALL_OWN},

        /* What the supervisor does, and its children before they enter their own. */
        CALL("clone", "children", S),
        CALL("getppid", "children", S),
        CALL("kill", "children", S),
        CALL("prctl", "children", S),
        CALL("prlimit64", "children", S),
        CALL("rt_sigtimedwait", "children", S),
        CALL("seccomp", "children", S),
        CALL("tgkill", "children", S),
        CALL("wait4", "children", S),
};

const size_t sandbox_call_count = sizeof sandbox_calls / sizeof sandbox_calls[0];

static const char *
role_name(enum sandbox_role role)
{
	return role == SANDBOX_SUPERVISOR ? "supervisor"
	       : role == SANDBOX_ADMIN    ? "admin"
	                                  : "worker";
}

bool
sandbox_enter(enum sl_sandbox_mode mode, enum sandbox_role role)
{
	const struct sl_sandbox sandbox = {.calls = sandbox_calls,
	        .count = sandbox_call_count,
	        .roles = role | SL_SANDBOX_TOOLS,
	        .mode = mode};

	if ((role != SANDBOX_SUPERVISOR || sl_sandbox_drop_capabilities() == SL_OK) &&
	        sl_sandbox_enter(&sandbox) == SL_OK)
		return true;
	log_line(LOG_ERROR,
	        "event=sandbox-failed process=%s error=\"%s\" mend=\"the kernel must allow "
	        "seccomp; sandbox: off goes without\"",
	        role_name(role), strerror(errno));
	return false;
}
