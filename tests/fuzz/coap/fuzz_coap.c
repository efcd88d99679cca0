/* SPDX-License-Identifier: BSD-2-Clause
 * Any bytes as a datagram. What decodes has one coding only (RFC 7252 section 3), so encoding it
 * gives the same bytes; and no question about it may read beyond them. */
#include <sl/coap.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static void
ask(const struct sl_coap_msg *msg)
{
	struct sl_coap_block block;
	char path[64];
	uint32_t v = 0;

	for (size_t i = 0; i < msg->option_count; i++) {
		uint16_t number = msg->options[i].number;

		must(i == 0 || msg->options[i - 1].number <= number);
		must(sl_coap_find(msg, number) != NULL && sl_coap_count(msg, number) > 0);
		must(sl_coap_get_uint(msg, number, &v) != SL_ENOTFOUND);
		if (sl_coap_get_block(msg, number, &block) == SL_OK)
			must(block.szx <= 6 && block.num <= 0xfffff);
	}
	if (sl_coap_get_path(msg, path, sizeof path) == SL_OK)
		must(path[0] == '/' && memchr(path, '\0', sizeof path) != NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct sl_span datagram = sl_span(bytes, len);
	struct sl_coap_msg msg, inner;
	uint8_t *out = malloc(len + 1);
	struct sl_writer w = sl_writer_over(out, len);

	if (out == NULL)
		return 0;
	if (sl_coap_decode(&msg, datagram) == SL_OK) {
		ask(&msg);
		must(sl_coap_encode(&w, &msg) == SL_OK &&
		        sl_span_equal(sl_writer_span(&w), datagram));
		must(sl_coap_header_decode(&inner, datagram) == SL_OK && inner.code == msg.code);
	}
	sl_coap_msg_init(&inner, SL_COAP_GET);
	if (sl_coap_options_decode(&inner, datagram) == SL_OK) {
		ask(&inner);
		w = sl_writer_over(out, len);
		must(sl_coap_options_encode(&w, &inner) == SL_OK && w.len == len);
	}
	free(out);
	return 0;
}
