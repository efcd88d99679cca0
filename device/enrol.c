/* SPDX-License-Identifier: BSD-2-Clause */
#include "enrol.h"

#include <sl/est.h>
#include <sl/siphash.h>
#include <sl/text.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum state { ASK_CRTS, KEEP_ANCHORS, PREPARE, ASK_CERT, KEEP_CERT, FINISHED };

struct enrol {
	struct enrol_config config;
	char root[ENROL_ROOT_MAX + 1], path[ENROL_ROOT_MAX + 8];
	enum state state;
	bool is_paused;
	bool anchors_are_fresh; /* fetched in this run */
	uint64_t pause_until_ms, deadline_ms, draws;
	uint32_t wait_s;
	unsigned failures; /* in a row */
	struct inner_request request;
	struct certs anchors, answered, issued;
	uint8_t csr[ENROL_CSR_MAX];
	size_t csr_len;
	uint8_t spki[ENROL_SPKI_MAX];
	size_t spki_len;
	enum enrol_outcome outcome;
	uint8_t code;
	char text[160];
};

static const enum sl_est_function functions[] = {
        [ENROL_CRTS] = SL_EST_CRTS,
        [ENROL_SEN] = SL_EST_SEN,
        [ENROL_SREN] = SL_EST_SREN,
};

static void
finish(struct enrol *e, enum enrol_outcome outcome)
{
	e->state = FINISHED;
	e->is_paused = false;
	e->outcome = outcome;
}

static void
refuse(struct enrol *e, const char *because)
{
	snprintf(e->text, sizeof e->text, "%s", because);
	finish(e, ENROL_BAD_ANSWER);
}

static void
ask(struct enrol *e, enum sl_est_function function)
{
	struct inner_request r = {
	        .path = e->path, .has_accept = e->config.accept != 0, .accept = e->config.accept};

	snprintf(e->path, sizeof e->path, "%s/%s", e->root, sl_est_function_name(function));
	if (sl_est_function_is_get(function)) {
		r.code = SL_COAP_GET;
		/* all anchors, not the one that 287 can carry */
		r.accept = SL_EST_PKCS7_CERTS;
	} else {
		r.code = SL_COAP_POST;
		r.has_format = true;
		r.format = SL_EST_PKCS10;
		r.body = sl_span(e->csr, e->csr_len);
	}
	e->request = r;
	e->state = function == SL_EST_CRTS ? ASK_CRTS : ASK_CERT;
}

static enum sl_err
copy_certs(struct certs *to, const struct certs *from)
{
	enum sl_err err = SL_OK;

	for (size_t i = 0; err == SL_OK && i < from->count; i++)
		err = certs_add(to, certs_at(from, i));
	return err;
}

enum sl_err
enrol_new(struct enrol **out, const struct enrol_config *config, const struct certs *anchors,
        struct moment now)
{
	struct enrol *e;
	enum sl_err err = SL_OK;

	if (config->root[0] != '/' || strlen(config->root) > ENROL_ROOT_MAX)
		return SL_EMALFORMED;
	e = calloc(1, sizeof *e);
	if (e == NULL)
		return SL_ENOMEM;
	e->config = *config;
	snprintf(e->root, sizeof e->root, "%s", config->root);
	certs_init(&e->anchors);
	certs_init(&e->answered);
	certs_init(&e->issued);
	if (anchors != NULL)
		err = copy_certs(&e->anchors, anchors);
	if (err != SL_OK) {
		enrol_free(e);
		return err;
	}
	e->deadline_ms = now.ms + config->give_up_ms;
	if (config->operation == ENROL_CRTS || e->anchors.count == 0)
		ask(e, SL_EST_CRTS);
	else
		e->state = PREPARE;
	*out = e;
	return SL_OK;
}

void
enrol_free(struct enrol *e)
{
	if (e == NULL)
		return;
	certs_clear(&e->anchors);
	certs_clear(&e->answered);
	certs_clear(&e->issued);
	free(e);
}

enum enrol_want
enrol_wants(const struct enrol *e)
{
	static const enum enrol_want wants[] = {
	        [ASK_CRTS] = ENROL_ASK,
	        [KEEP_ANCHORS] = ENROL_KEEP_ANCHORS,
	        [PREPARE] = ENROL_PREPARE,
	        [ASK_CERT] = ENROL_ASK,
	        [KEEP_CERT] = ENROL_KEEP_CERT,
	        [FINISHED] = ENROL_FINISHED,
	};

	return e->is_paused ? ENROL_PAUSE : wants[e->state];
}

const struct inner_request *
enrol_request(const struct enrol *e)
{
	return &e->request;
}

uint64_t
enrol_deadline(const struct enrol *e)
{
	return e->deadline_ms;
}

void
enrol_on_prepared(struct enrol *e, struct sl_span csr, struct sl_span spki)
{
	if (e->state != PREPARE)
		return;
	if (csr.len > sizeof e->csr || spki.len > sizeof e->spki || csr.len == 0 || spki.len == 0) {
		finish(e, ENROL_FAILED);
		return;
	}
	memcpy(e->csr, csr.ptr, csr.len);
	e->csr_len = csr.len;
	memcpy(e->spki, spki.ptr, spki.len);
	e->spki_len = spki.len;
	ask(e, functions[e->config.operation]);
}

/* The same request again at that time, or never when our own time is over by then. */
static void
pause_for(struct enrol *e, uint64_t wait_ms, struct moment now, enum enrol_outcome otherwise)
{
	if (now.ms + wait_ms >= e->deadline_ms) {
		finish(e, otherwise);
		return;
	}
	e->pause_until_ms = now.ms + wait_ms;
	e->is_paused = true;
}

/* After silence, hints and errors of the server's own: exponential, with jitter. */
static void
try_again(struct enrol *e, struct moment now, enum enrol_outcome otherwise)
{
	uint64_t base_ms = (uint64_t)ENROL_PAUSE_MS << (e->failures < 8 ? e->failures : 8);
	uint64_t n = e->draws++;

	if (base_ms > ENROL_PAUSE_MAX_MS)
		base_ms = ENROL_PAUSE_MAX_MS;
	base_ms += sl_siphash(e->config.seed, sl_span(&n, sizeof n)) % (base_ms / 2 + 1);
	e->failures++;
	pause_for(e, base_ms, now, otherwise);
}

static void
on_unanswered(struct enrol *e, const struct session_result *result, struct moment now)
{
	char code[5] = "";

	if (result->hint_code != 0)
		sl_coap_code_text(code, result->hint_code);
	snprintf(e->text, sizeof e->text, "%s%s%s%s%s", session_outcome_text(result->outcome),
	        code[0] != '\0' ? ", the last: " : "", code,
	        result->hint_text[0] != '\0' ? " " : "", result->hint_text);
	if (result->outcome == SESSION_EXHAUSTED || result->outcome == SESSION_FAILED)
		finish(e, ENROL_FAILED);
	else
		try_again(e, now, ENROL_NO_ANSWER);
}

/* RFC 9148 section 4.7: wait as told, then the identical request. */
static void
on_delay(struct enrol *e, const struct inner_answer *a, struct moment now)
{
	e->wait_s = a->max_age_s < ENROL_WAIT_MIN_S ? ENROL_WAIT_MIN_S : a->max_age_s;
	if (e->wait_s > ENROL_WAIT_MAX_S)
		e->wait_s = ENROL_WAIT_MAX_S;
	e->failures = 0;
	pause_for(e, (uint64_t)e->wait_s * 1000, now, ENROL_LATER);
}

static void
on_error_code(struct enrol *e, const struct inner_answer *a, struct moment now)
{
	sl_escape(e->text, sizeof e->text, a->has_format ? sl_span(NULL, 0) : a->body);
	if (a->code == SL_COAP_SERVICE_UNAVAILABLE)
		on_delay(e, a, now);
	else if (SL_COAP_CODE_CLASS(a->code) == 5)
		try_again(e, now, ENROL_REFUSED);
	else
		finish(e, ENROL_REFUSED);
}

/* A path from our certificate to an anchor; the rest of the answer may stand in between. */
static bool
leads_to_anchors(const struct enrol *e, size_t leaf, struct moment now)
{
	struct sl_span anchors[CERTS_MAX], helpers[CERTS_MAX];
	struct sl_cert_path path = {.anchors = anchors, .helpers = helpers, .now = now.posix_s};

	path.anchor_count = certs_spans(&e->anchors, anchors);
	path.helper_count = certs_spans(&e->answered, helpers);
	return sl_cert_verify_path(certs_at(&e->answered, leaf), &path) == SL_OK;
}

static void
judge_certificate(struct enrol *e, struct moment now)
{
	enum sl_err err;
	size_t leaf;

	if (certs_find_key(&e->answered, sl_span(e->spki, e->spki_len), &leaf) != SL_OK) {
		refuse(e, "no certificate in the answer is for our key");
		return;
	}
	if (!leads_to_anchors(e, leaf, now)) {
		if (e->anchors_are_fresh)
			refuse(e, "the certificate has no valid path to the trust anchors");
		else
			ask(e, SL_EST_CRTS); /* the authority may have changed: look once */
		return;
	}
	certs_clear(&e->issued);
	err = certs_add(&e->issued, certs_at(&e->answered, leaf));
	for (size_t i = 0; err == SL_OK && i < e->answered.count; i++)
		if (i != leaf)
			err = certs_add(&e->issued, certs_at(&e->answered, i));
	if (err != SL_OK)
		finish(e, ENROL_FAILED);
	else
		e->state = KEEP_CERT;
}

static void
on_anchors(struct enrol *e, const struct inner_answer *a)
{
	struct certs got;
	enum sl_err err;

	certs_init(&got);
	err = certs_from_body(&got, a->has_format, a->format, a->body);
	if (err != SL_OK) {
		refuse(e, "the answer to crts holds no certificates");
		certs_clear(&got);
		return;
	}
	certs_clear(&e->anchors);
	e->anchors = got;
	e->anchors_are_fresh = true;
	e->state = KEEP_ANCHORS;
}

static void
on_certificate(struct enrol *e, const struct inner_answer *a, struct moment now)
{
	if (certs_from_body(&e->answered, a->has_format, a->format, a->body) != SL_OK) {
		refuse(e, "the answer holds no certificate");
		return;
	}
	judge_certificate(e, now);
}

void
enrol_on_result(struct enrol *e, const struct session_result *result, struct moment now)
{
	uint8_t success = e->state == ASK_CRTS ? SL_COAP_CONTENT : SL_COAP_CHANGED;

	if (enrol_wants(e) != ENROL_ASK)
		return;
	if (result->outcome != SESSION_ANSWERED) {
		on_unanswered(e, result, now);
		return;
	}
	e->code = result->answer.code;
	if (e->code != success) {
		if (SL_COAP_CODE_CLASS(e->code) == 2)
			refuse(e, "the answer has another code than EST says");
		else
			on_error_code(e, &result->answer, now);
		return;
	}
	e->failures = 0;
	e->text[0] = '\0';
	if (e->state == ASK_CRTS)
		on_anchors(e, &result->answer);
	else
		on_certificate(e, &result->answer, now);
}

void
enrol_on_no_answer(struct enrol *e, const char *because, struct moment now)
{
	if (enrol_wants(e) != ENROL_ASK && enrol_wants(e) != ENROL_PREPARE)
		return;
	snprintf(e->text, sizeof e->text, "%s", because);
	try_again(e, now, ENROL_NO_ANSWER);
}

void
enrol_on_new_session(struct enrol *e)
{
	if (e->state != ASK_CERT)
		return;
	e->csr_len = 0;
	e->state = PREPARE;
}

void
enrol_on_kept(struct enrol *e)
{
	if (e->state == KEEP_CERT)
		finish(e, ENROL_DONE);
	else if (e->state == KEEP_ANCHORS && e->config.operation == ENROL_CRTS)
		finish(e, ENROL_DONE);
	else if (e->state == KEEP_ANCHORS && e->csr_len == 0)
		e->state = PREPARE;
	else if (e->state == KEEP_ANCHORS)
		ask(e, functions[e->config.operation]); /* answered as before */
}

void
enrol_on_time(struct enrol *e, uint64_t now_ms)
{
	if (e->is_paused && now_ms >= e->pause_until_ms)
		e->is_paused = false;
}

uint64_t
enrol_wakeup(const struct enrol *e)
{
	return e->is_paused ? e->pause_until_ms : UINT64_MAX;
}

void
enrol_on_failure(struct enrol *e)
{
	finish(e, ENROL_FAILED);
}

const struct certs *
enrol_anchors(const struct enrol *e)
{
	return &e->anchors;
}

const struct certs *
enrol_issued(const struct enrol *e)
{
	return &e->issued;
}

enum enrol_outcome
enrol_outcome(const struct enrol *e)
{
	return e->outcome;
}

const char *
enrol_outcome_text(enum enrol_outcome outcome)
{
	static const char *const texts[] = {
	        [ENROL_DONE] = "done",
	        [ENROL_REFUSED] = "the server refuses",
	        [ENROL_LATER] = "the server asks to come back later",
	        [ENROL_NO_ANSWER] = "no authentic answer in time",
	        [ENROL_BAD_ANSWER] = "the answer is not acceptable",
	        [ENROL_FAILED] = "a local failure",
	};

	return texts[outcome];
}

uint8_t
enrol_code(const struct enrol *e)
{
	return e->code;
}

const char *
enrol_text(const struct enrol *e)
{
	return e->text;
}

uint32_t
enrol_wait_s(const struct enrol *e)
{
	return e->wait_s;
}
