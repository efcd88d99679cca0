/* SPDX-License-Identifier: BSD-2-Clause
 * Files of credentials from hostile bytes. What is read is a credential, and every reference to it
 * that can be written is read again and means it. Behind a first byte 0 to 2: an ID_CRED_x, a CRED_x,
 * a path (references.h). */
#include "references.h"

#include <stdlib.h>
#include <string.h>

#define ID_MAX (SL_CREDENTIAL_FILE_MAX + 64)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static void
must_lie_in(struct sl_span part, const struct sl_buf *whole)
{
	must(part.len > 0 && part.ptr >= whole->bytes &&
	        part.ptr + part.len <= whole->bytes + whole->len);
}

static void
try_label(const struct sl_credential_file *f, enum sl_id_cred_label label)
{
	static uint8_t out[ID_MAX];
	struct sl_writer w = sl_writer_over(out, sizeof out);
	struct sl_id_cred id;
	enum sl_err err = sl_credential_file_id(f, label, &w);

	must(err == SL_OK || err == SL_EUNSUPPORTED);
	if (err != SL_OK)
		return;
	must(sl_id_cred_decode(&id, sl_writer_span(&w)) == SL_OK);
	must(id.has_kid == (label == SL_LABEL_KID));
	try_trust(f, sl_writer_span(&w));
	must(label != SL_LABEL_KCCS || sl_span_equal(id.kccs, f->cred));
	must(label != SL_LABEL_X5CHAIN || id.x5chain_count == f->count);
	must(label != SL_LABEL_C5C || id.c5c_count == f->count);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const enum sl_id_cred_label labels[] = {SL_LABEL_KID, SL_LABEL_KCCS, SL_LABEL_X5T,
	        SL_LABEL_X5CHAIN, SL_LABEL_C5T, SL_LABEL_C5C};
	struct sl_credential_file f;
	struct sl_credential first;
	enum sl_id_cred_label named;

	if (len > 0 && bytes[0] <= 2) {
		(bytes[0] == 0          ? try_reference
		        : bytes[0] == 1 ? try_credential
		                        : try_native_path)(sl_span(bytes + 1, len - 1));
		return 0;
	}
	if (sl_credential_file_read(&f, sl_span(bytes, len)) != SL_OK)
		return 0;
	must(f.count >= 1 && f.count <= SL_CHAIN_MAX);
	must_lie_in(f.cred, &f.bytes);
	for (size_t i = 0; i < f.count; i++)
		must_lie_in(f.items[i], &f.bytes);
	must(sl_credential_decode(&first, f.cred) == SL_OK);
	must(first.kind == f.kind && sl_span_equal(first.content, f.items[0]));
	sl_credential_clear(&first);
	for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
		try_label(&f, labels[i]);
		must(sl_credential_label(&named, sl_credential_label_name(labels[i])) == SL_OK);
		must(named == labels[i]);
	}
	sl_credential_file_clear(&f);
	return 0;
}
