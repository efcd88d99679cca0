/* SPDX-License-Identifier: BSD-2-Clause
 * SipHash-2-4 (Aumasson, Bernstein 2012), 64-bit and 128-bit output: keyed hash for tables whose keys
 * an attacker chooses, and the address MAC of Echo values. Not a signature, not for key derivation. */
#ifndef SL_SIPHASH_H
#define SL_SIPHASH_H

#include <sl/span.h>

#define SL_SIPHASH_KEY_LEN 16

uint64_t sl_siphash(const uint8_t key[static SL_SIPHASH_KEY_LEN], struct sl_span bytes);
void sl_siphash128(uint8_t out[static 16], const uint8_t key[static SL_SIPHASH_KEY_LEN], struct sl_span bytes);

#endif
