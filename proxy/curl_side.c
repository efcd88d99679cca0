/* SPDX-License-Identifier: BSD-2-Clause
 * libcurl's multi interface on the loop, and one pool of transfers, as many as there may be; the queue in front
 * is the core's. */
#include "curl_side.h"

#include <stdlib.h>
#include <string.h>

#include "transfer.h"

#define SOCKETS_STEP         64
#define SWEEPS_IN_A_DEADLINE 16

/* A socket stays with the loop while libcurl keeps it, until it is closed or its origin speaks unasked: to take it out
 * and in again would be two system calls for each request. */
struct watched {
	struct loop_watch *watch; /* NULL: none */
	bool is_idle;
};

struct curl_side {
	struct origin_side_config config;
	struct transfer_shared shared;
	struct loop_timer *timer;
	struct loop_timer *sweep; /* looks for transfers that are late */
	bool is_sweeping;         /* it is set */
	struct transfer *transfers;
	size_t transfer_count;
	struct transfer *free;   /* those that do not run */
	struct watched *sockets; /* by descriptor */
	size_t socket_count;
	bool is_starting; /* a transfer that has no connection yet */
};

static void
release(struct curl_side *side, struct transfer *t, bool is_good)
{
	transfer_release(t, is_good);
	t->next_free = side->free;
	side->free = t;
}

static void
finish(struct curl_side *side, struct transfer *t, CURLcode rc)
{
	struct sl_map_http_result result;

	transfer_result(t, rc, &result);
	side->config.on_result(side->config.ctx, t->fetch.ref, &result);
	sl_buf_clear(&t->body);
	release(side, t, rc == CURLE_OK);
}

static void
take_results(struct curl_side *side)
{
	CURLMsg *msg;
	int left;

	while ((msg = curl_multi_info_read(side->shared.multi, &left)) != NULL) {
		struct transfer *t = NULL;

		if (msg->msg != CURLMSG_DONE || curl_easy_getinfo(msg->easy_handle,
		                                        CURLINFO_PRIVATE, (char **)&t) != CURLE_OK)
			continue;
		finish(side, t, msg->data.result);
	}
}

/* --- transfers that are late ---------------------------------------------------------------------------------------- */

static void
set_sweep(struct curl_side *side)
{
	const struct limits *l = side->config.limits;
	uint64_t least = l->first_byte_timeout < l->low_speed_time ? l->first_byte_timeout
	                                                           : l->low_speed_time;

	side->is_sweeping = true;
	loop_timer_set(
	        side->sweep, loop_round_ms(side->config.loop) + least / SWEEPS_IN_A_DEADLINE);
}

/* A result may start the next one, here or there in the pool. */
static void
on_sweep(void *ctx)
{
	struct curl_side *side = ctx;
	uint64_t now_ms = loop_round_ms(side->config.loop);
	bool is_any = false;

	for (size_t i = 0; i < side->transfer_count; i++) {
		struct transfer *t = &side->transfers[i];

		if (t->is_running && transfer_is_late(t, now_ms))
			finish(side, t, CURLE_OPERATION_TIMEDOUT);
	}
	for (size_t i = 0; i < side->transfer_count && !is_any; i++)
		is_any = side->transfers[i].is_running;
	side->is_sweeping = false;
	if (is_any)
		set_sweep(side);
}

/* --- libcurl on the loop -------------------------------------------------------------------------------------------- */

static struct watched *
watched_of(const struct curl_side *side, int fd)
{
	return fd >= 0 && (size_t)fd < side->socket_count ? &side->sockets[fd] : NULL;
}

static void
unwatch(struct watched *w)
{
	loop_watch_free(w->watch);
	*w = (struct watched){0};
}

static void
act(struct curl_side *side, int fd, int what)
{
	int running;

	if (side->is_starting)
		side->shared.ended_kept += kept_end_unasked(&side->shared.kept);
	side->is_starting = false;
	curl_multi_socket_action(side->shared.multi, fd, what, &running);
	take_results(side);
}

static void
on_ready(void *ctx, int fd, bool can_read, bool can_write)
{
	struct curl_side *side = ctx;
	struct watched *w = watched_of(side, fd);

	if (w->is_idle)
		unwatch(w); /* kept_end_unasked finds it before it is used */
	else
		act(side, fd,
		        (can_read ? CURL_CSELECT_IN : 0) | (can_write ? CURL_CSELECT_OUT : 0));
}

static void
on_expired(void *ctx)
{
	act(ctx, CURL_SOCKET_TIMEOUT, 0);
}

static bool
make_room(struct curl_side *side, int fd)
{
	size_t count = (size_t)fd + SOCKETS_STEP;
	struct watched *sockets;

	if (watched_of(side, fd) != NULL)
		return true;
	sockets = realloc(side->sockets, count * sizeof *sockets);
	if (sockets == NULL)
		return false;
	memset(sockets + side->socket_count, 0, (count - side->socket_count) * sizeof *sockets);
	side->sockets = sockets;
	side->socket_count = count;
	return true;
}

/* What is not ours, as a resolver's, is closed without a word to us. */
static int
on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
	struct curl_side *side = arg;
	bool is_idle = what == CURL_POLL_REMOVE;
	bool is_ours = kept_set_busy(&side->shared.kept, fd, !is_idle);
	struct watched *w;

	(void)easy;
	(void)socket_arg;
	if (!make_room(side, fd))
		return -1;
	w = &side->sockets[fd];
	if (is_idle && (!is_ours || w->watch == NULL)) {
		unwatch(w);
		return 0;
	}
	if (w->watch == NULL)
		w->watch = loop_watch_new(side->config.loop, fd, on_ready, side);
	if (w->watch == NULL)
		return -1;
	w->is_idle = is_idle;
	what = is_idle ? CURL_POLL_IN : what;
	if (loop_watch_set(w->watch, what & CURL_POLL_IN, what & CURL_POLL_OUT) == SL_OK)
		return 0;
	unwatch(w);
	return is_idle ? 0 : -1; /* -1 ends all transfers, and one may be closed already */
}

static int
close_socket(void *arg, curl_socket_t fd)
{
	struct curl_side *side = arg;
	struct watched *w = watched_of(side, fd);

	if (w != NULL)
		unwatch(w);
	return kept_close(&side->shared.kept, fd);
}

static int
on_timer(CURLM *multi, long timeout_ms, void *arg)
{
	struct curl_side *side = arg;

	(void)multi;
	loop_timer_set(
	        side->timer, timeout_ms < 0 ? UINT64_MAX : loop_now_ms() + (uint64_t)timeout_ms);
	return 0;
}

/* --- life --------------------------------------------------------------------------------------------------------------- */

static enum sl_err
new_transfers(struct curl_side *side)
{
	side->transfers = calloc(side->shared.limits->transfers, sizeof *side->transfers);
	if (side->transfers == NULL)
		return SL_ENOMEM;
	side->transfer_count = side->shared.limits->transfers;
	for (size_t i = side->transfer_count; i-- > 0;) {
		struct transfer *t = &side->transfers[i];

		t->shared = &side->shared;
		sl_buf_init(&t->body, side->shared.limits->response_body);
		t->next_free = side->free;
		side->free = t;
	}
	return SL_OK;
}

static enum sl_err
new_multi(struct curl_side *side)
{
	CURLM *m = side->shared.multi = curl_multi_init();

	if (m == NULL)
		return SL_ENOMEM;
	if (curl_multi_setopt(m, CURLMOPT_SOCKETFUNCTION, on_socket) != CURLM_OK ||
	        curl_multi_setopt(m, CURLMOPT_SOCKETDATA, side) != CURLM_OK ||
	        curl_multi_setopt(m, CURLMOPT_TIMERFUNCTION, on_timer) != CURLM_OK ||
	        curl_multi_setopt(m, CURLMOPT_TIMERDATA, side) != CURLM_OK ||
	        curl_multi_setopt(m, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING) != CURLM_OK ||
	        curl_multi_setopt(m, CURLMOPT_MAXCONNECTS, (long)side->shared.limits->transfers) !=
	                CURLM_OK)
		return SL_EIO;
	return SL_OK;
}

enum sl_err
curl_side_new(struct curl_side **out, const struct origin_side_config *config)
{
	struct curl_side *side = calloc(1, sizeof *side);
	enum sl_err err = SL_ENOMEM;

	if (side == NULL)
		return SL_ENOMEM;
	side->config = *config;
	side->shared.limits = config->limits;
	side->shared.close_socket = close_socket;
	side->shared.close_ctx = side;
	if (kept_init(&side->shared.kept, 4 * side->shared.limits->transfers) == SL_OK &&
	        curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK)
		side->timer = loop_timer_new(config->loop, on_expired, side);
	side->sweep = loop_timer_new(config->loop, on_sweep, side);
	if (side->timer != NULL && side->sweep != NULL)
		err = new_multi(side);
	if (err == SL_OK)
		err = new_transfers(side);
	if (err != SL_OK)
		curl_side_free(side);
	else
		*out = side;
	return err;
}

void
curl_side_free(struct curl_side *side)
{
	if (side == NULL)
		return;
	for (size_t i = 0; i < side->transfer_count; i++) {
		struct transfer *t = &side->transfers[i];

		if (t->is_running)
			transfer_release(t, false);
		transfer_clear(t);
	}
	curl_multi_cleanup(side->shared.multi);
	kept_clear(&side->shared.kept);
	free(side->sockets);
	loop_timer_free(side->timer);
	loop_timer_free(side->sweep);
	free(side->transfers);
	free(side);
}

void
curl_side_start(struct curl_side *side, const struct core_fetch *fetch)
{
	struct transfer *t = side->free;
	struct sl_map_http_result result = {.transport = SL_MAP_EXHAUSTED};

	if (t != NULL)
		result.transport = transfer_start(t, fetch);
	if (result.transport == SL_MAP_RESPONSE) {
		side->free = t->next_free;
		side->is_starting = true;
		t->started_ms = loop_round_ms(side->config.loop);
		if (!side->is_sweeping)
			set_sweep(side);
	} else {
		side->config.on_result(side->config.ctx, fetch->ref, &result);
	}
}

static struct transfer *
find_running(struct curl_side *side, struct sl_ref ref)
{
	for (size_t i = 0; i < side->transfer_count; i++) {
		struct transfer *t = &side->transfers[i];

		if (t->is_running && t->fetch.ref.slot == ref.slot &&
		        t->fetch.ref.generation == ref.generation)
			return t;
	}
	return NULL;
}

void
curl_side_abort(struct curl_side *side, struct sl_ref ref)
{
	struct transfer *t = find_running(side, ref);

	if (t == NULL)
		return;
	release(side, t, false);
	sl_buf_clear(&t->body);
}

struct origin_side_counts
curl_side_counts(const struct curl_side *side)
{
	return (struct origin_side_counts){.refused_addresses = side->shared.refused_addresses,
	        .ended_kept = side->shared.ended_kept};
}
