/* SPDX-License-Identifier: BSD-2-Clause */
#include "exchange.h"

#include <sl/hash.h>

#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 4096

enum setting { FLAGS, ALGORITHM, CLIENT_ID, SERVER_ID, CONTEXT_ID };

enum flag {
	HAS_CONTEXT = 1,
	SENDS_CONTEXT = 2,
	OWN_PIV = 4,
	LOST = 8,
	SHA384 = 16,
	LAST_NUMBER = 32,
	UNRESERVED = 64,
};

static const uint8_t letters[] = "abcdefghijklmnopqrstuvwxyz"
                                 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefghijklmnopqrst";

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static unsigned
setting(struct sl_span settings, size_t which)
{
	return which < settings.len ? settings.ptr[which] : 0;
}

/* --- whole exchanges --- */

struct ends {
	struct sl_oscore_ctx client, server;
	uint8_t sealed[TEXT_MAX], opened[TEXT_MAX];
	struct sl_coap_msg inner;
};

/* RFC 8613 section 3.3: ids differ, and fit beside the Partial IV in the nonce. */
static bool
may_be_made(const struct sl_oscore_params *p)
{
	const struct sl_aead *aead = sl_aead_by_cose(p->aead_alg);

	return !sl_span_equal(p->sender_id, p->recipient_id) && p->id_context.len <= 64 &&
	       p->sender_id.len + 6 <= aead->nonce_len &&
	       p->recipient_id.len + 6 <= aead->nonce_len;
}

static bool
make_ends(struct ends *ends, struct sl_span settings)
{
	static const int algorithms[] = {10, 1, 3, 24, 30};
	unsigned flags = setting(settings, FLAGS);
	struct sl_oscore_params p = {
	        .master_secret = sl_span(letters, 16),
	        .sender_id = sl_span(letters, setting(settings, CLIENT_ID) % 9),
	        .recipient_id = sl_span(letters + 1, setting(settings, SERVER_ID) % 9),
	        .has_id_context = (flags & HAS_CONTEXT) != 0,
	        .aead_alg = algorithms[setting(settings, ALGORITHM) % 5],
	        .hkdf_hash = (flags & SHA384) != 0 ? SL_SHA384 : 0,
	};
	struct sl_span id = p.sender_id;
	enum sl_err err;

	if (p.has_id_context)
		p.id_context = sl_span(letters, setting(settings, CONTEXT_ID) % 66);
	err = sl_oscore_ctx_init(&ends->client, &p);
	must((err == SL_OK) == may_be_made(&p));
	p.sender_id = p.recipient_id;
	p.recipient_id = id;
	return err == SL_OK && sl_oscore_ctx_init(&ends->server, &p) == SL_OK;
}

/* Section 4.1: what arrives is what is class E, in its order; a response's Observe arrives empty. */
static void
must_arrive(const struct sl_coap_msg *sent, const struct sl_coap_msg *got)
{
	size_t n = 0;

	must(got->code == sent->code && sl_span_equal(got->payload, sent->payload));
	for (size_t i = 0; i < sent->option_count; i++) {
		const struct sl_coap_option_def *def = sl_coap_option_def(sent->options[i].number);
		struct sl_span value = sl_coap_option_value(&sent->options[i]);

		if (def != NULL && !def->class_e)
			continue;
		must(n < got->option_count && got->options[n].number == sent->options[i].number);
		if (sent->options[i].number == SL_COAP_OBSERVE && SL_COAP_CODE_CLASS(sent->code))
			value.len = 0;
		must(sl_span_equal(sl_coap_option_value(&got->options[n]), value));
		n++;
	}
	must(n == got->option_count);
}

static bool
is_protectable(const struct sl_coap_msg *msg)
{
	return sl_coap_find(msg, SL_COAP_OSCORE) == NULL &&
	       sl_coap_find(msg, SL_COAP_PROXY_URI) == NULL;
}

/* The client's request at the server. */
static bool
request(struct ends *ends, const struct sl_coap_msg *msg, unsigned flags,
        struct sl_oscore_exchange exchanges[2])
{
	struct sl_oscore_sealed sealed = {.buf = ends->sealed, .cap = sizeof ends->sealed};
	struct sl_oscore_open open = {ends->opened, sizeof ends->opened, &ends->inner};
	uint64_t last = (flags & LAST_NUMBER) != 0 ? SL_OSCORE_SSN_END - 1 : 7;
	struct sl_oscore_option opt;
	enum sl_oscore_outcome outcome;
	enum sl_err err;

	sl_oscore_resume(&ends->client, last);
	if ((flags & UNRESERVED) == 0)
		sl_oscore_reserve(&ends->client, last + 2);
	err = sl_oscore_protect_request(
	        &ends->client, msg, (flags & SENDS_CONTEXT) != 0, &sealed, &exchanges[0]);
	if (SL_COAP_CODE_CLASS(msg->code) != 0 || msg->code == SL_COAP_EMPTY ||
	        !is_protectable(msg)) {
		must(err == SL_EMALFORMED && ends->client.ssn == last);
		return false;
	}
	if ((flags & UNRESERVED) != 0 || err == SL_ESPACE) {
		must((err == SL_ELIMIT || err == SL_ESPACE) && ends->client.ssn == last);
		return false;
	}
	must(err == SL_OK && ends->client.ssn == last + 1);
	must(sl_oscore_option_decode(&opt, sl_span(sealed.option, sealed.option_len)) == SL_OK);
	if ((flags & LOST) != 0)
		sl_oscore_window_lose(&ends->server);
	outcome = sl_oscore_unprotect_request(
	        &ends->server, &opt, sealed.ciphertext, &open, &exchanges[1]);
	must(outcome == ((flags & LOST) != 0 ? SL_OSCORE_NEEDS_ECHO : SL_OSCORE_OK));
	must_arrive(msg, &ends->inner);
	return true;
}

static void
response(struct ends *ends, const struct sl_coap_msg *msg, unsigned flags,
        struct sl_oscore_exchange exchanges[2])
{
	struct sl_oscore_sealed sealed = {.buf = ends->sealed, .cap = sizeof ends->sealed};
	struct sl_oscore_open open = {ends->opened, sizeof ends->opened, &ends->inner};
	bool own_piv = (flags & OWN_PIV) != 0, is_lost = (flags & LOST) != 0;
	enum sl_err err;

	sl_oscore_reserve(&ends->server, 1);
	err = sl_oscore_protect_response(&ends->server, &exchanges[1], msg, own_piv, &sealed);
	if (SL_COAP_CODE_CLASS(msg->code) < 2) {
		must(err == SL_EMALFORMED);
		return;
	}
	if (is_lost && !own_piv) {
		must(err == SL_EREPLAY); /* the nonce may have been used before the loss */
		return;
	}
	if (err == SL_ESPACE)
		return;
	must(err == SL_OK && ends->server.ssn == own_piv);
	must(sl_oscore_unprotect_response(&ends->client, &exchanges[0],
	             sl_span(sealed.option, sealed.option_len), sealed.ciphertext, &open) ==
	        (SL_COAP_CODE_CLASS(msg->code) == 2 || SL_COAP_CODE_CLASS(msg->code) == 4 ||
	                                SL_COAP_CODE_CLASS(msg->code) == 5
	                        ? SL_OSCORE_OK
	                        : SL_OSCORE_BAD_INNER));
	if (SL_COAP_CODE_CLASS(msg->code) == 2)
		must_arrive(msg, &ends->inner);
	if (!own_piv)
		must(sl_oscore_protect_response(
		             &ends->server, &exchanges[1], msg, false, &sealed) == SL_EREPLAY);
}

void
try_exchange(struct sl_span settings, struct sl_span text)
{
	static struct ends ends;
	struct sl_oscore_exchange exchanges[2];
	struct sl_coap_msg msg;
	unsigned flags = setting(settings, FLAGS);

	if (text.len < 2 || !make_ends(&ends, settings))
		return;
	sl_coap_msg_init(&msg, text.ptr[0]);
	if (sl_coap_options_decode(&msg, sl_span(text.ptr + 2, text.len - 2)) != SL_OK)
		return;
	if (request(&ends, &msg, flags, exchanges)) {
		msg.code = text.ptr[1];
		response(&ends, &msg, flags, exchanges);
	}
	sl_oscore_ctx_clear(&ends.client);
	sl_oscore_ctx_clear(&ends.server);
}

/* --- Partial IVs in any order --- */

#define STEPS_MAX 256

enum step { FOUND_LATE = 0xfc, LEAP = 0xfd, FOUND = 0xfe, LOSE = 0xff };

/* Section 7.4, with a list in place of the window's bits. */
struct model {
	uint64_t accepted[STEPS_MAX];
	size_t count;
	uint64_t highest, floor; /* below floor everything counts as seen, from a restart on */
	unsigned size;
	bool is_lost;
};

static bool
is_new(const struct model *m, uint64_t number)
{
	if (m->count == 0)
		return true;
	for (size_t i = 0; i < m->count; i++)
		if (m->accepted[i] == number)
			return false;
	return number >= m->floor && number + m->size > m->highest;
}

static void
note(struct model *m, uint64_t number)
{
	m->highest = m->count == 0 || number > m->highest ? number : m->highest;
	m->accepted[m->count++] = number;
}

/* A request with this number, from a client that is at it. */
static enum sl_oscore_outcome
send(struct ends *ends, uint64_t number, struct sl_oscore_exchange *at_server)
{
	struct sl_oscore_sealed sealed = {.buf = ends->sealed, .cap = sizeof ends->sealed};
	struct sl_oscore_open open = {ends->opened, sizeof ends->opened, &ends->inner};
	struct sl_oscore_exchange exchange;
	struct sl_oscore_option opt;
	struct sl_coap_msg get;

	sl_coap_msg_init(&get, SL_COAP_GET);
	ends->client.ssn = number;
	ends->client.ssn_limit = SL_OSCORE_SSN_END;
	must(sl_oscore_protect_request(&ends->client, &get, false, &sealed, &exchange) == SL_OK);
	must(sl_oscore_option_decode(&opt, sl_span(sealed.option, sealed.option_len)) == SL_OK);
	return sl_oscore_unprotect_request(
	        &ends->server, &opt, sealed.ciphertext, &open, at_server);
}

/* The Echo of the newest request came back. */
static void
find(struct ends *ends, struct model *m, struct sl_oscore_exchange *exchange, uint64_t number)
{
	enum sl_oscore_outcome outcome = sl_oscore_window_found(&ends->server, exchange);

	if (m->is_lost) {
		must(outcome == SL_OSCORE_OK && !exchange->nonce_is_used);
		*m = (struct model){.size = m->size, .floor = number};
		note(m, number);
	} else {
		must(outcome == (is_new(m, number) ? SL_OSCORE_OK : SL_OSCORE_REPLAY));
		if (is_new(m, number))
			note(m, number);
	}
}

static uint64_t
next_number(const struct model *m, unsigned step, uint64_t base)
{
	uint64_t from = m->count == 0 ? base : m->highest, number = from + step;

	if (step == LEAP)
		return from + 1000 < SL_OSCORE_SSN_END ? from + 1000 : SL_OSCORE_SSN_END - 1;
	number = number < 128 ? 0 : number - 128;
	return number < SL_OSCORE_SSN_END ? number : SL_OSCORE_SSN_END - 1;
}

void
try_window(struct sl_span settings, struct sl_span steps)
{
	static const uint64_t bases[] = {0, 64, 0xff00, SL_OSCORE_SSN_END - 100};
	static struct ends ends;
	struct model m = {.size = setting(settings, 0) % 64 + 1};
	struct sl_oscore_exchange exchanges[2] = {{.piv_len = 0}};
	uint64_t numbers[2] = {0}, base = bases[setting(settings, 1) % 4];
	size_t count = 0;

	if (!make_ends(&ends, sl_span("\0\0\1", 3)))
		abort();
	ends.server.window.size = m.size;
	for (size_t i = 0; i < steps.len && i < STEPS_MAX - 1; i++) {
		unsigned step = steps.ptr[i];
		enum sl_oscore_outcome outcome;

		if (step == LOSE) {
			sl_oscore_window_lose(&ends.server);
			m.is_lost = true;
		} else if (step == FOUND || step == FOUND_LATE) {
			size_t which = step == FOUND_LATE;

			if (which < count)
				find(&ends, &m, &exchanges[which], numbers[which]);
		} else {
			uint64_t now = next_number(&m, step, base);
			struct sl_oscore_exchange exchange;

			outcome = send(&ends, now, &exchange);
			must(outcome == (m.is_lost                ? SL_OSCORE_NEEDS_ECHO
			                        : is_new(&m, now) ? SL_OSCORE_OK
			                                          : SL_OSCORE_REPLAY));
			if (outcome == SL_OSCORE_REPLAY)
				continue;
			must(exchange.nonce_is_used == m.is_lost);
			if (outcome == SL_OSCORE_OK)
				note(&m, now);
			exchanges[1] = exchanges[0];
			numbers[1] = numbers[0];
			exchanges[0] = exchange;
			numbers[0] = now;
			count++;
		}
	}
}
