/* SPDX-License-Identifier: BSD-2-Clause
 * sealift-est init: a folder with everything that serve needs. Also what the other commands
 * share. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <sl/hash.h>
#include <sl/wipe.h>

#include "admin.h"
#include "args.h"
#include "ca.h"
#include "files.h"
#include "trust.h"

#define CA_VALIDITY_S ((int64_t)3650 * 86400)
#define CA_BACKDATE_S 300
#define PEM_MAX       4096
#define YAML_MAX      4096

int64_t
admin_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec;
}

const char *
admin_time_text(int64_t when, char out[static 32])
{
	time_t t = (time_t)when;
	struct tm parts;

	if (!gmtime_r(&t, &parts) || strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
		snprintf(out, 32, "%lld", (long long)when);
	return out;
}

int
admin_failed(const char *what, enum sl_err err)
{
	fprintf(stderr, "sealift-est: %s: %s\n", what, sl_err_text(err));
	return EXIT_FAILURE;
}

int
admin_open(struct admin *admin, const char *file)
{
	char message[CONFIG_MESSAGE_MAX];
	enum sl_err err;

	admin->store = NULL;
	if (config_load(&admin->config, file, message)) {
		fprintf(stderr, "%s\n", message);
		return EXIT_USAGE;
	}
	err = store_open(&admin->store, admin->config.store, STORE_USE);
	if (err) {
		fprintf(stderr, "%s: %s\n", admin->config.store, store_open_text(err));
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}

void
admin_close(struct admin *admin)
{
	store_close(admin->store);
	sl_wipe(admin, sizeof *admin);
}

/* --- init ------------------------------------------------------------------------------------ */

struct init {
	const char *dir, *name, *ca_key, *ca_cert;
	bool has_edhoc;
	char key_file[CONFIG_PATH_MAX + 1];
	char cert_file[CONFIG_PATH_MAX + 1];
	char store_file[CONFIG_PATH_MAX + 1];
	char yaml_file[CONFIG_PATH_MAX + 1];
};

static const char yaml_form[] = "# sealift-est: see sealift-est(8) and docs/configuration-est.md\n"
                                "listen:\n"
                                "  address: 127.0.0.1\n"
                                "  port: 8080\n"
                                "store: sealift-est.db\n"
                                "ca:\n"
                                "  key: \"%s\"\n"
                                "  certificate: \"%s\"\n"
                                "profiles:\n"
                                "  - name: default\n"
                                "    validity: 90d\n"
                                "    key-types: [p256, ed25519]\n"
                                "    common-name: \"{identity}\"\n"
                                "    key-usage: [digital-signature]\n"
                                "    extended-key-usage: [client-auth]\n";

static const char edhoc_form[] =
        "edhoc:\n"
        "  methods: [0, 3]\n"
        "  suites: [2, 3]\n"
        "  credentials:\n"
        "    - key: edhoc-dh.key\n"
        "      credential: edhoc-dh.ccs\n"
        "      use: static-dh\n"
        "      send: kid\n"
        "    - key: edhoc-sign.key\n"
        "      credential: edhoc-sign.pem\n"
        "      use: signature\n"
        "      send: x5chain\n"
        "# Who may enrol. Without peers: who has a certificate of this authority already.\n"
        "#peers:\n"
        "#  - credential: sensor-7.ccs\n"
        "#    identity: sensor-7\n"
        "#    profile: default\n"
        "#  - anchor: manufacturer.pem\n"
        "#    identity: \"{serial-number}\"\n"
        "#    profile: default\n";

int
admin_complain_file(const char *file, enum sl_err err)
{
	if (err == SL_EREPLAY)
		fprintf(stderr, "%s: exists; choose another folder or remove it\n", file);
	else
		fprintf(stderr, "%s: cannot be written: %s\n", file, files_why(err));
	return EXIT_FAILURE;
}

static enum sl_err
self_sign(const struct sl_pkey *key, const char *name, char *pem, size_t cap)
{
	uint8_t subject[POLICY_DN_MAX], der[STORE_CERT_MAX];
	struct sl_cert_params params = {
	        .issuer_key = key,
	        .not_before = admin_now() - CA_BACKDATE_S,
	        .not_after = admin_now() + CA_VALIDITY_S,
	        .key_usage = SL_KU_KEY_CERT_SIGN | SL_KU_CRL_SIGN,
	        .is_ca = true,
	};
	size_t subject_len = 0, len = 0;
	enum sl_err err = sl_name_from_cn(name, subject, sizeof subject, &subject_len);

	params.subject = sl_span(subject, subject_len);
	if (!err)
		err = admin_make_certificate(&params, key, der, &len);
	return err ? err : sl_cert_to_pem(sl_span(der, len), pem, cap);
}

static int
make_authority(const struct init *init)
{
	char key_pem[PEM_MAX] = "", cert_pem[PEM_MAX];
	struct sl_pkey *key = NULL;
	enum sl_err err = sl_pkey_generate(&key, SL_PKEY_P256);
	int status = EXIT_SUCCESS;

	if (!err)
		err = self_sign(key, init->name, cert_pem, sizeof cert_pem);
	if (!err)
		err = sl_pkey_to_pem(key, key_pem, sizeof key_pem);
	if (err) {
		status = admin_failed(init->name, err);
		goto out;
	}
	err = files_write_new(init->key_file, sl_span_text(key_pem), FILES_MODE_SECRET);
	if (err) {
		status = admin_complain_file(init->key_file, err);
		goto out;
	}
	err = files_write_new(init->cert_file, sl_span_text(cert_pem), FILES_MODE_PUBLIC);
	if (err)
		status = admin_complain_file(init->cert_file, err);
out:
	sl_wipe(key_pem, sizeof key_pem);
	sl_pkey_free(key);
	return status;
}

static int
make_store(const struct init *init)
{
	struct store *store = NULL;
	enum sl_err err = store_open(&store, init->store_file, STORE_CREATE);

	if (err)
		return admin_complain_file(
		        init->store_file, err == SL_ENOTFOUND ? SL_EREPLAY : err);
	store_close(store);
	return EXIT_SUCCESS;
}

/* Writes the configuration and reads it as serve will. */
static int
make_configuration(const struct init *init)
{
	char yaml[YAML_MAX], message[CONFIG_MESSAGE_MAX];
	struct config config;
	enum sl_err err;
	int len = snprintf(yaml, sizeof yaml, yaml_form, init->ca_key ? init->key_file : "ca.key",
	        init->ca_key ? init->cert_file : "ca.pem");

	if (init->has_edhoc)
		len += snprintf(yaml + len, sizeof yaml - (size_t)len, "%s", edhoc_form);

	err = files_write_new(init->yaml_file, sl_span(yaml, (size_t)len), FILES_MODE_EDIT);
	if (err)
		return admin_complain_file(init->yaml_file, err);
	err = config_load(&config, init->yaml_file, message);
	if (!err)
		err = ca_check(&config, admin_now(), message);
	if (!err)
		err = trust_check(&config, admin_now(), message);
	if (!err)
		return EXIT_SUCCESS;
	fprintf(stderr, "%s\n", message);
	return EXIT_FAILURE;
}

/* The authority and its store are there. */
static int
make_edhoc(const struct init *init)
{
	struct config config = {.profile_count = 0};

	memcpy(config.ca.key, init->key_file, sizeof config.ca.key);
	memcpy(config.ca.certificate, init->cert_file, sizeof config.ca.certificate);
	memcpy(config.store, init->store_file, sizeof config.store);
	return admin_make_edhoc(&config, init->dir);
}

static bool
name_file(char out[static CONFIG_PATH_MAX + 1], const char *dir, const char *name)
{
	int len = snprintf(out, CONFIG_PATH_MAX + 1, "%s/%s", dir, name);

	return len > 0 && len <= CONFIG_PATH_MAX;
}

/* Given files stay where they are; the configuration names them absolutely. */
static bool
name_given(char out[static CONFIG_PATH_MAX + 1], const char *file)
{
	char *full = realpath(file, NULL);
	bool fits = full && strlen(full) <= CONFIG_PATH_MAX && !strpbrk(full, "\"\\");

	if (fits)
		memcpy(out, full, strlen(full) + 1);
	else
		fprintf(stderr, "%s: cannot be named\n", file);
	free(full);
	return fits;
}

static bool
name_files(struct init *init)
{
	bool fits = name_file(init->store_file, init->dir, "sealift-est.db") &&
	            name_file(init->yaml_file, init->dir, "sealift-est.yaml");

	if (!fits)
		fprintf(stderr, "%s: the name is too long\n", init->dir);
	if (init->ca_key)
		return fits && name_given(init->key_file, init->ca_key) &&
		       name_given(init->cert_file, init->ca_cert);
	return fits && name_file(init->key_file, init->dir, "ca.key") &&
	       name_file(init->cert_file, init->dir, "ca.pem");
}

/* Before anything is made, so that init can be run again when the mend is done. */
static int
check_given(const struct init *init)
{
	char message[CONFIG_MESSAGE_MAX];
	struct config config = {.profile_count = 0};

	memcpy(config.ca.key, init->key_file, sizeof config.ca.key);
	memcpy(config.ca.certificate, init->cert_file, sizeof config.ca.certificate);
	if (ca_check(&config, admin_now(), message) == SL_OK)
		return EXIT_SUCCESS;
	fprintf(stderr, "%s\n", message);
	return EXIT_FAILURE;
}

int
admin_init(int argc, char **argv)
{
	struct init init = {0};
	const struct arg args[] = {
	        {"--dir", .value = &init.dir, .is_needed = true},
	        {"--name", .value = &init.name},
	        {"--ca-key", .value = &init.ca_key},
	        {"--ca-cert", .value = &init.ca_cert},
	        {"--edhoc", .flag = &init.has_edhoc},
	        {0},
	};
	int status = EXIT_SUCCESS;

	if (!args_take(argc, argv, args, NULL))
		return EXIT_USAGE;
	if (!init.ca_key != !init.ca_cert || (init.ca_key && init.name)) {
		fprintf(stderr, "sealift-est init: --ca-key and --ca-cert come together and "
		                "without --name\n");
		return EXIT_USAGE;
	}
	if (!init.name)
		init.name = "Sealift CA";
	if (!name_files(&init))
		return EXIT_USAGE;
	if (init.ca_key)
		status = check_given(&init);
	if (status != EXIT_SUCCESS)
		return status;
	if (mkdir(init.dir, 0700) != 0 && errno != EEXIST)
		return admin_complain_file(init.dir, SL_EIO);
	if (!init.ca_key)
		status = make_authority(&init);
	if (status == EXIT_SUCCESS)
		status = make_store(&init);
	if (status == EXIT_SUCCESS && init.has_edhoc)
		status = make_edhoc(&init);
	if (status == EXIT_SUCCESS)
		status = make_configuration(&init);
	if (status == EXIT_SUCCESS)
		printf("%s\n", init.yaml_file);
	return status;
}
