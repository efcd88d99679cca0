/* SPDX-License-Identifier: BSD-2-Clause */
#include "names.h"

#include <sl/der.h>

#include <strings.h>

#define DNS_NAME (SL_DER_CONTEXT | 2) /* of GeneralName */

static const uint8_t common_name[] = {0x55, 0x04, 0x03}; /* id-at-commonName, 2.5.4.3 */

static bool
is_text(struct sl_span text, const char *want)
{
	struct sl_span other = sl_span_text(want);

	return text.len == other.len && text.len > 0 &&
	       strncasecmp((const char *)text.ptr, want, text.len) == 0;
}

/* AttributeTypeAndValue */
static bool
take_common_name(struct sl_reader *set, struct sl_span *text)
{
	struct sl_reader attribute = sl_der_enter(set, SL_DER_SEQUENCE);
	struct sl_span type = sl_der_read(&attribute, SL_DER_OID);
	uint8_t tag = sl_reader_peek(&attribute);
	bool is_plain = tag == SL_DER_UTF8_STRING || tag == SL_DER_PRINTABLE_STRING ||
	                tag == SL_DER_IA5_STRING;

	if (!is_plain || !sl_span_equal(type, sl_span(common_name, sizeof common_name)))
		return false;
	*text = sl_der_read(&attribute, tag);
	return !attribute.failed;
}

enum sl_err
names_common_name(struct sl_span name, struct sl_span *text)
{
	struct sl_reader r = sl_reader_over(name);
	struct sl_reader rdns = sl_der_enter(&r, SL_DER_SEQUENCE);

	while (!rdns.failed && rdns.left.len > 0) {
		struct sl_reader set = sl_der_enter(&rdns, SL_DER_SET);

		while (!set.failed && set.left.len > 0)
			if (take_common_name(&set, text))
				return SL_OK;
	}
	return SL_ENOTFOUND;
}

bool
names_has_common_name(struct sl_span name, const char *want)
{
	struct sl_span text;

	return names_common_name(name, &text) == SL_OK && is_text(text, want);
}

bool
names_has_dns_name(struct sl_span general_names, const char *want)
{
	struct sl_reader r = sl_reader_over(general_names);
	struct sl_reader names = sl_der_enter(&r, SL_DER_SEQUENCE);

	while (!names.failed && names.left.len > 0) {
		if (sl_reader_peek(&names) != DNS_NAME)
			(void)sl_der_take_any(&names);
		else if (is_text(sl_der_read(&names, DNS_NAME), want))
			return true;
	}
	return false;
}
