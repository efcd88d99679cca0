/* SPDX-License-Identifier: BSD-2-Clause
 * application/multipart-core, RFC 8710 section 2: format number and bytes (or null) in turn. */
#include <sl/cbor.h>
#include <sl/est.h>

enum sl_err
sl_est_multipart_encode(struct sl_writer *w, const struct sl_est_part *parts, size_t count)
{
	sl_cbor_write_array(w, 2 * (uint64_t)count);
	for (size_t i = 0; i < count; i++) {
		sl_cbor_write_uint(w, parts[i].format);
		if (parts[i].is_absent)
			sl_cbor_write_null(w);
		else
			sl_cbor_write_bytes(w, parts[i].bytes);
	}
	return sl_writer_finish(w);
}

static struct sl_est_part
read_part(struct sl_reader *r)
{
	struct sl_est_part part = {0};
	uint64_t format = sl_cbor_read_uint(r);

	if (format > UINT16_MAX)
		sl_reader_fail(r);
	part.format = (uint16_t)format;
	part.is_absent = sl_cbor_peek(r) == SL_CBOR_SIMPLE;
	if (part.is_absent)
		sl_cbor_read_null(r);
	else
		part.bytes = sl_cbor_read_bytes(r);
	return part;
}

enum sl_err
sl_est_multipart_decode(struct sl_span body, struct sl_est_part *parts, size_t *count)
{
	struct sl_reader r = sl_reader_over(body), again;
	size_t items = sl_cbor_read_array(&r);

	again = r;
	if (items % 2 != 0)
		return SL_EMALFORMED;
	for (size_t i = 0; i < items / 2 && !r.failed; i++)
		read_part(&r);
	if (sl_reader_finish(&r) != SL_OK)
		return SL_EMALFORMED;
	if (items / 2 > *count)
		return SL_ESPACE;
	for (size_t i = 0; i < items / 2; i++)
		parts[i] = read_part(&again);
	*count = items / 2;
	return SL_OK;
}
