#include "tests/unit/test.h"

#include <stdlib.h>

#include "provisioner/etcd/seed.h"
#include "tests/unit/provisioner/generation/lab.h"

/* A file of the operator's own add-on. */
static void put(const char *name, const char *text)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "templates/addons/motd/%s", name);
	lab_put(&lab, path, text);
}

static void put_motd(void)
{
	put("addon.yaml", "title: A message\ndoc: For who logs in.\nsecrets: [etcd-member, "
			  "etcd-client]\nparameters:\n"
			  "  text: {type: text, default: hello, doc: What it says.}\n");
	put("files.yaml", "  - path: /etc/motd\n    content: {{ addons.motd.text | tojson }}\n");
	put("units.yaml", "    - name: motd.service\n      command: start\n      content: |\n"
			  "        [Service]\n        ExecStart=/bin/true\n");
	put("seed.yaml", "/motd/{{ cluster.name }}: {text: {{ addons.motd.text }}, n: 1}\n/a: 2\n");
	put("secrets.yaml",
		"- etcd-member\n{% if node.name == 'w1' %}\n- etcd-client\n{% endif %}\n");
}

#define CLUSTER(addons)                                                                \
	"cluster: lab\nnetwork: {internal: {interface: br0, address: 10.77.0.1/24}}\n" \
	"dhcp: {pool: 10.77.0.100-10.77.0.199}\nimage: lab/1\netcd: {seed: {/a: 1}}\n" \
	"roles:\n  master: {template: master.yaml, addons: [etcd]}\n"                  \
	"  worker: {template: worker.yaml, addons: " addons "}\n" LAB_NODES

static bool says(const struct generation *g, const char *node, const char *text)
{
	return strstr(lab_text(g, node, ARTEFACT_CLOUD_CONFIG), text) != NULL;
}

TEST(add_on_of_the_operators_needs_no_code)
{
	put_motd();
	struct generation *g = lab_build(CLUSTER("[{motd: {text: bye}}]"));

	assert_true(says(g, "w1", "path: /etc/motd\n    content: \"bye\""));
	assert_true(says(g, "w1", "name: motd.service"));
	assert_false(says(g, "m1", "motd"));
	assert_true(says(g, "m1", "etcd-member.service"));
	assert_false(says(g, "w1", "etcd"));
	generation_free(g);
}

TEST(seeds_of_add_ons_stand_behind_those_of_the_cluster)
{
	put_motd();
	struct generation *g = lab_build(CLUSTER("[motd]"));

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
	struct generation *g = lab_build(CLUSTER("[motd]"));

	assert_string_equal(lab_text(g, "w1", ARTEFACT_SECRETS), "etcd-client\netcd-member\n");
	assert_string_equal(lab_text(g, "m1", ARTEFACT_SECRETS), "");
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
			"addons/motd/units.yaml:2: coreos.units[3].comand: unknown key; did you "
			"mean "
			"\"command\"?"},
		{"seed.yaml", "# one\n/coreos.com/network/config: {Network: x}\n",
			"addons/motd/seed.yaml:2: "},
		{"seed.yaml", "- a\n", "addons/motd/seed.yaml:1: "},
		{"secrets.yaml", "- etcd-client\n- c\n",
			"addons/motd/secrets.yaml:2: this is not among the secrets that addon.yaml "
			"names"},
		{"secrets.yaml", "a: b\n",
			"addons/motd/secrets.yaml:1: expected a list of secrets' names"},
		{"addon.yaml", "title: A\n", "addons/motd/addon.yaml:1:1: doc is missing"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		put_motd();
		put(rows[i].file, rows[i].text);
		lab_errors = (struct err_list){0};
		assert_null(lab_try(CLUSTER("[motd]"), -1));
		if (strncmp(lab_error(), rows[i].message, strlen(rows[i].message)) != 0)
			fail_msg("expected: %s\ngot: %s", rows[i].message, lab_error());
	}
}

TEST(own_file_takes_the_place_of_a_shipped_add_ons)
{
	char path[256], other[256];

	put_motd();
	(void)snprintf(path, sizeof(path), "%s/templates/addons/motd", lab.folder);
	(void)snprintf(other, sizeof(other), "%s/templates/addons/etcd", lab.folder);
	put("files.yaml", "  - path: /etc/own\n    content: x\n");
	assert_int_equal(rename(path, other), 0);
	/* Every file of the folder is the operator's now, but for those that he has not. */
	struct generation *g = lab_try(CLUSTER("[]"), -1);
	if (g || strstr(lab_error(), "addons.motd") == NULL)
		fail_msg(
			"units and files of etcd should have been the operator's: %s", lab_error());
}

#define t_(sentence) cmocka_unit_test_setup_teardown(sentence, lab_setup, lab_teardown)

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
