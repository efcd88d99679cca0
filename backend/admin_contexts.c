/* SPDX-License-Identifier: BSD-2-Clause
 * sealift-est add-context, list-contexts, disable-context: pre-shared OSCORE contexts (RFC 8613
 * section 3.2) and the provisioning file of the device. Ids on the command line and in that file
 * are the device's. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sl/est.h>
#include <sl/hash.h>
#include <sl/text.h>
#include <sl/wipe.h>

#include "admin.h"
#include "args.h"
#include "audit.h"
#include "files.h"

#define SECRET_LEN     16
#define SALT_LEN       8
#define KID_LEN        3 /* of a generated id */
#define KID_TRIES      16
#define JSON_MAX       1024
#define FUNCTIONS_TEXT "crts,att,sen,sren"

struct wish {
	const char *config, *identity, *profile, *sender_id, *recipient_id, *id_context;
	const char *secret_file, *salt, *aead, *functions, *out;
};

static bool
refuse(const char *option, const char *value, const char *mend)
{
	char shown[96];

	sl_escape(shown, sizeof shown, sl_span_text(value));
	fprintf(stderr, "sealift-est add-context: %s: \"%s\": %s\n", option, shown, mend);
	return false;
}

static bool
take_hex(uint8_t *out, size_t cap, size_t *len, const char *option, const char *text)
{
	return sl_hex_decode(out, cap, len, sl_span_text(text)) == SL_OK ||
	       refuse(option, text, "hex digits, not more than fit");
}

static bool
take_functions(unsigned *bits, const char *list)
{
	const char *at = list;

	*bits = 0;
	while (*at) {
		size_t len = strcspn(at, ",");
		unsigned before = *bits;

		for (int f = SL_EST_CRTS; f <= SL_EST_ATT; f++)
			if (sl_span_equal_text(sl_span(at, len),
			            sl_est_function_name((enum sl_est_function)f)))
				*bits |= 1U << f;
		if (*bits == before)
			return refuse("--functions", list, FUNCTIONS_TEXT ", each once");
		at += len + (at[len] == ',');
	}
	return true;
}

/* Hex digits in a file that only its owner reads. */
static bool
take_secret(struct sl_key *secret, const char *file)
{
	struct sl_buf text;
	struct sl_span digits;
	enum sl_err err;

	sl_buf_init(&text, 4 * SL_KEY_MAX);
	err = files_read(&text, file, FILES_SECRET);
	if (!err) {
		digits = sl_buf_view(&text);
		while (digits.len > 0 &&
		        (digits.ptr[digits.len - 1] == '\n' || digits.ptr[digits.len - 1] == '\r'))
			digits.len--;
		err = sl_hex_decode(secret->bytes, SL_KEY_MAX, &secret->len, digits);
	}
	sl_buf_clear(&text);
	if (err == SL_EAUTH)
		return refuse("--secret-file", file, "open to group or others; chmod 0400");
	if (err == SL_ENOTFOUND || err == SL_EIO) {
		fprintf(stderr, "sealift-est add-context: --secret-file %s: cannot be read: %s\n", file,
		        files_why(err));
		return false;
	}
	if (err || secret->len < STORE_SECRET_MIN)
		return refuse("--secret-file", file, "16 to 64 bytes as hex digits");
	return true;
}

static bool
take_profile(struct store_context *c, const struct config *config, const char *name)
{
	if (!name && config->profile_count > 1)
		return refuse("--profile", "", "needed, there is more than one");
	if (name && !config_profile(config, name))
		return refuse("--profile", name, "no such profile in the configuration");
	memcpy(c->profile, name ? config_profile(config, name)->name : config->profiles[0].name,
	        sizeof c->profile);
	return true;
}

static bool
take_names(struct store_context *c, const struct config *config, const struct wish *wish)
{
	const char *functions = wish->functions ? wish->functions : FUNCTIONS_TEXT;
	const struct sl_aead *aead = sl_aead_by_name(wish->aead ? wish->aead : "AES-CCM-16-64-128");

	if (!policy_identity_is_fine(wish->identity))
		return refuse("--identity", wish->identity, "1 to 64 bytes of plain text");
	memcpy(c->identity, wish->identity, strlen(wish->identity) + 1);
	if (!aead)
		return refuse("--aead", wish->aead, "a name of the COSE registry");
	c->aead_alg = aead->cose_alg;
	c->hkdf_hash = SL_SHA256;
	c->window = SL_OSCORE_WINDOW_DEFAULT;
	c->created = admin_now();
	return take_profile(c, config, wish->profile) && take_functions(&c->functions, functions);
}

static bool
take_keys(struct store_context *c, const struct wish *wish)
{
	if (wish->secret_file) {
		if (!take_secret(&c->master_secret, wish->secret_file))
			return false;
	} else {
		c->master_secret.len = SECRET_LEN;
		if (sl_random(c->master_secret.bytes, SECRET_LEN))
			return refuse("--secret-file", "", "no random numbers to be had");
	}
	if (wish->salt)
		return take_hex(c->master_salt.bytes, SL_KEY_MAX, &c->master_salt.len, "--salt",
		        wish->salt);
	/* A secret that somebody chose has its salt there too. */
	c->master_salt.len = wish->secret_file ? 0 : SALT_LEN;
	return sl_random(c->master_salt.bytes, c->master_salt.len) == SL_OK;
}

static bool
take_ids(struct store_context *c, const struct wish *wish)
{
	/* Mirrored: the device's Sender ID is our Recipient ID. */
	if (wish->sender_id && !take_hex(c->recipient_id.bytes, SL_OSCORE_ID_MAX,
	                               &c->recipient_id.len, "--sender-id", wish->sender_id))
		return false;
	if (!wish->sender_id) {
		c->recipient_id.len = KID_LEN;
		if (sl_random(c->recipient_id.bytes, KID_LEN))
			return refuse("--sender-id", "", "no random numbers to be had");
	}
	if (wish->recipient_id && !take_hex(c->sender_id.bytes, SL_OSCORE_ID_MAX, &c->sender_id.len,
	                                  "--recipient-id", wish->recipient_id))
		return false;
	if (!wish->recipient_id) {
		c->sender_id.len = 1;
		c->sender_id.bytes[0] =
		        c->recipient_id.len == 1 && c->recipient_id.bytes[0] == 0 ? 1 : 0;
	}
	c->has_id_context = wish->id_context;
	return !wish->id_context || take_hex(c->id_context, sizeof c->id_context,
	                                    &c->id_context_len, "--id-context", wish->id_context);
}

/* The lengths and algorithms go together: let OSCORE itself say so. */
static bool
try_context(const struct store_context *c)
{
	struct sl_oscore_params params = {
	        .master_secret = sl_key_view(&c->master_secret),
	        .master_salt = sl_key_view(&c->master_salt),
	        .sender_id = sl_span(c->sender_id.bytes, c->sender_id.len),
	        .recipient_id = sl_span(c->recipient_id.bytes, c->recipient_id.len),
	        .has_id_context = c->has_id_context,
	        .id_context = sl_span(c->id_context, c->id_context_len),
	        .aead_alg = c->aead_alg,
	        .hkdf_hash = c->hkdf_hash,
	        .window = c->window,
	};
	struct sl_oscore_ctx ctx;

	if (sl_oscore_ctx_init(&ctx, &params))
		return refuse("--sender-id", "",
		        "ids must differ and fit the algorithm's nonce (its length - 6)");
	sl_oscore_ctx_clear(&ctx);
	return true;
}

static enum sl_err
add(struct store *store, struct store_context *c, bool makes_id)
{
	enum sl_err err = store_context_add(store, c);

	for (int i = 1; makes_id && i < KID_TRIES && err == SL_EREPLAY; i++) {
		err = sl_random(c->recipient_id.bytes, KID_LEN);
		if (!err)
			err = store_context_add(store, c);
	}
	return err;
}

/* {"key": "hex", with a comma before it */
static void
add_hex(struct sl_writer *w, const char *key, struct sl_span bytes)
{
	char text[2 * SL_KEY_MAX + 1];

	if (sl_hex_encode(text, sizeof text, bytes))
		text[0] = '\0';
	sl_write_text(w, ",\n  \"");
	sl_write_text(w, key);
	sl_write_text(w, "\": \"");
	sl_write_text(w, text);
	sl_write_text(w, "\"");
	sl_wipe(text, sizeof text);
}

static size_t
device_file(char out[static JSON_MAX], const struct store_context *c)
{
	char identity[6 * POLICY_IDENTITY_MAX + 3], tail[160];
	struct sl_writer w = sl_writer_over(out, JSON_MAX);

	audit_json_text(identity, sizeof identity, c->identity);
	sl_write_text(&w, "{\n  \"identity\": ");
	sl_write_text(&w, identity);
	add_hex(&w, "master-secret", sl_key_view(&c->master_secret));
	add_hex(&w, "master-salt", sl_key_view(&c->master_salt));
	add_hex(&w, "sender-id", sl_span(c->recipient_id.bytes, c->recipient_id.len));
	add_hex(&w, "recipient-id", sl_span(c->sender_id.bytes, c->sender_id.len));
	if (c->has_id_context)
		add_hex(&w, "id-context", sl_span(c->id_context, c->id_context_len));
	snprintf(tail, sizeof tail,
	        ",\n  \"aead\": \"%s\",\n  \"hkdf\": \"HKDF-SHA-256\",\n  \"window\": %u\n}\n",
	        sl_aead_by_cose(c->aead_alg)->name, c->window);
	sl_write_text(&w, tail);
	return sl_writer_span(&w).len;
}

static enum sl_err
write_device_file(const struct store_context *c, const char *file)
{
	char json[JSON_MAX];
	size_t len = device_file(json, c);
	enum sl_err err = len > 0 ? SL_OK : SL_ESPACE;

	if (!err && strcmp(file, "-") == 0)
		err = fwrite(json, 1, len, stdout) == len && fflush(stdout) == 0 ? SL_OK : SL_EIO;
	else if (!err)
		err = files_write_new(file, sl_span(json, len), FILES_MODE_SECRET);
	sl_wipe(json, sizeof json);
	return err;
}

static enum sl_err
note(struct store *store, const char *event, const struct store_context *c)
{
	char text[STORE_AUDIT_MAX];
	struct audit_line line = audit_line_over(text, sizeof text, event, admin_now());
	struct store_audit audit = {.time = admin_now(), .line = text};
	enum sl_err err;

	audit_line_number(&line, "context", c->id);
	audit_line_text(&line, "identity", c->identity);
	audit_line_text(&line, "profile", c->profile);
	err = audit_line_finish(&line);
	return err ? err : store_audit_append(store, &audit);
}

static enum sl_err
count_enabled(void *arg, const struct store_context *c)
{
	*(size_t *)arg += !c->is_disabled;
	return SL_OK;
}

static int
check_room(struct admin *admin)
{
	size_t count = 0;
	enum sl_err err = store_contexts_each(admin->store, 0, count_enabled, &count);

	if (err)
		return admin_failed(admin->config.store, err);
	if (count < admin->config.limits.contexts)
		return EXIT_SUCCESS;
	fprintf(stderr,
	        "sealift-est add-context: limits.contexts is %u; raise it in %s and start the server "
	        "anew\n",
	        admin->config.limits.contexts, admin->config.file);
	return EXIT_FAILURE;
}

static int
add_and_tell(struct admin *admin, struct store_context *c, const struct wish *wish)
{
	enum sl_err err;

	if (check_room(admin) != EXIT_SUCCESS)
		return EXIT_FAILURE;
	err = add(admin->store, c, !wish->sender_id);
	if (err == SL_EREPLAY || err == SL_EAUTH) {
		refuse("--sender-id", wish->sender_id ? wish->sender_id : "",
		        err == SL_EREPLAY
		                ? "another context has this id"
		                : "this secret and salt with one of these ids are those of another "
		                  "context; give --salt or --id-context");
		return EXIT_FAILURE;
	}
	if (!err)
		err = note(admin->store, "context-added", c);
	if (err)
		return admin_failed(admin->config.store, err);
	if (wish->out)
		err = write_device_file(c, wish->out);
	if (err) {
		/* Nobody has the secret: the context is of no use. */
		if (store_context_disable(admin->store, c->id))
			fprintf(stderr, "context %lld stays enabled\n", (long long)c->id);
		return admin_failed(wish->out, err);
	}
	if (!wish->out || strcmp(wish->out, "-") != 0)
		printf("context %lld added for %s\n", (long long)c->id, c->identity);
	return EXIT_SUCCESS;
}

/* Looked at before the context is there: an id that was given once is taken for ever. */
static bool
can_be_made(const char *file)
{
	char folder[CONFIG_PATH_MAX + 1];

	if (!file || strcmp(file, "-") == 0)
		return true;
	if (access(file, F_OK) == 0)
		return refuse("--out", file, "exists; choose another name");
	if (files_beside(folder, sizeof folder, file, "."))
		return refuse("--out", file, "the name is too long");
	return access(folder, W_OK | X_OK) == 0 || refuse("--out", file, strerror(errno));
}

int
admin_add_context(int argc, char **argv)
{
	struct wish wish = {0};
	const struct arg args[] = {
	        {"-c", .value = &wish.config, .is_needed = true},
	        {"--identity", .value = &wish.identity, .is_needed = true},
	        {"--profile", .value = &wish.profile},
	        {"--sender-id", .value = &wish.sender_id},
	        {"--recipient-id", .value = &wish.recipient_id},
	        {"--id-context", .value = &wish.id_context},
	        {"--secret-file", .value = &wish.secret_file},
	        {"--salt", .value = &wish.salt},
	        {"--aead", .value = &wish.aead},
	        {"--functions", .value = &wish.functions},
	        {"--out", .value = &wish.out},
	        {0},
	};
	struct store_context context = {0};
	struct admin admin;
	int status;

	if (!args_take(argc, argv, args, NULL))
		return EXIT_USAGE;
	if (!wish.out && !wish.secret_file) {
		refuse("--out", "", "needed, else nobody would have the secret");
		return EXIT_USAGE;
	}
	if (!can_be_made(wish.out))
		return EXIT_FAILURE;
	status = admin_open(&admin, wish.config);
	if (status == EXIT_SUCCESS) {
		status = EXIT_USAGE;
		if (take_names(&context, &admin.config, &wish) && take_keys(&context, &wish) &&
		        take_ids(&context, &wish) && try_context(&context))
			status = add_and_tell(&admin, &context, &wish);
	}
	store_context_clear(&context);
	admin_close(&admin);
	return status;
}
