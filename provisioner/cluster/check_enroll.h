/* check_enroll.h - whether the server could make nodes of unknown machines as enroll-as says.
 *
 * Runs after roles are known and the subnets complete. Private to cluster/. */
#ifndef SLIPWAY_CLUSTER_CHECK_ENROLL_H
#define SLIPWAY_CLUSTER_CHECK_ENROLL_H

#include "provisioner/base/err.h"

struct cluster;

void check_enroll(const struct cluster *c, struct err_list *errors);

#endif
