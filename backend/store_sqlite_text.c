/* SPDX-License-Identifier: BSD-2-Clause
 * The words of the SQLite store: its schema and one statement for every question. */
#include "store_sqlite.h"

const char store_sql_schema[] =
        "BEGIN IMMEDIATE;"
        "CREATE TABLE meta (key TEXT PRIMARY KEY, number INTEGER NOT NULL, bytes BLOB NOT NULL) "
        "STRICT;"
        "CREATE TABLE contexts (id INTEGER PRIMARY KEY AUTOINCREMENT, identity TEXT NOT NULL,"
        " profile TEXT NOT NULL, master_secret BLOB NOT NULL, master_salt BLOB NOT NULL,"
        " sender_id BLOB NOT NULL, recipient_id BLOB NOT NULL, id_context BLOB, aead INTEGER NOT "
        "NULL,"
        " hkdf INTEGER NOT NULL, window INTEGER NOT NULL, functions INTEGER NOT NULL,"
        " ssn_limit INTEGER NOT NULL, created INTEGER NOT NULL, disabled INTEGER NOT NULL) STRICT;"
        "CREATE UNIQUE INDEX contexts_kid ON contexts (recipient_id, ifnull(id_context, x''));"
        "CREATE TABLE intents (serial BLOB PRIMARY KEY, state INTEGER NOT NULL, identity TEXT NOT "
        "NULL,"
        " profile TEXT NOT NULL, spki_hash BLOB NOT NULL, request_key BLOB NOT NULL,"
        " issuer_hash BLOB NOT NULL,"
        " issued_at INTEGER NOT NULL, not_before INTEGER NOT NULL, not_after INTEGER NOT NULL,"
        " tbs BLOB NOT NULL) STRICT;"
        "CREATE INDEX intents_open ON intents (state) WHERE state < 3;"
        "CREATE TABLE certificates (id INTEGER PRIMARY KEY,"
        " serial BLOB NOT NULL UNIQUE REFERENCES intents (serial), identity TEXT NOT NULL,"
        " profile TEXT NOT NULL, spki_hash BLOB NOT NULL, request_key BLOB NOT NULL,"
        " issuer_hash BLOB NOT NULL,"
        " issued_at INTEGER NOT NULL, not_before INTEGER NOT NULL, not_after INTEGER NOT NULL,"
        " status INTEGER NOT NULL, reason INTEGER NOT NULL, revoked_at INTEGER NOT NULL,"
        " der BLOB NOT NULL) STRICT;"
        "CREATE INDEX certificates_identity ON certificates (identity);"
        "CREATE INDEX certificates_spki ON certificates (spki_hash);"
        "CREATE INDEX certificates_request ON certificates (request_key);"
        "CREATE INDEX certificates_issued ON certificates (issued_at);"
        "CREATE TABLE audit (seq INTEGER PRIMARY KEY, prev BLOB NOT NULL, hash BLOB NOT NULL,"
        " line TEXT NOT NULL) STRICT;"
        "CREATE TRIGGER audit_no_change BEFORE UPDATE ON audit"
        " BEGIN SELECT RAISE(ABORT, 'the audit chain only grows'); END;"
        "CREATE TRIGGER audit_no_removal BEFORE DELETE ON audit"
        " BEGIN SELECT RAISE(ABORT, 'the audit chain only grows'); END;"
        "INSERT INTO meta VALUES ('audit-head', 0, zeroblob(32));"
        "PRAGMA application_id = 1397047628;"
        "PRAGMA user_version = 1;"
        "COMMIT;";

#define CERT_COLUMNS                                                                               \
	"serial, identity, profile, spki_hash, request_key, issuer_hash, issued_at, not_before, "  \
	"not_after"
/* One statement for each way to ask: an index serves "column = ?", not "? IS NULL OR column = ?". */
#define CERTIFICATES_WHERE                                                                         \
	"SELECT " CERT_COLUMNS ", der, status, reason, revoked_at FROM certificates WHERE "
#define NEWEST " ORDER BY id DESC"
#define CONTEXT_COLUMNS                                                                            \
	"id, identity, profile, master_secret, master_salt, sender_id, recipient_id, id_context,"  \
	" aead, hkdf, window, functions, ssn_limit, created, disabled"

const char *const store_sql[SQL_COUNT] = {
        [SQL_BEGIN] = "BEGIN IMMEDIATE",
        [SQL_VIEW] = "BEGIN DEFERRED",
        [SQL_COMMIT] = "COMMIT",
        [SQL_ROLLBACK] = "ROLLBACK",
        [SQL_SAVEPOINT] = "SAVEPOINT change",
        [SQL_UNDO] = "ROLLBACK TO change",
        [SQL_RELEASE] = "RELEASE change",
        [SQL_DATA_VERSION] = "PRAGMA data_version",
        [SQL_AUDIT_HEAD] = "SELECT number, bytes FROM meta WHERE key = 'audit-head'",
        [SQL_AUDIT_HEAD_SET] = "UPDATE meta SET number = ?, bytes = ? WHERE key = 'audit-head'",
        [SQL_AUDIT_ADD] = "INSERT INTO audit (seq, prev, hash, line) VALUES (?, ?, ?, ?)",
        [SQL_AUDIT_ALL] = "SELECT seq, prev, hash, line FROM audit ORDER BY seq",
        [SQL_CONTEXT_ADD] = "INSERT INTO contexts (" CONTEXT_COLUMNS ")"
                            " VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [SQL_CONTEXT_SHARES_KEY] =
                "SELECT 1 FROM contexts a JOIN contexts b ON a.id <> b.id"
                " AND a.master_secret = b.master_secret AND a.master_salt = b.master_salt"
                " AND a.id_context IS b.id_context AND a.aead = b.aead AND a.hkdf = b.hkdf"
                " AND (a.sender_id IN (b.sender_id, b.recipient_id)"
                " OR a.recipient_id IN (b.sender_id, b.recipient_id)) WHERE a.id = ? LIMIT 1",
        [SQL_CONTEXT_EACH] = "SELECT " CONTEXT_COLUMNS " FROM contexts WHERE id > ? ORDER BY id",
        [SQL_CONTEXT_GET] = "SELECT " CONTEXT_COLUMNS " FROM contexts WHERE id = ?",
        [SQL_CONTEXT_RESERVE] =
                "UPDATE contexts SET ssn_limit = ?1 WHERE id = ?2 AND ssn_limit < ?1",
        [SQL_CONTEXT_DISABLE] = "UPDATE contexts SET disabled = 1 WHERE id = ?",
        [SQL_CONTEXTS_DISABLE] =
                "UPDATE contexts SET disabled = 1 WHERE identity = ? AND disabled = 0",
        [SQL_CERTIFICATE_ADD] = "INSERT INTO certificates (" CERT_COLUMNS ", der, status, reason,"
                                " revoked_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0)",
        [SQL_CERTIFICATES_ALL] =
                CERTIFICATES_WHERE "?1 IS NULL AND ?2 IS NULL AND ?3 IS NULL" NEWEST,
        [SQL_CERTIFICATES_OF_IDENTITY] =
                CERTIFICATES_WHERE "identity = ?1 AND ?2 IS NULL AND ?3 IS NULL" NEWEST,
        [SQL_CERTIFICATES_OF_KEY] = CERTIFICATES_WHERE
        "spki_hash = ?2 AND (?1 IS NULL OR identity = ?1) AND ?3 IS NULL" NEWEST,
        [SQL_CERTIFICATES_OF_REQUEST] =
                CERTIFICATES_WHERE "request_key = ?3 AND (?1 IS NULL OR identity = ?1)"
                                   " AND (?2 IS NULL OR spki_hash = ?2)" NEWEST,
        [SQL_CERTIFICATE_GET] = "SELECT " CERT_COLUMNS ", der, status, reason, revoked_at"
                                " FROM certificates WHERE serial = ?",
        [SQL_CERTIFICATE_REVOKE] = "UPDATE certificates SET status = 2, reason = ?, revoked_at = ?"
                                   " WHERE serial = ?",
        [SQL_LAST_ISSUED] = "SELECT ifnull(max(issued_at), 0) FROM certificates",
        [SQL_SERIAL_RESERVE] = "INSERT INTO intents (" CERT_COLUMNS ", tbs, state)"
                               " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, x'', 1)",
        [SQL_INTENT_PUT] = "UPDATE intents SET tbs = ?, not_before = ?, not_after = ?, state = 2"
                           " WHERE serial = ? AND state = 1",
        [SQL_INTENT_CLOSE] = "UPDATE intents SET state = ? WHERE serial = ? AND state < 3",
        [SQL_INTENTS_OPEN] = "SELECT " CERT_COLUMNS ", tbs, state FROM intents"
                             " INDEXED BY intents_open WHERE state < 3 ORDER BY rowid",
};
