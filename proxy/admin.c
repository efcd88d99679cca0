/* SPDX-License-Identifier: BSD-2-Clause
 * Three paths; everything else is 404. */
#include "admin.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "admin_side.h"
#include "log.h"
#include "sandbox.h"

#define BACKLOG         16
#define DESCRIPTORS_MAX 64

struct admin {
	const struct board *board;
	struct loop *loop;
	struct admin_side *side;
	uint8_t text[METRICS_TEXT_MAX];
};

enum sl_err
admin_open(int *fd, struct address *local, const struct address *listen_at)
{
	int one = 1, got, saved;
	struct sockaddr_storage name = {0};
	socklen_t len = address_to_socket(&name, listen_at);

	got = socket(name.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (got < 0)
		return SL_EIO;
	if (setsockopt(got, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0 &&
	        bind(got, (const struct sockaddr *)&name, len) == 0 && listen(got, BACKLOG) == 0) {
		len = sizeof name;
		if (getsockname(got, (struct sockaddr *)&name, &len) == 0 &&
		        address_from_socket(local, (const struct sockaddr *)&name, len)) {
			*fd = got;
			return SL_OK;
		}
	}
	saved = errno;
	close(got);
	errno = saved;
	return SL_EIO;
}

static void
say(struct admin_answer *answer, const char *fault)
{
	answer->status = fault == NULL ? 200 : 503;
	answer->body = sl_span_text(fault == NULL ? "ok" : fault);
}

static void
tell_metrics(struct admin *a, struct admin_answer *answer)
{
	struct sl_writer w = sl_writer_over(a->text, sizeof a->text);
	uint64_t cells[METRICS_CELLS_MAX];
	struct metrics_process process;

	board_sum(a->board, cells, &process);
	answer->status = metrics_write(&w, cells, &process) == SL_OK ? 200 : 500;
	answer->content_type = "text/plain; version=0.0.4; charset=utf-8";
	answer->body = sl_writer_span(&w);
}

static void
on_question(void *ctx, const char *path, struct admin_answer *answer)
{
	struct admin *a = ctx;

	if (strcmp(path, "/metrics") == 0)
		tell_metrics(a, answer);
	else if (strcmp(path, "/healthz") == 0)
		say(answer, board_illness(a->board, loop_now_ms()));
	else if (strcmp(path, "/readyz") == 0)
		say(answer, board_unready(a->board, loop_now_ms()));
}

static void
on_stop(void *ctx)
{
	struct admin *a = ctx;

	loop_stop(a->loop);
}

static void
after_turn(void *ctx)
{
	(void)ctx;
}

static enum sl_err
start(struct admin *a, int fd)
{
	struct admin_side_config side = {.fd = fd, .on_question = on_question, .ctx = a};
	enum sl_err err;

	a->loop = loop_new();
	if (a->loop == NULL)
		return SL_ENOMEM;
	side.loop = a->loop;
	err = admin_side_new(&a->side, &side);
	if (err == SL_OK)
		err = loop_on_signal(a->loop, SIGUSR1, on_stop, a);
	return err;
}

int
admin_run(struct board *board, int fd, enum sl_sandbox_mode sandbox)
{
	const struct rlimit few = {DESCRIPTORS_MAX, DESCRIPTORS_MAX};
	struct admin a = {.board = board};
	enum sl_err err;

	setrlimit(RLIMIT_NOFILE, &few);
	board_seal(board);
	err = start(&a, fd);
	if (err == SL_OK && !sandbox_enter(sandbox, SANDBOX_ADMIN))
		err = SL_EIO;
	if (err == SL_OK)
		loop_run(a.loop, after_turn, &a);
	else
		log_line(LOG_ERROR, "event=start-failed admin=yes error=\"%s\"", sl_err_text(err));
	admin_side_free(a.side);
	loop_free(a.loop);
	return err == SL_OK ? 0 : 1;
}
