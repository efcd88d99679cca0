/* SPDX-License-Identifier: BSD-2-Clause
 * Each message is a CoAP exchange of its own. */
#include "edhoc_steps.h"

#include <sl/siphash.h>
#include <sl/text.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FORMAT_EDHOC     64 /* application/edhoc+cbor-seq */
#define FORMAT_CID_EDHOC 65 /* application/cid-edhoc+cbor-seq */
#define HINT_WAIT_MAX_S  60 /* how far an unprotected Max-Age is followed */

void
edhoc_run_config_init(struct edhoc_run_config *config)
{
	struct edhoc_run_config c = {.outer_szx = 6,
	        .backoff_ms = 2000,
	        .ack_timeout_ms = 2000,
	        .timeout_ms = 120000,
	        .now = -1};

	*config = c;
}

enum sl_err
edhoc_run_new(struct edhoc_run **out, const struct edhoc_run_config *config)
{
	struct sl_client_config client;
	struct edhoc_run *run = calloc(1, sizeof *run);
	enum sl_err err;

	if (run == NULL)
		return SL_ENOMEM;
	sl_client_config_init(&client);
	client.block_szx = config->outer_szx;
	client.body_bytes_max = EDHOC_RUN_MESSAGE_MAX;
	client.ack_timeout_ms = config->ack_timeout_ms;
	memcpy(client.seed, config->seed, sizeof client.seed);
	err = sl_client_new(&run->client, &client);
	if (err != SL_OK) {
		free(run);
		return err;
	}
	run->config = *config;
	*out = run;
	return SL_OK;
}

void
edhoc_run_free(struct edhoc_run *run)
{
	if (run == NULL)
		return;
	sl_edhoc_clear(&run->edhoc);
	sl_client_free(run->client);
	sl_wipe(run, sizeof *run);
	free(run);
}

static enum sl_err
build(struct edhoc_run *run, struct sl_coap_msg *msg, char host[static ENDPOINT_HOST_MAX + 3])
{
	struct sl_coap_block wish = {0, false, run->config.outer_szx};
	enum sl_err err;

	sl_coap_msg_init(msg, SL_COAP_POST);
	err = outer_add_route(msg, &run->config.route, host);
	if (err == SL_OK)
		err = sl_coap_add_path(msg, "/.well-known/edhoc");
	if (err == SL_OK)
		err = sl_coap_add_uint(msg, SL_COAP_CONTENT_FORMAT, FORMAT_CID_EDHOC);
	if (err == SL_OK && run->echo.len > 0)
		err = sl_coap_add(msg, SL_COAP_ECHO, sl_span(run->echo.bytes, run->echo.len));
	if (err == SL_OK && run->config.outer_szx < 6)
		err = sl_coap_add_block(msg, SL_COAP_BLOCK2, wish);
	msg->payload = sl_span(run->payload, run->payload_len);
	return err;
}

/* Sends what lies in payload as a new exchange. */
static void
ask(struct edhoc_run *run, uint64_t now_ms)
{
	char host[ENDPOINT_HOST_MAX + 3];
	struct sl_coap_msg msg;
	enum sl_err err = build(run, &msg, host);

	if (err == SL_OK)
		err = sl_client_start(run->client, &msg, now_ms);
	if (err != SL_OK)
		edhoc_steps_end(
		        run, EDHOC_RUN_FAILED, "EDHOC cannot be sent: %s", sl_err_text(err));
	else if (run->state != EDHOC_RUN_ENDED)
		run->state = EDHOC_RUN_WAITING;
}

static void
follow(struct edhoc_run *run, enum edhoc_step step, uint64_t now_ms)
{
	if (step == EDHOC_STEP_ASK || step == EDHOC_STEP_SAY)
		ask(run, now_ms);
}

void
edhoc_run_start(struct edhoc_run *run, uint64_t now_ms)
{
	if (run->state != EDHOC_RUN_IDLE)
		return;
	run->deadline_ms = now_ms + run->config.timeout_ms;
	run->suite = run->config.profile->suites[0];
	run->counts.suites_tried = 1;
	follow(run, edhoc_steps_begin(run), now_ms);
}

void
edhoc_run_go_on(struct edhoc_run *run, uint64_t now_ms)
{
	if (run->state != EDHOC_RUN_ENDED || run->outcome != EDHOC_RUN_HALFWAY)
		return;
	run->deadline_ms = now_ms + run->config.timeout_ms;
	run->counts.hints = 0;
	run->state = EDHOC_RUN_WAITING;
	follow(run, edhoc_steps_repeat_message_3(run), now_ms);
}

void
edhoc_run_end_by(struct edhoc_run *run, uint64_t when_ms)
{
	if (when_ms < run->deadline_ms)
		run->deadline_ms = when_ms;
}

void
edhoc_run_on_failure(struct edhoc_run *run)
{
	edhoc_steps_end(run, EDHOC_RUN_FAILED, "%s", "EDHOC was given up");
}

/* --- in -------------------------------------------------------------------------------------- */

/* base to 1.5 base: a crowd that lost its power together does not come back together. */
static uint64_t
jittered(struct edhoc_run *run, uint64_t base_ms)
{
	uint64_t n = run->draws++;

	return base_ms + sl_siphash(run->config.seed, sl_span(&n, sizeof n)) % (base_ms / 2 + 1);
}

static void
note_hint(struct edhoc_run *run, const struct sl_coap_msg *msg)
{
	char code[5], said[120];

	run->counts.hints++;
	if (msg == NULL) {
		snprintf(run->text, sizeof run->text, "no answer to EDHOC");
		return;
	}
	sl_coap_code_text(code, msg->code);
	sl_escape(said, sizeof said, msg->payload);
	snprintf(run->text, sizeof run->text, "no EDHOC message came, but %s%s%s", code,
	        said[0] != '\0' ? " " : "", said);
}

static bool
is_for_now(uint8_t code)
{
	return SL_COAP_CODE_CLASS(code) != 4 || code == SL_COAP_TOO_MANY_REQUESTS ||
	       code == SL_COAP_REQUEST_ENTITY_INCOMPLETE;
}

static uint64_t
wait_of(const struct edhoc_run *run, const struct sl_coap_msg *msg)
{
	uint64_t wait_ms = (uint64_t)run->config.backoff_ms << (run->counts.hints - 1);
	uint32_t max_age_s;

	if (msg == NULL ||
	        (msg->code != SL_COAP_SERVICE_UNAVAILABLE &&
	                msg->code != SL_COAP_TOO_MANY_REQUESTS) ||
	        sl_coap_get_uint(msg, SL_COAP_MAX_AGE, &max_age_s) != SL_OK)
		return wait_ms;
	if (max_age_s > HINT_WAIT_MAX_S)
		max_age_s = HINT_WAIT_MAX_S;
	return (uint64_t)max_age_s * 1000 > wait_ms ? (uint64_t)max_age_s * 1000 : wait_ms;
}

/* With the text of the last hint. */
static void
give_up(struct edhoc_run *run, enum edhoc_run_outcome outcome)
{
	run->state = EDHOC_RUN_ENDED;
	run->outcome = outcome;
	sl_edhoc_abort(&run->edhoc);
}

/* Nothing that speaks EDHOC; NULL: nothing at all. */
static void
on_hint(struct edhoc_run *run, const struct sl_coap_msg *msg, uint64_t now_ms)
{
	note_hint(run, msg);
	if (run->is_at_3 && msg != NULL && !is_for_now(msg->code)) {
		give_up(run, EDHOC_RUN_UNWANTED); /* most often: it forgot the run */
	} else if (run->counts.hints > EDHOC_RUN_HINTS_MAX) {
		give_up(run, EDHOC_RUN_SILENT);
	} else {
		run->pause_until_ms = now_ms + jittered(run, wait_of(run, msg));
		run->state = EDHOC_RUN_PAUSED;
	}
}

static bool
has_format(const struct sl_coap_msg *msg, uint32_t want, bool otherwise)
{
	uint32_t format;

	if (sl_coap_find(msg, SL_COAP_CONTENT_FORMAT) == NULL)
		return otherwise;
	return sl_coap_get_uint(msg, SL_COAP_CONTENT_FORMAT, &format) == SL_OK && format == want;
}

static bool
is_edhoc_message(const struct edhoc_run *run, const struct sl_coap_msg *msg)
{
	if (msg->code != SL_COAP_CHANGED)
		return false;
	return msg->payload.len > 0 ? has_format(msg, FORMAT_EDHOC, true) : run->is_at_3;
}

/* RFC 9175: the proxy wants to know that we are where we seem to be. */
static bool
takes_echo(struct edhoc_run *run, const struct sl_coap_msg *msg)
{
	if (msg->code != SL_COAP_UNAUTHORIZED || run->echo_rounds == EDHOC_RUN_ECHO_ROUNDS_MAX ||
	        outer_echo_of(msg, &run->echo) != SL_OK)
		return false;
	run->echo_rounds++;
	run->counts.echo_rounds++;
	return true;
}

static void
on_response(struct edhoc_run *run, const struct sl_coap_msg *msg, uint64_t now_ms)
{
	enum edhoc_step step = EDHOC_STEP_PASS;

	if (is_edhoc_message(run, msg) && !run->is_at_3)
		step = edhoc_steps_on_message_2(run, msg->payload);
	else if (is_edhoc_message(run, msg))
		step = edhoc_steps_on_message_3_taken(run, msg->payload);
	else if (SL_COAP_CODE_CLASS(msg->code) >= 4 && has_format(msg, FORMAT_EDHOC, false))
		step = edhoc_steps_on_error(run, msg->payload);
	else if (takes_echo(run, msg))
		step = EDHOC_STEP_ASK;
	if (step == EDHOC_STEP_PASS)
		on_hint(run, msg, now_ms);
	else
		follow(run, step, now_ms);
}

static void
look_at_client(struct edhoc_run *run, uint64_t now_ms)
{
	if (run->state != EDHOC_RUN_WAITING)
		return;
	switch (sl_client_state(run->client)) {
	case SL_CLIENT_IDLE:
	case SL_CLIENT_WAITING:
		break;
	case SL_CLIENT_DONE:
		on_response(run, sl_client_response(run->client), now_ms);
		break;
	case SL_CLIENT_TIMEOUT:
	case SL_CLIENT_RESET:
	case SL_CLIENT_BROKEN:
		on_hint(run, NULL, now_ms);
		break;
	}
}

void
edhoc_run_on_datagram(struct edhoc_run *run, struct sl_span datagram, uint64_t now_ms)
{
	sl_client_on_datagram(run->client, datagram, now_ms);
	look_at_client(run, now_ms);
}

void
edhoc_run_on_time(struct edhoc_run *run, uint64_t now_ms)
{
	bool is_under_way = run->state == EDHOC_RUN_WAITING || run->state == EDHOC_RUN_PAUSED;

	if (is_under_way && now_ms >= run->deadline_ms) {
		if (run->counts.hints == 0)
			note_hint(run, NULL);
		give_up(run, EDHOC_RUN_SILENT);
		return;
	}
	if (run->state == EDHOC_RUN_PAUSED && now_ms >= run->pause_until_ms) {
		run->state = EDHOC_RUN_WAITING;
		follow(run,
		        run->is_at_3 ? edhoc_steps_repeat_message_3(run) : edhoc_steps_begin(run),
		        now_ms);
		return;
	}
	if (run->state == EDHOC_RUN_WAITING)
		sl_client_on_time(run->client, now_ms);
	look_at_client(run, now_ms);
}

uint64_t
edhoc_run_wakeup(const struct edhoc_run *run)
{
	uint64_t when_ms = UINT64_MAX;

	if (run->state == EDHOC_RUN_PAUSED)
		when_ms = run->pause_until_ms;
	else if (run->state == EDHOC_RUN_WAITING)
		when_ms = sl_client_wakeup(run->client);
	else
		return when_ms;
	return when_ms < run->deadline_ms ? when_ms : run->deadline_ms;
}

bool
edhoc_run_next(struct edhoc_run *run, struct sl_span *datagram)
{
	return sl_client_next(run->client, datagram);
}

/* --- what came of it ------------------------------------------------------------------------- */

bool
edhoc_run_is_finished(const struct edhoc_run *run)
{
	return run->state == EDHOC_RUN_ENDED;
}

enum edhoc_run_outcome
edhoc_run_outcome(const struct edhoc_run *run)
{
	return run->outcome;
}

const char *
edhoc_run_text(const struct edhoc_run *run)
{
	return run->text;
}

enum sl_err
edhoc_run_context(struct edhoc_run *run, struct sl_oscore_ctx *ctx)
{
	struct sl_edhoc_oscore keys;
	struct sl_oscore_params params;
	enum sl_err err;

	if (run->context_is_given)
		return SL_EREPLAY;
	err = sl_edhoc_oscore(&run->edhoc, &keys);
	if (err != SL_OK)
		return err;
	params = (struct sl_oscore_params){.master_secret = sl_key_view(&keys.master_secret),
	        .master_salt = sl_key_view(&keys.master_salt),
	        .sender_id = keys.sender_id,
	        .recipient_id = keys.recipient_id,
	        .aead_alg = keys.aead_alg,
	        .hkdf_hash = keys.hkdf_hash};
	err = sl_oscore_ctx_init(ctx, &params);
	if (err == SL_OK) {
		sl_oscore_reserve(ctx, SL_OSCORE_SSN_END);
		run->context_is_given = true;
	}
	sl_key_clear(&keys.master_secret);
	sl_key_clear(&keys.master_salt);
	return err;
}

enum sl_err
edhoc_run_export(const struct edhoc_run *run, uint64_t label, struct sl_span context, uint8_t *out,
        size_t len)
{
	return sl_edhoc_export(&run->edhoc, label, context, out, len);
}

struct sl_span
edhoc_run_message_3(const struct edhoc_run *run)
{
	return run->is_at_3 ? sl_edhoc_message(&run->edhoc) : sl_span(NULL, 0);
}

void
edhoc_run_confirm(struct edhoc_run *run)
{
	(void)!sl_edhoc_confirm(&run->edhoc);
}

enum sl_err
edhoc_run_on_error(struct edhoc_run *run, struct sl_span message)
{
	struct sl_edhoc_error error;

	if (!run->is_at_3 || run->edhoc.state != SL_EDHOC_COMPLETED)
		return SL_EREPLAY;
	if (sl_edhoc_error_read(&error, message) != SL_OK)
		return SL_EMALFORMED;
	return edhoc_steps_on_error(run, message) == EDHOC_STEP_PASS ? SL_EMALFORMED : SL_OK;
}

struct edhoc_run_counts
edhoc_run_counts(const struct edhoc_run *run)
{
	return run->counts;
}
