/* SPDX-License-Identifier: BSD-2-Clause */
#include "authority.h"

#define KEYS_MAX 64

static struct sl_pkey *keys[KEYS_MAX];
static size_t key_count;

struct sl_pkey *
new_key(enum sl_pkey_type type)
{
	ck_assert_uint_lt(key_count, KEYS_MAX);
	ck_assert_ok(sl_pkey_generate(&keys[key_count], type));
	return keys[key_count++];
}

void
authority_release(void)
{
	while (key_count > 0)
		sl_pkey_free(keys[--key_count]);
}

struct sl_span
spki_of(const struct sl_pkey *key)
{
	uint8_t out[128];
	size_t len = 0;

	ck_assert_ok(sl_pkey_to_spki(key, out, sizeof out, &len));
	return heap_copy(sl_span(out, len));
}

struct sl_span
name_of(const char *common_name)
{
	uint8_t out[300];
	size_t len = 0;

	ck_assert_ok(sl_name_from_cn(common_name, out, sizeof out, &len));
	return heap_copy(sl_span(out, len));
}

struct sl_span
issue(const struct sl_cert_params *params)
{
	uint8_t tbs[1024], out[1200];
	size_t tbs_len = 0, len = 0;

	ck_assert_ok(sl_cert_tbs(params, tbs, sizeof tbs, &tbs_len));
	ck_assert_ok(
	        sl_cert_sign(sl_span(tbs, tbs_len), params->issuer_key, out, sizeof out, &len));
	return heap_copy(sl_span(out, len));
}

struct sl_span
new_root(const struct sl_pkey *key, const char *common_name)
{
	struct sl_cert_params params = {.serial = sl_span("\x01", 1),
	        .subject = name_of(common_name),
	        .issuer_key = key,
	        .not_before = YEAR_2024,
	        .not_after = YEAR_2034,
	        .key_usage = SL_KU_KEY_CERT_SIGN | SL_KU_CRL_SIGN,
	        .is_ca = true};

	return issue(&params);
}

struct sl_span
new_leaf(struct sl_span issuer, const struct sl_pkey *issuer_key, struct sl_span spki,
        const char *common_name)
{
	struct sl_cert_params params = {.serial = sl_span("\x02", 1),
	        .subject = name_of(common_name),
	        .spki = spki,
	        .issuer_cert = issuer,
	        .issuer_key = issuer_key,
	        .not_before = YEAR_2024,
	        .not_after = YEAR_2034,
	        .key_usage = SL_KU_DIGITAL_SIGNATURE,
	        .ext_client_auth = true};

	return issue(&params);
}
