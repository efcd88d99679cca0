/* SPDX-License-Identifier: BSD-2-Clause */
#include "session.h"

#include <sl/client.h>
#include <sl/siphash.h>
#include <sl/text.h>
#include <sl/wipe.h>

#include <stdlib.h>
#include <string.h>

#define FORMAT_EDHOC 64 /* application/edhoc+cbor-seq */

enum state { IDLE, RESERVE, WAITING, PAUSED, DONE };

struct session {
	struct session_config config;
	struct sl_oscore_ctx *ctx;
	struct sl_client *client;
	struct inner inner;
	struct outer outer;
	enum state state;
	uint64_t deadline_ms, pause_until_ms, draws;
	unsigned hints; /* about the message that is under way */
	unsigned echo_rounds_inner, echo_rounds_outer;
	struct outer_echo echo_inner, echo_outer; /* to return with the next attempt */
	struct sl_span message_3;                 /* of the exchange that begins next */
	struct session_result result;
	struct session_counts counts;
	struct sl_coap_msg sent, received; /* inside the protection */
	bool sent_is_new, received_is_new;
	uint8_t plaintext[SESSION_UNFRAGMENTED_MAX];
};

void
session_config_init(struct session_config *config)
{
	struct session_config c = {.inner_szx = 6,
	        .outer_szx = 6,
	        .backoff_ms = 2000,
	        .timeout_ms = 600000,
	        .reserve = SESSION_RESERVE_DEFAULT,
	        .ack_timeout_ms = 2000};

	*config = c;
}

enum sl_err
session_new(struct session **out, struct sl_oscore_ctx *ctx, const struct session_config *config)
{
	struct sl_client_config client;
	struct session *s = calloc(1, sizeof *s);
	enum sl_err err;

	if (s == NULL)
		return SL_ENOMEM;
	sl_client_config_init(&client);
	client.block_szx = config->outer_szx;
	client.body_bytes_max = SESSION_UNFRAGMENTED_MAX;
	client.ack_timeout_ms = config->ack_timeout_ms;
	memcpy(client.seed, config->seed, sizeof client.seed);
	err = sl_client_new(&s->client, &client);
	if (err != SL_OK) {
		free(s);
		return err;
	}
	s->config = *config;
	s->ctx = ctx;
	inner_init(&s->inner);
	*out = s;
	return SL_OK;
}

void
session_free(struct session *s)
{
	if (s == NULL)
		return;
	sl_client_free(s->client);
	inner_clear(&s->inner);
	sl_wipe(s, sizeof *s);
	free(s);
}

static void
end(struct session *s, enum session_outcome outcome)
{
	s->state = DONE;
	s->result.outcome = outcome;
}

/* base to 1.5 base: a crowd that lost its power together does not come back together. */
static uint64_t
jittered(struct session *s, uint64_t base_ms)
{
	uint64_t n = s->draws++;

	return base_ms + sl_siphash(s->config.seed, sl_span(&n, sizeof n)) % (base_ms / 2 + 1);
}

static enum sl_err
build_inner(struct session *s)
{
	enum sl_err err = inner_build(&s->inner, &s->sent);

	if (err == SL_OK && s->echo_inner.len > 0)
		err = sl_coap_add(
		        &s->sent, SL_COAP_ECHO, sl_span(s->echo_inner.bytes, s->echo_inner.len));
	return err;
}

/* RFC 7959 section 2.7, on the link: a small block size is wished for from the first message on. */
static enum sl_err
build_outer(struct session *s)
{
	struct sl_coap_block wish = {0, false, s->config.outer_szx};
	enum sl_err err =
	        outer_build(&s->outer, s->ctx, &s->sent, &s->config.route, &s->echo_outer);

	if (err == SL_OK && s->config.outer_szx < 6)
		err = sl_coap_add_block(&s->outer.msg, SL_COAP_BLOCK2, wish);
	return err;
}

/* Every attempt is protected anew: a Partial IV is used once (RFC 8613 section 7.2.1). */
static void
attempt(struct session *s, uint64_t now_ms)
{
	enum sl_err err = build_inner(s);

	if (err == SL_OK)
		err = build_outer(s);
	if (err == SL_ELIMIT && s->ctx->ssn >= SL_OSCORE_SSN_END) {
		end(s, SESSION_EXHAUSTED);
		return;
	}
	if (err == SL_ELIMIT && s->ctx->ssn >= s->ctx->ssn_limit) {
		s->state = RESERVE;
		return;
	}
	if (err == SL_OK)
		err = sl_client_start(s->client, &s->outer.msg, now_ms);
	if (err != SL_OK) {
		end(s, s->outer.message_3.len > 0 && err == SL_ESPACE ? SESSION_UNCOMBINED
		                                                      : SESSION_FAILED);
		return;
	}
	s->counts.protected_requests++;
	s->sent_is_new = true;
	s->state = WAITING;
}

/* The message under way is another one: its attempts and rounds count from zero. */
static void
next_message(struct session *s, uint64_t now_ms)
{
	s->hints = 0;
	s->echo_rounds_inner = 0;
	s->echo_rounds_outer = 0;
	s->echo_inner.len = 0;
	s->echo_outer.len = 0;
	attempt(s, now_ms);
}

enum sl_err
session_start(struct session *s, const struct inner_request *request, uint64_t now_ms)
{
	struct session_result none = {0};
	enum sl_err err = inner_start(&s->inner, request, s->config.inner_szx, s->ctx->ssn);

	if (err != SL_OK)
		return err;
	s->result = none;
	s->outer.message_3 = s->message_3;
	s->message_3 = sl_span(NULL, 0);
	s->deadline_ms = now_ms + s->config.timeout_ms;
	next_message(s, now_ms);
	return SL_OK;
}

void
session_combine(struct session *s, struct sl_span message_3)
{
	s->message_3 = message_3;
}

void
session_end_by(struct session *s, uint64_t when_ms)
{
	if (when_ms < s->deadline_ms)
		s->deadline_ms = when_ms;
}

enum session_want
session_wants(const struct session *s)
{
	static const enum session_want wants[] = {
	        [IDLE] = SESSION_NOTHING,
	        [RESERVE] = SESSION_RESERVE,
	        [WAITING] = SESSION_WAIT,
	        [PAUSED] = SESSION_WAIT,
	        [DONE] = SESSION_FINISHED,
	};

	return wants[s->state];
}

uint64_t
session_reserve_limit(const struct session *s)
{
	uint64_t limit = s->ctx->ssn + s->config.reserve;

	return limit < SL_OSCORE_SSN_END ? limit : SL_OSCORE_SSN_END;
}

void
session_on_reserved(struct session *s, uint64_t limit, uint64_t now_ms)
{
	if (s->state != RESERVE)
		return;
	sl_oscore_reserve(s->ctx, limit);
	attempt(s, now_ms);
	if (s->state == RESERVE)
		end(s, SESSION_FAILED); /* the limit did not rise: never ask in a circle */
}

void
session_on_failure(struct session *s)
{
	end(s, SESSION_FAILED);
}

static void
note_hint(struct session *s, const struct sl_coap_msg *msg)
{
	struct sl_span text = msg == NULL ? sl_span(NULL, 0) : msg->payload;

	s->counts.hints++;
	s->result.hint_code = msg == NULL ? 0 : msg->code;
	sl_escape(s->result.hint_text, sizeof s->result.hint_text, text);
}

static bool
is_edhoc_error(const struct sl_coap_msg *msg)
{
	uint32_t format;

	return msg != NULL && SL_COAP_CODE_CLASS(msg->code) >= 4 &&
	       sl_coap_get_uint(msg, SL_COAP_CONTENT_FORMAT, &format) == SL_OK &&
	       format == FORMAT_EDHOC;
}

/* What a hint ends. */
static bool
ends_by_hint(struct session *s, const struct sl_coap_msg *msg)
{
	if (s->outer.message_3.len > 0) {
		if (is_edhoc_error(msg))
			s->result.edhoc_error = msg->payload;
		end(s, is_edhoc_error(msg) ? SESSION_EDHOC_ERROR : SESSION_UNCOMBINED);
		return true;
	}
	if (s->hints == SESSION_HINTS_MAX ||
	        (s->config.is_renewable && msg != NULL && msg->code == SL_COAP_UNAUTHORIZED)) {
		end(s, msg == NULL ? SESSION_SILENT : SESSION_HINTED);
		return true;
	}
	return false;
}

/* RFC 8613 D.5.3: nothing is concluded from the code. Wait, protect again, a bounded number of
 * times. */
static void
on_hint(struct session *s, const struct sl_coap_msg *msg, uint64_t now_ms)
{
	uint64_t wait_ms = (uint64_t)s->config.backoff_ms << s->hints;
	uint32_t max_age_s = 0;

	note_hint(s, msg);
	if (ends_by_hint(s, msg))
		return;
	s->hints++;
	if (msg != NULL && msg->code == SL_COAP_SERVICE_UNAVAILABLE &&
	        sl_coap_get_uint(msg, SL_COAP_MAX_AGE, &max_age_s) == SL_OK) {
		if (max_age_s > SESSION_HINT_WAIT_MAX_S)
			max_age_s = SESSION_HINT_WAIT_MAX_S;
		if ((uint64_t)max_age_s * 1000 > wait_ms)
			wait_ms = (uint64_t)max_age_s * 1000;
	}
	s->echo_outer.len = 0;
	s->pause_until_ms = now_ms + jittered(s, wait_ms);
	s->state = PAUSED;
}

static void
on_unprotected(struct session *s, const struct sl_coap_msg *msg, uint64_t now_ms)
{
	if (msg->code != SL_COAP_UNAUTHORIZED || s->echo_rounds_outer == SESSION_ECHO_ROUNDS_MAX ||
	        outer_echo_of(msg, &s->echo_outer) != SL_OK) {
		on_hint(s, msg, now_ms);
		return;
	}
	s->echo_rounds_outer++;
	s->counts.echo_outer++;
	attempt(s, now_ms);
}

/* RFC 8613 B.1.2: a server that lost its window asks for a sign of life inside the protection. */
static bool
is_inner_echo(struct session *s)
{
	return s->received.code == SL_COAP_UNAUTHORIZED &&
	       outer_echo_of(&s->received, &s->echo_inner) == SL_OK;
}

static void
on_authentic(struct session *s, uint64_t now_ms)
{
	s->received_is_new = true;
	s->outer.message_3 = sl_span(NULL, 0); /* the server has the keys */
	if (is_inner_echo(s)) {
		s->counts.echo_inner++;
		s->echo_outer.len = 0;
		if (s->echo_rounds_inner++ == SESSION_ECHO_ROUNDS_MAX)
			end(s, SESSION_BROKEN);
		else
			attempt(s, now_ms);
		return;
	}
	switch (inner_on_response(&s->inner, &s->received)) {
	case INNER_NEXT:
		next_message(s, now_ms);
		break;
	case INNER_DONE:
		s->result.answer = *inner_answer(&s->inner);
		end(s, SESSION_ANSWERED);
		break;
	case INNER_BROKEN:
		end(s, SESSION_BROKEN);
		break;
	}
}

static void
on_response(struct session *s, const struct sl_coap_msg *msg, uint64_t now_ms)
{
	const struct sl_coap_option *opt = sl_coap_find(msg, SL_COAP_OSCORE);
	struct sl_oscore_open open = {s->plaintext, sizeof s->plaintext, &s->received};
	enum sl_oscore_outcome outcome;

	if (opt == NULL) {
		on_unprotected(s, msg, now_ms);
		return;
	}
	outcome = sl_oscore_unprotect_response(
	        s->ctx, &s->outer.exchange, sl_coap_option_value(opt), msg->payload, &open);
	if (outcome == SL_OSCORE_OK) {
		on_authentic(s, now_ms);
	} else if (outcome == SL_OSCORE_BAD_INNER) {
		end(s, SESSION_BROKEN);
	} else {
		/* RFC 8613 section 8.4: stop processing. Whoever sent it knows nothing. */
		struct sl_coap_msg unknown = {0};

		s->counts.unverified++;
		on_hint(s, &unknown, now_ms);
	}
}

static void
look_at_client(struct session *s, uint64_t now_ms)
{
	if (s->state != WAITING)
		return;
	switch (sl_client_state(s->client)) {
	case SL_CLIENT_IDLE:
	case SL_CLIENT_WAITING:
		break;
	case SL_CLIENT_DONE:
		on_response(s, sl_client_response(s->client), now_ms);
		break;
	case SL_CLIENT_TIMEOUT:
	case SL_CLIENT_RESET:
	case SL_CLIENT_BROKEN:
		on_hint(s, NULL, now_ms);
		break;
	}
}

void
session_on_datagram(struct session *s, struct sl_span datagram, uint64_t now_ms)
{
	sl_client_on_datagram(s->client, datagram, now_ms);
	look_at_client(s, now_ms);
}

void
session_on_time(struct session *s, uint64_t now_ms)
{
	if (s->state == WAITING || s->state == PAUSED) {
		if (now_ms >= s->deadline_ms) {
			end(s, s->result.hint_code != 0 ? SESSION_HINTED : SESSION_SILENT);
			return;
		}
	}
	if (s->state == PAUSED && now_ms >= s->pause_until_ms) {
		attempt(s, now_ms);
		return;
	}
	sl_client_on_time(s->client, now_ms);
	look_at_client(s, now_ms);
}

static uint64_t
earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t
session_wakeup(const struct session *s)
{
	if (s->state == PAUSED)
		return earlier(s->pause_until_ms, s->deadline_ms);
	if (s->state == WAITING)
		return earlier(sl_client_wakeup(s->client), s->deadline_ms);
	return UINT64_MAX;
}

bool
session_next(struct session *s, struct sl_span *datagram)
{
	return sl_client_next(s->client, datagram);
}

const char *
session_outcome_text(enum session_outcome outcome)
{
	static const char *const texts[] = {
	        [SESSION_ANSWERED] = "answered",
	        [SESSION_HINTED] = "only unprotected errors came back",
	        [SESSION_SILENT] = "no answer",
	        [SESSION_BROKEN] = "the answer breaks the protocol",
	        [SESSION_EXHAUSTED] = "the sequence numbers of the context are used up",
	        [SESSION_FAILED] = "a local failure",
	        [SESSION_UNCOMBINED] = "EDHOC and the request did not get through together",
	        [SESSION_EDHOC_ERROR] = "an EDHOC error came back",
	};

	return texts[outcome];
}

const struct session_result *
session_result(const struct session *s)
{
	return &s->result;
}

struct session_counts
session_counts(const struct session *s)
{
	return s->counts;
}

const struct sl_coap_msg *
session_seen_request(struct session *s)
{
	bool is_new = s->sent_is_new;

	s->sent_is_new = false;
	return is_new ? &s->sent : NULL;
}

const struct sl_coap_msg *
session_seen_response(struct session *s)
{
	bool is_new = s->received_is_new;

	s->received_is_new = false;
	return is_new ? &s->received : NULL;
}
