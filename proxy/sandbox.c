/* SPDX-License-Identifier: BSD-2-Clause
 * The table, measured by tools/syscalls; rows beyond the measurement are for another architecture, a name service, or
 * the rare path of a library. A call that is none of these does not belong here. */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "log.h"

#define W SANDBOX_WORKER
#define A SANDBOX_ADMIN
#define S SANDBOX_SUPERVISOR

const struct sl_call sandbox_calls[] = {
        /* The configuration when it is read again, resident bytes, anchors, names, the time zone. Nothing is
         * ever written but lines of the log. */
        SL_CALL_IF("openat", "files", W | A, 2, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY),
        SL_CALL_IF("ioctl", "files", W | A, 1, UINT32_MAX, FIONREAD),
        SL_CALL_IF("ioctl", "files", W | A, 1, UINT32_MAX, FIONBIO),
        SL_CALL_IF("ioctl", "network", W, 1, UINT32_MAX, SIOCGIFINDEX), /* "%eth0" */
#if defined(SYS_access)
        SL_CALL("access", "files", W),
#else
        SL_CALL("faccessat", "files", W),
#endif
        SL_CALL("dup", "files", A),
        SL_CALL("getdents64", "files", W), /* the folder of anchors, with GnuTLS */
        SL_CALL("pread64", "files", W),
        SL_CALL("readv", "files", A),

        SL_CALL("epoll_ctl", "loop", W | A),
#if defined(SYS_epoll_wait)
        SL_CALL("epoll_wait", "loop", W | A),
        SL_CALL("poll", "loop", W),
#else
        SL_CALL("epoll_pwait", "loop", W | A),
#endif
        SL_CALL("ppoll", "loop", W), /* of libnss_resolve, where poll is another one */
        SL_CALL("eventfd2", "loop", W),
        SL_CALL("pipe2", "loop", W),
        SL_CALL("socketpair", "loop", W),

        SL_CALL("accept4", "network", A),
        SL_CALL("connect", "network", W),
        SL_CALL("getpeername", "network", W),
        SL_CALL("getsockname", "network", W),
        SL_CALL("getsockopt", "network", W),
        SL_CALL("recvfrom", "network", W),
        SL_CALL("recvmmsg", "network", W),
        SL_CALL("recvmsg", "network", W),
        SL_CALL("sendmmsg", "network", W),
        SL_CALL("sendmsg", "network", W),
        SL_CALL("sendto", "network", W),
        SL_CALL("setsockopt", "network", W),
        SL_CALL("shutdown", "network", W | A),
        SL_CALL_IF("socket", "network", W, 0, UINT32_MAX, AF_INET),
        SL_CALL_IF("socket", "network", W, 0, UINT32_MAX, AF_INET6),
        SL_CALL_IF("socket", "network", W, 0, UINT32_MAX, AF_UNIX), /* name services */
        {.name = "socket", /* the C library asks which families there are, and can do without */
                .group = "network",
                .roles = W,
                .rule = SL_CALL_FAIL,
                .mask = UINT32_MAX,
                .value = AF_NETLINK,
                .error = EAFNOSUPPORT},

        SL_CALL("getrusage", "process", W),
        SL_CALL("uname", "process", W),

        /* What the supervisor does, and its children before they enter their own. */
        SL_CALL("clone", "children", S),
        SL_CALL("epoll_create1", "children", S),
        SL_CALL("getegid", "children", S),
        SL_CALL("geteuid", "children", S),
        SL_CALL("getgid", "children", S),
        SL_CALL("getppid", "children", S),
        SL_CALL("getuid", "children", S),
        SL_CALL("kill", "children", S),
        SL_CALL("prctl", "children", S),
        SL_CALL("prlimit64", "children", S),
        SL_CALL("rt_sigtimedwait", "children", S),
        SL_CALL("seccomp", "children", S),
        SL_CALL("tgkill", "children", S),
        SL_CALL("wait4", "children", S),
};

const size_t sandbox_call_count = sizeof sandbox_calls / sizeof sandbox_calls[0];

/* What a child inherits it cannot get back, so the supervisor has the rows of all. */
unsigned
sandbox_roles(enum sandbox_role role)
{
	if (role == SANDBOX_SUPERVISOR)
		return W | A | S | SL_SANDBOX_THREADS;
	return role == SANDBOX_WORKER ? W | SL_SANDBOX_THREADS : A;
}

static const char *
role_name(enum sandbox_role role)
{
	if (role == SANDBOX_SUPERVISOR)
		return "supervisor";
	return role == SANDBOX_WORKER ? "worker" : "admin";
}

bool
sandbox_enter(enum sl_sandbox_mode mode, enum sandbox_role role)
{
	const struct sl_sandbox sandbox = {.calls = sandbox_calls,
	        .count = sandbox_call_count,
	        .roles = sandbox_roles(role) | SL_SANDBOX_TOOLS,
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
