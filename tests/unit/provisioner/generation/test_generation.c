#include "tests/unit/test.h"

#include <stdlib.h>
#include <sys/stat.h>

#include <jansson.h>

#include "provisioner/etcd/seed.h"
#include "provisioner/generation/slot.h"
#include "tests/unit/provisioner/generation/lab.h"

static char folder[] = "/tmp/slipway-generation.XXXXXX";
static struct err_list errors;

static int begin(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/slipway-generation.XXXXXX");
	errors = (struct err_list){0};
	return mkdtemp(folder) ? 0 : -1;
}

static void put(const char *name, const char *text)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	(void)close(fd);
}

static void make(const char *name)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_int_equal(mkdir(path, 0755), 0);
}

static int end(void **state)
{
	static const char *const made[] = {"templates/worker.yaml", "templates/boot/refused.ipxe",
		"templates/boot", "templates", "lab/1/vmlinuz", "lab/1/initrd.img",
		"lab/1/manifest.json", "lab/1", "lab"};
	char path[128];

	(void)state;
	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", folder, made[i]);
		(void)remove(path);
	}
	return remove(folder);
}

static struct generation *build(const char *yaml, int images, int64_t last, const char *hash)
{
	struct generation *g = NULL;

	return lab_build_from(yaml, dir_open(folder), images, last, hash, &g, &errors) < 0 ? NULL
											   : g;
}

static const char *first_error(void)
{
	static char buf[1024];

	assert_true(errors.n > 0);
	return err_text(&errors.list[0], buf, sizeof(buf));
}

TEST(every_node_gets_all_its_artefacts)
{
	struct generation *g = build(LAB_HEAD LAB_NODES, -1, 0, "");

	if (!g)
		fail_msg("%s", first_error());
	assert_int_equal(g->number, 1);
	assert_int_equal(strlen(g->hash), 64);
	assert_int_equal(g->n_seed_keys, 1);
	assert_string_equal(g->seed_keys[0].key, "/a");
	for (uint32_t i = 0; i < 2; i++) {
		json_t *ignition =
			json_loadb(g->nodes[i].config.data, g->nodes[i].config.len, 0, NULL);

		assert_non_null(ignition);
		json_decref(ignition);
		assert_true(slot_count(g->nodes[i].config.data, g->nodes[i].config.len,
				    SLOT_JOIN_TOKEN) == 1);
		assert_true(slot_count(g->nodes[i].script.data, g->nodes[i].script.len,
				    SLOT_BOOT_NONCE) == 1);
		assert_int_equal(g->nodes[i].script.len, strlen(g->nodes[i].script.data));
	}
	generation_free(g);
}

TEST(kernel_arguments_come_from_distribution_cluster_role_and_node)
{
	struct generation *g = build(LAB_HEAD LAB_NODES, -1, 0, "");

	assert_non_null(g);
	assert_non_null(
		strstr(generation_node(g, "m1")->plan.args, "console=ttyS0,115200n8 quiet role=m"));
	assert_non_null(
		strstr(generation_node(g, "w1")->plan.args, "console=ttyS0,115200n8 quiet node=w"));
	assert_non_null(strstr(generation_node(g, "w1")->script.data,
		"http://10.77.0.1/images/lab/1/vmlinuz initrd=initrd.img flatcar.first_boot=1"));
	assert_null(generation_node(g, "w2"));
	generation_free(g);
}

TEST(same_content_keeps_its_number_and_other_content_gets_the_next)
{
	struct generation *first = build(LAB_HEAD LAB_NODES, -1, 6, "");
	assert_non_null(first);
	assert_int_equal(first->number, 7);
	struct generation *same = build(LAB_HEAD LAB_NODES, -1, 7, first->hash);
	assert_non_null(same);
	assert_int_equal(same->number, 7);
	struct generation *other = build("domain: x\n" LAB_HEAD LAB_NODES, -1, 7, first->hash);
	assert_non_null(other);
	assert_int_equal(other->number, 8);
	assert_non_null(strstr(generation_node(other, "m1")->script.data, "generation 8"));
	generation_free(first);
	generation_free(same);
	generation_free(other);
}

TEST(own_template_takes_the_place_of_the_shipped_one)
{
	make("templates");
	put("templates/worker.yaml", "#cloud-config\nhostname: own-{{ node.name }}\nwrite_files:\n"
				     "  - {path: /t, content: \"{{ boot.join_token }}\"}\n");
	struct generation *g = build(LAB_HEAD LAB_NODES, -1, 0, "");

	if (!g)
		fail_msg("%s", first_error());
	assert_non_null(strstr(generation_node(g, "w1")->cloud_config.data, "hostname: own-w1"));
	generation_free(g);
}

TEST(mistake_in_a_template_is_named_at_its_line)
{
	make("templates");
	put("templates/worker.yaml", "#cloud-config\nhostname: {{ node.nam }}\n");
	assert_null(build(LAB_HEAD LAB_NODES, -1, 0, ""));
	assert_string_equal(first_error(),
		"worker.yaml:2:14: 'node.nam' is undefined (did you mean 'node.name'?)");
}

TEST(mistake_in_what_a_template_writes_is_named_at_the_templates_line)
{
	make("templates");
	put("templates/worker.yaml", "#cloud-config\n{% if true %}\n{% endif %}\nhostnam: x\n");
	assert_null(build(LAB_HEAD LAB_NODES, -1, 0, ""));
	assert_non_null(strstr(first_error(), "worker.yaml:4: hostnam"));
}

TEST(template_that_loses_the_join_token_is_refused)
{
	make("templates");
	put("templates/worker.yaml", "#cloud-config\nhostname: {{ node.name }}\n");
	assert_null(build(LAB_HEAD LAB_NODES, -1, 0, ""));
	assert_non_null(
		strstr(first_error(), "w1: the join token is not in what worker.yaml gives"));
}

TEST(template_of_a_role_that_does_not_exist_is_named)
{
	assert_null(
		build("cluster: lab\nnetwork: {internal: {interface: b, address: 10.77.0.1/24}}\n"
		      "dhcp: {pool: 10.77.0.100-10.77.0.199}\nimage: lab/1\n"
		      "roles: {m: {template: nosuch.yaml, addons: [etcd]}}\n"
		      "nodes: [{name: m1, role: m, mac: 52:54:00:00:00:01, address: 10.77.0.11}]\n",
			-1, 0, ""));
	assert_non_null(strstr(first_error(), "cluster.yaml:5:"));
	assert_non_null(strstr(first_error(), "there is no template \"nosuch.yaml\""));
}

TEST(image_must_be_in_the_store)
{
	make("lab");
	make("lab/1");
	put("lab/1/vmlinuz", "k");
	int images = dir_open(folder);

	assert_null(build(LAB_HEAD LAB_NODES, images, 0, ""));
	assert_string_equal(first_error(),
		"cluster.yaml:4:8: image: lab/1 has no file initrd.img in the "
		"image store (No such file or directory)");
	errors = (struct err_list){0};
	put("lab/1/initrd.img", "i");
	assert_null(build(LAB_HEAD LAB_NODES, images, 0, ""));
	assert_non_null(
		strstr(first_error(), "cluster.yaml:4:8: image: lab/1 has no manifest.json"));
	errors = (struct err_list){0};
	put("lab/1/manifest.json",
		"{\"format\": 1, \"name\": \"lab\", \"version\": \"1\", \"files\": [{\"name\": "
		"\"vmlinuz\", \"size\": 1, \"sha256\": \"" LAB_SHA256 "\"}]}");
	struct generation *g = build(LAB_HEAD LAB_NODES, images, 0, "");
	assert_non_null(g);
	generation_free(g);
	(void)close(images);
}

TEST(unknown_distribution_is_named)
{
	assert_null(
		build("cluster: lab\nnetwork: {internal: {interface: b, address: 10.77.0.1/24}}\n"
		      "dhcp: {pool: 10.77.0.100-10.77.0.199}\nimage: flatcat/1\n"
		      "roles: {m: {template: master.yaml, addons: [etcd]}}\n",
			-1, 0, ""));
	assert_non_null(strstr(
		first_error(), "cluster.yaml:4:8: image: there is no distribution \"flatcat\""));
}

TEST(reason_of_a_refusal_stands_in_its_script)
{
	struct generation *g = build(LAB_HEAD LAB_NODES, -1, 0, "");
	size_t len;

	assert_non_null(g);
	char *script = generation_refusal(&g->refusal, "because of this", &len);
	assert_non_null(strstr(script, "because of this\n"));
	assert_null(strstr(script, SLOT_REASON));
	assert_int_equal(strlen(script), len);
	assert_int_equal(strncmp(script, "#!ipxe\n", 7), 0);
	free(script);
	generation_free(g);
}

TEST(mistake_in_the_script_of_refusals_is_found_before_anybody_is_refused)
{
	make("templates");
	make("templates/boot");
	put("templates/boot/refused.ipxe", "#!ipxe\necho {{ raeson }}\n");
	assert_null(build(LAB_HEAD LAB_NODES, -1, 0, ""));
	assert_non_null(strstr(first_error(), "refused.ipxe:2:"));
	put("templates/boot/refused.ipxe", "#!ipxe\necho no\n");
	errors = (struct err_list){0};
	assert_null(build(LAB_HEAD LAB_NODES, -1, 0, ""));
	assert_non_null(strstr(first_error(), "boot/refused.ipxe must write {{ reason }} plainly"));
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, begin, end)
RUN(CASE(every_node_gets_all_its_artefacts),
	CASE(kernel_arguments_come_from_distribution_cluster_role_and_node),
	CASE(same_content_keeps_its_number_and_other_content_gets_the_next),
	CASE(own_template_takes_the_place_of_the_shipped_one),
	CASE(mistake_in_a_template_is_named_at_its_line),
	CASE(mistake_in_what_a_template_writes_is_named_at_the_templates_line),
	CASE(template_that_loses_the_join_token_is_refused),
	CASE(template_of_a_role_that_does_not_exist_is_named), CASE(image_must_be_in_the_store),
	CASE(unknown_distribution_is_named), CASE(reason_of_a_refusal_stands_in_its_script),
	CASE(mistake_in_the_script_of_refusals_is_found_before_anybody_is_refused))
