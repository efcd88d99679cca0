/* SPDX-License-Identifier: BSD-2-Clause
 * Events only feed the core; once per turn of the loop pump() serves what the core wants, until only a
 * timer is left. */
#include "worker.h"

#include <signal.h>
#include <string.h>

#include "config_reload.h"
#include "core.h"
#include "generations.h"
#include "log.h"
#include "loop.h"
#include "sandbox.h"

#define REFUSALS_PER_SECOND 20
#define LOSSES_PAUSE_MS     10000
#define PUBLISH_PAUSE_MS    100
#define BEAT_MS             1000

struct worker {
	const struct worker_config *config;
	struct loop *loop;
	struct loop_timer *timer, *beat;
	struct proxy_core *core;
	struct generations origins;
	struct device_side *devices;
	struct log_valve valve;
	uint64_t give_up_at_ms;
	uint64_t losses_at_ms, full_said, overflow_said;
	uint64_t publish_at_ms, resident_bytes;
	bool is_draining;
};

/* At once: a turn may bring more datagrams than the core has room for records. */
static void
take_records(struct worker *w)
{
	struct core_record record;

	while (proxy_core_next_record(w->core, &record))
		log_record(&w->valve, &record, loop_round_ms(w->loop));
}

static void
on_datagram(void *ctx, const struct sl_peer *peer, struct sl_span datagram)
{
	struct worker *w = ctx;

	proxy_core_on_datagram(w->core, peer, datagram, loop_round_ms(w->loop));
	take_records(w);
}

static void
on_result(void *ctx, struct sl_ref ref, const struct sl_map_http_result *result)
{
	struct worker *w = ctx;

	proxy_core_on_origin_result(w->core, ref, result, loop_round_ms(w->loop));
	take_records(w);
}

static void
on_expired(void *ctx)
{
	struct worker *w = ctx;
	uint64_t now = loop_round_ms(w->loop);

	proxy_core_on_time(w->core, now);
	if (w->is_draining && now >= w->give_up_at_ms)
		proxy_core_give_up(w->core, now);
}

static void
on_terminate(void *ctx)
{
	struct worker *w = ctx;

	if (w->is_draining)
		return;
	w->is_draining = true;
	w->give_up_at_ms =
	        loop_round_ms(w->loop) + generations_config(&w->origins)->limits.drain_timeout;
	proxy_core_drain(w->core);
	log_line(LOG_INFO, "event=drain worker=%u", w->config->number);
}

/* The supervisor has read the same file and said what is wrong with it or needs a restart. */
static void
on_hangup(void *ctx)
{
	struct worker *w = ctx;
	char complaint[CONFIG_COMPLAINT_MAX] = "", kept[CONFIG_KEPT_MAX];
	struct config *next = NULL;
	enum sl_err err;

	if (w->is_draining || w->config->path == NULL)
		return;
	err = config_reload(
	        &next, generations_config(&w->origins), w->config->path, complaint, kept);
	if (err == SL_OK)
		err = generations_add(&w->origins, next, next);
	if (err != SL_OK) {
		log_reload_failed((int)w->config->number, complaint, err);
		config_free(next);
		return;
	}
	proxy_core_reload(w->core, next);
	log_line(LOG_INFO, "event=reloaded worker=%u", w->config->number);
}

static void
serve_fetches(struct worker *w)
{
	struct core_fetch fetch;
	struct sl_ref ref;

	while (proxy_core_next_abort(w->core, &ref))
		generations_abort(&w->origins, ref);
	while (proxy_core_next_fetch(w->core, &fetch))
		generations_start(&w->origins, &fetch);
}

static void
serve_sends(struct worker *w)
{
	struct sl_datagram_out out;

	while (proxy_core_next_send(w->core, &out))
		device_side_send(w->devices, &out.peer, out.bytes);
	device_side_flush(w->devices);
}

/* What has no record of its own: said once in a while, not for every datagram. */
static void
say_losses(struct worker *w, uint64_t now_ms)
{
	uint64_t full = proxy_core_counts(w->core).messages.full;
	uint64_t overflow = device_side_counts(w->devices).overflow;

	if (now_ms < w->losses_at_ms || (full == w->full_said && overflow == w->overflow_said))
		return;
	log_line(LOG_WARN, "event=losses worker=%u table-full=%llu socket-overflow=%llu",
	        w->config->number, (unsigned long long)(full - w->full_said),
	        (unsigned long long)(overflow - w->overflow_said));
	w->full_said = full;
	w->overflow_said = overflow;
	w->losses_at_ms = now_ms + LOSSES_PAUSE_MS;
}

/* The numbers of this worker for the operator; a sign of life too. */
static void
publish(struct worker *w, uint64_t now_ms)
{
	const struct metrics_sources sources = {.core = proxy_core_counts(w->core),
	        .device = device_side_counts(w->devices),
	        .origin = generations_counts(&w->origins),
	        .log_held = w->valve.held_in_all,
	        .resident_bytes = w->resident_bytes};

	say_losses(w, now_ms);
	board_publish(w->config->board, w->config->number, &sources, now_ms);
	w->publish_at_ms = now_ms + PUBLISH_PAUSE_MS;
}

static void
on_beat(void *ctx)
{
	struct worker *w = ctx;

	w->resident_bytes = loop_resident_bytes();
	publish(w, loop_round_ms(w->loop));
	loop_timer_set(w->beat, loop_round_ms(w->loop) + BEAT_MS);
}

static bool
is_drained(const struct worker *w)
{
	return w->is_draining &&
	       (proxy_core_is_settled(w->core) ||
	               (proxy_core_is_idle(w->core) && loop_round_ms(w->loop) >= w->give_up_at_ms));
}

static void
pump(void *ctx)
{
	struct worker *w = ctx;
	uint64_t at;

	serve_fetches(w);
	serve_sends(w);
	take_records(w);
	log_flush();
	generations_sweep(&w->origins, w->core);
	if (loop_round_ms(w->loop) >= w->publish_at_ms)
		publish(w, loop_round_ms(w->loop));
	if (is_drained(w)) {
		loop_stop(w->loop);
		return;
	}
	at = proxy_core_wakeup(w->core);
	if (w->is_draining && w->give_up_at_ms < at)
		at = w->give_up_at_ms;
	loop_timer_set(w->timer, at);
}

static enum sl_err
new_core(struct worker *w)
{
	struct proxy_core_config core = {.config = w->config->config};
	enum sl_err err = loop_random(core.hash_key, sizeof core.hash_key);

	if (err == SL_OK)
		err = loop_random(core.echo_key, sizeof core.echo_key);
	if (err == SL_OK)
		err = loop_random(core.seed, sizeof core.seed);
	return err == SL_OK ? proxy_core_new(&w->core, &core) : err;
}

static enum sl_err
new_sides(struct worker *w)
{
	const struct origin_side_config origins = {
	        .loop = w->loop, .on_result = on_result, .ctx = w};
	const struct device_side_config devices = {.loop = w->loop,
	        .sockets = w->config->sockets,
	        .socket_count = w->config->config->listen_count,
	        .overflow = board_overflow(w->config->board, w->config->number),
	        .on_datagram = on_datagram,
	        .ctx = w};
	enum sl_err err;

	generations_init(&w->origins, &origins);
	err = generations_add(&w->origins, w->config->config, NULL);
	return err == SL_OK ? device_side_new(&w->devices, &devices) : err;
}

static enum sl_err
start(struct worker *w)
{
	enum sl_err err;

	w->loop = loop_new();
	if (w->loop == NULL)
		return SL_ENOMEM;
	w->timer = loop_timer_new(w->loop, on_expired, w);
	w->beat = loop_timer_new(w->loop, on_beat, w);
	if (w->timer == NULL || w->beat == NULL)
		return SL_ENOMEM;
	loop_timer_set(w->beat, loop_round_ms(w->loop) + BEAT_MS);
	err = new_core(w);
	if (err == SL_OK)
		err = new_sides(w);
	if (err == SL_OK)
		err = loop_on_signal(w->loop, SIGTERM, on_terminate, w);
	if (err == SL_OK)
		err = loop_on_signal(w->loop, SIGINT, on_terminate, w);
	if (err == SL_OK)
		err = loop_on_signal(w->loop, SIGHUP, on_hangup, w);
	if (err == SL_OK && !sandbox_enter(w->config->config->sandbox, SANDBOX_WORKER))
		err = SL_EIO;
	return err;
}

static void
log_counts(const struct worker *w)
{
	struct core_counts c = proxy_core_counts(w->core);
	struct device_side_counts d = device_side_counts(w->devices);
	struct origin_side_counts o = generations_counts(&w->origins);

	log_line(LOG_INFO,
	        "event=stop worker=%u requests=%llu forwarded=%llu refused=%llu duplicates=%llu "
	        "late=%llu full=%llu received=%llu overflow=%llu not-sent=%llu "
	        "refused-addresses=%llu ended-kept=%llu",
	        w->config->number, (unsigned long long)c.requests, (unsigned long long)c.forwarded,
	        (unsigned long long)c.refused, (unsigned long long)c.messages.duplicates,
	        (unsigned long long)c.late_results, (unsigned long long)c.messages.full,
	        (unsigned long long)d.received, (unsigned long long)d.overflow,
	        (unsigned long long)d.not_sent, (unsigned long long)o.refused_addresses,
	        (unsigned long long)o.ended_kept);
}

int
worker_run(const struct worker_config *config)
{
	struct worker w = {.config = config, .valve = {.per_second = REFUSALS_PER_SECOND}};
	enum sl_err err = start(&w);

	if (err == SL_OK) {
		loop_run(w.loop, pump, &w);
		publish(&w, loop_round_ms(w.loop));
		log_counts(&w);
	} else {
		log_line(LOG_ERROR, "event=start-failed worker=%u error=\"%s\"", config->number,
		        sl_err_text(err));
	}
	device_side_free(w.devices);
	generations_clear(&w.origins);
	proxy_core_free(w.core);
	loop_timer_free(w.timer);
	loop_timer_free(w.beat);
	loop_free(w.loop);
	return err == SL_OK ? 0 : 1;
}
