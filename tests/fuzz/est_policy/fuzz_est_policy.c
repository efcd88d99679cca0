/* SPDX-License-Identifier: BSD-2-Clause
 * Any bytes as a certification request: what is granted is inside the profile. */
#include <stdlib.h>
#include <string.h>

#include "policy.h"

#define NOW INT64_C(1800000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct profile profile = {
	        .name = "default",
	        .validity_s = 86400,
	        .key_types = 1U << SL_PKEY_P256 | 1U << SL_PKEY_ED25519,
	        .common_name = "{identity}",
	        .key_usage = SL_KU_DIGITAL_SIGNATURE,
	        .client_auth = true,
	};
	struct policy_ask ask = {
	        .profile = &profile,
	        .identity = "device-1",
	        .csr = sl_span(data, len),
	        .now = NOW,
	        .ca_not_after = NOW + 864000,
	};
	struct policy_grant grant;
	const char *reason = NULL;

	for (int renewal = 0; renewal < 2; renewal++) {
		ask.is_renewal = renewal;
		if (policy_check(&ask, &grant, &reason) == POLICY_PASS &&
		        (grant.key_usage != SL_KU_DIGITAL_SIGNATURE || grant.csr.wants_ca ||
		                grant.subject_alt_name_len || grant.server_auth ||
		                grant.not_after != NOW + 86400 ||
		                !(profile.key_types & 1U << grant.csr.key_type)))
			abort();
		if (!reason)
			abort();
	}
	return 0;
}
