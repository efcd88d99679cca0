/* SPDX-License-Identifier: BSD-2-Clause
 * RFC 7959 section 2.4 for slices, RFC 9175 sections 2.3 and 2.4 for what unverified peers get. */
#include "answer.h"

#include <string.h>

#include "location.h"

#define AMPLIFICATION   3 /* RFC 9175 section 2.4 */
#define EMPTY_ACK_LEN   4
#define OPTIONS_LEN_MAX 512
#define LINK_FORMAT     40 /* Content-Format, RFC 6690 */
#define ETAG_LEN        4

/* Token and payload aside: header, empty OSCORE option, Block2 with a small NUM, payload marker. */
#define SLICE_HEAD_LEN (4 + 1 + 4 + 1)

/* Of a first slice; smaller ones only when the client wishes them: decision record 0018. */
static uint8_t
szx_least(const struct asker *a)
{
	return a->is_oscore ? 2 : 0;
}

bool
answer_is_verified(const struct proxy_core *core, const struct asker *a, uint64_t now_ms)
{
	return core->config->echo == ECHO_OFF || a->is_trusted ||
	       sl_echo_is_verified(core->echo, &a->peer, now_ms);
}

bool
answer_may_fit(const struct asker *a)
{
	size_t slice = sl_coap_block_size(a->szx < szx_least(a) ? a->szx : szx_least(a));

	return SLICE_HEAD_LEN + a->token_len + slice <= AMPLIFICATION * a->request_len;
}

/* Bytes that may still go to this peer for this datagram; the empty ACK counts when it may have left. */
static size_t
budget(const struct proxy_core *core, const struct asker *a, uint64_t now_ms)
{
	size_t allowed = AMPLIFICATION * a->request_len;

	if (answer_is_verified(core, a, now_ms))
		return SL_DATAGRAM_MAX;
	if (a->is_con && now_ms - a->started_ms >= core->config->limits.ack_delay)
		allowed -= EMPTY_ACK_LEN;
	return allowed < SL_DATAGRAM_MAX ? allowed : SL_DATAGRAM_MAX;
}

static size_t
length_of(const struct asker *a, const struct sl_coap_msg *msg)
{
	struct sl_coap_msg counted = *msg;
	struct sl_writer w = sl_writer_counting();

	counted.token_len = a->token_len;
	return sl_coap_encode(&w, &counted) == SL_OK ? w.len : SIZE_MAX;
}

static void
count(struct core_counts *c, const struct core_record *r)
{
	c->answered++;
	c->refused += r->is_refusal;
	c->suppressed += r->is_suppressed;
	c->refusals[r->refusal]++;
	c->responses[counts_code_row(r->code)] += !r->is_suppressed;
}

static void
record(struct proxy_core *core, const struct asker *a, const struct core_record *about,
        uint64_t now_ms)
{
	struct core_record *r = &core->records[core->records_end % RECORDS_MAX];

	count(&core->counts, about);
	if (about->is_inner)
		return;
	if (core->records_end - core->records_begin == RECORDS_MAX) {
		core->records_begin++;
		core->counts.records_lost++;
	}
	core->records_end++;
	*r = *about;
	r->id = a->id;
	r->peer = a->peer;
	r->is_oscore = a->is_oscore;
	r->route = a->route == NULL ? "-" : a->route;
	r->status = a->status;
	r->detail = a->detail;
	r->elapsed_ms = now_ms - a->started_ms;
	r->bytes_in = a->request_len;
	r->method = a->method;
	r->is_verified = answer_is_verified(core, a, now_ms);
}

/* RFC 7967 section 2.1: nothing but the empty ACK. */
static bool
suppress(struct proxy_core *core, const struct asker *a, const struct core_record *about,
        uint64_t now_ms)
{
	struct core_record r = *about;

	if (!sl_map_is_suppressed(&a->facts, about->code) ||
	        sl_messages_no_reply(core->messages, a->ref, now_ms) != SL_OK)
		return false;
	r.is_suppressed = true;
	record(core, a, &r, now_ms);
	return true;
}

/* What is said of an answer in the log and in the metrics. */
struct verdict {
	const char *reason;
	enum core_refusal refusal;
	bool is_inner;
};

/* Everything that is sent goes through here. */
static void
send_message(struct proxy_core *core, const struct asker *a, const struct sl_coap_msg *msg,
        struct verdict why, uint64_t now_ms)
{
	bool is_error = SL_COAP_CODE_CLASS(msg->code) != 2;
	struct core_record r = {.code = msg->code,
	        .is_refusal = is_error,
	        .refusal = why.refusal,
	        .is_inner = why.is_inner,
	        .reason = why.reason};
	unsigned flags =
	        answer_is_verified(core, a, now_ms) ? SL_REPLY_PLAIN : SL_REPLY_NEVER_CONFIRMABLE;

	if (suppress(core, a, &r, now_ms))
		return;
	r.bytes_out = length_of(a, msg);
	if (sl_messages_reply(core->messages, a->ref, msg, flags, now_ms) != SL_OK) {
		bool is_alive = sl_messages_no_reply(core->messages, a->ref, now_ms) == SL_OK;

		r.is_inner = false;
		r.reason = is_alive ? "answer does not fit" : "exchange is gone";
		r.bytes_out = 0;
	}
	record(core, a, &r, now_ms);
}

static enum sl_err
add_block1(const struct asker *a, struct sl_coap_msg *msg)
{
	return a->has_block1 ? sl_coap_add_block(msg, SL_COAP_BLOCK1, a->block1) : SL_OK;
}

/* A short message; an unverified peer gets it without the diagnostic when that is too much. */
static void
send_small(struct proxy_core *core, const struct asker *a, struct sl_coap_msg *msg,
        struct verdict why, uint64_t now_ms)
{
	if (msg->payload.len > 0 && length_of(a, msg) > budget(core, a, now_ms)) {
		msg->payload = sl_span(NULL, 0);
		core->counts.shortened++;
	}
	send_message(core, a, msg, why, now_ms);
}

void
answer_refuse(
        struct proxy_core *core, const struct asker *a, const struct refusal *why, uint64_t now_ms)
{
	struct sl_coap_msg msg;
	enum sl_err err = SL_OK;

	sl_coap_msg_init(&msg, why->code);
	if (why->has_max_age)
		err = sl_coap_add_uint(&msg, SL_COAP_MAX_AGE, why->max_age);
	if (err == SL_OK)
		err = add_block1(a, &msg);
	if (err == SL_OK && why->has_size1)
		err = sl_coap_add_uint(&msg, SL_COAP_SIZE1, why->size1);
	msg.payload = sl_span_text(why->text);
	if (err == SL_OK)
		send_small(core, a, &msg,
		        (struct verdict){.reason = why->reason, .refusal = why->kind}, now_ms);
}

void
answer_continue(struct proxy_core *core, const struct asker *a, uint64_t now_ms)
{
	const struct verdict why = {"block taken", CORE_NOT_REFUSED, true};
	struct sl_coap_msg msg;

	sl_coap_msg_init(&msg, SL_COAP_CONTINUE);
	if (add_block1(a, &msg) == SL_OK)
		send_small(core, a, &msg, why, now_ms);
}

static enum sl_err
add_echo(const struct proxy_core *core, const struct asker *a, struct sl_coap_msg *msg,
        uint8_t value[static SL_ECHO_LEN], uint64_t now_ms)
{
	sl_echo_value(core->echo, &a->peer, now_ms, value);
	return sl_coap_add(msg, SL_COAP_ECHO, sl_span(value, SL_ECHO_LEN));
}

void
answer_challenge(struct proxy_core *core, const struct asker *a, uint64_t now_ms)
{
	uint8_t value[SL_ECHO_LEN];
	struct sl_coap_msg msg;

	sl_coap_msg_init(&msg, SL_COAP_UNAUTHORIZED);
	if (add_echo(core, a, &msg, value, now_ms) != SL_OK)
		return;
	if (length_of(a, &msg) > budget(core, a, now_ms))
		sl_coap_remove(&msg, SL_COAP_ECHO);
	core->counts.challenged++;
	send_message(core, a, &msg,
	        (struct verdict){.reason = "unverified peer", .refusal = CORE_REFUSED_UNVERIFIED},
	        now_ms);
}

/* --- bodies ------------------------------------------------------------------------------------------------ */

static void
refuse_slice(struct proxy_core *core, const struct asker *a, enum sl_err err, uint64_t now_ms)
{
	struct refusal why = {.code = SL_COAP_BAD_REQUEST,
	        .kind = CORE_REFUSED_BLOCK,
	        .reason = "block beyond the end"};

	if (err == SL_ENOTFOUND) {
		why.code = SL_COAP_REQUEST_ENTITY_INCOMPLETE;
		why.reason = "no answer kept for this block";
	}
	answer_refuse(core, a, &why, now_ms);
}

/* Cut anew with the next smaller size: the same offset (RFC 7959 section 2.4). A follow-up is short: the
 * slices of a client that does not know Echo become as small as they can be. */
static bool
shrink(const struct asker *a, struct sl_coap_block *wish)
{
	uint8_t least = wish->num == 0 ? szx_least(a) : 0;

	if (wish->szx <= least || wish->num >= 1U << 19)
		return false;
	wish->szx--;
	wish->num *= 2;
	return true;
}

static enum sl_err
build_slice(const struct asker *a, const struct sl_block_slice *slice, struct sl_coap_msg *msg)
{
	enum sl_err err;

	sl_coap_msg_init(msg, slice->part.code);
	err = sl_coap_options_decode(msg, slice->part.options);
	if (err == SL_OK)
		err = sl_coap_add_block(msg, SL_COAP_BLOCK2, slice->block);
	if (err == SL_OK)
		err = add_block1(a, msg);
	if (err == SL_OK && a->wants_size2)
		err = sl_coap_add_uint(msg, SL_COAP_SIZE2, slice->size);
	msg->payload = slice->part.body;
	return err;
}

/* The discovery document is cut where it lies: nobody can fill the table of kept answers with it. */
static enum sl_err
find_slice(struct proxy_core *core, const struct asker *a, struct sl_coap_block wish,
        struct sl_block_slice *slice, uint64_t now_ms)
{
	static const uint8_t link_format[] = {0xc1, LINK_FORMAT}; /* option 12 */
	struct sl_span text = sl_span_text(core->config->discovery);
	size_t size = sl_coap_block_size(wish.szx), begin = (size_t)wish.num * size;

	if (!a->is_discovery)
		return sl_blocks_slice(core->blocks, &a->key, wish, now_ms, slice);
	if (begin >= text.len)
		return SL_EMALFORMED;
	text = sl_span(text.ptr + begin, text.len - begin);
	slice->part.code = SL_COAP_CONTENT;
	slice->part.options = sl_span(link_format, sizeof link_format);
	slice->part.body = sl_span(text.ptr, text.len < size ? text.len : size);
	slice->block = (struct sl_coap_block){wish.num, text.len > size, wish.szx};
	slice->size = (uint32_t)(begin + text.len);
	return SL_OK;
}

/* The largest slice from the wish downwards that fits the budget. False: none does, nothing was sent. */
static bool
send_fitting(struct proxy_core *core, const struct asker *a, struct sl_coap_block wish,
        bool with_echo, uint64_t now_ms)
{
	const struct verdict why = {"slice", CORE_NOT_REFUSED, wish.num > 0};
	size_t limit = budget(core, a, now_ms);
	uint8_t echo[SL_ECHO_LEN], wished = wish.szx;

	do {
		struct sl_block_slice slice;
		struct sl_coap_msg msg;
		enum sl_err err = find_slice(core, a, wish, &slice, now_ms);

		if (err == SL_OK)
			err = build_slice(a, &slice, &msg);
		if (err == SL_OK && with_echo)
			err = add_echo(core, a, &msg, echo, now_ms);
		if (err != SL_OK) {
			refuse_slice(core, a, err, now_ms);
			return true;
		}
		if (length_of(a, &msg) <= limit) {
			core->counts.sliced += wish.szx < wished;
			send_message(core, a, &msg, why, now_ms);
			return true;
		}
	} while (shrink(a, &wish));
	return false;
}

/* The first slice of an unverified peer brings the Echo value that its follow-ups may show (RFC 9175
 * section 2.3): that costs no round trip, and nothing is asked of the origin twice. */
void
answer_slice(
        struct proxy_core *core, const struct asker *a, struct sl_coap_block wish, uint64_t now_ms)
{
	bool offers_echo = wish.num == 0 && !answer_is_verified(core, a, now_ms);

	if (offers_echo && send_fitting(core, a, wish, true, now_ms))
		return;
	if (!send_fitting(core, a, wish, false, now_ms))
		answer_challenge(core, a, now_ms);
}

/* What an OSCORE request asks for has a name of its own, its OSCORE option. Slices of two plain answers of one
 * resource are told apart by this (RFC 7959 section 2.4): the late answer to a request that was given up,
 * say by a device that lost its memory, must not complete another one. */
static enum sl_err
add_etag(const struct proxy_core *core, const struct asker *a, struct sl_coap_msg *msg,
        struct sl_span body, uint8_t value[static sizeof(uint64_t)])
{
	uint64_t digest;

	if (a->is_oscore)
		return SL_OK;
	digest = sl_siphash(core->hash_key, body);
	memcpy(value, &digest, sizeof digest);
	return sl_coap_add(msg, SL_COAP_ETAG, sl_span(value, ETAG_LEN));
}

static enum sl_err
keep(struct proxy_core *core, const struct asker *a, const struct sl_coap_msg *msg,
        struct sl_span body, uint64_t now_ms)
{
	uint8_t options[OPTIONS_LEN_MAX], etag[sizeof(uint64_t)];
	struct sl_writer w = sl_writer_over(options, sizeof options);
	struct sl_block_answer answer = {.code = msg->code, .body = body};
	uint64_t wakeup = now_ms + core->config->limits.block_idle;
	struct sl_coap_msg tagged = *msg;
	enum sl_err err = add_etag(core, a, &tagged, body, etag);

	if (err == SL_OK)
		err = sl_coap_options_encode(&w, &tagged);
	if (err != SL_OK)
		return err;
	answer.options = sl_writer_span(&w);
	if (wakeup < core->blocks_wakeup)
		core->blocks_wakeup = wakeup;
	return sl_blocks_keep(core->blocks, &a->peer, &a->key, &answer, now_ms);
}

/* *msg has code and options; the body goes with it, or in slices. */
static void
send_body(struct proxy_core *core, const struct asker *a, struct sl_coap_msg *msg,
        struct sl_span body, uint64_t now_ms)
{
	static const struct refusal no_room = {.code = SL_COAP_SERVICE_UNAVAILABLE,
	        .has_max_age = true,
	        .max_age = 5,
	        .kind = CORE_REFUSED_ANSWER_ROOM,
	        .reason = "no room to keep the answer"};
	struct sl_coap_msg whole = *msg;

	whole.payload = body;
	if (body.len <= sl_coap_block_size(a->szx) && add_block1(a, &whole) == SL_OK &&
	        length_of(a, &whole) <= budget(core, a, now_ms)) {
		send_message(core, a, &whole,
		        (struct verdict){.reason = "ok", .refusal = CORE_NOT_REFUSED}, now_ms);
		return;
	}
	if (!a->is_discovery && keep(core, a, msg, body, now_ms) != SL_OK)
		answer_refuse(core, a, &no_room, now_ms);
	else
		answer_slice(core, a, (struct sl_coap_block){.num = 0, .szx = a->szx}, now_ms);
}

static enum sl_err
build_reply(struct sl_coap_msg *msg, const struct sl_map_reply *reply)
{
	enum sl_err err = SL_OK;

	sl_coap_msg_init(msg, reply->code);
	if (reply->has_oscore)
		err = sl_coap_add(msg, SL_COAP_OSCORE, sl_span(reply->oscore, reply->oscore_len));
	if (err == SL_OK && reply->has_content_format)
		err = sl_coap_add_uint(msg, SL_COAP_CONTENT_FORMAT, reply->content_format);
	if (err == SL_OK && reply->has_max_age)
		err = sl_coap_add_uint(msg, SL_COAP_MAX_AGE, reply->max_age);
	if (err == SL_OK && reply->has_size1)
		err = sl_coap_add_uint(msg, SL_COAP_SIZE1, reply->size1);
	return err;
}

void
answer_reply(struct proxy_core *core, const struct asker *a, const struct sl_map_reply *reply,
        uint64_t now_ms)
{
	uint8_t room[LOCATION_ROOM];
	struct sl_coap_msg msg;

	if (build_reply(&msg, reply) != SL_OK)
		return;
	if (reply->location.len > 0)
		location_add(&msg, a, reply->location, room);
	if (reply->payload.len > 0 && (!reply->is_error || reply->has_content_format)) {
		send_body(core, a, &msg, reply->payload, now_ms);
		return;
	}
	if (add_block1(a, &msg) != SL_OK)
		return;
	msg.payload = reply->payload;
	send_small(core, a, &msg,
	        (struct verdict){.reason = reply->reason, .refusal = CORE_NOT_REFUSED}, now_ms);
}

void
answer_discovery(struct proxy_core *core, const struct asker *a, uint64_t now_ms)
{
	struct sl_coap_msg msg;

	sl_coap_msg_init(&msg, SL_COAP_CONTENT);
	if (sl_coap_add_uint(&msg, SL_COAP_CONTENT_FORMAT, LINK_FORMAT) == SL_OK)
		send_body(core, a, &msg, sl_span_text(core->config->discovery), now_ms);
}
