/* check_dhcp.h - whether the networks that DHCP serves fit together, and the nodes into them.
 *
 * Completes each subnet with what it leaves out. Private to cluster/. */
#ifndef SLIPWAY_CLUSTER_CHECK_DHCP_H
#define SLIPWAY_CLUSTER_CHECK_DHCP_H

#include "provisioner/base/err.h"

struct cluster;

void check_dhcp(struct cluster *c, struct err_list *errors);

#endif
