/* SPDX-License-Identifier: BSD-2-Clause
 * RFC 9529 traces 1 and 2 and the generated sessions (all methods, suites 0 to 6, 24, 25), bit for
 * bit in both roles. */
#include "run.h"

#include <stdio.h>

static struct run run;

/* The vector's OSCORE material, and the exporter after a key update. */
static void
check_keys(struct run *r)
{
	const struct session *v = r->v;
	bool is_i = r->s.role == SL_EDHOC_INITIATOR;
	struct sl_span secret = value(v, "oscore_master_secret"),
	               salt = value(v, "oscore_master_salt");
	struct sl_edhoc_oscore oscore;
	uint8_t out[64];

	ck_assert_bytes(sl_key_view(&r->s.prk_out), value(v, "prk_out"));
	ck_assert_bytes(sl_key_view(&r->s.prk_exporter), value(v, "prk_exporter"));
	ck_assert_ok(sl_edhoc_export(&r->s, 0, sl_span(NULL, 0), out, secret.len));
	ck_assert_bytes(sl_span(out, secret.len), secret);
	ck_assert_ok(sl_edhoc_export(&r->s, 1, sl_span(NULL, 0), out, salt.len));
	ck_assert_bytes(sl_span(out, salt.len), salt);
	if (v->for_oscore) {
		ck_assert_ok(sl_edhoc_oscore(&r->s, &oscore));
		ck_assert_bytes(sl_key_view(&oscore.master_secret), secret);
		ck_assert_bytes(sl_key_view(&oscore.master_salt), salt);
		ck_assert_bytes(is_i ? oscore.sender_id : oscore.recipient_id,
		        value(v, "oscore_client_sender_id"));
		ck_assert_bytes(is_i ? oscore.recipient_id : oscore.sender_id,
		        value(v, "oscore_server_sender_id"));
		ck_assert_int_eq(oscore.aead_alg,
		        json_integer_value(json_object_get(v->json, "app_aead_alg")));
		ck_assert_int_eq(oscore.hkdf_hash,
		        json_integer_value(json_object_get(v->json, "app_hash_alg")));
	} else {
		ck_assert_err(sl_edhoc_oscore(&r->s, &oscore), SL_EUNSUPPORTED);
	}
	ck_assert_ok(sl_edhoc_key_update(&r->s, value(v, "key_update_context")));
	ck_assert_bytes(sl_key_view(&r->s.prk_out), value(v, "key_update_prk_out"));
	ck_assert_bytes(sl_key_view(&r->s.prk_exporter), value(v, "key_update_prk_exporter"));
	ck_assert_ok(sl_edhoc_export(&r->s, 0, sl_span(NULL, 0), out, secret.len));
	ck_assert_bytes(sl_span(out, secret.len), value(v, "key_update_oscore_master_secret"));
	ck_assert_ok(sl_edhoc_export(&r->s, 1, sl_span(NULL, 0), out, salt.len));
	ck_assert_bytes(sl_span(out, salt.len), value(v, "key_update_oscore_master_salt"));
}

static void
check_initiator(const struct session *v)
{
	struct sl_edhoc_seen seen;
	struct sl_span out;

	run_start(&run, v, SL_EDHOC_INITIATOR);
	run_dictate(&run);
	ck_assert_ok(run_write_1(&run, &out));
	ck_assert_bytes(out, v->message[1]);
	ck_assert_bytes(sl_key_view(&run.s.th), value(v, "h_message_1"));
	ck_assert_ok(run_read(&run, 2, heap_copy(v->message[2]), &seen));
	ck_assert_bytes(sl_key_view(&run.s.th), value(v, "th_2"));
	ck_assert_bytes(sl_key_view(&run.s.prk), value(v, "prk_2e"));
	ck_assert_bytes(sl_span(run.plaintext, run.s.plaintext_len), value(v, "plaintext_2"));
	ck_assert_bytes(sl_edhoc_id_view(&run.s.c_r), v->c_r);
	ck_assert_bytes(seen.id_cred, v->id_cred[SL_EDHOC_RESPONDER]);
	ck_assert_bytes(seen.ead, v->ead[2]);
	ck_assert_ok(run_verify(&run));
	ck_assert_bytes(sl_key_view(&run.s.th), value(v, "th_3"));
	ck_assert_bytes(sl_key_view(&run.s.prk), value(v, "prk_3e2m"));
	ck_assert_ok(sl_edhoc_write_message_3(&run.s, v->ead[3], &out));
	ck_assert_bytes(out, v->message[3]);
	ck_assert_bytes(sl_key_view(&run.s.th), value(v, "th_4"));
	ck_assert_bytes(sl_key_view(&run.s.prk), value(v, "prk_4e3m"));
	ck_assert_ok(run_read(&run, 4, heap_copy(v->message[4]), &seen));
	ck_assert_bytes(seen.ead, v->ead[4]);
	check_keys(&run);
	run_end(&run);
}

static void
check_responder(const struct session *v)
{
	struct sl_edhoc_seen seen;
	struct sl_span out;

	run_start(&run, v, SL_EDHOC_RESPONDER);
	run_dictate(&run);
	ck_assert_ok(run_read(&run, 1, heap_copy(v->message[1]), &seen));
	ck_assert_bytes(sl_key_view(&run.s.heard), value(v, "h_message_1"));
	ck_assert_int_eq(run.s.method, v->method);
	ck_assert_int_eq(run.s.suite->number, v->suite);
	ck_assert_bytes(sl_edhoc_id_view(&run.s.c_i), v->c_i);
	ck_assert_bytes(seen.ead, v->ead[1]);
	ck_assert_ok(run_write_2(&run, &out));
	ck_assert_bytes(out, v->message[2]);
	ck_assert_bytes(sl_key_view(&run.s.th), value(v, "th_3"));
	ck_assert_bytes(sl_key_view(&run.s.prk), value(v, "prk_3e2m"));
	ck_assert_ok(run_read(&run, 3, heap_copy(v->message[3]), &seen));
	ck_assert_bytes(seen.id_cred, v->id_cred[SL_EDHOC_INITIATOR]);
	ck_assert_bytes(seen.ead, v->ead[3]);
	ck_assert_bytes(sl_span(run.plaintext, run.s.plaintext_len), value(v, "plaintext_3"));
	ck_assert_ok(run_verify(&run));
	ck_assert_bytes(sl_key_view(&run.s.th), value(v, "th_4"));
	ck_assert_bytes(sl_key_view(&run.s.prk), value(v, "prk_4e3m"));
	ck_assert_ok(sl_edhoc_write_message_4(&run.s, v->ead[4], &out));
	ck_assert_bytes(out, v->message[4]);
	check_keys(&run);
	run_end(&run);
}

/* Both sides are ours and sign themselves: EdDSA gives the published bytes, ECDSA other ones. */
static void
check_together(const struct session *v)
{
	static struct run other;
	const struct sl_edhoc_suite *suite = sl_edhoc_suite(v->suite);
	bool exact = v->method == 3 || suite->signature == SL_PKEY_ED25519 ||
	             suite->signature == SL_PKEY_ED448;
	struct sl_edhoc_seen seen;
	struct sl_span out;

	run_start(&run, v, SL_EDHOC_INITIATOR);
	run_start(&other, v, SL_EDHOC_RESPONDER);
	ck_assert_ok(run_write_1(&run, &out));
	ck_assert_ok(run_read(&other, 1, out, &seen));
	ck_assert_ok(run_write_2(&other, &out));
	ck_assert(!exact || sl_span_equal(out, v->message[2]));
	ck_assert_ok(run_read(&run, 2, out, &seen));
	ck_assert_ok(run_verify(&run));
	ck_assert_ok(sl_edhoc_write_message_3(&run.s, v->ead[3], &out));
	ck_assert(!exact || sl_span_equal(out, v->message[3]));
	ck_assert_ok(run_read(&other, 3, out, &seen));
	ck_assert_ok(run_verify(&other));
	ck_assert_bytes(sl_key_view(&run.s.prk_exporter), sl_key_view(&other.s.prk_exporter));
	ck_assert_ok(sl_edhoc_write_message_4(&other.s, v->ead[4], &out));
	ck_assert_ok(run_read(&run, 4, out, &seen));
	ck_assert_int_eq(run.s.state, SL_EDHOC_PERSISTED);
	ck_assert_int_eq(other.s.state, SL_EDHOC_PERSISTED);
	run_end(&run);
	run_end(&other);
}

START_TEST(traces_of_rfc_9529)
{
	static const char *const files[] = {"rfc9529_trace1.json", "rfc9529_trace2.json"};
	size_t count = 0;

	for (; count < ARRAY_LEN(files); count++) {
		struct session v = trace_load(files[count]);

		check_initiator(&v);
		check_responder(&v);
		check_together(&v);
	}
	vectors_ran("RFC 9529 traces, both roles", count);
}
END_TEST

START_TEST(generated_sessions)
{
	size_t count = 0, refused = 0;

	for (size_t i = 0; i < generated_count(); i++) {
		struct session v = generated_load(i);
		const char *missing = NULL;
		enum sl_err err = sl_edhoc_suite_check(v.suite, &missing);

		if (err == SL_EUNSUPPORTED) {
			printf("vectors: %s: suite %d refused, no %s\n", v.name, (int)v.suite,
			        missing);
			refused++;
			continue;
		}
		ck_assert_ok(err);
		check_initiator(&v);
		check_responder(&v);
		check_together(&v);
		count++;
	}
	printf("vectors: generated sessions: %zu refused\n", refused);
	vectors_ran("generated sessions, both roles", count);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("edhoc vectors");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, traces_of_rfc_9529);
	tcase_add_test(tc, generated_sessions);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
