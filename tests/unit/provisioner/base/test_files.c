#include "tests/unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "provisioner/base/files.h"

/* A folder of its own for each case. */
static char top[64];
static int dir;

static int set_up(void **state)
{
	(void)state;
	(void)snprintf(top, sizeof(top), "/tmp/slipway-files.XXXXXX");
	assert_non_null(mkdtemp(top));
	dir = dir_open(top);
	assert_true(dir >= 0);
	(void)umask(022);
	return 0;
}

static int tear_down(void **state)
{
	char command[128];

	(void)state;
	(void)close(dir);
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", top);
	return system(command);
}

static void has(const char *name, const char *want)
{
	AUTO(free_p) char *data = NULL;
	size_t len;

	assert_int_equal(file_read(dir, name, 1 << 20, &data, &len), 0);
	assert_int_equal(len, strlen(want));
	assert_string_equal(data, want);
}

TEST(written_file_is_read_back_and_replaced)
{
	assert_int_equal(file_write(dir, "a", "one", 3, 0600), 0);
	has("a", "one");
	assert_int_equal(file_write(dir, "a", "", 0, 0600), 0);
	has("a", "");
	assert_int_equal(file_write(dir, "a", "three", 5, 0600), 0);
	has("a", "three");
	assert_int_equal(faccessat(dir, ".a.new", F_OK, 0), -1);
}

TEST(mode_is_set_whatever_the_umask_and_whatever_was_left_behind)
{
	struct stat st;
	int fd = openat(dir, ".a.new", O_WRONLY | O_CREAT | O_CLOEXEC, 0666); /* of a crash */

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "left over, and longer", 21), 21);
	(void)close(fd);
	(void)umask(077);
	assert_int_equal(file_write(dir, "a", "new", 3, 0640), 0);
	assert_int_equal(fstatat(dir, "a", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	has("a", "new");
}

TEST(link_in_place_of_the_temporary_file_is_not_followed)
{
	assert_int_equal(file_write(dir, "victim", "safe", 4, 0600), 0);
	assert_int_equal(symlinkat("victim", dir, ".a.new"), 0);
	assert_int_equal(file_write(dir, "a", "evil", 4, 0600), -ELOOP);
	has("victim", "safe");
}

TEST(link_under_the_name_is_replaced_not_followed)
{
	assert_int_equal(file_write(dir, "victim", "safe", 4, 0600), 0);
	assert_int_equal(symlinkat("victim", dir, "a"), 0);
	assert_int_equal(file_write(dir, "a", "new", 3, 0600), 0);
	has("victim", "safe");
	has("a", "new");
}

TEST(name_that_leaves_the_folder_is_refused)
{
	assert_int_equal(file_write(dir, "../a", "x", 1, 0600), -EINVAL);
	assert_int_equal(file_write(dir, "", "x", 1, 0600), -EINVAL);
	char name[NAME_MAX + 1];
	memset(name, 'n', NAME_MAX);
	name[NAME_MAX] = '\0';
	assert_int_equal(file_write(dir, name, "x", 1, 0600), -ENAMETOOLONG);
}

TEST(failed_write_leaves_the_old_file_and_no_other)
{
	assert_int_equal(mkdirat(dir, "a", 0700), 0);
	assert_int_equal(file_write(dir, "a", "x", 1, 0600), -EISDIR);
	assert_int_equal(faccessat(dir, ".a.new", F_OK, 0), -1);
}

/* Each writer fills the file with its own letter; a torn file would show two. */
TEST(two_writers_never_tear_a_file)
{
	enum { ROUNDS = 50, SIZE = 20000 };
	pid_t pid = fork();
	char data[SIZE];
	int status;

	assert_true(pid >= 0);
	memset(data, pid ? 'p' : 'c', sizeof(data));
	for (int i = 0; i < ROUNDS; i++) {
		int rc = file_write(dir, "a", data, sizeof(data), 0600);

		if (pid == 0 && rc < 0)
			_exit(1);
		AUTO(free_p) char *got = NULL;
		size_t len = 0;
		int read_rc = rc < 0 ? rc : file_read(dir, "a", SIZE, &got, &len);
		bool whole =
			read_rc == 0 && len == SIZE && strspn(got, (char[]){got[0], '\0'}) == SIZE;
		if (pid == 0 && !whole)
			_exit(2);
		assert_int_equal(rc, 0);
		assert_true(whole);
	}
	if (pid == 0)
		_exit(0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

TEST(read_is_bounded)
{
	AUTO(free_p) char *data = NULL;
	size_t len = 0;

	assert_int_equal(file_write(dir, "a", "12345", 5, 0600), 0);
	assert_int_equal(file_read(dir, "a", 5, &data, &len), 0);
	free_p(&data);
	data = NULL;
	assert_int_equal(file_read(dir, "a", 4, &data, &len), -EFBIG);
	assert_null(data);
}

TEST(file_of_unknown_size_is_read_whole)
{
	AUTO(free_p) char *data = NULL;
	size_t len = 0;

	assert_int_equal(file_read(AT_FDCWD, "/proc/self/status", 1 << 20, &data, &len), 0);
	assert_int_equal(len, strlen(data));
	assert_non_null(strstr(data, "\nThreads:\t1\n"));
	char *more = NULL;
	assert_int_equal(file_read(AT_FDCWD, "/proc/self/status", 100, &more, &len), -EFBIG);
}

TEST(what_is_no_regular_file_is_not_read)
{
	char *data = NULL;
	size_t len;

	assert_int_equal(mkdirat(dir, "folder", 0700), 0);
	assert_int_equal(mkfifoat(dir, "pipe", 0600), 0);
	assert_int_equal(file_read(dir, "folder", 10, &data, &len), -EISDIR);
	assert_int_equal(file_read(dir, "pipe", 10, &data, &len), -EINVAL); /* and does not hang */
	assert_int_equal(file_read(dir, "absent", 10, &data, &len), -ENOENT);
	assert_int_equal(file_open_beneath(dir, "pipe"), -EISDIR);
	assert_int_equal(file_open_beneath(dir, "folder"), -EISDIR);
	assert_int_equal(file_open_beneath(dir, "folder/"), -EISDIR);
}

TEST(path_of_a_stranger_stays_below_its_root)
{
	static const struct {
		const char *path;
		int rc; /* 0: it opens */
	} rows[] = {
		{"in", 0},
		{"sub/in", 0},
		{"sub//in", 0},
		{"./in", 0},
		{"sub/../in", 0},
		{"inner-link", 0},
		{"../secret", -EXDEV},
		{"sub/../../secret", -EXDEV},
		{"/etc/passwd", -EXDEV},
		{"//etc/passwd", -EXDEV},
		{"outer-link", -EXDEV},
		{"absolute-link", -EXDEV},
		{"folder-link/passwd", -EXDEV},
		{"absent", -ENOENT},
		{"in/x", -ENOTDIR},
		{"", -ENOENT},
		{"loop", -ELOOP},
	};
	int root;

	assert_int_equal(file_write(dir, "secret", "s", 1, 0600), 0);
	assert_int_equal(mkdirat(dir, "root", 0700), 0);
	root = openat(dir, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(root >= 0);
	assert_int_equal(mkdirat(root, "sub", 0700), 0);
	assert_int_equal(file_write(root, "in", "i", 1, 0600), 0);
	assert_int_equal(linkat(root, "in", root, "sub/in", 0), 0);
	assert_int_equal(symlinkat("sub/in", root, "inner-link"), 0);
	assert_int_equal(symlinkat("../secret", root, "outer-link"), 0);
	assert_int_equal(symlinkat("/etc/passwd", root, "absolute-link"), 0);
	assert_int_equal(symlinkat("/etc", root, "folder-link"), 0);
	assert_int_equal(symlinkat("loop", root, "loop"), 0);

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(close_p) int fd = file_open_beneath(root, rows[i].path);

		if (rows[i].rc == 0)
			assert_true(fd >= 0);
		else
			assert_int_equal(fd, rows[i].rc);
	}
	(void)close(root);
}

TEST(folder_is_made_with_its_parents)
{
	char path[128];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/a/b/c", top);
	assert_int_equal(dir_make(path, 0750, getuid(), getgid()), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0750);
	assert_int_equal(dir_make(path, 0700, getuid(), getgid()), 0); /* again: the mode follows */
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	(void)snprintf(path, sizeof(path), "%s/a/d///", top);
	assert_int_equal(dir_make(path, 0700, getuid(), getgid()), 0);
	(void)snprintf(path, sizeof(path), "%s/a/b", top);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
}

TEST(folder_is_not_made_through_a_link_or_in_place_of_a_file)
{
	char path[128];

	assert_int_equal(mkdirat(dir, "real", 0700), 0);
	assert_int_equal(symlinkat("real", dir, "link"), 0);
	assert_int_equal(file_write(dir, "file", "", 0, 0600), 0);
	(void)snprintf(path, sizeof(path), "%s/link", top);
	assert_int_equal(dir_make(path, 0755, getuid(), getgid()), -ENOTDIR);
	(void)snprintf(path, sizeof(path), "%s/link/", top);
	assert_int_equal(dir_make(path, 0755, getuid(), getgid()), -ENOTDIR);
	(void)snprintf(path, sizeof(path), "%s/file", top);
	assert_int_equal(dir_make(path, 0755, getuid(), getgid()), -ENOTDIR);
	(void)snprintf(path, sizeof(path), "%s/file/below", top);
	assert_int_equal(dir_make(path, 0755, getuid(), getgid()), -ENOTDIR);
	assert_int_equal(dir_make("", 0755, getuid(), getgid()), -ENOENT);
}

TEST(sealed_file_can_not_be_changed)
{
	AUTO(close_p) int fd = memfd_sealed("image", "bytes", 5);
	char got[8];

	assert_true(fd >= 0);
	assert_int_equal(read(fd, got, sizeof(got)), 5); /* from the start */
	assert_memory_equal(got, "bytes", 5);
	assert_int_equal(pwrite(fd, "x", 1, 0), -1);
	assert_int_equal(ftruncate(fd, 0), -1);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), -1);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
}

TEST(path_is_parted_into_its_folder_and_its_name)
{
	static const struct {
		const char *path, *folder, *name;
	} rows[] = {
		{"/etc/slipway/cluster.yaml", "/etc/slipway", "cluster.yaml"},
		{"site/cluster.yaml", "site", "cluster.yaml"},
		{"cluster.yaml", ".", "cluster.yaml"},
		{"/cluster.yaml", "/", "cluster.yaml"},
		{"site/", "site", ""},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(free_p) char *folder = path_folder(rows[i].path);

		assert_string_equal(folder, rows[i].folder);
		assert_string_equal(path_name(rows[i].path), rows[i].name);
	}
}

#define T(sentence) cmocka_unit_test_setup_teardown(sentence, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest cases[] = {T(written_file_is_read_back_and_replaced),
		T(mode_is_set_whatever_the_umask_and_whatever_was_left_behind),
		T(link_in_place_of_the_temporary_file_is_not_followed),
		T(link_under_the_name_is_replaced_not_followed),
		T(name_that_leaves_the_folder_is_refused),
		T(failed_write_leaves_the_old_file_and_no_other), T(two_writers_never_tear_a_file),
		T(read_is_bounded), T(file_of_unknown_size_is_read_whole),
		T(what_is_no_regular_file_is_not_read), T(path_of_a_stranger_stays_below_its_root),
		T(folder_is_made_with_its_parents),
		T(folder_is_not_made_through_a_link_or_in_place_of_a_file),
		T(sealed_file_can_not_be_changed), T(path_is_parted_into_its_folder_and_its_name)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(cases, NULL, NULL);
}
