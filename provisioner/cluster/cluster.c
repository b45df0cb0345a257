#include "provisioner/cluster/cluster.h"

#include <stdlib.h>
#include <string.h>

#include "provisioner/cluster/files.h"
#include "provisioner/cluster/schema_parts.h"
#include "provisioner/messages/messages.h"

const struct cluster_subnet *cluster_subnet_of(const struct cluster *c, uint32_t address)
{
	if (ipv4_net_has(c->network.internal.address, address))
		return &c->dhcp.local;
	for (uint32_t i = 0; i < c->dhcp.n_subnets; i++)
		if (ipv4_net_has(c->dhcp.subnets[i].net, address))
			return &c->dhcp.subnets[i];
	return NULL;
}

const struct cluster_role *cluster_role_find(const struct cluster *c, const char *name)
{
	for (uint32_t i = 0; i < c->n_roles; i++)
		if (strcmp(c->roles[i].name, name) == 0)
			return &c->roles[i];
	return NULL;
}

static int by_name(const void *name, const void *at)
{
	const struct cluster_node *const *n = at;

	return strcmp(name, (*n)->name);
}

bool cluster_node_boots_unified(const struct cluster_node *n)
{
	return n->boot_file && strcmp(n->boot_file, BOOT_FILE_UNIFIED) == 0;
}

uint16_t cluster_https_boot_port(const struct cluster *c)
{
	return c->http.firmware == HTTP_SCHEME_HTTPS ? (uint16_t)c->ports.https : 0;
}

static bool has_mac(const struct mac_list *list, const struct mac *mac)
{
	for (uint32_t i = 0; i < list->n; i++)
		if (mac_is_equal(&list->items[i], mac))
			return true;
	return false;
}

bool cluster_node_has_mac(const struct cluster_node *n, const struct mac *mac)
{
	return has_mac(&n->macs, mac) || has_mac(&n->external, mac);
}

bool cluster_node_is_enrolled(const struct cluster_node *n)
{
	static const char folder[] = CLUSTER_ENROLLED_DIR "/";

	return n->at.file && strncmp(n->at.file, folder, sizeof(folder) - 1) == 0;
}

const struct cluster_node *cluster_node_find(const struct cluster *c, const char *name)
{
	if (c->by_name && c->n_nodes > 0) {
		const struct cluster_node *const *n = bsearch(
			name, c->by_name, c->n_nodes, sizeof(struct cluster_node *), by_name);

		return n ? *n : NULL;
	}
	for (uint32_t i = 0; i < c->n_nodes; i++)
		if (strcmp(c->nodes[i].name, name) == 0)
			return &c->nodes[i];
	return NULL;
}

const char *bond_mode_name(enum bond_mode mode)
{
	const struct schema_word *w = schema_bond_modes;

	while (w->text && w->value != mode)
		w++;
	return w->text ? w->text : "?";
}

const char *cluster_enroll_name(const struct cluster *c)
{
	switch ((enum enroll)c->enroll) {
	case ENROLL_ASK:
		return "ask";
	case ENROLL_OPEN:
		return "open";
	case ENROLL_CLOSED:
		return "closed";
	}
	return "";
}
