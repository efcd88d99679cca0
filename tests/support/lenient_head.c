/* SPDX-License-Identifier: BSD-2-Clause */
#include "lenient_head.h"

#include <string.h>

/* The bytes up to one of the stop characters; *at moves behind it. */
static struct sl_span
take(struct sl_span *at, const char *stops)
{
	struct sl_span got = *at;
	size_t i;

	for (i = 0; i < at->len && memchr(stops, at->ptr[i], strlen(stops)) == NULL; i++)
		;
	got.len = i;
	at->ptr += i < at->len ? i + 1 : i;
	at->len -= i < at->len ? i + 1 : i;
	return got;
}

static struct sl_span
cut_at_nul(struct sl_span s)
{
	const uint8_t *nul = s.len > 0 ? memchr(s.ptr, 0, s.len) : NULL;

	return nul == NULL ? s : sl_span(s.ptr, (size_t)(nul - s.ptr));
}

static struct sl_span
take_line(struct sl_span *at)
{
	struct sl_span line = take(at, "\n");

	if (line.len > 0 && line.ptr[line.len - 1] == '\r')
		line.len--;
	return line;
}

bool
lenient_head_parse(struct lenient_head *p, struct sl_span raw)
{
	struct sl_span line, at = raw;
	bool is_complete = false;

	memset(p, 0, sizeof *p);
	line = take_line(&at);
	p->head.method = cut_at_nul(take(&line, " "));
	p->head.target = cut_at_nul(take(&line, " "));
	p->head.version = cut_at_nul(line);
	while (at.len > 0 && p->head.field_count < HEAD_FIELDS_MAX + 1) {
		struct head_field *f = &p->fields[p->head.field_count];

		line = take_line(&at);
		is_complete = line.len == 0;
		if (is_complete)
			break;
		f->name = cut_at_nul(take(&line, ":"));
		while (line.len > 0 && (*line.ptr == ' ' || *line.ptr == '\t')) {
			line.ptr++;
			line.len--;
		}
		f->value = cut_at_nul(line);
		p->head.field_count++;
	}
	p->head.fields = p->fields;
	p->head.is_in_place = true;
	p->head.target_at = p->head.target.ptr;
	p->head.size = raw.len - at.len;
	return is_complete;
}
