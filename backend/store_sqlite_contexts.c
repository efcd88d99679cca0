/* SPDX-License-Identifier: BSD-2-Clause
 * The SQLite store's OSCORE contexts and the durable reservation of their sequence numbers (RFC
 * 8613 appendix B.1.1). */
#include "store_sqlite.h"

#include <string.h>

void
store_context_clear(struct store_context *context)
{
	sl_wipe(context, sizeof *context);
}

static void
bind_context(struct query *q, const struct store_context *c)
{
	bind_text(q, c->identity);
	bind_text(q, c->profile);
	bind_blob(q, sl_key_view(&c->master_secret));
	bind_blob(q, sl_key_view(&c->master_salt));
	bind_blob(q, sl_span(c->sender_id.bytes, c->sender_id.len));
	bind_blob(q, sl_span(c->recipient_id.bytes, c->recipient_id.len));
	if (c->has_id_context)
		bind_blob(q, sl_span(c->id_context, c->id_context_len));
	else
		bind_null(q);
	bind_int(q, c->aead_alg);
	bind_int(q, c->hkdf_hash);
	bind_int(q, c->window);
	bind_int(q, c->functions);
	bind_int(q, (int64_t)c->ssn_limit);
	bind_int(q, c->created);
	bind_int(q, c->is_disabled);
}

static void
read_context(struct query *q, struct store_context *c)
{
	memset(c, 0, sizeof *c);
	c->id = read_int(q);
	read_text(q, c->identity, sizeof c->identity);
	read_text(q, c->profile, sizeof c->profile);
	c->master_secret.len = read_blob(q, c->master_secret.bytes, SL_KEY_MAX);
	c->master_salt.len = read_blob(q, c->master_salt.bytes, SL_KEY_MAX);
	c->sender_id.len = read_blob(q, c->sender_id.bytes, SL_OSCORE_ID_MAX);
	c->recipient_id.len = read_blob(q, c->recipient_id.bytes, SL_OSCORE_ID_MAX);
	c->has_id_context = !column_is_null(q);
	c->id_context_len = read_blob(q, c->id_context, sizeof c->id_context);
	c->aead_alg = (int)read_int(q);
	c->hkdf_hash = (int)read_int(q);
	c->window = (unsigned)read_int(q);
	c->functions = (unsigned)read_int(q);
	c->ssn_limit = (uint64_t)read_int(q);
	c->created = read_int(q);
	c->is_disabled = read_int(q) != 0;
}

/* RFC 8613 section 3.3. Inside the transaction, with the context there. */
static enum sl_err
check_keys_are_own(struct store *store, int64_t id)
{
	struct query q = query_begin(store, SQL_CONTEXT_SHARES_KEY);
	bool is_shared;
	enum sl_err err;

	bind_int(&q, id);
	is_shared = query_step(&q);
	err = query_end(&q);
	return !err && is_shared ? SL_EAUTH : err;
}

enum sl_err
store_context_add(struct store *store, struct store_context *context)
{
	struct query q;
	int64_t id = 0;
	enum sl_err err = store_begin(store);

	if (err)
		return err;
	q = query_begin(store, SQL_CONTEXT_ADD);
	bind_context(&q, context);
	err = query_run(&q);
	if (!err) {
		id = store_last_id(store);
		err = check_keys_are_own(store, id);
	}
	err = store_end(store, err);
	if (!err)
		context->id = id;
	return err;
}

enum sl_err
store_contexts_each(struct store *store, int64_t after, store_context_visit visit, void *arg)
{
	struct store_context context;
	struct query q;
	enum sl_err err, stopped = SL_OK;

	store_lock(store);
	q = query_look(store, SQL_CONTEXT_EACH);
	bind_int(&q, after);
	while (!stopped && query_step(&q)) {
		read_context(&q, &context);
		stopped = query_has_row(&q) ? visit(arg, &context) : SL_EIO;
	}
	store_context_clear(&context);
	err = query_end(&q);
	store_unlock(store);
	return stopped ? stopped : err;
}

enum sl_err
store_context_get(struct store *store, int64_t id, struct store_context *context)
{
	struct store_context got;
	struct query q;
	bool is_there;
	enum sl_err err;

	store_lock(store);
	q = query_look(store, SQL_CONTEXT_GET);
	bind_int(&q, id);
	is_there = query_step(&q);
	if (is_there)
		read_context(&q, &got);
	err = query_end(&q);
	store_unlock(store);
	if (!err && !is_there)
		err = SL_ENOTFOUND;
	if (!err)
		*context = got;
	store_context_clear(&got);
	return err;
}

/* Runs q inside the transaction; one row must have changed. */
static enum sl_err
change_one(struct store *store, struct query *q, enum sl_err otherwise)
{
	enum sl_err err = query_run(q);

	return !err && store_changes(store) != 1 ? otherwise : err;
}

static enum sl_err
context_is_there(struct store *store, int64_t id)
{
	struct query q = query_begin(store, SQL_CONTEXT_GET);
	bool is_there;
	enum sl_err err;

	bind_int(&q, id);
	is_there = query_step(&q);
	err = query_end(&q);
	return !err && !is_there ? SL_ENOTFOUND : err;
}

enum sl_err
store_context_reserve(struct store *store, int64_t id, uint64_t limit)
{
	struct query q;
	enum sl_err err;

	if (limit > SL_OSCORE_SSN_END)
		return SL_ELIMIT;
	err = store_begin(store);
	if (err)
		return err;
	err = context_is_there(store, id);
	if (!err) {
		q = query_begin(store, SQL_CONTEXT_RESERVE);
		bind_int(&q, (int64_t)limit);
		bind_int(&q, id);
		err = change_one(store, &q, SL_EREPLAY);
	}
	return store_end(store, err);
}

enum sl_err
store_context_disable(struct store *store, int64_t id)
{
	struct query q;
	enum sl_err err = store_begin(store);

	if (err)
		return err;
	q = query_begin(store, SQL_CONTEXT_DISABLE);
	bind_int(&q, id);
	return store_end(store, change_one(store, &q, SL_ENOTFOUND));
}

enum sl_err
store_contexts_disable(struct store *store, const char *identity, size_t *count)
{
	struct query q;
	size_t changed;
	enum sl_err err = store_begin(store);

	if (err)
		return err;
	q = query_begin(store, SQL_CONTEXTS_DISABLE);
	bind_text(&q, identity);
	err = query_run(&q);
	changed = store_changes(store);
	err = store_end(store, err);
	if (!err)
		*count = changed;
	return err;
}
