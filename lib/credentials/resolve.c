/* SPDX-License-Identifier: BSD-2-Clause
 * From ID_CRED_x to credentials that may be tried: RFC 9528 section 3.5.3. */
#include "inside.h"

/* Whether the credential is what every parameter of the reference says. kid and URI are names that
 * we gave it; the others follow from its bytes. */
static bool
agrees(const struct sl_id_cred *id, const struct sl_credential *c,
        const struct sl_known_credential *known)
{
	bool is_x509 = c->kind == SL_CREDENTIAL_X509, is_c509 = c->kind == SL_CREDENTIAL_C509;

	if (id->has_kid &&
	        (known == NULL || !known->has_kid || !sl_span_equal(id->kid, known->kid)))
		return false;
	if (id->x5u.len > 0 && (!is_x509 || known == NULL || !sl_span_equal(id->x5u, known->uri)))
		return false;
	if (id->c5u.len > 0 && (!is_c509 || known == NULL || !sl_span_equal(id->c5u, known->uri)))
		return false;
	if (id->has_x5t && (!is_x509 || !sl_cert_hash_is_of(&id->x5t, c->content)))
		return false;
	if (id->has_c5t && (!is_c509 || !sl_cert_hash_is_of(&id->c5t, c->content)))
		return false;
	if (id->kccs.len > 0 && !sl_span_equal(id->kccs, c->cred))
		return false;
	if (id->x5chain_count > 0 && !sl_span_equal(id->x5chain[0], c->cred))
		return false;
	return id->c5c_count == 0 || sl_span_equal(id->c5c[0], c->cred);
}

/* Takes the credential over when it is valid; else clears it. */
static enum sl_err
consider(struct sl_candidates *candidates, struct sl_credential *c, const struct sl_path *path)
{
	enum sl_err err = sl_credential_validate(c, path);

	if (err == SL_OK && candidates->count == SL_CANDIDATES_MAX)
		err = SL_ELIMIT;
	if (err == SL_OK)
		candidates->list[candidates->count++] = *c;
	else
		sl_credential_clear(c);
	return err;
}

static bool
is_trusted(const struct sl_trust *trust, struct sl_span cred)
{
	for (size_t i = 0; i < trust->known_count; i++)
		if (trust->known[i].is_trusted && sl_span_equal(trust->known[i].cred, cred))
			return true;
	return false;
}

/* What is carried by value, and is a certificate: it need not be known. */
static enum sl_err
take_carried(struct sl_candidates *candidates, const struct sl_id_cred *id, struct sl_path *path)
{
	struct sl_span cred = id->x5chain_count > 0 ? id->x5chain[0] : id->c5c[0];
	struct sl_credential c;
	enum sl_err err = sl_credential_decode(&c, cred);

	if (err != SL_OK)
		return err;
	if (!agrees(id, &c, NULL)) {
		sl_credential_clear(&c);
		return SL_EAUTH;
	}
	path->is_trusted = is_trusted(path->trust, cred);
	return consider(candidates, &c, path);
}

/* Among what is known. The last failure of one that agrees is the answer when none is valid. */
static enum sl_err
look_up(struct sl_candidates *candidates, const struct sl_id_cred *id, struct sl_path *path)
{
	const struct sl_trust *trust = path->trust;
	enum sl_err err = id->kccs.len > 0 ? SL_EAUTH : SL_ENOTFOUND;

	for (size_t i = 0; i < trust->known_count && err != SL_ELIMIT; i++) {
		struct sl_credential c;

		if (sl_credential_decode(&c, trust->known[i].cred) != SL_OK)
			continue;
		path->is_trusted = trust->known[i].is_trusted;
		if (agrees(id, &c, &trust->known[i]))
			err = consider(candidates, &c, path);
		else
			sl_credential_clear(&c);
	}
	return candidates->count > 0 && err != SL_ELIMIT ? SL_OK : err;
}

enum sl_err
sl_credential_resolve(struct sl_candidates *candidates, const struct sl_trust *trust,
        struct sl_span id_cred, enum sl_key_purpose purpose)
{
	struct sl_candidates got = {.count = 0};
	struct sl_path path = {.trust = trust, .purpose = purpose};
	struct sl_id_cred id;
	bool is_carried, is_known;
	enum sl_err err = sl_id_cred_decode(&id, id_cred);

	if (err != SL_OK)
		return err;
	is_carried = id.x5chain_count > 0 || id.c5c_count > 0;
	if (is_carried) {
		path.helpers = id.x5chain_count > 0 ? id.x5chain + 1 : id.c5c + 1;
		path.helper_count = (id.x5chain_count > 0 ? id.x5chain_count : id.c5c_count) - 1;
	}
	is_known = id.has_kid || id.x5u.len > 0 || id.c5u.len > 0 || id.kccs.len > 0;
	err = is_carried && !is_known ? take_carried(&got, &id, &path) : look_up(&got, &id, &path);
	if (err == SL_OK)
		*candidates = got;
	else
		sl_candidates_clear(&got);
	return err;
}

void
sl_candidates_clear(struct sl_candidates *candidates)
{
	for (size_t i = 0; i < candidates->count; i++)
		sl_credential_clear(&candidates->list[i]);
	candidates->count = 0;
}
