/* SPDX-License-Identifier: BSD-2-Clause
 * What ends a security context before its time: the revocation file, and the revocation of a certificate of ours. And
 * what a file that cannot be read does not end. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sl/hash.h>
#include <sl/text.h>

#include "trust_devices.h"

static struct outcome o;
static unsigned warnings;
static char warning[128];

static void
warn(const char *text)
{
	warnings++;
	snprintf(warning, sizeof warning, "%s", text);
}

static void
open_again(struct store *store)
{
	struct trust_options options = {
	        .config = &world.lab.config,
	        .store = store,
	        .ca = world.lab.ca,
	        .now = world.lab.now,
	        .warn = warn,
	};

	trust_close(world.trust);
	world.trust = NULL;
	ck_assert_msg(
	        trust_open(&world.trust, &options, world.message) == SL_OK, "%s", world.message);
}

static void
setup(void)
{
	devices_make();
	open_again(world.lab.store);
	warnings = 0;
}

static void
let_in(int method, enum who who, enum send send)
{
	struct attempt a = {.method = method, .suite = 2};
	struct device d;

	device_be(&d, who);
	a.id_cred = device_id(&d, send);
	a.cred = d.cred;
	a.key = d.key;
	world_attempt(&a, &o);
}

static void
write_hash(const uint8_t hash[static 32], const char *more)
{
	char text[256], digits[65];

	ck_assert_ok(sl_hex_encode(digits, sizeof digits, sl_span(hash, 32)));
	snprintf(text, sizeof text, "%s\n%s", digits, more);
	world_write("revoked.txt", sl_span_text(text), 0644);
}

static bool
holds(uint64_t now_ms)
{
	return trust_holds(world.trust, &o.peer, world.lab.now, now_ms);
}

/* Its own fingerprint, that of the same certificate in DER, that of its anchor. */
START_TEST(a_fingerprint_in_the_file_ends_a_context)
{
	const uint8_t *hashes[] = {o.peer.cred_hash, o.peer.cert_hash, o.peer.anchor_hash};
	struct trust_peer peer;

	let_in(0, GOOD, C5C);
	ck_assert_int_eq(o.stage, ACCEPTED);
	ck_assert(holds(0));
	write_hash(hashes[_i], "");
	ck_assert(holds(999)); /* looked at less than a second ago */
	ck_assert(!holds(1000));
	peer = o.peer;
	let_in(0, GOOD, CHAIN); /* another certificate below the same anchor */
	ck_assert_int_eq(o.stage, _i == 2 ? AT_AUTHORISE : ACCEPTED);
	o.peer = peer;
	world_write("revoked.txt", sl_span_text("# nobody\n"), 0644);
	ck_assert(holds(2000));
	ck_assert_uint_eq(warnings, 0);
}
END_TEST

/* What stands between a certificate and its anchor, as it was sent: DER, or C509 and then also its DER. */
START_TEST(the_fingerprint_of_an_authority_in_between_ends_it)
{
	static const enum send sends[] = {CHAIN, C5C, C5C};
	size_t at = _i == 2 ? 1 : 0;
	uint8_t hash[32];

	let_in(0, MIDDLE, sends[_i]);
	ck_assert_int_eq(o.stage, ACCEPTED);
	ck_assert_uint_eq(o.peer.chain_len, _i == 0 ? 1 : 2);
	memcpy(hash, o.peer.chain[at], sizeof hash);
	if (_i != 1) {
		uint8_t want[32];

		ck_assert_ok(sl_sha256(device_middle(), want));
		ck_assert_bytes(sl_span(hash, 32), sl_span(want, 32));
	}
	ck_assert(holds(0));
	write_hash(hash, "");
	ck_assert(!holds(1000));
	let_in(0, MIDDLE, sends[_i]);
	ck_assert_int_eq(o.stage, AT_AUTHORISE);
	ck_assert_str_eq(o.reason, "the credential is revoked");
	let_in(0, GOOD, CHAIN); /* which is not below it */
	ck_assert_int_eq(o.stage, ACCEPTED);
}
END_TEST

START_TEST(a_file_that_is_gone_ends_nothing_and_begins_nothing)
{
	let_in(3, CCS_7, KID);
	ck_assert_int_eq(o.stage, ACCEPTED);
	ck_assert(holds(0));
	ck_assert_int_eq(unlink(world_path("revoked.txt")), 0);
	ck_assert(holds(1000));
	ck_assert(holds(2000));
	ck_assert_uint_eq(warnings, 1);
	ck_assert_msg(strstr(warning, "nobody new"), "%s", warning);
	let_in(3, CCS_7, KID);
	ck_assert_int_eq(o.stage, AT_AUTHORISE);
	ck_assert_int_eq(o.err, SL_EIO);
	ck_assert_str_eq(o.reason, "the revocation file cannot be read");
	/* who was revoked before stays so */
	let_in(3, CCS_REVOKED, KID);
	ck_assert_int_eq(o.err, SL_EAUTH);
	world_write("revoked.txt", sl_span_text("not a fingerprint\n"), 0644);
	let_in(3, CCS_7, KID);
	ck_assert_int_eq(o.err, SL_EIO);
	ck_assert_uint_eq(warnings, 1);
	world_write("revoked.txt", sl_span_text(""), 0644);
	let_in(3, CCS_7, KID);
	ck_assert_int_eq(o.stage, ACCEPTED);
	ck_assert_uint_eq(warnings, 2);
	ck_assert_msg(strstr(warning, "again"), "%s", warning);
}
END_TEST

START_TEST(revoke_ends_what_the_certificate_began)
{
	struct trust_peer other;

	let_in(0, ISSUED, CHAIN);
	ck_assert_int_eq(o.stage, ACCEPTED);
	ck_assert_uint_gt(o.peer.serial_len, 0);
	ck_assert(holds(0));
	ck_assert(holds(5000));
	lab_revoke(&world.lab, devices_issued(), "superseded");
	ck_assert(holds(5999));
	ck_assert(!holds(6000));
	ck_assert(!holds(6001)); /* out of what was learnt */
	other = o.peer;
	let_in(0, ISSUED, CHAIN);
	ck_assert_int_eq(o.stage, AT_AUTHORISE);
	ck_assert_str_eq(o.reason, "the certificate of ours is revoked");
	other.serial[0] ^= 1; /* nobody's */
	o.peer = other;
	ck_assert(!holds(6002));
}
END_TEST

/* A profile that is taken out of the configuration, and accept-issued: no. */
START_TEST(issued_certificates_need_a_profile_and_leave)
{
	char text[1024];

	let_in(0, ISSUED_GONE, CHAIN);
	ck_assert_str_eq(o.reason, "the profile of the certificate is not configured");
	snprintf(text, sizeof text,
	        "%speers:\n  - {anchor: one.pem, identity: \"{common-name}\", profile: default}\n",
	        world_edhoc("  accept-issued: no\n"));
	ck_assert_msg(world_configure(text) == SL_OK, "%s", world.message);
	ck_assert_msg(world_open() == SL_OK, "%s", world.message);
	let_in(0, ISSUED, CHAIN);
	ck_assert_int_eq(o.stage, AT_RESOLVE);
	/* named as an anchor, our authority is one as any other, but for what it revoked */
	snprintf(text, sizeof text,
	        "%speers:\n  - {anchor: ca.pem, identity: \"x-{common-name}\", profile: second}\n",
	        world_edhoc("  accept-issued: no\n"));
	ck_assert_msg(world_configure(text) == SL_OK, "%s", world.message);
	ck_assert_msg(world_open() == SL_OK, "%s", world.message);
	let_in(0, ISSUED, CHAIN);
	ck_assert_int_eq(o.stage, ACCEPTED);
	ck_assert_str_eq(o.peer.identity, "x-meter-1");
	ck_assert_uint_gt(o.peer.serial_len, 0);
	let_in(0, ISSUED_UNKNOWN, CHAIN);
	ck_assert_str_eq(o.peer.identity, "x-meter-9");
	let_in(0, ISSUED_REVOKED, CHAIN);
	ck_assert_str_eq(o.reason, "the certificate of ours is revoked");
}
END_TEST

/* The moment of the decision counts, not that of the question. */
START_TEST(a_credential_may_end_between_two_questions)
{
	struct trust_ask ask = {.method = 0, .now = world.lab.now};
	struct sl_candidates candidates;
	struct device d;

	device_be(&d, GOOD);
	ask.id_cred = device_id(&d, CHAIN);
	ck_assert_ok(trust_resolve(world.trust, &ask, &candidates));
	ck_assert_uint_eq(candidates.count, 1);
	ask.now += 31 * DAY;
	ck_assert_err(
	        trust_authorise(world.trust, &ask, candidates.list, &o.peer, &o.reason), SL_EAUTH);
	ck_assert_str_eq(o.reason, "the credential is expired");
	ask.now = world.lab.now - 2 * DAY;
	ck_assert_err(
	        trust_authorise(world.trust, &ask, candidates.list, &o.peer, &o.reason), SL_EAUTH);
	ck_assert_str_eq(o.reason, "the credential is not valid yet");
	ask.now = world.lab.now;
	ck_assert_ok(trust_authorise(world.trust, &ask, candidates.list, &o.peer, &o.reason));
	ck_assert_str_eq(o.reason, "");
	sl_candidates_clear(&candidates);
}
END_TEST

/* Without a store nothing can be said about certificates of ours, and nobody is asked. */
START_TEST(without_a_store_certificates_are_strangers)
{
	open_again(NULL);
	let_in(0, ISSUED, CHAIN);
	ck_assert_int_eq(o.stage, AT_AUTHORISE);
	let_in(0, GOOD, CHAIN);
	ck_assert_int_eq(o.stage, ACCEPTED);
	o.peer.serial_len = 16;
	ck_assert(holds(0));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("trust_watch");
	TCase *t = tcase_create("watch");

	suite_add_tcase(s, t);
	tcase_add_checked_fixture(t, setup, devices_remove);
	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, a_fingerprint_in_the_file_ends_a_context, 0, 3);
	tcase_add_loop_test(t, the_fingerprint_of_an_authority_in_between_ends_it, 0, 3);
	tcase_add_test(t, a_file_that_is_gone_ends_nothing_and_begins_nothing);
	tcase_add_test(t, revoke_ends_what_the_certificate_began);
	tcase_add_test(t, issued_certificates_need_a_profile_and_leave);
	tcase_add_test(t, a_credential_may_end_between_two_questions);
	tcase_add_test(t, without_a_store_certificates_are_strangers);
	return run_suite(s);
}
