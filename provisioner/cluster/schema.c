#include "provisioner/cluster/schema.h"

#include "provisioner/cluster/cluster.h"
#include "provisioner/cluster/schema_parts.h"
#include "provisioner/messages/messages.h"
#include "provisioner/messages/quirks.h"

static const struct schema_word enrolls[] = {
	{"ask", ENROLL_ASK},
	{"open", ENROLL_OPEN},
	{"closed", ENROLL_CLOSED},
	{NULL, 0},
};

static const struct schema_word dhcp_modes[] = {
	{"full", DHCP_MODE_FULL}, {"proxy", DHCP_MODE_PROXY}, {NULL, 0}};

static const struct schema_word quirks[] = {
	{"no-option-60", QUIRK_NO_CLASS},
	{"option-60", QUIRK_CLASS},
	{"no-option-43", QUIRK_NO_VENDOR},
	{"port-4011", QUIRK_PORT_4011},
	{"raspberry-pi", QUIRK_RASPBERRY},
	{"header-only", QUIRK_HEADER_ONLY},
	{"options-66-67", QUIRK_BOOT_OPTIONS},
	{"broadcast", QUIRK_BROADCAST},
	{"own-server-id", QUIRK_OWN_SERVER_ID},
	{"ipxe", QUIRK_IPXE},
	{NULL, 0},
};

static const struct schema_word infinite[] = {{"infinite", CLUSTER_LEASE_INFINITE_MS}, {NULL, 0}};

/* The rows are laid out to be read as a table. */
/* clang-format off */
#define AT(member) .offset = offsetof(struct cluster_bond, member)
static const struct schema_section own_bond = {
	.size = sizeof(struct cluster_bond),
	.keys = (const struct schema_key[]){
		BOND_KEYS,
		{.key = "members", .type = SCHEMA_TEXT_LIST, AT(members), .required = true,
			.doc = "The interfaces of this machine that the bond is made of, two at least."},
		END},
	.doc = "The provisioner's own bond. Without it the interface is used as it is found.",
};
#undef AT

#define AT(member) .offset = offsetof(struct cluster_internal, member)
static const struct schema_section internal = {
	.size = sizeof(struct cluster_internal),
	.keys = (const struct schema_key[]){
		{.key = "interface", .type = SCHEMA_INTERFACE, AT(interface), .required = true,
			.doc = "DHCP, TFTP and boot HTTP listen on this interface and nowhere else."},
		{.key = "address", .type = SCHEMA_NET, AT(address), .required = true,
			.doc = "The provisioner's address on it, with the prefix length of the network."},
		{.key = "bond", .type = SCHEMA_OPTIONAL, AT(bond), .section = &own_bond,
			.doc = "Make the interface a bond of these members at start."},
		END},
	.doc = "The internal network, on which nodes boot.",
};
#undef AT

static const struct schema_section external = {
	.size = sizeof(struct cluster_external),
	.keys = (const struct schema_key[]){
		{.key = "interface", .type = SCHEMA_INTERFACE,
			.offset = offsetof(struct cluster_external, interface), .required = true,
			.doc = "The interface of the external network. Nothing is ever answered on it."},
		END},
	.doc = "The external network.",
};

#define AT(member) .offset = offsetof(struct cluster_network, member)
static const struct schema_section network = {
	.size = sizeof(struct cluster_network),
	.keys = (const struct schema_key[]){
		{.key = "internal", .type = SCHEMA_SECTION, AT(internal), .required = true,
			.section = &internal, .doc = "The internal network, on which nodes boot."},
		{.key = "external", .type = SCHEMA_OPTIONAL, AT(external), .section = &external,
			.doc = "The external network."},
		END},
	.doc = "The provisioner's networks.",
};
#undef AT

static const struct schema_word off[] = {{"off", 0}, {NULL, 0}};

#define AT(member) .offset = offsetof(struct cluster_pxelinux, member)
static const struct schema_section pxelinux = {
	.size = sizeof(struct cluster_pxelinux),
	.keys = (const struct schema_key[]){
		{.key = "config-file", .type = SCHEMA_TEXT, AT(config_file), .max = 127,
			.doc = "Its configuration file, option 209."},
		{.key = "path-prefix", .type = SCHEMA_TEXT, AT(path_prefix), .max = 127,
			.doc = "What it puts before each file name, option 210."},
		{.key = "reboot-time", .type = SCHEMA_DURATION, AT(reboot_ms), .min = SECOND_MS,
			.max = DAY_MS, .doc = "When it reboots if it can not boot, option 211."},
		END},
	.doc = "What pxelinux is told when it asks (RFC 5071).",
};
#undef AT

#define AT(member) .offset = offsetof(struct cluster_option, member)
static const struct schema_section option = {
	.size = sizeof(struct cluster_option),
	.keys = (const struct schema_key[]){
		{.key = "code", .type = SCHEMA_NUMBER, AT(code), .required = true, .min = 1, .max = 254,
			.doc = "Its number, as in IANA's registry of BOOTP and DHCP options."},
		{.key = "value", .type = SCHEMA_OPTION, AT(value), .required = true,
			.doc = "A text, hex:01:02:0a and so on, or a list of IPv4 addresses."},
		{.key = "always", .type = SCHEMA_BOOL, AT(always), .preset = "false",
			.doc = "Send it to clients that have not asked for it, too."},
		END},
	.doc = "A DHCP option that has no key of its own.",
};
#undef AT

/* What may be said of every network. */
#define NETWORK_KEYS(in)                                                                           \
	{.key = "ntp-servers", .type = SCHEMA_ADDRESS_LIST, AT(in ntp), .max = CLUSTER_NTP_MAX,    \
		.doc = "Time servers told to clients that ask for them."},                         \
	{.key = "search", .type = SCHEMA_TEXT_LIST, AT(in search), .item = SCHEMA_HOSTNAME,        \
		.doc = "Domains in which clients look up short names."},                           \
	{.key = "mtu", .type = SCHEMA_NUMBER, AT(in mtu), .min = 576, .max = 65535,                \
		.doc = "The MTU of this network, told to clients that ask for it."},               \
	{.key = "routes", .type = SCHEMA_ITEMS, AT(in routes), .section = &schema_route,           \
		.max = CLUSTER_ROUTES_MAX,                                                         \
		.doc = "Ways to other networks, told beside the default router."},                 \
	{.key = "options", .type = SCHEMA_ITEMS, AT(in options), .section = &option,               \
		.max = CLUSTER_OPTIONS_MAX, .doc = "DHCP options that have no key of their own."}

#define AT(member) .offset = offsetof(struct cluster_subnet, member)
static const struct schema_section subnet = {
	.size = sizeof(struct cluster_subnet),
	.keys = (const struct schema_key[]){
		SELF,
		{.key = "subnet", .type = SCHEMA_NET, AT(net), .required = true,
			.doc = "The network as its relay names it, such as 10.20.0.0/24."},
		{.key = "pool", .type = SCHEMA_RANGE, AT(pool),
			.doc = "Addresses for machines without one of their own: FIRST-LAST. Without it, only "
			       "nodes that have an address in this network get one."},
		{.key = "lease", .type = SCHEMA_DURATION, AT(lease_ms), .min = 60 * SECOND_MS,
			.max = 365 * DAY_MS, .words = infinite, .doc = "Instead of dhcp.lease."},
		{.key = "netboot-lease", .type = SCHEMA_DURATION, AT(netboot_lease_ms),
			.min = 30 * SECOND_MS, .max = DAY_MS, .doc = "Instead of dhcp.netboot-lease."},
		{.key = "router", .type = SCHEMA_ADDRESS, AT(router),
			.doc = "Default router told to clients, an address of this network."},
		{.key = "dns", .type = SCHEMA_ADDRESS_LIST, AT(dns), .max = MESSAGE_DNS_MAX,
			.doc = "Name servers, instead of dhcp.dns."},
		{.key = "domain", .type = SCHEMA_HOSTNAME, AT(domain), .doc = "Instead of the cluster's domain."},
		NETWORK_KEYS(),
		END},
	.doc = "A network behind a DHCP relay. It takes over ntp-servers, search and options from dhcp unless it "
	       "has its own.",
};
#undef AT

#define AT(member) .offset = offsetof(struct cluster_dhcp, member)
static const struct schema_section dhcp = {
	.size = sizeof(struct cluster_dhcp),
	.keys = (const struct schema_key[]){
		SELF,
		{.key = "mode", .type = SCHEMA_ENUM, AT(mode), .preset = "full", .words = dhcp_modes,
			.doc = "Lease addresses (full), or only tell boot firmware what to boot, beside another "
			       "DHCP server (proxy). Full is the one to rely on."},
		{.key = "pool", .type = SCHEMA_RANGE, AT(local.pool),
			.doc = "Addresses for machines without one of their own: FIRST-LAST. Needed in mode full, "
			       "and none in mode proxy."},
		{.key = "lease", .type = SCHEMA_DURATION, AT(local.lease_ms), .preset = "12h",
			.min = 60 * SECOND_MS, .max = 365 * DAY_MS, .words = infinite,
			.doc = "Lease time of an operating system, or infinite."},
		{.key = "netboot-lease", .type = SCHEMA_DURATION, AT(local.netboot_lease_ms), .preset = "60s",
			.min = 30 * SECOND_MS, .max = DAY_MS,
			.doc = "Lease time of firmware and boot loaders, which never give one back."},
		{.key = "router", .type = SCHEMA_ADDRESS, AT(local.router),
			.doc = "Default router told to clients. None when not given."},
		{.key = "dns", .type = SCHEMA_ADDRESS_LIST, AT(local.dns), .max = MESSAGE_DNS_MAX,
			.doc = "Name servers told to clients, three at most."},
		NETWORK_KEYS(local.),
		{.key = "subnets", .type = SCHEMA_ITEMS, AT(subnets), .section = &subnet,
			.max = CLUSTER_SUBNETS_MAX,
			.doc = "Networks behind DHCP relays, served as well. A router must know the way."},
		{.key = "conflict-probe", .type = SCHEMA_DURATION, AT(conflict_probe_ms), .preset = "300ms",
			.min = 200, .max = SECOND_MS, .words = off,
			.doc = "How long to ask the network whether somebody uses an address (by ARP, or by ping "
			       "behind a relay) before a machine is offered it for the first time: 200ms to 1s, "
			       "or off. Nobody else waits."},
		{.key = "quarantine", .type = SCHEMA_DURATION, AT(quarantine_ms), .preset = "10m",
			.min = 60 * SECOND_MS, .max = DAY_MS,
			.doc = "How long nobody is given an address that was found in use by a stranger."},
		{.key = "authoritative", .type = SCHEMA_BOOL, AT(authoritative), .preset = "true",
			.doc = "Refuse a lease that is not known here, so that a machine from elsewhere gets an "
			       "address at once. With false, for another DHCP server beside this one, such "
			       "requests meet silence."},
		{.key = "rapid-commit", .type = SCHEMA_BOOL, AT(rapid_commit), .preset = "false",
			.doc = "Lease in two messages instead of four to clients that ask for it (RFC 4039). Not "
			       "beside another DHCP server."},
		{.key = "client-limit", .type = SCHEMA_NUMBER, AT(client_limit), .preset = "20",
			.min = 0, .max = 10000,
			.doc = "Messages of one client that are answered in a second; five times as many at once, and "
			       "more from a bridge or a relay. 0: as many as come."},
		{.key = "watch-others", .type = SCHEMA_BOOL, AT(watch_others), .preset = "true",
			.doc = "Ask at start and every hour whether another DHCP server answers on the internal "
			       "network, and warn of it. Its offers are never taken."},
		{.key = "router-advertisements", .type = SCHEMA_BOOL, AT(router_advertisements),
			.preset = "true",
			.doc = "Answer IPv6 router solicitations with an empty advertisement: it saves each "
			       "iPXE boot some 15 seconds, and makes nobody a router."},
		{.key = "pxelinux", .type = SCHEMA_OPTIONAL, AT(pxelinux), .section = &pxelinux,
			.doc = "What pxelinux is told when it asks (RFC 5071)."},
		END},
	.doc = "The DHCP server.",
};
#undef AT

#define AT(member) .offset = offsetof(struct cluster_ports, member)
static const struct schema_section ports = {
	.size = sizeof(struct cluster_ports),
	.keys = (const struct schema_key[]){
		{.key = "http", .type = SCHEMA_NUMBER, AT(http), .preset = "80", .min = 1, .max = 65535,
			.doc = "TCP port of boot HTTP."},
		{.key = "https", .type = SCHEMA_NUMBER, AT(https), .preset = "0", .max = 65535,
			.doc = "TCP port of boot HTTP with TLS, usually 443; 0: there is none. Scripts go on naming "
			       "http://: firmware comes here by `http.firmware`, or by an https:// URL as a node's "
			       "`boot-file`."},
		{.key = "join", .type = SCHEMA_NUMBER, AT(join), .preset = "8443", .min = 1, .max = 65535,
			.doc = "TCP port on which join agents register, with TLS."},
		END},
	.doc = "Ports on the internal address.",
};
#undef AT

static const struct schema_word http_schemes[] = {
	{"http", HTTP_SCHEME_HTTP},
	{"https", HTTP_SCHEME_HTTPS},
	{NULL, 0},
};

#define AT(member) .offset = offsetof(struct cluster_http, member)
static const struct schema_section http = {
	.size = sizeof(struct cluster_http),
	.keys = (const struct schema_key[]){
		{.key = "transfers", .type = SCHEMA_NUMBER, AT(transfers), .preset = "40", .min = 1,
			.max = 4000,
			.doc = "How many nodes load images at a time. The others are told to ask again until it "
			       "is their turn, in the order in which they came."},
		{.key = "firmware", .type = SCHEMA_ENUM, AT(firmware), .preset = "http",
			.words = http_schemes,
			.doc = "What the URLs begin with that UEFI HTTP boot is told. https needs `ports.https`, and "
			       "the CA of its certificate enrolled in each machine's firmware. A node's `boot-file` "
			       "may be a whole URL of the other kind."},
		{.key = "certificate", .type = SCHEMA_FILE_NAME, AT(certificate),
			.doc = "A PEM file beside cluster.yaml with the key and the chain of certificates, leaf first, "
			       "for `ports.https`. Without it the cluster's CA issues one for the server's address."},
		END},
	.doc = "Boot HTTP.",
};
#undef AT

static const struct schema_word tftp_backends[] = {
	{"builtin", TFTP_BUILTIN},
	{"tftpd-hpa", TFTP_HPA},
	{NULL, 0},
};

#define AT(member) .offset = offsetof(struct cluster_tftp, member)
static const struct schema_section tftp = {
	.size = sizeof(struct cluster_tftp),
	.keys = (const struct schema_key[]){
		{.key = "backend", .type = SCHEMA_ENUM, AT(backend), .preset = "builtin",
			.words = tftp_backends,
			.doc = "Who serves TFTP: builtin, or tftpd-hpa, Debian's in.tftpd, started and stopped with "
			       "the server. It knows no windows, serves no files made for one node, and its "
			       "transfers are not seen in timelines."},
		{.key = "single-port", .type = SCHEMA_BOOL, AT(single_port), .preset = "false",
			.doc = "Send every transfer from port 69, for firewalls that know a flow by its ports. "
			       "RFC 1350 wants a fresh port for each, and so do a few clients."},
		END},
	.doc = "The TFTP server.",
};
#undef AT

#define AT(member) .offset = offsetof(struct cluster_etcd, member)
static const struct schema_section etcd = {
	.size = sizeof(struct cluster_etcd),
	.keys = (const struct schema_key[]){
		{.key = "prefix", .type = SCHEMA_ETCD_KEY, AT(prefix), .preset = "/slipway",
			.doc = "Nodes register below PREFIX/CLUSTER/nodes/ in the masters' etcd."},
		{.key = "tls", .type = SCHEMA_BOOL, AT(tls), .preset = "false",
			.doc = "Members and clients speak TLS and show certificates of the cluster's own authority, "
			       "which each node fetches when it joins."},
		{.key = "seed", .type = SCHEMA_TREE, AT(seed),
			.doc = "Keys to create in the masters' etcd once it is healthy, where absent. "
			       "A map or list becomes JSON."},
		END},
	.doc = "The masters' etcd.",
};
#undef AT

static const struct schema_gone gone_from_role[] = {
	{"etcd-member", "list the add-on instead: addons: [etcd]"},
	{NULL, NULL},
};

#define AT(member) .offset = offsetof(struct cluster_role, member)
static const struct schema_section role = {
	.size = sizeof(struct cluster_role),
	.name_offset = offsetof(struct cluster_role, name),
	.keys = (const struct schema_key[]){
		{.key = "template", .type = SCHEMA_FILE_NAME, AT(template), .required = true,
			.doc = "The cloud-config template of nodes with this role."},
		{.key = "addons", .type = SCHEMA_ADDONS, AT(addons),
			.doc = "What runs on these nodes beside the system, by the names that `slipway addons` "
			       "prints: [etcd, docker], or with parameters for this role alone, [{docker: "
			       "{log-max-files: 9}}]. Nodes with etcd are the members of the cluster's etcd."},
		SETTINGS,
		END},
	.gone = gone_from_role,
	.doc = "A role: what kind of node.",
};
#undef AT

#define AT(member) .offset = offsetof(struct cluster_node, member)
static const struct schema_section node = {
	.size = sizeof(struct cluster_node),
	.keys = (const struct schema_key[]){
		{.key = "name", .type = SCHEMA_LABEL, AT(name), .required = true, .doc = "Its host name."},
		{.key = "role", .type = SCHEMA_LABEL, AT(role_name), .required = true,
			.doc = "Its role, a key of roles."},
		{.key = "mac", .type = SCHEMA_MAC_LIST, AT(macs), .max = CLUSTER_NODE_MACS_MAX,
			.doc = "The MACs of its NICs on the internal network. The first is the bond's own. A node "
			       "is known by a MAC, else by client-id, else by uuid: one of them it must have."},
		{.key = "client-id", .type = SCHEMA_CLIENT_ID, AT(client_id),
			.doc = "The DHCP client identifier it sends: a text, or hex:01:02:0a and so on. A leading "
			       "type 0 makes no difference."},
		{.key = "uuid", .type = SCHEMA_UUID, AT(uuid),
			.doc = "Its SMBIOS UUID, which firmware sends, in either byte order."},
		{.key = "bootp", .type = SCHEMA_BOOL, AT(bootp), .preset = "false",
			.doc = "Answer its plain BOOTP requests too, for ever with its address. Nobody else's are."},
		{.key = "address", .type = SCHEMA_ADDRESS, AT(address), .required = true,
			.doc = "Its address on the internal network, outside of dhcp.pool."},
		{.key = "external-mac", .type = SCHEMA_MAC_LIST, AT(external), .max = 1,
			.doc = "The MAC of its NIC on the external network, configured by DHCP there."},
		{.key = "boot-file", .type = SCHEMA_BOOT_FILE, AT(boot_file),
			.doc = "Boot loader for this node, instead of the one for its architecture: a file "
			       "of the firmware folder or, for UEFI HTTP boot, a URL, or uki for the unified kernel "
			       "image of its image."},
		{.key = "quirks", .type = SCHEMA_FLAGS, AT(quirks), .words = quirks,
			.doc = "How its firmware is to be treated, where it needs other words than its kind."},
		SETTINGS,
		END},
	.doc = "One machine of the cluster.",
};
#undef AT

#define AT(member) .offset = offsetof(struct cluster_enroll_as, member)
static const struct schema_section enroll_as = {
	.size = sizeof(struct cluster_enroll_as),
	.keys = (const struct schema_key[]){
		SELF,
		{.key = "role", .type = SCHEMA_LABEL, AT(role_name), .required = true,
			.doc = "The role it gets, a key of roles. None with the add-on etcd: members of the cluster's "
			       "etcd are named under nodes, and nobody becomes one by being there first."},
		{.key = "addresses", .type = SCHEMA_RANGE, AT(addresses), .required = true,
			.doc = "It gets the lowest of these that is free: FIRST-LAST, in one network and outside of "
			       "its pool. When all are taken, nobody is enrolled any more."},
		{.key = "prefix", .type = SCHEMA_LABEL, AT(prefix), .max = CLUSTER_ENROLL_PREFIX_MAX,
			.doc = "Its name is this and the last six digits of its MAC, such as worker-0a4f21. The name "
			       "of the role when not given."},
		END},
	.doc = "What an unknown machine of one network becomes with `enroll: open`.",
};
#undef AT

#define AT(member) .offset = offsetof(struct cluster, member)
const struct schema_section schema_cluster = {
	.size = sizeof(struct cluster),
	.keys = (const struct schema_key[]){
		{.key = "cluster", .type = SCHEMA_LABEL, AT(name), .required = true,
			.doc = "The cluster's name."},
		{.key = "domain", .type = SCHEMA_HOSTNAME, AT(domain), .preset = "internal",
			.doc = "The domain told to clients."},
		{.key = "network", .type = SCHEMA_SECTION, AT(network), .required = true,
			.section = &network, .doc = "The provisioner's networks."},
		{.key = "dhcp", .type = SCHEMA_SECTION, AT(dhcp), .required = true, .section = &dhcp,
			.doc = "The DHCP server."},
		{.key = "ports", .type = SCHEMA_SECTION, AT(ports), .section = &ports,
			.doc = "Ports on the internal address."},
		{.key = "http", .type = SCHEMA_SECTION, AT(http), .section = &http,
			.doc = "Boot HTTP."},
		{.key = "tftp", .type = SCHEMA_SECTION, AT(tftp), .section = &tftp,
			.doc = "The TFTP server."},
		{.key = "enroll", .type = SCHEMA_ENUM, AT(enroll), .preset = "ask", .words = enrolls,
			.doc = "What an unknown machine gets: ask shows it as waiting, open makes it a node of its "
			       "own accord, as enroll-as says, once it asks for its boot script; closed is silence. "
			       "With open, whoever reaches the internal network gets what a node of that role gets."},
		{.key = "enroll-as", .type = SCHEMA_ITEMS, AT(enroll_as), .section = &enroll_as,
			.max = CLUSTER_ENROLL_AS_MAX,
			.doc = "What an unknown machine becomes with `enroll: open`: the first entry counts that has "
			       "a free address in the machine's network. The server keeps a file for each such "
			       "node below its state folder (`enrolled/NAME.yaml`), which is read like those of "
			       "nodes.d: edit it, move it there, or delete it."},
		SETTINGS,
		{.key = "etcd", .type = SCHEMA_SECTION, AT(etcd), .section = &etcd,
			.doc = "The masters' etcd."},
		{.key = "addons", .type = SCHEMA_TREE, AT(addons),
			.doc = "Parameters of add-ons, by name: {docker: {log-max-size: 10m}}. `slipway addons NAME` "
			       "prints what an add-on takes."},
		{.key = "registry-mirror", .type = SCHEMA_REGISTRY, AT(registry_mirror),
			.doc = "Container images come from here instead of from where they are published: an "
			       "add-on's quay.io/coreos/etcd becomes REGISTRY-MIRROR/coreos/etcd. Without it "
			       "nodes must reach the internet, or each image is named by its parameter."},
		{.key = "roles", .type = SCHEMA_NAMED, AT(roles), .required = true, .section = &role,
			.doc = "Kinds of node, by name."},
		{.key = "nodes", .type = SCHEMA_ITEMS, AT(nodes), .section = &node, .max = CLUSTER_NODES_MAX,
			.doc = "The machines of the cluster."},
		END},
	.doc = "What the operator wrote.",
};
#undef AT

/* clang-format on */
