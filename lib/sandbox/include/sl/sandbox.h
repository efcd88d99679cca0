/* SPDX-License-Identifier: BSD-2-Clause
 * What a process gives up for good: its capabilities, and every system call but those of a table (seccomp(2)). The
 * door to libseccomp, and the one room that changes the process it runs in. docs/hardening.md tells when. */
#ifndef SL_SANDBOX_H
#define SL_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sl/err.h>

enum sl_call_rule {
	SL_CALL_ALLOW, /* when (argument & mask) == value; mask 0: always */
	SL_CALL_OWN,   /* when the first argument is the number of this process */
	SL_CALL_FAIL,  /* when (argument & mask) == value it fails with the errno `error` */
};

/* Roles that the rows of the room itself have. */
#define SL_SANDBOX_THREADS (1u << 30) /* may start threads, but no process */
#define SL_SANDBOX_TOOLS                                                                           \
	(1u << 31) /* in builds with sanitizers or coverage: what these do at the end */

/* One row of a table. Several rows of one name add up. */
struct sl_call {
	const char
	        *name; /* unknown here (another architecture, an older library): the row is void */
	const char *group; /* what it is for, in one word */
	unsigned roles;    /* bits; the program says what they mean */
	enum sl_call_rule rule;
	unsigned argument;
	uint64_t mask, value;
	int error;
};

enum sl_sandbox_mode {
	SL_SANDBOX_ON,  /* another call ends the process */
	SL_SANDBOX_LOG, /* another call goes on, and stands in the kernel's log */
	SL_SANDBOX_OFF,
};

#define SL_CALL(call, of, who)                                                                     \
	{                                                                                          \
		.name = call, .group = of, .roles = who                                            \
	}
/* number: of the argument */
#define SL_CALL_IF(call, of, who, number, bits, want)                                              \
	{                                                                                          \
		.name = call, .group = of, .roles = who, .argument = number, .mask = bits,         \
		.value = want                                                                      \
	}

/* What every program needs: memory, time, its own end, files that are open. */
extern const struct sl_call sl_basic_calls[];
extern const size_t sl_basic_call_count;

struct sl_sandbox {
	const struct sl_call *calls; /* beside the basic ones */
	size_t count;
	unsigned roles; /* rows that have one of these */
	enum sl_sandbox_mode mode;
	bool has_threads; /* there are other threads, for which it holds too */
};

/* "on", "log" or "off"; SL_EMALFORMED. */
enum sl_err sl_sandbox_parse(enum sl_sandbox_mode *out, const char *text) SL_MUST_USE;
/* For this process and all that it starts; what was entered before holds on. Sets no_new_privs. SL_EIO with
 * errno: the kernel cannot, or must not. */
enum sl_err sl_sandbox_enter(const struct sl_sandbox *sandbox) SL_MUST_USE;
/* All sets empty, the bounding set as far as this process may. SL_EIO. */
enum sl_err sl_sandbox_drop_capabilities(void) SL_MUST_USE;

#endif
