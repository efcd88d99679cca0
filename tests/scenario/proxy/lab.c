/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab.h"

#include <stdlib.h>
#include <string.h>

void
lab_open(struct lab *lab, const char *text)
{
	struct proxy_core_config config = {.hash_key = {1}, .echo_key = {2}, .seed = {3}};
	char complaint[CONFIG_COMPLAINT_MAX];

	memset(lab, 0, sizeof *lab);
	lab->now_ms = 1000000;
	lab->sent = calloc(LAB_SENT_MAX, sizeof *lab->sent);
	lab->fetches = calloc(LAB_FETCHES_MAX, sizeof *lab->fetches);
	ck_assert(lab->sent != NULL && lab->fetches != NULL);
	ck_assert_msg(config_parse(&lab->config, sl_span_text(text), "lab", complaint) == SL_OK,
	        "%s", complaint);
	config.config = lab->config;
	ck_assert_ok(proxy_core_new(&lab->core, &config));
}

void
lab_close(struct lab *lab)
{
	proxy_core_free(lab->core);
	config_free(lab->config);
	free(lab->sent);
	free(lab->fetches);
}

struct sl_peer
lab_peer(unsigned n)
{
	struct address remote =
	        address_from_bytes((const uint8_t[]){192, 0, 2, 1}, false, (uint16_t)(1000 + n));
	struct address local = address_from_bytes((const uint8_t[]){127, 0, 0, 1}, false, 5683);
	struct sl_peer peer;

	peer_encode(&peer, &remote, &local);
	return peer;
}

static void
collect_sends(struct lab *lab)
{
	struct sl_datagram_out out;

	while (proxy_core_next_send(lab->core, &out)) {
		struct lab_sent *s = &lab->sent[lab->sent_count];

		ck_assert_uint_lt(lab->sent_count, LAB_SENT_MAX);
		ck_assert_uint_le(out.bytes.len, SL_DATAGRAM_MAX);
		s->peer = out.peer;
		s->at_ms = lab->now_ms;
		s->len = out.bytes.len;
		memcpy(s->bytes, out.bytes.ptr, s->len);
		ck_assert_ok(sl_coap_decode(&s->msg, sl_span(s->bytes, s->len)));
		lab->sent_count++;
	}
}

static void
collect_fetches(struct lab *lab)
{
	struct sl_ref ref;
	struct core_fetch fetch;

	while (proxy_core_next_abort(lab->core, &ref)) {
		lab->abort_count++;
		for (size_t i = 0; i < lab->fetch_count; i++)
			if (lab->fetches[i].fetch.ref.slot == ref.slot &&
			        lab->fetches[i].fetch.ref.generation == ref.generation)
				lab->fetches[i].is_aborted = true;
	}
	while (proxy_core_next_fetch(lab->core, &fetch)) {
		ck_assert_uint_lt(lab->fetch_count, LAB_FETCHES_MAX);
		lab->fetches[lab->fetch_count++] =
		        (struct lab_fetch){.fetch = fetch, .at_ms = lab->now_ms};
	}
}

static void
collect(struct lab *lab)
{
	struct core_record record;

	collect_fetches(lab);
	collect_sends(lab);
	while (proxy_core_next_record(lab->core, &record)) {
		lab->last = record;
		lab->record_count++;
	}
}

void
lab_send(struct lab *lab, unsigned peer, struct sl_span datagram)
{
	struct sl_peer from = lab_peer(peer);

	proxy_core_on_datagram(lab->core, &from, heap_copy(datagram), lab->now_ms);
	collect(lab);
}

size_t
lab_send_msg(struct lab *lab, unsigned peer, const struct sl_coap_msg *msg)
{
	uint8_t bytes[SL_DATAGRAM_MAX];
	struct sl_writer w = sl_writer_over(bytes, sizeof bytes);

	ck_assert_ok(sl_coap_encode(&w, msg));
	lab_send(lab, peer, sl_writer_span(&w));
	return w.len;
}

void
lab_advance(struct lab *lab, uint64_t ms)
{
	uint64_t end = lab->now_ms + ms;

	collect(lab);
	for (uint64_t at = proxy_core_wakeup(lab->core); at <= end;
	        at = proxy_core_wakeup(lab->core)) {
		lab->now_ms = at > lab->now_ms ? at : lab->now_ms;
		proxy_core_on_time(lab->core, lab->now_ms);
		collect(lab);
		ck_assert_msg(proxy_core_wakeup(lab->core) > lab->now_ms, "a timer that stays due");
	}
	lab->now_ms = end;
	proxy_core_on_time(lab->core, lab->now_ms);
	collect(lab);
}

void
lab_oscore(struct sl_coap_msg *msg, uint16_t mid, struct sl_span payload)
{
	static const uint8_t option[] = {0x09, 0x01, 0x14};

	sl_coap_msg_init(msg, SL_COAP_POST);
	msg->type = SL_COAP_CON;
	msg->message_id = mid;
	msg->token_len = 2;
	msg->token[0] = (uint8_t)(mid >> 8);
	msg->token[1] = (uint8_t)mid;
	ck_assert_ok(sl_coap_add(msg, SL_COAP_OSCORE, sl_span(option, sizeof option)));
	msg->payload = payload;
}

struct sl_span
lab_bytes(size_t len, uint8_t first)
{
	static uint8_t bytes[8][70000];
	static unsigned turn;
	uint8_t *out = bytes[turn++ % 8];

	ck_assert_uint_le(len, sizeof bytes[0]);
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)(first + i * 7 + i / 251);
	return sl_span(out, len);
}

const struct lab_sent *
lab_last(const struct lab *lab)
{
	ck_assert_msg(lab->sent_count > 0, "nothing was sent");
	return &lab->sent[lab->sent_count - 1];
}

void
lab_sent_is(const struct lab *lab, size_t count)
{
	ck_assert_msg(lab->sent_count == count, "%zu datagrams were sent, not %zu; last reason: %s",
	        lab->sent_count, count, lab->last.reason);
}

void
lab_assert_code(const struct lab_sent *sent, uint8_t type, uint8_t code)
{
	char got[5], want[5];

	sl_coap_code_text(got, sent->msg.code);
	sl_coap_code_text(want, code);
	ck_assert_msg(sent->msg.code == code && sent->msg.type == type,
	        "got type %d code %s, want type %d code %s", sent->msg.type, got, type, want);
}

uint32_t
lab_uint(const struct lab_sent *sent, uint16_t number)
{
	uint32_t value = 0;

	ck_assert_ok(sl_coap_get_uint(&sent->msg, number, &value));
	return value;
}

void
lab_result(struct lab *lab, size_t i, const struct sl_map_http_result *result)
{
	ck_assert_uint_lt(i, lab->fetch_count);
	proxy_core_on_origin_result(lab->core, lab->fetches[i].fetch.ref, result, lab->now_ms);
	collect(lab);
}

struct sl_map_http_result
lab_ok(struct sl_span body)
{
	return (struct sl_map_http_result){.transport = SL_MAP_RESPONSE,
	        .status = 200,
	        .oscore_header_count = 1,
	        .oscore_header = sl_span_text("AA"),
	        .content_type = sl_span_text("application/oscore"),
	        .content_type_count = 1,
	        .body = body};
}
