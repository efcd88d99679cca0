/* SPDX-License-Identifier: BSD-2-Clause */
#include "options.h"

#include <sl/text.h>

#include <string.h>

#define BIT(command) (1U << (command))
#define ANY          0xffffU
#define ONLINE                                                                                     \
	(BIT(COMMAND_DISCOVER) | BIT(COMMAND_CRTS) | BIT(COMMAND_ENROLL) | BIT(COMMAND_REENROLL) | \
	        BIT(COMMAND_GET))
#define ENROLS (BIT(COMMAND_ENROLL) | BIT(COMMAND_REENROLL))

static const struct {
	const char *name;
	enum options_command command;
} commands[] = {
        {"init", COMMAND_INIT},
        {"discover", COMMAND_DISCOVER},
        {"crts", COMMAND_CRTS},
        {"enroll", COMMAND_ENROLL},
        {"reenroll", COMMAND_REENROLL},
        {"show", COMMAND_SHOW},
        {"ping", COMMAND_PING},
        {"get", COMMAND_GET},
};

const char *
options_help(void)
{
	return "usage: sealift-device COMMAND --state DIR [OPTION...]\n"
	       "\n"
	       "commands\n"
	       "  init      make DIR from a provisioning file; needs --provisioning, --server\n"
	       "  discover  ask the server for its EST resources\n"
	       "  crts      fetch the trust anchors and keep them\n"
	       "  enroll    make a key and obtain a certificate\n"
	       "  reenroll  renew the certificate\n"
	       "  show      tell what DIR holds\n"
	       "  ping      CoAP ping of the next hop; takes --server instead of --state\n"
	       "  get PATH  a protected GET\n"
	       "\n"
	       "where\n"
	       "  --server coap://HOST[:PORT]  the next CoAP hop, usually the proxy\n"
	       "  --target http(s)://HOST[:PORT]  forward mode: the server behind the proxy\n"
	       "  --route /PATH     reverse mode: outer path that chooses the proxy's route\n"
	       "  --root /PATH      EST root inside the protection (/.well-known/est)\n"
	       "  --provisioning FILE  JSON file of `sealift-est add-context`, mode 0400\n"
	       "\n"
	       "what\n"
	       "  --key-type p256|p384|ed25519  key of a first certificate or a rekey (p256)\n"
	       "  --cn NAME         CommonName of a first certificate (the identity)\n"
	       "  --rekey           reenroll with a new key\n"
	       "  --force           enroll although there is a valid certificate\n"
	       "  --accept N        Content-Format to ask for (enroll: 281 or 287)\n"
	       "  --block-size N    size of blocks inside the protection, 16 to 1024 (1024)\n"
	       "  --outer-block N   size of blocks on the link, 16 to 1024 (1024)\n"
	       "  --timeout TIME    for the command in all, as 30s, 10min (10min; ping 5s)\n"
	       "\n"
	       "how\n"
	       "  --json            one JSON object on standard output\n"
	       "  --trace           every message on standard error\n"
	       "  --check           only check DIR: files, modes, key, certificate\n"
	       "  --help  --version\n"
	       "\n"
	       "exit status: 0 done, 1 failed, 2 usage or configuration\n";
}

const char *
options_command_name(enum options_command command)
{
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
		if (commands[i].command == command)
			return commands[i].name;
	return command == COMMAND_CHECK ? "check" : "";
}

/* --- values ---------------------------------------------------------------------------------- */

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
	return o->key_type == SL_PKEY_P256 || o->key_type == SL_PKEY_P384 ||
	                       o->key_type == SL_PKEY_ED25519
	               ? SL_OK
	               : SL_EMALFORMED;
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

/* Where a value goes: a text as it is, a flag, or through a function. */
struct option {
	const char *name;
	unsigned commands; /* that know it */
	size_t text_at, flag_at;
	enum sl_err (*take)(struct options *o, const char *word);
	const char *wish; /* what a good value is */
};

#define TEXT(member) .text_at = offsetof(struct options, member) + 1
#define FLAG(member) .flag_at = offsetof(struct options, member) + 1

static const struct option options[] = {
        {"--help", ANY, FLAG(wants_help)},
        {"--version", ANY, FLAG(wants_version)},
        {"--json", ANY, FLAG(is_json)},
        {"--state", ANY, TEXT(state), .wish = "a directory"},
        {"--provisioning", BIT(COMMAND_INIT), TEXT(provisioning), .wish = "a file"},
        {"--server", BIT(COMMAND_INIT) | BIT(COMMAND_PING), TEXT(where.server),
                .wish = "coap://HOST[:PORT]"},
        {"--target", BIT(COMMAND_INIT), TEXT(where.target), .wish = "http://HOST[:PORT]"},
        {"--route", BIT(COMMAND_INIT), TEXT(where.path), .wish = "a path like /a"},
        {"--root", BIT(COMMAND_INIT), TEXT(where.root), .wish = "a path like /est"},
        {"--trace", ONLINE | BIT(COMMAND_PING), FLAG(is_traced)},
        {"--cn", BIT(COMMAND_ENROLL), TEXT(common_name), .wish = "a name"},
        {"--key-type", ENROLS, .take = take_key_type, .wish = "p256, p384 or ed25519"},
        {"--rekey", BIT(COMMAND_REENROLL), FLAG(is_rekey)},
        {"--force", BIT(COMMAND_ENROLL), FLAG(is_forced)},
        {"--accept", ENROLS | BIT(COMMAND_GET), .take = take_accept,
                .wish = "a Content-Format number"},
        {"--block-size", ONLINE, .take = take_inner_block,
                .wish = "16, 32, 64, 128, 256, 512 or 1024"},
        {"--outer-block", ONLINE, .take = take_outer_block,
                .wish = "16, 32, 64, 128, 256, 512 or 1024"},
        {"--timeout", ONLINE | BIT(COMMAND_PING), .take = take_timeout,
                .wish = "a time with its unit up to 4d, like 30s or 10min"},
};

static const struct option *
find_option(const char *name)
{
	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
		if (strcmp(options[i].name, name) == 0)
			return &options[i];
	return NULL;
}

static enum sl_err
take_value(struct options *o, const struct option *opt, const char *word, struct complaint *why)
{
	if (word == NULL || word[0] == '\0')
		return complain(why, SL_EMALFORMED, "%s needs %s", opt->name, opt->wish);
	if (opt->take == NULL) {
		*(const char **)((char *)o + opt->text_at - 1) = word;
		return SL_OK;
	}
	if (opt->take(o, word) != SL_OK)
		return complain(
		        why, SL_EMALFORMED, "%s \"%s\": must be %s", opt->name, word, opt->wish);
	return SL_OK;
}

static enum sl_err
take_word(struct options *o, const char *word, struct complaint *why)
{
	if (o->command == COMMAND_GET && o->get_path == NULL) {
		o->get_path = word;
		return SL_OK;
	}
	if (o->command != COMMAND_NONE)
		return complain(why, SL_EMALFORMED, "\"%s\" is one word too many", word);
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
		if (strcmp(commands[i].name, word) == 0)
			o->command = commands[i].command;
	if (o->command == COMMAND_NONE)
		return complain(why, SL_EMALFORMED, "\"%s\" is no command; see --help", word);
	return SL_OK;
}

/* --- the whole ------------------------------------------------------------------------------- */

static enum sl_err
need(bool is_there, const char *name, const struct options *o, struct complaint *why)
{
	if (is_there)
		return SL_OK;
	return complain(why, SL_EMALFORMED, "%s needs %s", options_command_name(o->command), name);
}

static enum sl_err
check_needs(const struct options *o, struct complaint *why)
{
	enum sl_err err = SL_OK;

	if (o->wants_help || o->wants_version)
		return SL_OK;
	if (o->command == COMMAND_NONE)
		return complain(why, SL_EMALFORMED, "say a command; see --help");
	if (o->command == COMMAND_PING)
		return need(
		        o->state != NULL || o->where.server != NULL, "--server or --state", o, why);
	err = need(o->state != NULL, "--state DIR", o, why);
	if (err == SL_OK && o->command == COMMAND_INIT)
		err = need(o->provisioning != NULL, "--provisioning FILE", o, why);
	if (err == SL_OK && o->command == COMMAND_INIT)
		err = need(o->where.server != NULL, "--server coap://HOST[:PORT]", o, why);
	if (err == SL_OK && o->command == COMMAND_GET)
		err = need(o->get_path != NULL, "a path", o, why);
	if (err == SL_OK && o->has_accept && (BIT(o->command) & ENROLS) != 0 && o->accept != 281 &&
	        o->accept != 287)
		err = complain(why, SL_EMALFORMED, "--accept %u: must be 281 or 287", o->accept);
	if (err == SL_OK && o->command == COMMAND_REENROLL && o->key_type != 0 && !o->is_rekey)
		err = complain(why, SL_EMALFORMED, "--key-type needs --rekey: the key stays");
	return err;
}

/* Options may stand before the command: which command knows them is asked when it is known. */
static enum sl_err
check_known(const struct options *o, int argc, char *const *argv, struct complaint *why)
{
	for (int i = 1; i < argc; i++) {
		const struct option *opt = find_option(argv[i]);

		if (opt == NULL)
			continue;
		if (opt->commands != ANY && (opt->commands & BIT(o->command)) == 0)
			return complain(why, SL_EMALFORMED, "%s does not know %s",
			        options_command_name(o->command), opt->name);
		if (opt->flag_at == 0)
			i++;
	}
	return SL_OK;
}

static enum sl_err
take_all(struct options *o, int argc, char *const *argv, struct complaint *why)
{
	enum sl_err err = SL_OK;

	for (int i = 1; err == SL_OK && i < argc; i++) {
		const struct option *opt = find_option(argv[i]);

		if (strcmp(argv[i], "--check") == 0)
			o->command = COMMAND_CHECK;
		else if (opt != NULL && opt->flag_at > 0)
			*((bool *)((char *)o + opt->flag_at - 1)) = true;
		else if (opt != NULL && i + 1 < argc)
			err = take_value(o, opt, argv[++i], why);
		else if (opt != NULL)
			err = take_value(o, opt, NULL, why);
		else if (argv[i][0] == '-')
			err = complain(
			        why, SL_EMALFORMED, "\"%s\" is no option; see --help", argv[i]);
		else
			err = take_word(o, argv[i], why);
	}
	return err;
}

enum sl_err
options_parse(struct options *o, int argc, char *const *argv, struct complaint *why)
{
	struct options got = {.inner_szx = 6, .outer_szx = 6};
	enum sl_err err = take_all(&got, argc, argv, why);

	if (err == SL_OK)
		err = check_known(&got, argc, argv, why);
	if (err == SL_OK)
		err = check_needs(&got, why);
	if (err == SL_OK)
		*o = got;
	return err;
}
