#include "tests/unit/test.h"

#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "provisioner/etcd/seed.h"
#include "tests/unit/provisioner/generation/lab.h"

static char folder[] = "/tmp/slipway-addons.XXXXXX";
static struct err_list errors;

static int begin(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/slipway-addons.XXXXXX");
	errors = (struct err_list){0};
	return mkdtemp(folder) ? 0 : -1;
}

static int forget(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int end(void **state)
{
	(void)state;
	return nftw(folder, forget, 8, FTW_DEPTH | FTW_PHYS);
}

/* A file of the operator's own add-on. */
static void put(const char *name, const char *text)
{
	static const char *const folders[] = {
		"", "/templates", "/templates/addons", "/templates/addons/motd"};
	char path[256];

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s%s", folder, folders[i]);
		(void)mkdir(path, 0755);
	}
	(void)snprintf(path, sizeof(path), "%s/templates/addons/motd/%s", folder, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	(void)close(fd);
}

static void put_motd(void)
{
	put("addon.yaml", "title: A message\ndoc: For who logs in.\nsecrets: [b, a]\nparameters:\n"
			  "  text: {type: text, default: hello, doc: What it says.}\n");
	put("files.yaml", "  - path: /etc/motd\n    content: {{ addons.motd.text | tojson }}\n");
	put("units.yaml", "    - name: motd.service\n      command: start\n      content: |\n"
			  "        [Service]\n        ExecStart=/bin/true\n");
	put("seed.yaml", "/motd/{{ cluster.name }}: {text: {{ addons.motd.text }}, n: 1}\n/a: 2\n");
	put("secrets.yaml", "- b\n{% if node.name == 'w1' %}\n- a\n{% endif %}\n");
}

#define CLUSTER(addons)                                                                \
	"cluster: lab\nnetwork: {internal: {interface: br0, address: 10.77.0.1/24}}\n" \
	"dhcp: {pool: 10.77.0.100-10.77.0.199}\nimage: lab/1\netcd: {seed: {/a: 1}}\n" \
	"roles:\n  master: {template: master.yaml, addons: [etcd]}\n"                  \
	"  worker: {template: worker.yaml, addons: " addons "}\n" LAB_NODES

static struct generation *build(const char *yaml)
{
	struct generation *g = NULL;
	int rc = lab_build_from(yaml, dir_open(folder), -1, 0, "", &g, &errors);

	return rc < 0 ? NULL : g;
}

static const char *first_error(void)
{
	static char buf[1024];

	assert_true(errors.n > 0);
	return err_text(&errors.list[0], buf, sizeof(buf));
}

static bool says(const struct artefact *a, const char *text)
{
	return strstr(a->data, text) != NULL;
}

TEST(add_on_of_the_operators_needs_no_code)
{
	put_motd();
	struct generation *g = build(CLUSTER("[{motd: {text: bye}}]"));

	if (!g)
		fail_msg("%s", first_error());
	const struct node_artefacts *w1 = generation_node(g, "w1"), *m1 = generation_node(g, "m1");
	assert_true(says(&w1->cloud_config, "path: /etc/motd\n    content: \"bye\""));
	assert_true(says(&w1->cloud_config, "name: motd.service"));
	assert_false(says(&m1->cloud_config, "motd"));
	assert_true(says(&m1->cloud_config, "etcd-member.service"));
	assert_false(says(&w1->cloud_config, "etcd"));
	generation_free(g);
}

TEST(seeds_of_add_ons_stand_behind_those_of_the_cluster)
{
	put_motd();
	struct generation *g = build(CLUSTER("[motd]"));

	if (!g)
		fail_msg("%s", first_error());
	assert_int_equal(g->n_seed_keys, 2);
	assert_string_equal(g->seed_keys[0].key, "/a");
	assert_string_equal(g->seed_keys[0].value, "1");
	assert_string_equal(g->seed_keys[1].key, "/motd/lab");
	assert_string_equal(g->seed_keys[1].value, "{\"text\":\"hello\",\"n\":1}");
	generation_free(g);
}

TEST(secrets_are_sorted_and_each_nodes_own)
{
	put_motd();
	struct generation *g = build(CLUSTER("[motd]"));

	if (!g)
		fail_msg("%s", first_error());
	assert_string_equal(generation_node(g, "w1")->secrets.data, "a\nb\n");
	assert_string_equal(generation_node(g, "m1")->secrets.data, "");
	generation_free(g);
}

TEST(mistakes_in_an_add_on_are_told_at_their_line)
{
	static const struct {
		const char *file, *text, *message;
	} rows[] = {
		{"files.yaml", "  - path: {{ addons.motd.txt }}\n",
			"addons/motd/files.yaml:1:14: 'addons.motd.txt' is undefined (did you mean "
			"'addons.motd.text'?)"},
		{"units.yaml", "    - name: x.service\n      comand: start\n",
			"addons/motd/units.yaml:2: coreos.units[2].comand: unknown key; did you "
			"mean "
			"\"command\"?"},
		{"seed.yaml", "# one\n/coreos.com/network/config: {Network: x}\n",
			"addons/motd/seed.yaml:2: "},
		{"seed.yaml", "- a\n", "addons/motd/seed.yaml:1: "},
		{"secrets.yaml", "- a\n- c\n",
			"addons/motd/secrets.yaml:2: this is not among the secrets that addon.yaml "
			"names"},
		{"secrets.yaml", "a: b\n",
			"addons/motd/secrets.yaml:1: expected a list of secrets' names"},
		{"addon.yaml", "title: A\n", "addons/motd/addon.yaml:1:1: doc is missing"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		put_motd();
		put(rows[i].file, rows[i].text);
		errors = (struct err_list){0};
		assert_null(build(CLUSTER("[motd]")));
		if (strncmp(first_error(), rows[i].message, strlen(rows[i].message)) != 0)
			fail_msg("expected: %s\ngot: %s", rows[i].message, first_error());
	}
}

TEST(own_file_takes_the_place_of_a_shipped_add_ons)
{
	char path[256], other[256];

	put_motd();
	(void)snprintf(path, sizeof(path), "%s/templates/addons/motd", folder);
	(void)snprintf(other, sizeof(other), "%s/templates/addons/etcd", folder);
	put("files.yaml", "  - path: /etc/own\n    content: x\n");
	assert_int_equal(rename(path, other), 0);
	/* Every file of the folder is the operator's now, but for those that he has not. */
	struct generation *g = build(CLUSTER("[]"));
	if (g || strstr(first_error(), "addons.motd") == NULL)
		fail_msg("units and files of etcd should have been the operator's: %s",
			first_error());
}

#define t_(sentence) cmocka_unit_test_setup_teardown(sentence, begin, end)

int main(void)
{
	const struct CMUnitTest cases[] = {t_(add_on_of_the_operators_needs_no_code),
		t_(seeds_of_add_ons_stand_behind_those_of_the_cluster),
		t_(secrets_are_sorted_and_each_nodes_own),
		t_(mistakes_in_an_add_on_are_told_at_their_line),
		t_(own_file_takes_the_place_of_a_shipped_add_ons)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(cases, NULL, NULL);
}
