#include "tests/unit/test.h"

#include "netboot/http/text.h"

TEST(boot_files_have_the_types_that_firmware_expects)
{
	assert_string_equal(http_type_of("a/snponly.efi"), "application/efi");
	assert_string_equal(http_type_of("A.EFI"), "application/efi");
	assert_string_equal(http_type_of("x.iso"), "application/vnd.efi-iso");
	assert_string_equal(http_type_of("x.img"), "application/vnd.efi-img");
	assert_string_equal(http_type_of("a.efi/vmlinuz"), "application/octet-stream");
	assert_string_equal(http_type_of(""), "application/octet-stream");
	assert_string_equal(http_type_of("efi"), "application/octet-stream");
}

TEST(tokens_hold_no_separators)
{
	assert_true(http_is_token_char('-'));
	assert_true(http_is_token_char('Z'));
	assert_false(http_is_token_char(' '));
	assert_false(http_is_token_char(':'));
	assert_false(http_is_token_char('\0'));
	assert_false(http_is_token_char('\xe4'));
}

TEST(no_redirect_has_words)
{
	for (unsigned status = 300; status < 400; status++)
		assert_int_equal(http_status_text(status) != NULL, status == 304);
}

RUN(t(boot_files_have_the_types_that_firmware_expects), t(tokens_hold_no_separators),
	t(no_redirect_has_words))
