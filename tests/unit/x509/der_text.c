/* SPDX-License-Identifier: BSD-2-Clause */
#include "der_text.h"

#include <string.h>

#define ROOM 70000

static uint8_t
digit(char c)
{
	return (uint8_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

/* Reads up to the closing brace or the end; returns the number of bytes written. */
static size_t
read_level(const char **at, uint8_t *out)
{
	size_t len = 0, inside;
	uint8_t header[4];

	for (; **at != '\0' && **at != '}'; (*at)++) {
		if (**at == ' ')
			continue;
		if (**at != '{') {
			ck_assert_msg(strchr("0123456789abcdefABCDEF", **at) != NULL &&
			                      strchr("0123456789abcdefABCDEF", (*at)[1]) != NULL,
			        "no hex: %.20s", *at);
			out[len++] = (uint8_t)(digit(**at) << 4 | digit((*at)[1]));
			(*at)++;
			continue;
		}
		(*at)++;
		inside = read_level(at, out + len + sizeof header);
		ck_assert_msg(**at == '}', "a brace is not closed");
		header[0] = (uint8_t)inside;
		header[1] = inside > 0xff ? (uint8_t)(inside >> 8) : (uint8_t)inside;
		header[2] = (uint8_t)inside;
		if (inside >= 0x80) {
			size_t count = inside > 0xff ? 2 : 1;

			out[len++] = (uint8_t)(0x80 | count);
			memcpy(out + len, header + 1, count);
			len += count;
			memmove(out + len, out + len - count - 1 + sizeof header, inside);
		} else {
			out[len++] = header[0];
			memmove(out + len, out + len - 1 + sizeof header, inside);
		}
		len += inside;
	}
	return len;
}

struct sl_span
der(const char *text)
{
	static uint8_t room[ROOM];
	const char *at = text;
	size_t len;

	ck_assert_uint_lt(strlen(text), ROOM);
	len = read_level(&at, room);
	ck_assert_msg(*at == '\0', "a brace too many");
	return heap_copy(sl_span(room, len));
}
