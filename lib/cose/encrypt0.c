/* SPDX-License-Identifier: BSD-2-Clause
 * COSE_Encrypt0, RFC 9052 section 5.3. */
#include <sl/cbor.h>
#include <sl/cose.h>

void
sl_cose_encrypt0_aad(
        struct sl_writer *w, struct sl_span protected_header, struct sl_span external_aad)
{
	sl_cbor_write_array(w, 3);
	sl_cbor_write_text(w, "Encrypt0");
	sl_cbor_write_bytes(w, protected_header);
	sl_cbor_write_bytes(w, external_aad);
}
