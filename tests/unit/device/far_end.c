/* SPDX-License-Identifier: BSD-2-Clause */
#include "far_end.h"

#include "support.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* RFC 8613 section 8.2: the context is found by the kid. */
static bool
is_ours(const struct fake_edhoc *e, const struct sl_coap_msg *outer)
{
	struct sl_oscore_option option;
	const struct sl_coap_option *value = sl_coap_find(outer, SL_COAP_OSCORE);

	ck_assert_ok(sl_oscore_option_decode(&option, sl_coap_option_value(value)));
	return e->has_context && sl_span_equal(option.kid, sl_span(e->ctx.recipient_id.bytes,
	                                                           e->ctx.recipient_id.len));
}

static void
forget_now_and_then(struct far_end *far)
{
	if (far->forgets_after > 0) {
		far->forgets_after--;
	} else if (far->forgets > 0) {
		far->forgets--;
		fake_edhoc_forget(&far->edhoc);
	}
}

/* A context that EDHOC made is the server's from then on. */
static void
take_context(struct far_end *far, unsigned completed_before)
{
	if (far->edhoc.completed == completed_before)
		return;
	sl_oscore_ctx_clear(&far->est.ctx);
	far->est.ctx = far->edhoc.ctx;
}

static bool
before(struct fake_est *est, struct sl_coap_msg *outer, struct sl_coap_msg *answer)
{
	struct far_end *far = est->arg;
	unsigned completed = far->edhoc.completed;
	bool goes_on;

	if (sl_coap_find(outer, SL_COAP_OSCORE) == NULL) {
		fake_edhoc_answer(&far->edhoc, outer, answer);
		take_context(far, completed);
		return false;
	}
	if (sl_coap_find(outer, SL_COAP_EDHOC) != NULL) {
		goes_on = fake_edhoc_take_combined(&far->edhoc, outer, answer);
		take_context(far, completed);
		return goes_on;
	}
	forget_now_and_then(far);
	if (is_ours(&far->edhoc, outer))
		return true;
	sl_coap_msg_init(answer, SL_COAP_UNAUTHORIZED);
	answer->payload = sl_span_text("Security context not found");
	return false;
}

static void
answer(struct far_end *far, struct sl_span datagram, const struct sockaddr_in *peer)
{
	static struct fake_reply reply;
	static uint8_t bytes[2048];
	struct sl_writer w = sl_writer_over(bytes, sizeof bytes);
	struct sl_coap_msg msg;

	if (sl_coap_decode(&msg, datagram) != SL_OK || msg.type != SL_COAP_CON)
		return;
	fake_est_answer(&far->est, &msg, &reply);
	reply.msg.type = SL_COAP_ACK;
	reply.msg.message_id = msg.message_id;
	reply.msg.token_len = msg.token_len;
	memcpy(reply.msg.token, msg.token, sizeof msg.token);
	ck_assert_ok(sl_coap_encode(&w, &reply.msg));
	sendto(far->fd, bytes, sl_writer_span(&w).len, 0, (const struct sockaddr *)peer,
	        sizeof *peer);
}

/* Until an empty datagram comes. */
static void *
serve(void *arg)
{
	struct far_end *far = arg;
	uint8_t bytes[2048];
	struct sockaddr_in peer;

	for (;;) {
		socklen_t len = sizeof peer;
		ssize_t n =
		        recvfrom(far->fd, bytes, sizeof bytes, 0, (struct sockaddr *)&peer, &len);

		if (n <= 0)
			return NULL;
		if (!far->is_silent)
			answer(far, sl_span(bytes, (size_t)n), &peer);
	}
}

void
far_end_start(struct far_end *far, const struct fake_party *own)
{
	struct sockaddr_in here = {.sin_family = AF_INET};
	socklen_t len = sizeof here;

	memset(far, 0, sizeof *far);
	fake_est_init(&far->est);
	far->est.before = before;
	far->est.arg = far;
	fake_edhoc_init(&far->edhoc, own);
	here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	far->fd = socket(AF_INET, SOCK_DGRAM, 0);
	ck_assert_int_ge(far->fd, 0);
	ck_assert_int_eq(bind(far->fd, (struct sockaddr *)&here, sizeof here), 0);
	ck_assert_int_eq(getsockname(far->fd, (struct sockaddr *)&here, &len), 0);
	far->port = ntohs(here.sin_port);
	ck_assert_int_eq(pthread_create(&far->thread, NULL, serve, far), 0);
}

void
far_end_stop(struct far_end *far)
{
	struct sockaddr_in here;
	socklen_t len = sizeof here;

	ck_assert_int_eq(getsockname(far->fd, (struct sockaddr *)&here, &len), 0);
	sendto(far->fd, "", 0, 0, (struct sockaddr *)&here, len);
	pthread_join(far->thread, NULL);
	close(far->fd);
	fake_edhoc_clear(&far->edhoc);
	fake_est_clear(&far->est);
}
