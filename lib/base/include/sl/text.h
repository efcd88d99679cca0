/* SPDX-License-Identifier: BSD-2-Clause
 * Text forms: hex, base64url without padding (RFC 4648 section 5, strict), base64 with padding
 * (section 4, writing only), decimal numbers, and the sizes and times with units that people write
 * (64KiB, 30s). */
#ifndef SL_TEXT_H
#define SL_TEXT_H

#include <sl/err.h>
#include <sl/span.h>

/* Lower-case hex and a NUL into out; cap must be at least 2 * len + 1, else SL_ESPACE. */
enum sl_err sl_hex_encode(char *out, size_t cap, struct sl_span bytes) SL_MUST_USE;
/* Upper or lower case, even length. SL_EMALFORMED, SL_ESPACE. */
enum sl_err sl_hex_decode(uint8_t *out, size_t cap, size_t *len, struct sl_span text) SL_MUST_USE;

/* Characters without NUL or padding for a number of bytes. */
#define SL_BASE64URL_LEN(bytes) (((bytes) * 4 + 2) / 3)

/* base64url and a NUL. SL_ESPACE. */
enum sl_err sl_base64url_encode(char *out, size_t cap, struct sl_span bytes) SL_MUST_USE;
/* One spelling per value: no padding, no white space, no foreign character, unused low bits zero,
 * length mod 4 never 1. SL_EMALFORMED, SL_ESPACE. */
enum sl_err sl_base64url_decode(uint8_t *out, size_t cap, size_t *len, struct sl_span text) SL_MUST_USE;

/* Characters without NUL, with padding. */
#define SL_BASE64_LEN(bytes) (((bytes) + 2) / 3 * 4)

/* base64 and a NUL. SL_ESPACE. */
enum sl_err sl_base64_encode(char *out, size_t cap, struct sl_span bytes) SL_MUST_USE;

/* Decimal digits only, no sign, no space, at most max. SL_EMALFORMED, SL_ELIMIT. */
enum sl_err sl_parse_uint(uint64_t *out, struct sl_span text, uint64_t max) SL_MUST_USE;
/* A number with a unit: B, KiB, MiB, GiB. "0" may stand without one. SL_EMALFORMED, SL_ELIMIT. */
enum sl_err sl_parse_size(uint64_t *bytes, struct sl_span text) SL_MUST_USE;
/* A number with a unit: ms, s, min, h, d. "0" may stand without one. SL_EMALFORMED, SL_ELIMIT. */
enum sl_err sl_parse_time(uint64_t *ms, struct sl_span text) SL_MUST_USE;

/* Printable ASCII stays (but for \ and "), everything else becomes \xHH; cut at cap, NUL added. */
void sl_escape(char *out, size_t cap, struct sl_span bytes);

/* Well-formed UTF-8 without control characters (C0, DEL, C1). */
bool sl_is_plain_utf8(struct sl_span text);

#endif
