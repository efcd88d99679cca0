/* SPDX-License-Identifier: BSD-2-Clause
 * The openssl command line tool as a second opinion, in both directions. It must be installed (tools/deps). */
#include "authority.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[64];

static const char *
path_of(const char *file)
{
	static char paths[8][128];
	static unsigned turn;
	char *path = paths[turn++ % 8];

	ck_assert_int_lt(snprintf(path, sizeof paths[0], "%s/%s", folder, file), sizeof paths[0]);
	return path;
}

static void
save(const char *file, struct sl_span bytes)
{
	FILE *f = fopen(path_of(file), "wb");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(bytes.ptr, 1, bytes.len, f), bytes.len);
	ck_assert_int_eq(fclose(f), 0);
}

static void
save_pem(const char *file, struct sl_span cert)
{
	char pem[4096];

	ck_assert_ok(sl_cert_to_pem(cert, pem, sizeof pem));
	save(file, sl_span_text(pem));
}

static struct sl_span
load(const char *file)
{
	uint8_t bytes[8192];
	FILE *f = fopen(path_of(file), "rb");
	size_t len;

	ck_assert_ptr_nonnull(f);
	len = fread(bytes, 1, sizeof bytes, f);
	fclose(f);
	return heap_copy(sl_span(bytes, len));
}

/* Runs the tool with its output in the file "said"; returns its exit status. */
static int
run(char *const argv[])
{
	int status = -1;
	pid_t child = fork();

	ck_assert_int_ge(child, 0);
	if (child == 0) {
		if (freopen(path_of("said"), "w", stdout) == NULL || dup2(1, 2) < 0)
			_exit(126);
		execvp(argv[0], argv);
		_exit(127);
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		continue;
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) != 127,
	        "the openssl tool is not installed: run tools/deps");
	return WEXITSTATUS(status);
}

#define OPENSSL(...) run((char *const[]){(char *)"openssl", __VA_ARGS__, NULL})
#define ARG(text)    ((char *)(uintptr_t)(text))

static void
ck_said(const char *text)
{
	struct sl_span said = load("said");

	ck_assert_msg(memmem(said.ptr, said.len, text, strlen(text)) != NULL, "no \"%s\" in: %.*s",
	        text, (int)said.len, (const char *)said.ptr);
}

static void
make_folder(void)
{
	snprintf(folder, sizeof folder, "/tmp/sealift-x509-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void
remove_folder(void)
{
	static const char *const files[] = {"said", "root.pem", "leaf.pem", "csr.der", "cms.der",
	        "key.pem", "ext.cnf", "out.der"};

	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		unlink(path_of(files[i]));
	rmdir(folder);
	authority_release();
}

static const enum sl_pkey_type signers[] = {
        SL_PKEY_P256, SL_PKEY_P384, SL_PKEY_ED25519, SL_PKEY_ED448};

START_TEST(it_verifies_what_we_issue)
{
	struct sl_pkey *key = new_key(signers[_i]);
	struct sl_span root = new_root(key, "Root of the test");
	struct sl_cert_params params = {.serial = hex("7f00000000000000000000000000000000000001"),
	        .subject = name_of("device 1"),
	        .spki = spki_of(new_key(SL_PKEY_P256)),
	        .subject_alt_name = hex("30048202 6162"),
	        .issuer_cert = root,
	        .issuer_key = key,
	        .not_before = YEAR_2024,
	        .not_after = 32503680000, /* 3000-01-01 */
	        .key_usage = SL_KU_DIGITAL_SIGNATURE | SL_KU_KEY_AGREEMENT,
	        .ext_client_auth = true,
	        .ext_cmc_ra = true};

	save_pem("root.pem", root);
	save_pem("leaf.pem", issue(&params));
	ck_assert_msg(OPENSSL(ARG("verify"), ARG("-x509_strict"), ARG("-check_ss_sig"),
	                      ARG("-attime"), ARG("1751328000"), ARG("-CAfile"),
	                      ARG(path_of("root.pem")), ARG(path_of("leaf.pem"))) == 0,
	        "%s", (const char *)load("said").ptr);
	ck_assert_int_ne(OPENSSL(ARG("verify"), ARG("-x509_strict"), ARG("-CAfile"),
	                         ARG(path_of("leaf.pem")), ARG(path_of("root.pem"))),
	        0);
	ck_assert_int_eq(OPENSSL(ARG("x509"), ARG("-in"), ARG(path_of("leaf.pem")), ARG("-noout"),
	                         ARG("-text"), ARG("-nameopt"), ARG("RFC2253")),
	        0);
	ck_said("Version: 3 (0x2)");
	ck_said("7f:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:01");
	ck_said("Not Before: Jan  1 00:00:00 2024 GMT");
	ck_said("Not After : Jan  1 00:00:00 3000 GMT");
	ck_said("X509v3 Basic Constraints: critical\n                CA:FALSE");
	ck_said("X509v3 Key Usage: critical\n                Digital Signature, Key Agreement");
	ck_said("TLS Web Client Authentication");
	ck_said("DNS:ab");
	ck_said("Subject: CN=device 1");
}
END_TEST

START_TEST(it_verifies_our_request)
{
	struct sl_csr_params params = {.key = new_key(signers[_i]),
	        .common_name = "device 1",
	        .challenge = "secret",
	        .subject_alt_name = hex("30048202 6162")};
	uint8_t out[1024];
	size_t len = 0;

	ck_assert_ok(sl_csr_make(&params, out, sizeof out, &len));
	save("csr.der", sl_span(out, len));
	ck_assert_int_eq(OPENSSL(ARG("req"), ARG("-inform"), ARG("DER"), ARG("-in"),
	                         ARG(path_of("csr.der")), ARG("-verify"), ARG("-noout"),
	                         ARG("-text"), ARG("-nameopt"), ARG("RFC2253")),
	        0);
	ck_said("verify OK");
	ck_said("Subject: CN=device 1");
	ck_said("secret");
	ck_said("DNS:ab");
}
END_TEST

START_TEST(it_reads_our_cms)
{
	struct sl_pkey *key = new_key(signers[_i]);
	struct sl_span certs[2];
	uint8_t out[4096];
	size_t len = 0;

	certs[0] = new_root(key, "Root of the test");
	certs[1] = new_leaf(certs[0], key, spki_of(key), "device 1");
	ck_assert_ok(sl_cms_certs_only(certs, 2, out, sizeof out, &len));
	save("cms.der", sl_span(out, len));
	ck_assert_int_eq(OPENSSL(ARG("pkcs7"), ARG("-inform"), ARG("DER"), ARG("-in"),
	                         ARG(path_of("cms.der")), ARG("-print_certs"), ARG("-noout")),
	        0);
	ck_said("Root of the test");
	ck_said("device 1");
	ck_assert_int_eq(OPENSSL(ARG("cms"), ARG("-cmsout"), ARG("-inform"), ARG("DER"), ARG("-in"),
	                         ARG(path_of("cms.der")), ARG("-print"), ARG("-noout")),
	        0);
	ck_said("pkcs7-signedData");
}
END_TEST

/* algorithm option, and what we call the key */
static const struct {
	const char *algorithm, *option;
	enum sl_pkey_type type;
} foreign[] = {
        {"EC", "ec_paramgen_curve:P-256", SL_PKEY_P256},
        {"EC", "ec_paramgen_curve:P-521", SL_PKEY_OTHER},
        {"RSA", "rsa_keygen_bits:2048", SL_PKEY_OTHER},
        {"ED25519", NULL, SL_PKEY_ED25519},
        {"ED448", NULL, SL_PKEY_ED448},
};

static void
foreign_key(size_t i)
{
	int status = foreign[i].option == NULL
	                     ? OPENSSL(ARG("genpkey"), ARG("-algorithm"), ARG(foreign[i].algorithm),
	                               ARG("-out"), ARG(path_of("key.pem")))
	                     : OPENSSL(ARG("genpkey"), ARG("-algorithm"), ARG(foreign[i].algorithm),
	                               ARG("-pkeyopt"), ARG(foreign[i].option), ARG("-out"),
	                               ARG(path_of("key.pem")));

	ck_assert_int_eq(status, 0);
}

START_TEST(we_read_its_requests_and_certificates)
{
	static const char settings[] = "[req]\ndistinguished_name=dn\nattributes=at\n"
	                               "req_extensions=ex\nx509_extensions=ca\nprompt=no\n"
	                               "[dn]\nO=Org\nCN=foreign\n[at]\nchallengePassword=secret\n"
	                               "[ex]\nkeyUsage=critical,digitalSignature\n"
	                               "subjectAltName=DNS:ab,IP:127.0.0.1,otherName:1.2.3;UTF8:x\n"
	                               "basicConstraints=CA:FALSE\n"
	                               "[ca]\nbasicConstraints=critical,CA:TRUE\n"
	                               "subjectKeyIdentifier=hash\nkeyUsage=keyCertSign\n";
	struct sl_csr csr;
	struct sl_cert cert;

	save("ext.cnf", sl_span_text(settings));
	foreign_key((size_t)_i);
	ck_assert_int_eq(OPENSSL(ARG("req"), ARG("-new"), ARG("-config"), ARG(path_of("ext.cnf")),
	                         ARG("-key"), ARG(path_of("key.pem")), ARG("-outform"), ARG("DER"),
	                         ARG("-out"), ARG(path_of("csr.der"))),
	        0);
	ck_assert_ok(sl_csr_decode(&csr, load("csr.der")));
	ck_assert_ok(sl_csr_verify(&csr));
	ck_assert_int_eq(csr.key_type, foreign[_i].type);
	ck_assert_str_eq(csr.subject_text, "CN=foreign,O=Org");
	ck_assert_str_eq(csr.challenge, "secret");
	ck_assert_uint_eq(csr.key_usage, SL_KU_DIGITAL_SIGNATURE);
	ck_assert(!csr.wants_ca && csr.subject_alt_name.len > 0);

	ck_assert_int_eq(OPENSSL(ARG("req"), ARG("-x509"), ARG("-new"), ARG("-config"),
	                         ARG(path_of("ext.cnf")), ARG("-key"), ARG(path_of("key.pem")),
	                         ARG("-sha256"), ARG("-days"), ARG("3"), ARG("-outform"),
	                         ARG("DER"), ARG("-out"), ARG(path_of("out.der"))),
	        0);
	ck_assert_ok(sl_cert_decode(&cert, load("out.der")));
	ck_assert(cert.is_ca);
	ck_assert_int_eq(cert.not_after - cert.not_before, 3 * 86400);
	ck_assert_ok(sl_cert_verify_issued_by(&cert, &cert, cert.not_before));
}
END_TEST

/* Its SHA-1 and its 1024-bit RSA keys are below 112 bits of security; a 2048-bit key is not. */
START_TEST(we_refuse_its_weak_signatures)
{
	struct sl_span weak;
	struct sl_cert_path path = {&weak, 1, NULL, 0, 0};
	struct sl_cert cert;
	struct sl_csr csr;

	for (size_t i = 0; i < 2; i++) {
		ck_assert_int_eq(
		        OPENSSL(ARG("genpkey"), ARG("-algorithm"), ARG("RSA"), ARG("-pkeyopt"),
		                ARG(i == 0 ? "rsa_keygen_bits:1024" : "rsa_keygen_bits:2048"),
		                ARG("-out"), ARG(path_of("key.pem"))),
		        0);
		ck_assert_int_eq(OPENSSL(ARG("req"), ARG("-new"), ARG("-subj"), ARG("/CN=weak"),
		                         ARG(i == 0 ? "-sha256" : "-sha1"), ARG("-key"),
		                         ARG(path_of("key.pem")), ARG("-outform"), ARG("DER"),
		                         ARG("-out"), ARG(path_of("csr.der"))),
		        0);
		ck_assert_ok(sl_csr_decode(&csr, load("csr.der")));
		ck_assert_err(sl_csr_verify(&csr), SL_EAUTH);
		ck_assert_int_eq(OPENSSL(ARG("req"), ARG("-x509"), ARG("-new"), ARG("-subj"),
		                         ARG("/CN=weak"), ARG("-days"), ARG("3"), ARG("-key"),
		                         ARG(path_of("key.pem")), ARG("-outform"), ARG("DER"),
		                         ARG("-out"), ARG(path_of("out.der"))),
		        0);
		weak = load("out.der");
		ck_assert_ok(sl_cert_decode(&cert, weak));
		path.now = cert.not_before;
		ck_assert_err(sl_cert_verify_path(weak, &path), i == 0 ? SL_EAUTH : SL_OK);
	}
}
END_TEST

START_TEST(it_and_we_write_the_same_degenerate_cms)
{
	struct sl_pkey *key = new_key(SL_PKEY_P256);
	struct sl_span root = new_root(key, "Root of the test"), theirs, got[2];
	uint8_t ours[2048];
	size_t len = 0, count = ARRAY_LEN(got);

	save_pem("root.pem", root);
	ck_assert_int_eq(
	        OPENSSL(ARG("crl2pkcs7"), ARG("-nocrl"), ARG("-certfile"), ARG(path_of("root.pem")),
	                ARG("-outform"), ARG("DER"), ARG("-out"), ARG(path_of("out.der"))),
	        0);
	theirs = load("out.der");
	ck_assert_ok(sl_cms_certs_decode(theirs, got, &count));
	ck_assert_uint_eq(count, 1);
	ck_assert_bytes(got[0], root);
	ck_assert_ok(sl_cms_certs_only(&root, 1, ours, sizeof ours, &len));
	ck_assert_bytes(sl_span(ours, len), theirs);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("x509 and the openssl tool");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, make_folder, remove_folder);
	tcase_add_loop_test(tc, it_verifies_what_we_issue, 0, ARRAY_LEN(signers));
	tcase_add_loop_test(tc, it_verifies_our_request, 0, ARRAY_LEN(signers));
	tcase_add_loop_test(tc, it_reads_our_cms, 0, ARRAY_LEN(signers));
	tcase_add_loop_test(tc, we_read_its_requests_and_certificates, 0, ARRAY_LEN(foreign));
	tcase_add_test(tc, we_refuse_its_weak_signatures);
	tcase_add_test(tc, it_and_we_write_the_same_degenerate_cms);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
