/* SPDX-License-Identifier: BSD-2-Clause
 * Text forms by inet_pton and inet_ntop; the table of special-purpose blocks. */
#include "address.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include <sl/text.h>
#include <sl/writer.h>

#define HOST_TEXT_MAX 48

static const uint8_t mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static const struct cidr special[] = {
        {{0}, false, 8},                                  /* this network, RFC 791 */
        {{10}, false, 8},                                 /* private use, RFC 1918 */
        {{100, 64}, false, 10},                           /* shared address space, RFC 6598 */
        {{127}, false, 8},                                /* loopback, RFC 1122 */
        {{169, 254}, false, 16},                          /* link local, RFC 3927 */
        {{172, 16}, false, 12},                           /* private use, RFC 1918 */
        {{192, 0, 0}, false, 24},                         /* IETF protocols, RFC 6890 */
        {{192, 0, 2}, false, 24},                         /* documentation, RFC 5737 */
        {{192, 88, 99}, false, 24},                       /* 6to4 relays, RFC 7526 */
        {{192, 168}, false, 16},                          /* private use, RFC 1918 */
        {{198, 18}, false, 15},                           /* benchmarking, RFC 2544 */
        {{198, 51, 100}, false, 24},                      /* documentation, RFC 5737 */
        {{203, 0, 113}, false, 24},                       /* documentation, RFC 5737 */
        {{224}, false, 4},                                /* multicast, RFC 5771 */
        {{240}, false, 4},                                /* reserved and broadcast, RFC 1112 */
        {{0}, true, 96},                                  /* unspecified, loopback, RFC 4291 */
        {{0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, true, 96}, /* IPv4-translated, RFC 7915 */
        {{0, 0x64, 0xff, 0x9b}, true, 96},                /* reaches IPv4, RFC 6052 */
        {{0, 0x64, 0xff, 0x9b, 0, 1}, true, 48},          /* local translation, RFC 8215 */
        {{1}, true, 64},                                  /* discard, RFC 6666 */
        {{1, 0, 0, 0, 0, 0, 0, 1}, true, 64},             /* dummy, RFC 9780 */
        {{0x20, 1}, true, 23},                            /* IETF protocols, RFC 2928 */
        {{0x20, 1, 0x0d, 0xb8}, true, 32},                /* documentation, RFC 3849 */
        {{0x20, 2}, true, 16},                            /* 6to4, RFC 3056 */
        {{0x3f, 0xff}, true, 20},                         /* documentation, RFC 9637 */
        {{0x5f}, true, 16},                               /* segment routing, RFC 9602 */
        {{0xfc}, true, 7},                                /* unique local, RFC 4193 */
        {{0xfe, 0x80}, true, 10},                         /* link local, RFC 4291 */
        {{0xfe, 0xc0}, true, 10},                         /* site local, RFC 3879 */
        {{0xff}, true, 8},                                /* multicast, RFC 4291 */
};

struct address
address_from_bytes(const uint8_t *bytes, bool is_ipv6, uint16_t port)
{
	struct address a = {.is_ipv6 = is_ipv6, .port = port};

	if (is_ipv6 && memcmp(bytes, mapped_prefix, sizeof mapped_prefix) == 0) {
		a.is_ipv6 = false;
		memcpy(a.bytes, bytes + 12, 4);
	} else {
		memcpy(a.bytes, bytes, is_ipv6 ? 16 : 4);
	}
	return a;
}

bool
address_from_socket(struct address *out, const struct sockaddr *from, size_t len)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	if (from->sa_family == AF_INET && len >= sizeof in) {
		memcpy(&in, from, sizeof in);
		*out = address_from_bytes((const uint8_t *)&in.sin_addr, false, ntohs(in.sin_port));
		return true;
	}
	if (from->sa_family == AF_INET6 && len >= sizeof in6) {
		memcpy(&in6, from, sizeof in6);
		*out = address_from_bytes(in6.sin6_addr.s6_addr, true, ntohs(in6.sin6_port));
		out->scope = in6.sin6_scope_id;
		return true;
	}
	return false;
}

socklen_t
address_to_socket(struct sockaddr_storage *out, const struct address *a)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(a->port)};
	struct sockaddr_in6 in6 = {
	        .sin6_family = AF_INET6, .sin6_port = htons(a->port), .sin6_scope_id = a->scope};

	memset(out, 0, sizeof *out);
	if (!a->is_ipv6) {
		memcpy(&in.sin_addr, a->bytes, 4);
		memcpy(out, &in, sizeof in);
		return sizeof in;
	}
	memcpy(&in6.sin6_addr, a->bytes, 16);
	memcpy(out, &in6, sizeof in6);
	return sizeof in6;
}

static enum sl_err
parse_scope(uint32_t *out, const char *text)
{
	uint64_t number;

	if (sl_parse_uint(&number, sl_span_text(text), UINT32_MAX) == SL_OK)
		*out = (uint32_t)number;
	else
		*out = if_nametoindex(text);
	return *out == 0 ? SL_EMALFORMED : SL_OK;
}

enum sl_err
address_parse_host(struct address *out, const char *text)
{
	char host[HOST_TEXT_MAX + IF_NAMESIZE];
	uint8_t bytes[16];
	uint32_t scope = 0;
	char *percent;

	if (strlen(text) >= sizeof host)
		return SL_EMALFORMED;
	memcpy(host, text, strlen(text) + 1);
	if (inet_pton(AF_INET, host, bytes) == 1) {
		*out = address_from_bytes(bytes, false, 0);
		return SL_OK;
	}
	percent = strchr(host, '%');
	if (percent != NULL) {
		*percent = '\0';
		if (parse_scope(&scope, percent + 1) != SL_OK)
			return SL_EMALFORMED;
	}
	if (inet_pton(AF_INET6, host, bytes) != 1)
		return SL_EMALFORMED;
	*out = address_from_bytes(bytes, true, 0);
	out->scope = scope;
	return SL_OK;
}

enum sl_err
address_parse(struct address *out, const char *text)
{
	char host[HOST_TEXT_MAX + IF_NAMESIZE];
	const char *colon = strrchr(text, ':');
	struct address a;
	uint64_t port;
	size_t len;

	if (colon == NULL || sl_parse_uint(&port, sl_span_text(colon + 1), UINT16_MAX) != SL_OK)
		return SL_EMALFORMED;
	len = (size_t)(colon - text);
	if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
		text++;
		len -= 2;
	} else if (memchr(text, ':', len) != NULL) {
		return SL_EMALFORMED; /* an IPv6 literal stands in brackets */
	}
	if (len >= sizeof host)
		return SL_EMALFORMED;
	memcpy(host, text, len);
	host[len] = '\0';
	if (address_parse_host(&a, host) != SL_OK)
		return SL_EMALFORMED;
	a.port = (uint16_t)port;
	*out = a;
	return SL_OK;
}

static char *
put_number(char *at, unsigned value)
{
	char digits[10];
	size_t n = sizeof digits;

	do
		digits[--n] = (char)('0' + value % 10);
	while ((value /= 10) > 0);
	memcpy(at, digits + n, sizeof digits - n);
	return at + sizeof digits - n;
}

/* By hand: the log has one for every request. */
static void
text_of_ipv4(char *at, const struct address *a)
{
	for (size_t i = 0; i < 4; i++) {
		at = put_number(at, a->bytes[i]);
		*at++ = i < 3 ? '.' : ':';
	}
	*put_number(at, a->port) = '\0';
}

void
address_text(char out[static ADDRESS_TEXT_MAX], const struct address *a)
{
	char host[INET6_ADDRSTRLEN] = "?";
	char scope[16] = "";

	if (!a->is_ipv6) {
		text_of_ipv4(out, a);
		return;
	}
	inet_ntop(AF_INET6, a->bytes, host, sizeof host);
	if (a->scope != 0)
		snprintf(scope, sizeof scope, "%%%u", (unsigned)a->scope);
	snprintf(out, ADDRESS_TEXT_MAX, "[%s%s]:%u", host, scope, (unsigned)a->port);
}

bool
address_is_multicast(const struct address *a)
{
	static const uint8_t broadcast[4] = {255, 255, 255, 255};

	if (a->is_ipv6)
		return a->bytes[0] == 0xff;
	return (a->bytes[0] & 0xf0) == 0xe0 || memcmp(a->bytes, broadcast, 4) == 0;
}

bool
address_is_wildcard(const struct address *a)
{
	static const uint8_t zero[16];

	return memcmp(a->bytes, zero, a->is_ipv6 ? 16 : 4) == 0;
}

bool
address_is_special(const struct address *a)
{
	return cidr_list_contains(special, sizeof special / sizeof special[0], a);
}

bool
address_same_host(const struct address *a, const struct address *b)
{
	return a->is_ipv6 == b->is_ipv6 && memcmp(a->bytes, b->bytes, a->is_ipv6 ? 16 : 4) == 0;
}

static bool
prefix_equal(const uint8_t *a, const uint8_t *b, uint8_t bits)
{
	size_t whole = bits / 8;
	uint8_t mask = (uint8_t)(0xff00 >> (bits % 8));

	return memcmp(a, b, whole) == 0 && (bits % 8 == 0 || ((a[whole] ^ b[whole]) & mask) == 0);
}

enum sl_err
cidr_parse(struct cidr *out, const char *text)
{
	char host[HOST_TEXT_MAX];
	const char *slash = strchr(text, '/');
	size_t len = slash == NULL ? strlen(text) : (size_t)(slash - text);
	struct cidr c = {0};
	struct address a;
	uint64_t bits;

	if (len >= sizeof host || memchr(text, '%', len) != NULL)
		return SL_EMALFORMED;
	memcpy(host, text, len);
	host[len] = '\0';
	if (address_parse_host(&a, host) != SL_OK)
		return SL_EMALFORMED;
	bits = a.is_ipv6 ? 128 : 32;
	if (slash != NULL && sl_parse_uint(&bits, sl_span_text(slash + 1), bits) != SL_OK)
		return SL_EMALFORMED;
	c.is_ipv6 = a.is_ipv6;
	c.bits = (uint8_t)bits;
	for (size_t i = 0; i < bits; i++)
		c.bytes[i / 8] |= (uint8_t)(a.bytes[i / 8] & (0x80 >> (i % 8)));
	if (memcmp(c.bytes, a.bytes, sizeof c.bytes) != 0)
		return SL_EMALFORMED;
	*out = c;
	return SL_OK;
}

bool
cidr_contains(const struct cidr *c, const struct address *a)
{
	return c->is_ipv6 == a->is_ipv6 && prefix_equal(c->bytes, a->bytes, c->bits);
}

bool
cidr_list_contains(const struct cidr *list, size_t count, const struct address *a)
{
	for (size_t i = 0; i < count; i++)
		if (cidr_contains(&list[i], a))
			return true;
	return false;
}

static void
write_address(struct sl_writer *w, const struct address *a)
{
	sl_write_u8(w, a->is_ipv6 ? 6 : 4);
	sl_write_span(w, sl_span(a->bytes, a->is_ipv6 ? 16 : 4));
	sl_write_u16(w, a->port);
}

/* What write_address wrote; returns how many bytes that were. */
static size_t
read_address(struct address *out, const uint8_t *bytes)
{
	bool is_ipv6 = bytes[0] == 6;
	size_t len = is_ipv6 ? 16 : 4;

	*out = (struct address){.is_ipv6 = is_ipv6};
	memcpy(out->bytes, bytes + 1, is_ipv6 ? 16 : 4);
	out->port = (uint16_t)(bytes[1 + len] << 8 | bytes[2 + len]);
	return 1 + len + 2;
}

uint64_t
address_prefix(const struct address *a, unsigned bits_ipv4, unsigned bits_ipv6)
{
	unsigned bits = a->is_ipv6 ? bits_ipv6 : bits_ipv4;
	uint64_t prefix = 0;

	for (size_t i = 0; i < 7; i++)
		prefix = prefix << 8 | (a->is_ipv6 || i < 4 ? a->bytes[i] : 0);
	prefix &= ~((UINT64_C(1) << (56 - bits)) - 1);
	return (a->is_ipv6 ? UINT64_C(6) : UINT64_C(4)) << 56 | prefix;
}

uint64_t
address_network(const struct address *a)
{
	return address_prefix(a, 24, 56);
}

void
peer_encode(struct sl_peer *out, const struct address *remote, const struct address *local)
{
	struct sl_writer w;

	memset(out, 0, sizeof *out);
	w = sl_writer_over(out->bytes, sizeof out->bytes);
	write_address(&w, remote);
	write_address(&w, local);
	sl_write_u32(&w, remote->scope);
	out->len = (uint8_t)sl_writer_span(&w).len;
	out->network = address_network(remote);
}

struct address
peer_remote(const struct sl_peer *peer)
{
	struct address remote, local;
	size_t at = read_address(&remote, peer->bytes);
	const uint8_t *scope = peer->bytes + at + read_address(&local, peer->bytes + at);

	remote.scope = (uint32_t)scope[0] << 24 | (uint32_t)scope[1] << 16 |
	               (uint32_t)scope[2] << 8 | scope[3];
	return remote;
}

struct address
peer_local(const struct sl_peer *peer)
{
	struct address remote, local;

	read_address(&local, peer->bytes + read_address(&remote, peer->bytes));
	return local;
}
