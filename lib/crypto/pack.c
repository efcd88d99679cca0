/* SPDX-License-Identifier: BSD-2-Clause
 * A key pair of ours between two steps of a protocol: its type, its scalar, its public key. Nothing is computed and
 * nothing is parsed, which is most of what PKCS#8 costs. */
#include "key.h"

#include <sl/wipe.h>
#include <sl/writer.h>

#include <openssl/core_names.h>
#include <openssl/err.h>

#define SCALAR_MAX 57

static bool
get_scalar(const struct sl_pkey *key, uint8_t *out, size_t len)
{
	BIGNUM *scalar = NULL;
	size_t got = len;
	bool good;

	if (sl_pkey_kind(key->type)->group == NULL)
		return EVP_PKEY_get_raw_private_key(key->evp, out, &got) == 1 && got == len;
	good = EVP_PKEY_get_bn_param(key->evp, OSSL_PKEY_PARAM_PRIV_KEY, &scalar) == 1 &&
	       BN_bn2binpad(scalar, out, (int)len) == (int)len;
	BN_clear_free(scalar);
	return good;
}

enum sl_err
sl_pkey_pack(const struct sl_pkey *key, uint8_t *out, size_t cap, size_t *len)
{
	const struct sl_pkey_kind *kind = sl_pkey_kind(key->type);
	struct sl_writer w = sl_writer_over(out, cap);
	uint8_t scalar[SCALAR_MAX];

	if (kind == NULL || !key->has_private)
		return SL_EUNSUPPORTED;
	if (cap < 1 + kind->field_len + key->raw_len)
		return SL_ESPACE;
	if (!get_scalar(key, scalar, kind->field_len)) {
		sl_wipe(scalar, sizeof scalar);
		ERR_clear_error();
		return SL_EIO;
	}
	sl_write_u8(&w, (uint8_t)key->type);
	sl_write_span(&w, sl_span(scalar, kind->field_len));
	sl_write_span(&w, sl_span(key->raw, key->raw_len));
	sl_wipe(scalar, sizeof scalar);
	*len = w.len;
	return SL_OK;
}

static EVP_PKEY *
import_pair(const struct sl_pkey_kind *kind, struct sl_span scalar, struct sl_span public)
{
	uint8_t native[SCALAR_MAX], point[1 + RAW_MAX];
	struct sl_writer w = sl_writer_over(point, sizeof point);
	BIGNUM *number = BN_secure_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, kind->library_type, NULL);
	EVP_PKEY *made = NULL;
	OSSL_PARAM params[4] = {
	        OSSL_PARAM_construct_utf8_string(
	                OSSL_PKEY_PARAM_GROUP_NAME, (char *)(uintptr_t)kind->group, 0),
	        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, 1 + public.len),
	        OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, native, scalar.len),
	        OSSL_PARAM_construct_end(),
	};

	sl_write_u8(&w, 0x04);
	sl_write_span(&w, public);
	if (ctx == NULL || number == NULL || w.failed ||
	        BN_bin2bn(scalar.ptr, (int)scalar.len, number) == NULL ||
	        BN_bn2nativepad(number, native, (int)scalar.len) < 0 ||
	        EVP_PKEY_fromdata_init(ctx) != 1 ||
	        EVP_PKEY_fromdata(ctx, &made, EVP_PKEY_KEYPAIR, params) != 1)
		made = NULL;
	sl_wipe(native, sizeof native);
	BN_clear_free(number);
	EVP_PKEY_CTX_free(ctx);
	return made;
}

enum sl_err
sl_pkey_unpack(struct sl_pkey **key, struct sl_span packed)
{
	const struct sl_pkey_kind *kind =
	        packed.len == 0 ? NULL : sl_pkey_kind((enum sl_pkey_type)packed.ptr[0]);
	struct sl_span scalar, public;
	EVP_PKEY *evp;

	if (kind == NULL || packed.len != 1 + (kind->group != NULL ? 3 : 2) * kind->field_len)
		return SL_EMALFORMED;
	scalar = sl_span(packed.ptr + 1, kind->field_len);
	public = sl_span(scalar.ptr + scalar.len, packed.len - 1 - scalar.len);
	if (kind->group != NULL)
		evp = import_pair(kind, scalar, public);
	else
		evp = EVP_PKEY_new_raw_private_key_ex(
		        NULL, kind->library_type, NULL, scalar.ptr, scalar.len);
	ERR_clear_error();
	return evp == NULL ? SL_EMALFORMED : sl_pkey_wrap(key, evp, kind->type, true, public);
}
