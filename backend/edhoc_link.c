/* SPDX-License-Identifier: BSD-2-Clause
 * Kinds of credentials are those that the program knows; which peers are believed is not for everybody. */
#include "edhoc_link.h"

#include <sl/credentials.h>

#define TYPES (1U << 1 | 1U << 2 | 1U << 3) /* CCS, X.509, C509 */

static const int64_t labels[] = {SL_LABEL_KID, SL_LABEL_KCCS, SL_LABEL_C5T, SL_LABEL_C5U,
        SL_LABEL_C5C, SL_LABEL_X5CHAIN, SL_LABEL_X5T, SL_LABEL_X5U};

void
edhoc_link(struct sl_est_link *link, const struct config_edhoc *config,
        char text[static SL_EST_EDHOC_ATTRIBUTES_MAX])
{
	const struct sl_est_edhoc offer = {.suites = config->suites,
	        .suite_count = config->suite_count,
	        .methods = config->methods,
	        .credentials = TYPES,
	        .labels = labels,
	        .label_count = sizeof labels / sizeof labels[0],
	        .takes_combined = config->accepts_combined};

	*link = (struct sl_est_link){.target = "/.well-known/edhoc", .rt = "core.edhoc"};
	if (sl_est_edhoc_attributes(text, SL_EST_EDHOC_ATTRIBUTES_MAX, &offer) == SL_OK)
		link->attributes = text;
}
