#include "dhcpd/node_table.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* One open-addressing index for both kinds of keys: 48 bits hold a MAC as well as an address. What
 * goes in comes from the operator, so a plain mix of the bits is enough. */
struct slot {
	uint64_t key;
	uint32_t node; /* index + 1; 0 is an empty slot */
};

struct node_table {
	struct message_node *nodes;
	size_t n, max;
	struct slot *slots;
	size_t mask;
};

#define ADDRESS_KEY ((uint64_t)1 << 63)

static uint64_t mac_key(const struct mac *m)
{
	uint64_t key = 0;

	for (size_t i = 0; i < MAC_LEN; i++)
		key = key << 8 | m->b[i];
	return key;
}

static size_t slot_of(const struct node_table *t, uint64_t key)
{
	uint64_t h = key * 0x9e3779b97f4a7c15;

	return (size_t)(h >> 32) & t->mask;
}

/* The slot with this key, or the empty one where it belongs. */
static struct slot *slot_find(const struct node_table *t, uint64_t key)
{
	size_t i = slot_of(t, key);

	while (t->slots[i].node != 0 && t->slots[i].key != key)
		i = (i + 1) & t->mask;
	return &t->slots[i];
}

static void index_add(struct node_table *t, uint64_t key, size_t node)
{
	struct slot *s = slot_find(t, key);

	if (s->node == 0)
		*s = (struct slot){.key = key, .node = (uint32_t)(node + 1)};
}

struct node_table *node_table_new(size_t n_nodes)
{
	struct node_table *t = xcalloc(1, sizeof(*t));
	size_t n_slots = 16;

	assert(n_nodes <= NODES_MAX);
	while (n_slots < 2 * n_nodes * (MESSAGE_NODE_MACS_MAX + 1))
		n_slots *= 2;
	t->nodes = xcalloc(n_nodes ? n_nodes : 1, sizeof(*t->nodes));
	t->max = n_nodes;
	t->slots = xcalloc(n_slots, sizeof(*t->slots));
	t->mask = n_slots - 1;
	return t;
}

void node_table_free(struct node_table *t)
{
	if (!t)
		return;
	free(t->nodes);
	free(t->slots);
	free(t);
}

int node_table_add(struct node_table *t, const struct message_node *n)
{
	if (n->n_macs > MESSAGE_NODE_MACS_MAX || !memchr(n->name, 0, sizeof(n->name)) ||
		!memchr(n->boot_file, 0, sizeof(n->boot_file)))
		return -EINVAL;
	if (t->n == t->max)
		return -ENOSPC;

	t->nodes[t->n] = *n;
	for (size_t i = 0; i < n->n_macs; i++)
		index_add(t, mac_key(&n->macs[i]), t->n);
	if (n->address != 0)
		index_add(t, ADDRESS_KEY | n->address, t->n);
	t->n++;
	return 0;
}

size_t node_table_count(const struct node_table *t)
{
	return t ? t->n : 0;
}

static const struct message_node *find(const struct node_table *t, uint64_t key)
{
	if (!t)
		return NULL;
	const struct slot *s = slot_find(t, key);
	return s->node ? &t->nodes[s->node - 1] : NULL;
}

const struct message_node *node_table_by_mac(const struct node_table *t, const struct mac *mac)
{
	return find(t, mac_key(mac));
}

const struct message_node *node_table_by_address(const struct node_table *t, uint32_t address)
{
	return find(t, ADDRESS_KEY | address);
}
