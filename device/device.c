/* SPDX-License-Identifier: BSD-2-Clause */
#include "device.h"

#include <stdio.h>
#include <string.h>

/* The complaint with the file's name before it. */
static enum sl_err
in_file(enum sl_err err, const char *name, struct complaint *why)
{
	struct complaint inner = *why;

	return complain(why, err, "%.120s: %.270s", name, inner.text);
}

enum sl_err
device_init(const char *state, const char *provisioning_file, const struct settings_words *where,
        struct complaint *why)
{
	struct provisioning p;
	struct settings settings;
	struct sl_buf secret, text;
	enum sl_err err = settings_check(&settings, where, why);

	if (err != SL_OK)
		return err;
	sl_buf_init(&secret, PROVISIONING_BYTES_MAX);
	sl_buf_init(&text, PROVISIONING_BYTES_MAX);
	err = files_read_secret_path(provisioning_file, &secret, why);
	if (err != SL_OK)
		goto out;
	err = provisioning_decode(&p, sl_buf_view(&secret), why);
	if (err != SL_OK) {
		err = in_file(err, provisioning_file, why);
		goto out;
	}
	provisioning_clear(&p);
	err = settings_encode(&settings, &text);
	if (err != SL_OK)
		err = complain(why, err, "settings: %s", sl_err_text(err));
	else
		err = keystore_create(state, sl_buf_view(&secret), sl_buf_view(&text), why);
out:
	sl_buf_clear(&secret);
	sl_buf_clear(&text);
	return err;
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
load_context(struct device *d, struct complaint *why)
{
	struct provisioning p;
	struct sl_oscore_params params;
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
	params = provisioning_params(&p);
	err = sl_oscore_ctx_init(&d->ctx, &params);
	provisioning_clear(&p);
	if (err != SL_OK)
		err = complain(why, err, "%s: no OSCORE context comes of it: %s",
		        keystore_name(KEYSTORE_PROVISIONING), sl_err_text(err));
	else
		sl_oscore_resume(&d->ctx, d->ks.ssn_limit);
out:
	sl_buf_clear(&text);
	return err;
}

enum sl_err
device_open(struct device *d, const char *state, struct complaint *why)
{
	enum sl_err err;

	memset(d, 0, sizeof *d);
	err = keystore_open(&d->ks, state, why);
	if (err != SL_OK)
		return err;
	err = load_settings(d, why);
	if (err == SL_OK)
		err = load_context(d, why);
	if (err != SL_OK) {
		struct complaint inner = *why;

		device_close(d);
		return complain(why, err, "%.120s/%.270s", state, inner.text);
	}
	return SL_OK;
}

void
device_close(struct device *d)
{
	keystore_close(&d->ks);
	sl_oscore_ctx_clear(&d->ctx);
}
