/* SPDX-License-Identifier: BSD-2-Clause
 * Cipher suites, RFC 9528 section 10.2. -8 EdDSA is Ed25519, in suite 25 Ed448. */
#include <sl/edhoc_suite.h>

#define X25519  SL_PKEY_X25519, 32
#define X448    SL_PKEY_X448, 56
#define P256    SL_PKEY_P256, 32
#define P384    SL_PKEY_P384, 48
#define ED25519 SL_PKEY_ED25519, 64
#define ED448   SL_PKEY_ED448, 114
#define ES256   SL_PKEY_P256, 64
#define ES384   SL_PKEY_P384, 96

/* COSE numbers of AEADs */
#define CCM_64  10 /* AES-CCM-16-64-128 */
#define CCM_128 30 /* AES-CCM-16-128-128 */
#define CHACHA  24
#define A128GCM 1
#define A256GCM 3

static const struct sl_edhoc_suite rows[] = {
        {0, CCM_64, SL_SHA256, 8, X25519, ED25519, CCM_64, SL_SHA256},
        {1, CCM_128, SL_SHA256, 16, X25519, ED25519, CCM_64, SL_SHA256},
        {2, CCM_64, SL_SHA256, 8, P256, ES256, CCM_64, SL_SHA256},
        {3, CCM_128, SL_SHA256, 16, P256, ES256, CCM_64, SL_SHA256},
        {4, CHACHA, SL_SHA256, 16, X25519, ED25519, CHACHA, SL_SHA256},
        {5, CHACHA, SL_SHA256, 16, P256, ES256, CHACHA, SL_SHA256},
        {6, A128GCM, SL_SHA256, 16, X25519, ES256, A128GCM, SL_SHA256},
        {24, A256GCM, SL_SHA384, 16, P384, ES384, A256GCM, SL_SHA384},
        {25, CHACHA, SL_SHAKE256, 16, X448, ED448, CHACHA, SL_SHAKE256},
};

#define ROWS (sizeof rows / sizeof rows[0])

const int64_t sl_edhoc_default_suites[SL_EDHOC_DEFAULT_SUITE_COUNT] = {2, 3};

const struct sl_edhoc_suite *
sl_edhoc_suite(int64_t number)
{
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].number == number)
			return &rows[i];
	return NULL;
}

const struct sl_edhoc_suite *
sl_edhoc_suite_at(size_t i)
{
	return i < ROWS ? &rows[i] : NULL;
}

static const char *
hash_name(int alg)
{
	return alg == SL_SHA256   ? "HMAC with SHA-256"
	       : alg == SL_SHA384 ? "HMAC with SHA-384"
	                          : "KMAC256";
}

enum sl_err
sl_edhoc_suite_check(int64_t number, const char **missing)
{
	const struct sl_edhoc_suite *suite = sl_edhoc_suite(number);
	const struct sl_aead *aeads[2];

	if (suite == NULL)
		return SL_ENOTFOUND;
	aeads[0] = sl_aead_by_cose(suite->aead);
	aeads[1] = sl_aead_by_cose(suite->app_aead);
	for (size_t i = 0; i < 2; i++)
		if (!sl_aead_is_available(aeads[i])) {
			*missing = aeads[i]->name;
			return SL_EUNSUPPORTED;
		}
	if (!sl_hash_is_available(suite->hash)) {
		*missing = hash_name(suite->hash);
		return SL_EUNSUPPORTED;
	}
	if (!sl_pkey_is_available(suite->ecdh) || !sl_pkey_is_available(suite->signature)) {
		*missing = sl_pkey_type_name(
		        sl_pkey_is_available(suite->ecdh) ? suite->signature : suite->ecdh);
		return SL_EUNSUPPORTED;
	}
	return SL_OK;
}

bool
sl_edhoc_suite_has_oscore(const struct sl_edhoc_suite *suite)
{
	return suite->app_hash != SL_SHAKE256;
}
