/* SPDX-License-Identifier: BSD-2-Clause
 * Paths of native C509 certificates: root, one in between, leaf, made here and broken one by one. */
#include "support.h"

#include <sl/c509.h>
#include <sl/cbor.h>
#include <sl/credentials.h>

#include <string.h>

#define NOW        1700000000
#define FROM       1600000000
#define UNTIL      1800000000
#define KU_SIGNS   1
#define KU_AGREES  16
#define KU_CERTS   32
#define EXT_POLICY 28 /* policyConstraints: nothing that we process */

/* What one certificate says. path_len -1: none; basic -2: no CA. */
struct spec {
	const char *issuer, *subject; /* issuer NULL: the same */
	int64_t from, until;          /* until 0: null */
	int64_t key_usage, basic;
	bool unknown_critical, cmc_ra;
	struct sl_pkey *key, *signer;
};

static struct sl_pkey *keys[4]; /* root, middle, leaf, a stranger */
static struct sl_span certs[3]; /* root, middle, leaf */

static void
write_extensions(struct sl_writer *w, const struct spec *spec)
{
	sl_cbor_write_array(w, 4 + (spec->unknown_critical ? 2 : 0) + (spec->cmc_ra ? 2 : 0));
	sl_cbor_write_int(w, -2);
	sl_cbor_write_int(w, spec->key_usage);
	sl_cbor_write_int(w, -4);
	sl_cbor_write_int(w, spec->basic);
	if (spec->unknown_critical) {
		sl_cbor_write_int(w, -EXT_POLICY);
		sl_cbor_write_array(w, 2);
		sl_cbor_write_int(w, 0);
		sl_cbor_write_null(w);
	}
	if (spec->cmc_ra) {
		sl_cbor_write_int(w, 8);
		sl_cbor_write_int(w, 16);
	}
}

static struct sl_span
make(const struct spec *spec)
{
	uint8_t tbs[512], out[640], point[65];
	struct sl_writer w = sl_writer_over(tbs, sizeof tbs);
	size_t len = 0;

	ck_assert_ok(sl_pkey_to_raw_public(spec->key, point + 1, 64, &len));
	point[0] = 0x04;
	sl_cbor_write_int(&w, 2);
	sl_cbor_write_bytes(&w, sl_span("\x01", 1));
	sl_cbor_write_int(&w, 0); /* ES256 */
	if (spec->issuer == NULL)
		sl_cbor_write_null(&w);
	else
		sl_cbor_write_text(&w, spec->issuer);
	sl_cbor_write_int(&w, spec->from);
	if (spec->until == 0)
		sl_cbor_write_null(&w);
	else
		sl_cbor_write_int(&w, spec->until);
	sl_cbor_write_text(&w, spec->subject);
	sl_cbor_write_int(&w, 1); /* P-256 */
	sl_cbor_write_bytes(&w, sl_span(point, 65));
	write_extensions(&w, spec);
	ck_assert_ok(sl_c509_sign_native(sl_writer_span(&w), spec->signer, out, sizeof out, &len));
	return heap_copy(sl_span(out, len));
}

static struct spec root_spec, middle_spec, leaf_spec;

static void
setup(void)
{
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		ck_assert_ok(sl_pkey_generate(&keys[i], SL_PKEY_P256));
	root_spec =
	        (struct spec){NULL, "Root", FROM, 0, KU_CERTS, -1, false, false, keys[0], keys[0]};
	middle_spec = (struct spec){
	        "Root", "Middle", FROM, UNTIL, KU_CERTS, 0, false, false, keys[1], keys[0]};
	leaf_spec = (struct spec){
	        "Middle", "Leaf", FROM, UNTIL, KU_SIGNS, -2, false, true, keys[2], keys[1]};
}

static void
teardown(void)
{
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		sl_pkey_free(keys[i]);
}

static enum sl_err
check(int64_t now, enum sl_key_purpose purpose, size_t chain_len, bool requires_cmc_ra)
{
	uint8_t map[1024];
	struct sl_writer w = sl_writer_over(map, sizeof map);
	struct sl_span chain[2] = {certs[2], certs[1]};
	struct sl_trust trust = {.c509_anchors = &certs[0],
	        .c509_anchor_count = 1,
	        .now = now,
	        .requires_cmc_ra = requires_cmc_ra};
	struct sl_candidates candidates = {.count = 0};
	enum sl_err err;

	sl_id_cred_write_chain(&w, SL_LABEL_C5C, chain, chain_len);
	err = sl_credential_resolve(&candidates, &trust, sl_writer_span(&w), purpose);
	if (err == SL_OK)
		ck_assert_bytes(candidates.list[0].cred, certs[2]);
	sl_candidates_clear(&candidates);
	return err;
}

static void
make_all(void)
{
	certs[0] = make(&root_spec);
	certs[1] = make(&middle_spec);
	certs[2] = make(&leaf_spec);
}

START_TEST(a_good_path)
{
	make_all();
	ck_assert_ok(check(NOW, SL_FOR_SIGNATURE, 2, false));
	ck_assert_ok(check(NOW, SL_FOR_SIGNATURE, 2, true));
	ck_assert_ok(check(-1, SL_FOR_SIGNATURE, 2, false));
	ck_assert_ok(check(FROM, SL_FOR_SIGNATURE, 2, false));
	ck_assert_ok(check(UNTIL, SL_FOR_SIGNATURE, 2, false));
	ck_assert_err(check(FROM - 1, SL_FOR_SIGNATURE, 2, false), SL_EAUTH);
	ck_assert_err(check(UNTIL + 1, SL_FOR_SIGNATURE, 2, false), SL_EAUTH);
	ck_assert_err(check(NOW, SL_FOR_STATIC_DH, 2, false), SL_EAUTH);
	ck_assert_err(check(NOW, SL_FOR_SIGNATURE, 1, false), SL_EAUTH); /* middle is missing */
}
END_TEST

/* What the peer sends beyond the anchor does not disturb. */
START_TEST(an_anchor_in_the_middle)
{
	make_all();
	certs[0] = certs[1];
	ck_assert_ok(check(NOW, SL_FOR_SIGNATURE, 2, false));
	ck_assert_ok(check(NOW, SL_FOR_SIGNATURE, 1, false));
}
END_TEST

START_TEST(no_anchor_no_path)
{
	make_all();
	root_spec.signer = root_spec.key = keys[3]; /* another root of the same name */
	certs[0] = make(&root_spec);
	ck_assert_err(check(NOW, SL_FOR_SIGNATURE, 2, false), SL_EAUTH);
	certs[0] = hex("80");
	ck_assert_err(check(NOW, SL_FOR_SIGNATURE, 2, false), SL_EAUTH);
	certs[0] = certs[2]; /* the leaf itself is no CA */
	ck_assert_err(check(NOW, SL_FOR_SIGNATURE, 2, false), SL_EAUTH);
}
END_TEST

enum breach {
	MIDDLE_NO_CA,
	MIDDLE_MAY_NOT_SIGN,
	MIDDLE_EXPIRED,
	MIDDLE_NOT_YET,
	MIDDLE_CRITICAL,
	MIDDLE_FOREIGN_NAME,
	MIDDLE_FOREIGN_SIGNER,
	ROOT_NO_CA,
	ROOT_PATH_LEN,
	ROOT_CRITICAL,
	ROOT_EXPIRED,
	LEAF_CRITICAL,
	LEAF_FOREIGN_SIGNER,
	LEAF_FOREIGN_NAME,
	BREACHES,
};

static void
commit(enum breach breach)
{
	switch (breach) {
	case MIDDLE_NO_CA:
		middle_spec.basic = -2;
		break;
	case MIDDLE_MAY_NOT_SIGN:
		middle_spec.key_usage = KU_SIGNS;
		break;
	case MIDDLE_EXPIRED:
		middle_spec.until = NOW - 1;
		break;
	case MIDDLE_NOT_YET:
		middle_spec.from = NOW + 1;
		break;
	case MIDDLE_CRITICAL:
		middle_spec.unknown_critical = true;
		break;
	case MIDDLE_FOREIGN_NAME:
		middle_spec.subject = "Muddle";
		break;
	case MIDDLE_FOREIGN_SIGNER:
		middle_spec.signer = keys[3];
		break;
	case ROOT_NO_CA:
		root_spec.basic = -2;
		break;
	case ROOT_PATH_LEN:
		root_spec.basic = 0; /* none below it but leaves */
		break;
	case ROOT_CRITICAL:
		root_spec.unknown_critical = true;
		break;
	case ROOT_EXPIRED:
		root_spec.until = NOW - 1;
		break;
	case LEAF_CRITICAL:
		leaf_spec.unknown_critical = true;
		break;
	case LEAF_FOREIGN_SIGNER:
		leaf_spec.signer = keys[3];
		break;
	default:
		leaf_spec.issuer = "Root";
		break;
	}
}

START_TEST(each_breach_breaks_the_path)
{
	commit((enum breach)_i);
	make_all();
	ck_assert_err(check(NOW, SL_FOR_SIGNATURE, 2, false), SL_EAUTH);
}
END_TEST

START_TEST(purposes_of_the_leaf)
{
	leaf_spec.key_usage = KU_AGREES;
	leaf_spec.cmc_ra = false;
	make_all();
	ck_assert_ok(check(NOW, SL_FOR_STATIC_DH, 2, false));
	ck_assert_err(check(NOW, SL_FOR_SIGNATURE, 2, false), SL_EAUTH);
	ck_assert_err(check(NOW, SL_FOR_STATIC_DH, 2, true), SL_EAUTH);
}
END_TEST

START_TEST(every_flipped_bit_of_the_leaf_is_noticed)
{
	struct sl_span leaf;

	make_all();
	leaf = certs[2];
	for (size_t bit = 0; bit < 8 * leaf.len; bit += 3) {
		uint8_t copy[640];

		memcpy(copy, leaf.ptr, leaf.len);
		copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
		certs[2] = sl_span(copy, leaf.len);
		ck_assert_msg(check(NOW, SL_FOR_SIGNATURE, 2, false) != SL_OK, "bit %zu", bit);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("credentials native path");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_good_path);
	tcase_add_test(tc, an_anchor_in_the_middle);
	tcase_add_test(tc, no_anchor_no_path);
	tcase_add_loop_test(tc, each_breach_breaks_the_path, 0, BREACHES);
	tcase_add_test(tc, purposes_of_the_leaf);
	tcase_add_test(tc, every_flipped_bit_of_the_leaf_is_noticed);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
