/* SPDX-License-Identifier: BSD-2-Clause
 * What a reference may mean: the credentials of peers, and the certificates of a directory that a URI names. A URI is
 * a name to look up and never fetched: its last segment is the name of a file, read when the server starts. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "trust_inside.h"

/* --- the directory --------------------------------------------------------------------------- */

static bool
is_file_name(struct sl_span name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                              "0123456789-._";

	if (name.len == 0 || name.len > TRUST_NAME_MAX || name.ptr[0] == '.')
		return false;
	for (size_t i = 0; i < name.len; i++)
		if (name.ptr[i] == '\0' || !strchr(allowed, name.ptr[i]))
			return false;
	return true;
}

static enum sl_err
load_listed(struct trust_listed *listed, const char *name, const char *path,
        char message[static CONFIG_MESSAGE_MAX])
{
	struct sl_buf bytes;
	enum sl_err err;

	sl_buf_init(&bytes, SL_CREDENTIAL_FILE_MAX);
	err = files_read(&bytes, path, FILES_PUBLIC);
	if (err) {
		err = trust_complain(message, path, files_why(err), err);
	} else {
		err = sl_credential_file_read(&listed->file, sl_buf_view(&bytes));
		if (err)
			err = trust_complain(message, path,
			        "no certificate in PEM or C509 with a key of EDHOC", err);
	}
	sl_buf_clear(&bytes);
	if (!err && (listed->file.kind == SL_CREDENTIAL_CCS || listed->file.count != 1)) {
		sl_credential_file_clear(&listed->file);
		err = trust_complain(message, path,
		        "a URI names one certificate; a raw key belongs among the peers",
		        SL_EMALFORMED);
	}
	if (!err)
		snprintf(listed->name, sizeof listed->name, "%s", name);
	return err;
}

static enum sl_err
add_listed(struct trust *t, const char *name, char message[static CONFIG_MESSAGE_MAX])
{
	const char *directory = t->options.config->edhoc.directory;
	char path[CONFIG_PATH_MAX + 1 + TRUST_NAME_MAX + 1];
	enum sl_err err;

	snprintf(path, sizeof path, "%s/%.*s", directory, TRUST_NAME_MAX, name);
	if (!is_file_name(sl_span_text(name)))
		return trust_complain(message, directory,
		        "holds a file whose name is not 1 to 64 letters, digits, '-', '.', '_'",
		        SL_EMALFORMED);
	if (t->listed_count == TRUST_LISTED_MAX)
		return trust_complain(message, directory, "holds more than 4096 files", SL_ELIMIT);
	err = load_listed(&t->listed[t->listed_count], name, path, message);
	t->listed_count += err == SL_OK;
	return err;
}

static int
by_name(const void *a, const void *b)
{
	const struct trust_listed *one = a, *other = b;

	return strcmp(one->name, other->name);
}

enum sl_err
trust_load_directory(struct trust *t, char message[static CONFIG_MESSAGE_MAX])
{
	const char *directory = t->options.config->edhoc.directory;
	struct dirent *entry;
	enum sl_err err = SL_OK;
	DIR *dir;

	if (!directory[0])
		return SL_OK;
	dir = opendir(directory);
	if (!dir)
		return trust_complain(message, directory, "no directory that can be read", SL_EIO);
	t->listed = calloc(TRUST_LISTED_MAX, sizeof *t->listed);
	if (!t->listed)
		err = trust_complain(message, directory, "no memory", SL_ENOMEM);
	while (!err && (entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.')
			err = add_listed(t, entry->d_name, message);
	closedir(dir);
	if (!err)
		qsort(t->listed, t->listed_count, sizeof *t->listed, by_name);
	return err;
}

void
trust_clear_directory(struct trust *t)
{
	for (size_t i = 0; i < t->listed_count; i++)
		sl_credential_file_clear(&t->listed[i].file);
	free(t->listed);
	t->listed = NULL;
	t->listed_count = 0;
}

static const struct trust_listed *
find_listed(const struct trust *t, struct sl_span uri)
{
	struct trust_listed key;
	size_t start = uri.len;

	while (start > 0 && uri.ptr[start - 1] != '/')
		start--;
	if (start == 0 || !is_file_name(sl_span(uri.ptr + start, uri.len - start)))
		return NULL;
	memcpy(key.name, uri.ptr + start, uri.len - start);
	key.name[uri.len - start] = '\0';
	return t->listed_count == 0
	               ? NULL
	               : bsearch(&key, t->listed, t->listed_count, sizeof key, by_name);
}

/* --- what ID_CRED_I may mean ----------------------------------------------------------------- */

static struct sl_span
uri_of(const struct sl_id_cred *id)
{
	return id->x5u.len > 0 ? id->x5u : id->c5u;
}

static bool
may_mean(const struct sl_id_cred *id, const struct trust_rule *rule,
        const struct sl_known_credential *known)
{
	const struct sl_cert_hash *thumb = id->has_x5t ? &id->x5t : &id->c5t;
	size_t len = thumb->hash.len;

	if (id->has_kid)
		return known->has_kid && sl_span_equal(id->kid, known->kid);
	if (id->kccs.len > 0)
		return sl_span_equal(id->kccs, known->cred);
	if (uri_of(id).len > 0)
		return sl_span_equal(uri_of(id), known->uri);
	if (id->x5chain_count > 0 || id->c5c_count > 0)
		return sl_span_equal(
		        id->x5chain_count > 0 ? id->x5chain[0] : id->c5c[0], known->cred);
	/* SHA-256, whole or cut; what another hash refers to is found out later */
	return len > sizeof rule->hash || (thumb->alg != SL_SHA256 && thumb->alg != -15) ||
	       sl_span_equal(thumb->hash, sl_span(rule->hash, len));
}

/* Only those that the reference can mean: to decode every known credential takes long. What the directory gives
 * is not trusted for being there: it needs an anchor above it. */
size_t
trust_pick_known(const struct trust *t, struct sl_span id_cred, struct sl_known_credential *picked)
{
	const struct trust_listed *listed;
	struct sl_id_cred id;
	size_t count = 0;

	if (sl_id_cred_decode(&id, id_cred))
		return 0;
	for (size_t i = 0; i < t->rule_count; i++)
		if (!t->rules[i].peer->is_anchor && may_mean(&id, &t->rules[i], &t->known[i]))
			picked[count++] = t->known[i];
	listed = count == 0 ? find_listed(t, uri_of(&id)) : NULL;
	if (listed)
		picked[count++] =
		        (struct sl_known_credential){.cred = listed->file.cred, .uri = uri_of(&id)};
	return count;
}
