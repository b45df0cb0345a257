#include "tests/unit/test.h"

#include <stdio.h>

#include "provisioner/base/str.h"
#include "tests/unit/provisioner/cluster/loaded.h"

static struct cluster *load(const char *rest)
{
	AUTO(str_done) struct str text = str_init(4096);

	str_printf(&text, "%s%s", LOADED_FRAME, rest);
	return load_as("c.yaml", str_text(&text));
}

static void fails(const char *rest, const char *message)
{
	assert_null(load(rest));
	assert_string_equal(first_error(), message);
}

TEST(role_lists_names_and_names_with_parameters)
{
	struct cluster *c =
		load("addons: {docker: {bip: 10.9.0.1/24}}\n"
		     "registry-mirror: registry.acm.internal:5000/mirror\n"
		     "roles: {m: {template: m.yaml, addons: [etcd, {docker: {log-max-files: "
		     "9}}, {rkt: }]}, w: {template: w.yaml}}\n");

	assert_non_null(c);
	const struct cluster_addon_list *list = &c->roles[0].addons;
	assert_int_equal(list->n, 3);
	assert_string_equal(list->items[0].name, "etcd");
	assert_null(list->items[0].parameters);
	assert_string_equal(list->items[1].name, "docker");
	assert_string_equal(doc_get(list->items[1].parameters, "log-max-files")->text, "9");
	assert_null(list->items[2].parameters);
	assert_int_equal(list->items[1].at.line, 7);
	assert_string_equal(doc_get(doc_get(c->addons, "docker"), "bip")->text, "10.9.0.1/24");
	assert_string_equal(c->registry_mirror, "registry.acm.internal:5000/mirror");
	assert_int_equal(c->roles[1].addons.n, 0);
}

TEST(nodes_of_a_role_with_etcd_are_its_members)
{
	struct cluster *c = load("roles: {m: {template: m.yaml, addons: [docker, {etcd: {}}]}, w: "
				 "{template: w.yaml, addons: [docker]}}\n");

	assert_non_null(c);
	assert_true(c->roles[0].etcd_member);
	assert_false(c->roles[1].etcd_member);
}

TEST(old_key_is_told_what_took_its_place)
{
	fails("roles: {m: {template: m.yaml, etcd-member: true}}\n",
		"c.yaml:5:31: roles.m.etcd-member: there is no such key any more; list the add-on "
		"instead: addons: [etcd]");
}

TEST(what_is_no_list_of_add_ons_is_refused_at_its_place)
{
	static const struct {
		const char *list, *message;
	} rows[] = {
		{"etcd", "c.yaml:5:39: roles.m.addons: \"etcd\" is not a list of add-ons, each a "
			 "name "
			 "or a name with a map of parameters"},
		{"[etcd, etcd]", "c.yaml:5:46: roles.m.addons: etcd stands here twice"},
		{"[../x]", "c.yaml:5:40: roles.m.addons: \"../x\" is not the name of an add-on"},
		{"[[etcd]]", "c.yaml:5:40: roles.m.addons: a list stands here; expected a list of "
			     "add-ons, each a name or a name with a map of parameters"},
		{"[{etcd: {}, docker: {}}]", "c.yaml:5:40: roles.m.addons: a map stands here; "
					     "expected a list of add-ons, "
					     "each a name or a name with a map of parameters"},
		{"[{etcd: 3}]",
			"c.yaml:5:47: roles.m.addons: etcd: expected a map of parameters, as "
			"in {docker: {log-max-files: 9}}"},
	};
	char yaml[256];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		(void)snprintf(yaml, sizeof(yaml), "roles: {m: {template: m.yaml, addons: %s}}\n",
			rows[i].list);
		fails(yaml, rows[i].message);
	}
}

TEST(registry_is_a_host_and_no_url)
{
	static const char *const good[] = {
		"r", "r.acm:5000", "r.acm:5000/a/b", "r.acm/a", "10.0.0.1:5000"};
	static const char *const bad[] = {"http://r.acm", "r.acm/", "r.acm:", "r.acm:x", "R.acm",
		":5000", "r:50/a:b", "r//a", "'r a'", "r:5000x"};
	char yaml[256];

	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		(void)snprintf(yaml, sizeof(yaml),
			"registry-mirror: %s\nroles: {m: {template: m.yaml}}\n", good[i]);
		assert_non_null(load(yaml));
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		(void)snprintf(yaml, sizeof(yaml),
			"registry-mirror: %s\nroles: {m: {template: m.yaml}}\n", bad[i]);
		if (load(yaml))
			fail_msg("%s was taken for a registry", bad[i]);
	}
}

RUN(t(role_lists_names_and_names_with_parameters), t(nodes_of_a_role_with_etcd_are_its_members),
	t(old_key_is_told_what_took_its_place),
	t(what_is_no_list_of_add_ons_is_refused_at_its_place), t(registry_is_a_host_and_no_url))
