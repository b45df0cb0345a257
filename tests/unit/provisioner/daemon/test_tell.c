#include "tests/unit/test.h"

#include "provisioner/cluster/cluster.h"
#include "provisioner/daemon/tell.h"

static const char yaml[] = "cluster: acm\ndomain: acm.internal\n"
			   "network: {internal: {interface: bond0, address: 10.10.0.1/24}}\n"
			   "dhcp: {pool: 10.10.0.100-10.10.0.199, lease: 1h, netboot-lease: 90s, "
			   "router: 10.10.0.254, dns: [9.9.9.9]}\n"
			   "ports: {http: 8080}\nimage: flatcar/1\nenroll: closed\n"
			   "roles: {m: {template: m.yaml, etcd-member: true}}\n"
			   "nodes:\n  - {name: n1, role: m, mac: [52:54:00:00:00:01, "
			   "52:54:00:00:00:02], address: 10.10.0.10,\n"
			   "     boot-file: ipxe.efi}\n";

static struct cluster *load(struct arena *a)
{
	struct err_list errors = {0};
	struct cluster *c = NULL;

	assert_int_equal(cluster_load(a, "c", yaml, strlen(yaml), &c, &errors), 0);
	return c;
}

TEST(settings_say_what_cluster_yaml_says)
{
	struct arena *a = arena_new((size_t)1 << 20);
	struct message_dhcp_settings s;

	tell_settings(load(a), &s);
	assert_int_equal(s.server.addr, 0x0a0a0001);
	assert_int_equal(s.server.len, 24);
	assert_int_equal(s.pool_first, 0x0a0a0064);
	assert_int_equal(s.pool_last, 0x0a0a00c7);
	assert_int_equal(s.router, 0x0a0a00fe);
	assert_int_equal(s.dns[0], 0x09090909);
	assert_int_equal(s.dns[1], 0);
	assert_int_equal(s.lease_s, 3600);
	assert_int_equal(s.netboot_lease_s, 90);
	assert_int_equal(s.http_port, 8080);
	assert_int_equal(s.enroll, ENROLL_CLOSED);
	assert_int_equal(s.router_advertisements, 1);
	assert_string_equal(s.domain, "acm.internal");
	arena_free(a);
}

TEST(node_brings_its_name_macs_address_and_loader)
{
	struct arena *a = arena_new((size_t)1 << 20);
	struct message_node n;

	tell_node(&load(a)->nodes[0], &n);
	assert_string_equal(n.name, "n1");
	assert_int_equal(n.n_macs, 2);
	assert_int_equal(n.macs[1].b[5], 2);
	assert_int_equal(n.address, 0x0a0a000a);
	assert_string_equal(n.boot_file, "ipxe.efi");
	arena_free(a);
}

RUN(t(settings_say_what_cluster_yaml_says), t(node_brings_its_name_macs_address_and_loader))
