/* SPDX-License-Identifier: BSD-2-Clause
 * Reads the audit chain of a store from its first line and compares it with the certificates. */
#include <stdlib.h>
#include <string.h>

#include <sl/hash.h>
#include <sl/text.h>

#include "audit.h"
#include "store.h"

struct walk {
	const struct audit_pin *pin;
	struct audit_verdict *verdict;
	uint8_t (*issued)
	        [AUDIT_HASH_LEN]; /* SHA-256 of every issued certificate, sorted after the walk */
	size_t issued_count, issued_cap;
	size_t revoked_lines, revoked_count;
	bool pin_was_met;
};

static enum sl_err
broken(struct walk *walk, const char *reason)
{
	walk->verdict->broken_at = walk->verdict->rows;
	walk->verdict->reason = reason;
	return SL_EAUTH;
}

static bool
is_event(const char *line, const char *event)
{
	static const char begin[] = "{\"event\":\"";
	size_t len = strlen(event);

	return strncmp(line, begin, sizeof begin - 1) == 0 &&
	       strncmp(line + sizeof begin - 1, event, len) == 0 && line[sizeof begin - 1 + len] == '"';
}

static enum sl_err
note_event(struct walk *walk, const char *line)
{
	static const char member[] = "\"sha256\":\"";
	const char *at = strstr(line, member);
	size_t len = 0;

	walk->revoked_lines += is_event(line, "revoked");
	if (!is_event(line, "issued") || !at)
		return SL_OK;
	if (walk->issued_count == walk->issued_cap) {
		size_t cap = walk->issued_cap ? 2 * walk->issued_cap : 256;
		void *more = realloc(walk->issued, cap * AUDIT_HASH_LEN);

		if (!more)
			return SL_ENOMEM;
		walk->issued = more;
		walk->issued_cap = cap;
	}
	at += sizeof member - 1;
	if (strlen(at) < (size_t)2 * AUDIT_HASH_LEN ||
	        sl_hex_decode(walk->issued[walk->issued_count], AUDIT_HASH_LEN, &len,
	                sl_span(at, (size_t)2 * AUDIT_HASH_LEN)))
		return broken(walk, "an issued line without a certificate hash");
	walk->issued_count++;
	return SL_OK;
}

static enum sl_err
on_row(void *arg, const struct store_audit_row *row)
{
	struct walk *walk = arg;
	struct audit_verdict *v = walk->verdict;
	uint8_t hash[AUDIT_HASH_LEN];
	char line[STORE_AUDIT_MAX];

	v->rows++;
	if (row->seq != v->rows)
		return broken(walk, "a line is missing");
	if (!sl_span_equal(row->prev, sl_span(v->head, sizeof v->head)))
		return broken(walk, "the line does not follow the one before it");
	if (row->line.len >= sizeof line || audit_hash(hash, v->head, row->seq, row->line))
		return broken(walk, "the line is too long");
	if (!sl_span_equal(row->hash, sl_span(hash, sizeof hash)))
		return broken(walk, "the line was changed");
	memcpy(v->head, hash, sizeof hash);
	if (row->seq == walk->pin->seq) {
		walk->pin_was_met = true;
		if (memcmp(hash, walk->pin->hash, sizeof hash) != 0)
			return broken(walk, "the chain differs from the given head");
	}
	memcpy(line, row->line.ptr, row->line.len);
	line[row->line.len] = '\0';
	return note_event(walk, line);
}

static int
by_bytes(const void *a, const void *b)
{
	return memcmp(a, b, AUDIT_HASH_LEN);
}

static enum sl_err
on_certificate(void *arg, const struct store_certificate *certificate)
{
	struct walk *walk = arg;
	uint8_t hash[AUDIT_HASH_LEN];

	walk->verdict->certificates++;
	walk->revoked_count += certificate->status == STORE_REVOKED;
	if (sl_sha256(sl_span(certificate->der, certificate->der_len), hash))
		return SL_EIO;
	if (walk->issued_count == 0 ||
	        !bsearch(hash, walk->issued, walk->issued_count, AUDIT_HASH_LEN, by_bytes))
		return broken(walk, "a certificate has no issued line");
	return SL_OK;
}

/* Every certificate was found among the lines; now the other way round. */
static enum sl_err
check_counts(struct walk *walk)
{
	if (walk->issued_count != walk->verdict->certificates)
		return broken(walk, "an issued certificate is missing");
	if (walk->revoked_lines != walk->revoked_count)
		return broken(walk, "revoked certificates and revoked lines differ in number");
	return SL_OK;
}

static enum sl_err
check_head(struct walk *walk, struct store *store)
{
	uint8_t head[AUDIT_HASH_LEN];
	uint64_t seq = 0;
	enum sl_err err = store_audit_head(store, &seq, head);

	if (err)
		return err;
	if (seq != walk->verdict->rows || memcmp(head, walk->verdict->head, sizeof head) != 0)
		return broken(walk, "lines are missing at the end");
	if (walk->pin->seq > 0 && !walk->pin_was_met)
		return broken(walk, "the chain ends before the given head");
	return SL_OK;
}

enum sl_err
audit_verify(struct store *store, const struct audit_pin *pin, struct audit_verdict *verdict)
{
	static const struct audit_pin no_pin;
	struct walk walk = {.pin = pin ? pin : &no_pin, .verdict = verdict};
	struct store_filter all = {0};
	enum sl_err err;

	memset(verdict, 0, sizeof *verdict);
	err = store_view_begin(store);
	if (err)
		return err;
	err = store_audit_each(store, on_row, &walk);
	if (!err)
		err = check_head(&walk, store);
	if (!err && walk.issued_count > 0)
		qsort(walk.issued, walk.issued_count, AUDIT_HASH_LEN, by_bytes);
	if (!err)
		err = store_certificates_each(store, &all, on_certificate, &walk);
	if (!err)
		err = check_counts(&walk);
	store_view_end(store);
	free(walk.issued);
	return err;
}
