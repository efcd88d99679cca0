/* SPDX-License-Identifier: BSD-2-Clause
 * Paths of native C509 certificates, with any properties, beside what RFC 5280 section 6.1 says of them. */
#include "references.h"

#include <sl/c509.h>
#include <sl/cbor.h>

#include <stdlib.h>
#include <string.h>

#define NOW    1700000000
#define YEAR_S 31536000

enum { ROOT, MIDDLE, LEAF, CERTS };
enum usage { SIGNS = 1, AGREES = 16, CERTIFIES = 32 };
/* DIRECT: the root issues the leaf. ALONE: what stands in between is not sent. */
enum flag { DIRECT = 1, ALONE = 2, AGREEMENT = 4, WANTS_RA = 8, IS_RA = 16, NO_CLOCK = 32 };

/* What one certificate says: three bytes of the input. */
struct spec {
	int64_t basic, key_usage;                      /* basic -2: no CA; -1: of any length */
	unsigned when;                                 /* 1: not yet, 2: not any more */
	bool unknown_critical, is_forged, is_misnamed; /* misnamed: by another issuer */
};

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static struct spec
read_spec(const uint8_t *at)
{
	static const int64_t usages[] = {
	        CERTIFIES, SIGNS, AGREES, SIGNS | AGREES, SIGNS | CERTIFIES};

	return (struct spec){
	        .basic = at[0] % 5 - 2,
	        .key_usage = usages[at[1] % 5],
	        .when = at[2] & 3,
	        .unknown_critical = (at[2] & 4) != 0,
	        .is_forged = (at[2] & 8) != 0,
	        .is_misnamed = (at[2] & 16) != 0,
	};
}

static struct sl_pkey *
key_of(unsigned which)
{
	static struct sl_pkey *keys[CERTS + 1];
	uint8_t raw[32];

	memset(raw, (int)(0x11 + which), sizeof raw);
	if (keys[which] == NULL)
		must(sl_pkey_from_raw_private(&keys[which], SL_PKEY_P256, sl_span(raw, 32)) ==
		        SL_OK);
	return keys[which];
}

static void
write_extensions(struct sl_writer *w, const struct spec *spec, bool is_ra)
{
	sl_cbor_write_array(w, 4U + (spec->unknown_critical ? 2 : 0) + (is_ra ? 2 : 0));
	sl_cbor_write_int(w, -2); /* keyUsage */
	sl_cbor_write_int(w, spec->key_usage);
	sl_cbor_write_int(w, -4); /* basicConstraints */
	sl_cbor_write_int(w, spec->basic);
	if (spec->unknown_critical) {
		sl_cbor_write_int(w, -28); /* policyConstraints */
		sl_cbor_write_array(w, 2);
		sl_cbor_write_int(w, 0);
		sl_cbor_write_null(w);
	}
	if (is_ra) {
		sl_cbor_write_int(w, 8); /* extKeyUsage: id-kp-cmcRA */
		sl_cbor_write_int(w, 16);
	}
}

/* C509 type 2, ES256, by the key of issuer, or by nobody's when it is forged. */
static struct sl_span
make(unsigned which, unsigned issuer, const struct spec *spec, bool is_ra)
{
	static const char *const names[] = {"Root", "Middle", "Leaf"};
	static uint8_t out[CERTS][640];
	uint8_t tbs[512], point[65] = {0x04};
	struct sl_writer w = sl_writer_over(tbs, sizeof tbs);
	size_t len = 0;

	must(sl_pkey_to_raw_public(key_of(which), point + 1, 64, &len) == SL_OK);
	sl_cbor_write_int(&w, 2);
	sl_cbor_write_bytes(&w, sl_span("\x01", 1));
	sl_cbor_write_int(&w, 0);
	if (which == issuer)
		sl_cbor_write_null(&w);
	else
		sl_cbor_write_text(&w, spec->is_misnamed ? "Nobody" : names[issuer]);
	sl_cbor_write_int(&w, NOW + (spec->when == 1 ? 1 : -YEAR_S));
	sl_cbor_write_int(&w, NOW + (spec->when == 2 ? -1 : YEAR_S));
	sl_cbor_write_text(&w, names[which]);
	sl_cbor_write_int(&w, 1);
	sl_cbor_write_bytes(&w, sl_span(point, sizeof point));
	write_extensions(&w, spec, is_ra);
	must(sl_c509_sign_native(sl_writer_span(&w), key_of(spec->is_forged ? CERTS : issuer),
	             out[which], sizeof out[which], &len) == SL_OK);
	return sl_span(out[which], len);
}

/* --- the second opinion --- */

static bool
is_in_time(const struct spec *spec, unsigned flags)
{
	return (flags & NO_CLOCK) != 0 || (spec->when != 1 && spec->when != 2);
}

static bool
may_issue(const struct spec *spec, int64_t below, unsigned flags)
{
	return (spec->basic == -1 || spec->basic >= below) && !spec->unknown_critical &&
	       (spec->key_usage & CERTIFIES) != 0 && is_in_time(spec, flags);
}

static bool
is_valid(const struct spec specs[CERTS], unsigned flags)
{
	const struct spec *leaf = &specs[LEAF];
	int64_t wanted = (flags & AGREEMENT) != 0 ? AGREES : SIGNS;

	if (leaf->unknown_critical || leaf->is_forged || leaf->is_misnamed ||
	        (leaf->key_usage & wanted) == 0 || !is_in_time(leaf, flags) ||
	        ((flags & WANTS_RA) != 0 && (flags & IS_RA) == 0))
		return false;
	if ((flags & DIRECT) != 0)
		return may_issue(&specs[ROOT], 0, flags);
	return (flags & ALONE) == 0 && !specs[MIDDLE].is_forged && !specs[MIDDLE].is_misnamed &&
	       may_issue(&specs[MIDDLE], 0, flags) && may_issue(&specs[ROOT], 1, flags);
}

void
try_native_path(struct sl_span input)
{
	static uint8_t map[2048];
	struct sl_writer w = sl_writer_over(map, sizeof map);
	struct sl_candidates found = {.count = 0};
	struct spec specs[CERTS];
	struct sl_span root, chain[2];
	struct sl_trust trust = {.c509_anchors = &root, .c509_anchor_count = 1};
	unsigned flags;
	enum sl_err err;

	if (input.len < 1 + 3 * CERTS)
		return;
	flags = input.ptr[0];
	for (size_t i = 0; i < CERTS; i++)
		specs[i] = read_spec(input.ptr + 1 + 3 * i);
	specs[ROOT].is_forged = false; /* an anchor is not verified */
	root = make(ROOT, ROOT, &specs[ROOT], false);
	chain[1] = make(MIDDLE, ROOT, &specs[MIDDLE], false);
	chain[0] = make(
	        LEAF, (flags & DIRECT) != 0 ? ROOT : MIDDLE, &specs[LEAF], (flags & IS_RA) != 0);
	trust.now = (flags & NO_CLOCK) != 0 ? -1 : NOW;
	trust.requires_cmc_ra = (flags & WANTS_RA) != 0;
	sl_id_cred_write_chain(&w, SL_LABEL_C5C, chain, (flags & ALONE) != 0 ? 1 : 2);
	err = sl_credential_resolve(&found, &trust, sl_writer_span(&w),
	        (flags & AGREEMENT) != 0 ? SL_FOR_STATIC_DH : SL_FOR_SIGNATURE);
	must((err == SL_OK) == is_valid(specs, flags));
	must(err != SL_OK || (found.count == 1 && sl_span_equal(found.list[0].cred, chain[0])));
	sl_candidates_clear(&found);
	trust.c509_anchor_count = 0;
	must(sl_credential_resolve(&found, &trust, sl_writer_span(&w), SL_FOR_SIGNATURE) != SL_OK);
}
