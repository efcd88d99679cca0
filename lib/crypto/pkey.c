/* SPDX-License-Identifier: BSD-2-Clause
 * Keys in and out: PKCS#8 (RFC 5958), SEC1 and PEM (RFC 7468), SubjectPublicKeyInfo (RFC 5280
 * section 4.1, RFC 5480, RFC 8410). Raw forms: raw.c. */
#include "key.h"

#include <sl/wipe.h>
#include <sl/writer.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <string.h>

static const struct sl_pkey_kind kinds[] = {
        {SL_PKEY_P256, "p256", "EC", "prime256v1", "SHA256", SL_PKEY_SIGNS | SL_PKEY_AGREES, 32,
                "\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01"
                "\x07",
                21, "3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420"},
        {SL_PKEY_P384, "p384", "EC", "secp384r1", "SHA384", SL_PKEY_SIGNS | SL_PKEY_AGREES, 48,
                "\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22", 18,
                "304e020100301006072a8648ce3d020106052b81040022043730350201010430"},
        {SL_PKEY_ED25519, "ed25519", "ED25519", NULL, NULL, SL_PKEY_SIGNS, 32,
                "\x30\x05\x06\x03\x2b\x65\x70", 7, "302e020100300506032b657004220420"},
        {SL_PKEY_X25519, "x25519", "X25519", NULL, NULL, SL_PKEY_AGREES, 32,
                "\x30\x05\x06\x03\x2b\x65\x6e", 7, "302e020100300506032b656e04220420"},
        {SL_PKEY_ED448, "ed448", "ED448", NULL, NULL, SL_PKEY_SIGNS, 57,
                "\x30\x05\x06\x03\x2b\x65\x71", 7, "3047020100300506032b6571043b0439"},
        {SL_PKEY_X448, "x448", "X448", NULL, NULL, SL_PKEY_AGREES, 56,
                "\x30\x05\x06\x03\x2b\x65\x6f", 7, "3046020100300506032b656f043a0438"},
};

#define KIND_COUNT (sizeof kinds / sizeof kinds[0])

const struct sl_pkey_kind *
sl_pkey_kind(enum sl_pkey_type type)
{
	for (size_t i = 0; i < KIND_COUNT; i++)
		if (kinds[i].type == type)
			return &kinds[i];
	return NULL;
}

const char *
sl_pkey_type_name(enum sl_pkey_type type)
{
	const struct sl_pkey_kind *kind = sl_pkey_kind(type);

	return kind == NULL ? "other" : kind->name;
}

enum sl_pkey_type
sl_pkey_type_by_name(const char *name)
{
	for (size_t i = 0; name != NULL && i < KIND_COUNT; i++)
		if (strcmp(kinds[i].name, name) == 0)
			return kinds[i].type;
	return (enum sl_pkey_type)0;
}

static enum sl_pkey_type
type_of(EVP_PKEY *evp)
{
	char group[32] = "";
	bool is_ec = EVP_PKEY_is_a(evp, "EC") == 1;

	if (is_ec)
		(void)EVP_PKEY_get_group_name(evp, group, sizeof group, NULL);
	for (size_t i = 0; i < KIND_COUNT; i++)
		if (is_ec ? kinds[i].group != NULL && strcmp(kinds[i].group, group) == 0
		          : EVP_PKEY_is_a(evp, kinds[i].library_type) == 1)
			return kinds[i].type;
	return SL_PKEY_OTHER;
}

/* RFC 5480 sections 2.1.1 and 2.2: the curve is named, and the point is not in hybrid form. From
 * here on the key writes itself with an uncompressed point. */
static enum sl_err
normalise_ec(EVP_PKEY *evp)
{
	char form[32] = "";
	int is_explicit = 0;

	if (EVP_PKEY_get_int_param(
	            evp, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &is_explicit) != 1 ||
	        is_explicit != 0)
		return SL_EMALFORMED;
	if (EVP_PKEY_get_utf8_string_param(evp, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, form,
	            sizeof form, NULL) != 1 ||
	        strcmp(form, "hybrid") == 0)
		return SL_EMALFORMED;
	if (EVP_PKEY_set_utf8_string_param(
	            evp, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "uncompressed") != 1)
		return SL_EIO;
	return SL_OK;
}

/* A public point is on its curve and not at infinity; a private scalar is in range and its own. */
static enum sl_err
check(EVP_PKEY *evp, bool has_private)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, evp, NULL);
	bool good;

	if (ctx == NULL)
		return SL_ENOMEM;
	good = has_private ? EVP_PKEY_check(ctx) == 1 : EVP_PKEY_public_check_quick(ctx) == 1;
	EVP_PKEY_CTX_free(ctx);
	return good ? SL_OK : SL_EMALFORMED;
}

/* Takes evp, also on failure. */
static enum sl_err
take(struct sl_pkey **key, EVP_PKEY *evp, bool has_private)
{
	enum sl_err err = SL_OK;
	enum sl_pkey_type type = type_of(evp);

	if (type == SL_PKEY_OTHER && has_private)
		err = SL_EUNSUPPORTED;
	else if (EVP_PKEY_is_a(evp, "EC") == 1)
		err = normalise_ec(evp);
	if (err == SL_OK && type != SL_PKEY_OTHER)
		err = check(evp, has_private);
	if (err == SL_OK)
		return sl_pkey_wrap(key, evp, type, has_private, sl_span(NULL, 0));
	EVP_PKEY_free(evp);
	ERR_clear_error();
	return err;
}

bool
sl_pkey_is_available(enum sl_pkey_type type)
{
	const struct sl_pkey_kind *kind = sl_pkey_kind(type);
	EVP_PKEY *evp = NULL;

	if (kind != NULL)
		evp = EVP_PKEY_Q_keygen(NULL, NULL, kind->library_type, kind->group);
	EVP_PKEY_free(evp);
	ERR_clear_error();
	return evp != NULL;
}

enum sl_err
sl_pkey_generate(struct sl_pkey **key, enum sl_pkey_type type)
{
	const struct sl_pkey_kind *kind = sl_pkey_kind(type);
	EVP_PKEY *evp;

	if (kind == NULL)
		return SL_EUNSUPPORTED;
	evp = sl_pkey_make(kind);
	if (evp == NULL) {
		ERR_clear_error();
		return SL_EIO;
	}
	return sl_pkey_wrap(key, evp, type, true, sl_span(NULL, 0));
}

enum sl_err
sl_pkey_from_pkcs8(struct sl_pkey **key, struct sl_span der)
{
	const unsigned char *at = der.ptr;
	PKCS8_PRIV_KEY_INFO *info = NULL;
	EVP_PKEY *evp = NULL;

	if (der.len > 0 && der.len <= LONG_MAX)
		info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)der.len);
	if (info == NULL || at != der.ptr + der.len) {
		PKCS8_PRIV_KEY_INFO_free(info);
		ERR_clear_error();
		return SL_EMALFORMED;
	}
	evp = EVP_PKCS82PKEY(info);
	PKCS8_PRIV_KEY_INFO_free(info);
	ERR_clear_error();
	return evp == NULL ? SL_EMALFORMED : take(key, evp, true);
}

/* The library would ask the terminal for a password otherwise. */
static int
no_password(char *buf, int size, int rwflag, void *user)
{
	(void)buf, (void)size, (void)rwflag, (void)user;
	return -1;
}

static enum sl_err
from_pem(struct sl_pkey **key, struct sl_span pem)
{
	BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
	EVP_PKEY *evp;

	if (bio == NULL)
		return SL_ENOMEM;
	evp = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
	BIO_free(bio);
	ERR_clear_error();
	return evp == NULL ? SL_EMALFORMED : take(key, evp, true);
}

static enum sl_err
from_sec1(struct sl_pkey **key, struct sl_span der)
{
	const unsigned char *at = der.ptr;
	EVP_PKEY *evp = d2i_PrivateKey(EVP_PKEY_EC, NULL, &at, (long)der.len);

	ERR_clear_error();
	if (evp != NULL && at != der.ptr + der.len) {
		EVP_PKEY_free(evp);
		evp = NULL;
	}
	return evp == NULL ? SL_EMALFORMED : take(key, evp, true);
}

enum sl_err
sl_pkey_from_text(struct sl_pkey **key, struct sl_span pem_or_der)
{
	static const char begin[] = "-----BEGIN ";
	enum sl_err err;

	if (pem_or_der.len == 0 || pem_or_der.len > INT_MAX)
		return SL_EMALFORMED;
	if (memmem(pem_or_der.ptr, pem_or_der.len, begin, sizeof begin - 1) != NULL)
		return from_pem(key, pem_or_der);
	err = sl_pkey_from_pkcs8(key, pem_or_der);
	return err == SL_EMALFORMED ? from_sec1(key, pem_or_der) : err;
}

enum sl_err
sl_pkey_to_pkcs8(const struct sl_pkey *key, uint8_t *out, size_t cap, size_t *len)
{
	enum sl_err err = SL_EIO;
	PKCS8_PRIV_KEY_INFO *info;
	unsigned char *der = NULL;
	int der_len = -1;

	if (!key->has_private)
		return SL_EUNSUPPORTED;
	info = EVP_PKEY2PKCS8(key->evp);
	if (info != NULL)
		der_len = i2d_PKCS8_PRIV_KEY_INFO(info, &der);
	if (der_len <= 0)
		goto out;
	err = SL_ESPACE;
	if ((size_t)der_len > cap)
		goto out;
	memcpy(out, der, (size_t)der_len);
	*len = (size_t)der_len;
	err = SL_OK;
out:
	OPENSSL_clear_free(der, der_len > 0 ? (size_t)der_len : 0);
	PKCS8_PRIV_KEY_INFO_free(info);
	ERR_clear_error();
	return err;
}

enum sl_err
sl_pkey_to_pem(const struct sl_pkey *key, char *out, size_t cap)
{
	enum sl_err err = SL_EIO;
	BIO *bio;
	char *text = NULL;
	long len;

	if (!key->has_private)
		return SL_EUNSUPPORTED;
	bio = BIO_new(BIO_s_mem()); /* wiped when freed */
	if (bio == NULL)
		return SL_ENOMEM;
	if (PEM_write_bio_PKCS8PrivateKey(bio, key->evp, NULL, NULL, 0, no_password, NULL) != 1)
		goto out;
	len = BIO_get_mem_data(bio, &text);
	err = SL_ESPACE;
	if (len <= 0 || (size_t)len >= cap)
		goto out;
	memcpy(out, text, (size_t)len);
	out[len] = '\0';
	err = SL_OK;
out:
	BIO_free(bio);
	ERR_clear_error();
	return err;
}

/* Why a SubjectPublicKeyInfo gave no key: its algorithm or curve is not ours, or it is broken. */
static enum sl_err
why_no_key(X509_PUBKEY *info)
{
	ASN1_OBJECT *algorithm = NULL;
	X509_ALGOR *whole = NULL;
	const void *curve = NULL;
	int kind = 0, nid;

	if (X509_PUBKEY_get0_param(&algorithm, NULL, NULL, &whole, info) != 1)
		return SL_EMALFORMED;
	nid = OBJ_obj2nid(algorithm);
	if (nid == NID_ED25519 || nid == NID_X25519 || nid == NID_ED448 || nid == NID_X448 ||
	        nid == NID_rsaEncryption)
		return SL_EMALFORMED;
	if (nid != NID_X9_62_id_ecPublicKey)
		return SL_EUNSUPPORTED;
	X509_ALGOR_get0(NULL, &kind, &curve, whole);
	if (kind != V_ASN1_OBJECT)
		return SL_EMALFORMED;
	nid = OBJ_obj2nid(curve);
	return nid == NID_X9_62_prime256v1 || nid == NID_secp384r1 ? SL_EMALFORMED
	                                                           : SL_EUNSUPPORTED;
}

/* A key of ours has one spelling per point form: what the library writes is what came in. */
static bool
is_canonical(EVP_PKEY *evp, struct sl_span der)
{
	unsigned char *again = NULL;
	int len;
	bool same;

	if (type_of(evp) == SL_PKEY_OTHER)
		return true;
	len = i2d_PUBKEY(evp, &again);
	same = len > 0 && sl_span_equal(sl_span(again, (size_t)len), der);
	OPENSSL_free(again);
	return same;
}

/* The library's way, for what is not the one frame of our types: it says why. */
static enum sl_err
from_foreign_spki(struct sl_pkey **key, struct sl_span der)
{
	enum sl_err err = SL_EMALFORMED;
	const unsigned char *at = der.ptr;
	X509_PUBKEY *info = NULL;
	EVP_PKEY *evp = NULL;

	if (der.len > 0 && der.len <= LONG_MAX)
		info = d2i_X509_PUBKEY(NULL, &at, (long)der.len);
	if (info == NULL || at != der.ptr + der.len)
		goto out;
	evp = X509_PUBKEY_get(info); /* a reference of our own */
	if (evp == NULL)
		err = why_no_key(info);
	else if (is_canonical(evp, der))
		err = SL_OK;
out:
	X509_PUBKEY_free(info);
	ERR_clear_error();
	if (err == SL_OK)
		return take(key, evp, false);
	EVP_PKEY_free(evp);
	return err;
}

/* The frame around the key bytes is one fixed string for each of our types. */
static const struct sl_pkey_kind *
open_frame(struct sl_span der, struct sl_span *bytes)
{
	for (size_t i = 0; i < KIND_COUNT; i++) {
		const struct sl_pkey_kind *kind = &kinds[i];
		size_t head = 2 + kind->algorithm_len + 3, len = der.len - 2;

		if (der.len <= head || der.len > SPKI_MAX ||
		        memcmp(der.ptr + 2, kind->algorithm, kind->algorithm_len) != 0)
			continue;
		*bytes = sl_span(der.ptr + head, der.len - head);
		return der.ptr[0] == 0x30 && der.ptr[1] == len && der.ptr[head - 3] == 0x03 &&
		                       der.ptr[head - 2] == bytes->len + 1 && der.ptr[head - 1] == 0
		               ? kind
		               : NULL;
	}
	return NULL;
}

enum sl_err
sl_pkey_from_spki(struct sl_pkey **key, struct sl_span der)
{
	struct sl_span bytes;
	const struct sl_pkey_kind *kind = open_frame(der, &bytes);

	if (kind != NULL && sl_pkey_from_bytes(key, kind, bytes) == SL_OK)
		return SL_OK;
	return from_foreign_spki(key, der);
}

enum sl_err
sl_pkey_spki_type(struct sl_span der, enum sl_pkey_type *type)
{
	struct sl_span bytes;
	const struct sl_pkey_kind *kind = open_frame(der, &bytes);
	struct sl_pkey *key = NULL;
	enum sl_err err;

	if (kind != NULL && sl_pkey_is_point(kind, bytes)) {
		*type = kind->type;
		return SL_OK;
	}
	err = sl_pkey_from_spki(&key, der);
	if (err == SL_OK)
		*type = key->type;
	sl_pkey_free(key);
	return err;
}

static enum sl_err
to_foreign_spki(const struct sl_pkey *key, uint8_t *out, size_t cap, size_t *len)
{
	enum sl_err err = SL_OK;
	unsigned char *der = NULL;
	int der_len = i2d_PUBKEY(key->evp, &der);

	ERR_clear_error();
	if (der_len <= 0)
		return SL_EIO;
	if ((size_t)der_len > cap) {
		err = SL_ESPACE;
	} else {
		memcpy(out, der, (size_t)der_len);
		*len = (size_t)der_len;
	}
	OPENSSL_free(der);
	return err;
}

enum sl_err
sl_pkey_to_spki(const struct sl_pkey *key, uint8_t *out, size_t cap, size_t *len)
{
	const struct sl_pkey_kind *kind = sl_pkey_kind(key->type);
	struct sl_writer w = sl_writer_over(out, cap);
	size_t form;

	if (kind == NULL)
		return to_foreign_spki(key, out, cap, len);
	form = kind->group != NULL ? 1 : 0;
	if (cap < 2 + kind->algorithm_len + 3 + form + key->raw_len)
		return SL_ESPACE;
	sl_write_u8(&w, 0x30);
	sl_write_u8(&w, (uint8_t)(kind->algorithm_len + 3 + form + key->raw_len)); /* below 128 */
	sl_write_span(&w, sl_span(kind->algorithm, kind->algorithm_len));
	sl_write_u8(&w, 0x03);
	sl_write_u8(&w, (uint8_t)(1 + form + key->raw_len));
	sl_write_u8(&w, 0);
	if (form != 0)
		sl_write_u8(&w, 0x04);
	sl_write_span(&w, sl_span(key->raw, key->raw_len));
	*len = w.len;
	return SL_OK;
}

void
sl_pkey_free(struct sl_pkey *key)
{
	if (key == NULL)
		return;
	EVP_PKEY_free(key->evp); /* clears the private part */
	OPENSSL_clear_free(key, sizeof *key);
}

enum sl_pkey_type
sl_pkey_type(const struct sl_pkey *key)
{
	return key->type;
}

bool
sl_pkey_has_private(const struct sl_pkey *key)
{
	return key->has_private;
}

bool
sl_pkey_equal_public(const struct sl_pkey *a, const struct sl_pkey *b)
{
	bool same;

	if (a->type != SL_PKEY_OTHER)
		return a->type == b->type &&
		       sl_span_equal(sl_span(a->raw, a->raw_len), sl_span(b->raw, b->raw_len));
	same = EVP_PKEY_eq(a->evp, b->evp) == 1;
	ERR_clear_error();
	return same;
}
