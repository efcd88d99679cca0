/* SPDX-License-Identifier: BSD-2-Clause
 * The EDHOC end point: whole runs with every method, every input in every state, every failure with one face (RFC
 * 9528 sections 5 to 7 and appendix A.2.1). */
#include "edhoc_endpoint_shared.h"

static struct context *
find(struct sl_span kid)
{
	struct sl_oscore_option opt = {.has_kid = true, .kid = kid};

	return contexts_find(f.base.contexts, &opt, f.base.now_ms, T0);
}

/* --- runs ----------------------------------------------------------------------------------------------- */

static const struct {
	int method, suite;
} runs[] = {
        {0, 2},
        {1, 2},
        {2, 2},
        {3, 2},
        {0, 3},
        {1, 3},
        {2, 3},
        {3, 3},
        {0, 0},
        {1, 0},
        {2, 0},
        {3, 0},
};

static void
start_for(int suite)
{
	if (suite == 0)
		edhoc_fixture_add_25519(&f);
	edhoc_fixture_start(&f);
}

START_TEST(a_device_gets_a_context_and_a_certificate)
{
	struct edhoc_counts counts;

	start_for(runs[_i].suite);
	initiator_make(&me, 1, runs[_i].method, runs[_i].suite);
	initiator_run(&me, &f, &d);
	counts = edhoc_endpoint_counts(f.edhoc, f.base.now_ms);
	ck_assert_uint_eq(counts.half_open, 0);
	ck_assert_uint_eq(counts.finished, 1);
	ck_assert_uint_eq(ask_for_certificates(), SL_COAP_CONTENT);
	seal_enrolment(&d, 1);
	{
		struct endpoint_reply answer;

		device_post(&d, &f.base, &answer);
		device_open(&d, &answer);
		ck_assert_uint_eq(d.answer.code, SL_COAP_CHANGED);
		ck_assert_int_lt(answer.context_id, 0);
	}
	ck_assert_uint_eq(count_certificates(f.base.store), 1);
}
END_TEST

/* Also with message_4, which the Initiator verifies. */
START_TEST(message_4_comes_when_the_profile_says_so)
{
	struct sl_edhoc_seen seen;

	f.base.config.edhoc.sends_message_4 = true;
	start_for(runs[_i].suite);
	initiator_make(&me, 1, runs[_i].method, runs[_i].suite);
	initiator_open(&me, &f);
	edhoc_post(&f, initiator_third(&me, NULL), &reply);
	ck_assert_int_eq(reply.status, 200);
	ck_assert_ok(sl_edhoc_read_message_4(&me.run, sl_span(reply.body, reply.body_len), &seen));
	initiator_context(&me, &d);
	ck_assert_uint_eq(ask_for_certificates(), SL_COAP_CONTENT);
}
END_TEST

/* By value: what was sent is wiped with the run, not before it was looked at. */
START_TEST(a_claims_set_by_value_is_looked_up)
{
	struct context *ctx;

	edhoc_fixture_start(&f);
	initiator_make(&me, 2, 3, 2);
	me.own.id_cred = id_cred(14, me.own.cred);
	initiator_run(&me, &f, &d);
	ctx = find(initiator_c_r(&me));
	ck_assert_ptr_nonnull(ctx);
	ck_assert_str_eq(ctx->identity, "device-2");
	contexts_release(f.base.contexts, ctx);
	ck_assert_uint_eq(ask_for_certificates(), SL_COAP_CONTENT);
}
END_TEST

/* A certificate of "pump" under the fixture's authority, with device 2's key for static DH. */
static struct sl_span
certify(const struct sl_pkey *key)
{
	struct sl_buf text;
	struct sl_credential_file authority;
	struct sl_pkey *ca = NULL;
	uint8_t subject[128], spki[128], tbs[1024], der[1024];
	size_t len = 0;
	struct sl_cert_params params = {
	        .serial = hex("0102030405060708"),
	        .not_before = T0 - 86400,
	        .not_after = T0 + 86400,
	        .key_usage = SL_KU_KEY_AGREEMENT,
	};

	sl_buf_init(&text, 4096);
	ck_assert_ok(files_read(&text, f.base.config.ca.certificate, FILES_PUBLIC));
	ck_assert_ok(sl_credential_file_read(&authority, sl_buf_view(&text)));
	sl_buf_clear(&text);
	ck_assert_ok(files_read(&text, f.base.config.ca.key, FILES_SECRET));
	ck_assert_ok(sl_pkey_from_text(&ca, sl_buf_view(&text)));
	sl_buf_clear(&text);
	params.issuer_cert = authority.items[0];
	params.issuer_key = ca;
	ck_assert_ok(sl_name_from_cn("pump", subject, sizeof subject, &len));
	params.subject = sl_span(subject, len);
	ck_assert_ok(sl_pkey_to_spki(key, spki, sizeof spki, &len));
	params.spki = sl_span(spki, len);
	ck_assert_ok(sl_cert_tbs(&params, tbs, sizeof tbs, &len));
	ck_assert_ok(sl_cert_sign(sl_span(tbs, len), ca, der, sizeof der, &len));
	sl_credential_file_clear(&authority);
	sl_pkey_free(ca);
	return heap_copy(sl_span(der, len));
}

START_TEST(a_certificate_by_value_names_its_owner)
{
	struct config_peer *peer = &f.base.config.peers[f.base.config.peer_count++];
	struct sl_span der;
	uint8_t cred[1100], chain[1100];
	struct sl_writer w = sl_writer_over(cred, sizeof cred);
	struct sl_writer id = sl_writer_over(chain, sizeof chain);
	struct context *ctx;

	memcpy(peer->file, f.base.config.ca.certificate, sizeof peer->file);
	peer->is_anchor = true;
	snprintf(peer->identity, sizeof peer->identity, "{common-name}");
	snprintf(peer->profile, sizeof peer->profile, "default");
	peer->functions = ~0U;
	edhoc_fixture_start(&f);
	initiator_make(&me, 2, 3, 2);
	der = certify(me.own.key);
	sl_credential_write_x509(&w, der);
	sl_id_cred_write_chain(&id, SL_LABEL_X5CHAIN, &der, 1);
	me.own.cred = sl_writer_span(&w);
	me.own.id_cred = sl_writer_span(&id);
	initiator_run(&me, &f, &d);
	ctx = find(initiator_c_r(&me));
	ck_assert_ptr_nonnull(ctx);
	ck_assert_str_eq(ctx->identity, "pump");
	contexts_release(f.base.contexts, ctx);
}
END_TEST

/* T33: every kid of one byte belongs to a stored context. */
START_TEST(a_c_r_is_no_kid_in_use)
{
	unsigned n;

	edhoc_fixture_start(&f);
	for (n = 0; n < 256; n++)
		fixture_add_context(f.base.store, (uint8_t)n);
	edhoc_fixture_stop(&f);
	edhoc_fixture_start(&f);
	initiator_make(&me, 2, 3, 2);
	initiator_run(&me, &f, &d);
	ck_assert_uint_eq(initiator_c_r(&me).len, 2);
}
END_TEST

/* The value that binds a request to the session is the same on both ends. */
START_TEST(the_context_knows_its_binding)
{
	uint8_t bytes[32];
	char text[SL_BASE64_LEN(32) + 1];
	struct context *ctx;

	edhoc_fixture_start(&f);
	initiator_make(&me, 2, 3, 2);
	initiator_run(&me, &f, &d);
	ck_assert_ok(sl_edhoc_export(&me.run, EDHOC_BINDING_LABEL,
	        sl_span_text(EDHOC_BINDING_CONTEXT), bytes, sizeof bytes));
	ck_assert_ok(sl_base64_encode(text, sizeof text, sl_span(bytes, sizeof bytes)));
	ctx = find(initiator_c_r(&me));
	ck_assert_ptr_nonnull(ctx);
	ck_assert(sl_span_equal_text(contexts_binding(ctx), text));
	ck_assert_str_eq(ctx->identity, "device-2");
	ck_assert_str_eq(ctx->profile, "default");
	contexts_release(f.base.contexts, ctx);
}
END_TEST

/* RFC 9528 section 6.3: all suites of ours, and no session. */
START_TEST(a_wrong_suite_is_told_which_are_right)
{
	edhoc_fixture_start(&f);
	initiator_make(&me, 1, 3, 5); /* P-256 too, so the key fits */
	edhoc_post(&f, initiator_first(&me), &reply);
	ck_assert_int_eq(reply.status, 400);
	ck_assert_bytes(sl_span(reply.body, reply.body_len), hex("02 82 02 03"));
	ck_assert_uint_eq(edhoc_endpoint_counts(f.edhoc, f.base.now_ms).half_open, 0);
}
END_TEST

static const struct {
	const char *because, *body; /* hex */
} bad_firsts[] = {
        {"true alone", "f5"},
        {"nothing that follows is a message", "f5 00"},
        {"method 4", "f5 04 02 5820 "
                     "8af6f430ebe18d34184017a9a11bf511c8dff8f834730b96c1b7c8dbca2fc3b6 37"},
        {"G_X is too short",
                "f5 03 02 581f 8af6f430ebe18d34184017a9a11bf511c8dff8f834730b96c1b7c8dbca2fc3 37"},
        {"G_X is no coordinate", /* the field's prime */
                "f5 03 02 5820 "
                "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff 37"},
        {"C_I is not there", "f5 03 02 5820 "
                             "8af6f430ebe18d34184017a9a11bf511c8dff8f834730b96c1b7c8dbca2fc3b6"},
        {"C_I is too long for OSCORE",
                "f5 03 02 5820 "
                "8af6f430ebe18d34184017a9a11bf511c8dff8f834730b96c1b7c8dbca2fc3b6 "
                "480102030405060708"},
        {"critical EAD that nobody knows",
                "f5 03 02 5820 "
                "8af6f430ebe18d34184017a9a11bf511c8dff8f834730b96c1b7c8dbca2fc3b6 37 20"},
        {"no prefix at all", "5820 "
                             "8af6f430ebe18d34184017a9a11bf511c8dff8f834730b96c1b7c8dbca2fc3b6"},
        {"false is no prefix", "f4 03 02"},
        {"a C_R alone", "27"},
        {"nothing", ""},
        {"what is no CBOR", "ff ff ff"},
};

START_TEST(a_bad_message_1_leaves_nothing)
{
	struct edhoc_counts counts;

	edhoc_fixture_start(&f);
	edhoc_post(&f, hex(bad_firsts[_i].body), &reply);
	ck_assert_msg(reply.status == 400, "%s: status %d", bad_firsts[_i].because, reply.status);
	ck_assert_error_1(&reply, 400);
	counts = edhoc_endpoint_counts(f.edhoc, f.base.now_ms);
	ck_assert_uint_eq(counts.half_open + counts.finished, 0);
}
END_TEST

START_TEST(no_prefix_of_a_message_is_one)
{
	struct sl_span first;

	edhoc_fixture_start(&f);
	initiator_make(&me, 1, 3, 2);
	first = initiator_first(&me);
	for (size_t len = 0; len < first.len; len++) {
		edhoc_post(&f, heap_copy(sl_span(first.ptr, len)), &reply);
		ck_assert_error_1(&reply, 400);
	}
}
END_TEST

/* RFC 7748 section 6.1: all zero comes out. */
START_TEST(a_point_of_low_order_is_refused)
{
	edhoc_fixture_add_25519(&f);
	edhoc_fixture_start(&f);
	edhoc_post(&f,
	        hex("f5 03 00 5820 "
	            "0000000000000000000000000000000000000000000000000000000000000000 37"),
	        &reply);
	ck_assert_error_1(&reply, 400);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("backend/edhoc_endpoint");
	TCase *t = tcase_create("edhoc_endpoint");

	tcase_add_checked_fixture(t, start, end);
	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, a_device_gets_a_context_and_a_certificate, 0, ARRAY_LEN(runs));
	tcase_add_loop_test(t, message_4_comes_when_the_profile_says_so, 0, ARRAY_LEN(runs));
	tcase_add_test(t, a_claims_set_by_value_is_looked_up);
	tcase_add_test(t, a_certificate_by_value_names_its_owner);
	tcase_add_test(t, a_c_r_is_no_kid_in_use);
	tcase_add_test(t, the_context_knows_its_binding);
	tcase_add_test(t, a_wrong_suite_is_told_which_are_right);
	tcase_add_loop_test(t, a_bad_message_1_leaves_nothing, 0, ARRAY_LEN(bad_firsts));
	tcase_add_test(t, a_point_of_low_order_is_refused);
	tcase_add_test(t, no_prefix_of_a_message_is_one);
	suite_add_tcase(s, t);
	return run_suite(s);
}
