/* SPDX-License-Identifier: BSD-2-Clause
 * A client's side of RFC 7252 section 4 and RFC 7959, for very many clients at once. */
#include <stdlib.h>
#include <string.h>

#include "load.h"

#define SCAN_US 20000

static uint64_t
draw(struct load *l)
{
	l->jitter = l->jitter * 6364136223846793005U + 1442695040888963407U;
	return l->jitter >> 33;
}

enum sl_err
clients_init(struct load *l)
{
	const struct load_options *o = l->options;

	l->slot_max = (uint32_t)o->in_flight;
	l->clients = calloc(o->clients, sizeof *l->clients);
	l->slots = calloc(o->in_flight + 1, sizeof *l->slots);
	l->body = calloc(1, o->body + 1);
	l->jitter = o->seed * 2654435761U + 1;
	l->first_id = o->port == 0 ? (uint16_t)draw(l) : 0;
	l->per_client = (uint32_t)((o->in_flight + o->clients - 1) / o->clients);
	if (l->clients == NULL || l->slots == NULL || l->body == NULL)
		return SL_ENOMEM;
	for (uint32_t i = l->slot_max; i > 0; i--) {
		l->slots[i].next = l->free_slot;
		l->slots[i].generation = (uint32_t)draw(l);
		l->free_slot = i;
	}
	return o->blocks == 0 ? request_template(l) : SL_OK;
}

void
clients_clear(struct load *l)
{
	free(l->clients);
	free(l->slots);
	free(l->body);
}

static uint32_t
address_of(const struct load *l, uint32_t client)
{
	return l->from + client * (uint32_t)l->options->stride;
}

static struct net_socket *
socket_of(struct load *l, uint32_t client)
{
	return &l->sockets[client % l->options->sockets];
}

static void
send_slot(struct load *l, uint32_t slot)
{
	uint32_t client = l->slots[slot].client;
	struct net_socket *via = socket_of(l, client);
	size_t len = request_write(l, slot, net_room(via), NET_BYTES);

	if (len > 0)
		net_push(via, len, address_of(l, client), &l->options->target);
}

/* A message of its own: new message ID, new token. */
static void
send_step(struct load *l, uint32_t slot)
{
	struct slot *s = &l->slots[slot];
	struct client *c = &l->clients[s->client];
	uint64_t timeout_us = l->options->ack_timeout_ms * 1000;

	s->message_id = (uint16_t)(l->first_id + c->messages++ % l->options->ids);
	s->generation++;
	s->state = SLOT_SENT;
	s->tries = 0;
	s->timeout_us = timeout_us + timeout_us * (draw(l) % 501) / 1000;
	s->due_us = l->options->non ? UINT64_MAX : l->now_us + s->timeout_us;
	send_slot(l, slot);
}

static uint32_t
pick_client(struct load *l)
{
	uint32_t count = (uint32_t)l->options->clients;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t client = l->cursor;

		l->cursor = l->cursor + 1 < count ? l->cursor + 1 : 0;
		if (l->clients[client].in_flight < l->per_client)
			return client;
	}
	return UINT32_MAX;
}

bool
clients_start(struct load *l, uint64_t started_us)
{
	bool is_enough = l->is_measuring && l->options->requests > 0 &&
	                 l->counts.started >= l->options->requests;
	uint32_t slot = l->free_slot, client = slot == 0 || is_enough ? UINT32_MAX : pick_client(l);
	struct slot *s = &l->slots[slot];

	if (client == UINT32_MAX)
		return false;
	l->free_slot = s->next;
	l->busy++;
	*s = (struct slot){.started_us = started_us,
	        .client = client,
	        .next = l->clients[client].first,
	        .generation = s->generation,
	        .number = (uint32_t)l->number++,
	        .is_measured = l->is_measuring};
	if (l->options->blocks > 0) {
		s->step = STEP_UPLOAD;
		while (sl_coap_block_size(s->szx) < l->options->blocks && s->szx < 6)
			s->szx++;
	}
	l->clients[client].first = slot;
	l->clients[client].in_flight++;
	l->counts.started += s->is_measured;
	send_step(l, slot);
	return true;
}

static void
end_slot(struct load *l, uint32_t slot)
{
	struct slot *s = &l->slots[slot];
	struct client *c = &l->clients[s->client];
	uint32_t *link = &c->first;

	while (*link != slot)
		link = &l->slots[*link].next;
	*link = s->next;
	c->in_flight--;
	s->state = SLOT_FREE;
	s->next = l->free_slot;
	l->free_slot = slot;
	l->busy--;
}

/* The slot of the client that waits for this message ID. */
static uint32_t
find_id(const struct load *l, uint32_t client, uint16_t message_id)
{
	uint32_t slot = l->clients[client].first;

	while (slot != 0 && l->slots[slot].message_id != message_id)
		slot = l->slots[slot].next;
	return slot;
}

/* UINT32_MAX: no client has this address. */
static uint32_t
client_at(const struct load *l, uint32_t local)
{
	uint32_t offset = local - l->from, stride = (uint32_t)l->options->stride;

	return offset % stride == 0 && offset / stride < l->options->clients ? offset / stride
	                                                                     : UINT32_MAX;
}

static void
send_empty(struct load *l, uint32_t client, uint8_t type, uint16_t message_id)
{
	struct net_socket *via = socket_of(l, client);
	const uint8_t empty[4] = {(uint8_t)(0x40 | type << 4), SL_COAP_EMPTY,
	        (uint8_t)(message_id >> 8), (uint8_t)message_id};

	memcpy(net_room(via), empty, sizeof empty);
	net_push(via, sizeof empty, address_of(l, client), &l->options->target);
}

static void
on_empty(struct load *l, uint32_t client, const struct sl_coap_msg *msg)
{
	uint32_t slot = find_id(l, client, msg->message_id);

	if (slot == 0 || (msg->type != SL_COAP_ACK && msg->type != SL_COAP_RST)) {
		l->counts.unexpected++;
	} else if (msg->type == SL_COAP_RST) {
		l->counts.resets++;
		end_slot(l, slot);
	} else {
		l->counts.empty_acks++;
		l->slots[slot].state = SLOT_ACKED;
		l->slots[slot].due_us = UINT64_MAX;
	}
}

/* An Echo value that came is shown from now on (RFC 9175 section 2.3). */
static bool
take_echo(struct slot *s, const struct sl_coap_msg *msg)
{
	const struct sl_coap_option *echo = sl_coap_find(msg, SL_COAP_ECHO);
	struct sl_span value = {0};

	if (echo != NULL)
		value = sl_coap_option_value(echo);
	if (value.len == 0 || value.len > LOAD_ECHO_MAX)
		return false;
	memcpy(s->echo, value.ptr, value.len);
	s->echo_len = (uint8_t)value.len;
	return true;
}

/* The slice must be the one that was asked for. */
static bool
take_slice(struct load *l, struct slot *s, const struct sl_coap_msg *msg, bool *more)
{
	struct sl_coap_block block = {.num = 0, .szx = 6};
	bool has_block = sl_coap_get_block(msg, SL_COAP_BLOCK2, &block) == SL_OK;
	uint64_t at = has_block ? (uint64_t)block.num * sl_coap_block_size(block.szx) : 0;
	bool good = at == s->got && at + msg->payload.len <= LOAD_BODY_MAX;

	*more = has_block && block.more;
	if (l->options->verify && good) {
		request_body(l, s->number, l->body, l->options->body);
		good = at + msg->payload.len <= l->options->body &&
		       memcmp(l->body + at, msg->payload.ptr, msg->payload.len) == 0 &&
		       (*more || at + msg->payload.len == l->options->body);
	}
	s->got = (uint32_t)(at + msg->payload.len);
	s->szx = block.szx;
	s->block = block.num + 1;
	s->step = *more ? STEP_FETCH : s->step;
	return good;
}

static void
finish(struct load *l, uint32_t slot, bool is_right)
{
	const struct slot *s = &l->slots[slot];

	l->counts.wrong += !is_right;
	if (s->is_measured && is_right) {
		l->counts.answered++;
		histogram_add(&l->latency, l->now_us - s->started_us);
	}
	end_slot(l, slot);
}

static void
on_response(struct load *l, uint32_t slot, const struct sl_coap_msg *msg)
{
	struct slot *s = &l->slots[slot];
	struct client *c = &l->clients[s->client];
	struct sl_coap_block block;
	bool shown = s->echo_len > 0, got_echo = take_echo(s, msg), more = false, good;

	if (msg->code == SL_COAP_UNAUTHORIZED && got_echo && !shown) {
		l->counts.challenges++;
		send_step(l, slot);
		return;
	}
	if (shown && !c->is_verified && msg->code != SL_COAP_UNAUTHORIZED) {
		c->is_verified = true;
		l->counts.verified++;
	}
	if (SL_COAP_CODE_CLASS(msg->code) != 2) {
		l->counts.refused += s->is_measured;
		end_slot(l, slot);
		return;
	}
	if (msg->code == SL_COAP_CONTINUE) {
		good = s->step == STEP_UPLOAD &&
		       sl_coap_get_block(msg, SL_COAP_BLOCK1, &block) == SL_OK &&
		       block.num == s->block && block.szx == s->szx;
		s->block++;
		more = good;
	} else {
		good = take_slice(l, s, msg, &more);
	}
	if (good && more)
		send_step(l, slot);
	else
		finish(l, slot, good);
}

void
clients_on_datagram(struct load *l, uint32_t local, struct sl_span datagram)
{
	uint32_t client = client_at(l, local), slot;
	struct sl_coap_msg msg;

	if (client == UINT32_MAX || sl_coap_decode(&msg, datagram) != SL_OK) {
		l->counts.malformed++;
		return;
	}
	if (msg.code == SL_COAP_EMPTY) {
		on_empty(l, client, &msg);
		return;
	}
	if (msg.type == SL_COAP_CON)
		send_empty(l, client, SL_COAP_ACK, msg.message_id);
	slot = request_slot_of(l, &msg);
	if (slot == 0) {
		l->counts.wrong++;
	} else if (!request_is_current(l, slot, &msg)) {
		l->counts.unexpected++;
	} else if (l->slots[slot].client != client ||
	           (msg.type == SL_COAP_ACK && msg.message_id != l->slots[slot].message_id)) {
		l->counts.wrong++;
	} else {
		l->counts.codes[msg.code]++;
		l->counts.separate += msg.type == SL_COAP_CON;
		on_response(l, slot, &msg);
	}
}

static void
check_slot(struct load *l, uint32_t slot)
{
	struct slot *s = &l->slots[slot];
	bool is_late = l->now_us - s->started_us > l->options->patience_ms * 1000;

	if (s->due_us > l->now_us && !is_late)
		return;
	if (is_late || s->tries == 4) { /* MAX_RETRANSMIT */
		l->counts.lost += s->is_measured;
		end_slot(l, slot);
		return;
	}
	s->tries++;
	s->timeout_us *= 2;
	s->due_us = l->now_us + s->timeout_us;
	l->counts.retransmissions++;
	send_slot(l, slot);
}

void
clients_on_time(struct load *l)
{
	static uint64_t next_us;

	if (l->now_us < next_us)
		return;
	next_us = l->now_us + SCAN_US;
	for (uint32_t slot = 1; slot <= l->slot_max; slot++)
		if (l->slots[slot].state != SLOT_FREE)
			check_slot(l, slot);
}
