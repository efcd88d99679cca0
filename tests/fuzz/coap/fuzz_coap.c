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

/* A uint or block value in its shortest form comes back from its number. */
static enum sl_err
add_again(struct sl_coap_msg *to, const struct sl_coap_option *opt, const struct sl_coap_msg *from)
{
	struct sl_span value = sl_coap_option_value(opt);
	bool is_short = value.len == 0 || value.ptr[0] != 0;
	struct sl_coap_block block;
	uint32_t number;

	if (sl_coap_count(from, opt->number) > 1 || !is_short)
		return sl_coap_add(to, opt->number, value);
	if (opt->number == SL_COAP_BLOCK2 &&
	        sl_coap_get_block(from, SL_COAP_BLOCK2, &block) == SL_OK)
		return sl_coap_add_block(to, SL_COAP_BLOCK2, block);
	if (sl_coap_get_uint(from, opt->number, &number) == SL_OK)
		return sl_coap_add_uint(to, opt->number, number);
	return sl_coap_add(to, opt->number, value);
}

/* The message put together again, from its last option to its first, after a detour. */
static void
build_again(const struct sl_coap_msg *msg, struct sl_span datagram)
{
	struct sl_coap_msg again;
	uint8_t *out = malloc(datagram.len + 1);
	struct sl_writer w = sl_writer_over(out, datagram.len);
	char path[64];

	if (out == NULL)
		return;
	sl_coap_msg_init(&again, msg->code);
	again.type = msg->type;
	again.message_id = msg->message_id;
	again.token_len = msg->token_len;
	memcpy(again.token, msg->token, msg->token_len);
	again.payload = msg->payload;
	for (size_t end = msg->option_count, begin; end > 0; end = begin) {
		for (begin = end - 1; begin > 0; begin--)
			if (msg->options[begin - 1].number != msg->options[end - 1].number)
				break;
		for (size_t i = begin; i < end; i++) /* those of one number keep their order */
			must(add_again(&again, &msg->options[i], msg) == SL_OK);
	}
	must(sl_coap_encode(&w, &again) == SL_OK && sl_span_equal(sl_writer_span(&w), datagram));
	must(sl_coap_add(&again, 65000, datagram) == SL_OK ||
	        again.option_count == SL_COAP_OPTIONS_MAX);
	sl_coap_remove(&again, 65000);
	must(again.option_count == msg->option_count - sl_coap_count(msg, 65000));
	if (sl_coap_get_path(msg, path, sizeof path) == SL_OK && sl_coap_count(msg, 11) > 0) {
		sl_coap_msg_init(&again, msg->code);
		if (strchr(path, '?') == NULL && path[strlen(path) - 1] != '/' &&
		        sl_coap_add_path(&again, path) == SL_OK)
			must(sl_coap_count(&again, SL_COAP_URI_PATH) ==
			        sl_coap_count(msg, SL_COAP_URI_PATH));
	}
	free(out);
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
		build_again(&msg, datagram);
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
