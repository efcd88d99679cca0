/* SPDX-License-Identifier: BSD-2-Clause
 * Tables to filters. What sanitizers and coverage need at the end of a process stands here, and only in builds
 * with them. */
#include <sl/sandbox.h>

#include <errno.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <seccomp.h>

#define ALL     UINT32_MAX
#define THREADS SL_SANDBOX_THREADS

const struct sl_call sl_basic_calls[] = {
        SL_CALL("brk", "memory", ALL),
        SL_CALL("madvise", "memory", ALL),
        SL_CALL("mremap", "memory", ALL),
        SL_CALL("munmap", "memory", ALL),
        /* nothing that can be written is ever run */
        SL_CALL_IF("mmap", "memory", ALL, 2, PROT_WRITE | PROT_EXEC, 0),
        SL_CALL_IF("mmap", "memory", ALL, 2, PROT_WRITE | PROT_EXEC, PROT_WRITE),
        SL_CALL_IF("mmap", "memory", ALL, 2, PROT_WRITE | PROT_EXEC, PROT_EXEC),
        SL_CALL_IF("mprotect", "memory", ALL, 2, PROT_EXEC, 0),

        SL_CALL("close", "files", ALL),
        SL_CALL("fcntl", "files", ALL),
        SL_CALL("fstat", "files", ALL),
        SL_CALL("lseek", "files", ALL),
        SL_CALL("newfstatat", "files", ALL),
        SL_CALL("read", "files", ALL),
        SL_CALL("write", "files", ALL),
        SL_CALL("writev", "files", ALL),

        /* clocks: where the kernel's page of them cannot tell */
        SL_CALL("clock_gettime", "process", ALL),
        SL_CALL("gettimeofday", "process", ALL),
        SL_CALL("exit_group", "process", ALL),
        SL_CALL("futex", "process", ALL),
        SL_CALL("getpid", "process", ALL),
        SL_CALL("getrandom", "process", ALL),
        SL_CALL("gettid", "process", ALL),
        SL_CALL("restart_syscall", "process", ALL),
        SL_CALL("rt_sigaction", "process", ALL),
        SL_CALL("rt_sigprocmask", "process", ALL),
        SL_CALL("rt_sigreturn", "process", ALL),
        SL_CALL("sysinfo", "process", ALL),
        {.name = "tgkill", .group = "process", .roles = ALL, .rule = SL_CALL_OWN}, /* abort() */

        /* clone3 hides its flags in memory: without it the C library takes clone */
        {.name = "clone3",
                .group = "threads",
                .roles = THREADS,
                .rule = SL_CALL_FAIL,
                .error = ENOSYS},
        SL_CALL_IF("clone", "threads", THREADS, 0, CLONE_THREAD, CLONE_THREAD),
        SL_CALL("exit", "threads", THREADS),
        SL_CALL("rseq", "threads", THREADS),
        SL_CALL("sched_getaffinity", "threads", THREADS),
        SL_CALL("set_robust_list", "threads", THREADS),
};

const size_t sl_basic_call_count = sizeof sl_basic_calls / sizeof sl_basic_calls[0];

#if defined(__SANITIZE_ADDRESS__) || defined(SL_COVERAGE)
#define HAS_TOOLS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_TOOLS 1
#endif
#endif

/* The leak checker traces its own threads; gcov writes files. */
static const char *const tools_calls[] = {
#if defined(HAS_TOOLS)
        "clone", "close", "exit", "fcntl", "futex", "getdents", "getdents64", "getpid", "getppid",
        "gettid", "lseek", "mkdir", "mmap", "mprotect", "open", "openat", "prctl", "ptrace",
        "readlink", "readlinkat", "sched_yield", "sigaltstack", "tgkill", "wait4",
#endif
        "exit_group"}; /* so that there is one */

#define TOOLS_COUNT (sizeof tools_calls / sizeof tools_calls[0])

enum sl_err
sl_sandbox_parse(enum sl_sandbox_mode *out, const char *text)
{
	static const char *const modes[] = {
	        [SL_SANDBOX_ON] = "on", [SL_SANDBOX_LOG] = "log", [SL_SANDBOX_OFF] = "off"};

	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
		if (strcmp(text, modes[i]) == 0) {
			*out = (enum sl_sandbox_mode)i;
			return SL_OK;
		}
	}
	return SL_EMALFORMED;
}

static int
add_call(scmp_filter_ctx filter, const struct sl_call *call)
{
	int number = seccomp_syscall_resolve_name(call->name);
	uint32_t action =
	        call->rule == SL_CALL_FAIL ? SCMP_ACT_ERRNO((uint32_t)call->error) : SCMP_ACT_ALLOW;
	struct scmp_arg_cmp check = {.arg = call->argument,
	        .op = SCMP_CMP_MASKED_EQ,
	        .datum_a = call->mask,
	        .datum_b = call->value};
	bool has_check = call->rule == SL_CALL_OWN || call->mask != 0;

	if (number == __NR_SCMP_ERROR)
		return 0;
	if (call->rule == SL_CALL_OWN)
		check = (struct scmp_arg_cmp){.arg = 0,
		        .op = SCMP_CMP_MASKED_EQ,
		        .datum_a = UINT32_MAX,
		        .datum_b = (uint32_t)getpid()};
	return seccomp_rule_add_array(filter, action, number, has_check ? 1 : 0, &check);
}

static int
add_calls(scmp_filter_ctx filter, const struct sl_call *calls, size_t count, unsigned roles)
{
	int err = 0;

	for (size_t i = 0; i < count && err == 0; i++)
		if ((calls[i].roles & roles) != 0)
			err = add_call(filter, &calls[i]);
	return err;
}

static int
fill(scmp_filter_ctx filter, const struct sl_sandbox *sandbox)
{
	int err = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);

	if (err == 0)
		err = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, sandbox->has_threads);
	if (err == 0) /* a tree instead of a list */
		err = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (err == 0)
		err = add_calls(filter, sl_basic_calls, sl_basic_call_count, sandbox->roles);
	if (err == 0)
		err = add_calls(filter, sandbox->calls, sandbox->count, sandbox->roles);
	for (size_t i = 0; i < TOOLS_COUNT && err == 0; i++)
		if ((sandbox->roles & SL_SANDBOX_TOOLS) != 0)
			err = add_call(filter, &(struct sl_call){.name = tools_calls[i]});
	return err;
}

enum sl_err
sl_sandbox_enter(const struct sl_sandbox *sandbox)
{
	scmp_filter_ctx filter;
	int err;

	if (sandbox->mode == SL_SANDBOX_OFF)
		return SL_OK;
	filter = seccomp_init(
	        sandbox->mode == SL_SANDBOX_LOG ? SCMP_ACT_LOG : SCMP_ACT_KILL_PROCESS);
	if (filter == NULL) {
		errno = ENOMEM;
		return SL_EIO;
	}
	err = fill(filter, sandbox);
	if (err == 0)
		err = seccomp_load(filter);
	seccomp_release(filter);
	errno = err < 0 ? -err : 0;
	return err == 0 ? SL_OK : SL_EIO;
}

/* capset itself may be forbidden to who has nothing to give up. */
static bool
has_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct got[_LINUX_CAPABILITY_U32S_3] = {{0}};
	uint32_t held = 0;

	if (syscall(SYS_capget, &header, got) != 0)
		return true;
	for (size_t i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		held |= got[i].effective | got[i].permitted | got[i].inheritable;
	return held != 0;
}

enum sl_err
sl_sandbox_drop_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};

	for (unsigned long i = 0; prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; i++)
		prctl(PR_CAPBSET_DROP, i, 0, 0, 0); /* not without CAP_SETPCAP */
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return !has_capabilities() || syscall(SYS_capset, &header, none) == 0 ? SL_OK : SL_EIO;
}
