/* SPDX-License-Identifier: BSD-2-Clause
 * Extensions between DER and C509, worked out by hand from draft-ietf-cose-cbor-encoded-cert-20
 * sections 3.1.10 and 3.3; the first four rows are its examples (3.3.1). */
#include "der_text.h"

#include <sl/transcode.h>

#include <string.h>

static uint8_t scratch_bytes[1024];
static const struct sl_c509_scratch scratch = {scratch_bytes, sizeof scratch_bytes};

#define URI(hex)    "86{" hex "}"
#define POINT(hex)  "30{a0{a0{" URI(hex) "}}}"
#define PKIX(last)  "2b0601050507" last
#define AS(content) EXTENSION(PKIX("0108"), "30{a0{" content "}}")

static const struct {
	const char *because, *der, *cbor;
} rows[] = {
        {"basicConstraints, critical, CA", CRITICAL("551d13", "30{0101ff}"), "822320"},
        {"keyUsage 0, 1, 2, 4 alone", EXTENSION("551d0f", "03{03e8}"), "17"},
        {"code signing and OCSP signing",
                EXTENSION("551d25", "30{0608" PKIX("0303") "0608" PKIX("0309") "}"), "8208820309"},
        {"one dNSName", EXTENSION("551d11", "30{82{6578616d706c652e636f6d}}"),
                "82036b6578616d706c652e636f6d"},
        {"keyUsage alone, critical", CRITICAL("551d0f", "03{0780}"), "20"},
        {"keyUsage bit 8", EXTENSION("551d0f", "03{070080}"), "190100"},
        {"keyUsage with another extension",
                EXTENSION("551d0f", "03{0780}") CRITICAL("551d13", "30{}"), "8402012321"},
        {"basicConstraints with a path length", CRITICAL("551d13", "30{0101ff 020105}"), "822305"},
        {"subjectKeyIdentifier", EXTENSION("551d0e", "04{0102}"), "8201420102"},
        {"authorityKeyIdentifier, key alone", EXTENSION("551d23", "30{80{0102}}"), "8207420102"},
        {"authorityKeyIdentifier, all three", EXTENSION("551d23", "30{80{01} a1{82{61}} 82{02}}"),
                "820783410182026161"
                "4102"},
        {"one purpose has no array", EXTENSION("551d25", "30{0608" PKIX("031c") "}"), "820810"},
        {"an unknown purpose is its OID", EXTENSION("551d25", "30{06022a03}"), "8208422a03"},
        {"two names", EXTENSION("551d11", "30{82{61} 82{62}}"), "820384026161026162"},
        {"an e-mail address alone is a pair", EXTENSION("551d11", "30{81{6140}}"),
                "82038201626140"},
        {"issuerAltName", EXTENSION("551d12", "30{82{61}}"), "8218196161"},
        {"one distribution point", EXTENSION("551d1f", "30{" POINT("61") "}"), "82056161"},
        {"two distribution points", EXTENSION("551d1f", "30{" POINT("61") POINT("62") "}"),
                "820582836161f6f6836162f6f6"},
        {"two texts in one", EXTENSION("551d1f", "30{30{a0{a0{" URI("61") URI("62") "}}}}"),
                "8205818382616161"
                "62f6f6"},
        {"with reasons and issuer",
                EXTENSION("551d1f",
                        "30{30{a0{a0{" URI("61") "}} 81{06c0} a2{a4{" NAME("6178") "}}}}"),
                "820581836161"
                "03626178"},
        {"freshestCRL", EXTENSION("551d2e", "30{" POINT("61") "}"), "82181d6161"},
        {"a policy without qualifiers", EXTENSION("551d20", "30{30{060667810c010201}}"),
                "8206820180"},
        {"a policy with both qualifiers",
                EXTENSION("551d20", "30{30{06022a03 30{30{0608" PKIX("0201") "16{61}} 30{0608" PKIX(
                                            "0202") "30{0c{62}}}}}}"),
                "820682422a0384016161026162"},
        {"authorityInfoAccess", EXTENSION(PKIX("0101"), "30{30{0608" PKIX("3001") URI("61") "}}"),
                "82098201"
                "6161"},
        {"subjectInfoAccess", EXTENSION(PKIX("010b"), "30{30{06022a03" URI("61") "}}"),
                "82181f82422a036161"},
        {"nameConstraints", EXTENSION("551d1e", "30{a0{30{82{61}}} a1{30{87{0a000000ff000000}}}}"),
                "82181a828202616182"
                "07450a00000008"},
        {"nameConstraints, excluded alone", EXTENSION("551d1e", "30{a1{30{82{61}}}}"),
                "82181a82f682026161"},
        {"policyMappings", EXTENSION("551d21", "30{30{06022a03 060667810c010202}}"),
                "82181b82422a0302"},
        {"policyConstraints", EXTENSION("551d24", "30{800101}"), "82181c8201f6"},
        {"inhibitAnyPolicy", EXTENSION("551d36", "020100"), "82181e00"},
        {"OCSP no check", EXTENSION(PKIX("300105"), "0500"), "821824f6"},
        {"TLS features", EXTENSION(PKIX("0118"), "30{020105 020111}"),
                "8218268205"
                "11"},
        {"AS numbers as distances", AS("30{02010a 02010f 0202012c}"), "821821830a0519011d"},
        {"AS ranges", AS("30{30{020101 020103} 020105}"),
                "82182182820102"
                "02"},
        {"AS numbers inherited", AS("0500"), "821821f6"},
        {"AS numbers of version 2", EXTENSION(PKIX("011d"), "30{a0{0500}}"), "821823f6"},
        {"an unknown extension", EXTENSION("2a03", "0500"), "82422a03420500"},
        {"an unknown extension, critical", CRITICAL("2a03", "0500"), "82422a0381420500"},
        /* values that the specific form does not have */
        {"a URI that is no ASCII", EXTENSION("551d1f", "30{" POINT("c3a4") "}"),
                "8243551d1f4c300a3008a006a0048602c3a4"},
        {"authorityKeyIdentifier without key", EXTENSION("551d23", "30{82{02}}"),
                "8243551d234530038201"
                "02"},
        {"AS numbers with rdi", EXTENSION(PKIX("0108"), "30{a1{0500}}"),
                "82482b06010505070108"
                "463004a1020500"},
        {"a mask with holes", EXTENSION("551d1e", "30{a0{30{87{0a000000ff00ff00}}}}"),
                "8243551d1e50300ea00c300a87080a000000ff00ff00"},
        {"keyUsage with a trailing zero bit", EXTENSION("551d0f", "03{0080}"),
                "8243551d0f4403020080"},
        {"what is no DER at all", EXTENSION("551d0e", "ff"), "8243551d0e41ff"},
        {"IP address blocks (RFC 3779)", EXTENSION(PKIX("0107"), "30{}"),
                "82482b06010505070107"
                "423000"},
};

static struct sl_span
list_of(const char *extensions)
{
	char text[1024];

	ck_assert_uint_lt(strlen(extensions), sizeof text - 8);
	text[0] = '\0';
	strncat(text, "30{", 4);
	strncat(text, extensions, sizeof text - 8);
	strncat(text, "}", 2);
	return der(text);
}

START_TEST(extensions_both_ways)
{
	struct sl_span list = list_of(rows[_i].der), cbor = hex(rows[_i].cbor);
	struct sl_c509_source in = {sl_reader_over(heap_copy(cbor)), false};
	struct sl_reader r = sl_reader_over(list);
	uint8_t out[512];
	struct sl_writer w = sl_writer_over(out, sizeof out);

	sl_c509_encode_extensions(&r, &w, scratch);
	ck_assert_ok(sl_reader_finish(&r));
	ck_assert_msg(sl_span_equal(sl_writer_span(&w), cbor), "%s: got %s", rows[_i].because,
	        to_hex(sl_writer_span(&w)));
	w = sl_writer_over(out, sizeof out);
	sl_c509_decode_extensions(&in, &w);
	ck_assert_ok(sl_reader_finish(&in.r));
	ck_assert_bytes(sl_writer_span(&w), list);
	for (size_t len = 0; len < cbor.len; len++) {
		in.r = sl_reader_over(heap_copy(sl_span(cbor.ptr, len)));
		w = sl_writer_counting();
		sl_c509_decode_extensions(&in, &w);
		ck_assert_msg(
		        sl_reader_finish(&in.r) != SL_OK, "%s: %zu bytes", rows[_i].because, len);
	}
	for (size_t cap = 0; cap < cbor.len; cap++) {
		struct sl_span room = heap_copy(sl_span(out, cap));

		r = sl_reader_over(list);
		w = sl_writer_over((void *)room.ptr, cap);
		sl_c509_encode_extensions(&r, &w, scratch);
		ck_assert_err(sl_writer_finish(&w), SL_ESPACE);
	}
}
END_TEST

static const struct {
	const char *because, *cbor;
	bool is_native;
} bad[] = {
        {"an id has a value", "8101", false},
        {"a lone keyUsage has no array", "820201", false},
        {"nor when it is critical", "822101", false},
        {"keyUsage is not zero", "00", false},
        {"keyUsage has nine bits of sixteen", "1a00010000", false},
        {"keyUsage is no text", "6101", false},
        {"there is no extension 10", "820a00", false},
        {"IP address blocks have no number here", "82182080", false},
        {"a key identifier is bytes", "82016161", false},
        {"basicConstraints is an int", "8223f5", false},
        {"basicConstraints is -2 or more", "822322", false},
        {"a lone dNSName is its text", "820382026161", false},
        {"general names are pairs", "82038102", false},
        {"there is at least one name", "820380", false},
        {"an array of one purpose is the purpose", "82088101", false},
        {"there is no purpose 99", "82081863", false},
        {"a lone distribution point is its text", "820581836161f6f6", false},
        {"a distribution point has three parts",
                "82058182"
                "6161f6",
                false},
        {"there is at least one distribution point", "820580", false},
        {"an array of names has two",
                "8205818381"
                "6161f603",
                false},
        {"reasons are not zero",
                "820581836161"
                "00f6",
                false},
        {"qualifiers are pairs", "820682018101", false},
        {"there is no qualifier 3",
                "82068201"
                "82036161",
                false},
        {"there is no policy 99", "820682186380", false},
        {"the key identifier array has three",
                "820782410182"
                "026161",
                false},
        {"nameConstraints has two parts", "82181a81f6", false},
        {"a block has five bytes", "82181a828207440a000000f6", false},
        {"a block has 32 bits at most", "82181a828207450a00000021f6", false},
        {"mappings are pairs", "82181b8101", false},
        {"policyConstraints has two parts", "82181c8101", false},
        {"no check is null", "82182400", false},
        {"there is at least one feature", "82182680", false},
        {"there is at least one AS", "82182180", false},
        {"a range has two ends",
                "8218218181"
                "01",
                false},
        {"an AS has 32 bits", "821821811b0000000100000000", false},
        {"distances stay within 32 bits", "821821821affffffff01", false},
        {"an OID has bytes", "8240420500", false},
        {"a critical value stands alone in its array", "82422a038241014101", false},
        {"a value with an OID is bytes", "82422a0301", false},
        {"native uses the number where there is one", "8243551d0e43040101", true},
        {"native purposes too", "820848" PKIX("0301"), true},
        {"null is no list", "f6", false},
};

START_TEST(refuses_extensions)
{
	struct sl_c509_source in = {sl_reader_over(hex(bad[_i].cbor)), bad[_i].is_native};
	struct sl_writer w = sl_writer_counting();

	sl_c509_decode_extensions(&in, &w);
	ck_assert_msg(sl_reader_finish(&in.r) != SL_OK, "accepted although %s", bad[_i].because);
}
END_TEST

START_TEST(an_empty_array_writes_nothing)
{
	struct sl_c509_source in = {sl_reader_over(hex("80")), false};
	uint8_t out[8];
	struct sl_writer w = sl_writer_over(out, sizeof out);

	sl_c509_decode_extensions(&in, &w);
	ck_assert_ok(sl_reader_finish(&in.r));
	ck_assert_uint_eq(w.len, 0);
}
END_TEST

static const char *const no_lists[] = {
        "30{}",                             /* SEQUENCE SIZE (1..MAX) */
        "30{30{0603551d0e}}",               /* no value */
        "30{30{0603551d0e 010100 04{00}}}", /* DEFAULT FALSE is left out */
        "30{30{0603551d0e 04{00} 0500}}",
        "31{" EXTENSION("551d0e", "04{01}") "}",
};

START_TEST(a_list_that_is_none)
{
	struct sl_reader r = sl_reader_over(der(no_lists[_i]));
	uint8_t out[64];
	struct sl_writer w = sl_writer_over(out, sizeof out);

	sl_c509_encode_extensions(&r, &w, scratch);
	ck_assert(sl_reader_finish(&r) != SL_OK);
}
END_TEST

/* Without room to try a form out, the form with the OID is taken: it always comes back. */
START_TEST(a_form_that_was_not_tried_is_not_used)
{
	uint8_t small[4], out[64];
	struct sl_c509_scratch tight = {small, sizeof small};
	struct sl_writer w = sl_writer_over(out, sizeof out);
	struct sl_reader r = sl_reader_over(der("30{" EXTENSION("551d0e", "04{010203}") "}"));

	sl_c509_encode_extensions(&r, &w, tight);
	ck_assert_bytes(sl_writer_span(&w), hex("8243551d0e450403010203"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("transcode extensions");
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(tc, extensions_both_ways, 0, ARRAY_LEN(rows));
	tcase_add_loop_test(tc, refuses_extensions, 0, ARRAY_LEN(bad));
	tcase_add_test(tc, an_empty_array_writes_nothing);
	tcase_add_loop_test(tc, a_list_that_is_none, 0, ARRAY_LEN(no_lists));
	tcase_add_test(tc, a_form_that_was_not_tried_is_not_used);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
