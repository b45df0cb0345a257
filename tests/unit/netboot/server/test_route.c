#include "tests/unit/test.h"

#include "netboot/server/route.h"
#include "provisioner/base/mem.h"

struct row {
	const char *path;
	enum route route;
	const char *rest;
};

TEST(http_paths_go_to_their_folders_or_are_asked)
{
	static const struct row rows[] = {
		{"/images/flatcar/4081.2.1/vmlinuz", ROUTE_IMAGES, "flatcar/4081.2.1/vmlinuz"},
		{"/firmware/snponly.efi", ROUTE_FIRMWARE, "snponly.efi"},
		{"/agent/slipway-join", ROUTE_AGENT, "slipway-join"},
		{"/images", ROUTE_ASK, "/images"},
		{"/", ROUTE_ASK, "/"},
		{"/boot.ipxe", ROUTE_ASK, "/boot.ipxe"},
		{"/imagesx/a", ROUTE_ASK, "/imagesx/a"},
		{"/config/node1/abc", ROUTE_ASK, "/config/node1/abc"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *rest = NULL;

		assert_int_equal(route_of_http(rows[i].path, &rest), rows[i].route);
		assert_string_equal(rest, rows[i].rest);
	}
}

TEST(names_that_tell_a_machine_may_be_asked)
{
	static const struct {
		const char *name;
		bool is_asked;
	} rows[] = {
		{"grub.cfg", true},
		{"grub/grub.cfg", true},
		{"grub/grub.cfg-01-52-54-00-00-00-01", true},
		{"grub/grub.cfg-0A0A0001", false},
		{"grub/grub.cfg-01-52-54-00-00-00", false},
		{"grub/x86_64-efi/command.lst", false},
		{"pxelinux.cfg/01-52-54-00-00-00-01", true},
		{"pxelinux.cfg/default", false},
		{"52-54-00-00-00-01/config.txt", true},
		{"52:54:00:00:00:01", true},
		{"9ffe1b42/start4.elf", true},
		{"9ffe1b421/start4.elf", false},
		{"9ffe1b4/start4.elf", false},
		{"", false},
		{"snponly.efi", false},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (route_names_node(rows[i].name) != rows[i].is_asked)
			fail_msg("%s", rows[i].name);
}

TEST(files_that_are_still_written_are_not_served)
{
	static const char *const rows[] = {
		"/images/.incoming/x", "/images/a/.b", "/firmware/.f.new", "/images/", "/agent/"};
	const char *rest;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(route_of_http(rows[i], &rest), ROUTE_NOWHERE);
	assert_int_equal(route_of_tftp(".f.new", &rest), ROUTE_NOWHERE);
	assert_int_equal(route_of_tftp("firmware/.f", &rest), ROUTE_NOWHERE);
}

TEST(tftp_serves_firmware_with_and_without_its_folder)
{
	const char *rest;

	assert_int_equal(route_of_tftp("undionly.kpxe", &rest), ROUTE_FIRMWARE);
	assert_string_equal(rest, "undionly.kpxe");
	assert_int_equal(route_of_tftp("firmware/undionly.kpxe", &rest), ROUTE_FIRMWARE);
	assert_string_equal(rest, "undionly.kpxe");
	assert_int_equal(route_of_tftp("arm64/snp.efi", &rest), ROUTE_FIRMWARE);
	assert_string_equal(rest, "arm64/snp.efi");
	assert_int_equal(route_of_tftp("firmware/", &rest), ROUTE_NOWHERE);
	assert_int_equal(route_of_tftp("images/lab/1/vmlinuz", &rest), ROUTE_IMAGES);
	assert_string_equal(rest, "lab/1/vmlinuz");
	assert_int_equal(route_of_tftp("images/.incoming/x", &rest), ROUTE_NOWHERE);
}

RUN(t(http_paths_go_to_their_folders_or_are_asked), t(names_that_tell_a_machine_may_be_asked),
	t(files_that_are_still_written_are_not_served),
	t(tftp_serves_firmware_with_and_without_its_folder))
