#include "netboot/images/manifest.h"

#include "tests/unit/test.h"

#define SHA "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define KEY "F88CFEDEFF29A5B4D9523864E25D9AED0593B34A"
#define HEAD "{\"format\": 1, \"name\": \"lab\", \"version\": \"1\", "
#define FILE_A "{\"name\": \"a\", \"size\": 3, \"sha256\": \"" SHA "\"}"

static struct manifest m;

static int read_text(const char *text, struct err *e)
{
	return manifest_read("manifest.json", text, strlen(text), &m, e);
}

TEST(what_was_written_is_read_back)
{
	AUTO(str_done) struct str text = str_init(MANIFEST_BYTES_MAX);
	static struct manifest w;
	struct err e;

	assert_int_equal(image_id_parse("flatcar/1.2", &w.id), 0);
	manifest_set_date(&w, 1769862896000);
	memcpy(w.signer, KEY, sizeof(w.signer));
	struct manifest_file *f = manifest_add(&w, "vmlinuz");
	assert_non_null(f);
	f->size = 12345678901;
	memcpy(f->sha256, SHA, sizeof(f->sha256));
	memcpy(f->signer, KEY, sizeof(f->signer));
	memcpy(f->source, "https://m/x", 12);
	manifest_write(&w, &text);
	assert_int_equal(manifest_read("m", str_text(&text), text.len, &m, &e), 0);
	assert_memory_equal(&m, &w, sizeof(m));
	assert_string_equal(m.date, "2026-01-31T12:34:56Z");
	assert_int_equal(manifest_bytes(&m), 12345678901);
}

TEST(without_a_signer_it_is_unverified)
{
	struct err e;

	assert_int_equal(read_text(HEAD "\"files\": [" FILE_A "]}", &e), 0);
	assert_string_equal(m.signer, "");
	assert_string_equal(manifest_signer(m.signer), "unverified");
	assert_int_equal(
		read_text(HEAD "\"signer\": \"unverified\", \"files\": [" FILE_A "]}", &e), 0);
	assert_string_equal(m.signer, "");
}

TEST(keys_of_later_versions_are_passed_over)
{
	struct err e;

	assert_int_equal(read_text(HEAD "\"new\": [1], \"files\": [" FILE_A "]}", &e), 0);
}

TEST(a_manifest_that_is_wrong_is_refused_and_says_where)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{"", "is not JSON"},
		{"[]", "format"},
		{"{\"format\": 2}", "format: expected 1"},
		{"{\"format\": 1, \"format\": 1}", "is not JSON"},
		{"{\"format\": 1, \"name\": \"../x\", \"version\": \"1\"}", "name and version"},
		{HEAD "\"files\": []}", "files"},
		{HEAD "\"files\": 1}", "files"},
		{HEAD "\"files\": [" FILE_A ", " FILE_A "]}", "a stands there twice"},
		{HEAD "\"files\": [{\"name\": \"../a\"}]}", "files[0].name"},
		{HEAD "\"files\": [{\"name\": \"a\\u0000b\"}]}", "is not JSON"},
		{HEAD "\"files\": [{\"name\": \"manifest.json\"}]}", "files[0].name"},
		{HEAD "\"files\": [{\"name\": \"a\", \"size\": -1}]}", "a: size"},
		{HEAD "\"files\": [{\"name\": \"a\", \"size\": 1e9}]}", "a: size"},
		{HEAD "\"files\": [{\"name\": \"a\", \"size\": 1, \"sha256\": \"12\"}]}", "sha256"},
		{HEAD "\"signer\": \"me\", \"files\": [" FILE_A "]}", "signer"},
		{HEAD "\"source\": \"a\\u001b[31m\", \"files\": [" FILE_A "]}", "source"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err e = {.msg = ""};

		assert_true(read_text(rows[i].text, &e) < 0);
		assert_non_null(strstr(e.msg, rows[i].why));
		assert_string_equal(e.file, "manifest.json");
	}
}

TEST(it_holds_no_more_files_than_it_may)
{
	AUTO(str_done) struct str text = str_init(MANIFEST_BYTES_MAX);
	struct err e = {.msg = ""};

	str_add(&text, HEAD "\"files\": [");
	for (int i = 0; i <= MANIFEST_FILES_MAX; i++)
		str_printf(&text, "%s{\"name\": \"f%d\", \"size\": 1, \"sha256\": \"" SHA "\"}",
			i ? "," : "", i);
	str_add(&text, "]}");
	assert_true(read_text(str_text(&text), &e) < 0);
	assert_non_null(strstr(e.msg, "more than 64 files"));
}

RUN(t(what_was_written_is_read_back), t(without_a_signer_it_is_unverified),
	t(keys_of_later_versions_are_passed_over),
	t(a_manifest_that_is_wrong_is_refused_and_says_where),
	t(it_holds_no_more_files_than_it_may))
