#include "tests/unit/test.h"

#include <stdio.h>

#include "dhcpd/pxe.h"

static const struct message_dhcp_settings settings = {
	.server = {0x0a4d0001, 24},
	.http_port = 80,
};

struct asker {
	int arch; /* -1: no option 93 */
	const char *class, *user_class;
	bool has_ipxe_option;
	const char *node_file;
	uint8_t mac0;
};

static struct msg request_of(const struct asker *a)
{
	struct msg m = {
		.hlen = 6, .htype = 1, .chaddr = {a->mac0 ? a->mac0 : 2, 0x27, 0xeb, 0, 0, 1}};

	if (a->arch >= 0) {
		uint8_t wire[2] = {(uint8_t)(a->arch >> 8), (uint8_t)a->arch};

		opts_put(&m.opts, OPT_ARCH, wire, 2);
	}
	if (a->class)
		opts_put_text(&m.opts, OPT_CLASS, a->class);
	if (a->user_class)
		opts_put_text(&m.opts, OPT_USER_CLASS, a->user_class);
	if (a->has_ipxe_option)
		opts_put(&m.opts, OPT_IPXE, "\xb1\x05", 2);
	opts_put(&m.opts, OPT_WANTED, "\x42\x43", 2);
	return m;
}

static struct pxe_told told;

/* What the client is told; the note for a person stays in `told`. */
static const char *answer_on(
	const struct asker *a, enum pxe_way way, bool is_looping, struct msg *ret_reply)
{
	struct msg m = request_of(a);
	struct pxe_client c;

	pxe_identify(&m, &c);
	struct pxe_ask ask = {.settings = &settings,
		.client = &c,
		.node_file = a->node_file ? a->node_file : "",
		.way = way,
		.is_looping = is_looping};
	*ret_reply = (struct msg){0};
	pxe_answer(&ask, &m, ret_reply, &told);
	return told.file;
}

static const char *answer(const struct asker *a, bool is_looping, struct msg *ret_reply)
{
	return answer_on(a, PXE_IN_LEASE, is_looping, ret_reply);
}

#define PXE "PXEClient:Arch:00007:UNDI:003016"
#define HTTP "HTTPClient:Arch:00016:UNDI:003001"
#define SNP_URL "http://10.77.0.1/firmware/snponly.efi"
#define SCRIPT_URL "http://10.77.0.1/boot.ipxe"

TEST(each_kind_of_firmware_gets_its_boot_file)
{
	static const struct {
		const char *what;
		struct asker a;
		enum boot_stage stage;
		const char *file;
		const char *class; /* option 60 of the reply */
		bool has_vendor;   /* option 43 */
		bool has_ipxe;     /* option 175 */
	} cases[] = {
		{"BIOS", {.arch = 0, .class = PXE}, STAGE_FIRMWARE, "undionly.kpxe", "PXEClient",
			true, false},
		{"UEFI 7", {.arch = 7, .class = PXE}, STAGE_FIRMWARE, "snponly.efi", NULL, false,
			false},
		{"UEFI 9", {.arch = 9, .class = PXE}, STAGE_FIRMWARE, "snponly.efi", NULL, false,
			false},
		{"UEFI without option 60", {.arch = 7}, STAGE_FIRMWARE, "snponly.efi", NULL, false,
			false},
		{"HTTP", {.arch = 16, .class = HTTP}, STAGE_FIRMWARE, SNP_URL, "HTTPClient", false,
			false},
		{"HTTP byte code", {.arch = 17, .class = HTTP}, STAGE_FIRMWARE, SNP_URL,
			"HTTPClient", false, false},
		{"HTTP by its class alone", {.arch = 7, .class = HTTP}, STAGE_FIRMWARE, SNP_URL,
			"HTTPClient", false, false},
		{"iPXE", {.arch = 0, .class = PXE, .user_class = "iPXE"}, STAGE_IPXE, SCRIPT_URL,
			NULL, false, true},
		{"iPXE, counted", {.arch = 7, .class = PXE, .user_class = "\x04iPXE"}, STAGE_IPXE,
			SCRIPT_URL, NULL, false, true},
		{"iPXE by option 175", {.arch = 7, .class = PXE, .has_ipxe_option = true},
			STAGE_IPXE, SCRIPT_URL, NULL, false, true},
		{"ARM64", {.arch = 11, .class = PXE}, STAGE_FIRMWARE, "shimaa64.efi", NULL, false,
			false},
		{"ARM64 HTTP", {.arch = 19, .class = HTTP}, STAGE_FIRMWARE, "", NULL, false, false},
		{"IA32", {.arch = 6, .class = PXE}, STAGE_FIRMWARE, "", NULL, false, false},
		{"unknown", {.arch = 99, .class = PXE}, STAGE_FIRMWARE, "", NULL, false, false},
		{"OS", {.arch = -1}, STAGE_OS, "", NULL, false, false},
		{"OS with a class", {.arch = -1, .class = "systemd"}, STAGE_OS, "", NULL, false,
			false},
		{"node's own loader", {.arch = 7, .class = PXE, .node_file = "grub.efi"},
			STAGE_FIRMWARE, "grub.efi", NULL, false, false},
		{"node's own loader by HTTP", {.arch = 16, .class = HTTP, .node_file = "grub.efi"},
			STAGE_FIRMWARE, "http://10.77.0.1/firmware/grub.efi", "HTTPClient", false,
			false},
		{"node's own URL", {.arch = 16, .class = HTTP, .node_file = "http://mirror/x.efi"},
			STAGE_FIRMWARE, "http://mirror/x.efi", "HTTPClient", false, false},
		{"node's own loader for an unknown architecture",
			{.arch = 99, .class = PXE, .node_file = "odd.bin"}, STAGE_FIRMWARE,
			"odd.bin", NULL, false, false},
		{"node's own loader is not for iPXE",
			{.arch = 7, .class = PXE, .user_class = "iPXE", .node_file = "grub.efi"},
			STAGE_IPXE, SCRIPT_URL, NULL, false, true},
		{"node's own URL is not for TFTP",
			{.arch = 7, .class = PXE, .node_file = "http://10.77.0.9/x.efi"},
			STAGE_FIRMWARE, "snponly.efi", NULL, false, false},
		{"node's own loader for its BIOS",
			{.arch = 0, .class = PXE, .node_file = "ipxe.pxe"}, STAGE_FIRMWARE,
			"ipxe.pxe", "PXEClient", true, false},
		{"unified kernel image", {.arch = 16, .class = HTTP, .node_file = "uki"},
			STAGE_FIRMWARE, "http://10.77.0.1/boot.efi", "HTTPClient", false, false},
		{"unified kernel image for ARM64", {.arch = 19, .class = HTTP, .node_file = "uki"},
			STAGE_FIRMWARE, "http://10.77.0.1/boot.efi", "HTTPClient", false, false},
		{"unified kernel image is not for TFTP",
			{.arch = 7, .class = PXE, .node_file = "uki"}, STAGE_FIRMWARE,
			"snponly.efi", NULL, false, false},
		{"unified kernel image is not for BIOS",
			{.arch = 0, .class = PXE, .node_file = "uki"}, STAGE_FIRMWARE,
			"undionly.kpxe", "PXEClient", true, false},
		{"unified kernel image is not for iPXE",
			{.arch = 7, .class = PXE, .user_class = "iPXE", .node_file = "uki"},
			STAGE_IPXE, SCRIPT_URL, NULL, false, true},
		{"Raspberry Pi", {.arch = 0, .class = PXE, .mac0 = 0xb8}, STAGE_FIRMWARE, "",
			"PXEClient", true, false},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct msg m = request_of(&cases[i].a), reply;
		struct pxe_client c;

		print_message("# %s\n", cases[i].what);
		pxe_identify(&m, &c);
		assert_int_equal(c.stage, cases[i].stage);
		const char *file = answer(&cases[i].a, false, &reply);
		assert_string_equal(file, cases[i].file);
		assert_string_equal(reply.file, cases[i].file);
		assert_int_equal(opts_has(&reply.opts, OPT_CLASS), cases[i].class != NULL);
		if (cases[i].class)
			assert_true(opts_begins(&reply.opts, OPT_CLASS, cases[i].class));
		assert_int_equal(opts_has(&reply.opts, OPT_VENDOR), cases[i].has_vendor);
		assert_int_equal(opts_has(&reply.opts, OPT_IPXE), cases[i].has_ipxe);
		assert_int_equal(reply.siaddr != 0, file[0] || cases[i].has_vendor);
		/* Who boots and gets no file is a case for a person. */
		if (cases[i].stage == STAGE_FIRMWARE && !file[0])
			assert_true(told.note[0]);
	}
}

TEST(option_67_ends_in_a_nul_and_66_is_an_address)
{
	struct asker a = {.arch = 0, .class = PXE};
	struct msg reply;

	(void)answer(&a, false, &reply);
	assert_string_equal(told.note, "");
	struct rd v = opts_value(&reply.opts, OPT_BOOT_FILE);
	assert_int_equal(v.left, strlen("undionly.kpxe") + 1);
	assert_memory_equal(v.p, "undionly.kpxe", v.left);
	assert_true(opts_begins(&reply.opts, OPT_TFTP_SERVER, "10.77.0.1"));
}

TEST(vendor_options_say_what_their_firmware_reads)
{
	struct asker bios = {.arch = 0, .class = PXE}, pi = {.arch = 0, .class = PXE, .mac0 = 0xb8};
	struct asker ipxe = {.arch = 0, .user_class = "iPXE"};
	struct msg reply;

	(void)answer(&bios, false, &reply);
	assert_int_equal(opts_value(&reply.opts, OPT_VENDOR).left, 4);
	assert_memory_equal(opts_value(&reply.opts, OPT_VENDOR).p, "\x06\x01\x08\xff", 4);
	(void)answer(&pi, false, &reply);
	struct rd v = opts_value(&reply.opts, OPT_VENDOR);
	assert_int_equal(v.p[v.left - 1], 0xff);
	assert_memory_equal(v.p + v.left - 18, "Raspberry Pi Boot", 17);
	(void)answer(&ipxe, false, &reply);
	assert_int_equal(opts_value(&reply.opts, OPT_IPXE).left, 3);
	assert_memory_equal(opts_value(&reply.opts, OPT_IPXE).p, "\xb0\x01\x01", 3);
}

TEST(port_of_the_http_server_is_told_unless_it_is_80)
{
	struct message_dhcp_settings s = settings;
	struct asker a = {.arch = 16, .class = HTTP};
	struct msg m = request_of(&a), reply = {0};
	struct pxe_client c;

	s.http_port = 8080;
	pxe_identify(&m, &c);
	struct pxe_ask ask = {.settings = &s, .client = &c, .node_file = "", .way = PXE_IN_LEASE};
	pxe_answer(&ask, &m, &reply, &told);
	assert_string_equal(told.file, "http://10.77.0.1:8080/firmware/snponly.efi");
}

TEST(http_boot_is_told_https_urls_when_that_is_wanted_and_nobody_else_is)
{
	static const struct {
		struct asker a;
		uint16_t port;
		const char *file;
	} cases[] = {
		{{.arch = 16, .class = HTTP}, 443, "https://10.77.0.1/firmware/snponly.efi"},
		{{.arch = 16, .class = HTTP}, 8443, "https://10.77.0.1:8443/firmware/snponly.efi"},
		{{.arch = 16, .class = HTTP, .node_file = "grub.efi"}, 443,
			"https://10.77.0.1/firmware/grub.efi"},
		{{.arch = 16, .class = HTTP, .node_file = "uki"}, 443,
			"https://10.77.0.1/boot.efi"},
		{{.arch = 16, .class = HTTP, .node_file = "http://10.77.0.1/firmware/x.efi"}, 443,
			"http://10.77.0.1/firmware/x.efi"},
		{{.arch = 7, .class = PXE}, 443, "snponly.efi"},
		{{.arch = 7, .class = PXE, .user_class = "iPXE"}, 443, SCRIPT_URL},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct message_dhcp_settings s = settings;
		struct msg m = request_of(&cases[i].a), reply = {0};
		struct pxe_client c;

		s.https_port = cases[i].port;
		pxe_identify(&m, &c);
		struct pxe_ask ask = {.settings = &s,
			.client = &c,
			.node_file = cases[i].a.node_file ? cases[i].a.node_file : "",
			.way = PXE_IN_LEASE};
		pxe_answer(&ask, &m, &reply, &told);
		assert_string_equal(told.file, cases[i].file);
	}
}

TEST(file_too_long_for_the_header_goes_into_option_67_alone)
{
	char name[128 + 1];
	struct asker a = {.arch = 7, .class = PXE, .node_file = name};
	struct msg reply;

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	(void)answer(&a, false, &reply);
	assert_string_equal(reply.file, "");
	assert_int_equal(opts_value(&reply.opts, OPT_BOOT_FILE).left, 129);
	name[127] = '\0';
	(void)answer(&a, false, &reply);
	assert_string_equal(reply.file, name);
}

/* EDK2: an offer beside another's counts with option 60; without 43 it goes on to port 4011. */
TEST(offer_beside_another_server_is_made_for_its_kind_of_firmware)
{
	static const struct {
		const char *what;
		struct asker a;
		const char *file, *class;
		bool has_vendor;
	} cases[] = {
		{"BIOS goes straight", {.arch = 0, .class = PXE}, "undionly.kpxe", "PXEClient",
			true},
		{"UEFI goes to port 4011", {.arch = 7, .class = PXE}, "snponly.efi", "PXEClient",
			false},
		{"HTTP", {.arch = 16, .class = HTTP}, SNP_URL, "HTTPClient", false},
		{"iPXE", {.arch = 7, .class = PXE, .user_class = "iPXE"}, SCRIPT_URL, "PXEClient",
			false},
		{"Raspberry Pi", {.arch = 0, .class = PXE, .mac0 = 0xb8}, "", "PXEClient", true},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct msg reply;

		print_message("# %s\n", cases[i].what);
		assert_string_equal(
			answer_on(&cases[i].a, PXE_BESIDE, false, &reply), cases[i].file);
		assert_true(opts_begins(&reply.opts, OPT_CLASS, cases[i].class));
		assert_int_equal(opts_has(&reply.opts, OPT_VENDOR), cases[i].has_vendor);
		/* It would tell iPXE not to wait for the very offer that it stands in. */
		assert_false(opts_has(&reply.opts, OPT_IPXE));
		assert_int_equal(reply.siaddr, settings.server.addr);
	}
}

TEST(answer_of_port_4011_has_option_60_and_the_boot_item_asked_for)
{
	struct asker a = {.arch = 7, .class = PXE};
	struct msg m = request_of(&a), reply = {0};
	struct pxe_client c;

	opts_put(&m.opts, OPT_VENDOR, "\x47\x04\x00\x00\x00\x00\xff", 7);
	pxe_identify(&m, &c);
	struct pxe_ask ask = {
		.settings = &settings, .client = &c, .node_file = "", .way = PXE_ON_PORT};
	pxe_answer(&ask, &m, &reply, &told);
	assert_string_equal(reply.file, "snponly.efi");
	assert_true(opts_begins(&reply.opts, OPT_CLASS, "PXEClient"));
	assert_true(opts_begins(&reply.opts, OPT_VENDOR, "\x47\x04"));
	assert_string_equal(answer_on(&a, PXE_ON_PORT, false, &reply), "snponly.efi");
	assert_false(opts_has(&reply.opts, OPT_VENDOR));
	pxe_want(&c, QUIRK_NO_CLASS); /* which is for offers */
	reply = (struct msg){0};
	pxe_answer(&ask, &m, &reply, &told);
	assert_true(opts_has(&reply.opts, OPT_CLASS));
}

TEST(pxelinux_gets_what_it_asks_for_and_nobody_else)
{
	struct message_dhcp_settings s = settings;
	struct asker a = {.arch = 0, .class = PXE};
	struct msg m = request_of(&a), reply = {0};
	struct pxe_client c;
	struct pxe_ask ask = {.settings = &s, .client = &c, .node_file = "", .way = PXE_IN_LEASE};

	(void)snprintf(s.pxelinux_config, sizeof(s.pxelinux_config), "pxelinux.cfg/slipway");
	(void)snprintf(s.pxelinux_prefix, sizeof(s.pxelinux_prefix), "bios/");
	s.pxelinux_reboot_s = 600;
	pxe_identify(&m, &c);
	pxe_answer(&ask, &m, &reply, &told);
	for (uint8_t code = OPT_PXELINUX_MAGIC; code <= OPT_PXELINUX_REBOOT; code++)
		assert_false(opts_has(&reply.opts, code));
	assert_false(opts_has(&reply.opts, OPT_TFTP_SERVERS));

	opts_put(&m.opts, OPT_WANTED, "\xd0\xd1\xd2\xd3\x96", 5);
	pxe_answer(&ask, &m, &reply, &told);
	assert_int_equal(opts_u32(&reply.opts, OPT_PXELINUX_MAGIC), 0xf100747e);
	assert_true(opts_begins(&reply.opts, OPT_PXELINUX_CONFIG, "pxelinux.cfg/slipway"));
	assert_true(opts_begins(&reply.opts, OPT_PXELINUX_PREFIX, "bios/"));
	assert_int_equal(opts_u32(&reply.opts, OPT_PXELINUX_REBOOT), 600);
	assert_int_equal(opts_u32(&reply.opts, OPT_TFTP_SERVERS), settings.server.addr);
}

TEST(who_gets_no_file_is_told_of_with_the_reason)
{
	static const struct {
		int arch;
		const char *says;
	} cases[] = {{6, "32-bit x86 UEFI"}, {12, "PowerPC Open Firmware"}, {22, "U-Boot"},
		{99, "architecture 99 is not known"}};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct asker a = {.arch = cases[i].arch, .class = PXE};
		struct msg reply;

		assert_string_equal(answer(&a, false, &reply), "");
		assert_non_null(strstr(told.note, cases[i].says));
		assert_int_equal(reply.siaddr, 0);
	}
}

TEST(first_known_architecture_of_a_list_counts)
{
	struct msg m = {0};
	struct pxe_client c;

	opts_put(&m.opts, OPT_ARCH, "\x00\x63\x00\x10\x00\x07", 6);
	pxe_identify(&m, &c);
	assert_int_equal(c.arch, 16);
	assert_true(c.uses_http);
}

TEST(uuid_is_read_and_echoed)
{
	struct asker a = {.arch = 7, .class = PXE};
	struct msg m = request_of(&a), reply = {0};
	struct pxe_client c;

	opts_put(&m.opts, OPT_UUID,
		"\x00"
		"0123456789abcdef",
		17);
	pxe_identify(&m, &c);
	assert_true(c.has_uuid);
	assert_memory_equal(c.uuid, "0123456789abcdef", 16);
	struct pxe_ask ask = {
		.settings = &settings, .client = &c, .node_file = "", .way = PXE_IN_LEASE};
	pxe_answer(&ask, &m, &reply, &told);
	assert_int_equal(opts_value(&reply.opts, OPT_UUID).left, 17);
	opts_put(&m.opts, OPT_UUID,
		"\x01"
		"0123456789abcdef",
		17);
	pxe_identify(&m, &c);
	assert_false(c.has_uuid);
}

TEST(looping_machine_gets_the_script_but_http_firmware_does_not)
{
	struct asker pxe = {.arch = 7, .class = PXE}, http = {.arch = 16, .class = HTTP};
	struct msg reply;

	assert_string_equal(answer(&pxe, true, &reply), SCRIPT_URL);
	assert_true(told.note[0]);
	assert_string_equal(answer(&http, true, &reply), SNP_URL);
	assert_string_equal(told.note, "");
}

RUN(t(each_kind_of_firmware_gets_its_boot_file), t(option_67_ends_in_a_nul_and_66_is_an_address),
	t(vendor_options_say_what_their_firmware_reads),
	t(port_of_the_http_server_is_told_unless_it_is_80),
	t(http_boot_is_told_https_urls_when_that_is_wanted_and_nobody_else_is),
	t(file_too_long_for_the_header_goes_into_option_67_alone),
	t(offer_beside_another_server_is_made_for_its_kind_of_firmware),
	t(answer_of_port_4011_has_option_60_and_the_boot_item_asked_for),
	t(pxelinux_gets_what_it_asks_for_and_nobody_else),
	t(who_gets_no_file_is_told_of_with_the_reason),
	t(first_known_architecture_of_a_list_counts), t(uuid_is_read_and_echoed),
	t(looping_machine_gets_the_script_but_http_firmware_does_not))
