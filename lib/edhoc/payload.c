/* SPDX-License-Identifier: BSD-2-Clause
 * Error messages (RFC 9528 section 6) and payloads: the prefix of section A.2.1, and the combined
 * request of RFC 9668 section 3.2.1. */
#include <sl/cbor.h>
#include <sl/edhoc_wire.h>

enum sl_err
sl_edhoc_error_read(struct sl_edhoc_error *error, struct sl_span message)
{
	struct sl_edhoc_error got = {0};
	struct sl_reader r = sl_reader_over(message);
	struct sl_span info;

	got.code = sl_cbor_read_int(&r);
	info = r.left;
	switch (got.code) {
	case SL_EDHOC_ERROR_NONE:
		sl_reader_fail(&r);
		break;
	case SL_EDHOC_ERROR_UNSPECIFIED:
		got.text = sl_cbor_read_text(&r);
		break;
	case SL_EDHOC_ERROR_WRONG_SUITE:
		(void)sl_edhoc_suites_read(&r);
		got.suites = info;
		break;
	case SL_EDHOC_ERROR_UNKNOWN_CREDENTIAL:
		if (!sl_cbor_read_bool(&r))
			sl_reader_fail(&r);
		break;
	default:
		(void)sl_cbor_read_item(&r);
		break;
	}
	if (sl_reader_finish(&r) != SL_OK)
		return SL_EMALFORMED;
	*error = got;
	return SL_OK;
}

enum sl_err
sl_edhoc_payload_read(struct sl_edhoc_payload *payload, struct sl_span bytes)
{
	struct sl_edhoc_payload got = {0};
	struct sl_reader r = sl_reader_over(bytes);

	if (sl_cbor_peek(&r) == SL_CBOR_SIMPLE) {
		got.kind = SL_EDHOC_PAYLOAD_MESSAGE_1;
		if (!sl_cbor_read_bool(&r))
			sl_reader_fail(&r);
	} else {
		got.c_r = sl_edhoc_id_read(&r);
		got.kind = sl_cbor_peek(&r) == SL_CBOR_BYTES ? SL_EDHOC_PAYLOAD_MESSAGE_3
		                                             : SL_EDHOC_PAYLOAD_ERROR;
	}
	if (r.failed || r.left.len == 0)
		return SL_EMALFORMED;
	got.message = sl_read_rest(&r);
	*payload = got;
	return SL_OK;
}

void
sl_edhoc_payload_write(struct sl_writer *w, const struct sl_edhoc_payload *payload)
{
	if (payload->kind == SL_EDHOC_PAYLOAD_MESSAGE_1)
		sl_cbor_write_bool(w, true);
	else
		sl_edhoc_id_write(w, payload->c_r);
	sl_write_span(w, payload->message);
}

enum sl_err
sl_edhoc_combined_read(struct sl_span payload, size_t tag_len, struct sl_span *message_3,
        struct sl_span *ciphertext)
{
	struct sl_reader r = sl_reader_over(payload);
	struct sl_span first;

	if (sl_cbor_peek(&r) != SL_CBOR_BYTES)
		return SL_EMALFORMED;
	first = sl_cbor_read_item(&r);
	if (r.failed || r.left.len <= tag_len)
		return SL_EMALFORMED;
	*message_3 = first;
	*ciphertext = sl_read_rest(&r);
	return SL_OK;
}
