#include "provisioner/cluster/check_claims.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "provisioner/base/str.h"
#include "provisioner/cluster/cluster.h"

#define IDENTIFIER_TEXT_MAX 256
#define SCRATCH_BYTES_MAX ((size_t)64 << 20) /* CLUSTER_NODES_MAX nodes with all they may claim */

/* One name, number or identifier and the node it belongs to. */
struct claim {
	const uint8_t *bytes; /* names and identifiers */
	size_t len;
	uint64_t number; /* addresses and MACs */
	const struct cluster_node *node;
};

/* What is claimed: how messages call it, where it stands, and how it reads. */
struct claims {
	const char *what, *key;
	void (*print)(const struct claim *c, char *buf, size_t size);
	struct claim *list;
	size_t n;
};

static int claim_order(const void *a, const void *b)
{
	const struct claim *x = a, *y = b;
	size_t shorter = x->len < y->len ? x->len : y->len;
	int by_bytes = shorter > 0 ? memcmp(x->bytes, y->bytes, shorter) : 0;

	if (by_bytes != 0)
		return by_bytes;
	if (x->len != y->len)
		return x->len < y->len ? -1 : 1;
	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return x->node < y->node ? -1 : x->node > y->node; /* in the order written */
}

static bool is_same(const struct claim *a, const struct claim *b)
{
	return a->number == b->number && a->len == b->len &&
	       (a->len == 0 || memcmp(a->bytes, b->bytes, a->len) == 0);
}

static void print_name(const struct claim *c, char *buf, size_t size)
{
	(void)snprintf(buf, size, "\"%s\"", c->node->name);
}

static void print_bytes(const struct claim *c, char *buf, size_t size)
{
	AUTO(str_done) struct str hex = str_init(size);

	str_add_hex(&hex, c->bytes, c->len);
	(void)snprintf(buf, size, "%s", str_text(&hex));
}

static void print_address(const struct claim *c, char *buf, size_t size)
{
	char text[IPV4_TEXT_SIZE];

	(void)snprintf(buf, size, "%s", ipv4_text((uint32_t)c->number, text));
}

static void print_mac(const struct claim *c, char *buf, size_t size)
{
	char text[MAC_TEXT_SIZE];
	struct mac m;

	for (size_t i = 0; i < MAC_LEN; i++)
		m.b[i] = (uint8_t)(c->number >> (8 * (MAC_LEN - 1 - i)));
	(void)snprintf(buf, size, "%s", mac_text(&m, text));
}

static uint64_t mac_number(const struct mac *m)
{
	uint64_t v = 0;

	for (size_t i = 0; i < MAC_LEN; i++)
		v = v << 8 | m->b[i];
	return v;
}

struct mark check_place(const struct cluster_node *n, const char *key)
{
	const struct doc_node *value = n->said.map ? doc_get(n->said.map, key) : NULL;

	return value ? value->at : n->at;
}

const char *check_also(struct mark at, char buf[static ALSO_TEXT_SIZE])
{
	(void)snprintf(buf, ALSO_TEXT_SIZE, "(also at %.140s:%u:%u)", at.file ? at.file : "?",
		at.line, at.col);
	return buf;
}

static void check_claimed_once(struct claims *c, struct err_list *errors)
{
	qsort(c->list, c->n, sizeof(*c->list), claim_order);
	for (size_t i = 1; i < c->n; i++) {
		const struct claim *first = &c->list[i - 1], *again = &c->list[i];
		char text[IDENTIFIER_TEXT_MAX], also[ALSO_TEXT_SIZE];
		struct mark at = check_place(again->node, c->key);

		if (!is_same(first, again))
			continue;
		c->print(again, text, sizeof(text));
		if (again->node == first->node)
			err_list_add(errors, at, "nodes: %s: %s %s stands here twice",
				again->node->name, c->what, text);
		else if (c->print == print_name)
			err_list_add(errors, at, "nodes: the name %s is already taken %s", text,
				check_also(check_place(first->node, c->key), also));
		else
			err_list_add(errors, at, "nodes: %s: %s %s already belongs to %s %s",
				again->node->name, c->what, text, first->node->name,
				check_also(check_place(first->node, c->key), also));
	}
}

static void add(struct claims *c, const struct claim *one)
{
	c->list[c->n++] = *one;
}

static void collect_identifiers(
	const struct cluster_node *n, struct claims *ids, struct claims *uuids)
{
	if (n->client_id.n > 0)
		add(ids, &(struct claim){
				 .bytes = n->client_id.bytes, .len = n->client_id.n, .node = n});
	if (uuid_is_useful(&n->uuid))
		add(uuids, &(struct claim){.bytes = n->uuid.b, .len = UUID_LEN, .node = n});
}

static void collect_macs(const struct cluster_node *n, struct claims *macs)
{
	for (uint32_t m = 0; m < n->macs.n; m++)
		add(macs, &(struct claim){.number = mac_number(&n->macs.items[m]), .node = n});
	for (uint32_t m = 0; m < n->external.n; m++)
		add(macs, &(struct claim){.number = mac_number(&n->external.items[m]), .node = n});
}

/* The sorted names double as what cluster_node_find() searches. */
static void keep_order(struct arena *a, struct cluster *c, const struct claims *names)
{
	c->by_name = arena_alloc(a, c->n_nodes, sizeof(struct cluster_node *));
	for (uint32_t i = 0; c->by_name && i < c->n_nodes; i++)
		c->by_name[i] = names->list[i].node;
}

void check_claims(struct arena *a, struct cluster *c, struct err_list *errors)
{
	struct claims names = {"the name", "name", print_name, NULL, 0};
	struct claims addresses = {"address", "address", print_address, NULL, 0};
	struct claims ids = {"client-id", "client-id", print_bytes, NULL, 0};
	struct claims uuids = {"uuid", "uuid", print_bytes, NULL, 0};
	struct claims macs = {"MAC", "mac", print_mac, NULL, 0};
	struct claims externals = {"external address", "node-external", print_address, NULL, 0};
	struct claims *all[] = {&names, &addresses, &ids, &uuids, &externals, &macs};
	AUTO(arena_free_p) struct arena *scratch = arena_new(SCRATCH_BYTES_MAX);

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		size_t each = all[i] == &macs ? CLUSTER_NODE_MACS_MAX + 1 : 1;

		all[i]->list = arena_alloc(scratch, c->n_nodes * each, sizeof(struct claim));
		if (!all[i]->list)
			return; /* never: nodes are bounded */
	}
	for (uint32_t i = 0; i < c->n_nodes; i++) {
		const struct cluster_node *n = &c->nodes[i];
		const struct cluster_link *link = n->settings->external;

		add(&names, &(struct claim){.bytes = (const uint8_t *)n->name,
				    .len = strlen(n->name),
				    .node = n});
		add(&addresses, &(struct claim){.number = n->address, .node = n});
		if (link && link->address.addr)
			add(&externals, &(struct claim){.number = link->address.addr, .node = n});
		collect_identifiers(n, &ids, &uuids);
		collect_macs(n, &macs);
	}
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		check_claimed_once(all[i], errors);
	keep_order(a, c, &names);
}
