/* SPDX-License-Identifier: BSD-2-Clause
 * What is wrong with keys, credentials, anchors and peers is said when the server starts, with the file's name and a
 * mend. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sl/hash.h>
#include <sl/text.h>

#include "trust_world.h"

#define DAY INT64_C(86400)

static void
write_directories(void)
{
	static const char *const names[] = {
	        "listed", "odd", "keys", "broken", "nested", "nested/more"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		ck_assert_int_eq(mkdir(world_path(names[i]), 0700), 0);
	world_write_pem("listed/leaf.pem", world_certificate(&(struct leaf){.cn = "leaf"}));
	world_write("listed/.hidden", sl_span_text("an editor's\n"), 0444);
	world_write_pem("odd/a b.pem", world_certificate(&(struct leaf){.cn = "leaf"}));
	world_write("keys/dev.ccs", world_ccs("dev", "01", world.device, 0, 0), 0444);
	world_write("broken/text.pem", sl_span_text("not a credential\n"), 0444);
}

static void
write_more(void)
{
	struct leaf ed = {.cn = "ed", .key = world.own[3], .key_usage = SL_KU_DIGITAL_SIGNATURE};
	struct leaf sign = {.cn = "p", .key = world.own[2], .key_usage = SL_KU_DIGITAL_SIGNATURE};
	struct leaf both = {.cn = "p", .key = world.own[2]};
	struct leaf over = {.cn = "p", .key = world.own[2], .from = -2 * DAY, .until = -DAY};
	char pem[8192];
	size_t len;

	world_write_pem("ed.pem", world_certificate(&ed));
	world_write_pem("sign.pem", world_certificate(&sign));
	world_write_pem("both.pem", world_certificate(&both));
	world_write_pem("over.pem", world_certificate(&over));
	world_write_pem("leaf.pem", world_certificate(&(struct leaf){.cn = "leaf"}));
	world_write_pem("one.pem", world.one.cert);
	world_write("one.der", world.one.cert, 0444);
	world_write("native.c509", world.native_root, 0444);
	world_write("node.c509", world_native("node", DAY, SL_KU_DIGITAL_SIGNATURE), 0444);
	world_write("cut.c509", sl_span(world.native_root.ptr, world.native_root.len - 1), 0444);
	world_write("dev.ccs", world_ccs("dev", "01", world.device, 0, 0), 0444);
	world_write("dev2.ccs", world_ccs("dev", "02", world.device, 0, 0), 0444);
	world_write("bare.ccs", world_ccs("bare", NULL, world.own[0], 0, 0), 0444);
	world_write("future.ccs", world_ccs("f", "03", world.own[0], 0, world.lab.now + DAY), 0444);
	world_write("ours.ccs", world_ccs("other name", "44", world.own[0], 0, 0), 0444);
	world_write("text.ccs", sl_span_text("not a credential\n"), 0444);
	world_write("empty.ccs", sl_span_text(""), 0444);
	world_write("good.txt", sl_span_text("# none\n"), 0644);
	world_write("bad.txt", sl_span_text("# one\n1234\n"), 0644);
	world_write_key("open.key", world.own[0]);
	ck_assert_int_eq(chmod(world_path("open.key"), 0440), 0);
	world_write("text.key", sl_span_text("no key\n"), 0400);
	ck_assert_ok(sl_cert_to_pem(world.one.cert, pem, sizeof pem));
	len = strlen(pem);
	ck_assert_ok(sl_cert_to_pem(world.two.cert, pem + len, sizeof pem - len));
	world_write("two-in-one.pem", sl_span_text(pem), 0444);
	write_directories();
}

static void
setup(void)
{
	world_make();
	write_more();
	world.is_made = true;
}

/* --- our own ---------------------------------------------------------------------------------- */

#define DH   "    - {key: own-0.key, credential: own-0.ccs, use: static-dh, send: kid}\n"
#define SIGN "    - {key: own-2.key, credential: sign.pem, use: signature, send: x5t}\n"

static const struct {
	const char *methods, *suites, *credentials;
	const char *says; /* NULL: it is fine */
} own[] = {
        {"[0, 3]", "[2, 3]", DH SIGN, NULL},
        {"[3]", "[2]", DH, NULL},
        {"[0]", "[2]", SIGN, NULL},
        {"[1, 3]", "[0, 1]",
                "    - {key: own-1.key, credential: own-1.ccs, use: static-dh, send: kccs}\n",
                NULL},
        {"[0, 3]", "[2]",
                "    - {key: own-2.key, credential: both.pem, use: static-dh, send: x5t}\n"
                "    - {key: own-2.key, credential: both.pem, use: signature, send: x5chain}\n",
                NULL},
        {"[0]", "[0]", "    - {key: own-3.key, credential: ed.pem, use: signature, send: x5t}\n",
                NULL},
        {"[0, 3]", "[2, 0]", DH SIGN,
                "sealift-est.yaml: edhoc.credentials: none for method 0 with suite 0; add one "
                "with use: signature and a ed25519 key"},
        {"[3]", "[3, 6]", DH,
                "none for method 3 with suite 6; add one with use: static-dh and a "
                "x25519 key"},
        {"[3]", "[24]", DH, "none for method 3 with suite 24"},
        {"[3]", "[2]", DH DH, "own-0.ccs: no method with any suite uses it"},
        {"[3]", "[2]", DH SIGN, "sign.pem: no method with any suite uses it"},
        {"[3]", "[2]", "    - {key: own-1.key, credential: own-0.ccs, use: static-dh, send: kid}\n",
                "own-0.ccs: is not for the key beside it"},
        {"[3]", "[2]", "    - {key: own-0.key, credential: own-2.ccs, use: static-dh, send: kid}\n",
                "own-2.ccs: is not for the key beside it"},
        {"[3]", "[2]", "    - {key: own-0.key, credential: own-0.ccs, use: static-dh, send: x5t}\n",
                "own-0.ccs: cannot be sent as x5t"},
        {"[0]", "[2]", "    - {key: own-2.key, credential: sign.pem, use: signature, send: kid}\n",
                "sign.pem: cannot be sent as kid"},
        {"[0]", "[2]", "    - {key: own-2.key, credential: sign.pem, use: signature, send: c5c}\n",
                "sign.pem: cannot be sent as c5c"},
        {"[3]", "[2]", "    - {key: own-0.key, credential: bare.ccs, use: static-dh, send: kid}\n",
                "bare.ccs: cannot be sent as kid"},
        {"[3]", "[2]", "    - {key: own-0.key, credential: bare.ccs, use: static-dh, send: kccs}\n",
                NULL},
        {"[3]", "[2]", "    - {key: own-2.key, credential: sign.pem, use: static-dh, send: x5t}\n",
                "sign.pem: is not in its time, or its keyUsage lacks keyAgreement"},
        {"[0]", "[2]", "    - {key: own-2.key, credential: over.pem, use: signature, send: x5t}\n",
                "over.pem: is not in its time"},
        {"[3]", "[2]",
                "    - {key: own-0.key, credential: future.ccs, use: static-dh, send: kid}\n",
                "future.ccs: is not in its time"},
        {"[3]", "[2]", "    - {key: own-0.key, credential: text.ccs, use: static-dh, send: kid}\n",
                "text.ccs: no certificate in PEM"},
        {"[3]", "[2]", "    - {key: own-0.key, credential: empty.ccs, use: static-dh, send: kid}\n",
                "empty.ccs: no certificate in PEM"},
        {"[3]", "[2]", "    - {key: text.key, credential: own-0.ccs, use: static-dh, send: kid}\n",
                "text.key: no private key"},
        {"[3]", "[2]", "    - {key: own-0.ccs, credential: own-0.ccs, use: static-dh, send: kid}\n",
                "own-0.ccs\": open to group or others; chmod 0400"},
        {"[3]", "[2]", "    - {key: open.key, credential: own-0.ccs, use: static-dh, send: kid}\n",
                ":12: edhoc.credentials[0].key: "},
        {"[3]", "[2]", "    - {key: none.key, credential: own-0.ccs, use: static-dh, send: kid}\n",
                "none.key\": the file cannot be read"},
        {"[3]", "[2]", "    - {key: own-0.key, credential: none, use: static-dh, send: kid}\n",
                ":12: edhoc.credentials[0].credential: "},
};

static void
expect(const char *text, const char *says)
{
	enum sl_err err = world_configure(text);

	if (!err)
		err = world_open();
	if (!says) {
		ck_assert_msg(err == SL_OK, "%s%s", text, world.message);
		return;
	}
	ck_assert_msg(err != SL_OK, "passed:\n%s", text);
	ck_assert_msg(strstr(world.message, says), "%s\n%s", text, world.message);
	ck_assert_ptr_null(world.trust);
}

START_TEST(looks_at_our_credentials)
{
	char text[2048];

	snprintf(text, sizeof text, "edhoc:\n  methods: %s\n  suites: %s\n  credentials:\n%s",
	        own[_i].methods, own[_i].suites, own[_i].credentials);
	expect(text, own[_i].says);
}
END_TEST

/* --- peers ------------------------------------------------------------------------------------ */

#define EXACT(file) "peers:\n  - {credential: " file ", identity: i, profile: default}\n"
#define ANCHOR(file)                                                                               \
	"peers:\n  - {anchor: " file ", identity: \"{common-name}\", profile: default}\n"
#define ALSO(file) "  - {credential: " file ", identity: i, profile: second}\n"

static const struct {
	const char *more, *says;
} peers[] = {
        {"", NULL},
        {EXACT("dev.ccs"), NULL},
        {EXACT("leaf.pem"), NULL},
        {EXACT("node.c509"), NULL},
        {EXACT("over.pem"), "over.pem: has a key of ours"},
        {ANCHOR("one.pem"), NULL},
        {ANCHOR("one.der"), NULL},
        {ANCHOR("native.c509"), NULL},
        {ANCHOR("ca.pem"), NULL},
        {EXACT("dev.ccs") ALSO("dev2.ccs"), NULL}, /* two credentials of one identity */
        {EXACT("dev.ccs") ALSO("dev.ccs"), "dev.ccs: the credential is among the peers twice"},
        {EXACT("own-0.ccs"), "own-0.ccs: has a key of ours"},
        {EXACT("ours.ccs"), "ours.ccs: has a key of ours"},
        {EXACT("text.ccs"), "text.ccs: no certificate in PEM"},
        {EXACT("cut.c509"), "cut.c509: no certificate in PEM"},
        {EXACT("none.ccs"), "peers[0].credential: "},
        {EXACT("one.der"), "one.der: no certificate in PEM"},
        {ANCHOR("leaf.pem"), "leaf.pem: not the certificate of an authority"},
        {ANCHOR("node.c509"), "node.c509: not the certificate of an authority"},
        {ANCHOR("dev.ccs"), "dev.ccs: no certificate in PEM, DER or C509"},
        {ANCHOR("text.ccs"), "text.ccs: no certificate in PEM, DER or C509"},
        {ANCHOR("empty.ccs"), "empty.ccs: cannot be read, or is empty"},
        {ANCHOR("cut.c509"), "cut.c509: no C509 certificate"},
        {ANCHOR("two-in-one.pem"), "two-in-one.pem: more than one block"},
        {ANCHOR("none.pem"), "peers[0].anchor: "},
        {"  directory: listed\n", NULL},
        {"  directory: none\n", "none: no directory that can be read"},
        {"  directory: good.txt\n", "good.txt: no directory that can be read"},
        {"  directory: odd\n", "odd: holds a file whose name is not"},
        {"  directory: keys\n", "keys/dev.ccs: a URI names one certificate"},
        {"  directory: broken\n", "broken/text.pem: no certificate in PEM or C509"},
        {"  directory: nested\n", "nested/more: "},
        {"  revoked: good.txt\n", NULL},
        {"  revoked: bad.txt\n", "bad.txt: line 2: one SHA-256 fingerprint"},
        {"  revoked: none.txt\n", "none.txt: the revocation file cannot be read"},
};

START_TEST(looks_at_peers_and_revocations)
{
	expect(world_edhoc(peers[_i].more), peers[_i].says);
}
END_TEST

/* A kid may mean eight, as many as are tried. */
START_TEST(a_kid_is_not_everybodys)
{
	char text[4096], name[32];
	struct sl_pkey *key;
	size_t len;

	len = (size_t)snprintf(text, sizeof text, "%speers:\n", world_edhoc(""));
	for (int i = 0; i <= SL_CANDIDATES_MAX; i++) {
		key = lab_key(SL_PKEY_P256);
		snprintf(name, sizeof name, "same-%d.ccs", i);
		world_write(name, world_ccs("same", "55", key, 0, 0), 0444);
		sl_pkey_free(key);
		len += (size_t)snprintf(text + len, sizeof text - len,
		        "  - {credential: %s, identity: i, profile: default}\n", name);
		expect(text, i < SL_CANDIDATES_MAX ? NULL : "more than 8 peers have this kid");
	}
}
END_TEST

START_TEST(profile_and_credentials_are_those_of_the_file)
{
	const struct sl_edhoc_profile *profile;

	expect(world_edhoc("  message-4: always\n"), NULL);
	profile = trust_profile(world.trust);
	ck_assert_uint_eq(profile->methods, 15);
	ck_assert_uint_eq(profile->suite_count, 3);
	ck_assert_int_eq(profile->suites[0], 2);
	ck_assert_int_eq(profile->message_4, SL_EDHOC_M4_REQUIRED);
	ck_assert(profile->for_oscore && !profile->keeps_ephemeral);
	for (int method = 0; method <= 3; method++)
		for (size_t i = 0; i < profile->suite_count; i++) {
			const struct sl_edhoc_suite *suite = sl_edhoc_suite(profile->suites[i]);
			const struct sl_edhoc_credential *c = trust_own(world.trust, method, suite);

			ck_assert_ptr_nonnull(c);
			ck_assert_int_eq(sl_pkey_type(c->key),
			        method == 1 || method == 3 ? suite->ecdh : suite->signature);
		}
	ck_assert_ptr_null(trust_own(world.trust, 0, sl_edhoc_suite(24)));
	expect(world_edhoc(""), NULL);
	ck_assert_int_eq(trust_profile(world.trust)->message_4, SL_EDHOC_M4_NEVER);
}
END_TEST

START_TEST(check_needs_neither_store_nor_authority)
{
	ck_assert_ok(world_configure(world_edhoc("")));
	ck_assert_ok(trust_check(&world.lab.config, world.lab.now, world.message));
	ck_assert_ok(world_configure(world_edhoc("  revoked: bad.txt\n")));
	ck_assert_err(trust_check(&world.lab.config, world.lab.now, world.message), SL_EMALFORMED);
	ck_assert_ok(world_configure(""));
	ck_assert_ok(trust_check(&world.lab.config, world.lab.now, world.message));
	trust_close(NULL);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("trust_open");
	TCase *t = tcase_create("open");

	suite_add_tcase(s, t);
	tcase_add_unchecked_fixture(t, setup, world_remove);
	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, looks_at_our_credentials, 0, (int)ARRAY_LEN(own));
	tcase_add_loop_test(t, looks_at_peers_and_revocations, 0, (int)ARRAY_LEN(peers));
	tcase_add_test(t, a_kid_is_not_everybodys);
	tcase_add_test(t, profile_and_credentials_are_those_of_the_file);
	tcase_add_test(t, check_needs_neither_store_nor_authority);
	return run_suite(s);
}
