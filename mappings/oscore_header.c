/* SPDX-License-Identifier: BSD-2-Clause
 * The OSCORE header field, RFC 8613 sections 11.1 to 11.3. Says nothing about what is inside. */
#include "field.h"

#include <sl/mappings.h>
#include <sl/text.h>

#define EMPTY_OPTION "AA"

enum sl_err
sl_map_oscore_to_header(char *out, size_t cap, struct sl_span option)
{
	static const uint8_t zero;

	if (option.len > SL_MAP_OSCORE_OPTION_MAX)
		return SL_EMALFORMED;
	if (option.len == 0) /* one zero byte has the same text, EMPTY_OPTION */
		option = sl_span(&zero, 1);
	return sl_base64url_encode(out, cap, option);
}

enum sl_err
sl_map_oscore_from_header(uint8_t *out, size_t cap, size_t *len, struct sl_span text)
{
	struct sl_span value = sl_map_trim(text);

	if (value.len < 2 || value.len > SL_MAP_OSCORE_HEADER_MAX)
		return SL_EMALFORMED;
	if (sl_span_equal_text(value, EMPTY_OPTION)) {
		*len = 0;
		return SL_OK;
	}
	return sl_base64url_decode(out, cap, len, value);
}
