/* SPDX-License-Identifier: BSD-2-Clause */
#include "edhoc_server.h"

#include "names.h"

#include <sl/c509.h>
#include <sl/x509.h>

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
	       (names_has_common_name(cert.subject, name) ||
	               names_has_dns_name(cert.subject_alt_name, name));
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
