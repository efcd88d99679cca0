/* SPDX-License-Identifier: BSD-2-Clause
 * Everything textual that a device reads: the first byte chooses the reader. What is accepted
 * must hold: a provisioning gives a context, settings survive being written, lists survive PEM. */
#include "certs.h"
#include "provisioning.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

/* Words that were accepted are the same after they were written. */
static void
try_words(const struct provisioning *p)
{
	struct complaint why = {""};
	struct provisioning again;
	struct sl_buf one, two;

	sl_buf_init(&one, PROVISIONING_BYTES_MAX);
	sl_buf_init(&two, PROVISIONING_BYTES_MAX);
	must(provisioning_edhoc_write(&p->edhoc, p->identity, &one) == SL_OK, "it can be written");
	must(provisioning_decode(&again, sl_buf_view(&one), &why) == SL_OK, "and read again");
	must(provisioning_edhoc_write(&again.edhoc, again.identity, &two) == SL_OK, "and written");
	must(sl_span_equal(sl_buf_view(&one), sl_buf_view(&two)), "as it was");
	sl_buf_clear(&one);
	sl_buf_clear(&two);
}

static void
try_provisioning(struct sl_span text)
{
	struct complaint why = {""};
	struct provisioning p;
	struct sl_oscore_params params;
	struct sl_oscore_ctx ctx;

	if (provisioning_decode(&p, text, &why) != SL_OK) {
		must(why.text[0] != '\0', "a refusal has a text");
		return;
	}
	if (p.is_edhoc) {
		if (p.identity[0] != '\0')
			try_words(&p);
		provisioning_clear(&p);
		return;
	}
	params = provisioning_params(&p);
	must(sl_oscore_ctx_init(&ctx, &params) == SL_OK, "an accepted provisioning is a context");
	sl_oscore_ctx_clear(&ctx);
	provisioning_clear(&p);
}

static void
try_settings(struct sl_span text)
{
	struct complaint why = {""};
	struct settings first, again;
	struct sl_buf out;

	if (settings_decode(&first, text, &why) != SL_OK)
		return;
	sl_buf_init(&out, 4096);
	must(settings_encode(&first, &out) == SL_OK, "settings can be written");
	must(settings_decode(&again, sl_buf_view(&out), &why) == SL_OK, "and read again");
	must(strcmp(first.server.host, again.server.host) == 0 &&
	                first.server.port == again.server.port &&
	                strcmp(first.root, again.root) == 0,
	        "as they were");
	sl_buf_clear(&out);
}

static void
try_endpoint(struct sl_span text)
{
	char word[400], out[ENDPOINT_TEXT_MAX];
	struct endpoint first, again;

	if (text.len >= sizeof word)
		return;
	memcpy(word, text.ptr, text.len);
	word[text.len] = '\0';
	if (endpoint_parse(&first, word) != SL_OK)
		return;
	endpoint_text(&first, out);
	must(endpoint_parse(&again, out) == SL_OK, "an end point can be written");
	must(strcmp(first.host, again.host) == 0 && first.port == again.port, "as it was");
}

static void
try_certs(struct sl_span body, bool is_text)
{
	struct certs list, again;
	struct sl_buf pem;
	enum sl_err err;

	certs_init(&list);
	certs_init(&again);
	sl_buf_init(&pem, CERTS_PEM_MAX);
	err = is_text ? certs_from_pem(&list, body) : certs_from_body(&list, true, 281, body);
	must((err == SL_OK) == (list.count > 0), "a list is whole or empty");
	if (err == SL_OK && certs_to_pem(&list, &pem) == SL_OK) {
		must(certs_from_pem(&again, sl_buf_view(&pem)) == SL_OK, "PEM can be read");
		must(again.count == list.count, "and is whole");
	}
	certs_clear(&list);
	certs_clear(&again);
	sl_buf_clear(&pem);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct sl_span rest;

	if (len == 0)
		return 0;
	rest = sl_span(bytes + 1, len - 1);
	switch (bytes[0]) {
	case 'p':
		try_provisioning(rest);
		break;
	case 's':
		try_settings(rest);
		break;
	case 'e':
		try_endpoint(rest);
		break;
	case 't':
		try_certs(rest, true);
		break;
	default:
		try_certs(rest, false);
		break;
	}
	return 0;
}
