/* cluster.yaml: whatever it is, it is refused with words, or it is a cluster that fits together. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "provisioner/cluster/cluster.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct cluster *c)
{
	assert(c->name && c->domain && c->settings->image.distro && c->settings->image.version && c->roles &&
		c->n_roles > 0);
	assert(ipv4_net_has(c->network.internal.address, c->dhcp.local.pool.first));
	assert(c->dhcp.local.pool.first <= c->dhcp.local.pool.last);
	for (uint32_t i = 0; i < c->dhcp.n_subnets; i++) {
		const struct cluster_subnet *s = &c->dhcp.subnets[i];

		assert(cluster_subnet_of(c, s->net.addr) == s && s->domain && s->lease_ms > 0);
		assert(s->pool.first == 0 || (ipv4_net_has(s->net, s->pool.first) &&
						     ipv4_net_has(s->net, s->pool.last)));
	}
	for (uint32_t i = 0; i < c->n_nodes; i++) {
		const struct cluster_node *n = &c->nodes[i];

		assert(n->role && n->macs.n <= CLUSTER_NODE_MACS_MAX);
		assert(n->macs.n > 0 || n->client_id.n > 0 || uuid_is_useful(&n->uuid));
		assert(n->client_id.n <= CLUSTER_CLIENT_ID_MAX);
		const struct cluster_subnet *s = cluster_subnet_of(c, n->address);

		assert(s && (n->address < s->pool.first || n->address > s->pool.last));
		assert(cluster_node_find(c, n->name) == n);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new((size_t)64 << 20);
	struct err_list errors = {0};
	struct cluster *c = NULL;
	char *text = malloc(size + 1);

	assert(text);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	if (cluster_load(a, "cluster.yaml", text, size, &c, &errors) == 0)
		check(c);
	else
		assert(errors.n > 0);
	free(text);
	arena_free(a);
	return 0;
}
