/* SPDX-License-Identifier: BSD-2-Clause
 * As many connections as there may be requests. Their slots are in one of five lists: free, opening, asked, answering,
 * idle; the delays of a list are all the same, so its oldest is the first that is due. */
#include "lean_side.h"

#include <stdlib.h>

#include "connection.h"

#define CONNECTION_LIFE_MAX_MS (600 * 1000)
#define CONNECTION_IDLE_MAX_MS                                                                     \
	(10 * 1000) /* origins close idle ones after 15 s and more: we are first */

struct place;

struct list {
	struct place *oldest, *newest;
};

struct place {
	struct connection connection;
	struct lean_side *side;
	struct loop_watch *watch;
	struct list *list;
	struct place *older, *newer;
	uint64_t since_ms; /* in this list; answering: in this period */
	uint64_t before;   /* answering: what had come before this period */
	uint64_t opened_ms;
};

struct lean_side {
	struct origin_side_config config;
	struct place *places;
	size_t place_count;
	struct list free, opening, asked, answering, idle;
	struct loop_timer *timer;
	uint64_t due_ms; /* of the timer: not later than the first that is due */
	struct origin_side_counts counts;
	struct connection_room room;
};

/* --- lists ------------------------------------------------------------------------------------------------ */

static void
leave(struct place *p)
{
	*(p->older == NULL ? &p->list->oldest : &p->older->newer) = p->newer;
	*(p->newer == NULL ? &p->list->newest : &p->newer->older) = p->older;
}

static void
enter(struct place *p, struct list *list)
{
	p->list = list;
	p->older = list->newest;
	p->newer = NULL;
	*(list->newest == NULL ? &list->oldest : &list->newest->newer) = p;
	list->newest = p;
	p->since_ms = loop_round_ms(p->side->config.loop);
}

static void
move(struct place *p, struct list *list)
{
	leave(p);
	enter(p, list);
}

/* --- deadlines ---------------------------------------------------------------------------------------------- */

static void
lower(uint64_t *due, const struct list *list, uint64_t delay_ms)
{
	if (list->oldest != NULL && list->oldest->since_ms + delay_ms < *due)
		*due = list->oldest->since_ms + delay_ms;
}

static uint64_t
first_due(const struct lean_side *side)
{
	const struct limits *l = side->config.limits;
	uint64_t due = UINT64_MAX;

	lower(&due, &side->opening, l->connect_timeout);
	lower(&due, &side->asked, l->first_byte_timeout);
	lower(&due, &side->answering, l->low_speed_time);
	lower(&due, &side->idle, CONNECTION_IDLE_MAX_MS);
	return due;
}

/* Not for every request: a timer that is early finds nothing to do and is set anew. */
static void
set_timer(struct lean_side *side)
{
	uint64_t due = first_due(side);

	if (due >= side->due_ms)
		return;
	side->due_ms = due;
	loop_timer_set(side->timer, due);
}

/* --- the end of a request, and of a connection ---------------------------------------------------------------- */

static void
drop(struct place *p)
{
	loop_watch_free(p->watch);
	p->watch = NULL;
	connection_close(&p->connection);
	move(p, &p->side->free);
}

static void
keep(struct place *p)
{
	response_reset(&p->connection.response);
	move(p, &p->side->idle);
	set_timer(p->side);
}

/* The result first: it may borrow from the connection. */
static void
finish(struct place *p, const struct connection_step *step, bool may_keep)
{
	struct lean_side *side = p->side;
	struct sl_map_http_result result = {.transport = step->transport, .detail = step->detail};

	if (step->transport == SL_MAP_RESPONSE) {
		response_head_result(&p->connection.response.head, &result);
		result.body = p->connection.response.body;
	}
	side->counts.refused_addresses += step->is_address_refused;
	side->counts.ended_kept += step->has_more;
	side->config.on_result(side->config.ctx, p->connection.fetch.ref, &result);
	if (may_keep)
		keep(p);
	else
		drop(p);
}

/* --- events --------------------------------------------------------------------------------------------------- */

/* Watches for what the connection waits for; what cannot be watched is over. */
static struct connection_step
watch(struct place *p, struct connection_step step)
{
	bool wants_write = !p->connection.is_connected || !p->connection.is_sent;

	if (!step.is_over && loop_watch_set(p->watch, true, wants_write) != SL_OK)
		step = (struct connection_step){.is_over = true, .transport = SL_MAP_EXHAUSTED};
	return step;
}

static void
ask(struct place *p)
{
	move(p, &p->side->asked);
	set_timer(p->side);
}

/* The next period. */
static void
go_on_answering(struct place *p)
{
	p->before = p->connection.received;
	move(p, &p->side->answering);
	set_timer(p->side);
}

static struct connection_step
write_to(struct place *p)
{
	struct connection_step step = connection_send(&p->connection, &p->side->room);

	if (p->list == &p->side->opening && p->connection.is_connected)
		ask(p);
	return watch(p, step);
}

static void
on_ready(void *ctx, int fd, bool can_read, bool can_write)
{
	struct place *p = ctx;
	struct connection_step step = {0};
	bool may_keep = false;

	(void)fd;
	if (p->list == &p->side->idle) {
		p->side->counts.ended_kept++;
		drop(p);
		return;
	}
	p->connection.is_early |= p->list == &p->side->opening && can_read;
	if (can_write || p->list == &p->side->opening)
		step = write_to(p);
	if (!step.is_over && can_read && p->connection.is_connected)
		step = connection_receive(&p->connection, &p->side->room, &may_keep);
	if (step.is_over)
		finish(p, &step, may_keep);
	else if (p->list == &p->side->asked && p->connection.received > 0)
		go_on_answering(p);
}

/* The first of the list that is due, or NULL. */
static struct place *
find_due(const struct list *list, uint64_t delay_ms)
{
	struct place *p = list->oldest;

	return p != NULL && loop_round_ms(p->side->config.loop) >= p->since_ms + delay_ms ? p
	                                                                                  : NULL;
}

static void
on_expired(void *ctx)
{
	static const struct connection_step unconnected = {.is_over = true,
	                                            .transport = SL_MAP_CONNECT_TIMEOUT},
	                                    late = {.is_over = true, .transport = SL_MAP_NO_ANSWER};
	struct lean_side *side = ctx;
	const struct limits *l = side->config.limits;
	struct place *p;

	while ((p = find_due(&side->opening, l->connect_timeout)) != NULL)
		finish(p, &unconnected, false);
	while ((p = find_due(&side->asked, l->first_byte_timeout)) != NULL)
		finish(p, &late, false);
	while ((p = find_due(&side->answering, l->low_speed_time)) != NULL)
		if (origin_is_slow(p->connection.received - p->before, l->low_speed_time))
			finish(p, &late, false);
		else
			go_on_answering(p);
	while ((p = find_due(&side->idle, CONNECTION_IDLE_MAX_MS)) != NULL)
		drop(p);
	side->due_ms = UINT64_MAX;
	set_timer(side);
}

/* --- requests ------------------------------------------------------------------------------------------------- */

static bool
is_good(struct place *p)
{
	uint64_t age = loop_round_ms(p->side->config.loop) - p->opened_ms;

	if (age < CONNECTION_LIFE_MAX_MS && connection_is_silent(&p->connection))
		return true;
	p->side->counts.ended_kept += age < CONNECTION_LIFE_MAX_MS;
	return false;
}

/* The one that was used last, so that the others come to their end. */
static struct place *
find_idle(struct lean_side *side, const struct origin *origin)
{
	struct place *p = side->idle.newest, *older;

	for (; p != NULL; p = older) {
		older = p->older;
		if (p->connection.origin != origin)
			continue;
		if (is_good(p))
			return p;
		drop(p);
	}
	return NULL;
}

static struct place *
find_free(struct lean_side *side)
{
	if (side->free.oldest == NULL && side->idle.oldest != NULL)
		drop(side->idle.oldest);
	return side->free.newest;
}

static struct connection_step
open_new(struct place *p, const struct origin *origin)
{
	struct connection_step step = connection_open(&p->connection, origin);

	move(p, &p->side->opening);
	p->opened_ms = p->since_ms;
	if (step.is_over)
		return step;
	p->watch = loop_watch_new(p->side->config.loop, p->connection.fd, on_ready, p);
	if (p->watch == NULL)
		return (struct connection_step){.is_over = true, .transport = SL_MAP_EXHAUSTED};
	if (p->connection.is_connected)
		return write_to(p);
	set_timer(p->side);
	return watch(p, step);
}

void
lean_side_start(struct lean_side *side, const struct core_fetch *fetch)
{
	static const struct sl_map_http_result full = {.transport = SL_MAP_EXHAUSTED};
	struct place *p = find_idle(side, fetch->origin);
	struct connection_step step;
	bool is_new = p == NULL;

	if (is_new)
		p = find_free(side);
	if (p == NULL) {
		side->config.on_result(side->config.ctx, fetch->ref, &full);
		return;
	}
	connection_ask(&p->connection, fetch);
	if (is_new) {
		step = open_new(p, fetch->origin);
	} else {
		ask(p);
		step = write_to(p);
	}
	if (step.is_over)
		finish(p, &step, false);
}

void
lean_side_abort(struct lean_side *side, struct sl_ref ref)
{
	for (size_t i = 0; i < side->place_count; i++) {
		struct place *p = &side->places[i];
		const struct sl_ref *own = &p->connection.fetch.ref;

		if (p->list != &side->free && p->list != &side->idle && own->slot == ref.slot &&
		        own->generation == ref.generation)
			drop(p);
	}
}

/* --- life ------------------------------------------------------------------------------------------------------- */

enum sl_err
lean_side_new(struct lean_side **out, const struct origin_side_config *config)
{
	struct lean_side *side = calloc(1, sizeof *side);

	if (side == NULL)
		return SL_ENOMEM;
	side->config = *config;
	side->due_ms = UINT64_MAX;
	side->places = calloc(config->limits->transfers, sizeof *side->places);
	side->timer = loop_timer_new(config->loop, on_expired, side);
	if (side->places == NULL || side->timer == NULL) {
		lean_side_free(side);
		return SL_ENOMEM;
	}
	side->place_count = config->limits->transfers;
	for (size_t i = 0; i < side->place_count; i++) {
		side->places[i].side = side;
		connection_init(&side->places[i].connection, config->limits->response_body);
		enter(&side->places[i], &side->free);
	}
	*out = side;
	return SL_OK;
}

void
lean_side_free(struct lean_side *side)
{
	if (side == NULL)
		return;
	for (size_t i = 0; i < side->place_count; i++) {
		loop_watch_free(side->places[i].watch);
		connection_close(&side->places[i].connection);
	}
	loop_timer_free(side->timer);
	free(side->places);
	free(side);
}

struct origin_side_counts
lean_side_counts(const struct lean_side *side)
{
	return side->counts;
}
