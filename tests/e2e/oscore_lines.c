/* SPDX-License-Identifier: BSD-2-Clause
 * The client's side of OSCORE (lib/oscore) in the hands of another program: one line in, one line out. Words are hex,
 * "-" is empty, CODE, FORMAT and the algorithm are decimal, PATH is text. Answers "ok WORD..." or "no REASON".
 *   context SECRET SALT SENDER_ID RECIPIENT_ID AEAD SSN     seal CODE PATH FORMAT PAYLOAD: option and ciphertext
 *   open OPTION CIPHERTEXT: code, format (-1: none) and payload     Ends with its input. */
#include <sl/oscore.h>
#include <sl/text.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX  7
#define BYTES_MAX  8192
#define LINE_BYTES (3 * BYTES_MAX)

static struct sl_oscore_ctx ctx;
static struct sl_oscore_exchange exchange;
static char *words[WORDS_MAX];
static uint8_t bytes[WORDS_MAX][BYTES_MAX], made[BYTES_MAX + 64];

static struct sl_span
word(size_t i)
{
	size_t len = 0;

	if (sl_hex_decode(bytes[i], BYTES_MAX, &len, sl_span_text(words[i])) != SL_OK)
		return sl_span(NULL, 0);
	return sl_span(bytes[i], len);
}

static void
say(struct sl_span span)
{
	static char text[2 * sizeof made + 1];

	if (sl_hex_encode(text, sizeof text, span) != SL_OK)
		exit(3);
	printf("%s ", span.len == 0 ? "-" : text);
}

static enum sl_err
do_context(void)
{
	struct sl_oscore_params params = {.master_secret = word(1),
	        .master_salt = word(2),
	        .sender_id = word(3),
	        .recipient_id = word(4),
	        .aead_alg = (int)strtol(words[5], NULL, 10)};
	enum sl_err err;

	sl_oscore_ctx_clear(&ctx);
	err = sl_oscore_ctx_init(&ctx, &params);
	if (err == SL_OK) {
		sl_oscore_resume(&ctx, strtoull(words[6], NULL, 10));
		sl_oscore_reserve(&ctx, SL_OSCORE_SSN_END);
	}
	return err;
}

static enum sl_err
do_seal(void)
{
	struct sl_oscore_sealed sealed = {.buf = made, .cap = sizeof made};
	struct sl_coap_msg inner;
	long format = strtol(words[3], NULL, 10);
	enum sl_err err;

	sl_coap_msg_init(&inner, (uint8_t)strtol(words[1], NULL, 10));
	inner.payload = word(4);
	err = sl_coap_add_path(&inner, words[2]);
	if (err == SL_OK && format >= 0)
		err = sl_coap_add_uint(&inner, SL_COAP_CONTENT_FORMAT, (uint32_t)format);
	if (err == SL_OK)
		err = sl_oscore_protect_request(&ctx, &inner, false, &sealed, &exchange);
	if (err == SL_OK) {
		say(sl_span(sealed.option, sealed.option_len));
		say(sealed.ciphertext);
	}
	return err;
}

static enum sl_err
do_open(void)
{
	struct sl_coap_msg inner;
	struct sl_oscore_open open = {made, sizeof made, &inner};
	enum sl_oscore_outcome outcome =
	        sl_oscore_unprotect_response(&ctx, &exchange, word(1), word(2), &open);
	uint32_t format;

	if (outcome != SL_OSCORE_OK)
		return SL_EAUTH;
	printf("%u ", (unsigned)inner.code);
	if (sl_coap_get_uint(&inner, SL_COAP_CONTENT_FORMAT, &format) == SL_OK)
		printf("%lu ", (unsigned long)format);
	else
		printf("-1 ");
	say(inner.payload);
	return SL_OK;
}

static const struct {
	const char *name;
	size_t words; /* with the name */
	enum sl_err (*run)(void);
} commands[] = {
        {"context", 7, do_context},
        {"seal", 5, do_seal},
        {"open", 3, do_open},
};

static size_t
split(char *line)
{
	char *rest = line;
	size_t n = 0;

	while (n < WORDS_MAX && (words[n] = strsep(&rest, " \n")) != NULL && *words[n] != '\0')
		n++;
	return n;
}

int
main(void)
{
	static char line[LINE_BYTES];

	while (fgets(line, sizeof line, stdin) != NULL) {
		size_t count = split(line);
		enum sl_err err = SL_ENOTFOUND;

		for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
			if (count == commands[i].words && strcmp(commands[i].name, words[0]) == 0)
				err = commands[i].run();
		if (err == SL_OK)
			printf("ok\n");
		else
			printf("no %s\n", sl_err_text(err));
		(void)fflush(stdout);
	}
	sl_oscore_ctx_clear(&ctx);
	return 0;
}
