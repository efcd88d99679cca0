/* SPDX-License-Identifier: BSD-2-Clause
 * Sequences for the whole core, checked after each step by model.h: datagrams of eight peers, copies,
 * acknowledgements, time, origin results in time and late, drain.
 *
 * Input: a byte that chooses the configuration, then operations of one byte (low three bits what, high bits how)
 * with their arguments; seeds.py writes them. */
#include "model.h"

#include <stdlib.h>
#include <string.h>

#include <sl/reader.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define CONFIGS      4
#define COPIES       16
#define DATAGRAM_MAX 128

#define COMMON                                                                                     \
	"listen: [\"127.0.0.1:5683\"]\nnames: [p.example]\ndiscovery: \"</est>;rt=ace.est;osc,"    \
	"</.well-known/edhoc>;rt=core.edhoc\"\n"                                                   \
	"routes: [{origin: \"http://127.0.0.1:8080/\", plain-http: [\"127.0.0.0/8\"],"             \
	" allow-plain: [\"/.well-known/edhoc\", \"/o\"]}]\n"                                       \
	"forward: {allow: [{origin: \"https://est.example\", edhoc-header: true}]}\n"
#define SMALL                                                                                      \
	"limits: {transfers: 4, queue-length: 8, exchanges: 64, uploads: 8, answers: 8, "          \
	"verified-peers: 16, reply-bytes: 64KiB, body-bytes: 64KiB, requests-per-second: 0, "      \
	"in-flight-per-peer: 3}\n"

static const char *const texts[CONFIGS] = {
        COMMON SMALL,
        COMMON "echo: always\ntrusted-prefixes: [\"203.0.113.0/24\"]\n" SMALL,
        /* the rates, the quotas by network, and a memory budget that transfers use up */
        COMMON
        "limits: {transfers: 20, queue-length: 64, exchanges: 128, exchanges-per-prefix: 40, "
        "uploads: 8, answers: 8, verified-peers: 16, memory-budget: 7MiB, "
        "response-body: 256KiB, requests-per-second: 3, request-burst: 40, "
        "in-flight-per-prefix: 48, in-flight-per-peer: 16, block-idle: 5s}\n",
        COMMON "echo: off\n" SMALL,
};

/* A datagram of a template, to be sent again. */
struct copy {
	uint8_t bytes[DATAGRAM_MAX];
	size_t len;
	uint64_t at_ms;
	uint16_t message_id;
	uint8_t peer;
};

struct run {
	struct model model;
	struct copy copies[COPIES];
	unsigned copy_count;
};

enum kind { WHOLE, UPLOAD, FOLLOW_UP, PLAIN, DISCOVERY, FORWARD, WITH_ECHO, SMALL_SLICES };

#define PLAIN_KEY     4
#define DISCOVERY_KEY 5

static struct config *configs[CONFIGS];

static void
deliver(struct run *r, unsigned peer, struct sl_span bytes)
{
	struct sl_coap_msg msg;
	bool is_coap = sl_coap_decode(&msg, bytes) == SL_OK;

	model_on_datagram(&r->model, peer, bytes.len, is_coap ? &msg : NULL);
	proxy_core_on_datagram(r->model.core, &r->model.peers[peer].peer, bytes, r->model.now_ms);
}

/* Other bytes under a message ID end what was there before: its copies are new requests. */
static void
drop_copies(struct run *r, unsigned peer, uint16_t message_id)
{
	for (unsigned i = 0; i < COPIES; i++)
		if (r->copies[i].peer == peer && r->copies[i].message_id == message_id)
			r->copies[i].len = 0;
}

/* --- requests ---------------------------------------------------------------------------------- */

static enum sl_err
add_options(struct sl_coap_msg *msg, const struct model *m, const struct model_request *q,
        const uint8_t *how)
{
	static const uint8_t pivs[4][3] = {{9, 16, 1}, {9, 17, 1}, {9, 18, 1}, {9, 19, 1}};
	enum kind kind = (enum kind)(how[0] >> 3 & 7);
	const struct model_peer *p = &m->peers[q->peer];
	struct sl_coap_block block = {q->num, (how[1] & 0x40) != 0, 0};
	enum sl_err err = SL_OK;

	if (kind == PLAIN || kind == DISCOVERY)
		err = sl_coap_add_path(
		        msg, kind == PLAIN ? "/.well-known/edhoc" : "/.well-known/core");
	else
		err = sl_coap_add(msg, SL_COAP_OSCORE, sl_span(pivs[q->key], 3));
	if (err == SL_OK && kind == UPLOAD)
		err = sl_coap_add_block(msg, SL_COAP_BLOCK1, block);
	block.more = false;
	if (err == SL_OK && (kind == FOLLOW_UP || kind == DISCOVERY || kind == SMALL_SLICES))
		err = sl_coap_add_block(msg, SL_COAP_BLOCK2, block);
	if (err == SL_OK && kind == FORWARD)
		err = sl_coap_add(msg, SL_COAP_URI_HOST, sl_span_text("est.example"));
	if (err == SL_OK && kind == FORWARD)
		err = sl_coap_add(msg, SL_COAP_PROXY_SCHEME, sl_span_text("https"));
	if (err == SL_OK && kind == WITH_ECHO && p->echo_count > 0)
		err = sl_coap_add(msg, SL_COAP_ECHO,
		        sl_span(p->echoes[(p->echo_count - 1) % ECHOES_MAX], SL_ECHO_LEN));
	if (err == SL_OK && (how[1] & 0x80) != 0)
		err = sl_coap_add_uint(msg, SL_COAP_NO_RESPONSE, 2);
	return err;
}

static struct model_request
read_request(const struct model *m, const uint8_t *how)
{
	enum kind kind = (enum kind)(how[0] >> 3 & 7);
	struct model_request q = {.at_ms = m->now_ms, .peer = how[0] & 7, .key = how[1] >> 2 & 3};

	q.is_con = (how[0] & 0x40) != 0;
	q.token_len = how[0] >> 7;
	q.token = how[1] & 3;
	q.message_id = how[1] & 3;
	if (kind == PLAIN || kind == DISCOVERY)
		q.key = kind == PLAIN ? PLAIN_KEY : DISCOVERY_KEY;
	if (kind == UPLOAD || kind == FOLLOW_UP || kind == DISCOVERY)
		q.num = how[1] >> 4 & 3;
	q.is_follow_up = (kind == FOLLOW_UP || kind == DISCOVERY) && q.num > 0;
	return q;
}

static void
keep_copy(struct run *r, const struct model_request *q, struct sl_span bytes)
{
	struct copy *copy = &r->copies[r->copy_count++ % COPIES];

	*copy = (struct copy){
	        .len = bytes.len, .at_ms = q->at_ms, .message_id = q->message_id, .peer = q->peer};
	memcpy(copy->bytes, bytes.ptr, bytes.len);
}

static void
do_template(struct run *r, struct sl_reader *in)
{
	struct model *m = &r->model;
	uint8_t how[2] = {sl_read_u8(in), sl_read_u8(in)}, payload[16], room[DATAGRAM_MAX];
	struct model_request q = read_request(m, how);
	struct sl_writer w = sl_writer_over(room, sizeof room);
	enum kind kind = (enum kind)(how[0] >> 3 & 7);
	struct sl_coap_msg msg;

	if (m->request_count == REQUESTS_MAX)
		return;
	sl_coap_msg_init(&msg, kind == DISCOVERY ? SL_COAP_GET : SL_COAP_POST);
	msg.type = q.is_con ? SL_COAP_CON : SL_COAP_NON;
	msg.message_id = q.message_id;
	msg.token_len = q.token_len;
	msg.token[0] = q.token;
	for (size_t i = 0; i < sizeof payload; i += WORD_LEN)
		model_word(payload + i, m->request_count);
	if (kind != DISCOVERY && !q.is_follow_up)
		msg.payload = sl_span(payload, kind != UPLOAD || (how[1] & 0x40) != 0 ? 16 : 12);
	if (kind == FOLLOW_UP && q.num == 0)
		q.is_follow_up =
		        true; /* a payload and a wish for the first slice: a new one, or the same */
	model_require(add_options(&msg, m, &q, how) == SL_OK && sl_coap_encode(&w, &msg) == SL_OK);
	m->requests[m->request_count++] = q;
	drop_copies(r, q.peer, q.message_id);
	keep_copy(r, &q, sl_writer_span(&w));
	deliver(r, q.peer, sl_writer_span(&w));
}

/* --- other datagrams ---------------------------------------------------------------------------- */

static void
do_any_bytes(struct run *r, struct sl_reader *in)
{
	struct model *m = &r->model;
	unsigned peer = sl_read_u8(in) % PEERS;
	size_t len = sl_read_u8(in);
	struct sl_span bytes = sl_read_span(in, len < in->left.len ? len : in->left.len);
	struct model_token *t = &m->tokens[m->token_count];
	struct sl_coap_msg msg;
	uint8_t word[WORD_LEN];

	model_word(word, 0); /* nobody else may use the mark */
	if (m->token_count == TOKENS_MAX || bytes.len == 0 ||
	        memmem(bytes.ptr, bytes.len, word, 2) != NULL)
		return;
	if (sl_coap_header_decode(&msg, bytes) == SL_OK)
		drop_copies(r, peer, msg.message_id);
	if (sl_coap_decode(&msg, bytes) == SL_OK) {
		*t = (struct model_token){
		        .peer = (uint8_t)peer, .len = msg.token_len, .message_id = msg.message_id};
		memcpy(t->token, msg.token, msg.token_len);
		m->token_count++;
	}
	deliver(r, peer, bytes);
}

/* Within the shorter of the two lifetimes a copy is nothing new (RFC 7252 section 4.8.2). */
static void
do_copy(struct run *r, unsigned which)
{
	const struct copy *copy = &r->copies[which % COPIES];

	if (copy->len > 0 && r->model.now_ms - copy->at_ms < 145000)
		deliver(r, copy->peer, sl_span(copy->bytes, copy->len));
}

static void
do_acknowledge(struct run *r, unsigned peer, bool is_reset)
{
	const struct model_peer *p = &r->model.peers[peer];
	uint8_t bytes[4] = {
	        is_reset ? 0x70 : 0x60, 0, (uint8_t)(p->con_id >> 8), (uint8_t)p->con_id};

	deliver(r, peer, sl_span(bytes, sizeof bytes));
}

/* --- time and results ---------------------------------------------------------------------------- */

static void
do_time(struct run *r, unsigned how)
{
	r->model.now_ms += 1ULL << (how % 18);
	proxy_core_on_time(r->model.core, r->model.now_ms);
	model_require(proxy_core_wakeup(r->model.core) > r->model.now_ms);
}

static struct sl_map_http_result
read_result(const struct model_fetch *f, unsigned how)
{
	static const int statuses[] = {200, 200, 200, 204, 404, 429, 500, 503};
	struct sl_map_http_result result = {.transport = SL_MAP_RESPONSE, .content_type_count = 1};

	result.status = statuses[how & 7];
	if (how >= 24)
		result.transport = (enum sl_map_transport)(how % (SL_MAP_SHUTTING_DOWN + 1));
	result.oscore_header_count = f->is_oscore ? 1 + (how == 8) : how == 9;
	result.oscore_header = sl_span_text("AA");
	result.content_type =
	        sl_span_text(f->is_oscore ? "application/oscore" : "application/edhoc+cbor-seq");
	result.has_retry_after = (how & 16) != 0;
	result.retry_after_s = how;
	return result;
}

static void
do_result(struct run *r, struct sl_reader *in, unsigned how)
{
	static uint8_t body[255 * 20];
	struct model *m = &r->model;
	size_t i = sl_read_u8(in), len = sl_read_u8(in) * 19U;
	struct sl_map_http_result result;

	if (m->fetch_count == 0)
		return;
	i %= m->fetch_count;
	result = read_result(&m->fetches[i], how);
	memset(body, 0, sizeof body);
	for (size_t at = 0; m->fetches[i].request != SIZE_MAX && at < sizeof body; at += WORD_LEN)
		model_word(body + at, m->fetches[i].request);
	result.body = sl_span(body, len);
	proxy_core_on_origin_result(m->core, m->fetches[i].ref, &result, m->now_ms);
	model_forget(m, i);
}

/* A result for a fetch that is over changes nothing but the counter. */
static void
do_late_result(struct run *r, struct sl_reader *in)
{
	static const uint8_t body[64];
	struct model *m = &r->model;
	struct sl_map_http_result result = {
	        .status = 200, .body = sl_span(body, sizeof body), .oscore_header_count = 1};
	struct sl_ref ref = m->last_ended;
	uint64_t late = proxy_core_counts(m->core).late_results;
	uint8_t slot = sl_read_u8(in);

	if (slot != 0)
		ref = (struct sl_ref){.slot = slot, .generation = 0};
	proxy_core_on_origin_result(m->core, ref, &result, m->now_ms);
	model_require(proxy_core_counts(m->core).late_results == late + 1);
}

static void
do_operation(struct run *r, struct sl_reader *in)
{
	uint8_t op = sl_read_u8(in);
	unsigned how = op >> 3;

	switch (op & 7) {
	case 3:
		do_any_bytes(r, in);
		break;
	case 4:
		do_time(r, how);
		break;
	case 5:
		do_result(r, in, how);
		break;
	case 6:
		if (how < 16)
			do_copy(r, how);
		else
			do_acknowledge(r, how & 7, how >= 24);
		break;
	case 7:
		if (op == 0xff)
			proxy_core_drain(r->model.core);
		else
			do_late_result(r, in);
		break;
	default:
		do_template(r, in);
		break;
	}
	model_take(&r->model);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct run r;
	struct sl_reader in = sl_reader_over(sl_span(bytes, len));
	unsigned which = sl_read_u8(&in);
	struct proxy_core_config core = {.hash_key = {1}, .echo_key = {2}, .seed = {3}};
	char complaint[CONFIG_COMPLAINT_MAX];
	struct config **config = &configs[which % CONFIGS];

	if (*config == NULL)
		model_require(config_parse(config, sl_span_text(texts[which % CONFIGS]), "fuzz",
		                      complaint) == SL_OK);
	core.config = *config;
	memset(&r, 0, sizeof r);
	model_require(proxy_core_new(&r.model.core, &core) == SL_OK);
	model_init(&r.model, *config, r.model.core);
	while (in.left.len > 0)
		do_operation(&r, &in);
	if (which & 0x80)
		proxy_core_give_up(r.model.core, r.model.now_ms);
	model_take(&r.model);
	model_end(&r.model);
	proxy_core_free(r.model.core);
	return 0;
}
