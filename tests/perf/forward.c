/* SPDX-License-Identifier: BSD-2-Clause
 * Everything that forwarding an OSCORE request takes but for system calls and the event loop: so many requests of 64
 * end points in turn, each to its answer and its line of the log. Keys and time are fixed, so that the count of
 * instructions is the same each time. See instructions.py. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "log.h"
#include "request.h"
#include "response.h"

#define CLIENTS   64
#define BODY_LEN  60
#define PER_MS    20
#define TOKEN_LEN 4

static const char config_text[] =
        "listen: ['127.0.0.1:5683']\n"
        "routes: [{origin: 'http://127.0.0.1:8080/', plain-http: ['127.0.0.0/8']}]\n"
        "limits: {requests-per-second: 1000000, request-burst: 1000000}\n";

static const char response_text[] = "HTTP/1.1 200 OK\r\nDate: Sun, 22 Nov 2026 00:00:00 "
                                    "GMT\r\nContent-Type: application/oscore\r\n"
                                    "OSCORE: AA\r\nContent-Length: 60\r\n\r\n"
                                    "012345678901234567890123456789012345678901234567890123456789";

static void
require(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "forward: %s\n", what);
	exit(1);
}

static void
ask(struct proxy_core *core, uint32_t number, uint64_t now_ms)
{
	static const uint8_t option[] = {0x09, 0x01, 0x14};
	uint8_t body[BODY_LEN] = {0}, bytes[256], host[4] = {127, 1, 0, 0};
	struct sl_writer w = sl_writer_over(bytes, sizeof bytes);
	struct address remote, local;
	struct sl_coap_msg msg;
	struct sl_peer peer;

	host[3] = (uint8_t)(number % CLIENTS);
	remote = address_from_bytes(host, false, 40000);
	local = address_from_bytes((const uint8_t[]){127, 0, 0, 1}, false, 5683);
	peer_encode(&peer, &remote, &local);
	memcpy(body, &number, sizeof number);
	sl_coap_msg_init(&msg, SL_COAP_POST);
	msg.message_id = (uint16_t)number;
	msg.token_len = TOKEN_LEN;
	memcpy(msg.token, &number, TOKEN_LEN);
	msg.payload = sl_span(body, sizeof body);
	require(sl_coap_add(&msg, SL_COAP_OSCORE, sl_span(option, sizeof option)) == SL_OK &&
	                sl_coap_encode(&w, &msg) == SL_OK,
	        "no request");
	proxy_core_on_datagram(core, &peer, sl_writer_span(&w), now_ms);
}

static void
answer(struct proxy_core *core, uint64_t now_ms)
{
	static struct response response;
	static uint8_t head[REQUEST_HEAD_MAX];
	struct sl_writer w = sl_writer_over(head, sizeof head);
	struct sl_map_http_result result = {.transport = SL_MAP_RESPONSE};
	struct core_fetch fetch;
	size_t taken;

	require(proxy_core_next_fetch(core, &fetch), "no fetch");
	require(request_head(&w, &fetch) == SL_OK, "no head");
	response_init(&response, 65536);
	require(response_take(&response, sl_span_text(response_text), &taken) == RESPONSE_WHOLE,
	        "no response");
	response_head_result(&response.head, &result);
	result.body = response.body;
	proxy_core_on_origin_result(core, fetch.ref, &result, now_ms);
	response_reset(&response);
}

static void
drop_line(enum log_level level, const char *line)
{
	(void)level;
	(void)line;
}

int
main(int argc, char **argv)
{
	unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	struct proxy_core_config core_config = {.hash_key = {1}, .echo_key = {2}, .seed = {3}};
	char complaint[CONFIG_COMPLAINT_MAX];
	struct log_valve valve = {.per_second = 20};
	struct config *config;
	struct proxy_core *core;
	size_t answers = 0;

	require(config_parse(&config, sl_span_text(config_text), "forward", complaint) == SL_OK,
	        complaint);
	core_config.config = config;
	require(proxy_core_new(&core, &core_config) == SL_OK, "no core");
	log_set_sink(drop_line);
	for (uint32_t i = 0; i < count; i++) {
		uint64_t now_ms = 1000 + i / PER_MS;
		struct sl_datagram_out out;
		struct core_record record;

		ask(core, i, now_ms);
		answer(core, now_ms);
		while (proxy_core_next_send(core, &out))
			answers += out.bytes.len > BODY_LEN;
		while (proxy_core_next_record(core, &record))
			log_record(&valve, &record, now_ms);
	}
	require(answers == count, "answers are missing");
	proxy_core_free(core);
	config_free(config);
	return 0;
}
