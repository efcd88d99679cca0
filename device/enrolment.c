/* SPDX-License-Identifier: BSD-2-Clause */
#include "enrolment.h"

#include "progress.h"

#include <string.h>

static enum sl_err
exchange(const struct enrolment *run, struct enrol *e)
{
	const struct inner_request *request = enrol_request(e);
	enum sl_err err;

	progress_tell(&run->side->hooks, SL_DEVICE_ASKING, 0, "asking %s", request->path);
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
	if (request.is_resumed)
		progress_tell(&run->side->hooks, SL_DEVICE_REQUEST_RESUMED, 0,
		        "going on with the pending request");
	else
		progress_tell(
		        &run->side->hooks, SL_DEVICE_REQUEST_KEPT, 0, "key and request are saved");
	enrol_on_prepared(
	        e, sl_span(request.csr, request.csr_len), sl_span(request.spki, request.spki_len));
	return SL_OK;
}

static void
wait_until_wakeup(const struct enrolment *run, struct enrol *e)
{
	uint64_t now_ms = coap_side_now().ms, when_ms = enrol_wakeup(e);
	uint64_t wait_ms = when_ms > now_ms ? when_ms - now_ms : 0;

	progress_tell(&run->side->hooks, SL_DEVICE_WAITING, wait_ms, "%s %s; again in %llu s",
	        enrol_code(e) == 0 ? "no answer:" : "not now:", enrol_text(e),
	        (unsigned long long)(wait_ms + 999) / 1000);
	if (coap_side_sleep_until(run->side, when_ms))
		enrol_on_time(e, coap_side_now().ms);
	else
		enrol_on_failure(e);
}

static enum sl_err
keep_anchors(const struct enrolment *run, const struct enrol *e)
{
	enum sl_err err = credentials_keep_anchors(&run->device->ks, enrol_anchors(e));

	if (err == SL_OK)
		progress_tell(&run->side->hooks, SL_DEVICE_ANCHORS_KEPT, 0, "trust anchors: %zu",
		        enrol_anchors(e)->count);
	return err;
}

static enum sl_err
keep_cert(const struct enrolment *run, const struct enrol *e)
{
	enum sl_err err = credentials_keep_cert(&run->device->ks, enrol_issued(e));

	if (err == SL_OK)
		progress_tell(
		        &run->side->hooks, SL_DEVICE_CERTIFICATE_KEPT, 0, "certificate verified");
	return err;
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
		err = keep_anchors(run, e);
		break;
	case ENROL_KEEP_CERT:
		err = keep_cert(run, e);
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
	return err == SL_OK ? err
	                    : complain(why, err, "cannot remove the refused request: %s",
	                              sl_err_text(err));
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
