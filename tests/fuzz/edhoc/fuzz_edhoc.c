/* SPDX-License-Identifier: BSD-2-Clause
 * EDHOC from hostile bytes on the session of RFC 9529 trace 2: messages 1 to 4 and errors, each where
 * it is due, and PLAINTEXT_2 to 4 under the right keys; or whole runs (whole.h). The first byte says
 * which. What is refused changes nothing; what is accepted is the true message and nothing else. */
#include "cddl.h"
#include "whole.h"

#include <sl/aead.h>
#include <sl/cbor.h>
#include <sl/edhoc.h>
#include <sl/hash.h>
#include <sl/text.h>

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* --- values of the trace --- */
#define X         "368ec1f69aeb659ba37d5a8d45b21bdc0299dceaa8ef235f3ca42ce3530f9525"
#define Y         "e2f4126777205e853b437d6eaca1e1f753cdcc3e2c69fa884b0a1a640977e418"
#define SK_I      "fb13adeb6518cee5f88417660841142e830a81fe334380a953406a1305e8706b"
#define SK_R      "72cc4761dbd4c78f758931aa589d348d1ef874a7e303ede2f140dcf3e6aa4aac"
#define PK_I_X    "ac75e9ece3e50bfc8ed60399889522405c47bf16df96660a41298cb4307f7eb6"
#define PK_R_X    "bbc34960526ea4d32e940cad2a234148ddc21791a12afbcbac93622046dd44f0"
#define ID_CRED_I "a104412b"
#define ID_CRED_R "a1044132"
#define CRED_I                                                                                     \
	"a2027734322d35302d33312d46462d45462d33372d33322d333908a101a5010202412b2001215820ac75"     \
	"e9ece3e50bfc8ed60399889522405c47bf16df96660a41298cb4307f7eb62258206e5de611388a4b8a82"     \
	"11334ac7d37ecb52a387d257e6db3c2a93df21ff3affc8"
#define CRED_R                                                                                     \
	"a2026b6578616d706c652e65647508a101a501020241322001215820bbc34960526ea4d32e940cad2a23"     \
	"4148ddc21791a12afbcbac93622046dd44f02258204519e257236b2a0ce2023f0931f1f386ca7afda64f"     \
	"cde0108c224c51eabf6072"
#define TH_2   "356efd53771425e008f3fe3a86c83ff4c6b16e57028ff39d5236c182b202084b"
#define PRK_2E "5aa0d69f3e3d1e0c479f0b8a486690c9802630c3466b1dc92371c982563170b5"
#define G_Y    "419701d7f00a26c2dc587a36dd752549f33763c893422c8ea0f955a13a4ff5d5"
#define K_3    "8e7a30042000f7900e8174131f75f3ed"
#define IV_3   "6d8300c1e23b56153ae70ee457"
#define K_4    "d3c77872b6eeb508911bdbd308b2e6a0"
#define IV_4   "04ff0f44456e96e217853c3601"
#define A_3                                                                                        \
	"8368456e637279707430405820adaf67a78a4bcc91e018f8882762a722000b2507039df0bc1bbf0c161b"     \
	"b3155c"
#define A_4                                                                                        \
	"8368456e637279707430405820c902b1e3a4326c93c5551f5f3aa6c5ecc0246806765612e52b5d99e605"     \
	"9d6b6e"
#define MESSAGE_1_BYTES                                                                            \
	"0382060258208af6f430ebe18d34184017a9a11bf511c8dff8f834730b96c1b7c8dbca2fc3b637"
#define MESSAGE_2_BYTES                                                                            \
	"582b419701d7f00a26c2dc587a36dd752549f33763c893422c8ea0f955a13a4ff5d59862a1eef9e0e7e1"     \
	"886fcd"
#define MESSAGE_3_BYTES "52e562097bc417dd5919485ac7891ffd90a9fc"
#define MESSAGE_4_BYTES "4828c966b7ca304f83"

#define CAP 8192

enum kind {
	MESSAGE_1,
	MESSAGE_2,
	MESSAGE_3,
	MESSAGE_4,
	ERROR_2, /* in place of message_2 */
	ERROR_3,
	INNER_2,
	INNER_3,
	INNER_4,
	PAYLOAD,
	WHOLE,
	CHOICE,
	PADDING,
	KINDS,
};

struct side {
	struct sl_edhoc s;
	struct sl_edhoc_credential own, peer;
	struct sl_pkey *own_key, *peer_key;
	uint8_t message[CAP], plaintext[CAP], scratch[2 * CAP];
};

static struct side sides[KINDS];

static const int64_t suites[] = {6, 2};
static const struct sl_edhoc_profile tolerant = {.suites = suites,
        .suite_count = 2,
        .methods = 8,
        .message_4 = SL_EDHOC_M4_REQUIRED,
        .for_oscore = true,
        .forgeries_max = UINT_MAX};
static const int64_t suite_2[] = {2};
static const struct sl_edhoc_profile responder = {.suites = suite_2,
        .suite_count = 1,
        .methods = 8,
        .message_4 = SL_EDHOC_M4_REQUIRED,
        .for_oscore = true,
        .forgeries_max = UINT_MAX};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

/* Bytes of a value; each call has its own place. */
static struct sl_span
bytes_of(const char *text)
{
	static uint8_t room[4096];
	static size_t used;
	size_t len = 0;

	if (sizeof room - used < strlen(text) / 2)
		used = 0;
	must(sl_hex_decode(room + used, sizeof room - used, &len, sl_span_text(text)) == SL_OK);
	used += len;
	return sl_span(room + used - len, len);
}

static struct sl_pkey *
private_key(const char *text)
{
	struct sl_pkey *key = NULL;

	must(sl_pkey_from_raw_private(&key, SL_PKEY_P256, bytes_of(text)) == SL_OK);
	return key;
}

static struct sl_pkey *
public_key(const char *text)
{
	struct sl_pkey *key = NULL;

	must(sl_pkey_from_raw_public(&key, SL_PKEY_P256, bytes_of(text)) == SL_OK);
	return key;
}

static bool
is_initiator(enum kind kind)
{
	return kind == MESSAGE_2 || kind == MESSAGE_4 || kind == ERROR_2 || kind == INNER_2 ||
	       kind == INNER_4;
}

static void
credentials(struct side *side, enum sl_edhoc_role role)
{
	static uint8_t room[4][256];
	static const char *const values[4] = {ID_CRED_I, CRED_I, ID_CRED_R, CRED_R};
	struct sl_span spans[4];
	bool is_i = role == SL_EDHOC_INITIATOR;

	for (size_t i = 0; i < 4; i++) {
		spans[i] = bytes_of(values[i]);
		memcpy(room[i], spans[i].ptr, spans[i].len);
		spans[i].ptr = room[i];
	}
	side->own_key = private_key(is_i ? SK_I : SK_R);
	side->peer_key = public_key(is_i ? PK_R_X : PK_I_X);
	side->own = (struct sl_edhoc_credential){
	        .id_cred = spans[is_i ? 0 : 2], .cred = spans[is_i ? 1 : 3], .key = side->own_key};
	side->peer = (struct sl_edhoc_credential){
	        .id_cred = spans[is_i ? 2 : 0], .cred = spans[is_i ? 3 : 1], .key = side->peer_key};
}

static enum sl_err
verify(struct side *side)
{
	size_t which = 0;

	return sl_edhoc_verify(&side->s, &side->peer, 1, &which);
}

static enum sl_err
write_2(struct side *side)
{
	struct sl_edhoc_message_2 in = {private_key(Y), bytes_of("27"), &side->own, {NULL, 0}};
	struct sl_span out;

	return sl_edhoc_write_message_2(&side->s, &in, &out);
}

/* Into the state in which the input is due. */
static struct side *
prepare(enum kind kind)
{
	struct side *side = &sides[kind];
	enum sl_edhoc_role role = is_initiator(kind) ? SL_EDHOC_INITIATOR : SL_EDHOC_RESPONDER;
	struct sl_edhoc_memory memory = {{side->message, CAP}, {side->plaintext, CAP},
	        {side->scratch, sizeof side->scratch}};
	struct sl_edhoc_seen seen;
	struct sl_span out;

	if (side->own_key == NULL)
		credentials(side, role);
	sl_edhoc_clear(&side->s);
	sl_edhoc_init(&side->s, role, role == SL_EDHOC_INITIATOR ? &tolerant : &responder, &memory);
	if (role == SL_EDHOC_INITIATOR) {
		struct sl_edhoc_message_1 in = {
		        3, 2, private_key(X), bytes_of("37"), &side->own, {NULL, 0}};

		must(sl_edhoc_write_message_1(&side->s, &in, &out) == SL_OK);
	}
	if (kind == MESSAGE_4 || kind == INNER_4) {
		must(sl_edhoc_read_message_2(&side->s, bytes_of(MESSAGE_2_BYTES), &seen) == SL_OK);
		must(verify(side) == SL_OK);
		must(sl_edhoc_write_message_3(&side->s, sl_span(NULL, 0), &out) == SL_OK);
	}
	if (kind == MESSAGE_3 || kind == INNER_3 || kind == ERROR_3) {
		must(sl_edhoc_read_message_1(&side->s, bytes_of(MESSAGE_1_BYTES), &seen) == SL_OK);
		must(write_2(side) == SL_OK);
	}
	return side;
}

/* message_2 around a PLAINTEXT_2 of the input. */
static struct sl_span
seal_2(struct sl_span inner, uint8_t *out, size_t cap)
{
	uint8_t info[64], stream[CAP];
	struct sl_writer w = sl_writer_over(out, cap), info_w = sl_writer_over(info, sizeof info);

	sl_cbor_write_int(&info_w, 0);
	sl_cbor_write_bytes(&info_w, bytes_of(TH_2));
	sl_cbor_write_uint(&info_w, inner.len);
	if (inner.len > 4096 || sl_hkdf_expand(SL_SHA256, bytes_of(PRK_2E), sl_writer_span(&info_w),
	                                stream, inner.len) != SL_OK)
		return sl_span(NULL, 0);
	for (size_t i = 0; i < inner.len; i++)
		stream[i] ^= inner.ptr[i];
	sl_cbor_write_bytes_head(&w, 32 + inner.len);
	sl_write_span(&w, bytes_of(G_Y));
	sl_write_span(&w, sl_span(stream, inner.len));
	return sl_writer_span(&w);
}

/* message_3 or message_4 around a plaintext of the input. */
static struct sl_span
seal(enum kind kind, struct sl_span inner, uint8_t *out, size_t cap)
{
	bool is_3 = kind == INNER_3;
	struct sl_aead_in in = {bytes_of(is_3 ? K_3 : K_4), bytes_of(is_3 ? IV_3 : IV_4),
	        bytes_of(is_3 ? A_3 : A_4), inner};
	struct sl_writer w = sl_writer_over(out, cap);
	size_t len = inner.len + 8;
	uint8_t *room;

	sl_cbor_write_bytes_head(&w, len);
	room = sl_write_reserve(&w, len);
	if (room == NULL || sl_aead_seal(sl_aead_by_cose(10), &in, room, len, &len) != SL_OK)
		return sl_span(NULL, 0);
	return sl_writer_span(&w);
}

static bool
is_unchanged(const struct sl_edhoc *now, struct sl_edhoc before)
{
	before.forgeries = now->forgeries;
	return memcmp(now, &before, sizeof before) == 0;
}

static bool
is_point(struct sl_span x)
{
	struct sl_pkey *key = NULL;
	bool is_it = x.len == 32 && sl_pkey_from_raw_public(&key, SL_PKEY_P256, x) == SL_OK;

	sl_pkey_free(key);
	return is_it;
}

static void
try_message_1(struct side *side, struct sl_span message)
{
	struct sl_edhoc_seen seen;
	uint8_t bytes[64];
	struct sl_writer w = sl_writer_over(bytes, sizeof bytes);
	struct sl_span g_x = {NULL, 0};
	bool is_message_1 = cddl_message_1(message, &g_x);
	enum sl_err err = sl_edhoc_read_message_1(&side->s, message, &seen);

	must(is_message_1 || err == SL_EMALFORMED);
	must(err != SL_EMALFORMED || !is_message_1 || !is_point(g_x));
	if (err == SL_OK) {
		must(write_2(side) == SL_OK ||
		        sl_span_equal(sl_edhoc_id_view(&side->s.c_i), bytes_of("27")) ||
		        side->s.state == SL_EDHOC_ABORTED);
	} else {
		must(side->s.state == SL_EDHOC_ABORTED && side->s.peer_ephemeral == NULL);
		must(sl_edhoc_write_error(&side->s, &w) == SL_OK);
	}
	(void)prepare(MESSAGE_1);
}

static bool
is_inner(enum kind kind)
{
	return kind == INNER_2 || kind == INNER_3 || kind == INNER_4;
}

static enum sl_err
read_it(enum kind kind, struct side *side, struct sl_span message)
{
	struct sl_edhoc_seen seen;

	if (kind == MESSAGE_2 || kind == INNER_2)
		return sl_edhoc_read_message_2(&side->s, message, &seen);
	if (kind == MESSAGE_3 || kind == INNER_3)
		return sl_edhoc_read_message_3(&side->s, message, &seen);
	return sl_edhoc_read_message_4(&side->s, message, &seen);
}

/* Messages 2 to 4: the true one, or none. message_4 may carry harmless EAD when the keys are known.
 * inner: what was sealed into the message. */
static void
try_message(enum kind kind, struct side *side, struct sl_span message, struct sl_span inner)
{
	static const char *const truths[] = {MESSAGE_2_BYTES, MESSAGE_3_BYTES, MESSAGE_4_BYTES};
	int n = kind == MESSAGE_2 || kind == INNER_2   ? 0
	        : kind == MESSAGE_3 || kind == INNER_3 ? 1
	                                               : 2;
	struct sl_edhoc before = side->s;
	bool is_true = sl_span_equal(message, bytes_of(truths[n]));
	enum sl_err err = read_it(kind, side, message);

	if (err != SL_OK) {
		must(is_unchanged(&side->s, before) && !is_true);
		/* an EAD sequence that is one is refused for a critical item only */
		must(kind != INNER_4 || message.len == 0 || !cddl_plaintext(inner, 4) ||
		        err != SL_EMALFORMED);
		return;
	}
	must(!is_inner(kind) || cddl_plaintext(inner, n + 2));
	must(n < 2 || is_true || kind == INNER_4);
	must(n == 2 || (verify(side) == SL_OK) == is_true);
	(void)prepare(kind);
}

static void
try_error(enum kind kind, struct side *side, struct sl_span message)
{
	struct sl_edhoc_error error = {.code = 0};
	enum sl_err err = sl_edhoc_read_error(&side->s, message, &error);

	must(err == SL_OK || err == SL_EMALFORMED || (err == SL_EAUTH && kind == ERROR_3));
	must(cddl_error(message) || err == SL_EMALFORMED);
	must((err == SL_OK) == (error.code != 0));
	must(err == SL_EAUTH || side->s.state == SL_EDHOC_ABORTED);
	must(side->s.error == SL_EDHOC_ERROR_NONE);
	if (err != SL_EAUTH)
		(void)prepare(kind);
}

/* There is one spelling: what was read is written back as it was. */
static void
try_payload(struct sl_span input)
{
	static uint8_t again[CAP];
	struct sl_writer w = sl_writer_over(again, sizeof again);
	struct sl_edhoc_payload payload;
	struct sl_span message_3, ciphertext;

	if (input.len < sizeof again && sl_edhoc_payload_read(&payload, input) == SL_OK) {
		sl_edhoc_payload_write(&w, &payload);
		must(sl_span_equal(sl_writer_span(&w), input));
	}
	if (sl_edhoc_combined_read(input, 8, &message_3, &ciphertext) == SL_OK)
		must(message_3.len + ciphertext.len == input.len && ciphertext.len > 8);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static uint8_t sealed[CAP];
	enum kind kind;
	struct side *side;
	struct sl_span input;

	if (len == 0)
		return 0;
	kind = bytes[0] % KINDS;
	input = sl_span(bytes + 1, len - 1);
	if (kind >= WHOLE) {
		(kind == WHOLE ? try_whole : kind == CHOICE ? try_choice : try_padding)(input);
		return 0;
	}
	side = sides[kind].own_key == NULL ? prepare(kind) : &sides[kind];
	if (kind == MESSAGE_1)
		try_message_1(side, input);
	else if (kind == ERROR_2 || kind == ERROR_3)
		try_error(kind, side, input);
	else if (kind == PAYLOAD)
		try_payload(input);
	else if (kind == INNER_2)
		try_message(kind, side, seal_2(input, sealed, sizeof sealed), input);
	else if (kind == INNER_3 || kind == INNER_4)
		try_message(kind, side, seal(kind, input, sealed, sizeof sealed), input);
	else
		try_message(kind, side, input, input);
	return 0;
}
