/* SPDX-License-Identifier: BSD-2-Clause
 * Discovery, RFC 6690 and RFC 9148 section 4.1: the links that we offer, filtered by a client's
 * query, and a client's reading of such a document. Links to OSCORE resources carry "osc" (RFC
 * 8613 section 9). */
#include <sl/est.h>
#include <sl/reader.h>

#include <string.h>

/* --- offering -------------------------------------------------------------------------- */

static const struct sl_est_link offered[] = {
        {NULL, "/crts", "ace.est.crts", "281 287", true, NULL}, /* 9148 8.2; EST-oscore 4.1 */
        {NULL, "/sen", "ace.est.sen", "281 287", true, NULL},   /* 9148 8.2; EST-oscore 4.1 */
        {NULL, "/sren", "ace.est.sren", "281 287", true, NULL}, /* 9148 8.2; EST-oscore 4.1 */
        {NULL, "/att", "ace.est.att", "285", true, NULL},       /* 9148 8.2; EST-oscore 4.1 */
};

size_t
sl_est_links(const char *root, struct sl_est_link *links, size_t cap)
{
	size_t count = 0;

	for (; count < cap && count < sizeof offered / sizeof offered[0]; count++) {
		links[count] = offered[count];
		links[count].root = root;
	}
	return count;
}

/* A query's value: a trailing "*" is any end (RFC 6690 section 4.1). */
struct pattern {
	struct sl_span text;
	bool is_prefix;
};

static struct pattern
read_pattern(struct sl_span value)
{
	struct pattern got = {value, false};

	if (value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"')
		got.text = sl_span(value.ptr + 1, value.len - 2);
	if (got.text.len > 0 && got.text.ptr[got.text.len - 1] == '*') {
		got.text.len--;
		got.is_prefix = true;
	}
	return got;
}

static bool
fits(const struct pattern *pattern, struct sl_span value)
{
	if (pattern->is_prefix && value.len > pattern->text.len)
		value.len = pattern->text.len;
	return sl_span_equal(pattern->text, value);
}

/* One of the values between spaces. */
static bool
fits_any(const struct pattern *pattern, const char *values)
{
	while (values != NULL && *values != '\0') {
		size_t len = strcspn(values, " ");

		if (len > 0 && fits(pattern, sl_span(values, len)))
			return true;
		values += len + (values[len] == ' ');
	}
	return false;
}

static bool
fits_target(const struct pattern *pattern, const struct sl_est_link *link)
{
	struct sl_span root = sl_span_text(link->root), target = sl_span_text(link->target);
	struct sl_span text = pattern->text;
	struct pattern rest = *pattern;

	if (text.len < root.len) /* the pattern ends inside the root */
		return pattern->is_prefix && memcmp(text.ptr, root.ptr, text.len) == 0;
	if (root.len > 0 && memcmp(text.ptr, root.ptr, root.len) != 0)
		return false;
	rest.text = sl_span(text.len == 0 ? NULL : text.ptr + root.len, text.len - root.len);
	return fits(&rest, target);
}

/* One of the further attributes of that name that have a value; none of ours is quoted. */
static bool
fits_attribute(const struct pattern *pattern, struct sl_span name, const char *attributes)
{
	while (attributes != NULL && *attributes == ';') {
		size_t len = strcspn(++attributes, ";"), name_len = strcspn(attributes, ";=");

		if (name_len < len && sl_span_equal(name, sl_span(attributes, name_len)) &&
		        fits(pattern, sl_span(attributes + name_len + 1, len - name_len - 1)))
			return true;
		attributes += len;
	}
	return false;
}

static bool
fits_query(const struct sl_est_link *link, struct sl_span query)
{
	const uint8_t *equals = query.len == 0 ? NULL : memchr(query.ptr, '=', query.len);
	struct sl_span name;
	struct pattern pattern;

	if (equals == NULL)
		return false;
	name = sl_span(query.ptr, (size_t)(equals - query.ptr));
	pattern = read_pattern(sl_span(equals + 1, query.len - name.len - 1));
	if (sl_span_equal_text(name, "href"))
		return fits_target(&pattern, link);
	if (sl_span_equal_text(name, "rt"))
		return fits_any(&pattern, link->rt);
	if (sl_span_equal_text(name, "ct"))
		return fits_any(&pattern, link->ct);
	return fits_attribute(&pattern, name, link->attributes);
}

static void
write_link(struct sl_writer *w, const struct sl_est_link *link)
{
	sl_write_text(w, "<");
	sl_write_text(w, link->root);
	sl_write_text(w, link->target);
	sl_write_text(w, ">");
	if (link->rt != NULL) {
		sl_write_text(w, ";rt=\"");
		sl_write_text(w, link->rt);
		sl_write_text(w, "\"");
	}
	if (link->ct != NULL) {
		const char *quote = strchr(link->ct, ' ') != NULL ? "\"" : "";

		sl_write_text(w, ";ct=");
		sl_write_text(w, quote);
		sl_write_text(w, link->ct);
		sl_write_text(w, quote);
	}
	if (link->osc)
		sl_write_text(w, ";osc");
	sl_write_text(w, link->attributes);
}

enum sl_err
sl_est_links_encode(struct sl_writer *w, const struct sl_est_link *links, size_t count,
        const struct sl_span *queries, size_t query_count)
{
	const char *comma = "";

	for (size_t i = 0; i < count; i++) {
		size_t q = 0;

		while (q < query_count && fits_query(&links[i], queries[q]))
			q++;
		if (q < query_count)
			continue;
		sl_write_text(w, comma);
		write_link(w, &links[i]);
		comma = ",";
	}
	return sl_writer_finish(w);
}

/* --- reading --------------------------------------------------------------------------- */

static bool
take(struct sl_reader *r, uint8_t c)
{
	if (r->failed || r->left.len == 0 || r->left.ptr[0] != c)
		return false;
	sl_read_u8(r);
	return true;
}

/* Printable ASCII up to one of the stops. */
static struct sl_span
read_until(struct sl_reader *r, const char *stops)
{
	size_t len = 0;

	while (len < r->left.len && r->left.ptr[len] > 0x20 && r->left.ptr[len] < 0x7f &&
	        strchr(stops, r->left.ptr[len]) == NULL)
		len++;
	return sl_read_span(r, len);
}

/* Between quotes, as it is: an escape is taken together with what it escapes. UTF-8 may be
 * inside. */
static struct sl_span
read_quoted(struct sl_reader *r)
{
	struct sl_span value;
	size_t len = 0;

	while (len < r->left.len && r->left.ptr[len] != '"')
		len += r->left.ptr[len] == '\\' ? 2 : 1;
	value = sl_read_span(r, len);
	if (!take(r, '"'))
		sl_reader_fail(r);
	return value;
}

/* ";" name [ "=" value ] */
static void
read_attribute(struct sl_reader *r, struct sl_est_found *found)
{
	struct sl_span name = read_until(r, ";,=\"<>"), value = {0};

	if (name.len == 0)
		sl_reader_fail(r);
	if (take(r, '=')) {
		bool is_quoted = take(r, '"');

		value = is_quoted ? read_quoted(r) : read_until(r, ";,\"\\");
		if (!is_quoted && value.len == 0)
			sl_reader_fail(r);
	}
	if (sl_span_equal_text(name, "rt") && found->rt.ptr == NULL)
		found->rt = value;
	if (sl_span_equal_text(name, "ct") && found->ct.ptr == NULL)
		found->ct = value;
	if (sl_span_equal_text(name, "osc"))
		found->osc = true;
}

static struct sl_est_found
read_link(struct sl_reader *r)
{
	struct sl_est_found found = {0};

	if (!take(r, '<'))
		sl_reader_fail(r);
	found.target = read_until(r, ">");
	if (!take(r, '>'))
		sl_reader_fail(r);
	while (take(r, ';'))
		read_attribute(r, &found);
	return found;
}

/* A whole body; found may be NULL. Returns the number of links. */
static size_t
read_links(struct sl_reader *r, struct sl_est_found *found)
{
	size_t count = 0;

	if (r->left.len == 0)
		return 0;
	do {
		struct sl_est_found one = read_link(r);

		if (found != NULL)
			found[count] = one;
		count++;
	} while (take(r, ','));
	return count;
}

enum sl_err
sl_est_links_decode(struct sl_span body, struct sl_est_found *found, size_t *count)
{
	struct sl_reader r = sl_reader_over(body);
	size_t links = read_links(&r, NULL);

	if (sl_reader_finish(&r) != SL_OK)
		return SL_EMALFORMED;
	if (links > *count)
		return SL_ESPACE;
	r = sl_reader_over(body);
	*count = read_links(&r, found);
	return SL_OK;
}
