/* ifaces.h - what a node's networkd files say of its interfaces, in no system's language.
 *
 * The step between systemd-networkd's files and NetworkManager's (keyfile.h) or cloud-init's
 * (netplan.h): bonds, VLANs and Ethernet interfaces with their addresses, routes and DHCP. Each key
 * is a row of one table; a key that is not there, or that only networkd can obey, is an error at its
 * line that says what to do instead.
 * Values are checked: a link's texts need no quoting in any of those languages. */
#ifndef SLIPWAY_CONFIG_IFACES_H
#define SLIPWAY_CONFIG_IFACES_H

#include "provisioner/config/cloudconfig.h"

enum iface_kind { IFACE_ETHERNET = 1, IFACE_BOND, IFACE_VLAN };

/* A key that may be left out has a meaning of its own then. */
enum iface_choice { IFACE_UNSAID, IFACE_NO, IFACE_YES };

enum iface_dhcp { IFACE_DHCP_NO, IFACE_DHCP_IPV4, IFACE_DHCP_IPV6, IFACE_DHCP_YES };

/* Settings of a bond, as the kernel calls them. */
enum iface_bond {
	IFACE_BOND_MODE,
	IFACE_BOND_MIIMON, /* milliseconds, as the two delays */
	IFACE_BOND_UPDELAY,
	IFACE_BOND_DOWNDELAY,
	IFACE_BOND_LACP_RATE,
	IFACE_BOND_HASH,
	IFACE_BOND_RESELECT,
	IFACE_BOND_FAIL_OVER_MAC,
	IFACE_BOND_AD_SELECT,
	IFACE_BOND_MIN_LINKS,
	IFACE_BOND_GRAT_ARP,
	IFACE_BOND_SETTINGS
};

struct iface_route {
	unsigned nth; /* of its section */
	struct mark at;
	const char *to, *via, *metric; /* to: NULL for the default route */
	enum iface_choice on_link;
};

#define IFACE_LIST_MAX 32 /* addresses, DNS servers, routes... of one link */

struct iface_texts {
	const char *items[IFACE_LIST_MAX];
	size_t n;
};

struct iface {
	enum iface_kind kind;
	struct mark at;
	const char *id;        /* the interface's name, or that of its file */
	const char *name;      /* the interface's name; may be a pattern with "*"; or NULL */
	const char *mac;       /* the MAC it was born with, when it is known by that */
	const char *own_mac;   /* the MAC it shall have */
	const char *mtu;       /* bytes */
	const char *bond_name; /* the bond it is a member of */
	const char *vlan_id;
	const struct iface *bond, *parent; /* in the same list: its bond; a VLAN's link */
	const char *bond_settings[IFACE_BOND_SETTINGS];
	struct iface_texts addresses, gateways, dns, domains, vlans;
	struct iface_route routes[IFACE_LIST_MAX];
	size_t n_routes;
	enum iface_dhcp dhcp;
	const char *client_id, *route_metric;
	enum iface_choice use_dns, use_routes, use_hostname, use_ntp, send_hostname;
	enum iface_choice ipv6_link_local, accept_ra, without_carrier, online, primary;
	bool is_any;     /* any Ethernet interface will do */
	bool configured; /* by a .network of its own */
};

struct ifaces {
	struct iface *list; /* in the order of their files' names */
	size_t n;
};

/* All networkd files among the units; masked ones and .link files (which are udev's) do not count.
 * 0, -EINVAL with `errors` filled, or -E2BIG when the arena is full. */
int ifaces_read(struct arena *a, const struct cloudconfig *c, struct ifaces *ret,
	struct err_list *errors) MUST_USE;

/* 4 or 6 for an address, with "/LENGTH" or without; 0 for anything else. */
int iface_family(const char *address);

bool iface_is_pattern(const char *name);

#endif
