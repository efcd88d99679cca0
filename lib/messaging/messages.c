/* SPDX-License-Identifier: BSD-2-Clause
 * The message layer of a server: what a datagram means (RFC 7252 sections 4.2, 4.3, 4.5), how an
 * answer travels (5.2), what time brings. The records behind it: exchanges.c. */
#include <sl/messages.h>

#include "exchanges.h"

#include <stdlib.h>
#include <string.h>

#define EMPTY_LEN 4

/* --- datagrams without a record --------------------------------------------------------------- */

static struct sl_stray *
new_stray(struct sl_messages *m, const struct sl_peer *peer)
{
	uint32_t at = (m->stray_first + m->stray_count) % SL_STRAYS_MAX;

	if (m->stray_count == SL_STRAYS_MAX)
		return NULL;
	m->stray_count++;
	m->strays[at].peer = *peer;
	return &m->strays[at];
}

static void
write_empty(uint8_t out[static EMPTY_LEN], enum sl_coap_type type, uint16_t message_id)
{
	struct sl_coap_msg empty = {.type = (uint8_t)type, .message_id = message_id};
	struct sl_writer w = sl_writer_over(out, EMPTY_LEN);

	(void)!sl_coap_encode(&w, &empty);
}

static void
send_reset(struct sl_messages *m, const struct sl_peer *peer, uint16_t message_id)
{
	struct sl_stray *stray = new_stray(m, peer);

	if (stray == NULL)
		return; /* section 4.2 allows silence */
	stray->len = EMPTY_LEN;
	write_empty(stray->bytes, SL_COAP_RST, message_id);
}

/* --- datagrams in ----------------------------------------------------------------------------- */

static void
expire(struct sl_messages *m, struct sl_list *life, uint32_t lifetime_ms, uint64_t now_ms)
{
	while (life->head != 0 && m->exchanges[life->head].arrived_ms + lifetime_ms <= now_ms)
		sl_exchange_end(m, life->head, now_ms);
}

static void
expire_all(struct sl_messages *m, uint64_t now_ms)
{
	expire(m, &m->con_life, m->config.exchange_lifetime_ms, now_ms);
	expire(m, &m->non_life, m->config.non_lifetime_ms, now_ms);
}

static void
release_lent(struct sl_messages *m)
{
	free(m->lent);
	m->lent = NULL;
}

static struct sl_ref
ref_of(const struct sl_messages *m, uint32_t slot)
{
	struct sl_ref ref = {slot, m->exchanges[slot].generation};

	return ref;
}

/* An ACK or RST: the end of a separate response, or nothing. A matching ACK counts whatever it
 * holds. */
static void
on_answer_to_ours(struct sl_messages *m, const struct sl_peer *peer, const struct sl_coap_msg *msg,
        uint64_t now_ms, struct sl_messages_in *in)
{
	uint32_t slot = sl_exchange_find_own(m, peer, msg->message_id);
	struct sl_exchange *x = &m->exchanges[slot];
	bool is_reset = msg->type == SL_COAP_RST;
	bool is_under_way = x->separate == SL_SEPARATE_UNDER_WAY;

	if (slot == 0 || (is_reset && msg->code != SL_COAP_EMPTY))
		return;
	if (!is_under_way && !(is_reset && x->separate == SL_SEPARATE_NON))
		return;
	in->event = is_reset ? SL_MESSAGES_REFUSED : SL_MESSAGES_DELIVERED;
	in->ref = ref_of(m, slot);
	if (is_reset)
		m->counts.reset++;
	else
		m->counts.delivered++;
	if (is_under_way)
		sl_lane_leave(m, slot, now_ms);
	x->separate = SL_SEPARATE_DONE;
}

/* Section 4.5: the same ACK again; nothing for a copy of a NON. */
static void
on_duplicate(struct sl_messages *m, uint32_t slot)
{
	const struct sl_exchange *x = &m->exchanges[slot];

	m->counts.duplicates++;
	if (!x->is_con || x->state == SL_EXCHANGE_WAITING)
		return;
	sl_exchange_want(
	        m, slot, x->state == SL_EXCHANGE_PIGGYBACKED ? SL_WANTS_REPLY : SL_WANTS_ACK);
}

static void
on_request(struct sl_messages *m, const struct sl_peer *peer, struct sl_span datagram,
        uint64_t now_ms, struct sl_messages_in *in)
{
	uint8_t digest[16];
	uint32_t slot = sl_exchange_find(m, peer, in->request.message_id);

	sl_siphash128(digest, m->config.hash_key, datagram);
	if (slot != 0 && memcmp(m->exchanges[slot].digest, digest, sizeof digest) == 0) {
		on_duplicate(m, slot);
		return;
	}
	if (slot != 0)
		sl_exchange_end(m, slot, now_ms);
	slot = sl_exchange_open(m, peer, &in->request, digest, now_ms);
	in->event = slot == 0 ? SL_MESSAGES_FULL : SL_MESSAGES_REQUEST;
	if (slot == 0) {
		in->is_over_quota =
		        !sl_network_has_room(&m->networks, sl_network_find(&m->networks, peer));
		m->counts.full += !in->is_over_quota;
		m->counts.over_quota += in->is_over_quota;
		return;
	}
	m->counts.requests++;
	in->ref = ref_of(m, slot);
}

static void
on_message(struct sl_messages *m, const struct sl_peer *peer, struct sl_span datagram,
        uint64_t now_ms, struct sl_messages_in *in)
{
	const struct sl_coap_msg *msg = &in->request;

	if (msg->type == SL_COAP_ACK || msg->type == SL_COAP_RST) {
		on_answer_to_ours(m, peer, msg, now_ms, in);
	} else if (SL_COAP_CODE_CLASS(msg->code) == 0 && msg->code != SL_COAP_EMPTY) {
		on_request(m, peer, datagram, now_ms, in);
	} else if (msg->type == SL_COAP_CON) {
		m->counts.pings += msg->code == SL_COAP_EMPTY;
		send_reset(m, peer, msg->message_id);
	}
}

void
sl_messages_on_datagram(struct sl_messages *m, const struct sl_peer *peer, struct sl_span datagram,
        uint64_t now_ms, struct sl_messages_in *in)
{
	in->event = SL_MESSAGES_NOTHING;
	in->ref = (struct sl_ref){0, 0};
	in->is_over_quota = false;
	release_lent(m);
	expire_all(m, now_ms);
	m->counts.received++;
	if (sl_coap_decode(&in->request, datagram) == SL_OK) {
		on_message(m, peer, datagram, now_ms, in);
		return;
	}
	m->counts.malformed++;
	sl_coap_msg_init(&in->request, SL_COAP_EMPTY);
	if (sl_coap_header_decode(&in->request, datagram) == SL_OK &&
	        in->request.type == SL_COAP_CON)
		send_reset(m, peer, in->request.message_id);
}

/* --- answers ---------------------------------------------------------------------------------- */

/* Until len bytes fit, the oldest piggybacked replies of the list are forgotten. */
static enum sl_err
forget(struct sl_messages *m, const uint64_t *used, uint64_t max, const struct sl_list *kept)
{
	while (*used > max) {
		if (kept->head == 0)
			return SL_ELIMIT;
		sl_exchange_drop_reply(m, kept->head);
		m->counts.replies_forgotten++;
	}
	return SL_OK;
}

/* Room in the network's budget, then in that of all. */
static enum sl_err
make_room(struct sl_messages *m, uint32_t network, size_t len)
{
	struct sl_network *n = &m->networks.items[network];
	uint64_t max = m->config.reply_bytes_max, quota = m->config.reply_bytes_per_network;
	enum sl_err err = SL_OK;

	if (network == 0 || quota == 0 || quota > max)
		quota = max;
	if (len > quota)
		return SL_ELIMIT;
	if (network != 0)
		err = forget(m, &n->bytes, quota - len, &n->kept);
	return err == SL_OK ? forget(m, &m->counts.reply_bytes, max - len, &m->kept) : err;
}

static enum sl_err
store_reply(struct sl_messages *m, uint32_t slot, const struct sl_coap_msg *msg)
{
	struct sl_exchange *x = &m->exchanges[slot];
	struct sl_writer w = sl_writer_counting();
	enum sl_err err = sl_coap_encode(&w, msg);
	uint8_t *bytes;

	if (err != SL_OK || w.len > SL_DATAGRAM_MAX)
		return SL_ESPACE;
	err = make_room(m, x->network, w.len);
	if (err != SL_OK)
		return err;
	bytes = malloc(w.len);
	if (bytes == NULL)
		return SL_ENOMEM;
	w = sl_writer_over(bytes, w.len);
	(void)!sl_coap_encode(&w, msg);
	x->reply = bytes;
	x->reply_len = (uint16_t)w.len;
	m->counts.reply_bytes += w.len;
	m->networks.items[x->network].bytes += w.len;
	return SL_OK;
}

/* How the answer travels, section 5.2. */
static enum sl_err
send_reply(struct sl_messages *m, uint32_t slot, uint8_t type, uint64_t now_ms)
{
	struct sl_exchange *x = &m->exchanges[slot];
	enum sl_err err;

	if (type == SL_COAP_CON) {
		err = sl_lane_enter(m, slot, now_ms);
		if (err != SL_OK) {
			sl_exchange_drop_reply(m, slot);
			return err;
		}
		sl_exchange_settle(m, slot, SL_EXCHANGE_CLOSED);
		return SL_OK;
	}
	if (type == SL_COAP_ACK) {
		sl_exchange_settle(m, slot, SL_EXCHANGE_PIGGYBACKED);
		sl_list_push(&m->kept, slot);
		sl_list_push(&m->networks.items[x->network].kept, slot);
	} else {
		sl_exchange_settle(m, slot, SL_EXCHANGE_CLOSED);
		sl_exchange_name(m, slot);
		x->separate = SL_SEPARATE_NON;
	}
	sl_exchange_want(m, slot, SL_WANTS_REPLY);
	return SL_OK;
}

/* The running exchange behind a ref, or NULL. */
static struct sl_exchange *
running_at(const struct sl_messages *m, struct sl_ref ref)
{
	struct sl_exchange *x = sl_exchange_at(m, ref);

	return x != NULL && x->state <= SL_EXCHANGE_ACKED ? x : NULL;
}

enum sl_err
sl_messages_reply(struct sl_messages *m, struct sl_ref ref, const struct sl_coap_msg *response,
        unsigned flags, uint64_t now_ms)
{
	struct sl_exchange *x;
	struct sl_coap_msg msg = *response;
	enum sl_err err;

	release_lent(m);
	x = running_at(m, ref);
	if (x == NULL)
		return SL_ENOTFOUND;
	msg.type = SL_COAP_NON;
	if (x->is_con && x->state == SL_EXCHANGE_WAITING)
		msg.type = SL_COAP_ACK;
	else if (x->is_con && (flags & SL_REPLY_NEVER_CONFIRMABLE) == 0)
		msg.type = SL_COAP_CON;
	msg.message_id = x->message_id;
	msg.token_len = x->token_len;
	memcpy(msg.token, x->token, sizeof msg.token);
	err = store_reply(m, ref.slot, &msg);
	return err == SL_OK ? send_reply(m, ref.slot, msg.type, now_ms) : err;
}

enum sl_err
sl_messages_no_reply(struct sl_messages *m, struct sl_ref ref, uint64_t now_ms)
{
	struct sl_exchange *x;

	release_lent(m);
	x = running_at(m, ref);
	if (x == NULL)
		return SL_ENOTFOUND;
	sl_messages_ack_now(m, ref, now_ms);
	sl_exchange_settle(m, ref.slot, SL_EXCHANGE_CLOSED);
	return SL_OK;
}

void
sl_messages_ack_now(struct sl_messages *m, struct sl_ref ref, uint64_t now_ms)
{
	const struct sl_exchange *x;

	(void)now_ms;
	release_lent(m);
	x = running_at(m, ref);
	if (x != NULL && x->is_con && x->state == SL_EXCHANGE_WAITING)
		sl_exchange_acknowledge(m, ref.slot);
}

void
sl_messages_may_yield(struct sl_messages *m, struct sl_ref ref)
{
	struct sl_exchange *x;

	release_lent(m);
	x = sl_exchange_at(m, ref);
	if (x == NULL || x->state <= SL_EXCHANGE_ACKED || x->may_yield ||
	        x->separate == SL_SEPARATE_QUEUED || x->separate == SL_SEPARATE_UNDER_WAY)
		return;
	x->may_yield = true;
	sl_list_push(&m->yielding, ref.slot);
	sl_list_push(&m->networks.items[x->network].yielding, ref.slot);
	m->counts.yielding++;
}

enum sl_err
sl_messages_answer_stateless(struct sl_messages *m, const struct sl_peer *peer,
        const struct sl_coap_msg *request, const struct sl_coap_msg *response)
{
	struct sl_coap_msg msg = *response;
	struct sl_writer w = sl_writer_counting();
	bool is_con = request->type == SL_COAP_CON;
	struct sl_stray *stray;

	release_lent(m);
	msg.type = is_con ? SL_COAP_ACK : SL_COAP_NON;
	msg.message_id = is_con ? request->message_id : m->next_id++;
	msg.token_len = request->token_len;
	memcpy(msg.token, request->token, sizeof msg.token);
	if (sl_coap_encode(&w, &msg) != SL_OK || w.len > SL_DATAGRAM_MAX)
		return SL_ESPACE;
	stray = new_stray(m, peer);
	if (stray == NULL)
		return SL_ELIMIT;
	stray->len = (uint16_t)w.len;
	w = sl_writer_over(stray->bytes, sizeof stray->bytes);
	return sl_coap_encode(&w, &msg);
}

/* --- time, and datagrams out ------------------------------------------------------------------ */

void
sl_messages_on_time(struct sl_messages *m, uint64_t now_ms)
{
	release_lent(m);
	expire_all(m, now_ms);
	while (m->acks.head != 0 &&
	        m->exchanges[m->acks.head].arrived_ms + m->config.ack_delay_ms <= now_ms)
		sl_exchange_acknowledge(m, m->acks.head);
	while (sl_heap_due(&m->retransmissions) <= now_ms)
		sl_lane_on_time(m, now_ms);
}

static uint64_t
due_of(const struct sl_messages *m, const struct sl_list *list, uint32_t delay_ms)
{
	return list->head == 0 ? UINT64_MAX : m->exchanges[list->head].arrived_ms + delay_ms;
}

uint64_t
sl_messages_wakeup(const struct sl_messages *m)
{
	uint64_t due[] = {due_of(m, &m->con_life, m->config.exchange_lifetime_ms),
	        due_of(m, &m->non_life, m->config.non_lifetime_ms),
	        due_of(m, &m->acks, m->config.ack_delay_ms)};
	uint64_t first = sl_heap_due(&m->retransmissions);

	for (size_t i = 0; i < sizeof due / sizeof due[0]; i++)
		if (due[i] < first)
			first = due[i];
	return first;
}

/* The stored reply. What is sent once only is lent to the caller and forgotten here. */
static struct sl_span
take_reply(struct sl_messages *m, uint32_t slot)
{
	struct sl_exchange *x = &m->exchanges[slot];
	struct sl_span bytes = sl_span(x->reply, x->reply_len);

	if (x->separate == SL_SEPARATE_NON)
		m->lent = sl_exchange_take_reply(m, slot);
	return bytes;
}

bool
sl_messages_next(struct sl_messages *m, struct sl_datagram_out *out)
{
	uint32_t slot = m->out.head;
	struct sl_exchange *x = &m->exchanges[slot];

	release_lent(m);
	if (m->stray_count > 0) {
		const struct sl_stray *stray = &m->strays[m->stray_first];

		out->peer = stray->peer;
		out->bytes = sl_span(stray->bytes, stray->len);
		m->stray_first = (m->stray_first + 1) % SL_STRAYS_MAX;
		m->stray_count--;
		return true;
	}
	if (slot == 0)
		return false;
	out->peer = x->peer;
	if ((x->wants & SL_WANTS_ACK) == 0 && x->reply != NULL) {
		sl_exchange_unwant(m, slot, SL_WANTS_REPLY);
		out->bytes = take_reply(m, slot);
		return true;
	}
	/* a forgotten reply leaves the empty ACK */
	sl_exchange_unwant(m, slot, SL_WANTS_ACK | (x->reply == NULL ? SL_WANTS_REPLY : 0U));
	write_empty(m->ack, SL_COAP_ACK, x->message_id);
	out->bytes = sl_span(m->ack, sizeof m->ack);
	return true;
}

const struct sl_peer *
sl_messages_peer(const struct sl_messages *m, struct sl_ref ref)
{
	const struct sl_exchange *x = sl_exchange_at(m, ref);

	return x == NULL ? NULL : &x->peer;
}

struct sl_messages_counts
sl_messages_counts(const struct sl_messages *m)
{
	struct sl_messages_counts counts = m->counts;

	counts.remembered = sl_slab_used(&m->slab) - counts.running;
	counts.unconfirmed = m->retransmissions.count;
	counts.networks = sl_slab_used(&m->networks.slab);
	return counts;
}
