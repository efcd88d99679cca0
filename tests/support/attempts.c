/* SPDX-License-Identifier: BSD-2-Clause
 * Arguments are chosen so that the kernel would refuse, or do nothing, without a sandbox. */
#include "attempts.h"

#include <fcntl.h>
#include <linux/reboot.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOTHING ((void *)0)

/* A call with six arguments at most; its result does not matter. */
#define ATTEMPT(name, ...)                                                                         \
	static void try_##name(void)                                                               \
	{                                                                                          \
		(void)syscall(__VA_ARGS__);                                                        \
	}

ATTEMPT(execve, SYS_execve, "/nowhere", NOTHING, NOTHING)
ATTEMPT(execveat, SYS_execveat, -1, "", NOTHING, NOTHING, 0)
ATTEMPT(ptrace, SYS_ptrace, PTRACE_PEEKDATA, -1, NOTHING, NOTHING)
ATTEMPT(bind, SYS_bind, -1, NOTHING, 0)
ATTEMPT(listen, SYS_listen, -1, 1)
ATTEMPT(connect, SYS_connect, -1, NOTHING, 0)
ATTEMPT(mount, SYS_mount, NOTHING, NOTHING, NOTHING, 0, NOTHING)
ATTEMPT(umount, SYS_umount2, NOTHING, 0)
ATTEMPT(kexec_load, SYS_kexec_load, 0, 0, NOTHING, -1UL)
ATTEMPT(open_to_write, SYS_openat, AT_FDCWD, "/dev/null", O_WRONLY)
ATTEMPT(open_to_create, SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY | O_CREAT, 0600)
ATTEMPT(open_to_truncate, SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY | O_TRUNC)
ATTEMPT(packet_socket, SYS_socket, AF_PACKET, SOCK_RAW, 0)
ATTEMPT(alg_socket, SYS_socket, AF_ALG, SOCK_SEQPACKET, 0)
ATTEMPT(any_socket, SYS_socket, AF_INET, SOCK_STREAM, 0)
ATTEMPT(io_uring, SYS_io_uring_setup, 0, NOTHING)
ATTEMPT(bpf, SYS_bpf, -1, NOTHING, 0)
ATTEMPT(userfaultfd, SYS_userfaultfd, -1)
ATTEMPT(keyctl, SYS_keyctl, -1)
ATTEMPT(process_vm_readv, SYS_process_vm_readv, -1, NOTHING, 0, NOTHING, 0, 0)
ATTEMPT(setuid, SYS_setuid, getuid())
ATTEMPT(setgroups, SYS_setgroups, -1, NOTHING)
ATTEMPT(capset, SYS_capset, NOTHING, NOTHING)
ATTEMPT(chroot, SYS_chroot, NOTHING)
ATTEMPT(unshare, SYS_unshare, 0)
ATTEMPT(setns, SYS_setns, -1, 0)
ATTEMPT(init_module, SYS_init_module, NOTHING, 0, NOTHING)
ATTEMPT(perf_event_open, SYS_perf_event_open, NOTHING, 0, 0, -1, 0)
ATTEMPT(reboot, SYS_reboot, 0, 0, 0, NOTHING)
ATTEMPT(settimeofday, SYS_clock_settime, -1, NOTHING)
ATTEMPT(kill_another, SYS_kill, getppid(), 0)
ATTEMPT(tgkill_another, SYS_tgkill, getppid(), getppid(), 0)
ATTEMPT(fork, SYS_clone, SIGCHLD | CLONE_PARENT_SETTID, NOTHING, NOTHING, NOTHING, NOTHING)
ATTEMPT(memfd_create, SYS_memfd_create, NOTHING, 0)
ATTEMPT(pidfd_open, SYS_pidfd_open, -1, 0)
ATTEMPT(open_by_handle, SYS_open_by_handle_at, -1, NOTHING, 0)
ATTEMPT(rename, SYS_renameat2, AT_FDCWD, "/nowhere/a", AT_FDCWD, "/nowhere/b", 0)
ATTEMPT(link, SYS_linkat, AT_FDCWD, "/nowhere/a", AT_FDCWD, "/nowhere/b", 0)
ATTEMPT(mknod, SYS_mknodat, AT_FDCWD, "/nowhere/a", 0, 0)
ATTEMPT(chmod, SYS_fchmodat, AT_FDCWD, "/nowhere/a", 0)
ATTEMPT(unlink, SYS_unlinkat, AT_FDCWD, "/nowhere/a", 0)
ATTEMPT(dumpable, SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0)
ATTEMPT(seccomp, SYS_seccomp, -1, 0, NOTHING)
ATTEMPT(type_into_terminal, SYS_ioctl, -1, TIOCSTI, NOTHING)
ATTEMPT(write_and_run, SYS_mmap, NOTHING, 4096, PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
        -1, 0)
ATTEMPT(make_runnable, SYS_mprotect, NOTHING, 0, PROT_READ | PROT_EXEC)

const struct attempt attempts[] = {
        {"execve", ATTEMPT_BOTH, try_execve},
        {"execveat", ATTEMPT_BOTH, try_execveat},
        {"ptrace", ATTEMPT_BOTH, try_ptrace},
        {"bind", ATTEMPT_BOTH, try_bind},
        {"listen", ATTEMPT_BOTH, try_listen},
        {"connect", ATTEMPT_EST, try_connect},
        {"mount", ATTEMPT_BOTH, try_mount},
        {"umount2", ATTEMPT_BOTH, try_umount},
        {"kexec_load", ATTEMPT_BOTH, try_kexec_load},
        {"openat for writing", ATTEMPT_PROXY, try_open_to_write},
        {"openat with O_CREAT", ATTEMPT_PROXY, try_open_to_create},
        {"openat with O_TRUNC", ATTEMPT_PROXY, try_open_to_truncate},
        {"socket(AF_PACKET)", ATTEMPT_BOTH, try_packet_socket},
        {"socket(AF_ALG)", ATTEMPT_BOTH, try_alg_socket},
        {"socket(AF_INET)", ATTEMPT_EST, try_any_socket},
        {"io_uring_setup", ATTEMPT_BOTH, try_io_uring},
        {"bpf", ATTEMPT_BOTH, try_bpf},
        {"userfaultfd", ATTEMPT_BOTH, try_userfaultfd},
        {"keyctl", ATTEMPT_BOTH, try_keyctl},
        {"process_vm_readv", ATTEMPT_BOTH, try_process_vm_readv},
        {"setuid", ATTEMPT_BOTH, try_setuid},
        {"setgroups", ATTEMPT_BOTH, try_setgroups},
        {"capset", ATTEMPT_BOTH, try_capset},
        {"chroot", ATTEMPT_BOTH, try_chroot},
        {"unshare", ATTEMPT_BOTH, try_unshare},
        {"setns", ATTEMPT_BOTH, try_setns},
        {"init_module", ATTEMPT_BOTH, try_init_module},
        {"perf_event_open", ATTEMPT_BOTH, try_perf_event_open},
        {"reboot", ATTEMPT_BOTH, try_reboot},
        {"clock_settime", ATTEMPT_BOTH, try_settimeofday},
        {"kill of another", ATTEMPT_BOTH, try_kill_another},
        {"tgkill of another", ATTEMPT_BOTH, try_tgkill_another},
        {"clone of a process", ATTEMPT_BOTH, try_fork},
        {"memfd_create", ATTEMPT_BOTH, try_memfd_create},
        {"pidfd_open", ATTEMPT_BOTH, try_pidfd_open},
        {"open_by_handle_at", ATTEMPT_BOTH, try_open_by_handle},
        {"renameat2", ATTEMPT_BOTH, try_rename},
        {"linkat", ATTEMPT_BOTH, try_link},
        {"mknodat", ATTEMPT_BOTH, try_mknod},
        {"fchmodat", ATTEMPT_BOTH, try_chmod},
        {"unlinkat", ATTEMPT_PROXY, try_unlink},
        {"prctl(PR_SET_DUMPABLE)", ATTEMPT_BOTH, try_dumpable},
        {"seccomp", ATTEMPT_BOTH, try_seccomp},
        {"ioctl(TIOCSTI)", ATTEMPT_BOTH, try_type_into_terminal},
        {"mmap of writable code", ATTEMPT_BOTH, try_write_and_run},
        {"mprotect to code", ATTEMPT_BOTH, try_make_runnable},
};

const size_t attempt_count = sizeof attempts / sizeof attempts[0];

int
fate_of(bool (*enter)(void), void (*make)(void))
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		if (!enter())
			_exit(3);
		make();
		(void)syscall(SYS_exit_group, 0);
	}
	if (pid > 0)
		waitpid(pid, &status, 0);
	return status;
}

bool
was_killed_by_sandbox(int status)
{
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
}

unsigned
count_survivors(bool (*enter)(void), enum attempt_of of, unsigned *made)
{
	unsigned survivors = 0;

	*made = 0;
	for (size_t i = 0; i < attempt_count; i++) {
		int status;

		if ((attempts[i].of & of) == 0)
			continue;
		status = fate_of(enter, attempts[i].make);
		(*made)++;
		if (was_killed_by_sandbox(status))
			continue;
		survivors++;
		fprintf(stderr, "%s: the child was not killed, status %#x\n", attempts[i].name,
		        (unsigned)status);
	}
	return survivors;
}
