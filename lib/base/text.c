/* SPDX-License-Identifier: BSD-2-Clause */
#include <sl/text.h>
#include <sl/writer.h>

#include <string.h>

static const char hex_digits[] = "0123456789abcdef";
static const char base64url_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

enum sl_err
sl_hex_encode(char *out, size_t cap, struct sl_span bytes)
{
	if (cap == 0 || bytes.len > (cap - 1) / 2)
		return SL_ESPACE;
	for (size_t i = 0; i < bytes.len; i++) {
		out[2 * i] = hex_digits[bytes.ptr[i] >> 4];
		out[2 * i + 1] = hex_digits[bytes.ptr[i] & 15];
	}
	out[2 * bytes.len] = '\0';
	return SL_OK;
}

static int
hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

enum sl_err
sl_hex_decode(uint8_t *out, size_t cap, size_t *len, struct sl_span text)
{
	if (text.len % 2 != 0)
		return SL_EMALFORMED;
	for (size_t i = 0; i < text.len; i++)
		if (hex_value(text.ptr[i]) < 0)
			return SL_EMALFORMED;
	if (text.len / 2 > cap)
		return SL_ESPACE;
	for (size_t i = 0; i < text.len / 2; i++)
		out[i] = (uint8_t)(hex_value(text.ptr[2 * i]) << 4 | hex_value(text.ptr[2 * i + 1]));
	*len = text.len / 2;
	return SL_OK;
}

enum sl_err
sl_base64url_encode(char *out, size_t cap, struct sl_span bytes)
{
	size_t n = 0;
	uint32_t acc = 0;
	unsigned bits = 0;

	if (cap == 0 || bytes.len > cap || SL_BASE64URL_LEN(bytes.len) > cap - 1)
		return SL_ESPACE;
	for (size_t i = 0; i < bytes.len; i++) {
		acc = (acc << 8 | bytes.ptr[i]) & 0xffff;
		for (bits += 8; bits >= 6; bits -= 6)
			out[n++] = base64url_digits[acc >> (bits - 6) & 63];
	}
	if (bits > 0)
		out[n++] = base64url_digits[acc << (6 - bits) & 63];
	out[n] = '\0';
	return SL_OK;
}

static int
base64url_value(uint8_t c)
{
	const char *at = c == 0 ? NULL : strchr(base64url_digits, c);

	return at == NULL ? -1 : (int)(at - base64url_digits);
}

enum sl_err
sl_base64url_decode(uint8_t *out, size_t cap, size_t *len, struct sl_span text)
{
	struct sl_writer w = sl_writer_over(out, cap);
	uint32_t acc = 0;
	unsigned bits = 0;

	if (text.len % 4 == 1)
		return SL_EMALFORMED;
	for (size_t i = 0; i < text.len; i++) {
		int v = base64url_value(text.ptr[i]);

		if (v < 0)
			return SL_EMALFORMED;
		acc = (acc << 6 | (uint32_t)v) & 0xffff;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			sl_write_u8(&w, (uint8_t)(acc >> bits));
		}
	}
	if ((acc & ((1U << bits) - 1)) != 0)
		return SL_EMALFORMED; /* unused low bits: one spelling per value */
	if (w.failed)
		return SL_ESPACE;
	*len = w.len;
	return SL_OK;
}

enum sl_err
sl_base64_encode(char *out, size_t cap, struct sl_span bytes)
{
	size_t len = SL_BASE64_LEN(bytes.len);

	if (cap == 0 || bytes.len > cap || len > cap - 1)
		return SL_ESPACE;
	if (sl_base64url_encode(out, cap, bytes) != SL_OK)
		return SL_ESPACE;
	for (size_t i = 0; i < len; i++) {
		if (i >= SL_BASE64URL_LEN(bytes.len))
			out[i] = '=';
		else if (out[i] == '-' || out[i] == '_')
			out[i] = out[i] == '-' ? '+' : '/';
	}
	out[len] = '\0';
	return SL_OK;
}

enum sl_err
sl_parse_uint(uint64_t *out, struct sl_span text, uint64_t max)
{
	uint64_t v = 0;

	if (text.len == 0)
		return SL_EMALFORMED;
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return SL_EMALFORMED;
	for (size_t i = 0; i < text.len; i++) {
		unsigned digit = (unsigned)(text.ptr[i] - '0');

		if (v > (max - digit % 10) / 10 || digit > max)
			return SL_ELIMIT;
		v = v * 10 + digit;
	}
	*out = v;
	return SL_OK;
}

struct unit {
	const char *name;
	uint64_t factor;
};

static enum sl_err
parse_with_unit(uint64_t *out, struct sl_span text, const struct unit *units)
{
	size_t digits = 0;
	uint64_t v;
	enum sl_err err;

	while (digits < text.len && text.ptr[digits] >= '0' && text.ptr[digits] <= '9')
		digits++;
	err = sl_parse_uint(&v, sl_span(text.ptr, digits), UINT64_MAX);
	if (err != SL_OK)
		return err;
	if (digits == text.len && v == 0) {
		*out = 0;
		return SL_OK;
	}
	for (const struct unit *u = units; u->name != NULL && digits < text.len; u++) {
		if (!sl_span_equal_text(sl_span(text.ptr + digits, text.len - digits), u->name))
			continue;
		if (v > UINT64_MAX / u->factor)
			return SL_ELIMIT;
		*out = v * u->factor;
		return SL_OK;
	}
	return SL_EMALFORMED;
}

enum sl_err
sl_parse_size(uint64_t *bytes, struct sl_span text)
{
	static const struct unit units[] = {
		{"B", 1}, {"KiB", 1024}, {"MiB", 1024 * 1024}, {"GiB", 1024 * 1024 * 1024}, {NULL, 0}};

	return parse_with_unit(bytes, text, units);
}

enum sl_err
sl_parse_time(uint64_t *ms, struct sl_span text)
{
	static const struct unit units[] = {
		{"ms", 1}, {"s", 1000}, {"min", 60000}, {"h", 3600000}, {"d", 86400000}, {NULL, 0}};

	return parse_with_unit(ms, text, units);
}

void
sl_escape(char *out, size_t cap, struct sl_span bytes)
{
	size_t n = 0;

	if (cap == 0)
		return;
	for (size_t i = 0; i < bytes.len; i++) {
		uint8_t c = bytes.ptr[i];
		bool plain = c >= 0x20 && c < 0x7f && c != '\\' && c != '"';

		if (n + (plain ? 1 : 4) >= cap)
			break;
		if (plain) {
			out[n++] = (char)c;
			continue;
		}
		out[n++] = '\\';
		out[n++] = 'x';
		out[n++] = hex_digits[c >> 4];
		out[n++] = hex_digits[c & 15];
	}
	out[n] = '\0';
}

/* Length of the UTF-8 sequence at p (RFC 3629 table of well-formed bytes), 0 when there is none. */
static size_t
utf8_step(const uint8_t *p, size_t len)
{
	static const struct {
		uint8_t lo, hi, lo2, hi2, more;
	} rows[] = {{0x20, 0x7e, 0, 0, 0}, {0xc2, 0xc2, 0xa0, 0xbf, 1}, {0xc3, 0xdf, 0x80, 0xbf, 1},
		{0xe0, 0xe0, 0xa0, 0xbf, 2}, {0xe1, 0xec, 0x80, 0xbf, 2}, {0xed, 0xed, 0x80, 0x9f, 2},
		{0xee, 0xef, 0x80, 0xbf, 2}, {0xf0, 0xf0, 0x90, 0xbf, 3}, {0xf1, 0xf3, 0x80, 0xbf, 3},
		{0xf4, 0xf4, 0x80, 0x8f, 3}};

	for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
		if (p[0] < rows[r].lo || p[0] > rows[r].hi)
			continue;
		if (rows[r].more >= len)
			return 0;
		if (rows[r].more > 0 && (p[1] < rows[r].lo2 || p[1] > rows[r].hi2))
			return 0;
		for (size_t i = 2; i <= rows[r].more; i++)
			if (p[i] < 0x80 || p[i] > 0xbf)
				return 0;
		return 1U + rows[r].more;
	}
	return 0;
}

bool
sl_is_plain_utf8(struct sl_span text)
{
	size_t step;

	for (size_t i = 0; i < text.len; i += step) {
		step = utf8_step(text.ptr + i, text.len - i);
		if (step == 0)
			return false;
	}
	return true;
}
