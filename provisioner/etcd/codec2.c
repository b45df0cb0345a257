#include "provisioner/etcd/codec2.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "provisioner/base/log.h"
#include "provisioner/etcd/codec.h"

#define REASON_SIZE 200
#define CREATED 201
#define OK 200

/* Error codes of etcd 2. */
#define KEY_NOT_FOUND 100
#define KEY_EXISTS 105

void codec2_path(struct str *out, const char *key, bool reads)
{
	str_add(out, CODEC2_PATH);
	for (const char *at = key; *at;) {
		size_t len = strcspn(at, "/");

		str_add_percent(out, at, len);
		at += len;
		if (*at == '/') {
			str_addc(out, '/');
			at++;
		}
	}
	str_add(out, reads ? "?quorum=true" : "?prevExist=false");
}

void codec2_form(struct str *out, const void *value, size_t len)
{
	str_add(out, "value=");
	str_add_percent(out, value, len);
}

static void decref_p(json_t **j)
{
	json_decref(*j);
}

static int read_error(
	unsigned status, const json_t *root, const char *json, size_t len, struct err *e)
{
	const json_t *message = json_object_get(root, "message");
	char safe[REASON_SIZE] = "";
	struct err plain = {0};
	int rc = codec_read_error(status, json, len, &plain);

	if (!json_is_string(message))
		return err_msg(e, rc, "%s", plain.msg);
	return err_msg(e, rc, "%s (HTTP status %u)",
		log_safe(safe, sizeof(safe), json_string_value(message),
			json_string_length(message)),
		status);
}

static int read_node(struct arena *a, const json_t *root, struct etcd_reply *ret, struct err *e)
{
	const json_t *node = json_object_get(root, "node");
	const json_t *key = json_object_get(node, "key"), *value = json_object_get(node, "value");
	struct etcd_kv *kv = arena_alloc(a, 1, sizeof(*kv));

	if (json_is_true(json_object_get(node, "dir")))
		return err_msg(e, -EINVAL, "it is a directory");
	if (!json_is_string(key) || !json_is_string(value))
		return err_msg(e, -EPROTO, "the answer holds no key and value");
	if (!kv)
		return err_msg(e, -E2BIG, "the answer is too large");
	*kv = (struct etcd_kv){
		.key = arena_strndup(a, json_string_value(key), json_string_length(key)),
		.key_len = json_string_length(key),
		.value = arena_strndup(a, json_string_value(value), json_string_length(value)),
		.value_len = json_string_length(value)};
	if (!kv->key || !kv->value)
		return err_msg(e, -E2BIG, "the answer is too large");
	ret->kvs = kv;
	ret->n_kvs = 1;
	return 0;
}

int codec2_read(struct arena *a, bool reads, unsigned status, const char *json, size_t len,
	struct etcd_reply *ret_reply, struct err *e)
{
	AUTO(decref_p) json_t *root = json_loadb(json, len, JSON_ALLOW_NUL, NULL);
	json_int_t code = json_integer_value(json_object_get(root, "errorCode"));

	if (!json_is_object(root) && (status == OK || status == CREATED))
		return err_msg(e, -EPROTO, "the answer is not JSON");
	if (reads && status == OK)
		return read_node(a, root, ret_reply, e);
	if (!reads && status == CREATED) {
		ret_reply->created = true;
		return 0;
	}
	if (reads && code == KEY_NOT_FOUND)
		return err_msg(e, -ENOENT, "the key is there and is not");
	if (!reads && code == KEY_EXISTS)
		return err_msg(e, -EEXIST, "the key exists");
	return read_error(status, root, json, len, e);
}
