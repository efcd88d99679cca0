/* SPDX-License-Identifier: BSD-2-Clause
 * Address verification with Echo (RFC 9175 section 2): stateless values, and a bounded table of
 * peers that proved to hear us. Pure. */
#ifndef SL_ECHO_H
#define SL_ECHO_H

#include <sl/messages.h>

#define SL_ECHO_LEN 9 /* 1 byte epoch, 8 bytes SipHash over epoch and peer */

#define SL_ECHO_PEER_BYTES 112 /* of tables, at most, for each of verified_max */

struct sl_echo_config {
	uint32_t epoch_ms;       /* default 60000: a value is fresh in its epoch and the next one */
	uint32_t verified_ms;    /* default 600000 since the last proof */
	uint32_t verified_max;   /* default 65536 peers; the longest silent one leaves first */
	uint8_t key[SL_SIPHASH_KEY_LEN]; /* random per start */
};

void sl_echo_config_init(struct sl_echo_config *config);

struct sl_echo;

enum sl_err sl_echo_new(struct sl_echo **out, const struct sl_echo_config *config) SL_MUST_USE;
void sl_echo_free(struct sl_echo *e);

/* The value to challenge this peer with. */
void sl_echo_value(const struct sl_echo *e, const struct sl_peer *peer, uint64_t now_ms,
	uint8_t out[static SL_ECHO_LEN]);
/* True when value is ours, for this peer, and fresh; the peer is then verified. Constant-time
 * compare. */
bool sl_echo_check(struct sl_echo *e, const struct sl_peer *peer, struct sl_span value,
	uint64_t now_ms);
/* The peer acknowledged a message of ours: verified. */
void sl_echo_verify(struct sl_echo *e, const struct sl_peer *peer, uint64_t now_ms);
bool sl_echo_is_verified(const struct sl_echo *e, const struct sl_peer *peer, uint64_t now_ms);
uint32_t sl_echo_verified_count(const struct sl_echo *e);

#endif
