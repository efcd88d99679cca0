/* SPDX-License-Identifier: BSD-2-Clause
 * A device enrols through a link that loses, repeats, reorders and lies, and with a power
 * supply that fails. */
#include "machine.h"

#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct fake_est est;
static struct fake_link far_end;
static struct machine m;

static struct machine_config
usual(void)
{
	struct machine_config config = {.give_up_ms = 600000};

	session_config_init(&config.session);
	config.session.reserve = 4; /* often, so that it is seen */
	return config;
}

static void
set_up(struct fake_link_config link, struct machine_config config)
{
	fake_est_init(&est);
	fake_link_init(&far_end, &est, &link);
	machine_init(&m, &config, &far_end);
}

static void
tear_down(void)
{
	machine_clear(&m);
	fake_link_clear(&far_end);
	fake_est_clear(&est);
}

static void
holds_what_the_server_issued(void)
{
	struct complaint why = {""};
	struct certs certs;

	ck_assert_msg(credentials_check(&m.device.ks,
	                      FAKE_EST_EPOCH + (int64_t)(far_end.now_ms / 1000), &why) == SL_OK,
	        "%s", why.text);
	certs_init(&certs);
	ck_assert_ok(credentials_load(&m.device.ks, KEYSTORE_CERT, &certs, &why));
	ck_assert_bytes(certs_at(&certs, 0), sl_span(est.issued[est.issued_count - 1].der,
	                                             est.issued[est.issued_count - 1].len));
	certs_clear(&certs);
	ck_assert(!keystore_has(&m.device.ks, KEYSTORE_PENDING_CSR));
	ck_assert(!keystore_has(&m.device.ks, KEYSTORE_PENDING_KEY));
	ck_assert_uint_eq(far_end.conflicts, 0);
}

START_TEST(enrols_over_a_good_link)
{
	struct fake_link_config link = {.delay_ms = 20};

	set_up(link, usual());
	ck_assert_int_eq(machine_enrol(&m, ENROL_SEN), ENROL_DONE);
	holds_what_the_server_issued();
	ck_assert_uint_eq(est.requests, 2); /* crts and sen */
	ck_assert_uint_eq(est.issued_count, 1);
	tear_down();
}
END_TEST

/* Threat T55's figures: forged 4.01, 5.03 and RST on every fifth message, power cuts, at most
 * ten simulated minutes, and never one nonce for two plaintexts. */
START_TEST(enrols_again_and_again_against_a_liar_and_power_cuts)
{
	unsigned cuts = 0, lies = 0, boots = 0, requests = 0, runs = test_rounds(150, 1000);
	uint64_t slowest_ms = 0;

	for (unsigned run = 0; run < runs; run++) {
		struct fake_link_config link = {.loss_permille = 50,
		        .duplicate_permille = 30,
		        .lie_permille = 200,
		        .delay_ms = 150,
		        .work_ms = 700,
		        .seed = {(uint8_t)run, (uint8_t)(run >> 8), 7}};
		struct machine_config config = usual();

		link.lies_with_echo = run % 2 == 0;
		config.cut_permille = 60;
		if (run % 4 == 0)
			config.session.inner_szx = 2; /* many messages */
		config.cuts_max = 5;
		set_up(link, config);
		ck_assert_msg(machine_enrol(&m, ENROL_SEN) == ENROL_DONE, "run %u: %s: %s", run,
		        enrol_outcome_text(enrol_outcome(m.enrol)), enrol_text(m.enrol));
		holds_what_the_server_issued();
		ck_assert_uint_eq(est.issued_count, 1); /* one key, however often it was asked */
		ck_assert(!est.csr_changed);
		ck_assert_uint_le(far_end.now_ms, 600000);
		slowest_ms = far_end.now_ms > slowest_ms ? far_end.now_ms : slowest_ms;
		cuts += m.cuts;
		boots += m.boots;
		lies += far_end.lies;
		requests += far_end.protected_requests;
		tear_down();
		hex_release();
	}
	printf("device: %u enrolments, %u power cuts, %u boots, %u lies, %u protected requests, "
	       "slowest %llu s, 0 nonces used twice\n",
	        runs, cuts, boots, lies, requests, (unsigned long long)(slowest_ms / 1000));
	ck_assert_uint_gt(cuts, runs);
	ck_assert_uint_gt(lies, runs / 2);
}
END_TEST

START_TEST(waits_as_told_and_repeats_the_identical_request)
{
	struct fake_link_config link = {.delay_ms = 20};

	set_up(link, usual());
	est.delays = 3;
	est.has_delay_max_age = true;
	est.delay_s = 30;
	ck_assert_int_eq(machine_enrol(&m, ENROL_SEN), ENROL_DONE);
	holds_what_the_server_issued();
	ck_assert_uint_eq(est.enrolments, 4);
	ck_assert(!est.csr_changed);
	ck_assert_uint_ge(far_end.now_ms, 90000);
	ck_assert_uint_le(far_end.now_ms, 95000);
	tear_down();
}
END_TEST

START_TEST(clamps_the_wait)
{
	static const struct {
		uint32_t max_age_s;
		bool is_given;
		uint32_t want_s;
		const char *because;
	} rows[] = {
	        {0, true, 1, "0 would be a storm"},
	        {1, true, 1, "1 is the least"},
	        {0, false, 60, "an absent Max-Age is 60"},
	        {86400, true, 86400, "a day is the most"},
	        {86401, true, 86400, "more than a day is a day"},
	        {4294967295U, true, 86400, "the largest number is a day"},
	};
	struct fake_link_config link = {.delay_ms = 20};
	struct machine_config config = usual();

	config.give_up_ms = 4ULL * 86400 * 1000;
	set_up(link, config);
	est.delays = 1;
	est.has_delay_max_age = rows[_i].is_given;
	est.delay_s = rows[_i].max_age_s;
	ck_assert_int_eq(machine_enrol(&m, ENROL_SEN), ENROL_DONE);
	ck_assert_msg(enrol_wait_s(m.enrol) == rows[_i].want_s, "waited %u although %s",
	        enrol_wait_s(m.enrol), rows[_i].because);
	ck_assert_uint_ge(far_end.now_ms, rows[_i].want_s * 1000ULL);
	ck_assert_uint_le(far_end.now_ms, rows[_i].want_s * 1000ULL + 5000);
	tear_down();
}
END_TEST

START_TEST(does_not_wait_longer_than_it_may)
{
	struct fake_link_config link = {.delay_ms = 20};

	set_up(link, usual());
	est.delays = 1;
	est.has_delay_max_age = true;
	est.delay_s = 3600;
	ck_assert_int_eq(machine_enrol(&m, ENROL_SEN), ENROL_LATER);
	ck_assert_uint_lt(far_end.now_ms, 5000);
	ck_assert(keystore_has(&m.device.ks, KEYSTORE_PENDING_CSR));

	/* the next run says the same again */
	far_end.now_ms += 3600 * 1000;
	ck_assert_int_eq(machine_enrol(&m, ENROL_SEN), ENROL_DONE);
	ck_assert(!est.csr_changed);
	holds_what_the_server_issued();
	tear_down();
}
END_TEST

START_TEST(outlives_errors_of_the_authority)
{
	struct fake_link_config link = {.delay_ms = 20};

	set_up(link, usual());
	est.failures = 2;
	ck_assert_int_eq(machine_enrol(&m, ENROL_SEN), ENROL_DONE);
	ck_assert_uint_ge(far_end.now_ms, 45000); /* 15 s and 30 s at least */
	holds_what_the_server_issued();
	tear_down();
}
END_TEST

START_TEST(believes_an_authentic_refusal)
{
	struct fake_link_config link = {.delay_ms = 20};

	set_up(link, usual());
	est.refuse_code = SL_COAP_FORBIDDEN;
	ck_assert_int_eq(machine_enrol(&m, ENROL_SEN), ENROL_REFUSED);
	ck_assert_uint_eq(enrol_code(m.enrol), SL_COAP_FORBIDDEN);
	ck_assert_str_eq(enrol_text(m.enrol), "not for you");
	ck_assert_uint_eq(est.enrolments, 1);
	tear_down();
}
END_TEST

START_TEST(refuses_a_certificate_for_another_key)
{
	struct fake_link_config link = {.delay_ms = 20};

	set_up(link, usual());
	est.gives_foreign_key = true;
	ck_assert_int_eq(machine_enrol(&m, ENROL_SEN), ENROL_BAD_ANSWER);
	ck_assert(!keystore_has(&m.device.ks, KEYSTORE_CERT));
	ck_assert(!keystore_has(&m.device.ks, KEYSTORE_KEY));
	tear_down();
}
END_TEST

START_TEST(refuses_a_certificate_without_a_path_to_the_anchors)
{
	struct fake_link_config link = {.delay_ms = 20};

	set_up(link, usual());
	est.gives_anchor_of_another = true;
	ck_assert_int_eq(machine_enrol(&m, ENROL_SEN), ENROL_BAD_ANSWER);
	ck_assert(!keystore_has(&m.device.ks, KEYSTORE_CERT));
	tear_down();
}
END_TEST

START_TEST(looks_for_new_anchors_once_when_the_authority_changed)
{
	struct fake_link_config link = {.delay_ms = 20};

	set_up(link, usual());
	est.gives_anchor_of_another = true;
	ck_assert_int_eq(machine_enrol(&m, ENROL_CRTS), ENROL_DONE);
	est.gives_anchor_of_another = false;
	ck_assert_int_eq(machine_enrol(&m, ENROL_SEN), ENROL_DONE);
	holds_what_the_server_issued();
	ck_assert_uint_eq(est.requests, 4); /* crts; sen, crts, sen */
	ck_assert_uint_eq(est.issued_count, 1);
	tear_down();
}
END_TEST

static size_t
public_key(uint8_t out[256])
{
	struct complaint why;
	struct certs certs;
	struct sl_cert cert;
	size_t len;

	certs_init(&certs);
	ck_assert_ok(credentials_load(&m.device.ks, KEYSTORE_CERT, &certs, &why));
	ck_assert_ok(sl_cert_decode(&cert, certs_at(&certs, 0)));
	len = cert.spki.len;
	memcpy(out, cert.spki.ptr, len);
	certs_clear(&certs);
	return len;
}

START_TEST(renews_with_the_same_key)
{
	struct fake_link_config link = {.delay_ms = 20};
	uint8_t before[256], after[256];
	size_t before_len, after_len;

	set_up(link, usual());
	ck_assert_int_eq(machine_enrol(&m, ENROL_SEN), ENROL_DONE);
	before_len = public_key(before);
	est.issued_count = 0; /* the server makes a new certificate */
	ck_assert_int_eq(machine_enrol(&m, ENROL_SREN), ENROL_DONE);
	after_len = public_key(after);
	ck_assert_bytes(sl_span(after, after_len), sl_span(before, before_len));
	holds_what_the_server_issued();
	tear_down();
}
END_TEST

START_TEST(rekeys_and_keeps_the_old_key_until_then)
{
	struct fake_link_config link = {.delay_ms = 20};
	uint8_t before[256], after[256];
	size_t before_len, after_len;

	set_up(link, usual());
	ck_assert_int_eq(machine_enrol(&m, ENROL_SEN), ENROL_DONE);
	before_len = public_key(before);
	m.config.wish.is_rekey = true;

	est.refuse_code = SL_COAP_FORBIDDEN;
	ck_assert_int_eq(machine_enrol(&m, ENROL_SREN), ENROL_REFUSED);
	after_len = public_key(after);
	ck_assert_bytes(sl_span(after, after_len), sl_span(before, before_len));
	struct complaint why;
	ck_assert_ok(credentials_check(&m.device.ks, FAKE_EST_EPOCH, &why));

	est.refuse_code = 0;
	ck_assert_int_eq(machine_enrol(&m, ENROL_SREN), ENROL_DONE);
	after_len = public_key(after);
	ck_assert(!sl_span_equal(sl_span(after, after_len), sl_span(before, before_len)));
	holds_what_the_server_issued();
	tear_down();
}
END_TEST

START_TEST(gives_up_in_time_when_nobody_answers)
{
	struct fake_link_config link = {.delay_ms = 20, .loss_permille = 1000};

	set_up(link, usual());
	ck_assert_int_eq(machine_enrol(&m, ENROL_SEN), ENROL_NO_ANSWER);
	ck_assert_uint_le(far_end.now_ms, 1000 + 600000);
	ck_assert(!keystore_has(&m.device.ks, KEYSTORE_ANCHORS));
	tear_down();
}
END_TEST

/* Everything unprotected is a lie here: no certificate, no anchor, no endless talk. */
START_TEST(takes_nothing_from_unprotected_answers)
{
	struct fake_link_config link = {
	        .delay_ms = 20, .loss_permille = 1000, .lie_permille = 1000};

	set_up(link, usual());
	ck_assert_int_eq(machine_enrol(&m, ENROL_SEN), ENROL_NO_ANSWER);
	ck_assert(!keystore_has(&m.device.ks, KEYSTORE_ANCHORS));
	ck_assert(!keystore_has(&m.device.ks, KEYSTORE_CERT));
	ck_assert_uint_lt(far_end.protected_requests, 100);
	ck_assert_uint_eq(far_end.conflicts, 0);
	tear_down();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("device_enrol");
	TCase *t = tcase_create("enrol");

	tcase_set_timeout(t, 300);
	tcase_add_test(t, enrols_over_a_good_link);
	tcase_add_test(t, enrols_again_and_again_against_a_liar_and_power_cuts);
	tcase_add_test(t, waits_as_told_and_repeats_the_identical_request);
	tcase_add_loop_test(t, clamps_the_wait, 0, 6);
	tcase_add_test(t, does_not_wait_longer_than_it_may);
	tcase_add_test(t, outlives_errors_of_the_authority);
	tcase_add_test(t, believes_an_authentic_refusal);
	tcase_add_test(t, refuses_a_certificate_for_another_key);
	tcase_add_test(t, refuses_a_certificate_without_a_path_to_the_anchors);
	tcase_add_test(t, looks_for_new_anchors_once_when_the_authority_changed);
	tcase_add_test(t, renews_with_the_same_key);
	tcase_add_test(t, rekeys_and_keeps_the_old_key_until_then);
	tcase_add_test(t, gives_up_in_time_when_nobody_answers);
	tcase_add_test(t, takes_nothing_from_unprotected_answers);
	suite_add_tcase(s, t);
	return run_suite(s);
}
