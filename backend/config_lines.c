/* SPDX-License-Identifier: BSD-2-Clause
 * Where in a YAML text a key stands. Reads block style by indentation, as people write
 * configurations; it only serves messages, so what it does not understand costs precision and
 * nothing else. */
#include <stdio.h>
#include <string.h>

#include "config_raw.h"

#define DEPTH_MAX 8
#define PATH_MAX_ 128

struct frame {
	size_t indent;
	bool is_item;
	unsigned items; /* sequence items seen below */
	char path[PATH_MAX_];
};

struct scan {
	struct frame frames[DEPTH_MAX];
	size_t depth;
	unsigned line;
	struct sl_span left;
};

/* One line without its end, as long as there is one. */
static bool
next_line(struct scan *s, struct sl_span *line)
{
	const uint8_t *end;

	if (s->left.len == 0)
		return false;
	end = memchr(s->left.ptr, '\n', s->left.len);
	line->ptr = s->left.ptr;
	line->len = end ? (size_t)(end - s->left.ptr) : s->left.len;
	s->left.ptr += line->len + (end ? 1 : 0);
	s->left.len -= line->len + (end ? 1 : 0);
	s->line++;
	return true;
}

static size_t
spaces(struct sl_span text)
{
	size_t n = 0;

	while (n < text.len && text.ptr[n] == ' ')
		n++;
	return n;
}

/* The key at the start of text, without quotes; empty when there is none. */
static struct sl_span
key_of(struct sl_span text)
{
	size_t n = 0;

	while (n < text.len && text.ptr[n] != ':' && text.ptr[n] != '#')
		n++;
	if (n == text.len || text.ptr[n] != ':' || (n + 1 < text.len && text.ptr[n + 1] != ' '))
		return sl_span(NULL, 0);
	if (n >= 2 && (text.ptr[0] == '"' || text.ptr[0] == '\''))
		return sl_span(text.ptr + 1, n - 2);
	return sl_span(text.ptr, n);
}

static const char *
path_now(const struct scan *s)
{
	return s->depth > 0 ? s->frames[s->depth - 1].path : "";
}

static struct frame *
push(struct scan *s, size_t indent)
{
	struct frame *f;

	if (s->depth == DEPTH_MAX)
		s->depth--;
	f = &s->frames[s->depth];
	memset(f, 0, sizeof *f);
	f->indent = indent;
	return f;
}

static void
push_key(struct scan *s, size_t indent, struct sl_span key)
{
	char above[PATH_MAX_];
	struct frame *f;

	while (s->depth > 0 && s->frames[s->depth - 1].indent >= indent)
		s->depth--;
	snprintf(above, sizeof above, "%s", path_now(s));
	f = push(s, indent);
	snprintf(f->path, sizeof f->path, "%.80s%s%.*s", above, above[0] ? "." : "",
	        key.len < 40 ? (int)key.len : 40, (const char *)key.ptr);
	s->depth++;
}

static void
push_item(struct scan *s, size_t indent)
{
	char above[PATH_MAX_];
	unsigned index = 0;
	struct frame *f;

	while (s->depth > 0 && (s->frames[s->depth - 1].indent > indent ||
	                               (s->frames[s->depth - 1].is_item &&
	                                       s->frames[s->depth - 1].indent == indent)))
		s->depth--;
	snprintf(above, sizeof above, "%s", path_now(s));
	if (s->depth > 0)
		index = s->frames[s->depth - 1].items++;
	f = push(s, indent);
	f->is_item = true;
	snprintf(f->path, sizeof f->path, "%.100s[%u]", above, index);
	s->depth++;
}

/* Takes one line in; true when it put a key or an item on top. */
static bool
take_line(struct scan *s, struct sl_span line)
{
	size_t indent = spaces(line);
	struct sl_span rest = sl_span(line.ptr + indent, line.len - indent), key;
	bool is_item = rest.len > 0 && rest.ptr[0] == '-' && (rest.len == 1 || rest.ptr[1] == ' ');

	if (is_item) {
		size_t skip;

		push_item(s, indent);
		rest = sl_span(rest.ptr + 1, rest.len - 1);
		skip = spaces(rest);
		rest = sl_span(rest.ptr + skip, rest.len - skip);
		indent += 1 + skip;
	}
	key = key_of(rest);
	if (key.len > 0)
		push_key(s, indent, key);
	return is_item || key.len > 0;
}

/* path begins with known and goes on below it, or is it. */
static bool
is_above(const char *known, const char *path)
{
	size_t len = strlen(known);

	return strncmp(known, path, len) == 0 &&
	       (path[len] == '\0' || path[len] == '.' || path[len] == '[');
}

unsigned
config_line_of(struct sl_span text, const char *path)
{
	struct scan s = {.left = text};
	struct sl_span line;
	unsigned best = 1;
	size_t best_len = 0;

	while (next_line(&s, &line)) {
		if (!take_line(&s, line))
			continue;
		for (size_t i = 0; i < s.depth; i++) {
			size_t len = strlen(s.frames[i].path);

			if (len > best_len && is_above(s.frames[i].path, path)) {
				best = s.line;
				best_len = len;
			}
		}
	}
	return best;
}

unsigned
config_line_of_key(struct sl_span text, const char *key, unsigned after)
{
	struct scan s = {.left = text};
	struct sl_span line;

	while (next_line(&s, &line)) {
		size_t skip = 0;

		while (skip < line.len && (line.ptr[skip] == ' ' || line.ptr[skip] == '-'))
			skip++;
		if (s.line > after &&
		        sl_span_equal_text(key_of(sl_span(line.ptr + skip, line.len - skip)), key))
			return s.line;
	}
	return 0;
}
