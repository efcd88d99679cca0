/* SPDX-License-Identifier: BSD-2-Clause
 * The head of an HTTP response, line by line as it arrives (RFC 9112 sections 4 and 5): limits, what may
 * desynchronise a connection, and the few fields the mapping looks at. Pure. */
#ifndef PROXY_RESPONSE_HEAD_H
#define PROXY_RESPONSE_HEAD_H

#include <sl/mappings.h>

#define RESPONSE_HEAD_BYTES_MAX   (16 * 1024)
#define RESPONSE_HEAD_LINES_MAX   64
#define RESPONSE_HEAD_INTERIM_MAX 8

struct response_head {
	size_t bytes;
	unsigned lines, interim;
	int status;
	bool is_http10;
	bool has_close; /* the connection ends behind this response (RFC 9112 section 9.6) */
	bool is_done;   /* the blank line came; what follows are trailers, which do not count */
	bool has_content_encoding;
	bool has_retry_after;
	bool has_max_age, is_uncacheable;
	unsigned oscore_count, content_type_count, content_length_count, transfer_encoding_count;
	uint32_t retry_after_s;
	uint32_t max_age_s, age_s;
	uint64_t content_length; /* when there is one */
	size_t oscore_len, content_type_len, location_len;
	/* from here on: bytes that count up to their length only */
	char oscore[SL_MAP_OSCORE_HEADER_MAX + 64];
	char content_type[256];
	char location[SL_MAP_PATH_MAX];
};

void response_head_init(struct response_head *h);
/* One line with its CRLF or LF: status line, field, blank line or trailer. False: not to be trusted, close
 * the connection. */
bool response_head_line(struct response_head *h, struct sl_span line);
/* Bytes behind a head that has no body (RFC 9112 section 6.3) although it speaks of one may still be under way: its
 * connection is not for another request. */
bool response_head_has_tail(const struct response_head *h);
/* What the mapping needs, but for transport and body. Borrows from *h. */
void response_head_result(const struct response_head *h, struct sl_map_http_result *out);

#endif
