/* SPDX-License-Identifier: BSD-2-Clause
 * The origin side of the scenario: the server of backend/ without its HTTP library and its clocks,
 * in a folder of its own made by `sealift-est init`. One of them. */
#ifndef ORIGIN_HALF_H
#define ORIGIN_HALF_H

#include <sl/span.h>

#include <stdbool.h>
#include <stdint.h>

#define ORIGIN_BODY_MAX 8192

/* Authority and store in the folder, which is there; yaml becomes the configuration. The other files
 * that it names are there already. */
void origin_half_make(const char *dir, const char *yaml);
void origin_half_start(int64_t now);
/* As a killed process: whatever was in memory only is lost. */
void origin_half_stop(void);

struct origin_ask {
	const char *path;
	const char *oscore;       /* NULL: no field */
	const char *content_type; /* the same */
	bool has_edhoc;           /* CoAP-EDHOC: ?1 */
	struct sl_span body;
	uint64_t now_ms;
	int64_t now;
};

struct origin_answer {
	int status;
	char oscore[400];         /* "": no field */
	const char *content_type; /* NULL: no field */
	unsigned retry_after_s;   /* 0: no field */
	uint8_t body[ORIGIN_BODY_MAX];
	size_t body_len;
};

void origin_half_handle(const struct origin_ask *ask, struct origin_answer *answer);

/* Of the identity; NULL: of all. */
size_t origin_half_certificates(const char *identity);

struct origin_counts {
	unsigned messages_1, messages_3, copies, contexts, refused, starts;
};
struct origin_counts origin_half_counts(void);

#endif
