/* SPDX-License-Identifier: BSD-2-Clause
 * The SQLite store's audit chain: a row is bound to the one before it, in the transaction of what it tells. */
#include "store_sqlite.h"

#include <string.h>

#include "audit.h"

static enum sl_err
read_head(struct query *q, uint64_t *seq, uint8_t hash[static AUDIT_HASH_LEN])
{
	size_t len = 0;
	enum sl_err err;

	if (query_step(q)) {
		*seq = (uint64_t)read_int(q);
		len = read_blob(q, hash, AUDIT_HASH_LEN);
	}
	err = query_end(q);
	return !err && len != AUDIT_HASH_LEN ? SL_EIO : err;
}

enum sl_err
store_audit_add(struct store *store, const struct store_audit *audit)
{
	uint8_t prev[AUDIT_HASH_LEN], hash[AUDIT_HASH_LEN];
	uint64_t seq = 0;
	struct query q = query_begin(store, SQL_AUDIT_HEAD);
	enum sl_err err = read_head(&q, &seq, prev);

	seq++;
	if (!err)
		err = audit_hash(hash, prev, seq, sl_span_text(audit->line));
	if (err)
		return err;
	q = query_begin(store, SQL_AUDIT_ADD);
	bind_int(&q, (int64_t)seq);
	bind_blob(&q, sl_span(prev, sizeof prev));
	bind_blob(&q, sl_span(hash, sizeof hash));
	bind_text(&q, audit->line);
	err = query_run(&q);
	if (err)
		return SL_EIO; /* a taken number is a damaged chain, not a repetition */
	q = query_begin(store, SQL_AUDIT_HEAD_SET);
	bind_int(&q, (int64_t)seq);
	bind_blob(&q, sl_span(hash, sizeof hash));
	return query_run(&q);
}

enum sl_err
store_audit_append(struct store *store, const struct store_audit *audit)
{
	enum sl_err err = store_begin(store);

	if (err)
		return err;
	return store_end(store, store_audit_add(store, audit));
}

enum sl_err
store_audit_each(struct store *store, store_audit_visit visit, void *arg)
{
	struct query q;
	enum sl_err err, stopped = SL_OK;

	store_lock(store);
	q = query_look(store, SQL_AUDIT_ALL);
	while (!stopped && query_step(&q)) {
		struct store_audit_row row;

		row.seq = (uint64_t)read_int(&q);
		row.prev = read_view(&q);
		row.hash = read_view(&q);
		row.line = read_view(&q);
		stopped = visit(arg, &row);
	}
	err = query_end(&q);
	store_unlock(store);
	return stopped ? stopped : err;
}

enum sl_err
store_audit_head(struct store *store, uint64_t *seq, uint8_t hash[static AUDIT_HASH_LEN])
{
	uint8_t got[AUDIT_HASH_LEN];
	uint64_t number = 0;
	struct query q;
	enum sl_err err;

	store_lock(store);
	q = query_look(store, SQL_AUDIT_HEAD);
	err = read_head(&q, &number, got);
	store_unlock(store);
	if (err)
		return err;
	*seq = number;
	memcpy(hash, got, sizeof got);
	return SL_OK;
}
