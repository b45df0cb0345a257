#include "provisioner/nodes/index.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "provisioner/base/mem.h"
#include "provisioner/nodes/nodes.h"

#define FIRST_CAP 256 /* a power of two, as all after it */

/* What a machine is looked up by. */
enum what { BY_KEY = 1, BY_MAC, BY_ADDRESS };

struct index_slot {
	uint64_t hash;     /* 0: never taken, the end of every search */
	struct machine *m; /* NULL in a slot that was taken: dropped */
};

/* FNV-1a, then mixed: its low bits alone spread neighbouring MACs badly. Never 0. */
static uint64_t hash_of(enum what what, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t h = UINT64_C(0xcbf29ce484222325) + (uint64_t)what;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * UINT64_C(0x100000001b3);
	h ^= h >> 32;
	return h ? h : 1;
}

static void put(struct index *x, uint64_t hash, struct machine *m)
{
	size_t i = (size_t)hash & (x->cap - 1);

	while (x->slots[i].hash)
		i = (i + 1) & (x->cap - 1);
	x->slots[i] = (struct index_slot){.hash = hash, .m = m};
	x->used++;
}

/* Into a larger table, or into one of the same size when most of it was dropped. */
static void make_room(struct index *x)
{
	struct index old = *x;
	size_t live = 0, begin = 0;

	for (size_t i = 0; i < old.cap; i++)
		live += old.slots[i].m != NULL;
	x->cap = FIRST_CAP;
	while (x->cap < 4 * live)
		x->cap *= 2;
	x->slots = xcalloc(x->cap, sizeof(*x->slots));
	x->used = 0;
	/* From an empty slot on, so that no run is split: the first of several comes first again. */
	while (begin < old.cap && old.slots[begin].hash)
		begin++;
	for (size_t i = 0; i < old.cap; i++) {
		const struct index_slot *s = &old.slots[(begin + i) & (old.cap - 1)];

		if (s->m)
			put(x, s->hash, s->m);
	}
	free(old.slots);
}

static void add(struct index *x, uint64_t hash, struct machine *m)
{
	if (4 * (x->used + 1) > 3 * x->cap)
		make_room(x);
	put(x, hash, m);
}

static void drop(struct index *x, uint64_t hash, const struct machine *m)
{
	if (x->cap == 0)
		return;
	for (size_t i = (size_t)hash & (x->cap - 1); x->slots[i].hash; i = (i + 1) & (x->cap - 1))
		if (x->slots[i].hash == hash && x->slots[i].m == m)
			x->slots[i].m = NULL;
}

void index_done(struct index *x)
{
	free(x->slots);
	*x = (struct index){0};
}

void index_reset(struct index *x)
{
	if (x->slots)
		memset(x->slots, 0, x->cap * sizeof(*x->slots));
	x->used = 0;
}

void index_add(struct index *x, struct machine *m)
{
	add(x, hash_of(BY_KEY, m->key, strlen(m->key)), m);
	for (uint32_t i = 0; i < m->n_macs; i++)
		add(x, hash_of(BY_MAC, &m->macs[i], sizeof(m->macs[i])), m);
	if (m->address)
		add(x, hash_of(BY_ADDRESS, &m->address, sizeof(m->address)), m);
}

void index_drop(struct index *x, const struct machine *m)
{
	drop(x, hash_of(BY_KEY, m->key, strlen(m->key)), m);
	for (uint32_t i = 0; i < m->n_macs; i++)
		drop(x, hash_of(BY_MAC, &m->macs[i], sizeof(m->macs[i])), m);
	drop(x, hash_of(BY_ADDRESS, &m->address, sizeof(m->address)), m);
}

static bool has_key(const struct machine *m, const void *key)
{
	return strcmp(m->key, key) == 0;
}

static bool has_mac(const struct machine *m, const void *mac)
{
	for (uint32_t i = 0; i < m->n_macs; i++)
		if (mac_is_equal(&m->macs[i], mac))
			return true;
	return false;
}

static bool has_address(const struct machine *m, const void *address)
{
	return memcmp(&m->address, address, sizeof(m->address)) == 0;
}

static struct machine *find(const struct index *x, uint64_t hash,
	bool (*is_it)(const struct machine *m, const void *what), const void *what)
{
	if (x->cap == 0)
		return NULL;
	for (size_t i = (size_t)hash & (x->cap - 1); x->slots[i].hash; i = (i + 1) & (x->cap - 1))
		if (x->slots[i].hash == hash && x->slots[i].m && is_it(x->slots[i].m, what))
			return x->slots[i].m;
	return NULL;
}

struct machine *index_by_key(const struct index *x, const char *key)
{
	return find(x, hash_of(BY_KEY, key, strlen(key)), has_key, key);
}

struct machine *index_by_mac(const struct index *x, const struct mac *mac)
{
	return find(x, hash_of(BY_MAC, mac, sizeof(*mac)), has_mac, mac);
}

struct machine *index_by_address(const struct index *x, uint32_t address)
{
	return address ? find(x, hash_of(BY_ADDRESS, &address, sizeof(address)), has_address,
				 &address)
		       : NULL;
}
