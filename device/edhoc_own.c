/* SPDX-License-Identifier: BSD-2-Clause */
#include "edhoc_setup.h"

#include "names.h"

#include <sl/text.h>
#include <sl/x509.h>

#include <stdio.h>
#include <string.h>

#define ID_CRED_MAX (SL_CREDENTIAL_FILE_MAX + 256)

void
edhoc_own_init(struct edhoc_own *own)
{
	memset(own, 0, sizeof *own);
	sl_buf_init(&own->file.bytes, SL_CREDENTIAL_FILE_MAX);
	sl_buf_init(&own->id_cred, ID_CRED_MAX);
}

void
edhoc_own_clear(struct edhoc_own *own)
{
	sl_pkey_free(own->key);
	sl_credential_file_clear(&own->file);
	sl_buf_clear(&own->id_cred);
	edhoc_own_init(own);
}

static enum sl_err
take_key(struct edhoc_own *own, struct sl_span text, struct complaint *why)
{
	enum sl_err err = sl_pkey_from_text(&own->key, text);

	return err == SL_OK ? err : complain(why, err, "key: not a private key in PEM");
}

static enum sl_err
check_pair(const struct edhoc_own *own, struct complaint *why)
{
	struct sl_credential c;
	enum sl_err err = sl_credential_decode(&c, own->file.cred);
	bool is_pair;

	if (err != SL_OK)
		return complain(why, err, "credential: its key is not of a kind of ours");
	is_pair = sl_pkey_equal_public(c.key, own->key);
	sl_credential_clear(&c);
	return is_pair ? SL_OK
	               : complain(why, SL_EAUTH, "credential: it is about another key than key");
}

static enum sl_id_cred_label
shortest_label(const struct sl_credential_file *file)
{
	struct sl_writer w = sl_writer_counting();

	if (file->kind == SL_CREDENTIAL_X509)
		return SL_LABEL_X5T;
	if (file->kind == SL_CREDENTIAL_C509)
		return SL_LABEL_C5T;
	return sl_credential_file_id(file, SL_LABEL_KID, &w) == SL_OK ? SL_LABEL_KID
	                                                              : SL_LABEL_KCCS;
}

static enum sl_err
take_id_cred(struct edhoc_own *own, enum sl_id_cred_label label, struct complaint *why)
{
	uint8_t bytes[ID_CRED_MAX];
	struct sl_writer w = sl_writer_over(bytes, sizeof bytes);
	enum sl_err err = sl_credential_file_id(&own->file, label, &w);

	if (err != SL_OK)
		return complain(why, err, "send: the credential cannot be shown as %s",
		        sl_credential_label_name(label));
	err = sl_buf_add(&own->id_cred, sl_writer_span(&w));
	return err == SL_OK ? err : complain(why, err, "no memory");
}

/* The file is read already. */
static enum sl_err
complete(struct edhoc_own *own, struct sl_span key, const enum sl_id_cred_label *send,
        struct complaint *why)
{
	enum sl_err err = take_key(own, key, why);

	if (err == SL_OK)
		err = check_pair(own, why);
	if (err == SL_OK)
		err = take_id_cred(own, send != NULL ? *send : shortest_label(&own->file), why);
	own->credential = (struct sl_edhoc_credential){
	        .id_cred = sl_buf_view(&own->id_cred), .cred = own->file.cred, .key = own->key};
	return err;
}

enum sl_err
edhoc_own_load(struct edhoc_own *own, struct sl_span key, struct sl_span credential,
        const enum sl_id_cred_label *send, struct complaint *why)
{
	enum sl_err err = sl_credential_file_read(&own->file, credential);

	if (err != SL_OK)
		err = complain(why, err,
		        "credential: neither certificates in PEM, nor a CCS, nor C509 (%s)",
		        sl_err_text(err));
	else
		err = complete(own, key, send, why);
	if (err != SL_OK)
		edhoc_own_clear(own);
	return err;
}

/* --- the enrolled certificate ----------------------------------------------------------------- */

static enum sl_err
check_use(const struct edhoc_own *own, const struct edhoc_own_enrolled *enrolled)
{
	bool signs = enrolled->method == 0 || enrolled->method == 1;
	unsigned need = signs ? SL_KU_DIGITAL_SIGNATURE : SL_KU_KEY_AGREEMENT;
	struct sl_cert cert;
	enum sl_err err = sl_cert_decode(&cert, own->file.items[0]);

	if (err != SL_OK)
		return err;
	if (cert.has_key_usage && (cert.key_usage & need) == 0)
		return SL_EAUTH;
	if (enrolled->now >= 0 &&
	        (enrolled->now < cert.not_before || enrolled->now > cert.not_after))
		return SL_EAUTH;
	return SL_OK;
}

enum sl_err
edhoc_own_load_enrolled(
        struct edhoc_own *own, const struct edhoc_own_enrolled *enrolled, struct complaint *why)
{
	static const enum sl_id_cred_label by_value = SL_LABEL_X5CHAIN;
	enum sl_err err = sl_credential_file_read(&own->file, enrolled->certificate);

	if (err == SL_OK)
		err = check_use(own, enrolled);
	if (err != SL_OK) {
		err = complain(
		        why, err, "the enrolled certificate is of no use: %s", sl_err_text(err));
	} else {
		own->file.count = 1; /* who issued it knows the rest */
		err = complete(own, enrolled->key, &by_value, why);
	}
	if (err != SL_OK)
		edhoc_own_clear(own);
	return err;
}

/* --- what can be done with it ----------------------------------------------------------------- */

bool
edhoc_own_fits(const struct edhoc_own *own, int method, const int64_t *suites, size_t count)
{
	bool signs = method == 0 || method == 1;

	for (size_t i = 0; i < count; i++) {
		const struct sl_edhoc_suite *suite = sl_edhoc_suite(suites[i]);
		enum sl_pkey_type need = signs ? suite->signature : suite->ecdh;

		if (sl_pkey_type(own->key) != need)
			return false;
	}
	return true;
}

enum sl_err
edhoc_own_identity(const struct edhoc_own *own, char identity[static PROVISIONING_IDENTITY_MAX + 1])
{
	uint8_t name[SL_NAME_TEXT_MAX];
	struct sl_credential c;
	struct sl_span text = {NULL, 0};
	size_t len;
	enum sl_err err = sl_credential_decode(&c, own->file.cred);

	if (err != SL_OK)
		return SL_ENOTFOUND;
	if (c.kind == SL_CREDENTIAL_CCS)
		text = c.subject;
	else if (sl_credential_name(&c, name, sizeof name, &len) != SL_OK ||
	         names_common_name(sl_span(name, len), &text) != SL_OK)
		text.len = 0;
	if (text.len == 0 || text.len > PROVISIONING_IDENTITY_MAX || !sl_is_plain_utf8(text))
		err = SL_ENOTFOUND;
	else
		snprintf(identity, PROVISIONING_IDENTITY_MAX + 1, "%.*s", (int)text.len,
		        (const char *)text.ptr);
	sl_credential_clear(&c);
	return err;
}
