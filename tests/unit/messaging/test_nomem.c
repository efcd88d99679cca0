/* SPDX-License-Identifier: BSD-2-Clause
 * Each allocation of the room fails once: an error comes back, nothing leaks, nothing is half
 * done. The linker hands the room's allocations to us (--wrap). */
#include "wire.h"

#include <sl/blocks.h>
#include <sl/echo.h>

#include <stdlib.h>
#include <string.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

static int countdown = -1; /* 0: this allocation fails; below: none does */

static bool
fails_now(void)
{
	return countdown >= 0 && countdown-- == 0;
}

void *
__wrap_malloc(size_t size)
{
	return fails_now() ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t count, size_t size)
{
	return fails_now() ? NULL : __real_calloc(count, size);
}

void *
__wrap_realloc(void *old, size_t size)
{
	return fails_now() ? NULL : __real_realloc(old, size);
}

START_TEST(a_message_layer_needs_all_its_tables)
{
	struct sl_messages_config config = wire_config();
	struct sl_messages *m = NULL;
	int failed = 0;

	for (;; failed++) {
		enum sl_err err;

		countdown = failed;
		err = sl_messages_new(&m, &config);
		countdown = -1;
		if (err == SL_OK)
			break;
		ck_assert_err(err, SL_ENOMEM);
		ck_assert_ptr_null(m);
	}
	ck_assert_int_ge(failed, 15);
	sl_messages_free(m);
}
END_TEST

START_TEST(a_block_table_needs_all_its_tables)
{
	struct sl_blocks_config config;
	struct sl_blocks *b = NULL;
	int failed = 0;

	sl_blocks_config_init(&config);
	for (;; failed++) {
		enum sl_err err;

		countdown = failed;
		err = sl_blocks_new(&b, &config);
		countdown = -1;
		if (err == SL_OK)
			break;
		ck_assert_err(err, SL_ENOMEM);
		ck_assert_ptr_null(b);
	}
	ck_assert_int_ge(failed, 15);
	sl_blocks_free(b);
}
END_TEST

START_TEST(an_echo_table_needs_all_its_tables)
{
	struct sl_echo_config config;
	struct sl_echo *e = NULL;
	int failed = 0;

	sl_echo_config_init(&config);
	for (;; failed++) {
		enum sl_err err;

		countdown = failed;
		err = sl_echo_new(&e, &config);
		countdown = -1;
		if (err == SL_OK)
			break;
		ck_assert_err(err, SL_ENOMEM);
		ck_assert_ptr_null(e);
	}
	ck_assert_int_ge(failed, 5);
	sl_echo_free(e);
}
END_TEST

START_TEST(a_reply_without_memory_may_be_tried_again)
{
	struct sl_messages_config config = wire_config();
	struct sl_messages *m = wire_new(&config);
	struct sl_coap_msg msg = answer("x");
	struct sl_ref ref = put_request(m, 1, "4001 0001", 0);
	enum sl_err err;

	countdown = 0;
	err = sl_messages_reply(m, ref, &msg, SL_REPLY_PLAIN, 1);
	countdown = -1;
	ck_assert_err(err, SL_ENOMEM);
	ck_assert_uint_eq(sl_messages_counts(m).running, 1);
	ck_assert_uint_eq(sl_messages_counts(m).reply_bytes, 0);
	expect_nothing(m);
	ck_assert_ok(sl_messages_reply(m, ref, &msg, SL_REPLY_PLAIN, 2));
	expect(m, 1, "6045 0001 ff 78");
	sl_messages_free(m);
}
END_TEST

START_TEST(a_block_without_memory_is_refused)
{
	struct sl_blocks_config config;
	struct sl_blocks *b;
	struct sl_peer peer = peer_of(1);
	struct sl_block_key key = {{1}};
	struct sl_block_answer answer = {SL_COAP_CONTENT, {NULL, 0}, sl_span_text("body")};
	struct sl_block_got got;
	struct sl_coap_msg msg;
	enum sl_block_verdict verdict;
	enum sl_err err;

	sl_blocks_config_init(&config);
	ck_assert_ok(sl_blocks_new(&b, &config));
	sl_coap_msg_init(&msg, SL_COAP_POST);
	ck_assert_ok(sl_coap_add_block(&msg, SL_COAP_BLOCK1, (struct sl_coap_block){0, true, 0}));
	msg.payload = sl_span_text("0123456789abcdef");
	countdown = 0;
	verdict = sl_blocks_put(b, &peer, &msg, 0, &got);
	countdown = 0;
	err = sl_blocks_keep(b, &peer, &key, &answer, 0);
	countdown = -1;
	ck_assert_int_eq(verdict, SL_BLOCK_BUSY);
	ck_assert_err(err, SL_ENOMEM);
	ck_assert_uint_eq(sl_blocks_counts(b).bodies + sl_blocks_counts(b).answers, 0);
	ck_assert_uint_eq(sl_blocks_counts(b).bytes, 0);
	sl_blocks_free(b);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("messaging/nomem");
	TCase *tc = tcase_create("nomem");

	tcase_add_test(tc, a_message_layer_needs_all_its_tables);
	tcase_add_test(tc, a_block_table_needs_all_its_tables);
	tcase_add_test(tc, an_echo_table_needs_all_its_tables);
	tcase_add_test(tc, a_reply_without_memory_may_be_tried_again);
	tcase_add_test(tc, a_block_without_memory_is_refused);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
