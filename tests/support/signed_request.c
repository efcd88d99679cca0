/* SPDX-License-Identifier: BSD-2-Clause */
#include "signed_request.h"

#include <stdlib.h>
#include <string.h>

#define PARTS_MAX 8192

void
der_wrap(struct sl_writer *w, unsigned tag, struct sl_span content)
{
	sl_write_u8(w, (uint8_t)tag);
	if (content.len > 0xff)
		sl_write_u8(w, 0x82);
	else if (content.len > 0x7f)
		sl_write_u8(w, 0x81);
	if (content.len > 0xff)
		sl_write_u8(w, (uint8_t)(content.len >> 8));
	sl_write_u8(w, (uint8_t)content.len);
	sl_write_span(w, content);
}

void
der_common_name(struct sl_writer *w, const char *text)
{
	uint8_t bytes[4][512];
	struct sl_writer text_w = sl_writer_over(bytes[0], 512);
	struct sl_writer pair = sl_writer_over(bytes[1], 512);
	struct sl_writer rdn = sl_writer_over(bytes[2], 512);
	struct sl_writer set = sl_writer_over(bytes[3], 512);

	der_wrap(&text_w, 0x0c, sl_span_text(text));
	sl_write_span(&pair, sl_span("\x06\x03\x55\x04\x03", 5));
	sl_write_span(&pair, sl_writer_span(&text_w));
	der_wrap(&rdn, 0x30, sl_writer_span(&pair));
	der_wrap(&set, 0x31, sl_writer_span(&rdn));
	der_wrap(w, 0x30, sl_writer_span(&set));
}

struct sl_pkey *
fixed_key(enum sl_pkey_type type)
{
	static struct sl_pkey *keys[3];
	size_t i = type == SL_PKEY_P256 ? 0 : type == SL_PKEY_P384 ? 1 : 2;
	uint8_t raw[48];

	memset(raw, 0x42, sizeof raw);
	if (keys[i] == NULL &&
	        sl_pkey_from_raw_private(&keys[i], type, sl_span(raw, i == 1 ? 48 : 32)) != SL_OK)
		abort();
	return keys[i];
}

/* RFC 5758 section 3.2, RFC 8410 section 3. */
static struct sl_span
algorithm_of(enum sl_pkey_type type)
{
	if (type == SL_PKEY_P256)
		return sl_span("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02", 12);
	if (type == SL_PKEY_P384)
		return sl_span("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03", 12);
	return sl_span("\x30\x05\x06\x03\x2b\x65\x70", 7);
}

struct sl_span
signed_request(const struct sl_pkey *key, struct sl_span subject, struct sl_span attributes,
        struct sl_writer *out)
{
	static uint8_t parts[PARTS_MAX], info[PARTS_MAX], whole[PARTS_MAX];
	uint8_t spki[256], bits[1 + SL_SIGNATURE_MAX] = {0};
	struct sl_writer parts_w = sl_writer_over(parts, sizeof parts);
	struct sl_writer info_w = sl_writer_over(info, sizeof info);
	struct sl_writer whole_w = sl_writer_over(whole, sizeof whole);
	size_t spki_len = 0, signature_len = 0;

	if (sl_pkey_to_spki(key, spki, sizeof spki, &spki_len) != SL_OK)
		abort();
	der_wrap(&parts_w, 0x02, sl_span("", 1));
	sl_write_span(&parts_w, subject);
	sl_write_span(&parts_w, sl_span(spki, spki_len));
	der_wrap(&parts_w, 0xa0, attributes);
	der_wrap(&info_w, 0x30, sl_writer_span(&parts_w));
	if (parts_w.failed || info_w.failed)
		return sl_span(NULL, 0);
	if (sl_sign(key, sl_writer_span(&info_w), bits + 1, sizeof bits - 1, &signature_len) !=
	        SL_OK)
		abort();
	sl_write_span(&whole_w, sl_writer_span(&info_w));
	sl_write_span(&whole_w, algorithm_of(sl_pkey_type(key)));
	der_wrap(&whole_w, 0x03, sl_span(bits, 1 + signature_len));
	der_wrap(out, 0x30, sl_writer_span(&whole_w));
	return whole_w.failed || out->failed ? sl_span(NULL, 0) : sl_writer_span(out);
}
