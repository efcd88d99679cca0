/* SPDX-License-Identifier: BSD-2-Clause
 * Who is let in, and who is not: whole EDHOC runs of devices with credentials of every kind against one server (RFC
 * 9528 sections 3.5 and 9.2, appendix D). */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sl/hash.h>
#include <sl/text.h>

#include "trust_devices.h"

/* The device's own; where its type is none for method and suite, one that the protocol goes on with. */
static const struct sl_pkey *
proof_key(const struct attempt *a, const struct device *d)
{
	const struct sl_edhoc_suite *suite = sl_edhoc_suite(a->suite);
	enum sl_pkey_type type = a->method & 2 ? suite->ecdh : suite->signature;

	return sl_pkey_type(d->key) == type ? d->key
	       : type == SL_PKEY_X25519     ? world.x25519
	       : type == SL_PKEY_ED25519    ? world.ed25519
	                                    : world.device;
}

static void
attempt(int method, int64_t suite, enum who who, enum send send, struct outcome *o)
{
	struct attempt a = {.method = method, .suite = suite};
	struct device d;

	device_be(&d, who);
	a.id_cred = device_id(&d, send);
	a.cred = d.cred;
	a.key = proof_key(&a, &d);
	world_attempt(&a, o);
}

/* --- let in ----------------------------------------------------------------------------------- */

#define ALL  (1U << SL_EST_CRTS | 1U << SL_EST_ATT | 1U << SL_EST_SEN | 1U << SL_EST_SREN)
#define SOME (1U << SL_EST_CRTS | 1U << SL_EST_SEN)

static const struct {
	int method;
	int64_t suite;
	enum who who;
	enum send send;
	const char *identity, *profile;
	unsigned functions;
} good[] = {
        {0, 2, GOOD, CHAIN, "one-s1", "default", ALL},
        {1, 3, GOOD, CHAIN, "one-s1", "default", ALL},
        {2, 2, GOOD, CHAIN, "one-s1", "default", ALL},
        {3, 3, GOOD, CHAIN, "one-s1", "default", ALL},
        {0, 2, GOOD, C5C, "one-s1", "default", ALL},
        {0, 2, GOOD, CHAIN_THUMB, "one-s1", "default", ALL},
        {0, 2, MIDDLE, CHAIN, "one-s1", "default", ALL},
        {0, 2, TWO, CHAIN, "pump", "second", SOME}, /* the first of two rules for one anchor */
        {0, 2, LONGEST, CHAIN,
                "one-12345678901234567890123456789012345678901234567890"
                "1234567890",
                "default", ALL},
        {0, 2, PRINTABLE, CHAIN, "one-s1", "default", ALL},
        {0, 2, ENDS_SOON, CHAIN, "one-s1", "default", ALL},
        {3, 2, ONLY_AGREES, CHAIN, "one-s1", "default", ALL},
        {0, 2, ONLY_SIGNS, CHAIN, "one-s1", "default", ALL},
        {0, 2, NO_USAGE, CHAIN, "one-s1", "default", ALL},
        {3, 2, NO_USAGE, CHAIN, "one-s1", "default", ALL},
        {0, 2, ISSUED, CHAIN, "meter-1", "default", ALL},
        {0, 2, ISSUED, C5C, "meter-1", "default", ALL},
        {0, 2, PINNED, CHAIN, "pinned", "second", ALL},
        {0, 2, PINNED, THUMB, "pinned", "second", ALL},
        {3, 2, PINNED, URI, "pinned", "second", ALL},
        {0, 2, PINNED, URI_CHAIN, "pinned", "second", ALL},
        {0, 2, LISTED, URI_LISTED, "one-s1", "default", ALL},
        {3, 2, LISTED, URI_LISTED, "one-s1", "default", ALL},
        {0, 2, PINNED_SIGNS, THUMB, "pinned-signs", "default", ALL},
        {0, 2, NATIVE, C5C_RAW, "n-node", "default", ALL},
        {3, 2, CCS_7, KID, "known-0", "default", ALL},
        {0, 2, CCS_7, KID, "known-0", "default", ALL},
        {3, 2, CCS_7, KCCS, "known-0", "default", ALL},
        {3, 2, CCS_TWIN, KID, "known-8", "default", ALL}, /* a kid that two peers have */
        {3, 0, CCS_X, KID, "known-3", "default", ALL},
        {0, 0, CCS_ED, KCCS, "known-4", "default", ALL},
};

START_TEST(lets_in_whom_a_rule_names)
{
	struct outcome o;

	attempt(good[_i].method, good[_i].suite, good[_i].who, good[_i].send, &o);
	ck_assert_msg(o.stage == ACCEPTED, "%s at %s: %s (%s)", good[_i].identity,
	        stage_name(o.stage), sl_err_text(o.err), o.reason);
	ck_assert_str_eq(o.peer.identity, good[_i].identity);
	ck_assert_str_eq(o.peer.profile, good[_i].profile);
	ck_assert_uint_eq(o.peer.functions, good[_i].functions);
	ck_assert_uint_eq(o.peer.serial_len > 0, good[_i].who == ISSUED);
	ck_assert(trust_holds(world.trust, &o.peer, world.lab.now, 0));
	ck_assert(o.peer.not_after == INT64_MAX ||
	          !trust_holds(world.trust, &o.peer, o.peer.not_after + 1, 0));
}
END_TEST

/* --- and not ---------------------------------------------------------------------------------- */

static const struct {
	int method;
	int64_t suite;
	enum who who;
	enum send send;
	enum stage stage; /* where it must end */
	const char *because;
} refused[] = {
        {0, 2, EXPIRED, CHAIN, AT_RESOLVE, "it is expired"},
        {0, 2, ENDED, CHAIN, AT_RESOLVE, "it ended a second ago"},
        {0, 2, FUTURE, CHAIN, AT_RESOLVE, "it is not valid yet"},
        {3, 2, EXPIRED, C5C, AT_RESOLVE, "it is expired, in C509 too"},
        {0, 2, ONLY_AGREES, CHAIN, AT_RESOLVE, "method 0 needs digitalSignature"},
        {1, 2, ONLY_AGREES, CHAIN, AT_RESOLVE, "method 1 needs digitalSignature"},
        {2, 2, ONLY_SIGNS, CHAIN, AT_RESOLVE, "method 2 needs keyAgreement"},
        {3, 2, ONLY_SIGNS, CHAIN, AT_RESOLVE, "method 3 needs keyAgreement"},
        {0, 2, ONLY_AGREES, C5C, AT_RESOLVE, "method 0 needs digitalSignature in C509"},
        {0, 2, ENCIPHERS, CHAIN, AT_RESOLVE, "keyEncipherment is no use in EDHOC"},
        {3, 2, ENCIPHERS, CHAIN, AT_RESOLVE, "keyEncipherment is no use in EDHOC"},
        {0, 2, STRANGER, CHAIN, AT_RESOLVE, "nobody knows its authority"},
        {0, 2, STRANGER, C5C, AT_RESOLVE, "nobody knows its authority, in C509 too"},
        {0, 2, SELF, CHAIN, AT_RESOLVE, "it vouches for itself"},
        {0, 2, FORGED, CHAIN, AT_RESOLVE, "its issuer has the right name and a wrong key"},
        {0, 2, SIGNATURE, CHAIN, AT_RESOLVE, "a bit of its signature is wrong"},
        {0, 2, TBS, CHAIN, AT_RESOLVE, "a bit of what is signed is wrong"},
        {0, 2, CUT, CHAIN, AT_RESOLVE, "its last byte is missing"},
        {0, 2, OFF_CURVE, CHAIN, AT_RESOLVE, "its key is on no curve, signed or not"},
        {3, 2, OFF_CURVE, CHAIN, AT_RESOLVE, "its key is on no curve, signed or not"},
        {0, 2, BELOW_A_DEVICE, CHAIN, AT_RESOLVE, "a device signed it, no authority"},
        {0, 2, BELOW_OLD, CHAIN, AT_RESOLVE, "an authority between is expired"},
        {0, 2, MIDDLE_ALONE, CHAIN, AT_RESOLVE, "a certificate between is missing"},
        {0, 2, MIDDLE, REVERSED, AT_RESOLVE, "the chain begins with its authority"},
        {0, 2, OLD, CHAIN, AT_RESOLVE, "its anchor is expired"},
        {0, 2, IS_CA, CHAIN, AT_AUTHORISE, "an authority is no device"},
        {0, 2, THE_ANCHOR, CHAIN, AT_VERIFY, "the anchor's own certificate, without its key"},
        {0, 2, BAD, CHAIN, AT_AUTHORISE, "its anchor is revoked"},
        {0, 2, REVOKED, CHAIN, AT_AUTHORISE, "it is revoked"},
        {0, 2, REVOKED, C5C, AT_AUTHORISE, "its DER is revoked, it comes in C509"},
        {0, 2, NO_SERIAL, CHAIN, AT_AUTHORISE, "the template finds no attribute"},
        {0, 2, TWO_SERIALS, CHAIN, AT_AUTHORISE, "the template finds two attributes"},
        {0, 2, BMP, CHAIN, AT_AUTHORISE, "the attribute is in UCS-2"},
        {0, 2, T61, CHAIN, AT_AUTHORISE, "the attribute is in T.61"},
        {0, 2, TOO_LONG, CHAIN, AT_AUTHORISE, "the identity has 65 bytes"},
        {0, 2, CONTROL, CHAIN, AT_AUTHORISE, "the identity has a line break"},
        {0, 2, NUL, CHAIN, AT_AUTHORISE, "the identity has a NUL"},
        {0, 2, NOT_UTF8, CHAIN, AT_AUTHORISE, "the identity is no UTF-8"},
        {0, 2, ISSUED_REVOKED, CHAIN, AT_AUTHORISE, "we issued and revoked it"},
        {0, 2, ISSUED_REVOKED, C5C, AT_AUTHORISE, "we issued and revoked it, it comes in C509"},
        {0, 2, ISSUED_GONE, CHAIN, AT_AUTHORISE, "its profile is gone"},
        {0, 2, ISSUED_UNKNOWN, CHAIN, AT_AUTHORISE, "our key signed what the store does not know"},
        {0, 2, TWIN, CHAIN, AT_AUTHORISE, "it has the number of another certificate of ours"},
        {0, 2, ISSUED, THUMB, AT_RESOLVE, "what we issued is not found by its hash"},
        {0, 2, PINNED_OLD, CHAIN, AT_RESOLVE, "it is known and expired"},
        {0, 2, PINNED_OLD, THUMB, AT_RESOLVE, "it is known and expired"},
        {3, 2, PINNED_SIGNS, CHAIN, AT_RESOLVE, "it is known, and for signatures alone"},
        {3, 2, PINNED_SIGNS, THUMB, AT_RESOLVE, "it is known, and for signatures alone"},
        {0, 2, PINNED_CHANGED, CHAIN, AT_RESOLVE, "it is a bit different from the known one"},
        {0, 2, PINNED_CHANGED, URI, AT_VERIFY, "its URI means the known one, its MAC does not"},
        {0, 2, LISTED_STRANGER, URI_STRANGER, AT_RESOLVE, "it is listed, and below no anchor"},
        {0, 2, GOOD, URI_LISTED, AT_VERIFY, "the URI is another's"},
        {0, 2, LISTED, URI_DOTS, AT_RESOLVE, "the name leads out of the directory"},
        {0, 2, LISTED, URI_BARE, AT_RESOLVE, "no URI, only the name"},
        {0, 2, PINNED, OTHER_URI, AT_RESOLVE, "nothing is known under the URI"},
        {0, 2, GOOD, THUMB, AT_RESOLVE, "below an anchor the certificate itself is needed"},
        {0, 2, GOOD, CHAIN_OTHER_THUMB, AT_RESOLVE, "x5t and x5chain disagree"},
        {0, 2, GOOD, CHAIN_KID, AT_RESOLVE, "kid and x5chain disagree"},
        {0, 2, GOOD, URI_CHAIN, AT_RESOLVE, "x5u and x5chain disagree"},
        {0, 2, GOOD, LONG_CHAIN, AT_RESOLVE, "the chain has seven certificates"},
        {0, 2, GOOD, BAG, AT_RESOLVE, "a bag has no order"},
        {0, 2, GOOD, UNKNOWN_LABEL, AT_RESOLVE, "nobody knows the parameter"},
        {0, 2, GOOD_384, CHAIN, AT_VERIFY, "suite 2 has no P-384"},
        {3, 2, GOOD_384, CHAIN, AT_VERIFY, "suite 2 has no P-384"},
        {0, 2, NATIVE_EXPIRED, C5C_RAW, AT_RESOLVE, "it is expired"},
        {0, 2, NATIVE_AGREES, C5C_RAW, AT_RESOLVE, "method 0 needs digitalSignature"},
        {3, 2, NATIVE, C5C_RAW, AT_RESOLVE, "method 3 needs keyAgreement"},
        {0, 2, NATIVE_CHANGED, C5C_RAW, AT_RESOLVE, "a bit of its signature is wrong"},
        {0, 2, NATIVE, C5T_RAW, AT_RESOLVE, "below an anchor the certificate itself is needed"},
        {3, 2, CCS_7, OTHER_KID, AT_RESOLVE, "the kid is of an expired one"},
        {3, 2, CCS_UNKNOWN, KID, AT_RESOLVE, "nobody has the kid"},
        {3, 2, CCS_UNKNOWN, KCCS, AT_RESOLVE, "a raw key by value is no introduction"},
        {3, 2, CCS_8, KID, AT_RESOLVE, "its exp has passed"},
        {3, 2, CCS_9, KID, AT_RESOLVE, "its nbf is to come"},
        {3, 2, CCS_CHANGED, KID, AT_VERIFY, "one letter of the subject differs"},
        {3, 2, CCS_CHANGED, KCCS, AT_RESOLVE, "one letter of the subject differs"},
        {3, 2, CCS_OTHER_KEY, KID, AT_VERIFY, "the key differs under one kid and subject"},
        {3, 2, CCS_OTHER_KEY, KCCS, AT_RESOLVE, "the key differs under one kid and subject"},
        {3, 2, CCS_LONGER, KCCS, AT_RESOLVE, "it gave itself an exp"},
        {3, 2, CCS_7, KCCS_OTHER, AT_RESOLVE, "it shows another's"},
        {3, 2, CCS_REVOKED, KID, AT_AUTHORISE, "it is known and revoked"},
        {3, 0, CCS_ZERO, KID, AT_VERIFY, "its point is of low order"},
        {3, 0, CCS_7, KID, AT_VERIFY, "suite 0 has no P-256"},
        {0, 2, CCS_ED, KID, AT_VERIFY, "suite 2 has no Ed25519"},
        {3, 2, CCS_384, KID, AT_VERIFY, "suite 2 has no P-384"},
        {0, 0, CCS_X, KID, AT_VERIFY, "X25519 does not sign"},
        {0, 2, OURS, KID, AT_RESOLVE, "it is ours"},
        {0, 2, OURS, KCCS, AT_RESOLVE, "it is ours"},
        {3, 2, CCS_7, KID_TEXT, AT_READ, "a kid is a byte string"},
        {3, 2, CCS_7, KID_TWICE, AT_RESOLVE, "a parameter is there twice"},
        {3, 2, CCS_7, EMPTY, AT_READ, "it says nothing"},
};

START_TEST(keeps_out_everybody_else)
{
	struct outcome o;

	attempt(refused[_i].method, refused[_i].suite, refused[_i].who, refused[_i].send, &o);
	ck_assert_msg(o.stage == refused[_i].stage && o.err != SL_OK,
	        "ended at %s with %s (%s) although %s", stage_name(o.stage), sl_err_text(o.err),
	        o.reason, refused[_i].because);
	ck_assert_msg((o.stage == AT_AUTHORISE) == (o.reason[0] != '\0'), "%s: %s",
	        refused[_i].because, o.reason);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("trust");
	TCase *t = tcase_create("devices");

	suite_add_tcase(s, t);
	tcase_add_unchecked_fixture(t, devices_make, devices_remove);
	tcase_set_timeout(t, 300);
	tcase_add_loop_test(t, lets_in_whom_a_rule_names, 0, (int)ARRAY_LEN(good));
	tcase_add_loop_test(t, keeps_out_everybody_else, 0, (int)ARRAY_LEN(refused));
	return run_suite(s);
}
