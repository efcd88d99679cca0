/* SPDX-License-Identifier: BSD-2-Clause
 * T25: nobody gets the answer to somebody else's request. A thousand end points behind a link that loses,
 * doubles and reorders; devices that reboot or change behind one address and use message IDs and (mostly empty)
 * tokens again; an origin that answers out of order, too late, or never; tables that overflow.
 *
 * Each request carries a number that the origin puts into its answer. Every datagram that leaves the proxy is
 * held against what came in from that very end point: message ID, token, number. The link comes behind that. */
#include "mixup_events.h"

/* --- the oracle -------------------------------------------------------------------------------------------------- */

static struct request *
request_of(uint64_t number)
{
	struct request *r = &known[number % KNOWN];

	return number != 0 && r->number == number ? r : NULL;
}

static uint64_t
number_in(struct sl_span payload)
{
	uint64_t number = 0;

	if (payload.len >= NUMBER)
		memcpy(&number, payload.ptr, NUMBER);
	return number;
}

static bool
has_token(const struct request *r, const struct sl_coap_msg *msg)
{
	return r->token_len == msg->token_len && memcmp(r->token, msg->token, r->token_len) == 0;
}

static void
wrong(const char *what)
{
	mixed++;
	what_was_wrong = what;
}

/* A follow-up names its answer by end point and options alone. Where a device used a Partial IV anew, which no device
 * may, it can be that of an earlier request of the same name; the device sees that it does not verify. */
static bool
has_name_of(const struct request *follow_up, uint64_t number)
{
	const struct request *other = request_of(number);

	return follow_up->content != follow_up->number && other != NULL &&
	       other->peer == follow_up->peer && other->piv == follow_up->piv;
}

static void
check_piggybacked(unsigned peer, const struct sl_coap_msg *msg)
{
	const struct request *r = request_of(last_in[peer][msg->message_id % MIDS]);

	if (r == NULL || r->peer != peer) {
		wrong("an acknowledgement of nothing");
		return;
	}
	if (msg->code == SL_COAP_EMPTY)
		return;
	if (!has_token(r, msg))
		wrong("another token");
	else if (msg->code == SL_COAP_CHANGED && number_in(msg->payload) != r->content &&
	         !has_name_of(r, number_in(msg->payload)))
		wrong("the answer to another request");
}

static void
check_separate(unsigned peer, const struct sl_coap_msg *msg)
{
	const struct request *r;

	if (msg->code != SL_COAP_CHANGED)
		return; /* an error carries no number */
	r = request_of(number_in(msg->payload));
	if (r == NULL)
		wrong("an answer with an unknown number");
	else if (r->peer != peer)
		wrong("the answer to another end point");
	else if (!has_token(r, msg))
		wrong("another token");
}

static void
on_sent(const struct sl_datagram_out *out)
{
	unsigned peer = (unsigned)peer_remote(&out->peer).port - 1000U;
	struct sl_coap_msg msg;

	ck_assert_ok(sl_coap_decode(&msg, out->bytes));
	if (msg.type == SL_COAP_RST)
		return;
	if (msg.type == SL_COAP_ACK)
		check_piggybacked(peer, &msg);
	else
		check_separate(peer, &msg);
	answers += msg.code == SL_COAP_CHANGED;
	if (out->bytes.len <= BYTES)
		send_over_link(TO_DEVICE, peer, out->bytes, 0);
}

/* --- the origin --------------------------------------------------------------------------------------------------- */

static void
on_fetch(const struct core_fetch *fetch)
{
	uint64_t number = number_in(fetch->body);
	struct request *r = request_of(number);
	struct event *e;
	unsigned fate = pick(100);

	if (r == NULL) {
		wrong("a fetch for nobody");
		return;
	}
	if (++r->fetches > r->deliveries)
		wrong("a second fetch for one request");
	if (fate < 3)
		return; /* never */
	e = new_event(RESULT, r->peer);
	e->ref = fetch->ref;
	e->number = number;
	/* 10 % come when nobody waits any more, mostly when the slot is somebody else's */
	post(e, lab.now_ms + (fate < 13          ? 8000 + pick(4000)
	                             : fate < 33 ? pick(8000)
	                                         : pick(40) * pick(40)));
}

static void
on_result(const struct event *e)
{
	static uint8_t body[BODY_MAX];
	size_t len = pick(8) == 0 ? NUMBER * (20 + pick(50)) : NUMBER * (1 + pick(3));
	struct sl_map_http_result result;

	for (size_t i = 0; i + NUMBER <= len; i += NUMBER)
		memcpy(body + i, &e->number, NUMBER);
	result = lab_ok(sl_span(body, len));
	if (pick(20) == 0)
		result.status = 503;
	proxy_core_on_origin_result(lab.core, e->ref, &result, lab.now_ms);
}

/* --- devices ------------------------------------------------------------------------------------------------------ */

static void
wait_for(unsigned peer, uint64_t ms)
{
	struct event *e = new_event(TIMER, peer);

	e->turn = ++devices[peer].turn;
	post(e, lab.now_ms + ms);
}

static void
transmit(unsigned peer)
{
	struct device *d = &devices[peer];

	send_over_link(TO_PROXY, peer, sl_span(d->bytes, d->len), d->number);
	d->is_failing = pick(30) == 0;
	wait_for(peer, d->is_failing ? 50 + pick(500) : 2000U << d->tries);
}

/* What a device asks: OSCORE, with a Partial IV that other devices use as well. */
static void
begin(unsigned peer, uint64_t content, const struct sl_coap_block *next)
{
	struct device *d = &devices[peer];
	uint8_t option[3] = {0x09, content == 0 ? d->piv++ : d->piv, 0x14};
	uint8_t payload[40];
	struct request *r = &known[++next_number % KNOWN];
	struct sl_writer w = sl_writer_over(d->bytes, sizeof d->bytes);
	struct sl_coap_msg msg;

	*r = (struct request){.number = next_number,
	        .content = content == 0 ? next_number : content,
	        .peer = (uint16_t)peer,
	        .piv = option[1],
	        .token_len = pick(2) == 0 ? 0 : (uint8_t)(1 + pick(8))};
	for (size_t i = 0; i < r->token_len; i++)
		r->token[i] = (uint8_t)pick(3);
	if (next != NULL) { /* a follow-up keeps the token, so that NON answers can be told */
		const struct request *first = request_of(content);

		r->token_len = first == NULL ? 0 : first->token_len;
		memcpy(r->token, first == NULL ? r->token : first->token, sizeof r->token);
	}
	sl_coap_msg_init(&msg, SL_COAP_POST);
	msg.type = (uint8_t)(d->is_con ? SL_COAP_CON : SL_COAP_NON);
	msg.message_id = d->next_mid++ % MIDS;
	msg.token_len = r->token_len;
	memcpy(msg.token, r->token, r->token_len);
	ck_assert_ok(sl_coap_add(&msg, SL_COAP_OSCORE, sl_span(option, sizeof option)));
	if (next != NULL)
		ck_assert_ok(sl_coap_add_block(&msg, SL_COAP_BLOCK2, *next));
	if (d->echo_len > 0)
		ck_assert_ok(sl_coap_add(&msg, SL_COAP_ECHO, sl_span(d->echo, d->echo_len)));
	d->echo_len = 0;
	memset(payload, 0, sizeof payload);
	memcpy(payload, &next_number, NUMBER);
	msg.payload = sl_span(payload, next == NULL ? 8 + pick(32) : 0);
	ck_assert_ok(sl_coap_encode(&w, &msg));
	d->len = w.len;
	d->number = next_number;
	d->tries = 0;
	transmit(peer);
}

/* Power fails, or another device has the address: message IDs begin anew. */
static void
reboot(unsigned peer)
{
	struct device *d = &devices[peer];

	if (pick(3) != 0) /* else the very message ID that was under way */
		d->next_mid = (uint16_t)(pick(2) * pick(MIDS));
	else
		d->next_mid--;
	d->piv = (uint8_t)(pick(2) * d->piv);
	d->number = 0;
	d->echo_len = 0;
}

static void
on_timer(unsigned peer)
{
	struct device *d = &devices[peer];

	if (d->is_failing || pick(50) == 0)
		reboot(peer);
	d->is_failing = false;
	if (d->number != 0 && d->is_con && d->tries < TRIES) {
		d->tries++;
		transmit(peer);
		return;
	}
	d->is_con = pick(4) != 0;
	begin(peer, 0, NULL);
}

/* A separate confirmable answer is acknowledged, mostly; sometimes reset. */
static void
acknowledge(unsigned peer, const struct sl_coap_msg *msg)
{
	struct sl_coap_msg ack = {
	        .type = pick(20) == 0 ? SL_COAP_RST : SL_COAP_ACK, .message_id = msg->message_id};
	uint8_t bytes[4];
	struct sl_writer w = sl_writer_over(bytes, sizeof bytes);

	ck_assert_ok(sl_coap_encode(&w, &ack));
	send_over_link(TO_PROXY, peer, sl_span(bytes, sizeof bytes), 0);
}

static void
on_answer(unsigned peer, const struct sl_coap_msg *msg)
{
	struct device *d = &devices[peer];
	const struct request *r = request_of(d->number);
	const struct sl_coap_option *echo = sl_coap_find(msg, SL_COAP_ECHO);
	struct sl_coap_block block;

	if (r == NULL || !has_token(r, msg) || msg->code == SL_COAP_EMPTY)
		return;
	if (echo != NULL) {
		d->echo_len = sl_coap_option_value(echo).len;
		memcpy(d->echo, sl_coap_option_value(echo).ptr, d->echo_len);
	}
	if (sl_coap_get_block(msg, SL_COAP_BLOCK2, &block) == SL_OK && block.more) {
		block.num++;
		block.more = false;
		d->piv--; /* the same request */
		begin(peer, r->content, &block);
		d->piv++;
		return;
	}
	d->number = 0;
	wait_for(peer, 1 + pick(2 * MEAN_MS));
}

static void
on_device_datagram(const struct event *e)
{
	struct sl_coap_msg msg;

	ck_assert_ok(sl_coap_decode(&msg, sl_span(e->bytes, e->len)));
	if (msg.type == SL_COAP_CON && pick(10) != 0)
		acknowledge(e->peer, &msg);
	on_answer(e->peer, &msg);
}

/* --- the run ------------------------------------------------------------------------------------------------------ */

static void
serve(void)
{
	struct sl_datagram_out out;
	struct core_fetch fetch;
	struct core_record record;
	struct sl_ref ref;

	while (proxy_core_next_abort(lab.core, &ref))
		late++; /* its result comes all the same: that is the point */
	while (proxy_core_next_fetch(lab.core, &fetch))
		on_fetch(&fetch);
	while (proxy_core_next_send(lab.core, &out))
		on_sent(&out);
	while (proxy_core_next_record(lab.core, &record))
		;
}

/* What the message layer can know of this request: the last one with its message ID from this end point. */
static void
note_delivery(const struct event *e)
{
	struct sl_coap_msg msg;
	struct request *r = request_of(e->number);
	uint64_t *last;

	if (r == NULL)
		return;
	ck_assert_ok(sl_coap_decode(&msg, sl_span(e->bytes, e->len)));
	last = &last_in[e->peer][msg.message_id];
	if (*last != e->number)
		r->deliveries++; /* its copies in a row are one */
	*last = e->number;
}

static void
on_proxy_datagram(const struct event *e)
{
	struct sl_peer from = lab_peer(e->peer);
	struct sl_span bytes = sl_span(e->bytes, e->len);

	note_delivery(e);
	proxy_core_on_datagram(lab.core, &from, bytes, lab.now_ms);
}

static void
dispatch(const struct event *first)
{
	struct event e = *first;

	switch (e.kind) {
	case TO_PROXY:
		on_proxy_datagram(&e);
		break;
	case TO_DEVICE:
		on_device_datagram(&e);
		break;
	case TIMER:
		if (e.turn == devices[e.peer].turn)
			on_timer(e.peer);
		break;
	case RESULT:
		on_result(&e);
		break;
	}
}

static void
set_up(void)
{
	lab_open(&lab, LAB_ROUTE
	        "limits: {requests-per-second: 0, exchanges: 65536, exchanges-per-prefix: 1048576, "
	        "total-timeout: 8s, in-flight-per-prefix: 65536, transfers: 256, answers: 64, "
	        "reply-bytes: 1MiB, verified-peers: 512}\n");
	draw = sl_draw_from((const uint8_t[16]){SEED});
	pool = calloc(EVENTS, sizeof *pool);
	heap = calloc(EVENTS, sizeof *heap);
	spare = calloc(EVENTS, sizeof *spare);
	known = calloc(KNOWN, sizeof *known);
	ck_assert(pool != NULL && heap != NULL && spare != NULL && known != NULL);
	for (uint32_t i = 0; i < EVENTS; i++)
		spare[spare_len++] = i;
	for (unsigned i = 0; i < PEERS; i++)
		wait_for(i, pick(2 * MEAN_MS));
}

START_TEST(every_answer_goes_to_who_asked)
{
	uint64_t rounds = test_rounds_night(100000, 1000000, 100000000);

	if (getenv("SL_MIXUP_ROUNDS") != NULL)
		rounds = strtoull(getenv("SL_MIXUP_ROUNDS"), NULL, 10);
	set_up();
	while (next_number < rounds && mixed == 0) {
		uint64_t due = proxy_core_wakeup(lab.core);

		if (heap_len == 0 || due <= pool[heap[0]].at_ms) {
			lab.now_ms = due > lab.now_ms ? due : lab.now_ms;
			proxy_core_on_time(lab.core, lab.now_ms);
		} else {
			const struct event *e = take_first();

			lab.now_ms = e->at_ms;
			dispatch(e);
		}
		serve();
	}
	printf("T25.mixed-answers-of-%llu %llu 0 %s %d\n", (unsigned long long)next_number,
	        (unsigned long long)mixed, mixed == 0 ? "PASS" : "FAIL", SEED);
	ck_assert_msg(
	        mixed == 0, "%s, at request %llu", what_was_wrong, (unsigned long long)next_number);
	ck_assert_uint_gt(answers, rounds / 4);
	ck_assert_uint_gt(late, rounds / 100);
	ck_assert_uint_gt(proxy_core_counts(lab.core).late_results, rounds / 100);
	ck_assert_uint_gt(proxy_core_counts(lab.core).messages.duplicates, rounds / 10);
	lab_close(&lab);
	free(pool);
	free(heap);
	free(spare);
	free(known);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("mix-up");
	TCase *tc = tcase_create("mix-up");

	tcase_set_timeout(tc, 0);
	tcase_add_test(tc, every_answer_goes_to_who_asked);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
