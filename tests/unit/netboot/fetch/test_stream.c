#include "netboot/fetch/stream.h"

#include <errno.h>

#include "tests/unit/test.h"

#define SHA "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define METAL(inner) "{\"architectures\": {\"x86_64\": {\"artifacts\": {\"metal\": {" inner "}}}}}"
#define KERNEL(inner) \
	METAL("\"release\": \"42.1\", \"formats\": {\"pxe\": {\"kernel\": {" inner "}}}")

static struct stream *open_text(const char *text)
{
	struct err e;

	return stream_open(text, strlen(text), "x86_64", "metal", &e);
}

TEST(release_and_files_are_found)
{
	struct stream *s = open_text(KERNEL("\"location\": \"https://b/k\", \"signature\": "
					    "\"https://b/k.sig\", \"sha256\": \"" SHA "\""));
	char release[IMAGE_VERSION_SIZE];
	struct stream_file f;
	struct err e;

	assert_non_null(s);
	assert_int_equal(stream_release(s, release, &e), 0);
	assert_string_equal(release, "42.1");
	assert_int_equal(stream_file(s, "pxe", "kernel", &f, &e), 0);
	assert_string_equal(f.url, "https://b/k");
	assert_string_equal(f.signature, "https://b/k.sig");
	assert_string_equal(f.sha256, SHA);
	assert_int_equal(stream_file(s, "pxe", "rootfs", &f, &e), -ENOENT);
	assert_int_equal(stream_file(s, "raw.xz", "disk", &f, &e), -ENOENT);
	stream_close(s);
}

TEST(what_is_no_stream_is_refused)
{
	static const char *const bad[] = {"", "[]", "{}", "{\"architectures\": []}",
		"{\"architectures\": {\"x86_64\": {\"artifacts\": {\"metal\": 1}}}}"};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_null(open_text(bad[i]));
}

TEST(releases_that_can_be_no_version_are_refused)
{
	static const char *const bad[] = {METAL(""), METAL("\"release\": 1"),
		METAL("\"release\": \"../x\""), METAL("\"release\": \"\""),
		METAL("\"release\": \"a b\"")};
	char release[IMAGE_VERSION_SIZE];
	struct err e;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct stream *s = open_text(bad[i]);

		assert_non_null(s);
		assert_int_equal(stream_release(s, release, &e), -EBADMSG);
		stream_close(s);
	}
}

TEST(files_without_a_place_or_a_sum_are_refused)
{
	static const char *const bad[] = {KERNEL(""), KERNEL("\"location\": \"https://b/k\""),
		KERNEL("\"location\": \"https://b/k\", \"sha256\": \"12\""),
		KERNEL("\"location\": \"https://b/k k\", \"sha256\": \"" SHA "\""),
		KERNEL("\"location\": \"https://b/k\", \"sha256\": \"" SHA "\", \"signature\": 1")};
	struct stream_file f;
	struct err e;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct stream *s = open_text(bad[i]);

		assert_non_null(s);
		assert_int_equal(stream_file(s, "pxe", "kernel", &f, &e), -EBADMSG);
		stream_close(s);
	}
}

RUN(t(release_and_files_are_found), t(what_is_no_stream_is_refused),
	t(releases_that_can_be_no_version_are_refused),
	t(files_without_a_place_or_a_sum_are_refused))
