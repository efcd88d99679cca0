/* SPDX-License-Identifier: BSD-2-Clause
 * Blocks of uploads and slices of answers, in any order, of several peers of several networks, beside a model that
 * knows each transfer by name: which blocks are taken, that a body is the bytes of one transfer in order, that a
 * slice is cut from the newest answer under its name, that quotas hold and silence ends everything. */
#include <sl/blocks.h>
#include <sl/reader.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define PEERS      6 /* the first four of one network, one of another, one without */
#define TAGS       3
#define BODY_MAX   200
#define BYTES_MAX  900
#define SHARE      500
#define BODIES     6
#define BODIES_PER 3
#define PER_PEER   2
#define ANSWERS    5
#define IDLE_MS    1000

struct upload {
	bool is_live;
	uint8_t body[BODY_MAX];
	size_t len;
	uint64_t touched_ms;
};

struct answer {
	bool is_kept; /* once, the newest; it may have left since */
	uint8_t body[256];
	size_t len;
	uint8_t code;
};

struct model {
	struct sl_blocks *b;
	struct upload uploads[PEERS][TAGS];
	struct answer answers[PEERS][TAGS];
	uint64_t now_ms;
	uint8_t serial;
};

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static struct sl_peer
peer_of(unsigned number)
{
	return (struct sl_peer){.bytes = {(uint8_t)number, 1},
	        .len = 2,
	        .network = number < 4    ? 7
	                   : number == 4 ? 8
	                                 : 0};
}

static uint64_t
bytes_of_uploads(const struct model *m, unsigned begin, unsigned end)
{
	uint64_t bytes = 0;

	for (unsigned p = begin; p < end; p++)
		for (unsigned t = 0; t < TAGS; t++)
			bytes += m->uploads[p][t].is_live ? m->uploads[p][t].len : 0;
	return bytes;
}

static unsigned
count_uploads(const struct model *m, unsigned begin, unsigned end)
{
	unsigned count = 0;

	for (unsigned p = begin; p < end; p++)
		for (unsigned t = 0; t < TAGS; t++)
			count += m->uploads[p][t].is_live;
	return count;
}

static void
check_counts(const struct model *m)
{
	struct sl_blocks_counts c = sl_blocks_counts(m->b);

	must(c.bodies == count_uploads(m, 0, PEERS) && c.bodies <= BODIES);
	must(count_uploads(m, 0, 4) <= BODIES_PER && c.answers <= ANSWERS);
	must(c.bytes <= BYTES_MAX && c.bytes >= bytes_of_uploads(m, 0, PEERS));
	must(c.answers > 0 || c.bytes == bytes_of_uploads(m, 0, PEERS));
	must(bytes_of_uploads(m, 0, 4) <= SHARE);
}

static void
pass(struct model *m, uint64_t ms)
{
	m->now_ms += ms;
	for (unsigned p = 0; p < PEERS; p++)
		for (unsigned t = 0; t < TAGS; t++)
			if (m->now_ms - m->uploads[p][t].touched_ms >= IDLE_MS)
				m->uploads[p][t].is_live = false;
	must(sl_blocks_on_time(m->b, m->now_ms) > m->now_ms);
}

static void
make_request(struct sl_coap_msg *msg, unsigned tag)
{
	sl_coap_msg_init(msg, SL_COAP_POST);
	must(sl_coap_add_uint(msg, SL_COAP_REQUEST_TAG, tag) == SL_OK);
}

/* Is there room for one that begins? */
static bool
may_begin(const struct model *m, unsigned peer)
{
	return count_uploads(m, peer, peer + 1) < PER_PEER && count_uploads(m, 0, PEERS) < BODIES &&
	       (peer >= 4 || count_uploads(m, 0, 4) < BODIES_PER);
}

/* What must come of a block that is as long as it should be. */
static void
check_verdict(struct model *m, unsigned peer, struct upload *u, const struct sl_coap_block *block,
        enum sl_block_verdict verdict)
{
	bool is_next = block->num > 0 && u->is_live &&
	               u->len == (size_t)block->num * sl_coap_block_size(block->szx);

	if (block->num == 0)
		u->is_live = false;
	must(block->num == 0 || is_next || verdict == SL_BLOCK_INCOMPLETE);
	must(verdict != SL_BLOCK_INCOMPLETE || (block->num > 0 && !is_next));
	must(verdict != SL_BLOCK_BAD);
	if (block->num == 0 && !may_begin(m, peer))
		must(verdict == SL_BLOCK_BUSY || verdict == SL_BLOCK_TOO_LARGE);
}

static void
check_taken(struct upload *u, const struct sl_coap_msg *msg, const struct sl_coap_block *block,
        uint64_t now_ms)
{
	if (block->num == 0)
		u->len = 0;
	must(u->len + msg->payload.len <= BODY_MAX);
	memcpy(u->body + u->len, msg->payload.ptr, msg->payload.len);
	u->len += msg->payload.len;
	u->touched_ms = now_ms;
	u->is_live = true;
}

/* The block taken last. */
static bool
is_again(const struct upload *u, const struct sl_coap_msg *msg, const struct sl_coap_block *block)
{
	size_t len = msg->payload.len;

	return u->is_live && block->more && u->len == (block->num + (size_t)1) * len &&
	       memcmp(u->body + u->len - len, msg->payload.ptr, len) == 0;
}

static void
put(struct model *m, struct sl_reader *in)
{
	uint8_t a = sl_read_u8(in), c = sl_read_u8(in), payload[48];
	unsigned peer = a % PEERS, tag = a / PEERS % TAGS;
	struct sl_coap_block block = {c & 15, (c & 16) != 0, c >> 5 & 1};
	uint32_t size = sl_coap_block_size(block.szx);
	struct upload *u = &m->uploads[peer][tag];
	struct sl_peer from = peer_of(peer);
	enum sl_block_verdict verdict;
	struct sl_block_got got;
	struct sl_coap_msg msg;
	bool is_odd = (c & 0xc0) == 0xc0, has_block = a < 0xfc;

	make_request(&msg, tag);
	if (!block.more || (c & 0xc0) != 0x80) /* else the bytes of before */
		m->serial++;
	memset(payload, m->serial, sizeof payload);
	msg.payload = sl_span(payload, is_odd ? size + 1 : block.more ? size : (c >> 6) * 5U);
	if (has_block)
		must(sl_coap_add_block(&msg, SL_COAP_BLOCK1, block) == SL_OK);
	verdict = sl_blocks_put(m->b, &from, &msg, m->now_ms, &got);
	must(got.has_block == has_block);
	if (!has_block) {
		must(verdict == SL_BLOCK_WHOLE && sl_span_equal(got.body, msg.payload));
		return;
	}
	if (!is_odd && is_again(u, &msg, &block)) {
		must(verdict == SL_BLOCK_CONTINUE);
		return;
	}
	if (is_odd)
		must(verdict == SL_BLOCK_BAD);
	else
		check_verdict(m, peer, u, &block, verdict);
	if (verdict == SL_BLOCK_CONTINUE || verdict == SL_BLOCK_WHOLE)
		check_taken(u, &msg, &block, m->now_ms);
	must(verdict != SL_BLOCK_WHOLE || sl_span_equal(got.body, sl_span(u->body, u->len)));
	must(verdict != SL_BLOCK_CONTINUE || block.more);
	u->is_live = verdict == SL_BLOCK_CONTINUE;
}

static struct sl_block_key
key_of(unsigned peer, unsigned tag)
{
	static const uint8_t hash_key[SL_SIPHASH_KEY_LEN];
	struct sl_peer from = peer_of(peer);
	struct sl_block_key key;
	struct sl_coap_msg msg;

	make_request(&msg, tag);
	sl_block_key(&key, hash_key, &from, &msg);
	return key;
}

static void
check_slice(struct model *m, unsigned peer, unsigned tag, struct sl_coap_block wish)
{
	const struct answer *a = &m->answers[peer][tag];
	struct sl_block_key key = key_of(peer, tag);
	size_t size = sl_coap_block_size(wish.szx), begin = wish.num * size, left;
	struct sl_block_slice slice;
	enum sl_err err = sl_blocks_slice(m->b, &key, wish, m->now_ms, &slice);

	must(err == SL_OK || err == SL_ENOTFOUND || err == SL_EMALFORMED);
	must(err == SL_ENOTFOUND || a->is_kept);
	if (err == SL_EMALFORMED)
		must(begin >= a->len);
	if (err != SL_OK)
		return;
	must(begin < a->len);
	left = a->len - begin;
	must(sl_span_equal(slice.part.body, sl_span(a->body + begin, left < size ? left : size)));
	must(slice.block.num == wish.num && slice.block.szx == wish.szx);
	must(slice.block.more == (left > size) && slice.size == a->len &&
	        slice.part.code == a->code);
	must(slice.part.options.len == 1 && slice.part.options.ptr[0] == a->body[0]);
}

static void
keep(struct model *m, struct sl_reader *in)
{
	uint8_t c = sl_read_u8(in), len = sl_read_u8(in);
	unsigned peer = c % PEERS, tag = c / PEERS % TAGS;
	struct answer *a = &m->answers[peer][tag];
	struct sl_block_key key = key_of(peer, tag);
	struct sl_peer to = peer_of(peer);
	struct sl_block_answer answer;
	enum sl_err err;

	memset(a->body, ++m->serial, sizeof a->body);
	for (size_t i = 0; i < sizeof a->body; i += 16)
		a->body[i + 1] = (uint8_t)i; /* slices differ */
	a->len = len;
	a->code = (c & 0x80) != 0 ? SL_COAP_CONTENT : SL_COAP_CHANGED;
	answer = (struct sl_block_answer){a->code, sl_span(a->body, 1), sl_span(a->body, len)};
	err = sl_blocks_keep(m->b, &to, &key, &answer, m->now_ms);
	must(err == SL_OK || err == SL_ELIMIT);
	a->is_kept = err == SL_OK;
	if (err == SL_OK && len > 0)
		check_slice(m, peer, tag, (struct sl_coap_block){0, false, 0});
}

static void
run(struct model *m, struct sl_reader *in)
{
	while (in->left.len > 0) {
		uint8_t op = sl_read_u8(in), c;

		switch (op & 3) {
		case 0:
			put(m, in);
			break;
		case 1:
			keep(m, in);
			break;
		case 2:
			c = sl_read_u8(in);
			check_slice(m, c % PEERS, c / PEERS % TAGS,
			        (struct sl_coap_block){op >> 4, false, op >> 2 & 1});
			break;
		default:
			pass(m, (uint64_t)(op >> 2) * 20);
			break;
		}
		check_counts(m);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct sl_reader in = sl_reader_over(sl_span(bytes, len));
	struct sl_blocks_config config;
	static struct model m;
	struct sl_blocks_counts c;

	sl_blocks_config_init(&config);
	config.bodies_max = BODIES;
	config.bodies_per_peer_max = PER_PEER;
	config.bodies_per_network_max = BODIES_PER;
	config.body_bytes_max = BODY_MAX;
	config.bytes_max = BYTES_MAX;
	config.bytes_per_network_max = SHARE;
	config.answers_max = ANSWERS;
	config.idle_ms = IDLE_MS;
	memset(&m, 0, sizeof m);
	m.now_ms = 5000;
	must(sl_blocks_new(&m.b, &config) == SL_OK);
	run(&m, &in);
	pass(&m, IDLE_MS);
	c = sl_blocks_counts(m.b);
	must(c.bodies == 0 && c.answers == 0 && c.bytes == 0);
	must(sl_blocks_on_time(m.b, m.now_ms) == UINT64_MAX);
	sl_blocks_free(m.b);
	return 0;
}
