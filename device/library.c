/* SPDX-License-Identifier: BSD-2-Clause */
#include "library.h"

#include "credentials.h"

#include <sl/wipe.h>

#include <stdlib.h>
#include <string.h>

static enum sl_err
tell(struct sl_device_why *out, const struct complaint *why, enum sl_err err)
{
	if (err != SL_OK && out != NULL)
		snprintf(out->text, sizeof out->text, "%s",
		        why->text[0] != '\0' ? why->text : sl_err_text(err));
	return err;
}

enum sl_err
sl_device_init(const char *state, const char *provisioning_file,
        const struct sl_device_where *where, struct sl_device_why *why)
{
	const struct settings_words words = {
	        where->server, where->target, where->route, where->root};
	struct complaint said = {""};

	return tell(why, &said, device_init(state, provisioning_file, &words, &said));
}

enum sl_err
sl_device_init_edhoc(const char *state, const struct sl_device_edhoc *edhoc,
        const struct sl_device_where *where, struct sl_device_why *why)
{
	const struct settings_words words = {
	        where->server, where->target, where->route, where->root};
	struct complaint said = {""};

	return tell(why, &said, device_init_edhoc(state, edhoc, &words, &said));
}

static enum sl_err
take_size(uint8_t *szx, unsigned size, struct complaint *why)
{
	for (uint8_t s = 0; s <= 6; s++)
		if (sl_coap_block_size(s) == (size == 0 ? 1024 : size)) {
			*szx = s;
			return SL_OK;
		}
	return complain(why, SL_EMALFORMED, "block size %u: must be 16, 32, 64, ... or 1024", size);
}

static enum sl_err
open_inside(struct sl_device *d, const struct sl_device_options *options, struct complaint *why)
{
	enum sl_err err = take_size(&d->inner_szx, options->block_size, why);

	if (err == SL_OK)
		err = take_size(&d->outer_szx, options->outer_block_size, why);
	if (err != SL_OK)
		return err;
	d->hooks = options->hooks;
	snprintf(d->state, sizeof d->state, "%s", options->state);
	certs_init(&d->own);
	certs_init(&d->trusted);
	library_drop_results(d);
	return device_open(&d->inside, options->state, why);
}

enum sl_err
sl_device_open(
        struct sl_device **out, const struct sl_device_options *options, struct sl_device_why *why)
{
	struct sl_device *d = calloc(1, sizeof *d);
	struct complaint said = {""};
	enum sl_err err;

	if (d == NULL)
		return tell(why, &said, SL_ENOMEM);
	err = open_inside(d, options, &said);
	if (err == SL_OK)
		*out = d;
	else
		free(d);
	return tell(why, &said, err);
}

void
library_drop_results(struct sl_device *d)
{
	struct coap_side closed = {.hooks = d->hooks};

	exchange_clear(&d->exchange);
	memset(&d->exchange, 0, sizeof d->exchange);
	session_free(d->session);
	enrol_free(d->enrol);
	d->session = NULL;
	d->enrol = NULL;
	memset(&d->result, 0, sizeof d->result);
	d->result.text = "";
	d->why.text[0] = '\0';
	d->side = closed;
}

void
sl_device_close(struct sl_device *d)
{
	if (d == NULL)
		return;
	library_drop_results(d);
	certs_clear(&d->own);
	certs_clear(&d->trusted);
	device_close(&d->inside);
	sl_wipe(d, sizeof *d);
	free(d);
}

static void
show_where(struct sl_device *d)
{
	const struct settings *where = &d->inside.where;

	endpoint_text(&where->server, d->server);
	d->target[0] = '\0';
	if (where->route.is_forward)
		endpoint_text(&where->route.target, d->target);
	d->shown.identity = d->inside.identity;
	d->shown.server = d->server;
	d->shown.target = d->target;
	d->shown.route = where->route.path;
	d->shown.root = where->root;
}

static enum sl_err
load_list(struct sl_device *d, enum keystore_item item, struct certs *list)
{
	struct complaint said;
	enum sl_err err = credentials_load(&d->inside.ks, item, list, &said);

	if (err == SL_OK || err == SL_ENOTFOUND)
		return SL_OK;
	d->why = said;
	return err;
}

const struct sl_device_state *
sl_device_show(struct sl_device *d)
{
	const struct keystore *ks = &d->inside.ks;
	struct sl_device_state *s = &d->shown;
	enum sl_err own, trusted;

	library_drop_results(d);
	memset(s, 0, sizeof *s);
	show_where(d);
	s->is_edhoc = d->inside.is_edhoc;
	s->numbers_reserved = ks->ssn_limit;
	s->has_certificate = keystore_has(ks, KEYSTORE_CERT);
	s->has_pending_request = keystore_has(ks, KEYSTORE_PENDING_CSR);
	trusted = load_list(d, KEYSTORE_ANCHORS, &d->trusted);
	own = load_list(d, KEYSTORE_CERT, &d->own);
	s->certificates = d->spans[0];
	s->certificate_count = certs_spans(&d->own, d->spans[0]);
	s->anchors = d->spans[1];
	s->anchor_count = certs_spans(&d->trusted, d->spans[1]);
	s->check = own != SL_OK ? own : trusted;
	if (s->check == SL_OK && !s->has_certificate)
		s->check = complain(&d->why, SL_ENOTFOUND, "there is no certificate");
	else if (s->check == SL_OK)
		s->check = credentials_check(ks, coap_side_now().posix_s, &d->why);
	s->problem = s->check == SL_OK ? "" : d->why.text;
	return s;
}
