/* Each row of quirk.c meets the firmware that it was made for, as that is described, and then the firmware
 * beside it that behaves. */
#include "tests/unit/test.h"

#include "dhcpd/pxe.h"
#include "dhcpd/quirk.h"

#define PXE "PXEClient:Arch:00000:UNDI:002001"
#define UUID_OF(text) "\0" text, 17
#define NO_ARCH (-1)

static const struct message_dhcp_settings settings = {.server = {0x0a4d0001, 24}, .http_port = 80};

/* A PXE ROM that does all as RFC 4578 wants it. */
static struct msg rom(int arch, const char *class)
{
	struct msg m = {.htype = 1, .hlen = 6, .chaddr = {0x52, 0x54, 0, 0, 0, 1}};

	opts_put_u8(&m.opts, OPT_TYPE, DHCP_DISCOVER);
	if (arch != NO_ARCH) {
		uint8_t wire[2] = {(uint8_t)(arch >> 8), (uint8_t)arch};

		opts_put(&m.opts, OPT_ARCH, wire, 2);
	}
	if (class)
		opts_put_text(&m.opts, OPT_CLASS, class);
	opts_put(&m.opts, OPT_UUID, UUID_OF("0123456789abcdef"));
	opts_put(&m.opts, OPT_WANTED, "\x01\x03\x42\x43", 4);
	return m;
}

static void set_mac(struct msg *m, uint8_t a, uint8_t b, uint8_t c)
{
	m->chaddr[0] = a;
	m->chaddr[1] = b;
	m->chaddr[2] = c;
}

static void drop_option(struct msg *m, uint8_t code)
{
	m->opts.has[code] = false;
}

struct seen {
	struct pxe_client c;
	struct pxe_told told;
	struct msg reply;
	char quirks[96];
};

static const struct seen *answer_as(const struct msg *m, uint32_t wanted, enum pxe_way way)
{
	static struct seen s;
	struct pxe_ask ask = {.settings = &settings, .client = &s.c, .node_file = "", .way = way};

	s = (struct seen){0};
	pxe_identify(m, &s.c);
	pxe_want(&s.c, wanted);
	pxe_answer(&ask, m, &s.reply, &s.told);
	(void)quirk_text(s.c.quirk_rows, s.quirks, sizeof(s.quirks));
	return &s;
}

static const struct seen *answer(const struct msg *m)
{
	return answer_as(m, 0, PXE_IN_LEASE);
}

TEST(firmware_that_behaves_has_no_quirk)
{
	static const struct {
		int arch;
		const char *class;
	} cases[] = {{0, PXE}, {7, "PXEClient:Arch:00007:UNDI:003016"},
		{16, "HTTPClient:Arch:00016:UNDI:003001"}, {NO_ARCH, NULL}, {NO_ARCH, "systemd"}};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct msg m = rom(cases[i].arch, cases[i].class);

		assert_string_equal(answer(&m)->quirks, "");
		assert_int_equal(answer(&m)->c.quirks, 0);
	}
}

TEST(raspberry_pi_is_known_by_its_mac_and_gets_its_menu)
{
	static const uint8_t ouis[][3] = {{0xb8, 0x27, 0xeb}, {0xdc, 0xa6, 0x32},
		{0xe4, 0x5f, 0x01}, {0x28, 0xcd, 0xc1}, {0xd8, 0x3a, 0xdd}, {0x2c, 0xcf, 0x67}};

	for (size_t i = 0; i < ARRAY_LEN(ouis); i++) {
		struct msg m = rom(0, PXE);

		set_mac(&m, ouis[i][0], ouis[i][1], ouis[i][2]);
		const struct seen *s = answer(&m);
		assert_string_equal(s->quirks, "Raspberry Pi");
		assert_int_equal(s->c.arch, 41);
		assert_string_equal(s->told.file, "");
		assert_non_null(strstr(s->told.note, "start4.elf"));
		assert_int_equal(s->reply.siaddr, settings.server.addr);
		assert_true(opts_begins(&s->reply.opts, OPT_CLASS, "PXEClient"));
		assert_true(opts_value(&s->reply.opts, OPT_VENDOR).left > 20);
		assert_true(s->c.quirks & QUIRK_OWN_SERVER_ID);
	}
}

TEST(raspberry_pi_is_known_by_its_uuid_and_without_option_60)
{
	struct msg m = rom(0, NULL);

	opts_put(&m.opts, OPT_UUID, UUID_OF("RPi4\x11\x31\xc0\0\1\2\3\4\5\6\7\x8"));
	const struct seen *s = answer(&m);
	assert_string_equal(s->quirks, "Raspberry Pi");
	assert_true(opts_value(&s->reply.opts, OPT_VENDOR).left > 20);
}

TEST(raspberry_pi_that_runs_uefi_or_an_os_is_a_machine_like_others)
{
	struct msg uefi = rom(11, "PXEClient:Arch:00011:UNDI:003000"), os = rom(NO_ARCH, NULL);

	set_mac(&uefi, 0xdc, 0xa6, 0x32);
	set_mac(&os, 0xdc, 0xa6, 0x32);
	assert_string_equal(answer(&uefi)->told.file, "shimaa64.efi");
	assert_string_equal(answer(&uefi)->quirks, "");
	assert_false(opts_has(&answer(&os)->reply.opts, OPT_VENDOR));
}

TEST(u_boot_reads_the_header_alone)
{
	struct msg m = rom(11, "U-Boot.armv8");
	const struct seen *s = answer(&m);

	assert_string_equal(s->quirks, "U-Boot");
	assert_string_equal(s->reply.file, "shimaa64.efi");
	assert_int_equal(s->reply.siaddr, settings.server.addr);
	assert_false(opts_has(&s->reply.opts, OPT_BOOT_FILE));
	assert_false(opts_has(&s->reply.opts, OPT_TFTP_SERVER));
	assert_false(opts_has(&s->reply.opts, OPT_CLASS));
}

TEST(u_boot_with_its_own_architecture_hears_what_to_do)
{
	struct msg m = rom(22, "U-Boot.armv8");
	const struct seen *s = answer(&m);

	assert_string_equal(s->told.file, "");
	assert_non_null(strstr(s->told.note, "boot-file"));
}

TEST(http_client_gets_a_url_whatever_architecture_it_names)
{
	static const int archs[] = {7, 16, NO_ARCH};

	for (size_t i = 0; i < ARRAY_LEN(archs); i++) {
		struct msg m = rom(archs[i], "HTTPClient:Arch:00016:UNDI:003001");
		const struct seen *s = answer(&m);

		assert_string_equal(s->told.file, "http://10.77.0.1/firmware/snponly.efi");
		assert_true(opts_begins(&s->reply.opts, OPT_CLASS, "HTTPClient"));
		assert_true(opts_begins(&s->reply.opts, OPT_BOOT_FILE, "http://10.77.0.1/"));
		assert_false(opts_has(&s->reply.opts, OPT_VENDOR));
	}
	struct msg pxe_arch = rom(7, "HTTPClient:Arch:00007:UNDI:003001");
	assert_string_equal(answer(&pxe_arch)->quirks, "HTTP boot without an HTTP architecture");
}

TEST(pxe_client_gets_a_name_though_its_architecture_is_of_http)
{
	struct msg m = rom(16, "PXEClient:Arch:00016:UNDI:003001");
	const struct seen *s = answer(&m);

	assert_string_equal(s->quirks, "PXE with an HTTP architecture");
	assert_string_equal(s->told.file, "snponly.efi");
	assert_false(opts_has(&s->reply.opts, OPT_CLASS));
}

TEST(architecture_is_read_from_option_60_when_93_is_absent)
{
	static const struct {
		const char *class, *file;
	} cases[] = {
		{"PXEClient:Arch:00007:UNDI:003016", "snponly.efi"},
		{"PXEClient:Arch:00000:UNDI:002001", "undionly.kpxe"},
		{"PXEClient:Arch:0000x:UNDI:002001", ""},
		{"PXEClient:Arch:00007", "snponly.efi"},
		{"PXEClient:Arch:0000", ""},
		{"PXEClient:Arch:99999", ""},
		{"PXEClient", ""},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct msg m = rom(NO_ARCH, cases[i].class);
		const struct seen *s = answer(&m);

		print_message("# %s\n", cases[i].class);
		assert_string_equal(s->quirks, "no option 93");
		assert_string_equal(s->told.file, cases[i].file);
		assert_int_equal(s->told.note[0] == '\0', cases[i].file[0] != '\0');
	}
}

TEST(rom_that_asks_for_nothing_gets_66_and_67)
{
	struct msg m = rom(0, PXE);

	drop_option(&m, OPT_WANTED);
	const struct seen *s = answer(&m);
	assert_string_equal(s->quirks, "no option 55");
	assert_true(opts_begins(&s->reply.opts, OPT_TFTP_SERVER, "10.77.0.1"));
	/* "old NICs" ask for "name\xff" without the NUL, which is counted. */
	assert_int_equal(opts_value(&s->reply.opts, OPT_BOOT_FILE).left, sizeof("undionly.kpxe"));
	assert_memory_equal(opts_value(&s->reply.opts, OPT_BOOT_FILE).p, "undionly.kpxe",
		sizeof("undionly.kpxe"));
}

TEST(rom_without_uuid_boots_and_is_told_of)
{
	struct msg m = rom(0, PXE);

	drop_option(&m, OPT_UUID);
	const struct seen *s = answer(&m);
	assert_string_equal(s->quirks, "no option 97");
	assert_string_equal(s->told.file, "undionly.kpxe");
	assert_false(opts_has(&s->reply.opts, OPT_UUID));
}

TEST(hardware_that_no_ethernet_header_can_name_is_answered_by_broadcast)
{
	static const struct {
		uint8_t htype, hlen;
		const char *name;
	} cases[] = {{1, 16, "system GUID as hardware address"}, {32, 0, "InfiniBand"},
		{24, 0, "IEEE 1394"}};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct msg m = rom(7, "PXEClient:Arch:00007:UNDI:003016");

		m.htype = cases[i].htype;
		m.hlen = cases[i].hlen;
		assert_string_equal(answer(&m)->quirks, cases[i].name);
		assert_true(answer(&m)->c.quirks & QUIRK_BROADCAST);
	}
}

TEST(header_fields_that_must_be_zero_are_told_of)
{
	struct msg flags = rom(0, PXE), ciaddr = rom(0, PXE), renew = rom(NO_ARCH, NULL);

	flags.flags = 0x8080;
	assert_string_equal(answer(&flags)->quirks, "undefined header flags");
	flags.flags = 0x8000;
	assert_string_equal(answer(&flags)->quirks, "");
	ciaddr.ciaddr = 0x0a4d0042;
	assert_string_equal(answer(&ciaddr)->quirks, "ciaddr in DISCOVER");
	renew.ciaddr = 0x0a4d0042;
	opts_put_u8(&renew.opts, OPT_TYPE, DHCP_REQUEST);
	assert_string_equal(answer(&renew)->quirks, "");
}

TEST(seconds_are_read_in_either_byte_order)
{
	static const struct {
		uint16_t sent, secs;
		bool is_quirk;
	} cases[] = {{0, 0, false}, {4, 4, false}, {0x0400, 4, true}, {0x2000, 32, true},
		{35, 35, false}, {300, 300, false}, {0xffff, 0xffff, false}};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct msg m = rom(0, PXE);

		m.secs = cases[i].sent;
		assert_int_equal(quirk_secs(&m), cases[i].secs);
		assert_string_equal(answer(&m)->quirks,
			cases[i].is_quirk ? "secs in the wrong byte order" : "");
	}
}

TEST(several_quirks_of_one_rom_are_all_named)
{
	struct msg m = rom(NO_ARCH, PXE);

	drop_option(&m, OPT_UUID);
	drop_option(&m, OPT_WANTED);
	m.flags = 1;
	assert_string_equal(answer(&m)->quirks,
		"no option 93, no option 55, no option 97, undefined header flags");
	char cut[16];
	assert_true(strlen(quirk_text(answer(&m)->c.quirk_rows, cut, sizeof(cut))) < sizeof(cut));
}

/* What an operator may ask for in cluster.yaml, each on firmware that would get something else. */
TEST(quirks_of_a_node_are_obeyed)
{
	static const struct {
		const char *what;
		uint32_t wanted;
		int arch;
		bool has_class, has_vendor, has_66, has_67;
		size_t vendor_len;
	} cases[] = {
		{"none, BIOS", 0, 0, true, true, true, true, 4},
		{"none, UEFI", 0, 7, false, false, true, true, 0},
		{"no-option-60", QUIRK_NO_CLASS, 0, false, false, true, true, 0},
		{"no-option-43", QUIRK_NO_VENDOR, 0, true, false, true, true, 0},
		{"option-60", QUIRK_CLASS, 7, true, true, true, true, 4},
		{"port-4011", QUIRK_PORT_4011, 7, true, false, true, true, 0},
		{"raspberry-pi", QUIRK_RASPBERRY, 11, true, true, true, true, 32},
		{"header-only", QUIRK_HEADER_ONLY, 0, true, true, false, false, 4},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct msg m = rom(cases[i].arch, "PXEClient");
		const struct seen *s = answer_as(&m, cases[i].wanted, PXE_IN_LEASE);

		print_message("# %s\n", cases[i].what);
		assert_true(s->reply.file[0]);
		assert_int_equal(opts_has(&s->reply.opts, OPT_CLASS), cases[i].has_class);
		assert_int_equal(opts_has(&s->reply.opts, OPT_VENDOR), cases[i].has_vendor);
		assert_int_equal(opts_has(&s->reply.opts, OPT_TFTP_SERVER), cases[i].has_66);
		assert_int_equal(opts_has(&s->reply.opts, OPT_BOOT_FILE), cases[i].has_67);
		assert_int_equal(opts_value(&s->reply.opts, OPT_VENDOR).left, cases[i].vendor_len);
	}
}

TEST(node_that_is_an_ipxe_in_disguise_gets_the_script)
{
	struct msg m = rom(0, PXE), os = rom(NO_ARCH, NULL);

	assert_string_equal(
		answer_as(&m, QUIRK_IPXE, PXE_IN_LEASE)->told.file, "http://10.77.0.1/boot.ipxe");
	assert_string_equal(answer_as(&os, QUIRK_IPXE, PXE_IN_LEASE)->told.file, "");
}

RUN(t(firmware_that_behaves_has_no_quirk), t(raspberry_pi_is_known_by_its_mac_and_gets_its_menu),
	t(raspberry_pi_is_known_by_its_uuid_and_without_option_60),
	t(raspberry_pi_that_runs_uefi_or_an_os_is_a_machine_like_others),
	t(u_boot_reads_the_header_alone), t(u_boot_with_its_own_architecture_hears_what_to_do),
	t(http_client_gets_a_url_whatever_architecture_it_names),
	t(pxe_client_gets_a_name_though_its_architecture_is_of_http),
	t(architecture_is_read_from_option_60_when_93_is_absent),
	t(rom_that_asks_for_nothing_gets_66_and_67), t(rom_without_uuid_boots_and_is_told_of),
	t(hardware_that_no_ethernet_header_can_name_is_answered_by_broadcast),
	t(header_fields_that_must_be_zero_are_told_of), t(seconds_are_read_in_either_byte_order),
	t(several_quirks_of_one_rom_are_all_named), t(quirks_of_a_node_are_obeyed),
	t(node_that_is_an_ipxe_in_disguise_gets_the_script))
