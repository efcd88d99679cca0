/* SPDX-License-Identifier: BSD-2-Clause
 * COSE_Sign1, RFC 9052 section 4.4. */
#include <sl/cbor.h>
#include <sl/cose.h>

void
sl_cose_sign1_tbs(struct sl_writer *w, const struct sl_cose_sign1 *in)
{
	size_t external_len = 0;

	for (size_t i = 0; i < SL_COSE_AAD_PARTS; i++)
		external_len += in->external_aad[i].len;
	sl_cbor_write_array(w, 4);
	sl_cbor_write_text(w, "Signature1");
	sl_cbor_write_bytes(w, in->protected_header);
	sl_cbor_write_bytes_head(w, external_len);
	for (size_t i = 0; i < SL_COSE_AAD_PARTS; i++)
		sl_write_span(w, in->external_aad[i]);
	sl_cbor_write_bytes(w, in->payload);
}
