/* SPDX-License-Identifier: BSD-2-Clause
 * Response heads, line by line. Beyond no crash: what was taken obeys the limits, holds no line break, and
 * never has two lengths. */
#include <stdlib.h>
#include <string.h>

#include "response_head.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
require(bool holds)
{
	if (!holds)
		abort();
}

static void
check(const struct response_head *h)
{
	struct sl_map_http_result r = {0};

	response_head_result(h, &r);
	require(h->bytes <= RESPONSE_HEAD_BYTES_MAX && h->lines <= RESPONSE_HEAD_LINES_MAX);
	require(h->status >= 100 && h->status <= 599);
	require(h->content_length_count + h->transfer_encoding_count <= 1);
	require(r.oscore_header.len == 0 ||
	        memchr(r.oscore_header.ptr, '\n', r.oscore_header.len) == NULL);
	require(r.oscore_header_count > 0 || r.oscore_header.len == 0);
	require(r.has_max_age || r.max_age_s == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct response_head head;

	response_head_init(&head);
	while (len > 0) {
		const uint8_t *end = memchr(bytes, '\n', len);
		size_t n = end == NULL ? len : (size_t)(end - bytes) + 1;

		if (!response_head_line(&head, sl_span(bytes, n)))
			return 0;
		check(&head);
		bytes += n;
		len -= n;
	}
	return 0;
}
