/* SPDX-License-Identifier: BSD-2-Clause
 * Many clients and one server over a link that loses, repeats and reorders; the server answers at
 * once or late, requests and answers need blocks now and then, devices reboot. Whatever happens:
 * each request is forwarded at most once, and once when its client was answered with success; each
 * answer belongs to its request; every exchange ends; nothing is left when time has passed. */
#include "lossy_link.h"

#include <sl/blocks.h>
#include <sl/client.h>
#include <sl/messages.h>
#include <sl/reader.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLIENTS   16
#define EACH      250 /* requests of a client: 4 000 in each of the four runs */
#define SERVER    CLIENTS
#define TASKS_MAX 256
#define ID_LEN    8
#define BODY_MAX  (ID_LEN + 400)
#define SZX       2 /* blocks of 64 */

/* How one run of the scenario is set up. */
struct setup {
	const char *name;
	unsigned lost_percent, repeated_percent, delay_max_ms;
	unsigned answer_max_ms; /* the server's time to think */
	unsigned reboots;       /* in 10 000 turns of a device */
};

static const struct setup setups[] = {
        {"a quiet link", 0, 0, 20, 100, 0},
        {"loss", 20, 0, 100, 1500, 0},
        {"repetition and reordering", 0, 30, 3000, 1500, 0},
        {"everything", 20, 10, 2000, 4000, 3},
};

struct device {
	struct sl_client *client;
	unsigned sequence; /* of the request that runs */
	unsigned restarts;
	bool is_idle;
};

struct task { /* the server's application at work */
	struct sl_ref ref;
	struct sl_block_key key;
	struct sl_peer peer;
	uint64_t due_ms;
	uint8_t body[BODY_MAX];
	size_t len;
};

struct world {
	struct lossy_link link;
	struct sl_draw draw;
	const struct setup *setup;
	struct sl_messages *messages;
	struct sl_blocks *blocks;
	struct device devices[CLIENTS];
	struct task tasks[TASKS_MAX];
	size_t task_count;
	uint8_t forwarded[CLIENTS][EACH];
	unsigned done, failed, separate, sliced;
	uint64_t now_ms;
};

static unsigned
draw(struct world *w, unsigned low, unsigned high)
{
	return sl_draw_between(&w->draw, low, high);
}

/* The body of a request and of its answer: who and which, then a pattern that only they have. */
static size_t
make_body(uint8_t *out, unsigned device, unsigned sequence, size_t extra)
{
	struct sl_writer writer = sl_writer_over(out, BODY_MAX);

	sl_write_u32(&writer, device);
	sl_write_u32(&writer, sequence);
	for (size_t i = 0; i < extra; i++)
		sl_write_u8(&writer, (uint8_t)(device * 31 + sequence * 7 + i));
	return writer.len;
}

static struct sl_peer
peer_of(unsigned device)
{
	struct sl_peer peer = {.len = 4};

	peer.bytes[3] = (uint8_t)device;
	return peer;
}

/* --- devices ---------------------------------------------------------------------------------- */

static void
boot(struct world *w, unsigned number)
{
	struct device *d = &w->devices[number];
	struct sl_client_config config;

	sl_client_config_init(&config);
	config.block_szx = SZX;
	config.seed[0] = (uint8_t)(number + 1);
	config.seed[1] = (uint8_t)d->restarts;
	config.seed[2] = (uint8_t)(d->restarts++ >> 8);
	sl_client_free(d->client);
	ck_assert_ok(sl_client_new(&d->client, &config));
	d->is_idle = true;
}

static void
send_request(struct world *w, unsigned number)
{
	struct device *d = &w->devices[number];
	struct sl_coap_msg msg;
	uint8_t body[BODY_MAX];
	size_t extra = draw(w, 0, 3) == 0 ? draw(w, 64, 300) : draw(w, 0, 40);

	sl_coap_msg_init(&msg, SL_COAP_POST);
	msg.payload = sl_span(body, make_body(body, number, d->sequence, extra));
	/* a Partial IV stands in the OSCORE option of every real request */
	ck_assert_ok(sl_coap_add(&msg, SL_COAP_OSCORE, sl_span(body, ID_LEN)));
	ck_assert_ok(sl_client_start(d->client, &msg, w->now_ms));
	d->is_idle = false;
}

static void
check_answer(struct world *w, unsigned number, const struct sl_coap_msg *answer)
{
	struct device *d = &w->devices[number];
	uint8_t want[BODY_MAX];

	if (answer->code != SL_COAP_CHANGED) { /* blocks that came apart */
		ck_assert_uint_eq(answer->code, SL_COAP_REQUEST_ENTITY_INCOMPLETE);
		w->failed++;
		return;
	}
	ck_assert_uint_ge(answer->payload.len, ID_LEN);
	make_body(want, number, d->sequence, answer->payload.len - ID_LEN);
	ck_assert_bytes(answer->payload, sl_span(want, answer->payload.len));
	ck_assert_uint_eq(w->forwarded[number][d->sequence], 1);
	w->done++;
}

static void
run_device(struct world *w, unsigned number)
{
	struct device *d = &w->devices[number];
	enum sl_client_state state;
	struct sl_span bytes;

	sl_client_on_time(d->client, w->now_ms);
	state = sl_client_state(d->client);
	if (!d->is_idle && state != SL_CLIENT_WAITING) {
		if (state == SL_CLIENT_DONE)
			check_answer(w, number, sl_client_response(d->client));
		else
			w->failed++;
		ck_assert_int_ne(state, SL_CLIENT_BROKEN);
		d->is_idle = true;
		d->sequence++;
	} else if (!d->is_idle && draw(w, 0, 9999) < w->setup->reboots) {
		w->failed++;
		d->sequence++;
		boot(w, number);
	}
	if (d->is_idle && d->sequence < EACH)
		send_request(w, number);
	while (sl_client_next(d->client, &bytes))
		link_send(&w->link, number, SERVER, bytes, w->now_ms);
}

/* --- the server ------------------------------------------------------------------------------- */

static void
flush(struct world *w)
{
	struct sl_datagram_out out;

	while (sl_messages_next(w->messages, &out))
		link_send(&w->link, SERVER, out.peer.bytes[3], out.bytes, w->now_ms);
}

static void
reply(struct world *w, struct sl_ref ref, const struct sl_coap_msg *msg)
{
	enum sl_err err = sl_messages_reply(w->messages, ref, msg, SL_REPLY_PLAIN, w->now_ms);

	ck_assert(err == SL_OK || err == SL_ENOTFOUND);
	flush(w);
}

/* One slice of an answer, or all of it. */
static void
reply_slice(struct world *w, struct sl_ref ref, const struct sl_block_key *key, uint32_t num)
{
	struct sl_coap_block wish = {num, false, SZX};
	struct sl_block_slice slice;
	struct sl_coap_msg msg;
	enum sl_err err = sl_blocks_slice(w->blocks, key, wish, w->now_ms, &slice);

	sl_coap_msg_init(&msg, SL_COAP_REQUEST_ENTITY_INCOMPLETE);
	if (err == SL_OK) {
		msg.code = slice.part.code;
		ck_assert_ok(sl_coap_add_block(&msg, SL_COAP_BLOCK2, slice.block));
		msg.payload = slice.part.body;
		w->sliced++;
	}
	reply(w, ref, &msg);
}

/* The application: it is what must see each request once. */
static void
forward(struct world *w, const struct sl_messages_in *in, const struct sl_peer *peer,
        struct sl_span body)
{
	struct sl_reader r = sl_reader_over(body);
	uint32_t device = sl_read_u32(&r), sequence = sl_read_u32(&r);
	struct task *t = &w->tasks[w->task_count++];
	uint8_t want[BODY_MAX];

	ck_assert_uint_lt(w->task_count, TASKS_MAX);
	ck_assert(device < CLIENTS && sequence < EACH && device == peer->bytes[3]);
	make_body(want, device, sequence, body.len - ID_LEN);
	ck_assert_bytes(body, sl_span(want, body.len));
	ck_assert_msg(++w->forwarded[device][sequence] == 1, "%s: %u/%u forwarded again",
	        w->setup->name, device, sequence);
	t->ref = in->ref;
	t->peer = *peer;
	t->due_ms = w->now_ms + draw(w, 0, w->setup->answer_max_ms);
	w->separate += t->due_ms - w->now_ms >= 500;
	t->len = make_body(
	        t->body, device, sequence, draw(w, 0, 3) == 0 ? draw(w, 64, 400) : draw(w, 0, 40));
	sl_block_key(&t->key, (const uint8_t[SL_SIPHASH_KEY_LEN]){9}, peer, &in->request);
}

static void
on_request(struct world *w, const struct sl_messages_in *in, const struct sl_peer *peer)
{
	struct sl_coap_block block;
	struct sl_block_got got;
	struct sl_block_key key;
	struct sl_coap_msg msg;
	enum sl_block_verdict verdict;

	if (sl_coap_get_block(&in->request, SL_COAP_BLOCK2, &block) == SL_OK && block.num > 0) {
		sl_block_key(&key, (const uint8_t[SL_SIPHASH_KEY_LEN]){9}, peer, &in->request);
		reply_slice(w, in->ref, &key, block.num);
		return;
	}
	verdict = sl_blocks_put(w->blocks, peer, &in->request, w->now_ms, &got);
	if (verdict == SL_BLOCK_WHOLE) {
		forward(w, in, peer, got.body);
		return;
	}
	ck_assert(verdict == SL_BLOCK_CONTINUE || verdict == SL_BLOCK_INCOMPLETE ||
	          verdict == SL_BLOCK_BUSY);
	sl_coap_msg_init(&msg, verdict == SL_BLOCK_CONTINUE ? SL_COAP_CONTINUE
	                                                    : SL_COAP_REQUEST_ENTITY_INCOMPLETE);
	ck_assert_ok(sl_coap_add_block(&msg, SL_COAP_BLOCK1, got.block));
	reply(w, in->ref, &msg);
}

static void
finish_task(struct world *w, size_t at)
{
	struct task t = w->tasks[at];
	struct sl_block_answer answer = {SL_COAP_CHANGED, {NULL, 0}, sl_span(t.body, t.len)};
	struct sl_coap_msg msg;

	w->tasks[at] = w->tasks[--w->task_count];
	if (t.len > sl_coap_block_size(SZX)) {
		ck_assert_ok(sl_blocks_keep(w->blocks, &t.peer, &t.key, &answer, w->now_ms));
		reply_slice(w, t.ref, &t.key, 0);
		return;
	}
	sl_coap_msg_init(&msg, SL_COAP_CHANGED);
	msg.payload = answer.body;
	reply(w, t.ref, &msg);
}

static void
run_server(struct world *w)
{
	sl_messages_on_time(w->messages, w->now_ms);
	flush(w);
	sl_blocks_on_time(w->blocks, w->now_ms);
	for (size_t i = w->task_count; i-- > 0;)
		if (w->tasks[i].due_ms <= w->now_ms)
			finish_task(w, i);
}

static void
deliver(struct world *w, const struct lossy_datagram *d)
{
	struct sl_span bytes = sl_span(d->bytes, d->len);
	struct sl_peer peer = peer_of(d->from);
	struct sl_messages_in in;

	if (d->to != SERVER) {
		sl_client_on_datagram(w->devices[d->to].client, bytes, w->now_ms);
		return;
	}
	sl_messages_on_datagram(w->messages, &peer, bytes, w->now_ms, &in);
	ck_assert_int_ne(in.event, SL_MESSAGES_FULL);
	flush(w);
	if (in.event == SL_MESSAGES_REQUEST)
		on_request(w, &in, &peer);
}

/* --- the run ---------------------------------------------------------------------------------- */

static uint64_t
next_time(const struct world *w)
{
	uint64_t next = link_due(&w->link), due = sl_messages_wakeup(w->messages);

	next = due < next ? due : next;
	for (unsigned i = 0; i < CLIENTS; i++) {
		due = sl_client_wakeup(w->devices[i].client);
		next = due < next ? due : next;
	}
	for (size_t i = 0; i < w->task_count; i++)
		next = w->tasks[i].due_ms < next ? w->tasks[i].due_ms : next;
	return next;
}

static struct world *
new_world(const struct setup *setup)
{
	struct world *w = calloc(1, sizeof *w);
	struct sl_messages_config messages;
	struct sl_blocks_config blocks;
	uint8_t key[SL_SIPHASH_KEY_LEN] = {(uint8_t)(setup->lost_percent + 1)};

	ck_assert_ptr_nonnull(w);
	w->setup = setup;
	w->draw = sl_draw_from(key);
	link_init(&w->link, (uint8_t)(setup->repeated_percent + 1));
	w->link.lost_percent = setup->lost_percent;
	w->link.repeated_percent = setup->repeated_percent;
	w->link.delay_max_ms = setup->delay_max_ms;
	sl_messages_config_init(&messages);
	messages.seed[0] = 77;
	ck_assert_ok(sl_messages_new(&w->messages, &messages));
	sl_blocks_config_init(&blocks);
	ck_assert_ok(sl_blocks_new(&w->blocks, &blocks));
	for (unsigned i = 0; i < CLIENTS; i++)
		boot(w, i);
	return w;
}

static void
free_world(struct world *w)
{
	for (unsigned i = 0; i < CLIENTS; i++)
		sl_client_free(w->devices[i].client);
	sl_messages_free(w->messages);
	sl_blocks_free(w->blocks);
	link_clear(&w->link);
	free(w);
}

static void
check_end(const struct world *w)
{
	struct sl_messages_counts counts = sl_messages_counts(w->messages);
	unsigned total = CLIENTS * EACH;

	printf("lossy: %s: %u answered, %u not; %u late answers, %u slices, %llu datagrams, "
	       "%llu duplicates, %llu retransmissions\n",
	        w->setup->name, w->done, w->failed, w->separate, w->sliced,
	        (unsigned long long)w->link.sent, (unsigned long long)counts.duplicates,
	        (unsigned long long)counts.retransmissions);
	ck_assert_uint_eq(w->done + w->failed, total);
	ck_assert_uint_ge(w->done, w->setup->reboots > 0 ? total / 2 : total * 98 / 100);
	if (w->setup->lost_percent == 0)
		ck_assert_uint_eq(w->failed, 0);
	ck_assert_uint_eq(counts.running, 0);
	ck_assert_uint_eq(counts.remembered, 0);
	ck_assert_uint_eq(counts.reply_bytes, 0);
	ck_assert_uint_eq(counts.malformed, 0);
	ck_assert_uint_eq(sl_blocks_counts(w->blocks).bodies, 0);
}

START_TEST(forwards_once_and_answers_the_asker)
{
	struct world *w = new_world(&setups[_i]);
	struct lossy_datagram *d;

	while (w->now_ms != UINT64_MAX) {
		while ((d = link_take(&w->link, w->now_ms)) != NULL) {
			deliver(w, d);
			free(d);
		}
		run_server(w);
		for (unsigned i = 0; i < CLIENTS; i++)
			run_device(w, i);
		ck_assert_uint_gt(next_time(w), w->now_ms);
		w->now_ms = next_time(w);
	}
	check_end(w);
	free_world(w);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("scenario/messages_lossy");
	TCase *tc = tcase_create("messages_lossy");

	tcase_set_timeout(tc, 300);
	tcase_add_loop_test(tc, forwards_once_and_answers_the_asker, 0, (int)ARRAY_LEN(setups));
	suite_add_tcase(s, tc);
	return run_suite(s);
}
