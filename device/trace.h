/* SPDX-License-Identifier: BSD-2-Clause
 * For --trace: one message as people read it, what is inside the protection and what the link
 * carries. Keys never pass here; the content of requests and answers does, so it is asked for
 * explicitly. */
#ifndef TRACE_H
#define TRACE_H

#include <sl/coap.h>

#include <stdio.h>

enum trace_way { TRACE_SENT, TRACE_RECEIVED };

/* The outer message, then all its bytes in hex. */
void trace_datagram(FILE *out, enum trace_way way, struct sl_span datagram);
/* The message inside the OSCORE protection. */
void trace_inner(FILE *out, enum trace_way way, const struct sl_coap_msg *msg);

/* An EDHOC message without what stands before it in a payload. */
void trace_edhoc(FILE *out, enum trace_way way, const char *name, struct sl_span message);

#endif
