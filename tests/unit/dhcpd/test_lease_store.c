#include "tests/unit/test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dhcpd/lease_store.h"
#include "provisioner/base/log.h"

#define POOL 0x0a4d0064
#define DAY_MS ((int64_t)86400000)

static const struct hash_key key = {1, 2};

/* A fresh folder for every case. */
struct place {
	char dir[64];
	struct lease_table *leases;
	struct moment now;
};

static int place_up(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	(void)snprintf(p->dir, sizeof(p->dir), "/tmp/slipway-test-leases.XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	p->leases = lease_table_new(&key);
	lease_table_set_pools(p->leases, &(struct lease_pool){POOL, POOL + 999}, 1);
	p->now = (struct moment){
		.mono_ms = 1000000, .wall_ms = 1700000000000, .boot_id = "this-boot"};
	*state = p;
	return 0;
}

/* Calls `call` for each file of the folder. How many there are. */
static size_t each_file(const struct place *p, const char *prefix, bool is_removed)
{
	DIR *d = opendir(p->dir);
	const struct dirent *entry;
	char path[512];
	size_t n = 0;

	assert_non_null(d);
	while ((entry = readdir(d))) {
		if (entry->d_name[0] == '.' || strncmp(entry->d_name, prefix, strlen(prefix)) != 0)
			continue;
		n++;
		(void)snprintf(path, sizeof(path), "%s/%s", p->dir, entry->d_name);
		if (is_removed)
			assert_int_equal(unlink(path), 0);
	}
	(void)closedir(d);
	return n;
}

static int place_down(void **state)
{
	struct place *p = *state;

	lease_table_free(p->leases);
	(void)each_file(p, "", true);
	assert_int_equal(rmdir(p->dir), 0);
	free(p);
	return 0;
}

#define PLACE struct place *p = *test_state

static struct lease_store *open_store(struct place *p, size_t *ret_damaged)
{
	struct err e;
	struct lease_store *s = lease_store_open(p->dir, &p->now, p->leases, ret_damaged, &e);

	assert_non_null(s);
	return s;
}

static struct client mac(uint8_t n)
{
	return (struct client){.htype = 1, .hlen = 6, .hw = {2, 0, 0, 0, 0, n}};
}

static struct lease *add(struct place *p, uint8_t n, enum lease_state state, uint32_t lease_s)
{
	struct client c = mac(n);
	struct lease *l = lease_set(p->leases, POOL + n, &c, state, p->now.mono_ms,
		p->now.mono_ms + (int64_t)lease_s * 1000);

	l->lease_s = lease_s;
	return l;
}

static void write_one(struct lease_store *s, struct lease *l, const struct moment *now)
{
	assert_int_equal(lease_store_write(s, &l, 1, now), 0);
}

/* A new process: nothing but the folder is left. */
static void forget(struct place *p)
{
	lease_table_free(p->leases);
	p->leases = lease_table_new(&key);
	lease_table_set_pools(p->leases, &(struct lease_pool){POOL, POOL + 999}, 1);
}

TEST(every_lease_that_was_written_is_read_back_alike)
{
	PLACE;
	size_t damaged;
	struct lease_store *s = open_store(p, &damaged);
	uint8_t id[255];
	struct client odd = {.id = id, .id_len = sizeof(id)}, wide = {.htype = 7, .hlen = 16};

	memset(id, 0xfe, sizeof(id));
	memset(wide.hw, 0xab, sizeof(wide.hw));
	write_one(s, add(p, 1, LEASE_BOUND, 3600), &p->now);
	write_one(s, add(p, 2, LEASE_DECLINED, 600), &p->now);
	write_one(s, add(p, 3, LEASE_FREE, 0), &p->now);
	write_one(s, lease_set(p->leases, POOL + 50, &odd, LEASE_BOUND, 0, INT32_MAX), &p->now);
	write_one(s, lease_set(p->leases, POOL + 51, &wide, LEASE_BOUND, 0, INT32_MAX), &p->now);
	write_one(s, add(p, 4, LEASE_BOUND, UINT32_MAX), &p->now);
	lease_store_close(s);
	forget(p);

	s = open_store(p, &damaged);
	assert_int_equal(damaged, 0);
	assert_int_equal(lease_count(p->leases), 6);
	struct lease *l = lease_by_address(p->leases, POOL + 1);
	struct client c = mac(1);
	assert_true(lease_is_of(l, &c));
	assert_int_equal(l->state, LEASE_BOUND);
	assert_int_equal(l->lease_s, 3600);
	assert_true(l->until_ms == p->now.mono_ms + 3600000);
	assert_true(l->stored);
	assert_int_equal(lease_by_address(p->leases, POOL + 2)->state, LEASE_DECLINED);
	assert_int_equal(lease_by_address(p->leases, POOL + 3)->state, LEASE_FREE);
	assert_true(lease_is_of(lease_by_address(p->leases, POOL + 50), &odd));
	assert_true(lease_is_of(lease_by_address(p->leases, POOL + 51), &wide));
	assert_int_equal(lease_by_address(p->leases, POOL + 4)->lease_s, UINT32_MAX);
	lease_store_close(s);
}

TEST(lease_survives_a_process_that_never_closed_the_database)
{
	PLACE;
	size_t damaged;
	int pipe_fd[2];
	pid_t child;

	assert_int_equal(pipe(pipe_fd), 0);
	child = fork();
	if (child == 0) {
		struct lease_store *s = open_store(p, &damaged);

		write_one(s, add(p, 1, LEASE_BOUND, 3600), &p->now);
		(void)!write(pipe_fd[1], "w", 1);
		(void)pause();
		_exit(0);
	}
	char c;
	assert_int_equal(read(pipe_fd[0], &c, 1), 1);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	(void)close(pipe_fd[0]);
	(void)close(pipe_fd[1]);
	struct lease_store *s = open_store(p, &damaged);
	assert_non_null(lease_by_address(p->leases, POOL + 1));
	lease_store_close(s);
}

TEST(clock_that_jumps_changes_no_lease_within_one_boot)
{
	PLACE;
	static const int64_t jumps[] = {-400 * DAY_MS, 0, 400 * DAY_MS};

	for (size_t i = 0; i < ARRAY_LEN(jumps); i++) {
		size_t damaged;
		struct lease_store *s = open_store(p, &damaged);

		write_one(s, add(p, 1, LEASE_BOUND, 3600), &p->now);
		lease_store_close(s);
		forget(p);
		p->now.wall_ms += jumps[i];
		p->now.mono_ms += 600000;
		s = open_store(p, &damaged);
		assert_true(lease_by_address(p->leases, POOL + 1)->until_ms ==
			    p->now.mono_ms + 3000000);
		lease_store_close(s);
	}
}

TEST(after_a_reboot_the_wall_clock_tells_but_makes_no_lease_longer)
{
	PLACE;
	static const struct {
		int64_t later_ms, left_ms;
	} cases[] = {{600000, 3000000}, {-400 * DAY_MS, 3600000}, {DAY_MS, 3600000 - DAY_MS}};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t damaged;
		struct lease_store *s = open_store(p, &damaged);
		struct moment later = {.mono_ms = 5000,
			.wall_ms = p->now.wall_ms + cases[i].later_ms,
			.boot_id = "another-boot"};
		struct moment now = p->now;

		write_one(s, add(p, 1, LEASE_BOUND, 3600), &p->now);
		lease_store_close(s);
		forget(p);
		p->now = later;
		s = open_store(p, &damaged);
		assert_true(
			lease_by_address(p->leases, POOL + 1)->until_ms == 5000 + cases[i].left_ms);
		lease_store_close(s);
		forget(p);
		p->now = now;
	}
}

TEST(batch_is_written_whole)
{
	PLACE;
	size_t damaged;
	struct lease_store *s = open_store(p, &damaged);
	struct lease *batch[100];

	for (uint8_t i = 0; i < ARRAY_LEN(batch); i++)
		batch[i] = add(p, i, LEASE_BOUND, 60);
	assert_int_equal(lease_store_write(s, batch, ARRAY_LEN(batch), &p->now), 0);
	for (size_t i = 0; i < ARRAY_LEN(batch); i++)
		assert_true(batch[i]->stored);
	lease_store_close(s);
	forget(p);
	s = open_store(p, &damaged);
	assert_int_equal(lease_count(p->leases), 100);
	lease_store_close(s);
}

static void scribble(const struct place *p, off_t at, size_t n)
{
	char path[128], noise[4096];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/leases.db", p->dir);
	memset(noise, 0xa5, sizeof(noise));
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, noise, n, at), n);
	(void)close(fd);
}

TEST(damaged_database_is_set_aside_and_a_fresh_one_begun)
{
	PLACE;
	static const off_t places[] = {0, 100, 4096};

	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		size_t damaged;
		struct lease_store *s = open_store(p, &damaged);

		for (uint8_t n = 0; n < 100; n++)
			write_one(s, add(p, n, LEASE_BOUND, 3600), &p->now);
		lease_store_close(s);
		forget(p);
		scribble(p, places[i], 4096 - 100);
		s = open_store(p, &damaged);
		assert_int_equal(lease_count(p->leases), 0);
		write_one(s, add(p, 1, LEASE_BOUND, 3600), &p->now);
		lease_store_close(s);
		assert_true(each_file(p, "leases.db.damaged-", false) >= 1);
		(void)each_file(p, "", true);
		forget(p);
	}
}

TEST(file_that_is_no_database_is_set_aside)
{
	PLACE;
	size_t damaged;

	scribble(p, 0, 4096);
	struct lease_store *s = open_store(p, &damaged);
	write_one(s, add(p, 1, LEASE_BOUND, 3600), &p->now);
	lease_store_close(s);
	assert_int_equal(each_file(p, "leases.db.damaged-", false), 1);
}

static void execute(const struct place *p, const char *sql)
{
	char path[128];
	sqlite3 *db;

	(void)snprintf(path, sizeof(path), "%s/leases.db", p->dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

TEST(rows_that_make_no_sense_are_left_out_and_counted)
{
	PLACE;
	static const char *const changes[] = {
		"UPDATE lease SET address = 4294967296 WHERE address = 172818533",
		"UPDATE lease SET address = -1 WHERE address = 172818533",
		"UPDATE lease SET state = 9 WHERE address = 172818533",
		"UPDATE lease SET htype = 256 WHERE address = 172818533",
		"UPDATE lease SET hardware = zeroblob(17) WHERE address = 172818533",
		"UPDATE lease SET hardware = x'' WHERE address = 172818533",
		"UPDATE lease SET client_id = zeroblob(256) WHERE address = 172818533",
		"UPDATE lease SET lease_s = -1 WHERE address = 172818533",
		"UPDATE lease SET left_ms = 9223372036854775807 WHERE address = 172818533",
		"UPDATE lease SET left_ms = -9223372036854775807 WHERE address = 172818533",
		"UPDATE lease SET written_wall_ms = -9223372036854775807 WHERE address = 172818533",
		"UPDATE lease SET written_mono_ms = -9223372036854775807 WHERE address = 172818533",
	};

	for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
		size_t damaged;
		struct lease_store *s = open_store(p, &damaged);

		write_one(s, add(p, 1, LEASE_BOUND, 3600), &p->now);
		write_one(s, add(p, 2, LEASE_BOUND, 3600), &p->now);
		lease_store_close(s);
		execute(p, changes[i]);
		forget(p);
		print_message("# %s\n", changes[i]);
		s = open_store(p, &damaged);
		assert_int_equal(damaged, 1);
		assert_int_equal(lease_count(p->leases), 1);
		lease_store_close(s);
		(void)each_file(p, "", true);
		forget(p);
	}
}

TEST(tables_of_another_kind_are_set_aside)
{
	PLACE;
	size_t damaged;

	execute(p, "CREATE TABLE lease (address TEXT)");
	struct lease_store *s = open_store(p, &damaged);
	write_one(s, add(p, 1, LEASE_BOUND, 3600), &p->now);
	lease_store_close(s);
	assert_int_equal(each_file(p, "leases.db.damaged-", false), 1);
}

TEST(full_disk_is_reported_and_ends)
{
	PLACE;
	size_t damaged;
	struct lease_store *s = open_store(p, &damaged);
	struct rlimit before, none;
	struct lease *batch[200], *l = add(p, 1, LEASE_BOUND, 3600);

	write_one(s, l, &p->now);
	for (uint8_t i = 0; i < ARRAY_LEN(batch); i++)
		batch[i] = add(p, i, LEASE_BOUND, 60);
	batch[0]->stored = false;
	/* No file may grow: what a full disk does, without filling one. */
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	none = (struct rlimit){.rlim_cur = 4096, .rlim_max = before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	int rc = lease_store_write(s, batch, ARRAY_LEN(batch), &p->now);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_true(rc == -ENOSPC || rc == -EIO);
	assert_false(batch[0]->stored);
	assert_int_equal(lease_store_write(s, batch, ARRAY_LEN(batch), &p->now), 0);
	assert_true(batch[0]->stored);
	lease_store_close(s);
}

TEST(folder_that_is_not_there_is_an_error_with_its_name)
{
	PLACE;
	size_t damaged;
	struct err e;

	assert_null(lease_store_open("/nonexistent/slipway", &p->now, p->leases, &damaged, &e));
	assert_non_null(strstr(e.msg, "/nonexistent/slipway"));
}

static off_t log_size(const struct place *p)
{
	char path[128];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/leases.db-wal", p->dir);
	assert_int_equal(stat(path, &st), 0);
	return st.st_size;
}

/* Many leases with long identifiers, so that one batch is many pages. */
static size_t add_wide(struct place *p, struct lease **ret, uint32_t n)
{
	static uint8_t id[255];
	struct client c = {.id = id, .id_len = sizeof(id)};

	for (uint32_t i = 0; i < n; i++) {
		memcpy(id, &i, sizeof(i));
		ret[i] = lease_set(p->leases, POOL + i, &c, LEASE_BOUND, 0, INT32_MAX);
	}
	return n;
}

TEST(log_is_written_over_and_grows_no_longer)
{
	PLACE;
	size_t damaged;
	struct lease *batch[900];
	struct lease_store *s = open_store(p, &damaged);
	off_t size = log_size(p);
	size_t n = add_wide(p, batch, ARRAY_LEN(batch));

	assert_true(size > 1000 * 4096);
	for (int i = 0; i < 40; i++) {
		assert_int_equal(lease_store_write(s, batch, n, &p->now), 0);
		assert_true(log_size(p) == size);
		if (i % 3 == 0)
			lease_store_tidy(s);
	}
	lease_store_close(s);
	forget(p);
	s = open_store(p, &damaged);
	assert_int_equal(lease_count(p->leases), n);
	lease_store_close(s);
}

TEST(forgotten_leases_are_gone_from_disk)
{
	PLACE;
	size_t damaged;
	struct lease_store *s = open_store(p, &damaged);
	const uint32_t gone[] = {POOL + 1, POOL + 3, POOL + 77};

	for (uint8_t i = 0; i < 5; i++)
		write_one(s, add(p, i, LEASE_BOUND, 60), &p->now);
	assert_int_equal(lease_store_forget(s, gone, ARRAY_LEN(gone)), 0);
	lease_store_close(s);
	forget(p);
	s = open_store(p, &damaged);
	assert_int_equal(lease_count(p->leases), 3);
	assert_null(lease_by_address(p->leases, POOL + 1));
	assert_non_null(lease_by_address(p->leases, POOL + 2));
	lease_store_close(s);
}

/* --- the store reads back what it can write --- */

static uint32_t dice(uint32_t *seed, uint32_t sides)
{
	*seed = *seed * 1664525 + 1013904223;
	return (*seed >> 8) % sides;
}

static struct client random_client(uint32_t *seed, uint8_t id[static 255])
{
	static const uint8_t lengths[] = {0, 1, 6, 7, 8, 16};
	struct client c = {.htype = (uint8_t)dice(seed, 256),
		.hlen = lengths[dice(seed, ARRAY_LEN(lengths))],
		.id = id,
		.id_len = (uint8_t)dice(seed, 256)};

	if (c.hlen == 0 && c.id_len == 0)
		c.id_len = 255;
	for (int i = 0; i < 255; i++)
		id[i] = (uint8_t)dice(seed, 256);
	for (uint8_t i = 0; i < c.hlen; i++)
		c.hw[i] = (uint8_t)dice(seed, 256);
	return c;
}

static int64_t random_end(uint32_t *seed, int64_t now_ms)
{
	switch (dice(seed, 5)) {
	case 0:
		return now_ms + (int64_t)UINT32_MAX * 1000;
	case 1:
		return now_ms;
	case 2:
		return now_ms - dice(seed, UINT32_MAX);
	case 3:
		return now_ms + 1;
	default:
		return now_ms + dice(seed, UINT32_MAX);
	}
}

TEST(leases_of_all_kinds_are_read_back_alike)
{
	PLACE;
	enum { N = 999 };
	static uint8_t ids[N][255];
	static struct client clients[N];
	static struct lease wrote[N];
	struct lease *batch[N];
	uint32_t seed = 99;
	size_t damaged;

	for (int round = 0; round < 4; round++) {
		struct lease_store *s = open_store(p, &damaged);

		p->now.wall_ms =
			(int64_t[]){1700000000000, 0, -5000000000000, 9000000000000}[round];
		for (uint32_t i = 0; i < N; i++) {
			clients[i] = random_client(&seed, ids[i]);
			batch[i] = lease_set(p->leases, POOL + i, &clients[i],
				(enum lease_state)(LEASE_FREE + dice(&seed, 4)), INT64_MIN,
				random_end(&seed, p->now.mono_ms));
			batch[i]->lease_s = i % 3 ? dice(&seed, UINT32_MAX) : UINT32_MAX;
		}
		assert_int_equal(lease_store_write(s, batch, N, &p->now), 0);
		for (uint32_t i = 0; i < N; i++)
			wrote[i] = *batch[i];
		lease_store_close(s);
		forget(p);
		s = open_store(p, &damaged);
		assert_int_equal(damaged, 0);
		assert_int_equal(lease_count(p->leases), N);
		for (uint32_t i = 0; i < N; i++) {
			const struct lease *l = lease_by_address(p->leases, POOL + i);

			assert_true(l->until_ms == wrote[i].until_ms);
			assert_int_equal(l->state, wrote[i].state);
			assert_int_equal(l->lease_s, wrote[i].lease_s);
			struct client c = lease_client(l);
			if (c.hlen + c.id_len == 0) /* its client has a newer lease */
				continue;
			assert_true(l->stored);
			assert_int_equal(c.htype, clients[i].htype);
			assert_int_equal(c.hlen, clients[i].hlen);
			assert_memory_equal(c.hw, clients[i].hw, MSG_HW_MAX);
			assert_int_equal(c.id_len, clients[i].id_len);
			if (c.id_len > 0)
				assert_memory_equal(c.id, clients[i].id, c.id_len);
		}
		lease_store_close(s);
		forget(p);
	}
}

TEST(end_that_never_comes_is_read_back_as_a_long_time)
{
	PLACE;
	size_t damaged;
	struct lease_store *s = open_store(p, &damaged);
	struct lease *never = add(p, 1, LEASE_BOUND, 60), *ever = add(p, 2, LEASE_BOUND, 60);

	lease_change(p->leases, never, LEASE_BOUND, LEASE_NEVER);
	lease_change(p->leases, ever, LEASE_BOUND, INT64_MIN);
	write_one(s, never, &p->now);
	write_one(s, ever, &p->now);
	lease_store_close(s);
	forget(p);
	s = open_store(p, &damaged);
	assert_int_equal(damaged, 0);
	assert_true(lease_by_address(p->leases, POOL + 1)->until_ms > 40 * 365 * DAY_MS);
	assert_true(lease_by_address(p->leases, POOL + 2)->until_ms < 0);
	lease_store_close(s);
}

/* --- damage --- */

TEST(damaged_page_costs_its_own_leases_and_no_others)
{
	PLACE;
	enum { N = 900, PAGE = 4096 };
	struct lease *batch[N];
	size_t damaged;
	struct lease_store *s = open_store(p, &damaged);
	size_t n = add_wide(p, batch, N);

	assert_int_equal(lease_store_write(s, batch, n, &p->now), 0);
	lease_store_close(s);
	forget(p);
	scribble(p, 30 * PAGE, PAGE);
	s = open_store(p, &damaged);
	size_t saved = lease_count(p->leases);
	assert_true(saved < N && saved > N - 25);
	assert_non_null(lease_by_address(p->leases, POOL));
	assert_non_null(lease_by_address(p->leases, POOL + N - 1));
	assert_int_equal(each_file(p, "leases.db.damaged-", false), 1);
	lease_store_close(s);
	forget(p);
	s = open_store(p, &damaged); /* they are in the new one */
	assert_int_equal(lease_count(p->leases), saved);
	assert_int_equal(each_file(p, "leases.db.damaged-", false), 1);
	lease_store_close(s);
}

TEST(two_databases_damaged_in_one_second_are_both_kept)
{
	PLACE;
	size_t damaged;

	for (size_t i = 1; i <= 3; i++) {
		scribble(p, 0, 4096);
		lease_store_close(open_store(p, &damaged));
		assert_int_equal(each_file(p, "leases.db.damaged-20231114T221320Z", false), i);
	}
}

TEST(log_without_its_database_is_set_aside)
{
	PLACE;
	size_t damaged;
	char from[128], to[128];
	struct lease_store *s = open_store(p, &damaged);

	write_one(s, add(p, 1, LEASE_BOUND, 3600), &p->now);
	(void)snprintf(from, sizeof(from), "%s/leases.db-wal", p->dir);
	(void)snprintf(to, sizeof(to), "%s/log", p->dir);
	assert_int_equal(link(from, to), 0);
	lease_store_close(s);
	(void)each_file(p, "leases.db", true);
	assert_int_equal(rename(to, from), 0);
	forget(p);
	s = open_store(p, &damaged);
	write_one(s, add(p, 2, LEASE_BOUND, 3600), &p->now);
	assert_int_equal(each_file(p, "leases.db.damaged-", false), 1);
	lease_store_close(s);
}

TEST(empty_file_begins_anew)
{
	PLACE;
	size_t damaged;

	scribble(p, 0, 0);
	struct lease_store *s = open_store(p, &damaged);
	write_one(s, add(p, 1, LEASE_BOUND, 3600), &p->now);
	lease_store_close(s);
	assert_int_equal(each_file(p, "leases.db.damaged-", false), 0);
}

static void refuses(const struct place *p, const char *words)
{
	struct err e;
	size_t damaged;

	assert_null(lease_store_open(p->dir, &p->now, p->leases, &damaged, &e));
	print_message("# %s\n", e.msg);
	assert_non_null(strstr(e.msg, words));
	assert_non_null(strstr(e.msg, p->dir));
}

TEST(folder_where_the_file_should_be_is_an_error)
{
	PLACE;
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/leases.db", p->dir);
	assert_int_equal(mkdir(path, 0700), 0);
	refuses(p, "unable to open");
	assert_int_equal(rmdir(path), 0);
}

TEST(database_of_a_newer_version_is_left_alone)
{
	PLACE;
	size_t damaged;
	struct lease_store *s = open_store(p, &damaged);

	write_one(s, add(p, 1, LEASE_BOUND, 3600), &p->now);
	lease_store_close(s);
	execute(p, "PRAGMA user_version = 2; ALTER TABLE lease ADD COLUMN hostname TEXT");
	forget(p);
	refuses(p, "newer version");
	assert_int_equal(each_file(p, "leases.db.damaged-", false), 0);
	execute(p, "SELECT hostname FROM lease");
	execute(p, "ALTER TABLE lease DROP COLUMN hostname; PRAGMA user_version = 1");
	s = open_store(p, &damaged);
	assert_int_equal(lease_count(p->leases), 1);
	lease_store_close(s);
	execute(p, "PRAGMA user_version = 70000"); /* that is no version */
	forget(p);
	lease_store_close(open_store(p, &damaged));
	assert_int_equal(lease_count(p->leases), 1);
	assert_int_equal(each_file(p, "leases.db.damaged-", false), 1);
}

TEST(folder_that_cannot_be_written_is_an_error)
{
	PLACE;
	uid_t me = geteuid();

	assert_int_equal(chmod(p->dir, 0555), 0);
	if (me == 0)
		assert_int_equal(seteuid(65534), 0); /* root may write everywhere */
	refuses(p, "unable to open");
	assert_int_equal(seteuid(me), 0);
	assert_int_equal(chmod(p->dir, 0755), 0);
}

static int quiet(void **state)
{
	(void)state;
	log_init("test", LOG_LEVEL_ERROR);
	return 0;
}

#define in_place(sentence)                                                          \
	{                                                                           \
		.name = #sentence, .test_func = (sentence), .setup_func = place_up, \
		.teardown_func = place_down                                         \
	}

int main(void)
{
	const struct CMUnitTest cases[] = {
		in_place(every_lease_that_was_written_is_read_back_alike),
		in_place(lease_survives_a_process_that_never_closed_the_database),
		in_place(clock_that_jumps_changes_no_lease_within_one_boot),
		in_place(after_a_reboot_the_wall_clock_tells_but_makes_no_lease_longer),
		in_place(batch_is_written_whole),
		in_place(damaged_database_is_set_aside_and_a_fresh_one_begun),
		in_place(file_that_is_no_database_is_set_aside),
		in_place(rows_that_make_no_sense_are_left_out_and_counted),
		in_place(tables_of_another_kind_are_set_aside),
		in_place(full_disk_is_reported_and_ends),
		in_place(folder_that_is_not_there_is_an_error_with_its_name),
		in_place(log_is_written_over_and_grows_no_longer),
		in_place(forgotten_leases_are_gone_from_disk),
		in_place(leases_of_all_kinds_are_read_back_alike),
		in_place(end_that_never_comes_is_read_back_as_a_long_time),
		in_place(damaged_page_costs_its_own_leases_and_no_others),
		in_place(two_databases_damaged_in_one_second_are_both_kept),
		in_place(log_without_its_database_is_set_aside),
		in_place(empty_file_begins_anew),
		in_place(folder_where_the_file_should_be_is_an_error),
		in_place(database_of_a_newer_version_is_left_alone),
		in_place(folder_that_cannot_be_written_is_an_error),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(cases, quiet, NULL);
}
