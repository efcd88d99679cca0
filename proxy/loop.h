/* SPDX-License-Identifier: BSD-2-Clause
 * The event loop in our words: descriptors, timers, signals, the clock, the kernel's randomness, this process. The
 * door to libevent (its HTTP server: admin_side.h); nothing else in the proxy reads a clock. */
#ifndef PROXY_LOOP_H
#define PROXY_LOOP_H

#include <sl/err.h>
#include <sl/span.h>

struct loop;
struct loop_watch;
struct loop_timer;

typedef void (*loop_ready_fn)(void *ctx, int fd, bool can_read, bool can_write);
typedef void (*loop_fn)(void *ctx);

/* NULL: no memory. */
struct loop *loop_new(void);
void loop_free(struct loop *loop);
/* Waits for events and serves them; after each round calls turn. Returns after loop_stop; may be called again. */
void loop_run(struct loop *loop, loop_fn turn, void *ctx);
void loop_stop(struct loop *loop);

/* Nothing is watched until loop_watch_set. NULL: no memory. */
struct loop_watch *loop_watch_new(struct loop *loop, int fd, loop_ready_fn ready, void *ctx);
enum sl_err loop_watch_set(struct loop_watch *watch, bool wants_read, bool wants_write) SL_MUST_USE;
void loop_watch_free(struct loop_watch *watch);

struct loop_timer *loop_timer_new(struct loop *loop, loop_fn expired, void *ctx);
/* at_ms on the clock of loop_now_ms; UINT64_MAX: never. */
void loop_timer_set(struct loop_timer *timer, uint64_t at_ms);
void loop_timer_free(struct loop_timer *timer);

/* The signal is unblocked and calls fn from the loop. SL_ENOMEM. */
enum sl_err loop_on_signal(struct loop *loop, int number, loop_fn fn, void *ctx) SL_MUST_USE;

/* Monotonic. */
uint64_t loop_now_ms(void);
/* The same clock, read once in each round of loop_run: the time for what happens in it. */
uint64_t loop_round_ms(struct loop *loop);
/* Of this process; 0: unknown. */
uint64_t loop_resident_bytes(void);
/* SL_EIO. */
enum sl_err loop_random(void *out, size_t len) SL_MUST_USE;

/* For the other file that knows libevent. */
struct event_base;
struct event_base *loop_base(struct loop *loop);

/* --- for a process without a loop ----------------------------------------------------------------- */

/* Blocks TERM, INT, HUP and CHLD, to be taken by loop_wait_signal. */
void loop_block_signals(void);
/* The next of those signals, or 0 after timeout_ms. */
int loop_wait_signal(uint64_t timeout_ms);

#endif
