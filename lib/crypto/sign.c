/* SPDX-License-Identifier: BSD-2-Clause
 * Signatures (ECDSA: FIPS 186-5, in DER by RFC 3279 section 2.2.3 or as r || s by RFC 9053 section
 * 2.1; Ed25519, Ed448: RFC 8032) and key agreement (ECDH by SP 800-56A, X25519 and X448 by RFC 7748). */
#include "key.h"

#include <sl/wipe.h>

#include <openssl/ec.h>
#include <openssl/err.h>

#include <string.h>

#define FIELD_MAX 56

static const struct sl_pkey_kind *
signer_kind(const struct sl_pkey *key)
{
	const struct sl_pkey_kind *kind = sl_pkey_kind(key->type);

	return kind == NULL || !(kind->uses & SL_PKEY_SIGNS) ? NULL : kind;
}

static const unsigned char *
not_null(struct sl_span s)
{
	return s.len == 0 ? (const unsigned char *)"" : s.ptr;
}

enum sl_err
sl_sign(const struct sl_pkey *key, struct sl_span message, uint8_t *out, size_t cap, size_t *len)
{
	const struct sl_pkey_kind *kind = signer_kind(key);
	uint8_t signature[SL_SIGNATURE_MAX];
	size_t signature_len = sizeof signature;
	EVP_MD_CTX *ctx;
	bool good;

	if (kind == NULL || !key->has_private)
		return SL_EUNSUPPORTED;
	ctx = EVP_MD_CTX_new();
	if (ctx == NULL)
		return SL_ENOMEM;
	good = EVP_DigestSignInit_ex(ctx, NULL, kind->hash, NULL, NULL, key->evp, NULL) == 1 &&
	       EVP_DigestSign(ctx, signature, &signature_len, not_null(message), message.len) == 1;
	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	if (!good)
		return SL_EIO;
	if (signature_len > cap)
		return SL_ESPACE;
	memcpy(out, signature, signature_len);
	*len = signature_len;
	return SL_OK;
}

enum sl_err
sl_verify(const struct sl_pkey *key, struct sl_span message, struct sl_span signature)
{
	const struct sl_pkey_kind *kind = signer_kind(key);
	EVP_MD_CTX *ctx;
	bool good;

	if (kind == NULL)
		return SL_EUNSUPPORTED;
	ctx = EVP_MD_CTX_new();
	if (ctx == NULL)
		return SL_ENOMEM;
	good = EVP_DigestVerifyInit_ex(ctx, NULL, kind->hash, NULL, NULL, key->evp, NULL) == 1 &&
	       EVP_DigestVerify(ctx, not_null(signature), signature.len, not_null(message),
	               message.len) == 1;
	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return good ? SL_OK : SL_EAUTH;
}

enum sl_err
sl_sign_raw(
        const struct sl_pkey *key, struct sl_span message, uint8_t *out, size_t cap, size_t *len)
{
	const struct sl_pkey_kind *kind = signer_kind(key);
	uint8_t der[SL_SIGNATURE_MAX];
	const unsigned char *at = der;
	size_t der_len = 0, half;
	ECDSA_SIG *parts;
	enum sl_err err = SL_EIO;

	if (kind == NULL || kind->group == NULL)
		return sl_sign(key, message, out, cap, len);
	err = sl_sign(key, message, der, sizeof der, &der_len);
	if (err != SL_OK)
		return err;
	half = kind->field_len;
	if (2 * half > cap)
		return SL_ESPACE;
	parts = d2i_ECDSA_SIG(NULL, &at, (long)der_len);
	if (parts != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(parts), out, (int)half) >= 0 &&
	        BN_bn2binpad(ECDSA_SIG_get0_s(parts), out + half, (int)half) >= 0)
		*len = 2 * half;
	else
		err = SL_EIO;
	ECDSA_SIG_free(parts);
	ERR_clear_error();
	return err;
}

/* r || s as DER. */
static enum sl_err
to_der(struct sl_span raw, uint8_t der[static SL_SIGNATURE_MAX], size_t *len)
{
	enum sl_err err = SL_ENOMEM;
	int half = (int)(raw.len / 2), der_len;
	ECDSA_SIG *parts = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(raw.ptr, half, NULL), *s = BN_bin2bn(raw.ptr + half, half, NULL);

	if (parts == NULL || r == NULL || s == NULL || ECDSA_SIG_set0(parts, r, s) != 1)
		goto out;
	r = s = NULL;
	der_len = i2d_ECDSA_SIG(parts, NULL);
	if (der_len <= 0 || der_len > SL_SIGNATURE_MAX)
		goto out;
	*len = (size_t)i2d_ECDSA_SIG(parts, &der);
	err = SL_OK;
out:
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(parts);
	return err;
}

enum sl_err
sl_verify_raw(const struct sl_pkey *key, struct sl_span message, struct sl_span signature)
{
	const struct sl_pkey_kind *kind = signer_kind(key);
	uint8_t der[SL_SIGNATURE_MAX];
	size_t der_len = 0;
	enum sl_err err;

	if (kind == NULL)
		return SL_EUNSUPPORTED;
	if (kind->group == NULL)
		return sl_verify(key, message, signature);
	if (signature.len != 2 * kind->field_len)
		return SL_EAUTH;
	err = to_der(signature, der, &der_len);
	return err == SL_OK ? sl_verify(key, message, sl_span(der, der_len)) : err;
}

enum sl_err
sl_ecdh(const struct sl_pkey *own, const struct sl_pkey *peer, uint8_t *out, size_t cap,
        size_t *len)
{
	const struct sl_pkey_kind *kind = sl_pkey_kind(own->type);
	static const uint8_t zeros[FIELD_MAX];
	uint8_t shared[FIELD_MAX];
	size_t shared_len = sizeof shared;
	enum sl_err err = SL_EAUTH;
	EVP_PKEY_CTX *ctx;

	if (kind == NULL || !(kind->uses & SL_PKEY_AGREES) || own->type != peer->type ||
	        !own->has_private)
		return SL_EUNSUPPORTED;
	if (kind->field_len > cap)
		return SL_ESPACE;
	ctx = EVP_PKEY_CTX_new_from_pkey(NULL, own->evp, NULL);
	if (ctx == NULL)
		return SL_ENOMEM;
	/* RFC 7748 section 6: the library refuses the all-zero output, and we do not rely on it. */
	if (EVP_PKEY_derive_init(ctx) != 1 || EVP_PKEY_derive_set_peer_ex(ctx, peer->evp, 0) != 1 ||
	        EVP_PKEY_derive(ctx, shared, &shared_len) != 1 || shared_len != kind->field_len ||
	        sl_equal_secret(sl_span(shared, shared_len), sl_span(zeros, shared_len)))
		goto out;
	memcpy(out, shared, shared_len);
	*len = shared_len;
	err = SL_OK;
out:
	sl_wipe(shared, sizeof shared);
	EVP_PKEY_CTX_free(ctx);
	ERR_clear_error();
	return err;
}
