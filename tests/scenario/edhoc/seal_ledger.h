/* SPDX-License-Identifier: BSD-2-Clause
 * A ledger over every AEAD sealing of the process, on both ends and in both protocols: one pair of
 * key and nonce for two different texts is the failure that must never be. Linked with
 * --wrap=sl_aead_seal. */
#ifndef SEAL_LEDGER_H
#define SEAL_LEDGER_H

#include <stdint.h>

struct seal_counts {
	uint64_t seals;
	uint64_t conflicts; /* key and nonce were used for another text or AAD */
	uint64_t repeats;   /* the same text was sealed again: kept bytes should have been sent */
};

struct seal_counts seal_ledger_counts(void);
void seal_ledger_forget(void);

#endif
