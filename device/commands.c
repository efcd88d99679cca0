/* SPDX-License-Identifier: BSD-2-Clause */
#include "commands.h"

#include "coap_side.h"
#include "show.h"
#include "work.h"

#include <string.h>
#include <unistd.h>

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

	return sl_device_open(&w->device, &options, &w->why) == SL_OK
	               ? EXIT_DONE
	               : work_fail(w, EXIT_CONFIGURATION);
}

/* --- what asks the server -------------------------------------------------------------------- */

static int
fail_call(struct work *w)
{
	const struct sl_device_result *r = sl_device_result(w->device);

	snprintf(w->why.text, sizeof w->why.text, "%s%s", r->text,
	        r->outcome == SL_DEVICE_ENROLLED ? "; use reenroll, or enroll --force" : "");
	return work_fail(w, r->outcome == SL_DEVICE_MISUSED ? EXIT_CONFIGURATION : EXIT_FAILED);
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
	if (w->o->is_json)
		show_traffic(&w->report, r);
	if (!w->o->is_json)
		(void)report_print(&w->report, stderr);
	else if (work_done(w) != EXIT_DONE)
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
	show_traffic(&w->report, r);
	return work_done(w);
}

static int
report_enrolment(struct work *w, enum sl_device_outcome outcome)
{
	const struct sl_device_result *r = sl_device_result(w->device);

	if (outcome != SL_DEVICE_DONE)
		return fail_call(w);
	work_report_done(w);
	if (w->o->command == COMMAND_CRTS)
		show_certs(&w->report, "anchors", r->anchors, r->anchor_count);
	else
		show_cert(&w->report, r->certificates[0]);
	report_number(&w->report, "requests", r->protected_requests);
	show_traffic(&w->report, r);
	return work_done(w);
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
	        .is_rekey = o->is_rekey,
	        .is_bound = o->edhoc.is_bound};

	return wish;
}

static int
run_enroll(struct work *w)
{
	const struct sl_device_enrolment wish = wish_of(w->o);

	if (w->o->is_edhoc && !sl_device_show(w->device)->is_edhoc) {
		snprintf(w->why.text, sizeof w->why.text,
		        "%.200s: has a pre-shared context; leave --edhoc out, or take another "
		        "directory",
		        w->o->state);
		return work_fail(w, EXIT_CONFIGURATION);
	}
	return report_enrolment(w, sl_device_enroll(w->device, &wish));
}

static int
run_reenroll(struct work *w)
{
	const struct sl_device_enrolment wish = wish_of(w->o);

	return report_enrolment(w, sl_device_reenroll(w->device, &wish));
}

/* --- local ----------------------------------------------------------------------------------- */

static enum sl_err
make_state(struct work *w)
{
	const struct options *o = w->o;
	const struct sl_device_where where = {
	        o->where.server, o->where.target, o->where.path, o->where.root};

	return o->is_edhoc ? sl_device_init_edhoc(o->state, &o->edhoc, &where, &w->why)
	                   : sl_device_init(o->state, o->provisioning, &where, &w->why);
}

static int
run_init(struct work *w)
{
	enum sl_err err = make_state(w);

	if (err != SL_OK)
		return work_fail(w, err == SL_EIO ? EXIT_FAILED : EXIT_CONFIGURATION);
	work_report_done(w);
	report_text(&w->report, "state", w->o->state);
	return work_done(w);
}

/* enroll --edhoc: a directory that is there goes on as it is. */
static int
prepare(struct work *w)
{
	enum sl_err err;

	if (w->o->command != COMMAND_ENROLL || !w->o->is_edhoc)
		return EXIT_DONE;
	err = make_state(w);
	if (err == SL_EREPLAY)
		report_step(&w->report, "%s is there already; what it was made with holds",
		        w->o->state);
	else if (err != SL_OK)
		return work_fail(w, err == SL_EIO ? EXIT_FAILED : EXIT_CONFIGURATION);
	return EXIT_DONE;
}

static int
run_show(struct work *w)
{
	show_state(&w->report, sl_device_show(w->device));
	return work_done(w);
}

static int
run_check(struct work *w)
{
	const struct sl_device_state *s = sl_device_show(w->device);

	if (s->check == SL_OK || (s->check == SL_ENOTFOUND && !s->has_certificate)) {
		work_report_done(w);
		return work_done(w);
	}
	snprintf(w->why.text, sizeof w->why.text, "%s", s->problem);
	return work_fail(w, EXIT_CONFIGURATION);
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
		return work_fail(w, EXIT_FAILED);
	}
	work_report_done(w);
	report_number(&w->report, "round-trip-ms", round_trip_ms);
	return work_done(w);
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
		return work_fail_because(w, &why, EXIT_CONFIGURATION);
	if (coap_side_open(&side, &where.server, &why) != SL_OK)
		return work_fail_because(w, &why, EXIT_FAILED);
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
	        [COMMAND_KEYGEN] = {keygen_run, false},
	        [COMMAND_CREDENTIAL] = {credential_run, false},
	        [COMMAND_CHECK] = {run_check, true},
	};
	struct work w = {.o = o};
	int status;

	report_init(&w.report, o->is_json, isatty(STDERR_FILENO) || o->is_traced);
	status = prepare(&w);
	if (status == EXIT_DONE && rows[o->command].is_open)
		status = open_device(&w);
	if (status == EXIT_DONE)
		status = rows[o->command].run(&w);
	sl_device_close(w.device);
	sl_buf_clear(&w.report.out);
	return status;
}
