/* SPDX-License-Identifier: BSD-2-Clause
 * CRED_x: RFC 9528 section 3.5.2; CWT Claims Sets (RFC 8392 section 3, RFC 8747 section 3.1) and
 * COSE_Key (RFC 9052 section 7, RFC 9053 section 7). */
#include "inside.h"

#include <sl/c509.h>
#include <sl/text.h>
#include <sl/x509.h>

#include <string.h>

#define POINT_MAX  97 /* of P-384, uncompressed */
#define RAW_MAX    96 /* the same without its first byte */
#define CLAIMS_MAX 32
#define CLAIM_SUB  2
#define CLAIM_EXP  4
#define CLAIM_NBF  5
#define CLAIM_CNF  8
#define CNF_KEY    1
#define KEY_KTY    1
#define KEY_KID    2
#define KEY_CRV    (-1)
#define KEY_X      (-2)
#define KEY_Y      (-3)
#define KEY_D      (-4)
#define KTY_OKP    1
#define KTY_EC2    2

/* RFC 9053 table 18. */
static const struct {
	int crv, kty;
	enum sl_pkey_type type;
	size_t len;
} curves[] = {
        {1, KTY_EC2, SL_PKEY_P256, 32},
        {2, KTY_EC2, SL_PKEY_P384, 48},
        {4, KTY_OKP, SL_PKEY_X25519, 32},
        {5, KTY_OKP, SL_PKEY_X448, 56},
        {6, KTY_OKP, SL_PKEY_ED25519, 32},
        {7, KTY_OKP, SL_PKEY_ED448, 57},
};

#define CURVES (sizeof curves / sizeof curves[0])

/* A map with int and text keys, none twice: walks it, one entry after the other. */
struct walk {
	struct sl_reader r;
	struct sl_span seen[CLAIMS_MAX];
	size_t count, at;
};

static struct walk
walk_over(struct sl_span map)
{
	struct walk walk = {.r = sl_reader_over(map)};
	struct sl_reader whole = walk.r;

	(void)sl_cbor_read_item(&whole);
	walk.count = sl_cbor_read_map(&walk.r);
	if (sl_reader_finish(&whole) != SL_OK || walk.count > CLAIMS_MAX)
		sl_reader_fail(&walk.r);
	return walk;
}

/* False at the end, or when it is malformed. Text keys come as INT64_MIN. The value is next. */
static bool
walk_next(struct walk *walk, int64_t *key)
{
	struct sl_reader label;

	if (walk->r.failed || walk->at == walk->count)
		return false;
	walk->seen[walk->at] = sl_cbor_read_item(&walk->r);
	for (size_t i = 0; i < walk->at; i++)
		if (sl_span_equal(walk->seen[i], walk->seen[walk->at]))
			sl_reader_fail(&walk->r);
	label = sl_reader_over(walk->seen[walk->at]);
	*key = INT64_MIN;
	if (sl_cbor_peek(&label) != SL_CBOR_TEXT)
		*key = sl_cbor_read_int(&label);
	if (label.failed)
		sl_reader_fail(&walk->r);
	walk->at++;
	return !walk->r.failed;
}

/* What a COSE_Key says. */
struct cose_key {
	int64_t kty, crv;
	struct sl_span x, y, kid;
	bool has_kid, has_sign, sign, has_d;
};

static enum sl_err
read_cose_key(struct cose_key *key, struct sl_span item)
{
	struct walk walk = walk_over(item);
	struct cose_key got = {0};
	int64_t label;

	while (walk_next(&walk, &label)) {
		switch (label) {
		case KEY_KTY:
			got.kty = sl_cbor_read_int(&walk.r);
			break;
		case KEY_KID:
			got.has_kid = true;
			got.kid = sl_cbor_read_bytes(&walk.r);
			break;
		case KEY_CRV:
			got.crv = sl_cbor_read_int(&walk.r);
			break;
		case KEY_X:
			got.x = sl_cbor_read_bytes(&walk.r);
			break;
		case KEY_Y:
			got.has_sign = sl_cbor_peek(&walk.r) == SL_CBOR_SIMPLE;
			if (got.has_sign)
				got.sign = sl_cbor_read_bool(&walk.r);
			else
				got.y = sl_cbor_read_bytes(&walk.r);
			if (!got.has_sign && got.y.len == 0)
				sl_reader_fail(&walk.r);
			break;
		default:
			got.has_d = got.has_d || label == KEY_D;
			(void)sl_cbor_read_item(&walk.r);
			break;
		}
	}
	if (sl_reader_finish(&walk.r) != SL_OK)
		return SL_EMALFORMED;
	*key = got;
	return SL_OK;
}

static enum sl_err
load_cose_key(struct sl_pkey **key, const struct cose_key *from)
{
	uint8_t point[POINT_MAX];
	struct sl_writer w = sl_writer_over(point, sizeof point);
	size_t i = 0;

	while (i < CURVES && (curves[i].crv != from->crv || curves[i].kty != from->kty))
		i++;
	if (i == CURVES)
		return SL_EUNSUPPORTED;
	if (from->x.len != curves[i].len || from->has_d ||
	        (from->y.len > 0 && from->y.len != curves[i].len) ||
	        (curves[i].kty == KTY_OKP && (from->y.len > 0 || from->has_sign)))
		return SL_EMALFORMED;
	if (from->has_sign)
		sl_write_u8(&w, from->sign ? 0x03 : 0x02);
	sl_write_span(&w, from->x);
	sl_write_span(&w, from->y);
	return sl_pkey_from_raw_public(key, curves[i].type, sl_writer_span(&w));
}

enum sl_err
sl_cose_key_decode(struct sl_pkey **key, struct sl_span item)
{
	struct cose_key got;
	enum sl_err err = read_cose_key(&got, item);

	return err == SL_OK ? load_cose_key(key, &got) : err;
}

/* cnf = { 1: COSE_Key, ... } */
static enum sl_err
find_key(struct sl_span cnf, struct sl_span *key)
{
	struct walk walk = walk_over(cnf);
	struct sl_span found = {NULL, 0};
	int64_t label;

	while (walk_next(&walk, &label)) {
		struct sl_span item = sl_cbor_read_item(&walk.r);

		if (label == CNF_KEY)
			found = item;
	}
	if (sl_reader_finish(&walk.r) != SL_OK)
		return SL_EMALFORMED;
	*key = found;
	return found.len > 0 ? SL_OK : SL_EUNSUPPORTED;
}

static enum sl_err
decode_ccs(struct sl_credential *got)
{
	struct walk walk = walk_over(got->cred);
	struct sl_span cnf = {NULL, 0}, item = {NULL, 0};
	struct cose_key key;
	int64_t claim;
	enum sl_err err;

	got->content = got->cred;
	while (walk_next(&walk, &claim)) {
		if (claim == CLAIM_SUB)
			got->subject = sl_cbor_read_text(&walk.r);
		else if (claim == CLAIM_CNF)
			cnf = sl_cbor_read_item(&walk.r);
		else
			(void)sl_cbor_read_item(&walk.r);
	}
	if (sl_reader_finish(&walk.r) != SL_OK || cnf.len == 0)
		return SL_EMALFORMED;
	err = find_key(cnf, &item);
	if (err == SL_OK)
		err = read_cose_key(&key, item);
	if (err != SL_OK)
		return err;
	got->has_kid = key.has_kid;
	got->kid = key.kid;
	return load_cose_key(&got->key, &key);
}

enum sl_err
sl_ccs_times_read(struct sl_ccs_times *times, struct sl_span ccs)
{
	struct sl_ccs_times got = {INT64_MIN, INT64_MAX};
	struct walk walk = walk_over(ccs);
	int64_t claim;

	while (walk_next(&walk, &claim)) {
		if (claim == CLAIM_NBF)
			got.not_before = sl_cbor_read_int(&walk.r);
		else if (claim == CLAIM_EXP)
			got.expires = sl_cbor_read_int(&walk.r);
		else
			(void)sl_cbor_read_item(&walk.r);
	}
	if (sl_reader_finish(&walk.r) != SL_OK)
		return SL_EMALFORMED;
	*times = got;
	return SL_OK;
}

static enum sl_err
write_cose_key(struct sl_writer *w, struct sl_span kid, const struct sl_pkey *key)
{
	uint8_t raw[RAW_MAX];
	size_t len = 0, i = 0;
	enum sl_err err;

	while (i < CURVES && curves[i].type != sl_pkey_type(key))
		i++;
	if (i == CURVES)
		return SL_EUNSUPPORTED;
	err = sl_pkey_to_raw_public(key, raw, sizeof raw, &len);
	if (err != SL_OK)
		return err;
	sl_cbor_write_map(w, 3U + (kid.len > 0) + (curves[i].kty == KTY_EC2));
	sl_cbor_write_int(w, KEY_KTY);
	sl_cbor_write_int(w, curves[i].kty);
	if (kid.len > 0) {
		sl_cbor_write_int(w, KEY_KID);
		sl_cbor_write_bytes(w, kid);
	}
	sl_cbor_write_int(w, KEY_CRV);
	sl_cbor_write_int(w, curves[i].crv);
	sl_cbor_write_int(w, KEY_X);
	sl_cbor_write_bytes(w, sl_span(raw, curves[i].len));
	if (curves[i].kty == KTY_EC2) {
		sl_cbor_write_int(w, KEY_Y);
		sl_cbor_write_bytes(w, sl_span(raw + curves[i].len, curves[i].len));
	}
	return SL_OK;
}

enum sl_err
sl_ccs_write(
        struct sl_writer *w, struct sl_span subject, struct sl_span kid, const struct sl_pkey *key)
{
	enum sl_err err;

	if (!sl_is_plain_utf8(subject))
		return SL_EMALFORMED;
	sl_cbor_write_map(w, 2);
	sl_cbor_write_int(w, CLAIM_SUB);
	sl_cbor_write_text_span(w, subject);
	sl_cbor_write_int(w, CLAIM_CNF);
	sl_cbor_write_map(w, 1);
	sl_cbor_write_int(w, CNF_KEY);
	err = write_cose_key(w, kid, key);
	return err == SL_OK ? sl_writer_finish(w) : err;
}

static enum sl_err
decode_x509(struct sl_credential *got)
{
	struct sl_reader r = sl_reader_over(got->cred);
	struct sl_cert cert;
	enum sl_err err;

	got->content = sl_cbor_read_bytes(&r);
	if (sl_reader_finish(&r) != SL_OK)
		return SL_EMALFORMED;
	err = sl_cert_decode(&cert, got->content);
	if (err != SL_OK)
		return err;
	got->subject = cert.subject;
	if (cert.key_type == SL_PKEY_OTHER)
		return SL_EUNSUPPORTED;
	return sl_pkey_from_spki(&got->key, cert.spki);
}

static enum sl_err
decode_c509(struct sl_credential *got)
{
	struct sl_c509_cert cert;
	enum sl_err err = sl_c509_decode(&cert, got->cred, false);

	if (err != SL_OK)
		return err;
	got->content = got->cred;
	got->subject = cert.subject;
	return sl_c509_public_key(&cert, &got->key);
}

enum sl_err
sl_credential_decode(struct sl_credential *credential, struct sl_span cred)
{
	struct sl_credential got = {.cred = cred};
	struct sl_reader r = sl_reader_over(cred);
	enum sl_err err = SL_EMALFORMED;

	switch (sl_cbor_peek(&r)) {
	case SL_CBOR_MAP:
		got.kind = SL_CREDENTIAL_CCS;
		err = decode_ccs(&got);
		break;
	case SL_CBOR_BYTES:
		got.kind = SL_CREDENTIAL_X509;
		err = decode_x509(&got);
		break;
	case SL_CBOR_ARRAY:
		got.kind = SL_CREDENTIAL_C509;
		err = decode_c509(&got);
		break;
	default:
		break;
	}
	if (err == SL_OK)
		*credential = got;
	return err;
}

void
sl_credential_clear(struct sl_credential *credential)
{
	sl_pkey_free(credential->key);
	*credential = (struct sl_credential){.key = NULL};
}

enum sl_err
sl_credential_name(const struct sl_credential *credential, uint8_t *out, size_t cap, size_t *len)
{
	if (credential->kind == SL_CREDENTIAL_CCS)
		return SL_ENOTFOUND;
	if (credential->kind == SL_CREDENTIAL_C509)
		return sl_c509_name_to_der(credential->subject, out, cap, len);
	if (credential->subject.len > cap)
		return SL_ESPACE;
	memcpy(out, credential->subject.ptr, credential->subject.len);
	*len = credential->subject.len;
	return SL_OK;
}

void
sl_credential_write_x509(struct sl_writer *w, struct sl_span der)
{
	sl_cbor_write_bytes(w, der);
}
