#include "templates/engine/value.h"

#include <stdio.h>

#include "provisioner/base/doc.h"
#include "tests/unit/test.h"

#define ARENA_MAX ((size_t)1 << 20)

TEST(a_map_keeps_the_order_of_its_keys)
{
	AUTO(arena_free_p) struct arena *a = arena_new(ARENA_MAX);
	struct value m = value_map(a);

	value_map_set(m, "b", value_int(1));
	value_map_set(m, "a", value_int(2));
	value_map_set(m, "b", value_int(3));
	assert_int_equal(m.map->n, 2);
	assert_true(value_text_is(m.map->pairs[0].key, "b"));
	assert_int_equal(value_get(m, "b").i, 3);
	assert_int_equal(value_get(m, "a").i, 2);
}

TEST(a_large_map_finds_every_key)
{
	AUTO(arena_free_p) struct arena *a = arena_new(ARENA_MAX);
	struct value m = value_map(a);
	char key[16];

	for (int i = 0; i < 2000; i++) {
		(void)snprintf(key, sizeof(key), "key-%d", i);
		value_map_set(m, key, value_int(i));
	}
	for (int i = 0; i < 2000; i++) {
		(void)snprintf(key, sizeof(key), "key-%d", i);
		assert_int_equal(value_get(m, key).i, i);
	}
	assert_int_equal(value_get(m, "key-2000").kind, VALUE_UNDEFINED);
	assert_false(arena_is_full(a));
}

TEST(a_key_is_copied)
{
	AUTO(arena_free_p) struct arena *a = arena_new(ARENA_MAX);
	struct value m = value_map(a);
	char key[] = "key";

	value_map_set(m, key, value_int(1));
	key[0] = 'x';
	assert_int_equal(value_get(m, "key").i, 1);
}

TEST(nothing_is_found_in_what_is_no_map)
{
	assert_int_equal(value_get(value_int(1), "a").kind, VALUE_UNDEFINED);
	assert_int_equal(value_get(value_none(), "a").kind, VALUE_UNDEFINED);
}

TEST(text_of_no_pointer_is_none)
{
	AUTO(arena_free_p) struct arena *a = arena_new(ARENA_MAX);

	assert_int_equal(value_text(a, NULL).kind, VALUE_NONE);
	assert_true(value_text_is(value_text(a, "x"), "x"));
}

TEST(a_full_arena_takes_no_more_and_says_so)
{
	AUTO(arena_free_p) struct arena *a = arena_new(4096);
	struct value l = value_list(a), m = value_map(a);

	for (int i = 0; i < 1000; i++) {
		value_list_add(l, value_int(i));
		value_map_set(m, "some key", value_text(a, "some text"));
	}
	assert_true(arena_is_full(a));
	assert_true(l.list->n < 1000);
	struct value other = value_list(a),
		     text = value_text(a, "a text that finds no room at all");
	value_list_add(other, value_int(1));
	assert_int_equal(other.list->n, 0);
	assert_int_equal(text.len, 0);
}

/* The value of a YAML scalar, as `kind:text`. */
static const char *typed(const char *yaml, char *buf, size_t size)
{
	AUTO(arena_free_p) struct arena *a = arena_new(ARENA_MAX);
	struct doc_node *root = NULL;
	struct err e = {.msg = ""};

	assert_int_equal(doc_parse(a, "t", yaml, strlen(yaml), &doc_limits_default, &root, &e), 0);
	struct value v = value_from_doc(a, root);
	switch (v.kind) {
	case VALUE_NONE:
		(void)snprintf(buf, size, "none");
		break;
	case VALUE_BOOL:
		(void)snprintf(buf, size, "bool:%d", v.truth);
		break;
	case VALUE_INT:
		(void)snprintf(buf, size, "int:%lld", (long long)v.i);
		break;
	case VALUE_FLOAT:
		(void)snprintf(buf, size, "float:%g", v.f);
		break;
	case VALUE_TEXT:
		(void)snprintf(buf, size, "text:%.*s", (int)v.len, v.text);
		break;
	case VALUE_UNDEFINED:
	case VALUE_LIST:
	case VALUE_MAP:
	case VALUE_NAMESPACE:
	case VALUE_MACRO:
	case VALUE_FUNCTION:
	case VALUE_LOOP:
		(void)snprintf(buf, size, "%s", value_kind_name(v.kind));
		break;
	}
	return buf;
}

TEST(a_yaml_scalar_is_typed_only_when_nothing_is_lost)
{
	static const struct {
		const char *yaml, *want;
	} rows[] = {
		{"12", "int:12"},
		{"-3", "int:-3"},
		{"1.5", "float:1.5"},
		{"true", "bool:1"},
		{"False", "bool:0"},
		{"null", "none"},
		{"~", "none"},
		{"yes", "text:yes"},
		{"0644", "text:0644"},
		{"1.10", "text:1.10"},
		{"1e3", "text:1e3"},
		{"+5", "text:+5"},
		{"0x1F", "text:0x1F"},
		{"-0", "text:-0"},
		{"99999999999999999999", "text:99999999999999999999"},
		{"12:30:45", "text:12:30:45"},
		{".inf", "text:.inf"},
		{"\"12\"", "text:12"},
		{"'true'", "text:true"},
		{"!!str 12", "text:12"},
		{"52:54:00:00:00:01", "text:52:54:00:00:00:01"},
		{"[1, a]", "a list"},
		{"{a: 1}", "a map"},
	};
	char buf[128];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_string_equal(typed(rows[i].yaml, buf, sizeof(buf)), rows[i].want);
}

TEST(a_yaml_tree_keeps_its_shape)
{
	static const char yaml[] = "a:\n  - x\n  - {y: 2}\nb: |\n  text\n";
	AUTO(arena_free_p) struct arena *a = arena_new(ARENA_MAX);
	struct doc_node *root = NULL;
	struct err e = {.msg = ""};

	assert_int_equal(
		doc_parse(a, "t", yaml, sizeof(yaml) - 1, &doc_limits_default, &root, &e), 0);
	struct value v = value_from_doc(a, root), list = value_get(v, "a");
	assert_int_equal(list.list->n, 2);
	assert_true(value_text_is(list.list->items[0], "x"));
	assert_int_equal(value_get(list.list->items[1], "y").i, 2);
	assert_true(value_text_is(value_get(v, "b"), "text\n"));
}

RUN(t(a_map_keeps_the_order_of_its_keys), t(a_large_map_finds_every_key), t(a_key_is_copied),
	t(nothing_is_found_in_what_is_no_map), t(text_of_no_pointer_is_none),
	t(a_full_arena_takes_no_more_and_says_so),
	t(a_yaml_scalar_is_typed_only_when_nothing_is_lost), t(a_yaml_tree_keeps_its_shape))
