/* SPDX-License-Identifier: BSD-2-Clause
 * The OSCORE header field is a bijection: exactly the texts with a value are accepted, and written again as the same
 * text, and every option value but the single byte 00 comes back from its text (RFC 8613 section
 * 11.1). */
#include <sl/mappings.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static struct sl_span
trim(struct sl_span text)
{
	while (text.len > 0 && (text.ptr[0] == ' ' || text.ptr[0] == '\t'))
		text = sl_span(text.ptr + 1, text.len - 1);
	while (text.len > 0 && (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\t'))
		text.len--;
	return text;
}

/* The texts that have a value, by their letters alone: base64url without padding (RFC 4648 section 5), no bits
 * left over, as long as an option may be. */
static bool
has_value(struct sl_span text)
{
	static const char even[] = "AEIMQUYcgkosw048"; /* last of three: two bits are left over */
	static const char letters[] =
	        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] == 0 || strchr(letters, text.ptr[i]) == NULL)
			return false;
	if (text.len % 4 == 2 && strchr("AQgw", text.ptr[text.len - 1]) == NULL)
		return false;
	if (text.len % 4 == 3 && strchr(even, text.ptr[text.len - 1]) == NULL)
		return false;
	return text.len % 4 != 1 && text.len > 0 && text.len * 3 / 4 <= SL_MAP_OSCORE_OPTION_MAX;
}

static void
from_text(struct sl_span text)
{
	uint8_t option[SL_MAP_OSCORE_OPTION_MAX];
	char again[SL_MAP_OSCORE_HEADER_MAX + 1];
	bool is_read;
	size_t len;

	is_read = sl_map_oscore_from_header(option, sizeof option, &len, text) == SL_OK;
	if (is_read != has_value(trim(text)))
		abort();
	if (!is_read)
		return;
	if (sl_map_oscore_to_header(again, sizeof again, sl_span(option, len)) != SL_OK ||
	        !sl_span_equal_text(trim(text), again))
		abort();
}

static void
from_option(struct sl_span option)
{
	uint8_t again[SL_MAP_OSCORE_OPTION_MAX];
	char text[SL_MAP_OSCORE_HEADER_MAX + 1];
	size_t len;

	if (sl_map_oscore_to_header(text, sizeof text, option) != SL_OK) {
		if (option.len <= SL_MAP_OSCORE_OPTION_MAX)
			abort();
		return;
	}
	if (sl_map_oscore_from_header(again, sizeof again, &len, sl_span_text(text)) != SL_OK)
		abort();
	if (option.len == 1 && option.ptr[0] == 0)
		option.len = 0;
	if (!sl_span_equal(option, sl_span(again, len)))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	from_text(sl_span(bytes, len));
	from_option(sl_span(bytes, len));
	return 0;
}
