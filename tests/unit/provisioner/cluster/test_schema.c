#include "tests/unit/test.h"

#include <string.h>

#include "provisioner/cluster/cluster.h"
#include "provisioner/cluster/schema.h"
#include "provisioner/cluster/values.h"

static const enum schema_type with_section[] = {
	SCHEMA_SECTION, SCHEMA_OPTIONAL, SCHEMA_NAMED, SCHEMA_ITEMS, SCHEMA_SETTINGS};

static bool has_section(enum schema_type type)
{
	for (size_t i = 0; i < ARRAY_LEN(with_section); i++)
		if (with_section[i] == type)
			return true;
	return false;
}

static void is_sentence(const char *key, const char *doc)
{
	size_t len = doc ? strlen(doc) : 0;

	if (len < 2 || doc[len - 1] != '.' || doc[0] < 'A' || doc[0] > 'Z')
		fail_msg(
			"%s: \"%s\" is no sentence that begins with a capital and ends in a period",
			key, doc ? doc : "");
}

/* A row that can not be what its type says would be an error at the first file that uses it. */
static void check_row(const struct schema_section *s, const struct schema_key *k)
{
	is_sentence(k->key, k->doc);
	assert_in_range(strlen(k->key), 1, 31);
	if (!schema_is_whole(k))
		assert_int_equal(strspn(k->key, "abcdefghijklmnopqrstuvwxyz-"), strlen(k->key));
	assert_true(k->offset >= sizeof(struct mark) && k->offset < s->size);
	assert_int_equal(has_section(k->type), k->section != NULL);
	if (k->type != SCHEMA_DURATION)
		assert_int_equal(
			k->type == SCHEMA_ENUM || k->type == SCHEMA_FLAGS || k->type == SCHEMA_WORD,
			k->words != NULL);
	assert_false(k->required && k->preset);
	assert_non_null(schema_type_text(k->type));
	if (k->type == SCHEMA_NUMBER || k->type == SCHEMA_DURATION)
		assert_true(k->min < k->max);
	if (k->type == SCHEMA_MAC_LIST || k->type == SCHEMA_ADDRESS_LIST || k->type == SCHEMA_ITEMS)
		assert_true(k->max > 0);
	for (const struct schema_key *other = s->keys; other != k; other++) {
		assert_string_not_equal(other->key, k->key);
		assert_int_not_equal(other->offset, k->offset);
	}
}

static void check_preset(const struct schema_key *k, void *record)
{
	struct arena *a = arena_new((size_t)1 << 20);
	struct err_list errors = {0};
	struct doc_node node = {.kind = DOC_SCALAR,
		.style = DOC_PLAIN,
		.text = k->preset,
		.len = strlen(k->preset)};
	struct load l = {.arena = a, .errors = &errors};
	struct place p = {.key = k, .node = &node, .field = (char *)record + k->offset};

	value_load(&l, &p);
	if (errors.n > 0)
		fail_msg("%s: its default \"%s\": %s", k->key, k->preset, errors.list[0].msg);
	arena_free(a);
}

static size_t walk(const struct schema_section *s, unsigned depth)
{
	_Alignas(max_align_t) char record[1024] = {0};
	size_t n = 0;

	assert_true(depth < 5 && s->size <= sizeof(record));
	is_sentence("a section", s->doc);
	for (const struct schema_key *k = s->keys; k->key; k++, n++) {
		check_row(s, k);
		if (k->preset)
			check_preset(k, record);
		if (k->section)
			n += walk(k->section, depth + 1);
	}
	assert_true(n > 0);
	return n;
}

TEST(each_key_has_a_sentence_and_a_default_that_is_legal)
{
	assert_true(walk(&schema_cluster, 0) > 30);
}

RUN(t(each_key_has_a_sentence_and_a_default_that_is_legal))
