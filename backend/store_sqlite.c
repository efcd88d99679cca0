/* SPDX-License-Identifier: BSD-2-Clause
 * The store on SQLite: schema, connections, transactions. Write-ahead log with a sync at every commit; what
 * returned SL_OK is on the disk. Changes of several threads share a commit (docs/ca.md): each is a savepoint
 * in one transaction, the last thread that has one to make commits, and all wait for that. Reads have a
 * connection of their own, so they see what is on the disk, never an open transaction, and wait for no
 * sync. */
#include "store_sqlite.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SCHEMA_VERSION 1
#define APPLICATION_ID 1397047628 /* as in the schema */
#define BUSY_MS        5000
#define BATCH_MAX      64 /* changes in a commit */

struct connection {
	sqlite3 *db;
	pthread_mutex_t mutex; /* around everything here */
	sqlite3_stmt *statements[SQL_COUNT];
};

/* An open transaction, and what became of it for those who wait for its end. */
struct batch {
	size_t count;   /* changes in it */
	size_t waiting; /* the last of them frees it */
	bool is_settled;
	enum sl_err err;
};

struct store {
	struct connection writer, reader;
	atomic_uint arriving;         /* threads that are about to change something */
	atomic_uint_fast64_t version; /* of what others changed, when it was last looked at */
	/* under the writer's mutex */
	pthread_cond_t settled;
	struct batch *batch; /* NULL: none is open */
	int lock_fd;         /* -1: not the serving process */
};

static struct query
query_on(struct store *store, struct connection *c, enum statement which)
{
	struct query q = {.store = store, .next = 1, .rc = SQLITE_OK};
	sqlite3_stmt **kept = &c->statements[which];

	if (!*kept)
		q.rc = sqlite3_prepare_v3(
		        c->db, store_sql[which], -1, SQLITE_PREPARE_PERSISTENT, kept, NULL);
	q.stmt = *kept;
	return q;
}

struct query
query_begin(struct store *store, enum statement which)
{
	return query_on(store, &store->writer, which);
}

struct query
query_look(struct store *store, enum statement which)
{
	return query_on(store, &store->reader, which);
}

void
bind_int(struct query *q, int64_t value)
{
	if (q->rc == SQLITE_OK)
		q->rc = sqlite3_bind_int64(q->stmt, q->next++, value);
}

void
bind_text(struct query *q, const char *value)
{
	if (q->rc == SQLITE_OK)
		q->rc = sqlite3_bind_text(q->stmt, q->next++, value, -1, SQLITE_STATIC);
}

void
bind_blob(struct query *q, struct sl_span value)
{
	/* A NULL pointer would be NULL, not an empty blob. */
	const void *ptr = value.ptr ? (const void *)value.ptr : "";

	if (q->rc == SQLITE_OK)
		q->rc = sqlite3_bind_blob64(q->stmt, q->next++, ptr, value.len, SQLITE_STATIC);
}

void
bind_null(struct query *q)
{
	if (q->rc == SQLITE_OK)
		q->rc = sqlite3_bind_null(q->stmt, q->next++);
}

bool
query_step(struct query *q)
{
	if (q->rc != SQLITE_OK && q->rc != SQLITE_ROW)
		return false;
	q->rc = sqlite3_step(q->stmt);
	q->next = 0;
	return q->rc == SQLITE_ROW;
}

int64_t
read_int(struct query *q)
{
	return sqlite3_column_int64(q->stmt, q->next++);
}

bool
column_is_null(const struct query *q)
{
	return sqlite3_column_type(q->stmt, q->next) == SQLITE_NULL;
}

struct sl_span
read_view(struct query *q)
{
	const void *ptr = sqlite3_column_blob(q->stmt, q->next);
	int len = sqlite3_column_bytes(q->stmt, q->next);

	q->next++;
	return sl_span(ptr, len > 0 ? (size_t)len : 0);
}

size_t
read_blob(struct query *q, uint8_t *out, size_t cap)
{
	struct sl_span got = read_view(q);

	if (got.len > cap) {
		query_fail(q);
		return 0;
	}
	if (got.len > 0)
		memcpy(out, got.ptr, got.len);
	return got.len;
}

void
read_text(struct query *q, char *out, size_t cap)
{
	size_t len = read_blob(q, (uint8_t *)out, cap - 1);

	out[len] = '\0';
}

enum sl_err
query_end(struct query *q)
{
	int rc = q->rc;

	if (q->stmt) {
		sqlite3_reset(q->stmt);
		sqlite3_clear_bindings(q->stmt);
	}
	if (rc == SQLITE_OK || rc == SQLITE_DONE || rc == SQLITE_ROW)
		return SL_OK;
	return (rc & 0xff) == SQLITE_CONSTRAINT ? SL_EREPLAY : SL_EIO;
}

enum sl_err
query_run(struct query *q)
{
	(void)query_step(q);
	return query_end(q);
}

void
query_fail(struct query *q)
{
	q->rc = SQLITE_CORRUPT;
}

bool
query_has_row(const struct query *q)
{
	return q->rc == SQLITE_ROW;
}

void
store_lock(struct store *store)
{
	pthread_mutex_lock(&store->reader.mutex);
}

void
store_unlock(struct store *store)
{
	pthread_mutex_unlock(&store->reader.mutex);
}

size_t
store_changes(struct store *store)
{
	return (size_t)sqlite3_changes(store->writer.db);
}

int64_t
store_last_id(struct store *store)
{
	return sqlite3_last_insert_rowid(store->writer.db);
}

static enum sl_err
run(struct store *store, struct connection *c, enum statement which)
{
	struct query q = query_on(store, c, which);

	return query_run(&q);
}

/* --- changes: several in one commit ---------------------------------------------------------- */

/* The writer's mutex is held, as in all of this part. */
static void
look_for_others(struct store *store)
{
	struct query q = query_begin(store, SQL_DATA_VERSION);
	uint64_t version = atomic_load(&store->version);

	if (query_step(&q))
		version = (uint64_t)read_int(&q);
	if (query_end(&q) == SL_OK)
		atomic_store(&store->version, version);
}

/* The end of the transaction: every change in it is told the same. */
static enum sl_err
settle(struct store *store, bool is_good)
{
	struct batch *b = store->batch;
	enum sl_err err = is_good ? run(store, &store->writer, SQL_COMMIT) : SL_EIO;

	if (err && !sqlite3_get_autocommit(store->writer.db)) {
		/* The first error is the one to tell. */
		enum sl_err ignored = run(store, &store->writer, SQL_ROLLBACK);

		(void)ignored;
	}
	store->batch = NULL;
	b->is_settled = true;
	b->err = err;
	pthread_cond_broadcast(&store->settled);
	if (b->waiting == 0)
		free(b);
	look_for_others(store);
	return err;
}

/* Somebody else has a change to make: the commit is that one's. */
static enum sl_err
await(struct store *store)
{
	struct batch *b = store->batch;
	enum sl_err err;

	b->waiting++;
	while (!b->is_settled)
		pthread_cond_wait(&store->settled, &store->writer.mutex);
	err = b->err;
	if (--b->waiting == 0)
		free(b);
	return err;
}

/* Settles when nobody else arrives, the transaction is full or it cannot be kept; else waits. */
static enum sl_err
leave(struct store *store, bool is_good)
{
	bool is_last = atomic_fetch_sub(&store->arriving, 1) == 1;

	is_good = is_good && !sqlite3_get_autocommit(store->writer.db);
	if (is_last || !is_good || ++store->batch->count >= BATCH_MAX)
		return settle(store, is_good);
	return await(store);
}

/* Without a transaction nobody waits for one. */
static enum sl_err
open_batch(struct store *store)
{
	enum sl_err err;

	if (store->batch)
		return SL_OK;
	store->batch = calloc(1, sizeof *store->batch);
	if (!store->batch)
		return SL_ENOMEM;
	err = run(store, &store->writer, SQL_BEGIN);
	if (err) {
		free(store->batch);
		store->batch = NULL;
	}
	return err;
}

enum sl_err
store_begin(struct store *store)
{
	enum sl_err err;

	atomic_fetch_add(&store->arriving, 1);
	pthread_mutex_lock(&store->writer.mutex);
	err = open_batch(store);
	if (err) {
		atomic_fetch_sub(&store->arriving, 1);
		pthread_mutex_unlock(&store->writer.mutex);
		return err;
	}
	err = run(store, &store->writer, SQL_SAVEPOINT);
	if (err) {
		enum sl_err ignored = leave(store, false);

		(void)ignored;
		pthread_mutex_unlock(&store->writer.mutex);
	}
	return err;
}

enum sl_err
store_end(struct store *store, enum sl_err err)
{
	enum sl_err done = SL_OK, settled;

	if (err)
		done = run(store, &store->writer, SQL_UNDO);
	if (!done)
		done = run(store, &store->writer, SQL_RELEASE);
	settled = leave(store, !done);
	pthread_mutex_unlock(&store->writer.mutex);
	return settled ? settled : err;
}

enum sl_err
store_view_begin(struct store *store)
{
	enum sl_err err;

	store_lock(store);
	err = run(store, &store->reader, SQL_VIEW);
	store_unlock(store);
	return err;
}

void
store_view_end(struct store *store)
{
	enum sl_err ignored;

	store_lock(store);
	ignored = run(store, &store->reader, SQL_ROLLBACK); /* nothing was written */
	(void)ignored;
	store_unlock(store);
}

/* --- open and close -------------------------------------------------------------------------- */

static enum sl_err
pragma(sqlite3 *db, const char *text, int64_t *value)
{
	sqlite3_stmt *stmt = NULL;
	enum sl_err err = SL_EIO;

	if (sqlite3_prepare_v2(db, text, -1, &stmt, NULL) == SQLITE_OK &&
	        sqlite3_step(stmt) == SQLITE_ROW) {
		*value = sqlite3_column_int64(stmt, 0);
		err = SL_OK;
	}
	sqlite3_finalize(stmt);
	return err;
}

static enum sl_err
connect_db(struct connection *c, const char *file, const char *first)
{
	int rc;

	if (sqlite3_open_v2(file, &c->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) !=
	        SQLITE_OK)
		return SL_EIO;
	sqlite3_busy_timeout(c->db, BUSY_MS);
	rc = sqlite3_exec(c->db, first, NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		return SL_OK;
	return (rc & 0xff) == SQLITE_NOTADB ? SL_EUNSUPPORTED : SL_EIO;
}

static enum sl_err
connect_both(struct store *store, const char *file, enum store_mode mode)
{
	int64_t version = 0, application = 0;
	enum sl_err err;

	err = connect_db(&store->writer, file,
	        "PRAGMA trusted_schema = OFF; PRAGMA foreign_keys = ON;"
	        "PRAGMA secure_delete = ON; PRAGMA journal_mode = WAL;"
	        "PRAGMA synchronous = FULL;");
	if (!err && mode == STORE_CREATE &&
	        sqlite3_exec(store->writer.db, store_sql_schema, NULL, NULL, NULL) != SQLITE_OK)
		err = SL_EIO;
	if (err)
		return err;
	if (pragma(store->writer.db, "PRAGMA application_id", &application) ||
	        pragma(store->writer.db, "PRAGMA user_version", &version))
		return SL_EIO;
	if (application != APPLICATION_ID || version != SCHEMA_VERSION)
		return SL_EUNSUPPORTED;
	return connect_db(
	        &store->reader, file, "PRAGMA trusted_schema = OFF; PRAGMA query_only = ON;");
}

enum sl_err
store_open(struct store **out, const char *file, enum store_mode mode)
{
	struct store *store;
	enum sl_err err = store_file_check(file, mode);

	if (err)
		return err;
	store = calloc(1, sizeof *store);
	if (!store)
		return SL_ENOMEM;
	store->lock_fd = -1;
	pthread_mutex_init(&store->writer.mutex, NULL);
	pthread_mutex_init(&store->reader.mutex, NULL);
	pthread_cond_init(&store->settled, NULL);
	if (mode == STORE_SERVE)
		err = store_file_lock(file, &store->lock_fd);
	if (!err)
		err = connect_both(store, file, mode);
	if (err) {
		store_close(store);
		return err;
	}
	*out = store;
	return SL_OK;
}

static void
disconnect(struct connection *c)
{
	for (size_t i = 0; i < SQL_COUNT; i++)
		sqlite3_finalize(c->statements[i]);
	sqlite3_close(c->db);
	pthread_mutex_destroy(&c->mutex);
}

void
store_close(struct store *store)
{
	if (!store)
		return;
	disconnect(&store->reader);
	disconnect(&store->writer); /* the last one takes the log into the file */
	if (store->lock_fd >= 0)
		close(store->lock_fd);
	pthread_cond_destroy(&store->settled);
	free(store);
}

/* While changes are made nobody waits: their commit looks. */
enum sl_err
store_version(struct store *store, uint64_t *version)
{
	if (pthread_mutex_trylock(&store->writer.mutex) == 0) {
		if (!store->batch)
			look_for_others(store);
		pthread_mutex_unlock(&store->writer.mutex);
	}
	*version = atomic_load(&store->version);
	return SL_OK;
}
