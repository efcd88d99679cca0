/* SPDX-License-Identifier: BSD-2-Clause
 * What the rest of the room needs from libcoap: uint values (RFC 7252 section 3.2). Private to the
 * room. */
#ifndef SL_COAP_CODEC_H
#define SL_COAP_CODEC_H

#include <sl/coap.h>

/* The shortest form of value; 0 takes no byte. Returns its length. */
uint8_t sl_coap_uint_encode(uint8_t out[static 4], uint32_t value);
/* At most four bytes, leading zero bytes tolerated. */
uint32_t sl_coap_uint_decode(struct sl_span bytes);

#endif
