#include "tests/unit/provisioner/store/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "provisioner/base/sandbox.h"

static void file_path(const struct scratch *t, const char *name, char path[static 128])
{
	assert_true(snprintf(path, 128, "%s/%s", t->path, name) < 128);
}

/* Runs SQL on the file with SQLite alone, as an administrator would. */
static void edit(const struct scratch *t, const char *sql)
{
	char path[128];
	sqlite3 *db = NULL;

	file_path(t, "state.db", path);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static int open_fails(const struct scratch *t, struct err *e)
{
	struct store *s = NULL;
	int rc = store_open(t->path, &s, e);

	assert_null(s);
	return rc;
}

static int copy_text(const struct store_event *e, void *arg)
{
	struct store_event *want = arg;

	assert_string_equal(e->kind, want->kind);
	assert_int_equal(e->severity, want->severity);
	assert_string_equal(e->text, want->text);
	want->id = e->id;
	return 0;
}

TEST(a_batch_counts_whole_or_not_at_all)
{
	struct scratch t = scratch_new();

	assert_int_equal(store_begin(t.store), 0);
	scratch_put_node(t.store, "a");
	scratch_put_node(t.store, "b");
	store_abort(t.store);
	assert_int_equal(scratch_n_nodes(t.store), 0);

	assert_int_equal(store_begin(t.store), 0);
	scratch_put_node(t.store, "a");
	scratch_put_node(t.store, "b");
	assert_int_equal(store_commit(t.store), 0);
	assert_int_equal(scratch_n_nodes(scratch_reopen(&t)), 2);
	scratch_done(&t);
}

TEST(closing_drops_an_open_batch)
{
	struct scratch t = scratch_new();

	assert_int_equal(store_begin(t.store), 0);
	scratch_put_node(t.store, "a");
	assert_int_equal(scratch_n_nodes(scratch_reopen(&t)), 0);
	scratch_done(&t);
}

/* The child commits one batch and is killed in the middle of the next. */
static void die_in_a_batch(const struct scratch *t)
{
	struct store *s = NULL;

	if (store_open(t->path, &s, NULL) != 0 || store_begin(s) != 0 ||
		store_node_put(s, &(struct store_node){.key = "durable"}) != 0 ||
		store_commit(s) != 0)
		_exit(1);
	if (store_begin(s) != 0 || store_node_put(s, &(struct store_node){.key = "lost"}) != 0)
		_exit(1);
	(void)raise(SIGKILL);
	_exit(1);
}

TEST(kill_in_the_middle_of_a_batch_loses_that_batch_only)
{
	struct scratch t = scratch_new();
	int status = 0;

	store_close(TAKE(t.store));
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		die_in_a_batch(&t);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(scratch_n_nodes(scratch_open(&t)), 1);
	assert_null(store_damage(t.store));
	scratch_done(&t);
}

TEST(the_file_is_private)
{
	struct scratch t = scratch_new();
	char path[128];
	struct stat st;

	scratch_put_node(t.store, "a");
	file_path(&t, "state.db", path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	file_path(&t, "state.db-wal", path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	scratch_done(&t);
}

static void overwrite(const struct scratch *t, off_t at, size_t n)
{
	char path[128], noise[4096];

	file_path(t, "state.db", path);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (char)(i * 7 + 3);
	for (size_t done = 0; done < n; done += sizeof(noise))
		assert_int_equal(pwrite(fd, noise, sizeof(noise), at + (off_t)done), sizeof(noise));
	assert_int_equal(close(fd), 0);
}

static void expect_fresh_start(struct scratch *t)
{
	struct store_event want = {.kind = "store", .severity = STORE_ERROR};
	char aside[128];
	struct stat st;

	scratch_open(t);
	assert_non_null(store_damage(t->store));
	assert_int_equal(scratch_n_nodes(t->store), 0);
	want.text = store_damage(t->store);
	assert_int_equal(store_events_each(t->store, "", 0, 10, copy_text, &want), 0);
	assert_true(want.id > 0);

	const char *name = strstr(store_damage(t->store), "state.db.damaged-");
	assert_non_null(name);
	file_path(t, name, aside);
	*strchr(aside + strlen(t->path), ' ') = '\0';
	assert_int_equal(stat(aside, &st), 0);
	assert_true(st.st_size > 0);

	scratch_put_node(t->store, "new");
	assert_int_equal(scratch_n_nodes(scratch_reopen(t)), 1);
	assert_null(store_damage(t->store));
}

TEST(a_file_that_is_no_database_is_laid_aside)
{
	struct scratch t = scratch_new();

	scratch_put_node(t.store, "old");
	store_close(TAKE(t.store));
	overwrite(&t, 0, 8192);
	expect_fresh_start(&t);
	scratch_done(&t);
}

TEST(a_file_with_a_broken_page_is_laid_aside)
{
	struct scratch t = scratch_new();

	assert_int_equal(store_begin(t.store), 0);
	for (int i = 0; i < 1000; i++) {
		char key[16];

		(void)snprintf(key, sizeof(key), "n%d", i);
		scratch_put_node(t.store, key);
	}
	assert_int_equal(store_commit(t.store), 0);
	store_close(TAKE(t.store));
	overwrite(&t, 16 * 4096, 4096);
	expect_fresh_start(&t);
	scratch_done(&t);
}

TEST(a_truncated_file_is_laid_aside)
{
	struct scratch t = scratch_new();
	char path[128];

	scratch_put_node(t.store, "old");
	store_close(TAKE(t.store));
	file_path(&t, "state.db", path);
	assert_int_equal(truncate(path, 3 * 4096), 0);
	expect_fresh_start(&t);
	scratch_done(&t);
}

TEST(an_empty_file_is_a_fresh_one)
{
	struct scratch t = scratch_new();
	char path[128];

	store_close(TAKE(t.store));
	file_path(&t, "state.db", path);
	assert_int_equal(truncate(path, 0), 0);
	scratch_open(&t);
	assert_null(store_damage(t.store));
	scratch_put_node(t.store, "a");
	scratch_done(&t);
}

TEST(damage_that_shows_while_running_dooms_the_batch)
{
	struct scratch t = scratch_new();

	for (int i = 0; i < 500; i++) {
		struct store_event e = {.node = "n",
			.kind = "dhcp",
			.severity = STORE_INFO,
			.text = "discover from 52:54:00:00:00:01, offered 10.77.0.11"};

		if (i == 0)
			assert_int_equal(store_begin(t.store), 0);
		assert_int_equal(store_event_add(t.store, &e, NULL), 0);
	}
	assert_int_equal(store_commit(t.store), 0);
	/* Somebody else's change makes SQLite drop its cache and read the file again. */
	scratch_reopen(&t);
	edit(&t, "PRAGMA user_version = 1");
	overwrite(&t, 4096, (size_t)20 * 4096);
	assert_int_equal(store_begin(t.store), 0);
	assert_int_equal(store_node_put(t.store, &(struct store_node){.key = "a"}), -EUCLEAN);
	assert_int_equal(store_node_put(t.store, &(struct store_node){.key = "b"}), -EUCLEAN);
	assert_int_equal(store_commit(t.store), -EUCLEAN);
	assert_string_not_equal(store_reason(t.store), "");
	store_close(TAKE(t.store));
	expect_fresh_start(&t);
	scratch_done(&t);
}

TEST(version_0_is_migrated_and_the_latest_is_left_alone)
{
	struct scratch t = scratch_new();

	store_close(TAKE(t.store));
	edit(&t, "DROP TABLE tokens; DROP TABLE boots; DROP TABLE nodes; DROP TABLE events;"
		 "DROP TABLE generations; DROP TABLE settings; DELETE FROM sqlite_sequence");
	edit(&t, "PRAGMA writable_schema = 1; DELETE FROM sqlite_schema; PRAGMA user_version = 0;"
		 "PRAGMA application_id = 0; VACUUM");
	scratch_open(&t);
	scratch_put_node(t.store, "a");
	assert_int_equal(scratch_n_nodes(scratch_reopen(&t)), 1);
	scratch_done(&t);
}

TEST(a_file_of_a_newer_version_is_refused_and_left_alone)
{
	struct scratch t = scratch_new();
	struct err e = {0};

	scratch_put_node(t.store, "a");
	store_close(TAKE(t.store));
	edit(&t, "PRAGMA user_version = 99");
	assert_int_equal(open_fails(&t, &e), -ENOTSUP);
	assert_non_null(strstr(e.msg, "/state.db: was written by a newer slipway (version 99"));
	edit(&t, "PRAGMA user_version = 1");
	assert_int_equal(scratch_n_nodes(scratch_open(&t)), 1);
	scratch_done(&t);
}

TEST(a_database_of_another_program_is_refused)
{
	struct scratch t = scratch_new();
	char path[128];
	struct err e = {0};

	store_close(TAKE(t.store));
	file_path(&t, "state.db", path);
	assert_int_equal(unlink(path), 0);
	edit(&t, "CREATE TABLE bookmarks (url TEXT)");
	assert_int_equal(open_fails(&t, &e), -ENOTSUP);
	assert_non_null(strstr(e.msg, "another program"));
	scratch_done(&t);
}

TEST(a_folder_that_is_not_there_is_named)
{
	struct err e = {0};
	struct store *s = NULL;

	assert_int_equal(store_open("/nonexistent/slipway", &s, &e), -ENOENT);
	assert_string_equal(e.msg, "/nonexistent/slipway: No such file or directory");
	assert_null(s);
}

/* Runs `body` in a child of its own and says how it ended. */
static int in_child(void (*body)(const struct scratch *t), const struct scratch *t)
{
	int status = 0;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		body(t);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#define NOBODY 65534
#define CHILD(condition)                        \
	do {                                    \
		if (!(condition))               \
			_exit(__LINE__ & 0xff); \
	} while (0)

static void open_read_only(const struct scratch *t)
{
	struct store *s = NULL;
	struct err e = {0};

	CHILD(geteuid() != 0 ||
		(setresgid(NOBODY, NOBODY, NOBODY) == 0 && setresuid(NOBODY, NOBODY, NOBODY) == 0));
	int rc = store_open(t->path, &s, &e);
	CHILD(rc == -EACCES || rc == -EROFS);
	CHILD(!s && strstr(e.msg, "state.db: "));
}

TEST(a_read_only_folder_is_an_error_at_once)
{
	struct scratch t = scratch_new();
	char path[128];

	store_close(TAKE(t.store));
	assert_int_equal(chmod(t.path, 0555), 0);
	file_path(&t, "state.db", path);
	assert_int_equal(chmod(path, 0444), 0);
	assert_int_equal(in_child(open_read_only, &t), 0);
	/* The file may be written, but not the log beside it. */
	assert_int_equal(chmod(path, 0666), 0);
	assert_int_equal(in_child(open_read_only, &t), 0);
	assert_int_equal(chmod(t.path, 0755), 0);
	scratch_done(&t);
}

static int fill(struct store *s, const char *facts)
{
	char key[32];
	int rc = store_begin(s);

	for (int i = 0; rc == 0 && i < 100; i++) {
		(void)snprintf(key, sizeof(key), "big%d", i);
		rc = store_node_put(s, &(struct store_node){.key = key, .facts = facts});
	}
	int end = store_commit(s);
	return rc < 0 && end != rc ? 1 : end;
}

static void use_in_sandbox(const struct scratch *t)
{
	const char *const dirs[] = {t->path, NULL};
	struct sandbox sandbox = {.uid = geteuid() == 0 ? NOBODY : geteuid(),
		.gid = geteuid() == 0 ? NOBODY : getegid(),
		.write_dirs = dirs};
	AUTO(free_p) char *facts = xcalloc(STORE_FACTS_MAX + 1, 1);
	struct store *s = NULL;
	unsigned n = 0;

	for (size_t i = 0; i < STORE_FACTS_MAX; i++)
		facts[i] = 'x';
	CHILD(sandbox_enter(&sandbox, NULL) == 0);
	CHILD(store_open(t->path, &s, NULL) == 0);
	CHILD(fill(s, facts) == 0); /* enough for a checkpoint */
	CHILD(fill(s, facts) == 0);
	CHILD(store_nodes_each(s, scratch_count_node, &n) == 0 && n == 100);
	store_close(s);
}

TEST(the_worker_may_use_it_inside_its_sandbox)
{
	struct scratch t = scratch_new();
	char path[128];

	store_close(TAKE(t.store));
	file_path(&t, "state.db", path);
	assert_int_equal(unlink(path), 0);
	if (geteuid() == 0)
		assert_int_equal(chown(t.path, NOBODY, NOBODY), 0);
	assert_int_equal(in_child(use_in_sandbox, &t), 0);
	scratch_done(&t);
}

#define NO_MOUNT 77

static void mount_small_disk(const struct scratch *t)
{
	int spaces = geteuid() == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER;

	if (unshare(spaces) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		mount("none", t->path, "tmpfs", 0, "size=1m") < 0)
		_exit(NO_MOUNT);
}

static void run_on_full_disk(const struct scratch *t)
{
	AUTO(free_p) char *facts = xcalloc(STORE_FACTS_MAX + 1, 1);
	struct store *s = NULL;
	unsigned n = 0;

	mount_small_disk(t);
	for (size_t i = 0; i < STORE_FACTS_MAX; i++)
		facts[i] = 'x';
	CHILD(store_open(t->path, &s, NULL) == 0);
	CHILD(store_node_put(s, &(struct store_node){.key = "before"}) == 0);
	CHILD(fill(s, facts) == -ENOSPC);
	CHILD(store_reason(s)[0] != '\0');
	CHILD(store_nodes_each(s, scratch_count_node, &n) == 0 && n == 1);

	/* There is room again: it goes on by itself. */
	CHILD(mount(NULL, t->path, NULL, MS_REMOUNT, "size=64m") == 0);
	CHILD(fill(s, facts) == 0);
	store_close(s);
	CHILD(store_open(t->path, &s, NULL) == 0);
	n = 0;
	CHILD(!store_damage(s) && store_nodes_each(s, scratch_count_node, &n) == 0 && n == 101);
	store_close(s);
}

TEST(a_full_disk_drops_the_batch_and_the_store_goes_on_when_there_is_room)
{
	struct scratch t = scratch_new();

	store_close(TAKE(t.store));
	int rc = in_child(run_on_full_disk, &t);
	scratch_done(&t);
	if (rc == NO_MOUNT)
		skip();
	assert_int_equal(rc, 0);
}

TEST(a_file_that_somebody_else_is_writing_is_busy)
{
	struct scratch t = scratch_new();
	char path[128];
	sqlite3 *other = NULL;

	file_path(&t, "state.db", path);
	assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(store_begin(t.store), -EBUSY);
	assert_int_equal(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(other), SQLITE_OK);
	assert_int_equal(store_begin(t.store), 0);
	assert_int_equal(store_commit(t.store), 0);
	scratch_done(&t);
}

RUN(t(a_batch_counts_whole_or_not_at_all), t(closing_drops_an_open_batch),
	t(kill_in_the_middle_of_a_batch_loses_that_batch_only), t(the_file_is_private),
	t(a_file_that_is_no_database_is_laid_aside), t(a_file_with_a_broken_page_is_laid_aside),
	t(a_truncated_file_is_laid_aside), t(an_empty_file_is_a_fresh_one),
	t(damage_that_shows_while_running_dooms_the_batch),
	t(version_0_is_migrated_and_the_latest_is_left_alone),
	t(a_file_of_a_newer_version_is_refused_and_left_alone),
	t(a_database_of_another_program_is_refused), t(a_folder_that_is_not_there_is_named),
	t(a_read_only_folder_is_an_error_at_once), t(the_worker_may_use_it_inside_its_sandbox),
	t(a_full_disk_drops_the_batch_and_the_store_goes_on_when_there_is_room),
	t(a_file_that_somebody_else_is_writing_is_busy))
