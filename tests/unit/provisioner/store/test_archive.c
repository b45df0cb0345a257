#include "tests/unit/test.h"

#include <errno.h>
#include <ftw.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "provisioner/base/log.h"
#include "provisioner/store/archive.h"
#include "tests/ram_disk.h"

#define TEXT_MAX 8192
#define NODES 12
#define PUBLISHED 4

static char folder[64];
static struct archive *a;

static struct archive *open_again(bool is_writer)
{
	struct err e = {0};

	archive_close(a);
	a = NULL;
	if (archive_open(folder, is_writer, &a, &e) < 0)
		fail_msg("%s", e.msg);
	return a;
}

static int begin(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/slipway-archive.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	(void)open_again(true);
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *walk)
{
	(void)st, (void)kind, (void)walk;
	return remove(path);
}

static int end(void **state)
{
	(void)state;
	archive_close(a);
	a = NULL;
	return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* What node `i` gets in generation `number`: the first half of the nodes is different in each. */
static void text_of(int64_t number, int i, enum artefact_kind kind, struct str *ret)
{
	str_printf(ret, "%s of node-%d\n", artefact_name(kind), i);
	for (int line = 0; line < 30; line++)
		str_printf(ret, "line %d is the same for all nodes of a role, and long\n", line);
	if (i < NODES / 2)
		str_printf(ret, "generation %lld\n", (long long)number);
}

static int put(struct archive *into, int64_t number, const int64_t *like)
{
	int64_t first[N_ARTEFACTS];
	int rc = 0;

	memcpy(first, like, sizeof(first));
	for (int i = 0; rc == 0 && i < NODES; i++) {
		char name[32];
		struct archive_node n = {.name = name};

		(void)snprintf(name, sizeof(name), "n%02d", i);
		for (int k = 0; rc == 0 && k < N_ARTEFACTS; k++) {
			AUTO(str_done) struct str text = str_init(TEXT_MAX);

			text_of(number, i, (enum artefact_kind)k, &text);
			rc = archive_put(into, str_text(&text), text.len, first[k], &n.objects[k], n.hash);
			first[k] = first[k] ? first[k] : n.objects[k];
		}
		n.trace = n.objects[0];
		n.key[0] = (uint8_t)number;
		if (rc == 0)
			rc = archive_put_node(into, number, &n);
	}
	if (rc == 0)
		rc = archive_put_file(into, number, ARCHIVE_INPUT, "cluster.yaml", "a: 1\n", 5);
	if (rc == 0)
		rc = archive_put_file(into, number, ARCHIVE_INPUT, "nodes.d/b.yaml", "", 0);
	return rc;
}

static struct archive_generation generation(int64_t number)
{
	struct archive_generation g = {.number = number,
		.created_ms = 1000 * number,
		.by = "test",
		.hash = "00",
		.listening = "x",
		.n_nodes = NODES};

	return g;
}

static int publish(struct archive *into, int64_t number)
{
	static const int64_t none[N_ARTEFACTS];
	struct archive_generation g = generation(number);
	int rc = archive_begin(into);

	if (rc < 0)
		return rc;
	if ((rc = put(into, number, none)) < 0) {
		archive_abort(into);
		return rc;
	}
	return archive_commit(into, &g);
}

/* Every text of every node is what was put. */
static void look_through(struct archive *in, int64_t number)
{
	for (int i = 0; i < NODES; i++) {
		for (int k = 0; k < N_ARTEFACTS; k++) {
			AUTO(str_done) struct str want = str_init(TEXT_MAX);
			AUTO(str_done) struct str got = str_init(TEXT_MAX);
			char name[32];

			(void)snprintf(name, sizeof(name), "n%02d", i);
			text_of(number, i, (enum artefact_kind)k, &want);
			assert_int_equal(
				archive_node_text(in, number, name, (enum artefact_kind)k, &got),
				0);
			assert_string_equal(str_text(&got), str_text(&want));
		}
	}
}

TEST(what_was_published_is_read_back_by_another)
{
	struct archive_generation g;

	assert_int_equal(archive_last(a, NULL, &g), -ENOENT);
	assert_int_equal(publish(a, 1), 0);
	open_again(false);
	assert_int_equal(archive_last(a, NULL, &g), 0);
	assert_int_equal(g.number, 1);
	assert_string_equal(g.by, "test");
	look_through(a, 1);
}

static int count_file(const char *name, const struct str *text, void *arg)
{
	unsigned *n = arg;

	if (*n == 0) {
		assert_string_equal(name, "cluster.yaml");
		assert_string_equal(str_text(text), "a: 1\n");
	} else {
		assert_string_equal(name, "nodes.d/b.yaml");
		assert_int_equal(text->len, 0);
	}
	++*n;
	return 0;
}

TEST(files_come_in_the_order_they_were_put)
{
	unsigned n = 0;

	assert_int_equal(publish(a, 1), 0);
	assert_int_equal(archive_files_each(a, 1, ARCHIVE_INPUT, count_file, &n), 0);
	assert_int_equal(n, 2);
	assert_int_equal(archive_files_each(a, 1, ARCHIVE_SHARED, count_file, &n), 0);
	assert_int_equal(n, 2);
}

TEST(what_is_dropped_or_aborted_was_never_there)
{
	static const int64_t none[N_ARTEFACTS];
	struct archive_generation g;

	assert_int_equal(publish(a, 1), 0);
	assert_int_equal(archive_begin(a), 0);
	assert_int_equal(put(a, 2, none), 0);
	archive_abort(a);
	assert_int_equal(archive_last(a, NULL, &g), 0);
	assert_int_equal(g.number, 1);
	AUTO(str_done) struct str text = str_init(TEXT_MAX);
	assert_int_equal(archive_node_text(a, 2, "n00", ARTEFACT_IPXE, &text), -ENOENT);
	assert_int_equal(publish(a, 2), 0);
	look_through(a, 1);
	look_through(a, 2);
}

TEST(a_server_gets_the_newest_that_it_can_serve)
{
	struct archive_generation g = generation(3);

	assert_int_equal(publish(a, 1), 0);
	assert_int_equal(publish(a, 2), 0);
	assert_int_equal(archive_begin(a), 0);
	assert_int_equal(archive_copy_files(a, 1, 3), 0);
	(void)snprintf(g.listening, sizeof(g.listening), "y");
	assert_int_equal(archive_commit(a, &g), 0);
	assert_int_equal(archive_last(a, NULL, &g), 0);
	assert_int_equal(g.number, 3);
	assert_int_equal(archive_last(a, "x", &g), 0);
	assert_int_equal(g.number, 2);
	assert_int_equal(archive_last(a, "z", &g), -ENOENT);
}

TEST(a_draft_is_never_the_last)
{
	struct archive_generation g;

	assert_int_equal(publish(a, ARCHIVE_DRAFT), 0);
	assert_int_equal(archive_last(a, NULL, &g), -ENOENT);
	assert_int_equal(archive_find(a, ARCHIVE_DRAFT, &g), 0);
}

static int count_generation(const struct archive_generation *g, void *arg)
{
	(void)g;
	++*(unsigned *)arg;
	return 0;
}

static int64_t ask(const char *sql)
{
	char path[128];
	sqlite3 *db;
	sqlite3_stmt *s;

	(void)snprintf(path, sizeof(path), "%s/generations.db", folder);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	int64_t v = sqlite3_column_int64(s, 0);
	(void)sqlite3_finalize(s);
	(void)sqlite3_close(db);
	return v;
}

TEST(the_oldest_go_with_their_texts_but_not_the_one_in_use)
{
	unsigned n = 0;
	struct archive_generation g;

	for (int64_t i = 1; i <= ARCHIVE_KEPT + 3; i++)
		assert_int_equal(publish(a, i), 0);
	int64_t before = ask("SELECT count(*) FROM objects");
	assert_int_equal(archive_tidy(a, /* in_use= */ 2), 0);
	assert_int_equal(archive_each(a, count_generation, &n), 0);
	assert_int_equal(n, ARCHIVE_KEPT);
	assert_int_equal(archive_find(a, 1, &g), -ENOENT);
	assert_int_equal(archive_find(a, 3, &g), -ENOENT);
	/* The first node's of the first one stay: texts that all have are written as deltas of them. */
	assert_int_equal(
		before - ask("SELECT count(*) FROM objects"), (3 * NODES / 2 - 1) * N_ARTEFACTS);
	look_through(a, 2);
	look_through(a, ARCHIVE_KEPT + 3);
}

TEST(texts_that_are_alike_take_little_room)
{
	assert_int_equal(publish(a, 1), 0);
	int64_t text = ask("SELECT sum(size) FROM objects");
	assert_true(ask("SELECT sum(length(data)) FROM objects") * 10 < text);
}

TEST(a_text_that_is_not_what_it_was_is_not_given_out)
{
	AUTO(str_done) struct str text = str_init(TEXT_MAX);

	assert_int_equal(publish(a, 1), 0);
	(void)ask("UPDATE objects SET data = cast(replace(cast(data AS TEXT), 'long', 'gone') AS "
		  "BLOB)"
		  " WHERE base = 0 RETURNING 1");
	assert_int_equal(archive_node_text(a, 1, "n07", ARTEFACT_CONFIG, &text), -EUCLEAN);
	assert_non_null(strstr(archive_reason(a), "damaged"));
}

TEST(a_file_that_is_no_database_is_put_aside_by_the_writer_only)
{
	char path[128];
	struct err e;

	archive_close(a);
	a = NULL;
	(void)snprintf(path, sizeof(path), "%s/generations.db", folder);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	for (int i = 0; i < 1000; i++)
		(void)fputs("this is no database\n", f);
	(void)fclose(f);
	assert_int_equal(archive_open(folder, /* is_writer= */ false, &a, &e), -EUCLEAN);
	log_init("test", (enum log_level)0);
	open_again(true);
	assert_int_equal(publish(a, 1), 0);
}

TEST(there_is_nothing_to_read_before_anything_was_written)
{
	char path[128];
	struct err e;

	archive_close(a);
	a = NULL;
	(void)snprintf(path, sizeof(path), "%s/generations.db", folder);
	assert_int_equal(remove(path), 0);
	assert_int_equal(archive_open(folder, /* is_writer= */ false, &a, &e), -ENOENT);
}

/* --- power cuts ----------------------------------------------------------------------------------- */

/* Publishes and tidies until the power goes; the last one whose commit returned. */
static int64_t live(struct ram_disk *disk, unsigned long cut_at, int64_t *ret_begun)
{
	struct archive *w = NULL;
	int64_t done = 0;
	struct err e;

	ram_disk_wipe(disk);
	disk->cut_at = cut_at;
	*ret_begun = 0;
	if (archive_open(folder, true, &w, &e) < 0)
		return 0;
	for (int64_t i = 1; i <= PUBLISHED && !disk->is_off; i++) {
		*ret_begun = i;
		if (publish(w, i) == 0)
			done = i;
		if (i == PUBLISHED - 1 && archive_tidy(w, 0) < 0)
			break;
	}
	archive_close(w);
	return done;
}

static void look_after(struct ram_disk *disk, int64_t done, int64_t begun, enum ram_loss loss)
{
	struct archive_generation g = {.number = 0};
	struct archive *r;
	struct err e;

	ram_disk_restart(disk, loss);
	if (archive_open(folder, true, &r, &e) < 0)
		fail_msg("%s", e.msg);
	int rc = archive_last(r, NULL, &g);
	assert_true(rc == 0 || rc == -ENOENT);
	if (g.number < done || g.number > begun)
		fail_msg("generation %d after %d of %d, loss %d", (int)g.number, (int)done,
			(int)begun, (int)loss);
	for (int64_t i = 1; i <= g.number; i++)
		look_through(r, i);
	assert_int_equal(publish(r, g.number + 1), 0);
	look_through(r, g.number + 1);
	archive_close(r);
}

TEST(power_cut_at_any_write_leaves_the_old_generation_or_the_new)
{
	static struct ram_disk disk;
	int64_t begun;

	log_init("test", (enum log_level)0);
	ram_disk_mount(&disk);
	assert_int_equal(live(&disk, 0, &begun), PUBLISHED);
	unsigned long n = disk.ops;
	print_message("# %lu writes\n", n);
	assert_true(n > 100);
	for (unsigned long cut_at = 1; cut_at <= n; cut_at++) {
		int64_t done = live(&disk, cut_at, &begun);

		disk.seed = (uint32_t)cut_at;
		look_after(&disk, done, begun, (enum ram_loss)(cut_at % 3));
	}
	ram_disk_wipe(&disk);
}

#define f(sentence) cmocka_unit_test_setup_teardown(sentence, begin, end)

RUN(f(what_was_published_is_read_back_by_another), f(files_come_in_the_order_they_were_put),
	f(what_is_dropped_or_aborted_was_never_there),
	f(a_server_gets_the_newest_that_it_can_serve), f(a_draft_is_never_the_last),
	f(the_oldest_go_with_their_texts_but_not_the_one_in_use),
	f(texts_that_are_alike_take_little_room),
	f(a_text_that_is_not_what_it_was_is_not_given_out),
	f(a_file_that_is_no_database_is_put_aside_by_the_writer_only),
	f(there_is_nothing_to_read_before_anything_was_written),
	f(power_cut_at_any_write_leaves_the_old_generation_or_the_new))
