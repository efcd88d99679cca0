/* SPDX-License-Identifier: BSD-2-Clause
 * The server's own reader of request heads as a filter: each head on standard input, behind its length in four
 * bytes, becomes a line: the status that the server would refuse it with (0: none), the length of its body, and the
 * OSCORE option in hex. */
#include <stdio.h>

#include "lenient_head.h"

static const char *const paths[] = {"/"};
static const struct head_rules rules = {
        .paths = paths, .path_count = 1, .short_root = "/est", .body_max = 16384};

static void
judge(struct sl_span raw)
{
	struct lenient_head p;
	struct head_request request = {0};
	struct head_refusal why = {.status = 400};

	if (lenient_head_parse(&p, raw) && p.head.size == raw.len &&
	        head_check(&p.head, &rules, &request, &why))
		why.status = 0;
	printf("%d %llu ", why.status, (unsigned long long)request.body_len);
	for (size_t i = 0; i < request.option_len; i++)
		printf("%02x", request.option[i]);
	printf("\n");
	fflush(stdout);
}

int
main(void)
{
	static uint8_t raw[65536];
	uint8_t size[4];

	while (fread(size, 1, sizeof size, stdin) == sizeof size) {
		size_t len = (size_t)size[2] << 8 | size[3];

		if (fread(raw, 1, len, stdin) != len)
			return 1;
		judge(sl_span(raw, len));
	}
	return 0;
}
