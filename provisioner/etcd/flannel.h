/* flannel.h - the rules by which flannel reads its network configuration from etcd.
 *
 * flanneld on every node refuses a configuration that breaks one of them, long after the cluster
 * was laid out; so we say it at the place in cluster.yaml. The rules are flannel's own
 * (subnet.CheckNetworkConfig); like Go's JSON it takes its keys in any case. */
#ifndef SLIPWAY_ETCD_FLANNEL_H
#define SLIPWAY_ETCD_FLANNEL_H

#include "provisioner/base/doc.h"
#include "provisioner/base/err.h"

#define FLANNEL_KEY "/coreos.com/network/config"

/* `config` is a map, or a scalar whose text is JSON. 0, or -EINVAL with at least one error added. */
int flannel_check(const struct doc_node *config, struct err_list *errors) MUST_USE;

#endif
