/* SPDX-License-Identifier: BSD-2-Clause */
#include "edhoc_setup.h"

#include <sl/x509.h>

#include <inttypes.h>
#include <string.h>

void
edhoc_setup_init(struct edhoc_setup *setup)
{
	memset(setup, 0, sizeof *setup);
	edhoc_own_init(&setup->own);
	certs_init(&setup->anchors);
	for (size_t i = 0; i < SL_DEVICE_PEERS_MAX; i++)
		sl_buf_init(&setup->peers[i].bytes, SL_CREDENTIAL_FILE_MAX);
}

void
edhoc_setup_clear(struct edhoc_setup *setup)
{
	edhoc_own_clear(&setup->own);
	certs_clear(&setup->anchors);
	for (size_t i = 0; i < SL_DEVICE_PEERS_MAX; i++)
		sl_credential_file_clear(&setup->peers[i]);
	edhoc_setup_init(setup);
}

/* --- method and suites ------------------------------------------------------------------------ */

/* Keys that can do one thing only do that; others what is shortest with their credential. */
static int
usual_method(const struct edhoc_own *own)
{
	switch (sl_pkey_type(own->key)) {
	case SL_PKEY_ED25519:
	case SL_PKEY_ED448:
		return 0;
	case SL_PKEY_X25519:
	case SL_PKEY_X448:
		return 3;
	default:
		return own->file.kind == SL_CREDENTIAL_CCS ? 3 : 0;
	}
}

static bool
can_use(const struct edhoc_setup *setup, int64_t number)
{
	const char *missing;

	return edhoc_own_fits(&setup->own, setup->method, &number, 1) &&
	       sl_edhoc_suite_has_oscore(sl_edhoc_suite(number)) &&
	       sl_edhoc_suite_check(number, &missing) == SL_OK;
}

/* Suites 2 and 3, which every implementation has; for other keys all that can be. */
static size_t
add_usual_suites(struct edhoc_setup *setup)
{
	const struct sl_edhoc_suite *suite;
	size_t count = 0;

	for (size_t i = 0; i < SL_EDHOC_DEFAULT_SUITE_COUNT; i++)
		if (can_use(setup, sl_edhoc_default_suites[i]))
			setup->suites[count++] = sl_edhoc_default_suites[i];
	if (count > 0)
		return count;
	for (size_t i = 0; (suite = sl_edhoc_suite_at(i)) != NULL; i++)
		if (can_use(setup, suite->number) && count < PROVISIONING_SUITES_MAX)
			setup->suites[count++] = suite->number;
	return count;
}

static enum sl_err
take_agreement(struct edhoc_setup *setup, struct complaint *why)
{
	const struct provisioning_edhoc *words = &setup->words;
	const char *type = sl_pkey_type_name(sl_pkey_type(setup->own.key));
	size_t count = words->suite_count;

	setup->method = words->method == PROVISIONING_METHOD_UNSAID ? usual_method(&setup->own)
	                                                            : words->method;
	memcpy(setup->suites, words->suites, sizeof setup->suites);
	if (count == 0)
		count = add_usual_suites(setup);
	if (count == 0)
		return complain(why, SL_EUNSUPPORTED,
		        "key: no cipher suite goes with a key of type %s and method %d", type,
		        setup->method);
	for (size_t i = 0; i < count; i++)
		if (!edhoc_own_fits(&setup->own, setup->method, &setup->suites[i], 1))
			return complain(why, SL_EUNSUPPORTED,
			        "suites: %" PRId64
			        " does not go with a key of type %s and method %d",
			        setup->suites[i], type, setup->method);
	setup->profile = (struct sl_edhoc_profile){.suites = setup->suites,
	        .suite_count = count,
	        .methods = 1U << setup->method,
	        .message_4 =
	                words->requires_message_4 ? SL_EDHOC_M4_REQUIRED : SL_EDHOC_M4_OPTIONAL,
	        .for_oscore = true};
	return SL_OK;
}

/* --- the server ------------------------------------------------------------------------------- */

static enum sl_err
take_peer(struct edhoc_setup *setup, size_t i, struct sl_span content, struct complaint *why)
{
	struct sl_known_credential *known = &setup->known[i];
	struct sl_credential c;
	enum sl_err err = sl_credential_file_read(&setup->peers[i], content);

	if (err == SL_OK)
		err = sl_credential_decode(&c, setup->peers[i].cred);
	if (err != SL_OK)
		return complain(why, err,
		        "peers: %.200s is neither certificates in PEM, nor a CCS, nor C509 (%s)",
		        setup->words.peers[i], sl_err_text(err));
	*known = (struct sl_known_credential){.cred = setup->peers[i].cred,
	        .has_kid = c.has_kid,
	        .kid = c.kid,
	        .is_trusted = true};
	/* RFC 9528 section 9.1: no run would take it. */
	if (sl_pkey_same_holder(setup->own.key, c.key))
		err = complain(
		        why, SL_EAUTH, "peers: %.200s is about our own key", setup->words.peers[i]);
	sl_credential_clear(&c);
	return err;
}

static enum sl_err
take_server(struct edhoc_setup *setup, const struct edhoc_setup_files *files, struct complaint *why)
{
	enum sl_err err = SL_OK;

	for (size_t i = 0; err == SL_OK && i < setup->words.peer_count; i++)
		err = take_peer(setup, i, files->peers[i], why);
	if (err == SL_OK && setup->words.anchors[0] != '\0') {
		err = certs_from_pem(&setup->anchors, files->anchors);
		if (err != SL_OK)
			err = complain(why, err, "anchors: not a list of certificates in PEM (%s)",
			        sl_err_text(err));
	}
	setup->server = (struct edhoc_server){.known = setup->known,
	        .known_count = setup->words.peer_count,
	        .anchors = setup->anchor_spans,
	        .anchor_count = certs_spans(&setup->anchors, setup->anchor_spans),
	        .name = setup->words.peer_name};
	return err;
}

enum sl_err
edhoc_setup_load(struct edhoc_setup *setup, const struct provisioning_edhoc *words,
        const struct edhoc_setup_files *files, struct complaint *why)
{
	enum sl_err err;

	setup->words = *words;
	err = edhoc_own_load(&setup->own, files->key, files->credential,
	        words->has_send ? &words->send : NULL, why);
	if (err == SL_OK)
		err = take_agreement(setup, why);
	if (err == SL_OK)
		err = take_server(setup, files, why);
	if (err != SL_OK)
		edhoc_setup_clear(setup);
	return err;
}
