/* SPDX-License-Identifier: BSD-2-Clause
 * What the devices send as ID_CRED_I, good and bad (RFC 9528 section 3.5.3). */
#include <sl/cbor.h>
#include <sl/hash.h>

#include "trust_devices.h"

static void
write_thumb(struct sl_writer *w, int64_t label, struct sl_span content)
{
	uint8_t hash[32];

	ck_assert_ok(sl_sha256(content, hash));
	sl_cbor_write_int(w, label);
	sl_cbor_write_array(w, 2);
	sl_cbor_write_int(w, -15);
	sl_cbor_write_bytes(w, sl_span(hash, 8));
}

static void
write_uri(struct sl_writer *w, const char *uri)
{
	sl_cbor_write_int(w, SL_LABEL_X5U);
	sl_cbor_write_tag(w, 32);
	sl_cbor_write_text(w, uri);
}

static void
write_kid(struct sl_writer *w, const char *kid)
{
	sl_cbor_write_int(w, SL_LABEL_KID);
	sl_cbor_write_bytes(w, hex(kid));
}

/* Two parameters: the chain and something beside it. */
static void
write_pair(struct sl_writer *w, enum send send, const struct device *d)
{
	sl_cbor_write_map(w, 2);
	if (send == CHAIN_KID)
		write_kid(w, "07");
	sl_cbor_write_int(w, SL_LABEL_X5CHAIN);
	sl_cbor_write_bytes(w, d->chain[0]);
	if (send == CHAIN_THUMB || send == CHAIN_OTHER_THUMB)
		write_thumb(w, SL_LABEL_X5T, send == CHAIN_THUMB ? d->chain[0] : device_pinned());
	if (send == URI_CHAIN)
		write_uri(w, "https://peers.example/pinned");
}

static const char *
uri_of(enum send send)
{
	return send == URI            ? "https://peers.example/pinned"
	       : send == URI_LISTED   ? "https://maker.example/2026/s1.pem"
	       : send == URI_STRANGER ? "https://maker.example/2026/other.pem"
	       : send == URI_DOTS     ? "https://maker.example/listed/.."
	       : send == URI_BARE     ? "s1.pem"
	                              : "https://peers.example/x";
}

static void
write_reference(struct sl_writer *w, enum send send, const struct device *d)
{
	sl_cbor_write_map(w, 1);
	if (send == THUMB || send == C5T_RAW) {
		struct sl_reader r = sl_reader_over(d->cred);

		write_thumb(w, send == THUMB ? SL_LABEL_X5T : SL_LABEL_C5T,
		        send == THUMB ? sl_cbor_read_bytes(&r) : d->cred);
	} else if (send >= URI && send <= URI_BARE) {
		write_uri(w, uri_of(send));
	} else if (send == KID || send == OTHER_KID) {
		struct sl_credential c;

		ck_assert_ok(sl_credential_decode(&c, d->cred));
		if (send == KID)
			write_kid(w, to_hex(c.kid));
		else
			write_kid(w, "08");
		sl_credential_clear(&c);
	} else if (send == KCCS || send == KCCS_OTHER) {
		sl_cbor_write_int(w, SL_LABEL_KCCS);
		sl_write_span(w, send == KCCS ? d->cred : device_ccs(CCS_8));
	} else {
		sl_cbor_write_int(w, SL_LABEL_C5C);
		if (d->chain_len > 1 && send == C5C)
			sl_cbor_write_array(w, d->chain_len);
		sl_cbor_write_bytes(w, d->cred);
		for (size_t i = 1; i < d->chain_len && send == C5C; i++)
			sl_cbor_write_bytes(w, device_c509(d->chain[i]));
	}
}

/* What is no reference at all. */
static void
write_broken(struct sl_writer *w, enum send send, const struct device *d)
{
	size_t count = send == KID_TWICE ? 2 : send == EMPTY ? 0 : 1;

	if (send == NO_MAP) {
		sl_cbor_write_text(w, "07");
		return;
	}
	sl_cbor_write_map(w, count);
	if (send == KID_TEXT) {
		sl_cbor_write_int(w, SL_LABEL_KID);
		sl_cbor_write_text(w, "07");
	}
	for (size_t i = 0; send == KID_TWICE && i < 2; i++)
		write_kid(w, "07");
	if (send == LONG_CHAIN) {
		sl_cbor_write_int(w, SL_LABEL_X5CHAIN);
		sl_cbor_write_array(w, SL_CHAIN_MAX + 1);
		for (size_t i = 0; i <= SL_CHAIN_MAX; i++)
			sl_cbor_write_bytes(w, i == 0 ? d->chain[0] : world.one.cert);
	}
	if (send == BAG || send == UNKNOWN_LABEL) {
		sl_cbor_write_int(w, send == BAG ? SL_LABEL_X5BAG : 99);
		sl_cbor_write_bytes(w, d->chain[0]);
	}
}

struct sl_span
device_id(struct device *d, enum send send)
{
	uint8_t bytes[8192];
	struct sl_writer w = sl_writer_over(bytes, sizeof bytes);
	struct sl_span swap = d->chain[0];

	if (send == C5C)
		d->cred = device_c509(d->chain[0]);
	if (send == REVERSED) {
		d->chain[0] = d->chain[1];
		d->chain[1] = swap;
	}
	if (send == CHAIN || send == REVERSED)
		sl_id_cred_write_chain(&w, SL_LABEL_X5CHAIN, d->chain, d->chain_len);
	else if (send >= CHAIN_THUMB && send <= CHAIN_KID)
		write_pair(&w, send, d);
	else if (send == URI_CHAIN)
		write_pair(&w, send, d);
	else if (send >= KID_TEXT)
		write_broken(&w, send, d);
	else
		write_reference(&w, send, d);
	ck_assert_ok(sl_writer_finish(&w));
	return world_keep(sl_writer_span(&w));
}
