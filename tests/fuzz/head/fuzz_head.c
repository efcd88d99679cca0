/* SPDX-License-Identifier: BSD-2-Clause
 * Raw request heads, parsed leniently as an HTTP library may, then judged by head_check: the verdict and what is
 * read out of the head are those of a strict reader of the raw bytes (strict_head.h). */
#include "lenient_head.h"
#include "strict_head.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static const char *const paths[] = {"/", "/.well-known/oscore"};
static const struct head_rules rules = {
        .paths = paths,
        .path_count = 2,
        .short_root = "/est",
        .body_max = 16384,
        .takes_edhoc = true,
        .takes_combined = true,
};

static void
require(int condition)
{
	if (!condition)
		abort();
}

static void
require_same(const struct head_request *a, const struct head_request *b)
{
	require(a->kind == b->kind && a->is_combined == b->is_combined);
	require(a->is_chunked == b->is_chunked && a->body_len == b->body_len);
	require(sl_span_equal(a->query, b->query));
	require(a->kind != HEAD_OSCORE || sl_span_equal(sl_span(a->option, a->option_len),
	                                          sl_span(b->option, b->option_len)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct lenient_head p;
	struct head_request request, expected;
	struct head_refusal why = {0};
	bool is_taken, is_good;

	/* A library hands over whole heads. A NUL before a bare LF cannot be told from CRLF (head.c). */
	if (!lenient_head_parse(&p, (struct sl_span){bytes, len}) ||
	        memmem(bytes, len, "\0\n", 2) != NULL)
		return 0;
	is_good = strict_head_takes(sl_span(bytes, p.head.size), &rules, &expected);
	is_taken = head_check(&p.head, &rules, &request, &why);
	require(is_taken == is_good);
	if (is_taken)
		require_same(&request, &expected);
	else
		require(why.status >= 400 && why.status < 600 && why.text != NULL);
	return 0;
}
