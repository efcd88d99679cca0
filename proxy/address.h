/* SPDX-License-Identifier: BSD-2-Clause
 * Network addresses as values: text forms, prefixes, the special-purpose blocks of RFC 6890, and the
 * end point that the message layer sees (remote and local address of a datagram). */
#ifndef PROXY_ADDRESS_H
#define PROXY_ADDRESS_H

#include <sys/socket.h>

#include <sl/messages.h>

/* IPv4 uses the first four bytes. An IPv4-mapped IPv6 address is kept as the IPv4 address it is. */
struct address {
	uint8_t bytes[16];
	bool is_ipv6;
	uint16_t port;
	uint32_t scope; /* interface index of a link-local IPv6 address, else 0 */
};

#define ADDRESS_TEXT_MAX 80 /* "[ipv6%scope]:port" and NUL */

struct cidr {
	uint8_t bytes[16];
	bool is_ipv6;
	uint8_t bits;
};

/* From 4 or 16 bytes in network order. */
struct address address_from_bytes(const uint8_t *bytes, bool is_ipv6, uint16_t port);
/* From and to the form of the system calls. False: neither IPv4 nor IPv6, or cut short. */
bool address_from_socket(struct address *out, const struct sockaddr *from, size_t len);
socklen_t address_to_socket(struct sockaddr_storage *out, const struct address *a);
/* "127.0.0.1:5683", "[::1]:5683", "[fe80::1%eth0]:5683". SL_EMALFORMED. */
enum sl_err address_parse(struct address *out, const char *text) SL_MUST_USE;
/* An address without a port and without brackets. SL_EMALFORMED. */
enum sl_err address_parse_host(struct address *out, const char *text) SL_MUST_USE;
void address_text(char out[static ADDRESS_TEXT_MAX], const struct address *a);
bool address_is_multicast(const struct address *a);
bool address_is_wildcard(const struct address *a);
/* Not globally reachable, RFC 6890 and the registries it opened; multicast included. */
bool address_is_special(const struct address *a);
/* Address bytes are equal; port and scope do not count. */
bool address_same_host(const struct address *a, const struct address *b);

/* "10.0.0.0/8", "fc00::/7"; a bare address is one host. Bits beyond the prefix must be zero.
 * SL_EMALFORMED. */
enum sl_err cidr_parse(struct cidr *out, const char *text) SL_MUST_USE;
bool cidr_contains(const struct cidr *c, const struct address *a);
bool cidr_list_contains(const struct cidr *list, size_t count, const struct address *a);

/* The first bits of an address, and what family they are of. */
uint64_t address_prefix(const struct address *a, unsigned bits_ipv4, unsigned bits_ipv6);
/* The network that shares one quota: an IPv4 /24 or an IPv6 /56. Never 0. */
uint64_t address_network(const struct address *a);

/* Remote and local address as one value, and back. */
void peer_encode(struct sl_peer *out, const struct address *remote, const struct address *local);
struct address peer_remote(const struct sl_peer *peer);
struct address peer_local(const struct sl_peer *peer);

#endif
