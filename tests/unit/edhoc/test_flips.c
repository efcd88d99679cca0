/* SPDX-License-Identifier: BSD-2-Clause
 * Every proper prefix and every flipped bit of every message: messages 2 to 4 are never accepted; a
 * changed message_1 gets an answer that its sender refuses. A message that is ignored changes
 * nothing in the run.
 * Of the sessions other than the traces one in eleven, all of them when SL_LONG is set. */
#include "run.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

static struct run run, answerer;

static const char *const sessions[] = {"rfc9529_trace1", "rfc9529_trace2", "m1_s3", "m2_s4",
        "m0_s6", "m3_s24", "m0_s25", "m3_s2_ead"};

static struct session
load(size_t i)
{
	char file[64];

	if (strncmp(sessions[i], "rfc", 3) != 0)
		return generated_named(sessions[i]);
	ck_assert_int_lt(snprintf(file, sizeof file, "%s.json", sessions[i]), (int)sizeof file);
	return trace_load(file);
}

/* Where message n is due and as many bad ones as one likes are ignored. */
static void
prepare(const struct session *v, int n)
{
	run.v = v;
	run_until(&run, n);
	run.profile.forgeries_max = UINT_MAX;
}

static bool
is_unchanged(const struct sl_edhoc *now, struct sl_edhoc before)
{
	before.forgeries = now->forgeries;
	return memcmp(now, &before, sizeof before) == 0; /* copies of one object */
}

/* False when the message went through. */
static bool
is_refused(const struct session *v, int n, struct sl_span message)
{
	struct sl_edhoc before = run.s;
	struct sl_edhoc_seen seen;

	if (run_read(&run, n, message, &seen) != SL_OK)
		return is_unchanged(&run.s, before);
	if (n != 2 || run_verify(&run) == SL_OK)
		return false;
	run_end(&run);
	prepare(v, n);
	return true;
}

/* The Initiator sent the true message_1, the Responder got this one. */
static bool
is_answer_refused(const struct session *v, struct sl_span message_1)
{
	struct sl_edhoc_seen seen;
	struct sl_span message_2;
	bool refused = true;

	run_start(&answerer, v, SL_EDHOC_RESPONDER);
	if (run_read(&answerer, 1, message_1, &seen) == SL_OK &&
	        run_write_2(&answerer, &message_2) == SL_OK)
		refused = is_refused(v, 2, message_2);
	run_end(&answerer);
	return refused;
}

static bool
is_stopped(const struct session *v, int n, struct sl_span message)
{
	return n == 1 ? is_answer_refused(v, message) : is_refused(v, n, message);
}

START_TEST(every_proper_prefix_is_refused)
{
	struct session v = load((size_t)_i);
	size_t count = 0, step = _i < 2 ? 1 : test_rounds(11, 1);

	for (int n = 1; n <= 4; n++) {
		prepare(&v, n == 1 ? 2 : n);
		for (size_t len = 0; len < v.message[n].len; len += step, count++) {
			struct sl_span cut = heap_copy(sl_span(v.message[n].ptr, len));

			ck_assert_msg(is_stopped(&v, n, cut), "%s: message_%d, %zu bytes", v.name,
			        n, len);
		}
		ck_assert(n == 1 || !is_stopped(&v, n, v.message[n]));
		run_end(&run);
	}
	printf("%s: %zu prefixes\n", v.name, count);
}
END_TEST

START_TEST(every_flipped_bit_is_refused)
{
	struct session v = load((size_t)_i);
	size_t count = 0, step = _i < 2 ? 1 : test_rounds(11, 1);
	uint8_t bytes[1024];

	for (int n = 1; n <= 4; n++) {
		struct sl_span message = sl_span(bytes, v.message[n].len);

		ck_assert_uint_le(message.len, sizeof bytes);
		memcpy(bytes, v.message[n].ptr, message.len);
		prepare(&v, n == 1 ? 2 : n);
		for (size_t bit = 0; bit < 8 * message.len; bit += step, count++) {
			bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
			ck_assert_msg(is_stopped(&v, n, message), "%s: message_%d, bit %zu", v.name,
			        n, bit);
			bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		ck_assert(n == 1 || !is_stopped(&v, n, message));
		run_end(&run);
	}
	printf("%s: %zu bits\n", v.name, count);
}
END_TEST

START_TEST(a_surplus_byte_is_refused)
{
	struct session v = load((size_t)_i);
	uint8_t bytes[1024];

	for (int n = 2; n <= 4; n++) {
		memcpy(bytes, v.message[n].ptr, v.message[n].len);
		bytes[v.message[n].len] = 0;
		prepare(&v, n);
		ck_assert(is_refused(&v, n, sl_span(bytes, v.message[n].len + 1)));
		run_end(&run);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("edhoc flips");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 300);
	tcase_add_loop_test(tc, every_proper_prefix_is_refused, 0, ARRAY_LEN(sessions));
	tcase_add_loop_test(tc, every_flipped_bit_is_refused, 0, ARRAY_LEN(sessions));
	tcase_add_loop_test(tc, a_surplus_byte_is_refused, 0, ARRAY_LEN(sessions));
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
