/* SPDX-License-Identifier: BSD-2-Clause */
#include "credentials.h"

#include <sl/text.h>
#include <sl/x509.h>

#include <string.h>

#define KEY_TEXT_MAX  (8 * 1024)
#define CHALLENGE_MAX 64 /* of a binding of up to 45 bytes */

/* What the new request must say, from the command or from the certificate that it renews. */
struct wanted {
	uint8_t subject[SL_NAME_TEXT_MAX];
	size_t subject_len;
	uint8_t alt_name[1024];
	size_t alt_name_len;
	char challenge[CHALLENGE_MAX + 1]; /* "": none */
	bool new_key;
};

enum sl_err
credentials_load(const struct keystore *ks, enum keystore_item item, struct certs *list,
        struct complaint *why)
{
	struct sl_buf text;
	enum sl_err err;

	certs_clear(list);
	sl_buf_init(&text, KEYSTORE_FILE_MAX);
	err = keystore_read(ks, item, &text, why);
	if (err == SL_OK) {
		err = certs_from_pem(list, sl_buf_view(&text));
		if (err != SL_OK)
			err = complain(why, err, "%s: not a list of PEM certificates",
			        keystore_name(item));
	}
	sl_buf_clear(&text);
	return err;
}

static enum sl_err
load_key(const struct keystore *ks, enum keystore_item item, struct sl_pkey **key,
        struct complaint *why)
{
	struct sl_buf text;
	enum sl_err err;

	sl_buf_init(&text, KEY_TEXT_MAX);
	err = keystore_read(ks, item, &text, why);
	if (err == SL_OK) {
		err = sl_pkey_from_text(key, sl_buf_view(&text));
		if (err != SL_OK)
			err = complain(why, err, "%s: not a private key", keystore_name(item));
	}
	sl_buf_clear(&text);
	return err;
}

static enum sl_err
copy(uint8_t *out, size_t cap, size_t *len, struct sl_span from)
{
	if (from.len > cap)
		return SL_ELIMIT;
	if (from.len > 0)
		memcpy(out, from.ptr, from.len);
	*len = from.len;
	return SL_OK;
}

/* RFC 7030 section 4.2.2: subject and subjectAltName stay as they are. */
static enum sl_err
want_same_names(struct wanted *w, const struct keystore *ks, struct complaint *why)
{
	struct certs list;
	struct sl_cert cert;
	enum sl_err err;

	certs_init(&list);
	err = credentials_load(ks, KEYSTORE_CERT, &list, why);
	if (err == SL_ENOTFOUND)
		err = complain(why, err, "there is no certificate to renew; use enroll");
	if (err == SL_OK)
		err = sl_cert_decode(&cert, certs_at(&list, 0));
	if (err == SL_OK)
		err = copy(w->subject, sizeof w->subject, &w->subject_len, cert.subject);
	if (err == SL_OK)
		err = copy(
		        w->alt_name, sizeof w->alt_name, &w->alt_name_len, cert.subject_alt_name);
	certs_clear(&list);
	return err;
}

/* RFC 4648 section 4, with padding. */
static enum sl_err
want_binding(struct wanted *w, struct sl_span binding)
{
	enum sl_err err = sl_base64url_encode(w->challenge, sizeof w->challenge - 2, binding);
	size_t len = err == SL_OK ? strlen(w->challenge) : 0;

	for (size_t i = 0; i < len; i++)
		if (w->challenge[i] == '-')
			w->challenge[i] = '+';
		else if (w->challenge[i] == '_')
			w->challenge[i] = '/';
	while (len % 4 != 0)
		w->challenge[len++] = '=';
	w->challenge[len] = '\0';
	return err;
}

static enum sl_err
find_wanted(struct wanted *w, const struct keystore *ks, const struct credentials_wish *wish,
        struct complaint *why)
{
	w->alt_name_len = 0;
	w->new_key = wish->operation == ENROL_SEN || wish->is_rekey;
	if (want_binding(w, wish->binding) != SL_OK)
		return complain(why, SL_EMALFORMED, "binding: too long");
	if (wish->operation == ENROL_SREN)
		return want_same_names(w, ks, why);
	if (sl_name_from_cn(wish->common_name, w->subject, sizeof w->subject, &w->subject_len) !=
	        SL_OK)
		return complain(why, SL_EMALFORMED,
		        "cn: \"%s\" cannot be a CommonName (1 to 64 characters)",
		        wish->common_name);
	return SL_OK;
}

static enum sl_err
spki_of(struct credentials_request *request, const struct sl_pkey *key)
{
	return sl_pkey_to_spki(key, request->spki, sizeof request->spki, &request->spki_len);
}

static bool
says_the_same(
        const struct sl_csr *csr, const struct wanted *w, const struct credentials_request *request)
{
	return sl_span_equal(csr->subject, sl_span(w->subject, w->subject_len)) &&
	       sl_span_equal(csr->subject_alt_name, sl_span(w->alt_name, w->alt_name_len)) &&
	       sl_span_equal(csr->spki, sl_span(request->spki, request->spki_len)) &&
	       csr->has_challenge == (w->challenge[0] != '\0') &&
	       (!csr->has_challenge || strcmp(csr->challenge, w->challenge) == 0) &&
	       sl_csr_verify(csr) == SL_OK;
}

/* The CSR of a run that was cut, when it is still what we would say: the server then knows it
 * again. */
static bool
resume_csr(const struct keystore *ks, const struct wanted *w, struct credentials_request *request)
{
	struct complaint ignored;
	struct sl_buf der;
	struct sl_csr csr;
	bool is_same;

	sl_buf_init(&der, ENROL_CSR_MAX);
	is_same = keystore_read(ks, KEYSTORE_PENDING_CSR, &der, &ignored) == SL_OK &&
	          sl_csr_decode(&csr, sl_buf_view(&der)) == SL_OK &&
	          says_the_same(&csr, w, request) &&
	          copy(request->csr, sizeof request->csr, &request->csr_len, sl_buf_view(&der)) ==
	                  SL_OK;
	sl_buf_clear(&der);
	return is_same;
}

static enum sl_err
make_key(struct keystore *ks, enum sl_pkey_type type, struct sl_pkey **key)
{
	char pem[KEY_TEXT_MAX];
	enum sl_err err = sl_pkey_generate(key, type);

	if (err == SL_OK)
		err = sl_pkey_to_pem(*key, pem, sizeof pem);
	if (err == SL_OK)
		err = keystore_write(ks, KEYSTORE_PENDING_KEY, sl_span_text(pem));
	sl_wipe(pem, sizeof pem);
	return err;
}

/* The key that the request will be about. Without a new key wanted, a pending one must be gone
 * before a certificate can come, or it would replace the key that the certificate is for. */
static enum sl_err
choose_key(struct keystore *ks, const struct wanted *w, enum sl_pkey_type type,
        struct sl_pkey **key, struct complaint *why)
{
	enum sl_err err;

	if (!w->new_key) {
		err = keystore_remove(ks, KEYSTORE_PENDING_KEY);
		return err == SL_OK ? load_key(ks, KEYSTORE_KEY, key, why) : err;
	}
	if (keystore_has(ks, KEYSTORE_PENDING_KEY) &&
	        load_key(ks, KEYSTORE_PENDING_KEY, key, why) == SL_OK) {
		if (type == 0 || sl_pkey_type(*key) == type)
			return SL_OK;
		sl_pkey_free(*key);
		*key = NULL;
	}
	err = keystore_remove(ks, KEYSTORE_PENDING_CSR);
	if (err == SL_OK)
		err = make_key(ks, type == 0 ? SL_PKEY_P256 : type, key);
	return err;
}

static enum sl_err
make_csr(struct keystore *ks, const struct wanted *w, const struct sl_pkey *key,
        struct credentials_request *request)
{
	struct sl_csr_params params = {
	        .key = key,
	        .subject = sl_span(w->subject, w->subject_len),
	        .subject_alt_name = sl_span(w->alt_name, w->alt_name_len),
	        .challenge = w->challenge[0] != '\0' ? w->challenge : NULL,
	};
	enum sl_err err =
	        sl_csr_make(&params, request->csr, sizeof request->csr, &request->csr_len);

	if (err == SL_OK)
		err = keystore_write(
		        ks, KEYSTORE_PENDING_CSR, sl_span(request->csr, request->csr_len));
	return err;
}

enum sl_err
credentials_prepare(struct keystore *ks, const struct credentials_wish *wish,
        struct credentials_request *request, struct complaint *why)
{
	struct wanted w;
	struct sl_pkey *key = NULL;
	enum sl_err err = find_wanted(&w, ks, wish, why);

	if (err != SL_OK)
		return err;
	why->text[0] = '\0';
	err = choose_key(ks, &w, wish->key_type, &key, why);
	if (err == SL_OK)
		err = spki_of(request, key);
	if (err != SL_OK)
		goto out;
	request->is_resumed = resume_csr(ks, &w, request);
	if (!request->is_resumed)
		err = make_csr(ks, &w, key, request);
out:
	sl_pkey_free(key);
	if (err != SL_OK && why->text[0] == '\0')
		err = complain(why, err, "cannot prepare key and request: %s", sl_err_text(err));
	return err;
}

enum sl_err
credentials_forget(struct keystore *ks)
{
	enum sl_err err = keystore_remove(ks, KEYSTORE_PENDING_CSR);

	return err == SL_OK ? keystore_remove(ks, KEYSTORE_PENDING_KEY) : err;
}

static enum sl_err
to_pem(const struct certs *list, struct sl_buf *pem)
{
	sl_buf_init(pem, KEYSTORE_FILE_MAX);
	return certs_to_pem(list, pem);
}

enum sl_err
credentials_keep_anchors(struct keystore *ks, const struct certs *anchors)
{
	struct sl_buf pem;
	enum sl_err err = to_pem(anchors, &pem);

	if (err == SL_OK)
		err = keystore_write(ks, KEYSTORE_ANCHORS, sl_buf_view(&pem));
	sl_buf_clear(&pem);
	return err;
}

enum sl_err
credentials_keep_cert(struct keystore *ks, const struct certs *issued)
{
	struct sl_buf pem;
	enum sl_err err = to_pem(issued, &pem);

	if (err == SL_OK)
		err = keystore_adopt(ks, sl_buf_view(&pem));
	sl_buf_clear(&pem);
	return err;
}

static enum sl_err
check_key(const struct keystore *ks, const struct certs *certs, struct complaint *why)
{
	struct credentials_request own;
	struct sl_pkey *key = NULL;
	enum sl_err err = load_key(ks, KEYSTORE_KEY, &key, why);
	size_t at;

	if (err == SL_OK)
		err = spki_of(&own, key);
	if (err == SL_OK &&
	        (certs_find_key(certs, sl_span(own.spki, own.spki_len), &at) != SL_OK || at != 0))
		err = complain(why, SL_EAUTH, "cert.pem is not for the key in key.pem");
	sl_pkey_free(key);
	return err;
}

static enum sl_err
check_path(
        const struct certs *certs, const struct certs *anchors, int64_t now, struct complaint *why)
{
	struct sl_span trusted[CERTS_MAX], helpers[CERTS_MAX];
	struct sl_cert_path path = {.anchors = trusted, .helpers = helpers, .now = now};

	path.anchor_count = certs_spans(anchors, trusted);
	path.helper_count = certs_spans(certs, helpers);
	if (sl_cert_verify_path(certs_at(certs, 0), &path) != SL_OK)
		return complain(why, SL_EAUTH,
		        "cert.pem has no valid path to anchors.pem (expired, or another "
		        "authority)");
	return SL_OK;
}

enum sl_err
credentials_check(const struct keystore *ks, int64_t now, struct complaint *why)
{
	struct certs certs, anchors;
	enum sl_err err;

	certs_init(&certs);
	certs_init(&anchors);
	err = credentials_load(ks, KEYSTORE_CERT, &certs, why);
	if (err == SL_OK)
		err = check_key(ks, &certs, why);
	if (err == SL_OK)
		err = credentials_load(ks, KEYSTORE_ANCHORS, &anchors, why);
	if (err == SL_OK)
		err = check_path(&certs, &anchors, now, why);
	certs_clear(&certs);
	certs_clear(&anchors);
	return err;
}
