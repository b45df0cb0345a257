/* node_table.h - the machines that the operator knows, found by any of their MACs, by client identifier, by
 * UUID or by address.
 *
 * Built once from the provisioner's messages and then only read; a new table replaces the old one
 * whole. Of two nodes that claim the same the first one has it. */
#ifndef SLIPWAY_DHCPD_NODE_TABLE_H
#define SLIPWAY_DHCPD_NODE_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "provisioner/base/addr.h"
#include "provisioner/base/mem.h"
#include "provisioner/messages/messages.h"

#define NODES_MAX 65536

struct node_table;

/* Room for exactly `n_nodes` (at most NODES_MAX). */
struct node_table *node_table_new(size_t n_nodes);
void node_table_free(struct node_table *t);

/* Copies `n`. 0; -EINVAL for one whose texts or counts are not sound, -ENOSPC past `n_nodes`. */
int node_table_add(struct node_table *t, const struct message_node *n) MUST_USE;

size_t node_table_count(const struct node_table *t);
const struct message_node *node_table_at(const struct node_table *t, size_t i); /* or NULL */

/* All give NULL when there is none; `t` may be NULL: no nodes are known. */
const struct message_node *node_table_by_mac(const struct node_table *t, const struct mac *mac);
const struct message_node *node_table_by_address(const struct node_table *t, uint32_t address);

/* Whatever form they come in; a UUID that many machines share is nobody's. */
const struct message_node *node_table_by_client_id(const struct node_table *t, struct rd id);
const struct message_node *node_table_by_uuid(const struct node_table *t, const struct uuid *uuid);

#endif
