/* SPDX-License-Identifier: BSD-2-Clause
 * Peers that change while runs of EDHOC are on their way, and contexts that were made before. */
#include "edhoc_fixture.h"

#include <stdlib.h>
#include <string.h>

static struct edhoc_fixture f;
static struct initiator me, other;
static struct device d;
static struct edhoc_reply reply;

static void
start(void)
{
	edhoc_fixture_make(&f);
	edhoc_fixture_start(&f);
}

static void
end(void)
{
	initiator_clear(&me);
	initiator_clear(&other);
	device_clear(&d);
	edhoc_fixture_remove(&f);
}

/* The configuration of the start, with the first count of its peers only. */
static void
take(size_t count)
{
	struct config *config = malloc(sizeof *config);
	struct trust_options options = {.config = config, .store = f.base.store, .now = T0};
	char message[CONFIG_MESSAGE_MAX];
	struct trust *next = NULL;

	ck_assert_ptr_nonnull(config);
	memcpy(config, &f.base.config, sizeof *config);
	config->peer_count = count;
	ck_assert_msg(trust_open(&next, &options, message) == SL_OK, "%s", message);
	trust_take_peers(f.trust, next, config);
}

static uint8_t
ask_for_certificates(void)
{
	struct sl_coap_msg msg;

	make_get(&msg, "/est/crts");
	return device_ask(&d, &f.base, &msg);
}

START_TEST(who_left_the_file_is_refused_and_who_came_is_let_in)
{
	take(1); /* device 0 with its static DH key */
	initiator_make(&me, 1, 3, 2);
	initiator_open(&me, &f);
	edhoc_post(&f, initiator_third(&me, NULL), &reply);
	ck_assert_error_1(&reply, 400);
	initiator_clear(&me);
	take(f.base.config.peer_count);
	initiator_make(&me, 1, 3, 2);
	initiator_run(&me, &f, &d);
	ck_assert_uint_eq(ask_for_certificates(), SL_COAP_CONTENT);
}
END_TEST

/* message_3 decides, as of when it comes. */
START_TEST(a_run_that_has_begun_ends_with_the_peers_of_its_message_3)
{
	initiator_make(&me, 0, 3, 2);
	initiator_open(&me, &f);
	initiator_make(&other, 1, 3, 2);
	initiator_open(&other, &f);
	take(1);
	edhoc_post(&f, initiator_third(&me, NULL), &reply);
	ck_assert_int_eq(reply.status, 204);
	edhoc_post(&f, initiator_third(&other, NULL), &reply);
	ck_assert_error_1(&reply, 400);
}
END_TEST

START_TEST(a_context_from_before_goes_on)
{
	initiator_make(&me, 1, 3, 2);
	initiator_run(&me, &f, &d);
	take(1);
	take(1);
	ck_assert_uint_eq(ask_for_certificates(), SL_COAP_CONTENT);
	ck_assert_uint_eq(contexts_counts(f.base.contexts).made, 1);
}
END_TEST

static enum sl_err
resolve(struct trust *peers, struct sl_candidates *found)
{
	struct trust_ask ask = {.peers = peers, .id_cred = me.own.id_cred, .method = 3, .now = T0};

	return trust_resolve(f.trust, &ask, found);
}

/* The sanitizer sees whether what they borrow from is there. */
START_TEST(candidates_live_until_their_user_leaves)
{
	struct sl_candidates found = {.count = 0};
	struct trust *peers;

	initiator_make(&me, 1, 3, 2);
	take(f.base.config.peer_count);
	peers = trust_enter(f.trust);
	ck_assert_ok(resolve(peers, &found));
	take(1);
	take(1);
	ck_assert_uint_eq(found.count, 1);
	ck_assert_bytes(found.list[0].cred, me.own.cred);
	sl_candidates_clear(&found);
	ck_assert_ok(resolve(peers, &found));
	sl_candidates_clear(&found);
	trust_leave(f.trust, peers);
	peers = trust_enter(f.trust);
	ck_assert_int_ne(resolve(peers, &found), SL_OK);
	trust_leave(f.trust, peers);
}
END_TEST

START_TEST(two_users_leave_in_any_order)
{
	struct trust *a, *b;

	take(1);
	a = trust_enter(f.trust);
	b = trust_enter(f.trust);
	ck_assert_ptr_eq(a, b);
	take(2);
	trust_leave(f.trust, a);
	initiator_make(&me, 0, 3, 2);
	{
		struct sl_candidates found = {.count = 0};

		ck_assert_ok(resolve(b, &found));
		sl_candidates_clear(&found);
	}
	trust_leave(f.trust, b);
	a = trust_enter(f.trust);
	trust_leave(f.trust, a);
	ck_assert_ptr_eq(trust_enter(f.trust), a); /* the newest stays without users */
	trust_leave(f.trust, a);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("backend/trust_reload");
	TCase *t = tcase_create("trust_reload");

	tcase_add_checked_fixture(t, start, end);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, who_left_the_file_is_refused_and_who_came_is_let_in);
	tcase_add_test(t, a_run_that_has_begun_ends_with_the_peers_of_its_message_3);
	tcase_add_test(t, a_context_from_before_goes_on);
	tcase_add_test(t, candidates_live_until_their_user_leaves);
	tcase_add_test(t, two_users_leave_in_any_order);
	suite_add_tcase(s, t);
	return run_suite(s);
}
