/* SPDX-License-Identifier: BSD-2-Clause
 * Both ends of an OSCORE context: whole exchanges, and Partial IVs in any order beside a model. */
#ifndef EXCHANGE_H
#define EXCHANGE_H

#include <sl/oscore.h>

/* settings, each byte 0 when it is missing: flags, an index of algorithms, lengths of the ids. text: code,
 * options and payload of the request and of the response. */
void try_exchange(struct sl_span settings, struct sl_span text);
/* settings: size of the window, where the numbers begin. steps: one byte each. */
void try_window(struct sl_span settings, struct sl_span steps);

#endif
