/* SPDX-License-Identifier: BSD-2-Clause
 * The table of contexts: who is found by which kid and kid context, what another process changes, durable
 * reservations (RFC 8613 appendix B.1.1) and Echo values (B.1.2). */
#include "support.h"

#include <stdio.h>
#include <string.h>

#include <sl/hash.h>

#include "fixture.h"

static struct fixture f;
static struct contexts *c;
static struct contexts_config config;

static void
start(void)
{
	fixture_make(&f);
	ck_assert_ok(store_open(&f.store, f.config.store, STORE_SERVE));
	contexts_config_init(&config);
	config.store = f.store;
	memset(config.hash_key, 1, sizeof config.hash_key);
	memset(config.echo_key, 2, sizeof config.echo_key);
	c = NULL;
}

static void
end(void)
{
	contexts_free(c);
	store_close(f.store);
	fixture_remove(&f);
}

static void
load(void)
{
	contexts_free(c);
	c = NULL;
	ck_assert_ok(contexts_new(&c, &config));
}

struct ids {
	const char *kid, *id_context; /* hex; NULL: no ID Context */
};

/* A secret of its own for each. */
static int64_t
add(struct store *store, const struct ids *ids)
{
	static uint8_t count;
	struct store_context s = {
	        .identity = "d",
	        .profile = "default",
	        .sender_id = {{0xee, 0xee}, 2},
	        .functions = ~0U,
	        .aead_alg = 10,
	        .hkdf_hash = SL_SHA256,
	        .window = 32,
	};
	struct sl_span kid = hex(ids->kid);

	s.master_secret.len = 16;
	s.master_secret.bytes[0] = ++count;
	s.recipient_id.len = kid.len;
	if (kid.len > 0)
		memcpy(s.recipient_id.bytes, kid.ptr, kid.len);
	if (ids->id_context != NULL) {
		struct sl_span id_context = hex(ids->id_context);

		s.has_id_context = true;
		s.id_context_len = id_context.len;
		if (id_context.len > 0)
			memcpy(s.id_context, id_context.ptr, id_context.len);
	}
	ck_assert_ok(store_context_add(store, &s));
	return s.id;
}

static int64_t
find(const char *kid, const char *kid_context, uint64_t now_ms)
{
	struct sl_oscore_option opt = {.has_kid = true, .kid = hex(kid)};
	struct context *found;

	opt.has_kid_context = kid_context != NULL;
	if (kid_context != NULL)
		opt.kid_context = hex(kid_context);
	found = contexts_find(c, &opt, now_ms, T0);
	return found != NULL ? found->id : 0;
}

static struct context *
only(void)
{
	struct sl_oscore_option opt = {.has_kid = true, .kid = hex("01")};
	struct context *found = contexts_find(c, &opt, 0, T0);

	ck_assert_ptr_nonnull(found);
	return found;
}

START_TEST(finds_by_kid_and_kid_context)
{
	int64_t plain = add(f.store, &(struct ids){"01", NULL});
	int64_t named = add(f.store, &(struct ids){"01", "aa"});
	int64_t other = add(f.store, &(struct ids){"01", "bb"});
	int64_t lonely = add(f.store, &(struct ids){"02", "aa"});
	int64_t empty = add(f.store, &(struct ids){"", NULL});
	int64_t twin1 = add(f.store, &(struct ids){"03", "aa"});
	size_t unusable;

	add(f.store, &(struct ids){"03", "bb"});
	load();
	ck_assert_uint_eq(contexts_count(c, &unusable), 7);
	ck_assert_uint_eq(unusable, 0);
	ck_assert_int_eq(find("01", NULL, 0), plain);
	ck_assert_int_eq(find("01", "aa", 0), named);
	ck_assert_int_eq(find("01", "bb", 0), other);
	ck_assert_int_eq(find("01", "cc", 0), 0);
	ck_assert_int_eq(find("01", "", 0), 0);
	ck_assert_int_eq(find("02", "aa", 0), lonely);
	ck_assert_int_eq(find("02", NULL, 0), lonely); /* unambiguous */
	ck_assert_int_eq(find("03", NULL, 0), 0);      /* ambiguous */
	ck_assert_int_eq(find("03", "aa", 0), twin1);
	ck_assert_int_eq(find("", NULL, 0), empty);
	ck_assert_int_eq(find("04", NULL, 0), 0);
	ck_assert_int_eq(find("0100", NULL, 0), 0);
	ck_assert_int_eq(find("0000000000000001", NULL, 0), 0);
}
END_TEST

START_TEST(an_empty_table_finds_nothing)
{
	load();
	ck_assert_int_eq(find("", NULL, 0), 0);
	ck_assert_int_eq(find("01", "01", 0), 0);
	contexts_free(NULL);
}
END_TEST

START_TEST(disabled_contexts_are_not_loaded)
{
	int64_t id = add(f.store, &(struct ids){"01", NULL});
	size_t unusable;

	ck_assert_ok(store_context_disable(f.store, id));
	load();
	ck_assert_uint_eq(contexts_count(c, &unusable), 0);
	ck_assert_int_eq(find("01", NULL, 0), 0);
}
END_TEST

START_TEST(holds_so_many)
{
	add(f.store, &(struct ids){"01", NULL});
	add(f.store, &(struct ids){"02", NULL});
	config.contexts_max = 2;
	load();
	config.contexts_max = 1;
	contexts_free(c);
	c = NULL;
	ck_assert_err(contexts_new(&c, &config), SL_ELIMIT);
	ck_assert_ptr_null(c);
}
END_TEST

/* Keys are changed by disabling a context and adding another, as often as it takes. */
START_TEST(a_disabled_context_makes_room)
{
	struct store *other = NULL;
	int64_t id = add(f.store, &(struct ids){"01", NULL});
	size_t unusable;
	char kid[3];

	config.contexts_max = 1;
	load();
	ck_assert_ok(store_open(&other, f.config.store, STORE_USE));
	for (unsigned n = 2; n < 10; n++) {
		ck_assert_ok(store_context_disable(other, id));
		snprintf(kid, sizeof kid, "%02x", n);
		id = add(other, &(struct ids){kid, NULL});
		ck_assert_int_eq(find(kid, NULL, n * 1000), id);
		ck_assert_uint_eq(contexts_count(c, &unusable), 1);
	}
	store_close(other);
}
END_TEST

START_TEST(changes_of_another_process_are_noticed_in_time)
{
	struct store *other = NULL;
	int64_t first = add(f.store, &(struct ids){"01", NULL}), second;

	load();
	ck_assert_int_eq(find("01", NULL, 1000), first);
	ck_assert_ok(store_open(&other, f.config.store, STORE_USE));
	second = add(other, &(struct ids){"02", NULL});

	ck_assert_int_eq(find("02", NULL, 1049), 0); /* a miss looks again after 50 ms */
	ck_assert_int_eq(find("02", NULL, 1050), second);

	ck_assert_ok(store_context_disable(other, second));
	ck_assert_int_eq(find("02", NULL, 1549), second); /* a hit after 500 ms */
	ck_assert_int_eq(find("02", NULL, 1550), 0);
	ck_assert_int_eq(find("01", NULL, 3000), first);
	store_close(other);
}
END_TEST

/* B.1.1: on the disk before it is used, and so many at once. */
START_TEST(reserves_before_use)
{
	struct store_context stored;
	struct context *ctx;
	int64_t id = add(f.store, &(struct ids){"01", NULL});

	config.ssn_step = 4;
	load();
	ctx = only();
	ck_assert(!ctx->oscore.window.is_lost);
	ck_assert_ok(contexts_reserve(c, ctx));
	ck_assert_uint_eq(ctx->oscore.ssn_limit, 4);
	ck_assert_ok(store_context_get(f.store, id, &stored));
	ck_assert_uint_eq(stored.ssn_limit, 4);
	ctx->oscore.ssn = 3;
	ck_assert_ok(contexts_reserve(c, ctx));
	ck_assert_uint_eq(ctx->oscore.ssn_limit, 4);
	ctx->oscore.ssn = 4;
	ck_assert_ok(contexts_reserve(c, ctx));
	ck_assert_uint_eq(ctx->oscore.ssn_limit, 8);

	load(); /* as after a crash */
	ctx = only();
	ck_assert_uint_eq(ctx->oscore.ssn, 8);
	ck_assert(ctx->oscore.window.is_lost);
	ck_assert_ok(contexts_reserve(c, ctx));
	ck_assert_uint_eq(ctx->oscore.ssn_limit, 12);
	store_context_clear(&stored);
}
END_TEST

START_TEST(stops_at_the_end_of_the_numbers)
{
	struct context *ctx;
	int64_t id = add(f.store, &(struct ids){"01", NULL});

	ck_assert_ok(store_context_reserve(f.store, id, SL_OSCORE_SSN_END - 10));
	load();
	ctx = only();
	ck_assert_ok(contexts_reserve(c, ctx));
	ck_assert_uint_eq(ctx->oscore.ssn_limit, SL_OSCORE_SSN_END);
	ctx->oscore.ssn = SL_OSCORE_SSN_END;
	ck_assert_err(contexts_reserve(c, ctx), SL_ELIMIT);
}
END_TEST

/* Two processes with one context would use numbers twice. */
START_TEST(a_context_that_another_process_uses_is_disabled)
{
	struct context *ctx;
	int64_t id = add(f.store, &(struct ids){"01", NULL});

	load();
	ctx = only();
	ck_assert_ok(store_context_reserve(f.store, id, 5000));
	ck_assert_err(contexts_reserve(c, ctx), SL_EREPLAY);
	ck_assert_int_eq(find("01", NULL, 0), 0);
}
END_TEST

START_TEST(echo_is_fresh_for_its_time)
{
	uint8_t echo[CONTEXTS_ECHO_LEN];
	struct context *ctx;
	struct sl_span value = {echo, sizeof echo};

	add(f.store, &(struct ids){"01", NULL});
	load();
	ctx = only();
	contexts_echo(c, ctx, 5000, echo);
	ck_assert(contexts_echo_is_fresh(c, ctx, value, 5000));
	ck_assert(contexts_echo_is_fresh(c, ctx, value, 5000 + config.echo_fresh_ms));
	ck_assert(!contexts_echo_is_fresh(c, ctx, value, 6000 + config.echo_fresh_ms));
	ck_assert(!contexts_echo_is_fresh(c, ctx, value, 4000)); /* from the future */
}
END_TEST

START_TEST(echo_is_ours_and_of_this_context)
{
	uint8_t echo[CONTEXTS_ECHO_LEN + 1];
	struct context *ctx, *other;
	struct sl_oscore_option opt = {.has_kid = true, .kid = hex("02")};
	size_t i;

	add(f.store, &(struct ids){"01", NULL});
	add(f.store, &(struct ids){"02", NULL});
	load();
	ctx = only();
	other = contexts_find(c, &opt, 0, T0);
	contexts_echo(c, ctx, 5000, echo);
	ck_assert(!contexts_echo_is_fresh(c, other, sl_span(echo, CONTEXTS_ECHO_LEN), 5000));
	for (i = 0; i < CONTEXTS_ECHO_LEN * 8; i++) {
		echo[i / 8] ^= (uint8_t)(1 << (i % 8));
		ck_assert(!contexts_echo_is_fresh(c, ctx, sl_span(echo, CONTEXTS_ECHO_LEN), 5000));
		echo[i / 8] ^= (uint8_t)(1 << (i % 8));
	}
	for (i = 0; i < CONTEXTS_ECHO_LEN; i++)
		ck_assert(!contexts_echo_is_fresh(c, ctx, heap_copy(sl_span(echo, i)), 5000));
	ck_assert(!contexts_echo_is_fresh(c, ctx, sl_span(echo, sizeof echo), 5000));

	config.echo_key[0] ^= 1; /* another start */
	load();
	ck_assert(!contexts_echo_is_fresh(c, only(), sl_span(echo, CONTEXTS_ECHO_LEN), 5000));
}
END_TEST

START_TEST(a_context_without_keys_is_left_out)
{
	struct store_context s = {
	        .identity = "d",
	        .profile = "default",
	        .recipient_id = {{1}, 1},
	        .sender_id = {{2}, 1},
	        .aead_alg = 9999,
	        .hkdf_hash = SL_SHA256,
	        .window = 32,
	};
	size_t unusable = 0;

	s.master_secret.len = 16;
	ck_assert_ok(store_context_add(f.store, &s));
	add(f.store, &(struct ids){"03", NULL});
	load();
	ck_assert_uint_eq(contexts_count(c, &unusable), 1);
	ck_assert_uint_eq(unusable, 1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("backend/contexts");
	TCase *t = tcase_create("contexts");

	tcase_add_checked_fixture(t, start, end);
	tcase_add_test(t, finds_by_kid_and_kid_context);
	tcase_add_test(t, an_empty_table_finds_nothing);
	tcase_add_test(t, disabled_contexts_are_not_loaded);
	tcase_add_test(t, holds_so_many);
	tcase_add_test(t, a_disabled_context_makes_room);
	tcase_add_test(t, changes_of_another_process_are_noticed_in_time);
	tcase_add_test(t, reserves_before_use);
	tcase_add_test(t, stops_at_the_end_of_the_numbers);
	tcase_add_test(t, a_context_that_another_process_uses_is_disabled);
	tcase_add_test(t, echo_is_fresh_for_its_time);
	tcase_add_test(t, echo_is_ours_and_of_this_context);
	tcase_add_test(t, a_context_without_keys_is_left_out);
	suite_add_tcase(s, t);
	return run_suite(s);
}
