/* SPDX-License-Identifier: BSD-2-Clause
 * Hashes, HMAC (RFC 2104), HKDF (RFC 5869), KMAC256 (SP 800-185) and random
 * bytes. HKDF is built on HMAC here because the library's own limits the length of info. */
#include <sl/hash.h>
#include <sl/wipe.h>

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

struct row {
	int alg;
	size_t len; /* bytes of output */
	const char *name;
	const EVP_MD *(*md)(void);
	bool is_xof; /* a sponge: no HMAC, no HKDF */
};

static const struct row rows[] = {
        {SL_SHA256, 32, "SHA256", EVP_sha256, false},
        {SL_SHA384, 48, "SHA384", EVP_sha384, false},
        {SL_SHA512, 64, "SHA512", EVP_sha512, false},
        {SL_SHAKE256, 64, "SHAKE256", EVP_shake256, true},
};

static const struct row *
find_row(int alg)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (rows[i].alg == alg)
			return &rows[i];
	return NULL;
}

size_t
sl_hash_len(int alg)
{
	const struct row *row = find_row(alg);

	return row == NULL ? 0 : row->len;
}

enum sl_err
sl_hash(int alg, struct sl_span bytes, uint8_t *out)
{
	const struct row *row = find_row(alg);
	EVP_MD_CTX *ctx;
	bool done;

	if (row == NULL)
		return SL_EUNSUPPORTED;
	ctx = EVP_MD_CTX_new();
	done = ctx != NULL && EVP_DigestInit_ex(ctx, row->md(), NULL) &&
	       EVP_DigestUpdate(ctx, bytes.ptr, bytes.len) &&
	       (row->is_xof ? EVP_DigestFinalXOF(ctx, out, row->len)
	                    : EVP_DigestFinal_ex(ctx, out, NULL));
	EVP_MD_CTX_free(ctx);
	if (!done)
		ERR_clear_error();
	return done ? SL_OK : SL_EIO;
}

enum sl_err
sl_sha256(struct sl_span bytes, uint8_t out[static SL_SHA256_LEN])
{
	return sl_hash(SL_SHA256, bytes, out);
}

#define PARTS 3

/* HMAC over the parts in a row. One ctx serves many calls: fetching the algorithm is dear. */
static bool
hmac_parts(EVP_MAC_CTX *ctx, struct sl_span key, const struct sl_span parts[PARTS], uint8_t *out)
{
	static const uint8_t empty_key[1];
	size_t len = 0;

	/* Without a pointer the library would keep the key from before. */
	if (!EVP_MAC_init(ctx, key.len > 0 ? key.ptr : empty_key, key.len, NULL))
		return false;
	for (size_t i = 0; i < PARTS; i++)
		if (parts[i].len > 0 && !EVP_MAC_update(ctx, parts[i].ptr, parts[i].len))
			return false;
	return EVP_MAC_final(ctx, out, &len, SL_HASH_MAX);
}

/* NULL when the library fails. */
static EVP_MAC_CTX *
hmac_new(const struct row *row)
{
	/* The parameter type has no const; the library only reads it. */
	OSSL_PARAM params[2] = {
	        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)row->name, 0),
	        OSSL_PARAM_construct_end(),
	};
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *ctx = mac == NULL ? NULL : EVP_MAC_CTX_new(mac);

	EVP_MAC_free(mac);
	if (ctx != NULL && EVP_MAC_CTX_set_params(ctx, params))
		return ctx;
	EVP_MAC_CTX_free(ctx);
	return NULL;
}

enum sl_err
sl_hmac(int alg, struct sl_span key, struct sl_span bytes, uint8_t *out)
{
	const struct row *row = find_row(alg);
	struct sl_span parts[PARTS] = {bytes};
	uint8_t mac[SL_HASH_MAX];
	EVP_MAC_CTX *ctx;
	enum sl_err err = SL_EIO;

	if (row == NULL || row->is_xof)
		return SL_EUNSUPPORTED;
	ctx = hmac_new(row);
	if (ctx != NULL && hmac_parts(ctx, key, parts, mac)) {
		for (size_t i = 0; i < row->len; i++)
			out[i] = mac[i];
		err = SL_OK;
	} else {
		ERR_clear_error();
	}
	EVP_MAC_CTX_free(ctx);
	sl_wipe(mac, sizeof mac);
	return err;
}

enum sl_err
sl_hkdf_extract(int alg, struct sl_span salt, struct sl_span ikm, uint8_t *out)
{
	/* RFC 5869 section 2.2: HMAC pads an empty key with zeros, which is the default salt. */
	return sl_hmac(alg, salt, ikm, out);
}

enum sl_err
sl_hkdf_expand(int alg, struct sl_span prk, struct sl_span info, uint8_t *out, size_t len)
{
	const struct row *row = find_row(alg);
	uint8_t t[SL_HASH_MAX];
	uint8_t counter = 0;
	struct sl_span parts[PARTS] = {{t, 0}, info, {&counter, 1}};
	EVP_MAC_CTX *ctx;
	size_t done = 0;

	if (row == NULL || row->is_xof)
		return SL_EUNSUPPORTED;
	if (len > 255 * row->len)
		return SL_ELIMIT;
	ctx = hmac_new(row);
	while (ctx != NULL && done < len) {
		counter++;
		if (!hmac_parts(ctx, prk, parts, t))
			break;
		parts[0].len = row->len;
		for (size_t i = 0; i < row->len && done < len; i++)
			out[done++] = t[i];
	}
	EVP_MAC_CTX_free(ctx);
	sl_wipe(t, sizeof t);
	if (done == len)
		return SL_OK;
	ERR_clear_error();
	sl_wipe(out, done);
	return SL_EIO;
}

#define KMAC_KEY_MIN 4
#define KMAC_KEY_MAX 512

enum sl_err
sl_kmac256(struct sl_span key, struct sl_span bytes, uint8_t *out, size_t len)
{
	OSSL_PARAM params[2] = {
	        OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &len),
	        OSSL_PARAM_construct_end(),
	};
	EVP_MAC *mac;
	EVP_MAC_CTX *ctx;
	size_t done = 0;
	bool good;

	if (key.len < KMAC_KEY_MIN || key.len > KMAC_KEY_MAX)
		return SL_EMALFORMED;
	mac = EVP_MAC_fetch(NULL, "KMAC-256", NULL);
	ctx = mac == NULL ? NULL : EVP_MAC_CTX_new(mac);
	EVP_MAC_free(mac);
	good = ctx != NULL && EVP_MAC_init(ctx, key.ptr, key.len, params) &&
	       (bytes.len == 0 || EVP_MAC_update(ctx, bytes.ptr, bytes.len)) &&
	       EVP_MAC_final(ctx, out, &done, len) && done == len;
	EVP_MAC_CTX_free(ctx);
	if (good)
		return SL_OK;
	ERR_clear_error();
	sl_wipe(out, len);
	return SL_EIO;
}

bool
sl_hash_is_available(int alg)
{
	static const uint8_t key[SL_HASH_MAX];
	const struct row *row = find_row(alg);
	struct sl_span sample = sl_span(key, sizeof key);
	uint8_t out[SL_HASH_MAX];

	if (row == NULL || sl_hash(alg, sample, out) != SL_OK)
		return false;
	return (row->is_xof ? sl_kmac256(sample, sample, out, row->len)
	                    : sl_hmac(alg, sample, sample, out)) == SL_OK;
}

enum sl_err
sl_random(void *out, size_t len)
{
	if (len > INT_MAX || RAND_bytes(out, (int)len) != 1) {
		ERR_clear_error();
		return SL_EIO;
	}
	return SL_OK;
}
