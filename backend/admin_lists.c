/* SPDX-License-Identifier: BSD-2-Clause
 * sealift-est list-contexts, disable-context, list-certs, show-cert: what is in the store. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sl/text.h>

#include "admin.h"
#include "args.h"
#include "audit.h"

struct listing {
	bool is_json;
	size_t rows;
	int64_t now;
	struct store_filter filter; /* of certificates */
};

typedef enum sl_err (*list_each)(struct store *store, struct listing *listing);

/* A row each, as an array with --json. */
static int
list(const char *config, struct listing *listing, list_each each)
{
	struct admin admin;
	enum sl_err err;
	int status = admin_open(&admin, config);

	if (status != EXIT_SUCCESS)
		return status;
	if (listing->is_json)
		printf("[");
	err = each(admin.store, listing);
	if (listing->is_json)
		printf("\n]\n");
	if (err)
		status = admin_failed(admin.config.store, err);
	admin_close(&admin);
	return status;
}

/* --- contexts -------------------------------------------------------------------------------- */

static enum sl_err
on_context(void *arg, const struct store_context *c)
{
	struct listing *listing = arg;
	char kid[2 * SL_OSCORE_ID_MAX + 1], id_context[2 * SL_OSCORE_ID_CONTEXT_MAX + 1] = "-";
	char when[32], text[STORE_AUDIT_MAX];
	enum sl_err err =
	        sl_hex_encode(kid, sizeof kid, sl_span(c->recipient_id.bytes, c->recipient_id.len));

	if (!err && c->has_id_context)
		err = sl_hex_encode(
		        id_context, sizeof id_context, sl_span(c->id_context, c->id_context_len));
	if (err)
		return err;
	audit_json_text(text, sizeof text, c->identity);
	admin_time_text(c->created, when);
	if (listing->is_json)
		printf("%s\n  {\"context\": %lld, \"identity\": %s, \"profile\": \"%s\", \"kid\": "
		       "\"%s\", "
		       "\"id-context\": \"%s\", \"created\": \"%s\", \"state\": \"%s\"}",
		        listing->rows ? "," : "", (long long)c->id, text, c->profile, kid,
		        c->has_id_context ? id_context : "", when,
		        c->is_disabled ? "disabled" : "enabled");
	else
		printf("%lld\t%s\t%s\t%s\t%s\t%s\t%s\n", (long long)c->id,
		        c->is_disabled ? "disabled" : "enabled", when, c->profile, kid, id_context,
		        c->identity);
	listing->rows++;
	return SL_OK;
}

static enum sl_err
each_context(struct store *store, struct listing *listing)
{
	return store_contexts_each(store, 0, on_context, listing);
}

int
admin_list_contexts(int argc, char **argv)
{
	const char *config = NULL;
	struct listing listing = {0};
	const struct arg args[] = {{"-c", .value = &config, .is_needed = true},
	        {"--json", .flag = &listing.is_json}, {0}};

	return args_take(argc, argv, args, NULL) ? list(config, &listing, each_context)
	                                         : EXIT_USAGE;
}

static int
disable(struct admin *admin, int64_t id)
{
	char text[STORE_AUDIT_MAX];
	struct audit_line line =
	        audit_line_over(text, sizeof text, "context-disabled", admin_now());
	struct store_audit audit = {.time = admin_now(), .line = text};
	enum sl_err err;

	audit_line_number(&line, "context", id);
	err = audit_line_finish(&line);
	if (!err)
		err = store_context_disable(admin->store, id);
	if (err == SL_ENOTFOUND) {
		fprintf(stderr, "sealift-est disable-context: no context %lld\n", (long long)id);
		return EXIT_FAILURE;
	}
	if (!err)
		err = store_audit_append(admin->store, &audit);
	if (err)
		return admin_failed(admin->config.store, err);
	printf("context %lld disabled\n", (long long)id);
	return EXIT_SUCCESS;
}

int
admin_disable_context(int argc, char **argv)
{
	const char *config = NULL, *id_text = NULL;
	const struct arg args[] = {{"-c", .value = &config, .is_needed = true}, {0}};
	const struct args_rest rest = {.words = &id_text, .want = 1};
	struct admin admin;
	uint64_t id = 0;
	int status;

	if (!args_take(argc, argv, args, &rest))
		return EXIT_USAGE;
	if (sl_parse_uint(&id, sl_span_text(id_text), INT64_MAX)) {
		fprintf(stderr, "sealift-est disable-context: a number from list-contexts\n");
		return EXIT_USAGE;
	}
	status = admin_open(&admin, config);
	if (status == EXIT_SUCCESS)
		status = disable(&admin, (int64_t)id);
	admin_close(&admin);
	return status;
}

/* --- certificates ---------------------------------------------------------------------------- */

static const char *
state_of(const struct store_certificate *c, int64_t now)
{
	if (c->status == STORE_REVOKED)
		return "revoked";
	return c->not_after <= now ? "expired" : "valid";
}

static enum sl_err
on_certificate(void *arg, const struct store_certificate *c)
{
	struct listing *listing = arg;
	char serial[2 * SL_SERIAL_MAX + 1], until[32], text[STORE_AUDIT_MAX];
	enum sl_err err = sl_hex_encode(serial, sizeof serial, sl_span(c->serial, c->serial_len));

	if (err)
		return err;
	audit_json_text(text, sizeof text, c->identity);
	admin_time_text(c->not_after, until);
	if (listing->is_json)
		printf("%s\n  {\"serial\": \"%s\", \"identity\": %s, \"profile\": \"%s\", "
		       "\"not-after\": \"%s\", \"state\": \"%s\"}",
		        listing->rows ? "," : "", serial, text, c->profile, until,
		        state_of(c, listing->now));
	else
		printf("%s\t%s\t%s\t%s\t%s\n", serial, state_of(c, listing->now), until, c->profile,
		        c->identity);
	listing->rows++;
	return SL_OK;
}

static enum sl_err
each_certificate(struct store *store, struct listing *listing)
{
	return store_certificates_each(store, &listing->filter, on_certificate, listing);
}

int
admin_list_certs(int argc, char **argv)
{
	const char *config = NULL;
	struct listing listing = {.now = admin_now()};
	const struct arg args[] = {{"-c", .value = &config, .is_needed = true},
	        {"--identity", .value = &listing.filter.identity},
	        {"--json", .flag = &listing.is_json}, {0}};

	return args_take(argc, argv, args, NULL) ? list(config, &listing, each_certificate)
	                                         : EXIT_USAGE;
}

static int
show(const struct store_certificate *c, bool is_pem)
{
	char pem[2 * STORE_CERT_MAX], from[32], until[32], when[32];
	struct sl_cert seen;
	enum sl_err err = sl_cert_decode(&seen, sl_span(c->der, c->der_len));

	if (!err)
		err = sl_cert_to_pem(sl_span(c->der, c->der_len), pem, sizeof pem);
	if (err)
		return admin_failed("certificate", err);
	if (!is_pem) {
		printf("identity: %s\nprofile: %s\nsubject: %s\nissuer: %s\nkey: %s\n", c->identity,
		        c->profile, seen.subject_text, seen.issuer_text,
		        sl_pkey_type_name(seen.key_type));
		printf("not before: %s\nnot after: %s\nstate: %s\n",
		        admin_time_text(c->not_before, from), admin_time_text(c->not_after, until),
		        state_of(c, admin_now()));
		if (c->status == STORE_REVOKED)
			printf("revoked: %s, reason %d\n", admin_time_text(c->revoked_at, when),
			        c->reason);
	}
	printf("%s", pem);
	return EXIT_SUCCESS;
}

int
admin_show_cert(int argc, char **argv)
{
	const char *config = NULL, *serial_text = NULL;
	bool is_pem = false;
	const struct arg args[] = {
	        {"-c", .value = &config, .is_needed = true}, {"--pem", .flag = &is_pem}, {0}};
	const struct args_rest rest = {.words = &serial_text, .want = 1};
	struct store_certificate found;
	uint8_t serial[SL_SERIAL_MAX];
	struct admin admin;
	size_t len = 0;
	int status;

	if (!args_take(argc, argv, args, &rest))
		return EXIT_USAGE;
	if (sl_hex_decode(serial, sizeof serial, &len, sl_span_text(serial_text))) {
		fprintf(stderr, "sealift-est show-cert: a serial number from list-certs\n");
		return EXIT_USAGE;
	}
	status = admin_open(&admin, config);
	if (status == EXIT_SUCCESS) {
		enum sl_err err = store_certificate_get(admin.store, sl_span(serial, len), &found);

		status = err ? admin_failed(serial_text, err) : show(&found, is_pem);
	}
	admin_close(&admin);
	return status;
}
