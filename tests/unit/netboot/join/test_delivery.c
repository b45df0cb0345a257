#include "netboot/join/delivery.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "netboot/join/api.h"
#include "provisioner/base/json.h"
#include "tests/unit/test.h"

#define GOOD "/etc/kubernetes/pki/ca.crt"

/* A reply with one file. */
static struct str reply_with(const char *path, const char *owner, const char *mode)
{
	struct str out = str_init(API_REPLY_MAX);
	struct json j = json_init(&out);

	json_map(&j);
	json_key_text(&j, "version", "0123abcd");
	json_key(&j, "files");
	json_list(&j);
	json_map(&j);
	json_key_text(&j, "path", path);
	json_key_text(&j, "owner", owner);
	json_key_text(&j, "mode", mode);
	json_key_text(&j, "content", "a secret\n");
	json_map_end(&j);
	json_list_end(&j);
	json_map_end(&j);
	return out;
}

static int read_one(const char *path, const char *owner, const char *mode)
{
	AUTO(str_done) struct str text = reply_with(path, owner, mode);
	AUTO(delivery_done) struct delivery d;
	struct err e = {0};
	int rc = delivery_read(text.s, text.len, &d, &e);

	assert_true(rc == 0 ? d.n == 1 : d.n == 0 && e.msg[0]);
	return rc;
}

TEST(a_file_is_a_path_an_owner_a_mode_and_a_content)
{
	AUTO(str_done) struct str text = reply_with(GOOD, "etcd", "0640");
	AUTO(delivery_done) struct delivery d;

	assert_int_equal(delivery_read(text.s, text.len, &d, NULL), 0);
	assert_string_equal(d.version, "0123abcd");
	assert_int_equal(d.n, 1);
	assert_string_equal(d.files[0].path, GOOD);
	assert_string_equal(d.files[0].owner, "etcd");
	assert_int_equal(d.files[0].mode, 0640);
	assert_string_equal(d.files[0].content, "a secret\n");
}

TEST(secrets_lie_in_their_own_folders_only)
{
	static const struct {
		const char *path;
		bool good;
	} rows[] = {
		{GOOD, true},
		{"/etc/ssl/etcd/server.key", true},
		{"/var/lib/kubelet/pki/kubelet.pem", true},
		{"/etc/kubernetes/pki/etcd/ca.key", true},
		{"/etc/passwd", false},
		{"/etc/kubernetes", false},
		{"/etc/kubernetes/", false},
		{"/etc/kubernetes/pki/", false},
		{"/etc/kubernetesX/a", false},
		{"/etc/kubernetes/../passwd", false},
		{"/etc/kubernetes/./a", false},
		{"/etc/kubernetes//a", false},
		{"/etc/kubernetes/.a.new", false},
		{"/etc/kubernetes/a b", false},
		{"/etc/kubernetes/a\nb", false},
		{"/etc/kubernetes/a\\b", false},
		{"etc/kubernetes/a", false},
		{"/ETC/kubernetes/a", false},
		{"", false},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (delivery_is_path(rows[i].path) != rows[i].good)
			fail_msg("\"%s\"", rows[i].path);
		assert_int_equal(
			read_one(rows[i].path, "root", "0600"), rows[i].good ? 0 : -EINVAL);
	}
}

TEST(a_path_may_not_be_longer_than_we_keep)
{
	char path[DELIVERY_PATH_SIZE + 8];

	(void)snprintf(path, sizeof(path), "/etc/kubernetes/%0*d",
		DELIVERY_PATH_SIZE - 1 - (int)strlen("/etc/kubernetes/"), 7);
	assert_int_equal(strlen(path), DELIVERY_PATH_SIZE - 1);
	assert_true(delivery_is_path(path));
	strncat(path, "x", 1);
	assert_false(delivery_is_path(path));
}

TEST(nothing_is_executable_or_open_to_be_written)
{
	static const struct {
		const char *mode;
		bool good;
	} rows[] = {{"0600", true}, {"0400", true}, {"0644", true}, {"0440", true}, {"0000", false},
		{"0700", false}, {"0666", false}, {"0660", false}, {"4644", false}, {"1600", false},
		{"600", false}, {"00600", false}, {"0800", false}, {"0x60", false}, {"", false}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(read_one(GOOD, "root", rows[i].mode), rows[i].good ? 0 : -EINVAL);
}

TEST(an_owner_is_a_users_name)
{
	assert_int_equal(read_one(GOOD, "systemd-network", "0600"), 0);
	assert_int_equal(read_one(GOOD, "", "0600"), -EINVAL);
	assert_int_equal(read_one(GOOD, "a:b", "0600"), -EINVAL);
	assert_int_equal(read_one(GOOD, "-x", "0600"), -EINVAL);
	assert_int_equal(read_one(GOOD, "Root", "0600"), -EINVAL);
	assert_int_equal(read_one(GOOD, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "0600"), -EINVAL);
}

TEST(one_path_comes_once)
{
	static const char text[] =
		"{\"version\":\"a\",\"files\":["
		"{\"path\":\"" GOOD "\",\"owner\":\"root\",\"mode\":\"0600\",\"content\":\"a\"},"
		"{\"path\":\"" GOOD "\",\"owner\":\"root\",\"mode\":\"0644\",\"content\":\"b\"}]}";
	AUTO(delivery_done) struct delivery d;
	struct err e = {0};

	assert_int_equal(delivery_read(text, strlen(text), &d, &e), -EINVAL);
	assert_non_null(strstr(e.msg, "comes twice"));
	assert_int_equal(d.n, 0);
}

TEST(a_role_may_have_no_secrets)
{
	static const char text[] = "{\"version\":\"a\",\"files\":[]}";
	AUTO(delivery_done) struct delivery d;

	assert_int_equal(delivery_read(text, strlen(text), &d, NULL), 0);
	assert_int_equal(d.n, 0);
}

TEST(what_is_no_delivery_is_refused)
{
	static const char *const texts[] = {"", "[]", "{}", "{\"version\":\"a\"}",
		"{\"version\":\"\",\"files\":[]}", "{\"version\":\"a b\",\"files\":[]}",
		"{\"version\":\"../a\",\"files\":[]}", "{\"version\":7,\"files\":[]}",
		"{\"version\":\"a\",\"files\":{}}", "{\"version\":\"a\",\"files\":[7]}",
		"{\"version\":\"a\",\"files\":[{}]}",
		"{\"version\":\"a\",\"files\":[{\"path\":\"" GOOD
		"\",\"owner\":\"root\",\"mode\":\"0600\",\"content\":\"\"}]}",
		"{\"version\":\"a\",\"files\":[{\"path\":\"" GOOD
		"\",\"owner\":\"root\",\"mode\":\"0600\",\"content\":\"a\\u0000b\"}]}"};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		AUTO(delivery_done) struct delivery d;
		struct err e = {0};

		assert_int_equal(delivery_read(texts[i], strlen(texts[i]), &d, &e), -EINVAL);
		assert_true(e.msg[0] && d.n == 0 && !d.version[0]);
	}
}

TEST(more_files_than_we_keep_are_refused)
{
	AUTO(str_done) struct str text = str_init(API_REPLY_MAX);
	AUTO(delivery_done) struct delivery d;

	str_add(&text, "{\"version\":\"a\",\"files\":[");
	for (int i = 0; i <= DELIVERY_FILES_MAX; i++)
		str_printf(&text,
			"%s{\"path\":\"/etc/kubernetes/%d\",\"owner\":\"root\","
			"\"mode\":\"0600\",\"content\":\"a\"}",
			i ? "," : "", i);
	str_add(&text, "]}");
	assert_int_equal(delivery_read(text.s, text.len, &d, NULL), -EINVAL);
}

RUN(t(a_file_is_a_path_an_owner_a_mode_and_a_content), t(secrets_lie_in_their_own_folders_only),
	t(a_path_may_not_be_longer_than_we_keep), t(nothing_is_executable_or_open_to_be_written),
	t(an_owner_is_a_users_name), t(one_path_comes_once), t(a_role_may_have_no_secrets),
	t(what_is_no_delivery_is_refused), t(more_files_than_we_keep_are_refused))
