/* SPDX-License-Identifier: BSD-2-Clause
 * EDHOC with certificates by value, in small blocks, over a link that loses, doubles and reorders:
 * every run ends with the same keys on both sides, and with one message_3. */
#include "edhoc_run.h"

#include "fake_edhoc.h"
#include "fake_link.h"
#include "support.h"

#include <stdio.h>
#include <string.h>

static struct fake_est est;
static struct fake_link link;
static struct fake_party ca, device, server;
static struct fake_edhoc far;
static struct sl_span anchor;
static struct edhoc_server believed;
static struct sl_edhoc_profile profile;
static struct edhoc_run_config config;

static bool
answer_edhoc(struct fake_est *e, struct sl_coap_msg *outer, struct sl_coap_msg *answer)
{
	(void)e;
	fake_edhoc_answer(&far, outer, answer);
	return false;
}

static void
make_party(struct fake_party *p, const char *name, bool signs)
{
	const struct fake_certificate what = {.name = name,
	        .by = &ca,
	        .key_usage = signs ? SL_KU_DIGITAL_SIGNATURE : SL_KU_KEY_AGREEMENT,
	        .is_cmc_ra = true};

	fake_party_x509(p, SL_PKEY_P256, &what, SL_LABEL_X5CHAIN);
}

static void
set_up_parties(int method)
{
	const struct fake_certificate root = {
	        .name = "Root", .key_usage = SL_KU_KEY_CERT_SIGN | SL_KU_CRL_SIGN};

	fake_party_x509(&ca, SL_PKEY_P256, &root, SL_LABEL_X5T);
	make_party(&device, "sensor-7", method < 2);
	make_party(&server, "est.example", method % 2 == 0);
	fake_edhoc_init(&far, &server);
	far.anchor = anchor = fake_party_der(&ca);
	believed =
	        (struct edhoc_server){.anchors = &anchor, .anchor_count = 1, .name = "est.example"};
	profile = (struct sl_edhoc_profile){.suites = sl_edhoc_default_suites,
	        .suite_count = 2,
	        .methods = 1U << method,
	        .message_4 = SL_EDHOC_M4_OPTIONAL,
	        .for_oscore = true};
	edhoc_run_config_init(&config);
	config.profile = &profile;
	config.method = method;
	config.own = &device.credential;
	config.server = &believed;
	config.now = far.now;
	config.outer_szx = 2; /* blocks of 64 bytes */
	config.timeout_ms = 600000;
}

static void
clear_parties(void)
{
	fake_edhoc_clear(&far);
	fake_party_clear(&ca);
	fake_party_clear(&device);
	fake_party_clear(&server);
}

static void
flush(struct edhoc_run *run)
{
	struct sl_span datagram;

	while (edhoc_run_next(run, &datagram))
		fake_link_send(&link, datagram);
}

static void
drive(struct edhoc_run *run)
{
	edhoc_run_start(run, link.now_ms);
	for (unsigned turns = 0; !edhoc_run_is_finished(run); turns++) {
		uint64_t when_ms = fake_link_wakeup(&link), mine_ms = edhoc_run_wakeup(run);
		const struct fake_flight *f;

		ck_assert_uint_lt(turns, 100000);
		flush(run);
		if (mine_ms < when_ms)
			when_ms = mine_ms;
		if (fake_link_wakeup(&link) < when_ms)
			when_ms = fake_link_wakeup(&link);
		while ((f = fake_link_step(&link, when_ms)) != NULL) {
			edhoc_run_on_datagram(run, sl_span(f->bytes, f->len), link.now_ms);
			flush(run);
		}
		edhoc_run_on_time(run, link.now_ms);
	}
}

static unsigned completed, restarted;

static void
one_run(unsigned round)
{
	struct edhoc_run *run;
	struct sl_oscore_ctx ctx;

	memcpy(config.seed, &round, sizeof round);
	ck_assert_ok(edhoc_run_new(&run, &config));
	drive(run);
	if (edhoc_run_outcome(run) == EDHOC_RUN_DONE) {
		ck_assert_ok(edhoc_run_context(run, &ctx));
		ck_assert_bytes(sl_key_view(&ctx.sender_key), sl_key_view(&far.ctx.recipient_key));
		ck_assert_bytes(sl_key_view(&ctx.recipient_key), sl_key_view(&far.ctx.sender_key));
		sl_oscore_ctx_clear(&ctx);
		completed++;
		restarted += edhoc_run_counts(run).hints > 0;
	} else {
		ck_abort_msg("%s", edhoc_run_text(run));
	}
	edhoc_run_free(run);
}

START_TEST(gets_certificates_through_a_bad_link)
{
	struct fake_link_config bad = {.loss_permille = 100,
	        .duplicate_permille = 100,
	        .delay_ms = 500,
	        .work_ms = 300,
	        .asks_outer_echo = _i % 2 == 1};
	unsigned rounds = test_rounds(5, 100);

	completed = restarted = 0;
	bad.seed[0] = (uint8_t)(_i + 1);
	fake_est_init(&est);
	est.before = answer_edhoc;
	set_up_parties(_i);
	fake_link_init(&link, &est, &bad);
	for (unsigned i = 0; i < rounds; i++)
		one_run(i);
	ck_assert_uint_eq(completed, rounds);
	ck_assert_uint_ge(far.completed, rounds);
	printf("method %d: %u runs, %u of them after a pause\n", _i, completed, restarted);
	fake_link_clear(&link);
	clear_parties();
	fake_est_clear(&est);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("device_edhoc");
	TCase *t = tcase_create("link");

	tcase_set_timeout(t, 280);
	tcase_add_loop_test(t, gets_certificates_through_a_bad_link, 0, 4);
	suite_add_tcase(s, t);
	return run_suite(s);
}
