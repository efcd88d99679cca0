/* SPDX-License-Identifier: BSD-2-Clause */
#include "device.h"

#include <sl/wipe.h>

#include <stdio.h>
#include <string.h>

/* The complaint with the file's name before it. */
static enum sl_err
in_file(enum sl_err err, const char *name, struct complaint *why)
{
	struct complaint inner = *why;

	return complain(why, err, "%.120s: %.270s", name, inner.text);
}

static enum sl_err
load_settings(struct device *d, struct complaint *why)
{
	struct sl_buf text;
	enum sl_err err;

	sl_buf_init(&text, PROVISIONING_BYTES_MAX);
	err = keystore_read(&d->ks, KEYSTORE_SETTINGS, &text, why);
	if (err == SL_OK) {
		err = settings_decode(&d->where, sl_buf_view(&text), why);
		if (err != SL_OK)
			err = in_file(err, keystore_name(KEYSTORE_SETTINGS), why);
	}
	sl_buf_clear(&text);
	return err;
}

static enum sl_err
make_context(struct device *d, const struct provisioning *p, struct complaint *why)
{
	struct sl_oscore_params params = provisioning_params(p);
	enum sl_err err = sl_oscore_ctx_init(&d->ctx, &params);

	if (err != SL_OK)
		return complain(why, err, "%s: no OSCORE context comes of it: %s",
		        keystore_name(KEYSTORE_PROVISIONING), sl_err_text(err));
	sl_oscore_resume(&d->ctx, d->ks.ssn_limit);
	d->has_context = true;
	return SL_OK;
}

/* --- EDHOC ------------------------------------------------------------------------------------ */

#define EDHOC_FILES (3 + KEYSTORE_PEERS_MAX)

struct contents {
	struct sl_buf bytes[EDHOC_FILES];
};

static struct sl_span
load_one(struct device *d, struct contents *all, enum keystore_item item, enum sl_err *err,
        struct complaint *why)
{
	struct sl_buf *buf = &all->bytes[item - KEYSTORE_EDHOC_KEY];

	if (*err == SL_OK)
		*err = keystore_read(&d->ks, item, buf, why);
	return sl_buf_view(buf);
}

static enum sl_err
load_edhoc(struct device *d, const struct provisioning_edhoc *words, struct complaint *why)
{
	struct edhoc_setup_files files = {.anchors = {NULL, 0}};
	struct contents all;
	enum sl_err err = SL_OK;

	for (size_t i = 0; i < EDHOC_FILES; i++)
		sl_buf_init(&all.bytes[i], KEYSTORE_FILE_MAX);
	files.key = load_one(d, &all, KEYSTORE_EDHOC_KEY, &err, why);
	files.credential = load_one(d, &all, KEYSTORE_EDHOC_CREDENTIAL, &err, why);
	if (words->anchors[0] != '\0')
		files.anchors = load_one(d, &all, KEYSTORE_EDHOC_ANCHORS, &err, why);
	for (size_t i = 0; i < words->peer_count; i++)
		files.peers[i] =
		        load_one(d, &all, (enum keystore_item)(KEYSTORE_EDHOC_PEER + i), &err, why);
	if (err == SL_OK) {
		err = edhoc_setup_load(&d->edhoc, words, &files, why);
		if (err != SL_OK)
			err = in_file(err, keystore_name(KEYSTORE_PROVISIONING), why);
	}
	for (size_t i = 0; i < EDHOC_FILES; i++)
		sl_buf_clear(&all.bytes[i]);
	return err;
}

/* --- the whole -------------------------------------------------------------------------------- */

static enum sl_err
load_provisioning(struct device *d, struct complaint *why)
{
	struct provisioning p;
	struct sl_buf text;
	enum sl_err err;

	sl_buf_init(&text, PROVISIONING_BYTES_MAX);
	err = keystore_read(&d->ks, KEYSTORE_PROVISIONING, &text, why);
	if (err != SL_OK)
		goto out;
	err = provisioning_decode(&p, sl_buf_view(&text), why);
	if (err != SL_OK) {
		err = in_file(err, keystore_name(KEYSTORE_PROVISIONING), why);
		goto out;
	}
	snprintf(d->identity, sizeof d->identity, "%s", p.identity);
	d->is_edhoc = p.is_edhoc;
	err = p.is_edhoc ? load_edhoc(d, &p.edhoc, why) : make_context(d, &p, why);
	provisioning_clear(&p);
out:
	sl_buf_clear(&text);
	return err;
}

enum sl_err
device_open(struct device *d, const char *state, struct complaint *why)
{
	enum sl_err err;

	memset(d, 0, sizeof *d);
	edhoc_setup_init(&d->edhoc);
	err = keystore_open(&d->ks, state, why);
	if (err != SL_OK)
		return err;
	err = load_settings(d, why);
	if (err == SL_OK)
		err = load_provisioning(d, why);
	if (err != SL_OK) {
		struct complaint inner = *why;

		device_close(d);
		return complain(why, err, "%.120s/%.270s", state, inner.text);
	}
	return SL_OK;
}

void
device_forget_context(struct device *d)
{
	sl_oscore_ctx_clear(&d->ctx);
	sl_wipe(d->binding, sizeof d->binding);
	d->has_context = false;
}

void
device_close(struct device *d)
{
	keystore_close(&d->ks);
	edhoc_setup_clear(&d->edhoc);
	device_forget_context(d);
}
