/* SPDX-License-Identifier: BSD-2-Clause
 * A client's message layer: one request under way, blocks one after another, each a message with a
 * message ID and a token of its own. RFC 7252 sections 4.2, 5.2, 5.3; RFC 7959 sections 2.4 to
 * 2.7. */
#include <sl/client.h>

#include <sl/buf.h>
#include <sl/draw.h>
#include <sl/wipe.h>
#include <stdlib.h>
#include <string.h>

#define EMPTY_LEN    4
#define CONTROLS_MAX 8    /* ACK and RST that wait to be sent */
#define SEEN_MAX     8    /* separate responses whose copies are acknowledged again */
#define MESSAGE_MAX  1500 /* a request of ours */
#define DATAGRAM_MAX 65535
#define ECHO_MAX     40 /* RFC 9175 section 2.2.1 */

struct name {
	uint16_t message_id;
	uint8_t token[SL_COAP_TOKEN_MAX];
};

struct sl_client {
	struct sl_client_config config;
	struct sl_draw draw;
	enum sl_client_state state;
	uint8_t *kept; /* owned: options and payload of the request */
	struct sl_coap_msg request;

	uint8_t message[MESSAGE_MAX]; /* under way */
	size_t message_len;
	struct name name;
	uint16_t next_id;
	bool is_to_send, is_acked;
	uint32_t retransmits, timeout_ms;
	uint32_t timeout_max_ms; /* ACK_TIMEOUT * ACK_RANDOM_FACTOR */
	uint64_t due_ms;

	bool is_upload, is_collecting, has_shrunk;
	uint8_t szx;               /* of Block1 */
	size_t uploaded;           /* bytes of the payload before this block */
	struct sl_coap_block wish; /* the Block2 to ask for */
	uint8_t echo[ECHO_MAX];    /* that came with a slice; goes with the next question */
	size_t echo_len;

	struct sl_buf head, body; /* first datagram of the answer; its payload */
	struct sl_coap_msg response;

	uint8_t controls[CONTROLS_MAX][EMPTY_LEN];
	uint32_t control_first, control_count;
	struct name seen[SEEN_MAX];
	uint32_t seen_count;
	struct sl_client_counts counts;
};

void
sl_client_config_init(struct sl_client_config *config)
{
	memset(config, 0, sizeof *config);
	config->ack_timeout_ms = 2000;
	config->ack_random_permille = 1500;
	config->max_retransmit = 4;
	config->response_timeout_ms = 120000;
	config->body_bytes_max = 64U << 10;
	config->block_szx = 6;
}

enum sl_err
sl_client_new(struct sl_client **out, const struct sl_client_config *config)
{
	struct sl_client *c;

	if (config->block_szx > 6)
		return SL_ELIMIT;
	c = calloc(1, sizeof *c);
	if (c == NULL)
		return SL_ENOMEM;
	c->config = *config;
	c->draw = sl_draw_from(config->seed);
	c->timeout_max_ms =
	        (uint32_t)((uint64_t)config->ack_timeout_ms * config->ack_random_permille / 1000);
	c->next_id = (uint16_t)sl_draw_next(&c->draw);
	sl_buf_init(&c->head, DATAGRAM_MAX);
	sl_buf_init(&c->body, config->body_bytes_max);
	*out = c;
	return SL_OK;
}

void
sl_client_free(struct sl_client *c)
{
	if (c == NULL)
		return;
	free(c->kept);
	sl_buf_clear(&c->head);
	sl_buf_clear(&c->body);
	sl_wipe(c, sizeof *c);
	free(c);
}

/* --- requests out ----------------------------------------------------------------------------- */

static void
finish(struct sl_client *c, enum sl_client_state state)
{
	c->state = state;
	c->is_to_send = false;
}

/* A server that gave an Echo value may want to see it (RFC 9175 section 2.3). */
static enum sl_err
add_echo(const struct sl_client *c, struct sl_coap_msg *msg)
{
	if (c->echo_len == 0)
		return SL_OK;
	sl_coap_remove(msg, SL_COAP_ECHO);
	return sl_coap_add(msg, SL_COAP_ECHO, sl_span(c->echo, c->echo_len));
}

static void
note_echo(struct sl_client *c, const struct sl_coap_msg *msg)
{
	const struct sl_coap_option *opt = sl_coap_find(msg, SL_COAP_ECHO);
	struct sl_span value = opt == NULL ? sl_span(NULL, 0) : sl_coap_option_value(opt);

	if (value.len == 0 || value.len > sizeof c->echo)
		return;
	memcpy(c->echo, value.ptr, value.len);
	c->echo_len = value.len;
}

static enum sl_err
add_blocks(const struct sl_client *c, struct sl_coap_msg *msg)
{
	uint32_t size = sl_coap_block_size(c->szx);
	size_t left = msg->payload.len - c->uploaded;
	struct sl_coap_block block = {(uint32_t)(c->uploaded / size), left > size, c->szx};

	if (c->is_collecting) {
		msg->payload = sl_span(NULL, 0);
		sl_coap_remove(msg, SL_COAP_BLOCK2);
		return add_echo(c, msg) == SL_OK ? sl_coap_add_block(msg, SL_COAP_BLOCK2, c->wish)
		                                 : SL_ELIMIT;
	}
	if (!c->is_upload)
		return SL_OK;
	msg->payload = sl_span(msg->payload.ptr + c->uploaded, left > size ? size : left);
	return sl_coap_add_block(msg, SL_COAP_BLOCK1, block);
}

/* The message that is due next: the request, one block of it, or the question for a slice. */
static enum sl_err
send_message(struct sl_client *c, uint64_t now_ms)
{
	struct sl_coap_msg msg = c->request;
	struct sl_writer w = sl_writer_over(c->message, sizeof c->message);
	uint64_t token = sl_draw_next(&c->draw);
	enum sl_err err = add_blocks(c, &msg);

	msg.type = SL_COAP_CON;
	msg.message_id = c->name.message_id = c->next_id++;
	msg.token_len = sizeof token;
	memcpy(msg.token, &token, sizeof token);
	memcpy(c->name.token, &token, sizeof token);
	if (err != SL_OK || sl_coap_encode(&w, &msg) != SL_OK)
		return SL_ELIMIT;
	c->message_len = w.len;
	c->state = SL_CLIENT_WAITING;
	c->is_to_send = true;
	c->is_acked = false;
	c->retransmits = 0;
	c->timeout_ms = sl_draw_between(&c->draw, c->config.ack_timeout_ms, c->timeout_max_ms);
	c->due_ms = now_ms + c->timeout_ms;
	c->counts.sent++;
	return SL_OK;
}

/* The same from inside an exchange, where nobody waits for an error. */
static void
go_on(struct sl_client *c, uint64_t now_ms)
{
	if (send_message(c, now_ms) != SL_OK)
		finish(c, SL_CLIENT_BROKEN);
}

static enum sl_err
keep_request(struct sl_client *c, const struct sl_coap_msg *request)
{
	struct sl_writer w = sl_writer_counting();
	enum sl_err err = sl_coap_options_encode(&w, request);
	uint8_t *bytes = err == SL_OK ? malloc(w.len + 1) : NULL;

	if (bytes == NULL)
		return err == SL_OK ? SL_ENOMEM : SL_ELIMIT;
	w = sl_writer_over(bytes, w.len);
	(void)!sl_coap_options_encode(&w, request);
	free(c->kept);
	c->kept = bytes;
	sl_coap_msg_init(&c->request, request->code);
	err = sl_coap_options_decode(&c->request, sl_writer_span(&w));
	sl_coap_remove(&c->request, SL_COAP_BLOCK1);
	return err;
}

enum sl_err
sl_client_start(struct sl_client *c, const struct sl_coap_msg *request, uint64_t now_ms)
{
	enum sl_err err;

	finish(c, SL_CLIENT_IDLE);
	sl_buf_clear(&c->head);
	sl_buf_clear(&c->body);
	err = keep_request(c, request);
	if (err != SL_OK)
		return err;
	c->szx = c->config.block_szx;
	c->is_upload = c->request.payload.len > sl_coap_block_size(c->szx);
	c->is_collecting = c->has_shrunk = false;
	c->uploaded = 0;
	c->echo_len = 0;
	return send_message(c, now_ms);
}

/* --- answers in ------------------------------------------------------------------------------- */

static void
send_control(struct sl_client *c, enum sl_coap_type type, uint16_t message_id)
{
	struct sl_coap_msg empty = {.type = (uint8_t)type, .message_id = message_id};
	uint32_t at = (c->control_first + c->control_count) % CONTROLS_MAX;
	struct sl_writer w = sl_writer_over(c->controls[at], EMPTY_LEN);

	if (c->control_count == CONTROLS_MAX)
		return;
	(void)!sl_coap_encode(&w, &empty);
	c->control_count++;
}

/* The answer to a block that is not the last, or to one that was too large: RFC 7959 sections 2.5,
 * 2.9.3. False: the answer is for the whole request. */
static bool
goes_on_uploading(struct sl_client *c, const struct sl_coap_msg *msg, uint64_t now_ms)
{
	uint32_t size = sl_coap_block_size(c->szx);
	bool is_last = !c->is_upload || c->request.payload.len - c->uploaded <= size;
	struct sl_coap_block got = {0};
	bool has_block = sl_coap_get_block(msg, SL_COAP_BLOCK1, &got) == SL_OK;
	bool is_smaller = has_block && got.szx < c->szx;

	if (c->is_collecting)
		return false;
	if (msg->code == SL_COAP_REQUEST_ENTITY_TOO_LARGE && is_smaller && !c->has_shrunk) {
		c->has_shrunk = true;
		c->szx = got.szx;
		c->is_upload = c->request.payload.len > sl_coap_block_size(c->szx);
		c->uploaded = 0;
		go_on(c, now_ms);
		return true;
	}
	if (SL_COAP_CODE_CLASS(msg->code) != 2 || (is_last && msg->code != SL_COAP_CONTINUE))
		return false;
	if (is_last || !has_block || got.num != c->uploaded / size ||
	        (msg->code != SL_COAP_CONTINUE && !got.more)) {
		finish(c, SL_CLIENT_BROKEN);
		return true;
	}
	c->uploaded += size;
	if (is_smaller)
		c->szx = got.szx;
	go_on(c, now_ms);
	return true;
}

static bool
is_same_option(const struct sl_coap_msg *a, const struct sl_coap_msg *b, uint16_t number)
{
	const struct sl_coap_option *in_a = sl_coap_find(a, number);
	const struct sl_coap_option *in_b = sl_coap_find(b, number);

	if (in_a == NULL || in_b == NULL)
		return in_a == in_b;
	return sl_span_equal(sl_coap_option_value(in_a), sl_coap_option_value(in_b));
}

/* RFC 7959 section 2.4: the slice that was asked for, of the same representation, and of its
 * size. */
static bool
is_next_slice(const struct sl_client *c, const struct sl_coap_msg *msg, struct sl_coap_block block)
{
	size_t size = sl_coap_block_size(block.szx);

	if (block.num * size != c->body.len || msg->payload.len > size ||
	        (block.more && msg->payload.len != size))
		return false;
	return !c->is_collecting ||
	       (msg->code == c->response.code && is_same_option(msg, &c->response, SL_COAP_ETAG) &&
	               is_same_option(msg, &c->response, SL_COAP_OSCORE));
}

static void
collect(struct sl_client *c, const struct sl_coap_msg *msg, struct sl_span datagram,
        uint64_t now_ms)
{
	struct sl_coap_block block = {0};
	enum sl_err err = sl_coap_get_block(msg, SL_COAP_BLOCK2, &block);

	if (c->is_collecting && SL_COAP_CODE_CLASS(msg->code) != 2 &&
	        msg->code != c->response.code) {
		sl_buf_clear(&c->body); /* an error ends the collection and is the answer */
		c->is_collecting = false;
	}
	if (err == SL_ENOTFOUND)
		err = c->is_collecting ? SL_EMALFORMED : SL_OK;
	else if (err == SL_OK && !is_next_slice(c, msg, block))
		err = SL_EMALFORMED;
	if (err == SL_OK)
		err = sl_buf_add(&c->body, msg->payload);
	if (err == SL_OK && !c->is_collecting) {
		sl_buf_clear(&c->head);
		err = sl_buf_add(&c->head, datagram);
		if (err == SL_OK)
			err = sl_coap_decode(&c->response, sl_buf_view(&c->head));
	}
	if (err != SL_OK) {
		finish(c, SL_CLIENT_BROKEN);
		return;
	}
	if (block.more) {
		c->is_collecting = true;
		note_echo(c, msg);
		c->wish.num = (uint32_t)(c->body.len >> (block.szx + 4));
		c->wish.szx = block.szx;
		go_on(c, now_ms);
		return;
	}
	sl_coap_remove(&c->response, SL_COAP_BLOCK1);
	sl_coap_remove(&c->response, SL_COAP_BLOCK2);
	sl_coap_remove(&c->response, SL_COAP_SIZE2);
	c->response.payload = sl_buf_view(&c->body);
	finish(c, SL_CLIENT_DONE);
}

static bool
was_seen(const struct sl_client *c, const struct sl_coap_msg *msg)
{
	for (uint32_t i = 0; i < SEEN_MAX && i < c->seen_count; i++)
		if (c->seen[i].message_id == msg->message_id &&
		        memcmp(c->seen[i].token, msg->token, sizeof msg->token) == 0)
			return true;
	return false;
}

/* Sections 4.2, 5.3.2: matched by the token, and in an ACK by the message ID too. */
static void
on_response(struct sl_client *c, const struct sl_coap_msg *msg, struct sl_span datagram,
        uint64_t now_ms)
{
	bool is_ours = c->state == SL_CLIENT_WAITING && msg->token_len == sizeof msg->token &&
	               memcmp(msg->token, c->name.token, sizeof msg->token) == 0 &&
	               msg->type != SL_COAP_RST &&
	               (msg->type != SL_COAP_ACK || msg->message_id == c->name.message_id);

	if (msg->type == SL_COAP_CON)
		send_control(c, is_ours || was_seen(c, msg) ? SL_COAP_ACK : SL_COAP_RST,
		        msg->message_id);
	if (!is_ours) {
		c->counts.ignored++;
		return;
	}
	if (msg->type == SL_COAP_CON) {
		struct name *name = &c->seen[c->seen_count++ % SEEN_MAX];

		name->message_id = msg->message_id;
		memcpy(name->token, msg->token, sizeof name->token);
	}
	if (!goes_on_uploading(c, msg, now_ms))
		collect(c, msg, datagram, now_ms);
}

/* An empty ACK or RST to the message under way. */
static void
on_control(struct sl_client *c, const struct sl_coap_msg *msg, uint64_t now_ms)
{
	if (c->state != SL_CLIENT_WAITING || msg->message_id != c->name.message_id || c->is_acked) {
		c->counts.ignored++;
	} else if (msg->type == SL_COAP_RST) {
		finish(c, SL_CLIENT_RESET);
	} else {
		c->is_acked = true;
		c->is_to_send = false;
		c->due_ms = now_ms + c->config.response_timeout_ms;
	}
}

void
sl_client_on_datagram(struct sl_client *c, struct sl_span datagram, uint64_t now_ms)
{
	struct sl_coap_msg msg = {0};
	bool is_well_formed = sl_coap_decode(&msg, datagram) == SL_OK;
	bool is_control = msg.type == SL_COAP_ACK || msg.type == SL_COAP_RST;

	c->counts.received++;
	if (is_well_formed && SL_COAP_CODE_CLASS(msg.code) != 0) {
		on_response(c, &msg, datagram, now_ms);
	} else if (is_well_formed && is_control && msg.code == SL_COAP_EMPTY) {
		on_control(c, &msg, now_ms);
	} else { /* a ping, a request, a format error */
		c->counts.ignored++;
		if (sl_coap_header_decode(&msg, datagram) == SL_OK && msg.type == SL_COAP_CON)
			send_control(c, SL_COAP_RST, msg.message_id);
	}
}

/* --- time ------------------------------------------------------------------------------------- */

void
sl_client_on_time(struct sl_client *c, uint64_t now_ms)
{
	if (c->state != SL_CLIENT_WAITING || now_ms < c->due_ms)
		return;
	if (c->is_acked || c->retransmits >= c->config.max_retransmit) {
		finish(c, SL_CLIENT_TIMEOUT);
		return;
	}
	c->retransmits++;
	c->timeout_ms *= 2;
	c->due_ms = now_ms + c->timeout_ms;
	c->is_to_send = true;
	c->counts.retransmitted++;
}

uint64_t
sl_client_wakeup(const struct sl_client *c)
{
	return c->state == SL_CLIENT_WAITING ? c->due_ms : UINT64_MAX;
}

enum sl_client_state
sl_client_state(const struct sl_client *c)
{
	return c->state;
}

const struct sl_coap_msg *
sl_client_response(const struct sl_client *c)
{
	return c->state == SL_CLIENT_DONE ? &c->response : NULL;
}

bool
sl_client_next(struct sl_client *c, struct sl_span *datagram)
{
	if (c->control_count > 0) {
		*datagram = sl_span(c->controls[c->control_first], EMPTY_LEN);
		c->control_first = (c->control_first + 1) % CONTROLS_MAX;
		c->control_count--;
		return true;
	}
	if (!c->is_to_send)
		return false;
	c->is_to_send = false;
	*datagram = sl_span(c->message, c->message_len);
	return true;
}

struct sl_client_counts
sl_client_counts(const struct sl_client *c)
{
	return c->counts;
}
