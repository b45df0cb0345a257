/* values_bytes.h - values of cluster.yaml that are bytes in the end: identifiers, DHCP options, UUIDs.
 *
 * Private to cluster/. */
#ifndef SLIPWAY_CLUSTER_VALUES_BYTES_H
#define SLIPWAY_CLUSTER_VALUES_BYTES_H

struct load;
struct place;

void value_load_client_id(struct load *l, const struct place *p);
void value_load_option(struct load *l, const struct place *p);
void value_load_uuid(struct load *l, const struct place *p);

#endif
