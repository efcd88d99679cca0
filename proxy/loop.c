/* SPDX-License-Identifier: BSD-2-Clause
 * libevent without locks: a worker is one thread. */
#include "loop.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>

#define SIGNALS_MAX 4

struct loop {
	struct event_base *base;
	struct event *signals[SIGNALS_MAX];
	struct loop_call {
		loop_fn fn;
		void *ctx;
	} calls[SIGNALS_MAX];
	size_t signal_count;
	uint64_t round_ms; /* 0: not asked for in this round */
	bool is_stopped;
};

struct loop_watch {
	struct event *event;
	struct event_base *base;
	loop_ready_fn ready;
	void *ctx;
	int fd;
	short what;
};

struct loop_timer {
	struct event *event;
	loop_fn expired;
	void *ctx;
	uint64_t at_ms; /* UINT64_MAX: never */
	uint64_t
	        armed_ms; /* when libevent wakes it, not later than that; UINT64_MAX: it does not */
};

struct loop *
loop_new(void)
{
	struct event_config *config = event_config_new();
	struct loop *loop = calloc(1, sizeof *loop);

	if (config != NULL && loop != NULL &&
	        event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK) == 0)
		loop->base = event_base_new_with_config(config);
	if (config != NULL)
		event_config_free(config);
	if (loop != NULL && loop->base == NULL) {
		free(loop);
		return NULL;
	}
	return loop;
}

void
loop_free(struct loop *loop)
{
	if (loop == NULL)
		return;
	for (size_t i = 0; i < loop->signal_count; i++)
		event_free(loop->signals[i]);
	event_base_free(loop->base);
	free(loop);
}

void
loop_run(struct loop *loop, loop_fn turn, void *ctx)
{
	loop->is_stopped = false;
	loop->round_ms = 0;
	turn(ctx);
	while (!loop->is_stopped) {
		loop->round_ms = 0;
		if (event_base_loop(loop->base, EVLOOP_ONCE | EVLOOP_NO_EXIT_ON_EMPTY) < 0)
			break;
		turn(ctx);
	}
}

void
loop_stop(struct loop *loop)
{
	loop->is_stopped = true;
}

struct event_base *
loop_base(struct loop *loop)
{
	return loop->base;
}

static void
on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct loop_watch *watch = arg;

	watch->ready(watch->ctx, fd, (what & EV_READ) != 0, (what & EV_WRITE) != 0);
}

struct loop_watch *
loop_watch_new(struct loop *loop, int fd, loop_ready_fn ready, void *ctx)
{
	struct loop_watch *watch = calloc(1, sizeof *watch);

	if (watch == NULL)
		return NULL;
	watch->base = loop->base;
	watch->fd = fd;
	watch->ready = ready;
	watch->ctx = ctx;
	watch->event = event_new(loop->base, fd, EV_READ | EV_PERSIST, on_ready, watch);
	if (watch->event == NULL) {
		free(watch);
		return NULL;
	}
	return watch;
}

enum sl_err
loop_watch_set(struct loop_watch *watch, bool wants_read, bool wants_write)
{
	short what = (short)((wants_read ? EV_READ : 0) | (wants_write ? EV_WRITE : 0));

	if (what == watch->what)
		return SL_OK;
	if (watch->what != 0 && event_del(watch->event) != 0)
		return SL_EIO;
	watch->what = 0;
	if (what == 0)
		return SL_OK;
	if (event_assign(watch->event, watch->base, watch->fd, (short)(what | EV_PERSIST), on_ready,
	            watch) != 0 ||
	        event_add(watch->event, NULL) != 0)
		return SL_EIO;
	watch->what = what;
	return SL_OK;
}

void
loop_watch_free(struct loop_watch *watch)
{
	if (watch == NULL)
		return;
	event_free(watch->event);
	free(watch);
}

/* A timer that is put off wakes too early and is armed anew: cheaper than to move it each time. */
static void
arm(struct loop_timer *timer)
{
	struct timeval delay = {0};
	uint64_t now, in_ms;

	if (timer->at_ms >= timer->armed_ms)
		return;
	now = loop_now_ms();
	in_ms = timer->at_ms > now ? timer->at_ms - now : 0;
	delay.tv_sec = (time_t)(in_ms / 1000);
	delay.tv_usec = (suseconds_t)(in_ms % 1000 * 1000);
	/* a failure is tried again with the next set */
	timer->armed_ms = evtimer_add(timer->event, &delay) == 0 ? timer->at_ms : UINT64_MAX;
}

static void
on_expired(evutil_socket_t fd, short what, void *arg)
{
	struct loop_timer *timer = arg;

	(void)fd;
	(void)what;
	timer->armed_ms = UINT64_MAX;
	if (loop_now_ms() < timer->at_ms) {
		arm(timer);
		return;
	}
	timer->at_ms = UINT64_MAX;
	timer->expired(timer->ctx);
}

struct loop_timer *
loop_timer_new(struct loop *loop, loop_fn expired, void *ctx)
{
	struct loop_timer *timer = calloc(1, sizeof *timer);

	if (timer == NULL)
		return NULL;
	timer->expired = expired;
	timer->ctx = ctx;
	timer->at_ms = timer->armed_ms = UINT64_MAX;
	timer->event = evtimer_new(loop->base, on_expired, timer);
	if (timer->event == NULL) {
		free(timer);
		return NULL;
	}
	return timer;
}

void
loop_timer_set(struct loop_timer *timer, uint64_t at_ms)
{
	timer->at_ms = at_ms;
	arm(timer);
}

void
loop_timer_free(struct loop_timer *timer)
{
	if (timer == NULL)
		return;
	event_free(timer->event);
	free(timer);
}

static void
on_signal(evutil_socket_t number, short what, void *arg)
{
	struct loop_call *call = arg;

	(void)number;
	(void)what;
	call->fn(call->ctx);
}

enum sl_err
loop_on_signal(struct loop *loop, int number, loop_fn fn, void *ctx)
{
	struct loop_call *call = &loop->calls[loop->signal_count];
	struct event *event;
	sigset_t set;

	if (loop->signal_count == SIGNALS_MAX)
		return SL_ENOMEM;
	call->fn = fn;
	call->ctx = ctx;
	event = evsignal_new(loop->base, number, on_signal, call);
	if (event == NULL || evsignal_add(event, NULL) != 0) {
		if (event != NULL)
			event_free(event);
		return SL_ENOMEM;
	}
	loop->signals[loop->signal_count++] = event;
	sigemptyset(&set);
	sigaddset(&set, number);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	return SL_OK;
}

uint64_t
loop_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

uint64_t
loop_round_ms(struct loop *loop)
{
	if (loop->round_ms == 0)
		loop->round_ms = loop_now_ms();
	return loop->round_ms;
}

uint64_t
loop_resident_bytes(void)
{
	char text[128] = "", *second = text; /* sizes in pages: all, resident */
	FILE *f = fopen("/proc/self/statm", "re");

	if (f == NULL)
		return 0;
	if (fgets(text, sizeof text, f) == NULL)
		text[0] = '\0';
	fclose(f);
	strtoull(text, &second, 10);
	return strtoull(second, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
}

enum sl_err
loop_random(void *out, size_t len)
{
	return getrandom(out, len, 0) == (ssize_t)len ? SL_OK : SL_EIO;
}

static void
our_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGHUP);
	sigaddset(set, SIGCHLD);
}

void
loop_block_signals(void)
{
	sigset_t set;

	our_signals(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

int
loop_wait_signal(uint64_t timeout_ms)
{
	struct timespec timeout = {.tv_sec = (time_t)(timeout_ms / 1000),
	        .tv_nsec = (long)(timeout_ms % 1000 * 1000000)};
	sigset_t set;
	int number;

	our_signals(&set);
	number = sigtimedwait(&set, NULL, &timeout);
	return number < 0 ? 0 : number;
}
