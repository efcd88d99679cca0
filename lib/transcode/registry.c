/* SPDX-License-Identifier: BSD-2-Clause
 * The registries of draft-ietf-cose-cbor-encoded-cert-20 sections 8.6 to 8.15 as tables. */
#include <sl/transcode.h>

#include <string.h>

struct row {
	int16_t number;
	uint8_t len;
	const char *der;
};

#define ROW(number, der)                                                                           \
	{                                                                                          \
		number, sizeof der - 1, der                                                        \
	}
#define PKIX  "\x2b\x06\x01\x05\x05\x07" /* 1.3.6.1.5.5.7 */
#define PKCS1 "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01"
#define X962  "\x2a\x86\x48\xce\x3d"     /* 1.2.840.10045 */
#define EC    "\x06\x07" X962 "\x02\x01" /* id-ecPublicKey */
#define SHA2  "\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02"
/* RSASSA-PSS with hash, MGF1 with the same hash, and salt length */
#define PSS(hash, salt)                                                                            \
	"\x30\x41" PKCS1 "\x0a\x30\x34\xa0\x0f\x30\x0d" SHA2 hash "\x05\x00\xa1\x1c\x30\x1a" PKCS1 \
	"\x08\x30\x0d" SHA2 hash "\x05\x00\xa2\x03\x02\x01" salt

/* clang-format off */
static const struct row signatures[] = {
	ROW(-256, "\x30\x0d" PKCS1 "\x05\x05\x00"), ROW(-255, "\x30\x09\x06\x07" X962 "\x04\x01"),
	ROW(0, "\x30\x0a\x06\x08" X962 "\x04\x03\x02"),
	ROW(1, "\x30\x0a\x06\x08" X962 "\x04\x03\x03"),
	ROW(2, "\x30\x0a\x06\x08" X962 "\x04\x03\x04"), ROW(3, "\x30\x0a\x06\x08" PKIX "\x06\x20"),
	ROW(4, "\x30\x0a\x06\x08" PKIX "\x06\x21"), ROW(5, "\x30\x0a\x06\x08" PKIX "\x06\x24"),
	ROW(8, "\x30\x0a\x06\x08\x2a\x81\x1c\xcf\x55\x01\x83\x75"),
	ROW(12, "\x30\x05\x06\x03\x2b\x65\x70"), ROW(13, "\x30\x05\x06\x03\x2b\x65\x71"),
	ROW(14, "\x30\x0a\x06\x08" PKIX "\x06\x1a"), ROW(15, "\x30\x0a\x06\x08" PKIX "\x06\x1b"),
	ROW(16, "\x30\x0a\x06\x08" PKIX "\x06\x1c"), ROW(23, "\x30\x0d" PKCS1 "\x0b\x05\x00"),
	ROW(24, "\x30\x0d" PKCS1 "\x0c\x05\x00"), ROW(25, "\x30\x0d" PKCS1 "\x0d\x05\x00"),
	ROW(26, PSS("\x01", "\x20")), ROW(27, PSS("\x02", "\x30")), ROW(28, PSS("\x03", "\x40")),
	ROW(29, "\x30\x0a\x06\x08" PKIX "\x06\x1e"), ROW(30, "\x30\x0a\x06\x08" PKIX "\x06\x1f"),
};

static const struct row keys[] = {
	ROW(0, "\x30\x0d" PKCS1 "\x01\x05\x00"),
	ROW(1, "\x30\x13" EC "\x06\x08" X962 "\x03\x01\x07"),
	ROW(2, "\x30\x10" EC "\x06\x05\x2b\x81\x04\x00\x22"),
	ROW(3, "\x30\x10" EC "\x06\x05\x2b\x81\x04\x00\x23"),
	ROW(6, "\x30\x13" EC "\x06\x08\x2a\x81\x1c\xcf\x55\x01\x82\x2d"),
	ROW(8, "\x30\x05\x06\x03\x2b\x65\x6e"), ROW(9, "\x30\x05\x06\x03\x2b\x65\x6f"),
	ROW(12, "\x30\x05\x06\x03\x2b\x65\x70"), ROW(13, "\x30\x05\x06\x03\x2b\x65\x71"),
	ROW(24, "\x30\x14" EC "\x06\x09\x2b\x24\x03\x03\x02\x08\x01\x01\x07"),
	ROW(25, "\x30\x14" EC "\x06\x09\x2b\x24\x03\x03\x02\x08\x01\x01\x0b"),
	ROW(26, "\x30\x14" EC "\x06\x09\x2b\x24\x03\x03\x02\x08\x01\x01\x0d"),
};

#define MICROSOFT "\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01"
#define PILOT     "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01"
#define PKCS9     "\x2a\x86\x48\x86\xf7\x0d\x01\x09"

static const struct row attributes[] = {
	ROW(0, PKCS9 "\x01"), ROW(1, "\x55\x04\x03"), ROW(2, "\x55\x04\x04"),
	ROW(3, "\x55\x04\x05"), ROW(4, "\x55\x04\x06"), ROW(5, "\x55\x04\x07"),
	ROW(6, "\x55\x04\x08"), ROW(7, "\x55\x04\x09"), ROW(8, "\x55\x04\x0a"),
	ROW(9, "\x55\x04\x0b"), ROW(10, "\x55\x04\x0c"), ROW(11, "\x55\x04\x0f"),
	ROW(12, "\x55\x04\x11"), ROW(13, "\x55\x04\x2a"), ROW(14, "\x55\x04\x2b"),
	ROW(15, "\x55\x04\x2c"), ROW(16, "\x55\x04\x2e"), ROW(17, "\x55\x04\x41"),
	ROW(18, "\x55\x04\x61"), ROW(19, MICROSOFT "\x01"), ROW(20, MICROSOFT "\x02"),
	ROW(21, MICROSOFT "\x03"), ROW(22, PILOT "\x19"), ROW(25, "\x55\x04\x29"),
	ROW(26, "\x55\x04\x14"), ROW(27, "\x55\x04\x36"), ROW(28, PILOT "\x01"),
	ROW(29, PKCS9 "\x02"), ROW(30, PKCS9 "\x08"),
};

static const struct row extensions[] = {
	ROW(1, "\x55\x1d\x0e"), ROW(2, "\x55\x1d\x0f"), ROW(3, "\x55\x1d\x11"),
	ROW(4, "\x55\x1d\x13"), ROW(5, "\x55\x1d\x1f"), ROW(6, "\x55\x1d\x20"),
	ROW(7, "\x55\x1d\x23"), ROW(8, "\x55\x1d\x25"), ROW(9, PKIX "\x01\x01"),
	ROW(25, "\x55\x1d\x12"), ROW(26, "\x55\x1d\x1e"), ROW(27, "\x55\x1d\x21"),
	ROW(28, "\x55\x1d\x24"), ROW(29, "\x55\x1d\x2e"), ROW(30, "\x55\x1d\x36"),
	ROW(31, PKIX "\x01\x0b"), ROW(33, PKIX "\x01\x08"), ROW(35, PKIX "\x01\x1d"),
	ROW(36, PKIX "\x30\x01\x05"), ROW(38, PKIX "\x01\x18"),
};

static const struct row purposes[] = {
	ROW(0, "\x55\x1d\x25\x00"), ROW(1, PKIX "\x03\x01"), ROW(2, PKIX "\x03\x02"),
	ROW(3, PKIX "\x03\x03"), ROW(4, PKIX "\x03\x04"), ROW(8, PKIX "\x03\x08"),
	ROW(9, PKIX "\x03\x09"), ROW(10, "\x2b\x06\x01\x05\x02\x03\x04"),
	ROW(11, "\x2b\x06\x01\x05\x02\x03\x05"), ROW(12, PKIX "\x03\x15"),
	ROW(13, PKIX "\x03\x16"), ROW(14, PKIX "\x03\x23"), ROW(15, PKIX "\x03\x1b"),
	ROW(16, PKIX "\x03\x1c"), ROW(17, PKIX "\x03\x1d"), ROW(18, PKIX "\x03\x20"),
	ROW(20, "\x2b\x06\x01\x04\x01\x82\xe4\x25\x01"),
};

#define CABF "\x67\x81\x0c\x01"
#define GSMA "\x67\x81\x12\x01\x02\x01"

static const struct row policies[] = {
	ROW(0, "\x55\x1d\x20\x00"), ROW(1, CABF "\x02\x01"), ROW(2, CABF "\x02\x02"),
	ROW(3, CABF "\x02\x03"), ROW(4, CABF "\x01"), ROW(7, PKIX "\x0e\x02"),
	ROW(8, PKIX "\x0e\x03"), ROW(24, GSMA "\x00"), ROW(25, GSMA "\x01"),
	ROW(26, GSMA "\x00\x00\x00\x00\x00"), ROW(27, GSMA "\x02"), ROW(28, GSMA "\x00\x00\x00"),
	ROW(29, GSMA "\x03"), ROW(30, GSMA "\x00\x00\x01\x00"), ROW(31, GSMA "\x04"),
	ROW(32, GSMA "\x00\x00\x01\x01"), ROW(33, GSMA "\x05"), ROW(34, GSMA "\x00\x00\x01\x02"),
	ROW(35, GSMA "\x06"), ROW(36, GSMA "\x00\x00\x02\x00"), ROW(37, GSMA "\x07"),
	ROW(38, GSMA "\x00\x00\x02\x01"),
};

static const struct row qualifiers[] = {ROW(1, PKIX "\x02\x01"), ROW(2, PKIX "\x02\x02")};

static const struct row access[] = {
	ROW(1, PKIX "\x30\x01"), ROW(2, PKIX "\x30\x02"), ROW(3, PKIX "\x30\x03"),
	ROW(5, PKIX "\x30\x05"), ROW(10, PKIX "\x30\x0a"), ROW(11, PKIX "\x30\x0b"),
	ROW(13, PKIX "\x30\x0d"),
};

static const struct row request_attributes[] = {
	ROW(0, PKCS9 "\x0e"), ROW(1, PKCS9 "\x07"),
	ROW(2, "\x2b\x06\x01\x04\x01\x81\xac\x60\x02\x01"),
};

/* clang-format on */

#define TABLE(rows)                                                                                \
	{                                                                                          \
		rows, sizeof rows / sizeof rows[0]                                                 \
	}

static const struct {
	const struct row *rows;
	size_t count;
} registries[SL_C509_REGISTRIES] = {
        TABLE(signatures),
        TABLE(keys),
        TABLE(attributes),
        TABLE(extensions),
        TABLE(purposes),
        TABLE(policies),
        TABLE(qualifiers),
        TABLE(access),
        TABLE(request_attributes),
};

bool
sl_c509_number_of(enum sl_c509_registry registry, struct sl_span der, int64_t *number)
{
	for (size_t i = 0; i < registries[registry].count; i++) {
		const struct row *row = &registries[registry].rows[i];

		if (sl_span_equal(der, sl_span(row->der, row->len))) {
			*number = row->number;
			return true;
		}
	}
	return false;
}

struct sl_span
sl_c509_der_of(enum sl_c509_registry registry, int64_t number)
{
	for (size_t i = 0; i < registries[registry].count; i++) {
		const struct row *row = &registries[registry].rows[i];

		if (row->number == number)
			return sl_span(row->der, row->len);
	}
	return sl_span(NULL, 0);
}

void
sl_c509_write_oid(struct sl_writer *w, enum sl_c509_registry registry, struct sl_span oid)
{
	int64_t number;

	if (sl_c509_number_of(registry, oid, &number))
		sl_cbor_write_int(w, number);
	else
		sl_cbor_write_bytes(w, oid);
}

struct sl_span
sl_c509_read_oid(struct sl_c509_source *in, enum sl_c509_registry registry)
{
	struct sl_span oid;
	int64_t number;

	if (sl_cbor_peek(&in->r) == SL_CBOR_BYTES) {
		oid = sl_cbor_read_bytes(&in->r);
		if (in->is_native && sl_c509_number_of(registry, oid, &number))
			sl_reader_fail(&in->r); /* section 3.7: the number is to be used */
	} else {
		oid = sl_c509_der_of(registry, sl_cbor_read_int(&in->r));
	}
	if (oid.len == 0)
		sl_reader_fail(&in->r);
	return in->r.failed ? sl_span(NULL, 0) : oid;
}

static void
insert(struct sl_writer *w, size_t at, struct sl_span head)
{
	size_t len = w->len - at;

	(void)sl_write_reserve(w, head.len);
	if (w->failed || w->out == NULL)
		return;
	memmove(w->out + at + head.len, w->out + at, len);
	memcpy(w->out + at, head.ptr, head.len);
}

void
sl_c509_close_array(struct sl_writer *w, size_t opened, size_t count)
{
	uint8_t head[9];
	struct sl_writer h = sl_writer_over(head, sizeof head);

	sl_cbor_write_array(&h, count);
	insert(w, opened, sl_writer_span(&h));
}

void
sl_c509_close_bytes(struct sl_writer *w, size_t opened)
{
	uint8_t head[9];
	struct sl_writer h = sl_writer_over(head, sizeof head);

	sl_cbor_write_bytes_head(&h, w->len - opened);
	insert(w, opened, sl_writer_span(&h));
}
