/* SPDX-License-Identifier: BSD-2-Clause */
#include "options.h"

#include "support.h"

#include <string.h>

#define WORDS_MAX 48

/* Splits at spaces; the words live in a static buffer. */
static enum sl_err
parse(struct options *o, const char *line, struct complaint *why)
{
	static char text[512];
	char *words[WORDS_MAX] = {"sealift-device"};
	int count = 1;

	strncpy(text, line, sizeof text - 1);
	for (char *p = text; *p != '\0' && count < WORDS_MAX; count++) {
		words[count] = p;
		p += strcspn(p, " ");
		if (*p != '\0')
			*p++ = '\0';
	}
	return options_parse(o, count, words, why);
}

START_TEST(reads_commands_and_options_in_any_order)
{
	struct complaint why = {""};
	struct options o;

	ck_assert_msg(parse(&o, "--state d enroll --key-type ed25519 --cn x --json", &why) == SL_OK,
	        "%s", why.text);
	ck_assert_int_eq(o.command, COMMAND_ENROLL);
	ck_assert_str_eq(o.state, "d");
	ck_assert_str_eq(o.common_name, "x");
	ck_assert_int_eq(o.key_type, SL_PKEY_ED25519);
	ck_assert(o.is_json && !o.is_traced && !o.is_forced);
	ck_assert_uint_eq(o.inner_szx, 6);
	ck_assert_uint_eq(o.timeout_ms, 0);
	ck_assert_ok(parse(&o, "get /a --state d --accept 65535 --timeout 4d", &why));
	ck_assert_str_eq(o.get_path, "/a");
	ck_assert(o.has_accept);
	ck_assert_uint_eq(o.accept, 65535);
	ck_assert_uint_eq(o.timeout_ms, 4ULL * 86400 * 1000);
	ck_assert_ok(parse(&o, "--check --state d", &why));
	ck_assert_int_eq(o.command, COMMAND_CHECK);
	ck_assert_ok(parse(&o, "reenroll --rekey --key-type p256 --state d --trace", &why));
	ck_assert(o.is_rekey && o.is_traced);
}
END_TEST

#define EDHOC "--edhoc --key k --credential c --server s "

START_TEST(reads_the_words_of_edhoc)
{
	struct complaint why = {""};
	struct options o;

	ck_assert_msg(parse(&o,
	                      "init --state d " EDHOC "--send kid --peer 1 --peer 2 --peer 3 "
	                      "--peer 4 --anchors a --peer-name n --method 3 --suites 2,3 "
	                      "--message-4 require --combined --identity i --bind "
	                      "--use-enrolled no",
	                      &why) == SL_OK,
	        "%s", why.text);
	ck_assert(o.is_edhoc && o.edhoc.requires_message_4 && o.edhoc.is_combined);
	ck_assert(o.edhoc.is_bound && o.edhoc.keeps_to_this);
	ck_assert_str_eq(o.edhoc.key, "k");
	ck_assert_str_eq(o.edhoc.credential, "c");
	ck_assert_str_eq(o.where.server, "s");
	ck_assert_str_eq(o.edhoc.send, "kid");
	for (size_t i = 0; i < SL_DEVICE_PEERS_MAX; i++)
		ck_assert_int_eq(o.edhoc.peers[i][0], (int)('1' + i));
	ck_assert_str_eq(o.edhoc.anchors, "a");
	ck_assert_str_eq(o.edhoc.peer_name, "n");
	ck_assert_str_eq(o.edhoc.method, "3");
	ck_assert_str_eq(o.edhoc.suites, "2,3");
	ck_assert_str_eq(o.edhoc.identity, "i");
	ck_assert_ok(parse(&o, "enroll --state d " EDHOC "--peer p --use-enrolled yes", &why));
	ck_assert(!o.edhoc.keeps_to_this && !o.edhoc.is_bound && !o.edhoc.is_combined);
	ck_assert_ptr_null(o.edhoc.peers[1]);
	ck_assert_ok(parse(&o, "credential --key k --subject s --kid 00fF --out f", &why));
	ck_assert_bytes(sl_span(o.kid, o.kid_len), hex("00ff"));
	ck_assert_str_eq(o.edhoc.key, "k");
	ck_assert_str_eq(o.subject, "s");
	ck_assert_str_eq(o.out, "f");
}
END_TEST

/* 64 characters. */
#define LONG "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const char *const good[] = {
        "--help",
        "--version",
        "enroll --help",
        "init --state d --provisioning p --server s",
        "init --state d --provisioning p --server s --target t --root r --route x",
        "discover --state d",
        "crts --state d --outer-block 16",
        "show --state d --json",
        "ping --server s",
        "ping --state d --timeout 1s",
        "enroll --state d --force --accept 287 --block-size 1024",
        "enroll --state d --bind",
        "reenroll --state d --bind",
        "init --state d " EDHOC "--peer p",
        "init --state d " EDHOC "--anchors a --target t --root r",
        "enroll --state d " EDHOC "--peer p --force --cn x --key-type p384 --route /r",
        "keygen --out f",
        "keygen --out f --key-type x448 --json",
        "credential --key k --subject " LONG " --out f",
        "credential --key k --subject s --kid 00112233445566778899aabbccddeeff --out f",
        "credential --show f --json",
        "credential --encode p --out f",
};

START_TEST(takes_good_lines)
{
	struct complaint why = {""};
	struct options o;

	ck_assert_msg(parse(&o, good[_i], &why) == SL_OK, "%s: %s", good[_i], why.text);
}
END_TEST

static const struct {
	const char *because, *line;
} bad[] = {
        {"there is no command", "--state d"},
        {"the command is not known", "enrol --state d"},
        {"there are two commands", "show crts --state d"},
        {"the option is not known", "show --state d --verbose"},
        {"there is no insecure mode", "enroll --state d --insecure"},
        {"the state is missing", "enroll"},
        {"the state has no value", "show --state"},
        {"init needs a provisioning", "init --state d --server s"},
        {"init needs a server", "init --state d --provisioning p"},
        {"get needs a path", "get --state d"},
        {"ping needs to know where", "ping"},
        {"a block is a power of two", "get /a --state d --block-size 100"},
        {"a block has 16 bytes at least", "get /a --state d --block-size 8"},
        {"a block has 1024 bytes at most", "get /a --state d --block-size 2048"},
        {"a block is a number", "get /a --state d --block-size x"},
        {"a time has a unit", "get /a --state d --timeout 30"},
        {"no time is no time", "get /a --state d --timeout 0"},
        {"four days are the most", "get /a --state d --timeout 97h"},
        {"the key type is not known", "enroll --state d --key-type rsa"},
        {"X25519 cannot sign", "enroll --state d --key-type x25519"},
        {"the key stays without a rekey", "reenroll --state d --key-type p256"},
        {"a Content-Format has 16 bits", "get /a --state d --accept 65536"},
        {"a certificate comes as 281 or 287", "enroll --state d --accept 60"},
        {"show asks nobody", "show --state d --timeout 1s"},
        {"enroll makes a key anyway", "enroll --state d --rekey"},
        {"the server is kept in the state", "enroll --state d --server coap://a"},
        {"a key is for EDHOC", "enroll --state d --key k"},
        {"a peer is for EDHOC", "init --state d --provisioning p --server s --peer c"},
        {"binding at the first is for EDHOC", "init --state d --provisioning p --server s --bind"},
        {"a context has no session to bind to by itself", "crts --state d --bind"},
        {"EDHOC is for a new state", "reenroll --state d --edhoc"},
        {"there is one way to begin", "init --state d " EDHOC "--peer c --provisioning p"},
        {"EDHOC needs a key", "init --state d --edhoc --credential c --server s --peer p"},
        {"EDHOC needs a credential", "init --state d --edhoc --key k --server s --peer p"},
        {"EDHOC needs a server", "enroll --state d --edhoc --key k --credential c --peer p"},
        {"EDHOC needs somebody to believe", "init --state d " EDHOC},
        {"four peers are the most",
                "init --state d " EDHOC "--peer 1 --peer 2 --peer 3 --peer 4 --peer 5"},
        {"message_4 cannot be asked away", "init --state d " EDHOC "--peer p --message-4 never"},
        {"a certificate is used or not", "init --state d " EDHOC "--peer p --use-enrolled maybe"},
        {"a key goes into a file", "keygen"},
        {"keys of RSA are none of ours", "keygen --out f --key-type rsa"},
        {"a credential is around a key", "credential --subject s --out f"},
        {"a credential has a subject", "credential --key k --out f"},
        {"a credential goes into a file", "credential --key k --subject s"},
        {"a subject is an identity", "credential --key k --out f --subject a" LONG},
        {"a subject is plain text", "credential --key k --out f --subject a\tb"},
        {"a kid is hex", "credential --key k --subject s --out f --kid 0"},
        {"a kid has 16 bytes at most",
                "credential --key k --subject s --out f --kid 00112233445566778899aabbccddeeff00"},
        {"what is shown is there already", "credential --show f --key k"},
        {"what is shown needs no new file", "credential --show f --out g"},
        {"what is encoded goes into a file", "credential --encode p"},
        {"what is encoded has its subject", "credential --encode p --out f --subject s"},
        {"one thing at a time", "credential --encode p --show f"},
};

START_TEST(refuses_bad_lines)
{
	struct complaint why = {""};
	struct options o = {.state = "untouched"};

	ck_assert_msg(parse(&o, bad[_i].line, &why) == SL_EMALFORMED, "accepted although %s",
	        bad[_i].because);
	ck_assert_str_ne(why.text, "");
	ck_assert_str_eq(o.state, "untouched");
}
END_TEST

START_TEST(helps_with_every_command)
{
	for (int c = COMMAND_INIT; c < COMMAND_CHECK; c++)
		ck_assert_ptr_nonnull(
		        strstr(options_help(), options_command_name((enum options_command)c)));
	ck_assert_str_eq(options_command_name(COMMAND_CHECK), "check");
	ck_assert_str_eq(options_command_name(COMMAND_NONE), "");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("device_options");
	TCase *t = tcase_create("options");

	tcase_add_test(t, reads_commands_and_options_in_any_order);
	tcase_add_test(t, reads_the_words_of_edhoc);
	tcase_add_loop_test(t, takes_good_lines, 0, ARRAY_LEN(good));
	tcase_add_loop_test(t, refuses_bad_lines, 0, ARRAY_LEN(bad));
	tcase_add_test(t, helps_with_every_command);
	suite_add_tcase(s, t);
	return run_suite(s);
}
