/* SPDX-License-Identifier: BSD-2-Clause
 * Private to the SQLite store: one prepared statement per question, a sticky binder,
 * transactions. Only store_sqlite.c knows SQLite. */
#ifndef STORE_SQLITE_H
#define STORE_SQLITE_H

#include "store.h"

enum statement {
	SQL_BEGIN,
	SQL_VIEW,
	SQL_COMMIT,
	SQL_ROLLBACK,
	SQL_SAVEPOINT,
	SQL_UNDO,
	SQL_RELEASE,
	SQL_DATA_VERSION,
	SQL_AUDIT_HEAD,
	SQL_AUDIT_HEAD_SET,
	SQL_AUDIT_ADD,
	SQL_AUDIT_ALL,
	SQL_CONTEXT_ADD,
	SQL_CONTEXT_SHARES_KEY,
	SQL_CONTEXT_EACH,
	SQL_CONTEXT_GET,
	SQL_CONTEXT_RESERVE,
	SQL_CONTEXT_DISABLE,
	SQL_CONTEXTS_DISABLE,
	SQL_CERTIFICATE_ADD,
	SQL_CERTIFICATES_ALL,
	SQL_CERTIFICATES_OF_IDENTITY,
	SQL_CERTIFICATES_OF_KEY,
	SQL_CERTIFICATES_OF_REQUEST,
	SQL_CERTIFICATE_GET,
	SQL_CERTIFICATE_REVOKE,
	SQL_LAST_ISSUED,
	SQL_SERIAL_RESERVE,
	SQL_INTENT_PUT,
	SQL_INTENT_CLOSE,
	SQL_INTENTS_OPEN,
	SQL_COUNT,
};

extern const char store_sql_schema[];
extern const char *const store_sql[SQL_COUNT];

/* One use of a statement: ask, bind in order, run or step, done. Errors stick. */
struct query {
	struct store *store;
	struct sqlite3_stmt *stmt;
	int next; /* parameter, or column while reading */
	int rc;
};

/* In a transaction, between store_begin and store_end. */
struct query query_begin(struct store *store, enum statement which);
/* Between store_lock and store_unlock: sees what is committed. */
struct query query_look(struct store *store, enum statement which);
void bind_int(struct query *q, int64_t value);
void bind_text(struct query *q, const char *value); /* NULL binds NULL */
void bind_blob(struct query *q, struct sl_span value);
void bind_null(struct query *q);
/* True while there is a row. */
bool query_step(struct query *q);
int64_t read_int(struct query *q);
/* A column that does not fit fails the query. */
void read_text(struct query *q, char *out, size_t cap);
size_t read_blob(struct query *q, uint8_t *out, size_t cap);
bool column_is_null(const struct query *q);
/* Borrowed until the next step. */
struct sl_span read_view(struct query *q);
void query_fail(struct query *q);
/* A row was read and nothing failed. */
bool query_has_row(const struct query *q);
/* Resets the statement. SL_OK, SL_EREPLAY (a uniqueness rule), SL_EIO. */
enum sl_err query_end(struct query *q) SL_MUST_USE;
/* For statements without rows. */
enum sl_err query_run(struct query *q) SL_MUST_USE;

/* Around reads. */
void store_lock(struct store *store);
void store_unlock(struct store *store);
/* Rows that the last statement changed; id of the last inserted one. Inside a transaction. */
size_t store_changes(struct store *store);
int64_t store_last_id(struct store *store);
/* A change of its own between others': nobody else's lies between store_begin and store_end. Each store_begin that
 * returned SL_OK has its store_end. */
enum sl_err store_begin(struct store *store) SL_MUST_USE;
/* Undoes the change when err is not SL_OK. Returns when the transaction that holds it is on the disk, or is not:
 * err, or what became of it. */
enum sl_err store_end(struct store *store, enum sl_err err) SL_MUST_USE;
/* Inside a transaction. */
enum sl_err store_audit_add(struct store *store, const struct store_audit *audit) SL_MUST_USE;

/* --- the file itself ------------------------------------------------------------------------- */

/* Makes it for STORE_CREATE. */
enum sl_err store_file_check(const char *file, enum store_mode mode) SL_MUST_USE;
/* Of the serving process; closing *fd ends it. */
enum sl_err store_file_lock(const char *file, int *fd) SL_MUST_USE;

#endif
