#include "tests/unit/test.h"

#include <errno.h>

#include "provisioner/base/str.h"
#include "provisioner/generation/addons.h"
#include "tests/unit/provisioner/cluster/loaded.h"

static struct addon_library library;
static struct cluster *cluster;

static void begin(void)
{
	load_anew();
	library = (struct addon_library){
		.items = arena_alloc(arena, ADDONS_MAX, sizeof(struct addon))};
}

static void add(const char *name, const char *keys)
{
	char *text = arena_printf(arena, "title: T\ndoc: D\n%s", keys);

	struct template_source file = {.name = name, .text = text, .len = strlen(text)};

	assert_int_equal(addon_read(arena, name, &file, &library.items[library.n++], &errors), 0);
}

static int resolve(const char *rest, struct addons *ret)
{
	char *text = arena_printf(arena, "%s%s", LOADED_FRAME, rest);

	if (cluster_load(arena, "c.yaml", text, strlen(text), &cluster, &errors) < 0)
		fail_msg("%s", errors.list[0].msg);
	return addons_resolve(arena, &library, cluster, ret, &errors);
}

static void fails(const char *rest, const char *message)
{
	struct addons s;
	char buf[1024];

	assert_int_equal(resolve(rest, &s), -EINVAL);
	assert_string_equal(err_text(&errors.list[0], buf, sizeof(buf)), message);
}

static void is_order(const struct role_addons *r, const char *order)
{
	AUTO(str_done) struct str text = str_init(1024);

	for (size_t i = 0; i < r->n; i++)
		str_printf(&text, "%s%s", i ? " " : "", r->items[i]->name);
	assert_string_equal(str_text(&text), order);
	assert_int_equal(r->names.list->n, r->n);
}

TEST(what_is_brought_comes_along_and_stands_before)
{
	struct addons s;

	begin();
	add("a", "brings: [b]\n");
	add("b", "brings: [c]\n");
	add("c", "");
	add("d", "after: [a]\n");
	add("e", "needs: [d]\n");
	assert_int_equal(resolve("roles: {m: {template: m, addons: [e, d, a]}, n: {template: m, "
				 "addons: [d]}, o: {template: m}}\n",
				 &s),
		0);
	is_order(&s.roles[0], "c b a d e");
	is_order(&s.roles[1], "d");
	is_order(&s.roles[2], "");
	assert_int_equal(s.n_used, 5);
	assert_ptr_equal(addons_of(&s, &cluster->roles[1]), &s.roles[1]);
}

TEST(order_written_stays_where_nothing_asks_for_another)
{
	struct addons s;

	begin();
	add("a", "");
	add("b", "");
	add("c", "");
	assert_int_equal(resolve("roles: {m: {template: m, addons: [c, a, b]}}\n", &s), 0);
	is_order(&s.roles[0], "c a b");
}

TEST(role_sees_its_own_parameters_over_those_of_the_cluster)
{
	struct addons s;

	begin();
	add("a",
		"parameters: {x-y: {type: number, default: 1, doc: D}, z: {type: text, default: t, "
		"doc: D}}\n");
	assert_int_equal(
		resolve("addons: {a: {z: u}}\n"
			"roles: {m: {template: m, addons: [{a: {x-y: 2}}]}, w: {template: m, "
			"addons: [a]}, o: {template: m}}\n",
			&s),
		0);
	struct value m = value_get(s.roles[0].values, "a"), w = value_get(s.roles[1].values, "a");
	assert_int_equal(value_get(m, "x_y").i, 2);
	assert_true(value_text_is(value_get(m, "z"), "u"));
	assert_int_equal(value_get(w, "x_y").i, 1);
	/* A role without it sees what holds for the cluster. */
	assert_int_equal(value_get(value_get(s.roles[2].values, "a"), "x_y").i, 1);
	assert_int_equal(value_get(value_get(s.values, "a"), "x_y").i, 1);
}

TEST(mistakes_are_told_at_their_place_in_cluster_yaml)
{
	static const struct {
		const char *rest, *message;
	} rows[] = {
		{"roles: {m: {template: m, addons: [dockr]}}\n",
			"c.yaml:5:35: roles.m.addons: there is no add-on \"dockr\" (did you mean "
			"\"docker\"?); `slipway addons` lists them"},
		{"roles: {m: {template: m, addons: [kube]}}\n",
			"c.yaml:5:35: roles.m.addons: kube needs docker on the same node: add "
			"docker "
			"to the list"},
		{"roles: {m: {template: m, addons: [docker, podman]}}\n",
			"c.yaml:5:43: roles.m.addons: podman and docker can't be on the same node"},
		{"roles: {m: {template: m, addons: [one, two]}}\n",
			"c.yaml:5:35: roles.m.addons: one must come before and after another "
			"add-on: "
			"their needs, brings and after go round in a circle"},
		{"addons: {dockre: {}}\nroles: {m: {template: m}}\n",
			"c.yaml:5:10: addons: there is no add-on \"dockre\" (did you mean "
			"\"docker\"?); `slipway addons` lists them"},
		{"addons: {docker: 3}\nroles: {m: {template: m}}\n",
			"c.yaml:5:18: addons.docker: expected a map of parameters"},
		{"addons: {docker: {size: x}}\nroles: {m: {template: m}}\n",
			"c.yaml:5:25: addons.docker.size: \"x\" is not a number"},
		{"roles: {m: {template: m, addons: [{docker: {size: x}}]}}\n",
			"c.yaml:5:51: roles.m.addons.docker.size: \"x\" is not a number"},
		{"roles: {m: {template: m, addons: [{docker: {net: x}}]}}\n",
			"c.yaml:5:45: roles.m.addons.docker.net: this is the same for the whole "
			"cluster: write it under the top-level addons.docker"},
		{"roles: {m: {template: m, addons: [rkt]}}\n",
			"c.yaml:5:35: roles.m.addons.rkt.url is missing: Where from."},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		begin();
		add("docker",
			"parameters: {size: {type: number, doc: D}, net: {type: text, doc: D, "
			"cluster-wide: true}}\n");
		add("kube", "needs: [docker]\n");
		add("podman", "conflicts: [docker]\n");
		add("one", "after: [two]\n");
		add("two", "after: [one]\n");
		add("rkt", "parameters: {url: {type: text, required: true, doc: Where from.}}\n");
		fails(rows[i].rest, rows[i].message);
	}
}

TEST(required_parameter_may_be_given_by_role_or_cluster)
{
	struct addons s;

	begin();
	add("rkt", "parameters: {url: {type: text, required: true, doc: D}}\n");
	assert_int_equal(
		resolve("addons: {rkt: {url: a}}\nroles: {m: {template: m, addons: [rkt]}}\n", &s),
		0);
	assert_int_equal(resolve("roles: {m: {template: m, addons: [{rkt: {url: b}}]}}\n", &s), 0);
	assert_int_equal(resolve("roles: {m: {template: m}}\n", &s), 0);
}

TEST(add_on_says_why_it_can_not_be_there)
{
	struct addons s;
	char buf[1024];

	begin();
	add("fleet",
		"distros: [coreos, flatcar]\n"
		"refuse: [\"{% if distro == 'flatcar' %}it wants {{ role.name }}{% endif %}\"]\n");
	assert_int_equal(resolve("roles: {m: {template: m, addons: [fleet]}}\n", &s), 0);
	struct value globals = value_map(arena), role = value_map(arena);
	value_map_set(role, "name", value_text(arena, "m"));
	value_map_set(globals, "role", role);
	value_map_set(globals, "distro", value_text(arena, "coreos"));
	addons_check_role(arena, &s.roles[0], "coreos", globals, &errors);
	assert_int_equal(errors.n, 0);
	value_map_set(globals, "distro", value_text(arena, "flatcar"));
	addons_check_role(arena, &s.roles[0], "flatcar", globals, &errors);
	assert_string_equal(err_text(&errors.list[0], buf, sizeof(buf)),
		"c.yaml:5:35: roles.m.addons: fleet: it wants m");
	value_map_set(globals, "distro", value_text(arena, "lab"));
	addons_check_role(arena, &s.roles[0], "lab", globals, &errors);
	assert_string_equal(err_text(&errors.list[1], buf, sizeof(buf)),
		"c.yaml:5:35: roles.m.addons: fleet does not run on lab (it does on coreos, "
		"flatcar)");
}

RUN(t(what_is_brought_comes_along_and_stands_before),
	t(order_written_stays_where_nothing_asks_for_another),
	t(role_sees_its_own_parameters_over_those_of_the_cluster),
	t(mistakes_are_told_at_their_place_in_cluster_yaml),
	t(required_parameter_may_be_given_by_role_or_cluster),
	t(add_on_says_why_it_can_not_be_there))
