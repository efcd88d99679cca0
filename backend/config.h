/* SPDX-License-Identifier: BSD-2-Clause
 * sealift-est.yaml as a checked struct. Unknown, duplicate and unsafe keys are refused with file,
 * line, key, value and mend. Reference: docs/configuration-est.md. */
#ifndef CONFIG_H
#define CONFIG_H

#include <sl/sandbox.h>

#include "policy.h"

#define CONFIG_PATH_MAX     255
#define CONFIG_URL_PATH_MAX 63
#define CONFIG_PATHS_MAX    8
#define CONFIG_CHAIN_MAX    4
#define CONFIG_PROFILES_MAX 16
#define CONFIG_SUITES_MAX   8
#define CONFIG_OWN_MAX      8
#define CONFIG_PEERS_MAX    256
#define CONFIG_URI_MAX      127

struct config_listen {
	char address[64]; /* IPv4 or IPv6 literal without brackets */
	uint16_t port;    /* 0: any free port (the readiness line says which) */
	char tls_certificate[CONFIG_PATH_MAX + 1]; /* PEM files; both empty: plain HTTP */
	char tls_key[CONFIG_PATH_MAX + 1];
	bool plain_http_anywhere; /* else plain HTTP is for loopback addresses only */
};

struct config_limits {
	size_t max_body;             /* bytes of an HTTP request body */
	unsigned threads;            /* HTTP poll threads */
	unsigned connections;        /* open HTTP connections */
	unsigned connections_per_ip; /* 0: no limit (a proxy is one address) */
	unsigned connection_timeout_s;
	unsigned contexts;      /* OSCORE contexts in memory */
	size_t reply_cache;     /* bytes of the exact-reply cache */
	unsigned reply_cache_s; /* how long a reply is kept */
	unsigned block_state_s; /* how long inner Block1/Block2 state is kept */
	size_t inner_body;      /* bytes of a reassembled inner request */
	unsigned ssn_step;      /* Sender Sequence Numbers reserved at once (RFC 8613 B.1.1) */
	unsigned echo_fresh_s;  /* how old an Echo value may be (RFC 8613 B.1.2) */
};

struct config_ca {
	char key[CONFIG_PATH_MAX + 1];                     /* PEM, readable by its owner only */
	char certificate[CONFIG_PATH_MAX + 1];             /* PEM or DER */
	char chain[CONFIG_CHAIN_MAX][CONFIG_PATH_MAX + 1]; /* further certificates up to the root */
	size_t chain_count;
	unsigned instance; /* 1..127: first byte of every serial number */
};

/* A credential of ours, and the key in it. */
struct config_own {
	char key[CONFIG_PATH_MAX + 1];        /* PEM, readable by its owner only */
	char credential[CONFIG_PATH_MAX + 1]; /* PEM, CCS or C509 */
	bool is_static_dh;                    /* else it signs */
	int send;                             /* enum sl_id_cred_label */
};

struct config_edhoc {
	bool is_on;       /* the section is there; everything below holds only then */
	unsigned methods; /* bit (1 << METHOD) */
	int64_t suites[CONFIG_SUITES_MAX]; /* by preference */
	size_t suite_count;
	bool sends_message_4;    /* always; else never */
	bool accepts_combined;   /* header CoAP-EDHOC: ?1 of our proxy (RFC 9668) */
	unsigned sessions;       /* half-open ones, and finished ones that are remembered */
	unsigned session_life_s; /* of a half-open one */
	int64_t context_life_s, context_idle_s; /* of an OSCORE context out of EDHOC */
	unsigned c_r_length;                    /* bytes of C_R at least */
	unsigned crypto_budget;                 /* per cent of one core, for handshakes */
	bool accepts_issued; /* valid certificates of this authority authenticate their identity */
	char directory[CONFIG_PATH_MAX + 1]; /* certificates that a URI names; empty: none */
	char revoked[CONFIG_PATH_MAX + 1];   /* fingerprints, one a line; empty: none */
	struct config_own own[CONFIG_OWN_MAX];
	size_t own_count; /* at least 1 */
};

/* Who may enrol: one credential, or every certificate below an anchor. */
struct config_peer {
	char file[CONFIG_PATH_MAX + 1];
	bool is_anchor;
	char identity[POLICY_TEMPLATE_MAX + 1]; /* of an anchor: a template */
	char profile[POLICY_NAME_MAX + 1];
	unsigned functions;           /* allowed: bit (1 << enum sl_est_function) */
	char uri[CONFIG_URI_MAX + 1]; /* what x5u or c5u refers to; empty: none */
};

struct config {
	char file[CONFIG_PATH_MAX + 1];
	struct config_listen listen;
	char paths[CONFIG_PATHS_MAX]
	          [CONFIG_URL_PATH_MAX + 1]; /* HTTP paths of the OSCORE end point; [0] is "/" */
	size_t path_count;
	char est_root[CONFIG_URL_PATH_MAX +
	              1]; /* short root, "/est"; empty: only /.well-known/est */
	struct config_ca ca;
	char store[CONFIG_PATH_MAX + 1];
	struct profile profiles[CONFIG_PROFILES_MAX];
	size_t profile_count; /* at least 1 */
	struct config_limits limits;
	struct config_edhoc edhoc;
	struct config_peer peers[CONFIG_PEERS_MAX]; /* the first that fits decides */
	size_t peer_count;
	unsigned retry_after_s; /* Max-Age of an inner 5.03 */
	char sandbox_text[8];
	enum sl_sandbox_mode sandbox; /* of serve */
	bool quiet_errors;      /* unprotected errors without diagnostic text */
};

#define CONFIG_MESSAGE_MAX 512

/* Relative file names are taken from the configuration file's folder. On failure message says
 * "FILE:LINE: KEY: what is wrong (VALUE); mend" and *config is untouched. SL_EMALFORMED, SL_EIO. */
enum sl_err config_load(struct config *config, const char *file,
        char message[static CONFIG_MESSAGE_MAX]) SL_MUST_USE;
/* The same from text, without looking at the files it names. */
enum sl_err config_parse(struct config *config, const char *file, struct sl_span text,
        char message[static CONFIG_MESSAGE_MAX]) SL_MUST_USE;
/* NULL when there is no such profile. */
const struct profile *config_profile(const struct config *config, const char *name);

#endif
