/* SPDX-License-Identifier: BSD-2-Clause
 * A certificate that init makes: of the authority itself, or by it for a key of this server. */
#include <sl/hash.h>

#include "admin.h"

#define SERIAL_LEN 16
#define SPKI_MAX   256

enum sl_err
admin_make_certificate(const struct sl_cert_params *wanted, const struct sl_pkey *key,
        uint8_t out[static STORE_CERT_MAX], size_t *len)
{
	struct sl_cert_params params = *wanted;
	uint8_t spki[SPKI_MAX], serial[SERIAL_LEN], tbs[STORE_CERT_MAX];
	size_t spki_len = 0, tbs_len = 0;
	enum sl_err err = sl_pkey_to_spki(key, spki, sizeof spki, &spki_len);

	if (!err)
		err = sl_random(serial, sizeof serial);
	if (err)
		return err;
	serial[0] = (uint8_t)((serial[0] & 0x3f) | 0x40); /* positive, and as long as it looks */
	params.serial = sl_span(serial, sizeof serial);
	params.spki = sl_span(spki, spki_len);
	err = sl_cert_tbs(&params, tbs, sizeof tbs, &tbs_len);
	return err ? err
	           : sl_cert_sign(
	                     sl_span(tbs, tbs_len), params.issuer_key, out, STORE_CERT_MAX, len);
}
