/* SPDX-License-Identifier: BSD-2-Clause
 * Whole runs of EDHOC between an Initiator and a Responder of ours, of any method and suite, with any
 * EAD, and with one byte of one message changed on its way. */
#ifndef WHOLE_H
#define WHOLE_H

#include <sl/span.h>

/* enum setting of whole.c, one byte each, then the EAD of every message. What was changed is never
 * accepted, what was not always is, and both ends have the same keys. */
void try_whole(struct sl_span input);
/* Bounds, a mask of what is taken, the seed (16 bytes), the peer's identifier. */
void try_choice(struct sl_span input);
/* A length: padding has it, and says nothing. */
void try_padding(struct sl_span input);

#endif
