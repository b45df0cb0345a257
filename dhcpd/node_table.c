#include "dhcpd/node_table.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define SLOTS_FIRST 16

enum kind { KIND_MAC = 1, KIND_ADDRESS, KIND_CLIENT_ID, KIND_UUID };

/* One open-addressing index for all kinds of keys. What goes in comes from the operator, so a plain
 * mix of the bits is enough. */
struct slot {
	uint32_t hash;
	uint32_t node; /* index + 1; 0 is an empty slot */
	uint8_t kind;
	uint8_t which; /* of its MACs */
};

struct node_table {
	struct message_node *nodes;
	size_t n, max;
	struct slot *slots;
	size_t n_slots, used;
};

struct key {
	enum kind kind;
	const void *p;
	size_t len;
};

static uint32_t hash_of(const struct key *k)
{
	const uint8_t *p = k->p;
	uint64_t h = UINT64_C(0xcbf29ce484222325) + (uint64_t)k->kind; /* FNV-1a, then mixed */

	for (size_t i = 0; i < k->len; i++)
		h = (h ^ p[i]) * UINT64_C(0x100000001b3);
	return (uint32_t)((h * UINT64_C(0x9e3779b97f4a7c15)) >> 32);
}

static struct key key_at(const struct node_table *t, const struct slot *s)
{
	const struct message_node *n = &t->nodes[s->node - 1];

	switch ((enum kind)s->kind) {
	case KIND_MAC:
		return (struct key){KIND_MAC, n->macs[s->which].b, MAC_LEN};
	case KIND_ADDRESS:
		return (struct key){KIND_ADDRESS, &n->address, sizeof(n->address)};
	case KIND_CLIENT_ID:
		return (struct key){KIND_CLIENT_ID, n->client_id, n->client_id_len};
	case KIND_UUID:
		break;
	}
	return (struct key){KIND_UUID, n->uuid.b, UUID_LEN};
}

static bool is_at(const struct node_table *t, const struct slot *s, const struct key *k)
{
	struct key have = key_at(t, s);

	return have.kind == k->kind && have.len == k->len && memcmp(have.p, k->p, k->len) == 0;
}

/* The slot with this key, or the empty one where it belongs. */
static struct slot *slot_find(const struct node_table *t, const struct key *k, uint32_t hash)
{
	size_t i = hash & (t->n_slots - 1);

	while (t->slots[i].node != 0 && !(t->slots[i].hash == hash && is_at(t, &t->slots[i], k)))
		i = (i + 1) & (t->n_slots - 1);
	return &t->slots[i];
}

/* Never more than half full. */
static void grow(struct node_table *t)
{
	struct slot *old = t->slots;
	size_t n_old = t->n_slots;

	t->n_slots *= 2;
	t->slots = xcalloc(t->n_slots, sizeof(*t->slots));
	for (size_t i = 0; i < n_old; i++) {
		if (old[i].node == 0)
			continue;
		struct key k = key_at(t, &old[i]);
		*slot_find(t, &k, old[i].hash) = old[i];
	}
	free(old);
}

/* `which`: of the MACs of the node added last. */
static void index_add(struct node_table *t, struct key k, size_t which)
{
	uint32_t hash = hash_of(&k);
	struct slot *s = slot_find(t, &k, hash);

	if (s->node != 0)
		return;
	*s = (struct slot){hash, (uint32_t)t->n, (uint8_t)k.kind, (uint8_t)which};
	if (2 * ++t->used > t->n_slots)
		grow(t);
}

struct node_table *node_table_new(size_t n_nodes)
{
	struct node_table *t = xcalloc(1, sizeof(*t));

	assert(n_nodes <= NODES_MAX);
	t->nodes = xcalloc(n_nodes ? n_nodes : 1, sizeof(*t->nodes));
	t->max = n_nodes;
	t->n_slots = SLOTS_FIRST;
	t->slots = xcalloc(t->n_slots, sizeof(*t->slots));
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
	if (n->n_macs > MESSAGE_NODE_MACS_MAX || n->client_id_len > MESSAGE_CLIENT_ID_MAX ||
		!memchr(n->name, 0, sizeof(n->name)) ||
		!memchr(n->boot_file, 0, sizeof(n->boot_file)))
		return -EINVAL;
	if (t->n == t->max)
		return -ENOSPC;

	t->nodes[t->n++] = *n;
	for (size_t i = 0; i < n->n_macs; i++)
		index_add(t, (struct key){KIND_MAC, n->macs[i].b, MAC_LEN}, i);
	if (n->address != 0)
		index_add(t, (struct key){KIND_ADDRESS, &n->address, sizeof(n->address)}, 0);
	if (n->client_id_len > 0)
		index_add(t, (struct key){KIND_CLIENT_ID, n->client_id, n->client_id_len}, 0);
	if (uuid_is_useful(&n->uuid))
		index_add(t, (struct key){KIND_UUID, n->uuid.b, UUID_LEN}, 0);
	return 0;
}

size_t node_table_count(const struct node_table *t)
{
	return t ? t->n : 0;
}

const struct message_node *node_table_at(const struct node_table *t, size_t i)
{
	return i < node_table_count(t) ? &t->nodes[i] : NULL;
}

static const struct message_node *find(const struct node_table *t, struct key k)
{
	if (!t)
		return NULL;
	const struct slot *s = slot_find(t, &k, hash_of(&k));
	return s->node ? &t->nodes[s->node - 1] : NULL;
}

const struct message_node *node_table_by_mac(const struct node_table *t, const struct mac *mac)
{
	return find(t, (struct key){KIND_MAC, mac->b, MAC_LEN});
}

const struct message_node *node_table_by_address(const struct node_table *t, uint32_t address)
{
	return find(t, (struct key){KIND_ADDRESS, &address, sizeof(address)});
}

const struct message_node *node_table_by_client_id(const struct node_table *t, struct rd id)
{
	struct rd folded = client_id_folded(id);

	return folded.left > 0 ? find(t, (struct key){KIND_CLIENT_ID, folded.p, folded.left})
			       : NULL;
}

const struct message_node *node_table_by_uuid(const struct node_table *t, const struct uuid *uuid)
{
	struct uuid folded = uuid_folded(uuid);

	return find(t, (struct key){KIND_UUID, folded.b, UUID_LEN});
}
