/* SPDX-License-Identifier: BSD-2-Clause */
#include "enrolment.h"

#include <string.h>

static enum sl_err
exchange(const struct enrolment *run, struct enrol *e)
{
	const struct inner_request *request = enrol_request(e);
	enum sl_err err;

	report_step(run->report, "asking %s", request->path);
	err = session_start(run->session, request, coap_side_now().ms);
	if (err != SL_OK)
		return err;
	session_end_by(run->session, enrol_deadline(e));
	coap_side_run(run->side, run->session, &run->device->ks);
	enrol_on_result(e, session_result(run->session), coap_side_now());
	return SL_OK;
}

static enum sl_err
prepare(const struct enrolment *run, struct enrol *e, struct complaint *why)
{
	struct credentials_request request;
	enum sl_err err = credentials_prepare(&run->device->ks, &run->wish, &request, why);

	if (err != SL_OK)
		return err;
	report_step(run->report, "%s",
	        request.is_resumed ? "going on with the pending request"
	                           : "key and request are saved");
	enrol_on_prepared(
	        e, sl_span(request.csr, request.csr_len), sl_span(request.spki, request.spki_len));
	return SL_OK;
}

static void
wait_until_wakeup(const struct enrolment *run, struct enrol *e)
{
	uint64_t now_ms = coap_side_now().ms, when_ms = enrol_wakeup(e);

	report_step(run->report, "%s %s; again in %llu s",
	        enrol_code(e) == 0 ? "no answer:" : "not now:", enrol_text(e),
	        (unsigned long long)((when_ms > now_ms ? when_ms - now_ms : 0) + 999) / 1000);
	coap_side_sleep_until(when_ms);
	enrol_on_time(e, coap_side_now().ms);
}

static enum sl_err
serve(const struct enrolment *run, struct enrol *e, struct complaint *why)
{
	enum sl_err err = SL_OK;

	why->text[0] = '\0';
	switch (enrol_wants(e)) {
	case ENROL_ASK:
		err = exchange(run, e);
		break;
	case ENROL_PREPARE:
		err = prepare(run, e, why);
		break;
	case ENROL_KEEP_ANCHORS:
		err = credentials_keep_anchors(&run->device->ks, enrol_anchors(e));
		report_step(run->report, "trust anchors: %zu", enrol_anchors(e)->count);
		break;
	case ENROL_KEEP_CERT:
		err = credentials_keep_cert(&run->device->ks, enrol_issued(e));
		report_step(run->report, "certificate verified");
		break;
	case ENROL_PAUSE:
		wait_until_wakeup(run, e);
		break;
	case ENROL_FINISHED:
		break;
	}
	if (err != SL_OK && why->text[0] == '\0')
		err = complain(why, err, "cannot go on: %s", sl_err_text(err));
	return err;
}

static bool
is_keeping(enum enrol_want want)
{
	return want == ENROL_KEEP_ANCHORS || want == ENROL_KEEP_CERT;
}

/* A 4.xx is about this request: asked again, with this key, it would be refused again. */
static enum sl_err
forget_what_was_refused(const struct enrolment *run, const struct enrol *e, struct complaint *why)
{
	enum sl_err err = SL_OK;

	if (enrol_outcome(e) == ENROL_REFUSED && SL_COAP_CODE_CLASS(enrol_code(e)) == 4 &&
	        run->config.operation != ENROL_CRTS)
		err = credentials_forget(&run->device->ks);
	return err == SL_OK
	               ? err
	               : complain(why, err, "cannot remove the refused request: %s", sl_err_text(err));
}

enum sl_err
enrolment_run(const struct enrolment *run, struct enrol **out, struct complaint *why)
{
	struct certs anchors;
	struct enrol *e = NULL;
	enum enrol_want want;
	enum sl_err err;

	certs_init(&anchors);
	err = credentials_load(&run->device->ks, KEYSTORE_ANCHORS, &anchors, why);
	if (err == SL_OK || err == SL_ENOTFOUND)
		err = enrol_new(&e, &run->config, &anchors, coap_side_now());
	certs_clear(&anchors);
	if (err != SL_OK)
		return err;
	while (err == SL_OK && (want = enrol_wants(e)) != ENROL_FINISHED) {
		err = serve(run, e, why);
		if (err == SL_OK && is_keeping(want))
			enrol_on_kept(e);
	}
	if (err == SL_OK)
		err = forget_what_was_refused(run, e, why);
	if (err != SL_OK)
		enrol_free(e);
	else
		*out = e;
	return err;
}
