/* SPDX-License-Identifier: BSD-2-Clause */
#include "commands.h"

#include "coap_side.h"
#include "report.h"
#include "show.h"

#include <sl/device.h>

#include <string.h>
#include <unistd.h>

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_CONFIGURATION = 2 };

/* What a command works with; only what it needs is open. */
struct work {
	const struct options *o;
	struct report report;
	struct sl_device *device;
	struct sl_device_why why;
};

static int
fail(struct work *w, int status)
{
	fprintf(stderr, "sealift-device: %s\n", w->why.text);
	if (!w->o->is_json)
		return status;
	sl_buf_clear(&w->report.out);
	report_text(&w->report, "command", options_command_name(w->o->command));
	report_text(&w->report, "outcome", "failed");
	report_text(&w->report, "text", w->why.text);
	(void)report_print(&w->report, stdout);
	return status;
}

static int
done(struct work *w)
{
	if (report_print(&w->report, stdout))
		return EXIT_DONE;
	fputs("sealift-device: cannot write the result\n", stderr);
	return EXIT_FAILED;
}

static int
done_simply(struct work *w)
{
	report_text(&w->report, "command", options_command_name(w->o->command));
	report_text(&w->report, "outcome", "done");
	return done(w);
}

static void
on_progress(void *arg, const struct sl_device_progress *progress)
{
	report_step(arg, "%s", progress->text);
}

static int
open_device(struct work *w)
{
	const struct sl_device_options options = {
	        .state = w->o->state,
	        .block_size = sl_coap_block_size(w->o->inner_szx),
	        .outer_block_size = sl_coap_block_size(w->o->outer_szx),
	        .hooks = {.on_progress = on_progress,
	                .arg = &w->report,
	                .trace = w->o->is_traced ? stderr : NULL},
	};

	return sl_device_open(&w->device, &options, &w->why) == SL_OK ? EXIT_DONE
	                                                              : fail(w, EXIT_CONFIGURATION);
}

/* --- what asks the server -------------------------------------------------------------------- */

static int
fail_call(struct work *w)
{
	const struct sl_device_result *r = sl_device_result(w->device);

	snprintf(w->why.text, sizeof w->why.text, "%s%s", r->text,
	        r->outcome == SL_DEVICE_ENROLLED ? "; use reenroll, or enroll --force" : "");
	return fail(w, r->outcome == SL_DEVICE_MISUSED ? EXIT_CONFIGURATION : EXIT_FAILED);
}

static void
report_answer(struct work *w, const struct sl_device_result *r)
{
	char code[5];

	sl_coap_code_text(code, r->code);
	report_text(&w->report, "command", options_command_name(w->o->command));
	report_text(&w->report, "code", code);
	if (r->has_format)
		report_number(&w->report, "format", r->format);
}

static int
write_body(struct sl_span body)
{
	return fwrite(body.ptr, 1, body.len, stdout) == body.len && fflush(stdout) == 0
	               ? EXIT_DONE
	               : EXIT_FAILED;
}

static int
run_get(struct work *w)
{
	const struct sl_device_request request = {.timeout_ms = w->o->timeout_ms,
	        .path = w->o->get_path,
	        .has_accept = w->o->has_accept,
	        .accept = w->o->accept};
	enum sl_device_outcome outcome = sl_device_get(w->device, &request);
	const struct sl_device_result *r = sl_device_result(w->device);

	if (outcome != SL_DEVICE_DONE && outcome != SL_DEVICE_REFUSED)
		return fail_call(w);
	if (outcome == SL_DEVICE_DONE && !w->o->is_json)
		return write_body(r->body);
	report_answer(w, r);
	report_bytes(&w->report, w->o->is_json ? "body" : "text", r->body);
	if (!w->o->is_json)
		(void)report_print(&w->report, stderr);
	else if (done(w) != EXIT_DONE)
		return EXIT_FAILED;
	return outcome == SL_DEVICE_DONE ? EXIT_DONE : EXIT_FAILED;
}

static int
run_discover(struct work *w)
{
	const struct sl_device_result *r = sl_device_result(w->device);

	if (sl_device_discover(w->device, w->o->timeout_ms) != SL_DEVICE_DONE)
		return fail_call(w);
	report_answer(w, r);
	report_list_open(&w->report, "links");
	for (size_t i = 0; i < r->link_count; i++)
		show_link(&w->report, &r->links[i]);
	report_list_close(&w->report);
	return done(w);
}

static int
report_enrolment(struct work *w, enum sl_device_outcome outcome)
{
	const struct sl_device_result *r = sl_device_result(w->device);

	if (outcome != SL_DEVICE_DONE)
		return fail_call(w);
	report_text(&w->report, "command", options_command_name(w->o->command));
	report_text(&w->report, "outcome", "done");
	if (w->o->command == COMMAND_CRTS)
		show_certs(&w->report, "anchors", r->anchors, r->anchor_count);
	else
		show_cert(&w->report, r->certificates[0]);
	report_number(&w->report, "requests", r->protected_requests);
	return done(w);
}

static int
run_crts(struct work *w)
{
	return report_enrolment(w, sl_device_crts(w->device, w->o->timeout_ms));
}

static struct sl_device_enrolment
wish_of(const struct options *o)
{
	static const enum sl_device_key keys[] = {
	        [SL_PKEY_P256] = SL_DEVICE_KEY_P256,
	        [SL_PKEY_P384] = SL_DEVICE_KEY_P384,
	        [SL_PKEY_ED25519] = SL_DEVICE_KEY_ED25519,
	};
	struct sl_device_enrolment wish = {.timeout_ms = o->timeout_ms,
	        .accept = o->accept,
	        .key = keys[o->key_type],
	        .common_name = o->common_name,
	        .is_forced = o->is_forced,
	        .is_rekey = o->is_rekey};

	return wish;
}

static int
run_enroll(struct work *w)
{
	const struct sl_device_enrolment wish = wish_of(w->o);

	return report_enrolment(w, sl_device_enroll(w->device, &wish));
}

static int
run_reenroll(struct work *w)
{
	const struct sl_device_enrolment wish = wish_of(w->o);

	return report_enrolment(w, sl_device_reenroll(w->device, &wish));
}

/* --- local ----------------------------------------------------------------------------------- */

static int
run_init(struct work *w)
{
	const struct sl_device_where where = {
	        w->o->where.server, w->o->where.target, w->o->where.path, w->o->where.root};
	enum sl_err err = sl_device_init(w->o->state, w->o->provisioning, &where, &w->why);

	if (err != SL_OK)
		return fail(w, err == SL_EIO ? EXIT_FAILED : EXIT_CONFIGURATION);
	report_text(&w->report, "command", "init");
	report_text(&w->report, "outcome", "done");
	report_text(&w->report, "state", w->o->state);
	return done(w);
}

static int
run_show(struct work *w)
{
	show_state(&w->report, sl_device_show(w->device));
	return done(w);
}

static int
run_check(struct work *w)
{
	const struct sl_device_state *s = sl_device_show(w->device);

	if (s->check == SL_OK || (s->check == SL_ENOTFOUND && !s->has_certificate))
		return done_simply(w);
	snprintf(w->why.text, sizeof w->why.text, "%s", s->problem);
	return fail(w, EXIT_CONFIGURATION);
}

/* --- ping, which needs no state -------------------------------------------------------------- */

static enum sl_err
find_server(struct work *w, struct settings *where, struct complaint *why)
{
	struct settings_words words = w->o->where;

	if (w->device != NULL)
		words.server = sl_device_show(w->device)->server;
	return settings_check(where, &words, why);
}

static int
ping(struct work *w, struct coap_side *side)
{
	uint64_t timeout_ms = w->o->timeout_ms != 0 ? w->o->timeout_ms : PING_TIMEOUT_MS;
	uint64_t round_trip_ms;

	if (coap_side_ping(side, timeout_ms, &round_trip_ms) != SL_OK) {
		snprintf(w->why.text, sizeof w->why.text, "no answer to the ping%s",
		        side->is_unreachable ? " (the network says: unreachable)" : "");
		return fail(w, EXIT_FAILED);
	}
	report_text(&w->report, "command", "ping");
	report_text(&w->report, "outcome", "done");
	report_number(&w->report, "round-trip-ms", round_trip_ms);
	return done(w);
}

static int
fail_because(struct work *w, const struct complaint *why, int status)
{
	snprintf(w->why.text, sizeof w->why.text, "%s", why->text);
	return fail(w, status);
}

static int
run_ping(struct work *w)
{
	struct coap_side side = {.hooks = {.trace = w->o->is_traced ? stderr : NULL}};
	struct settings where;
	struct complaint why;
	int status = w->o->where.server == NULL ? open_device(w) : EXIT_DONE;

	if (status != EXIT_DONE)
		return status;
	if (find_server(w, &where, &why) != SL_OK)
		return fail_because(w, &why, EXIT_CONFIGURATION);
	if (coap_side_open(&side, &where.server, &why) != SL_OK)
		return fail_because(w, &why, EXIT_FAILED);
	status = ping(w, &side);
	coap_side_close(&side);
	return status;
}

int
commands_run(const struct options *o)
{
	static const struct {
		int (*run)(struct work *w);
		bool is_open;
	} rows[] = {
	        [COMMAND_INIT] = {run_init, false},
	        [COMMAND_DISCOVER] = {run_discover, true},
	        [COMMAND_CRTS] = {run_crts, true},
	        [COMMAND_ENROLL] = {run_enroll, true},
	        [COMMAND_REENROLL] = {run_reenroll, true},
	        [COMMAND_SHOW] = {run_show, true},
	        [COMMAND_PING] = {run_ping, false},
	        [COMMAND_GET] = {run_get, true},
	        [COMMAND_CHECK] = {run_check, true},
	};
	struct work w = {.o = o};
	int status = EXIT_DONE;

	report_init(&w.report, o->is_json, isatty(STDERR_FILENO) || o->is_traced);
	if (rows[o->command].is_open)
		status = open_device(&w);
	if (status == EXIT_DONE)
		status = rows[o->command].run(&w);
	sl_device_close(w.device);
	sl_buf_clear(&w.report.out);
	return status;
}
