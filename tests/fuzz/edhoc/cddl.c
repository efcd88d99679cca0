/* SPDX-License-Identifier: BSD-2-Clause */
#include "cddl.h"

#define DEPTH_MAX 64

enum { UINT, NINT, BYTES, TEXT, ARRAY, MAP, TAG, OTHER };

/* What begins an item. */
struct head {
	int type;
	uint64_t value;
	size_t len; /* 0: there is none */
};

static struct head
head_at(const uint8_t *at, size_t left)
{
	static const uint64_t least[] = {24, 0x100, 0x10000, 0x100000000};
	struct head h = {.len = 0};
	size_t more;

	if (left == 0)
		return h;
	h.type = at[0] >> 5;
	h.value = at[0] & 31;
	if (h.value < 24) {
		h.len = 1;
		return h;
	}
	if (h.value > 27 || left < 1 + ((size_t)1 << (h.value - 24)))
		return h;
	more = (size_t)1 << (h.value - 24);
	h.value = 0;
	for (size_t i = 0; i < more; i++)
		h.value = h.value << 8 | at[1 + i];
	/* floats are as long as they are */
	if (h.type == OTHER ? more == 1 && h.value < 32 : h.value < least[at[0] % 32 - 24])
		return h;
	h.len = 1 + more;
	return h;
}

/* Bytes of the item, 0: it is none. */
static size_t
item_at(const uint8_t *at, size_t left, int depth)
{
	struct head h = head_at(at, left);
	size_t len = h.len, parts = 0;

	if (len == 0 || depth == DEPTH_MAX)
		return 0;
	if (h.type == BYTES || h.type == TEXT)
		return h.value <= left - len ? len + (size_t)h.value : 0;
	if ((h.type == ARRAY || h.type == MAP) && h.value > left)
		return 0;
	if (h.type == ARRAY || h.type == MAP || h.type == TAG)
		parts = h.type == ARRAY ? (size_t)h.value : h.type == MAP ? 2 * (size_t)h.value : 1;
	for (; parts > 0; parts--) {
		size_t part = item_at(at + len, left - len, depth + 1);

		if (part == 0)
			return 0;
		len += part;
	}
	return len;
}

/* Takes the next item off, when it is of the type; ints and byte strings say what they are. */
static bool
take(struct sl_span *left, int type, struct head *h, struct sl_span *item)
{
	size_t len = item_at(left->ptr, left->len, 0);

	if (len == 0)
		return false;
	*h = head_at(left->ptr, left->len);
	if (h->type != type)
		return false;
	*item = sl_span(left->ptr, len);
	*left = sl_span(left->ptr + len, left->len - len);
	return true;
}

static bool
take_int(struct sl_span *left)
{
	struct sl_span item;
	struct head h;

	return (take(left, UINT, &h, &item) || take(left, NINT, &h, &item)) && h.value <= INT64_MAX;
}

static bool
take_bytes(struct sl_span *left, struct sl_span *content)
{
	struct sl_span item;
	struct head h;

	if (!take(left, BYTES, &h, &item))
		return false;
	*content = sl_span(item.ptr + h.len, item.len - h.len);
	return true;
}

/* Section 3.3.2: one byte that is an int goes as it is, and never as a byte string. */
static bool
take_id(struct sl_span *left)
{
	struct sl_span item;
	struct head h;

	if (take(left, UINT, &h, &item) || take(left, NINT, &h, &item))
		return item.len == 1;
	return take_bytes(left, &item) &&
	       (item.len != 1 || head_at(item.ptr, 1).len == 0 || item.ptr[0] >= 0x40);
}

static bool
are_eads(struct sl_span left)
{
	struct sl_span value;

	while (left.len > 0) {
		if (!take_int(&left))
			return false;
		(void)take_bytes(&left, &value);
	}
	return true;
}

static bool
take_suites(struct sl_span *left)
{
	struct head h = head_at(left->ptr, left->len);

	if (h.len == 0 || h.type != ARRAY)
		return take_int(left);
	if (h.value < 2 || h.value > left->len)
		return false;
	*left = sl_span(left->ptr + h.len, left->len - h.len);
	for (; h.value > 0; h.value--)
		if (!take_int(left))
			return false;
	return true;
}

bool
cddl_message_1(struct sl_span bytes, struct sl_span *g_x)
{
	return take_int(&bytes) && take_suites(&bytes) && take_bytes(&bytes, g_x) &&
	       take_id(&bytes) && are_eads(bytes);
}

/* ID_CRED_x: a map of header parameters, or the kid of { 4: kid } alone (section 3.5.3.2). */
static bool
take_id_cred(struct sl_span *left)
{
	struct sl_span item;
	struct head h;

	if (!take(left, MAP, &h, &item))
		return take_id(left);
	return h.value > 1 || (h.value == 1 && item.ptr[1] != 4);
}

bool
cddl_plaintext(struct sl_span bytes, int n)
{
	struct sl_span sig_or_mac;

	if (n == 2 && !take_id(&bytes))
		return false;
	if (n < 4 && (!take_id_cred(&bytes) || !take_bytes(&bytes, &sig_or_mac)))
		return false;
	return are_eads(bytes);
}

bool
cddl_error(struct sl_span bytes)
{
	struct head code = head_at(bytes.ptr, bytes.len), h;
	struct sl_span item;

	if (!take_int(&bytes) || (code.type == UINT && code.value == 0))
		return false;
	if (code.type == UINT && code.value == 1)
		return take(&bytes, TEXT, &h, &item) && bytes.len == 0;
	if (code.type == UINT && code.value == 2)
		return take_suites(&bytes) && bytes.len == 0;
	if (code.type == UINT && code.value == 3)
		return bytes.len == 1 && bytes.ptr[0] == 0xf5;
	return bytes.len > 0 && item_at(bytes.ptr, bytes.len, 0) == bytes.len;
}
