/* SPDX-License-Identifier: BSD-2-Clause
 * The revocation file: its form, and that a change of it is noticed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support.h"
#include "trust_revoked.h"

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
#define ONES  "1111111111111111111111111111111111111111111111111111111111111111"
#define MIXED "aAbBcCdDeEfF00112233445566778899aabbccddeeff00112233445566778899"
#define COLONS                                                                                     \
	"aa:bb:cc:dd:ee:ff:00:11:22:33:44:55:66:77:88:99:"                                         \
	"AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99"

static struct sl_buf hashes;
static unsigned line;

static void
setup(void)
{
	sl_buf_init(&hashes, (size_t)4 * REVOKED_HASH_LEN);
}

static void
teardown(void)
{
	sl_buf_clear(&hashes);
}

static const struct {
	const char *text;
	size_t count;
} good[] = {
        {"", 0},
        {"\n\n", 0},
        {"# a comment\n", 0},
        {"  # another", 0},
        {ZEROS, 1},
        {ZEROS "\n", 1},
        {ZEROS "\r\n", 1},
        {"  " ONES "  # sensor 7\n", 1},
        {MIXED "\n", 1},
        {COLONS "\n", 1},
        {ONES "\n" ZEROS "\n" COLONS "\n" MIXED "\n", 4},
        {ZEROS "#\n" ONES "#x\n", 2},
        {ZEROS "\n" ZEROS "\n", 2},
};

START_TEST(takes_fingerprints_and_comments)
{
	ck_assert_ok(revoked_parse(&hashes, heap_copy(sl_span_text(good[_i].text)), &line));
	ck_assert_uint_eq(hashes.len, good[_i].count * REVOKED_HASH_LEN);
	for (size_t at = REVOKED_HASH_LEN; at < hashes.len; at += REVOKED_HASH_LEN)
		ck_assert_int_le(memcmp(hashes.bytes + at - REVOKED_HASH_LEN, hashes.bytes + at,
		                         REVOKED_HASH_LEN),
		        0);
}
END_TEST

static const struct {
	const char *text;
	unsigned line;
	enum sl_err err;
	const char *because;
} bad[] = {
        {"0", 1, SL_EMALFORMED, "one digit is no fingerprint"},
        {"\n" ZEROS "0\n", 2, SL_EMALFORMED, "one digit is too many"},
        {ZEROS "\n0000000000000000000000000000000000000000\n", 2, SL_EMALFORMED,
                "a SHA-1 fingerprint"},
        {"sha256:" ZEROS, 1, SL_EMALFORMED, "a word before it"},
        {ZEROS " " ONES "\n", 1, SL_EMALFORMED, "two in one line"},
        {"\n\n\ng" ZEROS "\n", 4, SL_EMALFORMED, "g is no digit"},
        {"gg00000000000000000000000000000000000000000000000000000000000000", 1, SL_EMALFORMED,
                "g is no digit"},
        {ZEROS "\n" ZEROS "\n" ZEROS "\n" ZEROS "\n" ONES "\n", 5, SL_ELIMIT,
                "one more than there is room for"},
};

START_TEST(says_which_line_is_wrong)
{
	ck_assert_msg(
	        revoked_parse(&hashes, heap_copy(sl_span_text(bad[_i].text)), &line) == bad[_i].err,
	        "taken although %s", bad[_i].because);
	ck_assert_uint_eq(line, bad[_i].line);
}
END_TEST

/* A cut is shorter than a line, or between lines. */
START_TEST(every_prefix_has_a_verdict)
{
	static const char text[] = "# two\n" ZEROS "\n" COLONS "\n";
	size_t first = strlen("# two\n"), second = first + 65;

	for (size_t len = 0; len < sizeof text - 1; len++) {
		bool is_whole = len <= first || len == second - 1 || len == second ||
		                len == sizeof text - 2;
		struct sl_span cut = heap_copy(sl_span(text, len));

		sl_buf_clear(&hashes);
		ck_assert_msg(
		        (revoked_parse(&hashes, cut, &line) == SL_OK) == is_whole, "%zu", len);
		hex_release();
	}
}
END_TEST

/* --- the file --------------------------------------------------------------------------------- */

static char path[64];
static struct revoked list;

static void
write_file(const char *text)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	ck_assert_int_eq(fclose(f), 0);
}

static void
setup_file(void)
{
	int fd;

	snprintf(path, sizeof path, "/tmp/sealift-revoked-XXXXXX");
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	close(fd);
	revoked_init(&list, path);
}

static void
teardown_file(void)
{
	revoked_clear(&list);
	unlink(path);
}

START_TEST(notices_what_is_added_and_taken_away)
{
	const uint8_t zeros[REVOKED_HASH_LEN] = {0};

	ck_assert_ok(revoked_refresh(&list));
	ck_assert(!revoked_has(&list, zeros));
	write_file(ZEROS "\n" ONES "\n" MIXED "\n");
	ck_assert_ok(revoked_refresh(&list));
	ck_assert(revoked_has(&list, zeros));
	ck_assert(revoked_has(&list, hex(ONES).ptr));
	ck_assert(revoked_has(&list, hex(MIXED).ptr));
	ck_assert(!revoked_has(&list, hex("11111111111111111111111111111111"
	                                  "11111111111111111111111111111112")
	                                      .ptr));
	write_file(ONES "\n");
	ck_assert_ok(revoked_refresh(&list));
	ck_assert(!revoked_has(&list, zeros));
}
END_TEST

START_TEST(keeps_what_it_knows_while_the_file_is_gone_or_wrong)
{
	write_file(ONES "\n");
	ck_assert_ok(revoked_refresh(&list));
	write_file(ONES "\nsomething\n");
	ck_assert_err(revoked_refresh(&list), SL_EMALFORMED);
	ck_assert_uint_eq(list.malformed_line, 2);
	ck_assert(!list.is_readable && revoked_has(&list, hex(ONES).ptr));
	ck_assert_err(revoked_refresh(&list), SL_EMALFORMED); /* as long as it is so */
	unlink(path);
	ck_assert_err(revoked_refresh(&list), SL_EIO);
	ck_assert(!list.is_readable && revoked_has(&list, hex(ONES).ptr));
	write_file(ONES "\n");
	ck_assert_ok(revoked_refresh(&list));
	ck_assert(list.is_readable);
}
END_TEST

START_TEST(no_file_revokes_nothing)
{
	struct revoked none;

	revoked_init(&none, "");
	ck_assert_ok(revoked_refresh(&none));
	ck_assert(!revoked_has(&none, hex(ONES).ptr));
	revoked_clear(&none);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("trust_revoked");
	TCase *t = tcase_create("form"), *f = tcase_create("file");

	suite_add_tcase(s, t);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, takes_fingerprints_and_comments, 0, (int)ARRAY_LEN(good));
	tcase_add_loop_test(t, says_which_line_is_wrong, 0, (int)ARRAY_LEN(bad));
	tcase_add_test(t, every_prefix_has_a_verdict);
	suite_add_tcase(s, f);
	tcase_add_checked_fixture(f, setup_file, teardown_file);
	tcase_add_test(f, notices_what_is_added_and_taken_away);
	tcase_add_test(f, keeps_what_it_knows_while_the_file_is_gone_or_wrong);
	tcase_add_test(f, no_file_revokes_nothing);
	return run_suite(s);
}
