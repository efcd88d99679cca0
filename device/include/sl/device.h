/* SPDX-License-Identifier: BSD-2-Clause
 * The device as a library: an EST client (RFC 7030, RFC 9148) whose every request is protected
 * with OSCORE (RFC 8613), under a pre-shared context or one that EDHOC (RFC 9528) makes, over a
 * state directory that survives power cuts. It is the directory of sealift-device(1);
 * docs/device.md says what lies in it and which answers are believed. */
#ifndef SL_DEVICE_H
#define SL_DEVICE_H

#include <sl/err.h>
#include <sl/span.h>

#include <stdio.h>

/* One handle holds one state directory, locked against others, and belongs to one thread at a
 * time; handles of different directories know nothing of each other. Calls that ask the server
 * block until they are done, until their timeout, or until they are cancelled. Nothing is
 * printed, and nothing of the process is changed: a program that must not leave keys in core
 * files or swap sees to that itself. Strings and structs that are given are borrowed for the
 * call only, but for what sl_device_options says. */

#define SL_DEVICE_TEXT_MAX           400
#define SL_DEVICE_TIMEOUT_DEFAULT_MS (600 * 1000)

/* What was refused and how to mend it, for people. Never holds secrets. */
struct sl_device_why {
	char text[SL_DEVICE_TEXT_MAX];
};

/* --- the state directory ------------------------------------------------------------------- */

/* Where messages go. NULL or "" where there is none. */
struct sl_device_where {
	const char *server; /* next CoAP hop, "coap://HOST[:PORT]"; must be there */
	const char *target; /* forward mode: server behind the proxy, "http(s)://HOST[:PORT]" */
	const char *route;  /* reverse mode: outer path that chooses the proxy's route */
	const char *root;   /* EST root inside the protection; default "/.well-known/est" */
};

/* Makes the directory from a provisioning file (`sealift-est add-context`), once: a second
 * directory from the same file would use sequence numbers again and break the encryption. A file
 * with an "edhoc" object says what the next call is told; its file names are relative to it. why
 * may be NULL. SL_EMALFORMED, SL_EUNSUPPORTED (the file, where), SL_ENOTFOUND, SL_EAUTH (owner,
 * mode), SL_EREPLAY (there is a state already), SL_ENOMEM, SL_EIO. */
enum sl_err sl_device_init(const char *state, const char *provisioning_file,
        const struct sl_device_where *where, struct sl_device_why *why) SL_MUST_USE;

#define SL_DEVICE_PEERS_MAX 4

/* A device that gets its contexts from EDHOC, as Initiator. Files are copied. NULL or "" where
 * there is none; at least one peer, or anchors. */
struct sl_device_edhoc {
	const char *key;        /* private key, PEM, readable by nobody else */
	const char *credential; /* around it: certificates in PEM, a CCS, or C509 */
	const char *send;       /* kid, kccs, x5t, x5chain, c5t or c5c; default kid or x5t or c5t */
	const char *peers[SL_DEVICE_PEERS_MAX]; /* exactly these are the server's */
	const char *anchors; /* or any certificate for CMC (id-kp-cmcRA) under one of these, PEM */
	const char *peer_name; /* that must be its CommonName or a dNSName of it */
	const char *method;    /* 0 to 3; default 3 for a CCS, else 0 */
	const char *suites;    /* by preference: "2,3"; default those, where they fit the key */
	const char *identity;  /* default: the subject of the credential */
	bool requires_message_4;
	bool is_combined;   /* message_3 goes with the first request (RFC 9668) where that can be */
	bool is_bound;      /* requests for certificates name the EDHOC session */
	bool keeps_to_this; /* and never shows the enrolled certificate instead */
};

/* The same directory; its contexts live in a handle only. Errors as above. */
enum sl_err sl_device_init_edhoc(const char *state, const struct sl_device_edhoc *edhoc,
        const struct sl_device_where *where, struct sl_device_why *why) SL_MUST_USE;

/* --- what may be heard while a call blocks ------------------------------------------------- */

enum sl_device_step {
	SL_DEVICE_ASKING,           /* a protected exchange begins */
	SL_DEVICE_ANCHORS_KEPT,     /* trust anchors are durable */
	SL_DEVICE_REQUEST_KEPT,     /* a new key and its request are durable */
	SL_DEVICE_REQUEST_RESUMED,  /* those of a call that was cut are taken again */
	SL_DEVICE_WAITING,          /* wait_ms from now the identical request goes out again */
	SL_DEVICE_CERTIFICATE_KEPT, /* verified, and durable in place of the old one */
	SL_DEVICE_EDHOC_BEGUN,
	SL_DEVICE_EDHOC_DONE, /* the server is who it should be; there is a context */
};

struct sl_device_progress {
	enum sl_device_step step;
	const char *text; /* one line for people; borrowed for the call */
	uint64_t wait_ms; /* of SL_DEVICE_WAITING */
};

/* Any may be NULL. None may call into the handle. */
struct sl_device_hooks {
	void (*on_progress)(void *arg, const struct sl_device_progress *progress);
	/* True ends the call soon. Asked at least every 200 ms while a call waits, but for the
	 * resolver's time on the name of the server. */
	bool (*is_cancelled)(void *arg);
	void *arg;
	/* Every message, outside and inside the protection, as text, requests and answers in
	 * full. Never keys. */
	FILE *trace;
};

/* --- handles ------------------------------------------------------------------------------- */

struct sl_device_options {
	const char *state;            /* the directory */
	unsigned block_size;          /* inside the protection: 16, 32, ... 1024; 0: 1024 */
	unsigned outer_block_size;    /* on the link: the same */
	struct sl_device_hooks hooks; /* must stay callable until the handle is closed */
};

struct sl_device; /* owned; free with sl_device_close, which wipes */

/* Asks nobody. A replacement of the certificate that was cut is finished first. why may be NULL.
 * SL_ENOTFOUND (no such directory, or a file is missing), SL_EAUTH (owner, mode), SL_EMALFORMED,
 * SL_EUNSUPPORTED (a file, a block size), SL_ENOMEM, SL_EIO (also: another handle or process has
 * the directory). */
enum sl_err sl_device_open(struct sl_device **out, const struct sl_device_options *options,
        struct sl_device_why *why) SL_MUST_USE;
void sl_device_close(struct sl_device *device);

/* --- what the directory holds -------------------------------------------------------------- */

/* Borrowed from the handle until the next call with it. */
struct sl_device_state {
	const char *identity;                       /* of the provisioning */
	const char *server, *target, *route, *root; /* "" where there is none */
	bool is_edhoc;                              /* else the context is pre-shared */
	uint64_t numbers_reserved; /* sequence numbers below it may have been used */
	bool has_certificate;
	bool has_pending_request; /* an enrolment under way: the next one goes on with it */
	const struct sl_span *certificates; /* DER, ours first, then what came with it */
	size_t certificate_count;
	const struct sl_span *anchors; /* DER */
	size_t anchor_count;
	/* SL_OK: the certificate is for our key and leads to an anchor, now. SL_ENOTFOUND: there is no
	 * certificate. SL_EAUTH: it does not fit or is not valid. SL_EMALFORMED, SL_ENOMEM, SL_EIO: a
	 * file cannot be used; a list that cannot be read counts nothing. */
	enum sl_err check;
	const char *problem; /* text of check; "" when it is SL_OK */
};

/* Asks nobody. Never NULL. */
const struct sl_device_state *sl_device_show(struct sl_device *device);

/* --- calls that ask the server ------------------------------------------------------------- */

enum sl_device_outcome {
	SL_DEVICE_DONE,
	SL_DEVICE_ENROLLED,   /* there is a valid certificate already; nobody was asked */
	SL_DEVICE_REFUSED,    /* an authentic answer says no: code, and body of a get */
	SL_DEVICE_LATER,      /* not now, says the server, and the time is over: wait_s */
	SL_DEVICE_NO_ANSWER,  /* no authentic answer in time */
	SL_DEVICE_BAD_ANSWER, /* authentic, but not what was asked for */
	SL_DEVICE_EXHAUSTED,  /* all sequence numbers are used: provision the device anew */
	SL_DEVICE_CANCELLED,  /* by is_cancelled */
	SL_DEVICE_MISUSED,    /* an argument cannot be; nobody was asked */
	SL_DEVICE_FAILED,     /* here: a file, the resolver, the socket, memory */
	SL_DEVICE_BAD_PEER,   /* EDHOC: it could not be shown that the server is who it should be */
	SL_DEVICE_UNWANTED,   /* EDHOC: the server, or somebody in its place, does not want us */
};

/* "done", "no authentic answer in time", ...; never NULL. */
const char *sl_device_outcome_text(enum sl_device_outcome outcome);

/* timeout_ms, here and below: for the call in all; 0: SL_DEVICE_TIMEOUT_DEFAULT_MS. */

/* The EST resources of the server: result links. */
enum sl_device_outcome sl_device_discover(
        struct sl_device *device, uint64_t timeout_ms) SL_MUST_USE;

/* Fetches the trust anchors and keeps them: result anchors. */
enum sl_device_outcome sl_device_crts(struct sl_device *device, uint64_t timeout_ms) SL_MUST_USE;

enum sl_device_key {
	SL_DEVICE_KEY_ANY, /* P-256, or what a pending key is */
	SL_DEVICE_KEY_P256,
	SL_DEVICE_KEY_P384,
	SL_DEVICE_KEY_ED25519,
};

struct sl_device_enrolment {
	uint64_t timeout_ms;
	uint32_t accept;         /* Content-Format of the certificate: 281 (also 0) or 287 */
	enum sl_device_key key;  /* of a new key */
	const char *common_name; /* enroll: 1 to 64 characters; NULL: the identity */
	bool is_forced;          /* enroll although there is a valid certificate */
	bool is_rekey;           /* reenroll with a new key; without it key must be ANY */
	bool is_bound;           /* the request names the EDHOC session (challengePassword) */
};

/* A first certificate, POST /sen; a renewal with the same names, POST /sren. Anchors are fetched
 * first when there are none. Key and request are durable before they leave, certificate and key
 * are replaced together; after anything but DONE the old ones stand, and the next call goes on
 * with the same request where it can. Result: certificates. */
enum sl_device_outcome sl_device_enroll(
        struct sl_device *device, const struct sl_device_enrolment *wish) SL_MUST_USE;
enum sl_device_outcome sl_device_reenroll(
        struct sl_device *device, const struct sl_device_enrolment *wish) SL_MUST_USE;

struct sl_device_request {
	uint64_t timeout_ms;
	const char *path; /* "/a/b?c", at most 255 characters */
	bool has_accept;
	uint32_t accept; /* Content-Format, at most 65535 */
};

/* A protected GET. Result: code, format, body. */
enum sl_device_outcome sl_device_get(
        struct sl_device *device, const struct sl_device_request *request) SL_MUST_USE;

/* --- results ------------------------------------------------------------------------------- */

struct sl_device_link {
	struct sl_span target, rt, ct; /* text; empty where there is none */
	bool osc;
};

/* UDP datagrams and the bytes in them. */
struct sl_device_traffic {
	uint32_t datagrams_sent, datagrams_received;
	uint64_t bytes_sent, bytes_received;
};

/* Of the last call that asks; borrowed from the handle until the next call with it. What the
 * call does not give is empty, as all of it is when the last call asked nobody. */
struct sl_device_result {
	enum sl_device_outcome outcome;
	const char *text;            /* why it is not DONE, for people; "" when it is */
	uint8_t code;                /* of the last authentic answer, 0x45 for 2.05; 0: none */
	uint32_t wait_s;             /* the server's last wish to wait */
	uint32_t protected_requests; /* that were sent */
	bool has_format;
	uint32_t format;     /* Content-Format of body */
	struct sl_span body; /* at most 64 KiB */
	const struct sl_device_link *links;
	size_t link_count;
	const struct sl_span *certificates; /* DER, ours first, then what came with it */
	size_t certificate_count;
	const struct sl_span *anchors; /* DER */
	size_t anchor_count;
	struct sl_device_traffic traffic; /* of the whole call, */
	struct sl_device_traffic edhoc;   /* and what of it EDHOC was, but for combined requests */
	uint32_t edhoc_runs;              /* that were begun */
	uint32_t edhoc_messages[4];       /* bytes of message_1 to message_4 of the last run */
};

/* Never NULL. */
const struct sl_device_result *sl_device_result(const struct sl_device *device);

#endif
