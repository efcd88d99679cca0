/* SPDX-License-Identifier: BSD-2-Clause
 * Outer block-wise transfer, RFC 7959: uploads and answers, two tables ordered by the last touch. */
#include <sl/blocks.h>
#include <sl/buf.h>

#include "networks.h"

#include <sl/wipe.h>
#include <stdlib.h>
#include <string.h>

struct transfer {
	struct sl_block_key key;
	struct sl_peer peer;
	uint8_t *bytes; /* an upload so far; or the options and the body of an answer */
	size_t len;
	size_t options_len;
	uint64_t touched_ms;
	uint32_t network; /* in the table's networks; 0: none */
	uint8_t code;
	bool is_served; /* the last slice went out: it may give way */
};

_Static_assert(sizeof(struct transfer) + sizeof(struct sl_network) + 4 * sizeof(struct sl_link) +
                               2 * 4 + 3 * 16 <=
                       SL_BLOCKS_TRANSFER_BYTES,
        "see the header");
struct table {
	struct transfer *transfers; /* by slot */
	struct sl_networks networks;
	struct sl_slab slab;
	struct sl_index by_key, by_peer;
	struct sl_list age, served;
};

struct sl_blocks {
	struct sl_blocks_config config;
	struct table bodies, answers;
	uint8_t *whole; /* the last complete body, until the next call */
	struct sl_blocks_counts counts;
};

static enum sl_err
table_init(struct table *t, uint32_t max, uint32_t share, const uint8_t *hash_key)
{
	enum sl_err err = sl_slab_init(&t->slab, max);

	if (err == SL_OK)
		err = sl_networks_init(&t->networks, max, share, hash_key);
	if (err == SL_OK)
		err = sl_index_init(&t->by_key, max);
	if (err == SL_OK)
		err = sl_index_init(&t->by_peer, max);
	t->transfers = sl_slots_array(max, sizeof *t->transfers);
	t->age.links = sl_slots_array(max, sizeof *t->age.links);
	t->served.links = sl_slots_array(max, sizeof *t->served.links);
	if (t->transfers == NULL || t->age.links == NULL || t->served.links == NULL)
		return SL_ENOMEM;
	return err;
}

static void
table_clear(struct table *t)
{
	for (uint32_t slot = t->age.head; slot != 0; slot = t->age.links[slot].next)
		free(t->transfers[slot].bytes);
	sl_slab_clear(&t->slab);
	sl_networks_clear(&t->networks);
	sl_index_clear(&t->by_key);
	sl_index_clear(&t->by_peer);
	free(t->age.links);
	free(t->served.links);
	free(t->transfers);
}

enum sl_err
sl_blocks_new(struct sl_blocks **out, const struct sl_blocks_config *config)
{
	struct sl_blocks *b = calloc(1, sizeof *b);

	if (b == NULL)
		return SL_ENOMEM;
	b->config = *config;
	if (table_init(&b->bodies, config->bodies_max, config->bodies_per_network_max,
	            config->hash_key) != SL_OK ||
	        table_init(&b->answers, config->answers_max, config->answers_per_network_max,
	                config->hash_key) != SL_OK) {
		sl_blocks_free(b);
		return SL_ENOMEM;
	}
	*out = b;
	return SL_OK;
}

void
sl_blocks_free(struct sl_blocks *b)
{
	if (b == NULL)
		return;
	table_clear(&b->bodies);
	table_clear(&b->answers);
	free(b->whole);
	sl_wipe(&b->config, sizeof b->config);
	free(b);
}

static uint64_t
hash_of_key(const struct sl_block_key *key)
{
	uint64_t hash;

	memcpy(&hash, key->bytes, sizeof hash); /* a keyed digest already */
	return hash;
}

static uint32_t
find(const struct table *t, const struct sl_block_key *key)
{
	uint32_t slot = sl_index_first(&t->by_key, hash_of_key(key));

	while (slot != 0 && memcmp(&t->transfers[slot].key, key, sizeof *key) != 0)
		slot = sl_index_next(&t->by_key, slot);
	return slot;
}

static void
touch(struct table *t, uint32_t slot, uint64_t now_ms)
{
	t->transfers[slot].touched_ms = now_ms;
	sl_list_remove(&t->age, slot);
	sl_list_push(&t->age, slot);
}

static void
drop(struct sl_blocks *b, struct table *t, uint32_t slot)
{
	struct transfer *x = &t->transfers[slot];
	struct sl_network *n = &t->networks.items[x->network];

	b->counts.bytes -= x->len;
	n->bytes -= x->len;
	free(x->bytes);
	x->bytes = NULL;
	if (x->is_served) {
		sl_list_remove(&t->served, slot);
		sl_list_remove(&n->yielding, slot);
	}
	sl_network_leave(&t->networks, x->network);
	sl_index_remove(&t->by_key, slot);
	sl_index_remove(&t->by_peer, slot);
	sl_list_remove(&t->age, slot);
	sl_slab_give(&t->slab, slot);
}

static uint32_t
add(struct sl_blocks *b, struct table *t, const struct sl_peer *peer,
        const struct sl_block_key *key, uint64_t now_ms)
{
	uint32_t slot = sl_slab_take(&t->slab);

	if (slot == 0)
		return 0;
	t->transfers[slot] = (struct transfer){.key = *key,
	        .peer = *peer,
	        .touched_ms = now_ms,
	        .network = sl_network_enter(&t->networks, peer)};
	sl_index_add(&t->by_key, slot, hash_of_key(key));
	sl_index_add(&t->by_peer, slot, sl_peer_hash(b->config.hash_key, peer, 0));
	sl_list_push(&t->age, slot);
	return slot;
}

/* How many transfers the peer has; *oldest is the one that was silent longest. */
static uint32_t
count_of(const struct sl_blocks *b, const struct table *t, const struct sl_peer *peer,
        uint32_t *oldest)
{
	uint32_t count = 0;
	uint32_t slot = sl_index_first(&t->by_peer, sl_peer_hash(b->config.hash_key, peer, 0));

	for (*oldest = 0; slot != 0; slot = sl_index_next(&t->by_peer, slot)) {
		const struct transfer *x = &t->transfers[slot];

		if (!sl_peer_equal(&x->peer, peer))
			continue;
		if (*oldest == 0 || x->touched_ms < t->transfers[*oldest].touched_ms)
			*oldest = slot;
		count++;
	}
	return count;
}

static bool
has_room(const struct sl_blocks *b, size_t len)
{
	return len <= b->config.bytes_max && b->counts.bytes <= b->config.bytes_max - len;
}

static uint64_t
bytes_of(const struct table *t, const struct sl_peer *peer)
{
	uint32_t network = sl_network_find(&t->networks, peer);

	return network == 0 ? 0 : t->networks.items[network].bytes;
}

/* The same for the network's share of bytes. */
static bool
has_share(const struct sl_blocks *b, const struct sl_peer *peer, size_t len)
{
	uint64_t max = b->config.bytes_per_network_max;

	return peer->network == 0 || max == 0 ||
	       bytes_of(&b->bodies, peer) + bytes_of(&b->answers, peer) + len <= max;
}

/* Bytes of a transfer; they are the table's from here on. */
static void
hold(struct sl_blocks *b, struct table *t, uint32_t slot, size_t len)
{
	t->transfers[slot].len += len;
	t->networks.items[t->transfers[slot].network].bytes += len;
	b->counts.bytes += len;
}

static void
release_whole(struct sl_blocks *b)
{
	free(b->whole);
	b->whole = NULL;
}

/* --- uploads ---------------------------------------------------------------------------------- */

/* A block in hand: where it belongs and what it says. */
struct put {
	const struct sl_peer *peer;
	struct sl_block_key key;
	struct sl_span payload;
	struct sl_coap_block block;
	uint32_t slot;
	uint64_t now_ms;
};

static enum sl_block_verdict
begin(struct sl_blocks *b, struct put *p, const struct sl_coap_msg *request)
{
	uint32_t total, oldest;

	if (p->slot != 0)
		drop(b, &b->bodies, p->slot);
	p->slot = 0;
	if (sl_coap_get_uint(request, SL_COAP_SIZE1, &total) == SL_OK &&
	        total > b->config.body_bytes_max)
		return SL_BLOCK_TOO_LARGE;
	if (!sl_network_has_room(
	            &b->bodies.networks, sl_network_find(&b->bodies.networks, p->peer))) {
		b->counts.over_quota++;
		return SL_BLOCK_BUSY;
	}
	if (count_of(b, &b->bodies, p->peer, &oldest) < b->config.bodies_per_peer_max)
		p->slot = add(b, &b->bodies, p->peer, &p->key, p->now_ms);
	return p->slot == 0 ? SL_BLOCK_BUSY : SL_BLOCK_CONTINUE;
}

/* The network's oldest served answer gives way; false when it has none. */
static bool
drop_own(struct sl_blocks *b, const struct sl_peer *peer)
{
	uint32_t network = sl_network_find(&b->answers.networks, peer);
	uint32_t slot = network == 0 ? 0 : b->answers.networks.items[network].yielding.head;

	if (slot != 0)
		drop(b, &b->answers, slot);
	b->counts.over_quota += slot == 0;
	return slot != 0;
}

/* Served answers give way to bytes that come: of the network for its share, then of all. */
static bool
make_bytes(struct sl_blocks *b, const struct sl_peer *peer, size_t len)
{
	while (!has_share(b, peer, len))
		if (!drop_own(b, peer))
			return false;
	while (b->answers.served.head != 0 && !has_room(b, len))
		drop(b, &b->answers, b->answers.served.head);
	return has_room(b, len);
}

static enum sl_block_verdict
append(struct sl_blocks *b, const struct put *p)
{
	struct transfer *x = &b->bodies.transfers[p->slot];
	size_t len = x->len + p->payload.len;
	uint8_t *bytes = x->bytes;

	if (len > b->config.body_bytes_max)
		return SL_BLOCK_TOO_LARGE;
	if (!make_bytes(b, p->peer, p->payload.len))
		return SL_BLOCK_BUSY;
	if (bytes == NULL || sl_buf_capacity(len) > sl_buf_capacity(x->len))
		bytes = realloc(bytes, sl_buf_capacity(len) + 1);
	if (bytes == NULL)
		return SL_BLOCK_BUSY;
	if (p->payload.len > 0)
		memcpy(bytes + x->len, p->payload.ptr, p->payload.len);
	x->bytes = bytes;
	hold(b, &b->bodies, p->slot, p->payload.len);
	touch(&b->bodies, p->slot, p->now_ms);
	return p->block.more ? SL_BLOCK_CONTINUE : SL_BLOCK_WHOLE;
}

/* The block taken last: our answer was lost, and the record of it has given way since. */
static bool
is_repeated(const struct put *p, const struct transfer *x)
{
	size_t end = ((size_t)p->block.num + 1) * p->payload.len;

	return p->slot != 0 && p->block.more && x->len == end &&
	       memcmp(x->bytes + end - p->payload.len, p->payload.ptr, p->payload.len) == 0;
}

/* RFC 7959 section 2.5, in order only: the next block begins where the last one ended. */
static enum sl_block_verdict
take_block(struct sl_blocks *b, struct put *p, const struct sl_coap_msg *request)
{
	uint32_t size = sl_coap_block_size(p->block.szx);
	enum sl_block_verdict verdict = SL_BLOCK_CONTINUE;

	if (p->payload.len > size || (p->block.more && p->payload.len != size))
		return SL_BLOCK_BAD;
	if (is_repeated(p, &b->bodies.transfers[p->slot]))
		return SL_BLOCK_CONTINUE;
	if (p->block.num == 0)
		verdict = begin(b, p, request);
	else if (p->slot == 0 || b->bodies.transfers[p->slot].len != (size_t)p->block.num * size)
		verdict = SL_BLOCK_INCOMPLETE;
	return verdict == SL_BLOCK_CONTINUE ? append(b, p) : verdict;
}

enum sl_block_verdict
sl_blocks_put(struct sl_blocks *b, const struct sl_peer *peer, const struct sl_coap_msg *request,
        uint64_t now_ms, struct sl_block_got *got)
{
	struct put p = {.peer = peer, .payload = request->payload, .now_ms = now_ms};
	enum sl_err err = sl_coap_get_block(request, SL_COAP_BLOCK1, &p.block);
	enum sl_block_verdict verdict = SL_BLOCK_BAD;
	struct transfer *x;

	memset(got, 0, sizeof *got);
	sl_blocks_on_time(b, now_ms);
	if (err == SL_ENOTFOUND) {
		got->body = request->payload;
		return SL_BLOCK_WHOLE;
	}
	sl_block_key(&p.key, b->config.hash_key, peer, request);
	p.slot = find(&b->bodies, &p.key);
	got->has_block = err == SL_OK;
	got->block = p.block;
	if (err == SL_OK)
		verdict = take_block(b, &p, request);
	if (verdict == SL_BLOCK_CONTINUE)
		return verdict;
	x = &b->bodies.transfers[p.slot];
	if (verdict == SL_BLOCK_WHOLE) {
		got->body = sl_span(x->bytes, x->len);
		b->whole = x->bytes;
		x->bytes = NULL;
		b->counts.completed++;
	} else {
		b->counts.refused++;
	}
	if (p.slot != 0)
		drop(b, &b->bodies, p.slot);
	return verdict;
}

/* --- answers ---------------------------------------------------------------------------------- */

/* Room for one more answer: of its peer the oldest leaves, of its network and of all only those that
 * were served. */
static uint32_t
make_room(struct sl_blocks *b, const struct sl_peer *peer, const struct sl_block_key *key,
        size_t len, uint64_t now_ms)
{
	struct table *t = &b->answers;
	uint32_t oldest;
	uint32_t slot = find(t, key);

	if (slot != 0)
		drop(b, t, slot);
	if (count_of(b, t, peer, &oldest) >= b->config.bodies_per_peer_max)
		drop(b, t, oldest);
	while (!sl_network_has_room(&t->networks, sl_network_find(&t->networks, peer)))
		if (!drop_own(b, peer))
			return 0;
	if (t->served.head != 0 && sl_slab_used(&t->slab) == t->slab.max)
		drop(b, t, t->served.head);
	return make_bytes(b, peer, len) ? add(b, t, peer, key, now_ms) : 0;
}

enum sl_err
sl_blocks_keep(struct sl_blocks *b, const struct sl_peer *peer, const struct sl_block_key *key,
        const struct sl_block_answer *answer, uint64_t now_ms)
{
	size_t len = answer->options.len + answer->body.len;
	struct transfer *x;
	uint32_t slot;
	uint8_t *bytes;

	release_whole(b);
	if (len > b->config.bytes_max) {
		b->counts.refused++;
		return SL_ELIMIT;
	}
	bytes = malloc(len + 1);
	if (bytes == NULL)
		return SL_ENOMEM;
	slot = make_room(b, peer, key, len, now_ms);
	if (slot == 0) {
		free(bytes);
		b->counts.refused++;
		return SL_ELIMIT;
	}
	if (answer->options.len > 0)
		memcpy(bytes, answer->options.ptr, answer->options.len);
	if (answer->body.len > 0)
		memcpy(bytes + answer->options.len, answer->body.ptr, answer->body.len);
	x = &b->answers.transfers[slot];
	x->bytes = bytes;
	x->options_len = answer->options.len;
	x->code = answer->code;
	hold(b, &b->answers, slot, len);
	return SL_OK;
}

enum sl_err
sl_blocks_slice(struct sl_blocks *b, const struct sl_block_key *key, struct sl_coap_block wish,
        uint64_t now_ms, struct sl_block_slice *slice)
{
	uint32_t size = sl_coap_block_size(wish.szx);
	size_t begin_at = (size_t)wish.num * size;
	struct transfer *x;
	uint32_t slot;
	size_t left;

	sl_blocks_on_time(b, now_ms);
	slot = find(&b->answers, key);
	x = &b->answers.transfers[slot];
	if (slot == 0)
		return SL_ENOTFOUND;
	if (begin_at >= x->len - x->options_len)
		return SL_EMALFORMED;
	left = x->len - x->options_len - begin_at;
	slice->part.code = x->code;
	slice->part.options = sl_span(x->bytes, x->options_len);
	slice->part.body = sl_span(x->bytes + x->options_len + begin_at, left < size ? left : size);
	slice->block = (struct sl_coap_block){wish.num, left > size, wish.szx};
	slice->size = (uint32_t)(x->len - x->options_len);
	if (left <= size && !x->is_served) {
		x->is_served = true;
		sl_list_push(&b->answers.served, slot);
		sl_list_push(&b->answers.networks.items[x->network].yielding, slot);
	}
	touch(&b->answers, slot, now_ms);
	return SL_OK;
}

static uint64_t
expire(struct sl_blocks *b, struct table *t, uint64_t now_ms)
{
	while (t->age.head != 0 &&
	        t->transfers[t->age.head].touched_ms + b->config.idle_ms <= now_ms) {
		b->counts.expired += !t->transfers[t->age.head].is_served;
		drop(b, t, t->age.head);
	}
	return t->age.head == 0 ? UINT64_MAX
	                        : t->transfers[t->age.head].touched_ms + b->config.idle_ms;
}

uint64_t
sl_blocks_on_time(struct sl_blocks *b, uint64_t now_ms)
{
	uint64_t bodies_ms = expire(b, &b->bodies, now_ms);
	uint64_t answers_ms = expire(b, &b->answers, now_ms);

	release_whole(b);
	return bodies_ms < answers_ms ? bodies_ms : answers_ms;
}

struct sl_blocks_counts
sl_blocks_counts(const struct sl_blocks *b)
{
	struct sl_blocks_counts counts = b->counts;

	counts.bodies = sl_slab_used(&b->bodies.slab);
	counts.answers = sl_slab_used(&b->answers.slab);
	return counts;
}
