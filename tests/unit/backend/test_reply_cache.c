/* SPDX-License-Identifier: BSD-2-Clause
 * The exact-reply cache: same bytes again for so long, joiners, and every bound at it and beyond it. */
#include "support.h"

#include "reply_cache.h"

#include <stdio.h>
#include <string.h>

static struct reply_cache *cache;
static struct reply_cache_config config;

static void
start(void)
{
	reply_cache_config_init(&config);
	config.entries_max = 8;
	config.bytes_max = 100;
	config.per_context_max = 2;
	memset(config.hash_key, 7, sizeof config.hash_key);
	ck_assert_ok(reply_cache_new(&cache, &config));
}

static void
end(void)
{
	reply_cache_free(cache);
}

static struct reply_key
key_of(const char *text)
{
	struct reply_key key;

	ck_assert_ok(reply_key(&key, sl_span_text(text), sl_span_text("body")));
	return key;
}

static enum reply_state
begin(const char *text, uint64_t now_ms, struct reply *out)
{
	struct reply_key key = key_of(text);

	return reply_cache_begin(cache, &key, now_ms, out);
}

static enum reply_state
join(const char *text, uint64_t now_ms, struct reply *out)
{
	struct reply_key key = key_of(text);

	return reply_cache_join(cache, &key, now_ms, out);
}

static void
finish(const char *text, int64_t context_id, struct sl_span body, uint64_t now_ms)
{
	struct reply_key key = key_of(text);
	struct reply reply = {sl_span_text("o"), body};

	reply_cache_finish(cache, &key, context_id, &reply, now_ms);
}

static void
put(const char *text, int64_t context_id, struct sl_span body, uint64_t now_ms)
{
	struct reply unused;

	ck_assert_int_eq(begin(text, now_ms, &unused), REPLY_MINE);
	finish(text, context_id, body, now_ms);
}

static bool
is_kept(const char *text, uint64_t now_ms)
{
	struct reply out;
	struct reply_key key = key_of(text);
	enum reply_state state = begin(text, now_ms, &out);

	if (state == REPLY_MINE)
		reply_cache_drop(cache, &key);
	return state == REPLY_READY;
}

START_TEST(key_is_over_the_whole_option_and_body)
{
	static const char *const pairs[][2] = {
	        {"", ""},
	        {"a", ""},
	        {"", "a"},
	        {"ab", "c"},
	        {"a", "bc"},
	        {"b", "c"},
	        {"ab", "d"},
	};
	struct reply_key keys[ARRAY_LEN(pairs)], again;
	uint8_t long_option[REPLY_OPTION_MAX + 1] = {0};
	size_t i, j;

	for (i = 0; i < ARRAY_LEN(pairs); i++) {
		ck_assert_ok(
		        reply_key(&keys[i], sl_span_text(pairs[i][0]), sl_span_text(pairs[i][1])));
		for (j = 0; j < i; j++)
			ck_assert_mem_ne(&keys[i], &keys[j], sizeof keys[i]);
	}
	ck_assert_ok(reply_key(&again, sl_span_text("ab"), sl_span_text("c")));
	ck_assert_mem_eq(&again, &keys[3], sizeof again);
	ck_assert_ok(reply_key(&again, sl_span(long_option, REPLY_OPTION_MAX), sl_span(NULL, 0)));
	ck_assert_err(reply_key(&again, sl_span(long_option, sizeof long_option), sl_span(NULL, 0)),
	        SL_EMALFORMED);
}
END_TEST

START_TEST(gives_the_same_bytes_again)
{
	struct reply out;

	put("a", 1, sl_span_text("sealed"), 1000);
	ck_assert_int_eq(begin("a", 1001, &out), REPLY_READY);
	ck_assert(sl_span_equal_text(out.option, "o"));
	ck_assert(sl_span_equal_text(out.body, "sealed"));
	ck_assert_int_eq(begin("b", 1001, &out), REPLY_MINE);
	ck_assert_uint_eq(reply_cache_counts(cache).hits, 1);
}
END_TEST

START_TEST(an_empty_body_is_a_reply_too)
{
	struct reply out;

	put("a", 1, sl_span(NULL, 0), 0);
	ck_assert_int_eq(begin("a", 1, &out), REPLY_READY);
	ck_assert_uint_eq(out.body.len, 0);
	ck_assert_uint_eq(out.option.len, 1);
}
END_TEST

START_TEST(forgets_after_its_time_and_not_before)
{
	put("a", 1, sl_span_text("x"), 1000);
	ck_assert(is_kept("a", 1000 + config.keep_ms - 1));
	ck_assert(!is_kept("a", 1000 + config.keep_ms));
	ck_assert_uint_eq(reply_cache_counts(cache).entries, 0);
	ck_assert_uint_eq(reply_cache_counts(cache).bytes, 0);
}
END_TEST

/* Threads read the clock before they wait for the lock. */
START_TEST(a_clock_that_is_a_little_behind_forgets_nothing)
{
	put("a", 1, sl_span_text("x"), 1000);
	ck_assert(is_kept("a", 999));
}
END_TEST

START_TEST(copies_join_the_request_in_progress)
{
	struct reply out;

	ck_assert_int_eq(begin("a", 0, &out), REPLY_MINE);
	ck_assert_int_eq(begin("a", 0, &out), REPLY_PENDING);
	ck_assert_int_eq(begin("a", 0, &out), REPLY_PENDING);
	ck_assert_int_eq(begin("a", 0, &out), REPLY_BUSY);
	ck_assert_int_eq(join("a", 0, &out), REPLY_PENDING);
	finish("a", 1, sl_span_text("x"), 0);
	ck_assert_int_eq(join("a", 0, &out), REPLY_READY);
	ck_assert_int_eq(begin("a", 0, &out), REPLY_READY);
	ck_assert_uint_eq(reply_cache_counts(cache).pending, 0);
}
END_TEST

START_TEST(a_joiner_that_leaves_makes_room)
{
	struct reply_key key = key_of("a");
	struct reply out;

	ck_assert_int_eq(begin("a", 0, &out), REPLY_MINE);
	ck_assert_int_eq(begin("a", 0, &out), REPLY_PENDING);
	ck_assert_int_eq(begin("a", 0, &out), REPLY_PENDING);
	reply_cache_leave(cache, &key);
	ck_assert_int_eq(begin("a", 0, &out), REPLY_PENDING);
}
END_TEST

START_TEST(one_joiner_takes_over_what_was_dropped)
{
	struct reply_key key = key_of("a");
	struct reply out;

	ck_assert_int_eq(begin("a", 0, &out), REPLY_MINE);
	ck_assert_int_eq(begin("a", 0, &out), REPLY_PENDING);
	ck_assert_int_eq(begin("a", 0, &out), REPLY_PENDING);
	reply_cache_drop(cache, &key);
	ck_assert_int_eq(join("a", 0, &out), REPLY_MINE);
	ck_assert_int_eq(join("a", 0, &out), REPLY_PENDING);
	reply_cache_leave(cache, &key); /* never counted twice */
	reply_cache_leave(cache, &key);
	ck_assert_int_eq(begin("a", 0, &out), REPLY_PENDING);
	ck_assert_int_eq(begin("a", 0, &out), REPLY_PENDING);
	ck_assert_int_eq(begin("a", 0, &out), REPLY_BUSY);
	reply_cache_drop(cache, &key);
	ck_assert_uint_eq(reply_cache_counts(cache).entries, 0);
	ck_assert_int_eq(join("a", 0, &out), REPLY_MINE);
}
END_TEST

START_TEST(a_dropped_request_without_joiners_is_forgotten)
{
	struct reply_key key = key_of("a");
	struct reply out;

	ck_assert_int_eq(begin("a", 0, &out), REPLY_MINE);
	reply_cache_drop(cache, &key);
	ck_assert_uint_eq(reply_cache_counts(cache).entries, 0);
	ck_assert_int_eq(begin("a", 0, &out), REPLY_MINE);
}
END_TEST

START_TEST(keeps_the_newest_of_a_context)
{
	put("a1", 1, sl_span_text("x"), 0);
	put("b1", 2, sl_span_text("x"), 1);
	put("a2", 1, sl_span_text("x"), 2);
	ck_assert(is_kept("a1", 3));
	put("a3", 1, sl_span_text("x"), 3);
	ck_assert(!is_kept("a1", 4));
	ck_assert(is_kept("a2", 4));
	ck_assert(is_kept("a3", 4));
	ck_assert(is_kept("b1", 4));
}
END_TEST

START_TEST(holds_so_many_entries)
{
	char name[2] = "a";
	struct reply out;
	size_t i;

	for (i = 0; i < config.entries_max; i++, name[0]++)
		put(name, (int64_t)i, sl_span_text("x"), i);
	ck_assert(is_kept("a", 100));
	put(name, 100, sl_span_text("x"), 100);
	ck_assert(!is_kept("a", 100));
	ck_assert(is_kept("c", 100));
	ck_assert_uint_ge(reply_cache_counts(cache).evicted, 1);

	for (i = 0; i < config.entries_max; i++) {
		name[0]++;
		ck_assert_int_eq(begin(name, 100, &out), REPLY_MINE);
	}
	ck_assert_int_eq(begin("one too many", 100, &out), REPLY_BUSY);
}
END_TEST

START_TEST(holds_so_many_bytes)
{
	uint8_t body[100] = {0};

	put("a", 1, sl_span(body, 49), 0); /* 50 with the option */
	put("b", 2, sl_span(body, 49), 1);
	ck_assert_uint_eq(reply_cache_counts(cache).bytes, 100);
	ck_assert(is_kept("a", 2));
	put("c", 3, sl_span(NULL, 0), 2);
	ck_assert(!is_kept("a", 2));
	ck_assert(is_kept("b", 2));
	put("d", 4, sl_span(body, 99), 3);
	ck_assert(is_kept("d", 3));
	ck_assert(!is_kept("b", 3));
	put("e", 5, sl_span(body, 100), 4);
	ck_assert(!is_kept("e", 4));
	ck_assert(is_kept("d", 4));
}
END_TEST

START_TEST(a_reply_over_the_ceiling_is_not_kept)
{
	static uint8_t body[REPLY_OPTION_MAX + REPLY_BODY_MAX];
	struct reply_cache *small = cache;

	config.bytes_max = 1 << 20;
	ck_assert_ok(reply_cache_new(&cache, &config));
	put("a", 1, sl_span(body, sizeof body - 1), 0);
	put("b", 1, sl_span(body, sizeof body), 0);
	ck_assert(is_kept("a", 1));
	ck_assert(!is_kept("b", 1));
	ck_assert_uint_eq(reply_cache_counts(cache).pending, 0);
	reply_cache_free(small);
}
END_TEST

/* 2000 steps of one generator against the obvious model: the last two of each of three contexts. */
START_TEST(agrees_with_an_obvious_model)
{
	char last[3][2][8] = {{"", ""}, {"", ""}, {"", ""}};
	char name[8];
	uint32_t r = 1;
	int i, j, k;

	config.bytes_max = 1 << 20;
	reply_cache_free(cache);
	ck_assert_ok(reply_cache_new(&cache, &config));
	for (i = 0; i < 2000; i++) {
		r = r * 1664525u + 1013904223u;
		k = (int)(r >> 16) % 3;
		snprintf(name, sizeof name, "%d", i);
		put(name, k, sl_span_text(name), (uint64_t)i);
		memcpy(last[k][0], last[k][1], sizeof name);
		memcpy(last[k][1], name, sizeof name);
		for (j = 0; j < 6; j++)
			ck_assert(last[j / 2][j % 2][0] == '\0' ||
			          is_kept(last[j / 2][j % 2], (uint64_t)i));
		ck_assert_uint_le(reply_cache_counts(cache).entries, 6);
	}
}
END_TEST

START_TEST(refuses_maxima_of_zero)
{
	struct reply_cache *c = NULL;
	struct reply_cache_config bad = config;

	bad.entries_max = 0;
	ck_assert_err(reply_cache_new(&c, &bad), SL_EMALFORMED);
	bad = config;
	bad.bytes_max = 0;
	ck_assert_err(reply_cache_new(&c, &bad), SL_EMALFORMED);
	bad = config;
	bad.per_context_max = 0;
	ck_assert_err(reply_cache_new(&c, &bad), SL_EMALFORMED);
	reply_cache_free(NULL);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("backend/reply_cache");
	TCase *t = tcase_create("reply_cache");

	tcase_add_checked_fixture(t, start, end);
	tcase_add_test(t, key_is_over_the_whole_option_and_body);
	tcase_add_test(t, gives_the_same_bytes_again);
	tcase_add_test(t, an_empty_body_is_a_reply_too);
	tcase_add_test(t, forgets_after_its_time_and_not_before);
	tcase_add_test(t, a_clock_that_is_a_little_behind_forgets_nothing);
	tcase_add_test(t, copies_join_the_request_in_progress);
	tcase_add_test(t, a_joiner_that_leaves_makes_room);
	tcase_add_test(t, one_joiner_takes_over_what_was_dropped);
	tcase_add_test(t, a_dropped_request_without_joiners_is_forgotten);
	tcase_add_test(t, keeps_the_newest_of_a_context);
	tcase_add_test(t, holds_so_many_entries);
	tcase_add_test(t, holds_so_many_bytes);
	tcase_add_test(t, a_reply_over_the_ceiling_is_not_kept);
	tcase_add_test(t, agrees_with_an_obvious_model);
	tcase_add_test(t, refuses_maxima_of_zero);
	suite_add_tcase(s, t);
	return run_suite(s);
}
