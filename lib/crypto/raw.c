/* SPDX-License-Identifier: BSD-2-Clause
 * Raw keys: scalars, coordinates and SEC1 points (RFC 5480 section 2.2), keys of RFC 8410; into the library,
 * which says whether a point is on its curve, and out of it. */
#include "key.h"

#include <sl/text.h>
#include <sl/wipe.h>
#include <sl/writer.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>

#include <string.h>

/* Hex of a table row, into at most cap bytes. */
static void
write_hex(struct sl_writer *w, const char *text)
{
	uint8_t bytes[64];
	size_t len = 0;

	if (sl_hex_decode(bytes, sizeof bytes, &len, sl_span_text(text)) == SL_OK)
		sl_write_span(w, sl_span(bytes, len));
	else
		w->failed = true;
}

enum sl_err
sl_pkey_from_raw_private(struct sl_pkey **key, enum sl_pkey_type type, struct sl_span raw)
{
	const struct sl_pkey_kind *kind = sl_pkey_kind(type);
	uint8_t der[PKCS8_MAX];
	struct sl_writer w = sl_writer_over(der, sizeof der);
	enum sl_err err;

	if (kind == NULL)
		return SL_EUNSUPPORTED;
	if (raw.len != kind->field_len)
		return SL_EMALFORMED;
	write_hex(&w, kind->private_prefix);
	sl_write_span(&w, raw);
	err = w.failed ? SL_EIO : sl_pkey_from_pkcs8(key, sl_writer_span(&w));
	sl_wipe(der, sizeof der);
	return err;
}

/* The first byte that a SEC1 point lacks, 0 when it lacks none, -1 when the length fits no form. */
static int
missing_form(const struct sl_pkey_kind *kind, struct sl_span raw)
{
	bool is_ec = kind->group != NULL;

	if (!is_ec)
		return raw.len == kind->field_len ? 0 : -1;
	if (raw.len == kind->field_len)
		return 0x02; /* x alone: the even y */
	if (raw.len == 2 * kind->field_len)
		return 0x04;
	if (raw.len == 1 + kind->field_len)
		return raw.ptr[0] == 0x02 || raw.ptr[0] == 0x03 ? 0 : -1;
	return raw.len == 1 + 2 * kind->field_len && raw.ptr[0] == 0x04 ? 0 : -1;
}

/* --- into the library, and out of it ------------------------------------------------------------------------ */

/* A curve, looked up once: its parameters, of which a key is a copy with a point, and its arithmetic. */
static struct {
	EVP_PKEY *params;
	EC_GROUP *group;
} curves[2];
static CRYPTO_ONCE curves_once = CRYPTO_ONCE_STATIC_INIT;

static EVP_PKEY *
make_curve(const char *group)
{
	OSSL_PARAM params[2] = {
	        OSSL_PARAM_construct_utf8_string(
	                OSSL_PKEY_PARAM_GROUP_NAME, (char *)(uintptr_t)group, 0),
	        OSSL_PARAM_construct_end(),
	};
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *made = NULL;

	if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
	        EVP_PKEY_fromdata(ctx, &made, EVP_PKEY_KEY_PARAMETERS, params) != 1)
		made = NULL;
	EVP_PKEY_CTX_free(ctx);
	return made;
}

static void
make_curves(void)
{
	curves[0].params = make_curve(sl_pkey_kind(SL_PKEY_P256)->group);
	curves[0].group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	curves[1].params = make_curve(sl_pkey_kind(SL_PKEY_P384)->group);
	curves[1].group = EC_GROUP_new_by_curve_name(NID_secp384r1);
}

static size_t
curve_at(const struct sl_pkey_kind *kind)
{
	(void)CRYPTO_THREAD_run_once(&curves_once, make_curves);
	return kind->type == SL_PKEY_P256 ? 0 : 1;
}

/* Infinity has no form of these lengths. */
static bool
is_point_form(const struct sl_pkey_kind *kind, struct sl_span point)
{
	if (point.len == 1 + 2 * kind->field_len)
		return point.ptr[0] == 0x04;
	return point.len == 1 + kind->field_len && (point.ptr[0] == 0x02 || point.ptr[0] == 0x03);
}

bool
sl_pkey_is_point(const struct sl_pkey_kind *kind, struct sl_span bytes)
{
	const EC_GROUP *group;
	EC_POINT *point = NULL;
	bool good;

	if (kind->group == NULL || !is_point_form(kind, bytes))
		return false;
	group = curves[curve_at(kind)].group;
	if (group != NULL)
		point = EC_POINT_new(group);
	good = point != NULL && EC_POINT_oct2point(group, point, bytes.ptr, bytes.len, NULL) == 1 &&
	       EC_POINT_is_on_curve(group, point, NULL) == 1;
	EC_POINT_free(point);
	ERR_clear_error();
	return good;
}

/* The library refuses a point that is not on the curve. */
static EVP_PKEY *
import_point(const struct sl_pkey_kind *kind, struct sl_span point)
{
	EVP_PKEY *made, *curve;

	if (!is_point_form(kind, point))
		return NULL;
	curve = curves[curve_at(kind)].params;
	made = curve == NULL ? NULL : EVP_PKEY_new();
	if (made != NULL && EVP_PKEY_copy_parameters(made, curve) == 1 &&
	        EVP_PKEY_set1_encoded_public_key(made, point.ptr, point.len) == 1)
		return made;
	EVP_PKEY_free(made);
	return NULL;
}

/* From the curve at hand: looking one up costs more than a key. */
EVP_PKEY *
sl_pkey_make(const struct sl_pkey_kind *kind)
{
	EVP_PKEY_CTX *ctx = NULL;
	EVP_PKEY *made = NULL, *curve;

	if (kind->group == NULL)
		return EVP_PKEY_Q_keygen(NULL, NULL, kind->library_type);
	curve = curves[curve_at(kind)].params;
	if (curve != NULL)
		ctx = EVP_PKEY_CTX_new_from_pkey(NULL, curve, NULL);
	if (ctx == NULL || EVP_PKEY_keygen_init(ctx) != 1 || EVP_PKEY_generate(ctx, &made) != 1)
		made = NULL;
	EVP_PKEY_CTX_free(ctx);
	return made;
}

static EVP_PKEY *
import(const struct sl_pkey_kind *kind, struct sl_span bytes)
{
	EVP_PKEY *made = NULL;

	if (kind->group != NULL)
		made = import_point(kind, bytes);
	else if (bytes.len == kind->field_len)
		made = EVP_PKEY_new_raw_public_key_ex(
		        NULL, kind->library_type, NULL, bytes.ptr, bytes.len);
	ERR_clear_error();
	return made;
}

/* Into key->raw, out of the library. */
static enum sl_err
ask_raw(struct sl_pkey *key)
{
	const struct sl_pkey_kind *kind = sl_pkey_kind(key->type);
	uint8_t point[1 + RAW_MAX];
	size_t len = sizeof key->raw;
	bool good;

	if (kind->group == NULL) {
		good = EVP_PKEY_get_raw_public_key(key->evp, key->raw, &len) == 1 &&
		       len == kind->field_len;
	} else {
		good = EVP_PKEY_get_octet_string_param(key->evp, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY,
		               point, sizeof point, &len) == 1 &&
		       len == 1 + 2 * kind->field_len && point[0] == 0x04;
		len = 2 * kind->field_len;
		if (good)
			memcpy(key->raw, point + 1, len);
	}
	key->raw_len = len;
	return good ? SL_OK : SL_EIO;
}

enum sl_err
sl_pkey_wrap(struct sl_pkey **key, EVP_PKEY *evp, enum sl_pkey_type type, bool has_private,
        struct sl_span public)
{
	struct sl_pkey *made = OPENSSL_zalloc(sizeof *made);
	enum sl_err err = SL_OK;

	if (made == NULL) {
		EVP_PKEY_free(evp);
		return SL_ENOMEM;
	}
	made->evp = evp;
	made->type = type;
	made->has_private = has_private;
	made->raw_len = public.len;
	if (public.len > 0)
		memcpy(made->raw, public.ptr, public.len);
	else if (type != SL_PKEY_OTHER)
		err = ask_raw(made);
	if (err == SL_OK)
		*key = made;
	else
		sl_pkey_free(made);
	ERR_clear_error();
	return err;
}

/* --- raw public keys ---------------------------------------------------------------------------------------- */

/* Without the first byte of a whole point; empty: half of it must be computed. */
static struct sl_span
raw_of(const struct sl_pkey_kind *kind, struct sl_span bytes)
{
	if (kind->group == NULL)
		return bytes;
	return bytes.ptr[0] == 0x04 ? sl_span(bytes.ptr + 1, bytes.len - 1) : sl_span(NULL, 0);
}

enum sl_err
sl_pkey_from_bytes(struct sl_pkey **key, const struct sl_pkey_kind *kind, struct sl_span bytes)
{
	EVP_PKEY *evp = import(kind, bytes);

	return evp == NULL ? SL_EMALFORMED
	                   : sl_pkey_wrap(key, evp, kind->type, false, raw_of(kind, bytes));
}

enum sl_err
sl_pkey_from_raw_public(struct sl_pkey **key, enum sl_pkey_type type, struct sl_span raw)
{
	const struct sl_pkey_kind *kind = sl_pkey_kind(type);
	uint8_t bytes[1 + RAW_MAX];
	struct sl_writer w = sl_writer_over(bytes, sizeof bytes);
	int form;

	if (kind == NULL)
		return SL_EUNSUPPORTED;
	form = missing_form(kind, raw);
	if (form < 0)
		return SL_EMALFORMED;
	if (form != 0)
		sl_write_u8(&w, (uint8_t)form);
	sl_write_span(&w, raw);
	return sl_pkey_from_bytes(key, kind, sl_writer_span(&w));
}

enum sl_err
sl_pkey_to_raw_public(const struct sl_pkey *key, uint8_t *out, size_t cap, size_t *len)
{
	if (key->type == SL_PKEY_OTHER)
		return SL_EUNSUPPORTED;
	if (key->raw_len > cap)
		return SL_ESPACE;
	memcpy(out, key->raw, key->raw_len);
	*len = key->raw_len;
	return SL_OK;
}

bool
sl_pkey_same_holder(const struct sl_pkey *a, const struct sl_pkey *b)
{
	bool is_point = a->type == SL_PKEY_P256 || a->type == SL_PKEY_P384;
	size_t len = is_point ? a->raw_len / 2 : a->raw_len;

	if (a->type != b->type)
		return false;
	if (a->type == SL_PKEY_OTHER)
		return true;
	return sl_span_equal(sl_span(a->raw, len), sl_span(b->raw, len));
}
