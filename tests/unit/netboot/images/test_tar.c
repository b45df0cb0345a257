#include "netboot/images/tar.h"

#include <errno.h>
#include <stdio.h>

#include "tests/unit/test.h"

static uint8_t block[TAR_BLOCK];

/* A header with another type, or name, whose sum is right again. */
static void patch(size_t at, const void *data, size_t len)
{
	unsigned sum = 0;
	char text[8];

	memcpy(block + at, data, len);
	memset(block + 148, ' ', 8);
	for (size_t i = 0; i < TAR_BLOCK; i++)
		sum += block[i];
	(void)snprintf(text, sizeof(text), "%06o", sum);
	memcpy(block + 148, text, 7);
}

TEST(a_header_is_read_as_it_was_written)
{
	struct tar_entry e;

	assert_int_equal(tar_write("vmlinuz", 123456789, 1000, block), 0);
	assert_int_equal(tar_read(block, &e), 0);
	assert_int_equal(e.type, TAR_FILE);
	assert_string_equal(e.name, "vmlinuz");
	assert_int_equal(e.size, 123456789);
}

TEST(what_does_not_fit_a_header_is_refused)
{
	char name[102];

	memset(name, 'a', sizeof(name));
	name[101] = '\0';
	assert_int_equal(tar_write(name, 1, 0, block), -ENAMETOOLONG);
	name[100] = '\0';
	assert_int_equal(tar_write(name, 1, 0, block), 0);
	assert_int_equal(tar_write("a", (uint64_t)8 << 30, 0, block), -EFBIG);
	assert_int_equal(tar_write("", 1, 0, block), -ENAMETOOLONG);
}

TEST(a_name_of_full_length_needs_no_nul)
{
	char name[101];
	struct tar_entry e;

	memset(name, 'a', sizeof(name));
	name[100] = '\0';
	assert_int_equal(tar_write(name, 1, 0, block), 0);
	patch(345, "dir", 3);
	assert_int_equal(tar_read(block, &e), 0);
	assert_int_equal(strlen(e.name), 104);
	assert_memory_equal(e.name, "dir/aaa", 7);
}

TEST(a_wrong_sum_is_no_header)
{
	struct tar_entry e;

	assert_int_equal(tar_write("a", 1, 0, block), 0);
	block[0] = 'b';
	assert_int_equal(tar_read(block, &e), -EBADMSG);
}

TEST(an_empty_block_ends_it)
{
	struct tar_entry e;

	memset(block, 0, sizeof(block));
	assert_int_equal(tar_read(block, &e), 0);
	assert_int_equal(e.type, TAR_END);
}

TEST(other_types_are_named)
{
	static const struct {
		char flag;
		enum tar_type type;
		const char *what;
	} rows[] = {
		{'2', TAR_OTHER, "a symbolic link"},
		{'3', TAR_OTHER, "a character device"},
		{'5', TAR_FOLDER, NULL},
		{'x', TAR_PAX, NULL},
		{'g', TAR_PAX_GLOBAL, NULL},
		{'Z', TAR_OTHER, "something unknown"},
		{'\0', TAR_FILE, NULL},
	};
	struct tar_entry e;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(tar_write("a", 1, 0, block), 0);
		patch(156, &rows[i].flag, 1);
		assert_int_equal(tar_read(block, &e), 0);
		assert_int_equal(e.type, rows[i].type);
		if (rows[i].what)
			assert_string_equal(e.what, rows[i].what);
	}
}

TEST(sizes_above_eight_gib_are_bytes)
{
	static const uint8_t nine_gib[12] = {0x80, 0, 0, 0, 0, 0, 0, 2, 0x40, 0, 0, 0};
	static const uint8_t absurd[12] = {0x80, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	struct tar_entry e;

	assert_int_equal(tar_write("a", 1, 0, block), 0);
	patch(124, nine_gib, sizeof(nine_gib));
	assert_int_equal(tar_read(block, &e), 0);
	assert_int_equal(e.size, (uint64_t)9 << 30);
	patch(124, absurd, sizeof(absurd));
	assert_int_equal(tar_read(block, &e), -EBADMSG);
}

TEST(pax_records_give_path_and_size)
{
	static const char records[] = "13 path=a/bc\n20 size=99999999999\n18 mtime=12345.67\n";
	struct tar_entry e = {.type = TAR_FILE};

	assert_int_equal(tar_read_pax(records, sizeof(records) - 1, &e), 0);
	assert_string_equal(e.name, "a/bc");
	assert_int_equal(e.size, 99999999999);
	assert_int_equal(tar_read_pax("", 0, &e), 0);
}

TEST(broken_pax_records_are_refused)
{
	static const char *const bad[] = {"x", "12", "99 path=a\n", "8 path=a\n", "3 \n", "0 a=b\n",
		"11 size=-1\n", "8 path=\n", "5 abc\n", "9999999 a=b\n", "9 size=x\n"};
	struct tar_entry e = {.type = TAR_FILE};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(tar_read_pax(bad[i], strlen(bad[i]), &e), -EBADMSG);
}

RUN(t(a_header_is_read_as_it_was_written), t(what_does_not_fit_a_header_is_refused),
	t(a_name_of_full_length_needs_no_nul), t(a_wrong_sum_is_no_header),
	t(an_empty_block_ends_it), t(other_types_are_named), t(sizes_above_eight_gib_are_bytes),
	t(pax_records_give_path_and_size), t(broken_pax_records_are_refused))
