/* SPDX-License-Identifier: BSD-2-Clause
 * Handles: what they open, what they refuse, what they tell of a state directory. */
#include "credentials.h"
#include "fake_est.h"
#include "keystore.h"
#include "machine.h"
#include "show.h"
#include "support.h"

#include <sl/device.h>

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64], state[96], file[96];
static struct sl_device *d;
static struct sl_device_why why;
static const struct sl_device_where where = {
        .server = "coap://127.0.0.1", .target = "http://a.b:81"};

static void
set_up(void)
{
	int fd;

	machine_make_dir(dir);
	snprintf(state, sizeof state, "%s/state", dir);
	snprintf(file, sizeof file, "%s/provisioning", dir);
	fd = open(file, O_WRONLY | O_CREAT, 0400);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, fake_provisioning, strlen(fake_provisioning)),
	        (ssize_t)strlen(fake_provisioning));
	close(fd);
	d = NULL;
	memset(&why, 0, sizeof why);
}

static void
tear_down(void)
{
	sl_device_close(d);
	machine_remove_dir(state);
	machine_remove_dir(dir);
}

static enum sl_err
open_it(void)
{
	const struct sl_device_options options = {.state = state};

	return sl_device_open(&d, &options, &why);
}

static void
write_item(enum keystore_item item, const char *text)
{
	struct complaint ignored;
	struct keystore ks;

	ck_assert_ok(keystore_open(&ks, state, &ignored));
	ck_assert_ok(keystore_write(&ks, item, sl_span_text(text)));
	keystore_close(&ks);
}

START_TEST(tells_what_init_made)
{
	const struct sl_device_state *s;

	ck_assert_msg(sl_device_init(state, file, &where, &why) == SL_OK, "%s", why.text);
	ck_assert_msg(open_it() == SL_OK, "%s", why.text);
	s = sl_device_show(d);
	ck_assert_str_eq(s->identity, "device-1");
	ck_assert_str_eq(s->server, "coap://127.0.0.1");
	ck_assert_str_eq(s->target, "http://a.b:81");
	ck_assert_str_eq(s->route, "");
	ck_assert_str_eq(s->root, "/.well-known/est");
	ck_assert_uint_eq(s->numbers_reserved, 0);
	ck_assert(!s->has_certificate && !s->has_pending_request);
	ck_assert_uint_eq(s->certificate_count + s->anchor_count, 0);
	ck_assert_int_eq(s->check, SL_ENOTFOUND);
	ck_assert_str_ne(s->problem, "");
}
END_TEST

START_TEST(has_no_result_before_the_first_call)
{
	const struct sl_device_result *r;

	ck_assert_ok(sl_device_init(state, file, &where, NULL));
	ck_assert_ok(open_it());
	r = sl_device_result(d);
	ck_assert_str_eq(r->text, "");
	ck_assert_uint_eq(r->code, 0);
	ck_assert_uint_eq(r->body.len + r->link_count + r->certificate_count + r->anchor_count, 0);
}
END_TEST

static const struct {
	const char *because;
	struct sl_device_where where;
	enum sl_err err;
} bad_places[] = {
        {"a server must be said", {.server = NULL}, SL_EMALFORMED},
        {"an empty server is none", {.server = ""}, SL_EMALFORMED},
        {"the next hop speaks CoAP", {.server = "http://a"}, SL_EUNSUPPORTED},
        {"target and route exclude each other",
                {.server = "coap://a", .target = "http://b", .route = "/r"}, SL_EMALFORMED},
        {"the root is a path", {.server = "coap://a", .root = "est"}, SL_EMALFORMED},
};

START_TEST(init_refuses_a_bad_place)
{
	ck_assert_msg(
	        sl_device_init(state, file, &bad_places[_i].where, &why) == bad_places[_i].err,
	        "%s", bad_places[_i].because);
	ck_assert_str_ne(why.text, "");
	ck_assert_err(sl_device_init(state, file, &bad_places[_i].where, NULL), bad_places[_i].err);
	ck_assert_int_ne(access(state, F_OK), 0);
}
END_TEST

START_TEST(init_works_once)
{
	ck_assert_ok(sl_device_init(state, file, &where, &why));
	ck_assert_err(sl_device_init(state, file, &where, &why), SL_EREPLAY);
}
END_TEST

START_TEST(open_refuses_what_is_not_there)
{
	ck_assert_err(open_it(), SL_ENOTFOUND);
	ck_assert_ptr_null(d);
	ck_assert_ptr_nonnull(strstr(why.text, state));
}
END_TEST

START_TEST(open_refuses_what_others_may_enter)
{
	ck_assert_ok(sl_device_init(state, file, &where, &why));
	ck_assert_int_eq(chmod(state, 0750), 0);
	ck_assert_err(open_it(), SL_EAUTH);
	ck_assert_ptr_null(d);
	ck_assert_ptr_nonnull(strstr(why.text, "chmod 700"));
}
END_TEST

START_TEST(one_handle_at_a_time)
{
	struct sl_device_options options = {.state = state};
	struct sl_device *second = NULL;

	ck_assert_ok(sl_device_init(state, file, &where, &why));
	ck_assert_ok(open_it());
	ck_assert_err(sl_device_open(&second, &options, &why), SL_EIO);
	ck_assert_ptr_null(second);
	sl_device_close(d);
	d = NULL;
	ck_assert_ok(open_it());
}
END_TEST

static const struct {
	unsigned size;
	bool is_good;
} sizes[] = {{0, true}, {8, false}, {15, false}, {16, true}, {17, false}, {512, true}, {1024, true},
        {1025, false}, {2048, false}};

START_TEST(takes_block_sizes_of_the_rfc)
{
	const struct sl_device_options inner = {.state = state, .block_size = sizes[_i].size};
	const struct sl_device_options outer = {.state = state, .outer_block_size = sizes[_i].size};
	enum sl_err want = sizes[_i].is_good ? SL_OK : SL_EMALFORMED;

	ck_assert_ok(sl_device_init(state, file, &where, &why));
	ck_assert_msg(sl_device_open(&d, &inner, &why) == want, "%u", sizes[_i].size);
	sl_device_close(d);
	d = NULL;
	ck_assert_msg(sl_device_open(&d, &outer, &why) == want, "%u", sizes[_i].size);
}
END_TEST

static const struct {
	const char *because;
	enum keystore_item item;
	bool has_certificate;
} damages[] = {
        {"a list of certificates that is none", KEYSTORE_CERT, true},
        {"a list of anchors that is none", KEYSTORE_ANCHORS, false},
};

START_TEST(tells_of_damage)
{
	const struct sl_device_state *s;

	ck_assert_ok(sl_device_init(state, file, &where, &why));
	write_item(damages[_i].item, "damaged");
	ck_assert_ok(open_it());
	s = sl_device_show(d);
	ck_assert_msg(s->check == SL_EMALFORMED, "%s", damages[_i].because);
	ck_assert(s->has_certificate == damages[_i].has_certificate);
	ck_assert_ptr_nonnull(strstr(s->problem, keystore_name(damages[_i].item)));
	ck_assert_uint_eq(s->certificate_count + s->anchor_count, 0);
}
END_TEST

START_TEST(closes_nothing)
{
	sl_device_close(NULL);
}
END_TEST

START_TEST(has_a_text_for_every_outcome)
{
	for (int o = SL_DEVICE_DONE; o <= SL_DEVICE_FAILED; o++)
		ck_assert_str_ne(sl_device_outcome_text((enum sl_device_outcome)o), "");
}
END_TEST

START_TEST(shows_no_secret)
{
	struct report r;
	char text[4096];
	FILE *f = tmpfile();
	size_t len;

	ck_assert_ok(sl_device_init(state, file, &where, &why));
	ck_assert_ok(open_it());
	report_init(&r, true, false);
	show_state(&r, sl_device_show(d));
	ck_assert(report_print(&r, f));
	rewind(f);
	len = fread(text, 1, sizeof text - 1, f);
	text[len] = '\0';
	fclose(f);
	ck_assert_ptr_nonnull(strstr(text, "\"identity\": \"device-1\""));
	ck_assert_ptr_nonnull(strstr(text, "\"target\": \"http://a.b:81\""));
	ck_assert_ptr_nonnull(strstr(text, "\"enrolled\": false"));
	ck_assert_ptr_null(strstr(text, "\"problem\""));
	ck_assert_ptr_null(strstr(text, "0102030405060708"));
	ck_assert_ptr_null(strstr(text, "9e7ca92223786340"));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("device_library");
	TCase *t = tcase_create("handles");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, tells_what_init_made);
	tcase_add_test(t, has_no_result_before_the_first_call);
	tcase_add_loop_test(t, init_refuses_a_bad_place, 0, ARRAY_LEN(bad_places));
	tcase_add_test(t, init_works_once);
	tcase_add_test(t, open_refuses_what_is_not_there);
	tcase_add_test(t, open_refuses_what_others_may_enter);
	tcase_add_test(t, one_handle_at_a_time);
	tcase_add_loop_test(t, takes_block_sizes_of_the_rfc, 0, ARRAY_LEN(sizes));
	tcase_add_loop_test(t, tells_of_damage, 0, ARRAY_LEN(damages));
	tcase_add_test(t, closes_nothing);
	tcase_add_test(t, has_a_text_for_every_outcome);
	tcase_add_test(t, shows_no_secret);
	suite_add_tcase(s, t);
	return run_suite(s);
}
