/* SPDX-License-Identifier: BSD-2-Clause
 * next-cert.pem is the commit mark of a replacement: when it is there, pending-key.pem and it
 * are the new pair, and the renames are done (again) until it is gone. */
#include "keystore.h"

#include <sl/oscore.h>
#include <sl/text.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define COUNTERS  "counters"
#define NEXT_CERT "next-cert.pem"
#define LOCK      "lock"

static const struct {
	const char *name;
	unsigned mode;
	bool is_secret;
} items[KEYSTORE_ITEMS] = {
        [KEYSTORE_PROVISIONING] = {"provisioning.json", 0400, true},
        [KEYSTORE_SETTINGS] = {"settings.json", 0600, false},
        [KEYSTORE_KEY] = {"key.pem", 0400, true},
        [KEYSTORE_PENDING_KEY] = {"pending-key.pem", 0400, true},
        [KEYSTORE_PENDING_CSR] = {"pending.csr", 0600, false},
        [KEYSTORE_CERT] = {"cert.pem", 0644, false},
        [KEYSTORE_ANCHORS] = {"anchors.pem", 0644, false},
        [KEYSTORE_EDHOC_KEY] = {"edhoc-key.pem", 0400, true},
        [KEYSTORE_EDHOC_CREDENTIAL] = {"edhoc-credential", 0644, false},
        [KEYSTORE_EDHOC_ANCHORS] = {"edhoc-anchors.pem", 0644, false},
        [KEYSTORE_EDHOC_PEER] = {"edhoc-peer-0", 0644, false},
        [KEYSTORE_EDHOC_PEER + 1] = {"edhoc-peer-1", 0644, false},
        [KEYSTORE_EDHOC_PEER + 2] = {"edhoc-peer-2", 0644, false},
        [KEYSTORE_EDHOC_PEER + 3] = {"edhoc-peer-3", 0644, false},
};

const char *
keystore_name(enum keystore_item item)
{
	return items[item].name;
}

static enum sl_err
write_counters(const struct files *f, uint64_t limit)
{
	char text[32];
	int len = snprintf(text, sizeof text, "%" PRIu64 "\n", limit);

	return files_write(f, COUNTERS, 0600, sl_span(text, (size_t)len));
}

static enum sl_err
read_counters(const struct files *f, uint64_t *limit, struct complaint *why)
{
	struct sl_buf text;
	struct sl_span line;
	enum sl_err err;

	sl_buf_init(&text, 32);
	err = files_read(f, COUNTERS, true, &text, why);
	line = sl_buf_view(&text);
	if (err == SL_OK) {
		if (line.len == 0 || line.ptr[line.len - 1] != '\n' ||
		        sl_parse_uint(limit, sl_span(line.ptr, line.len - 1), SL_OSCORE_SSN_END) !=
		                SL_OK)
			err = complain(why, SL_EMALFORMED,
			        COUNTERS ": not a number; this context must not be used again: "
			                 "provision the device anew");
	} else if (err == SL_ENOTFOUND) {
		err = complain(why, SL_EMALFORMED,
		        COUNTERS ": missing, so nobody knows which sequence numbers were used; "
		                 "provision the device anew");
	}
	sl_buf_clear(&text);
	return err;
}

static enum sl_err
create_files(const struct files *f, const struct keystore_content *contents, size_t count)
{
	enum sl_err err = write_counters(f, 0);

	for (size_t i = 0; err == SL_OK && i < count; i++)
		err = files_write(f, items[contents[i].item].name, items[contents[i].item].mode,
		        contents[i].bytes);
	return err;
}

/* Without its provisioning a used directory looks as if init had been cut. Beginning at 0 again would use
 * every nonce a second time, when the provisioning is the same. */
static enum sl_err
check_unused(const struct files *f, const char *path, struct complaint *why)
{
	uint64_t limit = 0;
	enum sl_err err = SL_OK;

	if (files_has(f, COUNTERS))
		err = read_counters(f, &limit, why);
	if (err == SL_OK && limit > 0)
		err = complain(why, SL_EREPLAY,
		        "%s: its counters say that a context was used here; take another directory",
		        path);
	return err;
}

enum sl_err
keystore_create(const char *path, const struct keystore_content *contents, size_t count,
        struct complaint *why)
{
	struct files f = {.dir = -1};
	enum sl_err err = files_make(&f, path, why);
	int lock = -1;

	if (err != SL_OK)
		return err;
	err = files_lock(&f, LOCK, &lock, why);
	if (err != SL_OK)
		goto out;
	if (files_has(&f, items[KEYSTORE_PROVISIONING].name)) {
		err = complain(why, SL_EREPLAY,
		        "%s: is initialised already; take another directory, or remove this one "
		        "when its context will never be used again",
		        path);
		goto out;
	}
	err = check_unused(&f, path, why);
	if (err != SL_OK)
		goto out;
	err = create_files(&f, contents, count);
	if (err != SL_OK)
		err = complain(why, err, "%s: cannot write: %s", path, strerror(errno));
out:
	if (lock >= 0)
		close(lock);
	files_close(&f);
	return err;
}

/* A CSR that is left over would be asked again for a certificate that is there. */
static enum sl_err
finish_replacement(const struct files *f)
{
	enum sl_err err;

	if (!files_has(f, NEXT_CERT))
		return SL_OK;
	err = files_remove(f, items[KEYSTORE_PENDING_CSR].name);
	if (err == SL_OK && files_has(f, items[KEYSTORE_PENDING_KEY].name))
		err = files_rename(f, items[KEYSTORE_PENDING_KEY].name, items[KEYSTORE_KEY].name);
	if (err == SL_OK)
		err = files_rename(f, NEXT_CERT, items[KEYSTORE_CERT].name);
	return err;
}

enum sl_err
keystore_open(struct keystore *ks, const char *path, struct complaint *why)
{
	struct keystore got = {.files = {.dir = -1}, .lock = -1};
	enum sl_err err = files_open(&got.files, path, why);

	if (err != SL_OK)
		return err;
	if (!files_has(&got.files, items[KEYSTORE_PROVISIONING].name))
		err = complain(why, SL_ENOTFOUND,
		        "%s: not initialised; begin with: sealift-device init", path);
	if (err == SL_OK)
		err = files_lock(&got.files, LOCK, &got.lock, why);
	if (err == SL_OK)
		err = read_counters(&got.files, &got.ssn_limit, why);
	if (err == SL_OK && finish_replacement(&got.files) != SL_OK)
		err = complain(why, SL_EIO, "%s: cannot finish replacing the certificate", path);
	if (err != SL_OK) {
		keystore_close(&got);
		return err;
	}
	*ks = got;
	return SL_OK;
}

void
keystore_close(struct keystore *ks)
{
	if (ks->lock >= 0)
		close(ks->lock);
	ks->lock = -1;
	files_close(&ks->files);
}

bool
keystore_has(const struct keystore *ks, enum keystore_item item)
{
	return files_has(&ks->files, items[item].name);
}

enum sl_err
keystore_read(const struct keystore *ks, enum keystore_item item, struct sl_buf *out,
        struct complaint *why)
{
	return files_read(&ks->files, items[item].name, items[item].is_secret, out, why);
}

enum sl_err
keystore_write(const struct keystore *ks, enum keystore_item item, struct sl_span bytes)
{
	return files_write(&ks->files, items[item].name, items[item].mode, bytes);
}

enum sl_err
keystore_remove(const struct keystore *ks, enum keystore_item item)
{
	return files_remove(&ks->files, items[item].name);
}

enum sl_err
keystore_reserve(struct keystore *ks, uint64_t limit)
{
	enum sl_err err;

	if (limit < ks->ssn_limit)
		return SL_EREPLAY;
	if (limit > SL_OSCORE_SSN_END)
		return SL_ELIMIT;
	err = write_counters(&ks->files, limit);
	if (err == SL_OK)
		ks->ssn_limit = limit;
	return err;
}

enum sl_err
keystore_adopt(struct keystore *ks, struct sl_span cert_pem)
{
	enum sl_err err = files_write(&ks->files, NEXT_CERT, items[KEYSTORE_CERT].mode, cert_pem);

	if (err == SL_OK)
		err = finish_replacement(&ks->files);
	return err;
}
