#include "provisioner/cluster/check.h"

#include <stdlib.h>
#include <string.h>

#include "provisioner/cluster/check_dhcp.h"
#include "provisioner/cluster/cluster.h"

#define NODE_NAMES_MAX 64

/* One name, address or MAC and the node it belongs to, for sorting. */
struct claim {
	const char *text; /* names */
	uint64_t number;  /* addresses and MACs */
	const struct cluster_node *node;
};

static int claim_order(const void *a, const void *b)
{
	const struct claim *x = a, *y = b;
	int by_text = x->text && y->text ? strcmp(x->text, y->text) : 0;

	if (by_text != 0)
		return by_text;
	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return x->node < y->node ? -1 : x->node > y->node; /* in the order written */
}

static bool is_same(const struct claim *a, const struct claim *b)
{
	return a->number == b->number && (!a->text || strcmp(a->text, b->text) == 0);
}

static void claims_check(struct claim *claims, size_t n, const char *what, struct err_list *errors)
{
	qsort(claims, n, sizeof(*claims), claim_order);
	for (size_t i = 1; i < n; i++) {
		const struct claim *first = &claims[i - 1], *again = &claims[i];
		char text[MAC_TEXT_SIZE];

		if (!is_same(first, again))
			continue;
		if (first->text)
			err_list_add(errors, again->node->at,
				"nodes: %s \"%s\" is already taken (line %u)", what, again->text,
				first->node->at.line);
		else if (again->number >> 32)
			err_list_add(errors, again->node->at,
				"nodes: %s: %s %s already belongs to %s (line %u)",
				again->node->name, what,
				mac_text(&(struct mac){{(uint8_t)(again->number >> 40),
						 (uint8_t)(again->number >> 32),
						 (uint8_t)(again->number >> 24),
						 (uint8_t)(again->number >> 16),
						 (uint8_t)(again->number >> 8),
						 (uint8_t)again->number}},
					text),
				first->node->name, first->node->at.line);
		else
			err_list_add(errors, again->node->at,
				"nodes: %s: %s %s already belongs to %s (line %u)",
				again->node->name, what, ipv4_text((uint32_t)again->number, text),
				first->node->name, first->node->at.line);
	}
}

/* Above 2^48 so that a MAC is never mistaken for an address. */
static uint64_t mac_number(const struct mac *m)
{
	uint64_t v = 1;

	for (size_t i = 0; i < MAC_LEN; i++)
		v = v << 8 | m->b[i];
	return v;
}

/* The sorted names double as what cluster_node_find() searches. */
static void keep_order(struct arena *a, struct cluster *c, const struct claim *names)
{
	c->by_name = arena_alloc(a, c->n_nodes, sizeof(struct cluster_node *));
	for (uint32_t i = 0; c->by_name && i < c->n_nodes; i++)
		c->by_name[i] = names[i].node;
}

/* Bytes as a text that sorts, compares and prints. */
static const char *hex_of(struct arena *a, const uint8_t *bytes, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	char *text = arena_alloc(a, 2 * n + 1, 1);

	for (size_t i = 0; text && i < n; i++) {
		text[2 * i] = digits[bytes[i] >> 4];
		text[2 * i + 1] = digits[bytes[i] & 15];
	}
	return text ? text : "";
}

static void check_identifiers(struct arena *a, const struct cluster *c, struct err_list *errors)
{
	struct claim *ids = arena_alloc(a, c->n_nodes, sizeof(*ids));
	struct claim *uuids = arena_alloc(a, c->n_nodes, sizeof(*uuids));
	size_t n_ids = 0, n_uuids = 0;

	for (uint32_t i = 0; ids && uuids && i < c->n_nodes; i++) {
		const struct cluster_node *n = &c->nodes[i];
		bool has_uuid = uuid_is_useful(&n->uuid);

		if (n->client_id.n > 0)
			ids[n_ids++] = (struct claim){
				.text = hex_of(a, n->client_id.bytes, n->client_id.n), .node = n};
		if (has_uuid)
			uuids[n_uuids++] =
				(struct claim){.text = hex_of(a, n->uuid.b, UUID_LEN), .node = n};
		if (n->macs.n == 0 && n->client_id.n == 0 && !has_uuid)
			err_list_add(errors, n->at,
				"nodes: %s: mac is missing, and so are client-id and uuid: "
				"nothing tells this machine from others",
				n->name);
		if (n->macs.n == 0 && n->external.n > 0)
			err_list_add(errors, n->at,
				"nodes: %s: external-mac needs mac beside it, to tell the "
				"two NICs apart",
				n->name);
	}
	claims_check(ids, n_ids, "client-id", errors);
	claims_check(uuids, n_uuids, "uuid", errors);
}

static void check_claimed_once(struct arena *a, struct cluster *c, struct err_list *errors)
{
	size_t max_macs = (size_t)c->n_nodes * (CLUSTER_NODE_MACS_MAX + 1), n_macs = 0;
	struct claim *names = arena_alloc(a, c->n_nodes, sizeof(*names));
	struct claim *addresses = arena_alloc(a, c->n_nodes, sizeof(*addresses));
	struct claim *macs = arena_alloc(a, max_macs, sizeof(*macs));

	if (!names || !addresses || !macs)
		return;
	for (uint32_t i = 0; i < c->n_nodes; i++) {
		const struct cluster_node *n = &c->nodes[i];

		names[i] = (struct claim){.text = n->name, .node = n};
		addresses[i] = (struct claim){.number = n->address, .node = n};
		for (uint32_t m = 0; m < n->macs.n; m++)
			macs[n_macs++] =
				(struct claim){.number = mac_number(&n->macs.items[m]), .node = n};
		for (uint32_t m = 0; m < n->external.n; m++)
			macs[n_macs++] = (struct claim){
				.number = mac_number(&n->external.items[m]), .node = n};
	}
	claims_check(names, c->n_nodes, "the name", errors);
	keep_order(a, c, names);
	claims_check(addresses, c->n_nodes, "address", errors);
	claims_check(macs, n_macs, "MAC", errors);
}

static void check_own_bond(const struct cluster *c, struct err_list *errors)
{
	struct cluster_bond *bond = c->network.internal.bond;

	if (!bond)
		return;
	bond->name = c->network.internal.interface;
	if (bond->members.n < 2)
		err_list_add(errors, bond->at,
			"network.internal.bond.members: a bond has two members at least");
}

static void check_node_role(struct cluster *c, struct cluster_node *n, struct err_list *errors)
{
	const char *names[NODE_NAMES_MAX + 1] = {NULL};

	n->role = cluster_role_find(c, n->role_name);
	if (n->role)
		return;
	for (uint32_t i = 0; i < c->n_roles && i < NODE_NAMES_MAX; i++)
		names[i] = c->roles[i].name;
	const char *near = err_nearest(n->role_name, names);
	err_list_add(errors, n->at, "nodes: %s: no role \"%s\"%s%s%s", n->name, n->role_name,
		near ? " (did you mean \"" : "", near ? near : "", near ? "\"?)" : "");
}

/* Which roles are members is all that this floor knows of add-ons. */
static void find_members(struct cluster *c)
{
	for (uint32_t i = 0; i < c->n_roles; i++)
		for (uint32_t k = 0; k < c->roles[i].addons.n; k++)
			if (strcmp(c->roles[i].addons.items[k].name, CLUSTER_ADDON_ETCD) == 0)
				c->roles[i].etcd_member = true;
}

void cluster_check_roles(struct cluster *c, struct err_list *errors)
{
	for (uint32_t i = 0; i < c->n_nodes; i++)
		check_node_role(c, &c->nodes[i], errors);
	find_members(c);
}

static void check_tftp(const struct cluster *c, struct err_list *errors)
{
	if (c->tftp.backend == TFTP_HPA && c->tftp.single_port)
		err_list_add(errors, c->tftp.at,
			"tftp: tftpd-hpa has no single-port mode (backend: builtin has)");
}

static void check_etcd(const struct cluster *c, struct err_list *errors)
{
	uint32_t members = 0;

	for (uint32_t i = 0; i < c->n_nodes; i++)
		members += c->nodes[i].role && c->nodes[i].role->etcd_member;
	if (c->n_nodes > 0 && members == 0)
		err_list_add(errors, c->etcd.at,
			"nodes: none has a role with the add-on etcd (addons: [etcd]), so the "
			"cluster has no etcd to join");
	if (members > 7)
		err_list_add(errors, c->etcd.at, "nodes: %u etcd members; 1, 3, 5 or 7 make sense",
			members);
}

void cluster_check(struct arena *a, struct cluster *c, struct err_list *errors)
{
	check_dhcp(c, errors);
	check_tftp(c, errors);
	check_own_bond(c, errors);
	check_claimed_once(a, c, errors);
	check_identifiers(a, c, errors);
	check_etcd(c, errors);
}
