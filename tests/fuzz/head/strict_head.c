/* SPDX-License-Identifier: BSD-2-Clause
 * One line of the head is one line of the grammar; what stands nowhere here is refused. */
#include "strict_head.h"

#include <string.h>
#include <strings.h>

#define LINES_MAX (HEAD_FIELDS_MAX + 1)

enum once { HOST, LENGTH, TYPE, CODING, OSCORE, EDHOC, EXPECT, ENCODING, ONCE };

static const char *const names[ONCE] = {"Host", "Content-Length", "Content-Type",
        "Transfer-Encoding", "OSCORE", "CoAP-EDHOC", "Expect", "Content-Encoding"};

struct lines {
	struct sl_span at[LINES_MAX];
	size_t count;
};

static bool
is_of(uint8_t c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

static bool
is_alnum(uint8_t c)
{
	return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
}

static bool
all(struct sl_span s, const char *marks)
{
	for (size_t i = 0; i < s.len; i++)
		if (!is_alnum(s.ptr[i]) && !is_of(s.ptr[i], marks))
			return false;
	return s.len > 0;
}

static bool
is_text(struct sl_span s, const char *text)
{
	return s.len == strlen(text) && strncasecmp((const char *)s.ptr, text, s.len) == 0;
}

static struct sl_span
up_to(struct sl_span *rest, const char *end)
{
	const uint8_t *at = memmem(rest->ptr, rest->len, end, strlen(end));
	size_t len = at == NULL ? rest->len : (size_t)(at - rest->ptr);
	struct sl_span part = sl_span(rest->ptr, len);

	if (at != NULL)
		len += strlen(end);
	*rest = sl_span(rest->ptr + len, rest->len - len);
	return part;
}

static struct sl_span
strip(struct sl_span s)
{
	while (s.len > 0 && is_of(s.ptr[0], " \t"))
		s = sl_span(s.ptr + 1, s.len - 1);
	while (s.len > 0 && is_of(s.ptr[s.len - 1], " \t"))
		s.len--;
	return s;
}

/* Lines end with CRLF, the last one is empty, and there is no other control character but the tab. */
static bool
read_lines(struct lines *lines, struct sl_span raw)
{
	if (raw.len < 4 || memcmp(raw.ptr + raw.len - 4, "\r\n\r\n", 4) != 0)
		return false;
	raw.len -= 2;
	while (raw.len > 0) {
		struct sl_span line = up_to(&raw, "\r\n");

		if (lines->count == LINES_MAX || line.len == 0)
			return false;
		for (size_t i = 0; i < line.len; i++)
			if ((line.ptr[i] < ' ' && line.ptr[i] != '\t') || line.ptr[i] == 0x7f)
				return false;
		lines->at[lines->count++] = line;
	}
	return true;
}

/* An OSCORE, EDHOC or framing field that Connection names would be dropped on the way. */
static bool
is_harmless_connection(struct sl_span value)
{
	while (value.len > 0) {
		struct sl_span word = strip(up_to(&value, ","));

		for (size_t i = 0; i < ONCE; i++)
			if (is_text(word, names[i]))
				return false;
	}
	return true;
}

static bool
read_field(struct sl_span line, struct sl_span values[static ONCE], bool there[static ONCE])
{
	struct sl_span name;

	if (memchr(line.ptr, ':', line.len) == NULL)
		return false;
	name = up_to(&line, ":");
	if (!all(name, "!#$%&'*+-.^_`|~"))
		return false;
	if (is_text(name, "Connection") && !is_harmless_connection(line))
		return false;
	for (size_t i = 0; i < ONCE; i++) {
		if (!is_text(name, names[i]))
			continue;
		if (there[i])
			return false;
		there[i] = true;
		values[i] = strip(line);
	}
	return true;
}

static bool
read_number(uint64_t *out, struct sl_span digits, uint64_t max)
{
	*out = 0;
	for (size_t i = 0; i < digits.len; i++) {
		if (digits.ptr[i] < '0' || digits.ptr[i] > '9')
			return false;
		*out = *out * 10 + (digits.ptr[i] - '0');
		if (*out > max)
			return false;
	}
	return digits.len > 0;
}

/* RFC 4648 section 5 without padding, one spelling for each value; "AA" is the empty option. */
static bool
read_option(struct head_request *out, struct sl_span text)
{
	static const char digits[] =
	        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	uint32_t bits = 0;
	unsigned have = 0;

	out->option_len = 0;
	if (text.len < 2 || text.len % 4 == 1)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		const char *digit = is_of(text.ptr[i], digits) ? strchr(digits, text.ptr[i]) : NULL;

		if (digit == NULL)
			return false;
		bits = (bits << 6 | (uint32_t)(digit - digits)) & 0xffffff;
		have += 6;
		if (have < 8)
			continue;
		have -= 8;
		if (out->option_len == sizeof out->option)
			return false;
		out->option[out->option_len++] = (uint8_t)(bits >> have);
	}
	if ((bits & ((1U << have) - 1)) != 0)
		return false;
	if (is_text(text, "AA") && text.ptr[0] == 'A' && text.ptr[1] == 'A')
		out->option_len = 0;
	return true;
}

static bool
read_target(struct sl_span target, struct sl_span *path, struct sl_span *query)
{
	static const char marks[] = "!\"$%&'()*+,-./:;<=>?@[]^_`{|}~";
	bool is_absolute = target.len >= 8 &&
	                   (strncasecmp((const char *)target.ptr, "http://", 7) == 0 ||
	                           strncasecmp((const char *)target.ptr, "https://", 8) == 0);

	if (!all(target, marks) || target.len > HEAD_TARGET_MAX)
		return false;
	if (is_absolute) {
		(void)up_to(&target, "//");
		if (memchr(target.ptr, '/', target.len) == NULL)
			return false;
		*path = up_to(&target, "/");
		if (!all(*path, ".-_:[]"))
			return false;
		target = sl_span(target.ptr - 1, target.len + 1);
	}
	if (target.ptr[0] != '/')
		return false;
	*query = target;
	*path = up_to(query, "?");
	return true;
}

static bool
is_end_point(const struct head_rules *rules, struct sl_span path)
{
	for (size_t i = 0; i < rules->path_count; i++)
		if (sl_span_equal_text(path, rules->paths[i]))
			return true;
	return false;
}

/* RFC 9112 section 6 and what this server does not do. */
static bool
frames(struct head_request *out, const struct sl_span *v, const bool *there, uint64_t body_max)
{
	out->is_chunked = there[CODING];
	return !(there[LENGTH] && there[CODING]) &&
	       (!there[LENGTH] || read_number(&out->body_len, v[LENGTH], body_max)) &&
	       (!there[CODING] || is_text(v[CODING], "chunked")) &&
	       (!there[EXPECT] || is_text(v[EXPECT], "100-continue")) &&
	       (!there[ENCODING] || is_text(v[ENCODING], "identity"));
}

static bool
fits(struct head_request *out, const struct sl_span *v, const bool *there, struct sl_span path,
        const struct head_rules *rules)
{
	bool has_body = out->is_chunked || out->body_len > 0;

	if (is_end_point(rules, path)) {
		out->kind = HEAD_OSCORE;
		out->is_combined = there[EDHOC];
		return there[OSCORE] && there[TYPE] && is_text(v[TYPE], "application/oscore") &&
		       has_body && read_option(out, v[OSCORE]) &&
		       (!there[EDHOC] ||
		               (rules->takes_combined && sl_span_equal_text(v[EDHOC], "?1")));
	}
	if (there[OSCORE] || there[EDHOC])
		return false;
	if (sl_span_equal_text(path, "/.well-known/edhoc")) {
		out->kind = HEAD_EDHOC;
		return rules->takes_edhoc && has_body &&
		       (!there[TYPE] || is_text(v[TYPE], "application/cid-edhoc+cbor-seq"));
	}
	out->kind = HEAD_DISCOVERY;
	return sl_span_equal_text(path, "/.well-known/core") && !has_body;
}

bool
strict_head_takes(struct sl_span raw, const struct head_rules *rules, struct head_request *out)
{
	struct sl_span values[ONCE], method, target, path;
	bool there[ONCE] = {false};
	struct lines lines = {.count = 0};

	memset(out, 0, sizeof *out);
	if (!read_lines(&lines, raw))
		return false;
	method = up_to(&lines.at[0], " ");
	target = up_to(&lines.at[0], " ");
	if (!sl_span_equal_text(lines.at[0], "HTTP/1.1") ||
	        !read_target(target, &path, &out->query))
		return false;
	for (size_t i = 1; i < lines.count; i++)
		if (!read_field(lines.at[i], values, there))
			return false;
	if (!there[HOST] || !all(values[HOST], ".-_:[]"))
		return false;
	return frames(out, values, there, rules->body_max) &&
	       fits(out, values, there, path, rules) &&
	       sl_span_equal_text(method, out->kind == HEAD_DISCOVERY ? "GET" : "POST");
}
