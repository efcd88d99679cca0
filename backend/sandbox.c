/* SPDX-License-Identifier: BSD-2-Clause
 * The table, measured by tools/syscalls; rows beyond the measurement are for another architecture, another version of
 * a library, or its rare path. No call connects to anything: who signs certificates asks nobody. */
#include "sandbox.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#define START SANDBOX_STARTING
#define SERVE SANDBOX_SERVING

const struct sl_call sandbox_calls[] = {
        SL_CALL("socket", "listen", START),
        SL_CALL("bind", "listen", START),
        SL_CALL("listen", "listen", START),
        SL_CALL("epoll_create1", "listen", START),
        SL_CALL("eventfd2", "listen", START),
        SL_CALL("pipe2", "listen", START),
        SL_CALL("seccomp", "listen", START),
        SL_CALL("prctl", "listen", START),

        SL_CALL("accept4", "network", SERVE),
        SL_CALL("getsockname", "network", SERVE),
        SL_CALL("getsockopt", "network", SERVE),
        SL_CALL("recvfrom", "network", SERVE),
        SL_CALL("recvmsg", "network", SERVE),
        SL_CALL("sendmsg", "network", SERVE),
        SL_CALL("sendto", "network", SERVE),
        SL_CALL("setsockopt", "network", SERVE),
        SL_CALL("shutdown", "network", SERVE),
        SL_CALL("epoll_ctl", "network", SERVE),
#if defined(SYS_epoll_wait)
        SL_CALL("epoll_wait", "network", SERVE),
        SL_CALL("poll", "network", SERVE),
#else
        SL_CALL("epoll_pwait", "network", SERVE),
        SL_CALL("ppoll", "network", SERVE),
#endif

        /* SQLite: the file, its log and its index, locks, the folder of both. */
        SL_CALL("fchmod", "store", SERVE),
        SL_CALL("fchown", "store", SERVE),
        SL_CALL("fdatasync", "store", SERVE),
        SL_CALL("fsync", "store", SERVE),
        SL_CALL("ftruncate", "store", SERVE),
        SL_CALL("geteuid", "store", SERVE),
        SL_CALL("openat", "store", SERVE),
        SL_CALL("pread64", "store", SERVE),
        SL_CALL("pwrite64", "store", SERVE),
#if defined(SYS_access)
        SL_CALL("access", "store", SERVE),
        SL_CALL("unlink", "store", SERVE),
#else
        SL_CALL("faccessat", "store", SERVE),
        SL_CALL("unlinkat", "store", SERVE),
#endif

        SL_CALL("clock_nanosleep", "process", SERVE),
        SL_CALL("getrusage", "process", SERVE), /* randomness of GnuTLS */
        SL_CALL_IF("prctl", "process", SERVE, 0, UINT32_MAX, PR_SET_NAME),
        SL_CALL("rt_sigtimedwait", "process", SERVE),
};

const size_t sandbox_call_count = sizeof sandbox_calls / sizeof sandbox_calls[0];

unsigned
sandbox_roles(enum sandbox_stage stage)
{
	return SL_SANDBOX_THREADS | (stage == SANDBOX_STARTING ? START | SERVE : SERVE);
}

bool
sandbox_enter(enum sl_sandbox_mode mode, enum sandbox_stage stage)
{
	const struct sl_sandbox sandbox = {.calls = sandbox_calls,
	        .count = sandbox_call_count,
	        .roles = sandbox_roles(stage) | SL_SANDBOX_TOOLS,
	        .mode = mode,
	        .has_threads = true};

	if ((stage != SANDBOX_STARTING || sl_sandbox_drop_capabilities() == SL_OK) &&
	        sl_sandbox_enter(&sandbox) == SL_OK)
		return true;
	fprintf(stderr,
	        "sealift-est: sandbox: %s; the kernel must allow seccomp; sandbox: off goes "
	        "without\n",
	        strerror(errno));
	return false;
}
