/* SPDX-License-Identifier: BSD-2-Clause
 * credential: makes a CWT Claims Set around a public key (RFC 9528 section 3.5.2), certificates in
 * C509, and tells what a file of credentials holds. */
#include "files.h"
#include "work.h"

#include <sl/c509.h>
#include <sl/credential_file.h>
#include <sl/hash.h>
#include <sl/text.h>
#include <sl/x509.h>

#define KEY_FILE_MAX (16 * 1024)
#define CCS_MAX      512
#define SHORT_LEN    8 /* of SHA-256/64 */

/* --- making ---------------------------------------------------------------------------------- */

static enum sl_err
read_key(struct sl_pkey **key, const char *path, struct complaint *why)
{
	struct sl_buf text;
	enum sl_err err;

	sl_buf_init(&text, KEY_FILE_MAX);
	err = files_read_secret_path(path, &text, why);
	if (err == SL_OK) {
		err = sl_pkey_from_text(key, sl_buf_view(&text));
		if (err != SL_OK)
			err = complain(why, err, "%s: no private key that can be used here: %s",
			        path, sl_err_text(err));
	}
	sl_buf_clear(&text);
	return err;
}

static enum sl_err
make(const struct options *o, struct complaint *why)
{
	uint8_t ccs[CCS_MAX];
	struct sl_writer w = sl_writer_over(ccs, sizeof ccs);
	struct sl_pkey *key = NULL;
	enum sl_err err = read_key(&key, o->edhoc.key, why);

	if (err != SL_OK)
		return err;
	err = sl_ccs_write(&w, sl_span_text(o->subject), sl_span(o->kid, o->kid_len), key);
	if (err == SL_OK)
		err = files_create_path(o->out, 0644, sl_writer_span(&w), why);
	else
		err = complain(why, err, "%s: no claims set for this key: %s", o->edhoc.key,
		        sl_err_text(err));
	sl_pkey_free(key);
	return err;
}

/* --- reading --------------------------------------------------------------------------------- */

static enum sl_err
read_file(struct sl_credential_file *f, const char *path, struct complaint *why)
{
	struct sl_buf content;
	enum sl_err err;

	sl_buf_init(&content, SL_CREDENTIAL_FILE_MAX);
	err = files_read_path(path, &content, why);
	if (err == SL_OK) {
		err = sl_credential_file_read(f, sl_buf_view(&content));
		if (err == SL_EUNSUPPORTED)
			err = complain(why, err, "%s: a key of a type that is not used here", path);
		else if (err != SL_OK)
			err = complain(why, err,
			        "%s: neither certificates in PEM alone, nor one CWT Claims Set, "
			        "nor C509 certificates: %s",
			        path, sl_err_text(err));
	}
	sl_buf_clear(&content);
	return err;
}

/* --- encoding -------------------------------------------------------------------------------- */

static enum sl_err
encode_all(struct sl_buf *out, const struct sl_credential_file *f)
{
	uint8_t c509[SL_X509_MAX];
	size_t len = 0;
	enum sl_err err = f->kind == SL_CREDENTIAL_X509 ? SL_OK : SL_EMALFORMED;

	for (size_t i = 0; err == SL_OK && i < f->count; i++) {
		err = sl_c509_from_x509(f->items[i], SL_C509_COMPRESSED, c509, sizeof c509, &len);
		if (err == SL_OK)
			err = sl_buf_add(out, sl_span(c509, len));
	}
	return err;
}

static enum sl_err
encode(const struct options *o, struct complaint *why)
{
	struct sl_credential_file f;
	struct sl_buf out;
	enum sl_err err = read_file(&f, o->encoded, why);

	if (err != SL_OK)
		return err;
	sl_buf_init(&out, SL_CREDENTIAL_FILE_MAX);
	err = encode_all(&out, &f);
	if (err == SL_OK)
		err = files_create_path(o->out, 0644, sl_buf_view(&out), why);
	else
		err = complain(why, err, "%s: no certificates that C509 can say: %s", o->encoded,
		        sl_err_text(err));
	sl_buf_clear(&out);
	sl_credential_file_clear(&f);
	return err;
}

/* --- showing --------------------------------------------------------------------------------- */

static void
report_hex(struct report *r, const char *name, struct sl_span bytes)
{
	char text[2 * SL_HASH_MAX + 1];

	if (sl_hex_encode(text, sizeof text, bytes) == SL_OK)
		report_text(r, name, text);
	else
		r->is_broken = true;
}

static void
show_subject(struct report *r, const struct sl_credential *c)
{
	char text[SL_NAME_TEXT_MAX];
	uint8_t name[SL_X509_MAX];
	size_t len;

	if (c->kind == SL_CREDENTIAL_CCS)
		report_bytes(r, "subject", c->subject);
	else if (sl_credential_name(c, name, sizeof name, &len) == SL_OK &&
	         sl_name_text(sl_span(name, len), text, sizeof text) == SL_OK)
		report_text(r, "subject", text);
}

static void
show_validity(struct report *r, const struct sl_credential *c)
{
	struct sl_c509_cert c509;
	struct sl_cert cert;

	if (c->kind == SL_CREDENTIAL_X509 && sl_cert_decode(&cert, c->content) == SL_OK) {
		report_text(r, "issuer", cert.issuer_text);
		report_time(r, "not-before", cert.not_before);
		report_time(r, "not-after", cert.not_after);
	}
	if (c->kind == SL_CREDENTIAL_C509 && sl_c509_decode(&c509, c->content, false) == SL_OK) {
		report_number(r, "c509-type", c509.type);
		report_time(r, "not-before", c509.not_before);
		if (c509.not_after != SL_C509_NO_END)
			report_time(r, "not-after", c509.not_after);
	}
}

/* Where it is believed and revoked it goes by these. */
static void
show_hashes(struct report *r, const struct sl_credential *c)
{
	uint8_t hash[SL_SHA256_LEN];

	if (sl_sha256(c->content, hash) != SL_OK) {
		r->is_broken = true;
		return;
	}
	report_hex(r, "fingerprint", sl_span(hash, sizeof hash));
	if (c->kind != SL_CREDENTIAL_CCS)
		report_hex(
		        r, c->kind == SL_CREDENTIAL_X509 ? "x5t" : "c5t", sl_span(hash, SHORT_LEN));
}

/* The forms in which it can be sent. */
static void
show_labels(struct report *r, const struct sl_credential_file *f)
{
	static const enum sl_id_cred_label labels[] = {SL_LABEL_KID, SL_LABEL_KCCS, SL_LABEL_X5T,
	        SL_LABEL_X5CHAIN, SL_LABEL_C5T, SL_LABEL_C5C};
	char text[64] = "";
	size_t len = 0;

	for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
		struct sl_writer w = sl_writer_counting();

		if (sl_credential_file_id(f, labels[i], &w) == SL_OK)
			len += (size_t)snprintf(text + len, sizeof text - len, "%s%s",
			        len > 0 ? " " : "", sl_credential_label_name(labels[i]));
	}
	report_text(r, "send", text);
}

static void
show(struct report *r, const struct sl_credential_file *f, const struct sl_credential *c)
{
	static const char *const kinds[] = {
	        [SL_CREDENTIAL_CCS] = "CCS",
	        [SL_CREDENTIAL_X509] = "X.509",
	        [SL_CREDENTIAL_C509] = "C509",
	};

	report_text(r, "kind", kinds[c->kind]);
	show_subject(r, c);
	if (c->has_kid && c->kid.len <= SL_HASH_MAX)
		report_hex(r, "kid", c->kid);
	report_text(r, "key-type", sl_pkey_type_name(sl_pkey_type(c->key)));
	show_validity(r, c);
	if (c->kind != SL_CREDENTIAL_CCS)
		report_number(r, "certificates", f->count);
	report_number(r, "bytes", f->cred.len);
	show_hashes(r, c);
	show_labels(r, f);
}

static enum sl_err
show_file(struct work *w, struct complaint *why)
{
	struct sl_credential_file f;
	struct sl_credential c;
	enum sl_err err = read_file(&f, w->o->shown, why);

	if (err != SL_OK)
		return err;
	err = sl_credential_decode(&c, f.cred);
	if (err == SL_OK) {
		show(&w->report, &f, &c);
		sl_credential_clear(&c);
	} else {
		err = complain(why, err, "%s: %s", w->o->shown, sl_err_text(err));
	}
	sl_credential_file_clear(&f);
	return err;
}

int
credential_run(struct work *w)
{
	struct complaint why;
	enum sl_err err;

	if (w->o->shown != NULL) {
		err = show_file(w, &why);
	} else {
		err = w->o->encoded != NULL ? encode(w->o, &why) : make(w->o, &why);
		if (err == SL_OK) {
			work_report_done(w);
			report_text(&w->report, "file", w->o->out);
		}
	}
	if (err != SL_OK)
		return work_fail_because(w, &why, err == SL_EIO ? EXIT_FAILED : EXIT_CONFIGURATION);
	return work_done(w);
}
