/* SPDX-License-Identifier: BSD-2-Clause
 * The handle behind <sl/device.h>, shared by the two files of that face: library.c (handles and
 * what the directory holds) and calls.c (what asks the server). */
#ifndef LIBRARY_H
#define LIBRARY_H

#include "coap_side.h"
#include "enrol.h"
#include "exchange.h"

#include <sl/device.h>

#define LIBRARY_LINKS_MAX 32

struct sl_device {
	struct device inside;
	struct sl_device_hooks hooks;
	char state[200]; /* for complaints; cut when longer */
	uint8_t inner_szx, outer_szx;
	struct coap_side side;
	struct session *session; /* both of the last call, for what results borrow */
	struct enrol *enrol;
	struct exchange exchange; /* of the call that asks */
	struct complaint why;
	struct sl_device_result result;
	struct sl_device_link links[LIBRARY_LINKS_MAX];
	struct sl_device_state shown;
	struct certs own, trusted; /* what shown borrows */
	char server[ENDPOINT_TEXT_MAX], target[ENDPOINT_TEXT_MAX];
	struct sl_span spans[2][CERTS_MAX];
};

/* Frees what the last call gave; its link is closed already. */
void library_drop_results(struct sl_device *d);

#endif
