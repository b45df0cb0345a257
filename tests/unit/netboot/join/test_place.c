#include "netboot/join/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "provisioner/base/files.h"
#include "provisioner/base/mem.h"
#include "tests/unit/test.h"

struct node {
	char path[64];
	int root, state;
	struct place place;
};

static struct node node_new(void)
{
	struct node n = {.path = "/tmp/slipway-place.XXXXXX"};
	char state[80];

	assert_non_null(mkdtemp(n.path));
	(void)snprintf(state, sizeof(state), "%s/state", n.path);
	assert_int_equal(mkdir(state, 0700), 0);
	n.root = dir_open(n.path);
	n.state = dir_open(state);
	assert_true(n.root >= 0 && n.state >= 0);
	place_open(&n.place, n.root, n.state);
	return n;
}

static void node_done(struct node *n)
{
	char command[96];

	close_p(&n->root);
	close_p(&n->state);
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", n->path);
	assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): our own scratch folder */
}

/* A delivery of files named by `paths`, NULL-ended. */
static struct delivery delivery_of(const char *version, const char *const *paths)
{
	struct delivery d = {0};

	(void)snprintf(d.version, sizeof(d.version), "%s", version);
	for (; paths[d.n]; d.n++) {
		struct delivery_file *f = &d.files[d.n];

		(void)snprintf(f->path, sizeof(f->path), "%s", paths[d.n]);
		(void)snprintf(f->owner, sizeof(f->owner), "root");
		f->mode = 0600;
		f->content = xstrdup(paths[d.n]);
	}
	return d;
}

static void put(struct node *n, const char *version, const char *const *paths)
{
	AUTO(delivery_done) struct delivery d = delivery_of(version, paths);
	struct err e = {0};

	if (place_put(&n->place, &d, &e) < 0)
		fail_msg("%s", e.msg);
}

static bool is_there(const struct node *n, const char *path)
{
	return faccessat(n->root, path, F_OK, 0) == 0;
}

#define CA "/etc/ssl/etcd/ca.crt"
#define KEY "/etc/ssl/etcd/client.key"
static const char *const both[] = {CA, KEY, NULL}, *const one[] = {CA, NULL},
			 *const none[] = {NULL};

/* Owners other than ourselves are for root: tests/wire/join.sh has them. */
static bool may_not_run(void)
{
	return geteuid() != 0;
}

TEST(files_are_written_and_units_may_begin)
{
	AUTO(node_done) struct node n = node_new();
	AUTO(free_p) char *text = NULL;
	struct stat st;
	size_t len;

	if (may_not_run())
		skip();
	assert_string_equal(n.place.version, "");
	assert_false(is_there(&n, PLACE_READY));
	put(&n, "v1", both);
	assert_int_equal(fstatat(n.root, KEY + 1, &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	text = place_read(&n.place, KEY, &len);
	assert_non_null(text);
	assert_string_equal(text, KEY);
	assert_true(is_there(&n, PLACE_READY));
}

TEST(the_next_start_knows_what_is_in_place)
{
	AUTO(node_done) struct node n = node_new();

	if (may_not_run())
		skip();
	put(&n, "v1", both);
	place_open(&n.place, n.root, n.state);
	assert_string_equal(n.place.version, "v1");
	assert_int_equal(n.place.n, 2);
	assert_int_equal(unlinkat(n.root, KEY + 1, 0), 0);
	place_open(&n.place, n.root, n.state);
	assert_string_equal(n.place.version, "");
}

TEST(what_is_no_longer_named_goes)
{
	AUTO(node_done) struct node n = node_new();

	if (may_not_run())
		skip();
	put(&n, "v1", both);
	put(&n, "v2", one);
	assert_true(is_there(&n, CA + 1));
	assert_false(is_there(&n, KEY + 1));
	put(&n, "v3", none);
	assert_false(is_there(&n, CA + 1));
	assert_true(is_there(&n, PLACE_READY));
}

TEST(no_link_is_followed)
{
	AUTO(node_done) struct node n = node_new();
	AUTO(delivery_done) struct delivery d = delivery_of("v1", one);
	struct err e = {0};

	if (may_not_run())
		skip();
	assert_int_equal(mkdirat(n.root, "etc", 0755), 0);
	assert_int_equal(mkdirat(n.root, "etc/ssl", 0755), 0);
	assert_int_equal(mkdirat(n.root, "elsewhere", 0777), 0);
	assert_int_equal(symlinkat("../../elsewhere", n.root, "etc/ssl/etcd"), 0);
	assert_true(place_put(&n.place, &d, &e) < 0);
	assert_non_null(strstr(e.msg, CA));
	assert_false(is_there(&n, "elsewhere/ca.crt"));
	assert_false(is_there(&n, PLACE_READY));
}

TEST(a_memory_that_makes_no_sense_is_none)
{
	static const char *const texts[] = {"", "\n", "v 1\n", "v1\n/etc/passwd\n",
		"v1\n/etc/ssl/etcd/../../passwd\n", "../v1\n"};
	AUTO(node_done) struct node n = node_new();

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		assert_int_equal(
			file_write(n.state, "secrets", texts[i], strlen(texts[i]), 0600), 0);
		place_open(&n.place, n.root, n.state);
		assert_string_equal(n.place.version, "");
		assert_int_equal(n.place.n, 0);
	}
}

RUN(t(files_are_written_and_units_may_begin), t(the_next_start_knows_what_is_in_place),
	t(what_is_no_longer_named_goes), t(no_link_is_followed),
	t(a_memory_that_makes_no_sense_is_none))
