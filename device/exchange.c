/* SPDX-License-Identifier: BSD-2-Clause */
#include "exchange.h"

#include "progress.h"
#include "trace.h"

#include <sl/hash.h>
#include <sl/wipe.h>

#include <string.h>

#define BINDING_LABEL   32768 /* private use; docs/device.md */
#define BINDING_CONTEXT "EDHOC Unique"

void
exchange_clear(struct exchange *x)
{
	edhoc_run_free(x->run);
	x->run = NULL;
}

/* --- one run ---------------------------------------------------------------------------------- */

static void
on_message(void *arg, const struct edhoc_run_seen *seen)
{
	const struct exchange *x = arg;

	if (x->side->hooks.trace != NULL)
		trace_edhoc(x->side->hooks.trace, seen->is_ours ? TRACE_SENT : TRACE_RECEIVED,
		        seen->name, seen->bytes);
}

static enum sl_err
read_enrolled(const struct device *d, struct edhoc_own *own, int64_t now)
{
	struct complaint ignored;
	struct sl_buf key, certificate;
	enum sl_err err;

	sl_buf_init(&key, KEYSTORE_FILE_MAX);
	sl_buf_init(&certificate, KEYSTORE_FILE_MAX);
	err = keystore_read(&d->ks, KEYSTORE_KEY, &key, &ignored);
	if (err == SL_OK)
		err = keystore_read(&d->ks, KEYSTORE_CERT, &certificate, &ignored);
	if (err == SL_OK) {
		const struct edhoc_own_enrolled enrolled = {
		        sl_buf_view(&key), sl_buf_view(&certificate), d->edhoc.method, now};

		err = edhoc_own_load_enrolled(own, &enrolled, &ignored);
	}
	sl_buf_clear(&key);
	sl_buf_clear(&certificate);
	return err;
}

/* RFC 7030 section 4.2.2 and RFC 9148 section 4.3: the enrolled certificate renews itself. */
static bool
shows_enrolled(const struct device *d, struct edhoc_own *own, int64_t now)
{
	const struct sl_edhoc_profile *profile = &d->edhoc.profile;

	if (d->edhoc.words.keeps_to_this || d->enrolled_is_unwanted ||
	        read_enrolled(d, own, now) != SL_OK)
		return false;
	return edhoc_own_fits(own, d->edhoc.method, profile->suites, profile->suite_count);
}

static enum sl_err
new_run(struct exchange *x, const struct edhoc_own *own, int64_t now)
{
	const struct edhoc_setup *setup = &x->device->edhoc;
	struct edhoc_run_config config;
	enum sl_err err;

	edhoc_run_config_init(&config);
	config.profile = &setup->profile;
	config.method = setup->method;
	config.own = &own->credential;
	config.server = &setup->server;
	config.route = x->device->where.route;
	config.is_combined = setup->words.is_combined;
	config.outer_szx = x->outer_szx;
	config.timeout_ms = SL_DEVICE_TIMEOUT_DEFAULT_MS; /* the call ends it before */
	config.now = now;
	config.on_message = on_message;
	config.arg = x;
	err = sl_random(config.seed, sizeof config.seed);
	return err == SL_OK ? edhoc_run_new(&x->run, &config) : err;
}

static void
add_traffic(struct sl_device_traffic *sum, const struct sl_device_traffic *from,
        const struct sl_device_traffic *to)
{
	sum->datagrams_sent += to->datagrams_sent - from->datagrams_sent;
	sum->datagrams_received += to->datagrams_received - from->datagrams_received;
	sum->bytes_sent += to->bytes_sent - from->bytes_sent;
	sum->bytes_received += to->bytes_received - from->bytes_received;
}

static void
drive(struct exchange *x)
{
	const struct sl_device_traffic before = x->side->traffic;
	struct edhoc_run_counts counts;

	coap_side_run_edhoc(x->side, x->run);
	counts = edhoc_run_counts(x->run);
	for (size_t i = 0; i < 4; i++)
		x->messages[i] = (uint32_t)counts.messages[i];
	add_traffic(&x->traffic, &before, &x->side->traffic);
}

static enum sl_err
take_keys(struct exchange *x)
{
	struct device *d = x->device;
	enum sl_err err = edhoc_run_context(x->run, &d->ctx);

	if (err == SL_OK)
		err = edhoc_run_export(x->run, BINDING_LABEL, sl_span_text(BINDING_CONTEXT),
		        d->binding, sizeof d->binding);
	if (err != SL_OK)
		return err;
	d->has_context = true;
	progress_tell(&x->side->hooks, SL_DEVICE_EDHOC_DONE, 0,
	        "EDHOC: the server is authenticated, cipher suite %d",
	        edhoc_run_counts(x->run).suite);
	return SL_OK;
}

static enum exchange_outcome
outcome_of(struct exchange *x, struct complaint *why)
{
	static const enum exchange_outcome outcomes[] = {
	        [EDHOC_RUN_DONE] = EXCHANGE_ENDED,
	        [EDHOC_RUN_HALFWAY] = EXCHANGE_ENDED,
	        [EDHOC_RUN_REFUSED] = EXCHANGE_UNWANTED,
	        [EDHOC_RUN_UNWANTED] = EXCHANGE_UNWANTED,
	        [EDHOC_RUN_BAD_PEER] = EXCHANGE_BAD_PEER,
	        [EDHOC_RUN_SILENT] = EXCHANGE_SILENT,
	        [EDHOC_RUN_FAILED] = EXCHANGE_FAILED,
	};
	enum exchange_outcome outcome = outcomes[edhoc_run_outcome(x->run)];

	if (outcome != EXCHANGE_ENDED)
		(void)!complain(why, SL_EAUTH, "%s", edhoc_run_text(x->run));
	return outcome;
}

static enum exchange_outcome
run_once(struct exchange *x, const struct edhoc_own *own, uint64_t end_by_ms, struct complaint *why)
{
	struct moment now = coap_side_now();
	enum exchange_outcome outcome;
	enum sl_err err;

	exchange_clear(x);
	device_forget_context(x->device);
	x->runs++;
	x->runs_left--;
	progress_tell(&x->side->hooks, SL_DEVICE_EDHOC_BEGUN, 0, "EDHOC, method %d, with %s",
	        x->device->edhoc.method,
	        own == &x->device->edhoc.own ? "the provisioned credential"
	                                     : "the enrolled certificate");
	err = new_run(x, own, now.posix_s < EXCHANGE_CLOCK_FLOOR ? -1 : now.posix_s);
	if (err != SL_OK) {
		(void)!complain(why, err, "no randomness or no memory");
		return EXCHANGE_FAILED;
	}
	edhoc_run_start(x->run, now.ms);
	edhoc_run_end_by(x->run, end_by_ms);
	drive(x);
	outcome = outcome_of(x, why);
	if (outcome != EXCHANGE_ENDED)
		return outcome;
	err = take_keys(x);
	if (err != SL_OK)
		(void)!complain(why, err, "no OSCORE context comes of EDHOC: %s", sl_err_text(err));
	return err == SL_OK ? EXCHANGE_ENDED : EXCHANGE_FAILED;
}

/* --- a context -------------------------------------------------------------------------------- */

/* Of the two credentials the other one is shown next: a server that forgot the run looks like one
 * that refuses. Who refused message_1 has seen neither. */
static void
note_unwanted(struct exchange *x, enum exchange_outcome outcome)
{
	if (outcome == EXCHANGE_UNWANTED && edhoc_run_outcome(x->run) == EDHOC_RUN_UNWANTED)
		x->device->enrolled_is_unwanted = x->showed_enrolled;
}

static enum exchange_outcome
run_with_either(struct exchange *x, uint64_t end_by_ms, struct complaint *why)
{
	struct device *d = x->device;
	struct moment now = coap_side_now();
	struct edhoc_own enrolled;
	enum exchange_outcome outcome;

	edhoc_own_init(&enrolled);
	x->showed_enrolled =
	        shows_enrolled(d, &enrolled, now.posix_s < EXCHANGE_CLOCK_FLOOR ? -1 : now.posix_s);
	outcome = run_once(x, x->showed_enrolled ? &enrolled : &d->edhoc.own, end_by_ms, why);
	edhoc_own_clear(&enrolled);
	note_unwanted(x, outcome);
	return outcome;
}

/* Unwanted is tried once more: with the other credential, or because the server forgot us between
 * two messages. */
static enum exchange_outcome
make_context(struct exchange *x, uint64_t end_by_ms, struct complaint *why)
{
	enum exchange_outcome outcome = EXCHANGE_UNWANTED;

	while (outcome == EXCHANGE_UNWANTED && x->runs_left > 0)
		outcome = run_with_either(x, end_by_ms, why);
	return outcome;
}

static void
count_runs(struct exchange *x)
{
	if (!x->is_continued)
		x->runs_left = EXCHANGE_RUNS_MAX;
	x->is_continued = false;
}

enum exchange_outcome
exchange_prepare(struct exchange *x, uint64_t end_by_ms, struct complaint *why)
{
	enum exchange_outcome outcome = EXCHANGE_ENDED;

	count_runs(x);
	if (!x->device->has_context)
		outcome = make_context(x, end_by_ms, why);
	x->is_continued = outcome == EXCHANGE_ENDED;
	return outcome;
}

/* --- a request -------------------------------------------------------------------------------- */

static enum sl_err
ask(struct exchange *x, const struct inner_request *request, uint64_t end_by_ms)
{
	bool is_halfway = x->run != NULL && edhoc_run_outcome(x->run) == EDHOC_RUN_HALFWAY;
	enum sl_err err;

	session_combine(x->session, is_halfway ? edhoc_run_message_3(x->run) : sl_span(NULL, 0));
	err = session_start(x->session, request, coap_side_now().ms);
	if (err != SL_OK)
		return err;
	session_end_by(x->session, end_by_ms);
	coap_side_run(x->side, x->session, &x->device->ks);
	return SL_OK;
}

/* What is still unsaid about the new context after a request under it. */
static enum exchange_outcome
settle(struct exchange *x, uint64_t end_by_ms, struct complaint *why)
{
	const struct session_result *got = session_result(x->session);

	if (got->outcome == SESSION_EDHOC_ERROR &&
	        edhoc_run_on_error(x->run, got->edhoc_error) == SL_OK)
		return outcome_of(x, why);
	if (got->outcome != SESSION_UNCOMBINED && got->outcome != SESSION_EDHOC_ERROR) {
		if (got->outcome == SESSION_ANSWERED)
			edhoc_run_confirm(x->run);
		if (edhoc_run_outcome(x->run) != EDHOC_RUN_HALFWAY ||
		        got->outcome == SESSION_ANSWERED)
			exchange_clear(x);
		return EXCHANGE_ENDED;
	}
	edhoc_run_go_on(x->run, coap_side_now().ms);
	edhoc_run_end_by(x->run, end_by_ms);
	drive(x);
	return outcome_of(x, why);
}

/* The server has not, or no more, the context. */
static bool
is_forgotten(const struct exchange *x)
{
	const struct session_result *got = session_result(x->session);

	return x->device->is_edhoc &&
	       (got->outcome == SESSION_EXHAUSTED ||
	               (got->outcome == SESSION_HINTED && got->hint_code == SL_COAP_UNAUTHORIZED));
}

/* Whether the request is to be asked once more. */
static bool
is_to_be_repeated(struct exchange *x, bool was_combined, enum exchange_outcome *outcome)
{
	bool is_over = is_forgotten(x) || *outcome == EXCHANGE_UNWANTED;

	if (*outcome == EXCHANGE_ENDED && was_combined && !is_over)
		return true; /* message_3 went alone, now the request with a new number */
	if (!is_over)
		return false;
	note_unwanted(x, *outcome);
	exchange_clear(x);
	device_forget_context(x->device);
	if (x->runs_left == 0)
		return false;
	if (!x->is_bound)
		return true;
	*outcome = EXCHANGE_RENEWED;
	x->is_continued = true;
	return false;
}

enum exchange_outcome
exchange_run(struct exchange *x, const struct inner_request *request, uint64_t end_by_ms,
        struct complaint *why)
{
	enum exchange_outcome outcome;
	bool was_combined;

	count_runs(x);
	do {
		outcome = EXCHANGE_ENDED;
		if (!x->device->has_context)
			outcome = make_context(x, end_by_ms, why);
		if (outcome != EXCHANGE_ENDED)
			return outcome;
		if (ask(x, request, end_by_ms) != SL_OK) {
			(void)!complain(why, SL_EMALFORMED, "this request cannot be");
			return EXCHANGE_FAILED;
		}
		was_combined = session_result(x->session)->outcome == SESSION_UNCOMBINED ||
		               session_result(x->session)->outcome == SESSION_EDHOC_ERROR;
		if (x->run != NULL)
			outcome = settle(x, end_by_ms, why);
	} while (is_to_be_repeated(x, was_combined, &outcome));
	return outcome;
}
