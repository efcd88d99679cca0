/* SPDX-License-Identifier: BSD-2-Clause
 * EST resources by path: RFC 9148 section 4.1, labels of RFC 7030 section 3.2.2. */
#include <sl/est.h>

#include <string.h>

#define LONG_ROOT "/.well-known/est"

static const struct {
	enum sl_est_function function;
	const char *name;
	const char *long_name; /* RFC 7030: not served here, but no label either */
	bool is_get;
} functions[] = {
        {SL_EST_CRTS, "crts", "cacerts", true},         /* 9148 table 1 */
        {SL_EST_SEN, "sen", "simpleenroll", false},     /* 9148 table 1 */
        {SL_EST_SREN, "sren", "simplereenroll", false}, /* 9148 table 1 */
        {SL_EST_ATT, "att", "csrattrs", true},          /* 9148 table 1 */
        {SL_EST_SKG, "skg", "serverkeygen", false},     /* 9148 table 1 */
        {SL_EST_SKC, "skc", "fullcmc", false},          /* 9148 table 1 */
        {SL_EST_WELL_KNOWN_CORE, "core", NULL, true},   /* 6690 section 4 */
};

#define COUNT (sizeof functions / sizeof functions[0])

static size_t
find_function(struct sl_span name)
{
	size_t i = 0;

	while (i < COUNT && (functions[i].function == SL_EST_WELL_KNOWN_CORE ||
	                            !sl_span_equal_text(name, functions[i].name)))
		i++;
	return i;
}

static bool
is_label(struct sl_span text)
{
	if (text.len == 0 || text.len > SL_EST_LABEL_MAX)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.ptr[i];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		            (c != 0 && strchr("-._~", c) != NULL)))
			return false;
	}
	for (size_t i = 0; i < COUNT; i++)
		if (functions[i].function != SL_EST_WELL_KNOWN_CORE &&
		        (sl_span_equal_text(text, functions[i].name) ||
		                sl_span_equal_text(text, functions[i].long_name)))
			return false;
	return true;
}

/* What follows root and a slash, or NULL. */
static const char *
below(const char *path, const char *root)
{
	size_t len = root == NULL ? 0 : strlen(root);

	if (root == NULL || strncmp(path, root, len) != 0 || path[len] != '/')
		return NULL;
	return path + len + 1;
}

/* [label "/"] function */
static enum sl_err
read_rest(const char *rest, struct sl_est_target *out)
{
	struct sl_est_target got = {0};
	const char *slash = strchr(rest, '/');
	size_t at;

	if (slash != NULL) {
		struct sl_span label = sl_span(rest, (size_t)(slash - rest));

		if (!is_label(label))
			return SL_ENOTFOUND;
		memcpy(got.label, label.ptr, label.len);
		rest = slash + 1;
	}
	at = find_function(sl_span_text(rest));
	if (at == COUNT)
		return SL_ENOTFOUND;
	got.function = functions[at].function;
	*out = got;
	return SL_OK;
}

enum sl_err
sl_est_target(const char *path, const char *short_root, struct sl_est_target *out)
{
	const char *rest = below(path, LONG_ROOT);

	if (strcmp(path, "/.well-known/core") == 0) {
		*out = (struct sl_est_target){.function = SL_EST_WELL_KNOWN_CORE};
		return SL_OK;
	}
	if (rest == NULL)
		rest = below(path, short_root);
	return rest == NULL ? SL_ENOTFOUND : read_rest(rest, out);
}

const char *
sl_est_function_name(enum sl_est_function function)
{
	for (size_t i = 0; i < COUNT; i++)
		if (functions[i].function == function)
			return functions[i].name;
	return "unknown";
}

bool
sl_est_function_is_get(enum sl_est_function function)
{
	for (size_t i = 0; i < COUNT; i++)
		if (functions[i].function == function)
			return functions[i].is_get;
	return false;
}
