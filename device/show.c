/* SPDX-License-Identifier: BSD-2-Clause */
#include "show.h"

#include "credentials.h"

#include <sl/text.h>

#include <string.h>

void
show_cert(struct report *r, struct sl_span der)
{
	char serial[2 * SL_SERIAL_MAX + 1];
	struct sl_cert cert;

	if (sl_cert_decode(&cert, der) != SL_OK)
		return;
	report_text(r, "subject", cert.subject_text);
	report_text(r, "issuer", cert.issuer_text);
	if (sl_hex_encode(serial, sizeof serial, cert.serial) == SL_OK)
		report_text(r, "serial", serial);
	report_time(r, "not-before", cert.not_before);
	report_time(r, "not-after", cert.not_after);
	report_text(r, "key-type", sl_pkey_type_name(cert.key_type));
}

void
show_certs(struct report *r, const char *name, const struct certs *list)
{
	report_list_open(r, name);
	for (size_t i = 0; i < list->count; i++) {
		report_item_open(r);
		show_cert(r, certs_at(list, i));
		report_item_close(r);
	}
	report_list_close(r);
}

static void
show_where(struct report *r, const struct settings *where)
{
	char text[ENDPOINT_TEXT_MAX];

	endpoint_text(&where->server, text);
	report_text(r, "server", text);
	if (where->route.is_forward) {
		endpoint_text(&where->route.target, text);
		report_text(r, "target", text);
	}
	if (where->route.path[0] != '\0')
		report_text(r, "route", where->route.path);
	report_text(r, "root", where->root);
}

static enum sl_err
show_list(struct report *r, const char *name, const struct keystore *ks, enum keystore_item item,
        struct complaint *why)
{
	struct certs list;
	enum sl_err err;

	certs_init(&list);
	err = credentials_load(ks, item, &list, why);
	if (err == SL_OK)
		show_certs(r, name, &list);
	certs_clear(&list);
	return err == SL_ENOTFOUND ? SL_OK : err;
}

enum sl_err
show_device(struct report *r, const struct device *d, int64_t now, struct complaint *why)
{
	bool has_cert = keystore_has(&d->ks, KEYSTORE_CERT);
	enum sl_err err;

	report_text(r, "identity", d->identity);
	show_where(r, &d->where);
	report_number(r, "sequence-numbers-reserved", d->ks.ssn_limit);
	report_flag(r, "enrolled", has_cert);
	report_flag(r, "pending-request", keystore_has(&d->ks, KEYSTORE_PENDING_CSR));
	err = show_list(r, "certificates", &d->ks, KEYSTORE_CERT, why);
	if (err == SL_OK)
		err = show_list(r, "anchors", &d->ks, KEYSTORE_ANCHORS, why);
	if (err == SL_OK && has_cert) {
		err = credentials_check(&d->ks, now, why);
		report_flag(r, "valid", err == SL_OK);
	}
	return err;
}
