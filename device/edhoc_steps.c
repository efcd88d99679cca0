/* SPDX-License-Identifier: BSD-2-Clause */
#include "edhoc_steps.h"

#include <sl/hash.h>
#include <sl/text.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define C_I_MAX 6

void
edhoc_steps_end(struct edhoc_run *run, enum edhoc_run_outcome outcome, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(run->text, sizeof run->text, fmt, args);
	va_end(args);
	run->state = EDHOC_RUN_ENDED;
	run->outcome = outcome;
	if (outcome != EDHOC_RUN_DONE && outcome != EDHOC_RUN_HALFWAY)
		sl_edhoc_abort(&run->edhoc);
}

static enum edhoc_step
fail(struct edhoc_run *run, enum sl_err err)
{
	edhoc_steps_end(run, EDHOC_RUN_FAILED, "EDHOC cannot go on here: %s", sl_err_text(err));
	return EDHOC_STEP_NONE;
}

static void
tell(struct edhoc_run *run, const char *name, bool is_ours, struct sl_span bytes)
{
	struct edhoc_run_seen seen = {name, is_ours, bytes};

	if (run->config.on_message != NULL)
		run->config.on_message(run->config.arg, &seen);
}

/* Message n of EDHOC, 1 to 4. */
static void
tell_message(struct edhoc_run *run, unsigned n, struct sl_span bytes)
{
	static const char *const names[] = {"message_1", "message_2", "message_3", "message_4"};

	run->counts.messages[n - 1] = bytes.len;
	tell(run, names[n - 1], n % 2 == 1, bytes);
}

static enum sl_err
put_payload(struct edhoc_run *run, enum sl_edhoc_payload_kind kind, struct sl_span message)
{
	struct sl_writer w = sl_writer_over(run->payload, sizeof run->payload);
	struct sl_edhoc_payload payload = {
	        .kind = kind, .c_r = sl_edhoc_id_view(&run->edhoc.c_r), .message = message};

	sl_edhoc_payload_write(&w, &payload);
	run->payload_len = w.len;
	return sl_writer_finish(&w);
}

static bool
is_never_taken(void *owner, struct sl_span id)
{
	(void)owner;
	(void)id;
	return false; /* one context at a time */
}

static enum sl_err
write_message_1(struct edhoc_run *run, struct sl_span *message)
{
	const struct sl_edhoc_suite *suite = sl_edhoc_suite(run->suite);
	uint8_t seed[16];
	struct sl_edhoc_id_choice choice = {
	        .seed = seed, .len_max = C_I_MAX, .is_taken = is_never_taken};
	struct sl_edhoc_message_1 in = {
	        .method = run->config.method, .suite = run->suite, .own = run->config.own};
	struct sl_edhoc_id c_i;
	enum sl_err err = suite != NULL ? sl_random(seed, sizeof seed) : SL_EUNSUPPORTED;

	if (err == SL_OK)
		err = sl_edhoc_id_choose(&c_i, &choice);
	if (err == SL_OK)
		err = sl_pkey_generate(&in.ephemeral, suite->ecdh);
	if (err != SL_OK)
		return err;
	in.c_i = sl_edhoc_id_view(&c_i);
	return sl_edhoc_write_message_1(&run->edhoc, &in, message);
}

/* Every message_1 begins a run of its own, with a new ephemeral key (RFC 9528 section 5.2.2). */
enum edhoc_step
edhoc_steps_begin(struct edhoc_run *run)
{
	const struct sl_edhoc_memory memory = {{run->message, sizeof run->message},
	        {run->plaintext, sizeof run->plaintext}, {run->scratch, sizeof run->scratch}};
	struct sl_span message;
	enum sl_err err;

	sl_edhoc_clear(&run->edhoc);
	sl_edhoc_init(&run->edhoc, SL_EDHOC_INITIATOR, run->config.profile, &memory);
	memset(run->counts.messages, 0, sizeof run->counts.messages);
	run->echo_rounds = 0;
	run->echo.len = 0;
	err = write_message_1(run, &message);
	if (err == SL_OK)
		err = put_payload(run, SL_EDHOC_PAYLOAD_MESSAGE_1, message);
	if (err != SL_OK)
		return fail(run, err);
	tell_message(run, 1, message);
	return EDHOC_STEP_ASK;
}

enum edhoc_step
edhoc_steps_repeat_message_3(struct edhoc_run *run)
{
	enum sl_err err =
	        put_payload(run, SL_EDHOC_PAYLOAD_MESSAGE_3, sl_edhoc_message(&run->edhoc));

	run->echo_rounds = 0;
	run->echo.len = 0;
	return err == SL_OK ? EDHOC_STEP_ASK : fail(run, err);
}

/* --- we refuse the server -------------------------------------------------------------------- */

/* RFC 9528 section 6: one error message, when there is a C_R to send it to. Whether it arrives is
 * not waited for. */
static enum edhoc_step
say_error(struct edhoc_run *run)
{
	uint8_t bytes[64];
	struct sl_writer w = sl_writer_over(bytes, sizeof bytes);

	if (run->edhoc.c_r.len == 0 || sl_edhoc_write_error(&run->edhoc, &w) != SL_OK ||
	        put_payload(run, SL_EDHOC_PAYLOAD_ERROR, sl_writer_span(&w)) != SL_OK)
		return EDHOC_STEP_NONE;
	tell(run, "error", true, sl_writer_span(&w));
	return EDHOC_STEP_SAY;
}

static enum edhoc_step
refuse(struct edhoc_run *run, const char *because, enum sl_err err)
{
	enum edhoc_step step = say_error(run);

	if (err == SL_EIO || err == SL_ENOMEM)
		(void)fail(run, err);
	else
		edhoc_steps_end(run, EDHOC_RUN_BAD_PEER, "%s (%s)", because, sl_err_text(err));
	return step;
}

/* --- in -------------------------------------------------------------------------------------- */

/* RFC 9528 section 5.4.2 steps 3 to 5: who may it be, and is it. */
static enum sl_err
authenticate(struct edhoc_run *run, const struct sl_edhoc_seen *seen, const char **because)
{
	bool signs = run->config.method == 0 || run->config.method == 2;
	struct edhoc_server_ask question = {
	        seen->id_cred, signs ? SL_FOR_SIGNATURE : SL_FOR_STATIC_DH, run->config.now};
	struct sl_edhoc_credential list[SL_CANDIDATES_MAX];
	struct sl_candidates candidates;
	size_t which;
	enum sl_err err = edhoc_server_resolve(run->config.server, &question, &candidates);

	if (err != SL_OK) {
		*because =
		        err == SL_ENOTFOUND
		                ? "the server shows a credential that is not among its known ones"
		                : "the server's credential is not acceptable";
		sl_edhoc_refuse(&run->edhoc, err == SL_ENOTFOUND ? SL_EDHOC_ERROR_UNKNOWN_CREDENTIAL
		                                                 : SL_EDHOC_ERROR_UNSPECIFIED);
		return err;
	}
	for (size_t i = 0; i < candidates.count; i++)
		list[i] = (struct sl_edhoc_credential){.id_cred = seen->id_cred,
		        .cred = candidates.list[i].cred,
		        .key = candidates.list[i].key};
	err = sl_edhoc_verify(&run->edhoc, list, candidates.count, &which);
	*because = "the server did not prove its key";
	sl_candidates_clear(&candidates);
	return err;
}

enum edhoc_step
edhoc_steps_on_message_2(struct edhoc_run *run, struct sl_span message)
{
	const char *because = "message_2 is not acceptable";
	struct sl_edhoc_seen seen;
	struct sl_span out;
	enum sl_err err;

	tell_message(run, 2, message);
	err = sl_edhoc_read_message_2(&run->edhoc, message, &seen);
	if (err == SL_OK)
		err = authenticate(run, &seen, &because);
	if (err != SL_OK)
		return refuse(run, because, err);
	run->counts.suite = run->edhoc.suite->number;
	err = sl_edhoc_write_message_3(&run->edhoc, sl_span(NULL, 0), &out);
	if (err != SL_OK)
		return fail(run, err);
	tell_message(run, 3, out);
	run->is_at_3 = true;
	if (!run->config.is_combined)
		return edhoc_steps_repeat_message_3(run);
	edhoc_steps_end(run, EDHOC_RUN_HALFWAY, "%s", "");
	return EDHOC_STEP_NONE;
}

enum edhoc_step
edhoc_steps_on_message_3_taken(struct edhoc_run *run, struct sl_span message_4)
{
	struct sl_edhoc_seen seen;
	enum sl_err err = SL_OK;

	if (message_4.len == 0 && run->config.profile->message_4 == SL_EDHOC_M4_REQUIRED)
		return refuse(run, "the server sends no message_4", SL_EAUTH);
	if (message_4.len > 0) {
		tell_message(run, 4, message_4);
		err = sl_edhoc_read_message_4(&run->edhoc, message_4, &seen);
	}
	if (err != SL_OK)
		return refuse(run, "message_4 is not acceptable", err);
	edhoc_steps_end(run, EDHOC_RUN_DONE, "%s", "");
	return EDHOC_STEP_NONE;
}

/* --- errors, which anybody may have sent ------------------------------------------------------ */

static void
describe(struct edhoc_run *run, const struct sl_edhoc_error *error)
{
	enum edhoc_run_outcome outcome = run->is_at_3 ? EDHOC_RUN_UNWANTED : EDHOC_RUN_REFUSED;
	struct sl_reader r = sl_reader_over(error->suites);
	struct sl_edhoc_suites suites;
	char text[120], list[80] = "";
	int64_t number;

	switch (error->code) {
	case SL_EDHOC_ERROR_UNSPECIFIED:
		sl_escape(text, sizeof text, error->text);
		edhoc_steps_end(run, outcome, "the server refused: \"%s\"", text);
		break;
	case SL_EDHOC_ERROR_WRONG_SUITE:
		suites = sl_edhoc_suites_read(&r);
		for (size_t used = 0; used < sizeof list && sl_edhoc_suites_next(&suites, &number);)
			used += (size_t)snprintf(
			        list + used, sizeof list - used, " %lld", (long long)number);
		edhoc_steps_end(
		        run, outcome, "the server refused: no cipher suite fits; it has%s", list);
		break;
	case SL_EDHOC_ERROR_UNKNOWN_CREDENTIAL:
		edhoc_steps_end(
		        run, outcome, "the server refused: it does not know our credential");
		break;
	default:
		edhoc_steps_end(run, outcome, "the server refused: EDHOC error %lld",
		        (long long)error->code);
		break;
	}
}

enum edhoc_step
edhoc_steps_on_error(struct edhoc_run *run, struct sl_span message)
{
	struct sl_edhoc_error error;
	int64_t next;

	if (sl_edhoc_error_read(&error, message) != SL_OK ||
	        sl_edhoc_read_error(&run->edhoc, message, &error) != SL_OK)
		return EDHOC_STEP_PASS;
	tell(run, "error", false, message);
	if (error.code == SL_EDHOC_ERROR_WRONG_SUITE &&
	        run->counts.suites_tried < run->config.profile->suite_count &&
	        sl_edhoc_next_suite(run->config.profile, &error, run->suite, &next) == SL_OK) {
		run->suite = next;
		run->counts.suites_tried++;
		return edhoc_steps_begin(run);
	}
	describe(run, &error);
	return EDHOC_STEP_NONE;
}
