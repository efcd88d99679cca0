/* SPDX-License-Identifier: BSD-2-Clause
 * The commands of sealift-est: exit status, what they say, what they leave on the disk, and that
 * secrets stay out of everything but the provisioning file. */
#include <fcntl.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin.h"
#include "lab.h"

#define WORDS_MAX 32
#define TEXT_MAX  65536

static struct lab lab;
static char said[TEXT_MAX], complained[TEXT_MAX];

static void
setup(void)
{
	lab_make(&lab, NULL);
}

static void
teardown(void)
{
	lab_remove(&lab);
}

static int
catch_into(int fd, int *kept)
{
	int file = memfd_create("said", 0);

	fflush(NULL);
	*kept = dup(fd);
	ck_assert_int_ge(dup2(file, fd), 0);
	return file;
}

static void
release(int fd, int kept, int file, char out[static TEXT_MAX])
{
	ssize_t len;

	fflush(NULL);
	ck_assert_int_ge(dup2(kept, fd), 0);
	close(kept);
	len = pread(file, out, TEXT_MAX - 1, 0);
	out[len > 0 ? len : 0] = '\0';
	close(file);
}

/* The words of one command line, split at spaces; "@" is the lab's folder, "@c" its "-c FILE". */
static int SL_PRINTF(2, 3) run(int (*command)(int, char **), const char *fmt, ...)
{
	static char line[2048], words[WORDS_MAX][256];
	char *argv[WORDS_MAX + 1], *next = line, *word;
	int argc = 0, out_kept, err_kept, out, err, status;
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof line, fmt, args);
	va_end(args);
	while ((word = strsep(&next, " "))) {
		ck_assert_int_lt(argc, WORDS_MAX - 1);
		if (strcmp(word, "@c") == 0) {
			snprintf(words[argc], sizeof words[0], "-c");
			argc++;
			snprintf(words[argc], sizeof words[0], "%s", lab.yaml);
		} else {
			snprintf(words[argc], sizeof words[0], "%s%s",
			        word[0] == '@' ? lab.dir : "", word[0] == '@' ? word + 1 : word);
		}
		argc++;
	}
	for (int i = 0; i < argc; i++)
		argv[i] = words[i];
	argv[argc] = NULL;
	out = catch_into(STDOUT_FILENO, &out_kept);
	err = catch_into(STDERR_FILENO, &err_kept);
	status = command(argc, argv);
	release(STDOUT_FILENO, out_kept, out, said);
	release(STDERR_FILENO, err_kept, err, complained);
	return status;
}

#define ck_status(want, ...)                                                                       \
	do {                                                                                       \
		int got_ = run(__VA_ARGS__);                                                       \
		ck_assert_msg(                                                                     \
		        got_ == (want), "exit %d, want %d: %s%s", got_, (want), said, complained); \
	} while (0)

#define ck_says(text, part) ck_assert_msg(strstr(text, part), "no \"%s\" in: %s", part, text)

static unsigned
mode_of(const char *name)
{
	char path[256];
	struct stat st;

	snprintf(path, sizeof path, "%s/%s", lab.dir, name);
	ck_assert_msg(stat(path, &st) == 0, "%s is missing", name);
	return st.st_mode & 0777;
}

static const char *
text_of(const char *name)
{
	static char text[TEXT_MAX];
	char path[256];
	ssize_t len;
	int fd;

	snprintf(path, sizeof path, "%s/%s", lab.dir, name);
	fd = open(path, O_RDONLY);
	ck_assert_int_ge(fd, 0);
	len = read(fd, text, sizeof text - 1);
	close(fd);
	text[len > 0 ? len : 0] = '\0';
	return text;
}

static void
write_text(const char *name, const char *text, unsigned mode)
{
	char path[256];
	int fd;

	snprintf(path, sizeof path, "%s/%s", lab.dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, mode);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void
write_bytes(const char *name, struct sl_span bytes)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", lab.dir, name);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(bytes.ptr, 1, bytes.len, f), bytes.len);
	fclose(f);
}

/* --- init and check -------------------------------------------------------------------------- */

START_TEST(init_makes_what_serve_needs)
{
	struct config config;
	char message[CONFIG_MESSAGE_MAX], path[256];

	ck_status(0, admin_init, "init --dir @/new --name Plant-7");
	snprintf(path, sizeof path, "%s/new/sealift-est.yaml", lab.dir);
	ck_says(said, path);
	ck_assert_uint_eq(mode_of("new"), 0700);
	ck_assert_uint_eq(mode_of("new/ca.key"), 0400);
	ck_assert_uint_eq(mode_of("new/ca.pem"), 0444);
	ck_assert_uint_eq(mode_of("new/sealift-est.db"), 0600);
	ck_assert_msg(config_load(&config, path, message) == SL_OK, "%s", message);
	ck_assert_ok(ca_check(&config, admin_now(), message));
	/* A second time nothing is touched. */
	ck_status(1, admin_init, "init --dir @/new");
	ck_says(complained, "ca.key: exists");
	ck_assert_ok(ca_check(&config, admin_now(), message));
	for (int i = 0; i < 4; i++) {
		static const char *const names[] = {
		        "ca.key", "ca.pem", "sealift-est.db", "sealift-est.yaml"};

		snprintf(path, sizeof path, "%s/new/%s", lab.dir, names[i]);
		unlink(path);
	}
	snprintf(path, sizeof path, "%s/new", lab.dir);
	ck_assert_int_eq(rmdir(path), 0);
}
END_TEST

START_TEST(init_takes_an_authority_that_is_there)
{
	char path[256];

	snprintf(path, sizeof path, "%s/sealift-est.db", lab.dir);
	unlink(path);
	unlink(lab.yaml);
	ck_status(2, admin_init, "init --dir @ --ca-key @/ca.key");
	ck_status(2, admin_init, "init --dir @ --ca-key @/ca.key --ca-cert @/ca.pem --name x");
	ck_status(2, admin_init, "init --dir @ --ca-key @/none --ca-cert @/ca.pem");
	ck_status(0, admin_init, "init --dir @ --ca-key @/ca.key --ca-cert @/ca.pem");
	ck_says(text_of("sealift-est.yaml"), "/ca.key\"");
	ck_status(0, admin_check, "check @c");
	ck_says(said, ": ok");
}
END_TEST

/* What is wrong with the authority is found before anything is made, so that init can be run again. */
START_TEST(init_looks_at_the_authority_first)
{
	char path[256];

	snprintf(path, sizeof path, "%s/ca.key", lab.dir);
	ck_assert_int_eq(chmod(path, 0644), 0);
	ck_status(1, admin_init, "init --dir @/new --ca-key @/ca.key --ca-cert @/ca.pem");
	ck_says(complained, "chmod 0400");
	snprintf(path, sizeof path, "%s/new", lab.dir);
	ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

START_TEST(init_says_when_it_cannot)
{
	ck_status(2, admin_init, "init");
	ck_says(complained, "--dir");
	ck_status(1, admin_init, "init --dir /proc/nowhere");
	ck_says(complained, "No such file or directory");
	ck_status(1, admin_init,
	        "init --dir @/fresh --name 0123456789012345678901234567890123456789"
	        "0123456789012345678901234");
	rmdir(strcat(strcpy(said, lab.dir), "/fresh"));
}
END_TEST

/* --- init --edhoc ----------------------------------------------------------------------------- */

static const char *const edhoc_files[] = {"edhoc-dh.key", "edhoc-dh.ccs", "edhoc-sign.key",
        "edhoc-sign.pem", "ca.key", "ca.pem", "sealift-est.db", "sealift-est.yaml"};

static void
remove_new(void)
{
	char path[256];

	for (size_t i = 0; i < ARRAY_LEN(edhoc_files); i++) {
		snprintf(path, sizeof path, "%s/new/%s", lab.dir, edhoc_files[i]);
		unlink(path);
	}
	snprintf(path, sizeof path, "%s/new", lab.dir);
	ck_assert_int_eq(rmdir(path), 0);
}

/* The certificate of a PEM file of new. */
static void
read_cert(const char *name, struct sl_cert *cert, uint8_t *der, size_t cap)
{
	const char *pem = text_of(name);
	size_t len = 0;

	ck_assert_ok(sl_cert_from_text(sl_span_text(pem), der, cap, &len));
	ck_assert_ok(sl_cert_decode(cert, sl_span(der, len)));
}

START_TEST(init_makes_credentials_for_edhoc)
{
	static uint8_t der[2][2048];
	struct sl_cert cert, ca;
	char message[CONFIG_MESSAGE_MAX], path[256];
	struct config config;

	ck_status(0, admin_init, "init --dir @/new --name Plant-7 --edhoc");
	ck_assert_uint_eq(mode_of("new/edhoc-dh.key"), 0400);
	ck_assert_uint_eq(mode_of("new/edhoc-sign.key"), 0400);
	ck_assert_uint_eq(mode_of("new/edhoc-dh.ccs"), 0444);
	ck_assert_uint_eq(mode_of("new/edhoc-sign.pem"), 0444);
	read_cert("new/ca.pem", &ca, der[0], sizeof der[0]);
	read_cert("new/edhoc-sign.pem", &cert, der[1], sizeof der[1]);
	ck_assert_ok(sl_cert_verify_issued_by(&cert, &ca, admin_now()));
	ck_assert_str_eq(cert.subject_text, "CN=Plant-7 EST");
	ck_assert(cert.is_cmc_ra && !cert.is_ca);
	ck_assert_uint_eq(cert.key_usage, SL_KU_DIGITAL_SIGNATURE);
	ck_assert_int_eq(cert.not_after, ca.not_after);
	snprintf(path, sizeof path, "%s/new/sealift-est.yaml", lab.dir);
	ck_assert_msg(config_load(&config, path, message) == SL_OK, "%s", message);
	ck_assert(config.edhoc.is_on);
	ck_assert_uint_eq(config.edhoc.own_count, 2);
	ck_assert_uint_eq(config.edhoc.methods, 9);
	ck_assert_uint_eq(config.peer_count, 0);
	ck_status(0, admin_check, "check -c @/new/sealift-est.yaml");
	/* the authority signed a certificate: its chain says so */
	ck_status(0, admin_audit, "audit verify -c @/new/sealift-est.yaml");
	ck_says(said, "lines: 1\n");
	/* nothing is overwritten */
	ck_status(1, admin_init, "init --dir @/new --edhoc");
	ck_says(complained, "ca.key: exists");
	/* what check finds, serve would find */
	snprintf(path, sizeof path, "%s/new/edhoc-sign.key", lab.dir);
	ck_assert_int_eq(unlink(path), 0);
	ck_status(2, admin_check, "check -c @/new/sealift-est.yaml");
	ck_says(complained, "edhoc.credentials[1].key");
	remove_new();
}
END_TEST

START_TEST(init_makes_them_under_an_authority_that_is_there)
{
	static uint8_t der[2][2048];
	struct sl_cert cert, ca;
	char path[256];

	ck_status(0, admin_init, "init --dir @/new --ca-key @/ca.key --ca-cert @/ca.pem --edhoc");
	read_cert("ca.pem", &ca, der[0], sizeof der[0]);
	read_cert("new/edhoc-sign.pem", &cert, der[1], sizeof der[1]);
	ck_assert_ok(sl_cert_verify_issued_by(&cert, &ca, admin_now()));
	ck_status(0, admin_check, "check -c @/new/sealift-est.yaml");
	/* again, into a folder where one of the four is left */
	for (size_t i = 0; i < ARRAY_LEN(edhoc_files); i++) {
		snprintf(path, sizeof path, "%s/new/%s", lab.dir, edhoc_files[i]);
		if (i != 3)
			unlink(path);
	}
	ck_status(1, admin_init, "init --dir @/new --ca-key @/ca.key --ca-cert @/ca.pem --edhoc");
	ck_says(complained, "edhoc-sign.pem: exists");
	remove_new();
}
END_TEST

/* A name that is as long as a CN may be leaves no room for more. */
START_TEST(a_long_name_is_no_obstacle)
{
	static uint8_t der[2048];
	struct sl_cert cert;

	ck_status(0, admin_init,
	        "init --dir @/new --edhoc --name 01234567890123456789012345678901234567890123456789"
	        "01234567890123");
	read_cert("new/edhoc-sign.pem", &cert, der, sizeof der);
	ck_assert_str_eq(cert.subject_text, "CN=EST");
	remove_new();
}
END_TEST

START_TEST(check_finds_what_serve_would_find)
{
	struct sl_pkey *other = lab_key(SL_PKEY_P256);
	char pem[1024], path[256];

	ck_status(0, admin_check, "check @c");
	ck_status(2, admin_check, "check");
	ck_status(2, admin_check, "check -c @/none.yaml");
	ck_assert_ok(sl_pkey_to_pem(other, pem, sizeof pem));
	snprintf(path, sizeof path, "%s/ca.key", lab.dir);
	unlink(path);
	write_text("ca.key", pem, 0400);
	ck_status(2, admin_check, "check @c");
	ck_says(complained, "not for ca.key");
	sl_pkey_free(other);
	/* RSA, or with a passphrase: neither is read */
	unlink(path);
	write_text("ca.key",
	        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIHs\n"
	        "-----END ENCRYPTED PRIVATE KEY-----\n",
	        0400);
	ck_status(2, admin_check, "check @c");
	ck_says(complained, "P-256, P-384 or Ed25519, without a passphrase");
}
END_TEST

/* --- contexts -------------------------------------------------------------------------------- */

static const struct {
	const char *options;
	int status;
	const char *says, *because;
} bad_contexts[] = {
        {"--out @/d", 2, "--identity", "whose it is"},
        {"--identity a", 2, "--out", "nobody would have the secret"},
        {"--identity a --out @/ca.pem", 1, "exists", "a file is never overwritten"},
        {"--identity a --out @/no/where", 1, "No such file", "the folder does not exist"},
        {"--identity a --out @/d --profile none", 2, "no such profile", "the profile is unknown"},
        {"--identity a --out @/d --aead AES-1", 2, "--aead", "the algorithm is unknown"},
        {"--identity a --out @/d --functions sen,fly", 2, "--functions", "no such function"},
        {"--identity a --out @/d --functions sen,sen", 2, "--functions", "twice the same"},
        {"--identity a --out @/d --sender-id 0102030405060708", 2, "--sender-id",
                "eight bytes are more than any nonce takes"},
        {"--identity a --out @/d --sender-id xyz", 2, "--sender-id", "that is no hex"},
        {"--identity a --out @/d --sender-id 01 --recipient-id 01", 2, "differ", "equal ids"},
        {"--identity a --out @/d --aead A128GCM --sender-id 01020304050607", 2, "",
                "seven bytes do not fit a nonce of twelve"},
        {"--identity a --out @/d --salt 123", 2, "--salt", "half a byte"},
        {"--identity a --out @/d --secret-file @/none", 2, "cannot be read: not found",
                "there is no secret"},
        {"--identity a --out @/d --secret-file @/open", 2, "chmod 0400", "others read the secret"},
        {"--identity a --out @/d --secret-file @/short", 2, "16 to 64", "15 bytes are too few"},
        {"--identity a --out @/d --secret 00112233445566778899aabbccddeeff", 2, "unknown option",
                "no secret on the command line"},
        {"--identity a --identity b --out @/d", 2, "twice", "two identities"},
        {"--identity 01234567890123456789012345678901234567890123456789012345678901234 --out @/d",
                2, "--identity", "65 bytes"},
        {"--identity a --out", 2, "needs a value", "an option without its value"},
        {"--identity a --out @/d more", 2, "one word too many", "a word that nobody reads"},
};

START_TEST(refuses_bad_contexts)
{
	write_text("open", "00112233445566778899aabbccddeeff", 0444);
	write_text("short", "00112233445566778899aabbccddee", 0400);
	ck_status(bad_contexts[_i].status, admin_add_context, "add-context @c %s",
	        bad_contexts[_i].options);
	ck_says(complained, bad_contexts[_i].says);
	ck_status(0, admin_list_contexts, "list-contexts @c");
	ck_assert_msg(said[0] == '\0', "%s: %s", bad_contexts[_i].because, said);
}
END_TEST

static enum sl_err
take_context(void *arg, const struct store_context *context)
{
	*(struct store_context *)arg = *context;
	return SL_OK;
}

START_TEST(writes_a_mirrored_provisioning_file)
{
	struct store_context c = {0};
	json_t *root;
	struct sl_span span;

	ck_status(0, admin_add_context, "add-context @c --identity d\xc3\xa9vice --out @/d.json");
	ck_assert_uint_eq(mode_of("d.json"), 0400);
	root = json_loads(text_of("d.json"), 0, NULL);
	ck_assert_ptr_nonnull(root);
	ck_assert_ok(store_open(&lab.store, lab.config.store, STORE_USE));
	ck_assert_ok(store_contexts_each(lab.store, 0, take_context, &c));
	ck_assert_str_eq(c.identity, "d\xc3\xa9vice");
	ck_assert_str_eq(vectors_text(root, "identity"), c.identity);
	ck_assert_bytes(vectors_hex(root, "master-secret"), sl_key_view(&c.master_secret));
	ck_assert_uint_eq(c.master_secret.len, 16);
	ck_assert_bytes(vectors_hex(root, "master-salt"), sl_key_view(&c.master_salt));
	span = sl_span(c.recipient_id.bytes, c.recipient_id.len);
	ck_assert_bytes(vectors_hex(root, "sender-id"), span);
	ck_assert_uint_eq(span.len, 3);
	span = sl_span(c.sender_id.bytes, c.sender_id.len);
	ck_assert_bytes(vectors_hex(root, "recipient-id"), span);
	ck_assert_ptr_null(json_object_get(root, "id-context"));
	ck_assert_str_eq(vectors_text(root, "aead"), "AES-CCM-16-64-128");
	ck_assert_str_eq(vectors_text(root, "hkdf"), "HKDF-SHA-256");
	ck_assert_int_eq(json_integer_value(json_object_get(root, "window")), 32);
	json_decref(root);
	ck_assert_uint_eq(c.functions,
	        1U << SL_EST_CRTS | 1U << SL_EST_ATT | 1U << SL_EST_SEN | 1U << SL_EST_SREN);
	lab_check_audit(lab.store);
}
END_TEST

START_TEST(takes_ids_salt_and_secret_that_are_given)
{
	struct store_context c = {0};

	write_text("secret", "00112233445566778899AABBCCDDEEFF\n", 0400);
	ck_status(0, admin_add_context,
	        "add-context @c --identity a --secret-file @/secret --salt a0b1 --sender-id 0102"
	        " --recipient-id=ff --id-context c0ffee --functions sen,crts --profile default");
	ck_assert_ok(store_open(&lab.store, lab.config.store, STORE_USE));
	ck_assert_ok(store_contexts_each(lab.store, 0, take_context, &c));
	ck_assert_bytes(sl_key_view(&c.master_secret), hex("00112233445566778899aabbccddeeff"));
	ck_assert_bytes(sl_key_view(&c.master_salt), hex("a0b1"));
	ck_assert_bytes(sl_span(c.recipient_id.bytes, c.recipient_id.len), hex("0102"));
	ck_assert_bytes(sl_span(c.sender_id.bytes, c.sender_id.len), hex("ff"));
	ck_assert_bytes(sl_span(c.id_context, c.id_context_len), hex("c0ffee"));
	ck_assert_uint_eq(c.functions, 1U << SL_EST_CRTS | 1U << SL_EST_SEN);
	ck_assert_ptr_null(strstr(said, "0011"));
	ck_status(1, admin_add_context,
	        "add-context @c --identity b --secret-file @/secret --sender-id 0102"
	        " --id-context c0ffee");
	ck_says(complained, "another context has this id");
}
END_TEST

/* The server would not find the one that is too many, and the device would learn nothing but 4.01. */
START_TEST(adds_no_more_contexts_than_serve_holds)
{
	FILE *yaml = fopen(lab.yaml, "a");

	ck_assert_ptr_nonnull(yaml);
	fputs("limits:\n  contexts: 2\n", yaml);
	fclose(yaml);
	ck_status(0, admin_add_context, "add-context @c --identity a --out @/1");
	ck_status(0, admin_add_context, "add-context @c --identity b --out @/2");
	ck_status(1, admin_add_context, "add-context @c --identity c --out @/3");
	ck_says(complained, "limits.contexts is 2");
	ck_status(0, admin_disable_context, "disable-context @c 1");
	ck_status(0, admin_add_context, "add-context @c --identity c --out @/3");
}
END_TEST

START_TEST(one_secret_is_not_for_two_devices)
{
	write_text("secret", "00112233445566778899aabbccddeeff\n", 0400);
	ck_status(0, admin_add_context,
	        "add-context @c --identity a --secret-file @/secret --out @/1");
	ck_status(1, admin_add_context,
	        "add-context @c --identity b --secret-file @/secret --out @/2");
	ck_says(complained, "another context");
	ck_status(0, admin_add_context,
	        "add-context @c --identity b --secret-file @/secret --salt 01 --out @/2");
}
END_TEST

START_TEST(prints_the_secret_only_when_asked_to)
{
	ck_status(0, admin_add_context, "add-context @c --identity a --out - --sender-id 00");
	ck_says(said, "\"master-secret\": \"");
	ck_says(said, "\"recipient-id\": \"01\""); /* 00 is taken */
	ck_assert_int_eq(said[0], '{');
	ck_status(0, admin_add_context, "add-context @c --identity b --out @/b.json");
	ck_assert_ptr_null(strstr(said, "secret"));
	ck_status(0, admin_list_contexts, "list-contexts @c");
	ck_says(said, "1\tenabled\t");
	ck_assert_ptr_null(strstr(said, "secret"));
}
END_TEST

START_TEST(lists_and_disables_contexts)
{
	json_t *root;

	for (int i = 0; i < 3; i++)
		ck_status(0, admin_add_context,
		        "add-context @c --identity d%d --out @/%d --id-context 0%d", i, i, i);
	ck_status(0, admin_disable_context, "disable-context @c 2");
	ck_says(said, "context 2 disabled");
	ck_status(1, admin_disable_context, "disable-context @c 9");
	ck_status(2, admin_disable_context, "disable-context @c two");
	ck_status(2, admin_disable_context, "disable-context @c");
	ck_status(0, admin_list_contexts, "list-contexts @c --json");
	root = json_loads(said, 0, NULL);
	ck_assert_uint_eq(json_array_size(root), 3);
	ck_assert_str_eq(vectors_text(json_array_get(root, 1), "state"), "disabled");
	ck_assert_str_eq(vectors_text(json_array_get(root, 2), "id-context"), "02");
	json_decref(root);
	ck_status(2, admin_list_contexts, "list-contexts @c --json --json");
	ck_status(2, admin_list_contexts, "list-contexts @c --json=yes");
}
END_TEST

/* --- certificates ---------------------------------------------------------------------------- */

static char serial[2 * SL_SERIAL_MAX + 1];

static void
issue_one(const char *identity)
{
	struct sl_pkey *key = lab_key(SL_PKEY_P256);
	struct ca_answer answer;

	lab_start(&lab);
	ck_assert_int_eq(
	        lab_enrol(&lab, identity, lab_csr(key, identity, NULL), &answer), CA_ISSUED);
	snprintf(serial, sizeof serial, "%s", answer.serial);
	lab_stop(&lab);
	sl_pkey_free(key);
}

START_TEST(lists_and_shows_certificates)
{
	json_t *root;

	issue_one("device-1");
	issue_one("device-2");
	ck_status(0, admin_list_certs, "list-certs @c");
	ck_says(said, "\tdevice-1\n");
	ck_says(said, serial);
	ck_status(0, admin_list_certs, "list-certs @c --identity device-2 --json");
	root = json_loads(said, 0, NULL);
	ck_assert_uint_eq(json_array_size(root), 1);
	ck_assert_str_eq(vectors_text(json_array_get(root, 0), "serial"), serial);
	ck_assert_str_eq(vectors_text(json_array_get(root, 0), "state"), "valid");
	json_decref(root);
	ck_status(0, admin_show_cert, "show-cert @c %s", serial);
	ck_says(said, "subject: CN=device-2\n");
	ck_says(said, "-----BEGIN CERTIFICATE-----\n");
	ck_status(0, admin_show_cert, "show-cert @c %s --pem", serial);
	ck_assert_int_eq(strncmp(said, "-----BEGIN CERTIFICATE-----\n", 28), 0);
	ck_status(1, admin_show_cert, "show-cert @c 0102");
	ck_status(2, admin_show_cert, "show-cert @c nothing");
}
END_TEST

START_TEST(revokes_and_shuts_the_device_out)
{
	issue_one("device-1");
	ck_status(0, admin_add_context, "add-context @c --identity device-1 --out @/1");
	ck_status(2, admin_revoke, "revoke @c %s --reason because", serial);
	ck_says(complained, "key-compromise");
	ck_status(2, admin_revoke, "revoke @c %s", serial);
	ck_status(2, admin_revoke, "revoke @c serial --reason superseded");
	ck_status(1, admin_revoke, "revoke @c 0102 --reason superseded");
	ck_status(0, admin_revoke, "revoke @c %s --reason key-compromise", serial);
	ck_says(said, "contexts of device-1 disabled: 1");
	ck_status(1, admin_revoke, "revoke @c %s --reason superseded", serial);
	ck_says(complained, "already");
	ck_status(0, admin_list_certs, "list-certs @c");
	ck_says(said, "\trevoked\t");
	ck_status(0, admin_show_cert, "show-cert @c %s", serial);
	ck_says(said, ", reason 1\n");
	ck_status(0, admin_list_contexts, "list-contexts @c");
	ck_says(said, "\tdisabled\t");
}
END_TEST

/* Behind the store's back. */
static void
tamper(const char *sql)
{
	sqlite3 *db = NULL;

	ck_assert_int_eq(sqlite3_open(lab.config.store, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

START_TEST(a_revocation_that_was_cut_can_be_finished)
{
	issue_one("device-1");
	ck_status(0, admin_add_context, "add-context @c --identity device-1 --out @/1");
	tamper("CREATE TRIGGER stop BEFORE UPDATE ON contexts"
	       " BEGIN SELECT RAISE(ABORT, 'stop'); END");
	ck_status(1, admin_revoke, "revoke @c %s --reason key-compromise", serial);
	tamper("DROP TRIGGER stop");
	ck_status(0, admin_revoke, "revoke @c %s --reason key-compromise", serial);
	ck_says(said, "contexts of device-1 disabled: 1");
	tamper("UPDATE certificates SET status = 1");
	tamper("CREATE TRIGGER stop BEFORE UPDATE ON certificates"
	       " BEGIN SELECT RAISE(ABORT, 'stop'); END");
	ck_status(0, admin_add_context, "add-context @c --identity device-1 --out @/2");
	ck_status(1, admin_revoke, "revoke @c %s --reason key-compromise", serial);
	tamper("DROP TRIGGER stop");
	ck_status(0, admin_revoke, "revoke @c %s --reason key-compromise", serial);
	ck_status(0, admin_list_contexts, "list-contexts @c");
	ck_assert_ptr_null(strstr(said, "\tenabled\t"));
}
END_TEST

START_TEST(revokes_and_keeps_the_contexts_when_told_to)
{
	static const char *const ways[] = {"privilege-withdrawn --keep-contexts", "superseded"};

	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		issue_one("device-1");
		ck_status(
		        0, admin_add_context, "add-context @c --identity device-1 --out @/%zu", i);
		ck_status(0, admin_revoke, "revoke @c %s --reason %s", serial, ways[i]);
		ck_assert_ptr_null(strstr(said, "disabled"));
	}
}
END_TEST

/* --- policy and audit ------------------------------------------------------------------------ */

static const struct {
	const char *request, *options;
	int status;
	const char *says;
} trials[] = {
        {"plain", "", 0, "would issue: profile default, identity device-1\nsubject: CN=device-1\n"},
        {"plain", "--identity device-2", 1, "would refuse with 4.03: subject is not this identity"},
        {"plain", "--profile default --renewal", 0, "key usage: digitalSignature\n"},
        {"plain", "--profile other", 2, ""},
        {"long-subject", "", 2, ""},
        {"wants-ca", "", 1, "would refuse with 4.03: a CA certificate is not allowed"},
        {"cut", "--identity device-1", 1,
                "would refuse with 4.00: certification request is malformed"},
        {"bad-signature", "", 1, "would refuse with 4.00: proof of possession failed"},
        {"empty", "--identity a", 1, ""},
};

START_TEST(policy_test_says_what_would_be)
{
	write_bytes("r.csr", lab_request(trials[_i].request));
	ck_status(trials[_i].status, admin_policy, "policy test @c @/r.csr%s%s",
	        trials[_i].options[0] ? " " : "", trials[_i].options);
	ck_says(said, trials[_i].says);
}
END_TEST

START_TEST(policy_test_reads_pem)
{
	/* The armour of RFC 7468 around the same bytes. */
	static const char alphabet[] =
	        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	struct sl_span der = lab_request("plain");
	char text[4096] = "-----BEGIN CERTIFICATE REQUEST-----\n";
	size_t len = strlen(text);

	for (size_t i = 0; i < der.len; i += 3) {
		uint32_t v = (uint32_t)der.ptr[i] << 16;

		v |= i + 1 < der.len ? (uint32_t)der.ptr[i + 1] << 8 : 0;
		v |= i + 2 < der.len ? der.ptr[i + 2] : 0;
		text[len++] = alphabet[v >> 18];
		text[len++] = alphabet[v >> 12 & 63];
		text[len++] = i + 1 < der.len ? alphabet[v >> 6 & 63] : '=';
		text[len++] = i + 2 < der.len ? alphabet[v & 63] : '=';
		if (i % 48 == 45)
			text[len++] = '\n';
	}
	snprintf(text + len, sizeof text - len, "\n-----END CERTIFICATE REQUEST-----\n");
	write_text("r.pem", text, 0444);
	ck_status(0, admin_policy, "policy test @c @/r.pem");
	ck_says(said, "would issue");
	write_text("half.pem", "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n", 0444);
	ck_status(1, admin_policy, "policy test @c @/half.pem --identity a");
	ck_status(1, admin_policy, "policy test @c @/none --identity a");
	ck_status(2, admin_policy, "policy try @c @/r.pem");
	ck_status(2, admin_policy, "policy test @c");
}
END_TEST

START_TEST(audit_verify_prints_a_head_that_can_be_pinned)
{
	char head[128], wrong[128];

	issue_one("device-1");
	ck_status(0, admin_audit, "audit verify @c");
	ck_says(said, "lines: 1\ncertificates: 1\nhead: 1:");
	snprintf(head, sizeof head, "%.66s", strstr(said, "head: ") + 6);
	issue_one("device-2");
	ck_status(0, admin_audit, "audit verify @c --head %s", head);
	snprintf(wrong, sizeof wrong, "2%s", head + 1);
	ck_status(1, admin_audit, "audit verify @c --head %s", wrong);
	ck_says(complained, "broken at line 2");
	ck_status(2, admin_audit, "audit verify @c --head 1:00");
	ck_status(2, admin_audit, "audit show @c");
}
END_TEST

START_TEST(every_command_needs_its_store)
{
	static int (*const commands[])(int, char **) = {admin_list_contexts, admin_list_certs};
	char path[256];

	snprintf(path, sizeof path, "%s/sealift-est.db", lab.dir);
	ck_assert_int_eq(chmod(path, 0644), 0);
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		ck_status(1, commands[i], "list @c");
		ck_says(complained, "chmod 0600");
	}
	unlink(path);
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		ck_status(1, commands[i], "list @c");
		ck_says(complained, "sealift-est init");
		ck_status(2, commands[i], "list -c @/none.yaml");
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("admin");
	TCase *t = tcase_create("commands");

	suite_add_tcase(s, t);
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, init_makes_what_serve_needs);
	tcase_add_test(t, init_takes_an_authority_that_is_there);
	tcase_add_test(t, init_looks_at_the_authority_first);
	tcase_add_test(t, init_says_when_it_cannot);
	tcase_add_test(t, init_makes_credentials_for_edhoc);
	tcase_add_test(t, init_makes_them_under_an_authority_that_is_there);
	tcase_add_test(t, a_long_name_is_no_obstacle);
	tcase_add_test(t, check_finds_what_serve_would_find);
	tcase_add_loop_test(t, refuses_bad_contexts, 0, (int)ARRAY_LEN(bad_contexts));
	tcase_add_test(t, writes_a_mirrored_provisioning_file);
	tcase_add_test(t, takes_ids_salt_and_secret_that_are_given);
	tcase_add_test(t, adds_no_more_contexts_than_serve_holds);
	tcase_add_test(t, one_secret_is_not_for_two_devices);
	tcase_add_test(t, prints_the_secret_only_when_asked_to);
	tcase_add_test(t, lists_and_disables_contexts);
	tcase_add_test(t, lists_and_shows_certificates);
	tcase_add_test(t, revokes_and_shuts_the_device_out);
	tcase_add_test(t, a_revocation_that_was_cut_can_be_finished);
	tcase_add_test(t, revokes_and_keeps_the_contexts_when_told_to);
	tcase_add_loop_test(t, policy_test_says_what_would_be, 0, (int)ARRAY_LEN(trials));
	tcase_add_test(t, policy_test_reads_pem);
	tcase_add_test(t, audit_verify_prints_a_head_that_can_be_pinned);
	tcase_add_test(t, every_command_needs_its_store);
	return run_suite(s);
}
