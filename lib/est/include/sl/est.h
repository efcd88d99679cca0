/* SPDX-License-Identifier: BSD-2-Clause
 * EST-oscore payloads and resources (draft-ietf-ace-coap-est-oscore, RFC 9148, RFC 7030). Pure:
 * which function a path names, which format answers an Accept, bytes of csrattrs, multipart-core
 * and discovery. The DER family; the CBOR family plugs into the same tables. */
#ifndef SL_EST_H
#define SL_EST_H

#include <sl/err.h>
#include <sl/span.h>
#include <sl/writer.h>

enum sl_est_format {
	SL_EST_TEXT = 0,
	SL_EST_LINK_FORMAT = 40,
	SL_EST_MULTIPART = 62,
	SL_EST_PKCS7_CERTS = 281,
	SL_EST_PKCS8 = 284,
	SL_EST_CSRATTRS = 285,
	SL_EST_PKCS10 = 286,
	SL_EST_PKIX_CERT = 287,
};

enum sl_est_function {
	SL_EST_CRTS = 1,
	SL_EST_SEN,
	SL_EST_SREN,
	SL_EST_ATT,
	SL_EST_SKG,
	SL_EST_SKC,
	SL_EST_WELL_KNOWN_CORE,
};

#define SL_EST_LABEL_MAX 32

struct sl_est_target {
	enum sl_est_function function;
	char label[SL_EST_LABEL_MAX + 1]; /* CA or profile label; empty: the default */
};

/* The root "/.well-known/est" and short_root, e.g. "/est" (NULL: none); "/.well-known/core".
 * Path as sl_coap_get_path gives it. A label is unreserved characters and no function name,
 * short or long (RFC 7030 section 3.2.2). Every function has a target; whether it is offered is
 * the caller's to know. SL_ENOTFOUND (answer 4.04). */
enum sl_err sl_est_target(
        const char *path, const char *short_root, struct sl_est_target *out) SL_MUST_USE;
const char *sl_est_function_name(enum sl_est_function function); /* "crts", "sen", ... */
bool sl_est_function_is_get(enum sl_est_function function);      /* else POST */

/* has_body_format / has_accept: the options' presence. A body format of a GET does not count. */
struct sl_est_ask {
	enum sl_est_function function;
	bool has_body_format;
	uint32_t body_format;
	bool has_accept;
	uint32_t accept;
};

/* RFC 9148 section 4.3: the response format; SL_EMALFORMED: 4.15 for the body; SL_EUNSUPPORTED:
 * 4.06 for the Accept. */
enum sl_err sl_est_response_format(
        const struct sl_est_ask *ask, enum sl_est_format *format) SL_MUST_USE;

/* --- csrattrs (285), RFC 7030 section 4.5.2 -------------------------------------------- */

struct sl_est_attr {
	struct sl_span oid;           /* DER OBJECT IDENTIFIER, tag included */
	const struct sl_span *values; /* DER OIDs or other values, tag included; NULL: a bare OID */
	size_t value_count;
};

#define SL_EST_ATTRS_MAX       16
#define SL_EST_ATTR_VALUES_MAX 64

/* DER; values are sorted as a SET OF demands, at most SL_EST_ATTRS_MAX of each. SL_ESPACE,
 * SL_ELIMIT, SL_EMALFORMED (an oid that is none, a value that is not one DER item, a set
 * without values). */
enum sl_err sl_est_csrattrs_encode(
        struct sl_writer *w, const struct sl_est_attr *attrs, size_t count) SL_MUST_USE;

/* The whole list. Spans borrow from the DER, values point into the struct: it must not move. */
struct sl_est_attrs {
	struct sl_est_attr list[SL_EST_ATTRS_MAX];
	size_t count;
	struct sl_span values[SL_EST_ATTR_VALUES_MAX];
	size_t value_count;
};

/* SL_EMALFORMED, SL_ELIMIT. */
enum sl_err sl_est_csrattrs_read(struct sl_est_attrs *out, struct sl_span der) SL_MUST_USE;

/* What a client takes from it; unknown parts are ignored. SL_EMALFORMED. */
struct sl_est_csrattrs {
	bool wants_challenge; /* challengePassword is listed */
	bool wants_p256, wants_p384, wants_ed25519;
	size_t count; /* all items, known or not; not read by sl_est_csrattrs_for */
};

enum sl_err sl_est_csrattrs_decode(struct sl_est_csrattrs *out, struct sl_span der) SL_MUST_USE;
/* The attributes that a profile announces: the key types it takes, challengePassword when it
 * demands it. Nothing special is 30 00. SL_ESPACE. */
enum sl_err sl_est_csrattrs_for(
        struct sl_writer *w, const struct sl_est_csrattrs *policy) SL_MUST_USE;

/* --- multipart-core (62), RFC 8710 ----------------------------------------------------- */

#define SL_EST_PARTS_MAX 16

struct sl_est_part {
	uint16_t format;
	bool is_absent; /* null in place of the bytes */
	struct sl_span bytes;
};

/* SL_ESPACE. */
enum sl_err sl_est_multipart_encode(
        struct sl_writer *w, const struct sl_est_part *parts, size_t count) SL_MUST_USE;
/* *count is the capacity going in, the number coming out. SL_EMALFORMED, SL_ESPACE. */
enum sl_err sl_est_multipart_decode(
        struct sl_span body, struct sl_est_part *parts, size_t *count) SL_MUST_USE;

/* --- discovery, RFC 6690 and RFC 9148 section 4.1 -------------------------------------- */

struct sl_est_link {
	const char *root;   /* written before the target: "/est"; NULL: nothing */
	const char *target; /* "/crts", or whole: "/.well-known/edhoc" */
	const char *rt;     /* "ace.est.crts"; space-separated when several */
	const char *ct;     /* "281 287" or NULL */
	bool osc;
	const char *attributes; /* further ";name=value" text or NULL */
};

/* Links of the EST functions that we have, under root. Returns the number written to links (at
 * most cap). */
size_t sl_est_links(const char *root, struct sl_est_link *links, size_t cap);
/* Link-format body of the links that match every query (RFC 6690 section 4.1): "href=/est*",
 * "rt=ace.est*", "ct=281", "ed-method=3", with or without quotes; a query about an attribute that
 * a link has not, or has without a value, does not match. SL_ESPACE. An empty result is an empty
 * body. */
enum sl_err sl_est_links_encode(struct sl_writer *w, const struct sl_est_link *links, size_t count,
        const struct sl_span *queries, size_t query_count) SL_MUST_USE;

/* About an EDHOC resource whose server is the Responder (RFC 9668 section 6). */
struct sl_est_edhoc {
	const int64_t *suites; /* by preference */
	size_t suite_count;
	unsigned methods;      /* 1 << METHOD */
	unsigned credentials;  /* 1 << TYPE: 0 CWT, 1 CCS, 2 X.509, 3 C509 */
	const int64_t *labels; /* COSE header labels that an ID_CRED may have */
	size_t label_count;
	bool takes_combined; /* EDHOC and the first OSCORE request in one message */
};

#define SL_EST_EDHOC_ATTRIBUTES_MAX 400 /* bytes with NUL: all suites, methods, types, labels */

/* Text for the attributes of a link with rt "core.edhoc". SL_ESPACE. */
enum sl_err sl_est_edhoc_attributes(
        char *out, size_t cap, const struct sl_est_edhoc *offer) SL_MUST_USE;

struct sl_est_found {
	struct sl_span target, rt, ct;
	bool osc;
};

/* A client's reading of a body. *count is the capacity going in, the number coming out. An
 * attribute counts where it stands first; unknown ones are passed over. SL_EMALFORMED,
 * SL_ESPACE. */
enum sl_err sl_est_links_decode(
        struct sl_span body, struct sl_est_found *found, size_t *count) SL_MUST_USE;

#endif
