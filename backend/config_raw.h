/* SPDX-License-Identifier: BSD-2-Clause
 * Private to the configuration: the tables of keys, the texts as YAML gave them, and complaints
 * with a line. */
#ifndef CONFIG_RAW_H
#define CONFIG_RAW_H

#include "config.h"

#define RAW_KEYS_MAX 16

struct raw_list {
	char **items;
	unsigned count;
};

/* texts[i] or lists[i] belongs to row i of the section's table. */
struct raw_section {
	char *texts[RAW_KEYS_MAX];
	struct raw_list lists[RAW_KEYS_MAX];
};

struct raw_edhoc {
	struct raw_section section;
	struct raw_section *own;
	unsigned own_count;
};

struct raw_config {
	struct raw_section top, listen, ca, limits;
	struct raw_section *profiles;
	unsigned profile_count;
	struct raw_edhoc *edhoc; /* NULL: not there */
	struct raw_section *peers;
	unsigned peer_count;
};

enum key_kind {
	KEY_TEXT,     /* char[cap] */
	KEY_FILE,     /* char[cap], beside the configuration file */
	KEY_PORT,     /* uint16_t */
	KEY_NUMBER,   /* unsigned */
	KEY_SIZE,     /* size_t, bytes */
	KEY_SECONDS,  /* unsigned */
	KEY_DURATION, /* int64_t, seconds */
	KEY_CHOICE,   /* bool: false is the first word, true the second */
	KEY_LIST,     /* taken by a function */
};

/* NULL when all is well, else the mend. item says which one is wrong. */
typedef const char *(*key_take)(
        void *section, const char *file, const struct raw_list *list, unsigned *item);

struct key {
	const char *name;
	enum key_kind kind;
	size_t at, cap;       /* where in the section's struct */
	uint64_t min, max;    /* of numbers, in their unit; items of a list */
	const char *fallback; /* NULL: the key must be there; "" is an empty text */
	const char *words[2];
	key_take take;
};

/* Tables end with a row without a name. */
extern const struct key config_top_keys[], config_listen_keys[], config_ca_keys[],
        config_limit_keys[], config_profile_keys[], config_edhoc_keys[], config_own_keys[],
        config_peer_keys[];

struct config_word {
	const char *name;
	unsigned bit;
};

/* Each item is one of the words (which end with a row without a name), none twice; no list at all
 * leaves *bits alone. Else the item that is wrong, and a mend. */
const char *config_take_words(unsigned *bits, const struct config_word *words,
        const struct raw_list *list, unsigned *item);

struct complaint {
	const char *file;
	struct sl_span text;
	char *message; /* CONFIG_MESSAGE_MAX bytes */
};

/* Finds the line of the key path ("limits.threads", "profiles[1].validity") and says what is wrong.
 * Returns SL_EMALFORMED. value NULL: none. */
enum sl_err config_complain(
        const struct complaint *c, const char *path, const char *value, const char *mend);
/* The same with a line that is known. */
enum sl_err config_complain_at(
        const struct complaint *c, unsigned line, const char *key, const char *mend);

struct config_place {
	const struct complaint *complaint;
	char path[40]; /* of the section, with its dot; empty at the top */
};

/* Every key of one section into its struct: default, unit, bounds. */
enum sl_err config_take(void *section, const struct key *keys, const struct raw_section *raw,
        const struct config_place *place) SL_MUST_USE;
/* config_edhoc.c: the sections edhoc and peers. */
enum sl_err config_take_edhoc(struct config *config, const struct raw_config *raw,
        const struct complaint *complaint) SL_MUST_USE;
enum sl_err config_take_peers(struct config *config, const struct raw_config *raw,
        const struct complaint *complaint) SL_MUST_USE;
/* All sections, then the rules between keys. */
enum sl_err config_check(struct config *config, const struct raw_config *raw,
        const struct complaint *complaint) SL_MUST_USE;

/* Line of a key path in block-style YAML, else of the nearest key above it that is there; 1 at
 * least. */
unsigned config_line_of(struct sl_span text, const char *path);
/* The first line after `after` that has this key, at any depth; 0: none. */
unsigned config_line_of_key(struct sl_span text, const char *key, unsigned after);

#endif
