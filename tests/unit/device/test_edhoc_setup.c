/* SPDX-License-Identifier: BSD-2-Clause
 * edhoc_own.c and edhoc_setup.c: out of files to what a run needs. */
#include "edhoc_setup.h"

#include "fake_edhoc.h"
#include "fake_est.h"
#include "support.h"

#include <stdio.h>
#include <string.h>

static struct fake_party ca, device, server;
static struct edhoc_setup setup;
static struct edhoc_own own;
static struct complaint why;
static struct provisioning_edhoc words;
static struct edhoc_setup_files files;

static void
set_up(void)
{
	memset(&ca, 0, sizeof ca);
	memset(&device, 0, sizeof device);
	memset(&server, 0, sizeof server);
	memset(&words, 0, sizeof words);
	memset(&files, 0, sizeof files);
	words.method = PROVISIONING_METHOD_UNSAID;
	edhoc_setup_init(&setup);
	edhoc_own_init(&own);
}

static void
tear_down(void)
{
	edhoc_setup_clear(&setup);
	edhoc_own_clear(&own);
	fake_party_clear(&ca);
	fake_party_clear(&device);
	fake_party_clear(&server);
}

static struct sl_span
key_of(const struct fake_party *p)
{
	char pem[1024];

	ck_assert_ok(sl_pkey_to_pem(p->key, pem, sizeof pem));
	return heap_copy(sl_span_text(pem));
}

static struct sl_span
pem_of(const struct fake_party *p)
{
	char pem[4096];

	ck_assert_ok(sl_cert_to_pem(fake_party_der(p), pem, sizeof pem));
	return heap_copy(sl_span_text(pem));
}

static void
make_ca(void)
{
	const struct fake_certificate root = {
	        .name = "Root", .key_usage = SL_KU_KEY_CERT_SIGN | SL_KU_CRL_SIGN};

	fake_party_x509(&ca, SL_PKEY_P256, &root, SL_LABEL_X5T);
}

static void
make_certified(struct fake_party *p, enum sl_pkey_type type, struct fake_certificate what)
{
	make_ca();
	what.by = &ca;
	if (what.name == NULL)
		what.name = "sensor-9";
	if (what.key_usage == 0)
		what.key_usage = SL_KU_DIGITAL_SIGNATURE;
	fake_party_x509(p, type, &what, SL_LABEL_X5T);
}

/* Raw keys on both sides. */
static void
use_raw_keys(enum sl_pkey_type type)
{
	fake_party_ccs(&device, type, "sensor-7", SL_LABEL_KID);
	fake_party_ccs(&server, SL_PKEY_P256, "server", SL_LABEL_KID);
	files.key = key_of(&device);
	files.credential = fake_party_cred(&device);
	files.peers[0] = fake_party_cred(&server);
	words.peer_count = 1;
	snprintf(words.peers[0], sizeof words.peers[0], "server.ccs");
}

static void
loads(void)
{
	ck_assert_msg(edhoc_setup_load(&setup, &words, &files, &why) == SL_OK, "%s", why.text);
}

START_TEST(takes_raw_keys)
{
	use_raw_keys(SL_PKEY_P256);
	loads();
	ck_assert_int_eq(setup.method, 3);
	ck_assert_uint_eq(setup.profile.methods, 8);
	ck_assert_uint_eq(setup.profile.suite_count, 2);
	ck_assert_int_eq(setup.profile.suites[0], 2);
	ck_assert_int_eq(setup.profile.suites[1], 3);
	ck_assert(setup.profile.for_oscore);
	ck_assert_int_eq(setup.profile.message_4, SL_EDHOC_M4_OPTIONAL);
	ck_assert_bytes(setup.own.credential.cred, fake_party_cred(&device));
	ck_assert_bytes(setup.own.credential.id_cred, sl_span(device.id_cred, device.id_cred_len));
	ck_assert_uint_eq(setup.server.known_count, 1);
	ck_assert_bytes(setup.server.known[0].cred, fake_party_cred(&server));
	ck_assert(setup.server.known[0].has_kid && setup.server.known[0].is_trusted);
	ck_assert_bytes(setup.server.known[0].kid, sl_span_text("se"));
	ck_assert_uint_eq(setup.server.anchor_count, 0);
}
END_TEST

START_TEST(takes_certificates)
{
	make_certified(&device, SL_PKEY_P256, (struct fake_certificate){0});
	files.key = key_of(&device);
	files.credential = pem_of(&device);
	files.anchors = pem_of(&ca);
	snprintf(words.anchors, sizeof words.anchors, "a.pem");
	snprintf(words.peer_name, sizeof words.peer_name, "est.example");
	words.requires_message_4 = true;
	loads();
	ck_assert_int_eq(setup.method, 0);
	ck_assert_int_eq(setup.profile.message_4, SL_EDHOC_M4_REQUIRED);
	ck_assert_bytes(setup.own.credential.id_cred, sl_span(device.id_cred, device.id_cred_len));
	ck_assert_uint_eq(setup.server.anchor_count, 1);
	ck_assert_bytes(setup.server.anchors[0], fake_party_der(&ca));
	ck_assert_str_eq(setup.server.name, "est.example");
}
END_TEST

static const struct {
	enum sl_pkey_type type;
	int said, method;
	size_t count;
	int64_t first;
} usual[] = {
        {SL_PKEY_P256, PROVISIONING_METHOD_UNSAID, 3, 2, 2}, {SL_PKEY_P256, 0, 0, 2, 2},
        {SL_PKEY_P256, 1, 1, 2, 2}, {SL_PKEY_P256, 2, 2, 2, 2},
        {SL_PKEY_P384, PROVISIONING_METHOD_UNSAID, 3, 1, 24},
        {SL_PKEY_ED25519, PROVISIONING_METHOD_UNSAID, 0, 3, 0}, /* 0, 1, 4 */
        {SL_PKEY_X25519, PROVISIONING_METHOD_UNSAID, 3, 4, 0},  /* and 6 */
};

START_TEST(chooses_method_and_suites_by_the_key)
{
	use_raw_keys(usual[_i].type);
	words.method = usual[_i].said;
	loads();
	ck_assert_int_eq(setup.method, usual[_i].method);
	ck_assert_int_eq(setup.profile.suites[0], usual[_i].first);
	ck_assert_uint_eq(setup.profile.suite_count, usual[_i].count);
}
END_TEST

START_TEST(shows_its_credential_as_told)
{
	use_raw_keys(SL_PKEY_P256);
	words.has_send = true;
	words.send = SL_LABEL_KCCS;
	loads();
	/* { 14: CCS } */
	ck_assert_uint_eq(setup.own.credential.id_cred.len, 2 + device.cred_len);
	ck_assert_uint_eq(setup.own.credential.id_cred.ptr[1], 14);
}
END_TEST

/* --- what does not go together ---------------------------------------------------------------- */

static void
fails(enum sl_err err, const char *part)
{
	why.text[0] = '\0';
	ck_assert_err(edhoc_setup_load(&setup, &words, &files, &why), err);
	ck_assert_msg(strstr(why.text, part) != NULL, "%s", why.text);
	ck_assert_ptr_null(setup.own.key); /* nothing is left */
	ck_assert_uint_eq(setup.own.file.bytes.len, 0);
}

START_TEST(refuses_what_does_not_go_together)
{
	use_raw_keys(SL_PKEY_P256);
	files.key = key_of(&server);
	fails(SL_EAUTH, "credential: it is about another key");
	files.key = sl_span_text("rubbish");
	fails(SL_EMALFORMED, "key: ");
	files.key = key_of(&device);
	files.credential = sl_span_text("rubbish");
	fails(SL_EMALFORMED, "credential: ");
	files.credential = fake_party_cred(&device);
	words.has_send = true;
	words.send = SL_LABEL_X5T;
	fails(SL_EUNSUPPORTED, "send: the credential cannot be shown as x5t");
	words.has_send = false;
	words.suite_count = 2;
	words.suites[0] = 2;
	words.suites[1] = 0;
	fails(SL_EUNSUPPORTED, "suites: 0 does not go with a key of type p256 and method 3");
	words.suite_count = 0;
	files.peers[0] = sl_span_text("rubbish");
	fails(SL_EMALFORMED, "peers: server.ccs");
	files.peers[0] = fake_party_cred(&device);
	fails(SL_EAUTH, "peers: server.ccs is about our own key");
	files.peers[0] = fake_party_cred(&server);
	snprintf(words.anchors, sizeof words.anchors, "a.pem");
	files.anchors = sl_span_text("rubbish");
	fails(SL_EMALFORMED, "anchors: ");
	words.anchors[0] = '\0';
	loads();
}
END_TEST

START_TEST(refuses_a_method_that_the_key_cannot)
{
	use_raw_keys(SL_PKEY_ED25519);
	words.method = 3;
	fails(SL_EUNSUPPORTED, "no cipher suite goes with a key of type ed25519 and method 3");
}
END_TEST

/* --- the enrolled certificate ----------------------------------------------------------------- */

static const struct {
	const char *because;
	bool is_good;
	int method;
	int64_t now;
	struct fake_certificate what;
} enrolled[] = {
        {"it signs", true, 0, FAKE_EST_EPOCH, {0}},
        {"it agrees", true, 3, FAKE_EST_EPOCH, {.key_usage = SL_KU_KEY_AGREEMENT}},
        {"nobody knows the time", true, 0, -1, {.not_before = 1000, .not_after = 2000}},
        {"it is its last second", true, 1, 2000, {.not_before = 1000, .not_after = 2000}},
        {"it is over", false, 0, 2001, {.not_before = 1000, .not_after = 2000}},
        {"it is not yet good", false, 0, 999, {.not_before = 1000, .not_after = 2000}},
        {"it may not agree", false, 3, FAKE_EST_EPOCH, {0}},
        {"it may not sign", false, 0, FAKE_EST_EPOCH, {.key_usage = SL_KU_KEY_AGREEMENT}},
};

START_TEST(shows_the_enrolled_certificate_where_it_may)
{
	struct edhoc_own_enrolled with = {.method = enrolled[_i].method, .now = enrolled[_i].now};
	struct sl_buf both;
	enum sl_err err;

	make_certified(&device, SL_PKEY_P256, enrolled[_i].what);
	sl_buf_init(&both, 8192);
	ck_assert_ok(sl_buf_add(&both, pem_of(&device)));
	ck_assert_ok(sl_buf_add(&both, pem_of(&ca))); /* what came with it stays here */
	with.key = key_of(&device);
	with.certificate = sl_buf_view(&both);
	err = edhoc_own_load_enrolled(&own, &with, &why);
	sl_buf_clear(&both);
	ck_assert_msg((err == SL_OK) == enrolled[_i].is_good, "%s", enrolled[_i].because);
	if (err != SL_OK) {
		ck_assert_ptr_null(own.key);
		return;
	}
	ck_assert_bytes(own.credential.cred, fake_party_cred(&device));
	/* { 33: bstr DER } by value: 2 + 1 + the item */
	ck_assert_uint_eq(own.credential.id_cred.len, 3 + device.cred_len);
}
END_TEST

/* --- who we are ------------------------------------------------------------------------------- */

START_TEST(is_who_its_credential_says)
{
	char identity[PROVISIONING_IDENTITY_MAX + 1] = "";

	use_raw_keys(SL_PKEY_P256);
	loads();
	ck_assert_ok(edhoc_own_identity(&setup.own, identity));
	ck_assert_str_eq(identity, "sensor-7");
	fake_party_clear(&server);
	make_certified(&server, SL_PKEY_P256, (struct fake_certificate){0});
	ck_assert_ok(edhoc_own_load(&own, key_of(&server), pem_of(&server), NULL, &why));
	ck_assert_ok(edhoc_own_identity(&own, identity));
	ck_assert_str_eq(identity, "sensor-9");
}
END_TEST

START_TEST(is_nobody_by_a_long_subject)
{
	static const char subject[] =
	        "12345678901234567890123456789012345678901234567890123456789012345";
	char identity[PROVISIONING_IDENTITY_MAX + 1] = "as before";

	fake_party_ccs(&device, SL_PKEY_P256, subject, SL_LABEL_KID);
	ck_assert_ok(edhoc_own_load(&own, key_of(&device), fake_party_cred(&device), NULL, &why));
	ck_assert_err(edhoc_own_identity(&own, identity), SL_ENOTFOUND);
	ck_assert_str_eq(identity, "as before");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("device_edhoc_setup");
	TCase *t = tcase_create("setup");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, takes_raw_keys);
	tcase_add_test(t, takes_certificates);
	tcase_add_loop_test(t, chooses_method_and_suites_by_the_key, 0, ARRAY_LEN(usual));
	tcase_add_test(t, shows_its_credential_as_told);
	tcase_add_test(t, refuses_what_does_not_go_together);
	tcase_add_test(t, refuses_a_method_that_the_key_cannot);
	tcase_add_loop_test(t, shows_the_enrolled_certificate_where_it_may, 0, ARRAY_LEN(enrolled));
	tcase_add_test(t, is_who_its_credential_says);
	tcase_add_test(t, is_nobody_by_a_long_subject);
	suite_add_tcase(s, t);
	return run_suite(s);
}
