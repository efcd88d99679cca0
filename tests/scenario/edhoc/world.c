/* SPDX-License-Identifier: BSD-2-Clause */
#include "world.h"

#include "address.h"
#include "core.h"
#include "lossy_link.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define DEVICE        1
#define PROXY         2
#define INBOX_MAX     64
#define FETCHES_MAX   64
#define AFTERWARDS_MS 300

/* --- what the device's library calls, see CMakeLists.txt -------------------------------------- */

int world_poll(struct pollfd *fds, nfds_t count, int timeout_ms);
ssize_t world_send(int fd, const void *bytes, size_t len, int flags);
ssize_t world_recv(int fd, void *bytes, size_t cap, int flags);
int world_clock_gettime(clockid_t id, struct timespec *t);
time_t world_time(time_t *out);
/* The same as _FORTIFY_SOURCE calls them. */
int world_poll_chk(struct pollfd *fds, nfds_t count, int timeout_ms, size_t size);
ssize_t world_recv_chk(int fd, void *bytes, size_t cap, size_t size, int flags);

struct fetch {
	bool is_used, is_aborted;
	uint64_t due_ms;
	struct sl_ref ref;
	enum sl_map_transport transport;
	struct origin_answer answer;
};

static struct {
	struct world_config config;
	uint64_t now_ms;
	int64_t posix_s;
	struct sl_draw draw;
	struct lossy_link link;
	struct sl_peer peer;
	struct config *proxy_config;
	struct proxy_core *proxy;
	struct fetch fetches[FETCHES_MAX];
	struct lossy_datagram *inbox[INBOX_MAX];
	size_t inbox_count;
	struct world_counts counts;
} world;

static int64_t
posix_now(void)
{
	return world.posix_s + (int64_t)(world.now_ms / 1000);
}

static bool
happens(unsigned permille)
{
	return sl_draw_between(&world.draw, 0, 999) < permille;
}

/* --- the origin ------------------------------------------------------------------------------ */

static void
restart_origin(void)
{
	origin_half_stop();
	origin_half_start(posix_now());
	world.counts.restarts++;
}

static struct fetch *
free_fetch(void)
{
	for (size_t i = 0; i < FETCHES_MAX; i++)
		if (!world.fetches[i].is_used)
			return &world.fetches[i];
	ck_abort_msg("too many fetches");
}

static void
start_fetch(const struct core_fetch *fetch)
{
	struct origin_ask ask = {.oscore = fetch->oscore,
	        .content_type = fetch->content_type,
	        .has_edhoc = fetch->has_edhoc,
	        .body = fetch->body,
	        .now_ms = world.now_ms,
	        .now = posix_now()};
	struct fetch *f = free_fetch();

	ask.path = strchr(fetch->url + strlen("http://"), '/');
	f->is_used = true;
	f->is_aborted = false;
	f->ref = fetch->ref;
	f->transport = SL_MAP_RESPONSE;
	f->due_ms = world.now_ms + sl_draw_between(&world.draw, 1, world.config.work_max_ms);
	world.counts.fetches++;
	if (happens(world.config.origin_restart_permille))
		restart_origin();
	origin_half_handle(&ask, &f->answer);
	if (happens(world.config.origin_cut_permille))
		f->transport = SL_MAP_CLOSED;
	if (!happens(world.config.origin_restart_permille))
		return;
	restart_origin();
	f->transport = SL_MAP_CLOSED;
}

static void
end_fetch(struct fetch *f)
{
	struct sl_map_http_result result = {.transport = f->transport,
	        .status = f->answer.status,
	        .has_retry_after = f->answer.retry_after_s > 0,
	        .retry_after_s = f->answer.retry_after_s,
	        .body = sl_span(f->answer.body, f->answer.body_len)};

	f->is_used = false;
	if (f->is_aborted)
		return;
	if (f->answer.oscore[0] != '\0') {
		result.oscore_header_count = 1;
		result.oscore_header = sl_span_text(f->answer.oscore);
	}
	if (f->answer.content_type != NULL) {
		result.content_type_count = 1;
		result.content_type = sl_span_text(f->answer.content_type);
	}
	proxy_core_on_origin_result(world.proxy, f->ref, &result, world.now_ms);
}

/* --- the proxy ------------------------------------------------------------------------------- */

static void
serve_proxy(void)
{
	struct sl_datagram_out out;
	struct core_fetch fetch;
	struct core_record record;
	struct sl_ref ref;

	while (proxy_core_next_abort(world.proxy, &ref))
		for (size_t i = 0; i < FETCHES_MAX; i++)
			if (world.fetches[i].ref.slot == ref.slot &&
			        world.fetches[i].ref.generation == ref.generation)
				world.fetches[i].is_aborted = true;
	while (proxy_core_next_fetch(world.proxy, &fetch))
		start_fetch(&fetch);
	while (proxy_core_next_send(world.proxy, &out))
		link_send(&world.link, PROXY, DEVICE, out.bytes, world.now_ms);
	while (proxy_core_next_record(world.proxy, &record))
		continue;
}

static void
deliver(struct lossy_datagram *d)
{
	if (d->to == PROXY) {
		struct sl_span bytes = heap_copy(sl_span(d->bytes, d->len));

		proxy_core_on_datagram(world.proxy, &world.peer, bytes, world.now_ms);
		hex_release();
		free(d);
		return;
	}
	ck_assert_uint_lt(world.inbox_count, INBOX_MAX);
	world.inbox[world.inbox_count++] = d;
}

/* --- time ------------------------------------------------------------------------------------ */

static uint64_t
earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t
next_event(void)
{
	uint64_t when = earlier(link_due(&world.link), proxy_core_wakeup(world.proxy));

	for (size_t i = 0; i < FETCHES_MAX; i++)
		if (world.fetches[i].is_used)
			when = earlier(when, world.fetches[i].due_ms);
	return when;
}

static void
work(void)
{
	struct lossy_datagram *d;

	for (size_t i = 0; i < FETCHES_MAX; i++)
		if (world.fetches[i].is_used && world.fetches[i].due_ms <= world.now_ms)
			end_fetch(&world.fetches[i]);
	while ((d = link_take(&world.link, world.now_ms)) != NULL)
		deliver(d);
	proxy_core_on_time(world.proxy, world.now_ms);
	serve_proxy();
}

/* Until then, or until there is something for the device when it listens. */
static void
pass_time(uint64_t until_ms, bool listens)
{
	serve_proxy();
	while (!(listens && world.inbox_count > 0)) {
		uint64_t when = next_event();

		if (when > until_ms)
			break;
		world.now_ms = when > world.now_ms ? when : world.now_ms;
		work();
	}
	if (!(listens && world.inbox_count > 0) && until_ms > world.now_ms)
		world.now_ms = until_ms;
}

int
world_poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	ck_assert_int_ge(timeout_ms, 0);
	pass_time(world.now_ms + (uint64_t)timeout_ms, count > 0);
	if (count == 0 || world.inbox_count == 0)
		return 0;
	fds[0].revents = POLLIN;
	return 1;
}

ssize_t
world_send(int fd, const void *bytes, size_t len, int flags)
{
	(void)fd;
	(void)flags;
	link_send(&world.link, DEVICE, PROXY, sl_span(bytes, len), world.now_ms);
	return (ssize_t)len;
}

ssize_t
world_recv(int fd, void *bytes, size_t cap, int flags)
{
	struct lossy_datagram *d = world.inbox[0];
	size_t len;

	(void)fd;
	(void)flags;
	if (world.inbox_count == 0) {
		errno = EAGAIN;
		return -1;
	}
	len = d->len < cap ? d->len : cap;
	memcpy(bytes, d->bytes, len);
	free(d);
	world.inbox_count--;
	memmove(world.inbox, world.inbox + 1, world.inbox_count * sizeof *world.inbox);
	return (ssize_t)len;
}

int
world_poll_chk(struct pollfd *fds, nfds_t count, int timeout_ms, size_t size)
{
	ck_assert_uint_le(count * sizeof *fds, size);
	return world_poll(fds, count, timeout_ms);
}

ssize_t
world_recv_chk(int fd, void *bytes, size_t cap, size_t size, int flags)
{
	ck_assert_uint_le(cap, size);
	return world_recv(fd, bytes, cap, flags);
}

int
world_clock_gettime(clockid_t id, struct timespec *t)
{
	(void)id;
	t->tv_sec = (time_t)(world.now_ms / 1000);
	t->tv_nsec = (long)(world.now_ms % 1000) * 1000000;
	return 0;
}

time_t
world_time(time_t *out)
{
	if (out != NULL)
		*out = (time_t)posix_now();
	return (time_t)posix_now();
}

/* --- beginning and end ------------------------------------------------------------------------ */

void
world_open(int64_t posix_s)
{
	memset(&world, 0, sizeof world);
	world.now_ms = 1000000;
	world.posix_s = posix_s - (int64_t)(world.now_ms / 1000);
	origin_half_start(posix_s);
}

void
world_close(void)
{
	origin_half_stop();
}

static void
start_proxy(void)
{
	static const char form[] =
	        "listen: [\"127.0.0.1:5683\"]\n"
	        "routes: [{origin: \"http://127.0.0.1:8080/\", plain-http: [\"127.0.0.0/8\"], "
	        "allow-plain: [\"/.well-known/edhoc\"], edhoc-header: %s}]\n"
	        "limits: {requests-per-second: 0, exchanges: 1024, verified-peers: 64}\n"
	        "%s";
	struct proxy_core_config config = {.seed = {world.config.seed}};
	struct address remote = address_from_bytes((const uint8_t[]){192, 0, 2, 1}, false, 1000);
	struct address local = address_from_bytes((const uint8_t[]){127, 0, 0, 1}, false, 5683);
	char text[400], complaint[CONFIG_COMPLAINT_MAX] = "";

	snprintf(text, sizeof text, form, world.config.has_edhoc_header ? "true" : "false",
	        world.config.is_unverified ? "" : "trusted-prefixes: [\"192.0.2.0/24\"]\n");
	ck_assert_msg(config_parse(&world.proxy_config, sl_span_text(text), "scenario",
	                      complaint) == SL_OK,
	        "%s", complaint);
	config.config = world.proxy_config;
	config.hash_key[0] = config.echo_key[1] = world.config.seed;
	ck_assert_ok(proxy_core_new(&world.proxy, &config));
	peer_encode(&world.peer, &remote, &local);
}

void
world_begin(const struct world_config *config)
{
	uint8_t seed[SL_SIPHASH_KEY_LEN] = {config->seed, 77};

	world.config = *config;
	world.draw = sl_draw_from(seed);
	link_init(&world.link, config->seed);
	world.link.lost_percent = config->lost_percent;
	world.link.repeated_percent = config->repeated_percent;
	world.link.delay_max_ms = config->delay_max_ms;
	start_proxy();
}

void
world_end(void)
{
	pass_time(world.now_ms + AFTERWARDS_MS, false);
	while (world.inbox_count > 0)
		free(world.inbox[--world.inbox_count]);
	for (size_t i = 0; i < FETCHES_MAX; i++)
		world.fetches[i].is_used = false;
	world.counts.datagrams += world.link.sent;
	world.counts.lost += world.link.lost;
	world.counts.repeated += world.link.repeated;
	link_clear(&world.link);
	proxy_core_free(world.proxy);
	config_free(world.proxy_config);
}

uint64_t
world_now_ms(void)
{
	return world.now_ms;
}

struct world_counts
world_counts(void)
{
	return world.counts;
}
