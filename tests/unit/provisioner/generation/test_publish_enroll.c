#include "tests/unit/test.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "provisioner/base/log.h"
#include "provisioner/generation/publish_enroll.h"
#include "tests/unit/provisioner/generation/lab.h"

#define OPEN                                                            \
	LAB_HEAD "enroll: open\nenroll-as: [{role: worker, addresses: " \
		 "10.77.0.50-10.77.0.51}]\n" LAB_NODES
#define W2 "enrolled/worker-0a4f21.yaml"
#define PENDING "enrolled/.worker-0a4f21.yaml.pending"

static struct lab lab;
static struct enroll_plan plan;
static struct publish_result result;
static struct err_list errors;

static struct publish_order order(int config, int templates)
{
	struct publish_order o = lab_order(config, templates, -1);

	o.state_dir = lab.folder;
	return o;
}

static int apply(void)
{
	AUTO(close_p) int config = dir_open(lab.folder);
	AUTO(close_p) int templates = dir_open("templates");
	struct publish_order o = order(config, templates);

	errors = (struct err_list){0};
	return publish_config(lab.archive, &o, &result, &errors);
}

static bool differs(void)
{
	AUTO(close_p) int config = dir_open(lab.folder);
	struct publish_order o = order(config, -1);
	struct archive_generation last;

	assert_int_equal(archive_last(lab.archive, NULL, &last), 0);
	return publish_differs(lab.archive, last.number, &o);
}

static int begin(void **state)
{
	(void)state;
	log_init("test", LOG_LEVEL_ERROR + 1);
	if (lab_begin(&lab) < 0)
		return -1;
	lab_put(&lab, "cluster.yaml", OPEN);
	return apply();
}

static int end(void **state)
{
	(void)state;
	return lab_end(&lab);
}

static const struct enroll_candidate stranger = {
	.mac = {{0x52, 0x54, 0x00, 0x0a, 0x4f, 0x21}}, .address = 0x0a4d0064};

/* One byte of the MAC and one of the UUID apart from it. */
static struct enroll_candidate other(uint8_t mac, uint8_t uuid)
{
	struct enroll_candidate c = stranger;

	c.mac.b[5] = mac;
	c.uuid.b[0] = uuid;
	c.uuid.b[1] = 1;
	c.uuid = uuid_folded(&c.uuid);
	return c;
}

static int enroll(const struct enroll_candidate *list, size_t n)
{
	AUTO(close_p) int config = dir_open(lab.folder);
	AUTO(close_p) int templates = dir_open("templates");
	struct publish_order o = order(config, templates);

	errors = (struct err_list){0};
	return publish_enroll(
		lab.archive, &o, &(struct enroll_list){list, n}, &plan, &result, &errors);
}

static bool exists(const char *name)
{
	char path[192];

	(void)snprintf(path, sizeof(path), "%s/%s", lab.folder, name);
	return access(path, F_OK) == 0;
}

static void move(const char *from, const char *to)
{
	char a[192], b[192];

	(void)snprintf(a, sizeof(a), "%s/%s", lab.folder, from);
	(void)snprintf(b, sizeof(b), "%s/%s", lab.folder, to);
	assert_int_equal(rename(a, b), 0);
}

static int64_t last_number(void)
{
	struct archive_generation last;

	return archive_last(lab.archive, NULL, &last) == 0 ? last.number : -1;
}

TEST(stranger_is_published_with_its_file)
{
	struct generation *g;
	struct err e;

	assert_int_equal(enroll(&stranger, 1), 0);
	assert_true(result.is_new);
	assert_int_equal(result.generation.number, 2);
	assert_int_equal(result.generation.n_nodes, 3);
	assert_true(exists(W2));
	assert_false(exists(PENDING));
	assert_false(differs());
	assert_int_equal(generation_open(lab.archive, &result.generation, &g, &e), 0);
	assert_non_null(lab_text(g, "worker-0a4f21", ARTEFACT_IPXE));
	assert_true(cluster_node_is_enrolled(cluster_node_find(g->cluster, "worker-0a4f21")));
	generation_free(g);
	/* What is on disk is what is published, for apply too. */
	assert_int_equal(apply(), 0);
	assert_false(result.is_new);
	assert_int_equal(last_number(), 2);
}

TEST(many_are_one_generation_and_who_is_too_many_waits)
{
	const struct enroll_candidate list[] = {stranger, other(1, 1), other(2, 2)};

	assert_int_equal(enroll(list, 3), 0);
	assert_int_equal(last_number(), 2);
	assert_int_equal(result.generation.n_nodes, 4);
	assert_int_equal(plan.verdicts[2].kind, ENROLL_REFUSED);
	assert_int_equal(enroll(&list[2], 1), 0); /* nothing to publish */
	assert_false(result.is_new);
	assert_int_equal(last_number(), 2);
	assert_int_equal(result.generation.number, 2);
}

TEST(what_somebody_has_edited_is_not_published_by_a_stranger)
{
	static const struct {
		const char *name, *text;
	} edits[] = {
		{"cluster.yaml", OPEN "vars: {a: 1}\n"},
		{"cluster.yaml", "cluster: ["},
		{"nodes.d/a.yaml", "- {name: w9, role: worker, mac: 52:54:00:00:00:09, address: "
				   "10.77.0.19}\n"},
		{"enrolled/w9.yaml", "- {name: w9, role: worker, mac: 52:54:00:00:00:09, address: "
				     "10.77.0.19}\n"},
		{"templates/worker.yaml", "#cloud-config\nhostname: other\n"},
		{"templates/worker.yaml", "{{ nothing }}"},
		{"templates/boot/boot.ipxe", "#!ipxe\necho other\n"},
	};

	for (size_t i = 0; i < ARRAY_LEN(edits); i++) {
		assert_int_equal(begin(NULL), 0);
		lab_put(&lab, edits[i].name, edits[i].text);
		assert_int_equal(enroll(&stranger, 1), -ESTALE);
		assert_true(errors.n > 0);
		assert_int_equal(last_number(), 1);
		assert_false(exists(W2));
		assert_false(exists(PENDING));
		assert_int_equal(end(NULL), 0);
	}
	assert_int_equal(begin(NULL), 0);
	lab_put(&lab, "templates/boot/boot.ipxe", "#!ipxe\necho other\n");
	assert_int_equal(enroll(&stranger, 1), -ESTALE);
	assert_non_null(strstr(errors.list[0].msg, "slipway apply"));
	assert_int_equal(apply(), 0);
	assert_int_equal(enroll(&stranger, 1), 0);
	assert_int_equal(last_number(), 3);
	assert_int_equal(end(NULL), 0);
}

TEST(another_card_is_added_to_the_file_unless_somebody_edited_it)
{
	struct enroll_candidate first = other(1, 7), second = other(2, 7), third = other(3, 7);
	AUTO(free_p) char *text = NULL;
	size_t len;

	assert_int_equal(enroll(&first, 1), 0);
	assert_int_equal(enroll(&second, 1), 0);
	assert_int_equal(plan.verdicts[0].kind, ENROLL_CARD);
	assert_int_equal(last_number(), 3);
	assert_int_equal(result.generation.n_nodes, 3);
	assert_false(differs());
	AUTO(close_p) int dir = dir_open(lab.folder);
	assert_int_equal(file_read(dir, "enrolled/worker-0a4f01.yaml", 4096, &text, &len), 0);
	assert_non_null(strstr(text, "mac: [52:54:00:0a:4f:01, 52:54:00:0a:4f:02]\n"));

	AUTO(str_done) struct str edited = str_init(4096);
	str_printf(&edited, "%s  kernel-args: [mine]\n", text);
	lab_put(&lab, "enrolled/worker-0a4f01.yaml", str_text(&edited));
	assert_int_equal(apply(), 0);
	assert_int_equal(enroll(&third, 1), 0);
	assert_false(result.is_new);
	assert_int_equal(plan.verdicts[0].kind, ENROLL_REFUSED);
	assert_string_equal(plan.verdicts[0].why,
		"its file was edited, so this MAC is yours to add: worker-0a4f01");
}

TEST(a_file_that_was_moved_into_nodes_d_is_published_by_apply_and_blocks_nobody)
{
	assert_int_equal(enroll(&stranger, 1), 0);
	lab_put(&lab, "nodes.d/other.yaml", "");
	move(W2, "nodes.d/w2.yaml");
	assert_true(differs());
	assert_int_equal(apply(), 0);
	assert_int_equal(result.generation.n_nodes, 3);
	assert_int_equal(result.generation.n_changed, 0);
	const struct enroll_candidate next = other(1, 1);
	assert_int_equal(enroll(&next, 1), 0);
	assert_int_equal(plan.rows[0].address, 0x0a4d0033);
}

/* Killed between the commit and the rename: the archive has decided. */
TEST(a_committed_file_gets_its_name_later)
{
	assert_int_equal(enroll(&stranger, 1), 0);
	move(W2, PENDING);
	assert_true(differs());
	assert_true(publish_enroll_is_cut_short(lab.folder));
	publish_enroll_settle(lab.archive, lab.folder);
	assert_true(exists(W2));
	assert_false(publish_enroll_is_cut_short(lab.folder));
	assert_false(differs());
}

/* Killed before the commit: nobody was promised anything. */
TEST(a_file_of_nobody_is_removed)
{
	lab_put(&lab, PENDING,
		"- {name: worker-0a4f21, role: worker, mac: 52:54:00:0a:4f:21, "
		"address: 10.77.0.50}\n");
	lab_put(&lab, "enrolled/.other", "");
	publish_enroll_settle(lab.archive, lab.folder);
	assert_false(exists(PENDING));
	assert_false(exists(W2));
	assert_true(exists("enrolled/.other"));
	assert_false(differs());
	/* Nor is one taken for committed that says something else. */
	assert_int_equal(enroll(&stranger, 1), 0);
	lab_put(&lab, PENDING, "- {name: worker-0a4f21, role: master}\n");
	publish_enroll_settle(lab.archive, lab.folder);
	assert_false(exists(PENDING));
	assert_false(differs());
}

TEST(nothing_is_published_whose_file_can_not_be_written)
{
	lab_put(&lab, "enrolled", "a file");
	assert_int_equal(enroll(&stranger, 1), -ESTALE); /* nor could apply read the folder */
	assert_int_equal(last_number(), 1);
	char path[192];
	(void)snprintf(path, sizeof(path), "%s/enrolled", lab.folder);
	assert_int_equal(unlink(path), 0);
	lab_put(&lab, PENDING "/in-the-way", "");
	assert_true(enroll(&stranger, 1) < 0);
	assert_int_equal(last_number(), 1);
	assert_false(exists(W2));
	assert_non_null(strstr(errors.list[0].msg, "enrolled"));
}

#define CASE(sentence) cmocka_unit_test_setup_teardown(sentence, begin, end)

RUN(CASE(stranger_is_published_with_its_file),
	CASE(many_are_one_generation_and_who_is_too_many_waits),
	t(what_somebody_has_edited_is_not_published_by_a_stranger),
	CASE(another_card_is_added_to_the_file_unless_somebody_edited_it),
	CASE(a_file_that_was_moved_into_nodes_d_is_published_by_apply_and_blocks_nobody),
	CASE(a_committed_file_gets_its_name_later), CASE(a_file_of_nobody_is_removed),
	CASE(nothing_is_published_whose_file_can_not_be_written))
