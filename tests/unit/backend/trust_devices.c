/* SPDX-License-Identifier: BSD-2-Clause */
#include "trust_devices.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <sl/c509.h>
#include <sl/cbor.h>
#include <sl/der.h>
#include <sl/hash.h>
#include <sl/text.h>

static const char long_one[] = "0123456789012345678901234567890123456789"
                               "012345678901234567890"; /* 61: with "one-" 65, one too many */

static struct sl_span issued, issued_revoked, issued_gone, pinned, pinned_old, pinned_signs,
        revoked_leaf, middle, listed, listed_stranger;
static struct sl_span ccs[CCS_TWIN - CCS_7 + 1]; /* that are among the peers */
static struct sl_pkey *middle_key;
static char issued_serial[2 * SL_SERIAL_MAX + 1];

static struct sl_span
cred_of(struct sl_span der)
{
	uint8_t bytes[4096];
	struct sl_writer w = sl_writer_over(bytes, sizeof bytes);

	sl_credential_write_x509(&w, der);
	return world_keep(sl_writer_span(&w));
}

static struct sl_span
changed(struct sl_span bytes, size_t at)
{
	struct sl_span copy = world_keep(bytes);

	((uint8_t *)(uintptr_t)copy.ptr)[at] ^= 1;
	return copy;
}

struct sl_span
device_c509(struct sl_span der)
{
	uint8_t bytes[2048];
	size_t len = 0;

	ck_assert_ok(sl_c509_from_x509(der, SL_C509_COMPRESSED, bytes, sizeof bytes, &len));
	return world_keep(sl_span(bytes, len));
}

/* --- makers of devices ------------------------------------------------------------------------ */

static struct sl_span
leaf(const struct maker *issuer, const char *cn, const char *serial)
{
	return world_certificate(&(struct leaf){.issuer = issuer, .cn = cn, .serial = serial});
}

/* A serialNumber attribute with this tag and value. */
static struct sl_span
named(uint8_t tag, struct sl_span value, size_t times)
{
	uint8_t name[512];
	struct sl_writer w = sl_writer_over(name, sizeof name);
	size_t all = sl_der_open(&w, SL_DER_SEQUENCE);

	for (size_t i = 0; i < times; i++) {
		size_t set = sl_der_open(&w, SL_DER_SET), pair = sl_der_open(&w, SL_DER_SEQUENCE);

		sl_der_write(&w, SL_DER_OID, SL_DER_OID_BYTES("\x55\x04\x05"));
		sl_der_write(&w, tag, value);
		sl_der_close(&w, pair);
		sl_der_close(&w, set);
	}
	sl_der_close(&w, all);
	return world_certificate(
	        &(struct leaf){.issuer = &world.one, .subject = world_keep(sl_writer_span(&w))});
}

/* The same subject, key and issuer name, out of another's hand. */
static struct sl_span
forged(void)
{
	struct maker fake = world.one;
	struct sl_span cert;

	fake = world_authority("Maker One", NULL);
	cert = leaf(&fake, NULL, "s1");
	sl_pkey_free(fake.key);
	return cert;
}

/* A point that is not on the curve, under a good signature: x is 5 in place of what it was. */
static struct sl_span
off_curve(void)
{
	struct sl_span good = leaf(&world.one, NULL, "s1"), tbs;
	static const uint8_t head[] = {0x03, 0x42, 0x00, 0x04}; /* BIT STRING of a P-256 point */
	uint8_t bytes[2048], der[2048];
	uint8_t *point;
	size_t len = 0;

	ck_assert_ok(sl_cert_get_tbs(good, &tbs));
	memcpy(bytes, tbs.ptr, tbs.len);
	point = memmem(bytes, tbs.len, head, sizeof head);
	ck_assert_ptr_nonnull(point);
	memset(point + 4, 0, 32);
	point[35] = 5;
	ck_assert_ok(sl_cert_sign(sl_span(bytes, tbs.len), world.one.key, der, sizeof der, &len));
	return world_keep(sl_span(der, len));
}

/* Below a device, which is no authority: leaf and device. */
static void
below_a_device(struct device *d)
{
	struct maker shadow = {.key = world.other};
	struct leaf same = {.cn = "Device",
	        .key = world.other,
	        .is_ca = true,
	        .key_usage = SL_KU_KEY_CERT_SIGN};

	shadow.cert = world_certificate(&same); /* makes the leaf, and is not shown */
	d->chain[0] = leaf(&shadow, NULL, "s1");
	same.issuer = &world.one;
	same.is_ca = false;
	same.key_usage = SIGN;
	d->chain[1] = world_certificate(&same);
	d->chain_len = 2;
}

static void
below_an_old_middle(struct device *d)
{
	struct maker m = {.key = world.other};

	m.cert = world_certificate(&(struct leaf){.issuer = &world.one,
	        .cn = "Middle",
	        .key = world.other,
	        .is_ca = true,
	        .key_usage = SL_KU_KEY_CERT_SIGN,
	        .from = -3 * DAY,
	        .until = -DAY});
	d->chain[0] = leaf(&m, NULL, "s1");
	d->chain[1] = m.cert;
	d->chain_len = 2;
}

static void
below_middle(struct device *d)
{
	struct maker m = {.key = middle_key, .cert = middle};

	d->chain[0] = leaf(&m, NULL, "s1");
	d->chain[1] = middle;
	d->chain_len = 2;
}

struct sl_span
device_middle(void)
{
	return middle;
}

/* The number of a certificate of ours, other bytes. */
static struct sl_span
twin(void)
{
	struct sl_cert cert;

	ck_assert_ok(sl_cert_decode(&cert, issued));
	return world_certificate(
	        &(struct leaf){.issuer = &world.ours, .cn = "meter-1", .number = cert.serial});
}

/* Below Maker One with the serialNumber s1, when nothing else is said. */
static const struct {
	enum who who;
	struct leaf leaf;
} leaves[] = {
        {GOOD, {.issuer = &world.one, .cn = "x", .serial = "s1"}},
        {TWO, {.issuer = &world.two, .cn = "pump", .serial = "s1"}},
        {LONGEST, {.issuer = &world.one, .serial = long_one + 1}},
        {TOO_LONG, {.issuer = &world.one, .serial = long_one}},
        {EXPIRED, {.issuer = &world.one, .serial = "s1", .from = -2 * DAY, .until = -DAY}},
        {FUTURE, {.issuer = &world.one, .serial = "s1", .from = DAY, .until = 2 * DAY}},
        {ENDS_SOON, {.issuer = &world.one, .serial = "s1", .from = -DAY, .until = 60}},
        {ENDED, {.issuer = &world.one, .serial = "s1", .from = -DAY, .until = -1}},
        {ONLY_AGREES, {.issuer = &world.one, .serial = "s1", .key_usage = AGREE}},
        {ONLY_SIGNS, {.issuer = &world.one, .serial = "s1", .key_usage = SIGN}},
        {ENCIPHERS, {.issuer = &world.one, .serial = "s1", .key_usage = SL_KU_KEY_ENCIPHERMENT}},
        {NO_USAGE, {.issuer = &world.one, .serial = "s1", .has_no_usage = true}},
        {IS_CA, {.issuer = &world.one,
                        .serial = "s1",
                        .is_ca = true,
                        .key_usage = SIGN | SL_KU_KEY_CERT_SIGN}},
        {NO_SERIAL, {.issuer = &world.one, .cn = "x"}},
        {CONTROL, {.issuer = &world.one, .serial = "s\n1"}},
        {SELF, {.serial = "s1"}},
        {STRANGER, {.issuer = &world.stranger, .serial = "s1"}},
        {OLD, {.issuer = &world.old, .cn = "x"}},
        {BAD, {.issuer = &world.bad, .cn = "x"}},
        {ISSUED_UNKNOWN, {.issuer = &world.ours, .cn = "meter-9"}},
};

/* The serialNumber attribute in another string type. */
static const struct {
	enum who who;
	uint8_t tag;
	size_t times;
	const char *value; /* hex */
} names[] = {
        {PRINTABLE, SL_DER_PRINTABLE_STRING, 1, "7331"},
        {TWO_SERIALS, SL_DER_UTF8_STRING, 2, "7331"},
        {BMP, SL_DER_BMP_STRING, 1, "00730031"},
        {T61, 0x14, 1, "7331"},
        {NUL, SL_DER_IA5_STRING, 1, "730031"},
        {NOT_UTF8, SL_DER_PRINTABLE_STRING, 1, "73ff"},
};

static struct sl_span
find_certificate(enum who who)
{
	struct sl_span good = leaf(&world.one, "x", "s1");
	const struct maker m = {middle_key, middle};

	for (size_t i = 0; i < ARRAY_LEN(leaves); i++)
		if (leaves[i].who == who)
			return world_certificate(&leaves[i].leaf);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (names[i].who == who)
			return named(names[i].tag, hex(names[i].value), names[i].times);
	return who == GOOD_384          ? world_certificate(&(struct leaf){
	                                          .issuer = &world.one, .serial = "s1", .key = world.p384})
	       : who == MIDDLE_ALONE    ? leaf(&m, NULL, "s1")
	       : who == THE_ANCHOR      ? world.one.cert
	       : who == FORGED          ? forged()
	       : who == SIGNATURE       ? changed(good, good.len - 1)
	       : who == TBS             ? changed(good, 20) /* inside the number */
	       : who == CUT             ? sl_span(good.ptr, good.len - 1)
	       : who == OFF_CURVE       ? off_curve()
	       : who == REVOKED         ? revoked_leaf
	       : who == ISSUED          ? issued
	       : who == ISSUED_REVOKED  ? issued_revoked
	       : who == ISSUED_GONE     ? issued_gone
	       : who == TWIN            ? twin()
	       : who == PINNED          ? pinned
	       : who == PINNED_OLD      ? pinned_old
	       : who == PINNED_SIGNS    ? pinned_signs
	       : who == PINNED_CHANGED  ? changed(pinned, pinned.len - 1)
	       : who == LISTED          ? listed
	       : who == LISTED_STRANGER ? listed_stranger
	                                : sl_span(NULL, 0);
}

static struct sl_span
find_other(enum who who)
{
	struct sl_span native = world_native("node", 30 * DAY, SIGN);

	return who == NATIVE           ? native
	       : who == NATIVE_EXPIRED ? world_native("node", -1, SIGN)
	       : who == NATIVE_AGREES  ? world_native("node", 30 * DAY, AGREE)
	       : who == NATIVE_CHANGED ? changed(native, native.len - 1)
	       : who == CCS_CHANGED    ? changed(ccs[0], 4) /* inside the subject */
	       : who == CCS_OTHER_KEY  ? world_ccs("sensor-7", "07", world.other, 0, 0)
	       : who == CCS_LONGER
	               ? world_ccs("sensor-7", "07", world.device, world.lab.now + DAY, 0)
	       : who == CCS_UNKNOWN              ? world_ccs("nobody", "70", world.device, 0, 0)
	       : who == OURS                     ? world_ccs("server", "d0", world.own[0], 0, 0)
	       : who >= CCS_7 && who <= CCS_TWIN ? ccs[who - CCS_7]
	                                         : sl_span(NULL, 0);
}

void
device_be(struct device *d, enum who who)
{
	memset(d, 0, sizeof *d);
	d->chain_len = 1;
	d->key = who == CCS_X || who == CCS_ZERO ? world.x25519
	         : who == CCS_ED                 ? world.ed25519
	         : who == GOOD_384               ? world.p384
	         : who == OURS                   ? world.own[0]
	         : who == CCS_TWIN               ? world.other
	                                         : world.device;
	if (who == BELOW_A_DEVICE)
		below_a_device(d);
	else if (who == BELOW_OLD)
		below_an_old_middle(d);
	else if (who == MIDDLE)
		below_middle(d);
	else
		d->chain[0] = find_certificate(who);
	d->cred = d->chain[0].len > 0 ? cred_of(d->chain[0]) : find_other(who);
	ck_assert_msg(d->cred.len > 0, "who %d", who);
}

struct sl_span
device_pinned(void)
{
	return pinned;
}

struct sl_span
device_ccs(enum who who)
{
	return ccs[who - CCS_7];
}

/* --- the peers -------------------------------------------------------------------------------- */

static void
issue(const char *identity, const char *profile, struct sl_span *der, char serial[static 41])
{
	struct ca_answer answer;
	struct ca_request request = {
	        .identity = identity,
	        .profile = profile,
	        .label = "",
	        .csr = lab_csr(world.device, identity, NULL),
	        .now = world.lab.now,
	        .boot_ms = world.lab.boot_ms,
	};

	ck_assert_int_eq(ca_enrol(world.lab.ca, &request, &answer), CA_ISSUED);
	*der = world_keep(sl_span(answer.certificate, answer.certificate_len));
	memcpy(serial, answer.serial, sizeof answer.serial);
}

static struct sl_span
zero_ccs(void)
{
	struct sl_span all = world_ccs("sensor-0", "0a", world.x25519, 0, 0);

	memset((uint8_t *)(uintptr_t)all.ptr + all.len - 32, 0, 32); /* x is last: of low order */
	return all;
}

static void
make_ccs(void)
{
	const int64_t now = world.lab.now;

	ccs[CCS_7 - CCS_7] = world_ccs("sensor-7", "07", world.device, 0, 0);
	ccs[CCS_8 - CCS_7] = world_ccs("sensor-8", "08", world.device, now - 1, 0);
	ccs[CCS_9 - CCS_7] = world_ccs("sensor-9", "09", world.device, 0, now + 1);
	ccs[CCS_X - CCS_7] = world_ccs("sensor-x", "0b", world.x25519, 0, 0);
	ccs[CCS_ED - CCS_7] = world_ccs("sensor-e", "0c", world.ed25519, 0, 0);
	ccs[CCS_ZERO - CCS_7] = zero_ccs();
	ccs[CCS_384 - CCS_7] = world_ccs("sensor-3", "0d", world.p384, 0, 0);
	ccs[CCS_REVOKED - CCS_7] = world_ccs("sensor-r", "0e", world.device, 0, 0);
	ccs[CCS_TWIN - CCS_7] = world_ccs("sensor-t", "07", world.other, 0, 0);
}

static void
write_files(void)
{
	char name[32], text[512], hash_text[65];
	const struct sl_span bad[] = {world.bad.cert, revoked_leaf, ccs[CCS_REVOKED - CCS_7]};
	uint8_t hash[32];
	size_t len = 0;

	for (size_t i = 0; i < ARRAY_LEN(ccs); i++) {
		snprintf(name, sizeof name, "ccs-%zu.ccs", i);
		world_write(name, ccs[i], 0444);
	}
	world_write_pem("one.pem", world.one.cert);
	world_write_pem("two.pem", world.two.cert);
	world_write_pem("old.pem", world.old.cert);
	world_write_pem("bad.pem", world.bad.cert);
	world_write("native.c509", world.native_root, 0444);
	world_write_pem("pinned.pem", pinned);
	world_write_pem("pinned-old.pem", pinned_old);
	world_write_pem("pinned-signs.pem", pinned_signs);
	ck_assert_int_eq(mkdir(world_path("listed"), 0700), 0);
	world_write_pem("listed/s1.pem", listed);
	world_write_pem("listed/other.pem", listed_stranger);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		ck_assert_ok(sl_sha256(bad[i], hash));
		ck_assert_ok(sl_hex_encode(hash_text, sizeof hash_text, sl_span(hash, 32)));
		len += (size_t)snprintf(text + len, sizeof text - len, "%s\n", hash_text);
	}
	world_write("revoked.txt", sl_span_text(text), 0644);
}

static void
configure(void)
{
	char text[8192];
	size_t len = (size_t)snprintf(text, sizeof text,
	        "%speers:\n"
	        "  - {anchor: one.pem, identity: \"one-{serial-number}\", profile: default}\n"
	        "  - {anchor: two.pem, identity: \"{common-name}\", profile: second, functions: "
	        "[crts, sen]}\n"
	        "  - {anchor: two.pem, identity: \"never-{common-name}\", profile: default}\n"
	        "  - {anchor: native.c509, identity: \"n-{common-name}\", profile: default}\n"
	        "  - {anchor: old.pem, identity: \"old-{common-name}\", profile: default}\n"
	        "  - {anchor: bad.pem, identity: \"bad-{common-name}\", profile: default}\n"
	        "  - {credential: pinned.pem, identity: pinned, profile: second, uri: "
	        "\"https://peers.example/pinned\"}\n"
	        "  - {credential: pinned-old.pem, identity: pinned-old, profile: default}\n"
	        "  - {credential: pinned-signs.pem, identity: pinned-signs, profile: default}\n",
	        world_edhoc("  revoked: revoked.txt\n  directory: listed\n"));

	for (size_t i = 0; i < ARRAY_LEN(ccs); i++)
		len += (size_t)snprintf(text + len, sizeof text - len,
		        "  - {credential: ccs-%zu.ccs, identity: known-%zu, profile: default}\n", i,
		        i);
	ck_assert_msg(world_configure(text) == SL_OK, "%s", world.message);
	ck_assert_msg(world_open() == SL_OK, "%s", world.message);
}

void
devices_make(void)
{
	char serial[41];

	world_make();
	ck_assert_msg(world_configure("  - name: gone\n") == SL_OK, "%s", world.message);
	issue("meter-1", "default", &issued, issued_serial);
	issue("meter-2", "default", &issued_revoked, serial);
	lab_revoke(&world.lab, serial, "superseded");
	issue("meter-3", "gone", &issued_gone, serial);
	middle_key = lab_key(SL_PKEY_P256);
	middle = world_certificate(&(struct leaf){.issuer = &world.one,
	        .cn = "Middle",
	        .key = middle_key,
	        .is_ca = true,
	        .key_usage = SL_KU_KEY_CERT_SIGN});
	revoked_leaf = leaf(&world.one, NULL, "s2");
	pinned = world_certificate(&(struct leaf){.cn = "pinned"});
	pinned_old = world_certificate(
	        &(struct leaf){.cn = "pinned-old", .from = -2 * DAY, .until = -DAY});
	listed = leaf(&world.one, NULL, "s1");
	listed_stranger = leaf(&world.stranger, NULL, "s1");
	pinned_signs = world_certificate(&(struct leaf){.cn = "pinned-signs", .key_usage = SIGN});
	make_ccs();
	write_files();
	configure();
	world.is_made = true;
}

void
devices_remove(void)
{
	sl_pkey_free(middle_key);
	world_remove();
}

const char *
devices_issued(void)
{
	return issued_serial;
}
