#include "provisioner/etcd/values.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "provisioner/base/json.h"
#include "provisioner/etcd/client.h"
#include "provisioner/etcd/flannel.h"

#define DEPTH_MAX 64
#define STRING_TAG "tag:yaml.org,2002:str"

/* What JSON calls a number (RFC 8259 section 6). */
static bool is_json_number(const char *s)
{
	s += *s == '-';
	size_t digits = strspn(s, "0123456789");

	if (digits == 0 || (digits > 1 && *s == '0'))
		return false;
	s += digits;
	if (*s == '.') {
		digits = strspn(s + 1, "0123456789");
		if (digits == 0)
			return false;
		s += 1 + digits;
	}
	if (*s == 'e' || *s == 'E') {
		s++;
		s += *s == '+' || *s == '-';
		digits = strspn(s, "0123456789");
		if (digits == 0)
			return false;
		s += digits;
	}
	return *s == '\0';
}

/* Numbers to YAML, 1.1 or 1.2, that JSON cannot write or reads otherwise: +5, 010, 0x1f, .5, .inf */
static bool is_doubtful_number(const char *s)
{
	s += *s == '-' || *s == '+';
	if (strcasecmp(s, ".inf") == 0 || strcasecmp(s, ".nan") == 0)
		return true;
	if (s[0] == '0' && (s[1] == 'x' || s[1] == 'o'))
		return s[2] != '\0' && s[2 + strspn(s + 2, "0123456789abcdefABCDEF_")] == '\0';
	size_t n = strspn(s, "0123456789_");
	if (n == 0 && s[0] != '.')
		return false;
	if (s[n] == '.')
		n += 1 + strspn(s + n + 1, "0123456789_");
	if ((s[n] == 'e' || s[n] == 'E') && n > 0) {
		n++;
		n += s[n] == '-' || s[n] == '+';
		n += strspn(s + n, "0123456789");
	}
	return s[n] == '\0' && strpbrk(s, "0123456789") != NULL;
}

static bool is_one_of(const char *text, const char *const words[])
{
	for (size_t i = 0; words[i]; i++)
		if (strcmp(text, words[i]) == 0)
			return true;
	return false;
}

static int check_tag(const struct doc_node *n, struct err *e)
{
	if (n->tag && strcmp(n->tag, STRING_TAG) != 0)
		return err_set(e, -EINVAL, n->at, "the tag %.80s is not known here", n->tag);
	return 0;
}

/* A scalar inside a map or a list (YAML 1.2 core schema). */
static int add_scalar(struct json *j, const struct doc_node *n, struct err *e)
{
	static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
	static const char *const trues[] = {"true", "True", "TRUE", NULL};
	static const char *const falses[] = {"false", "False", "FALSE", NULL};
	int rc = check_tag(n, e);

	if (rc < 0)
		return rc;
	if (n->style != DOC_PLAIN || n->tag)
		json_textn(j, n->text, n->len);
	else if (is_one_of(n->text, nulls))
		json_none(j);
	else if (is_one_of(n->text, trues))
		json_bool(j, true);
	else if (is_one_of(n->text, falses))
		json_bool(j, false);
	else if (is_json_number(n->text))
		json_raw(j, n->text);
	else if (is_doubtful_number(n->text))
		return err_set(e, -EINVAL, n->at,
			"%.40s means different numbers to different readers: write it plainly, or "
			"\"%.40s\" for text",
			n->text, n->text);
	else
		json_textn(j, n->text, n->len);
	return 0;
}

/* A map or list whose end has not been written yet. */
struct level {
	const struct doc_node *node;
	size_t i;
};

static void open_or_close(struct json *j, const struct doc_node *n, bool open)
{
	if (n->kind == DOC_MAP)
		open ? json_map(j) : json_map_end(j);
	else
		open ? json_list(j) : json_list_end(j);
}

/* The next child of the level, its key written; NULL at the end. */
static const struct doc_node *next_child(struct json *j, struct level *l)
{
	if (l->i == l->node->n)
		return NULL;
	size_t i = l->i++;
	if (l->node->kind == DOC_LIST)
		return l->node->items[i];
	json_key(j, l->node->pairs[i].key->text);
	return l->node->pairs[i].value;
}

static int add_json(struct json *j, const struct doc_node *top, struct err *e)
{
	struct level levels[DEPTH_MAX] = {{.node = top}};
	size_t depth = 1;
	int rc = 0;

	open_or_close(j, top, /* open= */ true);
	while (rc == 0 && depth > 0) {
		struct level *l = &levels[depth - 1];
		const struct doc_node *child = next_child(j, l);

		if (!child) {
			open_or_close(j, l->node, /* open= */ false);
			depth--;
		} else if (child->kind == DOC_SCALAR) {
			rc = add_scalar(j, child, e);
		} else if (depth == DEPTH_MAX) {
			rc = err_set(e, -EINVAL, child->at, "nested deeper than %d", DEPTH_MAX);
		} else {
			open_or_close(j, child, /* open= */ true);
			levels[depth++] = (struct level){.node = child};
		}
	}
	return rc;
}

int etcd_seed_value(const struct doc_node *value, struct str *out, struct err *e)
{
	struct json j = json_init(out);
	int rc;

	if (value->kind != DOC_SCALAR) {
		rc = add_json(&j, value, e);
	} else if (!value->tag && doc_is_null(value)) {
		rc = err_set(e, -EINVAL, value->at, "has no value (write \"\" for an empty one)");
	} else {
		rc = check_tag(value, e);
		if (rc == 0)
			str_addn(out, value->text, value->len);
	}
	if (rc == 0 && !str_ok(out))
		rc = err_set(e, -E2BIG, value->at, "larger than %zu bytes", out->max);
	return rc;
}

static int read_one(struct arena *a, const struct doc_pair *pair, struct etcd_seed_key *ret,
	struct err_list *errors)
{
	AUTO(str_done) struct str value = str_init(ETCD_VALUE_MAX);
	const char *key = pair->key->text;
	struct err e = {0};

	if (key[0] != '/') {
		err_list_add(errors, pair->key->at,
			"etcd.seed: the key \"%.100s\" must begin with \"/\"", key);
		return -EINVAL;
	}
	int rc = etcd_seed_value(pair->value, &value, &e);
	if (rc < 0) {
		err_list_add(errors, e.at, "etcd.seed: %.100s: %s", key, e.msg);
		return -EINVAL;
	}
	if (strcmp(key, FLANNEL_KEY) == 0 && flannel_check(pair->value, errors) < 0)
		return -EINVAL;
	ret->key = arena_strdup(a, key);
	ret->value = arena_strndup(a, str_text(&value), value.len);
	if (ret->key && ret->value)
		return 0;
	err_list_add(errors, pair->key->at, "etcd.seed: all values together are too large");
	return -EINVAL;
}

int etcd_seed_read(struct arena *a, const struct doc_node *map, struct etcd_seed_key **ret_keys,
	size_t *ret_n, struct err_list *errors)
{
	int rc = 0;

	if (map && (map->kind != DOC_MAP || map->n > ETCD_SEED_KEYS_MAX)) {
		err_list_add(errors, map->at,
			"etcd.seed must be a map of at most %d keys to values", ETCD_SEED_KEYS_MAX);
		return -EINVAL;
	}
	size_t n = map ? map->n : 0;
	struct etcd_seed_key *keys = arena_alloc(a, n + 1, sizeof(*keys));
	if (!keys) {
		err_list_add(errors, map ? map->at : (struct mark){0}, "etcd.seed is too large");
		return -EINVAL;
	}
	for (size_t i = 0; i < n; i++)
		if (read_one(a, &map->pairs[i], &keys[i], errors) < 0)
			rc = -EINVAL;
	if (rc < 0)
		return rc;
	*ret_keys = keys;
	*ret_n = n;
	return 0;
}
