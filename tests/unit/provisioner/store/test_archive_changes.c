#include "tests/unit/test.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "provisioner/store/archive.h"
#include "provisioner/store/sql.h"

static char folder[64];
static struct archive *a;

static int begin(void **state)
{
	struct err e = {0};

	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/slipway-changes.XXXXXX");
	return mkdtemp(folder) && archive_open(folder, true, &a, &e) == 0 ? 0 : -1;
}

static int end(void **state)
{
	static const char *const names[] = {
		"generations.db", "generations.db-wal", "generations.db-shm"};
	char path[128];

	(void)state;
	archive_close(a);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		(void)unlink(path);
	}
	return rmdir(folder);
}

/* A node for each letter, which gets an object of this number of each kind. */
static void put(int64_t number, const char *letters, const int64_t *objects)
{
	struct archive_generation g = {.number = number, .by = "test", .hash = "00"};

	assert_int_equal(archive_begin(a), 0);
	for (size_t i = 0; letters[i]; i++) {
		struct archive_node n = {.name = (char[]){letters[i], '\0'}};

		n.hash[0] = (uint8_t)objects[i];
		for (size_t k = 0; k < N_ARTEFACTS; k++)
			n.objects[k] = objects[i];
		assert_int_equal(archive_put_node(a, number, &n), 0);
	}
	assert_int_equal(archive_commit(a, &g), 0);
}

static int note(const struct archive_change *c, void *arg)
{
	struct str *seen = arg;

	str_printf(seen, "%s %lld-%lld %lld-%lld\n", c->name, (long long)c->from[0],
		(long long)c->to[0], (long long)c->from[N_ARTEFACTS - 1],
		(long long)c->to[N_ARTEFACTS - 1]);
	return 0;
}

TEST(nodes_that_are_other_and_those_that_came_or_went_are_told_by_name)
{
	AUTO(str_done) struct str seen = str_init(1024);

	put(1, "bcdf", (const int64_t[]){1, 2, 3, 4});
	put(2, "acef", (const int64_t[]){5, 6, 7, 4});
	assert_int_equal(archive_changes_each(a, 1, 2, note, &seen), 0);
	assert_string_equal(
		str_text(&seen), "a 0-5 0-5\nb 1-0 1-0\nc 2-6 2-6\nd 3-0 3-0\ne 0-7 0-7\n");
}

TEST(a_generation_that_holds_nothing_is_all_come_or_all_gone)
{
	AUTO(str_done) struct str came = str_init(1024);
	AUTO(str_done) struct str went = str_init(1024);

	put(1, "ab", (const int64_t[]){1, 2});
	assert_int_equal(archive_changes_each(a, 9, 1, note, &came), 0);
	assert_string_equal(str_text(&came), "a 0-1 0-1\nb 0-2 0-2\n");
	assert_int_equal(archive_changes_each(a, 1, 9, note, &went), 0);
	assert_string_equal(str_text(&went), "a 1-0 1-0\nb 2-0 2-0\n");
}

/* Each is a text that says its own name and how often it was written. */
static void put_files(int64_t number, const char *letters, const char *versions)
{
	struct archive_generation g = {.number = number, .by = "test", .hash = "00"};

	assert_int_equal(archive_begin(a), 0);
	for (size_t i = 0; letters[i]; i++)
		assert_int_equal(
			archive_put_file(a, number, ARCHIVE_INPUT, (char[]){letters[i], '\0'},
				(char[]){letters[i], versions[i], '\0'}, 2),
			0);
	assert_int_equal(archive_commit(a, &g), 0);
}

static const char *text_of(int64_t object, struct str *ret)
{
	str_reset(ret);
	assert_true(object == 0 || archive_text(a, object, ret) == 0);
	return str_text(ret);
}

static int note_file(const struct archive_file_change *c, void *arg)
{
	AUTO(str_done) struct str from = str_init(64);
	AUTO(str_done) struct str to = str_init(64);

	str_printf(arg, "%s %s-%s\n", c->name, text_of(c->from, &from), text_of(c->to, &to));
	return 0;
}

TEST(files_are_told_in_the_order_in_which_they_were_put)
{
	AUTO(str_done) struct str seen = str_init(1024);

	put_files(1, "zby", "111");
	put_files(2, "zab", "211");
	assert_int_equal(archive_file_changes_each(a, 1, 2, note_file, &seen), 0);
	assert_string_equal(str_text(&seen), "z z1-z2\na -a1\ny y1-\n");
}

/* The loop of the provisioner stands still meanwhile: of ten thousand nodes, not every pair may be looked at. */
TEST(each_node_is_looked_up_in_the_other_generation)
{
	AUTO(str_done) struct str sql = str_init(4096);
	sqlite3_stmt *s;
	sqlite3 *db;
	int n_searches = 0;

	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql_archive_migrations[0], NULL, NULL, NULL), SQLITE_OK);
	str_printf(&sql, "EXPLAIN QUERY PLAN %s", sql_text(SQL_RENDERED_CHANGED));
	assert_int_equal(sqlite3_prepare_v2(db, str_text(&sql), -1, &s, NULL), SQLITE_OK);
	while (sqlite3_step(s) == SQLITE_ROW) {
		const char *step = (const char *)sqlite3_column_text(s, 3);

		assert_null(strstr(step, "SCAN"));
		assert_null(strstr(step, "MATERIALIZE"));
		n_searches += strstr(step, "SEARCH") != NULL;
	}
	assert_int_equal(n_searches, 4);
	(void)sqlite3_finalize(s);
	(void)sqlite3_close(db);
}

#define f(sentence) cmocka_unit_test_setup_teardown(sentence, begin, end)

RUN(f(nodes_that_are_other_and_those_that_came_or_went_are_told_by_name),
	f(a_generation_that_holds_nothing_is_all_come_or_all_gone),
	f(files_are_told_in_the_order_in_which_they_were_put),
	t(each_node_is_looked_up_in_the_other_generation))
