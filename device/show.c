/* SPDX-License-Identifier: BSD-2-Clause */
#include "show.h"

#include <sl/text.h>
#include <sl/x509.h>

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
show_certs(struct report *r, const char *name, const struct sl_span *certs, size_t count)
{
	report_list_open(r, name);
	for (size_t i = 0; i < count; i++) {
		report_item_open(r);
		show_cert(r, certs[i]);
		report_item_close(r);
	}
	report_list_close(r);
}

void
show_link(struct report *r, const struct sl_device_link *link)
{
	report_item_open(r);
	report_bytes(r, "target", link->target);
	report_bytes(r, "rt", link->rt);
	report_bytes(r, "ct", link->ct);
	report_flag(r, "osc", link->osc);
	report_item_close(r);
}

static void
show_bytes(struct report *r, const char *what, const struct sl_device_traffic *t)
{
	static const char *const names[] = {
	        "datagrams-sent", "bytes-sent", "datagrams-received", "bytes-received"};
	const uint64_t values[] = {
	        t->datagrams_sent, t->bytes_sent, t->datagrams_received, t->bytes_received};
	char name[64];

	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		snprintf(name, sizeof name, "%s-%s", what, names[i]);
		report_number(r, name, values[i]);
	}
}

void
show_traffic(struct report *r, const struct sl_device_result *result)
{
	char name[32];

	show_bytes(r, "link", &result->traffic);
	if (result->edhoc_runs == 0)
		return;
	report_number(r, "edhoc-runs", result->edhoc_runs);
	show_bytes(r, "edhoc", &result->edhoc);
	for (unsigned i = 0; i < 4; i++) {
		snprintf(name, sizeof name, "edhoc-message-%u", i + 1);
		if (result->edhoc_messages[i] > 0)
			report_number(r, name, result->edhoc_messages[i]);
	}
}

static void
show_where(struct report *r, const struct sl_device_state *s)
{
	report_text(r, "server", s->server);
	if (s->target[0] != '\0')
		report_text(r, "target", s->target);
	if (s->route[0] != '\0')
		report_text(r, "route", s->route);
	report_text(r, "root", s->root);
}

void
show_state(struct report *r, const struct sl_device_state *s)
{
	report_text(r, "identity", s->identity);
	show_where(r, s);
	report_text(r, "context", s->is_edhoc ? "edhoc" : "pre-shared");
	if (!s->is_edhoc)
		report_number(r, "sequence-numbers-reserved", s->numbers_reserved);
	report_flag(r, "enrolled", s->has_certificate);
	report_flag(r, "pending-request", s->has_pending_request);
	if (s->certificate_count > 0)
		show_certs(r, "certificates", s->certificates, s->certificate_count);
	if (s->anchor_count > 0)
		show_certs(r, "anchors", s->anchors, s->anchor_count);
	if (s->has_certificate)
		report_flag(r, "valid", s->check == SL_OK);
	if (s->check != SL_OK && (s->has_certificate || s->check != SL_ENOTFOUND))
		report_text(r, "problem", s->problem);
}
