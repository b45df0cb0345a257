/* json.h - JSON written straight into a struct str, comma by comma.
 *
 * For output of any size without a tree in memory; input is read with jansson. Nesting is tracked,
 * so a caller only says what comes: json_key(), then a value. Text is escaped; bytes that are not
 * UTF-8 become U+FFFD, so the result always parses. */
#ifndef SLIPWAY_BASE_JSON_H
#define SLIPWAY_BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "provisioner/base/str.h"

struct err_list;

struct json {
	struct str *out; /* borrowed: must outlive the writer */
	bool comma;      /* a value stands before the next one */
};

struct json json_init(struct str *out);
void json_map(struct json *j);
void json_map_end(struct json *j);
void json_list(struct json *j);
void json_list_end(struct json *j);
void json_key(struct json *j, const char *key);
void json_text(struct json *j, const char *text); /* NULL writes null */
void json_textn(struct json *j, const char *text, size_t n);
void json_int(struct json *j, int64_t v);
void json_bool(struct json *j, bool v);
void json_none(struct json *j);

/* Already valid JSON, put in as it is. */
void json_raw(struct json *j, const char *text);

/* A key and its value in one call. */
void json_key_text(struct json *j, const char *key, const char *text);
void json_key_int(struct json *j, const char *key, int64_t v);
void json_key_bool(struct json *j, const char *key, bool v);

/* What is wrong with what a person wrote: "problems", a list of {file, line, column, severity, message},
 * and "more", how many errors are not in it. */
void json_key_problems(struct json *j, const struct err_list *l);

#endif
