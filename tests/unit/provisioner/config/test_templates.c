/* The shipped templates by our own engine: the same bytes as by Python's Jinja2, which
 * tests/check/config.sh compares with the same files. */
#include "tests/unit/provisioner/config/golden.h"

#include <errno.h>

#include "provisioner/base/doc.h"
#include "templates/engine/engine.h"

static int load(
	void *arg, const char *name, struct arena *a, struct template_source *ret, struct err *e)
{
	char path[256], *text = NULL;
	size_t len;
	(void)arg;

	if (snprintf(path, sizeof(path), "templates/%s", name) >= (int)sizeof(path))
		return err_msg(e, -ENAMETOOLONG, "%s", name);
	int rc = file_read(AT_FDCWD, path, (size_t)1 << 20, &text, &len);
	if (rc < 0)
		return rc;
	*ret = (struct template_source){
		.name = arena_strdup(a, name), .text = arena_strndup(a, text, len), .len = len};
	free(text);
	return 0;
}

static void merge(struct arena *a, struct value into, const struct doc_node *more)
{
	for (size_t i = 0; i < more->n; i++) {
		const char *key = more->pairs[i].key->text;
		struct value old = value_get(into, key);

		if (more->pairs[i].value->kind == DOC_MAP && old.kind == VALUE_MAP)
			merge(a, old, more->pairs[i].value);
		else
			value_map_set(into, key, value_from_doc(a, more->pairs[i].value));
	}
}

/* The context of the tests; files after the first change single keys. */
static struct value context(struct golden *g, const char *const *files)
{
	struct value all = value_map(g->arena);

	for (; *files; files++) {
		struct doc_node *root;
		struct err e;
		char *text = golden_load(g, *files);

		assert_non_null(text);
		assert_int_equal(doc_parse(g->arena, *files, text, strlen(text),
					 &doc_limits_default, &root, &e),
			0);
		merge(g->arena, all, root);
	}
	return all;
}

static void render(struct golden *g, const char *name, struct value globals)
{
	struct template_options o = {.load = load, .arena = g->arena};
	struct template_source source = {0};
	struct err e = {0};

	assert_int_equal(load(NULL, name, g->arena, &source, &e), 0);
	int rc = template_render(&source, &globals, &o, &g->out, &e);
	if (rc < 0)
		err_print(&e, stderr);
	assert_int_equal(rc, 0);
}

static void expect_file(const char *name, const char *golden, const char *more)
{
	const char *const files[] = {"context.json", more, NULL};
	struct golden g = golden_init();

	render(&g, name, context(&g, files));
	golden_expect(&g, golden, str_text(&g.out));
	golden_done(&g);
}

TEST(the_master)
{
	expect_file("master.yaml", "master.yaml", NULL);
}

TEST(a_worker_with_lacp)
{
	expect_file("worker.yaml", "worker.yaml", "worker.json");
}

TEST(a_worker_with_one_nic)
{
	expect_file("worker.yaml", "single.yaml", "single.json");
}

TEST(the_boot_scripts)
{
	static const char *const scripts[] = {"boot", "node", "wait", "local", "refused"};

	for (size_t i = 0; i < ARRAY_LEN(scripts); i++) {
		char name[64], golden[64];

		(void)snprintf(name, sizeof(name), "boot/%s.ipxe", scripts[i]);
		(void)snprintf(golden, sizeof(golden), "%s.ipxe", scripts[i]);
		expect_file(name, golden, NULL);
	}
}

TEST(every_bonding_mode_gives_a_config_that_reads)
{
	static const char *const modes[] = {
		"active-backup", "802.3ad", "balance-xor", "balance-rr", "balance-tlb"};
	const char *const files[] = {"context.json", NULL};

	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		struct golden g = golden_init();
		struct value all = context(&g, files);

		value_map_set(value_get(value_get(all, "node"), "bond"), "mode",
			value_text(g.arena, modes[i]));
		render(&g, "master.yaml", all);
		golden_read(&g, str_text(&g.out));
		assert_non_null(strstr(g.c->units.items[0].content.text, modes[i]));
		golden_done(&g);
	}
}

TEST(in_a_big_hall_the_hosts_file_stays_short)
{
	const char *const files[] = {"context.json", "worker.json", NULL};
	struct golden g = golden_init();
	struct value all = context(&g, files);

	value_map_set(all, "hosts", value_get(all, "masters")); /* of more than 300 nodes: context.c */
	render(&g, "worker.yaml", all);
	golden_read(&g, str_text(&g.out));
	assert_string_equal(g.c->files.items[0].data.text,
		"127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n"
		"10.77.0.11 m1.acm.internal m1\n10.77.0.21 w1.acm.internal w1\n");
	golden_done(&g);
}

RUN(t(the_master), t(a_worker_with_lacp), t(a_worker_with_one_nic), t(the_boot_scripts),
	t(every_bonding_mode_gives_a_config_that_reads),
	t(in_a_big_hall_the_hosts_file_stays_short))
