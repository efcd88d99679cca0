/* SPDX-License-Identifier: BSD-2-Clause
 * The whole file is checked as at the start, so that it will do for the next one, too. */
#include "serve_reload.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sl/text.h>

#define PART(name, member)                                                                         \
	{                                                                                          \
		name, offsetof(struct config, member), sizeof((struct config *)0)->member          \
	}

static const struct {
	const char *name;
	size_t offset, len;
} parts[] = {
        PART("listen", listen),
        PART("paths", paths),
        PART("est-root", est_root),
        PART("ca", ca),
        PART("store", store),
        PART("profiles", profiles),
        PART("limits", limits),
        PART("edhoc", edhoc),
        PART("retry-after", retry_after_s),
        PART("quiet-errors", quiet_errors),
};

void
serve_reload_kept(
        const struct config *running, const struct config *next, char kept[static SERVE_KEPT_MAX])
{
	size_t len = 0;

	kept[0] = '\0';
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		struct config_edhoc before = running->edhoc;
		const void *old = (const uint8_t *)running + parts[i].offset;

		if (parts[i].offset == offsetof(struct config, edhoc)) {
			memcpy(before.directory, next->edhoc.directory, sizeof(before.directory));
			before.accepts_issued = next->edhoc.accepts_issued;
			old = &before;
		}
		if (memcmp(old, (const uint8_t *)next + parts[i].offset, parts[i].len) == 0)
			continue;
		len += (size_t)snprintf(kept + len, SERVE_KEPT_MAX - len, "%s%s",
		        len == 0 ? "" : ", ", parts[i].name);
	}
}

static void
complain(const char *message)
{
	char text[CONFIG_MESSAGE_MAX];

	sl_escape(text, sizeof(text), sl_span_text(message));
	fprintf(stderr,
	        "level=error event=reload-failed error=\"%s\" mend=\"the configuration before "
	        "goes on; correct it and send HUP again\"\n",
	        text);
}

/* Profiles are the authority's, which has those of the start. */
static bool
has_profiles(const struct config *running, const struct config *next)
{
	char message[CONFIG_MESSAGE_MAX];

	for (size_t i = 0; i < next->peer_count; i++) {
		if (config_profile(running, next->peers[i].profile) != NULL)
			continue;
		snprintf(message, sizeof(message),
		        "%s: peers: profile %s is new, which needs a restart", next->file,
		        next->peers[i].profile);
		complain(message);
		return false;
	}
	return true;
}

static bool
take_peers(struct serve_edhoc *s, const struct trust_options *options, struct config *next)
{
	struct trust_options own = *options;
	char message[CONFIG_MESSAGE_MAX] = "";
	struct trust *peers = NULL;

	own.config = next;
	own.warn = NULL;
	if (trust_open(&peers, &own, message) != SL_OK) {
		complain(message);
		return false;
	}
	trust_take_peers(s->trust, peers, next);
	return true;
}

void
serve_reload(
        struct serve_edhoc *s, const struct config *running, const struct trust_options *options)
{
	char message[CONFIG_MESSAGE_MAX], kept[SERVE_KEPT_MAX];
	struct config *next = calloc(1, sizeof(*next));
	bool is_taken = false;
	size_t count = 0;

	if (next == NULL || config_load(next, running->file, message) != SL_OK) {
		complain(next == NULL ? "no memory" : message);
		free(next);
		return;
	}
	serve_reload_kept(running, next, kept);
	if (s->trust != NULL && next->edhoc.is_on) {
		count = next->peer_count;
		is_taken = has_profiles(running, next) && take_peers(s, options, next);
		if (!is_taken)
			kept[0] = '\0';
	} else {
		fprintf(stderr, "level=warn event=nothing-reloaded mend=\"peers belong to EDHOC, "
		                "which needs a restart\"\n");
	}
	if (kept[0] != '\0')
		fprintf(stderr,
		        "level=warn event=restart-needed keys=\"%s\" mend=\"their values before "
		        "stay "
		        "until a restart\"\n",
		        kept);
	if (is_taken)
		fprintf(stderr, "level=info event=reloaded peers=%zu\n", count);
	else
		free(next);
}
