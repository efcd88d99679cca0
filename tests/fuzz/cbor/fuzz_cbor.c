/* SPDX-License-Identifier: BSD-2-Clause
 * CBOR reader. Oracle: an item that the reader takes is deterministic, so reading it piece by piece
 * and writing the pieces gives the same bytes again. */
#include <sl/cbor.h>

#include <assert.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void copy_item(struct sl_reader *r, struct sl_writer *w);

static void
copy_simple(struct sl_reader *r, struct sl_writer *w)
{
	struct sl_reader ahead = *r;

	sl_cbor_read_null(&ahead);
	if (!ahead.failed) {
		sl_cbor_write_null(w);
		*r = ahead;
		return;
	}
	ahead = *r;
	sl_cbor_read_undefined(&ahead);
	if (!ahead.failed) {
		sl_cbor_write_undefined(w);
		*r = ahead;
		return;
	}
	sl_cbor_write_bool(w, sl_cbor_read_bool(r));
}

/* read_int ends at 63 bits; a larger one is copied as it stands. */
static void
copy_negative(struct sl_reader *r, struct sl_writer *w)
{
	struct sl_reader ahead = *r;
	int64_t v = sl_cbor_read_int(&ahead);

	if (ahead.failed) {
		sl_write_span(w, sl_cbor_read_item(r));
		return;
	}
	sl_cbor_write_int(w, v);
	*r = ahead;
}

static void
copy_items(struct sl_reader *r, struct sl_writer *w, size_t count)
{
	for (size_t i = 0; i < count && !r->failed; i++)
		copy_item(r, w);
}

static void
copy_item(struct sl_reader *r, struct sl_writer *w)
{
	size_t count;

	switch (sl_cbor_peek(r)) {
	case SL_CBOR_UINT:
		sl_cbor_write_uint(w, sl_cbor_read_uint(r));
		break;
	case SL_CBOR_NINT:
		copy_negative(r, w);
		break;
	case SL_CBOR_BYTES:
		sl_cbor_write_bytes(w, sl_cbor_read_bytes(r));
		break;
	case SL_CBOR_TEXT:
		sl_cbor_write_text_span(w, sl_cbor_read_text(r));
		break;
	case SL_CBOR_ARRAY:
		count = sl_cbor_read_array(r);
		sl_cbor_write_array(w, count);
		copy_items(r, w, count);
		break;
	case SL_CBOR_MAP:
		count = sl_cbor_read_map(r);
		sl_cbor_write_map(w, count);
		copy_items(r, w, 2 * count);
		break;
	case SL_CBOR_TAG:
		sl_cbor_write_tag(w, sl_cbor_read_tag(r));
		copy_item(r, w);
		break;
	case SL_CBOR_SIMPLE:
		copy_simple(r, w);
		break;
	default:
		sl_reader_fail(r);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct sl_reader r = sl_reader_over(sl_span(bytes, len));

	while (sl_cbor_peek(&r) != SL_CBOR_END) {
		struct sl_span item = sl_cbor_read_item(&r);
		struct sl_reader again = sl_reader_over(item);
		uint8_t *out = malloc(item.len == 0 ? 1 : item.len);
		struct sl_writer w = sl_writer_over(out, item.len);

		if (out == NULL)
			abort();
		assert(r.failed == (item.len == 0));
		if (!r.failed) {
			copy_item(&again, &w);
			assert(sl_reader_finish(&again) == SL_OK);
			assert(sl_span_equal(sl_writer_span(&w), item));
		}
		free(out);
	}
	return 0;
}
