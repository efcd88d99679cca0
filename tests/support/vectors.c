/* SPDX-License-Identifier: BSD-2-Clause
 * Vector files are data, read at run time, so that anyone can run further vectors of the same shape. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>

json_t *
vectors_load(const char *name)
{
	const char *dir = getenv("SL_VECTORS");
	char path[1024];
	json_error_t why;
	json_t *root;

	if (dir == NULL || dir[0] == '\0')
		dir = SL_SOURCE_DIR "/tests/vectors";
	ck_assert_int_lt(snprintf(path, sizeof path, "%s/%s", dir, name), (int)sizeof path);
	root = json_load_file(path, JSON_ALLOW_NUL, &why);
	ck_assert_msg(root != NULL, "%s:%d: %s", path, why.line, why.text);
	return root;
}

json_t *
vectors_list(json_t *root, const char *key)
{
	json_t *list = json_object_get(root, key);

	ck_assert_msg(json_is_array(list) && json_array_size(list) > 0,
		"the vector file has no list \"%s\", or an empty one", key);
	return list;
}

struct sl_span
vectors_hex(const json_t *object, const char *key)
{
	const json_t *member = json_object_get(object, key);

	if (member == NULL || json_is_null(member))
		return sl_span(NULL, 0);
	ck_assert_msg(json_is_string(member), "\"%s\" is no text", key);
	return hex(json_string_value(member));
}

const char *
vectors_text(const json_t *object, const char *key)
{
	const json_t *member = json_object_get(object, key);

	ck_assert_msg(json_is_string(member), "\"%s\" is missing or no text", key);
	return json_string_value(member);
}

void
vectors_ran(const char *what, size_t count)
{
	printf("vectors: %s: %zu cases\n", what, count);
	ck_assert_msg(count > 0, "no case of %s ran", what);
}
