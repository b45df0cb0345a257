#include "provisioner/cluster/check.h"

#include <stdio.h>
#include <string.h>

#include "provisioner/cluster/check_claims.h"
#include "provisioner/cluster/check_dhcp.h"
#include "provisioner/cluster/check_enroll.h"
#include "provisioner/cluster/check_settings.h"
#include "provisioner/cluster/cluster.h"

#define NODE_NAMES_MAX 64
#define WHO_SIZE 96

static void check_identity(const struct cluster_node *n, struct err_list *errors)
{
	if (n->macs.n == 0 && n->client_id.n == 0 && !uuid_is_useful(&n->uuid))
		err_list_add(errors, n->at,
			"nodes: %s: mac is missing, and so are client-id and uuid: nothing tells "
			"this machine from others",
			n->name);
	if (n->macs.n == 0 && n->external.n > 0)
		err_list_add(errors, check_place(n, "external-mac"),
			"nodes: %s: external-mac needs mac beside it, to tell the two NICs apart",
			n->name);
}

static bool is_member(const struct cluster_bond *bond, const char *name)
{
	for (uint32_t i = 0; bond && i < bond->members.n; i++)
		if (strcmp(bond->members.items[i], name) == 0)
			return true;
	return false;
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
	for (uint32_t i = 0; i < bond->members.n; i++)
		for (uint32_t k = 0; k < i; k++)
			if (strcmp(bond->members.items[i], bond->members.items[k]) == 0)
				err_list_add(errors, bond->at,
					"network.internal.bond.members: %s stands here twice",
					bond->members.items[i]);
	if (is_member(bond, bond->name))
		err_list_add(errors, bond->at,
			"network.internal.bond.members: %s is the bond itself", bond->name);
}

/* Nothing is answered on the external interface, and all on the internal one. */
static void check_own_external(const struct cluster *c, struct err_list *errors)
{
	const struct cluster_external *external = c->network.external;
	char also[ALSO_TEXT_SIZE];

	if (external && (strcmp(external->interface, c->network.internal.interface) == 0 ||
				is_member(c->network.internal.bond, external->interface)))
		err_list_add(errors, external->at,
			"network.external.interface: %s is of the internal network %s",
			external->interface, check_also(c->network.internal.at, also));
}

/* NULL, with an error added that begins with `who`, when there is none of this name. */
static const struct cluster_role *find_role(const struct cluster *c, const char *name,
	struct mark at, const char *who, struct err_list *errors)
{
	const struct cluster_role *role = cluster_role_find(c, name);
	const char *names[NODE_NAMES_MAX + 1] = {NULL};

	if (role)
		return role;
	for (uint32_t i = 0; i < c->n_roles && i < NODE_NAMES_MAX; i++)
		names[i] = c->roles[i].name;
	err_list_add(errors, at, "%s: no role \"%s\"%s", who, name,
		err_did_you_mean(name, names).text);
	return NULL;
}

static void check_node_role(struct cluster *c, struct cluster_node *n, struct err_list *errors)
{
	char who[WHO_SIZE];

	(void)snprintf(who, sizeof(who), "nodes: %s", n->name);
	n->role = find_role(c, n->role_name, check_place(n, "role"), who, errors);
}

static void check_enroll_role(
	struct cluster *c, struct cluster_enroll_as *as, uint32_t i, struct err_list *errors)
{
	const struct doc_node *role = doc_get(as->doc, "role");
	char who[WHO_SIZE];

	(void)snprintf(who, sizeof(who), "enroll-as[%u].role", i);
	as->role = find_role(c, as->role_name, role ? role->at : as->at, who, errors);
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
	for (uint32_t i = 0; i < c->n_enroll_as; i++)
		check_enroll_role(c, &c->enroll_as[i], i, errors);
	find_members(c);
}

static void check_tftp(const struct cluster *c, struct err_list *errors)
{
	if (c->tftp.backend == TFTP_HPA && c->tftp.single_port)
		err_list_add(errors, c->tftp.at,
			"tftp: tftpd-hpa has no single-port mode (backend: builtin has)");
}

static void check_http(const struct cluster *c, struct err_list *errors)
{
	if (c->http.firmware == HTTP_SCHEME_HTTPS && !c->ports.https)
		err_list_add(errors, c->http.at,
			"http: firmware is told https:// URLs, but there is no such port "
			"(ports: {https: 443})");
}

/* Where the first role with the add-on lists what it has, or where roles are. */
static struct mark place_of_members(const struct cluster *c)
{
	const struct doc_node *roles = c->said.map ? doc_get(c->said.map, "roles") : NULL;

	for (uint32_t i = 0; i < c->n_roles; i++) {
		const struct cluster_role *r = &c->roles[i];
		const struct doc_node *addons = r->said.map ? doc_get(r->said.map, "addons") : NULL;

		if (r->etcd_member && addons)
			return addons->at;
	}
	return roles ? roles->at : c->etcd.at;
}

static void check_etcd(const struct cluster *c, struct err_list *errors)
{
	struct mark at = place_of_members(c);
	uint32_t members = 0;

	for (uint32_t i = 0; i < c->n_nodes; i++)
		members += c->nodes[i].role && c->nodes[i].role->etcd_member;
	if (c->n_nodes > 0 && members == 0)
		err_list_add(errors, at,
			"nodes: none has a role with the add-on etcd (addons: [etcd]), so the "
			"cluster has no etcd to join");
	if (members == 2 || members == 4 || members == 6)
		err_list_warn(errors, at,
			"nodes: %u etcd members bear no more failures than %u, and are one more "
			"thing to fail: make it %u",
			members, members - 1, members + 1);
	if (members > 7)
		err_list_add(
			errors, at, "nodes: %u etcd members; 1, 3, 5 or 7 make sense", members);
}

void cluster_check(struct arena *a, struct cluster *c, struct err_list *errors)
{
	check_dhcp(c, errors);
	check_enroll(c, errors);
	check_tftp(c, errors);
	check_http(c, errors);
	check_own_bond(c, errors);
	check_own_external(c, errors);
	for (uint32_t i = 0; i < c->n_nodes; i++)
		check_identity(&c->nodes[i], errors);
	check_claims(a, c, errors);
	if (errors->n == 0)
		check_settings(c, errors);
	check_etcd(c, errors);
}
