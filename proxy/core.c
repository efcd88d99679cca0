/* SPDX-License-Identifier: BSD-2-Clause
 * The core's entry points: what goes in and what comes out. The questions: evaluate.c, the answers:
 * answer.c. */
#include "core.h"

#include <stdlib.h>
#include <string.h>

#include "evaluate.h"
#include "request.h"

#define EXCHANGE_LIFETIME_MS 247000 /* RFC 7252 section 4.8.2 */

/* --- life ------------------------------------------------------------------------------------------------ */

static enum sl_err
new_messages(struct proxy_core *core, const struct proxy_core_config *config)
{
	const struct limits *l = &config->config->limits;
	struct sl_messages_config messages;

	sl_messages_config_init(&messages);
	messages.exchanges_max = (uint32_t)l->exchanges;
	messages.reply_bytes_max = l->reply_bytes;
	if (l->exchanges_per_prefix < l->exchanges) {
		messages.exchanges_per_network = (uint32_t)l->exchanges_per_prefix;
		messages.reply_bytes_per_network =
		        l->reply_bytes / l->exchanges * l->exchanges_per_prefix;
	}
	messages.ack_delay_ms = (uint32_t)l->ack_delay;
	memcpy(messages.hash_key, config->hash_key, sizeof messages.hash_key);
	memcpy(messages.seed, config->seed, sizeof messages.seed);
	return sl_messages_new(&core->messages, &messages);
}

/* What uploads-per-prefix is of all uploads, a network has of kept answers and of bytes too; in bytes it is one
 * body at least. */
static void
set_block_shares(struct sl_blocks_config *blocks, const struct limits *l)
{
	uint64_t least = l->request_body > l->response_body ? l->request_body : l->response_body;
	uint64_t answers = l->answers * l->uploads_per_prefix / l->uploads;
	uint64_t bytes = l->body_bytes / l->uploads * l->uploads_per_prefix;

	if (l->uploads_per_prefix >= l->uploads)
		return;
	blocks->bodies_per_network_max = (uint32_t)l->uploads_per_prefix;
	blocks->answers_per_network_max = answers > 0 ? (uint32_t)answers : 1;
	blocks->bytes_per_network_max = bytes > least ? bytes : least;
}

static enum sl_err
new_blocks(struct proxy_core *core, const struct proxy_core_config *config)
{
	const struct limits *l = &config->config->limits;
	struct sl_blocks_config blocks;

	sl_blocks_config_init(&blocks);
	blocks.bodies_max = (uint32_t)l->uploads;
	blocks.bodies_per_peer_max = (uint32_t)l->uploads_per_peer;
	blocks.body_bytes_max = (uint32_t)l->request_body;
	blocks.bytes_max = l->body_bytes;
	blocks.idle_ms = (uint32_t)l->block_idle;
	blocks.answers_max = (uint32_t)l->answers;
	set_block_shares(&blocks, l);
	memcpy(blocks.hash_key, config->hash_key, sizeof blocks.hash_key);
	return sl_blocks_new(&core->blocks, &blocks);
}

static enum sl_err
new_echo(struct proxy_core *core, const struct proxy_core_config *config)
{
	struct sl_echo_config echo;

	sl_echo_config_init(&echo);
	echo.verified_max = (uint32_t)config->config->limits.verified_peers;
	memcpy(echo.key, config->echo_key, sizeof echo.key);
	return sl_echo_new(&core->echo, &echo);
}

static void
set_rates(struct proxy_core *core)
{
	const struct limits *l = &core->config->limits;

	core->admission.per_second = l->requests_per_second;
	core->admission.burst = l->request_burst;
	core->plain.per_second = l->requests_per_second == 0 ? 0 : l->plain_per_second;
	core->plain.burst = l->plain_burst;
}

enum sl_err
proxy_core_new(struct proxy_core **out, const struct proxy_core_config *config)
{
	const struct limits *l = &config->config->limits;
	struct proxy_core *core = calloc(1, sizeof *core);
	enum sl_err err;

	if (core == NULL)
		return SL_ENOMEM;
	core->config = config->config;
	core->blocks_wakeup = UINT64_MAX;
	memcpy(core->hash_key, config->hash_key, sizeof core->hash_key);
	core->tables_bytes = memory_of_tables(l);
	admission_init(&core->admission, 0, 0, config->hash_key);
	admission_init(&core->plain, 0, 0, config->hash_key);
	bucket_init(&core->datagrams, l->unverified_per_second, 1000);
	bucket_init(&core->forwards, l->unverified_requests, EXCHANGE_LIFETIME_MS);
	set_rates(core);
	err = new_messages(core, config);
	if (err == SL_OK)
		err = new_blocks(core, config);
	if (err == SL_OK)
		err = new_echo(core, config);
	if (err == SL_OK)
		err = exchanges_init(&core->exchanges, config->config, config->hash_key);
	if (err != SL_OK)
		proxy_core_free(core);
	else
		*out = core;
	return err;
}

void
proxy_core_free(struct proxy_core *core)
{
	if (core == NULL)
		return;
	sl_messages_free(core->messages);
	sl_blocks_free(core->blocks);
	sl_echo_free(core->echo);
	exchanges_clear(&core->exchanges);
	free(core);
}

/* --- datagrams ---------------------------------------------------------------------------------------------- */

static void
init_asker(struct turn *t, const struct sl_peer *peer, struct sl_ref ref, size_t len)
{
	struct asker *a = &t->asker;
	struct address remote = peer_remote(peer);
	struct sl_coap_block wish;

	a->ref = ref;
	a->peer = *peer;
	a->network = address_network(&remote);
	a->is_trusted = peer->network == 0;
	a->id = t->core->next_id++;
	a->started_ms = t->now_ms;
	a->request_len = len;
	a->method = t->msg->code;
	a->token_len = t->msg->token_len;
	a->is_con = t->msg->type == SL_COAP_CON;
	a->is_oscore = sl_coap_find(t->msg, SL_COAP_OSCORE) != NULL;
	a->wants_size2 = sl_coap_find(t->msg, SL_COAP_SIZE2) != NULL;
	a->szx = sl_coap_get_block(t->msg, SL_COAP_BLOCK2, &wish) == SL_OK ? wish.szx : 6;
}

/* No record was free, so nothing may be begun. */
static void
refuse_stateless(struct proxy_core *core, const struct sl_peer *peer,
        const struct sl_coap_msg *request, uint8_t code)
{
	struct sl_coap_msg msg;
	enum sl_err err = SL_OK;

	sl_coap_msg_init(&msg, code);
	if (code == SL_COAP_SERVICE_UNAVAILABLE)
		err = sl_coap_add_uint(&msg, SL_COAP_MAX_AGE, 10);
	if (err == SL_OK)
		err = sl_messages_answer_stateless(core->messages, peer, request, &msg);
	if (err == SL_OK) {
		core->counts.stateless++;
		core->counts.responses[counts_code_row(code)]++;
	}
}

/* Longer than any datagram that is taken in: only header and token are read. */
static void
refuse_oversize(struct proxy_core *core, const struct sl_peer *peer, struct sl_span datagram)
{
	struct sl_coap_msg msg;
	size_t token_len = datagram.ptr[0] & 0x0f;

	core->counts.oversize++;
	core->counts.refusals[CORE_REFUSED_TOO_LARGE]++;
	sl_coap_msg_init(&msg, 0);
	if (sl_coap_header_decode(&msg, datagram) != SL_OK || token_len > SL_COAP_TOKEN_MAX ||
	        msg.type > SL_COAP_NON || SL_COAP_CODE_CLASS(msg.code) != 0 ||
	        msg.code == SL_COAP_EMPTY)
		return;
	msg.token_len = (uint8_t)token_len;
	memcpy(msg.token, datagram.ptr + 4, token_len);
	refuse_stateless(core, peer, &msg, SL_COAP_REQUEST_ENTITY_TOO_LARGE);
}

/* A peer of trusted-prefixes has no quota. */
static struct sl_peer
with_quota(const struct proxy_core *core, const struct sl_peer *peer)
{
	const struct cidr_list *trusted = &core->config->trusted;
	struct address remote = peer_remote(peer);
	struct sl_peer got = *peer;

	if (cidr_list_contains(trusted->items, trusted->count, &remote))
		got.network = 0;
	return got;
}

/* A flood from addresses that nobody vouches for: so much of it is read, the rest costs next to nothing, and what
 * verified peers send is not held up. Nobody is looked up while the bucket is half full. */
static bool
is_beyond_flood(struct proxy_core *core, const struct sl_peer *from, uint64_t now_ms)
{
	if (!bucket_is_half_full(&core->datagrams, now_ms) &&
	        (core->config->echo == ECHO_OFF || sl_echo_is_verified(core->echo, from, now_ms)))
		return false;
	if (bucket_has_one(&core->datagrams, now_ms)) {
		bucket_take(&core->datagrams);
		return false;
	}
	if (with_quota(core, from).network == 0)
		return false;
	core->counts.unread++;
	return true;
}

/* The last step of the memory ladder: who is not verified gets no answer to a request, and no record either.
 * What acknowledges or resets an answer of ours is always taken in. */
static bool
is_dropped(struct proxy_core *core, const struct sl_peer *peer, struct sl_span datagram,
        uint64_t now_ms)
{
	bool is_request = datagram.len >= 4 && (datagram.ptr[0] >> 4 & 3) <= SL_COAP_NON &&
	                  SL_COAP_CODE_CLASS(datagram.ptr[1]) == 0;

	if (!is_request || core->config->echo == ECHO_OFF || peer->network == 0 ||
	        memory_level(core_memory_used(core), core->config->limits.memory_budget) !=
	                MEMORY_SILENCE ||
	        sl_echo_is_verified(core->echo, peer, now_ms))
		return false;
	core->counts.silent++;
	return true;
}

static void
refuse_full(struct proxy_core *core, const struct sl_peer *peer, const struct sl_messages_in *in)
{
	core->counts.refusals[in->is_over_quota ? CORE_REFUSED_PREFIX : CORE_REFUSED_TABLE]++;
	refuse_stateless(core, peer, &in->request, SL_COAP_SERVICE_UNAVAILABLE);
}

void
proxy_core_on_datagram(struct proxy_core *core, const struct sl_peer *from, struct sl_span datagram,
        uint64_t now_ms)
{
	struct turn t = {.core = core, .now_ms = now_ms};
	struct address local;
	struct sl_peer with;
	const struct sl_peer *peer = &with;
	struct sl_messages_in in;

	if (is_beyond_flood(core, from, now_ms))
		return;
	local = peer_local(from);
	with = with_quota(core, from);
	if (address_is_multicast(&local)) { /* RFC 7252 section 8.1 */
		core->counts.multicast++;
		return;
	}
	if (datagram.len > SL_DATAGRAM_MAX) {
		refuse_oversize(core, peer, datagram);
		return;
	}
	if (is_dropped(core, peer, datagram, now_ms))
		return;
	sl_messages_on_datagram(core->messages, peer, datagram, now_ms, &in);
	t.msg = &in.request;
	switch (in.event) {
	case SL_MESSAGES_REQUEST:
		core->counts.requests++;
		init_asker(&t, peer, in.ref, datagram.len);
		evaluate(&t);
		break;
	case SL_MESSAGES_DELIVERED:
		sl_echo_verify(core->echo, peer, now_ms);
		break;
	case SL_MESSAGES_FULL:
		refuse_full(core, peer, &in);
		break;
	case SL_MESSAGES_NOTHING:
	case SL_MESSAGES_REFUSED:
		break;
	}
}

/* --- origin results and time ------------------------------------------------------------------------------------ */

static void
count_result(struct core_counts *c, const struct sl_map_http_result *result, uint64_t elapsed_ms)
{
	c->transports[result->transport]++;
	if (result->transport == SL_MAP_RESPONSE)
		c->statuses[counts_class_row(result->status)]++;
	c->durations[counts_duration_row(elapsed_ms)]++;
	c->duration_sum_ms += elapsed_ms;
}

static void
finish(struct proxy_core *core, struct exchange *x, const struct sl_map_http_result *result,
        uint64_t now_ms)
{
	const struct sl_map_exchange exchange = {
	        .request_code = x->asker.method,
	        .is_oscore = x->asker.is_oscore,
	        .is_fetch_observe = x->asker.facts.is_fetch_observe,
	        .is_combined = x->asker.facts.is_combined,
	        .has_hop_limit = x->asker.facts.has_hop_limit,
	        .has_etag = x->has_etag,
	        .gateway_errors_503 = x->is_local && x->origin->gateway_errors_503,
	};
	struct sl_map_reply reply;

	count_result(&core->counts, result, now_ms - x->asker.started_ms);
	x->asker.status = result->transport == SL_MAP_RESPONSE ? result->status : 0;
	x->asker.detail = result->detail;
	sl_map_reply(&exchange, result, &reply);
	answer_reply(core, &x->asker, &reply, now_ms);
}

void
proxy_core_on_origin_result(struct proxy_core *core, struct sl_ref ref,
        const struct sl_map_http_result *result, uint64_t now_ms)
{
	struct exchange *x = exchanges_find(&core->exchanges, ref);

	if (x == NULL) {
		core->counts.late_results++;
		return;
	}
	finish(core, x, result, now_ms);
	exchanges_end(&core->exchanges, x, true);
}

void
core_end_exchange(
        struct proxy_core *core, struct exchange *x, enum sl_map_transport why, uint64_t now_ms)
{
	const struct sl_map_http_result result = {.transport = why};

	finish(core, x, &result, now_ms);
	exchanges_end(&core->exchanges, x, false);
}

void
proxy_core_on_time(struct proxy_core *core, uint64_t now_ms)
{
	struct exchange *x;

	sl_messages_on_time(core->messages, now_ms);
	if (now_ms >= core->blocks_wakeup)
		core->blocks_wakeup = sl_blocks_on_time(core->blocks, now_ms);
	while ((x = exchanges_overdue(&core->exchanges, now_ms)) != NULL)
		core_end_exchange(core, x,
		        x->state == EXCHANGE_QUEUED ? SL_MAP_EXHAUSTED : SL_MAP_NO_ANSWER, now_ms);
}

uint64_t
proxy_core_wakeup(const struct proxy_core *core)
{
	uint64_t at = sl_messages_wakeup(core->messages),
	         other = exchanges_wakeup(&core->exchanges);

	at = other < at ? other : at;
	return core->blocks_wakeup < at ? core->blocks_wakeup : at;
}

void
proxy_core_reload(struct proxy_core *core, const struct config *config)
{
	core->config = config;
	set_rates(core);
	exchanges_reload(&core->exchanges, config);
}

bool
proxy_core_needs(const struct proxy_core *core, const struct config *config)
{
	return exchanges_need(&core->exchanges, config);
}

void
proxy_core_drain(struct proxy_core *core)
{
	core->is_draining = true;
}

void
proxy_core_give_up(struct proxy_core *core, uint64_t now_ms)
{
	struct exchange *x;

	core->is_draining = true;
	while ((x = exchanges_oldest(&core->exchanges)) != NULL)
		core_end_exchange(core, x, SL_MAP_SHUTTING_DOWN, now_ms);
}

bool
proxy_core_is_idle(const struct proxy_core *core)
{
	return core->exchanges.queued == 0 && core->exchanges.fetching == 0;
}

bool
proxy_core_is_settled(const struct proxy_core *core)
{
	return proxy_core_is_idle(core) && sl_messages_counts(core->messages).unconfirmed == 0;
}

/* --- what comes out ------------------------------------------------------------------------------------------------ */

bool
proxy_core_next_send(struct proxy_core *core, struct sl_datagram_out *out)
{
	return sl_messages_next(core->messages, out);
}

bool
proxy_core_next_fetch(struct proxy_core *core, struct core_fetch *out)
{
	struct exchange *x = exchanges_next(&core->exchanges);

	if (x == NULL)
		return false;
	core->counts.forwarded++;
	request_view(x, out);
	out->ref = exchange_ref(&core->exchanges, x);
	return true;
}

bool
proxy_core_next_abort(struct proxy_core *core, struct sl_ref *ref)
{
	return exchanges_next_abort(&core->exchanges, ref);
}

bool
proxy_core_next_record(struct proxy_core *core, struct core_record *out)
{
	if (core->records_begin == core->records_end)
		return false;
	*out = core->records[core->records_begin % RECORDS_MAX];
	core->records_begin++;
	return true;
}

uint64_t
core_memory_used(const struct proxy_core *core)
{
	return core->tables_bytes + sl_messages_counts(core->messages).reply_bytes +
	       sl_blocks_counts(core->blocks).bytes + core->exchanges.text_bytes +
	       core->exchanges.fetching * core->config->limits.response_body;
}

struct core_counts
proxy_core_counts(const struct proxy_core *core)
{
	struct core_counts c = core->counts;

	c.memory_used = core_memory_used(core);
	c.memory_budget = core->config->limits.memory_budget;
	c.memory_level = memory_level(c.memory_used, c.memory_budget);
	c.queued = core->exchanges.queued;
	c.fetching = core->exchanges.fetching;
	c.messages = sl_messages_counts(core->messages);
	c.blocks = sl_blocks_counts(core->blocks);
	c.verified_peers = sl_echo_verified_count(core->echo);
	return c;
}
