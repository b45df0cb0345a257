#include "netboot/join/delivery.h"

#include <errno.h>
#include <string.h>

#include <jansson.h>
#include <openssl/crypto.h>

#include "netboot/join/api.h"
#include "provisioner/base/json.h"

#define MODES ((mode_t)0644) /* bits that a mode may have */

static void json_decref_p(json_t **j)
{
	json_decref(*j);
}

bool delivery_is_version(const char *text)
{
	static const char allowed[] = "0123456789abcdefghijklmnopqrstuvwxyz";
	size_t len = strspn(text, allowed);

	return len > 0 && len < DELIVERY_VERSION_SIZE && text[len] == '\0';
}

/* One name of a path: it begins with a letter or digit, so it is neither "..", nor hidden, nor the
 * temporary file of another. */
static bool is_name(const char *name, size_t len)
{
	static const char first[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
			  others[] = "-._";

	if (len == 0 || !memchr(first, name[0], sizeof(first) - 1))
		return false;
	for (size_t i = 1; i < len; i++)
		if (!memchr(first, name[i], sizeof(first) - 1) &&
			!memchr(others, name[i], sizeof(others) - 1))
			return false;
	return true;
}

bool delivery_is_path(const char *path)
{
	static const char *const folders[] = {
		"/etc/ssl/etcd/", "/etc/kubernetes/", "/var/lib/kubelet/"};
	bool inside = false;

	for (size_t i = 0; i < ARRAY_LEN(folders); i++)
		inside = inside || strncmp(path, folders[i], strlen(folders[i])) == 0;
	if (!inside || strlen(path) >= DELIVERY_PATH_SIZE)
		return false;
	while (*path) {
		size_t len = strcspn(path + 1, "/"); /* each part begins with its slash */

		if (!is_name(path + 1, len))
			return false;
		path += 1 + len;
	}
	return true;
}

/* As useradd(8) allows it. */
static bool is_user(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
	size_t len = strspn(name, allowed);

	return len > 0 && len < DELIVERY_OWNER_SIZE && name[len] == '\0' && name[0] != '-';
}

/* "0600" */
static bool read_mode(const char *text, mode_t *ret)
{
	mode_t mode = 0;

	if (strlen(text) != 4)
		return false;
	for (size_t i = 0; i < 4; i++) {
		if (text[i] < '0' || text[i] > '7')
			return false;
		mode = mode << 3 | (mode_t)(text[i] - '0');
	}
	*ret = mode;
	return mode != 0 && (mode & ~MODES) == 0;
}

/* The text of a key; "" when it is missing or none. A NUL inside has been refused by jansson. */
static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static int read_file(const json_t *item, size_t i, struct delivery *d, struct err *e)
{
	const char *path = text_of(item, "path"), *owner = text_of(item, "owner"),
		   *content = text_of(item, "content");
	struct delivery_file *f = &d->files[d->n];

	if (!delivery_is_path(path))
		return err_msg(e, -EINVAL, "files[%zu].path: no secret belongs there", i);
	for (size_t k = 0; k < d->n; k++)
		if (strcmp(d->files[k].path, path) == 0)
			return err_msg(e, -EINVAL, "files[%zu].path: %s comes twice", i, path);
	if (!is_user(owner))
		return err_msg(e, -EINVAL, "files[%zu].owner: expected a user's name", i);
	if (!read_mode(text_of(item, "mode"), &f->mode))
		return err_msg(e, -EINVAL, "files[%zu].mode: expected 0400 to 0644", i);
	if (!content[0] || strlen(content) > DELIVERY_CONTENT_MAX)
		return err_msg(e, -EINVAL, "files[%zu].content: expected 1 to %zu bytes", i,
			DELIVERY_CONTENT_MAX);
	memcpy(f->path, path, strlen(path) + 1);
	memcpy(f->owner, owner, strlen(owner) + 1);
	f->content = xstrdup(content);
	d->n++;
	return 0;
}

static int read_all(const json_t *root, struct delivery *d, struct err *e)
{
	const json_t *list = json_object_get(root, "files"), *item;
	const char *version = text_of(root, "version");
	size_t i;

	if (!delivery_is_version(version))
		return err_msg(e, -EINVAL, "version: expected letters and digits");
	if (!json_is_array(list) || json_array_size(list) > DELIVERY_FILES_MAX)
		return err_msg(
			e, -EINVAL, "files: expected a list of at most %d", DELIVERY_FILES_MAX);
	memcpy(d->version, version, strlen(version) + 1);
	json_array_foreach(list, i, item)
	{
		int rc = read_file(item, i, d, e);

		if (rc < 0)
			return rc;
	}
	return 0;
}

int delivery_read(const char *text, size_t len, struct delivery *ret, struct err *e)
{
	json_error_t why;

	*ret = (struct delivery){0};
	if (len > API_REPLY_MAX)
		return err_msg(e, -EINVAL, "the reply is longer than %zu bytes", API_REPLY_MAX);
	AUTO(json_decref_p) json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);
	if (!json_is_object(root))
		return err_msg(e, -EINVAL, "the reply is not a JSON object");
	int rc = read_all(root, ret, e);
	if (rc < 0)
		delivery_done(ret);
	return rc;
}

void delivery_done(struct delivery *d)
{
	for (size_t i = 0; i < d->n; i++) {
		OPENSSL_cleanse(d->files[i].content, strlen(d->files[i].content));
		free(d->files[i].content);
	}
	*d = (struct delivery){0};
}

void delivery_write_request(const char *node, const char *version, struct str *out)
{
	struct json j = json_init(out);

	json_map(&j);
	json_key_text(&j, "node", node);
	json_key_text(&j, "agent", SLIPWAY_VERSION);
	json_key_text(&j, "version", version);
	json_map_end(&j);
}
