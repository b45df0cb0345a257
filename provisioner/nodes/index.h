/* index.h - machines by key, MAC or address, without looking at each one.
 *
 * An open hash table of pointers; it owns no machine. A machine is dropped before its key, its MACs
 * or its address change or it is freed, and added again afterwards. Of several machines that claim
 * the same, the one added first is found. Private to nodes/. */
#ifndef SLIPWAY_NODES_INDEX_H
#define SLIPWAY_NODES_INDEX_H

#include <stddef.h>
#include <stdint.h>

struct mac;
struct machine;
struct index_slot;

struct index {
	struct index_slot *slots;
	size_t cap, used; /* used: slots that are or were taken; never more than 3/4 of cap */
};

void index_done(struct index *x);
void index_reset(struct index *x);

void index_add(struct index *x, struct machine *m);
void index_drop(struct index *x, const struct machine *m);

struct machine *index_by_key(const struct index *x, const char *key);
struct machine *index_by_mac(const struct index *x, const struct mac *mac);
struct machine *index_by_address(const struct index *x, uint32_t address);

#endif
