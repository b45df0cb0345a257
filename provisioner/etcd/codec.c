#include "provisioner/etcd/codec.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "provisioner/base/json.h"
#include "provisioner/base/log.h"
#include "provisioner/base/parse.h"
#include "provisioner/etcd/codec2.h"

#define REASON_SIZE 200

static void add_base64(struct json *j, const char *name, const void *data, size_t len)
{
	AUTO(str_done) struct str text = str_init(CODEC_REQUEST_MAX);

	str_add_base64(&text, data, len);
	if (!str_ok(&text))
		j->out->err = true;
	json_key_text(j, name, str_text(&text));
}

/* The first key behind all that begin with the prefix: its last byte plus one. */
static void add_range_end(struct json *j, const char *prefix)
{
	size_t n = strlen(prefix);
	AUTO(free_p) char *end = xstrdup(prefix);

	while (n > 0 && (uint8_t)end[n - 1] == 0xff)
		n--;
	if (n == 0) {
		add_base64(j, "range_end", "\0", 1); /* to the end of all keys */
		return;
	}
	end[n - 1] = (char)((uint8_t)end[n - 1] + 1);
	add_base64(j, "range_end", end, n);
}

static void add_key(struct json *j, const char *key, bool prefix)
{
	/* The empty prefix means all keys, which etcd writes as a range from the zero byte. */
	if (prefix && key[0] == '\0')
		add_base64(j, "key", "\0", 1);
	else
		add_base64(j, "key", key, strlen(key));
	if (prefix)
		add_range_end(j, key);
}

static void add_put(struct json *j, const char *key, const void *value, size_t len)
{
	json_map(j);
	add_key(j, key, /* prefix= */ false);
	add_base64(j, "value", value, len);
	json_map_end(j);
}

void codec_range(struct str *out, const char *key, bool prefix)
{
	struct json j = json_init(out);

	json_map(&j);
	add_key(&j, key, prefix);
	json_map_end(&j);
}

void codec_delete(struct str *out, const char *key, bool prefix)
{
	codec_range(out, key, prefix); /* the same two fields */
}

void codec_put(struct str *out, const char *key, const void *value, size_t len)
{
	struct json j = json_init(out);

	add_put(&j, key, value, len);
}

void codec_create(struct str *out, const char *key, const void *value, size_t len)
{
	struct json j = json_init(out);

	json_map(&j);
	json_key(&j, "compare");
	json_list(&j);
	json_map(&j);
	json_key_text(&j, "target", "CREATE");
	json_key_text(&j, "createRevision", "0");
	add_key(&j, key, /* prefix= */ false);
	json_map_end(&j);
	json_list_end(&j);

	json_key(&j, "success");
	json_list(&j);
	json_map(&j);
	json_key(&j, "requestPut");
	add_put(&j, key, value, len);
	json_map_end(&j);
	json_list_end(&j);

	json_key(&j, "failure");
	json_list(&j);
	json_map(&j);
	json_key(&j, "requestRange");
	json_map(&j);
	add_key(&j, key, /* prefix= */ false);
	json_map_end(&j);
	json_map_end(&j);
	json_list_end(&j);
	json_map_end(&j);
}

static int sextet(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

/* Decodes four characters, the last `pad` of which are '='. The bits that padding leaves over must
 * be 0, so that no two texts mean the same bytes. */
static int decode_group(const char *text, size_t pad, uint8_t *to)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < 4 - pad; i++) {
		int v = sextet(text[i]);

		if (v < 0)
			return -EINVAL;
		bits |= (uint32_t)v << (18 - 6 * i);
	}
	if (pad > 0 && (bits & (pad == 1 ? 0xffU : 0xffffU)) != 0)
		return -EINVAL;
	for (size_t i = 0; i < 3 - pad; i++)
		to[i] = (uint8_t)(bits >> (16 - 8 * i) & 0xff);
	return 0;
}

int codec_base64(const char *text, size_t len, uint8_t *to, size_t *ret_len)
{
	size_t n = 0;

	if (len % 4 != 0)
		return -EINVAL;
	for (size_t i = 0; i < len; i += 4) {
		bool last = i + 4 == len;
		size_t pad = last && text[i + 3] == '=' ? 1 : 0;

		if (pad == 1 && text[i + 2] == '=')
			pad = 2;
		if (decode_group(text + i, pad, to + n) < 0)
			return -EINVAL;
		n += 3 - pad;
	}
	*ret_len = n;
	return 0;
}

static void decref_p(json_t **j)
{
	json_decref(*j);
}

/* Gives the object, or NULL with *e filled. */
static json_t *parse_object(const char *text, size_t len, struct err *e)
{
	json_error_t at;
	json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &at);

	if (root && json_is_object(root))
		return root;
	if (root)
		(void)err_msg(e, -EPROTO, "the answer is JSON, but no object");
	else
		(void)err_msg(e, -EPROTO, "the answer is not JSON (byte %d)", at.position);
	json_decref(root);
	return NULL;
}

/* A 64-bit number: a string of digits, a bare number, or left out for 0. */
static int read_int(const json_t *object, const char *name, int64_t *ret)
{
	const json_t *v = json_object_get(object, name);

	*ret = 0;
	if (!v)
		return 0;
	if (json_is_integer(v)) {
		*ret = json_integer_value(v);
		return 0;
	}
	if (!json_is_string(v) || parse_i64(json_string_value(v), INT64_MIN, INT64_MAX, ret) < 0)
		return -EPROTO;
	return 0;
}

/* Base64 bytes in the arena with a NUL behind them; left out means empty. */
static int read_bytes(
	struct arena *a, const json_t *object, const char *name, const char **ret, size_t *ret_len)
{
	const json_t *v = json_object_get(object, name);

	*ret = "";
	*ret_len = 0;
	if (!v)
		return 0;
	if (!json_is_string(v))
		return -EPROTO;
	size_t len = json_string_length(v);
	uint8_t *bytes = arena_alloc(a, len / 4 * 3 + 1, 1);
	if (!bytes)
		return -E2BIG;
	if (codec_base64(json_string_value(v), len, bytes, ret_len) < 0)
		return -EPROTO;
	*ret = (const char *)bytes;
	return 0;
}

static int read_kv(struct arena *a, const json_t *object, struct etcd_kv *kv)
{
	int rc = json_is_object(object) ? 0 : -EPROTO;

	if (rc == 0)
		rc = read_bytes(a, object, "key", &kv->key, &kv->key_len);
	if (rc == 0)
		rc = read_bytes(a, object, "value", &kv->value, &kv->value_len);
	if (rc == 0)
		rc = read_int(object, "create_revision", &kv->create_revision);
	if (rc == 0)
		rc = read_int(object, "mod_revision", &kv->mod_revision);
	if (rc == 0)
		rc = read_int(object, "version", &kv->version);
	return rc;
}

static int read_kvs(struct arena *a, const json_t *object, struct etcd_reply *r, struct err *e)
{
	const json_t *list = json_object_get(object, "kvs");
	size_t n = json_array_size(list);

	if (!list || (json_is_array(list) && n == 0))
		return 0;
	if (!json_is_array(list))
		return err_msg(e, -EPROTO, "\"kvs\" in the answer is no list");
	if (n > ETCD_KVS_MAX)
		return err_msg(e, -E2BIG, "the answer has more than %d keys", ETCD_KVS_MAX);
	struct etcd_kv *kvs = arena_alloc(a, n, sizeof(*kvs));
	if (!kvs)
		return err_msg(e, -E2BIG, "the answer needs too much memory");
	for (size_t i = 0; i < n; i++) {
		int rc = read_kv(a, json_array_get(list, i), &kvs[i]);

		if (rc < 0)
			return err_msg(e, rc, "key %zu in the answer is broken", i);
	}
	r->kvs = kvs;
	r->n_kvs = n;
	return 0;
}

/* Every answer of the key-value API has one; its absence means that something else answered. */
static int read_header(const json_t *root, struct etcd_reply *r, struct err *e)
{
	const json_t *header = json_object_get(root, "header");

	if (!json_is_object(header) || read_int(header, "revision", &r->revision) < 0)
		return err_msg(e, -EPROTO, "the answer has no header of etcd");
	return 0;
}

int codec_read_range(
	struct arena *a, const char *json, size_t len, struct etcd_reply *ret_reply, struct err *e)
{
	AUTO(decref_p) json_t *root = parse_object(json, len, e);

	if (!root)
		return -EPROTO;
	int rc = read_header(root, ret_reply, e);
	return rc < 0 ? rc : read_kvs(a, root, ret_reply, e);
}

int codec_read_put(
	struct arena *a, const char *json, size_t len, struct etcd_reply *ret_reply, struct err *e)
{
	AUTO(decref_p) json_t *root = parse_object(json, len, e);

	(void)a;
	return root ? read_header(root, ret_reply, e) : -EPROTO;
}

int codec_read_delete(
	struct arena *a, const char *json, size_t len, struct etcd_reply *ret_reply, struct err *e)
{
	AUTO(decref_p) json_t *root = parse_object(json, len, e);

	(void)a;
	if (!root)
		return -EPROTO;
	int rc = read_header(root, ret_reply, e);
	if (rc == 0 && read_int(root, "deleted", &ret_reply->n_deleted) < 0)
		return err_msg(e, -EPROTO, "\"deleted\" in the answer is no number");
	return rc;
}

int codec_read_create(
	struct arena *a, const char *json, size_t len, struct etcd_reply *ret_reply, struct err *e)
{
	AUTO(decref_p) json_t *root = parse_object(json, len, e);

	if (!root)
		return -EPROTO;
	int rc = read_header(root, ret_reply, e);
	if (rc < 0)
		return rc;
	const json_t *succeeded = json_object_get(root, "succeeded");
	const json_t *first = json_array_get(json_object_get(root, "responses"), 0);
	if (succeeded && !json_is_boolean(succeeded))
		return err_msg(e, -EPROTO, "\"succeeded\" in the answer is neither true nor false");
	if (json_is_true(succeeded)) {
		ret_reply->created = true;
		return 0;
	}
	rc = read_kvs(a, json_object_get(first, "response_range"), ret_reply, e);
	if (rc == 0 && ret_reply->n_kvs != 1)
		return err_msg(e, -EPROTO, "the answer says neither created nor what was there");
	return rc;
}

int codec_read_version(const char *json, size_t len, const char **ret_path, struct err *e)
{
	AUTO(decref_p) json_t *root = parse_object(json, len, e);
	const char *text = json_string_value(json_object_get(root, "etcdserver"));
	char major_text[8] = "", minor_text[8] = "";
	uint32_t major = 0, minor = 0;

	if (!root)
		return -EPROTO;
	const char *dot = text ? strchr(text, '.') : NULL;
	size_t major_len = dot ? (size_t)(dot - text) : 0;
	size_t minor_len = dot ? strspn(dot + 1, "0123456789") : 0;
	if (major_len < sizeof(major_text) && minor_len < sizeof(minor_text) && dot) {
		(void)snprintf(major_text, sizeof(major_text), "%.*s", (int)major_len, text);
		(void)snprintf(minor_text, sizeof(minor_text), "%.*s", (int)minor_len, dot + 1);
	}
	if (parse_u32(major_text, 0, 999, &major) < 0 || parse_u32(minor_text, 0, 999, &minor) < 0)
		return err_msg(e, -EPROTO, "the answer to /version names no version of etcd");
	if (major < 2)
		return err_msg(e, -EOPNOTSUPP, "etcd %u.%u is too old: 2.0 or later is needed",
			major, minor);
	if (major == 2)
		*ret_path = CODEC2_PATH;
	else if (major > 3 || minor >= 4)
		*ret_path = "/v3";
	else
		*ret_path = minor == 3 ? "/v3beta" : "/v3alpha";
	return 0;
}

int codec_read_health(const char *json, size_t len, struct err *e)
{
	AUTO(decref_p) json_t *root = parse_object(json, len, e);
	const json_t *health = json_object_get(root, "health");
	const json_t *reason = json_object_get(root, "reason");
	char safe[REASON_SIZE] = "";

	if (!root)
		return -EPROTO;
	/* etcd writes the string "true"; 2.x and some proxies a boolean. */
	if (json_is_true(health) ||
		(json_is_string(health) && strcmp(json_string_value(health), "true") == 0))
		return 0;
	if (!json_is_string(health) && !json_is_false(health))
		return err_msg(e, -EPROTO, "the answer to /health has no \"health\"");
	if (json_is_string(reason) && json_string_length(reason) > 0)
		return err_msg(e, -EAGAIN, "not healthy: %s",
			log_safe(safe, sizeof(safe), json_string_value(reason),
				json_string_length(reason)));
	return err_msg(e, -EAGAIN, "not healthy");
}

static const struct {
	unsigned status;
	int error;
} statuses[] = {
	{400, -EINVAL},
	{401, -EACCES},
	{403, -EACCES},
	{404, -EPROTO}, /* no gateway at this path */
	{405, -EPROTO},
	{412, -EINVAL},
	{413, -EINVAL},
	{429, -EAGAIN},
	{500, -EAGAIN},
	{503, -EAGAIN},
	{504, -EAGAIN},
};

int codec_read_error(unsigned status, const char *json, size_t len, struct err *e)
{
	AUTO(decref_p) json_t *root = json_loadb(json, len, 0, NULL);
	const json_t *said = json_object_get(root, "error");
	char safe[REASON_SIZE] = "";
	int error = -EPROTO;

	for (size_t i = 0; i < ARRAY_LEN(statuses); i++)
		if (statuses[i].status == status)
			error = statuses[i].error;
	if (!json_is_string(said))
		return err_msg(e, error, "HTTP status %u", status);
	return err_msg(e, error, "%s (HTTP status %u)",
		log_safe(safe, sizeof(safe), json_string_value(said), json_string_length(said)),
		status);
}
