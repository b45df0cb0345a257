#include "provisioner/generation/drift.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/test.h"

static char folder[64];
static struct archive *a;

static int begin(void **state)
{
	struct err e;

	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/slipway-drift.XXXXXX");
	return mkdtemp(folder) && archive_open(folder, true, &a, &e) == 0 ? 0 : -1;
}

static int end(void **state)
{
	static const char *const names[] = {"", "-wal", "-shm"};
	char path[128];

	(void)state;
	archive_close(a);
	for (size_t i = 0; i < 3; i++) {
		(void)snprintf(path, sizeof(path), "%s/generations.db%s", folder, names[i]);
		(void)unlink(path);
	}
	return rmdir(folder);
}

/* In every generation but the first, n1 gets another `kind` than in the one before, n2 the same. */
static void publish(int64_t number, enum artefact_kind kind)
{
	struct archive_generation g = {.number = number, .hash = "00", .by = "test", .n_nodes = 2};

	assert_int_equal(archive_begin(a), 0);
	for (int i = 1; i <= 2; i++) {
		char name[8];
		struct archive_node n = {.name = name};

		(void)snprintf(name, sizeof(name), "n%d", i);
		for (int k = 0; k < N_ARTEFACTS; k++) {
			char text[64];
			int version = i == 1 && k == (int)kind ? (int)number : 0;
			int len = snprintf(text, sizeof(text), "%s %d",
				artefact_name((enum artefact_kind)k), version);

			assert_int_equal(
				archive_put(a, text, (size_t)len, 0, &n.objects[k], n.hash), 0);
		}
		n.trace = n.objects[0];
		n.hash[0] = (uint8_t)(i == 1 ? number : 0);
		assert_int_equal(archive_put_node(a, number, &n), 0);
	}
	assert_int_equal(archive_commit(a, &g), 0);
}

TEST(what_it_takes_is_the_most_of_what_changed)
{
	int64_t from[N_ARTEFACTS] = {1, 2, 3, 4, 5, 6, 7}, to[N_ARTEFACTS] = {1, 2, 3, 4, 5, 6, 7};

	assert_int_equal(drift_between(from, to), DRIFT_NONE);
	to[ARTEFACT_IPXE] = to[ARTEFACT_GRUB] = to[ARTEFACT_DHCP] = 9;
	assert_int_equal(drift_between(from, to), DRIFT_NONE);
	to[ARTEFACT_SECRETS] = 9;
	assert_int_equal(drift_between(from, to), DRIFT_REAPPLY);
	to[ARTEFACT_CONFIG] = 9;
	assert_int_equal(drift_between(from, to), DRIFT_REBOOT);
	assert_string_equal(drift_name(DRIFT_REBOOT), "reboot");
}

TEST(a_node_is_behind_only_when_what_it_gets_is_another)
{
	struct drift_table *t = drift_table_new();

	publish(1, ARTEFACT_CONFIG);
	publish(2, ARTEFACT_CONFIG);
	assert_int_equal(drift_of_node(t, a, 2, "n1", 1), DRIFT_REBOOT);
	assert_int_equal(drift_of_node(t, a, 2, "n2", 1), DRIFT_NONE);
	assert_int_equal(drift_of_node(t, a, 2, "n1", 2), DRIFT_NONE);
	assert_int_equal(drift_of_node(t, a, 2, "n1", 0), DRIFT_NONE);
	drift_table_free(t);
}

TEST(another_publication_is_looked_at_afresh)
{
	struct drift_table *t = drift_table_new();

	publish(1, ARTEFACT_CONFIG);
	publish(2, ARTEFACT_CONFIG);
	assert_int_equal(drift_of_node(t, a, 2, "n1", 1), DRIFT_REBOOT);
	publish(3, ARTEFACT_SECRETS);
	assert_int_equal(drift_of_node(t, a, 3, "n1", 3), DRIFT_NONE);
	assert_int_equal(drift_of_node(t, a, 3, "n1", 2), DRIFT_REBOOT);
	publish(4, ARTEFACT_SECRETS);
	assert_int_equal(drift_of_node(t, a, 4, "n1", 3), DRIFT_REAPPLY);
	drift_table_free(t);
}

TEST(what_is_no_longer_kept_can_not_be_compared)
{
	struct drift_table *t = drift_table_new();

	publish(7, ARTEFACT_CONFIG);
	assert_int_equal(drift_of_node(t, a, 7, "n1", 3), DRIFT_UNKNOWN);
	drift_table_free(t);
}

#define f(name) cmocka_unit_test_setup_teardown(name, begin, end)

RUN(t(what_it_takes_is_the_most_of_what_changed),
	f(a_node_is_behind_only_when_what_it_gets_is_another),
	f(another_publication_is_looked_at_afresh), f(what_is_no_longer_kept_can_not_be_compared))
