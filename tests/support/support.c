/* SPDX-License-Identifier: BSD-2-Clause */
#include "support.h"

#include <sl/text.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct block {
	struct block *next;
	uint8_t *bytes;
};

static struct block *blocks;

struct sl_span
heap_copy(struct sl_span bytes)
{
	struct block *b = malloc(sizeof *b);

	ck_assert_ptr_nonnull(b);
	b->bytes = malloc(bytes.len == 0 ? 1 : bytes.len);
	ck_assert_ptr_nonnull(b->bytes);
	if (bytes.len > 0)
		memcpy(b->bytes, bytes.ptr, bytes.len);
	b->next = blocks;
	blocks = b;
	return sl_span(b->bytes, bytes.len);
}

struct sl_span
hex(const char *text)
{
	size_t cap = strlen(text), n = 0, len = 0;
	char *dense = malloc(cap + 1);
	uint8_t *raw = malloc(cap + 1);
	struct sl_span copy;

	ck_assert_ptr_nonnull(dense);
	ck_assert_ptr_nonnull(raw);
	for (const char *p = text; *p != '\0'; p++)
		if (*p != ' ' && *p != '\n')
			dense[n++] = *p;
	ck_assert_ok(sl_hex_decode(raw, cap, &len, sl_span(dense, n)));
	copy = heap_copy(sl_span(raw, len));
	free(dense);
	free(raw);
	return copy;
}

void
hex_release(void)
{
	while (blocks != NULL) {
		struct block *b = blocks;

		blocks = b->next;
		free(b->bytes);
		free(b);
	}
}

const char *
to_hex(struct sl_span bytes)
{
	static char texts[8][1025];
	static unsigned turn;
	char *out = texts[turn++ % 8];

	if (bytes.len > 510)
		bytes.len = 510;
	ck_assert_ok(sl_hex_encode(out, sizeof texts[0], bytes));
	return out;
}

unsigned
test_rounds(unsigned quick, unsigned full)
{
	const char *wish = getenv("SL_LONG");

	return wish != NULL && wish[0] != '\0' && wish[0] != '0' ? full : quick;
}

unsigned
test_rounds_night(unsigned quick, unsigned full, unsigned night)
{
	const char *wish = getenv("SL_LONG");

	return wish != NULL && strcmp(wish, "night") == 0 ? night : test_rounds(quick, full);
}

int
run_suite(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	hex_release();
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
