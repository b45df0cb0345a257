#include "netboot/fetch/digests.h"

#include <errno.h>

#include "tests/unit/test.h"

#define SIXTEEN "0123456789abcdef"
#define SUM SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN
#define OTHER SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN "fedcba9876543210"
#define UPPER SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN "0123456789ABCDEF"
#define BROKEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN "x123456789abcdef"

static char sum[DIGEST_HEX_SIZE];

static int find(const char *text)
{
	return digests_find(text, strlen(text), "vmlinuz", sum);
}

TEST(the_sha512_is_found_in_its_section)
{
	assert_int_equal(find("# MD5 HASH\n0123  vmlinuz\n# SHA512 HASH\n" SUM "  vmlinuz\n"), 0);
	assert_string_equal(sum, SUM);
	assert_int_equal(find("# SHA512 HASH\n" UPPER "  vmlinuz"), 0);
	assert_string_equal(sum, SUM);
	assert_int_equal(find("# SHA512 HASH\n" SUM " *vmlinuz\n"), 0);
}

TEST(other_sections_and_other_files_do_not_count)
{
	assert_int_equal(find("# SHA1 HASH\n" SUM "  vmlinuz\n"), -ENOENT);
	assert_int_equal(find("# SHA512 HASH\n" SUM "  xvmlinuz\n"), -ENOENT);
	assert_int_equal(find("# SHA512 HASH\n" SUM "  a/vmlinuz\n"), -ENOENT);
	assert_int_equal(find(SUM "  vmlinuz\n"), -ENOENT);
	assert_int_equal(find(""), -ENOENT);
}

TEST(two_sums_that_differ_and_one_that_is_none_are_refused)
{
	assert_int_equal(find("# SHA512 HASH\n" SUM "  vmlinuz\n" OTHER "  vmlinuz\n"), -EBADMSG);
	assert_int_equal(find("# SHA512 HASH\n" BROKEN "  vmlinuz\n"), -EBADMSG);
}

RUN(t(the_sha512_is_found_in_its_section), t(other_sections_and_other_files_do_not_count),
	t(two_sums_that_differ_and_one_that_is_none_are_refused))
