/* SPDX-License-Identifier: BSD-2-Clause */
#include "edhoc_lab.h"

#include "support.h"

#include <stdio.h>
#include <string.h>

static void
on_message(void *arg, const struct edhoc_run_seen *seen)
{
	struct lab *l = arg;
	size_t used = strlen(l->heard);

	ck_assert_uint_gt(seen->bytes.len, 0);
	snprintf(l->heard + used, sizeof l->heard - used, "%s%s%s", used > 0 ? " " : "",
	        seen->is_ours ? ">" : "<", seen->name);
}

void
lab_agree(struct lab *l, int method)
{
	fake_edhoc_init(&l->far, &l->server);
	fake_known(&l->far.known[0], &l->device);
	l->far.known_count = 1;
	fake_known(&l->known, &l->server);
	l->believed = (struct edhoc_server){.known = &l->known, .known_count = 1, .name = ""};
	l->suites[0] = 2;
	l->suites[1] = 3;
	l->profile = (struct sl_edhoc_profile){.suites = l->suites,
	        .suite_count = 2,
	        .methods = 1U << method,
	        .message_4 = SL_EDHOC_M4_OPTIONAL,
	        .for_oscore = true};
	edhoc_run_config_init(&l->config);
	l->config.profile = &l->profile;
	l->config.method = method;
	l->config.own = &l->device.credential;
	l->config.server = &l->believed;
	l->config.now = l->far.now;
	l->config.on_message = on_message;
	l->config.arg = l;
}

void
lab_init(struct lab *l)
{
	memset(l, 0, sizeof *l);
	fake_party_ccs(&l->device, SL_PKEY_P256, "device", SL_LABEL_KID);
	fake_party_ccs(&l->server, SL_PKEY_P256, "server", SL_LABEL_KID);
	lab_agree(l, 3);
}

void
lab_drop(struct lab *l)
{
	edhoc_run_free(l->run);
	l->run = NULL;
	l->requests = 0;
	l->slept_ms = 0;
	l->heard[0] = '\0';
	l->last_mid = -1;
	memset(l->fates, 0, sizeof l->fates);
	memset(l->had_echo, 0, sizeof l->had_echo);
}

void
lab_clear(struct lab *l)
{
	lab_drop(l);
	fake_edhoc_clear(&l->far);
	fake_party_clear(&l->device);
	fake_party_clear(&l->server);
}

static void
give(struct lab *l, const struct sl_coap_msg *request, struct sl_coap_msg *answer)
{
	uint8_t bytes[16384];
	struct sl_writer w = sl_writer_over(bytes, sizeof bytes);

	answer->type = SL_COAP_ACK;
	answer->message_id = request->message_id;
	answer->token_len = request->token_len;
	memcpy(answer->token, request->token, sizeof answer->token);
	ck_assert_ok(sl_coap_encode(&w, answer));
	edhoc_run_on_datagram(l->run, sl_writer_span(&w), l->now_ms);
}

static void
reset(struct lab *l, const struct sl_coap_msg *request)
{
	uint8_t bytes[8];
	struct sl_writer w = sl_writer_over(bytes, sizeof bytes);
	struct sl_coap_msg rst;

	sl_coap_msg_init(&rst, SL_COAP_EMPTY);
	rst.type = SL_COAP_RST;
	rst.message_id = request->message_id;
	ck_assert_ok(sl_coap_encode(&w, &rst));
	edhoc_run_on_datagram(l->run, sl_writer_span(&w), l->now_ms);
}

static void
note(struct lab *l, const struct sl_coap_msg *msg)
{
	unsigned n = l->requests++;

	ck_assert_uint_lt(n, LAB_SENT_MAX);
	ck_assert_uint_le(msg->payload.len, sizeof l->payloads[n]);
	memcpy(l->payloads[n], msg->payload.ptr, msg->payload.len);
	l->payload_lens[n] = msg->payload.len;
	l->had_echo[n] = sl_coap_find(msg, SL_COAP_ECHO) != NULL;
}

static void
answer(struct lab *l, enum lab_fate fate)
{
	struct sl_coap_msg msg;

	if (fate == LAB_DROP)
		return;
	if (fate == LAB_RESET) {
		reset(l, &l->last);
		return;
	}
	msg = l->proxy;
	if (fate != LAB_PROXY)
		fake_edhoc_answer(&l->far, &l->last, &msg);
	if (fate == LAB_LOSE)
		return;
	give(l, &l->last, &msg);
	if (fate == LAB_TWICE)
		give(l, &l->last, &msg);
}

/* A retransmission has the fate of its first. */
static void
arrive(struct lab *l, struct sl_span datagram)
{
	ck_assert_uint_le(datagram.len, sizeof l->last_bytes);
	memcpy(l->last_bytes, datagram.ptr, datagram.len);
	ck_assert_ok(sl_coap_decode(&l->last, sl_span(l->last_bytes, datagram.len)));
	if (l->last.code == SL_COAP_EMPTY)
		return;
	if (l->last.message_id != l->last_mid)
		note(l, &l->last);
	l->last_mid = l->last.message_id;
	answer(l, l->fates[l->requests - 1]);
}

void
lab_go(struct lab *l)
{
	struct sl_span datagram;

	for (unsigned turns = 0; turns < 10000; turns++) {
		uint64_t when_ms;

		if (edhoc_run_next(l->run, &datagram)) {
			arrive(l, datagram);
			continue;
		}
		if (edhoc_run_is_finished(l->run))
			return;
		when_ms = edhoc_run_wakeup(l->run);
		ck_assert_msg(when_ms != UINT64_MAX, "nothing will ever happen");
		if (when_ms > l->now_ms) {
			l->slept_ms += when_ms - l->now_ms;
			l->now_ms = when_ms;
		}
		edhoc_run_on_time(l->run, l->now_ms);
	}
	ck_abort_msg("no end");
}

void
lab_run(struct lab *l)
{
	if (l->run == NULL)
		ck_assert_ok(edhoc_run_new(&l->run, &l->config));
	l->last_mid = -1;
	edhoc_run_start(l->run, l->now_ms);
	lab_go(l);
}

void
lab_check_context(struct lab *l)
{
	struct sl_oscore_ctx ctx;
	uint8_t binding[32];

	ck_assert(l->far.has_context);
	ck_assert_ok(edhoc_run_context(l->run, &ctx));
	ck_assert_bytes(sl_key_view(&ctx.sender_key), sl_key_view(&l->far.ctx.recipient_key));
	ck_assert_bytes(sl_key_view(&ctx.recipient_key), sl_key_view(&l->far.ctx.sender_key));
	ck_assert_bytes(sl_key_view(&ctx.common_iv), sl_key_view(&l->far.ctx.common_iv));
	ck_assert_uint_eq(ctx.ssn, 0);
	ck_assert_uint_eq(ctx.ssn_limit, SL_OSCORE_SSN_END);
	sl_oscore_ctx_clear(&ctx);
	ck_assert_err(edhoc_run_context(l->run, &ctx), SL_EREPLAY); /* no number twice */
	ck_assert_ok(edhoc_run_export(
	        l->run, 32768, sl_span_text("EDHOC Unique"), binding, sizeof binding));
	ck_assert_bytes(sl_span(binding, sizeof binding), sl_span(l->far.binding, 32));
	ck_assert_bytes(sl_span(l->far.identity, l->far.identity_len), fake_party_cred(&l->device));
}

struct sl_span
lab_sent(const struct lab *l, unsigned request)
{
	struct sl_edhoc_payload payload;

	ck_assert_uint_lt(request, l->requests);
	ck_assert_ok(sl_edhoc_payload_read(
	        &payload, sl_span(l->payloads[request], l->payload_lens[request])));
	return payload.message;
}
