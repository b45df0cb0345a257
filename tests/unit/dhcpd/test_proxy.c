/* ProxyDHCP, through decide(): who is answered beside another server, how, and what is believed. */
#include "tests/unit/dhcpd/lab.h"

#include "dhcpd/proxy.h"

#define OTHER 0x0a4d0002
#define TAKEN 0x0a4d00c8

static int proxy_up(void **state)
{
	int rc = lab_up(state);
	struct lab *lab = *state;

	lab->settings.mode = DHCP_MODE_PROXY;
	lab->network.pool_first = lab->remote.pool_first = 1;
	lab->network.pool_last = lab->remote.pool_last = 0;
	lab_set_networks(lab);
	return rc;
}

enum who { OS, BIOS, UEFI, HTTP, IPXE };

static struct msg from(enum who who, enum dhcp_type type, uint8_t mac)
{
	static const char *const classes[] = {[BIOS] = "PXEClient:Arch:00000:UNDI:002001",
		[UEFI] = "PXEClient:Arch:00007:UNDI:003016",
		[HTTP] = "HTTPClient:Arch:00016:UNDI:003001",
		[IPXE] = "PXEClient:Arch:00007:UNDI:003010"};
	static const uint8_t archs[][2] = {
		[BIOS] = {0, 0}, [UEFI] = {0, 7}, [HTTP] = {0, 16}, [IPXE] = {0, 7}};
	struct msg m = message(type, mac);

	if (who == OS)
		return m;
	opts_put_text(&m.opts, OPT_CLASS, classes[who]);
	opts_put(&m.opts, OPT_ARCH, archs[who], 2);
	opts_put(&m.opts, OPT_UUID,
		"\0"
		"0123456789abcdef",
		17);
	if (who == IPXE)
		opts_put_text(&m.opts, OPT_USER_CLASS, "iPXE");
	return m;
}

/* As a client sends it that has no address yet. */
static const struct decision *say(struct lab *lab, const struct msg *m)
{
	struct arrival a = {.src_port = 68, .dst_port = DHCP_SERVER_PORT, .dst = UINT32_MAX};

	memcpy(a.src_mac.b, m->chaddr, MAC_LEN);
	decide(&lab->state, m, &a, lab->now_ms, &lab->d);
	return &lab->d;
}

static struct msg request_of(enum who who, uint8_t mac)
{
	struct msg m = from(who, DHCP_REQUEST, mac);

	opts_put_u32(&m.opts, OPT_SERVER, OTHER);
	opts_put_u32(&m.opts, OPT_ADDRESS, TAKEN);
	return m;
}

TEST(offer_has_a_boot_file_and_no_address)
{
	LAB;
	static const struct {
		enum who who;
		const char *file;
		bool has_vendor;
	} cases[] = {
		{BIOS, "undionly.kpxe", true},
		{UEFI, "snponly.efi", false},
		{HTTP, "http://10.77.0.1/firmware/snponly.efi", false},
		{IPXE, "http://10.77.0.1/boot.ipxe", false},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct msg m = from(cases[i].who, DHCP_DISCOVER, 1);
		const struct decision *d = say(lab, &m);

		assert_int_equal(d->what, COUNT_OFFER);
		assert_int_equal(d->reply.yiaddr, 0);
		assert_int_equal(d->reply.siaddr, SERVER);
		assert_string_equal(d->reply.file, cases[i].file);
		assert_false(opts_has(&d->reply.opts, OPT_LEASE));
		assert_false(opts_has(&d->reply.opts, OPT_MASK));
		assert_true(opts_has(&d->reply.opts, OPT_CLASS));
		assert_true(opts_has(&d->reply.opts, OPT_UUID));
		assert_int_equal(opts_has(&d->reply.opts, OPT_VENDOR), cases[i].has_vendor);
		assert_int_equal(d->route.via, ROUTE_FRAME);
		assert_int_equal(d->route.dst, UINT32_MAX);
		assert_int_equal(d->route.dst_port, DHCP_CLIENT_PORT);
		assert_null(d->commit);
	}
	assert_int_equal(lease_count(lab->state.leases), 0);
}

TEST(nobody_but_boot_firmware_is_answered)
{
	LAB;
	static const uint8_t types[] = {
		DHCP_DISCOVER, DHCP_DECLINE, DHCP_RELEASE, DHCP_INFORM, DHCP_OFFER, 0, 200};

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		struct msg m = from(OS, types[i], 1);

		assert_int_equal(say(lab, &m)->what, COUNT_NOT_PXE);
		assert_false(lab->d.has_reply);
		assert_false(lab->d.is_tellable);
		m = from(BIOS, types[i], 1);
		assert_int_equal(say(lab, &m)->has_reply, types[i] == DHCP_DISCOVER);
	}
	assert_int_equal(lease_count(lab->state.leases), 0);
}

TEST(firmware_without_a_loader_is_told_of_and_not_answered)
{
	LAB;
	struct msg m = from(BIOS, DHCP_DISCOVER, 1);

	opts_put(&m.opts, OPT_ARCH, "\0\6", 2);
	assert_int_equal(say(lab, &m)->what, COUNT_NO_BOOT_FILE);
	assert_false(lab->d.has_reply);
	assert_true(lab->d.is_tellable);
	assert_non_null(strstr(lab->d.exchange.note, "32-bit"));
}

TEST(strangers_get_nothing_when_enrolment_is_closed)
{
	LAB;
	struct msg stranger = from(BIOS, DHCP_DISCOVER, 10), node = from(BIOS, DHCP_DISCOVER, 1);

	lab->settings.enroll = ENROLL_CLOSED;
	assert_int_equal(say(lab, &stranger)->what, COUNT_UNKNOWN_MACHINE);
	assert_int_equal(say(lab, &node)->what, COUNT_OFFER);
}

TEST(request_to_the_other_server_is_noticed_with_its_address)
{
	LAB;
	static const enum who all[] = {OS, BIOS, UEFI, HTTP, IPXE};

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		struct msg m = request_of(all[i], 1);
		const struct decision *d = say(lab, &m);

		assert_false(d->has_reply);
		assert_true(d->is_tellable);
		assert_true(d->exchange.by_other);
		assert_int_equal(d->exchange.address, TAKEN);
		assert_string_equal(d->exchange.note, "");
		assert_int_equal(d->exchange.boot_file[0] != '\0', all[i] != OS);
	}
	struct msg again = request_of(OS, 1); /* INIT-REBOOT names no server */
	again.opts.has[OPT_SERVER] = false;
	assert_int_equal(say(lab, &again)->exchange.address, TAKEN);
	struct msg ours = request_of(BIOS, 1);
	opts_put_u32(&ours.opts, OPT_SERVER, SERVER);
	assert_int_equal(say(lab, &ours)->what, COUNT_NOT_PXE);
	assert_int_equal(lease_count(lab->state.leases), 0);
}

/* Whoever has the address gets the node's script: what needs no rights to be sent proves nothing. */
TEST(address_is_believed_of_nobody_but_its_own_frame)
{
	LAB;
	static const struct {
		const char *what;
		struct arrival from;
		uint32_t giaddr;
	} cases[] = {
		{"from an address", {TAKEN, 68, 67, UINT32_MAX, {{2, 0, 0, 0, 0, 1}}}, 0},
		{"to us alone", {0, 68, 67, SERVER, {{2, 0, 0, 0, 0, 1}}}, 0},
		{"by another's card", {0, 68, 67, UINT32_MAX, {{2, 0, 0, 0, 0, 2}}}, 0},
		{"through a socket", {0, 68, 67, UINT32_MAX, {{0}}}, 0},
		{"through a relay", {RELAY, 67, 67, SERVER, {{2, 0, 0, 0, 0, 9}}}, RELAY},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct msg boot = request_of(IPXE, 1), os = request_of(OS, 1);

		print_message("# %s\n", cases[i].what);
		boot.giaddr = os.giaddr = cases[i].giaddr;
		decide(&lab->state, &boot, &cases[i].from, 0, &lab->d);
		assert_int_equal(lab->d.exchange.address, 0);
		assert_true(lab->d.is_tellable);
		decide(&lab->state, &os, &cases[i].from, 0, &lab->d);
		assert_int_equal(lab->d.exchange.address, 0);
		assert_false(lab->d.is_tellable);
	}
}

TEST(port_4011_is_answered_beside_another_server_too)
{
	LAB;
	struct arrival at = {.src = TAKEN, .src_port = 4011, .dst_port = PXE_PORT, .dst = SERVER};
	struct msg m = from(UEFI, DHCP_REQUEST, 1);

	m.ciaddr = TAKEN;
	decide(&lab->state, &m, &at, 0, &lab->d);
	assert_int_equal(lab->d.what, COUNT_PXE_ACK);
	assert_string_equal(lab->d.reply.file, "snponly.efi");
	assert_int_equal(lab->d.reply.yiaddr, 0);
	assert_int_equal(lab->d.exchange.address, 0);
}

TEST(machine_that_loops_beside_another_server_gets_the_script)
{
	LAB;
	struct msg discovers = from(BIOS, DHCP_DISCOVER, 1), takes = request_of(BIOS, 1);

	for (int i = 0; i < 5; i++) {
		/* A DISCOVER is sent several times in one boot and counts for nothing. */
		for (int k = 0; k < 4; k++)
			assert_string_equal(say(lab, &discovers)->reply.file,
				i < 3 ? "undionly.kpxe" : "http://10.77.0.1/boot.ipxe");
		(void)say(lab, &takes);
	}
}

#define PROXY(f) cmocka_unit_test_setup_teardown(f, proxy_up, lab_down)
RUN(PROXY(offer_has_a_boot_file_and_no_address), PROXY(nobody_but_boot_firmware_is_answered),
	PROXY(firmware_without_a_loader_is_told_of_and_not_answered),
	PROXY(strangers_get_nothing_when_enrolment_is_closed),
	PROXY(request_to_the_other_server_is_noticed_with_its_address),
	PROXY(address_is_believed_of_nobody_but_its_own_frame),
	PROXY(port_4011_is_answered_beside_another_server_too),
	PROXY(machine_that_loops_beside_another_server_gets_the_script))
