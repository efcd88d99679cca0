/* SPDX-License-Identifier: BSD-2-Clause
 * libcurl's multi interface on the loop, and one pool of transfers, as many as there may be; the queue in front
 * is the core's. */
#include "curl_side.h"

#include <stdlib.h>

#include "transfer.h"

struct curl_side {
	struct origin_side_config config;
	struct transfer_shared shared;
	struct loop_timer *timer;
	struct transfer *transfers;
	size_t transfer_count;
	bool is_starting; /* a transfer that has no connection yet */
	struct origin_side_counts counts;
};

static void
finish(struct curl_side *side, struct transfer *t, CURLcode rc)
{
	struct sl_map_http_result result;

	transfer_result(t, rc, &result);
	side->config.on_result(side->config.ctx, t->fetch.ref, &result);
	sl_buf_clear(&t->body);
	transfer_release(t, rc == CURLE_OK);
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

/* --- libcurl on the loop -------------------------------------------------------------------------------------------- */

static void
on_ready(void *ctx, int fd, bool can_read, bool can_write)
{
	struct curl_side *side = ctx;
	int running;

	if (side->is_starting)
		side->counts.ended_kept += kept_end_unasked(&side->shared.kept);
	side->is_starting = false;
	curl_multi_socket_action(side->shared.multi, fd,
	        (can_read ? CURL_CSELECT_IN : 0) | (can_write ? CURL_CSELECT_OUT : 0), &running);
	take_results(side);
}

static void
on_expired(void *ctx)
{
	on_ready(ctx, CURL_SOCKET_TIMEOUT, false, false);
}

static int
on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
	struct curl_side *side = arg;
	struct loop_watch *watch = socket_arg;

	(void)easy;
	kept_set_busy(&side->shared.kept, fd, what != CURL_POLL_REMOVE);
	if (what == CURL_POLL_REMOVE) {
		loop_watch_free(watch);
		return curl_multi_assign(side->shared.multi, fd, NULL) == CURLM_OK ? 0 : -1;
	}
	if (watch == NULL) {
		watch = loop_watch_new(side->config.loop, fd, on_ready, side);
		if (watch == NULL || curl_multi_assign(side->shared.multi, fd, watch) != CURLM_OK) {
			loop_watch_free(watch);
			return -1;
		}
	}
	return loop_watch_set(watch, what & CURL_POLL_IN, what & CURL_POLL_OUT) == SL_OK ? 0 : -1;
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
	for (size_t i = 0; i < side->transfer_count; i++) {
		side->transfers[i].shared = &side->shared;
		sl_buf_init(&side->transfers[i].body, side->shared.limits->response_body);
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
	if (kept_init(&side->shared.kept, 4 * side->shared.limits->transfers) == SL_OK &&
	        curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK)
		side->timer = loop_timer_new(config->loop, on_expired, side);
	if (side->timer != NULL)
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
		curl_easy_cleanup(t->easy);
		sl_buf_clear(&t->body);
	}
	curl_multi_cleanup(side->shared.multi);
	kept_clear(&side->shared.kept);
	loop_timer_free(side->timer);
	free(side->transfers);
	free(side);
}

static struct transfer *
find_transfer(struct curl_side *side, const struct sl_ref *ref)
{
	for (size_t i = 0; i < side->transfer_count; i++) {
		struct transfer *t = &side->transfers[i];

		if (ref == NULL ? !t->is_running
		                : t->is_running && t->fetch.ref.slot == ref->slot &&
		                          t->fetch.ref.generation == ref->generation)
			return t;
	}
	return NULL;
}

void
curl_side_start(struct curl_side *side, const struct core_fetch *fetch)
{
	struct transfer *t = find_transfer(side, NULL);
	struct sl_map_http_result result = {.transport = SL_MAP_EXHAUSTED};

	if (t != NULL)
		result.transport = transfer_start(t, fetch);
	if (result.transport == SL_MAP_RESPONSE)
		side->is_starting = true;
	else
		side->config.on_result(side->config.ctx, fetch->ref, &result);
}

void
curl_side_abort(struct curl_side *side, struct sl_ref ref)
{
	struct transfer *t = find_transfer(side, &ref);

	if (t == NULL)
		return;
	transfer_release(t, false);
	sl_buf_clear(&t->body);
}

struct origin_side_counts
curl_side_counts(const struct curl_side *side)
{
	struct origin_side_counts counts = side->counts;

	counts.refused_addresses = side->shared.refused_addresses;
	return counts;
}
