/* SPDX-License-Identifier: BSD-2-Clause
 * Private keys out of files: closed to others, private, of a form that can be read. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "key_file.h"
#include "support.h"

#define OWN "as the caller has it"

static char dir[32], path[64];
static struct sl_pkey *made;

static void
start(void)
{
	snprintf(dir, sizeof dir, "/tmp/sl-key-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/a.key", dir);
	ck_assert_ok(sl_pkey_generate(&made, SL_PKEY_P256));
}

static void
end(void)
{
	sl_pkey_free(made);
	made = NULL;
	remove(path);
	rmdir(dir);
}

static void
write_pem(unsigned mode)
{
	char pem[4096];

	ck_assert_ok(sl_pkey_to_pem(made, pem, sizeof pem));
	ck_assert_ok(files_write_new(path, sl_span_text(pem), mode));
}

START_TEST(a_key_is_read)
{
	struct sl_pkey *key = NULL;
	const char *why = OWN;

	write_pem(0400);
	ck_assert_ok(key_file_read(&key, path, &why));
	ck_assert(sl_pkey_has_private(key));
	ck_assert(sl_pkey_equal_public(key, made));
	ck_assert_str_eq(why, OWN);
	sl_pkey_free(key);
}
END_TEST

START_TEST(a_key_that_others_can_read_is_refused)
{
	static const unsigned modes[] = {0440, 0404, 0420, 0402, 0410, 0401};
	struct sl_pkey *key = NULL;
	const char *why = OWN;

	write_pem(0400);
	ck_assert_int_eq(chmod(path, modes[_i]), 0);
	ck_assert_err(key_file_read(&key, path, &why), SL_EAUTH);
	ck_assert_str_eq(why, "the key is open to group or others; chmod 0400");
	ck_assert_ptr_null(key);
}
END_TEST

START_TEST(no_file_is_said)
{
	struct sl_pkey *key = NULL;
	const char *why = OWN;

	ck_assert_err(key_file_read(&key, path, &why), SL_ENOTFOUND);
	ck_assert_str_eq(why, "the key cannot be read");
	ck_assert_ptr_null(key);
}
END_TEST

START_TEST(a_file_longer_than_a_key_is_said)
{
	char *text = calloc(1, 16385);
	struct sl_pkey *key = NULL;
	const char *why = OWN;

	ck_assert_ok(files_write_new(path, sl_span(text, 16385), 0400));
	free(text);
	ck_assert_err(key_file_read(&key, path, &why), SL_ELIMIT);
	ck_assert_str_eq(why, "the key cannot be read");
}
END_TEST

/* The caller says which keys it wants. */
START_TEST(what_is_no_private_key_is_the_callers_to_name)
{
	uint8_t spki[256];
	struct sl_pkey *key = NULL;
	const char *why = OWN;
	size_t len = 0;

	ck_assert_ok(sl_pkey_to_spki(made, spki, sizeof spki, &len));
	ck_assert_ok(files_write_new(
	        path, _i == 0 ? sl_span_text("no key\n") : sl_span(spki, len), 0400));
	ck_assert_err(key_file_read(&key, path, &why), SL_EMALFORMED);
	ck_assert_str_eq(why, OWN);
	ck_assert_ptr_null(key);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("backend/key_file");
	TCase *t = tcase_create("key_file");

	tcase_add_checked_fixture(t, start, end);
	tcase_add_test(t, a_key_is_read);
	tcase_add_loop_test(t, a_key_that_others_can_read_is_refused, 0, 6);
	tcase_add_test(t, no_file_is_said);
	tcase_add_test(t, a_file_longer_than_a_key_is_said);
	tcase_add_loop_test(t, what_is_no_private_key_is_the_callers_to_name, 0, 2);
	suite_add_tcase(s, t);
	return run_suite(s);
}
