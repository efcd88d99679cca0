/* SPDX-License-Identifier: BSD-2-Clause */
#include "whole.h"

#include <sl/edhoc.h>

#include <stdlib.h>
#include <string.h>

#define CAP 8192

/* TRIED: what the Initiator selects first, SAME: what the Responder prefers, which is SUITE; 128 more: the
 * Responder has suite 24 too. */
enum setting { METHOD, SUITE, TRIED, FLAGS, C_I, C_R, CHANGED, AT, BY, SETTINGS };
enum flag {
	OSCORE = 1,
	CONFIRM = 2,
	ELSEWHERE = 4,
	MOVE = 8,
	KEEP = 16,
	PAD = 32,
	REFUSE = 64,
	LABEL = 128
};

#define SAME 9

struct end {
	struct sl_edhoc s;
	struct sl_edhoc_profile profile;
	struct sl_edhoc_credential own;
	int64_t suites[2];
	uint8_t message[CAP], plaintext[CAP], scratch[2 * CAP], moved[CAP];
};

/* One run. */
struct whole {
	const uint8_t *settings;
	struct sl_span ead;
	struct end i, r;
	uint8_t changed[CAP], padded[CAP];
};

static void
must(bool holds)
{
	if (!holds)
		abort();
}

/* --- two ends --- */

static struct sl_pkey *
key_of(enum sl_pkey_type type, uint8_t fill)
{
	size_t len = type == SL_PKEY_P384    ? 48
	             : type == SL_PKEY_ED448 ? 57
	             : type == SL_PKEY_X448  ? 56
	                                     : 32;
	struct sl_pkey *key = NULL;
	uint8_t raw[64];

	memset(raw, fill, sizeof raw);
	must(sl_pkey_from_raw_private(&key, type, sl_span(raw, len)) == SL_OK);
	return key;
}

/* A long-term key; made once. */
static struct sl_pkey *
lasting_key(enum sl_pkey_type type, enum sl_edhoc_role role)
{
	static struct sl_pkey *keys[2][16];

	must(type < 16);
	if (keys[role][type] == NULL)
		keys[role][type] = key_of(type, role == SL_EDHOC_INITIATOR ? 0x11 : 0x22);
	return keys[role][type];
}

static enum sl_err
sign_elsewhere(void *owner, struct sl_span message, uint8_t *out, size_t len)
{
	size_t made = 0;

	must(sl_sign_raw(owner, message, out, len, &made) == SL_OK && made == len);
	return SL_OK;
}

/* Methods 0 and 1: the Initiator signs; 0 and 2: the Responder (RFC 9528 table 2). */
static bool
signs(unsigned method, enum sl_edhoc_role role)
{
	return role == SL_EDHOC_INITIATOR ? method < 2 : method % 2 == 0;
}

static void
start(struct end *end, enum sl_edhoc_role role, const struct sl_edhoc_suite *suite,
        const uint8_t *settings)
{
	static const int64_t labels[] = {1};
	unsigned flags = settings[FLAGS];
	bool is_i = role == SL_EDHOC_INITIATOR, is_signing = signs(settings[METHOD] % 4, role);
	struct sl_edhoc_memory memory = {
	        {end->message, CAP}, {end->plaintext, CAP}, {end->scratch, sizeof end->scratch}};

	end->own = (struct sl_edhoc_credential){
	        .id_cred = sl_span(is_i ? "\xa1\x04\x41I" : "\xa1\x04\x41R", 4),
	        .cred = sl_span(is_i ? "\x41I" : "\x41R", 2),
	        .key = lasting_key(is_signing ? suite->signature : suite->ecdh, role),
	};
	if (is_signing && (flags & ELSEWHERE) != 0) {
		end->own.sign = sign_elsewhere;
		end->own.sign_owner = lasting_key(suite->signature, role);
	}
	end->profile = (struct sl_edhoc_profile){
	        .suites = end->suites,
	        .suite_count = 1,
	        .methods = 15,
	        .ead_labels = labels,
	        .ead_label_count = (flags & LABEL) != 0,
	        .message_4 = (flags & CONFIRM) != 0 ? SL_EDHOC_M4_OPTIONAL : SL_EDHOC_M4_REQUIRED,
	        .for_oscore = (flags & OSCORE) != 0,
	        .keeps_ephemeral = (flags & KEEP) != 0,
	};
	end->suites[0] = suite->number;
	sl_edhoc_init(&end->s, role, &end->profile, &memory);
}

/* --- the way between them --- */

/* The message as it arrives. */
static struct sl_span
carry(struct whole *w, unsigned n, struct sl_span message)
{
	if (w->settings[CHANGED] != n || w->settings[BY] == 0)
		return message;
	must(message.len > 0 && message.len <= CAP);
	memcpy(w->changed, message.ptr, message.len);
	w->changed[w->settings[AT] % message.len] ^= w->settings[BY];
	return sl_span(w->changed, message.len);
}

static bool
is_changed(const struct whole *w, unsigned until)
{
	return w->settings[BY] != 0 && w->settings[CHANGED] >= 1 && w->settings[CHANGED] <= until;
}

/* One end gave up: what it owes, it owes once, and the other end stops too. */
static void
give_up(struct end *from, struct end *to)
{
	uint8_t bytes[64];
	struct sl_writer w = sl_writer_over(bytes, sizeof bytes);
	struct sl_edhoc_error error = {.code = 0};
	enum sl_err err = sl_edhoc_write_error(&from->s, &w);
	int64_t next = -1, tried = to->s.suite != NULL ? to->s.suite->number : -1;

	must(from->s.state == SL_EDHOC_ABORTED && (err == SL_OK || err == SL_ENOTFOUND));
	must(sl_edhoc_write_error(&from->s, &w) == SL_ENOTFOUND);
	if (err != SL_OK)
		return;
	err = sl_edhoc_read_error(&to->s, sl_writer_span(&w), &error);
	must(err == SL_OK || err == SL_EREPLAY || err == SL_EAUTH);
	if (err != SL_OK)
		return;
	must(to->s.state == SL_EDHOC_ABORTED && error.code >= 1 && error.code <= 3);
	if (error.code == 2 && sl_edhoc_next_suite(&to->profile, &error, tried, &next) == SL_OK)
		must(next != tried && (next == to->suites[0] || next == to->suites[1]));
}

static bool
verify(struct end *end, const struct end *peer)
{
	struct sl_edhoc_credential known[2] = {peer->own, peer->own};
	size_t which = 7;
	enum sl_err err;

	known[0].cred = sl_span("\x41X", 2); /* another one of that kid */
	err = sl_edhoc_verify(&end->s, known, 2, &which);
	must(err == SL_OK ? which == 1 : end->s.state == SL_EDHOC_ABORTED);
	return err == SL_OK;
}

/* --- the messages --- */

static bool
message_1(struct whole *w, struct sl_span *out)
{
	const uint8_t *settings = w->settings;
	const struct sl_edhoc_suite *tried = sl_edhoc_suite(w->i.suites[0]);
	struct sl_edhoc_message_1 in = {settings[METHOD] % 4, tried->number,
	        key_of(tried->ecdh, 0x33),
	        sl_span("0123456789abcdefghijklmnopqrstuvwxyz", settings[C_I] % 34), &w->i.own,
	        w->ead};
	struct sl_edhoc_seen seen;

	if (sl_edhoc_write_message_1(&w->i.s, &in, out) != SL_OK) {
		must(w->i.s.state == SL_EDHOC_ABORTED);
		return false;
	}
	*out = carry(w, 1, *out);
	if (sl_edhoc_read_message_1(&w->r.s, *out, &seen) != SL_OK) {
		must(is_changed(w, 1) || tried->number != w->r.suites[0]);
		give_up(&w->r, &w->i);
		return false;
	}
	must(is_changed(w, 1) || sl_span_equal(seen.ead, w->ead));
	return true;
}

/* The Responder's state goes elsewhere and comes back, to other storage. */
static void
move(struct end *r)
{
	const struct sl_edhoc_memory nowhere = {{NULL, 0}, {NULL, 0}, {NULL, 0}};
	const struct sl_edhoc_memory there = {
	        {r->moved, CAP}, {r->plaintext, CAP}, {r->scratch, sizeof r->scratch}};
	struct sl_pkey *key = NULL;

	sl_edhoc_move(&r->s, &nowhere, &key);
	must(key != NULL && r->s.ephemeral == NULL);
	sl_edhoc_move(&r->s, &there, &key);
	must(key == NULL && sl_edhoc_message(&r->s).len == 0);
}

static bool
message_2(struct whole *w, struct sl_span first)
{
	struct sl_edhoc_message_2 in = {key_of(w->r.s.suite->ecdh, 0x44),
	        sl_span("abcdefghijklmnopqrstuvwxyz0123456789", w->settings[C_R] % 34), &w->r.own,
	        w->ead};
	struct sl_edhoc_seen seen;
	struct sl_span out;
	enum sl_err err;

	if (sl_edhoc_write_message_2(&w->r.s, &in, &out) != SL_OK) {
		give_up(&w->r, &w->i);
		return false;
	}
	must(sl_edhoc_is_duplicate(&w->r.s, first));
	out = carry(w, 2, out);
	err = sl_edhoc_read_message_2(&w->i.s, out, &seen);
	must(err != SL_OK || is_changed(w, 2) || sl_span_equal(seen.ead, w->ead));
	if (err == SL_OK && (w->settings[FLAGS] & MOVE) != 0)
		move(&w->r);
	if (err == SL_OK && (w->settings[FLAGS] & REFUSE) != 0) {
		sl_edhoc_refuse(&w->i.s, SL_EDHOC_ERROR_UNKNOWN_CREDENTIAL);
		give_up(&w->i, &w->r);
		must(w->r.s.state == SL_EDHOC_ABORTED);
		return false;
	}
	if (err != SL_OK || !verify(&w->i, &w->r)) {
		must(is_changed(w, 2));
		give_up(&w->i, &w->r);
		return false;
	}
	must(!is_changed(w, 2));
	return true;
}

static bool
message_3(struct whole *w)
{
	struct sl_edhoc_seen seen;
	struct sl_span out;

	if (sl_edhoc_write_message_3(&w->i.s, w->ead, &out) != SL_OK) {
		give_up(&w->i, &w->r);
		return false;
	}
	out = carry(w, 3, out);
	if (sl_edhoc_read_message_3(&w->r.s, out, &seen) != SL_OK || !verify(&w->r, &w->i)) {
		must(is_changed(w, 3));
		give_up(&w->r, &w->i);
		return false;
	}
	must(!is_changed(w, 3) && sl_edhoc_is_duplicate(&w->r.s, out));
	return true;
}

static bool
message_4(struct whole *w)
{
	struct sl_edhoc_seen seen;
	struct sl_span out;

	if ((w->settings[FLAGS] & CONFIRM) != 0) {
		must(sl_edhoc_confirm(&w->i.s) == SL_OK && sl_edhoc_confirm(&w->i.s) == SL_EREPLAY);
		return true;
	}
	must(sl_edhoc_confirm(&w->i.s) == SL_EREPLAY);
	if (sl_edhoc_write_message_4(&w->r.s, w->ead, &out) != SL_OK)
		return false;
	out = carry(w, 4, out);
	if (sl_edhoc_read_message_4(&w->i.s, out, &seen) != SL_OK) {
		must(is_changed(w, 4));
		give_up(&w->i, &w->r);
		return false;
	}
	must(!is_changed(w, 4) && sl_span_equal(seen.ead, w->ead));
	return true;
}

/* --- keys --- */

static void
must_share(struct end *i, struct end *r, uint8_t out[static 32])
{
	uint8_t other[32];

	must(sl_edhoc_export(&i->s, 7, sl_span("c", 1), out, 32) == SL_OK);
	must(sl_edhoc_export(&r->s, 7, sl_span("c", 1), other, 32) == SL_OK);
	must(memcmp(out, other, 32) == 0);
}

static void
check_oscore(const struct whole *w)
{
	struct sl_edhoc_oscore i, r;
	enum sl_err err = sl_edhoc_oscore(&w->i.s, &i), err_r = sl_edhoc_oscore(&w->r.s, &r);

	must(err == err_r && (err == SL_OK || (w->settings[FLAGS] & OSCORE) == 0));
	if (err != SL_OK)
		return;
	must(sl_span_equal(sl_key_view(&i.master_secret), sl_key_view(&r.master_secret)));
	must(sl_span_equal(sl_key_view(&i.master_salt), sl_key_view(&r.master_salt)));
	must(sl_span_equal(i.sender_id, r.recipient_id) &&
	        sl_span_equal(r.sender_id, i.recipient_id));
	must(!sl_span_equal(i.sender_id, i.recipient_id) && i.aead_alg == r.aead_alg);
	sl_key_clear(&i.master_secret);
	sl_key_clear(&r.master_secret);
}

static void
check_keys(struct whole *w)
{
	uint8_t before[32], after[32];

	must_share(&w->i, &w->r, before);
	check_oscore(w);
	must(sl_edhoc_export(&w->i.s, UINT64_MAX, sl_span(NULL, 0), after, 32) == SL_EMALFORMED);
	must(sl_edhoc_key_update(&w->i.s, sl_span("new", 3)) == SL_OK);
	must(sl_edhoc_key_update(&w->r.s, sl_span("new", 3)) == SL_OK);
	must_share(&w->i, &w->r, after);
	must(memcmp(before, after, 32) != 0);
}

static void
check_no_keys(struct whole *w)
{
	struct sl_edhoc_oscore none;
	uint8_t out[32];

	must(sl_edhoc_export(&w->i.s, 0, sl_span(NULL, 0), out, 32) == SL_EREPLAY);
	must(sl_edhoc_oscore(&w->i.s, &none) == SL_EREPLAY);
	must(sl_edhoc_key_update(&w->i.s, sl_span(NULL, 0)) == SL_EREPLAY);
}

/* EAD of the input, padded so that what is sealed has always the same length. */
static struct sl_span
take_ead(struct whole *w, struct sl_span ead)
{
	struct sl_writer out = sl_writer_over(w->padded, sizeof w->padded);
	const struct sl_edhoc_ead_item item = {2, true, sl_span("value", 5)};

	if ((w->settings[FLAGS] & PAD) == 0)
		return ead;
	sl_write_span(&out, ead);
	sl_edhoc_ead_write(&out, &item);
	sl_edhoc_ead_pad(&out, 1 + ead.len % 300);
	return out.failed ? ead : sl_writer_span(&out);
}

void
try_whole(struct sl_span input)
{
	static struct whole w;
	const struct sl_edhoc_suite *suite, *tried;
	const char *missing = NULL;
	struct sl_span first;

	if (input.len < SETTINGS)
		return;
	w.settings = input.ptr;
	suite = sl_edhoc_suite_at(w.settings[SUITE] % 9);
	tried = w.settings[TRIED] % 128 % 10 == SAME
	                ? suite
	                : sl_edhoc_suite_at(w.settings[TRIED] % 128 % 10);
	if ((w.settings[FLAGS] & OSCORE) != 0 && !sl_edhoc_suite_has_oscore(suite))
		return; /* nobody's profile */
	if (sl_edhoc_suite_check(suite->number, &missing) != SL_OK ||
	        sl_edhoc_suite_check(tried->number, &missing) != SL_OK) {
		must(missing != NULL);
		return;
	}
	w.ead = take_ead(&w, sl_span(input.ptr + SETTINGS, input.len - SETTINGS));
	start(&w.i, SL_EDHOC_INITIATOR, tried, w.settings);
	start(&w.r, SL_EDHOC_RESPONDER, suite, w.settings);
	if (tried != suite)
		w.i.suites[w.i.profile.suite_count++] = suite->number;
	if (w.settings[TRIED] >= 128)
		w.r.suites[w.r.profile.suite_count++] = 24;
	check_no_keys(&w);
	if (message_1(&w, &first) && message_2(&w, first) && message_3(&w) && message_4(&w))
		check_keys(&w);
	sl_edhoc_clear(&w.i.s);
	sl_edhoc_clear(&w.r.s);
}

/* --- pieces --- */

static bool
is_taken(void *owner, struct sl_span id)
{
	const uint8_t *mask = owner;

	return (id.ptr[0] & *mask) != 0;
}

void
try_choice(struct sl_span input)
{
	struct sl_edhoc_id_choice choice = {.is_taken = is_taken};
	struct sl_edhoc_id id = {.len = 77}, again = {.len = 77};
	uint8_t mask;
	enum sl_err err;

	if (input.len < 19)
		return;
	mask = input.ptr[2];
	choice.len_min = input.ptr[0];
	choice.len_max = input.ptr[1];
	choice.seed = input.ptr + 3;
	choice.peer = sl_span(input.ptr + 19, input.len - 19);
	choice.owner = &mask;
	err = sl_edhoc_id_choose(&id, &choice);
	must(err == sl_edhoc_id_choose(&again, &choice) && id.len == again.len);
	if (err != SL_OK) {
		must(err == SL_ELIMIT && id.len == 77);
		return;
	}
	must(id.len >= 1 && id.len >= choice.len_min && id.len <= choice.len_max);
	must(memcmp(id.bytes, again.bytes, id.len) == 0);
	must(!is_taken(&mask, sl_edhoc_id_view(&id)));
	must(!sl_span_equal(sl_edhoc_id_view(&id), choice.peer));
	choice.peer = sl_edhoc_id_view(&id);
	if (sl_edhoc_id_choose(&again, &choice) == SL_OK)
		must(!sl_span_equal(sl_edhoc_id_view(&again), choice.peer));
}

void
try_padding(struct sl_span input)
{
	static uint8_t bytes[CAP];
	struct sl_writer w = sl_writer_over(bytes, sizeof bytes);
	struct sl_reader r;
	struct sl_edhoc_ead_item item;
	size_t len = input.len < 2 ? 1 : 1 + ((size_t)input.ptr[0] << 8 | input.ptr[1]) % (CAP - 1);

	sl_edhoc_ead_pad(&w, len);
	must(!w.failed && w.len == len);
	r = sl_reader_over(sl_writer_span(&w));
	while (sl_edhoc_ead_next(&r, &item))
		must(item.label == SL_EDHOC_EAD_PADDING);
	must(sl_reader_finish(&r) == SL_OK);
}
