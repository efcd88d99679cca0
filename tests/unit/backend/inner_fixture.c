/* SPDX-License-Identifier: BSD-2-Clause */
#include "inner_fixture.h"

#include <string.h>

#include "support.h"

struct inner_fixture t;

void
inner_restart(void)
{
	inner_blocks_free(t.blocks);
	ck_assert_ok(inner_blocks_new(&t.blocks, &t.config));
}

void
inner_start(void)
{
	size_t i;

	memset(&t, 0, sizeof t);
	for (i = 0; i < sizeof t.text; i++)
		t.text[i] = (uint8_t)(i % 251);
	inner_blocks_config_init(&t.config);
	inner_restart();
}

void
inner_end(void)
{
	inner_blocks_free(t.blocks);
}

void
inner_make(struct sl_coap_msg *msg, uint8_t code)
{
	sl_coap_msg_init(msg, code);
	ck_assert_ok(sl_coap_add_path(msg, "/est/sen"));
}

struct inner_ask
inner_ask_of(int64_t context_id, const struct sl_coap_msg *msg)
{
	struct inner_ask ask = {context_id, msg, t.now_ms, t.slice};

	return ask;
}

uint8_t
inner_request(int64_t context_id, const struct sl_coap_msg *msg)
{
	struct inner_ask ask = inner_ask_of(context_id, msg);

	memset(&t.answer, 0xaa, sizeof t.answer);
	return inner_blocks_request(t.blocks, &ask, &t.body, &t.answer) == INNER_WHOLE
	               ? 0
	               : t.answer.code;
}
