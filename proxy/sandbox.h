/* SPDX-License-Identifier: BSD-2-Clause
 * The system calls that each process of the proxy may make once its sockets are bound and the configuration is read.
 * docs/hardening.md tells more. */
#ifndef PROXY_SANDBOX_H
#define PROXY_SANDBOX_H

#include <sl/sandbox.h>

enum sandbox_role {
	SANDBOX_WORKER = 1,
	SANDBOX_ADMIN = 2,
	SANDBOX_SUPERVISOR = 4,
};

/* Before the first datagram, or the first connection, is read. False: said in the log, go no further. */
bool sandbox_enter(enum sl_sandbox_mode mode, enum sandbox_role role) SL_MUST_USE;

/* The table, and which rows of it (and of the basic ones) a role has. */
extern const struct sl_call sandbox_calls[];
extern const size_t sandbox_call_count;
unsigned sandbox_roles(enum sandbox_role role);

#endif
