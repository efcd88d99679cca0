/* SPDX-License-Identifier: BSD-2-Clause
 * Hosts, ports and paths of http and https URLs (RFC 3986), for the files of this room. Each
 * check answers 0 or the CoAP code that refuses. */
#ifndef MAPPINGS_URL_H
#define MAPPINGS_URL_H

#include <sl/mappings.h>

/* Host with or without the brackets of an IPv6 literal; sets host and host_is_ipv6. 4.00, 5.05. */
uint8_t sl_map_read_host(struct sl_map_target *t, struct sl_span host);
/* Path (empty is "/") and what follows "?", already percent-encoded; sets path_query. 4.00. */
uint8_t sl_map_read_path(struct sl_map_target *t, struct sl_span path, struct sl_span query);
/* "http" or "https" in any case; sets is_https and the default port. 5.05. */
uint8_t sl_map_read_scheme(struct sl_map_target *t, struct sl_span scheme);

/* unreserved / sub-delims / ":" / "@" (RFC 3986 section 3.3). */
bool sl_map_is_pchar(uint8_t c);
/* The byte that the two characters after a "%" stand for, or -1. */
int sl_map_percent(struct sl_span two);
/* "." and "..", or empty, or a "/" or NUL inside: two ends could read different paths. */
bool sl_map_is_unsafe_segment(struct sl_span decoded);

#endif
