/* SPDX-License-Identifier: BSD-2-Clause */
#include "build.h"

#include "support.h"

#include <stdlib.h>
#include <string.h>

static void
add_options(struct sl_coap_msg *msg, const char *options, char separator)
{
	while (options != NULL && *options != '\0') {
		size_t len = strcspn(options, " ");
		char *end, text[2048];
		unsigned long number = strtoul(options, &end, 10);
		struct sl_span value;

		ck_assert_int_eq(*end, separator);
		value = sl_span(end + 1, len - (size_t)(end + 1 - options));
		if (separator == ':') {
			ck_assert_uint_lt(value.len, sizeof text);
			memcpy(text, value.ptr, value.len);
			text[value.len] = '\0';
			value = hex(text);
		} else {
			value = heap_copy(value);
		}
		ck_assert_ok(sl_coap_add(msg, (uint16_t)number, value));
		options += len + (options[len] == ' ');
	}
}

void
build_request(struct sl_coap_msg *msg, uint8_t code, const char *options, const char *payload)
{
	sl_coap_msg_init(msg, code);
	add_options(msg, options, ':');
	if (payload != NULL)
		msg->payload = hex(payload);
}

void
build_request_text(struct sl_coap_msg *msg, uint8_t code, const char *options)
{
	sl_coap_msg_init(msg, code);
	add_options(msg, options, '=');
}
