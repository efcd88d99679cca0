/* SPDX-License-Identifier: BSD-2-Clause
 * ID_CRED_x and CRED_x from hostile bytes, and what is believed of them. */
#ifndef REFERENCES_H
#define REFERENCES_H

#include <sl/credential_file.h>

/* ID_CRED_x: what is decoded is written again as it was, and never believed when nothing is known. */
void try_reference(struct sl_span map);
/* CRED_x. */
void try_credential(struct sl_span cred);
/* Flags, then three bytes for each of a root, one in between and a leaf: native.c. */
void try_native_path(struct sl_span input);
/* A reference to f, where f is known, or its last certificate an anchor, or nothing at all. */
void try_trust(const struct sl_credential_file *f, struct sl_span id_cred);

#endif
