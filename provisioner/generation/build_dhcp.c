#include "provisioner/generation/build_dhcp.h"

#include <string.h>

#include "dhcpd/pxe.h"
#include "provisioner/base/human.h"
#include "provisioner/base/str.h"
#include "provisioner/cluster/cluster.h"

#define TEXT_BYTES_MAX ((size_t)64 << 10)

static void add_addresses(struct str *out, const char *name, const struct ipv4_list *l)
{
	char text[IPV4_TEXT_SIZE];

	for (uint32_t i = 0; i < l->n; i++)
		str_printf(out, "%s: %s\n", name, ipv4_text(l->items[i], text));
}

static void add_lease(struct str *out, const char *name, int64_t ms)
{
	char text[HUMAN_SIZE];

	str_printf(out, "%s: %s\n", name,
		ms == CLUSTER_LEASE_INFINITE_MS ? "without end" : human_duration(ms, text));
}

/* What the node's network is told (RFC 2132, RFC 3397, RFC 3442). */
static void add_network(struct str *out, const struct cluster_subnet *s)
{
	char text[IPV4_NET_TEXT_SIZE], via[IPV4_TEXT_SIZE];

	add_lease(out, "lease", s->lease_ms);
	add_lease(out, "lease while it boots", s->netboot_lease_ms);
	if (s->router)
		str_printf(out, "router: %s\n", ipv4_text(s->router, via));
	add_addresses(out, "dns", &s->dns);
	if (s->domain && s->domain[0])
		str_printf(out, "domain: %s\n", s->domain);
	for (uint32_t i = 0; i < s->search.n; i++)
		str_printf(out, "search: %s\n", s->search.items[i]);
	add_addresses(out, "ntp", &s->ntp);
	if (s->mtu)
		str_printf(out, "mtu: %u\n", s->mtu);
	for (uint32_t i = 0; i < s->n_routes; i++)
		str_printf(out, "route: %s via %s\n", ipv4_net_text(s->routes[i].to, text),
			ipv4_text(s->routes[i].via, via));
	for (uint32_t i = 0; i < s->n_options; i++) {
		const struct cluster_option *o = &s->options[i];

		str_printf(out, "option %u%s: ", o->code, o->always ? " (always)" : "");
		str_add_hex(out, o->value.bytes, o->value.n);
		str_addc(out, '\n');
	}
}

/* Who the node is taken to be. */
static void add_identity(struct str *out, const struct cluster_node *n)
{
	char mac[MAC_TEXT_SIZE];

	for (uint32_t i = 0; i < n->macs.n; i++)
		str_printf(out, "mac: %s\n", mac_text(&n->macs.items[i], mac));
	if (n->client_id.n) {
		str_add(out, "client-id: ");
		str_add_hex(out, n->client_id.bytes, n->client_id.n);
		str_addc(out, '\n');
	}
	if (n->bootp)
		str_add(out, "bootp: yes\n");
}

/* By the code that answers. */
static void add_boot_file(struct str *out, const struct message_dhcp_settings *s,
	const struct cluster_node *n, struct pxe_client *client, const char *who)
{
	struct pxe_ask ask = {.settings = s,
		.client = client,
		.node_file = n->boot_file ? n->boot_file : "",
		.way = PXE_IN_LEASE};
	struct msg request = {.op = 1}, reply = {.op = 2};
	struct pxe_told told;

	pxe_want(client, n->quirks);
	pxe_answer(&ask, &request, &reply, &told);
	str_printf(out, "boot file for %s: %s\n", who, told.file[0] ? told.file : told.note);
}

static void add_boot_files(struct str *out, const struct cluster *c, const struct cluster_node *n)
{
	static const uint16_t shown[] = {0, 7, 16, 11, 19};
	struct message_dhcp_settings s = {.server = c->network.internal.address,
		.http_port = (uint16_t)c->ports.http,
		.https_port = cluster_https_boot_port(c),
		.mode = (uint8_t)c->dhcp.mode};
	struct pxe_client ipxe = {.stage = STAGE_IPXE, .arch = ARCH_NONE};

	for (size_t i = 0; i < ARRAY_LEN(shown); i++) {
		const struct arch *row = arch_find(shown[i]);
		struct pxe_client client = {.stage = STAGE_FIRMWARE,
			.arch = shown[i],
			.row = row,
			.uses_http = row->kind == ARCH_IS_HTTP};

		add_boot_file(out, &s, n, &client, row->name);
	}
	add_boot_file(out, &s, n, &ipxe, "iPXE");
}

const char *build_dhcp_text(struct arena *a, const struct cluster *c, const struct cluster_node *n)
{
	AUTO(str_done) struct str out = str_init(TEXT_BYTES_MAX);
	const struct cluster_subnet *net = cluster_subnet_of(c, n->address);
	char address[IPV4_TEXT_SIZE];

	str_printf(&out, "address: %s/%u\nhost name: %s\n", ipv4_text(n->address, address),
		net->net.len, n->name);
	add_identity(&out, n);
	add_network(&out, net);
	add_boot_files(&out, c, n);
	return str_ok(&out) ? arena_strdup(a, str_text(&out)) : NULL;
}
