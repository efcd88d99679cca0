/* SPDX-License-Identifier: BSD-2-Clause
 * What sealift-est init --edhoc makes: a static DH key that is referred to by kid (RFC 9528 method 3), and a signature
 * key in a certificate for an EST server (method 0, RFC 7030 section 3.6.1). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sl/credentials.h>
#include <sl/hash.h>
#include <sl/wipe.h>

#include "admin.h"
#include "audit.h"
#include "ca.h"
#include "files.h"
#include "key_file.h"
#include "trust_name.h"

#define PEM_MAX    4096
#define CCS_MAX    256
#define KID_LEN    2
#define BACKDATE_S 300

/* The authority as its files have it. */
struct issuer {
	struct sl_pkey *key;
	uint8_t der[STORE_CERT_MAX];
	struct sl_cert cert;
	char name[POLICY_IDENTITY_MAX + 1]; /* its CN, or ours */
};

static enum sl_err
load_issuer(struct issuer *issuer, const struct config *config)
{
	struct sl_buf text;
	size_t len = 0;
	const char *why;
	enum sl_err err = key_file_read(&issuer->key, config->ca.key, &why);

	sl_buf_init(&text, PEM_MAX);
	if (!err)
		err = files_read(&text, config->ca.certificate, FILES_PUBLIC);
	if (!err)
		err = sl_cert_from_text(sl_buf_view(&text), issuer->der, sizeof issuer->der, &len);
	sl_buf_clear(&text);
	if (!err)
		err = sl_cert_decode(&issuer->cert, sl_span(issuer->der, len));
	if (!err && trust_name_fill(issuer->name, "{common-name}", issuer->cert.subject))
		snprintf(issuer->name, sizeof issuer->name, "Sealift CA");
	return err;
}

/* A new key, in a file. */
static int
make_key(struct sl_pkey **key, const char *file)
{
	char pem[PEM_MAX] = "";
	enum sl_err err = sl_pkey_generate(key, SL_PKEY_P256);

	if (!err)
		err = sl_pkey_to_pem(*key, pem, sizeof pem);
	if (err)
		return admin_failed(file, err);
	err = files_write_new(file, sl_span_text(pem), FILES_MODE_SECRET);
	sl_wipe(pem, sizeof pem);
	return err ? admin_complain_file(file, err) : EXIT_SUCCESS;
}

static int
make_static_dh(const struct issuer *issuer, const char *key_file, const char *ccs_file)
{
	uint8_t ccs[CCS_MAX], kid[KID_LEN];
	struct sl_writer w = sl_writer_over(ccs, sizeof ccs);
	struct sl_pkey *key = NULL;
	int status = make_key(&key, key_file);
	enum sl_err err = status == EXIT_SUCCESS ? sl_random(kid, sizeof kid) : SL_OK;

	if (status != EXIT_SUCCESS)
		goto out;
	if (!err)
		err = sl_ccs_write(&w, sl_span_text(issuer->name), sl_span(kid, sizeof kid), key);
	if (err) {
		status = admin_failed(ccs_file, err);
		goto out;
	}
	err = files_write_new(ccs_file, sl_writer_span(&w), FILES_MODE_PUBLIC);
	if (err)
		status = admin_complain_file(ccs_file, err);
out:
	sl_pkey_free(key);
	return status;
}

/* As long as the authority itself: nobody renews it. */
static enum sl_err
make_certificate(const struct issuer *issuer, const struct sl_pkey *key, uint8_t *out, size_t *len)
{
	uint8_t subject[POLICY_DN_MAX];
	struct sl_cert_params params = {
	        .issuer_cert = issuer->cert.der,
	        .issuer_key = issuer->key,
	        .not_before = admin_now() - BACKDATE_S,
	        .not_after = issuer->cert.not_after,
	        .key_usage = SL_KU_DIGITAL_SIGNATURE,
	        .ext_cmc_ra = true,
	};
	char name[POLICY_IDENTITY_MAX + sizeof " EST"];
	size_t subject_len = 0;
	enum sl_err err;

	snprintf(name, sizeof name, "%s EST", issuer->name);
	err = sl_name_from_cn(name, subject, sizeof subject, &subject_len);
	if (err == SL_EMALFORMED) /* longer than a CN may be */
		err = sl_name_from_cn("EST", subject, sizeof subject, &subject_len);
	params.subject = sl_span(subject, subject_len);
	return err ? err : admin_make_certificate(&params, key, out, len);
}

/* The authority signed it, so the chain knows it. */
static enum sl_err
write_audit(const struct config *config, struct sl_span der)
{
	char text[STORE_AUDIT_MAX];
	struct audit_line line =
	        audit_line_over(text, sizeof text, "server-certificate", admin_now());
	struct store_audit audit = {.time = admin_now(), .line = text};
	struct store *store = NULL;
	uint8_t hash[32];
	struct sl_cert cert;
	enum sl_err err = sl_cert_decode(&cert, der);

	if (!err)
		err = sl_sha256(der, hash);
	if (err)
		return err;
	audit_line_hex(&line, "serial", cert.serial);
	audit_line_text(&line, "subject", cert.subject_text);
	audit_line_number(&line, "not-after", cert.not_after);
	audit_line_hex(&line, "sha256", sl_span(hash, sizeof hash));
	err = audit_line_finish(&line);
	if (!err)
		err = store_open(&store, config->store, STORE_USE);
	if (!err)
		err = store_audit_append(store, &audit);
	store_close(store);
	return err;
}

static int
make_signature(const struct issuer *issuer, const struct config *config, const char *key_file,
        const char *pem_file)
{
	uint8_t der[STORE_CERT_MAX];
	char pem[PEM_MAX];
	struct sl_pkey *key = NULL;
	size_t len = 0;
	int status = make_key(&key, key_file);
	enum sl_err err;

	if (status != EXIT_SUCCESS)
		goto out;
	err = make_certificate(issuer, key, der, &len);
	if (!err)
		err = sl_cert_to_pem(sl_span(der, len), pem, sizeof pem);
	if (!err)
		err = write_audit(config, sl_span(der, len));
	if (err) {
		status = admin_failed(pem_file, err);
		goto out;
	}
	err = files_write_new(pem_file, sl_span_text(pem), FILES_MODE_PUBLIC);
	if (err)
		status = admin_complain_file(pem_file, err);
out:
	sl_pkey_free(key);
	return status;
}

int
admin_make_edhoc(const struct config *config, const char *dir)
{
	static const char *const names[] = {
	        "edhoc-dh.key", "edhoc-dh.ccs", "edhoc-sign.key", "edhoc-sign.pem"};
	char files[4][CONFIG_PATH_MAX + 1];
	struct issuer issuer = {.key = NULL};
	int status = EXIT_SUCCESS;
	enum sl_err err;

	for (size_t i = 0; i < 4; i++) {
		int len = snprintf(files[i], sizeof files[i], "%s/%s", dir, names[i]);

		if (len < 0 || (size_t)len >= sizeof files[i])
			return admin_failed(dir, SL_ESPACE);
	}
	err = load_issuer(&issuer, config);
	if (err)
		status = admin_failed(config->ca.certificate, err);
	if (status == EXIT_SUCCESS)
		status = make_static_dh(&issuer, files[0], files[1]);
	if (status == EXIT_SUCCESS)
		status = make_signature(&issuer, config, files[2], files[3]);
	sl_pkey_free(issuer.key);
	return status;
}
