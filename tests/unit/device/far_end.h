/* SPDX-License-Identifier: BSD-2-Clause
 * The fake server with EDHOC before it, behind a real socket, in a thread of its own. Its fields
 * are the thread's while a call blocks, the test's between two calls. */
#ifndef FAR_END_H
#define FAR_END_H

#include "fake_edhoc.h"
#include "fake_est.h"

#include <pthread.h>

struct far_end {
	struct fake_est est;
	struct fake_edhoc edhoc;
	unsigned forgets; /* so many times it forgets its context before a protected request */
	unsigned forgets_after; /* after so many protected requests, first */
	bool is_silent;
	int fd;
	uint16_t port;
	pthread_t thread;
};

/* The Responder shows own, which must live as long. */
void far_end_start(struct far_end *far, const struct fake_party *own);
void far_end_stop(struct far_end *far);

#endif
