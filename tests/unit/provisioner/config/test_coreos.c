#include "tests/unit/provisioner/config/golden.h"

#include <errno.h>

/* What was written for coreos-cloudinit reads back as the same model: the same text, and the same
 * Ignition where the model has one. */
static void expect_round_trip(enum config_kind kind, struct golden *g)
{
	struct golden again = golden_init();
	AUTO(str_done) struct str ignition = str_init((size_t)8 << 20);
	int has_ignition = config_emit(CONFIG_IGNITION, g->c, &ignition, &g->errors);

	golden_read(&again, str_text(&g->out));
	assert_int_equal(config_emit(kind, again.c, &again.out, &again.errors), 0);
	assert_string_equal(str_text(&again.out), str_text(&g->out));
	str_reset(&again.out);
	assert_int_equal(
		config_emit(CONFIG_IGNITION, again.c, &again.out, &again.errors), has_ignition);
	assert_string_equal(str_text(&again.out), str_text(&ignition));
	golden_done(&again);
}

static void expect_kind(enum config_kind kind, const char *name)
{
	struct golden g = golden_init();
	char from[64], to[64];

	(void)snprintf(from, sizeof(from), "%s.yaml", name);
	(void)snprintf(to, sizeof(to), "%s.coreos", name);
	golden_read(&g, golden_load(&g, from));
	assert_int_equal(config_emit(kind, g.c, &g.out, &g.errors), 0);
	golden_expect(&g, to, str_text(&g.out));
	expect_round_trip(kind, &g);
	golden_done(&g);
}

TEST(a_master_with_a_bond)
{
	expect_kind(CONFIG_FLATCAR, "master");
}

TEST(one_of_everything)
{
	expect_kind(CONFIG_COREOS, "everything");
}

TEST(what_only_an_era_coreos_understands)
{
	expect_kind(CONFIG_COREOS, "era");
}

static void expect_text(const char *body, const char *want)
{
	struct golden g = golden_init();

	golden_read_body(&g, body);
	assert_int_equal(config_emit(CONFIG_COREOS, g.c, &g.out, &g.errors), 0);
	assert_string_equal(str_text(&g.out), want);
	expect_round_trip(CONFIG_COREOS, &g);
	golden_done(&g);
}

TEST(an_empty_config_is_a_header)
{
	expect_text("coreos: {units: [], etcd2: {}}\n", "#cloud-config\n");
}

TEST(what_yaml_readers_would_type_is_quoted)
{
	expect_text("users: [{name: \"no\", gecos: \"1.10\"}]\nwrite_files: [{path: /a, "
		    "permissions: 0644, content: \"12:30\"}]\n",
		"#cloud-config\nusers:\n  - name: \"no\"\n    gecos: \"1.10\"\n"
		"write_files:\n  - path: /a\n    permissions: \"0644\"\n    content: \"12:30\"\n");
}

TEST(settings_keep_their_types)
{
	expect_text("coreos: {etcd2: {debug: true, max_wals: 5, proxy: off}}\n",
		"#cloud-config\ncoreos:\n  etcd2:\n    debug: true\n    max_wals: 5\n    proxy: "
		"\"off\"\n");
}

TEST(variables_of_coreos_cloudinit_are_guarded)
{
	expect_text("write_files: [{path: /a, content: \\$private_ipv4 and $PATH}]\n",
		"#cloud-config\nwrite_files:\n  - path: /a\n    content: \"\\$private_ipv4 and "
		"$PATH\"\n");
}

TEST(a_slot_does_not_hide_in_base64)
{
	expect_text("write_files: [{path: /a, encoding: b64, content: c2xvdF9hX18K}]\n",
		"#cloud-config\nwrite_files:\n  - path: /a\n    content: |\n      slot_a__\n");
}

TEST(a_result_that_does_not_fit_is_an_error)
{
	struct golden g = golden_init();
	AUTO(str_done) struct str small = str_init(16);

	golden_read_body(&g, "hostname: a\n");
	assert_int_equal(config_emit(CONFIG_COREOS, g.c, &small, &g.errors), -E2BIG);
	golden_done(&g);
}

RUN(t(a_master_with_a_bond), t(one_of_everything), t(what_only_an_era_coreos_understands),
	t(an_empty_config_is_a_header), t(what_yaml_readers_would_type_is_quoted),
	t(settings_keep_their_types), t(variables_of_coreos_cloudinit_are_guarded),
	t(a_slot_does_not_hide_in_base64), t(a_result_that_does_not_fit_is_an_error))
