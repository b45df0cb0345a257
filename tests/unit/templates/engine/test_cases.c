/* Runs the template cases of tests/data/templates/: each is a test of its own.
 *
 * A case is a map: `it` says what happens, `template` is rendered `with` these values, and `files`
 * are what it can include. It `gives` a text, or `fails` with a message that contains one.
 *
 * With "--run FILE" the program renders the cases of FILE and prints what came out as JSON, for
 * tests/check/template_oracle.py, which compares it with Python's Jinja2. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>

#include "provisioner/base/doc.h"
#include "provisioner/base/files.h"
#include "provisioner/base/json.h"
#include "templates/engine/engine.h"
#include "tests/unit/test.h"

#define FILE_MAX ((size_t)16 << 20)
#define ARENA_MAX ((size_t)1 << 30)
#define ERR_TEXT_MAX 700

static const struct doc_limits limits = {
	.bytes = FILE_MAX, .depth = 64, .nodes = 4000000, .expanded = 10000};

static int load_from_case(
	void *arg, const char *name, struct arena *a, struct template_source *ret, struct err *e)
{
	const struct doc_node *file = doc_get(arg, name);

	(void)a;
	(void)e;
	if (!file)
		return -ENOENT;
	*ret = (struct template_source){.name = name, .text = file->text, .len = file->len};
	return 0;
}

static int render(struct arena *a, const struct doc_node *c, struct str *out, struct err *e)
{
	const struct doc_node *text = doc_get(c, "template"), *with = doc_get(c, "with");
	struct doc_node *files = doc_get(c, "files");
	struct value globals = with ? value_from_doc(a, with) : value_map(a);
	struct template_options o = {.load = load_from_case, .load_arg = files, .arena = a};

	assert_non_null(text);
	struct template_source t = {.name = "t", .text = text->text, .len = text->len};
	return template_render(&t, &globals, &o, out, e);
}

static struct doc_node *cases_read(struct arena *a, const char *path)
{
	struct doc_node *root = NULL;
	struct err e = {.msg = ""};
	size_t len = 0;
	char *text = NULL;

	if (file_read(AT_FDCWD, path, FILE_MAX, &text, &len) < 0 ||
		doc_parse(a, path, text, len, &limits, &root, &e) < 0 || !root) {
		err_print(&e, stderr);
		(void)fprintf(stderr, "%s: can't be read\n", path);
		exit(2);
	}
	free(text);
	return root;
}

static void run_case(void **state)
{
	const struct doc_node *c = *state, *gives = doc_get(c, "gives"),
			      *fails = doc_get(c, "fails");
	AUTO(arena_free_p) struct arena *a = arena_new(ARENA_MAX);
	AUTO(str_done) struct str out = str_init(FILE_MAX);
	struct err e = {.msg = ""};
	char text[ERR_TEXT_MAX];
	int rc = render(a, c, &out, &e);

	if (gives) {
		assert_string_equal(
			rc < 0 ? err_text(&e, text, sizeof(text)) : str_text(&out), gives->text);
		return;
	}
	assert_non_null(fails);
	assert_true(rc < 0);
	if (!strstr(err_text(&e, text, sizeof(text)), fails->text))
		assert_string_equal(text, fails->text);
}

/* One JSON object a line. */
static int print_results(const char *path)
{
	AUTO(arena_free_p) struct arena *a = arena_new(ARENA_MAX);
	const struct doc_node *cases = cases_read(a, path);

	for (size_t i = 0; i < cases->n; i++) {
		AUTO(arena_free_p) struct arena *scratch = arena_new(ARENA_MAX);
		AUTO(str_done) struct str out = str_init(FILE_MAX), line = str_init(FILE_MAX);
		struct json j = json_init(&line);
		struct err e = {.msg = ""};
		char text[ERR_TEXT_MAX];
		int rc = render(scratch, cases->items[i], &out, &e);

		json_map(&j);
		json_key(&j, rc < 0 ? "error" : "out");
		if (rc < 0)
			json_text(&j, err_text(&e, text, sizeof(text)));
		else
			json_textn(&j, str_text(&out), out.len);
		json_map_end(&j);
		(void)puts(str_text(&line));
	}
	return 0;
}

int main(int argc, char **argv)
{
	AUTO(arena_free_p) struct arena *a = arena_new(ARENA_MAX);
	struct CMUnitTest *tests = NULL;
	size_t n = 0;
	glob_t files;

	if (argc == 3 && strcmp(argv[1], "--run") == 0)
		return print_results(argv[2]);
	if (glob("tests/data/templates/*.yaml", 0, NULL, &files) != 0)
		return 2;
	for (size_t f = 0; f < files.gl_pathc; f++) {
		struct doc_node *cases = cases_read(a, files.gl_pathv[f]);

		tests = xreallocarray(tests, n + cases->n, sizeof(*tests));
		for (size_t i = 0; i < cases->n; i++) {
			const struct doc_node *it = doc_get(cases->items[i], "it");

			tests[n++] = (struct CMUnitTest){.name = it ? it->text : "(no name)",
				.test_func = run_case,
				.initial_state = cases->items[i]};
		}
	}
	globfree(&files);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	int failed = _cmocka_run_group_tests("cases", tests, n, NULL, NULL);
	free(tests);
	return failed;
}
