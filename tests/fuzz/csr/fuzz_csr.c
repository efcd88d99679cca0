/* SPDX-License-Identifier: BSD-2-Clause
 * Requests, certificates, certs-only CMS, keys and PEM from hostile bytes. Behind a first byte 'R' or
 * 'I': requests with signatures that verify, and certificates that are issued (issue.h). */
#include "issue.h"

#include <stdlib.h>
#include <string.h>

#define CERTS_MAX 8

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static void
must_lie_in(struct sl_span part, struct sl_span whole)
{
	must(part.len == 0 ||
	        (part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len));
}

static void
must_be_a_verdict(enum sl_err err)
{
	must(err == SL_OK || err == SL_EAUTH || err == SL_EMALFORMED);
}

static void
try_request(struct sl_span input)
{
	struct sl_csr csr;

	if (sl_csr_decode(&csr, input) != SL_OK)
		return;
	must_lie_in(csr.info, input);
	must_lie_in(csr.subject, csr.info);
	must_lie_in(csr.spki, csr.info);
	must_lie_in(csr.extensions, csr.info);
	must_lie_in(csr.subject_alt_name, csr.info);
	must(strlen(csr.challenge) < sizeof csr.challenge);
	must_be_a_verdict(sl_csr_verify(&csr));
}

static void
try_certificate(struct sl_span input)
{
	struct sl_cert_path path = {&input, 1, &input, 1, 1750000000};
	struct sl_span tbs;
	struct sl_cert cert;

	if (sl_cert_decode(&cert, input) != SL_OK)
		return;
	must(sl_cert_get_tbs(input, &tbs) == SL_OK);
	must_lie_in(tbs, input);
	must_lie_in(cert.serial, tbs);
	must_lie_in(cert.issuer, tbs);
	must_lie_in(cert.subject, tbs);
	must_lie_in(cert.spki, tbs);
	must_lie_in(cert.subject_alt_name, tbs);
	must_be_a_verdict(sl_cert_verify_issued_by(&cert, &cert, -1));
	must_be_a_verdict(sl_cert_verify_path(input, &path));
}

/* There is one spelling: what was read is written back as it was. */
static void
try_cms(struct sl_span input)
{
	static uint8_t again[SL_CMS_MAX];
	struct sl_span certs[CERTS_MAX];
	size_t count = CERTS_MAX, len = 0;

	if (sl_cms_certs_decode(input, certs, &count) != SL_OK)
		return;
	must(sl_cms_certs_only(certs, count, again, sizeof again, &len) == SL_OK);
	must(sl_span_equal(sl_span(again, len), input));
	for (size_t i = 0; i < count; i++)
		try_certificate(certs[i]);
}

static void
try_keys(struct sl_span input)
{
	struct sl_pkey *key = NULL;
	uint8_t spki[SL_X509_MAX];
	size_t len = 0;

	if (sl_pkey_from_spki(&key, input) == SL_OK && sl_pkey_type(key) != SL_PKEY_OTHER)
		must(sl_pkey_to_spki(key, spki, sizeof spki, &len) == SL_OK);
	sl_pkey_free(key);
	key = NULL;
	if (sl_pkey_from_text(&key, input) == SL_OK)
		must(sl_pkey_has_private(key) && sl_pkey_type(key) != SL_PKEY_OTHER);
	sl_pkey_free(key);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct sl_span input = sl_span(bytes, len);
	uint8_t der[SL_X509_MAX];
	char text[SL_NAME_TEXT_MAX];
	size_t der_len = 0;

	if (len > 0 && (bytes[0] == 'R' || bytes[0] == 'I')) {
		(bytes[0] == 'R' ? try_signed : try_issue)(sl_span(bytes + 1, len - 1));
		return 0;
	}
	try_request(input);
	try_certificate(input);
	try_cms(input);
	try_keys(input);
	if (sl_cert_from_text(input, der, sizeof der, &der_len) == SL_OK)
		try_certificate(sl_span(der, der_len));
	if (sl_name_text(input, text, sizeof text) == SL_OK)
		must(strlen(text) < sizeof text);
	return 0;
}
