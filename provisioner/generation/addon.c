#include "provisioner/generation/addon.h"

#include <errno.h>
#include <string.h>

#include "provisioner/base/parse.h"
#include "provisioner/trust/secrets.h"

#define ADDON_KEYS_MAX 16

static const struct {
	enum addon_type type;
	const char *name, *text;
} types[] = {
	{ADDON_TEXT, "text", "a line of text"},
	{ADDON_BOOL, "bool", "true or false"},
	{ADDON_NUMBER, "number", "a number"},
	{ADDON_DURATION, "duration", "a duration such as 100ms, 90s, 10m or 12h"},
	{ADDON_ENUM, "enum", "one of a few words"},
	{ADDON_ADDRESS, "address", "an IPv4 address such as 10.10.0.10"},
	{ADDON_NET, "net", "a network such as 10.2.0.0/16"},
	{ADDON_HOST, "host", "a host name or an IPv4 address"},
	{ADDON_PATH, "path", "an absolute path such as /var/lib/etcd"},
	{ADDON_URL, "url", "a URL that begins with http:// or https://"},
	{ADDON_SHA256, "sha256", "a SHA-256 sum: 64 hex digits, in lower case"},
	{ADDON_IMAGE, "image",
		"a container image with its tag or digest, such as quay.io/coreos/etcd:v3.5.16"},
	{ADDON_LIST, "list", "a list of lines"},
	{ADDON_MAP, "map", "a map"},
};

const char *addon_type_text(enum addon_type type)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (types[i].type == type)
			return types[i].text;
	return "?";
}

bool addon_names_has(const struct addon_names *names, const char *text)
{
	for (size_t i = 0; i < names->n; i++)
		if (strcmp(names->items[i].text, text) == 0)
			return true;
	return false;
}

const struct addon_parameter *addon_parameter_find(const struct addon *a, const char *name)
{
	for (size_t i = 0; i < a->n_parameters; i++)
		if (strcmp(a->parameters[i].name, name) == 0)
			return &a->parameters[i];
	return NULL;
}

/* What a field of addon.yaml, or of one parameter there, is read into. */
struct reading {
	struct arena *arena;
	struct err_list *errors;
};

struct field {
	const char *key;
	void (*read)(
		const struct reading *r, const char *key, const struct doc_node *n, void *into);
	size_t offset;
	bool required;
};

static void wrong(
	const struct reading *r, const struct doc_node *n, const char *key, const char *expected)
{
	err_list_add(r->errors, n->at, "%s: expected %s", key, expected);
}

static void read_text(
	const struct reading *r, const char *key, const struct doc_node *n, void *into)
{
	const char *text = n->kind == DOC_SCALAR ? n->text : "";

	if (!text[0])
		wrong(r, n, key, "a text");
	else
		memcpy(into, &text, sizeof(text));
}

static void read_bool(
	const struct reading *r, const char *key, const struct doc_node *n, void *into)
{
	if (n->kind != DOC_SCALAR || parse_bool(n->text, into) < 0)
		wrong(r, n, key, "true or false");
}

static void read_node(
	const struct reading *r, const char *key, const struct doc_node *n, void *into)
{
	(void)r;
	(void)key;
	memcpy(into, &n, sizeof(struct doc_node *));
}

static void read_names(
	const struct reading *r, const char *key, const struct doc_node *n, void *into)
{
	struct addon_names names = {0};

	if (n->kind != DOC_LIST || n->n > ADDON_NAMES_MAX) {
		wrong(r, n, key, "a list");
		return;
	}
	names.items = arena_alloc(r->arena, n->n, sizeof(*names.items));
	for (size_t i = 0; names.items && i < n->n; i++) {
		if (n->items[i]->kind == DOC_SCALAR && n->items[i]->text[0])
			names.items[names.n++] = (struct addon_name){
				.text = n->items[i]->text, .at = n->items[i]->at};
		else
			wrong(r, n->items[i], key, "a word");
	}
	memcpy(into, &names, sizeof(names));
}

static void read_type(
	const struct reading *r, const char *key, const struct doc_node *n, void *into)
{
	const char *names[ARRAY_LEN(types) + 1] = {NULL};
	const char *text = n->kind == DOC_SCALAR ? n->text : "";

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		names[i] = types[i].name;
		if (strcmp(types[i].name, text) == 0) {
			memcpy(into, &types[i].type, sizeof(types[i].type));
			return;
		}
	}
	err_list_add(r->errors, n->at, "%s: \"%.40s\" is no type%s", key, text,
		err_did_you_mean(text, names).text);
}

/* A number, or a duration in milliseconds. */
static void read_limit(
	const struct reading *r, const char *key, const struct doc_node *n, void *into)
{
	const char *text = n->kind == DOC_SCALAR ? n->text : "";

	if (parse_i64(text, INT64_MIN, INT64_MAX, into) < 0 && parse_duration_ms(text, into) < 0)
		wrong(r, n, key, "a number or a duration");
}

static void unknown(const struct reading *r, const struct field *fields, const struct doc_node *key)
{
	const char *names[ADDON_KEYS_MAX + 1] = {NULL};

	for (size_t i = 0; fields[i].key && i < ADDON_KEYS_MAX; i++)
		names[i] = fields[i].key;
	err_list_add(r->errors, key->at, "%s: no such key%s", key->text,
		err_did_you_mean(key->text, names).text);
}

static void read_fields(const struct reading *r, const struct field *fields,
	const struct doc_node *map, struct mark at, void *into)
{
	for (size_t i = 0; i < map->n; i++) {
		const struct field *f = fields;

		while (f->key && strcmp(f->key, map->pairs[i].key->text) != 0)
			f++;
		if (!f->key)
			unknown(r, fields, map->pairs[i].key);
	}
	for (const struct field *f = fields; f->key; f++) {
		const struct doc_node *n = doc_get(map, f->key);

		if (n && !doc_is_null(n))
			f->read(r, f->key, n, (char *)into + f->offset);
		else if (f->required)
			err_list_add(r->errors, at, "%s is missing", f->key);
	}
}

/* Hyphens would be minus signs in a template. */
static const char *key_of(struct arena *a, const char *name)
{
	char *key = arena_strdup(a, name);

	for (char *s = key; s && *s; s++)
		if (*s == '-')
			*s = '_';
	return key ? key : name;
}

static void read_parameter(
	const struct reading *r, const struct doc_pair *pair, struct addon_parameter *ret)
{
#define AT(member) offsetof(struct addon_parameter, member)
	static const struct field fields[] = {
		{"type", read_type, AT(type), true},
		{"doc", read_text, AT(doc), true},
		{"default", read_node, AT(preset), false},
		{"required", read_bool, AT(required), false},
		{"cluster-wide", read_bool, AT(cluster_wide), false},
		{"min", read_limit, AT(min), false},
		{"max", read_limit, AT(max), false},
		{"words", read_names, AT(words), false},
		{NULL, NULL, 0, false},
	};
#undef AT
	const struct doc_node *name = pair->key;

	*ret = (struct addon_parameter){.at = name->at,
		.name = name->text,
		.key = key_of(r->arena, name->text),
		.min = INT64_MIN,
		.max = INT64_MAX};
	if (!parse_is_label(name->text) || strlen(name->text) > 40)
		err_list_add(r->errors, name->at,
			"parameters: \"%.80s\" is not a name of lower-case letters, digits and "
			"inner hyphens",
			name->text);
	if (pair->value->kind != DOC_MAP) {
		wrong(r, pair->value, name->text, "a map with type and doc");
		return;
	}
	read_fields(r, fields, pair->value, name->at, ret);
	if ((ret->type == ADDON_ENUM) != (ret->words.n > 0))
		err_list_add(r->errors, name->at, "%s: an enum has words, and nothing else has",
			name->text);
	if (ret->required && ret->preset)
		err_list_add(
			r->errors, name->at, "%s: what is required has no default", name->text);
}

static void read_parameters(
	const struct reading *r, const char *key, const struct doc_node *n, void *into)
{
	struct addon *addon = into;

	if (n->kind != DOC_MAP || n->n > ADDON_PARAMETERS_MAX) {
		wrong(r, n, key, "a map of name to parameter");
		return;
	}
	addon->parameters = arena_alloc(r->arena, n->n, sizeof(*addon->parameters));
	for (size_t i = 0; addon->parameters && i < n->n; i++)
		read_parameter(r, &n->pairs[i], &addon->parameters[addon->n_parameters++]);
}

static void check_secrets(const struct reading *r, const struct addon_names *names)
{
	const char *known[ADDON_NAMES_MAX + 1] = {NULL};

	for (size_t i = 0; i < ADDON_NAMES_MAX && secrets_word_name(i); i++)
		known[i] = secrets_word_name(i);
	for (size_t i = 0; i < names->n; i++) {
		const struct addon_name *n = &names->items[i];

		if (secrets_word(n->text) == 0)
			err_list_add(r->errors, n->at, "secrets: there is no secret \"%.80s\"%s",
				n->text, err_did_you_mean(n->text, known).text);
	}
}

int addon_read(struct arena *a, const char *name, const struct template_source *file,
	struct addon *ret, struct err_list *errors)
{
#define AT(member) offsetof(struct addon, member)
	static const struct field fields[] = {
		{"title", read_text, AT(title), true},
		{"doc", read_text, AT(doc), true},
		{"needs", read_names, AT(needs), false},
		{"brings", read_names, AT(brings), false},
		{"after", read_names, AT(after), false},
		{"conflicts", read_names, AT(conflicts), false},
		{"distros", read_names, AT(distros), false},
		{"secrets", read_names, AT(secrets), false},
		{"refuse", read_names, AT(refuse), false},
		{"parameters", read_parameters, 0, false},
		{NULL, NULL, 0, false},
	};
#undef AT
	struct reading r = {.arena = a, .errors = errors};
	struct mark start = {.file = file->name, .line = 1, .col = 1};
	struct doc_node *root = NULL;
	size_t before = errors->n + errors->dropped;
	struct err e;

	*ret = (struct addon){.at = start, .name = name, .key = key_of(a, name)};
	if (doc_parse(a, file->name, file->text, file->len, &doc_limits_default, &root, &e) < 0) {
		err_list_add_err(errors, &e);
		return -EINVAL;
	}
	if (!root || root->kind != DOC_MAP) {
		err_list_add(errors, start, "expected a map with title, doc and parameters");
		return -EINVAL;
	}
	read_fields(&r, fields, root, start, ret);
	check_secrets(&r, &ret->secrets);
	return errors->n + errors->dropped > before ? -EINVAL : 0;
}
