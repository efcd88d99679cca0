/* SPDX-License-Identifier: BSD-2-Clause */
#include "option_rows.h"

#include <sl/text.h>

#include <string.h>

#define BIT(command) OPTION_OF(command)
#define INIT         BIT(COMMAND_INIT)
#define ENROLL       BIT(COMMAND_ENROLL)
#define ENROLS       (ENROLL | BIT(COMMAND_REENROLL))
#define ONLINE       (BIT(COMMAND_DISCOVER) | BIT(COMMAND_CRTS) | ENROLS | BIT(COMMAND_GET))
#define MAKES        (INIT | ENROLL) /* a state directory */

static enum sl_err
take_size(uint8_t *szx, const char *word)
{
	uint64_t n;

	if (sl_parse_uint(&n, sl_span_text(word), 1024) != SL_OK)
		return SL_EMALFORMED;
	for (uint8_t s = 0; s <= 6; s++)
		if (sl_coap_block_size(s) == n) {
			*szx = s;
			return SL_OK;
		}
	return SL_EMALFORMED;
}

static enum sl_err
take_inner_block(struct options *o, const char *word)
{
	return take_size(&o->inner_szx, word);
}

static enum sl_err
take_outer_block(struct options *o, const char *word)
{
	return take_size(&o->outer_szx, word);
}

static enum sl_err
take_key_type(struct options *o, const char *word)
{
	o->key_type = sl_pkey_type_by_name(word);
	return o->key_type != 0 ? SL_OK : SL_EMALFORMED;
}

static enum sl_err
take_accept(struct options *o, const char *word)
{
	uint64_t n;

	if (sl_parse_uint(&n, sl_span_text(word), 65535) != SL_OK)
		return SL_EMALFORMED;
	o->accept = (uint32_t)n;
	o->has_accept = true;
	return SL_OK;
}

static enum sl_err
take_timeout(struct options *o, const char *word)
{
	if (sl_parse_time(&o->timeout_ms, sl_span_text(word)) != SL_OK || o->timeout_ms == 0 ||
	        o->timeout_ms > TIMEOUT_MAX_MS)
		return SL_EMALFORMED;
	return SL_OK;
}

static enum sl_err
take_kid(struct options *o, const char *word)
{
	return sl_hex_decode(o->kid, sizeof o->kid, &o->kid_len, sl_span_text(word));
}

static enum sl_err
take_subject(struct options *o, const char *word)
{
	o->subject = word;
	return strlen(word) <= SUBJECT_MAX && sl_is_plain_utf8(sl_span_text(word)) ? SL_OK
	                                                                           : SL_EMALFORMED;
}

static enum sl_err
take_peer(struct options *o, const char *word)
{
	for (size_t i = 0; i < SL_DEVICE_PEERS_MAX; i++)
		if (o->edhoc.peers[i] == NULL) {
			o->edhoc.peers[i] = word;
			return SL_OK;
		}
	return SL_EMALFORMED;
}

static enum sl_err
take_message_4(struct options *o, const char *word)
{
	o->edhoc.requires_message_4 = strcmp(word, "require") == 0;
	return o->edhoc.requires_message_4 ? SL_OK : SL_EMALFORMED;
}

static enum sl_err
take_use_enrolled(struct options *o, const char *word)
{
	o->edhoc.keeps_to_this = strcmp(word, "no") == 0;
	return o->edhoc.keeps_to_this || strcmp(word, "yes") == 0 ? SL_OK : SL_EMALFORMED;
}

#define TEXT(member) .text_at = offsetof(struct options, member) + 1
#define FLAG(member) .flag_at = offsetof(struct options, member) + 1
#define EDHOC        MAKES, .edhoc = MAKES
#define WHERE        MAKES, .edhoc = ENROLL

static const struct option_row rows[] = {
        {"--help", OPTION_ANY, FLAG(wants_help)},
        {"--version", OPTION_ANY, FLAG(wants_version)},
        {"--json", OPTION_ANY, FLAG(is_json)},
        {"--state", OPTION_ANY, TEXT(state), .wish = "a directory"},
        {"--provisioning", INIT, TEXT(provisioning), .wish = "a file"},
        {"--server", MAKES | BIT(COMMAND_PING), .edhoc = ENROLL, TEXT(where.server),
                .wish = "coap://HOST[:PORT]"},
        {"--target", WHERE, TEXT(where.target), .wish = "http://HOST[:PORT]"},
        {"--route", WHERE, TEXT(where.path), .wish = "a path like /a"},
        {"--root", WHERE, TEXT(where.root), .wish = "a path like /est"},
        {"--trace", ONLINE | BIT(COMMAND_PING), FLAG(is_traced)},
        {"--cn", ENROLL, TEXT(common_name), .wish = "a name"},
        {"--key-type", ENROLS | BIT(COMMAND_KEYGEN), .take = take_key_type,
                .wish = "p256, p384, ed25519, x25519, ed448 or x448"},
        {"--rekey", BIT(COMMAND_REENROLL), FLAG(is_rekey)},
        {"--force", ENROLL, FLAG(is_forced)},
        {"--bind", INIT | ENROLS, .edhoc = INIT, FLAG(edhoc.is_bound)},
        {"--accept", ENROLS | BIT(COMMAND_GET), .take = take_accept,
                .wish = "a Content-Format number"},
        {"--block-size", ONLINE, .take = take_inner_block,
                .wish = "16, 32, 64, 128, 256, 512 or 1024"},
        {"--outer-block", ONLINE, .take = take_outer_block,
                .wish = "16, 32, 64, 128, 256, 512 or 1024"},
        {"--timeout", ONLINE | BIT(COMMAND_PING), .take = take_timeout,
                .wish = "a time with its unit up to 4d, like 30s or 10min"},
        /* keys and credentials */
        {"--out", BIT(COMMAND_KEYGEN) | BIT(COMMAND_CREDENTIAL), TEXT(out), .wish = "a new file"},
        {"--subject", BIT(COMMAND_CREDENTIAL), .take = take_subject,
                .wish = "1 to 64 bytes of plain text"},
        {"--kid", BIT(COMMAND_CREDENTIAL), .take = take_kid, .wish = "1 to 16 bytes in hex"},
        {"--show", BIT(COMMAND_CREDENTIAL), TEXT(shown), .wish = "a file"},
        {"--encode", BIT(COMMAND_CREDENTIAL), TEXT(encoded), .wish = "a PEM file"},
        {"--key", MAKES | BIT(COMMAND_CREDENTIAL), .edhoc = MAKES, TEXT(edhoc.key),
                .wish = "a PEM file, mode 0400"},
        /* EDHOC */
        {"--edhoc", MAKES, FLAG(is_edhoc)},
        {"--credential", EDHOC, TEXT(edhoc.credential), .wish = "a file: PEM, CCS or C509"},
        {"--send", EDHOC, TEXT(edhoc.send), .wish = "kid, kccs, x5t, x5chain, c5t or c5c"},
        {"--peer", EDHOC, .take = take_peer, .wish = "a file; at most 4 of them"},
        {"--anchors", EDHOC, TEXT(edhoc.anchors), .wish = "a PEM file"},
        {"--peer-name", EDHOC, TEXT(edhoc.peer_name), .wish = "a name"},
        {"--method", EDHOC, TEXT(edhoc.method), .wish = "0, 1, 2 or 3"},
        {"--suites", EDHOC, TEXT(edhoc.suites), .wish = "numbers like 2,3"},
        {"--message-4", EDHOC, .take = take_message_4, .wish = "require"},
        {"--combined", EDHOC, FLAG(edhoc.is_combined)},
        {"--identity", EDHOC, TEXT(edhoc.identity), .wish = "a name"},
        {"--use-enrolled", EDHOC, .take = take_use_enrolled, .wish = "yes or no"},
};

const struct option_row *
option_row_find(const char *name)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}
