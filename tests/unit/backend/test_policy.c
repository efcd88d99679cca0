/* SPDX-License-Identifier: BSD-2-Clause
 * The checks of RFC 9148 section 9 and spec row "names come from the identity": requests made by
 * another implementation against profiles. */
#include <string.h>

#include <sl/hash.h>

#include "lab.h"
#include "policy.h"

#define NOW INT64_C(1800000000)
#define DAY INT64_C(86400)

static const struct profile base = {
        .name = "default",
        .validity_s = 90 * DAY,
        .key_types = 1U << SL_PKEY_P256 | 1U << SL_PKEY_P384 | 1U << SL_PKEY_ED25519,
        .common_name = "{identity}",
        .key_usage = SL_KU_DIGITAL_SIGNATURE,
        .client_auth = true,
};

static enum policy_verdict
check_as(const struct profile *profile, const char *identity, const char *request,
        struct policy_grant *grant, const char **reason)
{
	struct policy_ask ask = {
	        .profile = profile,
	        .identity = identity,
	        .csr = lab_request(request),
	        .binding = sl_span_text("session-value-1"),
	        .now = NOW,
	        .ca_not_after = NOW + 3650 * DAY,
	};

	return policy_check(&ask, grant, reason);
}

static const struct {
	const char *request;
	enum policy_verdict verdict;
	const char *because;
} plain_rows[] = {
        {"plain", POLICY_PASS, "the subject is the identity"},
        {"empty-subject", POLICY_PASS, "an empty subject is filled in"},
        {"no-attributes", POLICY_PASS, "attributes may be absent"},
        {"p384", POLICY_PASS, "the key type is in the profile"},
        {"ed25519", POLICY_PASS, "the key type is in the profile"},
        {"wants-no-ca", POLICY_PASS, "CA:FALSE is what it gets anyway"},
        {"key-usage-signature", POLICY_PASS, "the usage is in the profile"},
        {"server-auth", POLICY_PASS, "an extension that is not copied does no harm"},
        {"challenge", POLICY_PASS, "a challenge nobody asked for is ignored"},
        {"change-subject-name", POLICY_PASS, "the attribute means nothing at /sen"},
        {"other-subject", POLICY_FORBIDDEN, "the subject is somebody else"},
        {"long-subject", POLICY_FORBIDDEN, "the subject has more than the identity"},
        {"rsa", POLICY_FORBIDDEN, "RSA is in no profile"},
        {"p521", POLICY_FORBIDDEN, "P-521 is in no profile"},
        {"wants-ca", POLICY_FORBIDDEN, "nobody becomes an authority"},
        {"key-usage-cert-sign", POLICY_FORBIDDEN, "nobody signs certificates"},
        {"key-usage-agreement", POLICY_FORBIDDEN, "the usage is not in the profile"},
        {"alt-name", POLICY_FORBIDDEN, "the profile has no alternative name"},
        {"bad-signature", POLICY_BAD_REQUEST, "possession is not proven"},
        {"changed-after-signing", POLICY_BAD_REQUEST, "the signature covers another subject"},
        {"version-1", POLICY_BAD_REQUEST, "PKCS #10 has version 0"},
        {"trailing-byte", POLICY_BAD_REQUEST, "one object, nothing behind it"},
        {"cut", POLICY_BAD_REQUEST, "the last byte is missing"},
        {"empty", POLICY_BAD_REQUEST, "there is nothing"},
        {"not-der", POLICY_BAD_REQUEST, "PEM is not what EST-coaps sends"},
};

START_TEST(judges_requests)
{
	struct policy_grant grant;
	const char *reason = NULL;
	enum policy_verdict got =
	        check_as(&base, "device-1", plain_rows[_i].request, &grant, &reason);

	ck_assert_msg(got == plain_rows[_i].verdict, "%s gave %d (%s) although %s",
	        plain_rows[_i].request, got, reason, plain_rows[_i].because);
	ck_assert_msg((got == POLICY_PASS) == (reason[0] == '\0'), "reason \"%s\"", reason);
}
END_TEST

START_TEST(grants_what_the_profile_says)
{
	struct policy_grant grant;
	const char *reason;
	uint8_t subject[POLICY_DN_MAX], hash[32];
	size_t len;

	ck_assert_int_eq(check_as(&base, "device-1", "server-auth", &grant, &reason), POLICY_PASS);
	ck_assert_ok(sl_name_from_cn("device-1", subject, sizeof subject, &len));
	ck_assert_bytes(sl_span(grant.subject, grant.subject_len), sl_span(subject, len));
	ck_assert_uint_eq(grant.subject_alt_name_len, 0);
	ck_assert_uint_eq(grant.key_usage, SL_KU_DIGITAL_SIGNATURE);
	ck_assert(grant.client_auth && !grant.server_auth);
	ck_assert_int_eq(grant.not_before, NOW - 300);
	ck_assert_int_eq(grant.not_after, NOW + 90 * DAY);
	ck_assert_ok(sl_sha256(grant.csr.spki, hash));
	ck_assert_mem_eq(grant.spki_hash, hash, sizeof hash);
}
END_TEST

START_TEST(no_certificate_outlives_its_authority)
{
	struct policy_ask ask = {.profile = &base,
	        .identity = "device-1",
	        .csr = lab_request("plain"),
	        .now = NOW,
	        .ca_not_after = NOW + DAY};
	struct policy_grant grant;
	const char *reason;

	ck_assert_int_eq(policy_check(&ask, &grant, &reason), POLICY_PASS);
	ck_assert_int_eq(grant.not_after, NOW + DAY);
	ask.ca_not_after = NOW + 1;
	ck_assert_int_eq(policy_check(&ask, &grant, &reason), POLICY_PASS);
	ask.ca_not_after = NOW;
	ck_assert_int_eq(policy_check(&ask, &grant, &reason), POLICY_FAILED);
}
END_TEST

START_TEST(leaves_the_grant_alone_when_refusing)
{
	struct policy_grant grant, before;
	const char *reason;

	memset(&grant, 0x5a, sizeof grant);
	memcpy(&before, &grant, sizeof grant);
	ck_assert_int_eq(check_as(&base, "device-2", "plain", &grant, &reason), POLICY_FORBIDDEN);
	ck_assert_mem_eq(&grant, &before, sizeof grant);
}
END_TEST

START_TEST(refuses_a_key_type_that_the_profile_leaves_out)
{
	struct profile p = base;
	struct policy_grant grant;
	const char *reason;

	p.key_types = 1U << SL_PKEY_P384;
	ck_assert_int_eq(check_as(&p, "device-1", "p384", &grant, &reason), POLICY_PASS);
	ck_assert_int_eq(check_as(&p, "device-1", "plain", &grant, &reason), POLICY_FORBIDDEN);
	ck_assert_int_eq(check_as(&p, "device-1", "ed25519", &grant, &reason), POLICY_FORBIDDEN);
}
END_TEST

START_TEST(key_usage_is_never_more_than_the_profile)
{
	struct profile p = base;
	struct policy_grant grant;
	const char *reason;

	p.key_usage = SL_KU_DIGITAL_SIGNATURE | SL_KU_KEY_AGREEMENT;
	ck_assert_int_eq(check_as(&p, "device-1", "plain", &grant, &reason), POLICY_PASS);
	ck_assert_uint_eq(grant.key_usage, p.key_usage);
	ck_assert_int_eq(
	        check_as(&p, "device-1", "key-usage-agreement", &grant, &reason), POLICY_PASS);
	ck_assert_uint_eq(grant.key_usage, SL_KU_KEY_AGREEMENT);
	/* RFC 8410 section 5: such a key does not agree on keys. */
	ck_assert_int_eq(check_as(&p, "device-1", "ed25519", &grant, &reason), POLICY_PASS);
	ck_assert_uint_eq(grant.key_usage, SL_KU_DIGITAL_SIGNATURE);
	ck_assert_int_eq(check_as(&p, "device-1", "key-usage-ed25519-agreement", &grant, &reason),
	        POLICY_FORBIDDEN);
	p.key_usage = SL_KU_KEY_AGREEMENT;
	ck_assert_int_eq(check_as(&p, "device-1", "ed25519", &grant, &reason), POLICY_FORBIDDEN);
}
END_TEST

START_TEST(a_required_challenge_belongs_to_the_session)
{
	struct profile p = base;
	struct policy_ask ask = {.profile = &p,
	        .identity = "device-1",
	        .csr = lab_request("challenge"),
	        .now = NOW,
	        .ca_not_after = NOW + DAY};
	struct policy_grant grant;
	const char *reason;

	p.requires_challenge = true;
	ck_assert_int_eq(check_as(&p, "device-1", "challenge", &grant, &reason), POLICY_PASS);
	ck_assert_int_eq(
	        check_as(&p, "device-1", "challenge-other", &grant, &reason), POLICY_BAD_REQUEST);
	ck_assert_int_eq(check_as(&p, "device-1", "plain", &grant, &reason), POLICY_BAD_REQUEST);
	/* A session without a value binds nothing. */
	ck_assert_int_eq(policy_check(&ask, &grant, &reason), POLICY_BAD_REQUEST);
	ask.csr = lab_request("challenge-empty");
	ck_assert_int_eq(policy_check(&ask, &grant, &reason), POLICY_BAD_REQUEST);
}
END_TEST

START_TEST(a_profile_may_overlook_the_requested_subject)
{
	struct profile p = base;
	struct policy_grant grant;
	const char *reason;
	uint8_t subject[POLICY_DN_MAX];
	size_t len;

	p.ignore_requested_subject = true;
	ck_assert_int_eq(check_as(&p, "device-7", "long-subject", &grant, &reason), POLICY_PASS);
	ck_assert_ok(sl_name_from_cn("device-7", subject, sizeof subject, &len));
	ck_assert_bytes(sl_span(grant.subject, grant.subject_len), sl_span(subject, len));
}
END_TEST

START_TEST(renewals_never_overlook_the_subject)
{
	struct profile p = base;
	struct policy_ask ask = {.profile = &p,
	        .identity = "device-1",
	        .is_renewal = true,
	        .now = NOW,
	        .ca_not_after = NOW + DAY};
	struct policy_grant grant;
	const char *reason;

	p.ignore_requested_subject = true;
	ask.csr = lab_request("other-subject");
	ck_assert_int_eq(policy_check(&ask, &grant, &reason), POLICY_FORBIDDEN);
	ask.csr = lab_request("change-subject-name");
	ck_assert_int_eq(policy_check(&ask, &grant, &reason), POLICY_FORBIDDEN);
	p.allow_change_subject_name = true;
	ck_assert_int_eq(policy_check(&ask, &grant, &reason), POLICY_PASS);
}
END_TEST

/* RFC 5280 section 4.2.1.6: GeneralNames ::= SEQUENCE OF GeneralName, dNSName [2], URI [6]. */
START_TEST(makes_the_alternative_name_of_the_profile)
{
	struct profile p = base;
	struct policy_grant grant;
	const char *reason;

	strcpy(p.subject_alt_name, "dns:{identity}.example");
	ck_assert_int_eq(check_as(&p, "device-1", "plain", &grant, &reason), POLICY_PASS);
	/* 30 12 82 10 "device-1.example" */
	ck_assert_bytes(sl_span(grant.subject_alt_name, grant.subject_alt_name_len),
	        hex("3012 8210 6465766963652d312e6578616d706c65"));
	ck_assert_int_eq(check_as(&p, "device-1", "alt-name", &grant, &reason), POLICY_PASS);
	ck_assert_int_eq(
	        check_as(&p, "device-1", "alt-name-two", &grant, &reason), POLICY_FORBIDDEN);
	ck_assert_int_eq(
	        check_as(&p, "device-1", "alt-name-other", &grant, &reason), POLICY_FORBIDDEN);
	strcpy(p.subject_alt_name, "uri:urn:x:{identity}");
	ck_assert_int_eq(check_as(&p, "device-1", "plain", &grant, &reason), POLICY_PASS);
	/* 30 10 86 0e "urn:x:device-1" */
	ck_assert_bytes(sl_span(grant.subject_alt_name, grant.subject_alt_name_len),
	        hex("3010 860e 75726e3a783a6465766963652d31"));
}
END_TEST

START_TEST(long_alternative_names_take_the_long_length)
{
	struct profile p = base;
	struct policy_grant grant;
	const char *reason;
	size_t len;

	/* "urn:" and 119 letters x: 123 bytes, below; then 128 with a longer identity. */
	memset(p.subject_alt_name, 'x', 127);
	memcpy(p.subject_alt_name, "uri:urn:", 8);
	strcpy(p.subject_alt_name + 118, "{identity}");
	ck_assert_int_eq(check_as(&p, "device-1", "plain", &grant, &reason), POLICY_PASS);
	len = 118 - 4 + 8;
	ck_assert_uint_eq(grant.subject_alt_name_len, len + 4);
	p.ignore_requested_subject = true;
	ck_assert_int_eq(check_as(&p, "device-1-and-more", "plain", &grant, &reason), POLICY_PASS);
	len = 118 - 4 + 17; /* 131: 30 81 86 86 81 83 */
	ck_assert_uint_eq(grant.subject_alt_name_len, len + 6);
	ck_assert_bytes(sl_span(grant.subject_alt_name, 6), hex("308186 868183"));
}
END_TEST

static const struct {
	const char *common_name, *alt_name, *because;
} bad_templates[] = {
        {"", "", "an empty name is no name"},
        {"{device}", "", "no such field"},
        {"a}b", "", "a brace that closes nothing"},
        {"{identity", "", "a brace that is never closed"},
        {"0123456789012345678901234567890123456789012345678901234567890123{identity}", "",
                "65 characters are too many (ub-common-name)"},
        {"{identity}", "mail:{identity}", "no such kind of name"},
        {"{identity}", "dns:", "an empty host name"},
        {"{identity}", "dns:{identity}..example", "an empty label"},
        {"{identity}", "dns:a b", "a space in a host name"},
        {"{identity}", "dns:-{identity}", "a host name that begins with a hyphen"},
        {"{identity}", "uri:{identity}", "a URI without its scheme"},
        {"{identity}", "uri:urn:a b", "a space in a URI"},
};

START_TEST(refuses_templates_that_make_no_name)
{
	struct profile p = base;
	const char *key = "", *mend = "";

	ck_assert_ok(policy_profile_check(&p, &key, &mend));
	snprintf(p.common_name, sizeof p.common_name, "%s", bad_templates[_i].common_name);
	snprintf(p.subject_alt_name, sizeof p.subject_alt_name, "%s", bad_templates[_i].alt_name);
	ck_assert_msg(policy_profile_check(&p, &key, &mend) != SL_OK && mend[0],
	        "accepted although %s", bad_templates[_i].because);
	ck_assert_str_eq(key, bad_templates[_i].alt_name[0] ? "subject-alt-name" : "common-name");
}
END_TEST

START_TEST(identities_that_make_no_name_fail_on_our_side)
{
	static const char *const identities[] = {"", "a b", "a\nb", "\xff",
	        "01234567890123456789012345678901234567890123456789012345678901234"};
	struct profile p = base;
	struct policy_grant grant;
	const char *reason;

	p.ignore_requested_subject = true;
	strcpy(p.subject_alt_name, "dns:{identity}.example");
	for (size_t i = 0; i < ARRAY_LEN(identities); i++)
		ck_assert_int_eq(
		        check_as(&p, identities[i], "plain", &grant, &reason), POLICY_FAILED);
}
END_TEST

START_TEST(requests_beyond_the_limit_are_refused)
{
	static uint8_t big[POLICY_CSR_MAX + 1];
	struct policy_ask ask = {.profile = &base,
	        .identity = "device-1",
	        .now = NOW,
	        .ca_not_after = NOW + DAY,
	        .csr = {big, sizeof big}};
	struct policy_grant grant;
	const char *reason = "";

	ck_assert_int_eq(policy_check(&ask, &grant, &reason), POLICY_BAD_REQUEST);
	ck_assert_str_eq(reason, "certification request is too long");
	ask.csr.len--; /* at the limit it is looked at */
	ck_assert_int_eq(policy_check(&ask, &grant, &reason), POLICY_BAD_REQUEST);
	ck_assert_str_eq(reason, "certification request is malformed");
}
END_TEST

START_TEST(the_request_key_tells_requests_apart)
{
	struct profile p = base;
	struct policy_grant plain, again, other;
	const char *reason;

	p.ignore_requested_subject = true;
	ck_assert_int_eq(check_as(&p, "device-1", "plain", &plain, &reason), POLICY_PASS);
	ck_assert_int_eq(check_as(&p, "device-1", "plain", &again, &reason), POLICY_PASS);
	ck_assert_mem_eq(plain.request_key, again.request_key, 32);
	/* Another challengePassword and another signature: the same wish (same key and names). */
	ck_assert_int_eq(check_as(&p, "device-1", "challenge", &again, &reason), POLICY_PASS);
	ck_assert_mem_eq(plain.request_key, again.request_key, 32);
	ck_assert_int_eq(check_as(&p, "device-2", "plain", &other, &reason), POLICY_PASS);
	ck_assert_mem_ne(plain.request_key, other.request_key, 32);
	ck_assert_int_eq(check_as(&p, "device-1", "empty-subject", &other, &reason), POLICY_PASS);
	ck_assert_mem_ne(plain.request_key, other.request_key, 32);
	ck_assert_int_eq(check_as(&p, "device-1", "server-auth", &other, &reason), POLICY_PASS);
	ck_assert_mem_ne(plain.request_key, other.request_key, 32);
	ck_assert_int_eq(check_as(&p, "device-1", "p384", &other, &reason), POLICY_PASS);
	ck_assert_mem_ne(plain.request_key, other.request_key, 32);
	strcpy(p.name, "another");
	ck_assert_int_eq(check_as(&p, "device-1", "plain", &other, &reason), POLICY_PASS);
	ck_assert_mem_ne(plain.request_key, other.request_key, 32);
}
END_TEST

START_TEST(announces_what_it_wants)
{
	struct profile p = base;
	struct sl_est_csrattrs attrs;

	p.key_types = 1U << SL_PKEY_P256 | 1U << SL_PKEY_ED25519;
	policy_attributes(&p, &attrs);
	ck_assert(attrs.wants_p256 && attrs.wants_ed25519);
	ck_assert(!attrs.wants_p384 && !attrs.wants_challenge);
	p.requires_challenge = true;
	policy_attributes(&p, &attrs);
	ck_assert(attrs.wants_challenge);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("policy");
	TCase *t = tcase_create("policy");

	suite_add_tcase(s, t);
	tcase_add_loop_test(t, judges_requests, 0, (int)ARRAY_LEN(plain_rows));
	tcase_add_test(t, grants_what_the_profile_says);
	tcase_add_test(t, no_certificate_outlives_its_authority);
	tcase_add_test(t, leaves_the_grant_alone_when_refusing);
	tcase_add_test(t, refuses_a_key_type_that_the_profile_leaves_out);
	tcase_add_test(t, key_usage_is_never_more_than_the_profile);
	tcase_add_test(t, a_required_challenge_belongs_to_the_session);
	tcase_add_test(t, a_profile_may_overlook_the_requested_subject);
	tcase_add_test(t, renewals_never_overlook_the_subject);
	tcase_add_test(t, makes_the_alternative_name_of_the_profile);
	tcase_add_test(t, long_alternative_names_take_the_long_length);
	tcase_add_loop_test(
	        t, refuses_templates_that_make_no_name, 0, (int)ARRAY_LEN(bad_templates));
	tcase_add_test(t, identities_that_make_no_name_fail_on_our_side);
	tcase_add_test(t, requests_beyond_the_limit_are_refused);
	tcase_add_test(t, the_request_key_tells_requests_apart);
	tcase_add_test(t, announces_what_it_wants);
	return run_suite(s);
}
