/* SPDX-License-Identifier: BSD-2-Clause
 * The revocation file, read anew when its time, size or inode changes. */
#include "trust_revoked.h"

#include <stdlib.h>
#include <string.h>

#include <sl/text.h>

#include "files.h"

#define TEXT_MAX (8 * 1024 * 1024)
#define HEX_LEN  ((size_t)2 * REVOKED_HASH_LEN)

static int
compare(const void *a, const void *b)
{
	const uint8_t *x = a, *y = b;
	size_t i = 0;

	while (i + 1 < REVOKED_HASH_LEN && x[i] == y[i])
		i++;
	return (int)x[i] - (int)y[i];
}

static bool
is_between(uint8_t c)
{
	return c == ':' || c == ' ' || c == '\t' || c == '\r';
}

/* One line without its end; nothing but a comment adds nothing. */
static enum sl_err
take_line(struct sl_buf *hashes, struct sl_span line)
{
	uint8_t hex[HEX_LEN], hash[REVOKED_HASH_LEN];
	size_t count = 0, len = 0;

	for (size_t i = 0; i < line.len && line.ptr[i] != '#'; i++) {
		if (is_between(line.ptr[i]))
			continue;
		if (count == HEX_LEN)
			return SL_EMALFORMED;
		hex[count++] = line.ptr[i];
	}
	if (count == 0)
		return SL_OK;
	if (count != HEX_LEN || sl_hex_decode(hash, sizeof hash, &len, sl_span(hex, count)))
		return SL_EMALFORMED;
	return sl_buf_add(hashes, sl_span(hash, len));
}

enum sl_err
revoked_parse(struct sl_buf *hashes, struct sl_span text, unsigned *line)
{
	enum sl_err err = SL_OK;

	for (*line = 1; text.len > 0; (*line)++) {
		const uint8_t *end = memchr(text.ptr, '\n', text.len);
		size_t len = end ? (size_t)(end - text.ptr) : text.len;

		err = take_line(hashes, sl_span(text.ptr, len));
		if (err)
			return err;
		len += end ? 1 : 0;
		text = sl_span(text.ptr + len, text.len - len);
	}
	if (hashes->len > 0)
		qsort(hashes->bytes, hashes->len / REVOKED_HASH_LEN, REVOKED_HASH_LEN, compare);
	return SL_OK;
}

void
revoked_init(struct revoked *r, const char *file)
{
	memset(r, 0, sizeof *r);
	r->file = file;
	sl_buf_init(&r->hashes, (size_t)REVOKED_MAX * REVOKED_HASH_LEN);
}

void
revoked_clear(struct revoked *r)
{
	sl_buf_clear(&r->hashes);
}

static bool
is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static enum sl_err
read_anew(struct revoked *r)
{
	struct sl_buf text, hashes;
	enum sl_err err;

	sl_buf_init(&text, TEXT_MAX);
	sl_buf_init(&hashes, r->hashes.max);
	err = files_read(&text, r->file, FILES_PUBLIC);
	if (!err) {
		err = revoked_parse(&hashes, sl_buf_view(&text), &r->malformed_line);
		if (err != SL_EMALFORMED)
			r->malformed_line = 0;
	}
	if (err) {
		sl_buf_clear(&hashes);
	} else {
		sl_buf_clear(&r->hashes);
		r->hashes = hashes;
	}
	sl_buf_clear(&text);
	return err;
}

enum sl_err
revoked_refresh(struct revoked *r)
{
	struct stat now;
	enum sl_err err;

	if (!r->file[0])
		return SL_OK;
	/* the times are of before: what is written while we read is read again */
	if (stat(r->file, &now) != 0) {
		r->is_readable = false;
		r->malformed_line = 0;
		return SL_EIO;
	}
	if (r->is_readable && is_same(&now, &r->stat))
		return SL_OK;
	err = read_anew(r);
	r->is_readable = err == SL_OK;
	if (!err)
		r->stat = now;
	return err;
}

bool
revoked_has(const struct revoked *r, const uint8_t hash[static REVOKED_HASH_LEN])
{
	return r->hashes.len > 0 && bsearch(hash, r->hashes.bytes, r->hashes.len / REVOKED_HASH_LEN,
	                                    REVOKED_HASH_LEN, compare) != NULL;
}
