/* SPDX-License-Identifier: BSD-2-Clause
 * The SQLite store's certificates and intents. A serial number enters the table of intents before
 * anything is signed and never leaves it. */
#include "store_sqlite.h"

#include <string.h>

static void
bind_head(struct query *q, const struct store_certificate *c)
{
	bind_blob(q, sl_span(c->serial, c->serial_len));
	bind_text(q, c->identity);
	bind_text(q, c->profile);
	bind_blob(q, sl_span(c->spki_hash, sizeof c->spki_hash));
	bind_blob(q, sl_span(c->request_key, sizeof c->request_key));
	bind_blob(q, sl_span(c->issuer_hash, sizeof c->issuer_hash));
	bind_int(q, c->issued_at);
	bind_int(q, c->not_before);
	bind_int(q, c->not_after);
}

static void
read_head(struct query *q, struct store_certificate *c)
{
	memset(c, 0, sizeof *c);
	c->serial_len = read_blob(q, c->serial, sizeof c->serial);
	read_text(q, c->identity, sizeof c->identity);
	read_text(q, c->profile, sizeof c->profile);
	if (read_blob(q, c->spki_hash, sizeof c->spki_hash) != sizeof c->spki_hash ||
	        read_blob(q, c->request_key, sizeof c->request_key) != sizeof c->request_key ||
	        read_blob(q, c->issuer_hash, sizeof c->issuer_hash) != sizeof c->issuer_hash)
		query_fail(q);
	c->issued_at = read_int(q);
	c->not_before = read_int(q);
	c->not_after = read_int(q);
	c->der_len = read_blob(q, c->der, sizeof c->der);
}

static void
read_certificate(struct query *q, struct store_certificate *c)
{
	read_head(q, c);
	c->status = (enum store_status)read_int(q);
	c->reason = (int)read_int(q);
	c->revoked_at = read_int(q);
}

static void
bind_optional(struct query *q, const uint8_t *hash)
{
	if (hash)
		bind_blob(q, sl_span(hash, 32));
	else
		bind_null(q);
}

/* The one with an index for what the filter says. */
static enum statement
statement_for(const struct store_filter *filter)
{
	if (filter->request_key)
		return SQL_CERTIFICATES_OF_REQUEST;
	if (filter->spki_hash)
		return SQL_CERTIFICATES_OF_KEY;
	return filter->identity ? SQL_CERTIFICATES_OF_IDENTITY : SQL_CERTIFICATES_ALL;
}

enum sl_err
store_certificates_each(struct store *store, const struct store_filter *filter,
        store_certificate_visit visit, void *arg)
{
	struct store_certificate certificate;
	struct query q;
	enum sl_err err, stopped = SL_OK;

	store_lock(store);
	q = query_look(store, statement_for(filter));
	bind_text(&q, filter->identity);
	bind_optional(&q, filter->spki_hash);
	bind_optional(&q, filter->request_key);
	while (!stopped && query_step(&q)) {
		read_certificate(&q, &certificate);
		stopped = query_has_row(&q) ? visit(arg, &certificate) : SL_EIO;
	}
	err = query_end(&q);
	store_unlock(store);
	return stopped ? stopped : err;
}

static enum sl_err
get_certificate(struct query q, struct sl_span serial, struct store_certificate *certificate)
{
	bool is_there;
	enum sl_err err;

	bind_blob(&q, serial);
	is_there = query_step(&q);
	if (is_there)
		read_certificate(&q, certificate);
	err = query_end(&q);
	return !err && !is_there ? SL_ENOTFOUND : err;
}

enum sl_err
store_certificate_get(
        struct store *store, struct sl_span serial, struct store_certificate *certificate)
{
	struct store_certificate got;
	enum sl_err err;

	store_lock(store);
	err = get_certificate(query_look(store, SQL_CERTIFICATE_GET), serial, &got);
	store_unlock(store);
	if (!err)
		*certificate = got;
	return err;
}

enum sl_err
store_last_issued(struct store *store, int64_t *when)
{
	struct query q;
	int64_t got = 0;
	enum sl_err err;

	store_lock(store);
	q = query_look(store, SQL_LAST_ISSUED);
	if (query_step(&q))
		got = read_int(&q);
	err = query_end(&q);
	store_unlock(store);
	if (!err)
		*when = got;
	return err;
}

enum sl_err
store_serial_reserve(struct store *store, const struct store_certificate *certificate)
{
	struct query q;
	enum sl_err err = store_begin(store);

	if (err)
		return err;
	q = query_begin(store, SQL_SERIAL_RESERVE);
	bind_head(&q, certificate);
	return store_end(store, query_run(&q));
}

enum sl_err
store_intent_put(struct store *store, const struct store_certificate *certificate)
{
	struct query q;
	enum sl_err err = store_begin(store);

	if (err)
		return err;
	q = query_begin(store, SQL_INTENT_PUT);
	bind_blob(&q, sl_span(certificate->der, certificate->der_len));
	bind_int(&q, certificate->not_before);
	bind_int(&q, certificate->not_after);
	bind_blob(&q, sl_span(certificate->serial, certificate->serial_len));
	err = query_run(&q);
	if (!err && store_changes(store) != 1)
		err = SL_ENOTFOUND;
	return store_end(store, err);
}

enum sl_err
store_intents_open(struct store *store, store_intent_visit visit, void *arg)
{
	struct store_intent intent;
	struct query q;
	enum sl_err err, stopped = SL_OK;

	store_lock(store);
	q = query_look(store, SQL_INTENTS_OPEN);
	while (!stopped && query_step(&q)) {
		read_head(&q, &intent.certificate);
		intent.state = (enum store_intent_state)read_int(&q);
		stopped = query_has_row(&q) ? visit(arg, &intent) : SL_EIO;
	}
	err = query_end(&q);
	store_unlock(store);
	return stopped ? stopped : err;
}

/* Inside a transaction. */
static enum sl_err
close_intent(struct store *store, struct sl_span serial, enum store_intent_state state)
{
	struct query q = query_begin(store, SQL_INTENT_CLOSE);
	enum sl_err err;

	bind_int(&q, state);
	bind_blob(&q, serial);
	err = query_run(&q);
	return !err && store_changes(store) != 1 ? SL_ENOTFOUND : err;
}

static enum sl_err
add_certificate(struct store *store, const struct store_certificate *certificate)
{
	struct query q = query_begin(store, SQL_CERTIFICATE_ADD);

	bind_head(&q, certificate);
	bind_blob(&q, sl_span(certificate->der, certificate->der_len));
	bind_int(&q, STORE_VALID);
	return query_run(&q);
}

enum sl_err
store_issue(struct store *store, const struct store_issue *issue)
{
	const struct store_certificate *c = issue->certificate;
	enum sl_err err = store_begin(store);

	if (err)
		return err;
	err = close_intent(store, sl_span(c->serial, c->serial_len), STORE_DONE);
	if (!err)
		err = add_certificate(store, c);
	if (!err && issue->step)
		issue->step(issue->step_arg, STORE_STEP_CERTIFICATE);
	if (!err)
		err = store_audit_add(store, &issue->audit);
	if (!err && issue->step)
		issue->step(issue->step_arg, STORE_STEP_AUDIT);
	return store_end(store, err);
}

enum sl_err
store_void(struct store *store, struct sl_span serial, const struct store_audit *audit)
{
	enum sl_err err = store_begin(store);

	if (err)
		return err;
	err = close_intent(store, serial, STORE_VOIDED);
	if (!err)
		err = store_audit_add(store, audit);
	return store_end(store, err);
}

enum sl_err
store_revoke(struct store *store, const struct store_revocation *revocation)
{
	struct store_certificate found;
	struct query q;
	enum sl_err err = store_begin(store);

	if (err)
		return err;
	err = get_certificate(query_begin(store, SQL_CERTIFICATE_GET), revocation->serial, &found);
	if (!err && found.status != STORE_VALID)
		err = SL_EREPLAY;
	if (!err) {
		q = query_begin(store, SQL_CERTIFICATE_REVOKE);
		bind_int(&q, revocation->reason);
		bind_int(&q, revocation->when);
		bind_blob(&q, revocation->serial);
		err = query_run(&q);
	}
	if (!err)
		err = store_audit_add(store, &revocation->audit);
	return store_end(store, err);
}
