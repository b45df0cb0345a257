/* cluster.h - what the operator wrote, as data.
 *
 * A `struct cluster` is cluster.yaml read, checked and completed with defaults (schema.c names every
 * key). It is plain, read-only data in the arena that cluster_load() was given: reload makes a new
 * one and frees the old arena whole. Text that was not given is NULL, addresses that were not given
 * are 0. Each thing that later steps may complain about keeps the mark where it stood. */
#ifndef SLIPWAY_CLUSTER_H
#define SLIPWAY_CLUSTER_H

#include <stdbool.h>
#include <stdint.h>

#include "provisioner/base/addr.h"
#include "provisioner/base/arena.h"
#include "provisioner/base/doc.h"
#include "provisioner/base/err.h"
#include "provisioner/base/ident.h"
#include "provisioner/cluster/settings.h"

enum bond_mode { BOND_ACTIVE_BACKUP = 1, BOND_802_3AD, BOND_BALANCE_XOR, BOND_BALANCE_RR };

#define CLUSTER_NODES_MAX 20000
#define CLUSTER_NODE_MACS_MAX 8

struct byte_list {
	const uint8_t *bytes; /* NULL: not given */
	uint32_t n;
};

struct cluster_bond {
	struct mark at;
	const char *name;
	uint32_t mode;      /* enum bond_mode */
	uint32_t lacp_fast; /* 1: a LACPDU a second */
	int64_t miimon_ms;
	const char *hash_policy;
	struct text_list members; /* interface names; the provisioner's own bond only */
};

struct cluster_internal {
	struct mark at;
	const char *interface;
	struct ipv4_net address;
	struct cluster_bond *bond; /* NULL: the interface is used as it is found */
};

struct cluster_external {
	struct mark at;
	const char *interface;
};

struct cluster_network {
	struct mark at;
	struct cluster_internal internal;
	struct cluster_external *external;
};

struct ipv4_range {
	uint32_t first, last; /* both inclusive */
};

/* RFC 5071: what pxelinux asks for. */
struct cluster_pxelinux {
	struct mark at;
	const char *config_file, *path_prefix;
	int64_t reboot_ms;
};

#define CLUSTER_SUBNETS_MAX 64

#define CLUSTER_NTP_MAX 4
#define CLUSTER_SEARCH_MAX 8
#define CLUSTER_ROUTES_MAX 32
#define CLUSTER_OPTIONS_MAX 32
#define CLUSTER_OPTION_BYTES 512
#define CLUSTER_LEASE_INFINITE_MS 1 /* less than any lease can be */

struct cluster_route {
	struct mark at;
	struct ipv4_net to;
	uint32_t via;
};

/* An option that nothing else in cluster.yaml says. */
struct cluster_option {
	struct mark at;
	uint32_t code;
	struct byte_list value; /* as it goes out */
	bool always;            /* whether asked for or not */
};

/* What DHCP says in one network. */
struct cluster_subnet {
	struct mark at;
	const struct doc_node *doc;
	struct ipv4_net net;
	struct ipv4_range pool; /* 0, 0: nodes only */
	int64_t lease_ms, netboot_lease_ms;
	uint32_t router;
	struct ipv4_list dns;
	const char *domain;
	struct ipv4_list ntp;
	struct text_list search; /* host names */
	uint32_t mtu;            /* 0: not told */
	struct cluster_route *routes;
	uint32_t n_routes;
	struct cluster_option *options;
	uint32_t n_options;
};

struct cluster_dhcp {
	struct mark at;
	const struct doc_node *doc;
	uint32_t mode;                  /* enum dhcp_mode */
	struct cluster_subnet local;    /* of the internal interface */
	struct cluster_subnet *subnets; /* behind relays; what they leave out is as in `local` */
	uint32_t n_subnets;
	int64_t conflict_probe_ms; /* 0: off */
	int64_t quarantine_ms;
	bool authoritative, rapid_commit;
	uint32_t client_limit;
	bool watch_others;
	bool router_advertisements;
	struct cluster_pxelinux *pxelinux; /* NULL: pxelinux is told nothing */
};

struct cluster_ports {
	struct mark at;
	uint32_t http, join;
	uint32_t https; /* 0: none */
};

enum http_scheme { HTTP_SCHEME_HTTP = 1, HTTP_SCHEME_HTTPS };

struct cluster_http {
	struct mark at;
	uint32_t transfers; /* nodes that load images at a time */
	uint32_t firmware;  /* enum http_scheme, of the URLs that HTTP boot is told */
	const char
		*certificate; /* a PEM file beside cluster.yaml; NULL: the cluster's CA makes one */
};

enum tftp_backend { TFTP_BUILTIN = 1, TFTP_HPA };

struct cluster_tftp {
	struct mark at;
	uint32_t backend; /* enum tftp_backend */
	bool single_port;
};

struct cluster_etcd {
	struct mark at;
	const char *prefix;          /* below which nodes register: "/slipway" */
	bool tls;                    /* members and clients show certificates */
	const struct doc_node *seed; /* a map of key to value, or NULL */
};

/* An add-on as a role lists it: its name, or the name with parameters of this role. What add-ons there
 * are, and what each takes, is data (templates/addons) that only generation/ reads. */
struct cluster_addon {
	struct mark at;
	const char *name;
	const struct doc_node *parameters; /* a map, or NULL */
};

#define CLUSTER_ADDONS_MAX 64
#define CLUSTER_ADDON_ETCD "etcd" /* makes its nodes the members of the cluster's etcd */

struct cluster_addon_list {
	struct cluster_addon *items;
	uint32_t n;
};

/* What one level says of the settings. */
struct cluster_said {
	const struct doc_node *map; /* the whole of the level: its settings are among the keys */
	bool any;                   /* whether one of them is a setting */
};

struct cluster_role {
	struct mark at;
	const char *name;
	const char *template;
	struct cluster_addon_list addons;
	bool etcd_member; /* has CLUSTER_ADDON_ETCD; set by the cross-check */
	struct cluster_said said;
};

struct mac_list {
	struct mac items[CLUSTER_NODE_MACS_MAX];
	uint32_t n;
};

#define CLUSTER_CLIENT_ID_MAX 64

struct cluster_node {
	struct mark at;
	const char *name;
	const char *role_name;
	const struct cluster_role
		*role;              /* found by the cross-check; never NULL in a checked cluster */
	struct mac_list macs;       /* of the internal network; the first is the bond's own */
	struct byte_list client_id; /* folded */
	struct uuid uuid;           /* folded; zeros: none */
	uint32_t address;
	bool bootp;
	struct mac_list external; /* at most one: the NIC of the external network */
	const char *boot_file;
	uint32_t quirks; /* enum quirk_flag, messages/quirks.h */
	struct cluster_said said;
	const struct cluster_settings *settings; /* never NULL in a checked cluster */
};

#define CLUSTER_ENROLL_AS_MAX 16
#define CLUSTER_ENROLL_ADDRESSES_MAX \
	4096                         /* of all entries: each may become a node of its own file */
#define CLUSTER_ENROLL_PREFIX_MAX 50 /* "-" and a whole MAC fit behind it into a label */

/* What an unknown machine becomes with enroll: open, if its network is the one that `addresses` lie in. */
struct cluster_enroll_as {
	struct mark at;
	const struct doc_node *doc;
	const char *role_name;
	const struct cluster_role *role; /* found by the cross-check */
	struct ipv4_range addresses;
	const char *prefix; /* of its name; NULL: the role's name */
};

struct cluster {
	struct mark at;
	const char *name;
	const char *domain;
	struct cluster_network network;
	struct cluster_dhcp dhcp;
	struct cluster_ports ports;
	struct cluster_http http;
	struct cluster_tftp tftp;
	uint32_t enroll; /* enum enroll, messages.h */
	struct cluster_enroll_as *enroll_as;
	uint32_t n_enroll_as;
	struct cluster_said said;
	const struct cluster_settings *settings; /* of a node of which nothing else is said */
	struct cluster_etcd etcd;
	const struct doc_node *addons; /* a map: name to parameters, or NULL */
	const char *registry_mirror;   /* HOST[:PORT][/PATH], or NULL */
	struct cluster_role *roles;
	uint32_t n_roles;
	struct cluster_node *nodes;
	uint32_t n_nodes;
	const struct cluster_node **by_name; /* all nodes, sorted; NULL in a cluster made by hand */
};

/* One text that cluster_load_texts() reads: cluster.yaml, a file of nodes.d, or one of an enrolled node. */
struct cluster_text {
	const char *name; /* in errors: "/etc/slipway/nodes.d/rack1.yaml" */
	const char *text;
	size_t len;
};

/* Of each text: CLUSTER_NODES_MAX machines, each with all its keys, fit. */
extern const struct doc_limits cluster_doc_limits;

/* Reads, completes and cross-checks. texts[0] is cluster.yaml; each that follows holds more nodes, as a list
 * or as a map with the key nodes. Borrows them all: what is kept is copied. 0 and *ret, or -EINVAL with at
 * least one error in `errors`. Both may leave warnings there. */
int cluster_load_texts(struct arena *a, const struct cluster_text *texts, size_t n_texts,
	struct cluster **ret, struct err_list *errors) MUST_USE;

/* The same with cluster.yaml alone. */
int cluster_load(struct arena *a, const char *file, const char *text, size_t len,
	struct cluster **ret, struct err_list *errors) MUST_USE;

/* The network in which nodes have this address, or NULL. */
const struct cluster_subnet *cluster_subnet_of(const struct cluster *c, uint32_t address);

const struct cluster_role *cluster_role_find(const struct cluster *c, const char *name);
/* boot-file: uki */
bool cluster_node_boots_unified(const struct cluster_node *n);

/* The port of the URLs that HTTP boot is told with https://; 0: they are http:// ones. */
uint16_t cluster_https_boot_port(const struct cluster *c);

const struct cluster_node *cluster_node_find(const struct cluster *c, const char *name);

/* Of either network. */
bool cluster_node_has_mac(const struct cluster_node *n, const struct mac *mac);

/* As a server sees it: it stands in a file that the server has written itself (files.h). */
bool cluster_node_is_enrolled(const struct cluster_node *n);

/* The words cluster.yaml uses: "802.3ad", "ask". */
const char *bond_mode_name(enum bond_mode mode);
const char *cluster_enroll_name(const struct cluster *c);

#endif
