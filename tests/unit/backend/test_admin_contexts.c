/* SPDX-License-Identifier: BSD-2-Clause
 * The commands of sealift-est that are about pre-shared contexts. */
#include "admin_shared.h"

/* --- contexts -------------------------------------------------------------------------------- */

static const struct {
	const char *options;
	int status;
	const char *says, *because;
} bad_contexts[] = {
        {"--out @/d", 2, "--identity", "whose it is"},
        {"--identity a", 2, "--out", "nobody would have the secret"},
        {"--identity a --out @/ca.pem", 1, "exists", "a file is never overwritten"},
        {"--identity a --out @/no/where", 1, "No such file", "the folder does not exist"},
        {"--identity a --out @/d --profile none", 2, "no such profile", "the profile is unknown"},
        {"--identity a --out @/d --aead AES-1", 2, "--aead", "the algorithm is unknown"},
        {"--identity a --out @/d --functions sen,fly", 2, "--functions", "no such function"},
        {"--identity a --out @/d --functions sen,sen", 2, "--functions", "twice the same"},
        {"--identity a --out @/d --sender-id 0102030405060708", 2, "--sender-id",
                "eight bytes are more than any nonce takes"},
        {"--identity a --out @/d --sender-id xyz", 2, "--sender-id", "that is no hex"},
        {"--identity a --out @/d --sender-id 01 --recipient-id 01", 2, "differ", "equal ids"},
        {"--identity a --out @/d --aead A128GCM --sender-id 01020304050607", 2, "",
                "seven bytes do not fit a nonce of twelve"},
        {"--identity a --out @/d --salt 123", 2, "--salt", "half a byte"},
        {"--identity a --out @/d --secret-file @/none", 2, "cannot be read: not found",
                "there is no secret"},
        {"--identity a --out @/d --secret-file @/open", 2, "chmod 0400", "others read the secret"},
        {"--identity a --out @/d --secret-file @/short", 2, "16 to 64", "15 bytes are too few"},
        {"--identity a --out @/d --secret 00112233445566778899aabbccddeeff", 2, "unknown option",
                "no secret on the command line"},
        {"--identity a --identity b --out @/d", 2, "twice", "two identities"},
        {"--identity 01234567890123456789012345678901234567890123456789012345678901234 --out @/d",
                2, "--identity", "65 bytes"},
        {"--identity a --out", 2, "needs a value", "an option without its value"},
        {"--identity a --out @/d more", 2, "one word too many", "a word that nobody reads"},
};

START_TEST(refuses_bad_contexts)
{
	write_text("open", "00112233445566778899aabbccddeeff", 0444);
	write_text("short", "00112233445566778899aabbccddee", 0400);
	ck_status(bad_contexts[_i].status, admin_add_context, "add-context @c %s",
	        bad_contexts[_i].options);
	ck_says(complained, bad_contexts[_i].says);
	ck_status(0, admin_list_contexts, "list-contexts @c");
	ck_assert_msg(said[0] == '\0', "%s: %s", bad_contexts[_i].because, said);
}
END_TEST

static enum sl_err
take_context(void *arg, const struct store_context *context)
{
	*(struct store_context *)arg = *context;
	return SL_OK;
}

START_TEST(writes_a_mirrored_provisioning_file)
{
	struct store_context c = {0};
	json_t *root;
	struct sl_span span;

	ck_status(0, admin_add_context, "add-context @c --identity d\xc3\xa9vice --out @/d.json");
	ck_assert_uint_eq(mode_of("d.json"), 0400);
	root = json_loads(text_of("d.json"), 0, NULL);
	ck_assert_ptr_nonnull(root);
	ck_assert_ok(store_open(&lab.store, lab.config.store, STORE_USE));
	ck_assert_ok(store_contexts_each(lab.store, 0, take_context, &c));
	ck_assert_str_eq(c.identity, "d\xc3\xa9vice");
	ck_assert_str_eq(vectors_text(root, "identity"), c.identity);
	ck_assert_bytes(vectors_hex(root, "master-secret"), sl_key_view(&c.master_secret));
	ck_assert_uint_eq(c.master_secret.len, 16);
	ck_assert_bytes(vectors_hex(root, "master-salt"), sl_key_view(&c.master_salt));
	span = sl_span(c.recipient_id.bytes, c.recipient_id.len);
	ck_assert_bytes(vectors_hex(root, "sender-id"), span);
	ck_assert_uint_eq(span.len, 3);
	span = sl_span(c.sender_id.bytes, c.sender_id.len);
	ck_assert_bytes(vectors_hex(root, "recipient-id"), span);
	ck_assert_ptr_null(json_object_get(root, "id-context"));
	ck_assert_str_eq(vectors_text(root, "aead"), "AES-CCM-16-64-128");
	ck_assert_str_eq(vectors_text(root, "hkdf"), "HKDF-SHA-256");
	ck_assert_int_eq(json_integer_value(json_object_get(root, "window")), 32);
	json_decref(root);
	ck_assert_uint_eq(c.functions,
	        1U << SL_EST_CRTS | 1U << SL_EST_ATT | 1U << SL_EST_SEN | 1U << SL_EST_SREN);
	lab_check_audit(lab.store);
}
END_TEST

START_TEST(takes_ids_salt_and_secret_that_are_given)
{
	struct store_context c = {0};

	write_text("secret", "00112233445566778899AABBCCDDEEFF\n", 0400);
	ck_status(0, admin_add_context,
	        "add-context @c --identity a --secret-file @/secret --salt a0b1 --sender-id 0102"
	        " --recipient-id=ff --id-context c0ffee --functions sen,crts --profile default");
	ck_assert_ok(store_open(&lab.store, lab.config.store, STORE_USE));
	ck_assert_ok(store_contexts_each(lab.store, 0, take_context, &c));
	ck_assert_bytes(sl_key_view(&c.master_secret), hex("00112233445566778899aabbccddeeff"));
	ck_assert_bytes(sl_key_view(&c.master_salt), hex("a0b1"));
	ck_assert_bytes(sl_span(c.recipient_id.bytes, c.recipient_id.len), hex("0102"));
	ck_assert_bytes(sl_span(c.sender_id.bytes, c.sender_id.len), hex("ff"));
	ck_assert_bytes(sl_span(c.id_context, c.id_context_len), hex("c0ffee"));
	ck_assert_uint_eq(c.functions, 1U << SL_EST_CRTS | 1U << SL_EST_SEN);
	ck_assert_ptr_null(strstr(said, "0011"));
	ck_status(1, admin_add_context,
	        "add-context @c --identity b --secret-file @/secret --sender-id 0102"
	        " --id-context c0ffee");
	ck_says(complained, "another context has this id");
}
END_TEST

/* The server would not find the one that is too many, and the device would learn nothing but 4.01. */
START_TEST(adds_no_more_contexts_than_serve_holds)
{
	FILE *yaml = fopen(lab.yaml, "a");

	ck_assert_ptr_nonnull(yaml);
	fputs("limits:\n  contexts: 2\n", yaml);
	fclose(yaml);
	ck_status(0, admin_add_context, "add-context @c --identity a --out @/1");
	ck_status(0, admin_add_context, "add-context @c --identity b --out @/2");
	ck_status(1, admin_add_context, "add-context @c --identity c --out @/3");
	ck_says(complained, "limits.contexts is 2");
	ck_status(0, admin_disable_context, "disable-context @c 1");
	ck_status(0, admin_add_context, "add-context @c --identity c --out @/3");
}
END_TEST

START_TEST(one_secret_is_not_for_two_devices)
{
	write_text("secret", "00112233445566778899aabbccddeeff\n", 0400);
	ck_status(0, admin_add_context,
	        "add-context @c --identity a --secret-file @/secret --out @/1");
	ck_status(1, admin_add_context,
	        "add-context @c --identity b --secret-file @/secret --out @/2");
	ck_says(complained, "another context");
	ck_status(0, admin_add_context,
	        "add-context @c --identity b --secret-file @/secret --salt 01 --out @/2");
}
END_TEST

START_TEST(prints_the_secret_only_when_asked_to)
{
	ck_status(0, admin_add_context, "add-context @c --identity a --out - --sender-id 00");
	ck_says(said, "\"master-secret\": \"");
	ck_says(said, "\"recipient-id\": \"01\""); /* 00 is taken */
	ck_assert_int_eq(said[0], '{');
	ck_status(0, admin_add_context, "add-context @c --identity b --out @/b.json");
	ck_assert_ptr_null(strstr(said, "secret"));
	ck_status(0, admin_list_contexts, "list-contexts @c");
	ck_says(said, "1\tenabled\t");
	ck_assert_ptr_null(strstr(said, "secret"));
}
END_TEST

START_TEST(lists_and_disables_contexts)
{
	json_t *root;

	for (int i = 0; i < 3; i++)
		ck_status(0, admin_add_context,
		        "add-context @c --identity d%d --out @/%d --id-context 0%d", i, i, i);
	ck_status(0, admin_disable_context, "disable-context @c 2");
	ck_says(said, "context 2 disabled");
	ck_status(1, admin_disable_context, "disable-context @c 9");
	ck_status(2, admin_disable_context, "disable-context @c two");
	ck_status(2, admin_disable_context, "disable-context @c");
	ck_status(0, admin_list_contexts, "list-contexts @c --json");
	root = json_loads(said, 0, NULL);
	ck_assert_uint_eq(json_array_size(root), 3);
	ck_assert_str_eq(vectors_text(json_array_get(root, 1), "state"), "disabled");
	ck_assert_str_eq(vectors_text(json_array_get(root, 2), "id-context"), "02");
	json_decref(root);
	ck_status(2, admin_list_contexts, "list-contexts @c --json --json");
	ck_status(2, admin_list_contexts, "list-contexts @c --json=yes");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("admin_contexts");
	TCase *t = tcase_create("commands");

	suite_add_tcase(s, t);
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, refuses_bad_contexts, 0, (int)ARRAY_LEN(bad_contexts));
	tcase_add_test(t, writes_a_mirrored_provisioning_file);
	tcase_add_test(t, takes_ids_salt_and_secret_that_are_given);
	tcase_add_test(t, adds_no_more_contexts_than_serve_holds);
	tcase_add_test(t, one_secret_is_not_for_two_devices);
	tcase_add_test(t, prints_the_secret_only_when_asked_to);
	tcase_add_test(t, lists_and_disables_contexts);
	return run_suite(s);
}
