/* SPDX-License-Identifier: BSD-2-Clause
 * Upload with Block1 until the last block, then collect with Block2 (RFC 7959 section 3.3). */
#include "inner.h"

#include <sl/writer.h>

#include <string.h>

#define DEFAULT_MAX_AGE_S 60
#define SZX_MAX           6

void
inner_init(struct inner *in)
{
	memset(in, 0, sizeof *in);
	sl_buf_init(&in->body, INNER_REQUEST_MAX);
	sl_buf_init(&in->got, INNER_ANSWER_MAX);
}

void
inner_clear(struct inner *in)
{
	sl_buf_clear(&in->body);
	sl_buf_clear(&in->got);
	inner_init(in);
}

/* RFC 9175 section 3.5.1: every transfer of a security context has another name. */
static void
name_transfer(struct inner *in)
{
	struct sl_writer w = sl_writer_over(in->tag, sizeof in->tag);

	sl_write_u64(&w, in->request_tag << 2 | in->restarts);
	in->tag_len = w.len;
	while (in->tag_len > 1 && in->tag[0] == 0)
		memmove(in->tag, in->tag + 1, --in->tag_len);
}

/* From the first message on, with the block size as it is. */
static void
begin(struct inner *in)
{
	name_transfer(in);
	in->offset = 0;
	in->is_collecting = false;
	in->etag_len = 0;
	sl_buf_clear(&in->got);
	if (in->body.len > sl_coap_block_size(in->szx))
		in->is_cut = true;
}

enum sl_err
inner_start(
        struct inner *in, const struct inner_request *request, uint8_t szx, uint64_t request_tag)
{
	struct sl_coap_msg probe;
	enum sl_err err;

	inner_clear(in);
	if (szx > SZX_MAX)
		return SL_EMALFORMED;
	if (strlen(request->path) > INNER_PATH_MAX)
		return SL_ELIMIT;
	strncpy(in->path, request->path, INNER_PATH_MAX);
	sl_coap_msg_init(&probe, request->code);
	err = sl_coap_add_path(&probe, in->path);
	if (err == SL_OK)
		err = sl_buf_add(&in->body, request->body);
	if (err != SL_OK) {
		inner_clear(in);
		return err;
	}
	in->request = *request;
	in->request.path = in->path;
	in->request.body = sl_buf_view(&in->body);
	in->szx = in->wish_szx = szx;
	in->request_tag = request_tag;
	begin(in);
	return SL_OK;
}

static size_t
block_len(const struct inner *in)
{
	size_t left = in->body.len - in->offset;
	size_t size = sl_coap_block_size(in->szx);

	return left < size ? left : size;
}

static bool
is_last_block(const struct inner *in)
{
	return !in->is_cut || in->offset + block_len(in) == in->body.len;
}

static struct sl_coap_block
block1(const struct inner *in)
{
	struct sl_coap_block b = {
	        (uint32_t)(in->offset >> (in->szx + 4)), !is_last_block(in), in->szx};

	return b;
}

static enum sl_err
add_blocks(const struct inner *in, struct sl_coap_msg *msg)
{
	struct sl_coap_block wish = {0, false, in->wish_szx};

	if (in->is_collecting) {
		struct sl_coap_block next = {
		        (uint32_t)(in->got.len >> (in->got_szx + 4)), false, in->got_szx};

		return sl_coap_add_block(msg, SL_COAP_BLOCK2, next);
	}
	if (in->is_cut) {
		enum sl_err err = sl_coap_add_block(msg, SL_COAP_BLOCK1, block1(in));

		if (err != SL_OK)
			return err;
		msg->payload = sl_span(in->body.bytes + in->offset, block_len(in));
	} else {
		msg->payload = in->request.body;
	}
	/* RFC 7959 section 2.7: early negotiation; the largest size needs no words */
	if (is_last_block(in) && in->wish_szx < SZX_MAX)
		return sl_coap_add_block(msg, SL_COAP_BLOCK2, wish);
	return SL_OK;
}

enum sl_err
inner_build(const struct inner *in, struct sl_coap_msg *msg)
{
	enum sl_err err;

	sl_coap_msg_init(msg, in->request.code);
	err = sl_coap_add_path(msg, in->path);
	if (err == SL_OK && in->request.has_format)
		err = sl_coap_add_uint(msg, SL_COAP_CONTENT_FORMAT, in->request.format);
	if (err == SL_OK && in->request.has_accept)
		err = sl_coap_add_uint(msg, SL_COAP_ACCEPT, in->request.accept);
	if (err == SL_OK && in->is_cut)
		err = sl_coap_add(msg, SL_COAP_REQUEST_TAG, sl_span(in->tag, in->tag_len));
	if (err == SL_OK)
		err = add_blocks(in, msg);
	return err;
}

static enum inner_verdict
restart(struct inner *in)
{
	if (in->restarts == INNER_RESTARTS_MAX)
		return INNER_BROKEN;
	in->restarts++;
	begin(in);
	return INNER_NEXT;
}

static enum inner_verdict
finish(struct inner *in, const struct sl_coap_msg *response)
{
	struct inner_answer a = {.code = response->code, .max_age_s = DEFAULT_MAX_AGE_S};

	a.has_format = sl_coap_get_uint(response, SL_COAP_CONTENT_FORMAT, &a.format) == SL_OK;
	if (sl_coap_get_uint(response, SL_COAP_MAX_AGE, &a.max_age_s) != SL_OK)
		a.max_age_s = DEFAULT_MAX_AGE_S;
	a.body = sl_buf_view(&in->got);
	in->answer = a;
	return INNER_DONE;
}

/* RFC 7959 section 2.9.3: the server wants smaller blocks. */
static bool
shrink(struct inner *in, const struct sl_coap_msg *response)
{
	struct sl_coap_block b;

	if (sl_coap_get_block(response, SL_COAP_BLOCK1, &b) != SL_OK)
		return false;
	if (b.szx >= in->szx || in->body.len <= sl_coap_block_size(b.szx))
		return false;
	in->szx = b.szx;
	return true;
}

static enum inner_verdict
on_continue(struct inner *in, const struct sl_coap_msg *response)
{
	struct sl_coap_block b;

	if (is_last_block(in) || in->is_collecting)
		return INNER_BROKEN;
	if (sl_coap_get_block(response, SL_COAP_BLOCK1, &b) != SL_OK || b.szx > in->szx)
		return INNER_BROKEN;
	if (b.num != block1(in).num)
		return INNER_BROKEN;
	in->offset += block_len(in);
	in->szx = b.szx;
	return INNER_NEXT;
}

static bool
is_same_etag(struct inner *in, const struct sl_coap_msg *response)
{
	const struct sl_coap_option *opt = sl_coap_find(response, SL_COAP_ETAG);
	struct sl_span etag = opt == NULL ? sl_span(NULL, 0) : sl_coap_option_value(opt);

	if (etag.len > sizeof in->etag)
		return false;
	if (in->got.len > 0)
		return sl_span_equal(etag, sl_span(in->etag, in->etag_len));
	if (etag.len > 0)
		memcpy(in->etag, etag.ptr, etag.len);
	in->etag_len = etag.len;
	return true;
}

/* RFC 7959 sections 2.4 and 2.5: in sequence, full blocks but the last. */
static enum inner_verdict
on_block2(struct inner *in, const struct sl_coap_msg *response, struct sl_coap_block b)
{
	size_t size = sl_coap_block_size(b.szx);

	if ((size_t)b.num * size != in->got.len || !is_same_etag(in, response))
		return INNER_BROKEN;
	if (b.more ? response->payload.len != size : response->payload.len > size)
		return INNER_BROKEN;
	if (sl_buf_add(&in->got, response->payload) != SL_OK)
		return INNER_BROKEN;
	in->is_collecting = true;
	in->got_szx = b.szx;
	return b.more ? INNER_NEXT : finish(in, response);
}

static enum inner_verdict
on_error(struct inner *in, const struct sl_coap_msg *response)
{
	bool is_blockwise = in->is_cut || in->is_collecting;

	if (response->code == SL_COAP_REQUEST_ENTITY_INCOMPLETE && is_blockwise)
		return restart(in);
	if (response->code == SL_COAP_REQUEST_ENTITY_TOO_LARGE && !in->is_collecting &&
	        shrink(in, response))
		return restart(in);
	sl_buf_clear(&in->got);
	if (sl_buf_add(&in->got, response->payload) != SL_OK)
		return INNER_BROKEN;
	return finish(in, response);
}

enum inner_verdict
inner_on_response(struct inner *in, const struct sl_coap_msg *response)
{
	struct sl_coap_block b;
	enum sl_err err;

	if (response->code == SL_COAP_CONTINUE)
		return on_continue(in, response);
	err = sl_coap_get_block(response, SL_COAP_BLOCK2, &b);
	if (err == SL_EMALFORMED)
		return INNER_BROKEN;
	if (SL_COAP_CODE_CLASS(response->code) != 2 && (err == SL_ENOTFOUND || !b.more))
		return on_error(in, response);
	if (!is_last_block(in))
		return INNER_BROKEN; /* a success before the body was there */
	if (err == SL_OK)
		return on_block2(in, response, b);
	if (in->is_collecting || sl_buf_add(&in->got, response->payload) != SL_OK)
		return INNER_BROKEN;
	return finish(in, response);
}

const struct inner_answer *
inner_answer(const struct inner *in)
{
	return &in->answer;
}
