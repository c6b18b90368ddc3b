// SPDX-License-Identifier: MIT
/* JSON for machines, through json-c. */
#include <json.h>
#include <math.h>
#include <stdio.h>

#include "tools/tool.h"

int json_print(const char *where, struct json_object *object)
{
	const char *text = json_object_to_json_string_ext(object, JSON_C_TO_STRING_PRETTY |
							  JSON_C_TO_STRING_NOSLASHESCAPE);
	int result = TOOL_OK;

	if (!text || puts(text) == EOF)
		result = tool_error(where, "cannot write JSON: no memory, or standard output is closed");
	json_object_put(object);
	return result;
}

void json_set_string(struct json_object *object, const char *key, const char *value)
{
	json_object_object_add(object, key, json_object_new_string(value));
}

void json_set_string_or_null(struct json_object *object, const char *key, const char *value)
{
	json_object_object_add(object, key,
			       value && value[0] ? json_object_new_string(value) : NULL);
}

void json_set_number(struct json_object *object, const char *key, long long value)
{
	json_object_object_add(object, key, json_object_new_int64(value));
}

void json_set_real(struct json_object *object, const char *key, double value)
{
	char text[40];

	/* JSON has neither infinity nor NaN */
	if (!isfinite(value)) {
		json_object_object_add(object, key, NULL);
		return;
	}
	snprintf(text, sizeof(text), "%.9g", value);
	json_object_object_add(object, key, json_object_new_double_s(value, text));
}

void json_set_bool(struct json_object *object, const char *key, bool value)
{
	json_object_object_add(object, key, json_object_new_boolean(value));
}
