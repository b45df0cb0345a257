/* netplan.h - a node's interfaces as cloud-init's network-config, version 2.
 *
 * The same words as netplan's, without its outermost key "network": that is how a kernel argument
 * (network-config=BASE64) and a seed's file take it. What they can not say is an error at the networkd file's line. */
#ifndef SLIPWAY_CONFIG_NETPLAN_H
#define SLIPWAY_CONFIG_NETPLAN_H

#include "provisioner/config/ifaces.h"

/* 0, -EINVAL with `errors` filled, or -E2BIG when `out` is full. */
int netplan_write(const struct ifaces *all, struct str *out, struct err_list *errors) MUST_USE;

#endif
