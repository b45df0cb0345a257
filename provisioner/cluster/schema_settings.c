#include "provisioner/cluster/cluster.h"
#include "provisioner/cluster/schema.h"
#include "provisioner/cluster/schema_parts.h"
#include "provisioner/cluster/settings.h"

#define USERS_MAX 64
#define HOSTS_MAX 1000
#define VARS_MAX 1000
#define LINK_DNS_MAX 3 /* resolv.conf(5) reads no more */

const struct schema_word schema_bond_modes[] = {
	{"active-backup", BOND_ACTIVE_BACKUP},
	{"802.3ad", BOND_802_3AD},
	{"balance-xor", BOND_BALANCE_XOR},
	{"balance-rr", BOND_BALANCE_RR},
	{NULL, 0},
};

const struct schema_word schema_lacp_rates[] = {{"slow", 0}, {"fast", 1}, {NULL, 0}};

/* Those of the kernel, linux/if_bonding.h. */
const struct schema_word schema_hash_policies[] = {{"layer2", 0}, {"layer2+3", 0}, {"layer3+4", 0},
	{"encap2+3", 0}, {"encap3+4", 0}, {"vlan+srcmac", 0}, {NULL, 0}};

static const struct schema_word update_strategies[] = {
	{"off", UPDATE_OFF},
	{"reboot", UPDATE_REBOOT},
	{"etcd-lock", UPDATE_ETCD_LOCK},
	{NULL, 0},
};

/* The rows are laid out to be read as a table. */
/* clang-format off */
#define AT(member) .offset = offsetof(struct cluster_route, member)
const struct schema_section schema_route = {
	.size = sizeof(struct cluster_route),
	.keys = (const struct schema_key[]){
		{.key = "to", .type = SCHEMA_NET, AT(to), .required = true,
			.doc = "The network that is reached this way."},
		{.key = "via", .type = SCHEMA_ADDRESS, AT(via), .required = true,
			.doc = "Its router, an address of the network that the client is in."},
		END},
	.doc = "A way to another network.",
};
#undef AT

#define AT(member) .offset = offsetof(struct cluster_bond, member)
static const struct schema_section node_bond = {
	.size = sizeof(struct cluster_bond),
	.keys = (const struct schema_key[]){
		{.key = "name", .type = SCHEMA_INTERFACE, AT(name), .preset = "bond0",
			.doc = "The bond's name on the nodes."},
		BOND_KEYS,
		END},
	.doc = "How each node bonds its NICs of the internal network.",
};
#undef AT

#define AT(member) .offset = offsetof(struct cluster_link, member)
#define LINK_KEYS                                                                                  \
	{.key = "gateway", .type = SCHEMA_ADDRESS, AT(gateway), .doc = "The default router."},     \
	{.key = "routes", .type = SCHEMA_ITEMS, AT(routes), .section = &schema_route,              \
		.max = CLUSTER_ROUTES_MAX, .doc = "Ways to other networks, beside the default router."}, \
	{.key = "dns", .type = SCHEMA_ADDRESS_LIST, AT(dns), .max = LINK_DNS_MAX,                  \
		.doc = "Name servers."},                                                           \
	{.key = "search", .type = SCHEMA_TEXT_LIST, AT(search), .item = SCHEMA_HOSTNAME,           \
		.doc = "Domains in which short names are looked up."},                             \
	{.key = "mtu", .type = SCHEMA_NUMBER, AT(mtu), .min = 576, .max = 65535,                   \
		.doc = "The MTU of the interface."}

static const struct schema_section node_internal = {
	.size = sizeof(struct cluster_link),
	.keys = (const struct schema_key[]){LINK_KEYS, END},
	.doc = "The nodes' interface on the internal network. What it leaves out is as DHCP tells that "
	       "network.",
};

static const struct schema_section node_external = {
	.size = sizeof(struct cluster_link),
	.keys = (const struct schema_key[]){
		{.key = "address", .type = SCHEMA_NET, AT(address),
			.doc = "The address of one node there, with its prefix length. Without it the node asks "
			       "by DHCP."},
		{.key = "vlan", .type = SCHEMA_NUMBER, AT(vlan), .min = 1, .max = 4094,
			.doc = "The external network is this VLAN: on the NIC of external-mac or, without one, on "
			       "the internal interface."},
		LINK_KEYS,
		END},
	.doc = "The nodes' interface on the external network.",
};
#undef AT

#define AT(member) .offset = offsetof(struct cluster_user, member)
static const struct schema_section user = {
	.size = sizeof(struct cluster_user),
	.keys = (const struct schema_key[]){
		{.key = "name", .type = SCHEMA_USER, AT(name), .required = true, .doc = "The login."},
		{.key = "gecos", .type = SCHEMA_TEXT, AT(gecos), .max = 128, .doc = "The full name."},
		{.key = "groups", .type = SCHEMA_TEXT_LIST, AT(groups), .item = SCHEMA_USER,
			.doc = "Further groups, such as sudo and docker."},
		{.key = "ssh-authorized-keys", .type = SCHEMA_TEXT_LIST, AT(ssh_authorized_keys),
			.item = SCHEMA_SSH_KEY, .doc = "Public keys that may log in as this user."},
		{.key = "passwd", .type = SCHEMA_PASSWD, AT(passwd),
			.doc = "The hash of a password, for the console. Boot is no secret: who can boot as this "
			       "node can read it."},
		{.key = "shell", .type = SCHEMA_PATH, AT(shell), .doc = "The login shell."},
		{.key = "homedir", .type = SCHEMA_PATH, AT(homedir), .doc = "The home folder."},
		{.key = "no-create-home", .type = SCHEMA_BOOL, AT(no_create_home), .preset = "false",
			.doc = "Make no home folder."},
		{.key = "system", .type = SCHEMA_BOOL, AT(system), .preset = "false",
			.doc = "A system account."},
		END},
	.doc = "Somebody who may log in to nodes.",
};
#undef AT

#define AT(member) .offset = offsetof(struct cluster_update, member)
static const struct schema_section update = {
	.size = sizeof(struct cluster_update),
	.keys = (const struct schema_key[]){
		{.key = "reboot-strategy", .type = SCHEMA_ENUM, AT(strategy), .words = update_strategies,
			.doc = "What a node does once it has an update: nothing, reboot, or reboot when it holds "
			       "the cluster's lock, in etcd's v2 API (addons.etcd.enable-v2 on Flatcar). Of no "
			       "use to nodes that run from RAM."},
		{.key = "window-start", .type = SCHEMA_WINDOW, AT(window_start),
			.doc = "Reboot only from then on."},
		{.key = "window-length", .type = SCHEMA_DURATION, AT(window_length_ms),
			.min = 60 * SECOND_MS, .max = 7 * DAY_MS, .doc = "How long the window is open."},
		{.key = "group", .type = SCHEMA_TEXT, AT(group), .max = 64,
			.doc = "The channel, such as stable."},
		{.key = "server", .type = SCHEMA_TEXT, AT(server), .max = 256,
			.doc = "The update server's URL, or disabled."},
		END},
	.doc = "How installed nodes update themselves.",
};
#undef AT

#define AT(member) .offset = offsetof(struct cluster_settings, member)
const struct schema_section schema_settings = {
	.size = sizeof(struct cluster_settings),
	.keys = (const struct schema_key[]){
		{.key = "image", .type = SCHEMA_IMAGE, AT(image), .required = true,
			.doc = "What nodes boot: NAME/VERSION, a folder of the image store."},
		{.key = "kernel-args", .type = SCHEMA_TEXT_LIST, AT(kernel_args), .item = SCHEMA_KERNEL_ARG,
			.merge = MERGE_ADD,
			.doc = "Kernel arguments. Those of the cluster, the role and the node add up."},
		{.key = "ssh-authorized-keys", .type = SCHEMA_TEXT_LIST, AT(ssh_authorized_keys),
			.item = SCHEMA_SSH_KEY, .merge = MERGE_ADD,
			.doc = "Public keys that may log in as user core. They add up."},
		{.key = "users", .type = SCHEMA_ITEMS, AT(users), .section = &user, .max = USERS_MAX,
			.merge = MERGE_BY_NAME,
			.doc = "Who may log in beside core. They add up; of two with one name the nearest counts."},
		{.key = "node-bond", .type = SCHEMA_OPTIONAL, AT(bond), .section = &node_bond,
			.doc = "How a node bonds its NICs of the internal network. Without it, a node uses "
			       "its first one alone."},
		{.key = "node-internal", .type = SCHEMA_SECTION, AT(internal), .section = &node_internal,
			.doc = "The nodes' interface on the internal network. What it leaves out is as DHCP tells "
			       "that network."},
		{.key = "node-external", .type = SCHEMA_OPTIONAL, AT(external), .section = &node_external,
			.doc = "The nodes' interface on the external network, for nodes that have external-mac or "
			       "for all with vlan."},
		{.key = "ntp", .type = SCHEMA_TEXT_LIST, AT(ntp), .item = SCHEMA_HOST,
			.doc = "Time servers, as addresses or names. Otherwise what DHCP tells the network."},
		{.key = "hosts", .type = SCHEMA_HOSTS, AT(hosts), .max = HOSTS_MAX, .merge = MERGE_KEYS,
			.doc = "Further lines of /etc/hosts: NAME: ADDRESS. Merged name by name."},
		{.key = "update", .type = SCHEMA_SECTION, AT(update), .section = &update,
			.doc = "How installed nodes update themselves."},
		{.key = "timezone", .type = SCHEMA_TIMEZONE, AT(timezone), .doc = "The time zone. UTC when not given."},
		{.key = "vars", .type = SCHEMA_TREE, AT(vars), .max = VARS_MAX, .merge = MERGE_KEYS,
			.doc = "Anything your templates want, seen there as vars. Merged key by key."},
		END},
	.doc = "What may be said of the cluster, of a role and of a node; the nearest to the node counts.",
};
#undef AT
/* clang-format on */

bool schema_is_whole(const struct schema_key *k)
{
	return k->type == SCHEMA_SELF || k->type == SCHEMA_SETTINGS;
}

static const char *const type_texts[] = {
	[SCHEMA_LABEL] = "a name of lower-case letters, digits and inner hyphens",
	[SCHEMA_HOSTNAME] = "a host name such as acm.internal",
	[SCHEMA_TEXT] = "a line of text",
	[SCHEMA_FILE_NAME] = "a file name, relative and without \"..\"",
	[SCHEMA_BOOT_FILE] = "a file name, relative and without \"..\", or a URL such as "
			     "http://10.10.0.1/boot.efi",
	[SCHEMA_INTERFACE] = "the name of a network interface",
	[SCHEMA_ETCD_KEY] = "an etcd key that starts with / and does not end in one",
	[SCHEMA_HOST] = "an IPv4 address or a host name",
	[SCHEMA_PATH] = "an absolute path without \"..\"",
	[SCHEMA_USER] = "a name of lower-case letters, digits, - and _",
	[SCHEMA_PASSWD] = "the hash of a password, such as mkpasswd prints: $6$...",
	[SCHEMA_SSH_KEY] = "a public key as in authorized_keys: ssh-ed25519 AAAA...",
	[SCHEMA_KERNEL_ARG] = "one kernel argument, without blanks, quotes, \\ and ${",
	[SCHEMA_TIMEZONE] = "a time zone such as Europe/Berlin",
	[SCHEMA_WINDOW] = "a time such as 04:00 or \"Sun 04:00\"",
	[SCHEMA_ADDRESS] = "an IPv4 address such as 10.10.0.10",
	[SCHEMA_NET] = "an IPv4 address with prefix length such as 10.10.0.1/24",
	[SCHEMA_RANGE] = "a range of addresses such as 10.10.0.100-10.10.0.199",
	[SCHEMA_DURATION] = "a duration such as 100ms, 90s, 10m or 12h",
	[SCHEMA_NUMBER] = "a number",
	[SCHEMA_BOOL] = "true or false",
	[SCHEMA_ENUM] = "one of a few words",
	[SCHEMA_WORD] = "one of a few words",
	[SCHEMA_FLAGS] = "a list of words",
	[SCHEMA_IMAGE] = "an image as NAME/VERSION, such as flatcar/4081.2.1",
	[SCHEMA_TEXT_LIST] = "a list of lines",
	[SCHEMA_ADDRESS_LIST] = "a list of IPv4 addresses",
	[SCHEMA_MAC_LIST] = "a MAC address (six hex pairs) or a list of them",
	[SCHEMA_CLIENT_ID] =
		"a client identifier: 2 to 64 bytes of text, or hex: and pairs of digits",
	[SCHEMA_OPTION] =
		"a text, hex: and pairs of digits, or a list of IPv4 addresses, 512 bytes "
		"at most",
	[SCHEMA_UUID] = "a UUID such as 4c4c4544-0035-5910-8048-b4c04f4d3132",
	[SCHEMA_ADDONS] = "a list of add-ons, each a name or a name with a map of parameters",
	[SCHEMA_REGISTRY] = "a registry as HOST, HOST:PORT or HOST:PORT/PATH, without http://",
	[SCHEMA_HOSTS] = "a map of host names to IPv4 addresses",
	[SCHEMA_SELF] = "a map",
	[SCHEMA_SETTINGS] = "a map",
	[SCHEMA_TREE] = "a map",
	[SCHEMA_SECTION] = "a map",
	[SCHEMA_OPTIONAL] = "a map",
	[SCHEMA_NAMED] = "a map",
	[SCHEMA_ITEMS] = "a list of maps",
};

const char *schema_type_text(enum schema_type type)
{
	return type_texts[type];
}
