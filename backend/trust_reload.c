/* SPDX-License-Identifier: BSD-2-Clause
 * Peers that change while the server runs. What a message was begun with stays until it is answered, since what the
 * peer may be borrows from it. */
#include <stdlib.h>

#include "trust_inside.h"

static void
end(struct trust *peers)
{
	struct config *config = peers->owned;

	trust_close(peers);
	free(config);
}

void
trust_take_peers(struct trust *t, struct trust *next, struct config *config)
{
	struct trust *before;

	next->owned = config;
	pthread_mutex_lock(&t->mutex);
	before = t->newest;
	t->newest = next;
	if (before != NULL && before->users > 0)
		before = NULL; /* the last one ends it */
	pthread_mutex_unlock(&t->mutex);
	if (before != NULL)
		end(before);
}

struct trust *
trust_enter(struct trust *t)
{
	struct trust *peers;

	pthread_mutex_lock(&t->mutex);
	peers = t->newest != NULL ? t->newest : t;
	peers->users++;
	pthread_mutex_unlock(&t->mutex);
	return peers;
}

void
trust_leave(struct trust *t, struct trust *peers)
{
	bool is_over;

	pthread_mutex_lock(&t->mutex);
	peers->users--;
	is_over = peers->users == 0 && peers != t && peers != t->newest;
	pthread_mutex_unlock(&t->mutex);
	if (is_over)
		end(peers);
}

void
trust_clear_newest(struct trust *t)
{
	if (t->newest != NULL)
		end(t->newest);
	t->newest = NULL;
}
