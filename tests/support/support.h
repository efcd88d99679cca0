/* SPDX-License-Identifier: BSD-2-Clause
 * What every test uses: hex literals, exactly sized heap copies, one-line main, vector files. */
#ifndef SL_TEST_SUPPORT_H
#define SL_TEST_SUPPORT_H

#include <check.h>
#include <jansson.h>

#include <sl/err.h>
#include <sl/span.h>

/* Bytes of a hex literal (spaces allowed), in an exactly sized heap block so that the sanitizer sees one
 * byte of overread. The block lives until the process ends or hex_release is called. Fails the test when
 * the text is no hex. */
struct sl_span hex(const char *text);
/* The same for any bytes. */
struct sl_span heap_copy(struct sl_span bytes);
/* Frees every block that hex and heap_copy made. Called after each test of run_suite. */
void hex_release(void);
/* Lower-case hex of bytes for messages; one of eight rotating static buffers, cut when long. */
const char *to_hex(struct sl_span bytes);

#define ck_assert_bytes(got, want)                                                                 \
	do {                                                                                       \
		struct sl_span got_ = (got), want_ = (want);                                       \
		ck_assert_msg(sl_span_equal(got_, want_), "got %s, want %s", to_hex(got_),         \
			to_hex(want_));                                                            \
	} while (0)

/* Asserts SL_OK and names the error otherwise. */
#define ck_assert_ok(expr)                                                                         \
	do {                                                                                       \
		enum sl_err err_ = (expr);                                                         \
		ck_assert_msg(err_ == SL_OK, "%s: %s", #expr, sl_err_text(err_));                  \
	} while (0)

/* Asserts a certain error. */
#define ck_assert_err(expr, want)                                                                  \
	do {                                                                                       \
		enum sl_err err_ = (expr);                                                         \
		ck_assert_msg(err_ == (want), "%s: got %s, want %s", #expr, sl_err_text(err_),     \
			sl_err_text(want));                                                        \
	} while (0)

/* Runs one suite and returns main's exit status. */
int run_suite(Suite *suite);

/* How many rounds a test of chance runs: quick normally, full when SL_LONG is set in the environment. */
unsigned test_rounds(unsigned quick, unsigned full);
/* The same, and night when SL_LONG is "night": for what takes an hour. */
unsigned test_rounds_night(unsigned quick, unsigned full, unsigned night);

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* --- vector files --------------------------------------------------------------------------------- */

/* tests/vectors/NAME, or $SL_VECTORS/NAME. Fails the test when it is missing or no JSON. Decref it. */
json_t *vectors_load(const char *name);
/* A list inside; a missing or empty one fails the test. */
json_t *vectors_list(json_t *root, const char *key);
/* A hex member as bytes (see hex); JSON null or a missing member gives a NULL span. */
struct sl_span vectors_hex(const json_t *object, const char *key);
/* A text member; fails the test when it is missing. */
const char *vectors_text(const json_t *object, const char *key);
/* Says how many cases ran; fails the test when there were none. */
void vectors_ran(const char *what, size_t count);

#endif
