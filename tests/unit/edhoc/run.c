/* SPDX-License-Identifier: BSD-2-Clause */
#include "run.h"

#include <string.h>

/* Files stay loaded: sessions borrow from them. */
static json_t *generated, *traces[2];

struct sl_span
value(const struct session *v, const char *key)
{
	ck_assert_msg(json_object_get(v->json, key) != NULL, "%s has no %s", v->name, key);
	return vectors_hex(v->json, key);
}

static struct sl_span
public_of(const json_t *json, const char *whole, const char *x, const char *y)
{
	struct sl_span parts[2] = {vectors_hex(json, x), vectors_hex(json, y)};
	uint8_t point[96];

	if (json_object_get(json, whole) != NULL)
		return vectors_hex(json, whole);
	memcpy(point, parts[0].ptr, parts[0].len);
	memcpy(point + parts[0].len, parts[1].ptr, parts[1].len);
	return heap_copy(sl_span(point, parts[0].len + parts[1].len));
}

static struct session
load(const json_t *head, const json_t *json)
{
	static const char *const eads[] = {"", "ead_1", "ead_2", "ead_3", "ead_4"};
	static const char *const messages[] = {
	        "", "message_1", "message_2", "message_3", "message_4"};
	const json_t *suites = json_object_get(head, "suites_i"), *suite;
	struct session v = {.json = json, .name = vectors_text(head, "name")};
	size_t i;

	v.method = json_integer_value(json_object_get(head, "method"));
	v.suite = json_integer_value(json_object_get(head, "selected_suite"));
	json_array_foreach(suites, i, suite) v.suites[v.suite_count++] = json_integer_value(suite);
	v.x = vectors_hex(json, "x");
	v.y = vectors_hex(json, "y");
	v.c_i = vectors_hex(json, "c_i");
	v.c_r = vectors_hex(json, "c_r");
	for (i = 1; i < 5; i++) {
		v.ead[i] = vectors_hex(json, eads[i]);
		v.message[i] = vectors_hex(json, messages[i]);
	}
	v.id_cred[SL_EDHOC_INITIATOR] = vectors_hex(json, "id_cred_i");
	v.id_cred[SL_EDHOC_RESPONDER] = vectors_hex(json, "id_cred_r");
	v.cred[SL_EDHOC_INITIATOR] = vectors_hex(json, "cred_i");
	v.cred[SL_EDHOC_RESPONDER] = vectors_hex(json, "cred_r");
	v.sk[SL_EDHOC_INITIATOR] = vectors_hex(json, "sk_i");
	v.sk[SL_EDHOC_RESPONDER] = vectors_hex(json, "sk_r");
	v.pk[SL_EDHOC_INITIATOR] = public_of(json, "pk_i", "pk_i_x", "pk_i_y");
	v.pk[SL_EDHOC_RESPONDER] = public_of(json, "pk_r", "pk_r_x", "pk_r_y");
	v.for_oscore = !json_is_true(json_object_get(json, "oscore_ids_too_long")) && v.suite != 25;
	return v;
}

struct session
trace_load(const char *file)
{
	json_t **root = &traces[strcmp(file, "rfc9529_trace1.json") == 0 ? 0 : 1];
	json_t *json;

	if (*root == NULL)
		*root = vectors_load(file);
	json = json_object_get(*root, "session");
	ck_assert_ptr_nonnull(json);
	return load(*root, json);
}

static json_t *
generated_list(void)
{
	if (generated == NULL)
		generated = vectors_load("edhoc_suites_vectors_generated.json");
	return vectors_list(generated, "vectors");
}

size_t
generated_count(void)
{
	return json_array_size(generated_list());
}

struct session
generated_load(size_t i)
{
	json_t *json = json_array_get(generated_list(), i);

	return load(json, json);
}

struct session
generated_named(const char *name)
{
	for (size_t i = 0; i < generated_count(); i++) {
		struct session v = generated_load(i);

		if (strcmp(v.name, name) == 0)
			return v;
	}
	ck_abort_msg("no session %s", name);
}

struct sl_pkey *
private_key(enum sl_pkey_type type, struct sl_span raw)
{
	struct sl_pkey *key = NULL;

	ck_assert_ok(sl_pkey_from_raw_private(&key, type, raw));
	return key;
}

struct sl_pkey *
public_key(enum sl_pkey_type type, struct sl_span raw)
{
	struct sl_pkey *key = NULL;

	ck_assert_ok(sl_pkey_from_raw_public(&key, type, raw));
	return key;
}

/* Methods 0 and 1: the Initiator signs; 0 and 2: the Responder (RFC 9528 table 2). */
static enum sl_pkey_type
key_type(const struct session *v, enum sl_edhoc_role role)
{
	static const bool signs[4][2] = {
	        {true, true}, {true, false}, {false, true}, {false, false}};
	const struct sl_edhoc_suite *suite = sl_edhoc_suite(v->suite);

	return signs[v->method][role] ? suite->signature : suite->ecdh;
}

void
run_start(struct run *r, const struct session *v, enum sl_edhoc_role role)
{
	enum sl_edhoc_role other =
	        role == SL_EDHOC_INITIATOR ? SL_EDHOC_RESPONDER : SL_EDHOC_INITIATOR;
	struct sl_edhoc_memory memory = {{r->message, sizeof r->message},
	        {r->plaintext, sizeof r->plaintext}, {r->scratch, sizeof r->scratch}};

	r->v = v;
	r->profile = (struct sl_edhoc_profile){.suites = v->suites,
	        .suite_count = v->suite_count,
	        .methods = 1u << v->method,
	        .message_4 = SL_EDHOC_M4_REQUIRED,
	        .for_oscore = v->for_oscore};
	if (role == SL_EDHOC_RESPONDER) {
		r->profile.suites = &v->suites[v->suite_count - 1];
		r->profile.suite_count = 1;
	}
	r->own_key = private_key(key_type(v, role), v->sk[role]);
	r->peer_key = public_key(key_type(v, other), v->pk[other]);
	r->own = (struct sl_edhoc_credential){
	        .id_cred = v->id_cred[role], .cred = v->cred[role], .key = r->own_key};
	r->peer = (struct sl_edhoc_credential){
	        .id_cred = v->id_cred[other], .cred = v->cred[other], .key = r->peer_key};
	sl_edhoc_init(&r->s, role, &r->profile, &memory);
}

static enum sl_err
dictated(void *owner, struct sl_span message, uint8_t *out, size_t len)
{
	struct run *r = owner;

	ck_assert_bytes(message, r->tbs);
	ck_assert_uint_eq(len, r->signature.len);
	memcpy(out, r->signature.ptr, len);
	return SL_OK;
}

void
run_dictate(struct run *r)
{
	bool is_i = r->s.role == SL_EDHOC_INITIATOR;

	r->tbs = vectors_hex(r->v->json, is_i ? "m_3" : "m_2");
	r->signature = vectors_hex(r->v->json, is_i ? "sig_or_mac_3" : "sig_or_mac_2");
	r->own.sign = dictated;
	r->own.sign_owner = r;
}

void
run_end(struct run *r)
{
	sl_edhoc_clear(&r->s);
	sl_pkey_free(r->own_key);
	sl_pkey_free(r->peer_key);
	r->own_key = r->peer_key = NULL;
}

enum sl_err
run_write_1(struct run *r, struct sl_span *out)
{
	struct sl_edhoc_message_1 in = {.method = r->v->method,
	        .suite = r->v->suite,
	        .ephemeral = private_key(sl_edhoc_suite(r->v->suite)->ecdh, r->v->x),
	        .c_i = r->v->c_i,
	        .own = &r->own,
	        .ead = r->v->ead[1]};

	return sl_edhoc_write_message_1(&r->s, &in, out);
}

enum sl_err
run_write_2(struct run *r, struct sl_span *out)
{
	struct sl_edhoc_message_2 in = {.ephemeral = private_key(r->s.suite->ecdh, r->v->y),
	        .c_r = r->v->c_r,
	        .own = &r->own,
	        .ead = r->v->ead[2]};

	return sl_edhoc_write_message_2(&r->s, &in, out);
}

enum sl_err
run_verify(struct run *r)
{
	size_t which = 99;
	enum sl_err err = sl_edhoc_verify(&r->s, &r->peer, 1, &which);

	ck_assert_uint_eq(which, err == SL_OK ? 0 : 99);
	return err;
}

enum sl_err
run_read(struct run *r, int n, struct sl_span message, struct sl_edhoc_seen *seen)
{
	switch (n) {
	case 1:
		return sl_edhoc_read_message_1(&r->s, message, seen);
	case 2:
		return sl_edhoc_read_message_2(&r->s, message, seen);
	case 3:
		return sl_edhoc_read_message_3(&r->s, message, seen);
	default:
		return sl_edhoc_read_message_4(&r->s, message, seen);
	}
}

void
run_until(struct run *r, int n)
{
	struct sl_edhoc_seen seen;
	struct sl_span out;

	run_start(r, r->v, n % 2 == 0 ? SL_EDHOC_INITIATOR : SL_EDHOC_RESPONDER);
	run_dictate(r);
	if (n == 2 || n == 4)
		ck_assert_ok(run_write_1(r, &out));
	if (n == 4) {
		ck_assert_ok(run_read(r, 2, r->v->message[2], &seen));
		ck_assert_ok(run_verify(r));
		ck_assert_ok(sl_edhoc_write_message_3(&r->s, r->v->ead[3], &out));
	}
	if (n == 3) {
		ck_assert_ok(run_read(r, 1, r->v->message[1], &seen));
		ck_assert_ok(run_write_2(r, &out));
	}
}

static void
ck_zero(const void *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		ck_assert_uint_eq(((const uint8_t *)bytes)[i], 0);
}

void
ck_nothing_left(const struct run *r)
{
	ck_assert_int_eq(r->s.state, SL_EDHOC_ABORTED);
	ck_assert_ptr_null(r->s.ephemeral);
	ck_assert_ptr_null(r->s.peer_ephemeral);
	ck_zero(&r->s.th, sizeof r->s.th);
	ck_zero(&r->s.prk, sizeof r->s.prk);
	ck_zero(&r->s.prk_out, sizeof r->s.prk_out);
	ck_zero(&r->s.prk_exporter, sizeof r->s.prk_exporter);
	ck_assert_uint_eq(sl_edhoc_message(&r->s).len, 0);
	ck_assert_uint_eq(r->s.plaintext_len + r->s.kept_len, 0);
	ck_assert_uint_eq(r->s.id_cred.len + r->s.sig_or_mac.len + r->s.ead.len, 0);
	ck_zero(&r->s.heard, sizeof r->s.heard);
}
