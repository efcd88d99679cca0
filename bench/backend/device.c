/* SPDX-License-Identifier: BSD-2-Clause
 * The device's end, on lib/edhoc and lib/oscore. */
#include "device.h"

#include <stdio.h>
#include <string.h>

#include <sl/est.h>
#include <sl/mappings.h>

#define OSCORE_TYPE "application/oscore"
#define EDHOC_TYPE  "application/cid-edhoc+cbor-seq"

static const int64_t suites[] = {2};

void
device_open(struct device *d, const struct world *world, unsigned number)
{
	memset(d, 0, sizeof *d);
	d->world = world;
	d->number = number;
	d->profile = (struct sl_edhoc_profile){
	        .suites = suites, .suite_count = 1, .methods = 1U << 3, .for_oscore = true};
	world_peer(&d->own, number);
	world_name(d->csr_name, "peer", number);
	check(http_open(&d->http, world->port), "connection");
}

void
device_close(struct device *d)
{
	http_close(&d->http);
	sl_pkey_free(d->own.key);
}

/* --- OSCORE ------------------------------------------------------------------------------------------------ */

/* Protects, posts, opens. payload is of the answer, in plain. */
static void
ask_inside(struct device *d, struct sl_oscore_ctx *ctx, const struct sl_coap_msg *request,
        uint8_t plain[static DEVICE_PAYLOAD_MAX], struct sl_coap_msg *answer)
{
	uint8_t sealed_bytes[DEVICE_PAYLOAD_MAX], option[SL_OSCORE_OPTION_MAX];
	struct sl_oscore_sealed sealed = {.buf = sealed_bytes, .cap = sizeof sealed_bytes};
	struct sl_oscore_open open = {plain, DEVICE_PAYLOAD_MAX, answer};
	char header[SL_MAP_OSCORE_HEADER_MAX + 1];
	struct sl_oscore_exchange exchange;
	struct http_ask ask = {"/", OSCORE_TYPE, header, {NULL, 0}};
	struct http_answer got;
	size_t option_len = 0;

	check(sl_oscore_protect_request(ctx, request, false, &sealed, &exchange), "protection");
	check(sl_map_oscore_to_header(
	              header, sizeof header, sl_span(sealed.option, sealed.option_len)),
	        "option");
	ask.body = sealed.ciphertext;
	check(http_post(&d->http, &ask, &got), "request inside OSCORE");
	if (got.status != 200 || got.oscore == NULL) {
		fprintf(stderr, "status %d: %.*s\n", got.status, (int)got.body.len,
		        (const char *)got.body.ptr);
		die("request inside OSCORE", "no protected answer");
	}
	check(sl_map_oscore_from_header(
	              option, sizeof option, &option_len, sl_span_text(got.oscore)),
	        "option of the answer");
	if (sl_oscore_unprotect_response(
	            ctx, &exchange, sl_span(option, option_len), got.body, &open) != SL_OSCORE_OK)
		die("answer inside OSCORE", "does not open");
}

void
device_get(struct device *d, struct sl_oscore_ctx *ctx, const char *path)
{
	uint8_t plain[DEVICE_PAYLOAD_MAX];
	struct sl_coap_msg request, answer;

	sl_coap_msg_init(&request, SL_COAP_GET);
	check(sl_coap_add_path(&request, path), path);
	ask_inside(d, ctx, &request, plain, &answer);
	if (answer.code != SL_COAP_CONTENT || answer.payload.len == 0)
		die(path, "not 2.05 with a payload");
}

/* --- EDHOC ------------------------------------------------------------------------------------------------- */

static void
post_edhoc(struct device *d, const struct sl_edhoc_payload *payload, struct http_answer *got)
{
	uint8_t bytes[1024];
	struct sl_writer w = sl_writer_over(bytes, sizeof bytes);
	struct http_ask ask = {"/.well-known/edhoc", EDHOC_TYPE, NULL, {NULL, 0}};

	sl_edhoc_payload_write(&w, payload);
	check(sl_writer_finish(&w), "payload of EDHOC");
	ask.body = sl_writer_span(&w);
	check(http_post(&d->http, &ask, got), "request of EDHOC");
	if (got->status != 200 && got->status != 204) {
		fprintf(stderr, "status %d\n", got->status);
		die("EDHOC", "refused");
	}
}

static void
run_edhoc(struct device *d, struct sl_edhoc *run)
{
	struct sl_edhoc_message_1 in = {.method = 3, .suite = 2, .own = &d->own.edhoc};
	struct sl_edhoc_payload payload = {.kind = SL_EDHOC_PAYLOAD_MESSAGE_1};
	uint8_t c_i[3] = {0x50, 0x00, (uint8_t)d->number};
	struct sl_edhoc_seen seen;
	struct http_answer got;
	size_t which;

	in.c_i = sl_span(c_i, sizeof c_i);
	check(sl_pkey_generate(&in.ephemeral, SL_PKEY_P256), "ephemeral key");
	check(sl_edhoc_write_message_1(run, &in, &payload.message), "message_1");
	post_edhoc(d, &payload, &got);
	check(sl_edhoc_read_message_2(run, got.body, &seen), "message_2");
	check(sl_edhoc_verify(run, &d->world->server.edhoc, 1, &which), "the server's proof");
	payload.kind = SL_EDHOC_PAYLOAD_MESSAGE_3;
	payload.c_r = sl_edhoc_id_view(&run->c_r);
	check(sl_edhoc_write_message_3(run, sl_span(NULL, 0), &payload.message), "message_3");
	post_edhoc(d, &payload, &got);
}

static void
make_context(const struct sl_edhoc *run, struct sl_oscore_ctx *ctx)
{
	struct sl_edhoc_oscore keys;
	struct sl_oscore_params params;

	check(sl_edhoc_oscore(run, &keys), "keys of OSCORE");
	params = (struct sl_oscore_params){
	        .master_secret = sl_key_view(&keys.master_secret),
	        .master_salt = sl_key_view(&keys.master_salt),
	        .sender_id = keys.sender_id,
	        .recipient_id = keys.recipient_id,
	        .aead_alg = keys.aead_alg,
	        .hkdf_hash = keys.hkdf_hash,
	};
	check(sl_oscore_ctx_init(ctx, &params), "context");
	sl_oscore_reserve(ctx, SL_OSCORE_SSN_END);
}

/* --- enrolment --------------------------------------------------------------------------------------------- */

void
device_prepare(const struct device *d, struct device_csr *csr)
{
	struct sl_pkey *key = NULL;
	struct sl_csr_params params = {.common_name = d->csr_name};

	check(sl_pkey_generate(&key, SL_PKEY_P256), "key");
	params.key = key;
	check(sl_csr_make(&params, csr->bytes, sizeof csr->bytes, &csr->len), "request");
	check(sl_pkey_to_spki(key, csr->spki, sizeof csr->spki, &csr->spki_len), "public key");
	sl_pkey_free(key);
}

static void
check_certificate(const struct device *d, const struct device_csr *csr, struct sl_span der)
{
	struct sl_cert cert;

	check(sl_cert_decode(&cert, der), "certificate");
	check(sl_cert_verify_issued_by(&cert, &d->world->ca, -1), "signature of the certificate");
	if (!sl_span_equal(cert.spki, sl_span(csr->spki, csr->spki_len)))
		die("certificate", "is for another key");
}

void
device_enrol(struct device *d, const struct device_csr *csr)
{
	const struct sl_edhoc_memory memory = {
	        {d->message, sizeof d->message},
	        {d->plaintext, sizeof d->plaintext},
	        {d->scratch, sizeof d->scratch},
	};
	uint8_t plain[DEVICE_PAYLOAD_MAX];
	struct sl_coap_msg request, answer;
	struct sl_oscore_ctx ctx;
	struct sl_edhoc run;

	sl_edhoc_init(&run, SL_EDHOC_INITIATOR, &d->profile, &memory);
	run_edhoc(d, &run);
	make_context(&run, &ctx);
	sl_coap_msg_init(&request, SL_COAP_POST);
	check(sl_coap_add_path(&request, "/est/sen"), "path");
	check(sl_coap_add_uint(&request, SL_COAP_CONTENT_FORMAT, SL_EST_PKCS10), "format");
	check(sl_coap_add_uint(&request, SL_COAP_ACCEPT, SL_EST_PKIX_CERT), "accept");
	request.payload = sl_span(csr->bytes, csr->len);
	ask_inside(d, &ctx, &request, plain, &answer);
	if (answer.code != SL_COAP_CHANGED) {
		fprintf(stderr, "code %u: %.*s\n", answer.code, (int)answer.payload.len,
		        (const char *)answer.payload.ptr);
		die("/est/sen", "refused");
	}
	check_certificate(d, csr, answer.payload);
	sl_edhoc_clear(&run);
	sl_oscore_ctx_clear(&ctx);
}
