/* SPDX-License-Identifier: BSD-2-Clause */
#include "trust_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sl/c509.h>
#include <sl/cbor.h>
#include <sl/der.h>
#include <sl/hash.h>

#define DAY    INT64_C(86400)
#define KEPT   256
#define NAME_4 "\x55\x04\x03"
#define NAME_5 "\x55\x04\x05"

struct world world;
static void *kept[KEPT];
static size_t kept_count;

struct sl_span
world_keep(struct sl_span bytes)
{
	void *copy;

	if (world.is_made)
		return heap_copy(bytes);
	copy = malloc(bytes.len + 1);
	ck_assert_ptr_nonnull(copy);
	ck_assert_uint_lt(kept_count, KEPT);
	memcpy(copy, bytes.ptr, bytes.len);
	kept[kept_count++] = copy;
	return sl_span(copy, bytes.len);
}

/* --- files ------------------------------------------------------------------------------------ */

const char *
world_path(const char *name)
{
	static char path[4][256];
	static size_t turn;

	turn = (turn + 1) % 4;
	snprintf(path[turn], sizeof path[turn], "%s/%s", world.lab.dir, name);
	return path[turn];
}

void
world_write(const char *name, struct sl_span bytes, unsigned mode)
{
	const char *path = world_path(name);
	FILE *f;

	unlink(path);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(bytes.ptr, 1, bytes.len, f), bytes.len);
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_int_eq(chmod(path, mode), 0);
}

void
world_write_pem(const char *name, struct sl_span der)
{
	char pem[4096];

	ck_assert_ok(sl_cert_to_pem(der, pem, sizeof pem));
	world_write(name, sl_span_text(pem), 0444);
}

void
world_write_key(const char *name, const struct sl_pkey *key)
{
	char pem[1024];

	ck_assert_ok(sl_pkey_to_pem(key, pem, sizeof pem));
	world_write(name, sl_span_text(pem), 0400);
}

const char *
world_edhoc(const char *more)
{
	static char text[4096];

	snprintf(text, sizeof text,
	        "edhoc:\n"
	        "  methods: [0, 1, 2, 3]\n"
	        "  suites: [2, 3, 0]\n"
	        "  credentials:\n"
	        "    - {key: own-0.key, credential: own-0.ccs, use: static-dh, send: kid}\n"
	        "    - {key: own-1.key, credential: own-1.ccs, use: static-dh, send: kccs}\n"
	        "    - {key: own-2.key, credential: own-2.ccs, use: signature, send: kid}\n"
	        "    - {key: own-3.key, credential: own-3.ccs, use: signature, send: kccs}\n"
	        "%s",
	        more);
	return text;
}

enum sl_err
world_configure(const char *text)
{
	static char yaml[16384];

	snprintf(yaml, sizeof yaml,
	        "store: sealift-est.db\n"
	        "ca:\n"
	        "  key: ca.key\n"
	        "  certificate: ca.pem\n"
	        "profiles:\n"
	        "  - name: default\n"
	        "  - name: second\n"
	        "%s",
	        text);
	world_write("sealift-est.yaml", sl_span_text(yaml), 0644);
	return config_load(&world.lab.config, world.lab.yaml, world.message);
}

enum sl_err
world_open(void)
{
	struct trust_options options = {
	        .config = &world.lab.config,
	        .store = world.lab.store,
	        .ca = world.lab.ca,
	        .now = world.lab.now,
	};

	trust_close(world.trust);
	world.trust = NULL;
	return trust_open(&world.trust, &options, world.message);
}

/* --- certificates ----------------------------------------------------------------------------- */

static void
write_attribute(struct sl_writer *w, struct sl_span oid, const char *value)
{
	size_t set = sl_der_open(w, SL_DER_SET), pair = sl_der_open(w, SL_DER_SEQUENCE);

	sl_der_write(w, SL_DER_OID, oid);
	sl_der_write(w, SL_DER_UTF8_STRING, sl_span_text(value));
	sl_der_close(w, pair);
	sl_der_close(w, set);
}

static struct sl_span
subject_of(const struct leaf *leaf)
{
	uint8_t name[512];
	struct sl_writer w = sl_writer_over(name, sizeof name);
	size_t all;

	if (leaf->subject.len > 0)
		return leaf->subject;
	all = sl_der_open(&w, SL_DER_SEQUENCE);
	if (leaf->cn)
		write_attribute(&w, SL_DER_OID_BYTES(NAME_4), leaf->cn);
	if (leaf->serial)
		write_attribute(&w, SL_DER_OID_BYTES(NAME_5), leaf->serial);
	sl_der_close(&w, all);
	return world_keep(sl_writer_span(&w));
}

struct sl_span
world_certificate(const struct leaf *leaf)
{
	const struct sl_pkey *key = leaf->key ? leaf->key : world.device;
	const struct sl_pkey *signer = leaf->issuer ? leaf->issuer->key : key;
	uint8_t spki[256], number[16], tbs[2048], der[2048];
	struct sl_cert_params params = {
	        .subject = subject_of(leaf),
	        .issuer_cert = leaf->issuer ? leaf->issuer->cert : sl_span(NULL, 0),
	        .issuer_key = signer,
	        .not_before = world.lab.now + (leaf->from || leaf->until ? leaf->from : -DAY),
	        .not_after = world.lab.now + (leaf->from || leaf->until ? leaf->until : 30 * DAY),
	        .key_usage = leaf->key_usage,
	        .is_ca = leaf->is_ca,
	};
	size_t len = 0;

	if (!params.key_usage && !leaf->has_no_usage)
		params.key_usage = SL_KU_DIGITAL_SIGNATURE | SL_KU_KEY_AGREEMENT;
	ck_assert_ok(sl_pkey_to_spki(key, spki, sizeof spki, &len));
	params.spki = sl_span(spki, len);
	ck_assert_ok(sl_random(number, sizeof number));
	number[0] = 0x21;
	params.serial = leaf->number.len > 0 ? leaf->number : sl_span(number, sizeof number);
	ck_assert_ok(sl_cert_tbs(&params, tbs, sizeof tbs, &len));
	ck_assert_ok(sl_cert_sign(sl_span(tbs, len), signer, der, sizeof der, &len));
	return world_keep(sl_span(der, len));
}

struct maker
world_authority(const char *name, const struct leaf *like)
{
	struct leaf leaf = like ? *like : (struct leaf){.until = 3650 * DAY, .from = -3650 * DAY};
	struct maker maker = {.key = lab_key(SL_PKEY_P256)};

	leaf.cn = name;
	leaf.is_ca = true;
	leaf.key = maker.key;
	leaf.key_usage = SL_KU_KEY_CERT_SIGN | SL_KU_DIGITAL_SIGNATURE;
	maker.cert = world_certificate(&leaf);
	return maker;
}

struct sl_span
world_ccs(const char *subject, const char *kid, const struct sl_pkey *key, int64_t exp, int64_t nbf)
{
	uint8_t plain[256], whole[320];
	struct sl_writer w = sl_writer_over(plain, sizeof plain);
	struct sl_writer all = sl_writer_over(whole, sizeof whole);
	size_t head = 1 + 1 + strlen(subject) + 1; /* map, 2, the text with its head */
	struct sl_span rest;

	ck_assert_ok(
	        sl_ccs_write(&w, sl_span_text(subject), kid ? hex(kid) : sl_span(NULL, 0), key));
	rest = sl_span(plain + head, w.len - head);
	sl_cbor_write_map(&all, 2U + (exp != 0) + (nbf != 0));
	sl_write_span(&all, sl_span(plain + 1, head - 1));
	if (exp) {
		sl_cbor_write_int(&all, 4);
		sl_cbor_write_int(&all, exp);
	}
	if (nbf) {
		sl_cbor_write_int(&all, 5);
		sl_cbor_write_int(&all, nbf);
	}
	sl_write_span(&all, rest);
	ck_assert_ok(sl_writer_finish(&all));
	return world_keep(sl_writer_span(&all));
}

struct sl_span
world_native(const char *subject, int64_t until, unsigned key_usage)
{
	const struct sl_pkey *key = subject ? world.device : world.native_key;
	uint8_t tbs[512], out[640], point[65] = {0x04};
	struct sl_writer w = sl_writer_over(tbs, sizeof tbs);
	size_t len = 0;

	ck_assert_ok(sl_pkey_to_raw_public(key, point + 1, 64, &len));
	sl_cbor_write_int(&w, 2);
	sl_cbor_write_bytes(&w, sl_span("\x21", 1));
	sl_cbor_write_int(&w, 0); /* ES256 */
	if (subject)
		sl_cbor_write_text(&w, "Native Root");
	else
		sl_cbor_write_null(&w);
	sl_cbor_write_int(&w, world.lab.now - DAY);
	sl_cbor_write_int(&w, world.lab.now + until);
	sl_cbor_write_text(&w, subject ? subject : "Native Root");
	sl_cbor_write_int(&w, 1); /* P-256 */
	sl_cbor_write_bytes(&w, sl_span(point, 65));
	sl_cbor_write_array(&w, 4);
	sl_cbor_write_int(&w, -2); /* keyUsage, critical */
	sl_cbor_write_int(&w, key_usage);
	sl_cbor_write_int(
	        &w, -4); /* basicConstraints, critical: -2 is no CA, -1 one without limit */
	sl_cbor_write_int(&w, subject ? -2 : -1);
	ck_assert_ok(
	        sl_c509_sign_native(sl_writer_span(&w), world.native_key, out, sizeof out, &len));
	return world_keep(sl_span(out, len));
}

/* --- the whole -------------------------------------------------------------------------------- */

static void
make_own(void)
{
	static const enum sl_pkey_type types[] = {
	        SL_PKEY_P256, SL_PKEY_X25519, SL_PKEY_P256, SL_PKEY_ED25519};
	static const char *const kids[] = {"d0", "d1", "d2", "d3"};
	char name[32];

	for (size_t i = 0; i < 4; i++) {
		world.own[i] = lab_key(types[i]);
		snprintf(name, sizeof name, "own-%zu.key", i);
		world_write_key(name, world.own[i]);
		snprintf(name, sizeof name, "own-%zu.ccs", i);
		world_write(name, world_ccs("server", kids[i], world.own[i], 0, 0), 0444);
	}
}

static void
take_ours(void)
{
	size_t count = 0;
	char pem[1024];
	FILE *f = fopen(world_path("ca.key"), "r");
	size_t len;

	ck_assert_ptr_nonnull(f);
	len = fread(pem, 1, sizeof pem, f);
	fclose(f);
	ck_assert_ok(sl_pkey_from_text(&world.ours.key, sl_span(pem, len)));
	world.ours.cert = ca_certificates(world.lab.ca, &count)[0];
}

void
world_make(void)
{
	struct leaf over = {.from = -3650 * DAY, .until = -DAY};

	memset(&world, 0, sizeof world);
	lab_make(&world.lab, NULL);
	lab_start(&world.lab);
	world.device = lab_key(SL_PKEY_P256);
	world.other = lab_key(SL_PKEY_P256);
	world.x25519 = lab_key(SL_PKEY_X25519);
	world.ed25519 = lab_key(SL_PKEY_ED25519);
	world.p384 = lab_key(SL_PKEY_P384);
	world.native_key = lab_key(SL_PKEY_P256);
	world.native_root = world_native(NULL, 3650 * DAY, SL_KU_KEY_CERT_SIGN);
	world.one = world_authority("Maker One", NULL);
	world.two = world_authority("Maker Two", NULL);
	world.old = world_authority("Maker Old", &over);
	world.bad = world_authority("Maker Bad", NULL);
	world.stranger = world_authority("Stranger", NULL);
	make_own();
	take_ours();
}

void
world_remove(void)
{
	struct sl_pkey *keys[] = {world.own[0], world.own[1], world.own[2], world.own[3],
	        world.one.key, world.two.key, world.old.key, world.bad.key, world.stranger.key,
	        world.ours.key, world.native_key, world.device, world.other, world.x25519,
	        world.ed25519, world.p384};

	trust_close(world.trust);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		sl_pkey_free(keys[i]);
	lab_remove(&world.lab);
	while (kept_count > 0)
		free(kept[--kept_count]);
}

/* --- a device --------------------------------------------------------------------------------- */

struct run {
	struct sl_edhoc s;
	uint8_t message[8192], plaintext[8192], scratch[24576];
};

static struct run device_run, server_run;

static void
start(struct run *run, enum sl_edhoc_role role, const struct sl_edhoc_profile *profile)
{
	struct sl_edhoc_memory memory = {
	        .message = {run->message, sizeof run->message},
	        .plaintext = {run->plaintext, sizeof run->plaintext},
	        .scratch = {run->scratch, sizeof run->scratch},
	};

	sl_edhoc_init(&run->s, role, profile, &memory);
}

/* Messages 1 to 3: what the server makes of the last. */
static enum sl_err
exchange(const struct attempt *a, const struct sl_edhoc_profile *profile,
        const struct sl_edhoc_credential *own, struct sl_edhoc_seen *seen)
{
	const struct sl_edhoc_suite *suite = sl_edhoc_suite(a->suite);
	struct sl_edhoc_message_1 one = {
	        .method = a->method,
	        .suite = a->suite,
	        .ephemeral = lab_key(suite->ecdh),
	        .c_i = sl_span("\x00", 1),
	        .own = own,
	};
	struct sl_edhoc_message_2 two = {
	        .ephemeral = lab_key(suite->ecdh),
	        .c_r = sl_span("\x01", 1),
	        .own = trust_own(world.trust, a->method, suite),
	};
	struct sl_span message;
	size_t which;

	ck_assert_ptr_nonnull(two.own);
	start(&device_run, SL_EDHOC_INITIATOR, profile);
	start(&server_run, SL_EDHOC_RESPONDER, trust_profile(world.trust));
	ck_assert_ok(sl_edhoc_write_message_1(&device_run.s, &one, &message));
	ck_assert_ok(sl_edhoc_read_message_1(&server_run.s, message, seen));
	ck_assert_ok(sl_edhoc_write_message_2(&server_run.s, &two, &message));
	ck_assert_ok(sl_edhoc_read_message_2(&device_run.s, message, seen));
	ck_assert_ok(sl_edhoc_verify(&device_run.s, two.own, 1, &which));
	ck_assert_ok(sl_edhoc_write_message_3(&device_run.s, sl_span(NULL, 0), &message));
	return sl_edhoc_read_message_3(&server_run.s, message, seen);
}

static void
judge(const struct attempt *a, const struct sl_edhoc_seen *seen, struct outcome *o)
{
	/* the run forgets it when it verifies, and the credential may be in it */
	struct trust_ask ask = {.id_cred = heap_copy(seen->id_cred), .method = a->method};
	struct sl_edhoc_credential list[SL_CANDIDATES_MAX];
	struct sl_candidates candidates = {.count = 0};
	size_t which = 0;

	ask.now = world.lab.now;
	o->stage = AT_RESOLVE;
	o->err = trust_resolve(world.trust, &ask, &candidates);
	if (o->err)
		return;
	for (size_t i = 0; i < candidates.count; i++)
		list[i] = (struct sl_edhoc_credential){.id_cred = seen->id_cred,
		        .cred = candidates.list[i].cred,
		        .key = candidates.list[i].key};
	o->stage = AT_VERIFY;
	o->err = sl_edhoc_verify(&server_run.s, list, candidates.count, &which);
	if (!o->err) {
		o->stage = AT_AUTHORISE;
		o->err = trust_authorise(
		        world.trust, &ask, &candidates.list[which], &o->peer, &o->reason);
	}
	if (!o->err)
		o->stage = ACCEPTED;
	sl_candidates_clear(&candidates);
}

void
world_attempt(const struct attempt *a, struct outcome *o)
{
	struct sl_edhoc_credential own = {.id_cred = a->id_cred, .cred = a->cred, .key = a->key};
	struct sl_edhoc_profile profile = *trust_profile(world.trust);
	struct sl_edhoc_seen seen = {0};
	int64_t suites[CONFIG_SUITES_MAX];

	/* the device wants this suite before all others */
	suites[0] = a->suite;
	profile.suite_count = 1;
	for (size_t i = 0; i < trust_profile(world.trust)->suite_count; i++)
		if (trust_profile(world.trust)->suites[i] != a->suite)
			suites[profile.suite_count++] = trust_profile(world.trust)->suites[i];
	profile.suites = suites;
	memset(o, 0, sizeof *o);
	o->reason = "";
	o->err = exchange(a, &profile, &own, &seen);
	if (!o->err)
		judge(a, &seen, o);
	sl_edhoc_clear(&device_run.s);
	sl_edhoc_clear(&server_run.s);
}

const char *
stage_name(enum stage stage)
{
	static const char *const names[] = {"read", "resolve", "verify", "authorise", "accepted"};

	return names[stage];
}
