#include "tests/unit/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "provisioner/base/files.h"
#include "provisioner/cluster/files.h"

#define MAIN                                                                      \
	"cluster: acm\n"                                                          \
	"network: {internal: {interface: eth0, address: 10.10.0.1/24}}\n"         \
	"dhcp: {pool: 10.10.0.100-10.10.0.199}\n"                                 \
	"image: lab/1\n"                                                          \
	"roles: {m: {template: m.yaml, addons: [etcd]}, w: {template: w.yaml}}\n" \
	"nodes: [{name: m1, role: m, mac: 52:54:00:00:00:01, address: 10.10.0.10}]\n"
#define NODE(n) "{name: w" n ", role: w, mac: 52:54:00:00:01:0" n ", address: 10.10.0.2" n "}"

static char folder[64];
static int dir = -1, nodes_dir = -1;
static struct arena *arena;
static struct err_list errors;

static void begin(void)
{
	(void)snprintf(folder, sizeof(folder), "/tmp/slipway-files.XXXXXX");
	assert_non_null(mkdtemp(folder));
	dir = dir_open(folder);
	assert_int_equal(mkdirat(dir, "nodes.d", 0755), 0);
	nodes_dir = openat(dir, "nodes.d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(nodes_dir >= 0);
	assert_int_equal(file_write(dir, "cluster.yaml", MAIN, strlen(MAIN), 0644), 0);
}

static void put(const char *name, const char *text)
{
	assert_int_equal(file_write(nodes_dir, name, text, strlen(text), 0644), 0);
}

static void end(void)
{
	char command[128];

	(void)close(dir);
	(void)close(nodes_dir);
	(void)snprintf(command, sizeof(command), "rm -r '%s'", folder);
	assert_int_equal(system(command), 0); // NOLINT(cert-env33-c): a folder of our own
}

static struct cluster *load(void)
{
	struct cluster *c = NULL;

	arena_free(arena);
	arena = arena_new((size_t)16 << 20);
	errors = (struct err_list){0};
	return cluster_files_load(arena, dir, "/etc/x/cluster.yaml", &c, &errors) < 0 ? NULL : c;
}

static const char *first_error(void)
{
	static char text[1024];

	assert_true(errors.n > 0);
	return err_text(&errors.list[0], text, sizeof(text));
}

TEST(nodes_of_all_files_follow_in_the_order_of_their_names)
{
	begin();
	put("20-b.yaml", "nodes:\n- " NODE("2") "\n");
	put("10-a.yaml", "- " NODE("3") "\n- " NODE("1") "\n");
	put("30-empty.yaml", "");
	put("31-none.yaml", "nodes:\n");
	put("notes.txt", "not YAML: [");
	put(".hidden.yaml", "not YAML: [");
	put("40-c.yml", "- " NODE("4") "\n");
	struct cluster *c = load();
	if (!c)
		fail_msg("%s", first_error());
	assert_int_equal(c->n_nodes, 4);
	assert_string_equal(c->nodes[0].name, "m1");
	assert_string_equal(c->nodes[1].name, "w3");
	assert_string_equal(c->nodes[2].name, "w1");
	assert_string_equal(c->nodes[3].name, "w2");
	assert_string_equal(c->nodes[3].at.file, "/etc/x/nodes.d/20-b.yaml");
	assert_int_equal(c->nodes[3].at.line, 2);
	assert_ptr_equal(cluster_node_find(c, "w2"), &c->nodes[3]);
	assert_int_equal(errors.n_warnings, 1);
	assert_string_equal(errors.warnings[0].file, "/etc/x/nodes.d/40-c.yml");
	end();
}

TEST(clash_between_files_names_both)
{
	begin();
	put("a.yaml", "- " NODE("1") "\n");
	put("b.yaml", "\n- " NODE("2") "\n- " NODE("1") "\n");
	assert_null(load());
	assert_string_equal(first_error(),
		"/etc/x/nodes.d/b.yaml:3:10: nodes: the name \"w1\" is already taken (also at "
		"/etc/x/nodes.d/a.yaml:1:10)");
	end();
}

TEST(mistakes_of_a_file_have_its_name)
{
	static const struct {
		const char *text, *error;
	} rows[] = {
		{"- {name: w1, rol: w}\n",
			"/etc/x/nodes.d/a.yaml:1:3: nodes[0].address is missing: Its address on "
			"the internal network, outside of dhcp.pool."},
		{"nodes: 5\n", "/etc/x/nodes.d/a.yaml:1:8: nodes: \"5\" is not a list of maps"},
		{"5\n", "/etc/x/nodes.d/a.yaml:1:1: nodes: \"5\" is not a list of maps"},
		{"nodes: []\nroles: {}\n",
			"/etc/x/nodes.d/a.yaml:2:1: roles: a file of nodes.d holds nodes and "
			"nothing else: a list of them, or nodes: with such a list"},
		{"roles: {}\n",
			"/etc/x/nodes.d/a.yaml:1:1: roles: a file of nodes.d holds nodes and "
			"nothing else: a list of them, or nodes: with such a list"},
		{"a: [\n", "/etc/x/nodes.d/a.yaml:2:1: while parsing a flow node: did not find "
			   "expected node content"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		begin();
		put("a.yaml", rows[i].text);
		assert_null(load());
		assert_string_equal(first_error(), rows[i].error);
		end();
	}
}

TEST(what_is_no_file_is_an_error_and_nothing_hangs)
{
	begin();
	assert_int_equal(mkfifoat(nodes_dir, "a.yaml", 0644), 0);
	assert_null(load());
	assert_string_equal(first_error(), "/etc/x/nodes.d/a.yaml: not a regular file");
	end();
	begin();
	assert_int_equal(mkdirat(nodes_dir, "a.yaml", 0755), 0);
	assert_null(load());
	assert_string_equal(first_error(), "/etc/x/nodes.d/a.yaml: Is a directory");
	end();
	begin();
	assert_int_equal(symlinkat("/nowhere", nodes_dir, "a.yaml"), 0);
	assert_null(load());
	assert_string_equal(first_error(), "/etc/x/nodes.d/a.yaml: No such file or directory");
	end();
}

TEST(symlinks_are_followed_and_names_may_be_odd)
{
	begin();
	put("real.txt", "- " NODE("1") "\n");
	assert_int_equal(symlinkat("real.txt", nodes_dir, "b\033[31m c.yaml"), 0);
	struct cluster *c = load();
	assert_non_null(c);
	assert_int_equal(c->n_nodes, 2);
	put("z.yaml", "- " NODE("1") "\n");
	assert_null(load());
	assert_non_null(strstr(first_error(), "z.yaml:1:10"));
	assert_null(strchr(first_error(), '\033'));
	end();
}

TEST(too_much_is_refused)
{
	begin();
	for (unsigned i = 0; i <= CLUSTER_FILES_MAX; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "%u.yaml", i);
		AUTO(close_p)
		int fd = openat(nodes_dir, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
		assert_true(fd >= 0);
	}
	assert_null(load());
	assert_string_equal(first_error(), "/etc/x/nodes.d: more than 1024 files");
	end();
	begin();
	AUTO(close_p) int fd = openat(nodes_dir, "a.yaml", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	assert_int_equal(ftruncate(fd, (off_t)CLUSTER_BYTES_MAX), 0);
	assert_null(load());
	assert_string_equal(first_error(), "/etc/x/nodes.d/a.yaml: too large");
	end();
}

TEST(folder_may_be_absent_and_the_file_not)
{
	begin();
	assert_int_equal(unlinkat(dir, "nodes.d", AT_REMOVEDIR), 0);
	assert_non_null(load());
	assert_int_equal(unlinkat(dir, "cluster.yaml", 0), 0);
	assert_null(load());
	assert_string_equal(first_error(), "/etc/x/cluster.yaml: No such file or directory");
	end();
}

/* As a server reads them, whose state is the same folder here. */
static struct cluster *load_with_enrolled(void)
{
	struct cluster_files f = {0};
	struct cluster *c = NULL;

	arena_free(arena);
	arena = arena_new((size_t)16 << 20);
	errors = (struct err_list){0};
	if (cluster_files_read(dir, "cluster.yaml", &f, &errors) < 0)
		return NULL;
	int rc = cluster_files_add_enrolled(&f, folder, "", &errors);
	if (rc == 0)
		rc = cluster_load_texts(arena, f.texts, f.n, &c, &errors);
	cluster_files_done(&f);
	return rc < 0 ? NULL : c;
}

static void put_enrolled(const char *name, const char *text)
{
	AUTO(close_p) int enrolled = openat(dir, "enrolled", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_int_equal(file_write(enrolled, name, text, strlen(text), 0644), 0);
}

TEST(enrolled_nodes_follow_those_of_the_operator)
{
	begin();
	put("a.yaml", "- " NODE("1") "\n");
	struct cluster *c = load_with_enrolled();
	assert_non_null(c);
	assert_int_equal(c->n_nodes, 2); /* no folder, no nodes */

	assert_int_equal(mkdirat(dir, "enrolled", 0755), 0);
	put_enrolled("w2.yaml", "- " NODE("2") "\n");
	put_enrolled(".w3.yaml.pending", "- " NODE("3") "\n");
	c = load_with_enrolled();
	assert_non_null(c);
	assert_int_equal(c->n_nodes, 3);
	assert_string_equal(c->nodes[2].name, "w2");
	assert_true(cluster_node_is_enrolled(&c->nodes[2]));
	assert_false(cluster_node_is_enrolled(&c->nodes[1]));

	put_enrolled("w1.yaml", "- " NODE("1") "\n");
	assert_null(load_with_enrolled());
	assert_string_equal(first_error(),
		"enrolled/w1.yaml:1:10: nodes: the name \"w1\" is already taken (also at "
		"nodes.d/a.yaml:1:10)");
	end();
}

/* The folder belongs to a worker: it can lead nobody else to files that it may not read itself. */
TEST(a_symlink_among_enrolled_nodes_is_not_followed)
{
	begin();
	assert_int_equal(mkdirat(dir, "enrolled", 0755), 0);
	assert_int_equal(symlinkat("/etc/passwd", dir, "enrolled/w1.yaml"), 0);
	assert_null(load_with_enrolled());
	assert_string_equal(first_error(), "enrolled/w1.yaml: not a regular file");
	end();
}

RUN(t(nodes_of_all_files_follow_in_the_order_of_their_names), t(clash_between_files_names_both),
	t(mistakes_of_a_file_have_its_name), t(what_is_no_file_is_an_error_and_nothing_hangs),
	t(symlinks_are_followed_and_names_may_be_odd), t(too_much_is_refused),
	t(folder_may_be_absent_and_the_file_not), t(enrolled_nodes_follow_those_of_the_operator),
	t(a_symlink_among_enrolled_nodes_is_not_followed))
