/* SPDX-License-Identifier: BSD-2-Clause
 * What a device refuses in EDHOC: servers that are not who they should be, messages that somebody
 * touched, errors. A refused server is told once, when there is somebody to tell. */
#include "edhoc_lab.h"
#include "fake_est.h"
#include "support.h"

#include <sl/c509.h>

#include <stdio.h>
#include <string.h>

static struct lab l;
static struct fake_party ca, other;

static void
set_up(void)
{
	lab_init(&l);
	l.last_mid = -1;
	memset(&ca, 0, sizeof ca);
	memset(&other, 0, sizeof other);
}

static void
tear_down(void)
{
	lab_clear(&l);
	fake_party_clear(&ca);
	fake_party_clear(&other);
}

static void
ends(enum edhoc_run_outcome want)
{
	uint8_t out[16];

	ck_assert(edhoc_run_is_finished(l.run));
	ck_assert_msg(edhoc_run_outcome(l.run) == want, "outcome %d (%s), not %d",
	        edhoc_run_outcome(l.run), edhoc_run_text(l.run), want);
	if (want == EDHOC_RUN_DONE)
		return;
	ck_assert_str_ne(edhoc_run_text(l.run), "");
	ck_assert_err(edhoc_run_export(l.run, 0, hex(""), out, sizeof out), SL_EREPLAY);
	ck_assert(!l.far.has_context);
}

static void
says(const char *part)
{
	ck_assert_msg(strstr(edhoc_run_text(l.run), part) != NULL, "%s", edhoc_run_text(l.run));
}

/* --- the server is another ------------------------------------------------------------------- */

START_TEST(refuses_a_credential_that_it_does_not_know)
{
	fake_party_ccs(&other, SL_PKEY_P256, "another", SL_LABEL_KID);
	l.far.own = &other;
	lab_run(&l);
	ends(EDHOC_RUN_BAD_PEER);
	says("not among its known ones");
	ck_assert_uint_eq(l.far.errors, 1);
	ck_assert_int_eq(l.far.last_error, 3); /* RFC 9528 section 6.4 */
	ck_assert_str_eq(l.heard, ">message_1 <message_2 >error");
	ck_assert_uint_eq(l.far.messages_3, 0);
}
END_TEST

/* The kid of the known credential, shown by somebody with another key. */
START_TEST(refuses_a_server_without_the_key)
{
	fake_party_ccs(&other, SL_PKEY_P256, "server", SL_LABEL_KID);
	l.far.own = &other;
	lab_run(&l);
	ends(EDHOC_RUN_BAD_PEER);
	says("did not prove its key");
	ck_assert_uint_eq(l.far.errors, 1);
	ck_assert_int_eq(l.far.last_error, 1);
}
END_TEST

START_TEST(refuses_its_own_credential)
{
	fake_known(&l.known, &l.device);
	l.far.own = &l.device;
	lab_run(&l);
	ends(EDHOC_RUN_BAD_PEER);
	ck_assert_int_eq(l.far.last_error, 1);
}
END_TEST

START_TEST(refuses_another_claims_set_by_value)
{
	fake_party_ccs(&other, SL_PKEY_P256, "server", SL_LABEL_KCCS);
	l.far.own = &other;
	lab_run(&l);
	ends(EDHOC_RUN_BAD_PEER);
	says("not acceptable");
	ck_assert_int_eq(l.far.last_error, 1);
}
END_TEST

/* --- certificates of servers ----------------------------------------------------------------- */

#define SIGNS SL_KU_DIGITAL_SIGNATURE

static const struct {
	const char *because;
	bool is_good, is_exact, has_no_clock, by_reference;
	const char *wanted;
	struct fake_certificate what;
} servers[] = {
        {"it is for CMC, under the anchor", true, false, false, false, "", {.is_cmc_ra = true}},
        {"it has the CommonName", true, false, false, false, "EST.example", {.is_cmc_ra = true}},
        {"it has the dNSName", true, false, false, false, "est2.example",
                {.dns = "est2.example", .is_cmc_ra = true}},
        {"it is exactly this one", true, true, false, false, "", {0}},
        {"it is exactly this one, by its hash", true, true, false, true, "", {0}},
        {"nobody has the time", true, false, true, false, "",
                {.is_cmc_ra = true, .not_before = 1000, .not_after = 2000}},
        {"it is not for CMC", false, false, false, false, "", {0}},
        {"it has another name", false, false, false, false, "est", {.is_cmc_ra = true}},
        {"it has another dNSName", false, false, false, false, "est3.example",
                {.dns = "est2.example", .is_cmc_ra = true}},
        {"it is over", false, false, false, false, "",
                {.is_cmc_ra = true, .not_before = 1000, .not_after = 2000}},
        {"it is not yet good", false, false, false, false, "",
                {.is_cmc_ra = true, .not_before = FAKE_EST_EPOCH + 10}},
        {"its key agrees only", false, false, false, false, "",
                {.is_cmc_ra = true, .key_usage = SL_KU_KEY_AGREEMENT}},
        {"its hash leads to nobody", false, false, false, true, "", {.is_cmc_ra = true}},
        {"exactly this one is over", false, true, false, false, "",
                {.not_before = 1000, .not_after = 2000}},
};

static void
make_server(struct fake_certificate what, enum sl_id_cred_label label)
{
	const struct fake_certificate root = {
	        .name = "Root", .key_usage = SL_KU_KEY_CERT_SIGN | SL_KU_CRL_SIGN};

	fake_party_x509(&ca, SL_PKEY_P256, &root, SL_LABEL_X5T);
	fake_party_clear(&l.server);
	what.name = "est.example";
	what.by = &ca;
	if (what.key_usage == 0)
		what.key_usage = SIGNS;
	fake_party_x509(&l.server, SL_PKEY_P256, &what, label);
}

START_TEST(looks_at_certificates)
{
	make_server(servers[_i].what, servers[_i].by_reference ? SL_LABEL_X5T : SL_LABEL_X5CHAIN);
	lab_agree(&l, 2);
	l.anchor = fake_party_der(&ca);
	if (!servers[_i].is_exact) {
		l.believed.known_count = 0;
		l.believed.anchors = &l.anchor;
		l.believed.anchor_count = 1;
		l.believed.name = servers[_i].wanted;
	}
	if (servers[_i].has_no_clock)
		l.config.now = -1;
	lab_run(&l);
	ck_assert_msg((edhoc_run_outcome(l.run) == EDHOC_RUN_DONE) == servers[_i].is_good,
	        "%s although %s", edhoc_run_text(l.run), servers[_i].because);
	if (servers[_i].is_good)
		lab_check_context(&l);
	else
		ends(EDHOC_RUN_BAD_PEER);
}
END_TEST

/* The same certificate as C509, by value (draft-ietf-cose-cbor-encoded-cert section 3.1). */
static void
reencode(struct fake_party *p)
{
	struct sl_writer id = sl_writer_over(p->id_cred, sizeof p->id_cred);
	struct sl_span c509;

	ck_assert_ok(sl_c509_from_x509(
	        fake_party_der(p), SL_C509_COMPRESSED, p->cred, sizeof p->cred, &p->cred_len));
	c509 = fake_party_cred(p);
	sl_id_cred_write_chain(&id, SL_LABEL_C5C, &c509, 1);
	p->credential.cred = c509;
	p->credential.id_cred = sl_writer_span(&id);
}

START_TEST(looks_at_certificates_in_c509)
{
	static const char *const wanted[] = {"", "EST.example", "est2.example", "another"};

	make_server((struct fake_certificate){.dns = "est2.example", .is_cmc_ra = true},
	        SL_LABEL_X5CHAIN);
	reencode(&l.server);
	lab_agree(&l, 2);
	l.anchor = fake_party_der(&ca);
	l.believed =
	        (struct edhoc_server){.anchors = &l.anchor, .anchor_count = 1, .name = wanted[_i]};
	lab_run(&l);
	ends(_i < 3 ? EDHOC_RUN_DONE : EDHOC_RUN_BAD_PEER);
}
END_TEST

START_TEST(refuses_a_certificate_of_another_authority)
{
	const struct fake_certificate root = {
	        .name = "Root", .key_usage = SL_KU_KEY_CERT_SIGN | SL_KU_CRL_SIGN};

	make_server((struct fake_certificate){.is_cmc_ra = true}, SL_LABEL_X5CHAIN);
	fake_party_x509(&other, SL_PKEY_P256, &root, SL_LABEL_X5T);
	lab_agree(&l, 2);
	l.anchor = fake_party_der(&other);
	l.believed = (struct edhoc_server){.anchors = &l.anchor, .anchor_count = 1, .name = ""};
	lab_run(&l);
	ends(EDHOC_RUN_BAD_PEER);
	ck_assert_int_eq(l.far.last_error, 1);
}
END_TEST

/* --- the server, or somebody in its place, refuses -------------------------------------------- */

static struct sl_span error_message;
static unsigned error_at; /* which answer it takes the place of: 2 or 4 */
static uint8_t error_code;

static void
put_error(void *arg, unsigned n, struct sl_coap_msg *answer)
{
	(void)arg;
	if (n != error_at)
		return;
	sl_coap_msg_init(answer, error_code);
	ck_assert_ok(sl_coap_add_uint(answer, SL_COAP_CONTENT_FORMAT, 64));
	answer->payload = error_message;
}

static const struct {
	const char *message; /* hex */
	const char *text;
} errors[] = {
        {"01 69 6e6f 22 0a 1b5b6d 74 65", "the server refused: \"no\\x22\\x0a\\x1b[mte\""},
        {"03 f5", "the server refused: it does not know our credential"},
        {"18 2a 82 01 02", "the server refused: EDHOC error 42"},
        {"20 60", "the server refused: EDHOC error -1"},
};

START_TEST(ends_at_an_error_for_message_1)
{
	error_message = hex(errors[_i].message);
	error_at = 2;
	error_code = SL_COAP_BAD_REQUEST;
	l.far.spoil = put_error;
	lab_run(&l);
	ends(EDHOC_RUN_REFUSED);
	ck_assert_str_eq(edhoc_run_text(l.run), errors[_i].text);
	ck_assert_uint_eq(l.requests, 1); /* never an error in answer to an error */
	ck_assert_uint_eq(l.far.errors, 0);
}
END_TEST

/* Here the Responder has its context already, but the error says that it has not. */
START_TEST(ends_at_an_error_for_message_3)
{
	error_message = hex(errors[_i].message);
	error_at = 4;
	error_code = SL_COAP_INTERNAL_SERVER_ERROR;
	l.far.spoil = put_error;
	lab_run(&l);
	ck_assert_int_eq(edhoc_run_outcome(l.run), EDHOC_RUN_UNWANTED);
	ck_assert_str_eq(edhoc_run_text(l.run), errors[_i].text);
	ck_assert_uint_eq(l.requests, 2);
}
END_TEST

START_TEST(is_not_wanted_when_the_server_does_not_know_it)
{
	fake_party_ccs(&other, SL_PKEY_P256, "another", SL_LABEL_KID);
	fake_known(&l.far.known[0], &other);
	lab_run(&l);
	ends(EDHOC_RUN_UNWANTED);
	says("does not know our credential");
}
END_TEST

static const char *const no_errors[] = {
        "",
        "00",
        "00 60",
        "01",
        "01 02",
        "02",
        "02 80",
        "02 81 02",
        "03",
        "03 f4",
        "03 f5 00",
        "01 61",
        "f5",
        "60",
        "18 01 60",
};

/* What is no error message is a hint, as anything of the proxy's. */
START_TEST(takes_no_error_out_of_rubbish)
{
	error_message = hex(no_errors[_i]);
	error_at = 2;
	error_code = SL_COAP_BAD_REQUEST;
	l.far.spoil = put_error;
	lab_run(&l);
	ends(EDHOC_RUN_SILENT);
	ck_assert_uint_eq(l.requests, 1 + EDHOC_RUN_HINTS_MAX);
	ck_assert_ptr_null(strstr(l.heard, "error"));
}
END_TEST

/* RFC 9528 section 6.3: error 2 answers message_1 only. */
START_TEST(ignores_error_2_for_message_3)
{
	error_message = hex("02 03");
	error_at = 4;
	error_code = SL_COAP_GATEWAY_TIMEOUT; /* so that it is asked again */
	l.far.spoil = put_error;
	lab_run(&l);
	ck_assert_int_eq(edhoc_run_outcome(l.run), EDHOC_RUN_SILENT);
	ck_assert_uint_eq(edhoc_run_counts(l.run).suites_tried, 1);
	ck_assert_uint_eq(l.requests, 2 + EDHOC_RUN_HINTS_MAX);
}
END_TEST

/* One that names the suite that was tried would be a loop. */
START_TEST(never_goes_in_a_circle_of_suites)
{
	error_message = hex("02 82 02 03");
	error_at = 2;
	error_code = SL_COAP_BAD_REQUEST;
	l.far.spoil = put_error;
	lab_run(&l);
	ends(EDHOC_RUN_REFUSED);
	says("it has 2 3");
	ck_assert_uint_eq(l.requests, 1);
}
END_TEST

static void
put_other_suite(void *arg, unsigned n, struct sl_coap_msg *answer)
{
	static const uint8_t two[] = {2, 2}, three[] = {2, 3};
	const struct sl_span all[] = {{three, 2}, {two, 2}};

	(void)arg;
	error_message = all[(l.requests + 1) % 2]; /* the other one than just tried */
	error_at = n;                              /* in place of message_2 and of the true error */
	error_code = SL_COAP_BAD_REQUEST;
	put_error(NULL, n, answer);
}

START_TEST(tries_each_suite_once)
{
	l.far.spoil = put_other_suite;
	lab_run(&l);
	ends(EDHOC_RUN_REFUSED);
	ck_assert_uint_eq(l.requests, 2);
	ck_assert_uint_eq(edhoc_run_counts(l.run).suites_tried, 2);
}
END_TEST

/* --- message_4 ------------------------------------------------------------------------------- */

START_TEST(insists_on_message_4)
{
	l.profile.message_4 = SL_EDHOC_M4_REQUIRED;
	lab_run(&l);
	ck_assert_int_eq(edhoc_run_outcome(l.run), EDHOC_RUN_BAD_PEER);
	says("no message_4");
}
END_TEST

START_TEST(refuses_a_message_4_that_nobody_agreed_on)
{
	l.profile.message_4 = SL_EDHOC_M4_NEVER;
	l.far.profile.message_4 = SL_EDHOC_M4_REQUIRED;
	lab_run(&l);
	ck_assert_int_eq(edhoc_run_outcome(l.run), EDHOC_RUN_BAD_PEER);
}
END_TEST

/* --- somebody touches the messages ------------------------------------------------------------ */

static unsigned touched; /* which message */
static size_t touched_bit, touched_len;
static enum { FLIP, CUT, GROW } touch;
static bool was_touched;

static void
touch_it(void *arg, unsigned n, struct sl_coap_msg *answer)
{
	static uint8_t bytes[2048];
	size_t len = answer->payload.len;

	(void)arg;
	if (n != touched)
		return;
	memcpy(bytes, answer->payload.ptr, len);
	if (touch == FLIP) {
		was_touched = touched_bit / 8 < len;
		if (was_touched)
			bytes[touched_bit / 8] ^= (uint8_t)(1U << touched_bit % 8);
	} else if (touch == CUT) {
		was_touched = touched_len < len;
		len = was_touched ? touched_len : len;
	} else {
		was_touched = true;
		bytes[len++] = 0;
	}
	answer->payload = heap_copy(sl_span(bytes, len));
}

static void
never_completes(void)
{
	was_touched = false;
	lab_drop(&l);
	lab_run(&l);
	if (was_touched)
		ck_assert_msg(edhoc_run_outcome(l.run) != EDHOC_RUN_DONE, "message_%u: %zu, %zu",
		        touched, touched_bit, touched_len);
	hex_release();
}

static void
touch_everything(unsigned n)
{
	touched = n;
	l.far.spoil = touch_it;
	l.config.backoff_ms = 10;
	touch = FLIP;
	for (touched_bit = 0; touched_bit == 0 || was_touched; touched_bit++)
		never_completes();
	ck_assert_uint_ge(touched_bit, 9 * 8);
	touch = CUT;
	for (touched_len = 1; touched_len == 1 || was_touched; touched_len++)
		never_completes();
	touch = GROW;
	never_completes();
	ck_assert(was_touched);
}

START_TEST(refuses_every_touched_message_2)
{
	touch_everything(2);
}
END_TEST

START_TEST(refuses_every_touched_message_4)
{
	l.far.profile.message_4 = SL_EDHOC_M4_REQUIRED;
	l.profile.message_4 = SL_EDHOC_M4_REQUIRED;
	touch_everything(4);
}
END_TEST

static uint8_t recorded[256];
static size_t recorded_len;

static void
replay(void *arg, unsigned n, struct sl_coap_msg *answer)
{
	(void)arg;
	if (n != 2)
		return;
	if (recorded_len == 0) {
		memcpy(recorded, answer->payload.ptr, answer->payload.len);
		recorded_len = answer->payload.len;
	} else {
		answer->payload = sl_span(recorded, recorded_len);
	}
}

START_TEST(refuses_message_2_of_another_run)
{
	recorded_len = 0;
	l.far.spoil = replay;
	lab_run(&l);
	ck_assert_int_eq(edhoc_run_outcome(l.run), EDHOC_RUN_DONE);
	fake_edhoc_forget(&l.far);
	lab_drop(&l);
	lab_run(&l);
	ends(EDHOC_RUN_BAD_PEER);
}
END_TEST

static void
put_long_message(void *arg, unsigned n, struct sl_coap_msg *answer)
{
	static uint8_t bytes[2048];

	(void)arg;
	if (n != 2)
		return;
	memset(bytes, 0x5a, sizeof bytes);
	memcpy(bytes, "\x59\x07\xfd", 3); /* a bstr of 2045 */
	answer->payload = sl_span(bytes, sizeof bytes);
}

START_TEST(survives_a_long_message_2)
{
	l.far.spoil = put_long_message;
	lab_run(&l);
	ends(EDHOC_RUN_BAD_PEER);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("device_edhoc_steps");
	TCase *t = tcase_create("steps");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, refuses_a_credential_that_it_does_not_know);
	tcase_add_test(t, refuses_a_server_without_the_key);
	tcase_add_test(t, refuses_its_own_credential);
	tcase_add_test(t, refuses_another_claims_set_by_value);
	tcase_add_loop_test(t, looks_at_certificates, 0, ARRAY_LEN(servers));
	tcase_add_loop_test(t, looks_at_certificates_in_c509, 0, 4);
	tcase_add_test(t, refuses_a_certificate_of_another_authority);
	tcase_add_loop_test(t, ends_at_an_error_for_message_1, 0, ARRAY_LEN(errors));
	tcase_add_loop_test(t, ends_at_an_error_for_message_3, 0, ARRAY_LEN(errors));
	tcase_add_test(t, is_not_wanted_when_the_server_does_not_know_it);
	tcase_add_loop_test(t, takes_no_error_out_of_rubbish, 0, ARRAY_LEN(no_errors));
	tcase_add_test(t, ignores_error_2_for_message_3);
	tcase_add_test(t, never_goes_in_a_circle_of_suites);
	tcase_add_test(t, tries_each_suite_once);
	tcase_add_test(t, insists_on_message_4);
	tcase_add_test(t, refuses_a_message_4_that_nobody_agreed_on);
	tcase_add_test(t, refuses_every_touched_message_2);
	tcase_add_test(t, refuses_every_touched_message_4);
	tcase_add_test(t, refuses_message_2_of_another_run);
	tcase_add_test(t, survives_a_long_message_2);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
