/* SPDX-License-Identifier: BSD-2-Clause
 * Raw request heads, parsed leniently, then judged by head_check. What is accepted must be one request by a
 * second, independent reading of the raw bytes: only CRLF line ends, one Host, one length, one OSCORE field. */
#include "lenient_head.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

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

/* Lines of raw that begin with a name and a colon, and how many line ends are no CRLF. */
static void
count(const uint8_t *raw, size_t len, const char *name, size_t *lines, size_t *bare)
{
	size_t i, name_len = strlen(name);

	*lines = 0;
	*bare = 0;
	for (i = 0; i < len; i++) {
		if (raw[i] != '\n')
			continue;
		*bare += i == 0 || raw[i - 1] != '\r';
		if (len - i - 1 > name_len && raw[i + 1 + name_len] == ':' &&
		        strncasecmp((const char *)raw + i + 1, name, name_len) == 0)
			++*lines;
	}
}

static void
require(int condition)
{
	if (!condition)
		abort();
}

static void
look_again(const uint8_t *raw, size_t len, const struct head_request *request)
{
	size_t lines, bare, lengths;

	require(memchr(raw, 0, len) == NULL);
	count(raw, len, "host", &lines, &bare);
	require(lines == 1 && bare == 0);
	count(raw, len, "content-length", &lengths, &bare);
	count(raw, len, "transfer-encoding", &lines, &bare);
	require(lengths + lines <= 1);
	require(request->is_chunked == (lines == 1));
	count(raw, len, "oscore", &lines, &bare);
	require(lines == (request->kind == HEAD_OSCORE));
	require(request->option_len <= sizeof request->option);
	require(request->kind != HEAD_OSCORE || request->is_chunked || request->body_len > 0);
	require(request->body_len <= rules.body_max);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct lenient_head p;
	struct head_request request;
	struct head_refusal why = {0};

	/* A library hands over whole heads. A NUL before a bare LF cannot be told from CRLF (head.c). */
	if (!lenient_head_parse(&p, (struct sl_span){bytes, len}) ||
	        memmem(bytes, len, "\0\n", 2) != NULL)
		return 0;
	if (head_check(&p.head, &rules, &request, &why))
		look_again(bytes, p.head.size, &request);
	else
		require(why.status >= 400 && why.status < 600 && why.text != NULL);
	return 0;
}
