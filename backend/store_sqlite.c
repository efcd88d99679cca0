/* SPDX-License-Identifier: BSD-2-Clause
 * The store on SQLite: files, schema, transactions and the audit chain. Write-ahead log with a
 * sync at every commit; what returned SL_OK is on the disk. */
#include "store_sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit.h"

#define SCHEMA_VERSION 1
#define APPLICATION_ID 1397047628 /* as in the schema */
#define BUSY_MS        5000
#define NAME_MAX_BYTES 512

struct store {
	sqlite3 *db;
	pthread_mutex_t mutex;
	sqlite3_stmt *statements[SQL_COUNT];
	int lock_fd; /* -1: not the serving process */
};

struct query
query_begin(struct store *store, enum statement which)
{
	struct query q = {.store = store, .next = 1, .rc = SQLITE_OK};
	sqlite3_stmt **kept = &store->statements[which];

	if (!*kept)
		q.rc = sqlite3_prepare_v3(
		        store->db, store_sql[which], -1, SQLITE_PREPARE_PERSISTENT, kept, NULL);
	q.stmt = *kept;
	return q;
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
	pthread_mutex_lock(&store->mutex);
}

void
store_unlock(struct store *store)
{
	pthread_mutex_unlock(&store->mutex);
}

size_t
store_changes(struct store *store)
{
	return (size_t)sqlite3_changes(store->db);
}

int64_t
store_last_id(struct store *store)
{
	return sqlite3_last_insert_rowid(store->db);
}

static enum sl_err
run(struct store *store, enum statement which)
{
	struct query q = query_begin(store, which);

	return query_run(&q);
}

enum sl_err
store_begin(struct store *store)
{
	enum sl_err err;

	store_lock(store);
	err = run(store, SQL_BEGIN);
	if (err)
		store_unlock(store);
	return err;
}

enum sl_err
store_end(struct store *store, enum sl_err err)
{
	if (!err)
		err = run(store, SQL_COMMIT);
	if (err && !sqlite3_get_autocommit(store->db)) {
		/* The first error is the one to tell. */
		enum sl_err ignored = run(store, SQL_ROLLBACK);

		(void)ignored;
	}
	store_unlock(store);
	return err;
}

enum sl_err
store_view_begin(struct store *store)
{
	enum sl_err err;

	store_lock(store);
	err = run(store, SQL_VIEW);
	store_unlock(store);
	return err;
}

void
store_view_end(struct store *store)
{
	enum sl_err ignored;

	store_lock(store);
	ignored = run(store, SQL_ROLLBACK); /* nothing was written */
	(void)ignored;
	store_unlock(store);
}

static enum sl_err
pragma(struct store *store, const char *text, int64_t *value)
{
	sqlite3_stmt *stmt = NULL;
	enum sl_err err = SL_EIO;

	if (sqlite3_prepare_v2(store->db, text, -1, &stmt, NULL) == SQLITE_OK &&
	        sqlite3_step(stmt) == SQLITE_ROW) {
		*value = sqlite3_column_int64(stmt, 0);
		err = SL_OK;
	}
	sqlite3_finalize(stmt);
	return err;
}

static enum sl_err
exec(struct store *store, const char *text)
{
	int rc = sqlite3_exec(store->db, text, NULL, NULL, NULL);

	if (rc == SQLITE_OK)
		return SL_OK;
	return (rc & 0xff) == SQLITE_NOTADB ? SL_EUNSUPPORTED : SL_EIO;
}

static enum sl_err
connect_db(struct store *store, const char *file, enum store_mode mode)
{
	int64_t version = 0, application = 0;
	enum sl_err err;

	if (sqlite3_open_v2(file, &store->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) !=
	        SQLITE_OK)
		return SL_EIO;
	sqlite3_busy_timeout(store->db, BUSY_MS);
	err = exec(store, "PRAGMA trusted_schema = OFF; PRAGMA foreign_keys = ON;"
	                  "PRAGMA secure_delete = ON; PRAGMA journal_mode = WAL;"
	                  "PRAGMA synchronous = FULL;");
	if (!err && mode == STORE_CREATE)
		err = exec(store, store_sql_schema);
	if (err)
		return err;
	if (pragma(store, "PRAGMA application_id", &application) ||
	        pragma(store, "PRAGMA user_version", &version))
		return SL_EIO;
	if (application != APPLICATION_ID || version != SCHEMA_VERSION)
		return SL_EUNSUPPORTED;
	return SL_OK;
}

/* Secrets are inside: nobody else may read the file. */
static enum sl_err
check_file(const char *file, enum store_mode mode)
{
	struct stat st;
	int fd;

	if (mode == STORE_CREATE) {
		fd = open(file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (fd < 0)
			return errno == EEXIST ? SL_ENOTFOUND : SL_EIO;
		close(fd);
		return SL_OK;
	}
	if (stat(file, &st) != 0)
		return errno == ENOENT ? SL_ENOTFOUND : SL_EIO;
	return (st.st_mode & (S_IRWXG | S_IRWXO)) ? SL_EAUTH : SL_OK;
}

static enum sl_err
take_lock(struct store *store, const char *file)
{
	char name[NAME_MAX_BYTES];
	int len = snprintf(name, sizeof name, "%s.lock", file);

	if (len < 0 || (size_t)len >= sizeof name)
		return SL_EIO;
	store->lock_fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (store->lock_fd < 0)
		return SL_EIO;
	return flock(store->lock_fd, LOCK_EX | LOCK_NB) == 0 ? SL_OK : SL_ELIMIT;
}

enum sl_err
store_open(struct store **out, const char *file, enum store_mode mode)
{
	struct store *store;
	enum sl_err err = check_file(file, mode);

	if (err)
		return err;
	store = calloc(1, sizeof *store);
	if (!store)
		return SL_ENOMEM;
	store->lock_fd = -1;
	pthread_mutex_init(&store->mutex, NULL);
	if (mode == STORE_SERVE)
		err = take_lock(store, file);
	if (!err)
		err = connect_db(store, file, mode);
	if (err) {
		store_close(store);
		return err;
	}
	*out = store;
	return SL_OK;
}

const char *
store_open_text(enum sl_err err)
{
	switch (err) {
	case SL_ENOTFOUND:
		return "does not exist; sealift-est init makes one";
	case SL_EAUTH:
		return "is open to group or others; chmod 0600";
	case SL_ELIMIT:
		return "another process serves this store";
	case SL_EUNSUPPORTED:
		return "is not a store of this version";
	case SL_EIO:
		return "cannot be opened; file and folder must be ours and writable, and the disk not "
		       "full";
	default:
		return sl_err_text(err);
	}
}

void
store_close(struct store *store)
{
	if (!store)
		return;
	for (size_t i = 0; i < SQL_COUNT; i++)
		sqlite3_finalize(store->statements[i]);
	sqlite3_close(store->db);
	if (store->lock_fd >= 0)
		close(store->lock_fd);
	pthread_mutex_destroy(&store->mutex);
	free(store);
}

enum sl_err
store_version(struct store *store, uint64_t *version)
{
	struct query q;
	uint64_t got = 0;
	enum sl_err err;

	store_lock(store);
	q = query_begin(store, SQL_DATA_VERSION);
	if (query_step(&q))
		got = (uint64_t)read_int(&q);
	err = query_end(&q);
	store_unlock(store);
	if (!err)
		*version = got;
	return err;
}

/* --- audit ----------------------------------------------------------------------------------- */

static enum sl_err
read_head(struct store *store, uint64_t *seq, uint8_t hash[static AUDIT_HASH_LEN])
{
	struct query q = query_begin(store, SQL_AUDIT_HEAD);
	size_t len = 0;
	enum sl_err err;

	if (query_step(&q)) {
		*seq = (uint64_t)read_int(&q);
		len = read_blob(&q, hash, AUDIT_HASH_LEN);
	}
	err = query_end(&q);
	return !err && len != AUDIT_HASH_LEN ? SL_EIO : err;
}

enum sl_err
store_audit_add(struct store *store, const struct store_audit *audit)
{
	uint8_t prev[AUDIT_HASH_LEN], hash[AUDIT_HASH_LEN];
	uint64_t seq = 0;
	struct query q;
	enum sl_err err = read_head(store, &seq, prev);

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
	q = query_begin(store, SQL_AUDIT_ALL);
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
	enum sl_err err;

	store_lock(store);
	err = read_head(store, &number, got);
	store_unlock(store);
	if (err)
		return err;
	*seq = number;
	memcpy(hash, got, sizeof got);
	return SL_OK;
}
