/* SPDX-License-Identifier: BSD-2-Clause
 * EDHOC in the server: trust and end point up and down, requests in, responses and one log line per message out.
 * Without a section edhoc in the configuration all of it does nothing. */
#ifndef SERVE_EDHOC_H
#define SERVE_EDHOC_H

#include "edhoc_endpoint.h"
#include "http_side.h"

struct serve_edhoc {
	struct trust *trust; /* NULL: EDHOC is off */
	struct edhoc_endpoint *endpoint;
};

/* Says on standard error what is wrong. */
bool serve_edhoc_open(struct serve_edhoc *s, const struct trust_options *options);
/* The limits of contexts out of EDHOC, and whether they hold. */
void serve_edhoc_limit(
        const struct serve_edhoc *s, const struct config *config, struct contexts_config *contexts);
bool serve_edhoc_start(
        struct serve_edhoc *s, const struct config *config, struct contexts *contexts);
/* After the HTTP server has stopped and before the contexts are freed, trust after them. */
void serve_edhoc_stop(struct serve_edhoc *s);
void serve_edhoc_close(struct serve_edhoc *s);

void serve_edhoc_handle(
        struct serve_edhoc *s, const struct edhoc_request *request, struct http_response *response);
/* True: go on with *ciphertext. False: *response is the answer. */
bool serve_edhoc_combined(struct serve_edhoc *s, const struct edhoc_request *request,
        struct sl_span option, struct http_response *response, struct sl_span *ciphertext);

#endif
