/* SPDX-License-Identifier: BSD-2-Clause
 * A new state directory. Everything is read and checked before anything is written. */
#include "device.h"

#include <sl/text.h>

#include <stdio.h>
#include <string.h>

#define FILES_MAX    (3 + SL_DEVICE_PEERS_MAX)
#define CONTENTS_MAX (FILES_MAX + 2)
#define PATH_BYTES   4096

/* The complaint with the file's name before it. */
static enum sl_err
in_file(enum sl_err err, const char *name, struct complaint *why)
{
	struct complaint inner = *why;

	return complain(why, err, "%.120s: %.270s", name, inner.text);
}

static enum sl_err
create(const char *state, const struct settings *settings, struct keystore_content *contents,
        size_t count, struct complaint *why)
{
	struct sl_buf text;
	enum sl_err err;

	sl_buf_init(&text, PROVISIONING_BYTES_MAX);
	err = settings_encode(settings, &text);
	if (err != SL_OK)
		err = complain(why, err, "settings: %s", sl_err_text(err));
	contents[0] = (struct keystore_content){KEYSTORE_SETTINGS, sl_buf_view(&text)};
	if (err == SL_OK)
		err = keystore_create(state, contents, count, why);
	sl_buf_clear(&text);
	return err;
}

/* --- EDHOC ------------------------------------------------------------------------------------ */

struct plan {
	const char *state;
	struct settings where;
	struct provisioning_edhoc words; /* file names as they were given */
	const char *beside;   /* file names are relative to this file; NULL: as they are */
	const char *identity; /* "": the credential's */
};

/* What the words name; index as in struct reading. */
enum { READ_KEY, READ_CREDENTIAL, READ_ANCHORS, READ_PEERS };

struct reading {
	struct sl_buf bytes[FILES_MAX];
};

static enum sl_err
read_one(const struct plan *plan, const char *name, bool is_secret, struct sl_buf *out,
        struct complaint *why)
{
	const char *slash =
	        plan->beside != NULL && name[0] != '/' ? strrchr(plan->beside, '/') : NULL;
	char path[PATH_BYTES];

	if (name[0] == '\0')
		return SL_OK;
	snprintf(path, sizeof path, "%.*s%s", slash == NULL ? 0 : (int)(slash + 1 - plan->beside),
	        plan->beside != NULL ? plan->beside : "", name);
	return is_secret ? files_read_secret_path(path, out, why) : files_read_path(path, out, why);
}

static enum sl_err
read_all(const struct plan *plan, struct reading *r, struct complaint *why)
{
	const struct provisioning_edhoc *w = &plan->words;
	enum sl_err err = read_one(plan, w->key, true, &r->bytes[READ_KEY], why);

	if (err == SL_OK)
		err = read_one(plan, w->credential, false, &r->bytes[READ_CREDENTIAL], why);
	if (err == SL_OK)
		err = read_one(plan, w->anchors, false, &r->bytes[READ_ANCHORS], why);
	for (size_t i = 0; err == SL_OK && i < w->peer_count; i++)
		err = read_one(plan, w->peers[i], false, &r->bytes[READ_PEERS + i], why);
	return err;
}

/* That all of it goes together, and who we are. */
static enum sl_err
check(const struct plan *plan, const struct reading *r,
        char identity[static PROVISIONING_IDENTITY_MAX + 1], struct complaint *why)
{
	struct edhoc_setup setup;
	struct edhoc_setup_files files = {.key = sl_buf_view(&r->bytes[READ_KEY]),
	        .credential = sl_buf_view(&r->bytes[READ_CREDENTIAL]),
	        .anchors = sl_buf_view(&r->bytes[READ_ANCHORS])};
	enum sl_err err;

	for (size_t i = 0; i < plan->words.peer_count; i++)
		files.peers[i] = sl_buf_view(&r->bytes[READ_PEERS + i]);
	edhoc_setup_init(&setup);
	err = edhoc_setup_load(&setup, &plan->words, &files, why);
	snprintf(identity, PROVISIONING_IDENTITY_MAX + 1, "%s", plan->identity);
	if (err == SL_OK && identity[0] == '\0' &&
	        edhoc_own_identity(&setup.own, identity) != SL_OK)
		err = complain(why, SL_EMALFORMED,
		        "identity: missing, and the credential has no subject that could be one");
	edhoc_setup_clear(&setup);
	return err;
}

/* The words with the names that the files have in the directory. */
static struct provisioning_edhoc
inside_words(const struct provisioning_edhoc *words)
{
	struct provisioning_edhoc in = *words;

	snprintf(in.key, sizeof in.key, "%s", keystore_name(KEYSTORE_EDHOC_KEY));
	snprintf(in.credential, sizeof in.credential, "%s",
	        keystore_name(KEYSTORE_EDHOC_CREDENTIAL));
	if (in.anchors[0] != '\0')
		snprintf(
		        in.anchors, sizeof in.anchors, "%s", keystore_name(KEYSTORE_EDHOC_ANCHORS));
	for (size_t i = 0; i < in.peer_count; i++)
		snprintf(in.peers[i], sizeof in.peers[0], "%s",
		        keystore_name((enum keystore_item)(KEYSTORE_EDHOC_PEER + i)));
	return in;
}

static enum sl_err
write_all(const struct plan *plan, const struct reading *r, const char *identity,
        struct complaint *why)
{
	const struct provisioning_edhoc words = inside_words(&plan->words);
	struct keystore_content contents[CONTENTS_MAX];
	size_t count = 1; /* the settings */
	struct sl_buf text;
	enum sl_err err;

	sl_buf_init(&text, PROVISIONING_BYTES_MAX);
	err = provisioning_edhoc_write(&words, identity, &text);
	for (size_t i = 0; i < READ_PEERS + words.peer_count; i++)
		if (r->bytes[i].len > 0)
			contents[count++] = (struct keystore_content){
			        (enum keystore_item)(KEYSTORE_EDHOC_KEY + i),
			        sl_buf_view(&r->bytes[i])};
	contents[count++] = (struct keystore_content){KEYSTORE_PROVISIONING, sl_buf_view(&text)};
	if (err == SL_OK)
		err = create(plan->state, &plan->where, contents, count, why);
	else
		err = complain(why, err, "provisioning: %s", sl_err_text(err));
	sl_buf_clear(&text);
	return err;
}

static enum sl_err
carry_out(const struct plan *plan, struct complaint *why)
{
	char identity[PROVISIONING_IDENTITY_MAX + 1];
	struct reading r;
	enum sl_err err;

	for (size_t i = 0; i < FILES_MAX; i++)
		sl_buf_init(&r.bytes[i], KEYSTORE_FILE_MAX);
	err = read_all(plan, &r, why);
	if (err == SL_OK)
		err = check(plan, &r, identity, why);
	if (err == SL_OK)
		err = write_all(plan, &r, identity, why);
	for (size_t i = 0; i < FILES_MAX; i++)
		sl_buf_clear(&r.bytes[i]);
	return err;
}

enum sl_err
device_init_edhoc(const char *state, const struct sl_device_edhoc *edhoc,
        const struct settings_words *where, struct complaint *why)
{
	struct plan plan = {.state = state, .identity = edhoc->identity};
	enum sl_err err = settings_check(&plan.where, where, why);

	if (plan.identity == NULL)
		plan.identity = "";
	if (err == SL_OK)
		err = provisioning_edhoc_check(&plan.words, edhoc, why);
	if (err == SL_OK && (strlen(plan.identity) > PROVISIONING_IDENTITY_MAX ||
	                            !sl_is_plain_utf8(sl_span_text(plan.identity))))
		err = complain(why, SL_EMALFORMED, "identity: not plain UTF-8 of 1 to %d bytes",
		        PROVISIONING_IDENTITY_MAX);
	return err == SL_OK ? carry_out(&plan, why) : err;
}

/* --- a provisioning file ---------------------------------------------------------------------- */

enum sl_err
device_init(const char *state, const char *provisioning_file, const struct settings_words *where,
        struct complaint *why)
{
	struct keystore_content contents[2];
	struct plan plan = {.state = state, .beside = provisioning_file};
	struct provisioning p;
	struct sl_buf secret;
	enum sl_err err = settings_check(&plan.where, where, why);

	if (err != SL_OK)
		return err;
	sl_buf_init(&secret, PROVISIONING_BYTES_MAX);
	err = files_read_secret_path(provisioning_file, &secret, why);
	if (err != SL_OK)
		goto out;
	err = provisioning_decode(&p, sl_buf_view(&secret), why);
	if (err != SL_OK) {
		err = in_file(err, provisioning_file, why);
		goto out;
	}
	contents[1] = (struct keystore_content){KEYSTORE_PROVISIONING, sl_buf_view(&secret)};
	plan.words = p.edhoc;
	plan.identity = p.identity;
	err = p.is_edhoc ? carry_out(&plan, why) : create(state, &plan.where, contents, 2, why);
	provisioning_clear(&p);
out:
	sl_buf_clear(&secret);
	return err;
}
