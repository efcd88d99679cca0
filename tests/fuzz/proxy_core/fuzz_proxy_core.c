/* SPDX-License-Identifier: BSD-2-Clause
 * Sequences for the whole core: datagrams of four peers, time, origin results, drain. Beyond no crash: what
 * goes out is CoAP, no more than the allowed transfers run, no fetch is handed out twice, no timer stays
 * due, and peers that have shown nothing get at most three times their bytes.
 *
 * Input: operations of one byte, low three bits what, high bits how. */
#include <stdlib.h>
#include <string.h>

#include <sl/reader.h>

#include "core.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define PEERS     4
#define TRANSFERS 4

static const char text[] =
        "listen: [\"127.0.0.1:5683\"]\nnames: [p.example]\ndiscovery: \"</est>;rt=ace.est;osc\"\n"
        "routes: [{origin: \"http://127.0.0.1:8080/\", plain-http: [\"127.0.0.0/8\"],"
        " allow-plain: [\"/.well-known/edhoc\", \"/o\"]}]\n"
        "forward: {allow: [{origin: \"https://est.example\", edhoc-header: true}]}\n"
        "limits: {transfers: 4, queue-length: 8, exchanges: 64, uploads: 8, answers: 8, "
        "verified-peers: 16, reply-bytes: 64KiB,"
        " body-bytes: 64KiB, requests-per-second: 0, in-flight-per-peer: 3}\n";

struct run {
	struct proxy_core *core;
	uint64_t now_ms;
	struct sl_ref fetches[TRANSFERS];
	size_t fetch_count;
	uint32_t seen_generations[16];
	uint64_t in[PEERS], out[PEERS];
	bool is_known[PEERS]; /* may be verified: sent an Echo or an ACK */
};

static struct config *config;

static void
require(bool holds)
{
	if (!holds)
		abort();
}

static struct sl_peer
peer_number(unsigned n)
{
	struct address remote =
	        address_from_bytes((const uint8_t[]){192, 0, 2, 1}, false, (uint16_t)(1 + n));
	struct address local = address_from_bytes((const uint8_t[]){127, 0, 0, 1}, false, 5683);
	struct sl_peer peer;

	peer_encode(&peer, &remote, &local);
	return peer;
}

static void
take_sends(struct run *r)
{
	struct sl_datagram_out out;

	while (proxy_core_next_send(r->core, &out)) {
		unsigned n = peer_remote(&out.peer).port - 1U;
		struct sl_coap_msg msg;

		require(n < PEERS && sl_coap_decode(&msg, out.bytes) == SL_OK);
		require(msg.type != SL_COAP_CON || r->is_known[n]);
		r->out[n] += out.bytes.len;
		require(r->is_known[n] || r->out[n] <= 3 * r->in[n]);
	}
}

static void
forget(struct run *r, size_t i)
{
	r->fetches[i] = r->fetches[--r->fetch_count];
}

static void
take_fetches(struct run *r)
{
	struct core_fetch fetch;
	struct sl_ref ref;

	while (proxy_core_next_abort(r->core, &ref))
		for (size_t i = 0; i < r->fetch_count; i++)
			if (r->fetches[i].slot == ref.slot &&
			        r->fetches[i].generation == ref.generation)
				forget(r, i--);
	while (proxy_core_next_fetch(r->core, &fetch)) {
		require(r->fetch_count < TRANSFERS && fetch.ref.slot < 16);
		require(fetch.ref.generation > r->seen_generations[fetch.ref.slot]);
		r->seen_generations[fetch.ref.slot] = fetch.ref.generation;
		require(fetch.oscore == NULL || fetch.body.len > 0);
		require(strpbrk(fetch.url, " \r\n") == NULL);
		r->fetches[r->fetch_count++] = fetch.ref;
	}
}

static void
take(struct run *r)
{
	struct core_record record;

	take_fetches(r);
	take_sends(r);
	while (proxy_core_next_record(r->core, &record))
		require(record.reason != NULL);
}

static void
do_datagram(struct run *r, struct sl_reader *in, unsigned n)
{
	size_t len = sl_read_u8(in);
	struct sl_span bytes = sl_read_span(in, len < in->left.len ? len : in->left.len);
	struct sl_peer peer = peer_number(n);
	struct sl_coap_msg msg;

	if (sl_coap_decode(&msg, bytes) == SL_OK &&
	        (msg.type == SL_COAP_ACK || sl_coap_find(&msg, SL_COAP_ECHO) != NULL))
		r->is_known[n] = true;
	r->in[n] += bytes.len;
	proxy_core_on_datagram(r->core, &peer, bytes, r->now_ms);
}

static void
do_time(struct run *r, unsigned how)
{
	r->now_ms += 1ULL << (how % 18);
	proxy_core_on_time(r->core, r->now_ms);
	require(proxy_core_wakeup(r->core) > r->now_ms);
}

static void
do_result(struct run *r, struct sl_reader *in, unsigned how)
{
	static uint8_t body[5000];
	struct sl_map_http_result result = {.transport = (enum sl_map_transport)(how % 9),
	        .status = sl_read_u8(in) % 4 == 0 ? 100 + sl_read_u8(in) * 2 : 200,
	        .oscore_header_count = 1,
	        .oscore_header = sl_span_text("AA"),
	        .content_type = sl_span_text("application/oscore"),
	        .content_type_count = 1};
	size_t i = sl_read_u8(in);

	result.body = sl_span(body, sl_read_u8(in) * 19U);
	if (r->fetch_count == 0)
		return;
	i %= r->fetch_count;
	proxy_core_on_origin_result(r->core, r->fetches[i], &result, r->now_ms);
	forget(r, i);
}

static void
do_stale(struct run *r, struct sl_reader *in)
{
	struct sl_map_http_result result = {.transport = SL_MAP_CLOSED};
	struct sl_ref ref = {.slot = sl_read_u8(in) % 16U, .generation = 0};

	proxy_core_on_origin_result(r->core, ref, &result, r->now_ms);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct sl_reader in = sl_reader_over(sl_span(bytes, len));
	struct proxy_core_config core = {.hash_key = {1}, .echo_key = {2}, .seed = {3}};
	char complaint[CONFIG_COMPLAINT_MAX];
	struct run r = {.now_ms = 1000};

	if (config == NULL)
		require(config_parse(&config, sl_span_text(text), "fuzz", complaint) == SL_OK);
	core.config = config;
	require(proxy_core_new(&r.core, &core) == SL_OK);
	while (in.left.len > 0) {
		uint8_t op = sl_read_u8(&in);

		if (op % 8 < 4)
			do_datagram(&r, &in, op >> 3 & 3);
		else if (op % 8 == 4)
			do_time(&r, op >> 3);
		else if (op % 8 == 5)
			do_result(&r, &in, op >> 3);
		else if (op % 8 == 6)
			do_stale(&r, &in);
		else if (op == 0xff)
			proxy_core_drain(r.core);
		take(&r);
	}
	proxy_core_give_up(r.core, r.now_ms);
	take(&r);
	require(proxy_core_is_idle(r.core));
	proxy_core_free(r.core);
	return 0;
}
