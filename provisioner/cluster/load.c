#include "provisioner/cluster/cluster.h"

#include <errno.h>
#include <string.h>

#include "provisioner/base/parse.h"
#include "provisioner/cluster/check.h"
#include "provisioner/cluster/schema.h"

#define KEYS_MAX 32
#define PATH_TEXT_SIZE 128
#define TEXT_MAX 4096
#define LIST_MAX 256
#define ROLES_MAX 64

struct load {
	struct arena *arena;
	struct err_list *errors;
};

/* One value on its way into its field. `path` is what a message calls it: "nodes[3].mac". */
struct place {
	const struct schema_key *key;
	const struct doc_node *node;
	void *field;
	const char *path;
};

static const char *join_path(struct load *l, const char *outer, const char *key)
{
	const char *path = outer[0] ? arena_printf(l->arena, "%s.%s", outer, key) : key;

	return path ? path : key;
}

static void load_section(struct load *l, const struct doc_node *map, struct mark at,
	const struct schema_section *s, void *into, const char *path);

static void wrong(struct load *l, const struct place *p, const struct doc_node *n)
{
	if (n->kind != DOC_SCALAR)
		err_list_add(l->errors, n->at, "%s: a %s stands here; expected %s", p->path,
			doc_kind_name(n->kind), schema_type_text(p->key->type));
	else
		err_list_add(l->errors, n->at, "%s: \"%.80s\" is not %s", p->path, n->text,
			schema_type_text(p->key->type));
}

static bool is_printable(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return false;
	return true;
}

static bool is_plain_word(const char *text, const char *also)
{
	for (; *text; text++)
		if (!((*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') ||
			    (*text >= '0' && *text <= '9') || strchr(also, *text)))
			return false;
	return true;
}

static bool is_file_name(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && len < 128 && text[0] != '/' && text[0] != '.' && !strstr(text, "..") &&
	       text[len - 1] != '/' && is_plain_word(text, "._-/+");
}

static bool is_interface(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && len < 16 && is_plain_word(text, "._-@") && strcmp(text, ".") != 0 &&
	       strcmp(text, "..") != 0;
}

static bool is_etcd_key(const char *text)
{
	size_t len = strlen(text);

	return len > 1 && len < 512 && text[0] == '/' && text[len - 1] != '/' && is_plain_word(text, "._-/");
}

static bool is_line(const char *text)
{
	return text[0] && strlen(text) <= TEXT_MAX && is_printable(text);
}

/* Texts of every kind: the type says what is legal. */
static bool text_is_legal(enum schema_type type, const char *text)
{
	static const struct {
		enum schema_type type;
		bool (*is_legal)(const char *text);
	} rules[] = {
		{SCHEMA_LABEL, parse_is_label},
		{SCHEMA_HOSTNAME, parse_is_hostname},
		{SCHEMA_TEXT, is_line},
		{SCHEMA_FILE_NAME, is_file_name},
		{SCHEMA_INTERFACE, is_interface},
		{SCHEMA_ETCD_KEY, is_etcd_key},
	};

	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if (rules[i].type == type)
			return rules[i].is_legal(text);
	return false;
}

static void load_text(struct load *l, const struct place *p)
{
	if (p->node->kind != DOC_SCALAR || !text_is_legal(p->key->type, p->node->text)) {
		wrong(l, p, p->node);
		return;
	}
	memcpy(p->field, &p->node->text, sizeof(p->node->text));
}

static void load_address(struct load *l, const struct place *p)
{
	if (p->node->kind != DOC_SCALAR || ipv4_parse(p->node->text, p->field) < 0)
		wrong(l, p, p->node);
}

static void load_net(struct load *l, const struct place *p)
{
	if (p->node->kind != DOC_SCALAR || ipv4_net_parse(p->node->text, p->field) < 0)
		wrong(l, p, p->node);
}

static void load_range(struct load *l, const struct place *p)
{
	struct ipv4_range *range = p->field;
	const char *dash = p->node->kind == DOC_SCALAR ? strchr(p->node->text, '-') : NULL;
	char first[IPV4_TEXT_SIZE] = "";

	if (dash && (size_t)(dash - p->node->text) < sizeof(first))
		memcpy(first, p->node->text, (size_t)(dash - p->node->text));
	if (!dash || ipv4_parse(first, &range->first) < 0 || ipv4_parse(dash + 1, &range->last) < 0) {
		wrong(l, p, p->node);
		return;
	}
	if (range->first > range->last)
		err_list_add(l->errors, p->node->at, "%s: %s ends before it begins", p->path, p->node->text);
}

static void load_duration(struct load *l, const struct place *p)
{
	int64_t ms;

	if (p->node->kind != DOC_SCALAR || parse_duration_ms(p->node->text, &ms) < 0) {
		wrong(l, p, p->node);
		return;
	}
	if (ms < p->key->min || ms > p->key->max)
		err_list_add(l->errors, p->node->at, "%s: %s is out of range (%lld to %lld seconds)", p->path,
			p->node->text, (long long)(p->key->min / 1000), (long long)(p->key->max / 1000));
	memcpy(p->field, &ms, sizeof(ms));
}

static void load_number(struct load *l, const struct place *p)
{
	int rc = p->node->kind == DOC_SCALAR ? parse_u32(p->node->text, (uint32_t)p->key->min,
						       (uint32_t)p->key->max, p->field)
					     : -EINVAL;

	if (rc == -ERANGE)
		err_list_add(l->errors, p->node->at, "%s: %s is out of range (%lld to %lld)", p->path,
			p->node->text, (long long)p->key->min, (long long)p->key->max);
	else if (rc < 0)
		wrong(l, p, p->node);
}

static void load_bool(struct load *l, const struct place *p)
{
	if (p->node->kind != DOC_SCALAR || parse_bool(p->node->text, p->field) < 0)
		wrong(l, p, p->node);
}

static void load_enum(struct load *l, const struct place *p)
{
	const char *names[KEYS_MAX] = {NULL};
	char all[160] = "";
	size_t len = 0;

	for (size_t i = 0; p->key->words[i].text; i++) {
		names[i] = p->key->words[i].text;
		if (doc_is_text(p->node, names[i])) {
			memcpy(p->field, &p->key->words[i].value, sizeof(uint32_t));
			return;
		}
		int n = snprintf(all + len, sizeof(all) - len, "%s%s", i ? ", " : "", names[i]);
		len += n < 0 || (size_t)n >= sizeof(all) - len ? 0 : (size_t)n;
	}
	if (p->node->kind != DOC_SCALAR) {
		wrong(l, p, p->node);
		return;
	}
	const char *near = err_nearest(p->node->text, names);
	err_list_add(l->errors, p->node->at, "%s: \"%.80s\" is not one of %s%s%s%s", p->path,
		p->node->text, all, near ? " (did you mean \"" : "", near ? near : "", near ? "\"?)" : "");
}

static void load_image(struct load *l, const struct place *p)
{
	struct cluster_image *image = p->field;
	const char *slash = p->node->kind == DOC_SCALAR ? strchr(p->node->text, '/') : NULL;

	if (!slash || slash == p->node->text || !is_file_name(p->node->text) || strchr(slash + 1, '/')) {
		wrong(l, p, p->node);
		return;
	}
	image->at = p->node->at;
	image->distro = arena_strndup(l->arena, p->node->text, (size_t)(slash - p->node->text));
	image->version = slash + 1;
}

/* The items of a list, or a single scalar taken as a list of one. */
static size_t items_of(const struct doc_node *n, const struct doc_node *const **ret)
{
	if (n->kind != DOC_LIST)
		return 0;
	*ret = (const struct doc_node *const *)n->items;
	return n->n;
}

static bool list_is_too_long(struct load *l, const struct place *p, size_t n, size_t max)
{
	if (n <= max)
		return false;
	err_list_add(l->errors, p->node->at, "%s: %zu entries; %zu are allowed", p->path, n, max);
	return true;
}

static void load_text_list(struct load *l, const struct place *p)
{
	struct text_list *list = p->field;
	const struct doc_node *const *items = NULL;
	size_t n = items_of(p->node, &items);

	if (p->node->kind != DOC_LIST) {
		wrong(l, p, p->node);
		return;
	}
	if (list_is_too_long(l, p, n, LIST_MAX))
		return;
	list->items = arena_alloc(l->arena, n, sizeof(char *));
	for (size_t i = 0; list->items && i < n; i++) {
		if (items[i]->kind != DOC_SCALAR || !is_line(items[i]->text))
			wrong(l, p, items[i]);
		else
			list->items[list->n++] = items[i]->text;
	}
}

static void load_address_list(struct load *l, const struct place *p)
{
	struct ipv4_list *list = p->field;
	const struct doc_node *const *items = NULL;
	size_t n = items_of(p->node, &items);

	if (p->node->kind != DOC_LIST) {
		wrong(l, p, p->node);
		return;
	}
	if (list_is_too_long(l, p, n, (size_t)p->key->max))
		return;
	list->items = arena_alloc(l->arena, n, sizeof(uint32_t));
	for (size_t i = 0; list->items && i < n; i++) {
		if (items[i]->kind != DOC_SCALAR || ipv4_parse(items[i]->text, &list->items[list->n]) < 0)
			wrong(l, p, items[i]);
		else
			list->n++;
	}
}

static void load_mac_list(struct load *l, const struct place *p)
{
	struct mac_list *list = p->field;
	const struct doc_node *const single[] = {p->node};
	const struct doc_node *const *items = single;
	size_t n = p->node->kind == DOC_LIST ? items_of(p->node, &items) : 1;

	if (n == 0)
		err_list_add(l->errors, p->node->at, "%s: the list is empty", p->path);
	if (list_is_too_long(l, p, n, (size_t)p->key->max))
		return;
	for (size_t i = 0; i < n; i++) {
		struct mac *m = &list->items[list->n];

		if (items[i]->kind != DOC_SCALAR || mac_parse(items[i]->text, m) < 0)
			wrong(l, p, items[i]);
		else if (!mac_is_unicast(m))
			err_list_add(l->errors, items[i]->at, "%s: %s is a group address; no NIC has one",
				p->path, items[i]->text);
		else
			list->n++;
	}
}

static void load_tree(struct load *l, const struct place *p)
{
	if (p->node->kind != DOC_MAP) {
		wrong(l, p, p->node);
		return;
	}
	memcpy(p->field, &p->node, sizeof(p->node));
}

static void load_in_place(struct load *l, const struct place *p)
{
	load_section(l, p->node, p->node->at, p->key->section, p->field, p->path);
}

static void load_optional(struct load *l, const struct place *p)
{
	void *section = arena_alloc(l->arena, 1, p->key->section->size);

	if (!section)
		return;
	load_section(l, p->node, p->node->at, p->key->section, section, p->path);
	memcpy(p->field, &section, sizeof(section));
}

/* The pointer, and the count that stands right behind it. */
static void set_array(void *field, void *array, uint32_t n)
{
	memcpy(field, &array, sizeof(array));
	memcpy((char *)field + sizeof(array), &n, sizeof(n));
}

static void load_named(struct load *l, const struct place *p)
{
	const struct schema_section *s = p->key->section;

	if (p->node->kind != DOC_MAP || p->node->n == 0) {
		wrong(l, p, p->node);
		return;
	}
	if (list_is_too_long(l, p, p->node->n, ROLES_MAX))
		return;
	char *array = arena_alloc(l->arena, p->node->n, s->size);
	for (size_t i = 0; array && i < p->node->n; i++) {
		const struct doc_node *name = p->node->pairs[i].key;
		char *into = array + i * s->size;

		if (!parse_is_label(name->text))
			err_list_add(l->errors, name->at, "%s: \"%.80s\" is not %s", p->path, name->text,
				schema_type_text(SCHEMA_LABEL));
		load_section(l, p->node->pairs[i].value, name->at, s, into,
			join_path(l, p->path, name->text));
		memcpy(into + s->name_offset, &name->text, sizeof(name->text));
	}
	if (array)
		set_array(p->field, array, (uint32_t)p->node->n);
}

static void load_items(struct load *l, const struct place *p)
{
	const struct schema_section *s = p->key->section;
	const struct doc_node *const *items = NULL;
	size_t n = items_of(p->node, &items);

	if (p->node->kind != DOC_LIST) {
		wrong(l, p, p->node);
		return;
	}
	if (list_is_too_long(l, p, n, (size_t)p->key->max))
		return;
	char *array = arena_alloc(l->arena, n, s->size);
	for (size_t i = 0; array && i < n; i++) {
		char path[PATH_TEXT_SIZE];

		(void)snprintf(path, sizeof(path), "%s[%zu]", p->path, i); /* cut is fine: a message */
		const char *kept = arena_strdup(l->arena, path);
		load_section(l, items[i], items[i]->at, s, array + i * s->size, kept ? kept : p->path);
	}
	if (array)
		set_array(p->field, array, (uint32_t)n);
}

static void load_value(struct load *l, const struct place *p)
{
	switch (p->key->type) {
	case SCHEMA_LABEL:
	case SCHEMA_HOSTNAME:
	case SCHEMA_TEXT:
	case SCHEMA_FILE_NAME:
	case SCHEMA_INTERFACE:
	case SCHEMA_ETCD_KEY:
		load_text(l, p);
		return;
	case SCHEMA_ADDRESS:
		load_address(l, p);
		return;
	case SCHEMA_NET:
		load_net(l, p);
		return;
	case SCHEMA_RANGE:
		load_range(l, p);
		return;
	case SCHEMA_DURATION:
		load_duration(l, p);
		return;
	case SCHEMA_NUMBER:
		load_number(l, p);
		return;
	case SCHEMA_BOOL:
		load_bool(l, p);
		return;
	case SCHEMA_ENUM:
		load_enum(l, p);
		return;
	case SCHEMA_IMAGE:
		load_image(l, p);
		return;
	case SCHEMA_TEXT_LIST:
		load_text_list(l, p);
		return;
	case SCHEMA_ADDRESS_LIST:
		load_address_list(l, p);
		return;
	case SCHEMA_MAC_LIST:
		load_mac_list(l, p);
		return;
	case SCHEMA_TREE:
		load_tree(l, p);
		return;
	case SCHEMA_SECTION:
		load_in_place(l, p);
		return;
	case SCHEMA_OPTIONAL:
		load_optional(l, p);
		return;
	case SCHEMA_NAMED:
		load_named(l, p);
		return;
	case SCHEMA_ITEMS:
		load_items(l, p);
		return;
	}
}

static void unknown_key(struct load *l, const struct schema_section *s, const struct doc_node *key,
	const char *path)
{
	const char *names[KEYS_MAX + 1] = {NULL};

	for (size_t i = 0; s->keys[i].key && i < KEYS_MAX; i++)
		names[i] = s->keys[i].key;
	const char *near = err_nearest(key->text, names);
	err_list_add(l->errors, key->at, "%s: no such key%s%s%s", join_path(l, path, key->text),
		near ? " (did you mean \"" : "", near ? near : "", near ? "\"?)" : "");
}

static void check_for_unknown_keys(struct load *l, const struct doc_node *map,
	const struct schema_section *s, const char *path)
{
	for (size_t i = 0; i < map->n; i++) {
		const struct schema_key *k = s->keys;

		while (k->key && strcmp(k->key, map->pairs[i].key->text) != 0)
			k++;
		if (!k->key)
			unknown_key(l, s, map->pairs[i].key, path);
	}
}

/* A key that was not given: its default, or an error. A section is entered even then, for the
 * defaults inside it. */
static void load_absent(struct load *l, const struct schema_key *k, struct mark at, void *field,
	const char *path)
{
	struct doc_node preset = {.kind = DOC_SCALAR, .style = DOC_PLAIN, .at = at, .text = k->preset};
	struct doc_node nothing = {.kind = DOC_MAP, .at = at};

	if (k->required)
		err_list_add(l->errors, at, "%s is missing: %s", path, k->doc);
	else if (k->preset)
		load_value(l, &(struct place){.key = k, .node = &preset, .field = field, .path = path});
	else if (k->type == SCHEMA_SECTION)
		load_section(l, &nothing, at, k->section, field, path);
}

static void load_section(struct load *l, const struct doc_node *map, struct mark at,
	const struct schema_section *s, void *into, const char *path)
{
	memcpy(into, &at, sizeof(at));
	if (map->kind != DOC_MAP) {
		err_list_add(l->errors, map->at, "%s: expected a map of keys", path[0] ? path : "the file");
		return;
	}
	check_for_unknown_keys(l, map, s, path);
	/* Sections nest as deep as the schema does, which is four levels. */
	for (const struct schema_key *k = s->keys; k->key; k++) {
		const struct doc_node *value = doc_get(map, k->key);
		struct place p = {.key = k, .node = value, .field = (char *)into + k->offset,
			.path = join_path(l, path, k->key)};

		if (value && !doc_is_null(value))
			load_value(l, &p);
		else
			load_absent(l, k, at, p.field, p.path);
	}
}

int cluster_load(struct arena *a, const char *file, const char *text, size_t len,
	struct cluster **ret, struct err_list *errors)
{
	struct load l = {.arena = a, .errors = errors};
	struct mark start = {.file = file, .line = 1, .col = 1};
	struct doc_node *root = NULL;
	struct err e;

	int rc = doc_parse(a, file, text, len, &doc_limits_default, &root, &e);
	if (rc < 0) {
		err_list_add_err(errors, &e);
		return -EINVAL;
	}
	struct cluster *c = arena_alloc(a, 1, sizeof(*c));
	if (!root || !c) {
		err_list_add(errors, start, root ? "the file is too large" : "the file is empty");
		return -EINVAL;
	}
	load_section(&l, root, start, &schema_cluster, c, "");
	if (errors->n == 0)
		cluster_check(a, c, errors);
	if (errors->n > 0)
		return -EINVAL;
	*ret = c;
	return 0;
}

const struct cluster_role *cluster_role_find(const struct cluster *c, const char *name)
{
	for (uint32_t i = 0; i < c->n_roles; i++)
		if (strcmp(c->roles[i].name, name) == 0)
			return &c->roles[i];
	return NULL;
}

const struct cluster_node *cluster_node_find(const struct cluster *c, const char *name)
{
	for (uint32_t i = 0; i < c->n_nodes; i++)
		if (strcmp(c->nodes[i].name, name) == 0)
			return &c->nodes[i];
	return NULL;
}

const char *bond_mode_name(enum bond_mode mode)
{
	switch (mode) {
	case BOND_ACTIVE_BACKUP:
		return "active-backup";
	case BOND_802_3AD:
		return "802.3ad";
	case BOND_BALANCE_XOR:
		return "balance-xor";
	case BOND_BALANCE_RR:
		return "balance-rr";
	}
	return "?";
}
