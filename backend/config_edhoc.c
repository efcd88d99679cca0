/* SPDX-License-Identifier: BSD-2-Clause
 * The sections edhoc and peers of sealift-est.yaml: keys, defaults, bounds, and the rules that need
 * no file to be opened. What the files hold is judged in trust_load.c. */
#include <stdio.h>
#include <string.h>

#include <sl/credential_file.h>
#include <sl/edhoc.h>
#include <sl/text.h>

#include "config_raw.h"

#define DAY_S             ((uint64_t)86400)
#define METHODS_STATIC_DH 0xaU /* methods 1 and 3: the Responder has a static DH key */
#define METHODS_SIGNATURE 0x5U

static const char *take_methods(void *, const char *, const struct raw_list *, unsigned *);
static const char *take_suites(void *, const char *, const struct raw_list *, unsigned *);
static const char *take_functions(void *, const char *, const struct raw_list *, unsigned *);

#define AT(type, member) .at = offsetof(type, member), .cap = sizeof(((type *)0)->member)

const struct key config_edhoc_keys[] = {
        {"methods", KEY_LIST, .min = 1, .take = take_methods},
        {"suites", KEY_LIST, .min = 1, .take = take_suites},
        {"message-4", KEY_CHOICE, AT(struct config_edhoc, sends_message_4), .fallback = "never",
                .words = {"never", "always"}},
        {"combined", KEY_CHOICE, AT(struct config_edhoc, accepts_combined), .fallback = "refuse",
                .words = {"refuse", "accept"}},
        {"sessions", KEY_NUMBER, AT(struct config_edhoc, sessions), 1, 1000000, "4096"},
        {"session-life", KEY_SECONDS, AT(struct config_edhoc, session_life_s), 10, 600, "120s"},
        {"context-life", KEY_DURATION, AT(struct config_edhoc, context_life_s), 60, 3650 * DAY_S,
                "30d"},
        {"context-idle", KEY_DURATION, AT(struct config_edhoc, context_idle_s), 60, 3650 * DAY_S,
                "7d"},
        {"c-r-length", KEY_NUMBER, AT(struct config_edhoc, c_r_length), 1, 6, "1"},
        {"crypto-budget", KEY_NUMBER, AT(struct config_edhoc, crypto_budget), 1, 100, "25"},
        {"directory", KEY_FILE, AT(struct config_edhoc, directory), .fallback = ""},
        {"revoked", KEY_FILE, AT(struct config_edhoc, revoked), .fallback = ""},
        {"accept-issued", KEY_CHOICE, AT(struct config_edhoc, accepts_issued), .fallback = "yes",
                .words = {"no", "yes"}},
        {0},
};

/* send is a word out of a list of its own. */
struct own_section {
	struct config_own own;
	char send[16];
};

const struct key config_own_keys[] = {
        {"key", KEY_FILE, AT(struct own_section, own.key)},
        {"credential", KEY_FILE, AT(struct own_section, own.credential)},
        {"use", KEY_CHOICE, AT(struct own_section, own.is_static_dh),
                .words = {"signature", "static-dh"}},
        {"send", KEY_TEXT, AT(struct own_section, send)},
        {0},
};

/* One of the two files is there. */
struct peer_section {
	struct config_peer peer;
	char credential[CONFIG_PATH_MAX + 1], anchor[CONFIG_PATH_MAX + 1];
};

const struct key config_peer_keys[] = {
        {"credential", KEY_FILE, AT(struct peer_section, credential), .fallback = ""},
        {"anchor", KEY_FILE, AT(struct peer_section, anchor), .fallback = ""},
        {"identity", KEY_TEXT, AT(struct peer_section, peer.identity)},
        {"profile", KEY_TEXT, AT(struct peer_section, peer.profile)},
        {"functions", KEY_LIST, .min = 1, .take = take_functions},
        {"uri", KEY_TEXT, AT(struct peer_section, peer.uri), .fallback = ""},
        {0},
};

static const char *
take_methods(void *section, const char *file, const struct raw_list *list, unsigned *item)
{
	static const struct config_word words[] = {
	        {"0", 1U << 0}, {"1", 1U << 1}, {"2", 1U << 2}, {"3", 1U << 3}, {0}};
	struct config_edhoc *edhoc = section;
	const char *mend;

	(void)file;
	edhoc->methods = 1U << 0 | 1U << 3;
	mend = config_take_words(&edhoc->methods, words, list, item);
	if (mend)
		return "0, 1, 2 or 3, each once";
	return edhoc->methods ? NULL : "name at least one method";
}

static const char *
take_suites(void *section, const char *file, const struct raw_list *list, unsigned *item)
{
	struct config_edhoc *edhoc = section;

	(void)file;
	memcpy(edhoc->suites, sl_edhoc_default_suites, sizeof sl_edhoc_default_suites);
	edhoc->suite_count = list->items ? 0 : SL_EDHOC_DEFAULT_SUITE_COUNT;
	for (unsigned i = 0; i < list->count; i++) {
		const struct sl_edhoc_suite *suite = NULL;
		uint64_t number = 0;

		*item = i;
		if (sl_parse_uint(&number, sl_span_text(list->items[i]), INT32_MAX) == SL_OK)
			suite = sl_edhoc_suite((int64_t)number);
		if (!suite)
			return "0 to 6 or 24";
		if (!sl_edhoc_suite_has_oscore(suite))
			return "no OSCORE context can follow this suite; 0 to 6 or 24";
		for (size_t k = 0; k < edhoc->suite_count; k++)
			if (edhoc->suites[k] == (int64_t)number)
				return "the suite is there twice";
		if (edhoc->suite_count == CONFIG_SUITES_MAX)
			return "at most 8 suites";
		edhoc->suites[edhoc->suite_count++] = (int64_t)number;
	}
	return edhoc->suite_count > 0 ? NULL : "name at least one suite";
}

static const char *
take_functions(void *section, const char *file, const struct raw_list *list, unsigned *item)
{
	static const struct config_word words[] = {
	        {"crts", 1U << SL_EST_CRTS},
	        {"att", 1U << SL_EST_ATT},
	        {"sen", 1U << SL_EST_SEN},
	        {"sren", 1U << SL_EST_SREN},
	        {0},
	};
	struct peer_section *peer = section;
	const char *mend;

	(void)file;
	peer->peer.functions = 0;
	for (size_t i = 0; words[i].name; i++)
		peer->peer.functions |= words[i].bit;
	mend = config_take_words(&peer->peer.functions, words, list, item);
	if (mend)
		return "crts, att, sen or sren, each once";
	return peer->peer.functions ? NULL : "name at least one function";
}

/* --- rules ----------------------------------------------------------------------------------- */

static enum sl_err
take_own(struct config_edhoc *edhoc, const struct raw_edhoc *raw, const struct complaint *c)
{
	struct config_place place = {.complaint = c};
	struct own_section section;
	enum sl_id_cred_label label;
	char path[64];
	enum sl_err err = SL_OK;

	if (raw->own_count == 0)
		return config_complain(c, "edhoc.credentials", NULL, "at least one credential");
	for (size_t i = 0; !err && i < raw->own_count; i++) {
		snprintf(place.path, sizeof place.path, "edhoc.credentials[%zu].", i);
		memset(&section, 0, sizeof section);
		err = config_take(&section, config_own_keys, &raw->own[i], &place);
		if (err)
			return err;
		snprintf(path, sizeof path, "%ssend", place.path);
		if (sl_credential_label(&label, section.send))
			return config_complain(
			        c, path, section.send, "kid, kccs, x5t, x5chain, c5t or c5c");
		section.own.send = (int)label;
		edhoc->own[edhoc->own_count++] = section.own;
	}
	return err;
}

/* The installed library may lack an algorithm. */
static enum sl_err
check_suites(const struct config_edhoc *edhoc, const struct complaint *c)
{
	for (size_t i = 0; i < edhoc->suite_count; i++) {
		const char *missing = "";
		char number[24], mend[96];

		if (sl_edhoc_suite_check(edhoc->suites[i], &missing) == SL_OK)
			continue;
		snprintf(number, sizeof number, "%lld", (long long)edhoc->suites[i]);
		snprintf(mend, sizeof mend, "the installed OpenSSL lacks %s; leave the suite out",
		        missing);
		return config_complain(c, "edhoc.suites", number, mend);
	}
	return SL_OK;
}

static bool
has_own(const struct config_edhoc *edhoc, bool is_static_dh)
{
	for (size_t i = 0; i < edhoc->own_count; i++)
		if (edhoc->own[i].is_static_dh == is_static_dh)
			return true;
	return false;
}

enum sl_err
config_take_edhoc(struct config *config, const struct raw_config *raw, const struct complaint *c)
{
	struct config_place place = {.complaint = c, .path = "edhoc."};
	struct config_edhoc *edhoc = &config->edhoc;
	enum sl_err err;

	if (!raw->edhoc)
		return raw->peers ? config_complain(c, "peers", NULL,
		                            "they are authenticated by EDHOC; add a section edhoc")
		                  : SL_OK;
	edhoc->is_on = true;
	err = config_take(edhoc, config_edhoc_keys, &raw->edhoc->section, &place);
	if (!err)
		err = check_suites(edhoc, c);
	if (!err)
		err = take_own(edhoc, raw->edhoc, c);
	if (err)
		return err;
	if ((edhoc->methods & METHODS_STATIC_DH) && !has_own(edhoc, true))
		return config_complain(c, "edhoc.methods", NULL,
		        "methods 1 and 3 need a credential of ours with use: static-dh; add one, "
		        "or "
		        "leave only 0 and 2");
	if ((edhoc->methods & METHODS_SIGNATURE) && !has_own(edhoc, false))
		return config_complain(c, "edhoc.methods", NULL,
		        "methods 0 and 2 need a credential of ours with use: signature; add one, "
		        "or "
		        "leave only 1 and 3");
	if (edhoc->context_idle_s > edhoc->context_life_s)
		return config_complain(
		        c, "edhoc.context-idle", NULL, "not longer than context-life");
	return SL_OK;
}

static bool
is_uri(const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++)
		if (text[i] <= 0x20 || text[i] > 0x7e)
			return false;
	return len == 0 || strchr(text, ':');
}

/* Text with fields around which nothing else has braces. *fields counts them. */
static bool
is_template(const char *text, size_t *fields)
{
	static const char *const names[] = {"{common-name}", "{serial-number}"};

	for (*fields = 0; *(text += strcspn(text, "{}")); (*fields)++) {
		size_t i = 0;

		while (i < 2 && strncmp(text, names[i], strlen(names[i])) != 0)
			i++;
		if (i == 2)
			return false;
		text += strlen(names[i]);
	}
	return true;
}

static enum sl_err
check_peer(const struct config *config, size_t i, const struct complaint *c)
{
	const struct config_peer *peer = &config->peers[i];
	char path[48];
	size_t fields = 0;

	snprintf(path, sizeof path, "peers[%zu].identity", i);
	if (!is_template(peer->identity, &fields) || (fields > 0) != peer->is_anchor)
		return config_complain(c, path, peer->identity,
		        peer->is_anchor
		                ? "below an anchor every peer has a name of its own: a text with "
		                  "{common-name} or {serial-number}"
		                : "the name of this one peer, without braces");
	if (!peer->is_anchor && !policy_identity_is_fine(peer->identity))
		return config_complain(c, path, peer->identity, "1 to 64 bytes of plain text");
	snprintf(path, sizeof path, "peers[%zu].profile", i);
	if (!config_profile(config, peer->profile))
		return config_complain(c, path, peer->profile, "no profile has this name");
	snprintf(path, sizeof path, "peers[%zu].uri", i);
	if (!is_uri(peer->uri) || (peer->uri[0] && peer->is_anchor))
		return config_complain(c, path, peer->uri,
		        "a URI, in ASCII, beside credential alone: peers refer to it by this name");
	return SL_OK;
}

static enum sl_err
take_peer(struct config *config, const struct raw_config *raw, size_t i, const struct complaint *c)
{
	struct config_place place = {.complaint = c};
	struct peer_section section;
	char path[32];
	enum sl_err err;

	memset(&section, 0, sizeof section);
	snprintf(place.path, sizeof place.path, "peers[%zu].", i);
	snprintf(path, sizeof path, "peers[%zu]", i);
	err = config_take(&section, config_peer_keys, &raw->peers[i], &place);
	if (err)
		return err;
	if (!section.credential[0] == !section.anchor[0])
		return config_complain(c, path, NULL, "one of credential and anchor");
	section.peer.is_anchor = section.anchor[0] != '\0';
	memcpy(section.peer.file, section.peer.is_anchor ? section.anchor : section.credential,
	        sizeof section.peer.file);
	config->peers[i] = section.peer;
	config->peer_count = i + 1;
	return check_peer(config, i, c);
}

enum sl_err
config_take_peers(struct config *config, const struct raw_config *raw, const struct complaint *c)
{
	enum sl_err err = SL_OK;

	if (!config->edhoc.is_on)
		return SL_OK;
	for (size_t i = 0; !err && i < raw->peer_count; i++)
		err = take_peer(config, raw, i, c);
	if (!err && config->peer_count == 0 && !config->edhoc.accepts_issued)
		return config_complain(c, "edhoc.accept-issued", "no",
		        "then nobody could enrol; name peers, or yes");
	return err;
}
