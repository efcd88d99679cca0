/* SPDX-License-Identifier: BSD-2-Clause
 * What a proxy's core must hold, as a plain record of what was asked: every request of a template carries its own
 * number in each word of its payload, and the origin's answer repeats it, so that an answer says whose it is. */
#ifndef MODEL_H
#define MODEL_H

#include "core.h"

#define PEERS        8
#define TRUSTED      7 /* the peer that the configuration may trust */
#define REQUESTS_MAX 1500
#define TOKENS_MAX   300
#define FETCHES_MAX  64
#define ECHOES_MAX   8
#define WORD_LEN     4

struct model_request {
	uint64_t at_ms;
	uint16_t message_id;
	uint8_t peer, key, num, token_len, token;
	bool is_con, is_follow_up, is_fetched;
};

/* What a datagram of any bytes may be answered with. */
struct model_token {
	uint8_t peer, len, token[SL_COAP_TOKEN_MAX];
	uint16_t message_id;
};

struct model_fetch {
	struct sl_ref ref;
	uint64_t since_ms;
	size_t request; /* SIZE_MAX: of a datagram of any bytes */
	bool is_oscore;
};

struct model_peer {
	struct sl_peer peer;
	uint64_t in, out, known_until_ms;
	uint8_t echoes[ECHOES_MAX][SL_ECHO_LEN];
	unsigned echo_count;
	uint16_t con_id; /* of the last confirmable message it got */
	bool has_con;
};

struct model {
	const struct config *config;
	struct proxy_core *core;
	uint64_t now_ms, base_memory;
	struct model_peer peers[PEERS];
	struct model_request requests[REQUESTS_MAX];
	size_t request_count;
	struct model_token tokens[TOKENS_MAX];
	size_t token_count;
	struct model_fetch fetches[FETCHES_MAX];
	size_t fetch_count;
	struct sl_ref last_ended;
};

void model_require(bool holds);
void model_init(struct model *m, const struct config *config, struct proxy_core *core);
/* One word of a payload: a mark and the number of the request. */
void model_word(uint8_t out[static WORD_LEN], size_t request);
/* A datagram is about to go in; msg as the codec reads it. */
void model_on_datagram(struct model *m, unsigned peer, size_t len, const struct sl_coap_msg *msg);
/* Takes all that the core has to say, and checks it and the gauges. */
void model_take(struct model *m);
void model_forget(struct model *m, size_t fetch);
/* Nothing is left, 300 s after the last event. */
void model_end(struct model *m);

#endif
