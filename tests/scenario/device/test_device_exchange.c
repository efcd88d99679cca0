/* SPDX-License-Identifier: BSD-2-Clause
 * One protected exchange at a time: blocks inside and outside, Echo inside and outside, hints,
 * silence. */
#include "machine.h"

#include "support.h"

#include <string.h>

static struct fake_est est;
static struct fake_link far_end;
static struct machine m;
static uint8_t pattern[INNER_REQUEST_MAX + 1];

static struct machine_config
usual(void)
{
	struct machine_config config = {.give_up_ms = 600000};

	session_config_init(&config.session);
	return config;
}

static void
set_up(struct fake_link_config link, struct machine_config config)
{
	for (size_t i = 0; i < sizeof pattern; i++)
		pattern[i] = (uint8_t)(i * 7 + i / 251);
	fake_est_init(&est);
	fake_link_init(&far_end, &est, &link);
	machine_init(&m, &config, &far_end);
}

static void
tear_down(void)
{
	ck_assert_uint_eq(far_end.conflicts, 0);
	machine_clear(&m);
	fake_link_clear(&far_end);
	fake_est_clear(&est);
}

/* Sends len bytes to a resource that sends them back. */
static const struct session_result *
mirror(size_t len)
{
	struct inner_request request = {.code = SL_COAP_POST,
	        .path = "/echo",
	        .has_format = true,
	        .format = 42,
	        .body = sl_span(pattern, len)};

	return machine_ask(&m, &request);
}

static void
mirrors(size_t len)
{
	const struct session_result *r = mirror(len);

	ck_assert_msg(r->outcome == SESSION_ANSWERED, "%s", session_outcome_text(r->outcome));
	ck_assert_uint_eq(r->answer.code, SL_COAP_CHANGED);
	ck_assert(r->answer.has_format);
	ck_assert_uint_eq(r->answer.format, 42);
	ck_assert_bytes(r->answer.body, sl_span(pattern, len));
}

static const struct {
	size_t len;
	unsigned uploads, slices; /* of blocks of 64 bytes: arithmetic */
} at_64[] = {
        {0, 0, 0},
        {1, 0, 0},
        {63, 0, 0},
        {64, 0, 0},
        {65, 1, 2},
        {128, 1, 2},
        {129, 1, 3},
        {1000, 1, 16},
};

START_TEST(carries_bodies_in_blocks_of_64)
{
	struct machine_config config = usual();
	struct fake_link_config link = {.delay_ms = 20};

	config.session.inner_szx = 2;
	set_up(link, config);
	mirrors(at_64[_i].len);
	ck_assert_uint_eq(est.uploads_in_blocks, at_64[_i].uploads);
	ck_assert_uint_eq(est.slices, at_64[_i].slices);
	tear_down();
}
END_TEST

static const struct {
	uint8_t device_szx, server_szx, upload_szx;
} sizes[] = {
        {2, 2, 7},
        {4, 4, 7},
        {4, 2, 7},
        {2, 4, 7},
        {6, 2, 7},
        {6, 6, 7},
        {0, 0, 7},
        {6, 7, 7},
        {6, 6, 4},
        {4, 4, 2},
        {6, 0, 0},
};

START_TEST(carries_bodies_in_blocks_of_any_size_over_a_bad_link)
{
	static const size_t lens[] = {1, 16, 17, 1024, 1025, 2048, 3000};
	struct machine_config config = usual();
	struct fake_link_config link = {.delay_ms = 100,
	        .loss_permille = 60,
	        .duplicate_permille = 60,
	        .work_ms = 900,
	        .seed = {(uint8_t)_i}};

	config.session.inner_szx = sizes[_i].device_szx;
	config.session.timeout_ms = 3600 * 1000;
	set_up(link, config);
	est.szx = sizes[_i].server_szx;
	est.upload_szx = sizes[_i].upload_szx;
	for (size_t i = 0; i < ARRAY_LEN(lens); i++)
		mirrors(lens[i]);
	ck_assert_uint_eq(est.replays, 0); /* the message layer repeats, the proxy knows it again */
	tear_down();
}
END_TEST

START_TEST(takes_an_answer_of_many_datagrams_in_outer_blocks)
{
	struct machine_config config = usual();
	struct fake_link_config link = {.delay_ms = 20, .loss_permille = 30};

	config.session.outer_szx = 2;
	set_up(link, config);
	mirrors(1000); /* one protected message of more than 1000 bytes each way, 16 outer blocks */
	ck_assert_uint_eq(est.requests, 1);
	ck_assert_uint_eq(est.slices, 0);
	ck_assert_uint_ge(far_end.outer_blocks, 32);
	tear_down();
}
END_TEST

START_TEST(drops_an_unfragmented_answer_beyond_its_maximum)
{
	struct machine_config config = usual();
	struct fake_link_config link = {.delay_ms = 20};
	const struct session_result *r;

	set_up(link, config);
	mirrors(SESSION_UNFRAGMENTED_MAX - 32); /* 8 bytes of tag, code, option, marker: it fits */
	r = mirror(SESSION_UNFRAGMENTED_MAX);   /* with them it does not */
	ck_assert_int_ne(r->outcome, SESSION_ANSWERED);
	tear_down();
}
END_TEST

START_TEST(limits_the_request_body)
{
	struct fake_link_config link = {.delay_ms = 5};
	struct machine_config config = usual();
	struct inner_request request = {
	        .code = SL_COAP_POST, .path = "/echo", .body = sl_span(pattern, INNER_REQUEST_MAX)};

	set_up(link, config);
	est.szx = 6;
	ck_assert_int_eq(machine_ask(&m, &request)->outcome, SESSION_ANSWERED);
	ck_assert_uint_eq(est.answer.len, INNER_REQUEST_MAX);
	request.body.len++;
	ck_assert_err(session_start(m.session, &request, far_end.now_ms), SL_ELIMIT);
	tear_down();
}
END_TEST

START_TEST(begins_again_when_the_server_forgot_the_upload)
{
	struct machine_config config = usual();
	struct fake_link_config link = {.delay_ms = 20};
	uint8_t first[8];
	size_t first_len;

	config.session.inner_szx = 4;
	set_up(link, config);
	mirrors(600);
	memcpy(first, est.last_tag, sizeof first);
	first_len = est.last_tag_len;
	est.forgets_uploads = INNER_RESTARTS_MAX;
	mirrors(600);
	ck_assert_uint_eq(est.forgets_uploads, 0);
	/* RFC 9175 section 3.5.1: never the same name for two transfers */
	ck_assert(
	        !sl_span_equal(sl_span(first, first_len), sl_span(est.last_tag, est.last_tag_len)));
	est.forgets_uploads = INNER_RESTARTS_MAX + 1;
	ck_assert_int_eq(mirror(600)->outcome, SESSION_BROKEN);
	tear_down();
}
END_TEST

START_TEST(returns_an_inner_echo_inside)
{
	struct fake_link_config link = {.delay_ms = 20};

	set_up(link, usual());
	sl_oscore_window_lose(&est.ctx); /* RFC 8613 B.1.2 */
	mirrors(10);
	ck_assert_uint_eq(est.echo_rounds, 1);
	ck_assert_uint_eq(session_counts(m.session).echo_inner, 1);
	ck_assert_uint_eq(far_end.protected_requests, 2); /* each with a Partial IV of its own */
	mirrors(10);
	ck_assert_uint_eq(est.echo_rounds, 1);
	tear_down();
}
END_TEST

START_TEST(ends_an_echo_without_end)
{
	struct fake_link_config link = {.delay_ms = 20};

	set_up(link, usual());
	est.asks_echo_forever = true;
	ck_assert_int_eq(mirror(10)->outcome, SESSION_BROKEN);
	ck_assert_uint_eq(est.requests, SESSION_ECHO_ROUNDS_MAX + 1);
	tear_down();
}
END_TEST

START_TEST(returns_an_outer_echo_outside)
{
	struct fake_link_config link = {.delay_ms = 20, .asks_outer_echo = true};

	set_up(link, usual());
	mirrors(10);
	ck_assert_uint_eq(far_end.outer_echoes, 1);
	ck_assert_uint_eq(est.requests, 1);
	ck_assert_uint_eq(far_end.protected_requests, 2);
	ck_assert_uint_eq(session_counts(m.session).hints, 0);
	tear_down();
}
END_TEST

START_TEST(does_both_echoes_in_one_exchange)
{
	struct fake_link_config link = {.delay_ms = 20, .asks_outer_echo = true};

	set_up(link, usual());
	sl_oscore_window_lose(&est.ctx);
	mirrors(10);
	ck_assert_uint_eq(est.echo_rounds, 1);
	ck_assert_uint_eq(far_end.outer_echoes, 2);
	tear_down();
}
END_TEST

static const struct {
	bool lies_with_echo;
	unsigned requests_max; /* protected requests in all: arithmetic of the two limits */
} liars[] = {
        {false, 1 + SESSION_HINTS_MAX},
        {true, 1 + SESSION_HINTS_MAX + SESSION_ECHO_ROUNDS_MAX},
};

START_TEST(stops_after_a_few_unprotected_errors)
{
	struct fake_link_config link = {
	        .delay_ms = 20, .loss_permille = 1000, .lie_permille = 1000};

	link.lies_with_echo = liars[_i].lies_with_echo;
	set_up(link, usual());
	ck_assert_int_ne(mirror(10)->outcome, SESSION_ANSWERED);
	ck_assert_uint_le(far_end.protected_requests, liars[_i].requests_max);
	ck_assert_uint_ge(far_end.protected_requests, 1 + SESSION_HINTS_MAX);
	ck_assert_uint_ge(far_end.now_ms, 1000 + 2000 + 4000 + 8000); /* the pauses at least */
	tear_down();
}
END_TEST

START_TEST(stays_silent_when_nobody_is_there)
{
	struct fake_link_config link = {.delay_ms = 20, .loss_permille = 1000};
	struct machine_config config = usual();

	config.session.timeout_ms = 60000;
	set_up(link, config);
	ck_assert_int_eq(mirror(10)->outcome, SESSION_SILENT);
	ck_assert_uint_eq(far_end.now_ms, 61000);
	tear_down();
}
END_TEST

/* The keys are others: what comes back verifies with nobody's key, and is worth an attempt, not
 * a belief. */
START_TEST(does_not_believe_what_does_not_verify)
{
	struct fake_link_config link = {.delay_ms = 20};

	set_up(link, usual());
	est.ctx.sender_key.bytes[0] ^= 1;
	ck_assert_int_eq(mirror(10)->outcome, SESSION_HINTED);
	ck_assert_uint_eq(session_counts(m.session).unverified, 1 + SESSION_HINTS_MAX);
	ck_assert_uint_eq(far_end.protected_requests, 1 + SESSION_HINTS_MAX);
	tear_down();
}
END_TEST

START_TEST(tells_the_hint)
{
	struct fake_link_config link = {.delay_ms = 20};
	const struct session_result *r;

	set_up(link, usual());
	est.ctx.recipient_key.bytes[0] ^= 1; /* the server cannot decrypt */
	r = mirror(10);
	ck_assert_int_eq(r->outcome, SESSION_HINTED);
	ck_assert_uint_eq(r->hint_code, SL_COAP_BAD_REQUEST);
	ck_assert_str_eq(r->hint_text, "Decryption failed");
	tear_down();
}
END_TEST

START_TEST(stops_at_the_last_sequence_number)
{
	struct fake_link_config link = {.delay_ms = 20};

	set_up(link, usual());
	ck_assert_int_eq(mirror(10)->outcome, SESSION_ANSWERED);
	m.device.ctx.ssn = m.device.ctx.ssn_limit = SL_OSCORE_SSN_END;
	ck_assert_int_eq(mirror(10)->outcome, SESSION_EXHAUSTED);
	tear_down();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("device_exchange");
	TCase *t = tcase_create("exchange");

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, carries_bodies_in_blocks_of_64, 0, ARRAY_LEN(at_64));
	tcase_add_loop_test(
	        t, carries_bodies_in_blocks_of_any_size_over_a_bad_link, 0, ARRAY_LEN(sizes));
	tcase_add_test(t, takes_an_answer_of_many_datagrams_in_outer_blocks);
	tcase_add_test(t, drops_an_unfragmented_answer_beyond_its_maximum);
	tcase_add_test(t, limits_the_request_body);
	tcase_add_test(t, begins_again_when_the_server_forgot_the_upload);
	tcase_add_test(t, returns_an_inner_echo_inside);
	tcase_add_test(t, ends_an_echo_without_end);
	tcase_add_test(t, returns_an_outer_echo_outside);
	tcase_add_test(t, does_both_echoes_in_one_exchange);
	tcase_add_loop_test(t, stops_after_a_few_unprotected_errors, 0, ARRAY_LEN(liars));
	tcase_add_test(t, stays_silent_when_nobody_is_there);
	tcase_add_test(t, does_not_believe_what_does_not_verify);
	tcase_add_test(t, tells_the_hint);
	tcase_add_test(t, stops_at_the_last_sequence_number);
	suite_add_tcase(s, t);
	return run_suite(s);
}
