/* SPDX-License-Identifier: BSD-2-Clause
 * One loop over the words. */
#include "options.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sl/text.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
help(const struct option_def *defs, size_t count, const char *program)
{
	static const char *const words[] = {"", " NUMBER", " TIME", " TEXT", " ADDRESS:PORT"};

	printf("usage: %s [--OPTION [VALUE]]...\n", program);
	for (size_t i = 0; i < count; i++) {
		char left[64];

		snprintf(left, sizeof left, "--%s%s", defs[i].name, words[defs[i].kind]);
		printf("  %-24s %s\n", left, defs[i].help);
	}
	exit(0);
}

static enum sl_err
read_target(struct sockaddr_in *out, const char *text)
{
	const char *colon = strrchr(text, ':');
	char address[INET_ADDRSTRLEN];
	uint64_t port;
	enum sl_err err = SL_EMALFORMED;

	if (colon == NULL || (size_t)(colon - text) >= sizeof address)
		return SL_EMALFORMED;
	memcpy(address, text, (size_t)(colon - text));
	address[colon - text] = '\0';
	out->sin_family = AF_INET;
	if (inet_pton(AF_INET, address, &out->sin_addr) == 1)
		err = sl_parse_uint(&port, sl_span_text(colon + 1), 65535);
	if (err == SL_OK)
		out->sin_port = htons((uint16_t)port);
	return err;
}

static enum sl_err
read_time(uint64_t *ms, const char *text)
{
	uint64_t seconds;

	if (sl_parse_uint(&seconds, sl_span_text(text), UINT32_MAX) != SL_OK)
		return sl_parse_time(ms, sl_span_text(text));
	*ms = seconds * 1000;
	return SL_OK;
}

static enum sl_err
read_value(const struct option_def *def, const char *text)
{
	if (text == NULL)
		return SL_EMALFORMED;
	if (def->kind == OPTION_COUNT)
		return sl_parse_uint(def->value, sl_span_text(text), UINT64_MAX);
	if (def->kind == OPTION_TIME)
		return read_time(def->value, text);
	if (def->kind == OPTION_TARGET)
		return read_target(def->value, text);
	memcpy(def->value, &text, sizeof text);
	return SL_OK;
}

static const struct option_def *
find(const struct option_def *defs, size_t count, const char *word)
{
	for (size_t i = 0; strncmp(word, "--", 2) == 0 && i < count; i++)
		if (strcmp(word + 2, defs[i].name) == 0)
			return &defs[i];
	return NULL;
}

void
options_read(const struct option_def *defs, size_t count, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const struct option_def *def = find(defs, count, argv[i]);

		if (strcmp(argv[i], "--help") == 0)
			help(defs, count, argv[0]);
		if (def != NULL && def->kind == OPTION_FLAG) {
			*(bool *)def->value = true;
			continue;
		}
		if (def == NULL || read_value(def, i + 1 < argc ? argv[i + 1] : NULL) != SL_OK) {
			fprintf(stderr, "%s: not good: %s %s (see --help)\n", argv[0], argv[i],
			        def != NULL && i + 1 < argc ? argv[i + 1] : "");
			exit(2);
		}
		i++;
	}
}

void
options_fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}
