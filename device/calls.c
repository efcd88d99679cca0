/* SPDX-License-Identifier: BSD-2-Clause
 * The calls of <sl/device.h> that ask the server: arguments in, the parts at work, results out.
 * What the parts decide is not decided here. */
#include "credentials.h"
#include "enrolment.h"
#include "library.h"
#include "progress.h"

#include <sl/est.h>
#include <sl/hash.h>
#include <sl/text.h>
#include <sl/x509.h>

#include <string.h>

#define TIMEOUT_MAX_MS (1ULL << 60) /* so that no sum of times overflows */

const char *
sl_device_outcome_text(enum sl_device_outcome outcome)
{
	static const char *const texts[] = {
	        [SL_DEVICE_DONE] = "done",
	        [SL_DEVICE_ENROLLED] = "there is a valid certificate already",
	        [SL_DEVICE_REFUSED] = "the server refuses",
	        [SL_DEVICE_LATER] = "the server asks to come back later",
	        [SL_DEVICE_NO_ANSWER] = "no authentic answer in time",
	        [SL_DEVICE_BAD_ANSWER] = "the answer is not acceptable",
	        [SL_DEVICE_EXHAUSTED] = "all sequence numbers are used",
	        [SL_DEVICE_CANCELLED] = "cancelled",
	        [SL_DEVICE_MISUSED] = "an argument cannot be",
	        [SL_DEVICE_FAILED] = "a local failure",
	        [SL_DEVICE_BAD_PEER] = "the server is not who it should be",
	        [SL_DEVICE_UNWANTED] = "the server does not want this device",
	};

	return texts[outcome];
}

static uint64_t
timeout_of(uint64_t timeout_ms)
{
	if (timeout_ms == 0)
		return SL_DEVICE_TIMEOUT_DEFAULT_MS;
	return timeout_ms < TIMEOUT_MAX_MS ? timeout_ms : TIMEOUT_MAX_MS;
}

/* The end of every call that asks, however it came. */
static enum sl_device_outcome
end(struct sl_device *d, enum sl_device_outcome outcome)
{
	struct sl_device_result *r = &d->result;

	if (d->side.is_cancelled && outcome == SL_DEVICE_FAILED) {
		outcome = SL_DEVICE_CANCELLED;
		d->why.text[0] = '\0';
	}
	if (outcome != SL_DEVICE_DONE)
		r->text = d->why.text[0] != '\0' ? d->why.text : sl_device_outcome_text(outcome);
	if (d->session != NULL)
		r->protected_requests = session_counts(d->session).protected_requests;
	r->traffic = d->side.traffic;
	r->edhoc = d->exchange.traffic;
	r->edhoc_runs = d->exchange.runs;
	memcpy(r->edhoc_messages, d->exchange.messages, sizeof r->edhoc_messages);
	exchange_clear(&d->exchange);
	coap_side_close(&d->side);
	r->outcome = outcome;
	return outcome;
}

static enum sl_device_outcome
misused(struct sl_device *d, const char *because)
{
	library_drop_results(d);
	(void)!complain(&d->why, SL_EMALFORMED, "%s", because);
	return end(d, SL_DEVICE_MISUSED);
}

static enum sl_err
open_link(struct sl_device *d, uint64_t timeout_ms)
{
	struct session_config config;
	enum sl_err err;

	session_config_init(&config);
	config.route = d->inside.where.route;
	config.inner_szx = d->inner_szx;
	config.outer_szx = d->outer_szx;
	config.timeout_ms = timeout_ms;
	config.is_renewable = d->inside.is_edhoc;
	d->exchange = (struct exchange){
	        .device = &d->inside, .side = &d->side, .outer_szx = d->outer_szx};
	err = sl_random(config.seed, sizeof config.seed);
	if (err == SL_OK)
		err = session_new(&d->session, &d->inside.ctx, &config);
	if (err != SL_OK)
		return complain(&d->why, err, "no randomness or no memory");
	d->exchange.session = d->session;
	return coap_side_open(&d->side, &d->inside.where.server, &d->why);
}

/* What the shell knows beside the outcome. */
static void
add_circumstances(struct sl_device *d)
{
	size_t used = strlen(d->why.text);
	char *rest = d->why.text + used;

	if (d->side.store_errno != 0)
		snprintf(rest, sizeof d->why.text - used,
		        " (sequence numbers cannot be kept in %s: %s)", d->state,
		        strerror(d->side.store_errno));
	else if (d->side.is_unreachable)
		snprintf(rest, sizeof d->why.text - used, " (the network says: unreachable)");
}

/* --- one protected request ------------------------------------------------------------------- */

static enum sl_device_outcome
fail_exchange(struct sl_device *d, const struct session_result *got)
{
	static const enum sl_device_outcome outcomes[] = {
	        [SESSION_ANSWERED] = SL_DEVICE_DONE,
	        [SESSION_HINTED] = SL_DEVICE_NO_ANSWER,
	        [SESSION_SILENT] = SL_DEVICE_NO_ANSWER,
	        [SESSION_BROKEN] = SL_DEVICE_BAD_ANSWER,
	        [SESSION_EXHAUSTED] = SL_DEVICE_EXHAUSTED,
	        [SESSION_FAILED] = SL_DEVICE_FAILED,
	        [SESSION_UNCOMBINED] = SL_DEVICE_NO_ANSWER,
	        [SESSION_EDHOC_ERROR] = SL_DEVICE_NO_ANSWER,
	};
	char code[5] = "";

	if (got->hint_code != 0)
		sl_coap_code_text(code, got->hint_code);
	(void)!complain(&d->why, SL_ETIMEOUT, "%s%s%s%s%s", session_outcome_text(got->outcome),
	        code[0] != '\0' ? "; unprotected " : "", code, got->hint_text[0] != '\0' ? " " : "",
	        got->hint_text);
	add_circumstances(d);
	return outcomes[got->outcome];
}

static enum sl_device_outcome
take_answer(struct sl_device *d, const struct inner_answer *a)
{
	struct sl_device_result *r = &d->result;
	char code[5], text[160];

	r->code = a->code;
	r->has_format = a->has_format;
	r->format = a->format;
	r->body = a->body;
	if (SL_COAP_CODE_CLASS(a->code) == 2)
		return SL_DEVICE_DONE;
	sl_coap_code_text(code, a->code);
	sl_escape(text, sizeof text, a->has_format ? sl_span(NULL, 0) : a->body);
	(void)!complain(&d->why, SL_EAUTH, "the server refuses; %s%s%s", code,
	        text[0] != '\0' ? ": " : "", text);
	return SL_DEVICE_REFUSED;
}

/* What EDHOC came to where no request could be asked; why says it. */
static enum sl_device_outcome
fail_edhoc(struct sl_device *d, enum exchange_outcome outcome)
{
	static const enum sl_device_outcome outcomes[] = {
	        [EXCHANGE_ENDED] = SL_DEVICE_FAILED,
	        [EXCHANGE_RENEWED] = SL_DEVICE_FAILED,
	        [EXCHANGE_SILENT] = SL_DEVICE_NO_ANSWER,
	        [EXCHANGE_BAD_PEER] = SL_DEVICE_BAD_PEER,
	        [EXCHANGE_UNWANTED] = SL_DEVICE_UNWANTED,
	        [EXCHANGE_FAILED] = SL_DEVICE_FAILED,
	};

	add_circumstances(d);
	return outcomes[outcome];
}

static bool
can_be_asked(const struct inner_request *request)
{
	struct inner in;
	enum sl_err err;

	inner_init(&in);
	err = inner_start(&in, request, 6, 0);
	inner_clear(&in);
	return err == SL_OK;
}

/* Leaves the end to its caller. */
static enum sl_device_outcome
ask(struct sl_device *d, const struct inner_request *request, uint64_t timeout_ms)
{
	const struct session_result *got;
	enum exchange_outcome outcome;
	uint64_t end_by_ms = coap_side_now().ms + timeout_of(timeout_ms);

	library_drop_results(d);
	if (!can_be_asked(request)) {
		(void)!complain(&d->why, SL_EMALFORMED, "\"%s\" cannot be a path", request->path);
		return SL_DEVICE_MISUSED;
	}
	if (open_link(d, timeout_of(timeout_ms)) != SL_OK)
		return SL_DEVICE_FAILED;
	progress_tell(&d->hooks, SL_DEVICE_ASKING, 0, "asking %s", request->path);
	outcome = exchange_run(&d->exchange, request, end_by_ms, &d->why);
	if (outcome != EXCHANGE_ENDED)
		return fail_edhoc(d, outcome);
	got = session_result(d->session);
	return got->outcome == SESSION_ANSWERED ? take_answer(d, &got->answer)
	                                        : fail_exchange(d, got);
}

enum sl_device_outcome
sl_device_get(struct sl_device *d, const struct sl_device_request *wish)
{
	struct inner_request request = {.code = SL_COAP_GET,
	        .path = wish->path,
	        .has_accept = wish->has_accept,
	        .accept = wish->accept};

	if (wish->path == NULL)
		return misused(d, "there is no path");
	if (wish->has_accept && wish->accept > UINT16_MAX)
		return misused(d, "accept: must be a Content-Format, at most 65535");
	return end(d, ask(d, &request, wish->timeout_ms));
}

static enum sl_device_outcome
take_links(struct sl_device *d)
{
	struct sl_est_found found[LIBRARY_LINKS_MAX];
	size_t count = LIBRARY_LINKS_MAX;

	if (d->result.code != SL_COAP_CONTENT ||
	        sl_est_links_decode(d->result.body, found, &count) != SL_OK) {
		(void)!complain(&d->why, SL_EMALFORMED, "the server gives no list of links");
		return SL_DEVICE_BAD_ANSWER;
	}
	for (size_t i = 0; i < count; i++) {
		struct sl_device_link link = {
		        found[i].target, found[i].rt, found[i].ct, found[i].osc};

		d->links[i] = link;
	}
	d->result.links = d->links;
	d->result.link_count = count;
	return SL_DEVICE_DONE;
}

enum sl_device_outcome
sl_device_discover(struct sl_device *d, uint64_t timeout_ms)
{
	struct inner_request request = {.code = SL_COAP_GET,
	        .path = "/.well-known/core?rt=ace.est*",
	        .has_accept = true,
	        .accept = SL_EST_LINK_FORMAT};
	enum sl_device_outcome outcome = ask(d, &request, timeout_ms);

	return end(d, outcome == SL_DEVICE_DONE ? take_links(d) : outcome);
}

/* --- enrolment ------------------------------------------------------------------------------- */

static enum sl_device_outcome
fail_enrolment(struct sl_device *d)
{
	static const enum sl_device_outcome outcomes[] = {
	        [ENROL_DONE] = SL_DEVICE_DONE,
	        [ENROL_REFUSED] = SL_DEVICE_REFUSED,
	        [ENROL_LATER] = SL_DEVICE_LATER,
	        [ENROL_NO_ANSWER] = SL_DEVICE_NO_ANSWER,
	        [ENROL_BAD_ANSWER] = SL_DEVICE_BAD_ANSWER,
	        [ENROL_FAILED] = SL_DEVICE_FAILED,
	};
	enum enrol_outcome outcome = enrol_outcome(d->enrol);
	bool goes_on = outcome == ENROL_LATER || outcome == ENROL_NO_ANSWER;
	bool is_kept = keystore_has(&d->inside.ks, KEYSTORE_PENDING_CSR);
	const char *text = enrol_text(d->enrol);
	char code[5] = "";

	if (enrol_code(d->enrol) != 0)
		sl_coap_code_text(code, enrol_code(d->enrol));
	(void)!complain(&d->why, SL_EAUTH, "%s%s%s%s%s%s", enrol_outcome_text(outcome),
	        code[0] != '\0' ? "; " : "", code, text[0] != '\0' ? ": " : "", text,
	        !goes_on  ? ""
	        : is_kept ? " (key and request are kept: try again)"
	                  : " (try again)");
	add_circumstances(d);
	if (outcome == ENROL_FAILED && session_result(d->session)->outcome == SESSION_EXHAUSTED)
		return SL_DEVICE_EXHAUSTED;
	return outcomes[outcome];
}

static enum sl_device_outcome
take_certificates(struct sl_device *d, enum enrol_operation operation)
{
	struct sl_device_result *r = &d->result;

	r->code = enrol_code(d->enrol);
	r->wait_s = enrol_wait_s(d->enrol);
	if (enrol_outcome(d->enrol) != ENROL_DONE)
		return fail_enrolment(d);
	if (operation == ENROL_CRTS) {
		r->anchors = d->spans[1];
		r->anchor_count = certs_spans(enrol_anchors(d->enrol), d->spans[1]);
	} else {
		r->certificates = d->spans[0];
		r->certificate_count = certs_spans(enrol_issued(d->enrol), d->spans[0]);
	}
	return SL_DEVICE_DONE;
}

static enum sl_device_outcome
enrol_by(
        struct sl_device *d, enum enrol_operation operation, const struct sl_device_enrolment *wish)
{
	static const enum sl_pkey_type types[] = {0, SL_PKEY_P256, SL_PKEY_P384, SL_PKEY_ED25519};
	const char *name = wish->common_name != NULL ? wish->common_name : d->inside.identity;
	struct enrolment run = {.exchange = &d->exchange,
	        .wish = {operation, name, types[wish->key], wish->is_rekey, {NULL, 0}},
	        .config = {.operation = operation,
	                .root = d->inside.where.root,
	                .accept = wish->accept != 0 ? wish->accept : SL_EST_PKCS7_CERTS,
	                .give_up_ms = timeout_of(wish->timeout_ms)}};
	enum exchange_outcome edhoc = EXCHANGE_ENDED;
	enum sl_err err;

	library_drop_results(d);
	err = open_link(d, run.config.give_up_ms);
	if (err == SL_OK)
		err = sl_random(run.config.seed, sizeof run.config.seed);
	if (err != SL_OK)
		return end(d, SL_DEVICE_FAILED);
	d->exchange.is_bound =
	        d->inside.is_edhoc && (wish->is_bound || d->inside.edhoc.words.is_bound);
	if (enrolment_run(&run, &d->enrol, &edhoc, &d->why) != SL_OK)
		return end(d, fail_edhoc(d, edhoc));
	return end(d, take_certificates(d, operation));
}

enum sl_device_outcome
sl_device_crts(struct sl_device *d, uint64_t timeout_ms)
{
	const struct sl_device_enrolment wish = {.timeout_ms = timeout_ms};

	return enrol_by(d, ENROL_CRTS, &wish);
}

/* NULL: nothing is wrong. */
static const char *
fault_of(const struct sl_device *d, const struct sl_device_enrolment *wish)
{
	if (wish->is_bound && !d->inside.is_edhoc)
		return "is_bound: needs EDHOC; a pre-shared context has no session to name";
	if (wish->accept != 0 && wish->accept != SL_EST_PKCS7_CERTS &&
	        wish->accept != SL_EST_PKIX_CERT)
		return "accept: must be 281 or 287";
	if ((unsigned)wish->key > SL_DEVICE_KEY_ED25519)
		return "key: not a kind of key";
	return NULL;
}

enum sl_device_outcome
sl_device_enroll(struct sl_device *d, const struct sl_device_enrolment *wish)
{
	uint8_t name[SL_NAME_TEXT_MAX];
	const char *fault = fault_of(d, wish);
	size_t len;

	if (fault == NULL && wish->common_name != NULL &&
	        sl_name_from_cn(wish->common_name, name, sizeof name, &len) != SL_OK)
		fault = "common name: must have 1 to 64 characters of UTF-8";
	if (fault == NULL && wish->is_rekey)
		fault = "is_rekey: a first certificate always has a new key";
	if (fault != NULL)
		return misused(d, fault);
	if (!wish->is_forced &&
	        credentials_check(&d->inside.ks, coap_side_now().posix_s, &d->why) == SL_OK) {
		library_drop_results(d);
		return end(d, SL_DEVICE_ENROLLED);
	}
	return enrol_by(d, ENROL_SEN, wish);
}

enum sl_device_outcome
sl_device_reenroll(struct sl_device *d, const struct sl_device_enrolment *wish)
{
	const char *fault = fault_of(d, wish);

	if (fault == NULL && wish->key != SL_DEVICE_KEY_ANY && !wish->is_rekey)
		fault = "key: needs is_rekey, else the key stays";
	if (fault == NULL && (wish->common_name != NULL || wish->is_forced))
		fault = "common_name, is_forced: not of a renewal, whose names stay";
	return fault == NULL ? enrol_by(d, ENROL_SREN, wish) : misused(d, fault);
}

/* --- results --------------------------------------------------------------------------------- */

const struct sl_device_result *
sl_device_result(const struct sl_device *d)
{
	return &d->result;
}
