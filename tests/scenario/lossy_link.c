/* SPDX-License-Identifier: BSD-2-Clause
 * See lossy_link.h. */
#include "lossy_link.h"

#include <stdlib.h>
#include <string.h>

void
link_init(struct lossy_link *link, uint8_t seed)
{
	uint8_t key[SL_SIPHASH_KEY_LEN] = {seed};

	memset(link, 0, sizeof *link);
	link->draw = sl_draw_from(key);
}

void
link_clear(struct lossy_link *link)
{
	while (link->count > 0)
		free(link->held[--link->count]);
}

static bool
happens(struct lossy_link *link, unsigned percent)
{
	return sl_draw_between(&link->draw, 0, 99) < percent;
}

static void
hold(struct lossy_link *link, unsigned from, unsigned to, struct sl_span bytes, uint64_t now_ms)
{
	struct lossy_datagram *d = malloc(sizeof *d);

	ck_assert(d != NULL && link->count < LINK_HELD_MAX && bytes.len <= sizeof d->bytes);
	d->due_ms = now_ms + sl_draw_between(&link->draw, 1, link->delay_max_ms);
	d->from = from;
	d->to = to;
	d->len = bytes.len;
	memcpy(d->bytes, bytes.ptr, bytes.len);
	link->held[link->count++] = d;
}

void
link_send(
        struct lossy_link *link, unsigned from, unsigned to, struct sl_span bytes, uint64_t now_ms)
{
	link->sent++;
	if (happens(link, link->lost_percent)) {
		link->lost++;
		return;
	}
	hold(link, from, to, bytes, now_ms);
	if (happens(link, link->repeated_percent)) {
		link->repeated++;
		hold(link, from, to, bytes, now_ms);
	}
}

static size_t
first_of(const struct lossy_link *link)
{
	size_t first = 0;

	for (size_t i = 1; i < link->count; i++)
		if (link->held[i]->due_ms < link->held[first]->due_ms)
			first = i;
	return first;
}

uint64_t
link_due(const struct lossy_link *link)
{
	return link->count == 0 ? UINT64_MAX : link->held[first_of(link)]->due_ms;
}

struct lossy_datagram *
link_take(struct lossy_link *link, uint64_t now_ms)
{
	size_t first = first_of(link);
	struct lossy_datagram *d;

	if (link->count == 0 || link->held[first]->due_ms > now_ms)
		return NULL;
	d = link->held[first];
	link->held[first] = link->held[--link->count];
	return d;
}
