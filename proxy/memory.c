/* SPDX-License-Identifier: BSD-2-Clause
 * Sizes are upper bounds; a build in which they are not does not compile. */
#include "memory.h"

#include <sl/blocks.h>
#include <sl/echo.h>

#include "answer.h"

#define TRANSFER_BYTES (96U << 10) /* libcurl's handle, buffers and connection, and our own head */
#define PROCESS_BYTES  (2048U << 10) /* device side, loop, code that was touched */

uint64_t
memory_of_tables(const struct limits *l)
{
	return PROCESS_BYTES + sizeof(struct proxy_core) + l->exchanges * SL_MESSAGES_RECORD_BYTES +
	       l->verified_peers * SL_ECHO_PEER_BYTES +
	       (l->uploads + l->answers) * SL_BLOCKS_TRANSFER_BYTES +
	       (l->queue_length + l->transfers) * exchanges_slot_bytes() +
	       l->transfers * TRANSFER_BYTES;
}

enum memory_level
memory_level(uint64_t used, uint64_t budget)
{
	uint64_t percent = budget / 100;

	if (used < 80 * percent)
		return MEMORY_FREE;
	if (used < 90 * percent)
		return MEMORY_NO_BODIES;
	return used < 95 * percent ? MEMORY_NO_REQUESTS : MEMORY_SILENCE;
}
