/* SPDX-License-Identifier: BSD-2-Clause
 * EST payloads from a peer; the first byte chooses: csrattrs, multipart-core, link-format, path,
 * query. What is accepted can be written again and is then read as the same. */
#include <sl/est.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static uint8_t out[8192], out2[8192];

static void
demand(bool ok)
{
	if (!ok)
		abort();
}

static void
fuzz_csrattrs(struct sl_span der)
{
	struct sl_est_csrattrs sum, sum2;
	struct sl_est_attrs all, all2;
	struct sl_writer w = sl_writer_over(out, sizeof out);
	struct sl_writer w2 = sl_writer_over(out2, sizeof out2);
	enum sl_err err = sl_est_csrattrs_decode(&sum, der);
	enum sl_err err_read = sl_est_csrattrs_read(&all, der);

	demand(err == SL_OK ? err_read == SL_OK || err_read == SL_ELIMIT : err_read == err);
	if (err_read != SL_OK)
		return;
	demand(all.count == sum.count);
	err = sl_est_csrattrs_encode(&w, all.list, all.count);
	demand(err == SL_OK || err == SL_ELIMIT);
	if (err != SL_OK)
		return;
	demand(w.len == der.len); /* the order inside sets may change, nothing else */
	demand(sl_est_csrattrs_read(&all2, sl_writer_span(&w)) == SL_OK);
	demand(sl_est_csrattrs_decode(&sum2, sl_writer_span(&w)) == SL_OK);
	demand(sum2.count == sum.count && sum2.wants_challenge == sum.wants_challenge &&
	        sum2.wants_p256 == sum.wants_p256 && sum2.wants_p384 == sum.wants_p384 &&
	        sum2.wants_ed25519 == sum.wants_ed25519);
	demand(sl_est_csrattrs_encode(&w2, all2.list, all2.count) == SL_OK);
	demand(sl_span_equal(sl_writer_span(&w), sl_writer_span(&w2)));
}

static void
fuzz_multipart(struct sl_span body)
{
	struct sl_est_part parts[SL_EST_PARTS_MAX];
	size_t count = SL_EST_PARTS_MAX;
	struct sl_writer w = sl_writer_over(out, sizeof out);

	if (sl_est_multipart_decode(body, parts, &count) != SL_OK)
		return;
	demand(count <= SL_EST_PARTS_MAX);
	if (body.len > sizeof out)
		return;
	demand(sl_est_multipart_encode(&w, parts, count) == SL_OK);
	demand(sl_span_equal(sl_writer_span(&w), body)); /* one spelling */
}

static bool
is_inside(struct sl_span part, struct sl_span whole)
{
	return part.len == 0 ||
	       (part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len);
}

static void
fuzz_links(struct sl_span body)
{
	struct sl_est_found found[8];
	size_t count = 8;

	if (sl_est_links_decode(body, found, &count) != SL_OK)
		return;
	demand(count <= 8);
	for (size_t i = 0; i < count; i++)
		demand(is_inside(found[i].target, body) && is_inside(found[i].rt, body) &&
		        is_inside(found[i].ct, body));
}

static void
fuzz_path(struct sl_span text)
{
	char path[256];
	struct sl_est_target t;

	if (text.len >= sizeof path)
		return;
	if (text.len > 0)
		memcpy(path, text.ptr, text.len);
	path[text.len] = '\0';
	if (sl_est_target(path, "/est", &t) != SL_OK)
		return;
	demand(strlen(t.label) <= SL_EST_LABEL_MAX && strstr(path, t.label) != NULL);
	demand(t.function >= SL_EST_CRTS && t.function <= SL_EST_WELL_KNOWN_CORE);
	demand(strcmp(path + strlen(path) - strlen(sl_est_function_name(t.function)),
	               sl_est_function_name(t.function)) == 0);
}

/* A filter lets through links as they are: the answer is a document with at most as many. */
static void
fuzz_query(struct sl_span query)
{
	struct sl_est_link links[4];
	struct sl_est_found found[4];
	size_t count = sl_est_links("/est", links, 4), matching = 4;
	struct sl_writer w = sl_writer_over(out, sizeof out);

	demand(sl_est_links_encode(&w, links, count, &query, 1) == SL_OK);
	demand(sl_est_links_decode(sl_writer_span(&w), found, &matching) == SL_OK);
	demand(matching <= count);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static void (*const targets[])(struct sl_span) = {
	        fuzz_csrattrs, fuzz_multipart, fuzz_links, fuzz_path, fuzz_query};

	if (len > 0)
		targets[bytes[0] % 5](sl_span(bytes + 1, len - 1));
	return 0;
}
