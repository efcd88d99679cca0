/* SPDX-License-Identifier: BSD-2-Clause
 * What discovery says about our EDHOC resource (RFC 9668 section 6). */
#ifndef EDHOC_LINK_H
#define EDHOC_LINK_H

#include <sl/est.h>

#include "config.h"

/* link borrows text. */
void edhoc_link(struct sl_est_link *link, const struct config_edhoc *config,
        char text[static SL_EST_EDHOC_ATTRIBUTES_MAX]);

#endif
