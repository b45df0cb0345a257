#include "provisioner/nodes/enroll.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* Everything one decision looks at. */
struct deciding {
	const struct cluster *cluster;
	const struct enroll_list *list;
	struct enroll_plan *plan;
	bool used
		[CLUSTER_ENROLL_ADDRESSES_MAX]; /* of all entries' addresses, one after the other */
	uint64_t n_nodes;
};

/* --- addresses ------------------------------------------------------------------------------------ */

static size_t range_size(const struct cluster_enroll_as *as)
{
	return (size_t)(as->addresses.last - as->addresses.first) + 1;
}

/* NULL: not one of enroll-as. */
static bool *flag_of(struct deciding *d, uint32_t address)
{
	bool *flags = d->used;

	for (uint32_t i = 0; i < d->cluster->n_enroll_as; i++) {
		const struct cluster_enroll_as *as = &d->cluster->enroll_as[i];

		if (address >= as->addresses.first && address <= as->addresses.last)
			return &flags[address - as->addresses.first];
		flags += range_size(as);
	}
	return NULL;
}

static void mark_used(struct deciding *d, uint32_t address)
{
	bool *flag = flag_of(d, address);

	if (flag)
		*flag = true;
}

/* The entry that has an address for a machine in this network, and the address; NULL, with *ret_why, when none has. */
static const struct cluster_enroll_as *find_address(
	struct deciding *d, uint32_t holds, uint32_t *ret, const char **ret_why)
{
	const struct cluster_subnet *net = holds ? cluster_subnet_of(d->cluster, holds) : NULL;

	*ret_why = "no addresses of enroll-as are in its network";
	for (uint32_t i = 0; net && i < d->cluster->n_enroll_as; i++) {
		const struct cluster_enroll_as *as = &d->cluster->enroll_as[i];

		if (cluster_subnet_of(d->cluster, as->addresses.first) != net)
			continue;
		for (uint32_t a = as->addresses.first; a - as->addresses.first < range_size(as);
			a++) {
			if (*flag_of(d, a))
				continue;
			*ret = a;
			return as;
		}
		*ret_why = "all addresses of enroll-as in its network are taken";
	}
	return NULL;
}

/* --- names ---------------------------------------------------------------------------------------- */

static bool is_taken(const struct deciding *d, const char *name)
{
	for (size_t i = 0; i < d->plan->n_rows; i++)
		if (strcmp(d->plan->rows[i].name, name) == 0)
			return true;
	return cluster_node_find(d->cluster, name) != NULL;
}

/* The last three bytes of the MAC tell machines of one make apart; the whole of it, all. */
static bool find_name(
	const struct deciding *d, const char *prefix, const struct mac *mac, char *ret, size_t size)
{
	const uint8_t *b = mac->b;

	(void)snprintf(ret, size, "%s-%02x%02x%02x", prefix, b[3], b[4], b[5]);
	if (!is_taken(d, ret))
		return true;
	(void)snprintf(ret, size, "%s-%02x%02x%02x%02x%02x%02x", prefix, b[0], b[1], b[2], b[3],
		b[4], b[5]); /* the prefix is bounded */
	return !is_taken(d, ret);
}

/* --- cards ---------------------------------------------------------------------------------------- */

static const struct cluster_node *node_with_mac(const struct cluster *c, const struct mac *mac)
{
	for (uint32_t i = 0; i < c->n_nodes; i++)
		if (cluster_node_has_mac(&c->nodes[i], mac))
			return &c->nodes[i];
	return NULL;
}

static const struct cluster_node *node_with_uuid(const struct cluster *c, const struct uuid *uuid)
{
	for (uint32_t i = 0; i < c->n_nodes; i++)
		if (uuid_is_equal(&c->nodes[i].uuid, uuid))
			return &c->nodes[i];
	return NULL;
}

static void refuse(struct enroll_verdict *v, const char *why, const char *name)
{
	v->kind = ENROLL_REFUSED;
	(void)snprintf(v->why, sizeof(v->why), "%s%s", why, name); /* cut to fit */
}

static void add_card(
	struct enroll_row *row, const struct enroll_candidate *c, struct enroll_verdict *v)
{
	if (row->n_macs == CLUSTER_NODE_MACS_MAX) {
		refuse(v, "it has the UUID of a machine that has all the MACs it may have: ",
			row->name);
		return;
	}
	row->macs[row->n_macs++] = c->mac;
	v->kind = ENROLL_CARD;
	memcpy(v->node, row->name, sizeof(v->node));
}

static struct enroll_row *add_row(struct deciding *d)
{
	assert(d->plan->n_rows < ENROLL_BATCH_MAX); /* a candidate makes one at most */
	return &d->plan->rows[d->plan->n_rows++];
}

/* Its machine is a node already, of this batch or of before. False: it is not. */
static bool joins_a_machine(
	struct deciding *d, const struct enroll_candidate *c, struct enroll_verdict *v)
{
	if (!uuid_is_useful(&c->uuid))
		return false;
	for (size_t i = 0; i < d->plan->n_rows; i++) {
		if (uuid_is_equal(&d->plan->rows[i].uuid, &c->uuid)) {
			add_card(&d->plan->rows[i], c, v);
			return true;
		}
	}
	const struct cluster_node *n = node_with_uuid(d->cluster, &c->uuid);
	if (!n)
		return false;
	if (!cluster_node_is_enrolled(n)) {
		refuse(v, "it has the UUID of a node that somebody named: add this MAC to ",
			n->name);
		return true;
	}
	struct enroll_row row = enroll_row_of(n);
	add_card(&row, c, v);
	if (v->kind == ENROLL_CARD)
		*add_row(d) = row;
	return true;
}

/* Whoever gives two machines one UUID gives nobody a way to tell them apart: the operator must. */
static bool is_ambiguous(const struct deciding *d, const struct enroll_candidate *c)
{
	for (size_t i = 0; i < d->list->n; i++) {
		const struct enroll_candidate *other = &d->list->items[i];

		if (uuid_is_equal(&other->uuid, &c->uuid) && other->serial[0] && c->serial[0] &&
			strcmp(other->serial, c->serial) != 0)
			return true;
	}
	return false;
}

/* --- deciding ------------------------------------------------------------------------------------- */

static void make_node(
	struct deciding *d, const struct enroll_candidate *c, struct enroll_verdict *v)
{
	struct enroll_row row = {.macs = {c->mac}, .n_macs = 1};
	const char *why;
	const struct cluster_enroll_as *as = find_address(d, c->address, &row.address, &why);

	if (!as) {
		refuse(v, why, "");
		return;
	}
	if (d->n_nodes >= CLUSTER_NODES_MAX) {
		refuse(v, "there are as many nodes as there may be", "");
		return;
	}
	if (!find_name(d, as->prefix ? as->prefix : as->role_name, &c->mac, row.name,
		    sizeof(row.name))) {
		refuse(v, "another node has the name that it would get: ", row.name);
		return;
	}
	(void)snprintf(row.role, sizeof(row.role), "%s", as->role_name);
	if (uuid_is_useful(&c->uuid))
		row.uuid = c->uuid;
	mark_used(d, row.address);
	d->n_nodes++;
	*add_row(d) = row;
	v->kind = ENROLL_NEW;
	memcpy(v->node, row.name, sizeof(v->node));
}

static void decide_one(
	struct deciding *d, const struct enroll_candidate *c, struct enroll_verdict *v)
{
	const struct cluster_node *n = node_with_mac(d->cluster, &c->mac);

	if (n)
		refuse(v, "its MAC already belongs to ", n->name);
	else if (uuid_is_useful(&c->uuid) && is_ambiguous(d, c))
		refuse(v,
			"another machine has the same UUID and another serial number: name both "
			"under nodes, by mac",
			"");
	else if (!joins_a_machine(d, c, v))
		make_node(d, c, v);
}

void enroll_decide(const struct cluster *c, const struct enroll_list *list, struct enroll_plan *ret)
{
	struct deciding *d = xcalloc(1, sizeof(*d));

	assert(list->n <= ENROLL_BATCH_MAX);
	*d = (struct deciding){.cluster = c, .list = list, .plan = ret, .n_nodes = c->n_nodes};
	*ret = (struct enroll_plan){.n_rows = 0};
	for (uint32_t i = 0; i < c->n_nodes; i++)
		mark_used(d, c->nodes[i].address);
	for (size_t i = 0; i < list->n; i++)
		decide_one(d, &list->items[i], &ret->verdicts[i]);
	free(d);
}

/* --- as text -------------------------------------------------------------------------------------- */

struct enroll_row enroll_row_of(const struct cluster_node *n)
{
	struct enroll_row row = {
		.n_macs = n->macs.n, .uuid = n->uuid, .address = n->address, .before = n};

	(void)snprintf(row.name, sizeof(row.name), "%s", n->name); /* labels: they fit */
	(void)snprintf(row.role, sizeof(row.role), "%s", n->role_name);
	memcpy(row.macs, n->macs.items, sizeof(row.macs));
	return row;
}

static void add_uuid(const struct uuid *uuid, struct str *ret)
{
	static const size_t parts[] = {4, 2, 2, 2, 6};
	const uint8_t *at = uuid->b;

	str_add(ret, "  uuid: ");
	for (size_t i = 0; i < ARRAY_LEN(parts); at += parts[i++]) {
		str_add(ret, i ? "-" : "");
		str_add_hex(ret, at, parts[i]);
	}
	str_add(ret, "\n");
}

void enroll_text(const struct enroll_row *row, struct str *ret)
{
	char address[IPV4_TEXT_SIZE], mac[MAC_TEXT_SIZE];

	str_printf(ret,
		"# Written by slipway, because of `enroll: open` in cluster.yaml. Edit it, move it "
		"into nodes.d,\n"
		"# or delete it, and run `slipway apply`.\n"
		"- name: %s\n"
		"  role: %s\n"
		"  mac: [",
		row->name, row->role);
	for (uint32_t i = 0; i < row->n_macs; i++)
		str_printf(ret, "%s%s", i ? ", " : "", mac_text(&row->macs[i], mac));
	str_add(ret, "]\n");
	if (uuid_is_useful(&row->uuid))
		add_uuid(&row->uuid, ret);
	str_printf(ret, "  address: %s\n", ipv4_text(row->address, address));
}
