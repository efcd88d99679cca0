/* SPDX-License-Identifier: BSD-2-Clause
 * What a device refuses in EDHOC: servers that are not who they should be, messages that somebody
 * touched, errors. A refused server is told once, when there is somebody to tell. */
#include "edhoc_steps_shared.h"

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
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
