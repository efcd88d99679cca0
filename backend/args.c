/* SPDX-License-Identifier: BSD-2-Clause
 * Options in any order, each at most once, with "--name VALUE" or "--name=VALUE". */
#include "args.h"

#include <stdio.h>
#include <string.h>

static bool
wrong(const char *command, const char *what, const char *word)
{
	fprintf(stderr, "sealift-est %s: %s: %s; see sealift-est --help\n", command, what, word);
	return false;
}

/* The row of the word, which may carry its value after "=". */
static const struct arg *
find(const struct arg *args, const char *word, const char **value)
{
	size_t len = strcspn(word, "=");

	*value = word[len] == '=' && word[1] == '-' ? word + len + 1 : NULL;
	if (!*value)
		len = strlen(word);
	for (; args->name; args++)
		if (strlen(args->name) == len && strncmp(args->name, word, len) == 0)
			return args;
	return NULL;
}

/* *i is at the option's word. */
static bool
take_option(int argc, char **argv, int *i, const struct arg *args)
{
	const char *value = NULL;
	const struct arg *arg = find(args, argv[*i], &value);

	if (!arg)
		return wrong(argv[0], "unknown option", argv[*i]);
	if (arg->flag) {
		if (value || *arg->flag)
			return wrong(argv[0], "takes no value and stands once", arg->name);
		*arg->flag = true;
		return true;
	}
	if (!value && *i + 1 < argc)
		value = argv[++*i];
	if (!value || !value[0])
		return wrong(argv[0], "needs a value", arg->name);
	if (*arg->value)
		return wrong(argv[0], "is there twice", arg->name);
	*arg->value = value;
	return true;
}

bool
args_take(int argc, char **argv, const struct arg *args, const struct args_rest *rest)
{
	size_t found = 0, want = rest ? rest->want : 0;

	for (int i = 1; i < argc; i++) {
		if (argv[i][0] == '-' && argv[i][1]) {
			if (!take_option(argc, argv, &i, args))
				return false;
		} else if (found == want) {
			return wrong(argv[0], "one word too many", argv[i]);
		} else {
			rest->words[found++] = argv[i];
		}
	}
	if (found < want)
		return wrong(argv[0], "something is missing", "see its usage");
	for (; args->name; args++)
		if (args->is_needed && !*args->value)
			return wrong(argv[0], "is needed", args->name);
	return true;
}
