/* SPDX-License-Identifier: BSD-2-Clause
 * Replay window of the server role, RFC 8613 section 7.4. The check comes before the decryption,
 * the mark after it; the caller keeps both together under one lock. */
#ifndef OSCORE_WINDOW_H
#define OSCORE_WINDOW_H

#include <sl/oscore.h>

void sl_oscore_window_init(struct sl_oscore_window *w, unsigned size);
/* Not seen, and not left of the window. */
bool sl_oscore_window_may_accept(const struct sl_oscore_window *w, uint64_t number);
void sl_oscore_window_mark(struct sl_oscore_window *w, uint64_t number);
/* Everything up to and with number counts as seen (B.1.2). */
void sl_oscore_window_restart(struct sl_oscore_window *w, uint64_t number);

#endif
