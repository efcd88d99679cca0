/* SPDX-License-Identifier: BSD-2-Clause
 * Hostile requests: signed ones that a grammar makes and whose bytes are then changed, and
 * unsigned ones. Every certificate that comes out is inside the policy (threat T41). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sl/hash.h>

#include "lab.h"

#define KEYS 6

static struct lab lab;
static struct sl_pkey *keys[KEYS];
static uint8_t spki_bytes[KEYS][256];
static struct sl_span spkis[KEYS];
static uint64_t state = 0x5ea11f7; /* the same requests in every run */

/* xorshift64 (Marsaglia 2003). */
static uint32_t
draw(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 16) % below;
}

static void
setup(void)
{
	static const enum sl_pkey_type types[KEYS] = {SL_PKEY_P256, SL_PKEY_P256, SL_PKEY_P256,
	        SL_PKEY_P256, SL_PKEY_P384, SL_PKEY_ED25519};
	size_t len;

	lab_make(&lab, "  - name: default\n"
	               "    key-types: [p256, ed25519]\n"
	               "    validity: 30d\n");
	lab_start(&lab);
	for (size_t i = 0; i < KEYS; i++) {
		keys[i] = lab_key(types[i]);
		ck_assert_ok(sl_pkey_to_spki(keys[i], spki_bytes[i], sizeof spki_bytes[i], &len));
		spkis[i] = sl_span(spki_bytes[i], len);
	}
}

static void
teardown(void)
{
	for (size_t i = 0; i < KEYS; i++)
		sl_pkey_free(keys[i]);
	lab_remove(&lab);
}

/* --- a small DER writer: contents first, then the header in front ---------------------------- */

struct der {
	uint8_t bytes[3000];
	size_t len;
};

static void
add(struct der *d, const void *bytes, size_t len)
{
	ck_assert_uint_le(d->len + len, sizeof d->bytes);
	memcpy(d->bytes + d->len, bytes, len);
	d->len += len;
}

static void
add_hex(struct der *d, const char *text)
{
	struct sl_span s = hex(text);

	add(d, s.ptr, s.len);
}

static void
wrap(struct der *d, uint8_t tag)
{
	uint8_t head[4] = {tag};
	size_t n = 2;

	head[1] = (uint8_t)d->len;
	if (d->len > 0xff) {
		head[1] = 0x82;
		head[2] = (uint8_t)(d->len >> 8);
		head[3] = (uint8_t)d->len;
		n = 4;
	} else if (d->len > 0x7f) {
		head[1] = 0x81;
		head[2] = (uint8_t)d->len;
		n = 3;
	}
	ck_assert_uint_le(d->len + n, sizeof d->bytes);
	memmove(d->bytes + n, d->bytes, d->len);
	memcpy(d->bytes, head, n);
	d->len += n;
}

static void
add_der(struct der *d, const struct der *inner)
{
	add(d, inner->bytes, inner->len);
}

/* --- the grammar ----------------------------------------------------------------------------- */

static const char *const names[] = {"device-1", "device-2", "Sealift CA", "", "*", "device-1\0x",
        "www.example.com", "d\xc3\xa9vice-1", "device-1 "};

static void
make_name(struct der *out)
{
	static const char *const kinds[] = {"550403", "55040a", "550406", "2a864886f70d010901"};
	uint32_t parts = draw(8) == 0 ? draw(4) : 1;

	out->len = 0;
	for (uint32_t i = 0; i < parts; i++) {
		const char *text = draw(2) ? "device-1" : names[draw(ARRAY_LEN(names))];
		struct der value = {.len = 0}, type = {.len = 0};

		add_hex(&type, kinds[draw(6) ? 0 : draw(ARRAY_LEN(kinds))]);
		wrap(&type, 0x06);
		add(&value, text, strlen(text));
		wrap(&value, draw(5) ? 0x0c : 0x13);
		add_der(&type, &value);
		wrap(&type, 0x30);
		wrap(&type, 0x31);
		add_der(out, &type);
	}
	wrap(out, 0x30);
}

static void
add_extension(struct der *list, const char *oid, const struct der *value)
{
	struct der e = {.len = 0}, v = *value;

	add_hex(&e, oid);
	wrap(&e, 0x06);
	if (draw(2))
		add_hex(&e, "0101ff");
	wrap(&v, 0x04);
	add_der(&e, &v);
	wrap(&e, 0x30);
	add_der(list, &e);
}

static void
make_extensions(struct der *list)
{
	static const struct {
		const char *oid, *value;
	} kinds[] = {
	        {"551d13", "30030101ff"},                /* basicConstraints CA:TRUE */
	        {"551d13", "30060101ff020100"},          /* and a path length */
	        {"551d13", "3000"},                      /* CA:FALSE */
	        {"551d0f", "03020780"},                  /* keyUsage digitalSignature */
	        {"551d0f", "03020204"},                  /* keyCertSign */
	        {"551d0f", "030206c0"},                  /* and nonRepudiation */
	        {"551d0f", "03020308"},                  /* keyAgreement */
	        {"551d0f", "030100"},                    /* nothing at all */
	        {"551d11", "300a8208646576696365 2d31"}, /* dNSName device-1 */
	        {"551d11", "3003820161"},                /* dNSName a */
	        {"551d11", "30068704 7f000001"},         /* iPAddress */
	        {"551d25", "300a06082b06010505070301"},  /* serverAuth */
	        {"551d25", "300a06082b0601050507031c"},  /* cmcRA */
	        {"551d1e", "3000"},                      /* nameConstraints */
	        {"551d20", "300630040602 2a03"},         /* certificatePolicies */
	        {"551d24", "3000"},                      /* policyConstraints */
	        {"2a0304", "0500"},                      /* nobody's */
	};

	for (uint32_t n = draw(4); n > 0; n--) {
		uint32_t k = draw(ARRAY_LEN(kinds));
		struct der value = {.len = 0};

		add_hex(&value, kinds[k].value);
		add_extension(list, kinds[k].oid, &value);
	}
	/* So that hardly any request repeats another one. */
	struct der unique = {.len = 0};
	uint32_t number = draw(UINT32_MAX);

	add(&unique, &number, sizeof number);
	wrap(&unique, 0x04);
	add_extension(list, "2a0305", &unique);
}

static void
make_attributes(struct der *out)
{
	struct der list = {.len = 0}, attribute = {.len = 0};

	make_extensions(&list);
	wrap(&list, 0x30);
	wrap(&list, 0x31);
	add_hex(&attribute, "06092a864886f70d01090e"); /* extensionRequest */
	add_der(&attribute, &list);
	wrap(&attribute, 0x30);
	out->len = 0;
	add_der(out, &attribute);
	if (draw(4) == 0)
		add_hex(out, "301006092a864886f70d010907 31030c0161"); /* challengePassword */
	if (draw(6) == 0)
		add_hex(out, "300e06082b060105050707243102 3000"); /* ChangeSubjectName */
	if (draw(12) == 0)
		add_der(out, &attribute);
	wrap(out, 0xa0);
}

static void
mutate(struct der *d)
{
	uint32_t at = draw((uint32_t)d->len);

	switch (draw(5)) {
	case 0:
		d->bytes[at] ^= (uint8_t)(1U << draw(8));
		break;
	case 1:
		d->bytes[at] = (uint8_t)draw(256);
		break;
	case 2: /* a byte less */
		memmove(d->bytes + at, d->bytes + at + 1, d->len - at - 1);
		d->len--;
		break;
	case 3: /* a byte more */
		if (d->len == sizeof d->bytes)
			break;
		memmove(d->bytes + at + 1, d->bytes + at, d->len - at);
		d->len++;
		break;
	default: /* two bytes change places */
		if (at + 1 < d->len) {
			uint8_t kept = d->bytes[at];

			d->bytes[at] = d->bytes[at + 1];
			d->bytes[at + 1] = kept;
		}
	}
}

static const char *
algorithm_of(size_t key)
{
	if (sl_pkey_type(keys[key]) == SL_PKEY_ED25519)
		return "300506032b6570";
	return sl_pkey_type(keys[key]) == SL_PKEY_P384 ? "300a06082a8648ce3d040303"
	                                               : "300a06082a8648ce3d040302";
}

/* A request that really is signed with the key, whatever its inside says. */
static size_t
make_request(struct der *request)
{
	struct der info = {.len = 0}, part = {.len = 0};
	uint8_t signature[SL_SIGNATURE_MAX + 1] = {0};
	size_t key = draw(KEYS), len = 0;

	add_hex(&info, draw(40) ? "020100" : "020101");
	make_name(&part);
	add_der(&info, &part);
	add(&info, spkis[key].ptr, spkis[key].len);
	make_attributes(&part);
	add_der(&info, &part);
	wrap(&info, 0x30);
	for (uint32_t n = draw(3); draw(2) && n > 0; n--)
		mutate(&info);
	ck_assert_ok(sl_sign(
	        keys[key], sl_span(info.bytes, info.len), signature + 1, SL_SIGNATURE_MAX, &len));
	part.len = 0;
	add(&part, signature, len + 1);
	wrap(&part, 0x03);
	*request = info;
	add_hex(request, algorithm_of(key));
	add_der(request, &part);
	wrap(request, 0x30);
	if (draw(10) == 0) /* not signed for */
		mutate(request);
	return key;
}

/* --- what may come out ----------------------------------------------------------------------- */

static void
check_inside(const struct ca_answer *answer, size_t key, const struct sl_cert *issuer)
{
	struct sl_cert cert;
	uint8_t subject[64];
	size_t len;

	ck_assert_ok(sl_cert_decode(&cert, sl_span(answer->certificate, answer->certificate_len)));
	ck_assert_ok(sl_cert_verify_issued_by(&cert, issuer, lab.now));
	ck_assert_ok(sl_name_from_cn("device-1", subject, sizeof subject, &len));
	ck_assert_bytes(cert.subject, sl_span(subject, len));
	ck_assert_bytes(cert.spki, spkis[key]);
	ck_assert_uint_eq(cert.subject_alt_name.len, 0);
	ck_assert(!cert.is_ca && !cert.is_cmc_ra && cert.has_key_usage);
	ck_assert_uint_eq(cert.key_usage, SL_KU_DIGITAL_SIGNATURE);
	ck_assert_int_eq(cert.not_after, lab.now + 30 * 86400);
	ck_assert(cert.key_type == SL_PKEY_P256 || cert.key_type == SL_PKEY_ED25519);
}

START_TEST(every_certificate_is_inside_the_policy)
{
	static struct der request;
	size_t outcomes[CA_FAILED + 1] = {0}, count;
	struct ca_answer answer;
	struct sl_cert issuer;
	unsigned requests = test_rounds(1500, 10000);

	ck_assert_ok(sl_cert_decode(&issuer, ca_certificates(lab.ca, &count)[0]));
	for (unsigned i = 0; i < requests; i++) {
		size_t key = make_request(&request);
		struct sl_span csr = sl_span(request.bytes, request.len);
		enum ca_outcome outcome = draw(4) ? lab_enrol(&lab, "device-1", csr, &answer)
		                                  : lab_renew(&lab, "device-1", csr, &answer);

		outcomes[outcome]++;
		if (outcome == CA_ISSUED || outcome == CA_REPEATED)
			check_inside(&answer, key, &issuer);
		else
			ck_assert_uint_eq(answer.certificate_len, 0);
		hex_release();
	}
	printf("sweep:");
	for (int o = CA_ISSUED; o <= CA_FAILED; o++)
		printf(" %s %zu", ca_outcome_name((enum ca_outcome)o), outcomes[o]);
	printf("\n");
	/* The sweep is worth something when it is neither all good nor all bad. */
	ck_assert_uint_gt(outcomes[CA_ISSUED], requests / 50);
	ck_assert_uint_gt(outcomes[CA_FORBIDDEN], requests / 10);
	ck_assert_uint_gt(outcomes[CA_BAD_REQUEST], requests / 10);
	ck_assert_uint_eq(outcomes[CA_BUSY] + outcomes[CA_FAILED], 0);
	ck_assert_uint_eq(lab_certificates(lab.store, NULL), outcomes[CA_ISSUED]);
	lab_check_audit(lab.store);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("hostile requests");
	TCase *t = tcase_create("sweep");

	suite_add_tcase(s, t);
	tcase_set_timeout(t, 600);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, every_certificate_is_inside_the_policy);
	return run_suite(s);
}
