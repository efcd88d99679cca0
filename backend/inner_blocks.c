/* SPDX-License-Identifier: BSD-2-Clause
 * Uploads and kept answers in one array of fixed size, found by context and by a digest over method and
 * cache-key options (RFC 7959 sections 2.4 and 2.5, RFC 9175 section 3). Uploads grow strictly in order. */
#include "inner_blocks.h"

#include <stdlib.h>
#include <string.h>

#include <sl/hash.h>
#include <sl/wipe.h>

#define DEFAULT_SZX  6
#define KEY_TEXT_MAX 2048  /* bytes of options that a key is made of */
#define KEPT_MAX     16384 /* bytes of an answer */

enum kind {
	FREE = 0,
	UPLOAD,
	KEPT_ANSWER,
};

struct transfer {
	enum kind kind;
	int64_t context_id;
	uint8_t key[SL_SHA256_LEN];
	uint64_t touched_ms;
	struct sl_buf bytes;
	struct inner_answer meta; /* KEPT_ANSWER: its payload is bytes */
};

struct inner_blocks {
	struct inner_blocks_config config;
	struct inner_blocks_counts counts;
	struct transfer *transfers;
};

void
inner_blocks_config_init(struct inner_blocks_config *config)
{
	config->transfers_max = 1024;
	config->per_context_max = 4;
	config->body_max = (size_t)16 << 10;
	config->bytes_max = (size_t)16 << 20;
	config->idle_ms = 90000;
}

enum sl_err
inner_blocks_new(struct inner_blocks **out, const struct inner_blocks_config *config)
{
	struct inner_blocks *b;

	if (config->transfers_max == 0 || config->per_context_max == 0 || config->body_max == 0)
		return SL_EMALFORMED;
	b = calloc(1, sizeof(*b));
	if (b == NULL)
		return SL_ENOMEM;
	b->config = *config;
	b->transfers = calloc(config->transfers_max, sizeof(*b->transfers));
	if (b->transfers == NULL) {
		free(b);
		return SL_ENOMEM;
	}
	*out = b;
	return SL_OK;
}

static void
drop(struct inner_blocks *b, struct transfer *t)
{
	b->counts.bytes -= t->bytes.len;
	b->counts.transfers--;
	sl_buf_clear(&t->bytes);
	t->kind = FREE;
}

void
inner_blocks_free(struct inner_blocks *b)
{
	size_t i;

	if (b == NULL)
		return;
	for (i = 0; i < b->config.transfers_max; i++) {
		if (b->transfers[i].kind != FREE)
			drop(b, &b->transfers[i]);
	}
	free(b->transfers);
	free(b);
}

/* Content-Format and Request-Tag belong to the payload of an upload: follow-ups without payload need not
 * repeat them. */
static bool
is_in_key(uint16_t number, enum kind kind)
{
	switch (number) {
	case SL_COAP_BLOCK1:
	case SL_COAP_BLOCK2:
	case SL_COAP_OBSERVE:
	case SL_COAP_NO_RESPONSE:
		return false;
	case SL_COAP_CONTENT_FORMAT:
	case SL_COAP_REQUEST_TAG:
		return kind == UPLOAD;
	default:
		return !sl_coap_is_no_cache_key(number);
	}
}

static enum sl_err
make_key(uint8_t key[static SL_SHA256_LEN], const struct sl_coap_msg *request, enum kind kind)
{
	uint8_t text[KEY_TEXT_MAX];
	struct sl_writer w = sl_writer_over(text, sizeof(text));
	enum sl_err err;
	size_t i;

	sl_write_u8(&w, (uint8_t)kind);
	sl_write_u8(&w, request->code);
	for (i = 0; i < request->option_count; i++) {
		const struct sl_coap_option *opt = &request->options[i];
		struct sl_span value = sl_coap_option_value(opt);

		if (!is_in_key(opt->number, kind))
			continue;
		sl_write_u16(&w, opt->number);
		sl_write_u16(&w, (uint16_t)value.len);
		sl_write_span(&w, value);
	}
	err = sl_writer_finish(&w);
	return err ? err : sl_sha256(sl_writer_span(&w), key);
}

static struct transfer *
find(struct inner_blocks *b, int64_t context_id, const uint8_t key[static SL_SHA256_LEN])
{
	size_t i;

	for (i = 0; i < b->config.transfers_max; i++) {
		struct transfer *t = &b->transfers[i];

		if (t->kind != FREE && t->context_id == context_id &&
		        memcmp(t->key, key, SL_SHA256_LEN) == 0)
			return t;
	}
	return NULL;
}

static void
expire(struct inner_blocks *b, uint64_t now_ms)
{
	size_t i;

	for (i = 0; i < b->config.transfers_max && b->counts.transfers > 0; i++) {
		struct transfer *t = &b->transfers[i];

		if (t->kind != FREE && now_ms >= t->touched_ms + b->config.idle_ms)
			drop(b, t);
	}
}

/* An empty place; the context's own longest silent transfer leaves when it has too many. NULL: none. */
static struct transfer *
make(struct inner_blocks *b, int64_t context_id)
{
	struct transfer *empty = NULL, *oldest = NULL;
	unsigned count = 0;
	size_t i;

	for (i = 0; i < b->config.transfers_max; i++) {
		struct transfer *t = &b->transfers[i];

		if (t->kind == FREE) {
			empty = empty == NULL ? t : empty;
		} else if (t->context_id == context_id) {
			count++;
			if (oldest == NULL || t->touched_ms < oldest->touched_ms)
				oldest = t;
		}
	}
	if (count >= b->config.per_context_max) {
		drop(b, oldest);
		empty = oldest;
	}
	if (empty == NULL)
		return NULL;
	memset(empty, 0, sizeof(*empty));
	b->counts.transfers++;
	return empty;
}

static struct transfer *
start(struct inner_blocks *b, const struct inner_ask *ask, enum kind kind,
        const uint8_t key[static SL_SHA256_LEN])
{
	struct transfer *t = find(b, ask->context_id, key);

	if (t != NULL)
		drop(b, t);
	t = make(b, ask->context_id);
	if (t == NULL)
		return NULL;
	t->kind = kind;
	t->context_id = ask->context_id;
	memcpy(t->key, key, sizeof(t->key));
	t->touched_ms = ask->now_ms;
	sl_buf_init(&t->bytes, kind == UPLOAD ? b->config.body_max : KEPT_MAX);
	return t;
}

static enum sl_err
append(struct inner_blocks *b, struct transfer *t, struct sl_span bytes)
{
	enum sl_err err;

	if (t->bytes.len + bytes.len > t->bytes.max)
		return SL_ELIMIT;
	if (b->counts.bytes + bytes.len > b->config.bytes_max)
		return SL_ENOMEM;
	err = sl_buf_add(&t->bytes, bytes);
	if (err == SL_OK)
		b->counts.bytes += bytes.len;
	return err;
}

static enum inner_verdict
refuse(struct inner_answer *answer, uint8_t code)
{
	memset(answer, 0, sizeof(*answer));
	answer->code = code;
	return INNER_ANSWER;
}

static enum inner_verdict
refuse_size(struct inner_answer *answer, const struct inner_blocks *b, struct sl_coap_block block)
{
	refuse(answer, SL_COAP_REQUEST_ENTITY_TOO_LARGE);
	answer->has_size1 = true;
	answer->size1 = (uint32_t)b->config.body_max;
	answer->has_block1 = true;
	answer->block1 = block;
	return INNER_ANSWER;
}

static enum inner_verdict
go_on(struct inner_answer *answer, struct sl_coap_block block)
{
	refuse(answer, SL_COAP_CONTINUE);
	answer->has_block1 = true;
	answer->block1 = block;
	return INNER_ANSWER;
}

/* The block before was sent again under a new Partial IV because its 2.31 got lost. */
static bool
is_repeated(const struct transfer *t, size_t offset, struct sl_span payload)
{
	return payload.len > 0 && offset + payload.len == t->bytes.len &&
	       memcmp(t->bytes.bytes + offset, payload.ptr, payload.len) == 0;
}

/* RFC 7959 section 2.5. */
static enum inner_verdict
put_block(struct inner_blocks *b, const struct inner_ask *ask, struct sl_coap_block block,
        struct sl_buf *body, struct inner_answer *answer)
{
	struct sl_span payload = ask->request->payload;
	size_t size = sl_coap_block_size(block.szx), offset = (size_t)block.num * size;
	uint8_t key[SL_SHA256_LEN];
	struct transfer *t;
	enum sl_err err;

	if (make_key(key, ask->request, UPLOAD) != SL_OK || payload.len == 0 ||
	        (block.more ? payload.len != size : payload.len > size))
		return refuse(answer, SL_COAP_BAD_REQUEST);
	t = block.num == 0 ? start(b, ask, UPLOAD, key) : find(b, ask->context_id, key);
	if (t == NULL)
		return refuse(answer, block.num == 0 ? SL_COAP_SERVICE_UNAVAILABLE
		                                     : SL_COAP_REQUEST_ENTITY_INCOMPLETE);
	t->touched_ms = ask->now_ms;
	if (block.more && is_repeated(t, offset, payload))
		return go_on(answer, block);
	if (offset != t->bytes.len)
		return refuse(answer, SL_COAP_REQUEST_ENTITY_INCOMPLETE);
	err = append(b, t, payload);
	if (err != SL_OK)
		drop(b, t);
	if (err == SL_ELIMIT)
		return refuse_size(answer, b, block);
	if (err != SL_OK)
		return refuse(answer, SL_COAP_SERVICE_UNAVAILABLE);
	if (block.more)
		return go_on(answer, block);
	*body = t->bytes;
	b->counts.bytes -= body->len;
	sl_buf_init(&t->bytes, 0); /* the bytes are the caller's now */
	drop(b, t);
	return INNER_WHOLE;
}

static bool
is_get(const struct sl_coap_msg *request)
{
	return request->code == SL_COAP_GET || request->code == SL_COAP_FETCH;
}

static void
cut(struct inner_answer *answer, struct sl_span whole, struct sl_coap_block wish)
{
	size_t size = sl_coap_block_size(wish.szx), offset = (size_t)wish.num * size;
	size_t left = whole.len - offset;

	answer->has_block2 = true;
	answer->block2 = wish;
	answer->block2.more = left > size;
	answer->payload = sl_span(whole.ptr + offset, left > size ? size : left);
}

static bool
is_beyond(size_t len, struct sl_coap_block wish)
{
	return wish.num > 0 && (size_t)wish.num * sl_coap_block_size(wish.szx) >= len;
}

/* A follow-up that asks for a later slice (RFC 7959 sections 2.4 and 3.3). */
static enum inner_verdict
next_slice(struct inner_blocks *b, const struct inner_ask *ask, struct sl_coap_block wish,
        struct inner_answer *answer)
{
	uint8_t key[SL_SHA256_LEN];
	struct transfer *t;

	if (is_get(ask->request))
		return INNER_WHOLE;
	if (make_key(key, ask->request, KEPT_ANSWER) != SL_OK)
		return refuse(answer, SL_COAP_BAD_REQUEST);
	t = find(b, ask->context_id, key);
	if (t == NULL)
		return refuse(answer, SL_COAP_REQUEST_ENTITY_INCOMPLETE);
	if (is_beyond(t->bytes.len, wish))
		return refuse(answer, SL_COAP_BAD_REQUEST);
	t->touched_ms = ask->now_ms;
	*answer = t->meta;
	cut(answer, sl_buf_view(&t->bytes), wish);
	memcpy(ask->slice, answer->payload.ptr, answer->payload.len);
	answer->payload.ptr = ask->slice;
	answer->has_size2 = sl_coap_find(ask->request, SL_COAP_SIZE2) != NULL;
	answer->size2 = (uint32_t)t->bytes.len;
	return INNER_ANSWER;
}

enum inner_verdict
inner_blocks_request(struct inner_blocks *b, const struct inner_ask *ask, struct sl_buf *body,
        struct inner_answer *answer)
{
	struct sl_coap_block block1 = {0}, block2 = {0};
	enum sl_err err1 = sl_coap_get_block(ask->request, SL_COAP_BLOCK1, &block1);
	enum sl_err err2 = sl_coap_get_block(ask->request, SL_COAP_BLOCK2, &block2);
	uint32_t size1;

	sl_buf_init(body, b->config.body_max);
	expire(b, ask->now_ms);
	if (err1 == SL_EMALFORMED || err2 == SL_EMALFORMED)
		return refuse(answer, SL_COAP_BAD_REQUEST);
	if (err1 == SL_ENOTFOUND && block2.num > 0)
		return next_slice(b, ask, block2, answer);
	if (err1 == SL_OK && (block2.num > 0 || is_get(ask->request)))
		return refuse(answer, SL_COAP_BAD_REQUEST);
	if (ask->request->payload.len > b->config.body_max ||
	        (sl_coap_get_uint(ask->request, SL_COAP_SIZE1, &size1) == SL_OK &&
	                size1 > b->config.body_max))
		return refuse_size(answer, b, block1);
	if (err1 == SL_OK && (block1.more || block1.num > 0))
		return put_block(b, ask, block1, body, answer);
	return INNER_WHOLE;
}

/* True when the follow-ups will find the answer. */
static bool
keep(struct inner_blocks *b, const struct inner_ask *ask, const struct inner_answer *answer)
{
	uint8_t key[SL_SHA256_LEN];
	struct transfer *t;

	if (make_key(key, ask->request, KEPT_ANSWER) != SL_OK)
		return false;
	t = start(b, ask, KEPT_ANSWER, key);
	if (t == NULL)
		return false;
	if (append(b, t, answer->payload) != SL_OK) {
		drop(b, t);
		return false;
	}
	t->meta = *answer;
	t->meta.has_block1 = false;
	t->meta.payload = sl_span(NULL, 0);
	return true;
}

void
inner_blocks_answer(
        struct inner_blocks *b, const struct inner_ask *ask, struct inner_answer *answer)
{
	struct sl_coap_block wish = {.szx = DEFAULT_SZX};
	bool has_wish = sl_coap_get_block(ask->request, SL_COAP_BLOCK2, &wish) == SL_OK;

	answer->has_block1 =
	        sl_coap_get_block(ask->request, SL_COAP_BLOCK1, &answer->block1) == SL_OK;
	if (SL_COAP_CODE_CLASS(answer->code) != 2 || answer->payload.len == 0)
		return;
	if (is_beyond(answer->payload.len, wish)) {
		refuse(answer, SL_COAP_BAD_REQUEST);
		return;
	}
	if (sl_coap_find(ask->request, SL_COAP_SIZE2) != NULL) {
		answer->has_size2 = true;
		answer->size2 = (uint32_t)answer->payload.len;
	}
	if (!has_wish && answer->payload.len <= sl_coap_block_size(wish.szx))
		return;
	if (answer->payload.len > sl_coap_block_size(wish.szx) && !is_get(ask->request) &&
	        !keep(b, ask, answer)) {
		refuse(answer, SL_COAP_SERVICE_UNAVAILABLE);
		return;
	}
	cut(answer, answer->payload, wish);
}

struct inner_blocks_counts
inner_blocks_counts(const struct inner_blocks *b)
{
	return b->counts;
}
