/* SPDX-License-Identifier: BSD-2-Clause
 * This room's only door to OpenSSL: signatures of any algorithm that a foreign certificate may
 * carry, path validation (RFC 5280 section 6), PEM (RFC 7468), names as text (RFC 2253), SHA-1 of
 * a key. */
#include "parts.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include <string.h>

#define SECURITY_BITS_MIN 112
#define SECURITY_LEVEL    2 /* the library's word for 112 bits */
#define PATH_DEPTH_MAX    8

enum sl_err
sl_x509_key_id(struct sl_span spki, uint8_t out[static KEY_ID_LEN])
{
	struct sl_reader outer = sl_reader_over(spki);
	struct sl_reader in = sl_der_enter(&outer, SL_DER_SEQUENCE);
	struct sl_span bits;
	bool good;

	(void)sl_der_take(&in, SL_DER_SEQUENCE);
	bits = sl_der_read_bits(&in);
	if (sl_reader_finish(&in) != SL_OK)
		return SL_EMALFORMED;
	good = EVP_Digest(bits.ptr, bits.len, out, NULL, EVP_sha1(), NULL) == 1;
	ERR_clear_error();
	return good ? SL_OK : SL_EIO;
}

static const struct {
	const char *der; /* AlgorithmIdentifier */
	size_t len;
	const char *key; /* the library's name */
	const char *hash;
} algorithms[] = {
        /* RFC 5758 section 3.2 */
        {"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02", 12, "EC", "SHA256"},
        {"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03", 12, "EC", "SHA384"},
        {"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x04", 12, "EC", "SHA512"},
        /* RFC 8410 section 3 */
        {"\x30\x05\x06\x03\x2b\x65\x70", 7, "ED25519", NULL},
        {"\x30\x05\x06\x03\x2b\x65\x71", 7, "ED448", NULL},
        /* RFC 4055 section 5 */
        {"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00", 15, "RSA", "SHA256"},
        {"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c\x05\x00", 15, "RSA", "SHA384"},
        {"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d\x05\x00", 15, "RSA", "SHA512"},
};

#define ALGORITHM_COUNT (sizeof algorithms / sizeof algorithms[0])

static bool
verifies(const struct sl_x509_frame *frame, EVP_PKEY *key, const char *hash)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good = ctx != NULL &&
	            EVP_DigestVerifyInit_ex(ctx, NULL, hash, NULL, NULL, key, NULL) == 1 &&
	            EVP_DigestVerify(ctx, frame->signature.ptr, frame->signature.len,
	                    frame->body.ptr, frame->body.len) == 1;

	EVP_MD_CTX_free(ctx);
	return good;
}

/* The pairs of key and algorithm that we sign with ourselves, without the library's decoders. */
static bool
is_usual(const struct sl_x509_frame *frame, const struct sl_pkey *key)
{
	return sl_span_equal(frame->algorithm, sl_x509_algorithm(sl_pkey_type(key)));
}

static enum sl_err
verify_foreign(const struct sl_x509_frame *frame, struct sl_span spki)
{
	const unsigned char *at = spki.ptr;
	EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)spki.len);
	bool good = false;

	for (size_t i = 0; key != NULL && i < ALGORITHM_COUNT; i++)
		if (sl_span_equal(frame->algorithm, sl_span(algorithms[i].der, algorithms[i].len)))
			good = EVP_PKEY_is_a(key, algorithms[i].key) == 1 &&
			       EVP_PKEY_get_security_bits(key) >= SECURITY_BITS_MIN &&
			       verifies(frame, key, algorithms[i].hash);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return good ? SL_OK : SL_EAUTH;
}

enum sl_err
sl_x509_verify_frame(const struct sl_x509_frame *frame, struct sl_span spki)
{
	struct sl_pkey *key = NULL;
	enum sl_err err = sl_pkey_from_spki(&key, spki);

	if (err == SL_OK && is_usual(frame, key))
		err = sl_verify(key, frame->body, frame->signature);
	else
		err = verify_foreign(frame, spki);
	sl_pkey_free(key);
	return err;
}

/* What sl_name_from_cn makes of characters that RFC 2253 section 2.4 leaves alone. */
static bool
is_plain_cn(struct sl_span name, struct sl_span *cn)
{
	static const char plain[] = "0123456789-._: ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                            "abcdefghijklmnopqrstuvwxyz";
	struct sl_reader outer = sl_reader_over(name);
	struct sl_reader rdns = sl_der_enter(&outer, SL_DER_SEQUENCE);
	struct sl_reader rdn = sl_der_enter(&rdns, SL_DER_SET);
	struct sl_reader pair = sl_der_enter(&rdn, SL_DER_SEQUENCE);
	bool is_cn =
	        sl_span_equal(sl_der_read(&pair, SL_DER_OID), SL_DER_OID_BYTES("\x55\x04\x03"));

	*cn = sl_der_read(&pair, SL_DER_UTF8_STRING);
	if (!is_cn || sl_reader_finish(&pair) != SL_OK || sl_reader_finish(&rdn) != SL_OK ||
	        sl_reader_finish(&rdns) != SL_OK || sl_reader_finish(&outer) != SL_OK)
		return false;
	for (size_t i = 0; i < cn->len; i++)
		if (memchr(plain, cn->ptr[i], sizeof plain - 1) == NULL)
			return false;
	return cn->len > 0 && cn->ptr[0] != ' ' && cn->ptr[cn->len - 1] != ' ';
}

static enum sl_err
foreign_name_text(struct sl_span name, char *out, size_t cap)
{
	static const char cut[] = "...";
	const unsigned char *at = name.ptr;
	X509_NAME *parsed = NULL;
	BIO *bio = BIO_new(BIO_s_mem());
	enum sl_err err = SL_EMALFORMED;
	char *text = NULL;
	size_t len;

	if (bio == NULL)
		return SL_ENOMEM;
	if (name.len > 0 && name.len <= SL_X509_MAX)
		parsed = d2i_X509_NAME(NULL, &at, (long)name.len);
	if (parsed == NULL || at != name.ptr + name.len ||
	        X509_NAME_print_ex(bio, parsed, 0, XN_FLAG_RFC2253) < 0)
		goto out;
	err = SL_ESPACE;
	if (cap < sizeof cut)
		goto out;
	len = (size_t)BIO_get_mem_data(bio, &text);
	if (len < cap) {
		if (len > 0)
			memcpy(out, text, len);
		out[len] = '\0';
	} else {
		memcpy(out, text, cap - sizeof cut);
		memcpy(out + cap - sizeof cut, cut, sizeof cut);
	}
	err = SL_OK;
out:
	X509_NAME_free(parsed);
	BIO_free(bio);
	ERR_clear_error();
	return err;
}

enum sl_err
sl_name_text(struct sl_span name, char *out, size_t cap)
{
	struct sl_span cn;

	if (!is_plain_cn(name, &cn) || cap < sizeof "CN=" + cn.len)
		return foreign_name_text(name, out, cap);
	memcpy(out, "CN=", 3);
	memcpy(out + 3, cn.ptr, cn.len);
	out[3 + cn.len] = '\0';
	return SL_OK;
}

/* The library would ask the terminal for a password otherwise. */
static int
no_password(char *buf, int size, int rwflag, void *user)
{
	(void)buf, (void)size, (void)rwflag, (void)user;
	return -1;
}

enum sl_err
sl_cert_from_text(struct sl_span pem_or_der, uint8_t *out, size_t cap, size_t *len)
{
	struct sl_span der = pem_or_der;
	struct sl_x509_frame frame;
	unsigned char *bytes = NULL;
	long bytes_len = 0;
	enum sl_err err = SL_EMALFORMED;
	BIO *bio = NULL;

	if (der.len == 0 || der.len > INT_MAX)
		return SL_EMALFORMED;
	if (memmem(der.ptr, der.len, "-----BEGIN ", 11) != NULL) {
		bio = BIO_new_mem_buf(der.ptr, (int)der.len);
		if (bio == NULL)
			return SL_ENOMEM;
		if (PEM_bytes_read_bio(
		            &bytes, &bytes_len, NULL, PEM_STRING_X509, bio, no_password, NULL) != 1)
			goto out;
		der = sl_span(bytes, (size_t)bytes_len);
	}
	err = sl_x509_open_frame(&frame, der);
	if (err != SL_OK)
		goto out;
	err = SL_ESPACE;
	if (der.len > cap)
		goto out;
	memcpy(out, der.ptr, der.len);
	*len = der.len;
	err = SL_OK;
out:
	OPENSSL_free(bytes);
	BIO_free(bio);
	ERR_clear_error();
	return err;
}

enum sl_err
sl_cert_to_pem(struct sl_span der, char *out, size_t cap)
{
	struct sl_x509_frame frame;
	enum sl_err err = sl_x509_open_frame(&frame, der);
	char *text = NULL;
	BIO *bio;
	long len;

	if (err != SL_OK)
		return err;
	bio = BIO_new(BIO_s_mem());
	if (bio == NULL)
		return SL_ENOMEM;
	err = SL_EIO;
	if (PEM_write_bio(bio, PEM_STRING_X509, "", der.ptr, (long)der.len) <= 0)
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

/* NULL when it is no certificate by our reading or the library's. */
static X509 *
to_library(struct sl_span der)
{
	const unsigned char *at = der.ptr;
	struct sl_x509_frame frame;

	if (sl_x509_open_frame(&frame, der) != SL_OK)
		return NULL;
	return d2i_X509(NULL, &at, (long)der.len);
}

static STACK_OF(X509) * to_stack(const struct sl_span *certs, size_t count)
{
	STACK_OF(X509) *stack = sk_X509_new_null();

	for (size_t i = 0; stack != NULL && i < count; i++) {
		X509 *cert = to_library(certs[i]);

		if (cert == NULL || sk_X509_push(stack, cert) <= 0) {
			X509_free(cert);
			sk_X509_pop_free(stack, X509_free);
			return NULL;
		}
	}
	return stack;
}

static bool
has_path(X509 *leaf, STACK_OF(X509) * anchors, STACK_OF(X509) * helpers, int64_t now)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	/* an anchor need not be self-signed (RFC 5280 section 6.1.1) */
	unsigned long flags = X509_V_FLAG_PARTIAL_CHAIN;
	X509_VERIFY_PARAM *param;
	bool good = false;

	if (ctx == NULL || X509_STORE_CTX_init(ctx, NULL, leaf, helpers) != 1)
		goto out;
	X509_STORE_CTX_set0_trusted_stack(ctx, anchors);
	param = X509_STORE_CTX_get0_param(ctx);
	if (now < 0)
		flags |= X509_V_FLAG_NO_CHECK_TIME;
	else
		X509_VERIFY_PARAM_set_time(param, (time_t)now);
	X509_VERIFY_PARAM_set_depth(param, PATH_DEPTH_MAX);
	X509_VERIFY_PARAM_set_auth_level(param, SECURITY_LEVEL);
	good = X509_VERIFY_PARAM_set_flags(param, flags) == 1 && X509_verify_cert(ctx) == 1;
out:
	X509_STORE_CTX_free(ctx);
	return good;
}

enum sl_err
sl_cert_verify_path(struct sl_span leaf, const struct sl_cert_path *path)
{
	X509 *cert = to_library(leaf);
	STACK_OF(X509) *anchors = to_stack(path->anchors, path->anchor_count);
	STACK_OF(X509) *helpers = to_stack(path->helpers, path->helper_count);
	enum sl_err err = SL_EMALFORMED;

	if (cert != NULL && anchors != NULL && helpers != NULL)
		err = has_path(cert, anchors, helpers, path->now) ? SL_OK : SL_EAUTH;
	X509_free(cert);
	sk_X509_pop_free(anchors, X509_free);
	sk_X509_pop_free(helpers, X509_free);
	ERR_clear_error();
	return err;
}
