/* SPDX-License-Identifier: BSD-2-Clause
 * A link that loses, repeats, delays and reorders datagrams, by a seed. Time is a number. */
#ifndef SL_TEST_LOSSY_LINK_H
#define SL_TEST_LOSSY_LINK_H

#include "support.h"

#include <sl/draw.h>

#define LINK_DATAGRAM_MAX 1500
#define LINK_HELD_MAX     4096

struct lossy_datagram {
	uint64_t due_ms;
	unsigned from, to; /* whatever the test numbers its ends with */
	size_t len;
	uint8_t bytes[LINK_DATAGRAM_MAX];
};

struct lossy_link {
	struct sl_draw draw;
	unsigned lost_percent, repeated_percent;
	unsigned delay_max_ms; /* of each copy on its own: later ones overtake */
	size_t count;
	struct lossy_datagram *held[LINK_HELD_MAX];
	uint64_t sent, lost, repeated;
};

void link_init(struct lossy_link *link, uint8_t seed);
void link_clear(struct lossy_link *link);
void link_send(
        struct lossy_link *link, unsigned from, unsigned to, struct sl_span bytes, uint64_t now_ms);
/* UINT64_MAX when nothing is under way. */
uint64_t link_due(const struct lossy_link *link);
/* One that has arrived by now, to be freed by the caller; NULL when there is none. */
struct lossy_datagram *link_take(struct lossy_link *link, uint64_t now_ms);

#endif
