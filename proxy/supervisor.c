/* SPDX-License-Identifier: BSD-2-Clause
 * Signals are taken one by one with sigtimedwait: no handler, no loop, no state shared with the workers. */
#include "supervisor.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "admin.h"
#include "config_reload.h"
#include "log.h"
#include "loop.h"
#include "sandbox.h"
#include "worker.h"

#define RESTART_PAUSE_MS 1000 /* for a worker that died before it was that old */
#define KILL_AFTER_MS    2000 /* beyond the drain time-out */
#define TICK_MS          200

#if defined(__SANITIZE_ADDRESS__)
#define KEEP_TRACEABLE 1 /* the leak checker traces its own process */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define KEEP_TRACEABLE 1
#endif
#endif
#ifndef KEEP_TRACEABLE
#define KEEP_TRACEABLE 0
#endif

struct child {
	pid_t pid; /* 0: not running */
	uint64_t started_ms;
	uint64_t start_at_ms;
};

struct slot {
	struct device_socket sockets[CONFIG_LISTEN_MAX];
	struct child child;
};

struct supervisor {
	const struct config *config;
	struct config *reloaded; /* owned; the same, or NULL: the one of the start */
	const char *path;
	struct slot slots[CONFIG_WORKERS_MAX];
	struct child admin;
	int admin_fd; /* 0: none */
	struct board *board;
	bool is_stopping, has_failed;
	uint64_t kill_at_ms;
};

void
supervisor_harden(void)
{
	const struct rlimit none = {0, 0};

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (!KEEP_TRACEABLE)
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	clearenv(); /* libcurl and OpenSSL read much from it */
}

/* --- sockets ------------------------------------------------------------------------------------------------------- */

static enum sl_err
open_socket(struct supervisor *s, size_t listener, unsigned worker)
{
	struct device_socket_config config = {.listen = s->config->listen[listener],
	        .is_first = worker == 0,
	        .receive_buffer = s->config->limits.receive_buffer};
	char text[ADDRESS_TEXT_MAX];
	uint64_t granted = 0;

	if (worker > 0)
		config.listen.port = s->slots[0].sockets[listener].local.port;
	address_text(text, &config.listen);
	if (device_socket_open(&s->slots[worker].sockets[listener], &config, &granted) != SL_OK) {
		log_line(LOG_ERROR, "event=listen-failed address=%s error=\"%s\"", text,
		        errno == EADDRINUSE ? "the port is taken; is another instance running?"
		                            : strerror(errno));
		return SL_EIO;
	}
	if (worker > 0)
		return SL_OK;
	address_text(text, &s->slots[0].sockets[listener].local);
	if (granted < config.receive_buffer)
		log_line(LOG_WARN,
		        "event=small-buffer address=%s wanted=%llu granted=%llu mend=\"raise "
		        "net.core.rmem_max\"",
		        text, (unsigned long long)config.receive_buffer,
		        (unsigned long long)granted);
	return SL_OK;
}

static enum sl_err
open_admin(struct supervisor *s)
{
	char text[ADDRESS_TEXT_MAX];
	struct address local;

	if (!s->config->has_admin)
		return SL_OK;
	address_text(text, &s->config->admin);
	if (admin_open(&s->admin_fd, &local, &s->config->admin) != SL_OK) {
		log_line(LOG_ERROR, "event=listen-failed admin=yes address=%s error=\"%s\"", text,
		        strerror(errno));
		return SL_EIO;
	}
	address_text(text, &local);
	log_line(LOG_INFO, "event=admin address=%s", text);
	return SL_OK;
}

static enum sl_err
open_sockets(struct supervisor *s)
{
	char text[ADDRESS_TEXT_MAX];

	for (size_t i = 0; i < s->config->listen_count; i++)
		for (unsigned w = 0; w < s->config->workers; w++)
			if (open_socket(s, i, w) != SL_OK)
				return SL_EIO;
	for (size_t i = 0; i < s->config->listen_count; i++) {
		address_text(text, &s->slots[0].sockets[i].local);
		log_line(LOG_INFO, "listening on %s", text);
	}
	return open_admin(s);
}

static void
close_sockets(struct supervisor *s, const struct slot *but)
{
	for (unsigned w = 0; w < s->config->workers; w++)
		for (size_t i = 0; i < s->config->listen_count; i++)
			if (&s->slots[w] != but && s->slots[w].sockets[i].fd > 0)
				close(s->slots[w].sockets[i].fd);
}

static void
close_admin(struct supervisor *s)
{
	if (s->admin_fd > 0)
		close(s->admin_fd);
}

/* --- children -------------------------------------------------------------------------------------------------------- */

/* Of the worker that it is. */
static unsigned
child_number(const struct supervisor *s, const struct child *child)
{
	unsigned number = 0;

	while (&s->slots[number].child != child)
		number++;
	return number;
}

/* In the child: ends with its parent. */
static void
tie_to(pid_t parent, int number)
{
	prctl(PR_SET_PDEATHSIG, number, 0, 0, 0);
	if (getppid() != parent)
		_exit(1); /* it died before the line above */
}

static void
run_worker(struct supervisor *s, unsigned number, pid_t parent)
{
	const struct worker_config config = {.config = s->config,
	        .path = s->path,
	        .sockets = s->slots[number].sockets,
	        .number = number,
	        .board = s->board};

	tie_to(parent, SIGTERM);
	close_sockets(s, &s->slots[number]);
	close_admin(s);
	_exit(worker_run(&config));
}

static void
run_admin(struct supervisor *s, pid_t parent)
{
	tie_to(parent, SIGUSR1);
	close_sockets(s, NULL);
	_exit(admin_run(s->board, s->admin_fd, s->config->sandbox));
}

/* False: not started, tried again later. The child itself does not return. */
static bool
start_child(struct supervisor *s, struct child *child)
{
	pid_t parent = getpid(); /* 1 in a container */
	pid_t pid = fork();

	if (pid == 0 && child == &s->admin)
		run_admin(s, parent);
	else if (pid == 0)
		run_worker(s, child_number(s, child), parent);
	child->started_ms = loop_now_ms();
	if (pid < 0) {
		log_line(LOG_ERROR, "event=fork-failed error=\"%s\"", strerror(errno));
		child->start_at_ms = child->started_ms + RESTART_PAUSE_MS;
		return false;
	}
	child->pid = pid;
	return true;
}

static void
start_worker(struct supervisor *s, unsigned number)
{
	struct child *child = &s->slots[number].child;

	if (!start_child(s, child))
		return;
	board_started(s->board, number, child->started_ms);
	log_line(LOG_INFO, "event=worker-started worker=%u pid=%d", number, (int)child->pid);
}

static bool
is_due(const struct child *child)
{
	return child->pid == 0 && loop_now_ms() >= child->start_at_ms;
}

static void
start_due(struct supervisor *s)
{
	for (unsigned i = 0; i < s->config->workers && !s->is_stopping; i++)
		if (is_due(&s->slots[i].child))
			start_worker(s, i);
	if (!s->is_stopping && s->config->has_admin && is_due(&s->admin))
		start_child(s, &s->admin);
}

static void
log_end(const char *who, unsigned number, int status)
{
	if (WIFSIGNALED(status))
		log_line(LOG_ERROR, "event=%s-died %s=%u signal=%d", who, who, number,
		        WTERMSIG(status));
	else
		log_line(LOG_ERROR, "event=%s-ended %s=%u status=%d", who, who, number,
		        WEXITSTATUS(status));
}

static void
bury(struct supervisor *s, struct child *child, int status)
{
	uint64_t now = loop_now_ms();
	bool was_young = now - child->started_ms < RESTART_PAUSE_MS, is_admin = child == &s->admin;

	child->pid = 0;
	child->start_at_ms = was_young ? now + RESTART_PAUSE_MS : now;
	if (WIFSIGNALED(status) || !s->is_stopping || WEXITSTATUS(status) != 0)
		log_end(is_admin ? "admin" : "worker", is_admin ? 0 : child_number(s, child),
		        status);
	if (is_admin)
		return;
	board_ended(s->board, child_number(s, child));
	s->has_failed = s->has_failed || (s->is_stopping && status != 0);
}

static void
reap(struct supervisor *s)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (unsigned i = 0; i < s->config->workers; i++)
			if (s->slots[i].child.pid == pid)
				bury(s, &s->slots[i].child, status);
		if (s->admin.pid == pid)
			bury(s, &s->admin, status);
	}
}

static bool
any_running(const struct supervisor *s)
{
	for (unsigned i = 0; i < s->config->workers; i++)
		if (s->slots[i].child.pid != 0)
			return true;
	return false;
}

static void
signal_all(const struct supervisor *s, int number)
{
	for (unsigned i = 0; i < s->config->workers; i++)
		if (s->slots[i].child.pid != 0)
			kill(s->slots[i].child.pid, number);
}

/* Checked here once before any worker looks at it; a worker that is started later begins with it. */
static void
reload(struct supervisor *s)
{
	char complaint[CONFIG_COMPLAINT_MAX] = "", kept[CONFIG_KEPT_MAX];
	struct config *next = NULL;
	enum sl_err err = config_reload(&next, s->config, s->path, complaint, kept);

	if (err != SL_OK) {
		log_reload_failed(-1, complaint, err);
		return;
	}
	if (kept[0] != '\0')
		log_line(LOG_WARN,
		        "event=restart-needed keys=\"%s\" mend=\"their values before stay until a "
		        "restart\"",
		        kept);
	config_free(s->reloaded);
	s->config = s->reloaded = next;
	log_line(LOG_INFO, "event=reload routes=%zu forward=%zu", next->route_count,
	        next->forward_count);
	signal_all(s, SIGHUP);
}

static void
on_signal(struct supervisor *s, int number)
{
	if (number == SIGHUP && !s->is_stopping)
		reload(s);
	if ((number != SIGTERM && number != SIGINT) || s->is_stopping)
		return;
	s->is_stopping = true;
	board_drain(s->board);
	s->kill_at_ms = loop_now_ms() + s->config->limits.drain_timeout + KILL_AFTER_MS;
	signal_all(s, SIGTERM);
}

/* It tells of the drain until the end. */
static void
stop_admin(struct supervisor *s)
{
	if (s->admin.pid == 0)
		return;
	kill(s->admin.pid, SIGUSR1);
	for (uint64_t end = loop_now_ms() + KILL_AFTER_MS; s->admin.pid != 0; reap(s)) {
		if (loop_now_ms() >= end)
			kill(s->admin.pid, SIGKILL);
		loop_wait_signal(TICK_MS);
	}
}

static void
supervise(struct supervisor *s)
{
	start_due(s);
	while (!s->is_stopping || any_running(s)) {
		on_signal(s, loop_wait_signal(TICK_MS));
		reap(s);
		start_due(s);
		if (s->is_stopping && loop_now_ms() >= s->kill_at_ms)
			signal_all(s, SIGKILL);
	}
	stop_admin(s);
	log_line(LOG_INFO, "event=stopped");
}

static bool
enter_sandbox(const struct supervisor *s)
{
	if (s->config->sandbox != SL_SANDBOX_ON)
		log_line(LOG_WARN, "event=no-sandbox mend=\"%s; write sandbox: on\"",
		        s->config->sandbox == SL_SANDBOX_LOG
		                ? "system calls beyond the list are logged by the kernel only"
		                : "every system call is allowed");
	return sandbox_enter(s->config->sandbox, SANDBOX_SUPERVISOR);
}

int
supervisor_run(const struct config *config, const char *path)
{
	struct supervisor *s = calloc(1, sizeof *s);
	int status = 1;

	if (s == NULL)
		return 1;
	s->config = config;
	s->path = path;
	loop_block_signals();
	if (board_new(&s->board, config->workers) == SL_OK && open_sockets(s) == SL_OK &&
	        enter_sandbox(s)) {
		supervise(s);
		status = s->has_failed ? 1 : 0;
	}
	close_sockets(s, NULL);
	close_admin(s);
	board_free(s->board);
	config_free(s->reloaded);
	free(s);
	return status;
}
