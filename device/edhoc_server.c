/* SPDX-License-Identifier: BSD-2-Clause */
#include "edhoc_server.h"

#include <sl/c509.h>
#include <sl/der.h>
#include <sl/x509.h>

#include <strings.h>

#define DNS_NAME (SL_DER_CONTEXT | 2) /* of GeneralName */

static const uint8_t common_name[] = {0x55, 0x04, 0x03}; /* id-at-commonName, 2.5.4.3 */

static bool
is_text(struct sl_span text, const char *name)
{
	struct sl_span want = sl_span_text(name);

	return text.len == want.len &&
	       strncasecmp((const char *)text.ptr, (const char *)want.ptr, want.len) == 0;
}

/* AttributeTypeAndValue; the value is a string of one byte per character, or UTF-8. */
static bool
is_common_name(struct sl_reader *set, const char *name)
{
	struct sl_reader attribute = sl_der_enter(set, SL_DER_SEQUENCE);
	struct sl_span type = sl_der_read(&attribute, SL_DER_OID);
	uint8_t tag = sl_reader_peek(&attribute);
	bool is_plain = tag == SL_DER_UTF8_STRING || tag == SL_DER_PRINTABLE_STRING ||
	                tag == SL_DER_IA5_STRING;

	return is_plain && sl_span_equal(type, sl_span(common_name, sizeof common_name)) &&
	       is_text(sl_der_read(&attribute, tag), name);
}

static bool
has_common_name(struct sl_span subject, const char *name)
{
	struct sl_reader r = sl_reader_over(subject);
	struct sl_reader rdns = sl_der_enter(&r, SL_DER_SEQUENCE);

	while (!rdns.failed && rdns.left.len > 0) {
		struct sl_reader set = sl_der_enter(&rdns, SL_DER_SET);

		while (!set.failed && set.left.len > 0)
			if (is_common_name(&set, name))
				return true;
	}
	return false;
}

static bool
has_dns_name(struct sl_span general_names, const char *name)
{
	struct sl_reader r = sl_reader_over(general_names);
	struct sl_reader names = sl_der_enter(&r, SL_DER_SEQUENCE);

	while (!names.failed && names.left.len > 0) {
		if (sl_reader_peek(&names) != DNS_NAME)
			(void)sl_der_take_any(&names);
		else if (is_text(sl_der_read(&names, DNS_NAME), name))
			return true;
	}
	return false;
}

bool
edhoc_server_is_named(const struct sl_credential *credential, const char *name)
{
	uint8_t bytes[SL_X509_MAX];
	struct sl_span der = credential->content;
	struct sl_cert cert;
	size_t len;

	if (credential->kind == SL_CREDENTIAL_C509) {
		if (sl_c509_to_x509(der, bytes, sizeof bytes, &len) != SL_OK)
			return false;
		der = sl_span(bytes, len);
	}
	return credential->kind != SL_CREDENTIAL_CCS && sl_cert_decode(&cert, der) == SL_OK &&
	       (has_common_name(cert.subject, name) || has_dns_name(cert.subject_alt_name, name));
}

/* Those of another name go. */
static void
keep_named(struct sl_candidates *candidates, const char *name)
{
	size_t kept = 0;

	for (size_t i = 0; i < candidates->count; i++)
		if (edhoc_server_is_named(&candidates->list[i], name))
			candidates->list[kept++] = candidates->list[i];
		else
			sl_credential_clear(&candidates->list[i]);
	candidates->count = kept;
}

static enum sl_err
resolve_under_anchors(const struct edhoc_server *server, const struct edhoc_server_ask *ask,
        struct sl_candidates *candidates)
{
	const struct sl_trust trust = {.x509_anchors = server->anchors,
	        .x509_anchor_count = server->anchor_count,
	        .now = ask->now,
	        .requires_cmc_ra = true};
	enum sl_err err = sl_credential_resolve(candidates, &trust, ask->id_cred, ask->purpose);

	if (err == SL_OK && server->name[0] != '\0')
		keep_named(candidates, server->name);
	return err == SL_OK && candidates->count == 0 ? SL_EAUTH : err;
}

enum sl_err
edhoc_server_resolve(const struct edhoc_server *server, const struct edhoc_server_ask *ask,
        struct sl_candidates *candidates)
{
	const struct sl_trust trust = {
	        .known = server->known, .known_count = server->known_count, .now = ask->now};
	enum sl_err err = sl_credential_resolve(candidates, &trust, ask->id_cred, ask->purpose);
	enum sl_err other;

	if (err == SL_OK || server->anchor_count == 0)
		return err;
	other = resolve_under_anchors(server, ask, candidates);
	return other == SL_ENOTFOUND ? err : other;
}
