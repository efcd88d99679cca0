/* SPDX-License-Identifier: BSD-2-Clause
 * Any bytes as a certification request against one profile; or, behind a first byte 'P', a profile, an
 * identity and what a request holds, which is signed here. What is granted is inside the profile, and
 * its names are those that a second reader of the templates makes. */
#include <stdlib.h>
#include <string.h>

#include "policy.h"
#include "signed_request.h"

#define NOW     INT64_C(1800000000)
#define BINDING "session-value-1"

enum flag {
	CHALLENGE = 1,
	UNBOUND = 2,
	IGNORES_SUBJECT = 4,
	MAY_CHANGE = 8,
	RENEWAL = 16,
	SERVER_AUTH = 32,
	CA_EXPIRED = 64,
	CA_SHORT = 128,
};

/* The second byte: what the profile allows, and the key that asks. */
enum allowed { SIGNATURE = 1, AGREEMENT = 2, ANY_KEY = 4, KEY_SHIFT = 3, NAME_SHIFT = 5 };

/* How the request names itself. */
enum named { NOT, AS_IDENTITY, AS_TEMPLATE, BY_BYTES };

struct asked {
	struct profile profile;
	char identity[POLICY_IDENTITY_MAX + 8];
	struct policy_ask ask;
	unsigned flags;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static bool
is_same(struct sl_span a, const uint8_t *b, size_t len)
{
	return sl_span_equal(a, sl_span(b, len));
}

/* Takes a line off; cut to what fits. */
static void
take_line(struct sl_span *left, char *out, size_t cap)
{
	size_t n = 0, used = 0;

	for (; used < left->len && left->ptr[used] != '\n' && left->ptr[used] != 0; used++)
		if (n + 1 < cap)
			out[n++] = (char)left->ptr[used];
	out[n] = '\0';
	used += used < left->len;
	*left = sl_span(left->ptr + used, left->len - used);
}

/* Every "{identity}" replaced, the second way. False: another brace, or too long for us. */
static bool
fill_template(char *out, size_t cap, const char *from, const char *identity)
{
	size_t n = 0;

	while (*from != '\0') {
		bool is_field = strncmp(from, "{identity}", 10) == 0;
		const char *part = is_field ? identity : from;
		size_t len = is_field ? strlen(identity) : 1;

		if ((!is_field && (*from == '{' || *from == '}')) || n + len >= cap)
			return false;
		memcpy(out + n, part, len);
		n += len;
		from += is_field ? 10 : 1;
	}
	out[n] = '\0';
	return true;
}

/* The names of a grant are those of the templates. */
static void
check_names(const struct policy_grant *grant, const struct profile *profile, const char *identity)
{
	char name[512];
	uint8_t der[600], inner[600];
	struct sl_writer w = sl_writer_over(der, sizeof der);
	struct sl_writer inner_w = sl_writer_over(inner, sizeof inner);

	must(fill_template(name, sizeof name, profile->common_name, identity) && name[0] != '\0');
	der_common_name(&w, name);
	must(is_same(sl_writer_span(&w), grant->subject, grant->subject_len));
	if (profile->subject_alt_name[0] == '\0') {
		must(grant->subject_alt_name_len == 0);
		return;
	}
	must(fill_template(name, sizeof name, profile->subject_alt_name + 4, identity));
	must(strlen(name) > 0 && strchr(name, ' ') == NULL);
	w = sl_writer_over(der, sizeof der);
	der_wrap(&inner_w, memcmp(profile->subject_alt_name, "dns:", 4) == 0 ? 0x82 : 0x86,
	        sl_span_text(name));
	der_wrap(&w, 0x30, sl_writer_span(&inner_w));
	must(is_same(sl_writer_span(&w), grant->subject_alt_name, grant->subject_alt_name_len));
}

static void
check_grant(const struct policy_ask *ask, const struct policy_grant *grant)
{
	const struct profile *profile = ask->profile;
	int64_t end = ask->now + profile->validity_s;

	must(grant->key_usage != 0 && (grant->key_usage & ~profile->key_usage) == 0);
	must(!grant->csr.wants_ca && (profile->key_types & 1U << grant->csr.key_type) != 0);
	must(grant->csr.key_type != SL_PKEY_ED25519 ||
	        (grant->key_usage & SL_KU_KEY_AGREEMENT) == 0);
	must(grant->server_auth == profile->server_auth &&
	        grant->client_auth == profile->client_auth);
	must(grant->not_before <= ask->now &&
	        grant->not_after == (end < ask->ca_not_after ? end : ask->ca_not_after));
	must(grant->not_after > ask->now);
	must(!profile->requires_challenge ||
	        (ask->binding.len > 0 && grant->csr.has_challenge &&
	                sl_span_equal(ask->binding, sl_span_text(grant->csr.challenge))));
	must(!ask->is_renewal || !grant->csr.has_change_subject_name ||
	        profile->allow_change_subject_name);
	must(grant->csr.subject.len == 2 ||
	        is_same(grant->csr.subject, grant->subject, grant->subject_len) ||
	        (profile->ignore_requested_subject && !ask->is_renewal));
	must(policy_identity_is_fine(ask->identity));
	check_names(grant, profile, ask->identity);
}

static enum policy_verdict
try_ask(const struct policy_ask *ask)
{
	struct policy_grant grant = {.not_after = -1}, again = {.not_after = -1};
	const char *reason = NULL;
	enum policy_verdict verdict = policy_check(ask, &grant, &reason);

	must(reason != NULL && (reason[0] == '\0') == (verdict == POLICY_PASS));
	if (verdict == POLICY_PASS)
		check_grant(ask, &grant);
	else
		must(grant.not_after == -1);
	must(policy_check(ask, &again, &reason) == verdict);
	must(memcmp(again.request_key, grant.request_key, sizeof grant.request_key) == 0);
	return verdict;
}

static void
check_profile(const struct profile *profile)
{
	const char *key = NULL, *mend = NULL;
	struct sl_est_csrattrs attrs;

	must((policy_profile_check(profile, &key, &mend) == SL_OK) == (key == NULL));
	must((key == NULL) == (mend == NULL));
	policy_attributes(profile, &attrs);
	must(attrs.wants_challenge == profile->requires_challenge);
	must(attrs.wants_p384 == ((profile->key_types & 1U << SL_PKEY_P384) != 0));
}

static const enum sl_pkey_type types[] = {SL_PKEY_P256, SL_PKEY_ED25519, SL_PKEY_P384};

static void
read_profile(struct asked *a, struct sl_span *left)
{
	unsigned allowed = left->ptr[1];

	a->flags = left->ptr[0];
	*left = sl_span(left->ptr + 2, left->len - 2);
	a->profile = (struct profile){
	        .name = "default",
	        .validity_s = 86400,
	        .key_types = 1U << SL_PKEY_P256 | 1U << SL_PKEY_ED25519,
	        .key_usage = ((allowed & SIGNATURE) != 0 ? SL_KU_DIGITAL_SIGNATURE : 0U) |
	                     ((allowed & AGREEMENT) != 0 ? SL_KU_KEY_AGREEMENT : 0U),
	        .client_auth = true,
	        .server_auth = (a->flags & SERVER_AUTH) != 0,
	        .requires_challenge = (a->flags & CHALLENGE) != 0,
	        .ignore_requested_subject = (a->flags & IGNORES_SUBJECT) != 0,
	        .allow_change_subject_name = (a->flags & MAY_CHANGE) != 0,
	};
	if ((allowed & ANY_KEY) != 0)
		a->profile.key_types |= 1U << SL_PKEY_P384;
	take_line(left, a->profile.common_name, sizeof a->profile.common_name);
	take_line(left, a->profile.subject_alt_name, sizeof a->profile.subject_alt_name);
	take_line(left, a->identity, sizeof a->identity);
}

/* The Name in the request: none, the one that is right for it, one of one CN, or bytes. */
static void
write_name(struct sl_writer *w, const struct asked *a, enum named named, struct sl_span *left)
{
	char name[512] = "";
	size_t len = left->len > 0 ? left->ptr[0] : 0;

	if (named == AS_TEMPLATE &&
	        fill_template(name, sizeof name, a->profile.common_name, a->identity))
		der_common_name(w, name);
	else if (named == AS_IDENTITY)
		der_common_name(w, a->identity);
	else if (named == BY_BYTES && len < left->len) {
		sl_write_span(w, sl_span(left->ptr + 1, len));
		*left = sl_span(left->ptr + 1 + len, left->len - 1 - len);
	} else
		der_wrap(w, 0x30, sl_span(NULL, 0));
}

static void
try_profile(struct sl_span input)
{
	static uint8_t name[1024], request[8192];
	struct sl_writer name_w = sl_writer_over(name, sizeof name);
	struct sl_writer w = sl_writer_over(request, sizeof request);
	struct sl_span left = input;
	struct asked a;
	unsigned more;

	if (input.len < 2)
		return;
	more = input.ptr[1];
	read_profile(&a, &left);
	check_profile(&a.profile);
	write_name(&name_w, &a, (enum named)(more >> NAME_SHIFT & 3), &left);
	a.ask = (struct policy_ask){
	        .profile = &a.profile,
	        .identity = a.identity,
	        .csr = signed_request(fixed_key(types[(more >> KEY_SHIFT & 3) % 3]),
	                sl_writer_span(&name_w), left, &w),
	        .is_renewal = (a.flags & RENEWAL) != 0,
	        .binding = sl_span_text((a.flags & UNBOUND) != 0 ? "" : BINDING),
	        .now = NOW,
	        .ca_not_after = NOW + ((a.flags & CA_EXPIRED) != 0        ? 0
	                                      : (a.flags & CA_SHORT) != 0 ? 3600
	                                                                  : 864000),
	};
	(void)try_ask(&a.ask);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct profile profile = {
	        .name = "default",
	        .validity_s = 86400,
	        .key_types = 1U << SL_PKEY_P256 | 1U << SL_PKEY_ED25519,
	        .common_name = "{identity}",
	        .key_usage = SL_KU_DIGITAL_SIGNATURE,
	        .client_auth = true,
	};
	struct policy_ask ask = {
	        .profile = &profile,
	        .identity = "device-1",
	        .csr = sl_span(data, len),
	        .now = NOW,
	        .ca_not_after = NOW + 864000,
	};

	if (len > 0 && data[0] == 'P') {
		try_profile(sl_span(data + 1, len - 1));
		return 0;
	}
	for (int renewal = 0; renewal < 2; renewal++) {
		ask.is_renewal = renewal;
		(void)try_ask(&ask);
	}
	return 0;
}
