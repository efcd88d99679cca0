/* SPDX-License-Identifier: BSD-2-Clause
 * Names of block-wise transfers: RFC 7959 sections 2.4 and 2.5, RFC 9175 section 3. And their defaults. */
#include <sl/blocks.h>

#include <string.h>

#define INLINE_MAX 48 /* longer values go in by their digest; the length tells which it is */

/* The digest is chained over the options, so that no length limits it. */
static void
absorb(struct sl_block_key *key, const uint8_t *hash_key, uint32_t number, struct sl_span value)
{
	uint8_t bytes[SL_BLOCK_KEY_LEN + 8 + INLINE_MAX];
	uint32_t header[2] = {number, (uint32_t)value.len};
	size_t len = SL_BLOCK_KEY_LEN + sizeof header;

	memcpy(bytes, key->bytes, SL_BLOCK_KEY_LEN);
	memcpy(bytes + SL_BLOCK_KEY_LEN, header, sizeof header);
	if (value.len > INLINE_MAX) {
		sl_siphash128(bytes + len, hash_key, value);
		len += 16;
	} else if (value.len > 0) {
		memcpy(bytes + len, value.ptr, value.len);
		len += value.len;
	}
	sl_siphash128(key->bytes, hash_key, sl_span(bytes, len));
}

void
sl_block_key(struct sl_block_key *key, const uint8_t hash_key[static SL_SIPHASH_KEY_LEN],
        const struct sl_peer *peer, const struct sl_coap_msg *request)
{
	memset(key, 0, sizeof *key);
	absorb(key, hash_key, request->code, sl_span(peer->bytes, peer->len));
	for (size_t i = 0; i < request->option_count; i++) {
		const struct sl_coap_option *opt = &request->options[i];

		if (opt->number == SL_COAP_BLOCK1 || opt->number == SL_COAP_BLOCK2 ||
		        sl_coap_is_no_cache_key(opt->number))
			continue;
		absorb(key, hash_key, opt->number, sl_coap_option_value(opt));
	}
}

void
sl_blocks_config_init(struct sl_blocks_config *config)
{
	memset(config, 0, sizeof *config);
	config->bodies_max = 1024;
	config->bodies_per_peer_max = 4;
	config->body_bytes_max = 16U << 10;
	config->bytes_max = 16U << 20;
	config->idle_ms = 60000;
	config->answers_max = 1024;
}
