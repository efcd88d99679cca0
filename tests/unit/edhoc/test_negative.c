/* SPDX-License-Identifier: BSD-2-Clause
 * Messages that must not be accepted: RFC 9529 section 4 and edhoc_negative_generated.json, each on
 * the session of RFC 9529 trace 2, with the error code that is owed. Points of low order. */
#include "run.h"

#include <sl/cbor.h>
#include <sl/hash.h>

#include <stdio.h>
#include <string.h>

static struct run run;
static struct session trace_2;

static const int64_t suites_2_3[] = {2, 3}, suites_0_2[] = {0, 2}, suites_2_24[] = {24};

static void
load_trace_2(void)
{
	trace_2 = trace_load("rfc9529_trace2.json");
}

/* The state in which the message is due. */
static void
prepare(int n)
{
	run.v = &trace_2;
	run_until(&run, n);
	if (n == 1) {
		run.profile.suites = suites_2_3;
		run.profile.suite_count = 2;
	}
}

/* A store of two records, kid 2b and kid 32, as the vector file says: both are known to both. */
static enum sl_err
resolve(struct run *r, struct sl_span id_cred)
{
	const struct sl_edhoc_credential *found = NULL;
	size_t which = 0;

	if (sl_span_equal(id_cred, r->peer.id_cred))
		found = &r->peer;
	if (sl_span_equal(id_cred, r->own.id_cred))
		found = &r->own;
	if (found != NULL)
		return sl_edhoc_verify(&r->s, found, 1, &which);
	sl_edhoc_refuse(&r->s, SL_EDHOC_ERROR_UNKNOWN_CREDENTIAL);
	return SL_ENOTFOUND;
}

/* Everything that happens before our next message is out, or the run is complete. */
static enum sl_err
process(int n, struct sl_span message)
{
	struct sl_edhoc_seen seen = {{NULL, 0}, {NULL, 0}};
	struct sl_edhoc_error error;
	struct sl_span out;
	enum sl_err err;

	if (n == 0)
		return sl_edhoc_read_error(&run.s, message, &error);
	err = run_read(&run, n, message, &seen);
	if (err != SL_OK || n == 4)
		return err;
	if (n == 1)
		return run_write_2(&run, &out);
	err = resolve(&run, seen.id_cred);
	return err == SL_OK && n == 2 ? sl_edhoc_write_message_3(&run.s, sl_span(NULL, 0), &out)
	                              : err;
}

static int
message_number(const char *name)
{
	return strcmp(name, "error") == 0 ? 0 : name[strlen(name) - 1] - '0';
}

/* The error message that is owed; -1 when none is. Its SUITES_R must hold the numbers of a list. */
static int64_t
owed_error(const json_t *must_contain)
{
	uint8_t bytes[64];
	struct sl_writer w = sl_writer_over(bytes, sizeof bytes);
	struct sl_edhoc_error error;
	const json_t *number;
	size_t i;

	if (sl_edhoc_write_error(&run.s, &w) != SL_OK)
		return -1;
	ck_assert_ok(sl_edhoc_error_read(&error, sl_writer_span(&w)));
	json_array_foreach(must_contain, i, number)
	{
		struct sl_reader r = sl_reader_over(error.suites);
		struct sl_edhoc_suites suites = sl_edhoc_suites_read(&r);
		bool found = false;
		int64_t seen;

		while (sl_edhoc_suites_next(&suites, &seen))
			found = found || seen == json_integer_value(number);
		ck_assert(found);
	}
	ck_assert_err(sl_edhoc_write_error(&run.s, &w), SL_ENOTFOUND); /* once */
	return error.code;
}

START_TEST(generated_cases)
{
	json_t *root = vectors_load("edhoc_negative_generated.json"), *row;
	size_t i;

	json_array_foreach(vectors_list(root, "cases"), i, row)
	{
		const char *name = vectors_text(row, "name"), *expect = vectors_text(row, "expect");
		const json_t *error = json_object_get(row, "error");
		int n = message_number(vectors_text(row, "message"));
		bool is_good =
		        strcmp(expect, "accept") == 0 || strcmp(expect, "error_received") == 0;
		enum sl_err err;
		int64_t owed;

		prepare(n == 0 ? 2 : n);
		ck_assert_int_eq(run.s.role == SL_EDHOC_INITIATOR,
		        strcmp(vectors_text(row, "target"), "initiator") == 0);
		err = process(n, vectors_hex(row, "hex"));
		ck_assert_msg((err == SL_OK) == is_good, "%s: %s", name, sl_err_text(err));
		if (!is_good || n == 0)
			ck_nothing_left(&run);
		owed = owed_error(json_object_get(error, "suites_r_must_contain"));
		ck_assert_msg(owed == (error == NULL ? -1
		                                     : json_integer_value(
		                                               json_object_get(error, "err_code"))),
		        "%s: error %d is owed", name, (int)owed);
		run_end(&run);
	}
	vectors_ran("generated negative cases", i);
	json_decref(root);
}
END_TEST

static void
ck_no_plaintext(void)
{
	for (size_t i = 0; i < sizeof run.plaintext; i++)
		ck_assert_uint_eq(run.plaintext[i], 0);
}

/* Before anyone is asked for a credential; and what was decrypted is gone. */
START_TEST(a_mac_of_another_length_is_refused_when_it_is_read)
{
	json_t *root = vectors_load("edhoc_negative_generated.json"), *row;
	size_t i, count = 0;

	json_array_foreach(vectors_list(root, "cases"), i, row)
	{
		const char *name = vectors_text(row, "name");
		int n = message_number(vectors_text(row, "message"));
		struct sl_edhoc_seen seen;

		if (strncmp(name, "mac_", 4) != 0 || strcmp(name, "mac_wrong") == 0)
			continue;
		prepare(n);
		ck_assert_msg(run_read(&run, n, vectors_hex(row, "hex"), &seen) == SL_EMALFORMED,
		        "%s", name);
		ck_no_plaintext();
		run_end(&run);
		count++;
	}
	vectors_ran("MACs of another length", count);
	json_decref(root);
}
END_TEST

/* message_2 around a PLAINTEXT_2 of the vector: KEYSTREAM_2 = HKDF-Expand(PRK_2e, (0, TH_2, len)). */
static struct sl_span
seal_2(struct sl_span plaintext)
{
	uint8_t info[64], bytes[256], stream[128];
	struct sl_writer w = sl_writer_over(info, sizeof info);
	struct sl_writer out = sl_writer_over(bytes, sizeof bytes);

	sl_cbor_write_int(&w, 0);
	sl_cbor_write_bytes(&w, value(&trace_2, "th_2"));
	sl_cbor_write_uint(&w, plaintext.len);
	ck_assert_ok(sl_hkdf_expand(
	        SL_SHA256, value(&trace_2, "prk_2e"), sl_writer_span(&w), stream, plaintext.len));
	for (size_t i = 0; i < plaintext.len; i++)
		stream[i] ^= plaintext.ptr[i];
	sl_cbor_write_bytes_head(&out, 32 + plaintext.len);
	sl_write_span(&out, value(&trace_2, "g_y"));
	sl_write_span(&out, sl_span(stream, plaintext.len));
	return heap_copy(sl_writer_span(&out));
}

START_TEST(the_seal_of_this_test_is_the_published_one)
{
	ck_assert_bytes(seal_2(value(&trace_2, "plaintext_2")), trace_2.message[2]);
}
END_TEST

START_TEST(invalid_items_of_rfc_9529)
{
	json_t *root = vectors_load("rfc9529_invalid.json"), *row;
	size_t i;

	json_array_foreach(vectors_list(root, "traces"), i, row)
	{
		const char *target = vectors_text(row, "target"), *why = vectors_text(row, "why");
		bool is_plaintext = strcmp(target, "plaintext_2") == 0;
		int n = strcmp(target, "message_1") == 0 ? 1 : 2;
		struct sl_span bytes = vectors_hex(row, "hex");
		enum sl_err err;

		prepare(n);
		run.profile.suites = strstr(why, "suite 24") ? suites_2_24 : suites_0_2;
		run.profile.suite_count = strstr(why, "suite 24") ? 1 : 2;
		if (strstr(why, "X25519") != NULL) { /* an own key of that suite */
			sl_pkey_free(run.own_key);
			run.own_key = private_key(SL_PKEY_X25519, trace_2.sk[1]);
			run.own.key = run.own_key;
		}
		if (n == 2) /* the Initiator's message_1 is out with the trace's suites */
			run.profile.suites = trace_2.suites;
		err = process(n, is_plaintext ? seal_2(bytes) : bytes);
		ck_assert_msg(err != SL_OK, "accepted although %s", why);
		ck_nothing_left(&run);
		ck_assert_int_eq(owed_error(NULL), 1);
		run_end(&run);
	}
	vectors_ran("RFC 9529 section 4", i);
	json_decref(root);
}
END_TEST

/* Suite 0, method 3. */
static struct session
montgomery_session(void)
{
	return generated_named("m3_s0");
}

static void
low_order_as_g_x(const struct session *v, struct sl_span u)
{
	uint8_t bytes[128];
	struct sl_writer w = sl_writer_over(bytes, sizeof bytes);
	struct sl_edhoc_seen seen;
	struct sl_span out;

	run_start(&run, v, SL_EDHOC_RESPONDER);
	sl_cbor_write_int(&w, v->method);
	sl_cbor_write_int(&w, v->suite);
	sl_cbor_write_bytes(&w, u);
	sl_edhoc_id_write(&w, v->c_i);
	ck_assert_ok(run_read(&run, 1, sl_writer_span(&w), &seen));
	ck_assert_err(run_write_2(&run, &out), SL_EAUTH);
	ck_nothing_left(&run);
	ck_assert_int_eq(owed_error(NULL), 1);
	run_end(&run);
}

static void
low_order_as_g_y(const struct session *v, struct sl_span u)
{
	struct sl_edhoc_seen seen;
	struct sl_reader r = sl_reader_over(v->message[2]);
	struct sl_span inside = sl_cbor_read_bytes(&r);
	uint8_t bytes[1024];
	struct sl_writer w = sl_writer_over(bytes, sizeof bytes);

	run.v = v;
	run_until(&run, 2);
	sl_cbor_write_bytes_head(&w, inside.len);
	sl_write_span(&w, u);
	sl_write_span(&w, sl_span(inside.ptr + u.len, inside.len - u.len));
	ck_assert_err(run_read(&run, 2, sl_writer_span(&w), &seen), SL_EAUTH);
	ck_nothing_left(&run);
	run_end(&run);
}

static void
low_order_as_static_key(const struct session *v, struct sl_span u, enum sl_pkey_type type)
{
	struct sl_edhoc_seen seen;

	run.v = v;
	run_until(&run, 2);
	ck_assert_ok(run_read(&run, 2, v->message[2], &seen));
	sl_pkey_free(run.peer_key);
	run.peer_key = public_key(type, u);
	run.peer.key = run.peer_key;
	ck_assert_err(run_verify(&run), SL_EAUTH);
	ck_nothing_left(&run);
	ck_assert_int_eq(owed_error(NULL), 1);
	run_end(&run);
}

START_TEST(points_of_low_order)
{
	json_t *root = vectors_load("edhoc_negative_generated.json"), *u;
	struct session v = montgomery_session();
	size_t i;

	json_array_foreach(
	        vectors_list(json_object_get(root, "x25519_low_order_u"), "values"), i, u)
	{
		struct sl_span point = hex(json_string_value(u));

		low_order_as_g_x(&v, point);
		low_order_as_g_y(&v, point);
		low_order_as_static_key(&v, point, SL_PKEY_X25519);
	}
	vectors_ran("X25519 points of low order, as G_X, G_Y and static key", i);
	json_decref(root);
}
END_TEST

/* 0, 1 and p - 1 (RFC 7748 section 6.2: the order-4 subgroup), with p = 2^448 - 2^224 - 1. */
START_TEST(points_of_low_order_on_curve448)
{
	struct session v = generated_named("m3_s25");
	uint8_t u[56];

	memset(u, 0, sizeof u);
	if (_i == 1)
		u[0] = 1;
	if (_i == 2) {
		memset(u, 0xff, sizeof u);
		u[0] = 0xfe;
		u[28] = 0xfe;
	}
	low_order_as_g_x(&v, sl_span(u, sizeof u));
	low_order_as_g_y(&v, sl_span(u, sizeof u));
	low_order_as_static_key(&v, sl_span(u, sizeof u), SL_PKEY_X448);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("edhoc negative");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, load_trace_2, NULL);
	tcase_add_test(tc, generated_cases);
	tcase_add_test(tc, a_mac_of_another_length_is_refused_when_it_is_read);
	tcase_add_test(tc, the_seal_of_this_test_is_the_published_one);
	tcase_add_test(tc, invalid_items_of_rfc_9529);
	tcase_add_test(tc, points_of_low_order);
	tcase_add_loop_test(tc, points_of_low_order_on_curve448, 0, 3);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
