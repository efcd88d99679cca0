/* SPDX-License-Identifier: BSD-2-Clause */
#include "commands.h"

#include "coap_side.h"
#include "credentials.h"
#include "device.h"
#include "enrolment.h"
#include "report.h"
#include "show.h"

#include <sl/est.h>
#include <sl/hash.h>
#include <sl/text.h>

#include <string.h>
#include <unistd.h>

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_CONFIGURATION = 2 };

#define LINKS_MAX 32

/* What a command works with; only what it needs is open. */
struct work {
	const struct options *o;
	struct report report;
	struct device device;
	struct coap_side side;
	struct session *session;
	struct complaint why;
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
open_state(struct work *w)
{
	if (device_open(&w->device, w->o->state, &w->why) != SL_OK)
		return fail(w, EXIT_CONFIGURATION);
	return EXIT_DONE;
}

static int
open_link(struct work *w)
{
	struct session_config config;
	int status = open_state(w);

	if (status != EXIT_DONE)
		return status;
	session_config_init(&config);
	config.route = w->device.where.route;
	config.inner_szx = w->o->inner_szx;
	config.outer_szx = w->o->outer_szx;
	config.timeout_ms = w->o->timeout_ms != 0 ? w->o->timeout_ms : TIMEOUT_DEFAULT_MS;
	if (sl_random(config.seed, sizeof config.seed) != SL_OK ||
	        session_new(&w->session, &w->device.ctx, &config) != SL_OK) {
		(void)!complain(&w->why, SL_EIO, "no randomness or no memory");
		return fail(w, EXIT_FAILED);
	}
	w->side.trace = w->o->is_traced ? stderr : NULL;
	if (coap_side_open(&w->side, &w->device.where.server, &w->why) != SL_OK)
		return fail(w, EXIT_FAILED);
	return EXIT_DONE;
}

/* --- one protected request ------------------------------------------------------------------- */

/* What the shell knows beside the outcome. */
static void
add_circumstances(struct work *w)
{
	size_t used = strlen(w->why.text);
	char *end = w->why.text + used;

	if (w->side.store_errno != 0)
		snprintf(end, sizeof w->why.text - used,
		        " (sequence numbers cannot be kept in %s: %s)", w->o->state,
		        strerror(w->side.store_errno));
	else if (w->side.is_unreachable)
		snprintf(end, sizeof w->why.text - used, " (the network says: unreachable)");
}

static int
fail_result(struct work *w, const struct session_result *result)
{
	char code[5] = "";

	if (result->hint_code != 0)
		sl_coap_code_text(code, result->hint_code);
	(void)!complain(&w->why, SL_ETIMEOUT, "%s%s%s%s%s", session_outcome_text(result->outcome),
	        code[0] != '\0' ? "; unprotected " : "", code,
	        result->hint_text[0] != '\0' ? " " : "", result->hint_text);
	add_circumstances(w);
	return fail(w, EXIT_FAILED);
}

static int
ask(struct work *w, const struct inner_request *request)
{
	const struct session_result *result;

	report_step(&w->report, "asking %s", request->path);
	if (session_start(w->session, request, coap_side_now().ms) != SL_OK) {
		(void)!complain(&w->why, SL_EMALFORMED, "\"%s\" cannot be a path", request->path);
		return fail(w, EXIT_CONFIGURATION);
	}
	coap_side_run(&w->side, w->session, &w->device.ks);
	result = session_result(w->session);
	return result->outcome == SESSION_ANSWERED ? EXIT_DONE : fail_result(w, result);
}

static void
report_answer(struct work *w, const struct inner_answer *a)
{
	char code[5];

	sl_coap_code_text(code, a->code);
	report_text(&w->report, "command", options_command_name(w->o->command));
	report_text(&w->report, "code", code);
	if (a->has_format)
		report_number(&w->report, "format", a->format);
}

static int
run_get(struct work *w)
{
	struct inner_request request = {.code = SL_COAP_GET,
	        .path = w->o->get_path,
	        .has_accept = w->o->has_accept,
	        .accept = w->o->accept};
	const struct inner_answer *a;
	int status = open_link(w);

	if (status == EXIT_DONE)
		status = ask(w, &request);
	if (status != EXIT_DONE)
		return status;
	a = &session_result(w->session)->answer;
	if (w->o->is_json) {
		report_answer(w, a);
		report_bytes(&w->report, "body", a->body);
		status = done(w);
	} else if (SL_COAP_CODE_CLASS(a->code) == 2) {
		status = fwrite(a->body.ptr, 1, a->body.len, stdout) == a->body.len &&
		                         fflush(stdout) == 0
		                 ? EXIT_DONE
		                 : EXIT_FAILED;
	} else {
		report_answer(w, a);
		report_bytes(&w->report, "text", a->body);
		(void)report_print(&w->report, stderr);
	}
	return SL_COAP_CODE_CLASS(a->code) == 2 ? status : EXIT_FAILED;
}

static void
report_link(struct report *r, const struct sl_est_found *link)
{
	report_item_open(r);
	report_bytes(r, "target", link->target);
	report_bytes(r, "rt", link->rt);
	report_bytes(r, "ct", link->ct);
	report_flag(r, "osc", link->osc);
	report_item_close(r);
}

static int
run_discover(struct work *w)
{
	struct inner_request request = {.code = SL_COAP_GET,
	        .path = "/.well-known/core?rt=ace.est*",
	        .has_accept = true,
	        .accept = SL_EST_LINK_FORMAT};
	struct sl_est_found links[LINKS_MAX];
	const struct inner_answer *a;
	size_t count = LINKS_MAX;
	int status = open_link(w);

	if (status == EXIT_DONE)
		status = ask(w, &request);
	if (status != EXIT_DONE)
		return status;
	a = &session_result(w->session)->answer;
	report_answer(w, a);
	if (a->code != SL_COAP_CONTENT || sl_est_links_decode(a->body, links, &count) != SL_OK) {
		(void)!complain(&w->why, SL_EMALFORMED, "the server gives no list of links");
		return fail(w, EXIT_FAILED);
	}
	report_list_open(&w->report, "links");
	for (size_t i = 0; i < count; i++)
		report_link(&w->report, &links[i]);
	report_list_close(&w->report);
	return done(w);
}

/* --- enrolment ------------------------------------------------------------------------------- */

static int
fail_enrol(struct work *w, const struct enrol *e)
{
	char code[5] = "";
	enum enrol_outcome outcome = enrol_outcome(e);

	if (enrol_code(e) != 0)
		sl_coap_code_text(code, enrol_code(e));
	(void)!complain(&w->why, SL_EAUTH, "%s%s%s%s%s%s", enrol_outcome_text(outcome),
	        code[0] != '\0' ? "; " : "", code, enrol_text(e)[0] != '\0' ? ": " : "",
	        enrol_text(e),
	        outcome == ENROL_LATER || outcome == ENROL_NO_ANSWER
	                ? " (key and request are kept: run the command again)"
	                : "");
	add_circumstances(w);
	return fail(w, EXIT_FAILED);
}

static int
report_enrol(struct work *w, const struct enrol *e)
{
	struct session_counts counts = session_counts(w->session);

	report_text(&w->report, "command", options_command_name(w->o->command));
	report_text(&w->report, "outcome", "done");
	if (w->o->command == COMMAND_CRTS)
		show_certs(&w->report, "anchors", enrol_anchors(e));
	else
		show_cert(&w->report, certs_at(enrol_issued(e), 0));
	report_number(&w->report, "requests", counts.protected_requests);
	return done(w);
}

static int
run_enrolment(struct work *w, enum enrol_operation operation)
{
	struct enrolment run = {.device = &w->device,
	        .side = &w->side,
	        .session = w->session,
	        .report = &w->report,
	        .wish = {operation, w->o->common_name, w->o->key_type, w->o->is_rekey},
	        .config = {.operation = operation,
	                .root = w->device.where.root,
	                .accept = w->o->has_accept ? w->o->accept : SL_EST_PKCS7_CERTS,
	                .give_up_ms =
	                        w->o->timeout_ms != 0 ? w->o->timeout_ms : TIMEOUT_DEFAULT_MS}};
	struct enrol *e;
	int status;

	if (run.wish.common_name == NULL)
		run.wish.common_name = w->device.identity;
	if (sl_random(run.config.seed, sizeof run.config.seed) != SL_OK ||
	        enrolment_run(&run, &e, &w->why) != SL_OK)
		return fail(w, EXIT_FAILED);
	status = enrol_outcome(e) == ENROL_DONE ? report_enrol(w, e) : fail_enrol(w, e);
	enrol_free(e);
	return status;
}

static int
run_crts(struct work *w)
{
	int status = open_link(w);

	return status == EXIT_DONE ? run_enrolment(w, ENROL_CRTS) : status;
}

static int
run_enroll(struct work *w)
{
	int status = open_link(w);

	if (status != EXIT_DONE)
		return status;
	if (!w->o->is_forced &&
	        credentials_check(&w->device.ks, coap_side_now().posix_s, &w->why) == SL_OK) {
		(void)!complain(&w->why, SL_EREPLAY,
		        "there is a valid certificate already; use reenroll, or enroll --force");
		return fail(w, EXIT_FAILED);
	}
	return run_enrolment(w, ENROL_SEN);
}

static int
run_reenroll(struct work *w)
{
	int status = open_link(w);

	return status == EXIT_DONE ? run_enrolment(w, ENROL_SREN) : status;
}

/* --- local, and ping ------------------------------------------------------------------------- */

static int
run_init(struct work *w)
{
	enum sl_err err = device_init(w->o->state, w->o->provisioning, &w->o->where, &w->why);

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
	int status = open_state(w);

	if (status != EXIT_DONE)
		return status;
	if (show_device(&w->report, &w->device, coap_side_now().posix_s, &w->why) != SL_OK)
		report_text(&w->report, "problem", w->why.text);
	return done(w);
}

static int
run_check(struct work *w)
{
	enum sl_err err;
	int status = open_state(w);

	if (status != EXIT_DONE)
		return status;
	err = credentials_check(&w->device.ks, coap_side_now().posix_s, &w->why);
	if (err != SL_OK && keystore_has(&w->device.ks, KEYSTORE_CERT))
		return fail(w, EXIT_CONFIGURATION);
	report_text(&w->report, "command", "check");
	report_text(&w->report, "outcome", "done");
	return done(w);
}

static int
open_ping(struct work *w)
{
	struct settings where;
	enum sl_err err;

	if (w->o->where.server == NULL) {
		int status = open_state(w);

		if (status != EXIT_DONE)
			return status;
		where = w->device.where;
	} else if (settings_check(&where, &w->o->where, &w->why) != SL_OK) {
		return fail(w, EXIT_CONFIGURATION);
	}
	w->side.trace = w->o->is_traced ? stderr : NULL;
	err = coap_side_open(&w->side, &where.server, &w->why);
	return err == SL_OK ? EXIT_DONE : fail(w, EXIT_FAILED);
}

static int
run_ping(struct work *w)
{
	uint64_t timeout_ms = w->o->timeout_ms != 0 ? w->o->timeout_ms : PING_TIMEOUT_MS;
	uint64_t round_trip_ms;
	int status = open_ping(w);

	if (status != EXIT_DONE)
		return status;
	if (coap_side_ping(&w->side, timeout_ms, &round_trip_ms) != SL_OK) {
		(void)!complain(&w->why, SL_ETIMEOUT, "no answer to the ping");
		add_circumstances(w);
		return fail(w, EXIT_FAILED);
	}
	report_text(&w->report, "command", "ping");
	report_text(&w->report, "outcome", "done");
	report_number(&w->report, "round-trip-ms", round_trip_ms);
	return done(w);
}

int
commands_run(const struct options *o)
{
	static int (*const runs[])(struct work *) = {
	        [COMMAND_INIT] = run_init,
	        [COMMAND_DISCOVER] = run_discover,
	        [COMMAND_CRTS] = run_crts,
	        [COMMAND_ENROLL] = run_enroll,
	        [COMMAND_REENROLL] = run_reenroll,
	        [COMMAND_SHOW] = run_show,
	        [COMMAND_PING] = run_ping,
	        [COMMAND_GET] = run_get,
	        [COMMAND_CHECK] = run_check,
	};
	struct work w = {.o = o, .device = {.ks = {.files = {.dir = -1}, .lock = -1}}};
	int status;

	report_init(&w.report, o->is_json, isatty(STDERR_FILENO) || o->is_traced);
	status = runs[o->command](&w);
	session_free(w.session);
	coap_side_close(&w.side);
	device_close(&w.device);
	sl_buf_clear(&w.report.out);
	return status;
}
