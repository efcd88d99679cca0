/* SPDX-License-Identifier: BSD-2-Clause */
#include "issue.h"

#include "signed_request.h"

#include <sl/reader.h>

#include <stdlib.h>
#include <string.h>

enum flag { KEY = 3, IS_CA = 4, CLIENT = 8, SERVER = 16, RA = 32, SELF = 64 };

static const enum sl_pkey_type types[] = {SL_PKEY_ED25519, SL_PKEY_P256, SL_PKEY_P384};

static void
must(bool holds)
{
	if (!holds)
		abort();
}

/* --- requests --- */

/* A request of ours that says the same. */
static void
make_again(const struct sl_csr *from, const struct sl_pkey *key)
{
	static uint8_t der[SL_X509_MAX];
	struct sl_csr_params params = {
	        .key = key,
	        .common_name = "a",
	        .subject = from->subject,
	        .subject_alt_name = from->subject_alt_name,
	        .challenge = from->has_challenge ? from->challenge : NULL,
	};
	struct sl_csr again;
	size_t len = 0;
	enum sl_err err = sl_csr_make(&params, der, sizeof der, &len);

	if (err == SL_ESPACE)
		return;
	must(err == SL_OK && sl_csr_decode(&again, sl_span(der, len)) == SL_OK);
	must(sl_csr_verify(&again) == SL_OK);
	must(sl_span_equal(again.subject, from->subject));
	must(sl_span_equal(again.spki, from->spki));
	must(sl_span_equal(again.subject_alt_name, from->subject_alt_name));
	must(again.has_challenge == from->has_challenge);
	must(!from->has_challenge || strcmp(again.challenge, from->challenge) == 0);
	must(sl_csr_make(&params, der, len - 8, &len) == SL_ESPACE);
	der[len - 1] ^= 1;
	must(sl_csr_verify(&again) == SL_EAUTH);
}

void
try_signed(struct sl_span input)
{
	static uint8_t der[SL_X509_MAX];
	struct sl_reader r = sl_reader_over(input);
	struct sl_pkey *key = fixed_key(types[sl_read_u8(&r) % 3]);
	struct sl_span subject = sl_read_span(&r, sl_read_u8(&r));
	struct sl_writer w = sl_writer_over(der, sizeof der);
	struct sl_span request;
	struct sl_csr csr;

	if (r.failed)
		return;
	request = signed_request(key, subject, sl_read_rest(&r), &w);
	if (request.len == 0 || sl_csr_decode(&csr, request) != SL_OK)
		return;
	must(sl_csr_verify(&csr) == SL_OK && csr.key_type == sl_pkey_type(key));
	make_again(&csr, key);
}

/* --- certificates --- */

static struct sl_span
authority(struct sl_pkey *key)
{
	static uint8_t der[3][1024];
	static size_t lens[3];
	size_t i = sl_pkey_type(key) == SL_PKEY_P256   ? 0
	           : sl_pkey_type(key) == SL_PKEY_P384 ? 1
	                                               : 2;
	uint8_t name[64], tbs[1024];
	struct sl_cert_params params = {
	        .serial = sl_span("\1", 1),
	        .issuer_key = key,
	        .not_before = -631152000, /* 1950-01-01 */
	        .not_after = INT64_C(253402300799),
	        .key_usage = SL_KU_KEY_CERT_SIGN,
	        .is_ca = true,
	};
	size_t len = 0;

	if (lens[i] > 0)
		return sl_span(der[i], lens[i]);
	must(sl_name_from_cn("authority", name, sizeof name, &len) == SL_OK);
	params.subject = sl_span(name, len);
	must(sl_cert_tbs(&params, tbs, sizeof tbs, &len) == SL_OK);
	must(sl_cert_sign(sl_span(tbs, len), key, der[i], sizeof der[i], &lens[i]) == SL_OK);
	return sl_span(der[i], lens[i]);
}

static void
must_say(const struct sl_cert *cert, const struct sl_cert_params *params)
{
	struct sl_span serial = params->serial;

	while (serial.len > 1 && serial.ptr[0] == 0)
		serial = sl_span(serial.ptr + 1, serial.len - 1);
	must(sl_span_equal(cert->serial, serial) && sl_span_equal(cert->subject, params->subject));
	must(sl_span_equal(cert->subject_alt_name, params->subject_alt_name));
	must(cert->not_before == params->not_before && cert->not_after == params->not_after);
	must(cert->is_ca == params->is_ca && cert->is_cmc_ra == params->ext_cmc_ra);
	must(cert->has_key_usage == (params->key_usage != 0));
	must(cert->key_usage == params->key_usage);
}

static void
must_be_read_from_pem(struct sl_span der)
{
	static char pem[2 * SL_X509_MAX];
	static uint8_t again[SL_X509_MAX];
	size_t len = 0;

	must(sl_cert_to_pem(der, pem, sizeof pem) == SL_OK);
	must(sl_cert_from_text(sl_span_text(pem), again, sizeof again, &len) == SL_OK);
	must(sl_span_equal(sl_span(again, len), der));
	must(sl_cert_to_pem(der, pem, strlen(pem)) == SL_ESPACE);
}

static void
must_be_issued(const struct sl_cert *cert, struct sl_span issuer_der)
{
	struct sl_cert_path path = {&issuer_der, 1, NULL, 0, cert->not_after};
	struct sl_cert issuer;
	int64_t late = cert->not_after + 1;

	must(sl_cert_decode(&issuer, issuer_der) == SL_OK);
	must(sl_span_equal(cert->issuer, issuer.subject));
	must(sl_cert_verify_issued_by(cert, &issuer, -1) == SL_OK);
	if (late <= 0)
		return; /* a negative now is none */
	must(sl_cert_verify_issued_by(cert, &issuer, cert->not_after) == SL_OK);
	must(sl_cert_verify_issued_by(cert, &issuer, late) == SL_EAUTH);
	must(sl_cert_verify_path(cert->der, &path) != SL_EMALFORMED);
	path.now = late;
	must(sl_cert_verify_path(cert->der, &path) == SL_EAUTH);
}

/* Flags, key usage, notBefore (8 bytes), validity (4), length of the serial number, it, length of the
 * subject, it, subjectAltName. */
static struct sl_cert_params
read_params(struct sl_reader *r, unsigned *flags)
{
	struct sl_cert_params p = {.key_usage = 0};

	*flags = sl_read_u8(r);
	p.key_usage = sl_read_u8(r);
	p.not_before = (int64_t)sl_read_uint(r, 8);
	p.not_after = (int64_t)sl_read_uint(r, 4);
	p.not_after =
	        p.not_before > INT64_MAX - p.not_after ? INT64_MAX : p.not_before + p.not_after;
	p.serial = sl_read_span(r, sl_read_u8(r));
	p.subject = sl_read_span(r, sl_read_u8(r));
	p.subject_alt_name = sl_read_rest(r);
	p.is_ca = (*flags & IS_CA) != 0;
	p.ext_client_auth = (*flags & CLIENT) != 0;
	p.ext_server_auth = (*flags & SERVER) != 0;
	p.ext_cmc_ra = (*flags & RA) != 0;
	return p;
}

void
try_issue(struct sl_span input)
{
	static uint8_t tbs[SL_X509_MAX], der[SL_X509_MAX];
	uint8_t spki[128];
	struct sl_reader r = sl_reader_over(input);
	unsigned flags;
	struct sl_cert_params params = read_params(&r, &flags);
	struct sl_pkey *key = fixed_key(types[(flags & KEY) % 3]);
	struct sl_cert cert;
	struct sl_span inside;
	size_t len = 0, tbs_len = 0;
	enum sl_err err;

	if (r.failed)
		return;
	must(sl_pkey_to_spki(fixed_key(SL_PKEY_P256), spki, sizeof spki, &len) == SL_OK);
	params.spki = sl_span(spki, len);
	params.issuer_key = key;
	if ((flags & SELF) == 0)
		params.issuer_cert = authority(key);
	err = sl_cert_tbs(&params, tbs, sizeof tbs, &tbs_len);
	must(err == SL_OK || err == SL_EMALFORMED || err == SL_ESPACE);
	if (err != SL_OK)
		return;
	must(sl_cert_tbs(&params, tbs, tbs_len - 1, &len) == SL_ESPACE);
	must(sl_cert_tbs(&params, tbs, tbs_len, &tbs_len) == SL_OK);
	err = sl_cert_sign(sl_span(tbs, tbs_len), key, der, sizeof der, &len);
	if (err == SL_ESPACE)
		return;
	must(err == SL_OK && sl_cert_decode(&cert, sl_span(der, len)) == SL_OK);
	must(sl_cert_get_tbs(cert.der, &inside) == SL_OK);
	must(sl_span_equal(inside, sl_span(tbs, tbs_len)));
	must_say(&cert, &params);
	must_be_read_from_pem(cert.der);
	if ((flags & SELF) == 0)
		must_be_issued(&cert, params.issuer_cert);
}
