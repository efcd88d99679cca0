/* SPDX-License-Identifier: BSD-2-Clause
 * Hosts, one spelling each: plain DNS names in lower case, full dotted quads, IPv6 in the form
 * of RFC 5952. Everything that resolvers and address parsers read in more than one way is
 * refused. */
#include "url.h"

#include <sl/text.h>

#include <string.h>

static uint8_t
lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

static bool
is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool
is_name_char(uint8_t c)
{
	c = lower(c);
	return (c >= 'a' && c <= 'z') || is_digit(c) || c == '.' || c == '-' || c == '_' ||
	       c == '~';
}

/* Up to the next separator; *rest is what follows it, its ptr NULL when there was none. */
static struct sl_span
cut(struct sl_span *rest, char separator)
{
	const uint8_t *at = rest->len == 0 ? NULL : memchr(rest->ptr, separator, rest->len);
	struct sl_span head = *rest;

	if (at == NULL) {
		*rest = sl_span(NULL, 0);
		return head;
	}
	head.len = (size_t)(at - rest->ptr);
	*rest = sl_span(at + 1, rest->len - head.len - 1);
	return head;
}

/* Four decimal numbers without leading zeros. */
static bool
is_dotted_quad(struct sl_span host)
{
	unsigned count = 0;

	while (host.ptr != NULL && count < 5) {
		struct sl_span part = cut(&host, '.');
		uint64_t value;

		if (part.len == 0 || part.len > 3 || (part.len > 1 && part.ptr[0] == '0') ||
		        sl_parse_uint(&value, part, 255) != SL_OK)
			return false;
		count++;
	}
	return count == 4;
}

/* A last label that an address parser would take for a number: digits, or 0x and hex digits. */
static bool
is_number(struct sl_span label)
{
	bool is_hex = label.len >= 2 && label.ptr[0] == '0' && lower(label.ptr[1]) == 'x';

	for (size_t i = is_hex ? 2 : 0; i < label.len; i++)
		if (!is_digit(label.ptr[i]) &&
		        !(is_hex && lower(label.ptr[i]) >= 'a' && lower(label.ptr[i]) <= 'f'))
			return false;
	return true;
}

/* Labels that are not empty, the last one not a number; so no dot at the end either. */
static bool
is_plain_name(struct sl_span host)
{
	struct sl_span label = {0};

	for (size_t i = 0; i < host.len; i++)
		if (!is_name_char(host.ptr[i]))
			return false;
	while (host.ptr != NULL) {
		label = cut(&host, '.');
		if (label.len == 0)
			return false;
	}
	return !is_number(label);
}

static int
read_group(struct sl_span text)
{
	uint8_t bytes[2];
	uint8_t digits[4] = {'0', '0', '0', '0'};
	size_t len;

	if (text.len == 0 || text.len > 4)
		return -1;
	memcpy(digits + 4 - text.len, text.ptr, text.len);
	if (sl_hex_decode(bytes, sizeof bytes, &len, sl_span(digits, 4)) != SL_OK)
		return -1;
	return bytes[0] << 8 | bytes[1];
}

struct ipv6 {
	uint16_t group[8];
};

/* Groups between colons into list; their number, or -1. An empty text has none. */
static int
read_groups(uint16_t list[static 8], struct sl_span text)
{
	int count = 0;

	if (text.len == 0)
		return 0;
	while (text.ptr != NULL) {
		struct sl_span part = cut(&text, ':');
		int value = read_group(part);

		if (value < 0 || count == 8)
			return -1;
		list[count++] = (uint16_t)value;
	}
	return count;
}

/* RFC 4291 section 2.2, forms 1 and 2. */
static bool
read_ipv6(struct ipv6 *out, struct sl_span text)
{
	const uint8_t *gap = text.len == 0 ? NULL : memmem(text.ptr, text.len, "::", 2);
	struct ipv6 got = {{0}};
	uint16_t tail[8];
	size_t head_len = gap == NULL ? text.len : (size_t)(gap - text.ptr);
	int head = read_groups(got.group, sl_span(text.ptr, head_len)), after;

	if (gap == NULL) {
		*out = got;
		return head == 8;
	}
	after = read_groups(tail, sl_span(gap + 2, text.len - head_len - 2));
	if (head < 0 || after < 0 || head + after > 7)
		return false;
	memcpy(&got.group[8 - after], tail, (size_t)after * sizeof tail[0]);
	*out = got;
	return true;
}

/* IPv4-mapped (::ffff:0:0/96) and IPv4-compatible (::/96 but for :: and ::1): a second spelling
 * of an IPv4 address. */
static bool
hides_ipv4(const struct ipv6 *a)
{
	for (int i = 0; i < 5; i++)
		if (a->group[i] != 0)
			return false;
	return a->group[5] == 0xffff || (a->group[5] == 0 && (a->group[6] != 0 || a->group[7] > 1));
}

/* The first longest run of at least two zero groups: where it begins and ends (RFC 5952 4.2). */
static void
find_gap(const struct ipv6 *a, int *begin, int *end)
{
	*begin = *end = 8;
	for (int i = 0; i < 8; i++) {
		int j = i;

		while (j < 8 && a->group[j] == 0)
			j++;
		if (j - i > 1 && j - i > *end - *begin) {
			*begin = i;
			*end = j;
		}
	}
}

/* Lower-case hex without leading zeros. */
static void
write_group(struct sl_writer *w, uint16_t group)
{
	unsigned shift = 12;

	while (shift > 0 && group >> shift == 0)
		shift -= 4;
	for (;; shift -= 4) {
		sl_write_u8(w, (uint8_t) "0123456789abcdef"[group >> shift & 15]);
		if (shift == 0)
			return;
	}
}

static void
write_ipv6(char *out, size_t cap, const struct ipv6 *a)
{
	struct sl_writer w = sl_writer_over(out, cap);
	int begin, end;

	find_gap(a, &begin, &end);
	for (int i = 0; i < 8; i++) {
		if (i == begin) {
			sl_write_text(&w, "::");
			i = end - 1;
			continue;
		}
		if (i != 0 && i != end)
			sl_write_u8(&w, ':');
		write_group(&w, a->group[i]);
	}
	sl_write_u8(&w, 0);
}

static uint8_t
take_ipv6(struct sl_map_target *t, struct sl_span text)
{
	struct ipv6 address;

	if (memchr(text.ptr, '.', text.len) != NULL || memchr(text.ptr, '%', text.len) != NULL ||
	        lower(text.ptr[0]) == 'v')
		return SL_COAP_PROXYING_NOT_SUPPORTED; /* IPv4 inside, a zone, IPvFuture */
	if (!read_ipv6(&address, text))
		return SL_COAP_BAD_REQUEST;
	if (hides_ipv4(&address))
		return SL_COAP_PROXYING_NOT_SUPPORTED;
	write_ipv6(t->host, sizeof t->host, &address);
	t->host_is_ipv6 = true;
	return 0;
}

uint8_t
sl_map_read_host(struct sl_map_target *t, struct sl_span host)
{
	if (host.len == 0 || host.len > SL_MAP_HOST_MAX)
		return SL_COAP_BAD_REQUEST;
	if (host.len > 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']')
		return take_ipv6(t, sl_span(host.ptr + 1, host.len - 2));
	if (memchr(host.ptr, ':', host.len) != NULL)
		return take_ipv6(t, host);
	if (!is_dotted_quad(host) && !is_plain_name(host))
		return SL_COAP_PROXYING_NOT_SUPPORTED;
	for (size_t i = 0; i < host.len; i++)
		t->host[i] = (char)lower(host.ptr[i]);
	t->host[host.len] = '\0';
	t->host_is_ipv6 = false;
	return 0;
}
