/* settings.h - what may be said of the whole cluster, of a role or of one node.
 *
 * The same keys stand at three places of cluster.yaml; the nearest to the node counts, then what DHCP
 * tells its network, then the default. Lists of arguments and keys add up, maps are merged key by key.
 * Each node has one `struct cluster_settings` with the outcome; nodes that say nothing of their own
 * share that of their role. Where each value came from is told by cluster_explain(). */
#ifndef SLIPWAY_CLUSTER_SETTINGS_H
#define SLIPWAY_CLUSTER_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "provisioner/base/addr.h"
#include "provisioner/base/err.h"

struct cluster;
struct cluster_bond;
struct cluster_node;
struct cluster_route;
struct doc_node;
struct str;

struct text_list {
	const char **items;
	uint32_t n;
};

struct ipv4_list {
	uint32_t *items;
	uint32_t n;
};

/* "flatcar/4081.2.1" */
struct cluster_image {
	struct mark at;
	const char *distro, *version;
};

/* Someone who may log in to a node, in the words of CoreOS cloud-config. */
struct cluster_user {
	struct mark at;
	const char *name;
	const char *gecos, *homedir, *shell, *passwd; /* passwd: a hash, as in /etc/shadow */
	struct text_list groups, ssh_authorized_keys;
	bool system, no_create_home;
};

struct cluster_host {
	const char *name;
	uint32_t address;
};

/* An interface of a node, as far as it is not said by what the node is. */
struct cluster_link {
	struct mark at;
	struct ipv4_net address; /* external only; 0: by DHCP */
	uint32_t vlan;           /* external only; 0: none */
	uint32_t gateway, mtu;
	struct ipv4_list dns;
	struct text_list search;
	struct cluster_route *routes;
	uint32_t n_routes;
};

enum update_strategy { UPDATE_OFF = 1, UPDATE_REBOOT, UPDATE_ETCD_LOCK };

struct cluster_update {
	struct mark at;
	uint32_t strategy; /* enum update_strategy; 0: not said */
	const char *window_start;
	int64_t window_length_ms;
	const char *group, *server;
};

/* Text that nobody gave is NULL, addresses and numbers are 0, lists are empty. */
struct cluster_settings {
	struct mark at;
	struct cluster_image image; /* always there */
	struct text_list kernel_args, ssh_authorized_keys;
	struct cluster_user *users;
	uint32_t n_users;
	struct cluster_bond *bond;     /* NULL: a node uses its first NIC alone */
	struct cluster_link internal;  /* completed with what DHCP tells that network */
	struct cluster_link *external; /* NULL: nothing said of it */
	struct text_list ntp;          /* addresses or names */
	struct cluster_host *hosts;
	uint32_t n_hosts;
	struct cluster_update update;
	const char *timezone;
	const struct doc_node *vars; /* a map, or NULL */
};

enum origin_level { ORIGIN_NODE = 1, ORIGIN_ROLE, ORIGIN_CLUSTER, ORIGIN_NETWORK, ORIGIN_DEFAULT };

/* One value a node has, and who said so. */
struct cluster_origin {
	const char
		*name; /* as in cluster.yaml: "node-bond.mode", "kernel-args[0]", "vars.rack.row" */
	const char *value; /* as it was written */
	enum origin_level level;
	struct mark at; /* file is NULL with ORIGIN_DEFAULT */
};

typedef void cluster_origin_fn(void *arg, const struct cluster_origin *o);

/* Calls `each` for every setting that the node has, in the order of the reference; what it borrows
 * lives for the call. */
void cluster_explain(
	const struct cluster *c, const struct cluster_node *n, cluster_origin_fn *each, void *arg);

/* Adds a value in one line, as in YAML's flow style. */
void cluster_value_text(const struct doc_node *n, struct str *text);

/* "node", "role", "cluster", "network" or "default". */
const char *origin_level_name(enum origin_level level);

/* The word cluster.yaml uses: "etcd-lock". */
const char *update_strategy_name(enum update_strategy strategy);

#endif
