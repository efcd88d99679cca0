/* SPDX-License-Identifier: BSD-2-Clause
 * sealift-est check, revoke, policy test, audit verify. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sl/text.h>

#include "admin.h"
#include "args.h"
#include "audit.h"
#include "ca.h"
#include "files.h"
#include "trust.h"

#define CSR_FILE_MAX (2 * POLICY_CSR_MAX)

int
admin_check(int argc, char **argv)
{
	const char *file = NULL;
	const struct arg args[] = {{"-c", .value = &file, .is_needed = true}, {0}};
	char message[CONFIG_MESSAGE_MAX];
	struct config config;

	if (!args_take(argc, argv, args, NULL))
		return EXIT_USAGE;
	if (config_load(&config, file, message) || ca_check(&config, admin_now(), message) ||
	        trust_check(&config, admin_now(), message)) {
		fprintf(stderr, "%s\n", message);
		return EXIT_USAGE;
	}
	printf("%s: ok\n", file);
	return EXIT_SUCCESS;
}

/* --- revoke ---------------------------------------------------------------------------------- */

/* RFC 5280 section 5.3.1; those that an issuer of device certificates can mean. */
static const struct {
	const char *name;
	int code;
} reasons[] = {
        {"unspecified", 0},
        {"key-compromise", 1},
        {"affiliation-changed", 3},
        {"superseded", 4},
        {"cessation-of-operation", 5},
        {"privilege-withdrawn", 9},
};

struct revoke {
	const char *config, *reason, *serial_text;
	bool keep_contexts;
	uint8_t serial[SL_SERIAL_MAX];
	size_t serial_len;
	int code;
};

static bool
take_revoke(struct revoke *wish)
{
	for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
		if (strcmp(wish->reason, reasons[i].name) != 0)
			continue;
		wish->code = reasons[i].code;
		if (sl_hex_decode(wish->serial, sizeof wish->serial, &wish->serial_len,
		            sl_span_text(wish->serial_text)) == SL_OK)
			return true;
		fprintf(stderr, "sealift-est revoke: a serial number from list-certs\n");
		return false;
	}
	fprintf(stderr, "sealift-est revoke: --reason is one of");
	for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
		fprintf(stderr, " %s", reasons[i].name);
	fprintf(stderr, "\n");
	return false;
}

static enum sl_err
revoke(struct store *store, const struct revoke *wish, const char *identity)
{
	char text[STORE_AUDIT_MAX];
	struct audit_line line = audit_line_over(text, sizeof text, "revoked", admin_now());
	struct store_revocation revocation = {
	        .serial = sl_span(wish->serial, wish->serial_len),
	        .reason = wish->code,
	        .when = admin_now(),
	        .audit = {.time = admin_now(), .line = text},
	};
	enum sl_err err;

	audit_line_hex(&line, "serial", revocation.serial);
	audit_line_text(&line, "identity", identity);
	audit_line_text(&line, "reason", wish->reason);
	err = audit_line_finish(&line);
	return err ? err : store_revoke(store, &revocation);
}

static enum sl_err
disable_contexts(struct store *store, const char *identity, size_t *count)
{
	char text[STORE_AUDIT_MAX];
	struct audit_line line =
	        audit_line_over(text, sizeof text, "contexts-disabled", admin_now());
	struct store_audit audit = {.time = admin_now(), .line = text};
	enum sl_err err = store_contexts_disable(store, identity, count);

	if (err)
		return err;
	audit_line_text(&line, "identity", identity);
	audit_line_number(&line, "count", (int64_t)*count);
	err = audit_line_finish(&line);
	return err ? err : store_audit_append(store, &audit);
}

/* A device that lost its certificate does not get another one with the same context. The contexts come
 * first: what is cut in between can be run again, and the device is shut out already. */
static int
revoke_and_disable(struct admin *admin, const struct revoke *wish)
{
	bool keeps = wish->keep_contexts || strcmp(wish->reason, "superseded") == 0;
	struct store_certificate found;
	size_t count = 0;
	enum sl_err err = store_certificate_get(
	        admin->store, sl_span(wish->serial, wish->serial_len), &found);

	if (err)
		return admin_failed(wish->serial_text, err);
	if (found.status == STORE_REVOKED) {
		fprintf(stderr, "sealift-est revoke: %s is revoked already\n", wish->serial_text);
		return EXIT_FAILURE;
	}
	if (!keeps)
		err = disable_contexts(admin->store, found.identity, &count);
	if (err)
		return admin_failed(found.identity, err);
	if (!keeps)
		printf("contexts of %s disabled: %zu\n", found.identity, count);
	err = revoke(admin->store, wish, found.identity);
	if (err)
		return admin_failed(wish->serial_text, err);
	printf("certificate %s of %s revoked\n", wish->serial_text, found.identity);
	return EXIT_SUCCESS;
}

int
admin_revoke(int argc, char **argv)
{
	struct revoke wish = {0};
	const struct arg args[] = {{"-c", .value = &wish.config, .is_needed = true},
	        {"--reason", .value = &wish.reason, .is_needed = true},
	        {"--keep-contexts", .flag = &wish.keep_contexts}, {0}};
	const struct args_rest rest = {.words = &wish.serial_text, .want = 1};
	struct admin admin;
	int status;

	if (!args_take(argc, argv, args, &rest) || !take_revoke(&wish))
		return EXIT_USAGE;
	status = admin_open(&admin, wish.config);
	if (status == EXIT_SUCCESS)
		status = revoke_and_disable(&admin, &wish);
	admin_close(&admin);
	return status;
}

/* --- policy test ----------------------------------------------------------------------------- */

/* PEM armour off: the base64 between the lines, in the alphabet that we have. */
static enum sl_err
unarmour(const char *text, uint8_t *out, size_t cap, size_t *len)
{
	const char *begin = strstr(text, "-----BEGIN "), *end;
	char digits[CSR_FILE_MAX];
	size_t n = 0;

	begin = begin ? strchr(begin, '\n') : NULL;
	end = begin ? strstr(begin, "-----END ") : NULL;
	if (!end)
		return SL_EMALFORMED;
	for (; begin < end; begin++) {
		if (strchr("\r\n =", *begin))
			continue;
		if (n == sizeof digits)
			return SL_ESPACE;
		digits[n++] = (char)(*begin == '+' ? '-' : *begin == '/' ? '_' : *begin);
	}
	return sl_base64url_decode(out, cap, len, sl_span(digits, n));
}

static enum sl_err
read_csr(const char *file, uint8_t *out, size_t cap, size_t *len)
{
	struct sl_buf text;
	enum sl_err err;

	sl_buf_init(&text, CSR_FILE_MAX);
	err = files_read(&text, file, FILES_PUBLIC);
	if (!err && text.len > 0 && text.bytes[0] == 0x30) {
		*len = text.len;
		err = text.len <= cap ? SL_OK : SL_ELIMIT;
		if (!err)
			memcpy(out, text.bytes, text.len);
	} else if (!err) {
		err = sl_buf_add(&text, sl_span("", 1));
		if (!err)
			err = unarmour((const char *)text.bytes, out, cap, len);
	}
	sl_buf_clear(&text);
	return err;
}

static enum sl_err
authority_end(const struct config *config, int64_t *not_after)
{
	uint8_t der[STORE_CERT_MAX];
	struct sl_cert cert;
	struct sl_buf text;
	size_t len = 0;
	enum sl_err err;

	sl_buf_init(&text, CSR_FILE_MAX);
	err = files_read(&text, config->ca.certificate, FILES_PUBLIC);
	if (!err)
		err = sl_cert_from_text(sl_buf_view(&text), der, sizeof der, &len);
	if (!err)
		err = sl_cert_decode(&cert, sl_span(der, len));
	sl_buf_clear(&text);
	if (!err)
		*not_after = cert.not_after;
	return err;
}

static void
print_grant(const struct policy_ask *ask, const struct policy_grant *grant)
{
	char name[SL_NAME_TEXT_MAX] = "?", from[32], until[32], san[2 * POLICY_SAN_MAX + 1];

	if (sl_name_text(sl_span(grant->subject, grant->subject_len), name, sizeof name))
		name[0] = '\0';
	printf("would issue: profile %s, identity %s\n", ask->profile->name, ask->identity);
	printf("subject: %s\nkey: %s\n", name, sl_pkey_type_name(grant->csr.key_type));
	printf("not before: %s\nnot after: %s\n", admin_time_text(grant->not_before, from),
	        admin_time_text(grant->not_after, until));
	printf("key usage:%s%s\nextended key usage:%s%s\n",
	        grant->key_usage & SL_KU_DIGITAL_SIGNATURE ? " digitalSignature" : "",
	        grant->key_usage & SL_KU_KEY_AGREEMENT ? " keyAgreement" : "",
	        grant->client_auth ? " clientAuth" : "", grant->server_auth ? " serverAuth" : "");
	if (grant->subject_alt_name_len > 0 &&
	        sl_hex_encode(san, sizeof san,
	                sl_span(grant->subject_alt_name, grant->subject_alt_name_len)) == SL_OK)
		printf("subjectAltName (DER): %s\n", san);
}

struct trial {
	const char *config, *profile, *identity;
	const char *words[2];
	bool is_renewal;
};

/* The identity that nobody named: the CN, when the subject is nothing else. */
static bool
identity_of(const struct trial *trial, struct sl_span csr, char out[static POLICY_IDENTITY_MAX + 1])
{
	struct sl_csr seen;
	const char *name = trial->identity;

	if (!name && sl_csr_decode(&seen, csr) == SL_OK &&
	        strncmp(seen.subject_text, "CN=", 3) == 0 && !strchr(seen.subject_text, ','))
		name = seen.subject_text + 3;
	if (!name || !policy_identity_is_fine(name)) {
		fprintf(stderr, "sealift-est policy test: give --identity\n");
		return false;
	}
	memcpy(out, name, strlen(name) + 1);
	return true;
}

static int
try_policy(const struct config *config, const struct trial *trial)
{
	uint8_t csr[POLICY_CSR_MAX + 1];
	char identity[POLICY_IDENTITY_MAX + 1];
	struct policy_ask ask = {.is_renewal = trial->is_renewal, .now = admin_now()};
	struct policy_grant grant;
	const char *reason = "";
	size_t len = 0;
	enum sl_err err = read_csr(trial->words[1], csr, sizeof csr, &len);

	if (err)
		return admin_failed(trial->words[1], err);
	err = authority_end(config, &ask.ca_not_after);
	if (err)
		return admin_failed(config->ca.certificate, err);
	ask.csr = sl_span(csr, len);
	ask.identity = identity;
	ask.profile = trial->profile ? config_profile(config, trial->profile) : config->profiles;
	if (!ask.profile) {
		fprintf(stderr, "sealift-est policy test: no profile %s\n", trial->profile);
		return EXIT_USAGE;
	}
	if (!identity_of(trial, ask.csr, identity))
		return EXIT_USAGE;
	switch (policy_check(&ask, &grant, &reason)) {
	case POLICY_PASS:
		print_grant(&ask, &grant);
		return EXIT_SUCCESS;
	case POLICY_BAD_REQUEST:
		printf("would refuse with 4.00: %s\n", reason);
		break;
	case POLICY_FORBIDDEN:
		printf("would refuse with 4.03: %s\n", reason);
		break;
	case POLICY_FAILED:
		printf("would fail with 5.00: %s\n", reason);
	}
	return EXIT_FAILURE;
}

int
admin_policy(int argc, char **argv)
{
	struct trial trial = {0};
	const struct arg args[] = {{"-c", .value = &trial.config, .is_needed = true},
	        {"--profile", .value = &trial.profile}, {"--identity", .value = &trial.identity},
	        {"--renewal", .flag = &trial.is_renewal}, {0}};
	const struct args_rest rest = {.words = trial.words, .want = 2};
	char message[CONFIG_MESSAGE_MAX];
	struct config config;

	if (!args_take(argc, argv, args, &rest))
		return EXIT_USAGE;
	if (strcmp(trial.words[0], "test") != 0) {
		fprintf(stderr, "sealift-est policy: test FILE.csr\n");
		return EXIT_USAGE;
	}
	if (config_load(&config, trial.config, message)) {
		fprintf(stderr, "%s\n", message);
		return EXIT_USAGE;
	}
	return try_policy(&config, &trial);
}

/* --- audit verify ---------------------------------------------------------------------------- */

/* "SEQ:HEX", as printed by an earlier run. */
static bool
take_pin(struct audit_pin *pin, const char *text)
{
	size_t digits = strcspn(text, ":"), len = 0;

	return text[digits] == ':' &&
	       sl_parse_uint(&pin->seq, sl_span(text, digits), INT64_MAX) == SL_OK &&
	       pin->seq > 0 &&
	       sl_hex_decode(pin->hash, sizeof pin->hash, &len, sl_span_text(text + digits + 1)) ==
	               SL_OK &&
	       len == sizeof pin->hash;
}

static int
verify(struct admin *admin, const struct audit_pin *pin)
{
	char head[2 * AUDIT_HASH_LEN + 1] = "";
	struct audit_verdict verdict;
	enum sl_err err = audit_verify(admin->store, pin, &verdict);

	if (err && verdict.reason) {
		fprintf(stderr, "audit chain broken at line %llu: %s\n",
		        (unsigned long long)verdict.broken_at, verdict.reason);
		return EXIT_FAILURE;
	}
	if (!err)
		err = sl_hex_encode(head, sizeof head, sl_span(verdict.head, sizeof verdict.head));
	if (err)
		return admin_failed(admin->config.store, err);
	printf("lines: %llu\ncertificates: %llu\nhead: %llu:%s\n", (unsigned long long)verdict.rows,
	        (unsigned long long)verdict.certificates, (unsigned long long)verdict.rows, head);
	return EXIT_SUCCESS;
}

int
admin_audit(int argc, char **argv)
{
	const char *config = NULL, *head = NULL, *word = NULL;
	const struct arg args[] = {
	        {"-c", .value = &config, .is_needed = true}, {"--head", .value = &head}, {0}};
	const struct args_rest rest = {.words = &word, .want = 1};
	struct audit_pin pin = {0};
	struct admin admin;
	int status;

	if (!args_take(argc, argv, args, &rest))
		return EXIT_USAGE;
	if (strcmp(word, "verify") != 0 || (head && !take_pin(&pin, head))) {
		fprintf(stderr, "sealift-est audit: verify [--head NUMBER:HEX]\n");
		return EXIT_USAGE;
	}
	status = admin_open(&admin, config);
	if (status == EXIT_SUCCESS)
		status = verify(&admin, &pin);
	admin_close(&admin);
	return status;
}
