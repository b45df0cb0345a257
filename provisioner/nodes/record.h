/* record.h - a machine as the row that the store keeps of it, and back. Private to nodes/. */
#ifndef SLIPWAY_NODES_RECORD_H
#define SLIPWAY_NODES_RECORD_H

#include "provisioner/base/mem.h"

struct mac;
struct machine;
struct store;
struct store_node;

/* Fills an empty machine. */
void record_read(const struct store_node *n, struct machine *m);

/* Adds or replaces its row. 0 or a store error. */
int record_put(struct store *s, const struct machine *m) MUST_USE;

/* A machine has each MAC once, and MACHINE_MACS_MAX at most. */
void record_add_mac(struct machine *m, const struct mac *mac);

#endif
