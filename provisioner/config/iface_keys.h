/* iface_keys.h - every key of a networkd file that a link can take, as one table.
 *
 * A key beside the table is an error at its line. Later values win and empty ones take back, as
 * systemd has it. */
#ifndef SLIPWAY_CONFIG_IFACE_KEYS_H
#define SLIPWAY_CONFIG_IFACE_KEYS_H

#include "provisioner/config/ifaces.h"

struct networkd_file;

/* Which interface a .network is for: its [Match] sections. What is wrong is added to `errors`. */
void iface_keys_match(
	struct arena *a, const struct networkd_file *f, struct iface *l, struct err_list *errors);

/* All the other sections; all sections of a .netdev. */
void iface_keys_apply(
	struct arena *a, const struct networkd_file *f, struct iface *l, struct err_list *errors);

#endif
