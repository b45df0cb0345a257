#include "provisioner/api/explain_addons.h"

#include "provisioner/base/log.h"
#include "tests/unit/provisioner/generation/lab.h"
#include "tests/unit/test.h"

static struct generation *generation;

static const char yaml[] =
	"cluster: lab\n"
	"network: {internal: {interface: br0, address: 10.77.0.1/24}}\n"
	"dhcp: {pool: 10.77.0.100-10.77.0.199}\n"
	"image: lab/1\n"
	"registry-mirror: mirror.lab:5000\n"
	"addons: {etcd: {snapshot-count: 5000, quota-mib: 4096}}\n"
	"roles:\n"
	"  master:\n"
	"    template: master.yaml\n"
	"    addons:\n"
	"      - etcd: {quota-mib: 8192, data-dir: ~}\n"
	"nodes:\n"
	"  - {name: m1, role: master, mac: 52:54:00:00:00:01, address: 10.77.0.11}\n";

static int begin(void **state)
{
	log_init("test", LOG_LEVEL_ERROR);
	if (lab_setup(state) < 0)
		return -1;
	generation = lab_build(yaml);
	return 0;
}

static int end(void **state)
{
	generation_free(generation);
	return lab_teardown(state);
}

static void note(void *arg, const struct cluster_origin *o)
{
	str_printf(arg, "%s=%s %s %s:%u\n", o->name, o->value, origin_level_name(o->level),
		o->at.file, o->at.line);
}

static void check(const struct str *told, const char *line, bool is_there)
{
	if ((strstr(str_text(told), line) != NULL) != is_there)
		fail_msg("%s%s in:\n%s", is_there ? "no " : "", line, str_text(told));
}

TEST(the_nearest_says_what_a_parameter_is_and_the_add_on_else)
{
	AUTO(str_done) struct str told = str_init(16384);

	explain_addons(generation, &generation->cluster->roles[0], note, &told);
	check(&told, "addons.etcd= role cluster.yaml:11\n", true);
	check(&told, "addons.etcd.quota-mib=8192 role cluster.yaml:11\n", true);
	check(&told, "addons.etcd.quota-mib=4096", false);
	check(&told, "addons.etcd.snapshot-count=5000 cluster cluster.yaml:6\n", true);
	check(&told, "addons.etcd.snapshot-count=10000", false);
	check(&told,
		"addons.etcd.heartbeat-interval=100ms default templates/addons/etcd/addon.yaml:",
		true);
}

TEST(what_is_given_as_null_is_at_its_default)
{
	AUTO(str_done) struct str told = str_init(16384);

	explain_addons(generation, &generation->cluster->roles[0], note, &told);
	check(&told, "addons.etcd.data-dir=/var/lib/etcd default templates/addons/etcd/addon.yaml:",
		true);
	check(&told, "addons.etcd.data-dir=~", false);
}

TEST(an_image_of_an_add_on_is_told_by_way_of_the_mirror)
{
	AUTO(str_done) struct str told = str_init(16384);

	explain_addons(generation, &generation->cluster->roles[0], note, &told);
	check(&told, "addons.etcd.image=mirror.lab:5000/coreos/etcd:", true);
}

TEST(an_add_on_that_comes_along_says_who_brings_it)
{
	AUTO(str_done) struct str told = str_init(16384);

	explain_addons(generation, &generation->cluster->roles[0], note, &told);
	check(&told, "addons.etcd-client=brought by etcd default templates/addons/etcd/addon.yaml:",
		true);
	check(&told,
		"addons.etcd-client.proxy=false default templates/addons/etcd-client/addon.yaml:",
		true);
}

/* Its generation has no list of what is where nobody says it. */
TEST(of_an_older_slipway_there_is_what_cluster_yaml_says)
{
	AUTO(str_done) struct str told = str_init(16384);
	struct generation old = *generation;

	old.addons = (struct artefact){.data = NULL};
	explain_addons(&old, &old.cluster->roles[0], note, &told);
	assert_string_equal(str_text(&told),
		"addons.etcd= role cluster.yaml:11\n"
		"addons.etcd.quota-mib=8192 role cluster.yaml:11\n"
		"addons.etcd.snapshot-count=5000 cluster cluster.yaml:6\n");
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, begin, end)
RUN(CASE(the_nearest_says_what_a_parameter_is_and_the_add_on_else),
	CASE(what_is_given_as_null_is_at_its_default),
	CASE(an_image_of_an_add_on_is_told_by_way_of_the_mirror),
	CASE(an_add_on_that_comes_along_says_who_brings_it),
	CASE(of_an_older_slipway_there_is_what_cluster_yaml_says))
