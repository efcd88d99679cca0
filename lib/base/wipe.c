/* SPDX-License-Identifier: BSD-2-Clause */
#include <sl/wipe.h>

#include <string.h>

void
sl_wipe(void *bytes, size_t len)
{
	if (len > 0)
		explicit_bzero(bytes, len);
}

bool
sl_equal_secret(struct sl_span a, struct sl_span b)
{
	volatile uint8_t diff = 0;

	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		diff = (uint8_t)(diff | (a.ptr[i] ^ b.ptr[i]));
	return diff == 0;
}

void
sl_key_clear(struct sl_key *key)
{
	sl_wipe(key, sizeof *key);
}

struct sl_span
sl_key_view(const struct sl_key *key)
{
	return sl_span(key->bytes, key->len);
}
