/* SPDX-License-Identifier: BSD-2-Clause */
#include "option_rows.h"

#include <string.h>

#define BIT(command) OPTION_OF(command)
#define ENROLS       (BIT(COMMAND_ENROLL) | BIT(COMMAND_REENROLL))

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
        {"keygen", COMMAND_KEYGEN},
        {"credential", COMMAND_CREDENTIAL},
};

const char *
options_command_name(enum options_command command)
{
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
		if (commands[i].command == command)
			return commands[i].name;
	return command == COMMAND_CHECK ? "check" : "";
}

static enum sl_err
take_value(struct options *o, const struct option_row *opt, const char *word, struct complaint *why)
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
check_edhoc(const struct options *o, struct complaint *why)
{
	enum sl_err err = need(o->edhoc.key != NULL, "--key FILE", o, why);

	if (err == SL_OK)
		err = need(o->edhoc.credential != NULL, "--credential FILE", o, why);
	if (err == SL_OK)
		err = need(o->edhoc.peers[0] != NULL || o->edhoc.anchors != NULL,
		        "--peer FILE or --anchors FILE", o, why);
	if (err == SL_OK)
		err = need(o->where.server != NULL, "--server coap://HOST[:PORT]", o, why);
	return err;
}

static enum sl_err
check_init(const struct options *o, struct complaint *why)
{
	enum sl_err err;

	if (o->is_edhoc && o->provisioning != NULL)
		return complain(why, SL_EMALFORMED,
		        "init takes --provisioning or --edhoc, not both; a file can have an "
		        "\"edhoc\" object");
	if (o->is_edhoc)
		return check_edhoc(o, why);
	err = need(o->provisioning != NULL, "--provisioning FILE, or --edhoc", o, why);
	return err == SL_OK ? need(o->where.server != NULL, "--server coap://HOST[:PORT]", o, why)
	                    : err;
}

static enum sl_err
check_enrol(const struct options *o, struct complaint *why)
{
	if (o->has_accept && o->accept != 281 && o->accept != 287)
		return complain(why, SL_EMALFORMED, "--accept %u: must be 281 or 287", o->accept);
	if (o->key_type != 0 && o->key_type != SL_PKEY_P256 && o->key_type != SL_PKEY_P384 &&
	        o->key_type != SL_PKEY_ED25519)
		return complain(why, SL_EMALFORMED,
		        "--key-type \"%s\": must be p256, p384 or ed25519 for a certificate",
		        sl_pkey_type_name(o->key_type));
	if (o->command == COMMAND_REENROLL && o->key_type != 0 && !o->is_rekey)
		return complain(why, SL_EMALFORMED, "--key-type needs --rekey: the key stays");
	return o->is_edhoc ? check_edhoc(o, why) : SL_OK;
}

static enum sl_err
check_credential(const struct options *o, struct complaint *why)
{
	bool makes = o->edhoc.key != NULL || o->subject != NULL || o->kid_len > 0;
	enum sl_err err;

	if ((o->shown != NULL) + (o->encoded != NULL) + makes > 1)
		return complain(why, SL_EMALFORMED, "credential takes --show, --encode or --key");
	if (o->shown != NULL)
		return o->out == NULL
		               ? SL_OK
		               : complain(why, SL_EMALFORMED, "credential --show writes no file");
	err = need(o->out != NULL, "--out FILE", o, why);
	if (err == SL_OK && o->encoded == NULL)
		err = need(
		        o->edhoc.key != NULL, "--key FILE, --encode FILE or --show FILE", o, why);
	if (err == SL_OK && o->encoded == NULL)
		err = need(o->subject != NULL, "--subject TEXT", o, why);
	return err;
}

static enum sl_err
check_needs(const struct options *o, struct complaint *why)
{
	enum sl_err err;

	if (o->wants_help || o->wants_version)
		return SL_OK;
	if (o->command == COMMAND_NONE)
		return complain(why, SL_EMALFORMED, "say a command; see --help");
	if (o->command == COMMAND_KEYGEN)
		return need(o->out != NULL, "--out FILE", o, why);
	if (o->command == COMMAND_CREDENTIAL)
		return check_credential(o, why);
	if (o->command == COMMAND_PING)
		return need(
		        o->state != NULL || o->where.server != NULL, "--server or --state", o, why);
	err = need(o->state != NULL, "--state DIR", o, why);
	if (err == SL_OK && o->command == COMMAND_INIT)
		err = check_init(o, why);
	if (err == SL_OK && o->command == COMMAND_GET)
		err = need(o->get_path != NULL, "a path", o, why);
	if (err == SL_OK && (BIT(o->command) & ENROLS) != 0)
		err = check_enrol(o, why);
	return err;
}

/* Options may stand before the command: which command knows them is asked when it is known. */
static enum sl_err
check_known(const struct options *o, int argc, char *const *argv, struct complaint *why)
{
	for (int i = 1; i < argc; i++) {
		const struct option_row *opt = option_row_find(argv[i]);

		if (opt == NULL)
			continue;
		if (opt->commands != OPTION_ANY && (opt->commands & BIT(o->command)) == 0)
			return complain(why, SL_EMALFORMED, "%s does not know %s",
			        options_command_name(o->command), opt->name);
		if ((opt->edhoc & BIT(o->command)) != 0 && !o->is_edhoc)
			return complain(why, SL_EMALFORMED, "%s knows %s only with --edhoc",
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
		const struct option_row *opt = option_row_find(argv[i]);

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
