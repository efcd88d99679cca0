/* SPDX-License-Identifier: BSD-2-Clause
 * The invariants: I1 an answer goes to who asked; I2 one fetch each; I5 three times the bytes at most, and nothing
 * confirmable, to who has shown nothing; I6 every table and the memory within their limits; I7 and I8 only origins of the
 * configuration, only clean texts; I9 every fetch ends by its deadline, and in the end nothing is left. */
#include "model.h"

#include <stdlib.h>
#include <string.h>

#define MARK        0xa5
#define MARK_SECOND 0x5a
#define PROOF_MS    1000000 /* longer than a proof and the answers given under it are remembered */
#define NO_REQUEST  SIZE_MAX

void
model_require(bool holds)
{
	if (!holds)
		abort();
}

static struct address
address_of(unsigned n)
{
	static const uint8_t ipv6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};
	static const uint8_t ipv4[PEERS][4] = {{192, 0, 2, 1}, {192, 0, 2, 1}, {192, 0, 2, 1},
	        {192, 0, 2, 1}, {192, 0, 2, 9}, {198, 51, 100, 1}, {0}, {203, 0, 113, 1}};

	return n == 6 ? address_from_bytes(ipv6, true, 7)
	              : address_from_bytes(ipv4[n], false, (uint16_t)(1 + n));
}

void
model_init(struct model *m, const struct config *config, struct proxy_core *core)
{
	static const uint8_t loopback[4] = {127, 0, 0, 1};
	struct address local = address_from_bytes(loopback, false, 5683);

	memset(m, 0, sizeof *m);
	m->config = config;
	m->core = core;
	m->now_ms = 1000;
	m->base_memory = proxy_core_counts(core).memory_used;
	for (unsigned i = 0; i < PEERS; i++) {
		struct address remote = address_of(i);

		peer_encode(&m->peers[i].peer, &remote, &local);
		if (config->echo == ECHO_OFF || (i == TRUSTED && config->trusted.count > 0))
			m->peers[i].known_until_ms = UINT64_MAX;
	}
}

void
model_word(uint8_t out[static WORD_LEN], size_t request)
{
	out[0] = MARK;
	out[1] = MARK_SECOND;
	out[2] = (uint8_t)(request >> 8);
	out[3] = (uint8_t)request;
}

/* The request that every word of the bytes names; NO_REQUEST: they are not made of words. */
static size_t
whose(const struct model *m, struct sl_span bytes)
{
	uint8_t word[WORD_LEN];
	size_t number;

	if (bytes.len < WORD_LEN || bytes.ptr[0] != MARK || bytes.ptr[1] != MARK_SECOND)
		return NO_REQUEST;
	number = (size_t)bytes.ptr[2] << 8 | bytes.ptr[3];
	model_require(number < m->request_count);
	model_word(word, number);
	for (size_t i = 0; i < bytes.len; i++)
		model_require(bytes.ptr[i] == word[i % WORD_LEN]);
	return number;
}

/* --- in --------------------------------------------------------------------------------------- */

static bool
is_proof(const struct model_peer *p, const struct sl_coap_msg *msg)
{
	const struct sl_coap_option *echo = sl_coap_find(msg, SL_COAP_ECHO);

	if (msg->type == SL_COAP_ACK)
		return p->has_con && msg->message_id == p->con_id;
	for (unsigned i = 0; echo != NULL && i < ECHOES_MAX; i++)
		if (sl_span_equal(sl_coap_option_value(echo), sl_span(p->echoes[i], SL_ECHO_LEN)))
			return true;
	return false;
}

void
model_on_datagram(struct model *m, unsigned peer, size_t len, const struct sl_coap_msg *msg)
{
	struct model_peer *p = &m->peers[peer];

	if (p->known_until_ms != 0 && p->known_until_ms <= m->now_ms) {
		p->in = p->out = 0;
		p->known_until_ms = 0;
	}
	p->in += len;
	if (msg != NULL && p->known_until_ms != UINT64_MAX && is_proof(p, msg))
		p->known_until_ms = m->now_ms + PROOF_MS;
}

/* --- datagrams out ---------------------------------------------------------------------------- */

static bool
asked(const struct model_request *q, unsigned peer, const struct sl_coap_msg *msg)
{
	return q->peer == peer && q->token_len == msg->token_len &&
	       (q->token_len == 0 || q->token == msg->token[0]) &&
	       (msg->type != SL_COAP_ACK || (q->is_con && q->message_id == msg->message_id));
}

static bool
asked_by_any_bytes(const struct model *m, unsigned peer, const struct sl_coap_msg *msg)
{
	for (size_t i = 0; i < m->token_count; i++) {
		const struct model_token *t = &m->tokens[i];

		if (t->peer == peer && t->len == msg->token_len &&
		        memcmp(t->token, msg->token, t->len) == 0 &&
		        (msg->type != SL_COAP_ACK || t->message_id == msg->message_id))
			return true;
	}
	return false;
}

/* I1. A slice may also go to one who asks for the rest of the same. */
static void
check_addressee(const struct model *m, unsigned peer, const struct sl_coap_msg *msg)
{
	size_t owner = whose(m, msg->payload);
	bool is_follow_up_of_any = asked_by_any_bytes(m, peer, msg);

	if (owner != NO_REQUEST)
		model_require(m->requests[owner].peer == peer);
	if (is_follow_up_of_any)
		return;
	for (size_t i = 0; i < m->request_count; i++) {
		const struct model_request *q = &m->requests[i];

		if (asked(q, peer, msg) &&
		        (owner == NO_REQUEST || owner == i ||
		                (q->is_follow_up && q->key == m->requests[owner].key)))
			return;
	}
	model_require(false);
}

static void
note_out(struct model_peer *p, const struct sl_coap_msg *msg)
{
	const struct sl_coap_option *echo = sl_coap_find(msg, SL_COAP_ECHO);

	if (msg->type == SL_COAP_CON) {
		p->has_con = true;
		p->con_id = msg->message_id;
	}
	if (echo != NULL) {
		struct sl_span value = sl_coap_option_value(echo);

		model_require(value.len == SL_ECHO_LEN);
		memcpy(p->echoes[p->echo_count++ % ECHOES_MAX], value.ptr, SL_ECHO_LEN);
	}
}

static void
take_sends(struct model *m)
{
	struct sl_datagram_out out;

	while (proxy_core_next_send(m->core, &out)) {
		struct sl_coap_msg msg;
		struct model_peer *p;
		unsigned n = 0;

		while (n < PEERS &&
		        memcmp(m->peers[n].peer.bytes, out.peer.bytes, out.peer.len) != 0)
			n++;
		model_require(n < PEERS && sl_coap_decode(&msg, out.bytes) == SL_OK);
		p = &m->peers[n];
		p->out += out.bytes.len;
		if (p->known_until_ms == 0) /* I5 */
			model_require(msg.type != SL_COAP_CON && p->out <= 3 * p->in);
		if (msg.code != SL_COAP_EMPTY)
			check_addressee(m, n, &msg);
		note_out(p, &msg);
	}
}

/* --- fetches ---------------------------------------------------------------------------------- */

void
model_forget(struct model *m, size_t fetch)
{
	m->last_ended = m->fetches[fetch].ref;
	m->fetches[fetch] = m->fetches[--m->fetch_count];
}

static void
take_aborts(struct model *m)
{
	struct sl_ref ref;

	while (proxy_core_next_abort(m->core, &ref)) {
		size_t i = 0;

		while (i < m->fetch_count &&
		        (m->fetches[i].ref.slot != ref.slot ||
		                m->fetches[i].ref.generation != ref.generation))
			i++;
		model_require(i < m->fetch_count); /* each once, and none that was not begun */
		model_forget(m, i);
	}
}

/* A body out of blocks: all of one peer and one transfer, each in its place (T4). Returns the last one's request. */
static size_t
check_body(const struct model *m, struct sl_span body)
{
	size_t last = NO_REQUEST, first = NO_REQUEST;

	for (size_t at = 0; at < body.len; at += 16) {
		size_t left = body.len - at;

		last = whose(m, sl_span(body.ptr + at, left < 16 ? left : 16));
		if (last == NO_REQUEST)
			return NO_REQUEST;
		if (first == NO_REQUEST)
			first = last;
		model_require(m->requests[last].peer == m->requests[first].peer);
		model_require(m->requests[last].key == m->requests[first].key);
		model_require(m->requests[last].num == at / 16);
	}
	return last;
}

static bool
is_allowed_url(const char *url)
{
	static const char *const origins[] = {"http://127.0.0.1:8080/", "https://est.example:443/"};

	for (size_t i = 0; i < sizeof origins / sizeof origins[0]; i++)
		if (strncmp(url, origins[i], strlen(origins[i])) == 0)
			return true;
	return false;
}

static bool
is_clean(const char *text)
{
	for (; text != NULL && *text != '\0'; text++)
		if (*text < ' ' || *text > '~')
			return false;
	return true;
}

static void
take_fetches(struct model *m)
{
	struct core_fetch fetch;

	while (proxy_core_next_fetch(m->core, &fetch)) {
		struct model_fetch *f = &m->fetches[m->fetch_count++];
		size_t request = check_body(m, fetch.body);

		model_require(m->fetch_count <= m->config->limits.transfers);
		model_require(is_allowed_url(fetch.url) && strchr(fetch.url, ' ') == NULL);
		model_require(is_clean(fetch.url) && is_clean(fetch.oscore) &&
		              is_clean(fetch.content_type) && is_clean(fetch.accept));
		model_require(fetch.oscore == NULL || fetch.body.len > 0);
		for (size_t i = 0; i + 1 < m->fetch_count; i++)
			model_require(m->fetches[i].ref.slot != fetch.ref.slot);
		*f = (struct model_fetch){fetch.ref, m->now_ms, request, fetch.oscore != NULL};
		if (request != NO_REQUEST) { /* I2 */
			model_require(!m->requests[request].is_fetched);
			m->requests[request].is_fetched = true;
			f->since_ms = m->requests[request].at_ms;
		}
	}
}

/* --- gauges ----------------------------------------------------------------------------------- */

static void
check_gauges(const struct model *m)
{
	const struct limits *l = &m->config->limits;
	struct core_counts c = proxy_core_counts(m->core);
	uint64_t known = m->base_memory + c.messages.reply_bytes + c.blocks.bytes +
	                 c.fetching * l->response_body;

	model_require(c.queued <= l->queue_length && c.fetching <= l->transfers);
	model_require(c.messages.running + c.messages.remembered <= l->exchanges);
	model_require(c.messages.reply_bytes <= l->reply_bytes);
	model_require(c.blocks.bodies <= l->uploads && c.blocks.answers <= l->answers);
	model_require(c.blocks.bytes <= l->body_bytes);
	model_require(c.verified_peers <= l->verified_peers);
	model_require(c.fetching == m->fetch_count);
	model_require(c.memory_used >= known);
	model_require(c.queued + c.fetching > 0 || c.memory_used == known);
	/* each waiting request adds its texts and its body */
	model_require(c.memory_used - known <=
	              (uint64_t)(c.queued + c.fetching) * (l->request_body + 8192));
}

void
model_take(struct model *m)
{
	struct core_record record;

	take_aborts(m);
	take_fetches(m);
	take_sends(m);
	while (proxy_core_next_record(m->core, &record))
		model_require(record.reason != NULL && record.route != NULL);
	for (size_t i = 0; i < m->fetch_count; i++) /* I9 */
		model_require(m->now_ms - m->fetches[i].since_ms <=
		              m->config->limits.total_timeout + 1000);
	check_gauges(m);
}

void
model_end(struct model *m)
{
	uint64_t last = m->now_ms + 300000, at;
	struct core_counts c;

	for (unsigned turns = 0; (at = proxy_core_wakeup(m->core)) <= last; turns++) {
		model_require(turns < 20000);
		m->now_ms = at > m->now_ms ? at : m->now_ms + 1;
		proxy_core_on_time(m->core, m->now_ms);
		model_take(m);
	}
	c = proxy_core_counts(m->core);
	model_require(at == UINT64_MAX && proxy_core_is_settled(m->core) && m->fetch_count == 0);
	model_require(c.messages.running == 0 && c.messages.remembered == 0);
	model_require(c.messages.unconfirmed == 0 && c.messages.reply_bytes == 0);
	model_require(c.messages.networks == 0 && c.blocks.bodies == 0 && c.blocks.answers == 0);
	model_require(c.blocks.bytes == 0 && c.memory_used == m->base_memory);
}
