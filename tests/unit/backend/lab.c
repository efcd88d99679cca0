/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin.h"
#include "audit.h"

static const char default_profiles[] = "  - name: default\n"
                                       "    key-types: [p256, p384, ed25519]\n";

static void
write_yaml(const struct lab *lab, const char *profiles)
{
	FILE *f = fopen(lab->yaml, "w");

	ck_assert_ptr_nonnull(f);
	fprintf(f,
	        "store: sealift-est.db\n"
	        "ca:\n"
	        "  key: ca.key\n"
	        "  certificate: ca.pem\n"
	        "profiles:\n"
	        "%s",
	        profiles ? profiles : default_profiles);
	ck_assert_int_eq(fclose(f), 0);
}

void
lab_make(struct lab *lab, const char *profiles)
{
	/* In memory where there is such a folder: a sync costs nothing there. */
	const char *base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	char init[] = "init", option[] = "--dir";
	char *argv[] = {init, option, lab->dir, NULL};
	char message[CONFIG_MESSAGE_MAX] = "";

	memset(lab, 0, sizeof *lab);
	snprintf(lab->dir, sizeof lab->dir, "%s/sealift-lab-XXXXXX", base);
	ck_assert_ptr_nonnull(mkdtemp(lab->dir));
	snprintf(lab->yaml, sizeof lab->yaml, "%s/sealift-est.yaml", lab->dir);
	ck_assert_int_eq(admin_init(3, argv), 0);
	write_yaml(lab, profiles);
	ck_assert_msg(config_load(&lab->config, lab->yaml, message) == SL_OK, "%s", message);
	lab->now = admin_now();
	lab->boot_ms = 1000;
}

void
lab_start(struct lab *lab)
{
	struct ca_options options = {.config = &lab->config, .now = lab->now};
	char message[CONFIG_MESSAGE_MAX] = "";

	ck_assert_ok(store_open(&lab->store, lab->config.store, STORE_SERVE));
	options.store = lab->store;
	options.at = lab->at;
	options.at_arg = lab->at_arg;
	ck_assert_msg(ca_open(&lab->ca, &options, message) == SL_OK, "%s", message);
}

void
lab_stop(struct lab *lab)
{
	ca_close(lab->ca);
	store_close(lab->store);
	lab->ca = NULL;
	lab->store = NULL;
}

static void
remove_folder(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	char inner[512];

	ck_assert_ptr_nonnull(dir);
	while ((entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
		if (unlink(inner) != 0)
			remove_folder(inner);
	}
	closedir(dir);
	ck_assert_int_eq(rmdir(path), 0);
}

void
lab_remove(struct lab *lab)
{
	lab_stop(lab);
	remove_folder(lab->dir);
}

void
lab_wait(struct lab *lab, int64_t seconds)
{
	lab->now += seconds;
	lab->boot_ms += (uint64_t)seconds * 1000;
}

struct sl_span
lab_request(const char *name)
{
	json_t *root = vectors_load("backend_requests.json"), *row;
	json_t *list = vectors_list(root, "requests");
	struct sl_span der = {0};
	bool is_there = false;
	size_t i;

	json_array_foreach(list, i, row) if (strcmp(vectors_text(row, "name"), name) == 0)
	{
		der = vectors_hex(row, "der");
		is_there = true;
	}
	json_decref(root);
	ck_assert_msg(is_there, "no request %s", name);
	return der;
}

struct sl_pkey *
lab_key(enum sl_pkey_type type)
{
	struct sl_pkey *key = NULL;

	ck_assert_ok(sl_pkey_generate(&key, type));
	return key;
}

struct sl_span
lab_csr(const struct sl_pkey *key, const char *name, const char *challenge)
{
	struct sl_csr_params params = {.key = key, .common_name = name, .challenge = challenge};
	uint8_t der[2048];
	size_t len = 0;

	ck_assert_ok(sl_csr_make(&params, der, sizeof der, &len));
	return heap_copy(sl_span(der, len));
}

static enum ca_outcome
ask(struct lab *lab, const char *identity, struct sl_span csr, bool is_renewal,
        struct ca_answer *answer)
{
	struct ca_request request = {
	        .identity = identity,
	        .profile = "default",
	        .label = "",
	        .csr = csr,
	        .is_renewal = is_renewal,
	        .now = lab->now,
	        .boot_ms = lab->boot_ms,
	};

	return ca_enrol(lab->ca, &request, answer);
}

enum ca_outcome
lab_enrol(struct lab *lab, const char *identity, struct sl_span csr, struct ca_answer *answer)
{
	return ask(lab, identity, csr, false, answer);
}

enum ca_outcome
lab_renew(struct lab *lab, const char *identity, struct sl_span csr, struct ca_answer *answer)
{
	return ask(lab, identity, csr, true, answer);
}

static enum sl_err
count_certificate(void *arg, const struct store_certificate *certificate)
{
	(void)certificate;
	++*(size_t *)arg;
	return SL_OK;
}

size_t
lab_certificates(struct store *store, const char *identity)
{
	struct store_filter filter = {.identity = identity};
	size_t count = 0;

	ck_assert_ok(store_certificates_each(store, &filter, count_certificate, &count));
	return count;
}

static enum sl_err
count_intent(void *arg, const struct store_intent *intent)
{
	(void)intent;
	++*(size_t *)arg;
	return SL_OK;
}

size_t
lab_open_intents(struct store *store)
{
	size_t count = 0;

	ck_assert_ok(store_intents_open(store, count_intent, &count));
	return count;
}

void
lab_check_audit(struct store *store)
{
	struct audit_verdict verdict;
	enum sl_err err = audit_verify(store, NULL, &verdict);

	ck_assert_msg(err == SL_OK, "line %llu: %s", (unsigned long long)verdict.broken_at,
	        verdict.reason ? verdict.reason : sl_err_text(err));
}

void
lab_revoke(struct lab *lab, const char *serial, const char *reason)
{
	char copy[64], cause[32], command[] = "revoke", c[] = "-c", r[] = "--reason";
	char *argv[] = {command, c, lab->yaml, copy, r, cause, NULL};

	snprintf(copy, sizeof copy, "%s", serial);
	snprintf(cause, sizeof cause, "%s", reason);
	ck_assert_int_eq(admin_revoke(6, argv), 0);
}
