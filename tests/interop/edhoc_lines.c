/* SPDX-License-Identifier: BSD-2-Clause
 * lib/edhoc in the hands of another program, a step of RFC 9528 a line: NAME WORD..., see commands[].
 * Words are hex, "-" is empty, numbers are decimal. Answers "WORD... ok" or "no REASON". Ends with
 * its input. */
#include <sl/credentials.h>
#include <sl/edhoc.h>
#include <sl/text.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX      8
#define LINE_BYTES_MAX 40000
#define BYTES_MAX      8192

static struct {
	bool is_on;
	struct sl_edhoc s;
	struct sl_edhoc_profile profile;
	int64_t suites[8], method;
	struct sl_edhoc_credential own;
	struct sl_pkey *own_key;
	uint8_t message[BYTES_MAX], plaintext[BYTES_MAX], scratch[2 * BYTES_MAX];
} run;

/* Of the line at hand; own credentials outlive it. */
static uint8_t bytes[WORDS_MAX][BYTES_MAX], own_bytes[2][BYTES_MAX];
static struct sl_span words[WORDS_MAX];
static char *texts[WORDS_MAX];

static int64_t
number(size_t i)
{
	return strtoll(texts[i], NULL, 10);
}

static void
say(struct sl_span span)
{
	static char text[2 * BYTES_MAX + 1];

	if (sl_hex_encode(text, sizeof text, span) != SL_OK)
		exit(3);
	printf(" %s", span.len == 0 ? "-" : text);
}

static enum sl_err
keep(size_t i, size_t word, struct sl_span *out)
{
	memcpy(own_bytes[i], words[word].ptr, words[word].len);
	*out = sl_span(own_bytes[i], words[word].len);
	return SL_OK;
}

/* The key of CRED, or the private one that belongs to it. */
static enum sl_err
key_of(struct sl_pkey **key, struct sl_span cred, struct sl_span raw)
{
	struct sl_credential c;
	enum sl_err err = sl_credential_decode(&c, cred);

	if (err != SL_OK)
		return err;
	if (raw.len > 0) {
		err = sl_pkey_from_raw_private(key, sl_pkey_type(c.key), raw);
	} else {
		*key = c.key;
		c.key = NULL;
	}
	sl_credential_clear(&c);
	return err;
}

static void
end(void)
{
	if (run.is_on)
		sl_edhoc_clear(&run.s);
	sl_pkey_free(run.own_key);
	memset(&run, 0, sizeof run);
}

/* init ROLE METHOD SUITES MESSAGE_4 KEY ID_CRED CRED */
static enum sl_err
do_init(void)
{
	struct sl_edhoc_memory memory = {{run.message, sizeof run.message},
	        {run.plaintext, sizeof run.plaintext}, {run.scratch, sizeof run.scratch}};
	enum sl_err err;
	char *rest = texts[3];

	end();
	run.method = number(2);
	while (run.profile.suite_count < 8 && *rest != '\0') {
		run.suites[run.profile.suite_count++] = strtoll(rest, &rest, 10);
		rest += *rest == ',';
	}
	run.profile.suites = run.suites;
	run.profile.methods = 1u << run.method;
	run.profile.message_4 = (enum sl_edhoc_message_4)number(4);
	run.profile.for_oscore = true;
	(void)keep(0, 6, &run.own.id_cred);
	(void)keep(1, 7, &run.own.cred);
	err = key_of(&run.own_key, run.own.cred, words[5]);
	run.own.key = run.own_key;
	sl_edhoc_init(&run.s,
	        strcmp(texts[1], "initiator") == 0 ? SL_EDHOC_INITIATOR : SL_EDHOC_RESPONDER,
	        &run.profile, &memory);
	run.is_on = true;
	return err;
}

/* write_1 C_I EAD */
static enum sl_err
do_write_1(void)
{
	struct sl_edhoc_message_1 in = {.method = run.method,
	        .suite = run.suites[0],
	        .c_i = words[1],
	        .own = &run.own,
	        .ead = words[2]};
	struct sl_span out;
	enum sl_err err = sl_pkey_generate(&in.ephemeral, sl_edhoc_suite(in.suite)->ecdh);

	if (err == SL_OK)
		err = sl_edhoc_write_message_1(&run.s, &in, &out);
	if (err == SL_OK)
		say(out);
	return err;
}

/* write_2 C_R EAD */
static enum sl_err
do_write_2(void)
{
	struct sl_edhoc_message_2 in = {.c_r = words[1], .own = &run.own, .ead = words[2]};
	struct sl_span out;
	enum sl_err err = SL_EREPLAY;

	if (run.s.suite != NULL)
		err = sl_pkey_generate(&in.ephemeral, run.s.suite->ecdh);
	if (err == SL_OK)
		err = sl_edhoc_write_message_2(&run.s, &in, &out);
	if (err == SL_OK)
		say(out);
	return err;
}

static enum sl_err
do_write_3(void)
{
	struct sl_span out;
	enum sl_err err = sl_edhoc_write_message_3(&run.s, words[1], &out);

	if (err == SL_OK)
		say(out);
	return err;
}

static enum sl_err
do_write_4(void)
{
	struct sl_span out;
	enum sl_err err = sl_edhoc_write_message_4(&run.s, words[1], &out);

	if (err == SL_OK)
		say(out);
	return err;
}

/* What it shows: connection identifier, ID_CRED, EAD. */
static enum sl_err
shown(enum sl_err err, const struct sl_edhoc_seen *seen)
{
	if (err != SL_OK)
		return err;
	say(sl_edhoc_id_view(run.s.role == SL_EDHOC_INITIATOR ? &run.s.c_r : &run.s.c_i));
	say(seen->id_cred);
	say(seen->ead);
	return SL_OK;
}

static enum sl_err
do_read_1(void)
{
	struct sl_edhoc_seen seen = {0};

	return shown(sl_edhoc_read_message_1(&run.s, words[1], &seen), &seen);
}

static enum sl_err
do_read_2(void)
{
	struct sl_edhoc_seen seen = {0};

	return shown(sl_edhoc_read_message_2(&run.s, words[1], &seen), &seen);
}

static enum sl_err
do_read_3(void)
{
	struct sl_edhoc_seen seen = {0};

	return shown(sl_edhoc_read_message_3(&run.s, words[1], &seen), &seen);
}

static enum sl_err
do_read_4(void)
{
	struct sl_edhoc_seen seen = {0};

	return shown(sl_edhoc_read_message_4(&run.s, words[1], &seen), &seen);
}

/* verify ID_CRED CRED */
static enum sl_err
do_verify(void)
{
	struct sl_edhoc_credential peer = {.id_cred = words[1], .cred = words[2]};
	struct sl_pkey *key = NULL;
	size_t which;
	enum sl_err err = key_of(&key, peer.cred, sl_span(NULL, 0));

	peer.key = key;
	if (err == SL_OK)
		err = sl_edhoc_verify(&run.s, &peer, 1, &which);
	sl_pkey_free(key);
	return err;
}

static enum sl_err
do_confirm(void)
{
	return sl_edhoc_confirm(&run.s);
}

/* export LABEL CONTEXT LEN */
static enum sl_err
do_export(void)
{
	uint8_t out[256];
	size_t len = (size_t)number(3);
	enum sl_err err = SL_ESPACE;

	if (len <= sizeof out)
		err = sl_edhoc_export(&run.s, (uint64_t)number(1), words[2], out, len);
	if (err == SL_OK)
		say(sl_span(out, len));
	return err;
}

static enum sl_err
do_oscore(void)
{
	struct sl_edhoc_oscore keys;
	enum sl_err err = sl_edhoc_oscore(&run.s, &keys);

	if (err != SL_OK)
		return err;
	say(sl_key_view(&keys.master_secret));
	say(sl_key_view(&keys.master_salt));
	say(keys.sender_id);
	say(keys.recipient_id);
	sl_key_clear(&keys.master_secret);
	sl_key_clear(&keys.master_salt);
	return SL_OK;
}

static enum sl_err
do_update(void)
{
	return sl_edhoc_key_update(&run.s, words[1]);
}

static enum sl_err
do_error(void)
{
	uint8_t out[256];
	struct sl_writer w = sl_writer_over(out, sizeof out);
	enum sl_err err = sl_edhoc_write_error(&run.s, &w);

	if (err == SL_OK)
		say(sl_writer_span(&w));
	return err;
}

static enum sl_err
do_read_error(void)
{
	struct sl_edhoc_error error;
	enum sl_err err = sl_edhoc_read_error(&run.s, words[1], &error);

	if (err == SL_OK)
		printf(" %lld", (long long)error.code);
	return err;
}

static const struct {
	const char *name;
	size_t words; /* with the name */
	enum sl_err (*run)(void);
} commands[] = {
        {"init", 8, do_init},
        {"write_1", 3, do_write_1},
        {"write_2", 3, do_write_2},
        {"write_3", 2, do_write_3},
        {"write_4", 2, do_write_4},
        {"read_1", 2, do_read_1},
        {"read_2", 2, do_read_2},
        {"read_3", 2, do_read_3},
        {"read_4", 2, do_read_4},
        {"verify", 3, do_verify},
        {"confirm", 1, do_confirm},
        {"export", 4, do_export},
        {"oscore", 1, do_oscore},
        {"update", 2, do_update},
        {"error", 1, do_error},
        {"read_error", 2, do_read_error},
};

/* Number of words; bytes of those that are hex. */
static size_t
split(char *line)
{
	char *rest = line, *word;
	size_t n = 0;

	while (n < WORDS_MAX && (word = strsep(&rest, " \n")) != NULL && *word != '\0') {
		size_t len = 0;

		texts[n] = word;
		if (sl_hex_decode(bytes[n], BYTES_MAX, &len, sl_span_text(word)) != SL_OK)
			len = 0;
		words[n] = sl_span(bytes[n], len);
		n++;
	}
	return n;
}

static void
answer(size_t count)
{
	enum sl_err err = SL_ENOTFOUND;

	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		if (count == 0 || strcmp(commands[i].name, texts[0]) != 0 ||
		        commands[i].words != count)
			continue;
		err = commands[i].run();
		break;
	}
	if (err == SL_OK)
		printf(" ok\n");
	else
		printf(" no %s\n", sl_err_text(err));
	(void)fflush(stdout);
}

int
main(void)
{
	static char line[LINE_BYTES_MAX];

	while (fgets(line, sizeof line, stdin) != NULL)
		answer(split(line));
	end();
	return 0;
}
