/* SPDX-License-Identifier: BSD-2-Clause */
#include "provisioning_edhoc.h"

#include <sl/credential_file.h>
#include <sl/edhoc.h>
#include <sl/text.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool
is_given(const char *word)
{
	return word != NULL && word[0] != '\0';
}

static enum sl_err
take_text(char *out, size_t cap, const char *name, const char *word, struct complaint *why)
{
	if (!is_given(word))
		return SL_OK;
	if (strlen(word) >= cap)
		return complain(
		        why, SL_EMALFORMED, "%s: longer than %zu characters", name, cap - 1);
	if (!sl_is_plain_utf8(sl_span_text(word)))
		return complain(why, SL_EMALFORMED, "%s: not plain UTF-8 text", name);
	snprintf(out, cap, "%s", word);
	return SL_OK;
}

static enum sl_err
take_peers(struct provisioning_edhoc *e, const struct sl_device_edhoc *words, struct complaint *why)
{
	enum sl_err err = SL_OK;

	for (size_t i = 0; err == SL_OK && i < SL_DEVICE_PEERS_MAX; i++) {
		if (!is_given(words->peers[i]))
			continue;
		err = take_text(
		        e->peers[e->peer_count], sizeof e->peers[0], "peers", words->peers[i], why);
		e->peer_count++;
	}
	return err;
}

static enum sl_err
take_files(struct provisioning_edhoc *e, const struct sl_device_edhoc *words, struct complaint *why)
{
	enum sl_err err = SL_OK;

	if (!is_given(words->key))
		err = complain(why, SL_EMALFORMED, "key: missing; say a file with a private key");
	if (err == SL_OK && !is_given(words->credential))
		err = complain(why, SL_EMALFORMED, "credential: missing; say a file");
	if (err == SL_OK)
		err = take_text(e->key, sizeof e->key, "key", words->key, why);
	if (err == SL_OK)
		err = take_text(
		        e->credential, sizeof e->credential, "credential", words->credential, why);
	if (err == SL_OK)
		err = take_text(e->anchors, sizeof e->anchors, "anchors", words->anchors, why);
	if (err == SL_OK)
		err = take_peers(e, words, why);
	if (err == SL_OK && e->peer_count == 0 && e->anchors[0] == '\0')
		err = complain(why, SL_EMALFORMED,
		        "peers, anchors: both missing; say how the server is recognised");
	if (err == SL_OK)
		err = take_text(
		        e->peer_name, sizeof e->peer_name, "peer-name", words->peer_name, why);
	if (err == SL_OK && e->peer_name[0] != '\0' && e->anchors[0] == '\0')
		err = complain(why, SL_EMALFORMED,
		        "peer-name: needs anchors; what peers name is exact already");
	return err;
}

static enum sl_err
take_method(struct provisioning_edhoc *e, const char *word, struct complaint *why)
{
	uint64_t method;

	e->method = PROVISIONING_METHOD_UNSAID;
	if (!is_given(word))
		return SL_OK;
	if (sl_parse_uint(&method, sl_span_text(word), 3) != SL_OK)
		return complain(why, SL_EMALFORMED, "method: \"%.20s\" is not 0, 1, 2 or 3", word);
	e->method = (int)method;
	return SL_OK;
}

static enum sl_err
add_suite(struct provisioning_edhoc *e, struct sl_span word, struct complaint *why)
{
	const struct sl_edhoc_suite *suite;
	const char *missing;
	uint64_t number;

	if (sl_parse_uint(&number, word, 65535) != SL_OK)
		return complain(why, SL_EMALFORMED,
		        "suites: not a list of numbers like 2,3 (by preference)");
	if (e->suite_count == PROVISIONING_SUITES_MAX)
		return complain(
		        why, SL_EMALFORMED, "suites: more than %d", PROVISIONING_SUITES_MAX);
	for (size_t i = 0; i < e->suite_count; i++)
		if (e->suites[i] == (int64_t)number)
			return complain(
			        why, SL_EMALFORMED, "suites: %" PRIu64 " stands twice", number);
	suite = sl_edhoc_suite((int64_t)number);
	if (suite == NULL)
		return complain(why, SL_EUNSUPPORTED, "suites: %" PRIu64 " is not known", number);
	if (!sl_edhoc_suite_has_oscore(suite))
		return complain(why, SL_EUNSUPPORTED,
		        "suites: no OSCORE context can follow %" PRIu64, number);
	if (sl_edhoc_suite_check(suite->number, &missing) != SL_OK)
		return complain(why, SL_EUNSUPPORTED,
		        "suites: %" PRIu64 " needs %s, which the installed library lacks", number,
		        missing);
	e->suites[e->suite_count++] = (int64_t)number;
	return SL_OK;
}

static enum sl_err
take_suites(struct provisioning_edhoc *e, const char *word, struct complaint *why)
{
	enum sl_err err = SL_OK;

	if (!is_given(word))
		return SL_OK;
	while (err == SL_OK) {
		size_t len = strcspn(word, ",");

		err = add_suite(e, sl_span(word, len), why);
		if (word[len] == '\0')
			return err;
		word += len + 1;
	}
	return err;
}

static enum sl_err
take_flags(struct provisioning_edhoc *e, const struct sl_device_edhoc *words, struct complaint *why)
{
	e->has_send = is_given(words->send);
	if (e->has_send && sl_credential_label(&e->send, words->send) != SL_OK)
		return complain(why, SL_EMALFORMED,
		        "send: \"%.20s\" is not kid, kccs, x5t, x5chain, c5t or c5c", words->send);
	e->requires_message_4 = words->requires_message_4;
	e->is_combined = words->is_combined;
	e->is_bound = words->is_bound;
	e->keeps_to_this = words->keeps_to_this;
	if (e->is_combined && e->requires_message_4)
		return complain(why, SL_EMALFORMED,
		        "combined: excludes message-4, which no combined request gets");
	return SL_OK;
}

enum sl_err
provisioning_edhoc_check(
        struct provisioning_edhoc *e, const struct sl_device_edhoc *words, struct complaint *why)
{
	struct provisioning_edhoc got = {.key = ""};
	enum sl_err err = take_files(&got, words, why);

	if (err == SL_OK)
		err = take_method(&got, words->method, why);
	if (err == SL_OK)
		err = take_suites(&got, words->suites, why);
	if (err == SL_OK)
		err = take_flags(&got, words, why);
	if (err == SL_OK)
		*e = got;
	return err;
}

/* --- JSON ------------------------------------------------------------------------------------ */

enum sl_err
provisioning_edhoc_read(
        struct provisioning_edhoc *e, const struct json_edhoc *raw, struct complaint *why)
{
	struct sl_device_edhoc words = {.key = raw->key,
	        .credential = raw->credential,
	        .send = raw->send,
	        .anchors = raw->anchors,
	        .peer_name = raw->peer_name,
	        .method = raw->method,
	        .requires_message_4 = raw->message_4 != NULL,
	        .is_combined = raw->combined == JSON_FLAG_TRUE,
	        .is_bound = raw->bind == JSON_FLAG_TRUE,
	        .keeps_to_this = raw->use_enrolled == JSON_FLAG_FALSE};
	char suites[PROVISIONING_SUITES_MAX * 8] = "";
	size_t used = 0;

	if (raw->message_4 != NULL && strcmp(raw->message_4, "require") != 0)
		return complain(why, SL_EMALFORMED, "message-4: must be \"require\", or absent");
	if (raw->peers_count > SL_DEVICE_PEERS_MAX)
		return complain(why, SL_EMALFORMED, "peers: more than %d", SL_DEVICE_PEERS_MAX);
	for (unsigned i = 0; i < raw->peers_count; i++)
		words.peers[i] = raw->peers[i];
	for (unsigned i = 0; i < raw->suites_count && used < sizeof suites; i++)
		used += (size_t)snprintf(suites + used, sizeof suites - used, "%s%.6s",
		        i > 0 ? "," : "", raw->suites[i]);
	words.suites = suites;
	return provisioning_edhoc_check(e, &words, why);
}

static enum sl_err
write_member(struct sl_buf *out, const char *name, const char *value)
{
	enum sl_err err;

	if (value[0] == '\0')
		return SL_OK;
	err = sl_buf_addf(out, ",\n    \"%s\": ", name);
	return err == SL_OK ? json_write_text(out, value) : err;
}

static enum sl_err
write_peers(struct sl_buf *out, const struct provisioning_edhoc *e)
{
	enum sl_err err = SL_OK;

	if (e->peer_count == 0)
		return SL_OK;
	err = sl_buf_add_text(out, ",\n    \"peers\": [");
	for (size_t i = 0; err == SL_OK && i < e->peer_count; i++) {
		err = sl_buf_add_text(out, i > 0 ? ", " : "");
		if (err == SL_OK)
			err = json_write_text(out, e->peers[i]);
	}
	return err == SL_OK ? sl_buf_add_text(out, "]") : err;
}

static enum sl_err
write_suites(struct sl_buf *out, const struct provisioning_edhoc *e)
{
	enum sl_err err = SL_OK;

	if (e->suite_count == 0)
		return SL_OK;
	err = sl_buf_add_text(out, ",\n    \"suites\": [");
	for (size_t i = 0; err == SL_OK && i < e->suite_count; i++)
		err = sl_buf_addf(out, "%s%" PRId64, i > 0 ? ", " : "", e->suites[i]);
	return err == SL_OK ? sl_buf_add_text(out, "]") : err;
}

static enum sl_err
write_choices(struct sl_buf *out, const struct provisioning_edhoc *e)
{
	enum sl_err err =
	        write_member(out, "send", e->has_send ? sl_credential_label_name(e->send) : "");

	if (err == SL_OK && e->method != PROVISIONING_METHOD_UNSAID)
		err = sl_buf_addf(out, ",\n    \"method\": %d", e->method);
	if (err == SL_OK)
		err = write_suites(out, e);
	if (err == SL_OK)
		err = write_member(out, "message-4", e->requires_message_4 ? "require" : "");
	if (err == SL_OK && e->is_combined)
		err = sl_buf_add_text(out, ",\n    \"combined\": true");
	if (err == SL_OK && e->is_bound)
		err = sl_buf_add_text(out, ",\n    \"bind\": true");
	if (err == SL_OK && e->keeps_to_this)
		err = sl_buf_add_text(out, ",\n    \"use-enrolled\": false");
	return err;
}

enum sl_err
provisioning_edhoc_write(
        const struct provisioning_edhoc *e, const char *identity, struct sl_buf *out)
{
	enum sl_err err = sl_buf_add_text(out, "{\n  \"identity\": ");

	if (err == SL_OK)
		err = json_write_text(out, identity);
	if (err == SL_OK)
		err = sl_buf_add_text(out, ",\n  \"edhoc\": {\n    \"key\": ");
	if (err == SL_OK)
		err = json_write_text(out, e->key);
	if (err == SL_OK)
		err = write_member(out, "credential", e->credential);
	if (err == SL_OK)
		err = write_peers(out, e);
	if (err == SL_OK)
		err = write_member(out, "anchors", e->anchors);
	if (err == SL_OK)
		err = write_member(out, "peer-name", e->peer_name);
	if (err == SL_OK)
		err = write_choices(out, e);
	return err == SL_OK ? sl_buf_add_text(out, "\n  }\n}\n") : err;
}
