/* SPDX-License-Identifier: BSD-2-Clause
 * The checked configuration: every value is inside its limits, every safety question is answered. Text
 * in, struct out; a refusal names file, line, key, value and the mend. docs/configuration-proxy.md lists
 * the keys. */
#ifndef PROXY_CONFIG_H
#define PROXY_CONFIG_H

#include <sl/mappings.h>
#include <sl/sandbox.h>

#include "address.h"

#define CONFIG_LISTEN_MAX    16
#define CONFIG_WORKERS_MAX   64
#define CONFIG_NAMES_MAX     16
#define CONFIG_PREFIXES_MAX  32
#define CONFIG_PATHS_MAX     16
#define CONFIG_ORIGINS_MAX   64 /* routes and forward origins, each */
#define CONFIG_PATH_LEN      256
#define CONFIG_FILE_LEN      512
#define CONFIG_DISCOVERY_MAX 8192
#define CONFIG_COMPLAINT_MAX 1024

struct cidr_list {
	struct cidr items[CONFIG_PREFIXES_MAX];
	size_t count;
};

/* Where requests may go, and under which conditions. */
struct origin {
	struct sl_map_target
	        target; /* scheme, host, port and base path, as the one URL parser reads them */
	char name[SL_MAP_HOST_MAX + 24]; /* "https://host:port", for the log */
	struct cidr_list plain_http;     /* http: the only addresses it may connect to */
	struct cidr_list addresses;      /* https: when not empty, the only addresses */
	char allow_plain[CONFIG_PATHS_MAX]
	                [CONFIG_PATH_LEN]; /* paths at the origin without OSCORE */
	size_t allow_plain_count;
	bool gateway_errors_503;
	bool edhoc_header; /* option 21 passes as a header field: an extension */
	bool is_lean;      /* asked by our own HTTP/1.1 client, not by libcurl */
	char ca_file[CONFIG_FILE_LEN];
	char client_cert[CONFIG_FILE_LEN];
	char client_key[CONFIG_FILE_LEN];
};

struct route {
	char path[CONFIG_PATH_LEN]; /* "/" or "/prefix" without slash at the end */
	uint16_t port;              /* local UDP port; 0: any */
	struct origin origin;
};

enum echo_mode {
	ECHO_AUTO,
	ECHO_ALWAYS,
	ECHO_OFF,
};

/* Sizes in bytes, times in ms. One row each in config_limits.c. */
struct limits {
	uint64_t ack_delay;
	uint64_t connect_timeout;
	uint64_t first_byte_timeout;
	uint64_t low_speed_time;
	uint64_t total_timeout;
	uint64_t drain_timeout;
	uint64_t queue_age;
	uint64_t block_idle;
	uint64_t queue_length;
	uint64_t transfers;
	uint64_t in_flight_per_peer;
	uint64_t in_flight_per_prefix;
	uint64_t requests_per_second; /* 0: no limit */
	uint64_t request_burst;
	uint64_t plain_per_second; /* 0: no limit of its own */
	uint64_t plain_burst;
	uint64_t request_body;
	uint64_t response_body;
	uint64_t exchanges;
	uint64_t exchanges_per_prefix;
	uint64_t reply_bytes;
	uint64_t body_bytes;
	uint64_t uploads;
	uint64_t uploads_per_peer;
	uint64_t uploads_per_prefix;
	uint64_t answers;
	uint64_t verified_peers;
	uint64_t unverified_per_second; /* 0: no limit */
	uint64_t unverified_requests;   /* 0: no limit */
	uint64_t receive_buffer;
	uint64_t memory_budget;
};

struct config {
	struct address listen[CONFIG_LISTEN_MAX];
	size_t listen_count;
	unsigned workers;
	char names[CONFIG_NAMES_MAX]
	          [SL_MAP_HOST_MAX + 1]; /* our own, lower-case; may carry ":port" */
	size_t names_count;
	enum echo_mode echo;
	enum sl_sandbox_mode sandbox;
	bool has_admin;
	struct address admin; /* TCP: metrics and health */
	struct cidr_list trusted;
	char *discovery;      /* owned; NULL: none */
	struct route *routes; /* owned */
	size_t route_count;
	struct origin *forward; /* owned; the allow-list */
	size_t forward_count;
	struct limits limits;
};

/* Reads and checks. SL_EMALFORMED: complaint holds one line "FILE:LINE: KEY: ...". SL_EIO: the file, SL_ENOMEM. */
enum sl_err config_load(struct config **out, const char *path,
        char complaint[static CONFIG_COMPLAINT_MAX]) SL_MUST_USE;
/* The same for text that is already here; name stands in complaints. */
enum sl_err config_parse(struct config **out, struct sl_span text, const char *name,
        char complaint[static CONFIG_COMPLAINT_MAX]) SL_MUST_USE;
void config_free(struct config *config);
/* May a connection for this origin go to this address? Asked again with the true address of each one. */
bool origin_allows_address(const struct origin *o, const struct address *a);

/* --- the table of limits ---------------------------------------------------------------------------- */

enum limit_kind {
	LIMIT_TIME,
	LIMIT_SIZE,
	LIMIT_COUNT,
};

struct limit_def {
	const char *key;
	size_t offset; /* of the uint64_t in struct limits */
	enum limit_kind kind;
	const char *normal; /* the default, with its unit */
	const char *least;
	const char *most;
};

extern const struct limit_def limit_defs[];
extern const size_t limit_def_count;

/* A value with its unit. SL_EMALFORMED, SL_ELIMIT. */
enum sl_err limit_parse(uint64_t *out, enum limit_kind kind, const char *text) SL_MUST_USE;
void limits_init(struct limits *limits);

#endif
