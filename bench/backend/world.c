/* SPDX-License-Identifier: BSD-2-Clause
 * The folder: keys and identifiers are made from the number, so that both ends have them without a
 * file. They are worth nothing outside it. */
#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <sl/credential_file.h>
#include <sl/hash.h>

#include "files.h"
#include "store.h"

#define FILE_MAX_BYTES 16384
#define LINE_MAX_BYTES 512

void
die(const char *what, const char *why)
{
	fprintf(stderr, "bench_backend: %s: %s\n", what, why);
	exit(1);
}

void
check(enum sl_err err, const char *what)
{
	if (err != SL_OK)
		die(what, sl_err_text(err));
}

void
world_name(char out[static 32], const char *kind, unsigned n)
{
	snprintf(out, 32, "%s-%u", kind, n);
}

static void
path_of(const struct world *w, char out[static 320], const char *name)
{
	snprintf(out, 320, "%s/%s", w->dir, name);
}

/* 32 bytes that are a scalar of P-256, and secret enough for a context. */
static void
derive(uint8_t out[static SL_SHA256_LEN], const char *kind, unsigned n)
{
	char name[32];

	world_name(name, kind, n);
	check(sl_sha256(sl_span_text(name), out), "hash");
	out[0] &= 0x7f;
}

/* --- credentials ------------------------------------------------------------------------------------------- */

static void
refer(struct world_credential *c, struct sl_span kid, struct sl_span cred)
{
	struct sl_writer id = sl_writer_over(c->id, sizeof c->id);

	sl_id_cred_write_kid(&id, kid);
	c->edhoc = (struct sl_edhoc_credential){
	        .id_cred = sl_writer_span(&id), .cred = cred, .key = c->key};
}

void
world_peer(struct world_credential *out, unsigned n)
{
	struct sl_writer cred = sl_writer_over(out->bytes, sizeof out->bytes);
	uint8_t raw[SL_SHA256_LEN], kid[2] = {0x70, (uint8_t)n};
	char name[32];

	memset(&out->edhoc, 0, sizeof out->edhoc);
	derive(raw, "peer", n);
	check(sl_pkey_from_raw_private(&out->key, SL_PKEY_P256, sl_span(raw, sizeof raw)),
	        "key of a peer");
	world_name(name, "peer", n);
	check(sl_ccs_write(&cred, sl_span_text(name), sl_span(kid, sizeof kid), out->key),
	        "credential of a peer");
	refer(out, sl_span(kid, sizeof kid), sl_writer_span(&cred));
}

static struct sl_buf
read_file(const struct world *w, const char *name)
{
	struct sl_buf text;
	char path[320];

	path_of(w, path, name);
	sl_buf_init(&text, FILE_MAX_BYTES);
	check(files_read(&text, path, FILES_PUBLIC), path);
	return text;
}

static void
read_server(struct world *w)
{
	struct world_credential *c = &w->server;
	struct sl_credential ccs;
	struct sl_buf text = read_file(w, "edhoc-dh.ccs");
	size_t len = 0;

	if (text.len > sizeof c->bytes)
		die("edhoc-dh.ccs", "too long");
	memcpy(c->bytes, text.bytes, text.len);
	check(sl_credential_decode(&ccs, sl_span(c->bytes, text.len)), "edhoc-dh.ccs");
	c->key = ccs.key;
	refer(c, ccs.kid, sl_span(c->bytes, text.len));
	sl_buf_clear(&text);
	text = read_file(w, "ca.pem");
	check(sl_cert_from_text(sl_buf_view(&text), w->ca_der, sizeof w->ca_der, &len), "ca.pem");
	check(sl_cert_decode(&w->ca, sl_span(w->ca_der, len)), "ca.pem");
	sl_buf_clear(&text);
}

/* --- contexts ---------------------------------------------------------------------------------------------- */

static void
fill_context(struct store_context *c, unsigned n)
{
	uint8_t secret[SL_SHA256_LEN];

	memset(c, 0, sizeof *c);
	derive(secret, "context", n);
	world_name(c->identity, "device", n);
	memcpy(c->profile, "default", sizeof "default");
	memcpy(c->master_secret.bytes, secret, STORE_SECRET_MIN);
	c->master_secret.len = STORE_SECRET_MIN;
	c->sender_id = (struct sl_oscore_id){.bytes = {0}, .len = 1};
	c->recipient_id = (struct sl_oscore_id){
	        .bytes = {(uint8_t)(0x40 | n >> 16), (uint8_t)(n >> 8), (uint8_t)n}, .len = 3};
	c->aead_alg = 10;
	c->hkdf_hash = SL_SHA256;
	c->window = SL_OSCORE_WINDOW_DEFAULT;
	c->functions = ~0U >> 1;
	c->created = (int64_t)time(NULL);
}

void
world_context(struct sl_oscore_ctx *out, unsigned n)
{
	struct store_context c;
	struct sl_oscore_params params;

	fill_context(&c, n);
	params = (struct sl_oscore_params){
	        .master_secret = sl_key_view(&c.master_secret),
	        .sender_id = sl_span(c.recipient_id.bytes, c.recipient_id.len),
	        .recipient_id = sl_span(c.sender_id.bytes, c.sender_id.len),
	        .aead_alg = c.aead_alg,
	        .hkdf_hash = c.hkdf_hash,
	};
	check(sl_oscore_ctx_init(out, &params), "context");
	sl_oscore_reserve(out, SL_OSCORE_SSN_END);
}

static void
add_contexts(const struct world *w)
{
	struct store *store;
	struct store_context c;
	char path[320];

	path_of(w, path, "sealift-est.db");
	check(store_open(&store, path, STORE_USE), path);
	for (unsigned n = 0; n < w->config.contexts; n++) {
		fill_context(&c, n);
		check(store_context_add(store, &c), "context into the store");
	}
	store_close(store);
}

/* --- the configuration ------------------------------------------------------------------------------------- */

static const char configuration[] = "listen:\n  address: 127.0.0.1\n  port: 0\n"
                                    "store: sealift-est.db\n"
                                    "ca:\n  key: ca.key\n  certificate: ca.pem\n"
                                    "profiles:\n  - name: default\n"
                                    "limits:\n  threads: %u\n  connections: %u\n"
                                    "  contexts: %u\n  connection-timeout: 5min\n"
                                    "edhoc:\n  methods: [3]\n  suites: [2]\n"
                                    "  crypto-budget: 100\n"
                                    "  credentials:\n    - key: edhoc-dh.key\n"
                                    "      credential: edhoc-dh.ccs\n"
                                    "      use: static-dh\n      send: kid\n";

static void
add_peer(const struct world *w, FILE *yaml, unsigned n)
{
	struct world_credential c;
	char name[32], path[320];

	world_peer(&c, n);
	world_name(name, "peer", n);
	fprintf(yaml, "  - credential: %s.ccs\n    identity: %s\n    profile: default\n", name,
	        name);
	snprintf(path, sizeof path, "%s/%s.ccs", w->dir, name);
	check(files_write_new(path, c.edhoc.cred, FILES_MODE_PUBLIC), path);
	sl_pkey_free(c.key);
}

static void
configure(const struct world *w)
{
	char path[320];
	FILE *yaml;

	path_of(w, path, "bench.yaml");
	yaml = fopen(path, "w");
	if (yaml == NULL)
		die(path, strerror(errno));
	fprintf(yaml, configuration, w->config.threads,
	        w->config.connections + w->config.threads + 8, w->config.contexts + 20000);
	if (w->config.peers > 0)
		fputs("peers:\n", yaml);
	for (unsigned n = 0; n < w->config.peers; n++)
		add_peer(w, yaml, n);
	if (fclose(yaml) != 0)
		die(path, strerror(errno));
}

/* --- the process ------------------------------------------------------------------------------------------- */

static pid_t
start(char *const *argv, int out, int err)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork", strerror(errno));
	if (pid > 0)
		return pid;
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	execv(argv[0], argv);
	fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

static void
make_folder(struct world *w)
{
	char init[] = "init", dir[] = "--dir", edhoc[] = "--edhoc", *server;
	int status = 0, nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

	snprintf(w->dir, sizeof w->dir, "%s/sealift-bench-XXXXXX", w->config.parent);
	if (mkdtemp(w->dir) == NULL)
		die(w->dir, strerror(errno));
	server = strdup(w->config.server);
	if (server == NULL)
		die("memory", strerror(errno));
	if (waitpid(start((char *[]){server, init, dir, w->dir, edhoc, NULL}, nowhere,
	                    STDERR_FILENO),
	            &status, 0) < 0 ||
	        status != 0)
		die(w->dir, "sealift-est init failed");
	close(nowhere);
	free(server);
}

/* What the server logs is read and thrown away: it is not to wait for us. */
static void *
read_log(void *arg)
{
	char bytes[65536];

	while (read(*(const int *)arg, bytes, sizeof bytes) > 0)
		;
	return NULL;
}

static void
await_port(struct world *w)
{
	char line[LINE_MAX_BYTES];
	size_t len = 0;
	const char *at;

	while (read(w->log, line + len, 1) == 1) {
		if (line[len] != '\n' && len < sizeof line - 2) {
			len++;
			continue;
		}
		line[len] = '\0';
		len = 0;
		at = strstr(line, "listening on http://127.0.0.1:");
		if (at != NULL) {
			w->port = (uint16_t)strtoul(strrchr(at, ':') + 1, NULL, 10);
			return;
		}
		if (strncmp(line, "level=info", 10) != 0)
			fprintf(stderr, "%s\n", line);
	}
	die(w->config.server, "did not start");
}

void
world_open(struct world *w, const struct world_config *config)
{
	char serve[] = "serve", option[] = "-c", path[320], *server;
	int pipes[2];

	memset(w, 0, sizeof *w);
	w->config = *config;
	make_folder(w);
	read_server(w);
	add_contexts(w);
	configure(w);
	path_of(w, path, "bench.yaml");
	server = strdup(config->server);
	if (server == NULL || pipe(pipes) != 0)
		die("pipe", strerror(errno));
	w->pid = start((char *[]){server, serve, option, path, NULL}, pipes[1], pipes[1]);
	free(server);
	close(pipes[1]);
	w->log = pipes[0];
	await_port(w);
	if (pthread_create(&w->reader, NULL, read_log, &w->log) != 0)
		die("thread", "cannot be made");
}

static int
remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
	(void)status;
	(void)kind;
	(void)where;
	return remove(path);
}

void
world_close(struct world *w)
{
	int status = 0;

	kill(w->pid, SIGTERM);
	if (waitpid(w->pid, &status, 0) != w->pid || status != 0)
		die(w->config.server, "did not end well");
	pthread_join(w->reader, NULL);
	close(w->log);
	sl_pkey_free(w->server.key);
	nftw(w->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

uint64_t
world_cpu_ns(const struct world *w)
{
	clockid_t clock;
	struct timespec t;

	if (clock_getcpuclockid(w->pid, &clock) != 0 || clock_gettime(clock, &t) != 0)
		die("CPU clock of the server", strerror(errno));
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}
