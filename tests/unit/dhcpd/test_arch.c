#include "tests/unit/test.h"

#include "dhcpd/arch.h"
#include "provisioner/base/mem.h"

TEST(every_number_of_the_registry_has_its_own_row)
{
	for (uint16_t n = 0; n <= 41; n++) {
		const struct arch *a = arch_find(n);

		assert_non_null(a);
		assert_int_equal(a->number, n);
		assert_non_null(a->name);
		/* Either a loader, or words that say why there is none. */
		assert_true((a->loader == NULL) == (a->lack != NULL));
	}
	assert_null(arch_find(42));
	assert_null(arch_find(ARCH_NONE));
}

TEST(architectures_that_boot_get_their_loader)
{
	static const struct {
		uint16_t n;
		const char *loader;
		enum arch_kind kind;
	} cases[] = {
		{0, "undionly.kpxe", ARCH_IS_BIOS},
		{7, "snponly.efi", ARCH_IS_UEFI},
		{9, "snponly.efi", ARCH_IS_UEFI},
		{11, "shimaa64.efi", ARCH_IS_UEFI},
		{16, "snponly.efi", ARCH_IS_HTTP},
		{17, "snponly.efi", ARCH_IS_HTTP},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct arch *a = arch_find(cases[i].n);

		assert_string_equal(a->loader, cases[i].loader);
		assert_int_equal(a->kind, cases[i].kind);
	}
	assert_null(arch_find(6)->loader);
	assert_non_null(strstr(arch_find(6)->lack, "32-bit"));
	assert_null(arch_find(19)->loader); /* signed GRUB would stop at its prompt */
	assert_non_null(strstr(arch_find(19)->lack, "boot-file: uki"));
}

TEST(images_are_made_for_two_architectures)
{
	static const struct {
		uint16_t n;
		const char *image;
	} cases[] = {{0, "x86_64"}, {7, "x86_64"}, {16, "x86_64"}, {11, "aarch64"}, {19, "aarch64"},
		{22, "aarch64"}, {10, NULL}, {27, NULL}, {41, NULL}};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *image = arch_find(cases[i].n)->image;

		if (cases[i].image)
			assert_string_equal(image, cases[i].image);
		else
			assert_null(image);
	}
}

RUN(t(every_number_of_the_registry_has_its_own_row), t(architectures_that_boot_get_their_loader),
	t(images_are_made_for_two_architectures))
