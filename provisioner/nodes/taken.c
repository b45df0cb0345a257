#include "provisioner/nodes/taken.h"

#include <stdlib.h>

#include "provisioner/base/mem.h"

void taken_done(struct taken *t)
{
	free(t->list);
	*t = (struct taken){0};
}

void taken_drop(struct taken *t, uint32_t address)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->list[i].address == address)
			t->list[i].address = 0;
}

static struct taker *find(const struct taken *t, const struct mac *mac)
{
	for (size_t i = 0; i < t->n; i++)
		if (mac_is_equal(&t->list[i].mac, mac))
			return &t->list[i];
	return NULL;
}

static struct taker *make_room(struct taken *t)
{
	if (t->n == TAKEN_MAX) {
		t->oldest = (t->oldest + 1) % TAKEN_MAX;
		return &t->list[t->oldest];
	}
	if (t->n == t->cap) {
		t->cap = t->cap ? 2 * t->cap : 64;
		t->list = xreallocarray(t->list, t->cap, sizeof(*t->list));
	}
	return &t->list[t->n++];
}

void taken_put(struct taken *t, const struct mac *mac, uint32_t address)
{
	taken_drop(t, address);
	struct taker *taker = find(t, mac);
	if (!taker)
		taker = make_room(t);
	*taker = (struct taker){.mac = *mac, .address = address};
}

bool taken_has(const struct taken *t, const struct mac *mac, uint32_t address)
{
	const struct taker *taker = find(t, mac);

	return taker && address != 0 && taker->address == address;
}
