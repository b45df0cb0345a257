#include "provisioner/cluster/values.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "provisioner/base/parse.h"
#include "provisioner/base/wr.h"
#include "provisioner/cluster/cluster.h"
#include "provisioner/cluster/schema.h"

#define WORDS_MAX 16
#define TEXT_MAX 4096
#define LIST_MAX 256

void value_is_wrong(struct load *l, const struct place *p, const struct doc_node *n)
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

/* By an address: a name would need a name server, and UEFI without one refuses the offer. */
static bool is_url(const char *text)
{
	static const char *const schemes[] = {"http://", "https://"};
	char host[IPV4_TEXT_SIZE] = "";
	uint32_t address;

	for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
		size_t skip = strlen(schemes[i]), len = strcspn(text + skip, ":/");

		if (strncmp(text, schemes[i], skip) != 0 || len >= sizeof(host))
			continue;
		memcpy(host, text + skip, len);
		return ipv4_parse(host, &address) == 0 && text[skip + len] != '\0';
	}
	return false;
}

static bool is_boot_file(const char *text)
{
	return is_file_name(text) ||
	       (strlen(text) < 128 && is_plain_word(text, "._-/+:~%?=&") && is_url(text));
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

	return len > 1 && len < 512 && text[0] == '/' && text[len - 1] != '/' &&
	       is_plain_word(text, "._-/");
}

/* As it stands in front of an image's name: lower case, no scheme. */
static bool is_registry(const char *text)
{
	size_t host = strcspn(text, ":/"), len = strlen(text), port = 0;

	if (host == 0 || len > 200 || text[len - 1] == '/' || text[len - 1] == ':' ||
		strpbrk(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") || strstr(text, "//"))
		return false;
	if (text[host] == ':')
		port = 1 + strspn(text + host + 1, "0123456789");
	return (text[host + port] == '\0' || text[host + port] == '/') &&
	       is_plain_word(text, "._-/:") && !strchr(text + host + port, ':');
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
		{SCHEMA_BOOT_FILE, is_boot_file},
		{SCHEMA_INTERFACE, is_interface},
		{SCHEMA_ETCD_KEY, is_etcd_key},
		{SCHEMA_REGISTRY, is_registry},
	};

	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if (rules[i].type == type)
			return rules[i].is_legal(text);
	return false;
}

static void load_text(struct load *l, const struct place *p)
{
	if (p->node->kind != DOC_SCALAR || !text_is_legal(p->key->type, p->node->text)) {
		value_is_wrong(l, p, p->node);
		return;
	}
	if (p->key->max > 0 && strlen(p->node->text) > (size_t)p->key->max)
		err_list_add(l->errors, p->node->at, "%s: longer than %lld bytes", p->path,
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
		err_list_add(l->errors, p->node->at, "%s: %s ends before it begins", p->path,
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
			p->path, p->node->text, (long long)(p->key->min / unit),
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
			p->path, p->node->text, (long long)p->key->min, (long long)p->key->max);
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
	const char *near = err_nearest(n->text, names);
	err_list_add(l->errors, n->at, "%s: \"%.80s\" is not one of %s%s%s%s", p->path, n->text,
		all, near ? " (did you mean \"" : "", near ? near : "", near ? "\"?)" : "");
	return false;
}

static void load_enum(struct load *l, const struct place *p)
{
	uint32_t value;

	if (find_word(l, p, p->node, &value))
		memcpy(p->field, &value, sizeof(value));
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

	if (!slash || slash == p->node->text || !is_file_name(p->node->text) ||
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
	err_list_add(l->errors, p->node->at, "%s: %zu entries; %zu are allowed", p->path, n, max);
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
	struct text_list *list = p->field;
	struct doc_node **items;
	size_t n;

	if (!items_of(l, p, LIST_MAX, &items, &n))
		return;
	list->items = arena_alloc(l->arena, n, sizeof(char *));
	for (size_t i = 0; list->items && i < n; i++) {
		if (items[i]->kind != DOC_SCALAR || !is_line(items[i]->text))
			value_is_wrong(l, p, items[i]);
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
	list->items = arena_alloc(l->arena, n, sizeof(uint32_t));
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
		err_list_add(l->errors, p->node->at, "%s: the list is empty", p->path);
	if (value_has_too_many(l, p, n, (size_t)p->key->max))
		return;
	for (size_t i = 0; i < n; i++) {
		struct mac *m = &list->items[list->n];

		if (items[i]->kind != DOC_SCALAR || mac_parse(items[i]->text, m) < 0)
			value_is_wrong(l, p, items[i]);
		else if (!mac_is_unicast(m))
			err_list_add(l->errors, items[i]->at,
				"%s: %s is a group address; no NIC has one", p->path,
				items[i]->text);
		else
			list->n++;
	}
}

/* "01:02:0a", or without the colons. The number of bytes, or -1. */
static int parse_hex(const char *text, uint8_t *ret, int max)
{
	static const char digits[] = "0123456789abcdef";
	int n = 0;

	while (*text) {
		const char *high = strchr(digits, text[0] | 0x20);
		const char *low = high && text[1] ? strchr(digits, text[1] | 0x20) : NULL;

		if (!low || n == max)
			return -1;
		ret[n++] = (uint8_t)((high - digits) << 4 | (low - digits));
		text += 2;
		if (*text == ':' && text[1] != '\0')
			text++;
	}
	return n;
}

/* A text as it is, or bytes as "hex:" says. The number of bytes, or -1. */
static int parse_bytes(const struct doc_node *node, uint8_t *ret, int max)
{
	const char *text = node->kind == DOC_SCALAR ? node->text : "";

	if (strncmp(text, "hex:", 4) == 0)
		return parse_hex(text + 4, ret, max);
	if (!is_line(text) || strlen(text) > (size_t)max)
		return -1;
	memcpy(ret, text, strlen(text));
	return (int)strlen(text);
}

static void keep_bytes(struct load *l, const void *bytes, size_t n, struct byte_list *ret)
{
	uint8_t *kept = arena_alloc(l->arena, n, 1);

	if (kept && n > 0)
		memcpy(kept, bytes, n);
	if (kept)
		*ret = (struct byte_list){.bytes = kept, .n = (uint32_t)n};
}

static void load_client_id(struct load *l, const struct place *p)
{
	uint8_t bytes[CLUSTER_CLIENT_ID_MAX];
	int n = parse_bytes(p->node, bytes, sizeof(bytes));

	if (n < 2) { /* RFC 2132 section 9.14 */
		value_is_wrong(l, p, p->node);
		return;
	}
	struct rd folded = client_id_folded(rd_init(bytes, (size_t)n));
	keep_bytes(l, folded.p, folded.left, p->field);
}

/* A value of a DHCP option, as it goes out. */
static void load_option(struct load *l, const struct place *p)
{
	uint8_t bytes[CLUSTER_OPTION_BYTES];
	struct wr w = wr_init(bytes, sizeof(bytes));

	if (p->node->kind != DOC_LIST) {
		int n = parse_bytes(p->node, bytes, sizeof(bytes));

		if (n < 0)
			value_is_wrong(l, p, p->node);
		else
			keep_bytes(l, bytes, (size_t)n, p->field);
		return;
	}
	for (size_t i = 0; i < p->node->n; i++) {
		uint32_t address;

		if (p->node->items[i]->kind == DOC_SCALAR &&
			ipv4_parse(p->node->items[i]->text, &address) == 0)
			wr_be32(&w, address);
		else
			value_is_wrong(l, p, p->node->items[i]);
	}
	if (!wr_ok(&w) || w.len == 0)
		value_is_wrong(l, p, p->node);
	else
		keep_bytes(l, bytes, w.len, p->field);
}

static void load_uuid(struct load *l, const struct place *p)
{
	struct uuid u;

	if (p->node->kind != DOC_SCALAR || uuid_parse(p->node->text, &u) < 0) {
		value_is_wrong(l, p, p->node);
		return;
	}
	if (!uuid_is_useful(&u)) {
		err_list_add(l->errors, p->node->at,
			"%s: %s is what boards carry whose maker gave them none: it names no "
			"machine",
			p->path, p->node->text);
		return;
	}
	u = uuid_folded(&u);
	memcpy(p->field, &u, sizeof(u));
}

static void load_tree(struct load *l, const struct place *p)
{
	if (p->node->kind != DOC_MAP) {
		value_is_wrong(l, p, p->node);
		return;
	}
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
		[SCHEMA_ADDRESS] = load_address,
		[SCHEMA_NET] = load_net,
		[SCHEMA_RANGE] = load_range,
		[SCHEMA_DURATION] = load_duration,
		[SCHEMA_NUMBER] = load_number,
		[SCHEMA_BOOL] = load_bool,
		[SCHEMA_ENUM] = load_enum,
		[SCHEMA_FLAGS] = load_flags,
		[SCHEMA_IMAGE] = load_image,
		[SCHEMA_TEXT_LIST] = load_text_list,
		[SCHEMA_ADDRESS_LIST] = load_address_list,
		[SCHEMA_MAC_LIST] = load_mac_list,
		[SCHEMA_CLIENT_ID] = load_client_id,
		[SCHEMA_OPTION] = load_option,
		[SCHEMA_UUID] = load_uuid,
		[SCHEMA_TREE] = load_tree,
		[SCHEMA_ADDONS] = role_addons_load,
		[SCHEMA_REGISTRY] = load_text,
	};

	assert((size_t)p->key->type < ARRAY_LEN(loaders) && loaders[p->key->type]);
	loaders[p->key->type](l, p);
}
