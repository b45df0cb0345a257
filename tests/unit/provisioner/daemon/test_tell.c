#include "tests/unit/test.h"

#include "provisioner/cluster/cluster.h"
#include "provisioner/daemon/tell.h"

static const char yaml[] = "cluster: acm\ndomain: acm.internal\n"
			   "network: {internal: {interface: bond0, address: 10.10.0.1/24}}\n"
			   "dhcp: {pool: 10.10.0.100-10.10.0.199, lease: 1h, netboot-lease: 90s, "
			   "router: 10.10.0.254, dns: [9.9.9.9], conflict-probe: 250ms,\n"
			   "  subnets: [{subnet: 10.20.0.0/24, router: 10.20.0.1}, {subnet: "
			   "10.30.0.0/24,\n"
			   "    pool: 10.30.0.9-10.30.0.99, dns: [8.8.8.8], domain: far.internal, "
			   "lease: infinite, mtu: 1500}],\n"
			   "  ntp-servers: [9.9.9.8]}\n"
			   "ports: {http: 8080}\nimage: flatcar/1\nenroll: closed\n"
			   "roles: {m: {template: m.yaml, addons: [etcd]}}\n"
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
	struct message_network n;
	struct cluster *c = load(a);

	tell_settings(c, &s);
	assert_int_equal(s.server.addr, 0x0a0a0001);
	assert_int_equal(s.server.len, 24);
	assert_int_equal(s.http_port, 8080);
	assert_int_equal(s.https_port, 0);
	c->ports.https = 8443; /* of no interest to firmware until it is told so */
	tell_settings(c, &s);
	assert_int_equal(s.https_port, 0);
	c->http.firmware = HTTP_SCHEME_HTTPS;
	tell_settings(c, &s);
	assert_int_equal(s.https_port, 8443);
	assert_int_equal(s.enroll, ENROLL_CLOSED);
	assert_int_equal(s.router_advertisements, 1);
	assert_int_equal(s.guard.probe_ms, 250);
	assert_int_equal(s.guard.quarantine_s, 600);
	assert_int_equal(s.n_networks, 3);
	tell_network(c, 0, &n);
	assert_int_equal(n.net.addr, 0x0a0a0001);
	assert_int_equal(n.net.len, 24);
	assert_int_equal(n.pool_first, 0x0a0a0064);
	assert_int_equal(n.pool_last, 0x0a0a00c7);
	assert_int_equal(n.router, 0x0a0a00fe);
	assert_int_equal(n.dns[0], 0x09090909);
	assert_int_equal(n.dns[1], 0);
	assert_int_equal(n.lease_s, 3600);
	assert_int_equal(n.netboot_lease_s, 90);
	assert_int_equal(n.options_len, 8);
	assert_string_equal(n.domain, "acm.internal");
	arena_free(a);
}

TEST(subnet_says_what_it_says_and_else_what_the_local_network_says)
{
	struct arena *a = arena_new((size_t)1 << 20);
	struct message_network n;
	struct cluster *c = load(a);

	tell_network(c, 1, &n);
	assert_int_equal(n.net.addr, 0x0a140000);
	assert_true(n.pool_first > n.pool_last); /* none */
	assert_int_equal(n.router, 0x0a140001);
	assert_int_equal(n.dns[0], 0x09090909);
	assert_int_equal(n.lease_s, 3600);
	assert_string_equal(n.domain, "acm.internal");
	tell_network(c, 2, &n);
	assert_int_equal(n.pool_first, 0x0a1e0009);
	assert_int_equal(n.pool_last, 0x0a1e0063);
	assert_int_equal(n.router, 0);
	assert_int_equal(n.dns[0], 0x08080808);
	assert_int_equal(n.lease_s, UINT32_MAX);
	assert_int_equal(n.options_len, 8 + 6);
	assert_memory_equal(n.options, "\x2a\0\0\x04\x09\x09\x09\x08\x1a\0\0\x02\x05\xdc", 14);
	assert_int_equal(n.netboot_lease_s, 90);
	assert_string_equal(n.domain, "far.internal");
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

RUN(t(settings_say_what_cluster_yaml_says),
	t(subnet_says_what_it_says_and_else_what_the_local_network_says),
	t(node_brings_its_name_macs_address_and_loader))
