/* The shipped definitions, as far as mirrors go. */
#include "netboot/fetch/mirror.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "netboot/fetch/admit.h"
#include "provisioner/base/files.h"
#include "tests/unit/test.h"

static struct arena *a;
static struct distro d;
static struct mirror m;
static struct err e;

static int read_text(const char *text)
{
	int rc = distro_read(a, "d.yaml", text, strlen(text), &d, &e);

	return rc < 0 ? rc : mirror_read(&d, &m, &e);
}

static int read_shipped(const char *name)
{
	char path[64];
	char *text;
	size_t len;

	(void)snprintf(path, sizeof(path), "templates/distros/%s.yaml", name);
	assert_int_equal(file_read(AT_FDCWD, path, 1 << 20, &text, &len), 0);
	char *kept = arena_strndup(a, text, len);
	free(text);
	return read_text(kept);
}

static const char *fill(const struct mirror_values *v, const struct distro_text *t)
{
	const char *text = NULL;

	assert_int_equal(mirror_fill(a, &m, v, t, "f", &text, &e), 0);
	return text;
}

TEST(flatcars_mirror_is_where_flatcar_says)
{
	struct mirror_values v = {.version = "4081.2.1", .channel = "beta"};

	assert_int_equal(read_shipped("flatcar"), 0);
	v.board = mirror_board(&m, "aarch64", &v.arch);
	assert_string_equal(v.board, "arm64-usr");
	assert_string_equal(
		fill(&v, &m.url), "https://beta.release.flatcar-linux.net/arm64-usr/4081.2.1");
	assert_string_equal(fill(&v, &m.latest),
		"https://beta.release.flatcar-linux.net/arm64-usr/current/version.txt");
	assert_string_equal(fill(&v, &m.signature), "f.sig");
	v.base = "http://mirror/flatcar//";
	assert_string_equal(fill(&v, &m.url), "http://mirror/flatcar/4081.2.1");
	assert_string_equal(mirror_board(&m, "amd64-usr", &v.arch), "amd64-usr");
	assert_string_equal(v.arch, "x86_64");
	assert_null(mirror_board(&m, "mips", &v.arch));
	assert_true(mirror_has_channel(&m, "lts"));
	assert_false(mirror_has_channel(&m, "4081"));
	assert_string_equal(m.keys[0], "F88CFEDEFF29A5B4D9523864E25D9AED0593B34A");
	assert_null(m.keys[1]);
	assert_false(m.expired_keys_are_good);
}

TEST(fedoras_is_known_by_its_stream)
{
	struct mirror_values v = {
		.version = "42.1", .channel = "next", .board = "x86_64", .arch = ""};

	assert_int_equal(read_shipped("fedora-coreos"), 0);
	assert_int_equal(m.latest_format, MIRROR_STREAM);
	assert_string_equal(
		fill(&v, &m.latest), "https://builds.coreos.fedoraproject.org/streams/next.json");
	assert_string_equal(m.initrd.name, "initramfs");
	assert_string_equal(m.disk.format, "raw.xz");
}

TEST(coreos_has_no_mirror_but_an_operators)
{
	struct mirror_values v = {.version = "1", .channel = "stable", .board = "b", .arch = "x"};
	const char *text;

	assert_int_equal(read_shipped("coreos"), 0);
	assert_true(m.expired_keys_are_good);
	assert_int_equal(mirror_fill(a, &m, &v, &m.url, "", &text, &e), -EINVAL);
	assert_non_null(strstr(e.msg, "--base-url"));
	v.base = "http://m";
	assert_string_equal(fill(&v, &m.latest), "http://m/current/version.txt");
}

TEST(nobody_publishes_the_lab)
{
	assert_int_equal(read_shipped("lab"), -ENOENT);
}

TEST(files_of_another_architecture_are_called_after_it)
{
	struct admit_files files;

	assert_int_equal(read_shipped("fedora-coreos"), 0);
	assert_int_equal(admit_files(a, &d, "42.1-aarch64", &files, &e), 0);
	assert_int_equal(files.n, 4);
	assert_int_equal(files.n_needed, 3);
	assert_string_equal(files.names[0], "fedora-coreos-42.1-live-kernel.aarch64");
	assert_string_equal(files.names[3], "fedora-coreos-42.1-metal.aarch64.raw.xz");
	assert_int_equal(admit_files(a, &d, "42.1", &files, &e), 0);
	assert_string_equal(files.names[0], "fedora-coreos-42.1-live-kernel.x86_64");
}

TEST(definitions_that_are_wrong_say_where)
{
#define HEAD "name: x\ntitle: X\nconfig: ignition-3.3\nboot: {kernel: k}\n"
#define GOOD "mirror: {url: u, latest: l, latest_key: K, channels: [s], boards: {x86_64: b}}\n"
	static const struct {
		const char *text, *why;
	} rows[] = {
		{HEAD "mirror: {latest: l}\n", "mirror.url is missing"},
		{HEAD "mirror: {url: u, latest: l}\n", "latest_key or stream"},
		{HEAD "mirror: {url: u, latest: l, latest_key: K}\n", "boards"},
		{HEAD "mirror: {url: u, latest: l, latest_key: K, boards: {a: b}}\n", "channels"},
		{HEAD "mirror: {url: u, latest: l, stream: {platform: p, kernel: k}}\n", "FORMAT"},
		{HEAD GOOD "signing_keys: [50E0885593D2DCB4]\n", "is not a fingerprint"},
		{HEAD GOOD "signing_keys: 1\n", "signing_keys"},
	};

	assert_int_equal(read_text(HEAD GOOD), 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_true(read_text(rows[i].text) < 0);
		assert_non_null(strstr(e.msg, rows[i].why));
	}
}

static int set_up(void **state)
{
	(void)state;
	a = arena_new((size_t)16 << 20);
	return a ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(a);
	return 0;
}

int main(void)
{
	const struct CMUnitTest cases[] = {t(flatcars_mirror_is_where_flatcar_says),
		t(fedoras_is_known_by_its_stream), t(coreos_has_no_mirror_but_an_operators),
		t(nobody_publishes_the_lab), t(files_of_another_architecture_are_called_after_it),
		t(definitions_that_are_wrong_say_where)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(cases, set_up, tear_down);
}
