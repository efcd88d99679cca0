/* SPDX-License-Identifier: BSD-2-Clause */
#include "fake_est.h"

#include "support.h"

#include <sl/est.h>
#include <sl/x509.h>

#include <string.h>

const char fake_provisioning[] =
        "{\n  \"identity\": \"device-1\",\n"
        "  \"master-secret\": \"0102030405060708090a0b0c0d0e0f10\",\n"
        "  \"master-salt\": \"9e7ca92223786340\",\n"
        "  \"sender-id\": \"\",\n  \"recipient-id\": \"01\",\n"
        "  \"aead\": \"AES-CCM-16-64-128\",\n  \"hkdf\": \"HKDF-SHA-256\",\n  \"window\": 32\n}\n";

/* The inputs of RFC 8613 C.1. */
void
fake_contexts(struct sl_oscore_ctx *device, struct sl_oscore_ctx *server)
{
	struct sl_span one = hex("01"), none = sl_span(NULL, 0);
	struct sl_oscore_params p = {.master_secret = hex("0102030405060708090a0b0c0d0e0f10"),
	        .master_salt = hex("9e7ca92223786340")};

	if (device != NULL) {
		p.sender_id = none;
		p.recipient_id = one;
		ck_assert_ok(sl_oscore_ctx_init(device, &p));
	}
	p.sender_id = one;
	p.recipient_id = none;
	ck_assert_ok(sl_oscore_ctx_init(server, &p));
	sl_oscore_reserve(server, SL_OSCORE_SSN_END);
}

static size_t
issue(struct fake_est *est, struct sl_span subject, struct sl_span spki, uint8_t out[1024])
{
	uint8_t serial[4] = {1, 0, (uint8_t)(est->next_serial >> 8), (uint8_t)est->next_serial};
	struct sl_cert_params p = {.serial = sl_span(serial, sizeof serial),
	        .subject = subject,
	        .spki = spki,
	        .issuer_cert = sl_span(est->ca, est->ca_len),
	        .issuer_key = est->ca_key,
	        .not_before = FAKE_EST_EPOCH - 86400,
	        .not_after = FAKE_EST_EPOCH + 30LL * 365 * 86400, /* valid by the real clock, too */
	        .key_usage = SL_KU_DIGITAL_SIGNATURE};
	uint8_t tbs[1024];
	size_t tbs_len, len;

	est->next_serial++;
	if (est->ca_len == 0) {
		p.is_ca = true;
		p.key_usage = SL_KU_KEY_CERT_SIGN | SL_KU_CRL_SIGN;
	}
	ck_assert_ok(sl_cert_tbs(&p, tbs, sizeof tbs, &tbs_len));
	ck_assert_ok(sl_cert_sign(sl_span(tbs, tbs_len), est->ca_key, out, 1024, &len));
	return len;
}

static size_t
self_signed(struct fake_est *est, uint8_t out[1024])
{
	uint8_t name[128], spki[256];
	size_t name_len, spki_len;

	ck_assert_ok(sl_name_from_cn("Test Authority", name, sizeof name, &name_len));
	ck_assert_ok(sl_pkey_to_spki(est->ca_key, spki, sizeof spki, &spki_len));
	return issue(est, sl_span(name, name_len), sl_span(spki, spki_len), out);
}

void
fake_est_init(struct fake_est *est)
{
	memset(est, 0, sizeof *est);
	fake_contexts(NULL, &est->ctx);
	est->szx = est->upload_szx = 7;
	memcpy(est->echo, "\x11\x22\x33\x44\x55\x66\x77\x88", 8);
	sl_buf_init(&est->upload, 65536);
	sl_buf_init(&est->answer, 131072);
	sl_buf_init(&est->first_csr, 65536);
	ck_assert_ok(sl_pkey_generate(&est->ca_key, SL_PKEY_P256));
	est->ca_len = self_signed(est, est->ca);
}

void
fake_est_clear(struct fake_est *est)
{
	sl_buf_clear(&est->upload);
	sl_buf_clear(&est->answer);
	sl_buf_clear(&est->first_csr);
	sl_pkey_free(est->ca_key);
	sl_oscore_ctx_clear(&est->ctx);
}

/* --- EST ------------------------------------------------------------------------------------- */

static void
set_answer(struct fake_est *est, uint8_t code, struct sl_span body, int format)
{
	sl_buf_clear(&est->answer);
	ck_assert_ok(sl_buf_add(&est->answer, body));
	est->answer_code = code;
	est->answer_has_format = format >= 0;
	est->answer_format = format < 0 ? 0 : (uint32_t)format;
}

static void
give_certs(struct fake_est *est, uint8_t code, struct sl_span cert)
{
	uint8_t cms[4096];
	size_t len;

	ck_assert_ok(sl_cms_certs_only(&cert, 1, cms, sizeof cms, &len));
	set_answer(est, code, sl_span(cms, len), SL_EST_PKCS7_CERTS);
}

static void
do_crts(struct fake_est *est)
{
	struct fake_est other = {0};

	if (!est->gives_anchor_of_another) {
		give_certs(est, SL_COAP_CONTENT, sl_span(est->ca, est->ca_len));
		return;
	}
	ck_assert_ok(sl_pkey_generate(&other.ca_key, SL_PKEY_P256));
	other.ca_len = self_signed(&other, other.ca);
	give_certs(est, SL_COAP_CONTENT, sl_span(other.ca, other.ca_len));
	sl_pkey_free(other.ca_key);
}

static void
issue_for(struct fake_est *est, const struct sl_csr *csr)
{
	struct sl_span spki = csr->spki;
	uint8_t own[256];
	size_t at;

	for (at = 0; at < est->issued_count; at++)
		if (sl_span_equal(spki, sl_span(est->issued[at].spki, est->issued[at].spki_len)))
			break;
	if (at == est->issued_count) {
		ck_assert_uint_lt(at, FAKE_EST_ISSUED_MAX);
		memcpy(est->issued[at].spki, spki.ptr, spki.len);
		est->issued[at].spki_len = spki.len;
		if (est->gives_foreign_key) {
			size_t len;

			ck_assert_ok(sl_pkey_to_spki(est->ca_key, own, sizeof own, &len));
			spki = sl_span(own, len);
		}
		est->issued[at].len = issue(est, csr->subject, spki, est->issued[at].der);
		est->issued_count++;
	}
	give_certs(est, SL_COAP_CHANGED, sl_span(est->issued[at].der, est->issued[at].len));
}

static void
note_csr(struct fake_est *est, struct sl_span body)
{
	if (est->first_csr.len == 0)
		ck_assert_ok(sl_buf_add(&est->first_csr, body));
	else if (!sl_span_equal(sl_buf_view(&est->first_csr), body))
		est->csr_changed = true;
}

static void
do_enrol(struct fake_est *est, struct sl_span body)
{
	struct sl_csr csr;

	est->enrolments++;
	note_csr(est, body);
	if (est->refuse_code != 0) {
		set_answer(est, est->refuse_code, sl_span_text("not for you"), -1);
	} else if (est->failures > 0) {
		est->failures--;
		set_answer(est, SL_COAP_INTERNAL_SERVER_ERROR, sl_span_text("no CA"), -1);
	} else if (est->delays > 0) {
		est->delays--;
		set_answer(est, SL_COAP_SERVICE_UNAVAILABLE, sl_span(NULL, 0), -1);
	} else if (sl_csr_decode(&csr, body) != SL_OK || sl_csr_verify(&csr) != SL_OK) {
		set_answer(est, SL_COAP_BAD_REQUEST, sl_span_text("bad CSR"), -1);
	} else {
		issue_for(est, &csr);
	}
}

static void
serve(struct fake_est *est, const struct sl_coap_msg *inner, struct sl_span body)
{
	char path[128];

	ck_assert_ok(sl_coap_get_path(inner, path, sizeof path));
	if (strcmp(path, "/est/crts") == 0 && inner->code == SL_COAP_GET)
		do_crts(est);
	else if ((strcmp(path, "/est/sen") == 0 || strcmp(path, "/est/sren") == 0) &&
	         inner->code == SL_COAP_POST)
		do_enrol(est, body);
	else if (strcmp(path, "/echo") == 0)
		set_answer(est, SL_COAP_CHANGED, body, 42);
	else
		set_answer(est, SL_COAP_NOT_FOUND, sl_span_text("nothing here"), -1);
}

/* --- inner blocks ---------------------------------------------------------------------------- */

static void
slice(struct fake_est *est, struct sl_coap_block wish, struct sl_coap_msg *out)
{
	size_t size, at;

	if (wish.szx > est->szx)
		wish.szx = est->szx;
	if (wish.num == 0 && est->answer.len <= sl_coap_block_size(wish.szx)) {
		out->payload = sl_buf_view(&est->answer);
		return;
	}
	size = sl_coap_block_size(wish.szx);
	at = wish.num * size;
	ck_assert_msg(at <= est->answer.len, "block %u is beyond the answer", wish.num);
	wish.more = est->answer.len - at > size;
	out->payload = sl_span(est->answer.bytes + at, wish.more ? size : est->answer.len - at);
	ck_assert_ok(sl_coap_add_block(out, SL_COAP_BLOCK2, wish));
	est->slices++;
}

static void
put_answer(struct fake_est *est, const struct sl_coap_msg *inner, struct sl_coap_msg *out)
{
	struct sl_coap_block wish = {0, false, 6};

	(void)!sl_coap_get_block(inner, SL_COAP_BLOCK2, &wish);
	sl_coap_msg_init(out, est->answer_code);
	if (est->answer_has_format)
		ck_assert_ok(sl_coap_add_uint(out, SL_COAP_CONTENT_FORMAT, est->answer_format));
	if (est->answer_code == SL_COAP_SERVICE_UNAVAILABLE && est->has_delay_max_age)
		ck_assert_ok(sl_coap_add_uint(out, SL_COAP_MAX_AGE, est->delay_s));
	if (est->szx == 7 && sl_coap_find(inner, SL_COAP_BLOCK2) == NULL)
		out->payload = sl_buf_view(&est->answer);
	else
		slice(est, wish, out);
}

/* True when the body is whole; else *out is the answer. */
static bool
collect(struct fake_est *est, const struct sl_coap_msg *inner, struct sl_coap_block b,
        struct sl_coap_msg *out)
{
	const struct sl_coap_option *tag = sl_coap_find(inner, SL_COAP_REQUEST_TAG);

	ck_assert_ptr_nonnull(tag);
	est->last_tag_len = sl_coap_option_value(tag).len;
	ck_assert_uint_le(est->last_tag_len, sizeof est->last_tag);
	memcpy(est->last_tag, sl_coap_option_value(tag).ptr, est->last_tag_len);
	if (b.num == 0)
		sl_buf_clear(&est->upload);
	if (b.num * sl_coap_block_size(b.szx) != est->upload.len ||
	        (est->forgets_uploads > 0 && !b.more)) {
		if (est->forgets_uploads > 0)
			est->forgets_uploads--;
		sl_coap_msg_init(out, SL_COAP_REQUEST_ENTITY_INCOMPLETE);
		return false;
	}
	ck_assert_ok(sl_buf_add(&est->upload, inner->payload));
	if (!b.more)
		return true;
	if (b.szx > est->upload_szx)
		b.szx = est->upload_szx;
	if (b.num == 0 && est->upload_szx < 7) /* what exceeds the wished size is asked again */
		ck_assert(inner->payload.len % sl_coap_block_size(b.szx) == 0);
	sl_coap_msg_init(out, SL_COAP_CONTINUE);
	ck_assert_ok(sl_coap_add_block(out, SL_COAP_BLOCK1, b));
	return false;
}

static void
handle(struct fake_est *est, const struct sl_coap_msg *inner, struct sl_coap_msg *out)
{
	struct sl_coap_block b;

	if (sl_coap_get_block(inner, SL_COAP_BLOCK2, &b) == SL_OK && b.num > 0) {
		put_answer(est, inner, out);
		return;
	}
	if (sl_coap_get_block(inner, SL_COAP_BLOCK1, &b) == SL_OK) {
		if (!collect(est, inner, b, out))
			return;
		est->uploads_in_blocks++;
		serve(est, inner, sl_buf_view(&est->upload));
	} else {
		serve(est, inner, inner->payload);
	}
	put_answer(est, inner, out);
}

/* --- OSCORE ---------------------------------------------------------------------------------- */

static void
seal(struct fake_est *est, struct sl_oscore_exchange *x, const struct sl_coap_msg *inner,
        bool own_piv, struct fake_reply *reply)
{
	reply->sealed.buf = reply->bytes;
	reply->sealed.cap = sizeof reply->bytes;
	ck_assert_ok(sl_oscore_protect_response(&est->ctx, x, inner, own_piv, &reply->sealed));
	sl_coap_msg_init(&reply->msg, reply->sealed.code);
	ck_assert_ok(sl_coap_add(&reply->msg, SL_COAP_OSCORE,
	        sl_span(reply->sealed.option, reply->sealed.option_len)));
	reply->msg.payload = reply->sealed.ciphertext;
}

static void
refuse(struct fake_reply *reply, enum sl_oscore_outcome outcome)
{
	sl_coap_msg_init(&reply->msg, sl_oscore_outcome_code(outcome));
	reply->msg.payload = sl_span_text(sl_oscore_outcome_text(outcome));
}

static bool
echo_is_ours(const struct fake_est *est, const struct sl_coap_msg *inner)
{
	const struct sl_coap_option *opt = sl_coap_find(inner, SL_COAP_ECHO);

	return opt != NULL &&
	       sl_span_equal(sl_coap_option_value(opt), sl_span(est->echo, sizeof est->echo));
}

static void
challenge(struct fake_est *est, struct sl_oscore_exchange *x, struct fake_reply *reply)
{
	struct sl_coap_msg inner;

	est->echo_rounds++;
	sl_coap_msg_init(&inner, SL_COAP_UNAUTHORIZED);
	ck_assert_ok(sl_coap_add(&inner, SL_COAP_ECHO, sl_span(est->echo, sizeof est->echo)));
	seal(est, x, &inner, true, reply);
}

static void
answer_protected(struct fake_est *est, const struct sl_coap_msg *outer, struct fake_reply *reply)
{
	const struct sl_coap_option *value = sl_coap_find(outer, SL_COAP_OSCORE);
	struct sl_oscore_option opt;
	struct sl_oscore_exchange x;
	struct sl_coap_msg inner, answer;
	uint8_t plaintext[65536];
	struct sl_oscore_open open = {plaintext, sizeof plaintext, &inner};
	enum sl_oscore_outcome outcome;

	est->requests++;
	ck_assert_ptr_nonnull(value);
	ck_assert_ok(sl_oscore_option_decode(&opt, sl_coap_option_value(value)));
	outcome = sl_oscore_unprotect_request(&est->ctx, &opt, outer->payload, &open, &x);
	if (outcome == SL_OSCORE_NEEDS_ECHO && echo_is_ours(est, &inner))
		outcome = sl_oscore_window_found(&est->ctx, &x);
	if (outcome == SL_OSCORE_REPLAY)
		est->replays++;
	if (outcome == SL_OSCORE_NEEDS_ECHO ||
	        (outcome == SL_OSCORE_OK && est->asks_echo_forever)) {
		challenge(est, &x, reply);
		return;
	}
	if (outcome != SL_OSCORE_OK) {
		refuse(reply, outcome);
		return;
	}
	handle(est, &inner, &answer);
	seal(est, &x, &answer, false, reply);
}

void
fake_est_answer(struct fake_est *est, const struct sl_coap_msg *outer, struct fake_reply *reply)
{
	struct sl_coap_msg request = *outer;

	if (est->before == NULL || est->before(est, &request, &reply->msg))
		answer_protected(est, &request, reply);
}
