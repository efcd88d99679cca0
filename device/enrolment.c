/* SPDX-License-Identifier: BSD-2-Clause */
#include "enrolment.h"

#include "progress.h"

#include <sl/wipe.h>

#include <string.h>

/* One enrolment as it runs. */
struct work {
	const struct enrolment *run;
	struct exchange *exchange;
	struct enrol *enrol;
	enum exchange_outcome edhoc;
	uint8_t binding[DEVICE_BINDING_LEN]; /* that the request names */
	struct complaint *why;
};

static struct keystore *
keystore_of(const struct work *w)
{
	return &w->exchange->device->ks;
}

static const struct sl_device_hooks *
hooks_of(const struct work *w)
{
	return &w->exchange->side->hooks;
}

/* What EDHOC came to, where no request could be asked. */
static enum sl_err
end_by_edhoc(struct work *w, enum exchange_outcome outcome)
{
	if (outcome == EXCHANGE_SILENT) {
		enrol_on_no_answer(w->enrol, w->why->text, coap_side_now());
		return SL_OK;
	}
	w->edhoc = outcome;
	return SL_EAUTH;
}

/* The request names a session that is over. */
static bool
is_outlived(const struct work *w)
{
	const struct device *d = w->exchange->device;

	return w->exchange->is_bound && enrol_request(w->enrol)->code == SL_COAP_POST &&
	       !sl_equal_secret(sl_span(w->binding, sizeof w->binding),
	               sl_span(d->binding, sizeof d->binding));
}

static enum sl_err
exchange(struct work *w)
{
	const struct inner_request *request = enrol_request(w->enrol);
	enum exchange_outcome outcome;

	if (is_outlived(w)) {
		enrol_on_new_session(w->enrol);
		return SL_OK;
	}
	progress_tell(hooks_of(w), SL_DEVICE_ASKING, 0, "asking %s", request->path);
	outcome = exchange_run(w->exchange, request, enrol_deadline(w->enrol), w->why);
	if (outcome == EXCHANGE_RENEWED)
		enrol_on_new_session(w->enrol);
	else if (outcome == EXCHANGE_ENDED)
		enrol_on_result(w->enrol, session_result(w->exchange->session), coap_side_now());
	else
		return end_by_edhoc(w, outcome);
	return SL_OK;
}

static enum sl_err
prepare(struct work *w)
{
	const struct device *d = w->exchange->device;
	struct credentials_wish wish = w->run->wish;
	struct credentials_request request;
	enum exchange_outcome outcome = EXCHANGE_ENDED;
	enum sl_err err;

	if (w->exchange->is_bound)
		outcome = exchange_prepare(w->exchange, enrol_deadline(w->enrol), w->why);
	if (outcome != EXCHANGE_ENDED)
		return end_by_edhoc(w, outcome);
	if (w->exchange->is_bound)
		wish.binding = sl_span(d->binding, sizeof d->binding);
	memcpy(w->binding, d->binding, sizeof w->binding);
	err = credentials_prepare(keystore_of(w), &wish, &request, w->why);
	if (err != SL_OK)
		return err;
	if (request.is_resumed)
		progress_tell(hooks_of(w), SL_DEVICE_REQUEST_RESUMED, 0,
		        "going on with the pending request");
	else
		progress_tell(hooks_of(w), SL_DEVICE_REQUEST_KEPT, 0, "key and request are saved");
	enrol_on_prepared(w->enrol, sl_span(request.csr, request.csr_len),
	        sl_span(request.spki, request.spki_len));
	return SL_OK;
}

static void
wait_until_wakeup(const struct work *w)
{
	struct enrol *e = w->enrol;
	uint64_t now_ms = coap_side_now().ms, when_ms = enrol_wakeup(e);
	uint64_t wait_ms = when_ms > now_ms ? when_ms - now_ms : 0;

	progress_tell(hooks_of(w), SL_DEVICE_WAITING, wait_ms, "%s %s; again in %llu s",
	        enrol_code(e) == 0 ? "no answer:" : "not now:", enrol_text(e),
	        (unsigned long long)(wait_ms + 999) / 1000);
	if (coap_side_sleep_until(w->exchange->side, when_ms))
		enrol_on_time(e, coap_side_now().ms);
	else
		enrol_on_failure(e);
}

static enum sl_err
keep_anchors(const struct work *w)
{
	enum sl_err err = credentials_keep_anchors(keystore_of(w), enrol_anchors(w->enrol));

	if (err == SL_OK)
		progress_tell(hooks_of(w), SL_DEVICE_ANCHORS_KEPT, 0, "trust anchors: %zu",
		        enrol_anchors(w->enrol)->count);
	return err;
}

static enum sl_err
keep_cert(const struct work *w)
{
	enum sl_err err = credentials_keep_cert(keystore_of(w), enrol_issued(w->enrol));

	if (err != SL_OK)
		return err;
	w->exchange->device->enrolled_is_unwanted = false; /* that was the old one */
	progress_tell(hooks_of(w), SL_DEVICE_CERTIFICATE_KEPT, 0, "certificate verified");
	return err;
}

static enum sl_err
serve(struct work *w)
{
	enum sl_err err = SL_OK;

	w->why->text[0] = '\0';
	switch (enrol_wants(w->enrol)) {
	case ENROL_ASK:
		err = exchange(w);
		break;
	case ENROL_PREPARE:
		err = prepare(w);
		break;
	case ENROL_KEEP_ANCHORS:
		err = keep_anchors(w);
		break;
	case ENROL_KEEP_CERT:
		err = keep_cert(w);
		break;
	case ENROL_PAUSE:
		wait_until_wakeup(w);
		break;
	case ENROL_FINISHED:
		break;
	}
	if (err != SL_OK && w->why->text[0] == '\0')
		err = complain(w->why, err, "cannot go on: %s", sl_err_text(err));
	return err;
}

static bool
is_keeping(enum enrol_want want)
{
	return want == ENROL_KEEP_ANCHORS || want == ENROL_KEEP_CERT;
}

/* A 4.xx is about this request: asked again, with this key, it would be refused again. */
static enum sl_err
forget_what_was_refused(const struct work *w)
{
	const struct enrol *e = w->enrol;
	enum sl_err err = SL_OK;

	if (enrol_outcome(e) == ENROL_REFUSED && SL_COAP_CODE_CLASS(enrol_code(e)) == 4 &&
	        w->run->config.operation != ENROL_CRTS)
		err = credentials_forget(keystore_of(w));
	return err == SL_OK ? err
	                    : complain(w->why, err, "cannot remove the refused request: %s",
	                              sl_err_text(err));
}

enum sl_err
enrolment_run(const struct enrolment *run, struct enrol **out, enum exchange_outcome *edhoc,
        struct complaint *why)
{
	struct work w = {
	        .run = run, .exchange = run->exchange, .edhoc = EXCHANGE_ENDED, .why = why};
	struct certs anchors;
	enum enrol_want want;
	enum sl_err err;

	certs_init(&anchors);
	err = credentials_load(keystore_of(&w), KEYSTORE_ANCHORS, &anchors, why);
	if (err == SL_OK || err == SL_ENOTFOUND)
		err = enrol_new(&w.enrol, &run->config, &anchors, coap_side_now());
	certs_clear(&anchors);
	if (err != SL_OK)
		return err;
	while (err == SL_OK && (want = enrol_wants(w.enrol)) != ENROL_FINISHED) {
		err = serve(&w);
		if (err == SL_OK && is_keeping(want))
			enrol_on_kept(w.enrol);
	}
	if (err == SL_OK)
		err = forget_what_was_refused(&w);
	*edhoc = w.edhoc;
	sl_wipe(w.binding, sizeof w.binding);
	if (err != SL_OK)
		enrol_free(w.enrol);
	else
		*out = w.enrol;
	return err;
}
