/* SPDX-License-Identifier: BSD-2-Clause
 * COSE structures (RFC 9052) as far as sealed messages need them. */
#ifndef SL_COSE_H
#define SL_COSE_H

#include <sl/span.h>
#include <sl/writer.h>

/* Enc_structure of COSE_Encrypt0, RFC 9052 section 5.3: what the AEAD takes as its AAD. An empty
 * protected header is the empty byte string. external_aad is the content of the byte string. */
void sl_cose_encrypt0_aad(
        struct sl_writer *w, struct sl_span protected_header, struct sl_span external_aad);

#define SL_COSE_AAD_PARTS 3

struct sl_cose_sign1 {
	struct sl_span protected_header; /* the encoded map */
	/* Content of the byte string, in up to three parts that follow each other. */
	struct sl_span external_aad[SL_COSE_AAD_PARTS];
	struct sl_span payload;
};

/* Sig_structure of COSE_Sign1, RFC 9052 section 4.4: what is signed. */
void sl_cose_sign1_tbs(struct sl_writer *w, const struct sl_cose_sign1 *in);

#endif
