/* SPDX-License-Identifier: BSD-2-Clause */
#include "references.h"

#include <sl/cbor.h>
#include <sl/text.h>
#include <sl/x509.h>

#include <stdlib.h>
#include <string.h>

#define ROOM_MAX (SL_CREDENTIAL_FILE_MAX + 64)

/* RFC 9529 section 3: CRED_R and CRED_I. */
static const char *const known_texts[] = {
        "a2026b6578616d706c652e65647508a101a501020241322001215820bbc34960526ea4d32e940cad2a23"
        "4148ddc21791a12afbcbac93622046dd44f02258204519e257236b2a0ce2023f0931f1f386ca7afda64f"
        "cde0108c224c51eabf6072",
        "a2027734322d35302d33312d46462d45462d33372d33322d333908a101a5010202412b2001215820ac75"
        "e9ece3e50bfc8ed60399889522405c47bf16df96660a41298cb4307f7eb62258206e5de611388a4b8a82"
        "11334ac7d37ecb52a387d257e6db3c2a93df21ff3affc8",
};

#define KNOWN 2

static void
must(bool holds)
{
	if (!holds)
		abort();
}

/* --- trust --- */

static enum sl_err
resolve(const struct sl_trust *trust, struct sl_span id_cred, enum sl_key_purpose purpose,
        struct sl_span *first)
{
	struct sl_candidates found;
	enum sl_err err = sl_credential_resolve(&found, trust, id_cred, purpose);

	if (err != SL_OK)
		return err;
	must(found.count >= 1 && found.count <= SL_CANDIDATES_MAX);
	for (size_t i = 0; i < found.count; i++) {
		struct sl_credential again;

		must(found.list[i].key != NULL);
		must(sl_credential_decode(&again, found.list[i].cred) == SL_OK);
		must(again.kind == found.list[i].kind);
		must(sl_pkey_equal_public(again.key, found.list[i].key));
		sl_credential_clear(&again);
	}
	*first = found.list[0].cred;
	sl_candidates_clear(&found);
	return SL_OK;
}

/* Where nothing is known and nothing is an anchor, nothing is believed. */
static void
must_not_be_believed(struct sl_span id_cred)
{
	const struct sl_trust nobody = {.now = -1};
	struct sl_span first;

	must(resolve(&nobody, id_cred, SL_FOR_SIGNATURE, &first) != SL_OK);
	must(resolve(&nobody, id_cred, SL_FOR_STATIC_DH, &first) != SL_OK);
}

static const struct sl_trust *
published(void)
{
	static struct sl_known_credential known[KNOWN];
	static uint8_t bytes[KNOWN][256];
	static struct sl_trust trust = {.known = known, .known_count = KNOWN, .now = 1750000000};

	for (size_t i = 0; i < KNOWN && known[i].cred.len == 0; i++) {
		size_t len = 0;

		must(sl_hex_decode(bytes[i], sizeof bytes[i], &len, sl_span_text(known_texts[i])) ==
		        SL_OK);
		known[i] = (struct sl_known_credential){
		        .cred = sl_span(bytes[i], len),
		        .has_kid = true,
		        .kid = sl_span(i == 0 ? "\x32" : "\x2b", 1),
		};
	}
	return &trust;
}

void
try_trust(const struct sl_credential_file *f, struct sl_span id_cred)
{
	struct sl_known_credential known = {.cred = f->cred, .is_trusted = true};
	struct sl_trust trust = {.known = &known, .known_count = 1, .now = -1};
	struct sl_credential first;
	struct sl_span got;
	enum sl_err err;

	must(sl_credential_decode(&first, f->cred) == SL_OK);
	known.has_kid = first.has_kid;
	known.kid = first.kid;
	sl_credential_clear(&first);
	for (int purpose = SL_FOR_SIGNATURE; purpose <= SL_FOR_STATIC_DH; purpose++) {
		trust.now = -1;
		err = resolve(&trust, id_cred, (enum sl_key_purpose)purpose, &got);
		must(err != SL_OK || sl_span_equal(got, f->cred));
		must(err != SL_ENOTFOUND);
		trust.now = 1750000000;
		(void)resolve(&trust, id_cred, (enum sl_key_purpose)purpose, &got);
		known.is_trusted = false;
		trust.x509_anchors = trust.c509_anchors = &f->items[f->count - 1];
		trust.x509_anchor_count = f->kind == SL_CREDENTIAL_X509;
		trust.c509_anchor_count = f->kind == SL_CREDENTIAL_C509;
		err = resolve(&trust, id_cred, (enum sl_key_purpose)purpose, &got);
		must(err != SL_OK || sl_span_equal(got, f->cred));
		known.is_trusted = true;
		trust.x509_anchor_count = trust.c509_anchor_count = 0;
	}
	must_not_be_believed(id_cred);
}

/* --- ID_CRED_x --- */

/* Of one parameter that we write, and there is one spelling. */
static void
must_be_written_again(const struct sl_id_cred *id, struct sl_span map)
{
	static uint8_t out[ROOM_MAX];
	struct sl_writer w = sl_writer_over(out, sizeof out);
	struct sl_span certs[SL_CHAIN_MAX];

	for (size_t i = 0; i < id->x5chain_count; i++) {
		struct sl_reader r = sl_reader_over(id->x5chain[i]);

		certs[i] = sl_cbor_read_bytes(&r);
		must(sl_reader_finish(&r) == SL_OK);
	}
	if (id->has_kid)
		sl_id_cred_write_kid(&w, id->kid);
	else if (id->kccs.len > 0)
		sl_id_cred_write_kccs(&w, id->kccs);
	else if (id->x5u.len > 0)
		sl_id_cred_write_x5u(&w, id->x5u);
	else if (id->x5chain_count > 0)
		sl_id_cred_write_chain(&w, SL_LABEL_X5CHAIN, certs, id->x5chain_count);
	else if (id->c5c_count > 0)
		sl_id_cred_write_chain(&w, SL_LABEL_C5C, id->c5c, id->c5c_count);
	else
		return;
	must(sl_span_equal(sl_writer_span(&w), map));
}

void
try_reference(struct sl_span map)
{
	struct sl_id_cred id;
	struct sl_span first;
	enum sl_err err = sl_id_cred_decode(&id, map);

	must_not_be_believed(map);
	if (err != SL_OK) {
		must(resolve(published(), map, SL_FOR_STATIC_DH, &first) == err);
		return;
	}
	must(id.x5chain_count <= SL_CHAIN_MAX && id.c5c_count <= SL_CHAIN_MAX);
	if (map.ptr[0] == 0xa1)
		must_be_written_again(&id, map);
	err = resolve(published(), map, SL_FOR_STATIC_DH, &first);
	if (err != SL_OK)
		return;
	/* only those two are believed: by their kid, by value, or both */
	must(id.has_kid || id.kccs.len > 0);
	must(!id.has_kid || (id.kid.len == 1 && (id.kid.ptr[0] == 0x32 || id.kid.ptr[0] == 0x2b)));
	must(id.kccs.len == 0 || sl_span_equal(id.kccs, first));
	must(sl_span_equal(first, published()->known[0].cred) ||
	        sl_span_equal(first, published()->known[1].cred));
}

/* --- CRED_x --- */

/* The key in a claims set of ours is the key again. */
static void
must_be_claimed(const struct sl_credential *c)
{
	uint8_t out[1024];
	struct sl_writer w = sl_writer_over(out, sizeof out);
	struct sl_credential again;
	enum sl_err err = sl_ccs_write(&w, sl_span_text("a"), c->kid, c->key);

	if (err == SL_ESPACE)
		return;
	must(err == SL_OK && sl_credential_decode(&again, sl_writer_span(&w)) == SL_OK);
	must(sl_pkey_equal_public(again.key, c->key) && sl_span_equal_text(again.subject, "a"));
	must(again.has_kid == (c->kid.len > 0) && sl_span_equal(again.kid, c->kid));
	sl_credential_clear(&again);
}

void
try_credential(struct sl_span cred)
{
	struct sl_pkey *key = NULL;
	struct sl_credential c;
	uint8_t name[SL_X509_MAX];
	char text[SL_NAME_TEXT_MAX];
	int64_t from = 1, to = 0;
	size_t len = 0;
	enum sl_err err;

	if (sl_cose_key_decode(&key, cred) == SL_OK)
		must(key != NULL && !sl_pkey_has_private(key));
	sl_pkey_free(key);
	if (sl_credential_decode(&c, cred) != SL_OK)
		return;
	must(c.key != NULL && !sl_pkey_has_private(c.key) && sl_span_equal(c.cred, cred));
	err = sl_credential_times(&c, &from, &to);
	must(err == SL_OK || err == SL_EMALFORMED);
	err = sl_credential_name(&c, name, sizeof name, &len);
	must((err == SL_ENOTFOUND) == (c.kind == SL_CREDENTIAL_CCS));
	if (err == SL_OK)
		must(sl_name_text(sl_span(name, len), text, sizeof text) == SL_OK);
	must_be_claimed(&c);
	sl_credential_clear(&c);
}
