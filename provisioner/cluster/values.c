#include "provisioner/cluster/values.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "provisioner/base/parse.h"
#include "provisioner/base/wr.h"
#include "provisioner/cluster/cluster.h"
#include "provisioner/cluster/schema.h"
#include "provisioner/cluster/texts.h"
#include "provisioner/cluster/values_bytes.h"

#define WORDS_MAX 16
#define LIST_MAX 256

static void item_is_wrong(
	struct load *l, const struct place *p, const struct doc_node *n, enum schema_type type)
{
	if (n->kind != DOC_SCALAR)
		err_list_add(l->errors, n->at, "%s: a %s stands here; expected %s", path_of(l, p),
			doc_kind_name(n->kind), schema_type_text(type));
	else
		err_list_add(l->errors, n->at, "%s: \"%.80s\" is not %s", path_of(l, p), n->text,
			schema_type_text(type));
}

void value_is_wrong(struct load *l, const struct place *p, const struct doc_node *n)
{
	item_is_wrong(l, p, n, p->key->type);
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as the schema */
const char *path_text(struct arena *a, const struct path *p)
{
	if (!p)
		return "";
	const char *outer = path_text(a, p->outer);
	const char *text = p->key ? arena_printf(a, "%s%s%s", outer, outer[0] ? "." : "", p->key)
				  : arena_printf(a, "%s[%zu]", outer, p->index);

	return text ? text : outer;
}

void array_set(void *field, void *array, uint32_t n)
{
	memcpy(field, &array, sizeof(array));
	memcpy((char *)field + sizeof(array), &n, sizeof(n));
}

const char *path_of(struct load *l, const struct place *p)
{
	return path_text(l->arena, p->path);
}

static void load_text(struct load *l, const struct place *p)
{
	if (p->node->kind != DOC_SCALAR || !text_is_legal(p->key->type, p->node->text)) {
		value_is_wrong(l, p, p->node);
		return;
	}
	if (p->key->max > 0 && strlen(p->node->text) > (size_t)p->key->max)
		err_list_add(l->errors, p->node->at, "%s: longer than %lld bytes", path_of(l, p),
			(long long)p->key->max);
	memcpy(p->field, &p->node->text, sizeof(p->node->text));
}

static void load_address(struct load *l, const struct place *p)
{
	if (p->node->kind != DOC_SCALAR || ipv4_parse(p->node->text, p->field) < 0)
		value_is_wrong(l, p, p->node);
}

static void load_net(struct load *l, const struct place *p)
{
	if (p->node->kind != DOC_SCALAR || ipv4_net_parse(p->node->text, p->field) < 0)
		value_is_wrong(l, p, p->node);
}

static void load_range(struct load *l, const struct place *p)
{
	struct ipv4_range *range = p->field;
	const char *dash = p->node->kind == DOC_SCALAR ? strchr(p->node->text, '-') : NULL;
	char first[IPV4_TEXT_SIZE] = "";

	if (dash && (size_t)(dash - p->node->text) < sizeof(first))
		memcpy(first, p->node->text, (size_t)(dash - p->node->text));
	if (!dash || ipv4_parse(first, &range->first) < 0 ||
		ipv4_parse(dash + 1, &range->last) < 0) {
		value_is_wrong(l, p, p->node);
		return;
	}
	if (range->first > range->last)
		err_list_add(l->errors, p->node->at, "%s: %s ends before it begins", path_of(l, p),
			p->node->text);
}

/* A word that stands for a length of time, such as "off". */
static bool load_word(const struct place *p)
{
	for (const struct schema_word *w = p->key->words; w && w->text; w++) {
		int64_t ms = w->value;

		if (doc_is_text(p->node, w->text)) {
			memcpy(p->field, &ms, sizeof(ms));
			return true;
		}
	}
	return false;
}

static void load_duration(struct load *l, const struct place *p)
{
	int64_t ms, unit = p->key->min % 1000 ? 1 : 1000;

	if (load_word(p))
		return;
	if (p->node->kind != DOC_SCALAR || parse_duration_ms(p->node->text, &ms) < 0) {
		value_is_wrong(l, p, p->node);
		return;
	}
	if (ms < p->key->min || ms > p->key->max)
		err_list_add(l->errors, p->node->at, "%s: %s is out of range (%lld to %lld %s)",
			path_of(l, p), p->node->text, (long long)(p->key->min / unit),
			(long long)(p->key->max / unit), unit == 1 ? "milliseconds" : "seconds");
	memcpy(p->field, &ms, sizeof(ms));
}

static void load_number(struct load *l, const struct place *p)
{
	int rc = p->node->kind == DOC_SCALAR ? parse_u32(p->node->text, (uint32_t)p->key->min,
						       (uint32_t)p->key->max, p->field)
					     : -EINVAL;

	if (rc == -ERANGE)
		err_list_add(l->errors, p->node->at, "%s: %s is out of range (%lld to %lld)",
			path_of(l, p), p->node->text, (long long)p->key->min,
			(long long)p->key->max);
	else if (rc < 0)
		value_is_wrong(l, p, p->node);
}

static void load_bool(struct load *l, const struct place *p)
{
	if (p->node->kind != DOC_SCALAR || parse_bool(p->node->text, p->field) < 0)
		value_is_wrong(l, p, p->node);
}

/* The value of one of the row's words; an error with the nearest of them when it is none. */
static bool find_word(
	struct load *l, const struct place *p, const struct doc_node *n, uint32_t *ret)
{
	const char *names[WORDS_MAX] = {NULL};
	char all[160] = "";
	size_t len = 0;

	if (n->kind != DOC_SCALAR) {
		value_is_wrong(l, p, n);
		return false;
	}
	for (size_t i = 0; p->key->words[i].text; i++) {
		names[i] = p->key->words[i].text;
		if (doc_is_text(n, names[i])) {
			*ret = p->key->words[i].value;
			return true;
		}
		int more = snprintf(all + len, sizeof(all) - len, "%s%s", i ? ", " : "", names[i]);
		len += more < 0 || (size_t)more >= sizeof(all) - len ? 0 : (size_t)more;
	}
	err_list_add(l->errors, n->at, "%s: \"%.80s\" is not one of %s%s", path_of(l, p), n->text,
		all, err_did_you_mean(n->text, names).text);
	return false;
}

static void load_enum(struct load *l, const struct place *p)
{
	uint32_t value;

	if (find_word(l, p, p->node, &value))
		memcpy(p->field, &value, sizeof(value));
}

static void load_one_word(struct load *l, const struct place *p)
{
	uint32_t value;

	if (find_word(l, p, p->node, &value))
		memcpy(p->field, &p->node->text, sizeof(p->node->text));
}

static void load_flags(struct load *l, const struct place *p)
{
	uint32_t flags = 0, one;

	if (p->node->kind != DOC_LIST) {
		value_is_wrong(l, p, p->node);
		return;
	}
	for (size_t i = 0; i < p->node->n; i++)
		if (find_word(l, p, p->node->items[i], &one))
			flags |= one;
	memcpy(p->field, &flags, sizeof(flags));
}

static void load_image(struct load *l, const struct place *p)
{
	struct cluster_image *image = p->field;
	const char *slash = p->node->kind == DOC_SCALAR ? strchr(p->node->text, '/') : NULL;

	if (!slash || slash == p->node->text || !text_is_legal(SCHEMA_FILE_NAME, p->node->text) ||
		strchr(slash + 1, '/')) {
		value_is_wrong(l, p, p->node);
		return;
	}
	image->at = p->node->at;
	image->distro = arena_strndup(l->arena, p->node->text, (size_t)(slash - p->node->text));
	image->version = slash + 1;
}

bool value_has_too_many(struct load *l, const struct place *p, size_t n, size_t max)
{
	if (n <= max)
		return false;
	err_list_add(
		l->errors, p->node->at, "%s: %zu entries; %zu are allowed", path_of(l, p), n, max);
	return true;
}

/* The items of a list of at most `max`; false, with an error added, when it is no such list. */
static bool items_of(
	struct load *l, const struct place *p, size_t max, struct doc_node ***ret, size_t *ret_n)
{
	if (p->node->kind != DOC_LIST) {
		value_is_wrong(l, p, p->node);
		return false;
	}
	*ret = p->node->items;
	*ret_n = p->node->n;
	return !value_has_too_many(l, p, *ret_n, max);
}

static void load_text_list(struct load *l, const struct place *p)
{
	enum schema_type item = p->key->item ? p->key->item : SCHEMA_TEXT;
	struct text_list *list = p->field;
	struct doc_node **items;
	size_t n;

	if (!items_of(l, p, LIST_MAX, &items, &n))
		return;
	*list = (struct text_list){.items = arena_alloc(l->arena, n, sizeof(char *))};
	for (size_t i = 0; list->items && i < n; i++) {
		if (items[i]->kind != DOC_SCALAR || !text_is_legal(item, items[i]->text))
			item_is_wrong(l, p, items[i], item);
		else
			list->items[list->n++] = items[i]->text;
	}
}

static void load_address_list(struct load *l, const struct place *p)
{
	struct ipv4_list *list = p->field;
	struct doc_node **items;
	size_t n;

	if (!items_of(l, p, (size_t)p->key->max, &items, &n))
		return;
	*list = (struct ipv4_list){.items = arena_alloc(l->arena, n, sizeof(uint32_t))};
	for (size_t i = 0; list->items && i < n; i++) {
		if (items[i]->kind != DOC_SCALAR ||
			ipv4_parse(items[i]->text, &list->items[list->n]) < 0)
			value_is_wrong(l, p, items[i]);
		else
			list->n++;
	}
}

static void load_mac_list(struct load *l, const struct place *p)
{
	struct mac_list *list = p->field;
	const struct doc_node *const single[] = {p->node};
	const struct doc_node *const *items = single;
	size_t n = 1;

	if (p->node->kind == DOC_LIST) {
		items = (const struct doc_node *const *)p->node->items;
		n = p->node->n;
	}

	if (n == 0)
		err_list_add(l->errors, p->node->at, "%s: the list is empty", path_of(l, p));
	if (value_has_too_many(l, p, n, (size_t)p->key->max))
		return;
	list->n = 0;
	for (size_t i = 0; i < n; i++) {
		struct mac *m = &list->items[list->n];

		if (items[i]->kind != DOC_SCALAR || mac_parse(items[i]->text, m) < 0)
			value_is_wrong(l, p, items[i]);
		else if (!mac_is_unicast(m))
			err_list_add(l->errors, items[i]->at,
				"%s: %s is a group address; no NIC has one", path_of(l, p),
				items[i]->text);
		else
			list->n++;
	}
}

/* A map of names to addresses. */
static void load_hosts(struct load *l, const struct place *p)
{
	struct host_list {
		struct cluster_host *items;
		uint32_t n;
	} list = {0};

	if (p->node->kind != DOC_MAP) {
		value_is_wrong(l, p, p->node);
		return;
	}
	if (value_has_too_many(l, p, p->node->n, (size_t)p->key->max))
		return;
	list.items = arena_alloc(l->arena, p->node->n, sizeof(*list.items));
	for (size_t i = 0; list.items && i < p->node->n; i++) {
		const struct doc_pair *pair = &p->node->pairs[i];
		struct cluster_host *h = &list.items[list.n];

		if (!parse_is_hostname(pair->key->text))
			item_is_wrong(l, p, pair->key, SCHEMA_HOSTNAME);
		else if (pair->value->kind != DOC_SCALAR ||
			 ipv4_parse(pair->value->text, &h->address) < 0)
			item_is_wrong(l, p, pair->value, SCHEMA_ADDRESS);
		else
			list.items[list.n++].name = pair->key->text;
	}
	array_set(p->field, list.items, list.n);
}

/* The depth of a document is bounded by who read it. NOLINTNEXTLINE(misc-no-recursion) */
static size_t count_values(const struct doc_node *n)
{
	size_t sum = n->kind == DOC_SCALAR;

	for (size_t i = 0; i < n->n; i++)
		sum += count_values(n->kind == DOC_LIST ? n->items[i] : n->pairs[i].value);
	return sum;
}

static void load_tree(struct load *l, const struct place *p)
{
	if (p->node->kind != DOC_MAP) {
		value_is_wrong(l, p, p->node);
		return;
	}
	if (p->key->max > 0 && value_has_too_many(l, p, count_values(p->node), (size_t)p->key->max))
		return;
	memcpy(p->field, &p->node, sizeof(struct doc_node *));
}

void value_load(struct load *l, const struct place *p)
{
	static void (*const loaders[])(struct load * l, const struct place *p) = {
		[SCHEMA_LABEL] = load_text,
		[SCHEMA_HOSTNAME] = load_text,
		[SCHEMA_TEXT] = load_text,
		[SCHEMA_FILE_NAME] = load_text,
		[SCHEMA_BOOT_FILE] = load_text,
		[SCHEMA_INTERFACE] = load_text,
		[SCHEMA_ETCD_KEY] = load_text,
		[SCHEMA_HOST] = load_text,
		[SCHEMA_PATH] = load_text,
		[SCHEMA_USER] = load_text,
		[SCHEMA_PASSWD] = load_text,
		[SCHEMA_SSH_KEY] = load_text,
		[SCHEMA_TIMEZONE] = load_text,
		[SCHEMA_WINDOW] = load_text,
		[SCHEMA_KERNEL_ARG] = load_text,
		[SCHEMA_ADDRESS] = load_address,
		[SCHEMA_NET] = load_net,
		[SCHEMA_RANGE] = load_range,
		[SCHEMA_DURATION] = load_duration,
		[SCHEMA_NUMBER] = load_number,
		[SCHEMA_BOOL] = load_bool,
		[SCHEMA_ENUM] = load_enum,
		[SCHEMA_WORD] = load_one_word,
		[SCHEMA_FLAGS] = load_flags,
		[SCHEMA_IMAGE] = load_image,
		[SCHEMA_TEXT_LIST] = load_text_list,
		[SCHEMA_ADDRESS_LIST] = load_address_list,
		[SCHEMA_MAC_LIST] = load_mac_list,
		[SCHEMA_CLIENT_ID] = value_load_client_id,
		[SCHEMA_OPTION] = value_load_option,
		[SCHEMA_UUID] = value_load_uuid,
		[SCHEMA_HOSTS] = load_hosts,
		[SCHEMA_TREE] = load_tree,
		[SCHEMA_ADDONS] = role_addons_load,
		[SCHEMA_REGISTRY] = load_text,
	};

	assert((size_t)p->key->type < ARRAY_LEN(loaders) && loaders[p->key->type]);
	loaders[p->key->type](l, p);
}
