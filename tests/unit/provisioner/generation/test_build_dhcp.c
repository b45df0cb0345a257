#include "provisioner/generation/build_dhcp.h"

#include <stdio.h>

#include "provisioner/cluster/cluster.h"
#include "tests/unit/test.h"

#define HEAD                                                               \
	"cluster: acm\n"                                                   \
	"network: {internal: {interface: bond0, address: 10.10.0.1/24}}\n" \
	"image: flatcar/1\n"                                               \
	"roles: {worker: {template: worker.yaml, addons: [etcd]}}\n"

/* What DHCP tells the first node; the caller frees the arena. */
static const char *text_of(struct arena *a, const char *yaml)
{
	struct err_list errors = {.n = 0};
	struct cluster *c;

	if (cluster_load(a, "cluster.yaml", yaml, strlen(yaml), &c, &errors) < 0)
		fail_msg("%s", errors.list[0].msg);
	const char *text = build_dhcp_text(a, c, &c->nodes[0]);
	assert_non_null(text);
	return text;
}

static void has(const char *text, const char *line)
{
	if (!strstr(text, line))
		fail_msg("no \"%s\" in:\n%s", line, text);
}

TEST(a_node_is_told_its_address_and_what_its_network_knows)
{
	AUTO(arena_free_p) struct arena *a = arena_new(16 << 20);
	const char *text = text_of(a, HEAD
		"dhcp: {pool: 10.10.0.100-10.10.0.199, router: 10.10.0.254, dns: [10.10.0.2], mtu: "
		"9000,\n"
		"  lease: 12h, netboot-lease: 60s, routes: [{to: 10.2.0.0/16, via: 10.10.0.9}]}\n"
		"nodes: [{name: w1, role: worker, mac: [52:54:00:00:00:01, 52:54:00:00:00:02], "
		"address: 10.10.0.11}]\n");

	has(text, "address: 10.10.0.11/24\n");
	has(text, "mac: 52:54:00:00:00:02\n");
	has(text, "router: 10.10.0.254\n");
	has(text, "dns: 10.10.0.2\n");
	has(text, "mtu: 9000\n");
	has(text, "route: 10.2.0.0/16 via 10.10.0.9\n");
}

TEST(each_firmware_has_its_boot_file)
{
	AUTO(arena_free_p) struct arena *a = arena_new(16 << 20);
	const char *text = text_of(a, HEAD
		"dhcp: {pool: 10.10.0.100-10.10.0.199}\n"
		"nodes: [{name: w1, role: worker, mac: 52:54:00:00:00:01, address: 10.10.0.11}]\n");

	has(text, "boot file for x86 BIOS: undionly.kpxe\n");
	has(text, "boot file for x86-64 UEFI: snponly.efi\n");
	has(text, "boot file for iPXE: http://10.10.0.1/boot.ipxe\n");
	has(text, "HTTP: http://10.10.0.1/");
}

TEST(a_boot_file_of_the_node_takes_the_place_of_all)
{
	AUTO(arena_free_p) struct arena *a = arena_new(16 << 20);
	const char *text =
		text_of(a, HEAD "dhcp: {pool: 10.10.0.100-10.10.0.199}\n"
				"nodes: [{name: w1, role: worker, mac: 52:54:00:00:00:01, address: "
				"10.10.0.11, boot-file: own.efi}]\n");

	has(text, "boot file for x86 BIOS: own.efi\n");
	has(text, "boot file for x86-64 UEFI: own.efi\n");
	has(text, "boot file for iPXE: http://10.10.0.1/boot.ipxe\n");
}

RUN(t(a_node_is_told_its_address_and_what_its_network_knows), t(each_firmware_has_its_boot_file),
	t(a_boot_file_of_the_node_takes_the_place_of_all))
