/* SPDX-License-Identifier: BSD-2-Clause
 * The EDHOC end point: one body in, one reply out, the server is the Responder (RFC 9528 section A.2.1 over
 * HTTP). A verified peer gets an OSCORE context in memory. Also the EDHOC half of a combined request (RFC
 * 9668). Thread-safe. */
#ifndef EDHOC_ENDPOINT_H
#define EDHOC_ENDPOINT_H

#include "contexts.h"
#include "edhoc_sessions.h"
#include "trust.h"

/* EDHOC_Exporter's arguments for what binds a certification request to the session. */
#define EDHOC_BINDING_LABEL   32768 /* private use */
#define EDHOC_BINDING_CONTEXT "EDHOC Unique"
#define EDHOC_BINDING_LEN     32 /* bytes; the text is their base64 */

#define EDHOC_LOG_NAME 9 /* 8 hex digits and NUL */

struct edhoc_config {
	struct trust *trust; /* borrowed, as contexts */
	struct contexts *contexts;
	struct edhoc_sessions_config sessions;
	size_t c_r_length;        /* bytes of C_R at least; default 1 */
	unsigned budget_percent;  /* of one core, for handshakes; default 25 */
	unsigned retry_after_s;   /* with 503 */
	uint64_t (*cpu_us)(void); /* of the calling thread; NULL: its clock */
};

struct edhoc_endpoint;

/* Defaults, without trust, contexts and keys. */
void edhoc_config_init(struct edhoc_config *config);
/* SL_ENOMEM, SL_EMALFORMED (a maximum of 0). */
enum sl_err edhoc_endpoint_new(
        struct edhoc_endpoint **out, const struct edhoc_config *config) SL_MUST_USE;
void edhoc_endpoint_free(struct edhoc_endpoint *e); /* wipes; NULL is fine */

struct edhoc_request {
	struct sl_span body;
	uint64_t now_ms; /* monotonic */
	int64_t now;     /* POSIX seconds */
};

struct edhoc_reply {
	int status;                    /* 200 and 204; 400, 500 and 503 */
	uint8_t body[EDHOC_REPLY_MAX]; /* message_2, message_4 or an error message */
	size_t body_len;               /* 0: no content, no media type */
	unsigned retry_after_s;        /* with 503 */
	/* for the log */
	int message;              /* 1 or 3; 0: an error message, or nothing that can be read */
	int method, suite;        /* -1: not known */
	bool is_repeat;           /* stored bytes */
	const char *outcome;      /* fixed texts */
	const char *reason;       /* NULL: none */
	char c_r[EDHOC_LOG_NAME]; /* of a keyed hash; "": none */
	int64_t context_id;       /* 0: none was made */
};

/* Never fails: what cannot be done is an error status. */
void edhoc_endpoint_handle(
        struct edhoc_endpoint *e, const struct edhoc_request *request, struct edhoc_reply *reply);

/* message_3 of a combined request: option is the OSCORE option's value, body the payload with both. True: the
 * context is there (or was made by the same request before), *ciphertext is the OSCORE part, borrowed
 * from body: hand it to the OSCORE end point; *reply is for the log. False: *reply is the answer. */
bool edhoc_endpoint_combined(struct edhoc_endpoint *e, const struct edhoc_request *request,
        struct sl_span option, struct edhoc_reply *reply, struct sl_span *ciphertext);

struct edhoc_counts {
	size_t half_open, finished;
	int64_t budget_us; /* CPU time that handshakes may use now */
};
struct edhoc_counts edhoc_endpoint_counts(struct edhoc_endpoint *e, uint64_t now_ms);

#endif
