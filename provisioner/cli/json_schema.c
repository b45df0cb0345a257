#include "provisioner/cli/json_schema.h"

#include <string.h>

#include "provisioner/base/json.h"
#include "provisioner/cluster/schema.h"
#include "provisioner/cluster/texts.h"

#define DRAFT "http://json-schema.org/draft-07/schema#"
#define PATH_OF_SETTINGS "#/definitions/settings/properties/"

/* Where in the document something is written. */
struct at {
	bool may_be_null;
	bool is_top; /* the only place at which settings may be required */
};

static void add_type(struct json *j, const char *type, bool may_be_null)
{
	json_key(j, "type");
	if (!may_be_null) {
		json_text(j, type);
		return;
	}
	json_list(j);
	json_text(j, type);
	json_text(j, "null");
	json_list_end(j);
}

static void add_pattern(struct json *j, enum schema_type type)
{
	const char *pattern = text_pattern(type);

	if (pattern)
		json_key_text(j, "pattern", pattern);
}

/* A line of text may look like a number or a truth to YAML. */
static void add_any_scalar(struct json *j, bool may_be_null)
{
	static const char *const types[] = {"string", "number", "boolean"};

	json_key(j, "type");
	json_list(j);
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		json_text(j, types[i]);
	if (may_be_null)
		json_text(j, "null");
	json_list_end(j);
}

static void add_text(struct json *j, const struct schema_key *k, struct at at)
{
	if (k->type == SCHEMA_TEXT)
		add_any_scalar(j, at.may_be_null);
	else
		add_type(j, "string", at.may_be_null);
	add_pattern(j, k->type);
	if (k->max > 0)
		json_key_int(j, "maxLength", k->max);
}

static void add_words(struct json *j, const struct schema_key *k, bool may_be_null)
{
	json_key(j, "enum");
	json_list(j);
	for (const struct schema_word *w = k->words; w->text; w++)
		json_text(j, w->text);
	if (may_be_null)
		json_none(j);
	json_list_end(j);
}

static void add_enum(struct json *j, const struct schema_key *k, struct at at)
{
	add_words(j, k, at.may_be_null);
}

static void add_flags(struct json *j, const struct schema_key *k, struct at at)
{
	add_type(j, "array", at.may_be_null);
	json_key_bool(j, "uniqueItems", true);
	json_key(j, "items");
	json_map(j);
	add_words(j, k, /* may_be_null= */ false);
	json_map_end(j);
}

static void add_duration(struct json *j, const struct schema_key *k, struct at at)
{
	if (!k->words) {
		add_text(j, &(struct schema_key){.type = k->type}, at);
		return;
	}
	json_key(j, "anyOf");
	json_list(j);
	json_map(j);
	add_text(j, &(struct schema_key){.type = k->type}, at);
	json_map_end(j);
	json_map(j);
	add_words(j, k, /* may_be_null= */ false);
	json_map_end(j);
	json_list_end(j);
}

static void add_number(struct json *j, const struct schema_key *k, struct at at)
{
	add_type(j, "integer", at.may_be_null);
	json_key_int(j, "minimum", k->min);
	json_key_int(j, "maximum", k->max);
}

static void add_bool(struct json *j, const struct schema_key *k, struct at at)
{
	(void)k;
	add_type(j, "boolean", at.may_be_null);
}

static void add_item(struct json *j, enum schema_type type)
{
	json_map(j);
	add_text(j, &(struct schema_key){.type = type}, (struct at){0});
	json_map_end(j);
}

static void add_list(struct json *j, const struct schema_key *k, struct at at)
{
	add_type(j, "array", at.may_be_null);
	if (k->max > 0)
		json_key_int(j, "maxItems", k->max);
	json_key(j, "items");
	if (k->type == SCHEMA_ADDRESS_LIST)
		add_item(j, SCHEMA_ADDRESS);
	else
		add_item(j, k->item ? k->item : SCHEMA_TEXT);
}

/* One, or a list of them. */
static void add_one_or_list(struct json *j, const struct schema_key *k, struct at at)
{
	enum schema_type item = k->type == SCHEMA_OPTION ? SCHEMA_ADDRESS : k->type;
	enum schema_type one = k->type == SCHEMA_OPTION ? SCHEMA_TEXT : k->type;

	json_key(j, "anyOf");
	json_list(j);
	json_map(j);
	add_text(j, &(struct schema_key){.type = one}, at);
	json_map_end(j);
	json_map(j);
	add_type(j, "array", /* may_be_null= */ false);
	json_key_int(j, "minItems", 1);
	if (k->max > 0)
		json_key_int(j, "maxItems", k->max);
	json_key(j, "items");
	add_item(j, item);
	json_map_end(j);
	json_list_end(j);
}

static void add_client_id(struct json *j, const struct schema_key *k, struct at at)
{
	(void)k;
	add_type(j, "string", at.may_be_null);
	json_key_int(j, "minLength", 2);
}

static void add_map_of(struct json *j, enum schema_type names, struct at at)
{
	add_type(j, "object", at.may_be_null);
	json_key(j, "propertyNames");
	json_map(j);
	add_pattern(j, names);
	json_map_end(j);
}

static void add_hosts(struct json *j, const struct schema_key *k, struct at at)
{
	add_map_of(j, SCHEMA_HOSTNAME, at);
	json_key_int(j, "maxProperties", k->max);
	json_key(j, "additionalProperties");
	json_map(j);
	add_text(j, &(struct schema_key){.type = SCHEMA_ADDRESS}, at);
	json_map_end(j);
}

static void add_tree(struct json *j, const struct schema_key *k, struct at at)
{
	(void)k;
	add_type(j, "object", at.may_be_null);
}

/* Names, or a name with a map of its parameters. */
static void add_addons(struct json *j, const struct schema_key *k, struct at at)
{
	(void)k;
	add_type(j, "array", at.may_be_null);
	json_key(j, "items");
	json_map(j);
	json_key(j, "anyOf");
	json_list(j);
	add_item(j, SCHEMA_LABEL);
	json_map(j);
	add_map_of(j, SCHEMA_LABEL, (struct at){0});
	json_key_int(j, "minProperties", 1);
	json_key_int(j, "maxProperties", 1);
	json_map_end(j);
	json_list_end(j);
	json_map_end(j);
}

/* NOLINTBEGIN(misc-no-recursion): sections nest as deep as the table does */
static void add_section(struct json *j, const struct schema_section *s, struct at at);

static void add_in_place(struct json *j, const struct schema_key *k, struct at at)
{
	add_section(j, k->section, at);
}

static void add_named(struct json *j, const struct schema_key *k, struct at at)
{
	add_map_of(j, SCHEMA_LABEL, at);
	json_key_int(j, "minProperties", 1);
	json_key(j, "additionalProperties");
	json_map(j);
	add_section(j, k->section, (struct at){0});
	json_map_end(j);
}

static void add_items(struct json *j, const struct schema_key *k, struct at at)
{
	add_type(j, "array", at.may_be_null);
	json_key_int(j, "maxItems", k->max);
	json_key(j, "items");
	json_map(j);
	add_section(j, k->section, (struct at){0});
	json_map_end(j);
}

static const struct {
	enum schema_type type;
	void (*add)(struct json *j, const struct schema_key *k, struct at at);
} types[] = {
	{SCHEMA_DURATION, add_duration},
	{SCHEMA_NUMBER, add_number},
	{SCHEMA_BOOL, add_bool},
	{SCHEMA_ENUM, add_enum},
	{SCHEMA_WORD, add_enum},
	{SCHEMA_FLAGS, add_flags},
	{SCHEMA_TEXT_LIST, add_list},
	{SCHEMA_ADDRESS_LIST, add_list},
	{SCHEMA_MAC_LIST, add_one_or_list},
	{SCHEMA_OPTION, add_one_or_list},
	{SCHEMA_CLIENT_ID, add_client_id},
	{SCHEMA_HOSTS, add_hosts},
	{SCHEMA_TREE, add_tree},
	{SCHEMA_ADDONS, add_addons},
	{SCHEMA_SECTION, add_in_place},
	{SCHEMA_OPTIONAL, add_in_place},
	{SCHEMA_NAMED, add_named},
	{SCHEMA_ITEMS, add_items},
};

static void add_default(struct json *j, const struct schema_key *k)
{
	if (!k->preset)
		return;
	json_key(j, "default");
	if (k->type == SCHEMA_NUMBER || k->type == SCHEMA_BOOL)
		json_raw(j, k->preset);
	else
		json_text(j, k->preset);
}

/* What stands under a key. */
static void add_value(struct json *j, const struct schema_key *k, bool is_required)
{
	struct at at = {.may_be_null = !is_required};
	size_t i = 0;

	json_map(j);
	json_key_text(j, "description", k->doc);
	add_default(j, k);
	while (i < ARRAY_LEN(types) && types[i].type != k->type)
		i++;
	if (i < ARRAY_LEN(types))
		types[i].add(j, k, at);
	else
		add_text(j, k, at); /* all that is left */
	json_map_end(j);
}

static void add_properties(struct json *j, const struct schema_section *s)
{
	for (const struct schema_key *k = s->keys; k->key; k++) {
		if (k->type == SCHEMA_SETTINGS) {
			for (const struct schema_key *one = k->section->keys; one->key; one++) {
				AUTO(str_done) struct str path = str_init(128);

				str_printf(&path, PATH_OF_SETTINGS "%s", one->key);
				json_key(j, one->key);
				json_map(j);
				json_key_text(j, "$ref", str_text(&path));
				json_map_end(j);
			}
		} else if (!schema_is_whole(k)) {
			json_key(j, k->key);
			add_value(j, k, k->required);
		}
	}
}

static void add_required(struct json *j, const struct schema_section *s, bool is_top)
{
	for (const struct schema_key *k = s->keys; k->key; k++) {
		if (k->type == SCHEMA_SETTINGS && is_top)
			add_required(j, k->section, is_top);
		else if (k->required)
			json_text(j, k->key);
	}
}

static void add_section(struct json *j, const struct schema_section *s, struct at at)
{
	add_type(j, "object", at.may_be_null);
	json_key_bool(j, "additionalProperties", false);
	json_key(j, "properties");
	json_map(j);
	add_properties(j, s);
	json_map_end(j);
	json_key(j, "required");
	json_list(j);
	add_required(j, s, at.is_top);
	json_list_end(j);
}

/* NOLINTEND(misc-no-recursion) */

static void add_definitions(struct json *j)
{
	json_key(j, "definitions");
	json_map(j);
	json_key(j, "settings");
	json_map(j);
	json_key_text(j, "description", schema_settings.doc);
	json_key(j, "properties");
	json_map(j);
	for (const struct schema_key *k = schema_settings.keys; k->key; k++) {
		json_key(j, k->key);
		add_value(j, k, /* is_required= */ false);
	}
	json_map_end(j);
	json_map_end(j);
	json_map_end(j);
}

/* A list of nodes, or a map with such a list. */
static void add_nodes_file(struct json *j)
{
	const struct schema_key *k = schema_cluster.keys;

	while (strcmp(k->key, "nodes") != 0)
		k++;
	json_key(j, "anyOf");
	json_list(j);
	add_value(j, k, /* is_required= */ false);
	json_map(j);
	add_type(j, "object", /* may_be_null= */ false);
	json_key_bool(j, "additionalProperties", false);
	json_key(j, "properties");
	json_map(j);
	json_key(j, k->key);
	add_value(j, k, /* is_required= */ false);
	json_map_end(j);
	json_map_end(j);
	json_list_end(j);
}

void json_schema(struct str *out, bool of_nodes)
{
	struct json j = json_init(out);

	json_map(&j);
	json_key_text(&j, "$schema", DRAFT);
	json_key_text(
		&j, "title", of_nodes ? "Slipway: a file of nodes.d" : "Slipway: cluster.yaml");
	if (of_nodes)
		add_nodes_file(&j);
	else
		add_section(&j, &schema_cluster, (struct at){.is_top = true});
	add_definitions(&j);
	json_map_end(&j);
}
