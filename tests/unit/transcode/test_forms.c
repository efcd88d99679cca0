/* SPDX-License-Identifier: BSD-2-Clause
 * Names, general names and extensions between DER and C509, each row worked out by hand from
 * draft-ietf-cose-cbor-encoded-cert-20 sections 3.1.4, 3.1.10, 3.3 and 8.13. */
#include "der_text.h"

#include <sl/transcode.h>

#include <string.h>

typedef void (*encode_fn)(struct sl_reader *der, struct sl_writer *w);
typedef void (*decode_fn)(struct sl_c509_source *in, struct sl_writer *der);

/* Both ways, in blocks of the exact size and of one byte less. */
static void
ck_both_ways(encode_fn encode, decode_fn decode, struct sl_span der, struct sl_span cbor)
{
	uint8_t out[1024];
	struct sl_writer w = sl_writer_over(out, sizeof out);
	struct sl_reader r = sl_reader_over(heap_copy(der));
	struct sl_c509_source in = {sl_reader_over(heap_copy(cbor)), false};

	encode(&r, &w);
	ck_assert_ok(sl_reader_finish(&r));
	ck_assert_bytes(sl_writer_span(&w), cbor);
	w = sl_writer_over(out, sizeof out);
	decode(&in, &w);
	ck_assert_ok(sl_reader_finish(&in.r));
	ck_assert_bytes(sl_writer_span(&w), der);
	for (size_t cap = 0; cap < der.len; cap++) {
		struct sl_span room = heap_copy(sl_span(out, cap));

		w = sl_writer_over((void *)room.ptr, cap);
		in.r = sl_reader_over(cbor);
		decode(&in, &w);
		ck_assert_err(sl_writer_finish(&w), SL_ESPACE);
	}
	for (size_t cap = 0; cap < cbor.len; cap++) {
		struct sl_span room = heap_copy(sl_span(out, cap));

		w = sl_writer_over((void *)room.ptr, cap);
		r = sl_reader_over(der);
		encode(&r, &w);
		ck_assert_err(sl_writer_finish(&w), SL_ESPACE);
	}
}

/* Every proper prefix of an item is no item. */
static void
ck_prefixes(decode_fn decode, struct sl_span cbor)
{
	for (size_t len = 0; len < cbor.len; len++) {
		struct sl_c509_source in = {
		        sl_reader_over(heap_copy(sl_span(cbor.ptr, len))), false};
		struct sl_writer w = sl_writer_counting();

		decode(&in, &w);
		ck_assert_msg(sl_reader_finish(&in.r) != SL_OK, "%zu bytes", len);
	}
}

#define RDN(oid, value) "31{30{06{" oid "}" value "}}"
#define CN              "550403"
#define ORG             "55040a"
#define MAIL            "2a864886f70d010901"
#define DC              "0992268993f22c640119"

static const struct {
	const char *because, *der, *cbor;
} names[] = {
        {"the empty name is an empty array", "30{}", "80"},
        {"a lone common name is its text", "30{" RDN(CN, "0c{6162782d31}") "}", "656162782d31"},
        {"even lower-case hex is bytes", "30{" RDN(CN, "0c{61623031}") "}", "42ab01"},
        {"odd hex is text", "30{" RDN(CN, "0c{616230}") "}", "63616230"},
        {"upper-case hex is text", "30{" RDN(CN, "0c{4142}") "}", "624142"},
        {"the empty text is text", "30{" RDN(CN, "0c{}") "}", "60"},
        {"an EUI-64 with FF-FE is six bytes",
                "30{" RDN(CN, "0c{30312d32332d34352d46462d46452d36372d38392d4142}") "}",
                "d830460123456789ab"},
        {"another EUI-64 is eight",
                "30{" RDN(CN, "0c{30312d32332d34352d36372d38392d41422d43442d4546}") "}",
                "d830480123456789abcdef"},
        {"in lower case it is text",
                "30{" RDN(CN, "0c{30312d32332d34352d66662d66652d36372d38392d6162}") "}",
                "7730312d32332d34352d66662d66652d36372d38392d6162"},
        {"PrintableString is negative", "30{" RDN(CN, "13{6178}") "}", "8220626178"},
        {"two attributes", "30{" RDN(CN, "0c{6178}") RDN(ORG, "13{6f78}") "}",
                "840162617827626f78"},
        {"an e-mail address is IA5", "30{" RDN(MAIL, "16{6178}") "}", "8200626178"},
        {"a domain component is IA5", "30{" RDN(DC, "16{6178}") "}", "8216626178"},
        {"a domain component as UTF-8 has its OID", "30{" RDN(DC, "0c{6178}") "}",
                "824a0992268993f22c640119440c026178"},
        {"IA5 of a common name has its OID", "30{" RDN(CN, "16{6178}") "}",
                "8243550403441602"
                "6178"},
        {"an unknown attribute has its OID", "30{" RDN("2a03", "0c{78}") "}", "82422a03430c0178"},
        {"BMPString has its OID", "30{" RDN(CN, "1e{0061}") "}", "8243550403441e020061"},
};

START_TEST(names_both_ways)
{
	ck_both_ways(
	        sl_c509_encode_name, sl_c509_decode_name, der(names[_i].der), hex(names[_i].cbor));
	ck_prefixes(sl_c509_decode_name, hex(names[_i].cbor));
}
END_TEST

static const struct {
	const char *because, *cbor;
	bool is_native;
} bad_names[] = {
        {"null is no name", "f6", false},
        {"an int is none", "01", false},
        {"an attribute has a value", "8101", false},
        {"a lone common name has no array", "8201626178", false},
        {"hex does not stand as text", "6461623031", false},
        {"an EUI-64 does not stand as text", "7730312d32332d34352d46462d46452d36372d38392d4142",
                false},
        {"bytes are not empty", "40", false},
        {"tag 48 has six bytes or eight", "d8304701010101010101", false},
        {"eight bytes with FF-FE are six", "d83048012345fffe6789ab", false},
        {"another tag says nothing", "d831460123456789ab", false},
        {"there is no attribute 23", "82176178", false},
        {"e-mail has no PrintableString", "8235626178", false},
        {"a bstr in an OID's place has bytes", "8240430c0178", false},
        {"the value is DER", "82422a03430c0278", false},
        {"native numbers are not negative", "8220626178", true},
        {"the text is UTF-8", "61ff", false},
        {"bytes are left",
                "626178"
                "00",
                false},
        {"a float is none", "f90000", false},
};

START_TEST(refuses_a_name)
{
	struct sl_c509_source in = {
	        sl_reader_over(hex(bad_names[_i].cbor)), bad_names[_i].is_native};
	struct sl_writer w = sl_writer_counting();

	sl_c509_decode_name(&in, &w);
	ck_assert_msg(
	        sl_reader_finish(&in.r) != SL_OK, "accepted although %s", bad_names[_i].because);
}
END_TEST

static const struct {
	const char *because, *der;
} no_names[] = {
        {"two attributes in one RDN", "30{31{30{06{" CN "} 0c{61}} 30{06{" ORG "} 0c{61}}}}"},
        {"an empty RDN", "30{31{}}"},
        {"the text is no UTF-8", "30{" RDN(CN, "0c{ff}") "}"},
        {"an attribute without value", "30{31{30{06{" CN "}}}}"},
        {"no SEQUENCE", "31{}"},
};

START_TEST(cannot_be_said)
{
	uint8_t out[256];
	struct sl_writer w = sl_writer_over(out, sizeof out);
	struct sl_reader r = sl_reader_over(der(no_names[_i].der));

	sl_c509_encode_name(&r, &w);
	ck_assert_msg(r.failed, "said although: %s", no_names[_i].because);
}
END_TEST

#define ON(last) "2b060105050708" last

static const struct {
	const char *because, *der, *cbor;
} general_names[] = {
        {"rfc822Name", "81{6140}", "01626140"},
        {"dNSName", "82{61}", "026161"},
        {"directoryName", "a4{" NAME("6178") "}", "04626178"},
        {"uniformResourceIdentifier", "86{613a}", "0662613a"},
        {"iPAddress", "87{7f000001}", "07447f000001"},
        {"registeredID", "88{2a03}", "08422a03"},
        {"otherName", "a0{06022a03 a0{0500}}", "0082422a03420500"},
        {"hardwareModuleName", "a0{06{" ON("04") "} a0{30{06022a03 04{0102}}}}",
                "2082422a03420102"},
        {"SmtpUTF8Mailbox", "a0{06{" ON("09") "} a0{0c{c3a4}}}", "2162c3a4"},
        {"MACAddress", "a0{06{" ON("0c") "} a0{04{010203040506}}}", "2246010203040506"},
};

START_TEST(general_names_both_ways)
{
	ck_both_ways(sl_c509_encode_general_name, sl_c509_decode_general_name,
	        der(general_names[_i].der), hex(general_names[_i].cbor));
	ck_prefixes(sl_c509_decode_general_name, hex(general_names[_i].cbor));
}
END_TEST

static const struct {
	const char *because, *cbor;
} bad_general_names[] = {
        {"there is no type 3", "036161"},
        {"there is no type 5", "054161"},
        {"there is no type -4", "234161"},
        {"dNSName is ASCII", "0262c3a4"},
        {"dNSName is a text", "024161"},
        {"otherName is an array of two", "0081422a03"},
        {"otherName has an OID", "008240420500"},
        {"otherName's value is DER", "0082422a034205"},
        {"hardwareModuleName is an array of two", "2083422a0341014101"},
        {"iPAddress is bytes", "076161"},
};

START_TEST(refuses_a_general_name)
{
	struct sl_c509_source in = {sl_reader_over(hex(bad_general_names[_i].cbor)), false};
	struct sl_writer w = sl_writer_counting();

	sl_c509_decode_general_name(&in, &w);
	ck_assert_msg(sl_reader_finish(&in.r) != SL_OK, "accepted although %s",
	        bad_general_names[_i].because);
}
END_TEST

static const char *const no_general_names[] = {
        "a3{30{}}",                              /* x400Address */
        "a5{a1{0c{61}}}",                        /* ediPartyName */
        "82{c3a4}",                              /* IA5String is ASCII */
        "a4{" NAME_A "0500}",                    /* two objects */
        "a0{06{" ON("04") "} a0{30{06022a03}}}", /* half a module name */
        "a0{06022a03}",                          /* no value */
};

START_TEST(a_general_name_that_cannot_be_said)
{
	uint8_t out[256];
	struct sl_writer w = sl_writer_over(out, sizeof out);
	struct sl_reader r = sl_reader_over(der(no_general_names[_i]));

	sl_c509_encode_general_name(&r, &w);
	ck_assert_msg(sl_reader_finish(&r) != SL_OK, "row %d", _i);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("transcode forms");
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(tc, names_both_ways, 0, ARRAY_LEN(names));
	tcase_add_loop_test(tc, refuses_a_name, 0, ARRAY_LEN(bad_names));
	tcase_add_loop_test(tc, cannot_be_said, 0, ARRAY_LEN(no_names));
	tcase_add_loop_test(tc, general_names_both_ways, 0, ARRAY_LEN(general_names));
	tcase_add_loop_test(tc, refuses_a_general_name, 0, ARRAY_LEN(bad_general_names));
	tcase_add_loop_test(tc, a_general_name_that_cannot_be_said, 0, ARRAY_LEN(no_general_names));
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
