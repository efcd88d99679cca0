/* SPDX-License-Identifier: BSD-2-Clause
 * The CDDL of RFC 9528 sections 3.8, 5.2.1, 5.3.1, 5.4.1, 5.5.1 and 6.2 as predicates, read off the text by a
 * second reader that knows nothing of the first. Shortest heads, definite lengths, ints of 64 bits. */
#ifndef CDDL_H
#define CDDL_H

#include <sl/span.h>

/* *g_x is what stands there as G_X. */
bool cddl_message_1(struct sl_span bytes, struct sl_span *g_x);
/* PLAINTEXT_n; n is 2 to 4. */
bool cddl_plaintext(struct sl_span bytes, int n);
bool cddl_error(struct sl_span bytes);

#endif
