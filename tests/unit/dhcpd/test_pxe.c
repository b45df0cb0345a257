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

static const char *answer(
	const struct asker *a, bool is_looping, struct msg *ret_reply, char file[static 256])
{
	struct msg m = request_of(a);
	struct pxe_client c;

	pxe_identify(&m, &c);
	struct pxe_ask ask = {.settings = &settings,
		.client = &c,
		.node_file = a->node_file ? a->node_file : "",
		.is_looping = is_looping};
	*ret_reply = (struct msg){0};
	return pxe_answer(&ask, &m, ret_reply, file);
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
		{"ARM64", {.arch = 11, .class = PXE}, STAGE_FIRMWARE, "", NULL, false, false},
		{"ARM64 HTTP", {.arch = 19, .class = HTTP}, STAGE_FIRMWARE, "", NULL, false, false},
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
		{"Raspberry Pi", {.arch = 0, .class = PXE, .mac0 = 0xb8}, STAGE_FIRMWARE, "",
			"PXEClient", true, false},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct msg m = request_of(&cases[i].a), reply;
		struct pxe_client c;
		char file[256];

		print_message("# %s\n", cases[i].what);
		pxe_identify(&m, &c);
		assert_int_equal(c.stage, cases[i].stage);
		const char *note = answer(&cases[i].a, false, &reply, file);
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
			assert_non_null(note);
	}
}

TEST(option_67_ends_in_a_nul_and_66_is_an_address)
{
	struct asker a = {.arch = 0, .class = PXE};
	struct msg reply;
	char file[256];

	assert_null(answer(&a, false, &reply, file));
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
	char file[256];

	(void)answer(&bios, false, &reply, file);
	assert_int_equal(opts_value(&reply.opts, OPT_VENDOR).left, 4);
	assert_memory_equal(opts_value(&reply.opts, OPT_VENDOR).p, "\x06\x01\x08\xff", 4);
	(void)answer(&pi, false, &reply, file);
	struct rd v = opts_value(&reply.opts, OPT_VENDOR);
	assert_int_equal(v.p[v.left - 1], 0xff);
	assert_memory_equal(v.p + v.left - 18, "Raspberry Pi Boot", 17);
	(void)answer(&ipxe, false, &reply, file);
	assert_int_equal(opts_value(&reply.opts, OPT_IPXE).left, 3);
	assert_memory_equal(opts_value(&reply.opts, OPT_IPXE).p, "\xb0\x01\x01", 3);
}

TEST(port_of_the_http_server_is_told_unless_it_is_80)
{
	struct message_dhcp_settings s = settings;
	struct asker a = {.arch = 16, .class = HTTP};
	struct msg m = request_of(&a), reply = {0};
	struct pxe_client c;
	char file[256];

	s.http_port = 8080;
	pxe_identify(&m, &c);
	struct pxe_ask ask = {.settings = &s, .client = &c, .node_file = ""};
	assert_null(pxe_answer(&ask, &m, &reply, file));
	assert_string_equal(file, "http://10.77.0.1:8080/firmware/snponly.efi");
}

TEST(file_too_long_for_the_header_goes_into_option_67_alone)
{
	char name[128 + 1];
	struct asker a = {.arch = 7, .class = PXE, .node_file = name};
	struct msg reply;
	char file[256];

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	(void)answer(&a, false, &reply, file);
	assert_string_equal(reply.file, "");
	assert_int_equal(opts_value(&reply.opts, OPT_BOOT_FILE).left, 129);
	name[127] = '\0';
	(void)answer(&a, false, &reply, file);
	assert_string_equal(reply.file, name);
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
	char file[256];

	opts_put(&m.opts, OPT_UUID,
		"\x00"
		"0123456789abcdef",
		17);
	pxe_identify(&m, &c);
	assert_true(c.has_uuid);
	assert_memory_equal(c.uuid, "0123456789abcdef", 16);
	struct pxe_ask ask = {.settings = &settings, .client = &c, .node_file = ""};
	(void)pxe_answer(&ask, &m, &reply, file);
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
	char file[256];

	assert_non_null(answer(&pxe, true, &reply, file));
	assert_string_equal(file, SCRIPT_URL);
	assert_null(answer(&http, true, &reply, file));
	assert_string_equal(file, SNP_URL);
}

TEST(fourth_loader_within_a_minute_is_a_loop)
{
	struct pxe_loops l = {0};
	struct mac a = {{2, 0, 0, 0, 0, 1}}, b = {{2, 0, 0, 0, 0, 2}};

	assert_false(pxe_loops_count(&l, &a, 0));
	assert_false(pxe_loops_count(&l, &a, 1000));
	assert_false(pxe_loops_count(&l, &a, 2000));
	assert_false(pxe_loops_count(&l, &b, 2000));
	assert_true(pxe_loops_count(&l, &a, 3000));
	assert_true(pxe_loops_count(&l, &a, 4000));
	assert_false(pxe_loops_count(&l, &a, 64000));
	pxe_loops_forget(&l, &a);
	for (int i = 0; i < 3; i++)
		assert_false(pxe_loops_count(&l, &a, 64001));
	assert_true(pxe_loops_count(&l, &a, 64001));
}

RUN(t(each_kind_of_firmware_gets_its_boot_file), t(option_67_ends_in_a_nul_and_66_is_an_address),
	t(vendor_options_say_what_their_firmware_reads),
	t(port_of_the_http_server_is_told_unless_it_is_80),
	t(file_too_long_for_the_header_goes_into_option_67_alone),
	t(first_known_architecture_of_a_list_counts), t(uuid_is_read_and_echoed),
	t(looping_machine_gets_the_script_but_http_firmware_does_not),
	t(fourth_loader_within_a_minute_is_a_loop))
