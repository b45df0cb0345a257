#include "tests/unit/test.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <jansson.h>

#include "provisioner/etcd/seed.h"
#include "provisioner/generation/slot.h"
#include "tests/unit/provisioner/generation/lab.h"

static void put(const char *name, const char *text)
{
	lab_put(&lab, name, text);
}

TEST(every_node_gets_all_its_artefacts)
{
	struct generation *g = lab_build(LAB_HEAD LAB_NODES);

	assert_int_equal(g->number, 1);
	assert_int_equal(strlen(g->hash), 64);
	assert_int_equal(g->n_seed_keys, 1);
	assert_string_equal(g->seed_keys[0].key, "/a");
	for (uint32_t i = 0; i < 2; i++) {
		const char *name = g->cluster->nodes[i].name;
		const char *config = lab_text(g, name, ARTEFACT_CONFIG);
		json_t *ignition = json_loads(config, 0, NULL);

		assert_non_null(ignition);
		json_decref(ignition);
		assert_int_equal(slot_count(config, strlen(config), SLOT_JOIN_TOKEN), 1);
		assert_int_equal(slot_count(config, strlen(config), SLOT_AGENT_SHA256), 0);
		assert_non_null(strstr(config, LAB_SHA256));
		const char *script = lab_text(g, name, ARTEFACT_IPXE);
		assert_int_equal(slot_count(script, strlen(script), SLOT_BOOT_NONCE), 1);
		assert_non_null(strstr(script, "generation 1\n"));
	}
	generation_free(g);
}

TEST(kernel_arguments_come_from_distribution_cluster_role_and_node)
{
	struct generation *g = lab_build(LAB_HEAD LAB_NODES);

	assert_non_null(
		strstr(lab_text(g, "m1", ARTEFACT_BOOT), "console=ttyS0,115200n8 quiet role=m"));
	assert_non_null(
		strstr(lab_text(g, "w1", ARTEFACT_BOOT), "console=ttyS0,115200n8 quiet node=w"));
	assert_non_null(strstr(lab_text(g, "w1", ARTEFACT_IPXE),
		"http://10.77.0.1/images/lab/1/vmlinuz initrd=initrd.img flatcar.first_boot=1"));
	assert_null(lab_text(g, "w2", ARTEFACT_BOOT));
	generation_free(g);
}

TEST(same_content_keeps_its_number_and_other_content_gets_the_next)
{
	struct generation *first = lab_build(LAB_HEAD LAB_NODES);
	assert_int_equal(first->number, 1);
	assert_true(lab.result.is_new);
	struct generation *same = lab_build(LAB_HEAD LAB_NODES);
	assert_int_equal(same->number, 1);
	assert_false(lab.result.is_new);
	assert_int_equal(lab.result.n_rendered, 0);
	struct generation *other = lab_build("domain: x\n" LAB_HEAD LAB_NODES);
	assert_int_equal(other->number, 2);
	assert_non_null(strstr(lab_text(other, "m1", ARTEFACT_IPXE), "generation 2"));
	assert_non_null(strstr(lab_text(first, "m1", ARTEFACT_IPXE), "generation 1"));
	generation_free(first);
	generation_free(same);
	generation_free(other);
}

TEST(mistake_publishes_nothing)
{
	struct archive_generation last;
	struct generation *first = lab_build(LAB_HEAD LAB_NODES);

	put("templates/worker.yaml", "#cloud-config\nhostname: {{ node.nam }}\n");
	assert_null(lab_try("domain: x\n" LAB_HEAD LAB_NODES, -1));
	assert_int_equal(archive_last(lab.archive, NULL, &last), 0);
	assert_int_equal(last.number, 1);
	assert_non_null(lab_text(first, "w1", ARTEFACT_CONFIG));
	generation_free(first);
}

#define W2(timezone)                                                                 \
	"  - {name: w2, role: worker, mac: 52:54:00:00:00:04, address: 10.77.0.13, " \
	"timezone: " timezone "}\n"

TEST(only_what_depends_on_a_change_is_rendered)
{
	static const struct {
		const char *yaml, *template, *text;
		int rendered, changed;
	} cases[] = {
		{LAB_HEAD LAB_NODES, NULL, NULL, 2, 2},
		/* a word that no template reads */
		{LAB_HEAD "enroll: closed\n" LAB_NODES, NULL, NULL, 0, 0},
		/* one node's own */
		{LAB_HEAD "enroll: closed\n" LAB_NODES W2("Europe/Berlin"), NULL, NULL, -1, -1},
		{LAB_HEAD LAB_NODES W2("Europe/Paris"), NULL, NULL, 1, -1},
		{LAB_HEAD LAB_NODES W2("Europe/Paris"), "templates/addons/etcd/units.yaml", "", 1,
			1},
		{LAB_HEAD LAB_NODES, "templates/boot/node.ipxe", "#!ipxe\necho {{ node.name }}\n",
			2, 3},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (cases[i].template)
			put(cases[i].template, cases[i].text);
		struct generation *g = lab_try(cases[i].yaml, -1);
		if (!g)
			fail_msg("%zu: %s", i, lab_error());
		if (cases[i].rendered >= 0 && lab.result.n_rendered != cases[i].rendered)
			fail_msg("case %zu: %d rendered", i, (int)lab.result.n_rendered);
		if (cases[i].changed >= 0)
			assert_int_equal(lab.result.generation.n_changed, cases[i].changed);
		generation_free(g);
	}
}

TEST(old_generation_is_published_again_under_a_new_number)
{
	struct generation *first = lab_build(LAB_HEAD LAB_NODES), *again;
	AUTO(free_p) char *was = xstrdup(lab_text(first, "m1", ARTEFACT_CONFIG));
	struct generation *second = lab_build("domain: x\n" LAB_HEAD LAB_NODES);
	struct publish_order order = lab_order(-1, -1, -1);
	struct publish_result result;
	struct err e;

	assert_string_not_equal(lab_text(second, "m1", ARTEFACT_CONFIG), was);
	assert_int_equal(publish_again(lab.archive, 1, &order, &result, &e), 0);
	assert_true(result.is_new);
	assert_int_equal(result.generation.number, 3);
	assert_int_equal(result.generation.rolled_back_to, 1);
	assert_int_equal(result.generation.n_changed, 2);
	assert_string_equal(result.generation.hash, first->hash);
	assert_int_equal(generation_open(lab.archive, &result.generation, &again, &e), 0);
	memcpy(again->agent_sha256, LAB_SHA256, sizeof(again->agent_sha256));
	/* Byte for byte, but for the number that it says. */
	AUTO(free_p) char *is = xstrdup(lab_text(again, "m1", ARTEFACT_CONFIG));
	char *number = strstr(is, "SLIPWAY_GENERATION%3D3");
	assert_non_null(number);
	number[strlen("SLIPWAY_GENERATION%3D")] = '1';
	assert_string_equal(is, was);
	assert_int_equal(publish_again(lab.archive, 1, &order, &result, &e), 0);
	assert_false(result.is_new);
	assert_int_equal(publish_again(lab.archive, 9, &order, &result, &e), -ENOENT);
	assert_string_equal(e.msg, "there is no generation 9 (slipway generations lists them)");
	generation_free(first);
	generation_free(second);
	generation_free(again);
}

/* Its nodes could not boot: the one that is published stays. */
TEST(old_generation_whose_image_is_gone_is_not_published_again)
{
	generation_free(lab_build(LAB_HEAD LAB_NODES));
	generation_free(lab_build("domain: x\n" LAB_HEAD LAB_NODES));
	struct publish_result result;
	char path[96];
	struct err e;

	put("store/lab/1/manifest.json", "{}");
	put("store/lab/1/vmlinuz", "kernel");
	(void)snprintf(path, sizeof(path), "%s/store", lab.folder);
	AUTO(close_p) int store = dir_open(path);
	struct publish_order order = lab_order(-1, -1, store);
	assert_int_equal(publish_again(lab.archive, 1, &order, &result, &e), -EINVAL);
	assert_string_equal(e.msg, "the nodes of generation 1 boot lab/1, of which initrd.img is "
				   "not in the image store "
				   "any more: fetch or import it first");
	assert_false(result.is_new);
	put("store/lab/1/initrd.img", "RAM disk");
	assert_int_equal(publish_again(lab.archive, 1, &order, &result, &e), 0);
	assert_int_equal(result.generation.number, 3);
}

#define OTHER_CA "ffff456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

TEST(generation_of_another_ca_is_not_published_again)
{
	generation_free(lab_build(LAB_HEAD LAB_NODES));
	generation_free(lab_build("domain: x\n" LAB_HEAD LAB_NODES));
	struct publish_order order = lab_order(-1, -1, -1);
	struct publish_result result;
	struct err e;

	order.ca_fingerprint = OTHER_CA;
	assert_int_equal(publish_again(lab.archive, 1, &order, &result, &e), -EINVAL);
	assert_non_null(strstr(e.msg, "trust a CA that is not the one of this server any more"));
	assert_false(result.is_new);
}

TEST(published_cluster_yaml_is_rendered_again_for_another_ca)
{
	struct generation *first = lab_build(LAB_HEAD LAB_NODES), *again;
	AUTO(close_p) int config = dir_open(lab.folder);
	AUTO(close_p) int templates = dir_open("templates");
	struct publish_order order = lab_order(config, templates, -1);
	struct publish_result result;
	struct err e;

	assert_string_equal(first->ca_fingerprint, LAB_SHA256);
	put("cluster.yaml", "in an editor, and not yet right: [");
	order.ca_fingerprint = OTHER_CA;
	order.inputs_of = 1;
	assert_int_equal(publish_config(lab.archive, &order, &result, &lab_errors), 0);
	assert_true(result.is_new);
	assert_int_equal(result.n_rendered, 2);
	assert_int_equal(generation_open(lab.archive, &result.generation, &again, &e), 0);
	assert_string_equal(again->ca_fingerprint, OTHER_CA);
	assert_null(strstr(lab_text(again, "m1", ARTEFACT_CONFIG), LAB_SHA256));
	assert_non_null(strstr(lab_text(again, "m1", ARTEFACT_CONFIG), OTHER_CA));
	order.inputs_of = 9;
	assert_int_equal(publish_config(lab.archive, &order, &result, &lab_errors), -ENOENT);
	assert_string_equal(
		lab_error(), "generation 9: its cluster.yaml can not be read: it is not there");
	generation_free(first);
	generation_free(again);
}

TEST(node_with_an_image_of_its_own_boots_that)
{
	struct generation *g = lab_build(LAB_HEAD LAB_NODES
		"  - {name: w2, role: worker, mac: 52:54:00:00:00:04, address: 10.77.0.13,\n"
		"     image: flatcar/4081.2.1}\n");

	assert_int_equal(g->n_images, 2);
	assert_non_null(strstr(lab_text(g, "w1", ARTEFACT_IPXE), "/images/lab/1/vmlinuz"));
	assert_non_null(strstr(lab_text(g, "w2", ARTEFACT_IPXE), "/images/flatcar/4081.2.1/"));
	assert_non_null(strstr(lab_text(g, "w2", ARTEFACT_BOOT), "image: flatcar/4081.2.1\n"));
	generation_free(g);
}

TEST(own_template_takes_the_place_of_the_shipped_one)
{
	put("templates/worker.yaml", "#cloud-config\nhostname: own-{{ node.name }}\nwrite_files:\n"
				     "  - {path: /t, content: \"{{ boot.join_token }}\"}\n");
	struct generation *g = lab_build(LAB_HEAD LAB_NODES);

	assert_non_null(strstr(lab_text(g, "w1", ARTEFACT_CLOUD_CONFIG), "hostname: own-w1"));
	generation_free(g);
}

TEST(mistake_in_a_template_is_named_at_its_line)
{
	put("templates/worker.yaml", "#cloud-config\nhostname: {{ node.nam }}\n");
	assert_null(lab_try(LAB_HEAD LAB_NODES, -1));
	assert_string_equal(lab_error(),
		"worker.yaml:2:14: 'node.nam' is undefined (did you mean 'node.name'?)");
}

TEST(mistake_in_what_a_template_writes_is_named_at_the_templates_line)
{
	put("templates/worker.yaml", "#cloud-config\n{% if true %}\n{% endif %}\nhostnam: x\n");
	assert_null(lab_try(LAB_HEAD LAB_NODES, -1));
	assert_non_null(strstr(lab_error(), "worker.yaml:4: hostnam"));
}

TEST(template_that_loses_the_join_token_is_refused)
{
	put("templates/worker.yaml", "#cloud-config\nhostname: {{ node.name }}\n");
	assert_null(lab_try(LAB_HEAD LAB_NODES, -1));
	assert_non_null(strstr(lab_error(), "w1: the join token is not in what worker.yaml gives"));
}

TEST(template_of_a_role_that_does_not_exist_is_named)
{
	assert_null(
		lab_try("cluster: lab\nnetwork: {internal: {interface: b, address: 10.77.0.1/24}}\n"
			"dhcp: {pool: 10.77.0.100-10.77.0.199}\nimage: lab/1\n"
			"roles: {m: {template: nosuch.yaml, addons: [etcd]}}\n"
			"nodes: [{name: m1, role: m, mac: 52:54:00:00:00:01, address: 10.77.0.11}]\n",
			-1));
	assert_non_null(strstr(lab_error(), "cluster.yaml:5:23: "));
	assert_non_null(strstr(lab_error(), "there is no template \"nosuch.yaml\""));
}

TEST(template_of_a_role_that_is_misspelt_is_known)
{
	assert_null(
		lab_try("cluster: lab\nnetwork: {internal: {interface: b, address: 10.77.0.1/24}}\n"
			"dhcp: {pool: 10.77.0.100-10.77.0.199}\nimage: lab/1\n"
			"roles: {m: {template: mastre.yaml, addons: [etcd]}}\n"
			"nodes: [{name: m1, role: m, mac: 52:54:00:00:00:01, address: 10.77.0.11}]\n",
			-1));
	assert_non_null(strstr(lab_error(),
		"cluster.yaml:5:23: there is no template \"mastre.yaml\" (did you mean "
		"\"master.yaml\"?)"));
}

TEST(image_must_be_in_the_store)
{
	put("lab/1/vmlinuz", "k");
	int images = dir_open(lab.folder);

	assert_null(lab_try(LAB_HEAD LAB_NODES, images));
	assert_string_equal(lab_error(),
		"cluster.yaml:4:8: image: lab/1 has no file initrd.img in the "
		"image store (No such file or directory)");
	lab_errors = (struct err_list){0};
	put("lab/1/initrd.img", "i");
	assert_null(lab_try(LAB_HEAD LAB_NODES, images));
	assert_non_null(strstr(lab_error(), "cluster.yaml:4:8: image: lab/1 has no manifest.json"));
	lab_errors = (struct err_list){0};
	put("lab/1/manifest.json",
		"{\"format\": 1, \"name\": \"lab\", \"version\": \"1\", \"files\": [{\"name\": "
		"\"vmlinuz\", \"size\": 1, \"sha256\": \"" LAB_SHA256 "\"}]}");
	struct generation *g = lab_try(LAB_HEAD LAB_NODES, images);
	assert_non_null(g);
	generation_free(g);
	(void)close(images);
}

TEST(unknown_distribution_is_named)
{
	assert_null(
		lab_try("cluster: lab\nnetwork: {internal: {interface: b, address: 10.77.0.1/24}}\n"
			"dhcp: {pool: 10.77.0.100-10.77.0.199}\nimage: flatcat/1\n"
			"roles: {m: {template: master.yaml, addons: [etcd]}}\n",
			-1));
	assert_non_null(strstr(
		lab_error(), "cluster.yaml:4:8: image: there is no distribution \"flatcat\""));
	assert_non_null(strstr(lab_error(), "(did you mean \"flatcar\"?)"));
}

TEST(reason_of_a_refusal_stands_in_its_script)
{
	struct generation *g = lab_try(LAB_HEAD LAB_NODES, -1);
	size_t len;

	assert_non_null(g);
	char *script = generation_with_reason(&g->refusal, "because of this", &len);
	assert_non_null(strstr(script, "because of this\n"));
	assert_null(strstr(script, SLOT_REASON));
	assert_int_equal(strlen(script), len);
	assert_int_equal(strncmp(script, "#!ipxe\n", 7), 0);
	free(script);
	generation_free(g);
}

TEST(mistake_in_the_script_of_refusals_is_found_before_anybody_is_refused)
{
	put("templates/boot/refused.ipxe", "#!ipxe\necho {{ raeson }}\n");
	assert_null(lab_try(LAB_HEAD LAB_NODES, -1));
	assert_non_null(strstr(lab_error(), "refused.ipxe:2:"));
	put("templates/boot/refused.ipxe", "#!ipxe\necho no\n");
	lab_errors = (struct err_list){0};
	assert_null(lab_try(LAB_HEAD LAB_NODES, -1));
	assert_non_null(strstr(lab_error(), "boot/refused.ipxe must write {{ reason }} plainly"));
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, lab_setup, lab_teardown)
RUN(CASE(every_node_gets_all_its_artefacts),
	CASE(kernel_arguments_come_from_distribution_cluster_role_and_node),
	CASE(same_content_keeps_its_number_and_other_content_gets_the_next),
	CASE(mistake_publishes_nothing), CASE(only_what_depends_on_a_change_is_rendered),
	CASE(old_generation_is_published_again_under_a_new_number),
	CASE(old_generation_whose_image_is_gone_is_not_published_again),
	CASE(generation_of_another_ca_is_not_published_again),
	CASE(published_cluster_yaml_is_rendered_again_for_another_ca),
	CASE(node_with_an_image_of_its_own_boots_that),
	CASE(own_template_takes_the_place_of_the_shipped_one),
	CASE(template_of_a_role_that_is_misspelt_is_known),
	CASE(mistake_in_a_template_is_named_at_its_line),
	CASE(mistake_in_what_a_template_writes_is_named_at_the_templates_line),
	CASE(template_that_loses_the_join_token_is_refused),
	CASE(template_of_a_role_that_does_not_exist_is_named), CASE(image_must_be_in_the_store),
	CASE(unknown_distribution_is_named), CASE(reason_of_a_refusal_stands_in_its_script),
	CASE(mistake_in_the_script_of_refusals_is_found_before_anybody_is_refused))
