#include "netboot/join/etcd.h"

#include <errno.h>
#include <string.h>

#include <jansson.h>

#include "netboot/join/api.h"
#include "provisioner/base/json.h"

#define HTTP_OK 200
#define HTTP_NOT_FOUND 404

static const char *const paths[ETCD_PATHS] = {"/v3/kv/put", "/v3beta/kv/put", "/v3alpha/kv/put"};

const char *etcd_put_path(size_t i)
{
	return i < ETCD_PATHS ? paths[i] : NULL;
}

static void write_base64(struct json *j, const char *key, const char *text, size_t max)
{
	AUTO(str_done) struct str coded = str_init(max);

	str_add_base64(&coded, text, strlen(text));
	json_key_text(j, key, str_text(&coded));
}

void etcd_write_put(const char *key, const char *value, struct str *out)
{
	struct json j = json_init(out);

	json_map(&j);
	write_base64(&j, "key", key, out->max);
	write_base64(&j, "value", value, out->max);
	json_map_end(&j);
}

int etcd_read_put(int status, const char *text, size_t len, struct err *e)
{
	char reason[128];

	if (status == HTTP_NOT_FOUND)
		return err_msg(e, -ENOENT, "etcd has no such path");
	if (status != HTTP_OK) {
		(void)api_read_reason(text, len, reason, sizeof(reason));
		return err_msg(
			e, -EAGAIN, "etcd answered %d%s%s", status, reason[0] ? ": " : "", reason);
	}
	json_t *root = len <= API_REPLY_MAX ? json_loadb(text, len, 0, NULL) : NULL;
	bool ok = json_is_object(json_object_get(root, "header"));
	json_decref(root);
	return ok ? 0 : err_msg(e, -EAGAIN, "what answered is not etcd");
}
