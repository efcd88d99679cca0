/* SPDX-License-Identifier: BSD-2-Clause
 * The worked example of the SipHash paper (appendix A: key 00..0f, message 00..0e), and the first rows of the
 * reference implementation's table for the 64-bit and 128-bit outputs. */
#include "support.h"

#include <sl/siphash.h>

static const struct {
	size_t len; /* message is 00 01 02 ... of this length */
	const char *want; /* as the reference prints it, little-endian */
} rows64[] = {
	{0, "310e0edd47db6f72"},
	{1, "fd67dc93c539f874"},
	{2, "5a4fa9d909806c0d"},
	{7, "37d1018bf50002ab"},
	{8, "6224939a79f5f593"},
	{15, "e545be4961ca29a1"},
};

static const struct {
	size_t len;
	const char *want;
} rows128[] = {
	{0, "a3817f04ba25a8e66df67214c7550293"},
	{1, "da87c1d86b99af44347659119b22fc45"},
	{2, "8177228da4a45dc7fca38bdef60affe4"},
};

static struct sl_span
counted(size_t len)
{
	uint8_t bytes[64];

	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)i;
	return heap_copy(sl_span(bytes, len));
}

START_TEST(matches_the_reference)
{
	uint64_t h = sl_siphash(counted(16).ptr, counted(rows64[_i].len));
	uint8_t out[8];

	for (size_t i = 0; i < 8; i++)
		out[i] = (uint8_t)(h >> (8 * i));
	ck_assert_bytes(sl_span(out, 8), hex(rows64[_i].want));
}
END_TEST

START_TEST(matches_the_paper)
{
	ck_assert_uint_eq(sl_siphash(counted(16).ptr, counted(15)), 0xa129ca6149be45e5);
}
END_TEST

START_TEST(matches_the_wide_reference)
{
	uint8_t out[16];

	sl_siphash128(out, counted(16).ptr, counted(rows128[_i].len));
	ck_assert_bytes(sl_span(out, 16), hex(rows128[_i].want));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("base/siphash");
	TCase *t = tcase_create("siphash");

	tcase_add_loop_test(t, matches_the_reference, 0, ARRAY_LEN(rows64));
	tcase_add_test(t, matches_the_paper);
	tcase_add_loop_test(t, matches_the_wide_reference, 0, ARRAY_LEN(rows128));
	suite_add_tcase(s, t);
	return run_suite(s);
}
