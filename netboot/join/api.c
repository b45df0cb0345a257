#include "netboot/join/api.h"

#include <errno.h>
#include <string.h>

#include <jansson.h>

#include "netboot/join/delivery.h"
#include "netboot/join/env.h"
#include "netboot/join/facts.h"
#include "netboot/join/units.h"
#include "provisioner/base/addr.h"
#include "provisioner/base/json.h"
#include "provisioner/base/log.h"
#include "provisioner/base/parse.h"

#define HEARTBEAT_S_DEFAULT 5
#define HEARTBEAT_S_MAX 300
#define PEM_MAX 16384

static void json_decref_p(json_t **j)
{
	json_decref(*j);
}

void api_write_join(const struct api_join *join, struct str *out)
{
	struct json j = json_init(out);

	json_map(&j);
	json_key_text(&j, "token", join->token);
	json_key_text(&j, "csr", join->request);
	json_key_text(&j, "node", join->node);
	json_key_text(&j, "agent", SLIPWAY_VERSION);
	json_key(&j, "facts");
	json_raw(&j, join->facts);
	json_map_end(&j);
}

void api_write_renew(const char *node, const char *request, struct str *out)
{
	struct json j = json_init(out);

	json_map(&j);
	json_key_text(&j, "csr", request);
	json_key_text(&j, "node", node);
	json_key_text(&j, "agent", SLIPWAY_VERSION);
	json_map_end(&j);
}

void api_write_heartbeat(const struct api_heartbeat *beat, struct str *out)
{
	struct json j = json_init(out);

	json_map(&j);
	json_key_text(&j, "node", beat->node);
	json_key_text(&j, "boot_id", beat->boot_id);
	json_key_text(&j, "agent", SLIPWAY_VERSION);
	json_key_int(&j, "generation", beat->generation);
	json_key_bool(&j, "registered", beat->registered);
	json_key_text(&j, "secrets", beat->secrets);
	json_key_int(&j, "uptime_s", beat->vitals->uptime_s);
	json_key(&j, "load");
	json_raw(&j, beat->vitals->load);
	json_key_int(&j, "memory_free_kib", beat->vitals->memory_free_kib);
	json_key_text(&j, "system", beat->units->system);
	json_key(&j, "units_failed");
	json_list(&j);
	for (size_t i = 0; i < beat->units->n; i++)
		json_text(&j, beat->units->failed[i]);
	json_list_end(&j);
	json_key(&j, "addresses");
	json_list(&j);
	for (size_t i = 0; i < beat->addresses->n; i++)
		json_text(&j, beat->addresses->list[i].text);
	json_list_end(&j);
	json_map_end(&j);
}

void api_write_registration(const struct api_registration *r, struct str *out)
{
	struct json j = json_init(out);
	char address[IPV4_TEXT_SIZE];

	json_map(&j);
	json_key_text(&j, "name", r->node);
	if (r->role[0])
		json_key_text(&j, "role", r->role);
	if (r->address)
		json_key_text(&j, "address", ipv4_text(r->address, address));
	json_key_text(&j, "boot_id", r->boot_id);
	json_key_text(&j, "machine_id", r->machine_id);
	json_key_text(&j, "agent", SLIPWAY_VERSION);
	json_map_end(&j);
}

static json_t *load(const char *text, size_t len, struct err *e)
{
	json_error_t why;
	json_t *root = NULL;

	if (len > API_REPLY_MAX)
		(void)err_msg(e, -EINVAL, "the reply is longer than %zu bytes", API_REPLY_MAX);
	else if (!(root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why)))
		(void)err_msg(e, -EINVAL, "the reply is not JSON (line %d, column %d)", why.line,
			why.column);
	else if (!json_is_object(root))
		(void)err_msg(e, -EINVAL, "the reply is not a JSON object");
	else
		return root;
	json_decref(root);
	return NULL;
}

/* A text of the object, copied to `buf`. -ENOENT when it is not there, -EINVAL when it does not fit. */
static int get_text(const json_t *object, const char *key, char *buf, size_t size)
{
	const json_t *value = json_object_get(object, key);
	size_t len = json_string_length(value);

	if (!value || json_is_null(value))
		return -ENOENT;
	if (!json_is_string(value) || len >= size)
		return -EINVAL;
	memcpy(buf, json_string_value(value), len + 1);
	return 0;
}

static int get_pem(const json_t *object, const char *key, char **ret, struct err *e)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_string(value) || json_string_length(value) == 0 ||
		json_string_length(value) > PEM_MAX)
		return err_msg(e, -EINVAL, "%s: expected a certificate in PEM", key);
	*ret = xstrdup(json_string_value(value));
	return 0;
}

static int get_names(const json_t *root, struct api_joined *ret, struct err *e)
{
	if (get_text(root, "node", ret->node, sizeof(ret->node)) < 0 || !parse_is_label(ret->node))
		return err_msg(e, -EINVAL, "node: expected a host name's first label");
	if (get_text(root, "cluster", ret->cluster, sizeof(ret->cluster)) < 0 ||
		!parse_is_label(ret->cluster))
		return err_msg(e, -EINVAL, "cluster: expected a name");
	int rc = get_text(root, "role", ret->role, sizeof(ret->role));
	if (rc == -EINVAL || (rc == 0 && !parse_is_label(ret->role)))
		return err_msg(e, -EINVAL, "role: expected a name");
	return 0;
}

/* "/a/b": no control bytes, no '/' at its end; the node's key is put behind it. */
static bool is_prefix(const char *text)
{
	size_t len = strlen(text);

	if (text[0] != '/' || text[len - 1] == '/')
		return false;
	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	return true;
}

static int get_etcd(const json_t *root, struct api_joined *ret, struct err *e)
{
	const json_t *etcd = json_object_get(root, "etcd"), *list, *item;
	size_t i;

	if (!etcd || json_is_null(etcd))
		return 0;
	list = json_object_get(etcd, "endpoints");
	if (!json_is_array(list))
		return err_msg(e, -EINVAL, "etcd.endpoints: expected a list of URLs");
	json_array_foreach(list, i, item)
	{
		struct api_endpoint *to = &ret->etcd[ret->n_etcd];

		if (ret->n_etcd == API_ENDPOINTS_MAX)
			break; /* more would not make it more certain */
		if (!json_is_string(item) || env_url_parse(json_string_value(item), &to->tls,
						     &to->address, &to->port) < 0)
			return err_msg(
				e, -EINVAL, "etcd.endpoints[%zu]: expected http://ADDRESS:PORT", i);
		ret->n_etcd++;
	}
	if (get_text(etcd, "prefix", ret->etcd_prefix, sizeof(ret->etcd_prefix)) < 0 ||
		!is_prefix(ret->etcd_prefix))
		return err_msg(e, -EINVAL, "etcd.prefix: expected a key such as /slipway/acm");
	return 0;
}

static int get_heartbeat(const json_t *root, struct api_joined *ret, struct err *e)
{
	const json_t *value = json_object_get(root, "heartbeat_s");
	json_int_t s = value ? json_integer_value(value) : HEARTBEAT_S_DEFAULT;

	if ((value && !json_is_integer(value)) || s < 1 || s > HEARTBEAT_S_MAX)
		return err_msg(e, -EINVAL, "heartbeat_s: expected 1 to %d", HEARTBEAT_S_MAX);
	ret->heartbeat_s = (unsigned)s;
	return 0;
}

int api_read_joined(const char *text, size_t len, struct api_joined *ret, struct err *e)
{
	AUTO(json_decref_p) json_t *root = load(text, len, e);
	AUTO(api_joined_done) struct api_joined j = {0};

	*ret = j;
	if (!root || get_pem(root, "certificate", &j.certificate, e) < 0 ||
		get_pem(root, "ca", &j.ca, e) < 0 || get_names(root, &j, e) < 0 ||
		get_etcd(root, &j, e) < 0 || get_heartbeat(root, &j, e) < 0)
		return -EINVAL;
	*ret = j;
	j.certificate = j.ca = NULL;
	return 0;
}

void api_joined_done(struct api_joined *j)
{
	free(TAKE(j->certificate));
	free(TAKE(j->ca));
}

/* A command is its name, or an object with a "name". */
static void add_command(const json_t *item, struct api_commands *ret)
{
	const json_t *name = json_is_object(item) ? json_object_get(item, "name") : item;
	const char *text = json_is_string(name) ? json_string_value(name) : "?";

	(void)log_safe(ret->name[ret->n++], API_NAME_SIZE, text, strlen(text));
}

int api_read_commands(const char *text, size_t len, struct api_commands *ret, struct err *e)
{
	const json_t *list, *item;
	size_t i;

	*ret = (struct api_commands){0};
	if (len == 0)
		return 0;
	AUTO(json_decref_p) json_t *root = load(text, len, e);
	if (!root)
		return -EINVAL;
	if (get_text(root, "secrets", ret->secrets, sizeof(ret->secrets)) == -EINVAL ||
		(ret->secrets[0] && !delivery_is_version(ret->secrets))) {
		ret->secrets[0] = '\0';
		return err_msg(e, -EINVAL, "secrets: expected letters and digits");
	}
	list = json_object_get(root, "commands");
	if (list && !json_is_null(list) && !json_is_array(list))
		return err_msg(e, -EINVAL, "commands: expected a list");
	json_array_foreach(list, i, item) if (ret->n < API_COMMANDS_MAX) add_command(item, ret);
	return 0;
}

const char *api_read_reason(const char *text, size_t len, char *buf, size_t size)
{
	AUTO(json_decref_p) json_t *root = load(text, len, NULL);
	const json_t *reason = json_object_get(root, "error");

	buf[0] = '\0';
	if (!json_is_string(reason))
		return buf;
	return log_safe(buf, size, json_string_value(reason), json_string_length(reason));
}
