/* cluster.yaml, and a file of nodes.d behind a form feed: whatever it is, it is refused with words, or it is a
 * cluster that fits together, and each node can say where its settings come from. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "provisioner/cluster/cluster.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_at_origin(void *arg, const struct cluster_origin *o)
{
	assert(o->name[0] && o->value);
	assert((o->level == ORIGIN_DEFAULT) == !o->at.file);
	assert(o->level == ORIGIN_DEFAULT || o->at.line > 0);
	++*(unsigned *)arg;
}

static void check_settings(const struct cluster *c, const struct cluster_node *n)
{
	const struct cluster_settings *s = n ? n->settings : c->settings;
	unsigned told = 0;

	assert(s && s->image.distro && s->image.version);
	assert(!s->bond || (s->bond->name && s->bond->mode && s->bond->hash_policy));
	for (uint32_t i = 0; i < s->n_users; i++)
		assert(s->users[i].name);
	for (uint32_t i = 0; i < s->n_hosts; i++)
		assert(s->hosts[i].name);
	assert(!s->vars || s->vars->kind == DOC_MAP);
	cluster_explain(c, n, look_at_origin, &told);
	assert(told > 0);
}

static void check(const struct cluster *c)
{
	assert(c->name && c->domain && c->roles && c->n_roles > 0);
	assert(ipv4_net_has(c->network.internal.address, c->dhcp.local.pool.first));
	assert(c->dhcp.local.pool.first <= c->dhcp.local.pool.last);
	for (uint32_t i = 0; i < c->dhcp.n_subnets; i++) {
		const struct cluster_subnet *s = &c->dhcp.subnets[i];

		assert(cluster_subnet_of(c, s->net.addr) == s && s->domain && s->lease_ms > 0);
		assert(s->pool.first == 0 || (ipv4_net_has(s->net, s->pool.first) &&
						     ipv4_net_has(s->net, s->pool.last)));
	}
	check_settings(c, NULL);
	for (uint32_t i = 0; i < c->n_nodes; i++) {
		const struct cluster_node *n = &c->nodes[i];

		assert(n->role && n->macs.n <= CLUSTER_NODE_MACS_MAX);
		assert(n->macs.n > 0 || n->client_id.n > 0 || uuid_is_useful(&n->uuid));
		assert(n->client_id.n <= CLUSTER_CLIENT_ID_MAX);
		const struct cluster_subnet *s = cluster_subnet_of(c, n->address);

		assert(s && (n->address < s->pool.first || n->address > s->pool.last));
		assert(cluster_node_find(c, n->name) == n);
		check_settings(c, n);
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
	const char *more = memchr(text, '\f', size);
	size_t main_len = more ? (size_t)(more - text) : size;
	struct cluster_text texts[] = {{"cluster.yaml", text, main_len},
		{"nodes.d/a.yaml", more ? more + 1 : "", more ? size - main_len - 1 : 0}};

	if (cluster_load_texts(a, texts, ARRAY_LEN(texts), &c, &errors) == 0)
		check(c);
	else
		assert(errors.n > 0);
	free(text);
	arena_free(a);
	return 0;
}
