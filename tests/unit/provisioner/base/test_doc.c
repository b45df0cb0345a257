#include "tests/unit/test.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

#include "provisioner/base/clock.h"
#include "provisioner/base/doc.h"
#include "provisioner/base/str.h"

static struct arena *arena;

static int set_up(void **state)
{
	(void)state;
	arena = arena_new(64 << 20);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

/* The document, or NULL with its error in `e`. */
static struct doc_node *parse(const char *text, struct err *e)
{
	struct doc_node *root = NULL;

	return doc_parse(arena, "f", text, strlen(text), &doc_limits_default, &root, e) == 0 ? root
											     : NULL;
}

static struct doc_node *parse_ok(const char *text)
{
	struct err e = {0};
	struct doc_node *root = parse(text, &e);

	if (!root)
		fail_msg("%s: %s", text, e.msg);
	return root;
}

/* Written back as flow text, to compare whole trees. */
static void show(struct str *out, const struct doc_node *n)
{
	if (n->kind == DOC_SCALAR) {
		str_printf(out, n->style == DOC_PLAIN ? "%s" : "\"%s\"", n->text);
		return;
	}
	str_addc(out, n->kind == DOC_LIST ? '[' : '{');
	for (size_t i = 0; i < n->n; i++) {
		if (i > 0)
			str_addc(out, ' ');
		if (n->kind == DOC_MAP)
			str_printf(out, "%s:", n->pairs[i].key->text);
		show(out, n->kind == DOC_LIST ? n->items[i] : n->pairs[i].value);
	}
	str_addc(out, n->kind == DOC_LIST ? ']' : '}');
}

TEST(documents_become_trees)
{
	static const struct {
		const char *text, *tree;
	} rows[] = {
		{"a", "a"},
		{"a: b", "{a:b}"},
		{"a: 'b'\nc: \"d\\n\"", "{a:\"b\" c:\"d\n\"}"},
		{"- 1\n- [2, {x: y}]\n- - 3\n", "[1 [2 {x:y}] [3]]"},
		{"a: |\n  x\n  y\nb: >\n  x\n  y\n", "{a:\"x\ny\n\" b:\"x y\n\"}"},
		{"a:\nb: ~", "{a: b:~}"},
		{"[]", "[]"},
		{"{}", "{}"},
		{"---\na: b\n...\n", "{a:b}"},
		{"# only\na: b # here\n", "{a:b}"},
		{"x: &x [1, 2]\ny: *x", "{x:[1 2] y:[1 2]}"},
		{"&k key: v\nother: *k", "{key:v other:key}"},
		{"a: 0644\nb: NO\nc: 1.10\nd: 12:30", "{a:0644 b:NO c:1.10 d:12:30}"},
		{"\xef\xbb\xbf"
		 "a: b",
			"{a:b}"},
		{"\"\": empty", "{:empty}"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(str_done) struct str out = str_init(1000);

		show(&out, parse_ok(rows[i].text));
		assert_string_equal(str_text(&out), rows[i].tree);
	}
}

TEST(document_without_a_value_has_no_root)
{
	static const char *const texts[] = {"", "\n\n", "# a comment\n", "   "};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct doc_node *root = NULL;
		struct err e;

		assert_int_equal(doc_parse(arena, "f", texts[i], strlen(texts[i]),
					 &doc_limits_default, &root, &e),
			0);
		assert_null(root);
	}
}

TEST(each_value_remembers_its_place)
{
	const struct doc_node *root = parse_ok("a: b\nlist:\n  - x\n  - {k: v}\n");
	const struct doc_node *list = doc_get(root, "list");

	assert_int_equal(root->pairs[1].key->at.line, 2);
	assert_int_equal(list->items[0]->at.line, 3);
	assert_int_equal(list->items[0]->at.col, 5);
	assert_int_equal(doc_get(list->items[1], "k")->at.line, 4);
	assert_int_equal(doc_get(list->items[1], "k")->at.col, 9);
	assert_string_equal(list->at.file, "f");
}

TEST(mistakes_are_named_with_their_place)
{
	static const struct {
		const char *text;
		unsigned line, col;
		const char *part;
	} rows[] = {
		{"a: 1\nb: 2\na: 3\n", 3, 1, "key \"a\" was already given in line 1"},
		{"a: {x: 1, y: 2, x: 3}", 1, 17, "key \"x\" was already given"},
		{"a: *nope", 1, 4, "alias *nope has no anchor &nope before it"},
		{"a: &x [1, *x]", 1, 11, "alias *x stands inside what it names"},
		{"[1]: x", 1, 1, "a key must be plain text, not a list"},
		{"x: {{ name }}", 1, 5, "quote a value that starts with {{"},
		{"a: &x [1]\n*x : 1", 2, 1, "a key must be plain text, not a list"},
		{"a: 1\n---\nb: 2\n", 2, 1, "a second document"},
		{"a:\n\tb: 1", 2, 1, "indent with spaces"},
		{"a: b: c", 1, 5, "quote a value with \": \" in it"},
		{"a: @b", 1, 4, "quote a value that starts with @"},
		{"a: \"open\nb: 1\n", 1, 4, "while scanning a quoted scalar"},
		{"a: [1, 2\nb: 1\n", 1, 4, "while parsing a flow sequence"},
		{"a: \"x\\0y\"", 1, 4, "NUL"},
		{"a: b\nc: \xff", 2, 4, "not text"},
		{"a: \x01", 1, 4, "not text: control characters are not allowed"},
		{"caf\xc3\xa9: \xc3(", 1, 8, "not text"},
		{"%TAG ! x\n%TAG ! y\n---\na", 2, 1, "duplicate %TAG"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err e = {0};

		assert_null(parse(rows[i].text, &e));
		if (!strstr(e.msg, rows[i].part) || e.at.line != rows[i].line ||
			e.at.col != rows[i].col)
			fail_msg("%s\ngot %u:%u: %s\nwant %u:%u: %s", rows[i].text, e.at.line,
				e.at.col, e.msg, rows[i].line, rows[i].col, rows[i].part);
	}
}

/* `n` times `piece`, in which %zu is the number. */
static void repeat(struct str *out, const char *before, const char *piece, size_t n, bool numbered)
{
	str_add(out, before);
	for (size_t i = 0; i < n; i++) {
		str_add(out, piece);
		if (numbered)
			str_printf(out, "%zu\n", i);
	}
}

TEST(hostile_documents_are_refused_at_once)
{
	static const struct {
		const char *before, *piece;
		size_t n;
		bool numbered;
		int rc;
		const char *part;
	} rows[] = {
		{"", "[", 400000, false, -E2BIG, "more than 64 levels of nesting"},
		{"", "{a: ", 400000, false, -E2BIG, "more than 64 levels of nesting"},
		{"", "- ", 400000, false, -E2BIG, "more than 64 levels of nesting"},
		{"", "[\n", 400000, false, -E2BIG, "more than 64 levels of nesting"},
		{"", "{", 400000, false, -EINVAL, "a key must be plain text"},
		{"", "? ", 400000, false, -EINVAL, "a key must be plain text"},
		{"", "]", 400000, false, -EINVAL, ""},
		{"", "x", ((size_t)4 << 20) + 1, false, -E2BIG, "more than 4194304 bytes"},
		{"", "- x\n", 300000, false, -E2BIG, "more than 200000 values"},
		{"", "%TAG !a", 100000, true, -E2BIG, "more than 16 directives"},
		{"", "- &a", 100000, true, -E2BIG, "more than 1000 anchors"},
		{"- &a [x, x, x, x, x, x, x, x, x]\n", "- *a\n", 2000, false, -E2BIG,
			"more than 10000 nodes reached through aliases"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(str_done) struct str text = str_init(8 << 20);
		AUTO(arena_free_p) struct arena *a = arena_new(256 << 20);
		struct doc_node *root;
		struct err e = {0};

		repeat(&text, rows[i].before, rows[i].piece, rows[i].n, rows[i].numbered);
		int64_t began = clock_mono_ms();
		int rc = doc_parse(a, "f", text.s, text.len, &doc_limits_default, &root, &e);
		if (clock_mono_ms() - began >
			5000) /* they took minutes; a slow machine takes 1 s */
			fail_msg("%s: took %d ms", rows[i].piece, (int)(clock_mono_ms() - began));
		assert_int_equal(rc, rows[i].rc);
		assert_non_null(strstr(e.msg, rows[i].part));
	}
}

TEST(ten_thousand_machines_fit)
{
	AUTO(str_done) struct str text = str_init(4 << 20);
	struct doc_node *root;
	struct err e = {0};

	str_add(&text, "nodes:\n");
	for (int i = 0; i < 10000; i++)
		str_printf(&text,
			"  - {name: node%05d, role: worker, mac: [52:54:00:00:%02x:%02x, "
			"52:54:01:00:%02x:%02x], address: 10.10.%d.%d}\n",
			i, i >> 8, i & 255, i >> 8, i & 255, i >> 8, i & 255);
	assert_true(str_ok(&text));
	assert_int_equal(
		doc_parse(arena, "f", text.s, text.len, &doc_limits_default, &root, &e), 0);
	assert_int_equal(doc_get(root, "nodes")->n, 10000);
}

TEST(large_map_is_checked_for_double_keys_quickly)
{
	AUTO(str_done) struct str text = str_init(4 << 20);
	struct doc_node *root;
	struct err e = {0};

	for (int i = 0; i < 90000; i++)
		str_printf(&text, "k%d: v\n", i);
	str_add(&text, "k500: again\n");
	int64_t began = clock_mono_ms();
	assert_int_equal(
		doc_parse(arena, "f", text.s, text.len, &doc_limits_default, &root, &e), -EINVAL);
	assert_true(clock_mono_ms() - began < 5000);
	assert_int_equal(e.at.line, 90001);
	assert_non_null(strstr(e.msg, "already given in line 501"));
}

TEST(alias_bomb_does_not_go_off)
{
	struct err e = {0};

	assert_null(parse("a: &a [x,x,x,x,x,x,x,x,x]\n"
			  "b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
			  "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
			  "d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
			  "e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\n"
			  "f: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\n",
		&e));
	assert_non_null(strstr(e.msg, "nodes reached through aliases"));
}

/* Each line is 40 deep; through the alias the second would be 80. */
TEST(aliases_can_not_nest_deeper_than_text)
{
	AUTO(str_done) struct str text = str_init(1000);
	struct err e = {0};

	repeat(&text, "- &a ", "[", 40, false);
	repeat(&text, "x", "]", 40, false);
	repeat(&text, "\n- ", "[", 40, false);
	repeat(&text, "*a ", "]", 40, false);
	assert_null(parse(text.s, &e));
	assert_non_null(strstr(e.msg, "more than 64 levels of nesting"));
	assert_int_equal(e.at.line, 2);
}

TEST(small_arena_is_an_error_with_a_place)
{
	static const char text[] = "a: &x [1, 2, 3]\nb: !t {c: d, e: \"text\"}\nf: *x\n";

	/* Every size at which some allocation is the one that fails. */
	for (size_t size = 0; size < 4096; size += 16) {
		AUTO(arena_free_p) struct arena *a = arena_new(size);
		struct doc_node *root = NULL;
		struct err e = {0};
		int rc = doc_parse(a, "f", text, sizeof(text) - 1, &doc_limits_default, &root, &e);

		if (rc == 0) {
			assert_true(size > 256);
			return;
		}
		assert_int_equal(rc, -E2BIG);
		assert_string_equal(e.msg, "the document is too large");
		assert_true(e.at.line > 0);
	}
	fail();
}

TEST(style_and_tag_are_kept)
{
	const struct doc_node *n = parse_ok("[a, 'b', \"c\", !!str d, !x e, !y [1], !z {k: v}]");
	static const struct {
		enum doc_style style;
		const char *tag;
	} rows[] = {{DOC_PLAIN, NULL}, {DOC_QUOTED, NULL}, {DOC_QUOTED, NULL},
		{DOC_PLAIN, "tag:yaml.org,2002:str"}, {DOC_PLAIN, "!x"}, {0, "!y"}, {0, "!z"}};

	assert_int_equal(n->n, ARRAY_LEN(rows));
	for (size_t i = 0; i < n->n; i++) {
		assert_int_equal(n->items[i]->style, rows[i].style);
		if (rows[i].tag)
			assert_string_equal(n->items[i]->tag, rows[i].tag);
		else
			assert_null(n->items[i]->tag);
	}
}

TEST(null_is_plain)
{
	static const struct {
		const char *text;
		bool null;
	} rows[] = {{"[~]", true}, {"[null]", true}, {"['']", false}, {"['~']", false},
		{"['null']", false}, {"[nil]", false}, {"[[]]", false}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(doc_is_null(parse_ok(rows[i].text)->items[0]), rows[i].null);
	assert_true(doc_is_null(doc_get(parse_ok("a:"), "a")));
}

TEST(looking_up_in_what_is_no_map_finds_nothing)
{
	assert_null(doc_get(NULL, "a"));
	assert_null(doc_get(parse_ok("[a]"), "a"));
	assert_null(doc_get(parse_ok("a"), "a"));
	assert_null(doc_get(parse_ok("{b: a}"), "a"));
	assert_true(doc_is_text(doc_get(parse_ok("{b: a}"), "b"), "a"));
	assert_false(doc_is_text(NULL, "a"));
}

#define T(sentence) cmocka_unit_test_setup_teardown(sentence, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest cases[] = {T(documents_become_trees),
		T(document_without_a_value_has_no_root), T(each_value_remembers_its_place),
		T(mistakes_are_named_with_their_place), T(hostile_documents_are_refused_at_once),
		T(ten_thousand_machines_fit), T(large_map_is_checked_for_double_keys_quickly),
		T(alias_bomb_does_not_go_off), T(aliases_can_not_nest_deeper_than_text),
		T(small_arena_is_an_error_with_a_place), T(style_and_tag_are_kept),
		T(null_is_plain), T(looking_up_in_what_is_no_map_finds_nothing)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(cases, NULL, NULL);
}
