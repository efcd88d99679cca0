/* SPDX-License-Identifier: BSD-2-Clause
 * A state directory from init to a context that resumes. */
#include "device.h"

#include "fake_est.h"
#include "machine.h"
#include "support.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64], state[96], file[96];
static struct complaint why;
static const struct settings_words where = {
        .server = "coap://127.0.0.1", .target = "http://a.b:81"};

static void
write_file(const char *text, unsigned mode)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	ck_assert_int_eq(fchmod(fd, mode), 0);
	close(fd);
}

static void
set_up(void)
{
	machine_make_dir(dir);
	snprintf(state, sizeof state, "%s/state", dir);
	snprintf(file, sizeof file, "%s/provisioning", dir);
	write_file(fake_provisioning, 0400);
}

static void
tear_down(void)
{
	machine_remove_dir(state);
	machine_remove_dir(dir);
}

START_TEST(opens_what_init_made)
{
	struct device d;

	ck_assert_msg(device_init(state, file, &where, &why) == SL_OK, "%s", why.text);
	ck_assert_msg(device_open(&d, state, &why) == SL_OK, "%s", why.text);
	ck_assert_str_eq(d.identity, "device-1");
	ck_assert(d.where.route.is_forward);
	ck_assert_uint_eq(d.where.route.target.port, 81);
	ck_assert_uint_eq(d.ctx.ssn, 0);
	ck_assert_uint_eq(d.ctx.ssn_limit, 0);
	device_close(&d);
}
END_TEST

/* RFC 8613 B.1.1: after a restart the context begins above everything that may have been used. */
START_TEST(resumes_above_the_reservation)
{
	struct device d;

	ck_assert_ok(device_init(state, file, &where, &why));
	ck_assert_ok(device_open(&d, state, &why));
	ck_assert_ok(keystore_reserve(&d.ks, 32));
	device_close(&d);
	ck_assert_ok(device_open(&d, state, &why));
	ck_assert_uint_eq(d.ctx.ssn, 32);
	ck_assert_uint_le(d.ctx.ssn_limit, 32);
	device_close(&d);
}
END_TEST

START_TEST(refuses_a_provisioning_that_others_may_read)
{
	ck_assert_int_eq(chmod(file, 0440), 0);
	ck_assert_err(device_init(state, file, &where, &why), SL_EAUTH);
	ck_assert_ptr_nonnull(strstr(why.text, "chmod 400"));
	ck_assert_int_ne(access(state, F_OK), 0); /* nothing was made */
}
END_TEST

START_TEST(refuses_a_bad_provisioning_by_its_name)
{
	ck_assert_int_eq(unlink(file), 0);
	ck_assert_err(device_init(state, file, &where, &why), SL_ENOTFOUND);
	write_file("{}", 0400);
	ck_assert_err(device_init(state, file, &where, &why), SL_EMALFORMED);
	ck_assert_msg(strncmp(why.text, file, strlen(file)) == 0, "%s", why.text);
	ck_assert_int_ne(access(state, F_OK), 0);
}
END_TEST

START_TEST(refuses_bad_settings_before_it_reads_a_secret)
{
	struct settings_words bad = {.server = "http://a"};

	ck_assert_err(device_init(state, file, &bad, &why), SL_EUNSUPPORTED);
	ck_assert_int_ne(access(state, F_OK), 0);
}
END_TEST

START_TEST(does_not_begin_a_context_again)
{
	ck_assert_ok(device_init(state, file, &where, &why));
	ck_assert_err(device_init(state, file, &where, &why), SL_EREPLAY);
}
END_TEST

START_TEST(names_the_file_that_is_damaged)
{
	static const enum keystore_item items[] = {KEYSTORE_PROVISIONING, KEYSTORE_SETTINGS};
	struct keystore ks;
	struct device d;

	ck_assert_ok(device_init(state, file, &where, &why));
	ck_assert_ok(keystore_open(&ks, state, &why));
	ck_assert_ok(keystore_write(&ks, items[_i], sl_span_text("{\"a\": 1}")));
	keystore_close(&ks);
	ck_assert_err(device_open(&d, state, &why), SL_EMALFORMED);
	ck_assert_msg(strstr(why.text, keystore_name(items[_i])) != NULL, "%s", why.text);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("device_state");
	TCase *t = tcase_create("state");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, opens_what_init_made);
	tcase_add_test(t, resumes_above_the_reservation);
	tcase_add_test(t, refuses_a_provisioning_that_others_may_read);
	tcase_add_test(t, refuses_a_bad_provisioning_by_its_name);
	tcase_add_test(t, refuses_bad_settings_before_it_reads_a_secret);
	tcase_add_test(t, does_not_begin_a_context_again);
	tcase_add_loop_test(t, names_the_file_that_is_damaged, 0, 2);
	suite_add_tcase(s, t);
	return run_suite(s);
}
