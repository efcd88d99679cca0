/* SPDX-License-Identifier: BSD-2-Clause
 * Datagrams against RFC 7252 appendix A and section 3, and against everything that breaks them. */
#include "support.h"

#include <sl/coap.h>

#include <string.h>

/* RFC 7252 appendix A, figures 16 and 17; section 3 for the others. cuts: the proper prefixes (by
 * length) that are messages too, because they end where an option, the token or the header ends. */
static const struct {
	const char *because, *encoded;
	size_t cuts[6];
} valid[] = {
        {"figure 16, request", "4001 7d34 bb 74656d7065726174757265", {4}},
        {"figure 16, response", "6045 7d34 ff 32322e332043", {4, 6, 7, 8, 9, 10}},
        {"figure 17, token 0x20", "4101 7d35 20 bb 74656d7065726174757265", {5}},
        {"an Empty message", "7000 1234", {0}},
        {"an eight byte token", "4801 0001 0102030405060708", {0}},
        {"options without values", "4001 0001 50 00 10", {4, 5, 6}},
        {"delta and length of 13", "4001 0001 dd 00 00 000102030405060708090a0b0c", {4}},
        {"delta of 269", "4001 0001 e1 0000 aa", {4}},
        {"the largest option number", "4001 0001 e0 fef2", {4}},
        {"a payload that begins with a marker", "4001 0001 ff ff", {4}},
        {"a marker inside a value", "4001 0001 13 ffffff", {4}},
        {"an unknown method", "401f 0001", {0}},
        {"the last code of class 5", "40bf 0001", {0}},
};

static const struct {
	const char *because, *encoded;
} malformed[] = {
        {"no byte is no header", ""},
        {"one byte is no header", "40"},
        {"two bytes are no header", "4001"},
        {"three bytes are no header", "4001 7d"},
        {"version 0 is unknown", "0001 7d34"},
        {"version 2 is unknown", "8001 7d34"},
        {"version 3 is unknown", "c001 7d34"},
        {"a token has at most 8 bytes", "4901 7d34 000102030405060708"},
        {"token length 10 is reserved", "4a01 7d34 00010203040506070809"},
        {"token length 12 is reserved", "4c01 7d34 000102030405060708090a0b"},
        {"token length 13 is another RFC's", "4d01 7d34 00 000102030405060708090a0b0c"},
        {"token length 14 is another RFC's", "4e01 7d34 0000 0001020304050607"},
        {"token length 15 is always an error", "4f01 7d34 000102030405060708090a0b0c0d0e"},
        {"the token is missing", "4101 7d34"},
        {"the token is cut", "4401 7d34 010203"},
        {"the longest token is cut", "4801 7d34 01020304050607"},
        {"class 1 begins reserved codes", "4020 7d34"},
        {"class 1 ends reserved codes", "403f 7d34"},
        {"class 6 begins reserved codes", "40c0 7d34"},
        {"class 6 ends reserved codes", "40df 7d34"},
        {"class 7 is for reliable transports", "40e1 7d34"},
        {"class 7 ends with 7.31", "40ff 7d34"},
        {"an Empty message has no token", "4100 7d34 aa"},
        {"an Empty message has no token length", "4100 7d34"},
        {"an Empty message has no option", "4000 7d34 b0"},
        {"an Empty message has no payload", "4000 7d34 ff01"},
        {"an Empty message has no marker", "4000 7d34 ff"},
        {"an Empty acknowledgement has no byte more", "6000 7d34 00"},
        {"a marker needs a payload", "4001 7d34 ff"},
        {"a marker behind an option needs a payload", "4001 7d34 b161 ff"},
        {"delta nibble 15 is reserved", "4001 7d34 f0"},
        {"delta nibble 15 is reserved also with a length", "4001 7d34 f3 616263"},
        {"delta nibble 15 with an extended length", "4001 7d34 fd00 00010203040506070809 0a0b0c"},
        {"delta nibble 15 with a long length", "4001 7d34 fe0000"},
        {"length nibble 15 is reserved", "4001 7d34 1f 000102030405060708090a0b0c0d0e"},
        {"length nibble 15 behind an extended delta",
                "4001 7d34 df00 000102030405060708090a0b0c0d"},
        {"length nibble 15 behind a long delta", "4001 7d34 ef0000 00010203040506070809"},
        {"the delta's one byte is missing", "4001 7d34 d0"},
        {"the delta's two bytes are missing", "4001 7d34 e0"},
        {"the delta's second byte is missing", "4001 7d34 e001"},
        {"the length's one byte is missing", "4001 7d34 1d"},
        {"the length's two bytes are missing", "4001 7d34 1e"},
        {"the length's second byte is missing", "4001 7d34 1e00"},
        {"the length's byte behind the delta's is missing", "4001 7d34 dd00"},
        {"the length's second byte behind the delta's is missing", "4001 7d34 ee0000 00"},
        {"the value is missing", "4001 7d34 b1"},
        {"the value is cut", "4001 7d34 b3 6162"},
        {"a value of 13 is cut", "4001 7d34 1d00 000102030405060708090a0b"},
        {"a value of 268 is cut", "4001 7d34 1dff 00"},
        {"a value of 269 is cut", "4001 7d34 1e0000 000102"},
        {"a value of 65804 is cut", "4001 7d34 1effff 000102"},
        {"the value of a second option is cut", "4001 7d34 b161 42 62"},
        {"a second option has a reserved delta", "4001 7d34 b161 f0"},
        {"the second option's number passes 65535", "4001 7d34 e0fef2 10"},
        {"the option number is 65536, 0 in 16 bits", "4001 7d34 e0fef3"},
        {"the option number is 65548, 12 in 16 bits", "4001 7d34 e1feff 28"},
        {"the option number is 65804, the largest delta", "4001 7d34 e0ffff"},
        {"numbers add up beyond 65535", "4001 7d34 e08000 e08000"},
};

START_TEST(decodes_and_encodes_back)
{
	struct sl_span bytes = hex(valid[_i].encoded);
	uint8_t out[64];
	struct sl_writer w = sl_writer_over(out, sizeof out);
	struct sl_coap_msg msg;

	ck_assert_msg(sl_coap_decode(&msg, bytes) == SL_OK, "refused: %s", valid[_i].because);
	ck_assert_ok(sl_coap_encode(&w, &msg));
	ck_assert_bytes(sl_writer_span(&w), bytes);
}
END_TEST

START_TEST(encodes_into_no_byte_less)
{
	struct sl_span bytes = hex(valid[_i].encoded);
	struct sl_coap_msg msg;

	ck_assert_ok(sl_coap_decode(&msg, bytes));
	for (size_t cap = 0; cap <= bytes.len; cap++) {
		struct sl_writer w = sl_writer_over((void *)heap_copy(bytes).ptr, cap);

		ck_assert_err(sl_coap_encode(&w, &msg), cap < bytes.len ? SL_ESPACE : SL_OK);
		ck_assert_uint_eq(w.len, bytes.len);
	}
}
END_TEST

START_TEST(judges_every_proper_prefix)
{
	struct sl_span bytes = hex(valid[_i].encoded);

	for (size_t len = 0; len < bytes.len; len++) {
		struct sl_coap_msg msg;
		bool is_message = false;

		for (size_t i = 0; i < ARRAY_LEN(valid[_i].cuts); i++)
			is_message |= len > 0 && valid[_i].cuts[i] == len;
		ck_assert_msg(sl_coap_decode(&msg, heap_copy(sl_span(bytes.ptr, len))) ==
		                      (is_message ? SL_OK : SL_EMALFORMED),
		        "%s: prefix of %zu", valid[_i].because, len);
	}
}
END_TEST

START_TEST(refuses_malformed_datagrams)
{
	struct sl_coap_msg msg, before;

	memset(&msg, 0x5a, sizeof msg);
	memcpy(&before, &msg, sizeof msg);
	ck_assert_msg(sl_coap_decode(&msg, hex(malformed[_i].encoded)) == SL_EMALFORMED,
	        "accepted although %s", malformed[_i].because);
	ck_assert_msg(memcmp(&msg, &before, sizeof msg) == 0, "the output was written");
}
END_TEST

START_TEST(reads_the_fields_of_figure_17)
{
	struct sl_coap_msg msg;

	ck_assert_ok(sl_coap_decode(&msg, hex(valid[2].encoded)));
	ck_assert_uint_eq(msg.type, SL_COAP_CON);
	ck_assert_uint_eq(msg.code, SL_COAP_GET);
	ck_assert_uint_eq(msg.message_id, 0x7d35);
	ck_assert_uint_eq(msg.token_len, 1);
	ck_assert_uint_eq(msg.token[0], 0x20);
	ck_assert_uint_eq(msg.option_count, 1);
	ck_assert_uint_eq(msg.options[0].number, SL_COAP_URI_PATH);
	ck_assert(sl_span_equal_text(sl_coap_option_value(&msg.options[0]), "temperature"));
	ck_assert_uint_eq(msg.payload.len, 0);
	ck_assert_ok(sl_coap_decode(&msg, hex(valid[1].encoded)));
	ck_assert_uint_eq(msg.type, SL_COAP_ACK);
	ck_assert_uint_eq(msg.code, SL_COAP_CONTENT);
	ck_assert(sl_span_equal_text(msg.payload, "22.3 C"));
}
END_TEST

/* What a RST needs is there whenever the first four bytes and the version are. */
START_TEST(reads_the_header_of_a_broken_message)
{
	struct sl_coap_msg msg = {.type = SL_COAP_RST};

	ck_assert_err(sl_coap_header_decode(&msg, hex("400112")), SL_EMALFORMED);
	ck_assert_err(sl_coap_header_decode(&msg, hex("80011234")), SL_EMALFORMED);
	ck_assert_uint_eq(msg.type, SL_COAP_RST);
	ck_assert_ok(sl_coap_header_decode(&msg, hex("5f e1 1234 ff")));
	ck_assert_uint_eq(msg.type, SL_COAP_NON);
	ck_assert_uint_eq(msg.code, 0xe1);
	ck_assert_uint_eq(msg.message_id, 0x1234);
}
END_TEST

START_TEST(takes_64_options_and_no_more)
{
	uint8_t bytes[4 + SL_COAP_OPTIONS_MAX + 1] = {0x40, 0x01};
	struct sl_coap_msg msg;

	memset(bytes + 4, 0x10, sizeof bytes - 4); /* each the next number, without a value */
	ck_assert_ok(sl_coap_decode(&msg, sl_span(bytes, sizeof bytes - 1)));
	ck_assert_uint_eq(msg.option_count, SL_COAP_OPTIONS_MAX);
	ck_assert_uint_eq(msg.options[SL_COAP_OPTIONS_MAX - 1].number, SL_COAP_OPTIONS_MAX);
	ck_assert_err(sl_coap_decode(&msg, sl_span(bytes, sizeof bytes)), SL_ELIMIT);
	sl_coap_msg_init(&msg, SL_COAP_GET);
	ck_assert_err(
	        sl_coap_options_decode(&msg, sl_span(bytes + 4, sizeof bytes - 4)), SL_ELIMIT);
	ck_assert_uint_eq(msg.option_count, 0);
}
END_TEST

/* Section 3.1: below 13 in the nibble, from 13 one byte more, from 269 two bytes more. */
static size_t
head_of(uint8_t *out, uint32_t delta, uint32_t len)
{
	uint32_t parts[2] = {delta, len};
	uint8_t nibbles[2];
	size_t at = 1;

	for (int i = 0; i < 2; i++) {
		nibbles[i] = (uint8_t)(parts[i] < 13 ? parts[i] : parts[i] < 269 ? 13 : 14);
		if (nibbles[i] == 14)
			out[at++] = (uint8_t)((parts[i] - 269) >> 8);
		if (nibbles[i] >= 13)
			out[at++] = (uint8_t)(parts[i] - (nibbles[i] == 14 ? 269 : 13));
	}
	out[0] = (uint8_t)(nibbles[0] << 4 | nibbles[1]);
	return at;
}

static const uint32_t widths[] = {0, 1, 12, 13, 14, 268, 269, 270, 524, 525, 1024, 65534, 65535};

START_TEST(writes_each_width)
{
	static uint8_t value[65805], out[65900], want[65900];
	uint32_t delta = widths[_i];

	memset(value, 0xa5, sizeof value);
	for (size_t i = 0; i < ARRAY_LEN(widths) + 1; i++) {
		uint32_t len = i < ARRAY_LEN(widths) ? widths[i] : 65804;
		struct sl_writer w = sl_writer_over(out, sizeof out);
		size_t head = head_of(want, delta, len);
		struct sl_coap_msg msg, back;

		sl_coap_msg_init(&msg, SL_COAP_GET);
		ck_assert_ok(sl_coap_add(&msg, (uint16_t)delta, sl_span(value, len)));
		ck_assert_ok(sl_coap_options_encode(&w, &msg));
		memset(want + head, 0xa5, len);
		ck_assert_bytes(sl_writer_span(&w), sl_span(want, head + len));
		sl_coap_msg_init(&back, SL_COAP_GET);
		ck_assert_ok(sl_coap_options_decode(&back, sl_writer_span(&w)));
		ck_assert_uint_eq(back.option_count, 1);
		ck_assert_uint_eq(back.options[0].number, delta);
		ck_assert_uint_eq(sl_coap_option_value(&back.options[0]).len, len);
	}
}
END_TEST

START_TEST(a_value_beyond_65804_has_no_coding)
{
	static uint8_t value[65805], out[70000];
	struct sl_writer w = sl_writer_over(out, sizeof out);
	struct sl_coap_msg msg;

	sl_coap_msg_init(&msg, SL_COAP_GET);
	ck_assert_ok(sl_coap_add(&msg, SL_COAP_URI_PATH, sl_span(value, sizeof value)));
	ck_assert_err(sl_coap_options_encode(&w, &msg), SL_ESPACE);
	w = sl_writer_counting();
	(void)!sl_coap_options_encode(&w, &msg);
	ck_assert_uint_gt(w.len, sizeof out);
}
END_TEST

/* RFC 8613 C.4: the plaintext after the code is b3 747631. */
START_TEST(options_alone_keep_what_was_there)
{
	struct sl_coap_msg msg;

	sl_coap_msg_init(&msg, SL_COAP_GET);
	ck_assert_ok(sl_coap_add_uint(&msg, SL_COAP_ACCEPT, 60));
	ck_assert_ok(sl_coap_options_decode(&msg, hex("b3 747631 ff 01")));
	ck_assert_uint_eq(msg.option_count, 2);
	ck_assert_uint_eq(msg.options[0].number, SL_COAP_URI_PATH);
	ck_assert_uint_eq(msg.options[1].number, SL_COAP_ACCEPT);
	ck_assert_bytes(msg.payload, hex("01"));
	ck_assert_err(sl_coap_options_decode(&msg, hex("b3 7476")), SL_EMALFORMED);
	ck_assert_uint_eq(msg.option_count, 2);
	ck_assert_bytes(msg.payload, hex("01"));
	ck_assert_ok(sl_coap_options_decode(&msg, hex("")));
	ck_assert_uint_eq(msg.option_count, 2);
	ck_assert_uint_eq(msg.payload.len, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("coap/codec");
	TCase *tc = tcase_create("codec");

	tcase_add_loop_test(tc, decodes_and_encodes_back, 0, (int)ARRAY_LEN(valid));
	tcase_add_loop_test(tc, encodes_into_no_byte_less, 0, (int)ARRAY_LEN(valid));
	tcase_add_loop_test(tc, judges_every_proper_prefix, 0, (int)ARRAY_LEN(valid));
	tcase_add_loop_test(tc, refuses_malformed_datagrams, 0, (int)ARRAY_LEN(malformed));
	tcase_add_test(tc, reads_the_fields_of_figure_17);
	tcase_add_test(tc, reads_the_header_of_a_broken_message);
	tcase_add_test(tc, takes_64_options_and_no_more);
	tcase_add_loop_test(tc, writes_each_width, 0, (int)ARRAY_LEN(widths));
	tcase_add_test(tc, a_value_beyond_65804_has_no_coding);
	tcase_add_test(tc, options_alone_keep_what_was_there);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
